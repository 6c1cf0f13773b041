"""Filling the store with the prices of a study: what came is kept, the rest is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from eventstudy.errors import EventStudyError, SourceError, UnknownAssetError
from eventstudy.prices.factors import fetch_factors, stored_factors
from eventstudy.prices.gather import (
    Demand,
    known_prices,
    placed,
    settings_of,
    told_elsewhere,
    whole_panel,
)
from eventstudy.prices.panel import PricePanel
from eventstudy.prices.store import PriceStore, revisions
from eventstudy.prices.yahoo import FetchRules
from eventstudy.prices.yahoo_source import Fetched, get_histories
from eventstudy.pricesettings import PlaceSettings

__all__ = ["Item", "Report", "fetch_prices"]

# Called with what was just done, and how many of how many are done.
Tell = Callable[[str, int, int], None]
REVISION_COLUMNS = ["asset", "date", "column", "old", "new", "cause"]


@dataclass(frozen=True)
class Item:
    """What became of one asset.

    Attributes
    ----------
    asset, place, symbol : str
        The study's name of it, the place of its prices, and that place's name of it.
    state : str
        ``fetched``, ``kept`` (was stored already), ``at hand`` (nothing to fetch) or ``failed``.
    first, last : str
        First and last date with a price, ISO 8601.
    days : int
        Number of prices.
    sha256 : str
        Hash of the stored content, empty where nothing is stored.
    detail : str
        Why it failed.
    code : int
        Exit code of the failure, 0 if none.
    """

    asset: str
    place: str
    symbol: str
    state: str
    first: str = ""
    last: str = ""
    days: int = 0
    sha256: str = ""
    detail: str = ""
    code: int = 0


@dataclass
class Report:
    """What a fetch did.

    Attributes
    ----------
    items : list of Item
        One an asset, benchmark and archive of factors.
    revised : list of DataFrame
        Past values that changed: asset, date, column, old, new, cause.
    """

    items: list[Item] = field(default_factory=list)
    revised: list[pd.DataFrame] = field(default_factory=list)

    @property
    def failed(self) -> list[Item]:
        """The items that did not come."""
        return [item for item in self.items if item.state == "failed"]

    @property
    def revisions(self) -> pd.DataFrame:
        """Past values that changed, as one table."""
        parts = [part for part in self.revised if len(part)]
        if not parts:
            return pd.DataFrame(columns=REVISION_COLUMNS)
        return pd.concat(parts, ignore_index=True)[REVISION_COLUMNS]


def fetch_prices(
    demand: Demand,
    *,
    store: PriceStore | None = None,
    refresh: bool = False,
    rules: FetchRules | None = None,
    tell: Tell | None = None,
) -> Report:
    """Ask every place of a study for its prices, and keep what comes.

    Parameters
    ----------
    demand : Demand
        What the study needs.
    store : PriceStore, optional
        Where prices are kept.
    refresh : bool
        Ask again for what is stored: so revisions are seen.
    rules : FetchRules, optional
        Patience and politeness towards Yahoo.
    tell : callable, optional
        Called as each asset comes.

    Returns
    -------
    Report
        A place that fails fails its own assets alone.

    Raises
    ------
    InputError
        A file of the study that is wrong.
    """
    report, shelf = Report(), store or PriceStore()
    whole = whole_panel(demand)
    offered = [] if whole is None else list(whole.assets)
    needed = demand.needed([*offered, *told_elsewhere(demand.study)])
    left = [name for name in needed if name not in offered]
    if demand.study.factors is not None:
        known = _factors(demand, shelf, report, refresh=refresh)
        left = [name for name in left if name not in known]
    if whole is not None:
        first = demand.study.prices
        report.items += _at_hand(first.label, {n: n for n in needed if n in offered}, whole)
    places = demand.study.prices.places[0 if whole is None else 1 :]
    for k, place in enumerate(places):
        mine, last = placed(demand.study, place, left), k + 1 == len(places)
        if not mine:
            continue
        if place.source == "yahoo":
            done = _yahoo(demand, place, mine, shelf, report, (refresh, last, rules, tell))
        else:
            done = _other(demand, place, mine, report, last=last)
        left = [name for name in left if name not in done]
    return report


def _yahoo(
    demand: Demand,
    place: PlaceSettings,
    names: Sequence[str],
    store: PriceStore,
    report: Report,
    how: tuple[bool, bool, FetchRules | None, Tell | None],
) -> list[str]:
    refresh, last, rules, tell = how
    symbols = settings_of(demand.study, place).symbols
    asked = {name: symbols.get(name, name) for name in names}
    count = 0

    def told(symbol: str, outcome: Fetched | EventStudyError) -> None:
        nonlocal count
        count += 1
        if tell is not None:
            word = "failed" if isinstance(outcome, EventStudyError) else "came"
            tell(f"{symbol} {word}", count, len(set(asked.values())))

    found = get_histories(
        list(asked.values()), store=store, start=demand.start, end=demand.end,
        refresh=refresh, rules=rules, told=told,
    )  # fmt: skip
    done = []
    for name, symbol in asked.items():
        outcome = found[symbol]
        own = demand.study.assets.get(name)
        explicit = own is not None and own.source is not None
        if isinstance(outcome, UnknownAssetError) and not (last or explicit):
            continue
        done.append(name)
        if isinstance(outcome, EventStudyError):
            report.items.append(_failed(name, place.label, symbol, outcome))
            continue
        report.items.append(_came(name, place.label, symbol, outcome))
        report.revised.append(outcome.revised.assign(asset=name))
    return done


def _came(asset: str, place: str, symbol: str, got: Fetched) -> Item:
    index = got.history.frame.index
    return Item(
        asset=asset,
        place=place,
        symbol=symbol,
        state="kept" if got.from_store else "fetched",
        first=str(index[0].date()),
        last=str(index[-1].date()),
        days=len(index),
        sha256=got.snapshot.sha256,
    )


def _other(
    demand: Demand, place: PlaceSettings, names: Sequence[str], report: Report, *, last: bool
) -> list[str]:
    """Ask a place that answers for all its assets at once: a database, a file, the bundled."""
    settings = settings_of(demand.study, place)
    asked = {name: settings.symbols.get(name, name) for name in names}
    try:
        panel = known_prices(demand, place, names, last=last)
    except SourceError as error:
        report.items += [_failed(n, place.label, s, error) for n, s in asked.items()]
        return list(names)
    except UnknownAssetError as error:
        bad = [n for n, s in asked.items() if s in error.assets or n in error.assets]
        report.items += [_failed(n, place.label, asked[n], error) for n in bad]
        rest = [n for n in names if n not in bad]
        return [*bad, *(_other(demand, place, rest, report, last=last) if rest else [])]
    if panel is None:
        return []
    have = {name: symbol for name, symbol in asked.items() if name in panel.assets}
    report.items += _at_hand(place.label, have, panel, fetched=place.source == "sql")
    return list(have)


def _failed(asset: str, place: str, symbol: str, error: EventStudyError) -> Item:
    return Item(asset, place, symbol, "failed", detail=str(error), code=error.exit_code)


def _at_hand(
    place: str, symbols: dict[str, str], panel: PricePanel, *, fetched: bool = False
) -> list[Item]:
    out = []
    sha256 = next(iter(panel.hashes.values()), "") if fetched else ""
    for name, symbol in symbols.items():
        dates = panel.close.index[panel.close[name].notna()]
        first, last = (str(dates[0].date()), str(dates[-1].date())) if len(dates) else ("", "")
        state = "fetched" if fetched else "at hand"
        out.append(Item(name, place, symbol, state, first, last, len(dates), sha256))
    return out


def _factors(demand: Demand, store: PriceStore, report: Report, *, refresh: bool) -> set[str]:
    """Fetch the archives of factors; return the names that the study knows them by."""
    settings = demand.study.factors
    assert settings is not None
    names: set[str] = set(settings.columns)
    if settings.dataset is None:
        from eventstudy.prices.factors import factors_of

        panel = factors_of(settings, folder=demand.folder)
        label = str(settings.file)
        report.items += _at_hand("factors", dict.fromkeys(panel.assets, label), panel)
        return {*names, *panel.assets}
    for archive in settings.dataset:
        before = store.snapshot("french", archive)
        old = None if before is None else store.read("french", archive, before.sha256)
        try:
            if refresh or before is None:
                panel = fetch_factors(archive, store=store)
            else:
                panel = stored_factors(archive, store=store, end=demand.end)
        except EventStudyError as error:
            report.items.append(_failed(archive, "french", archive, error))
            continue
        names |= set(panel.assets)
        after = store.snapshot("french", archive)
        assert after is not None
        index, new = panel.close.index, before is None or after.fetched != before.fetched
        report.items.append(
            Item(
                archive, "french", archive, "fetched" if new else "kept",
                str(index[0].date()), str(index[-1].date()), len(index), after.sha256,
            )
        )  # fmt: skip
        if old is not None and new:
            changed = revisions(old, panel.close)
            report.revised.append(changed.assign(asset=archive))
    return names
