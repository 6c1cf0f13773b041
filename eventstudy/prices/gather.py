"""Every number of a study, from every place that it names, in one panel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from eventstudy.errors import InputError, UnknownAssetError
from eventstudy.prices import RANGED, WHOLE, load_prices
from eventstudy.prices.panel import PricePanel, join_panels, with_returns
from eventstudy.pricesettings import PlaceSettings
from eventstudy.study import Study

__all__ = [
    "Demand",
    "gather_prices",
    "known_prices",
    "placed",
    "settings_of",
    "told_elsewhere",
    "whole_panel",
]

Needed = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, eq=False)
class Demand:
    """What a study asks of its places of prices.

    Attributes
    ----------
    study : Study
    needed : callable
        Takes the columns that a file offers, gives the columns that assets and models need.
    start, end : date or None
        Range that a source with a network or a database is asked for.
    folder : Path
        Folder of the study.
    frame : DataFrame or None
        Prices from Python.
    offline : bool
        Ask no network.
    """

    study: Study
    needed: Needed
    start: dt.date | None
    end: dt.date | None
    folder: Path
    frame: pd.DataFrame | None = None
    offline: bool = False


def gather_prices(demand: Demand) -> PricePanel:
    """Load the prices, factors and rates of a study.

    Parameters
    ----------
    demand : Demand

    Returns
    -------
    PricePanel
        Every column of a file or frame, and what the assets and models need of the other places;
        factors as columns of returns; in the common currency if the study has one.

    Raises
    ------
    InputError
        What the user can mend.
    SourceError
        A source that is out of reach.
    """
    whole = whole_panel(demand)
    offered = [] if whole is None else list(whole.assets)
    needed = demand.needed([*offered, *told_elsewhere(demand.study)])
    factors = _factors(demand, [name for name in needed if name not in offered])
    wanted = [name for name in needed if factors is None or name not in factors.assets]
    panel = _prices(demand, whole, wanted)
    if factors is not None:
        panel = with_returns(panel, factors)
    return _in_currency(demand, panel, wanted)


def placed(study: Study, place: PlaceSettings, names: Sequence[str]) -> list[str]:
    """Return the assets that this place may be asked for: its own, and those of no place."""
    own = {name: a.source for name, a in study.assets.items() if a.source is not None}
    return [name for name in names if own.get(name, place.label) == place.label]


def told_elsewhere(study: Study) -> list[str]:
    """Return the assets whose tables name another place than the first."""
    first = study.prices.label
    return [n for n, a in study.assets.items() if a.source is not None and a.source != first]


def whole_panel(demand: Demand) -> PricePanel | None:
    """Return the first place as a whole where it says by itself which assets it has."""
    prices = demand.study.prices
    if prices.source == "frame":
        from eventstudy.prices.frames import panel_from_frame

        if demand.frame is None:
            raise InputError("The study takes its prices from a frame, and none was given.")
        return panel_from_frame(demand.frame, kind=prices.kind)
    if prices.source not in WHOLE:
        return None
    if len(prices.places) == 1:
        return load_prices(prices, [], folder=demand.folder, offline=demand.offline)
    # A symbol that this place lacks may be another one's.
    plain = prices.model_copy(update={"symbols": {}})
    panel = load_prices(plain, [], folder=demand.folder, offline=demand.offline)
    elsewhere = set(told_elsewhere(demand.study))
    renamed = {
        name: symbol
        for name, symbol in settings_of(demand.study, prices).symbols.items()
        if symbol in panel.assets and name not in elsewhere
    }
    taken = {*renamed, *renamed.values(), *elsewhere}
    return panel.relabel({**renamed, **{n: n for n in panel.assets if n not in taken}})


def _prices(demand: Demand, whole: PricePanel | None, wanted: Sequence[str]) -> PricePanel:
    places = demand.study.prices.places
    if whole is not None and len(places) == 1:
        return whole
    panels = [] if whole is None else [whole]
    left = [name for name in wanted if whole is None or name not in whole.assets]
    for k, place in enumerate(places):
        if k == 0 and whole is not None:
            continue
        mine = placed(demand.study, place, left)
        panel = known_prices(demand, place, mine, last=k + 1 == len(places)) if mine else None
        if panel is not None:
            panels.append(panel)
            left = [name for name in left if name not in panel.assets]
    return join_panels(panels)


def settings_of(study: Study, place: PlaceSettings) -> PlaceSettings:
    """Return a place with the symbols that the assets' own tables give."""
    symbols = {name: a.symbol for name, a in study.assets.items() if a.symbol is not None}
    return place.model_copy(update={"symbols": {**symbols, **place.symbols}})


def known_prices(
    demand: Demand, place: PlaceSettings, names: Sequence[str], *, last: bool
) -> PricePanel | None:
    """Load what a place has of some assets; what it lacks is for the next place."""
    settings = settings_of(demand.study, place)
    ranged = place.source in RANGED
    span = {"start": demand.start, "end": demand.end} if ranged else {"start": None, "end": None}
    names = list(names)
    while names:
        try:
            return load_prices(
                settings, names, **span, folder=demand.folder, offline=demand.offline
            )
        except UnknownAssetError as error:
            lacking = [n for n in names if settings.symbols.get(n, n) in error.assets]
            _check_elsewhere(demand.study, place, lacking, error, last=last)
            names = [name for name in names if name not in lacking]
    return None


def _check_elsewhere(
    study: Study,
    place: PlaceSettings,
    lacking: Sequence[str],
    error: UnknownAssetError,
    *,
    last: bool,
) -> None:
    """Go on where a later place may have the assets; else raise what this one said."""
    if len(study.prices.places) == 1 or not lacking:
        raise error
    told = [n for n in lacking if n in study.assets and study.assets[n].source is not None]
    if told:
        raise UnknownAssetError(f"{error} (the study takes it from '{place.label}')", lacking)
    if last:
        labels = ", ".join(f"'{p.label}'" for p in study.prices.places)
        raise UnknownAssetError(f"{error} No place of prices has it: {labels}.", lacking)


def _factors(demand: Demand, needed: Sequence[str]) -> PricePanel | None:
    settings = demand.study.factors
    if settings is None or not needed:
        return None
    from eventstudy.prices.factors import factors_of

    panel = factors_of(settings, folder=demand.folder, end=demand.end, offline=demand.offline)
    mine = [name for name in needed if name in panel.assets]
    return panel.select(mine) if mine else None


def _in_currency(demand: Demand, panel: PricePanel, names: Sequence[str]) -> PricePanel:
    study = demand.study
    common = study.study.currency
    if common is None:
        return panel
    from eventstudy.prices import currency

    hashes: dict[str, str] = {}
    own: Mapping[str, str] = {n: a.currency for n, a in study.assets.items() if a.currency}
    if study.study.rates is None:
        rates, note = currency.ecb_rates(hashes), currency.ECB_NOTE
    else:
        rates, note = (
            currency.file_rates(study.study.rates, demand.folder, hashes),
            (currency.FILE_NOTE),
        )
    out = currency.convert(panel, common, names=names, rates=rates, own=own, note=note)
    return _with_hashes(out, hashes, common)


def _with_hashes(panel: PricePanel, hashes: Mapping[str, str], common: str) -> PricePanel:
    notes = panel.notes
    if panel.return_columns and common != "USD":
        notes = (*notes, f"the factors are returns in US dollars, beside returns in {common}")
    return replace(panel, hashes={**panel.hashes, **hashes}, notes=notes)
