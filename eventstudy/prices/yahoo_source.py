"""The source ``yahoo``: what is stored and still good is taken, the rest is fetched and stored."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.prices import yahoo
from eventstudy.prices.panel import PricePanel, flags_frame, join_panels
from eventstudy.prices.store import PriceStore, Snapshot, revisions
from eventstudy.prices.yahoo import EARLIEST, FetchRules, History

if TYPE_CHECKING:
    from eventstudy.prices import PriceSettings

__all__ = ["Fetched", "get_history", "load"]

SOURCE = "yahoo"
# A copy that reaches to today is used again for this long.
FRESH = dt.timedelta(hours=1)
SHOWN_REVISIONS = 20


@dataclass(frozen=True, eq=False)
class Fetched:
    """A history, where it came from, and what a refetch changed.

    Attributes
    ----------
    history : History
        Prices.
    snapshot : Snapshot
        As stored.
    from_store : bool
        Whether nothing was asked of Yahoo.
    revised : DataFrame
        Past values that the fetch changed: date, column, old, new, cause.
    """

    history: History
    snapshot: Snapshot
    from_store: bool
    revised: pd.DataFrame


def get_history(
    symbol: str,
    *,
    store: PriceStore,
    start: dt.date | None = None,
    end: dt.date | None = None,
    offline: bool = False,
    refresh: bool = False,
    rules: FetchRules | None = None,
) -> Fetched:
    """Return the prices of a symbol from the store, or from Yahoo by way of the store.

    Parameters
    ----------
    symbol : str
        As Yahoo writes it.
    store : PriceStore
        Where prices are kept.
    start, end : date or None
        First and last date, both included.
    offline : bool
        Take what is stored, whatever its range, and ask nobody.
    refresh : bool
        Ask Yahoo even if the stored copy covers the range.
    rules : FetchRules, optional
        Patience and politeness.

    Raises
    ------
    InputError
        Offline and nothing stored; no such symbol; no prices in the range.
    SourceError
        Yahoo out of reach, or a damaged store.
    """
    snapshot = store.snapshot(SOURCE, symbol)
    if offline and snapshot is None:
        raise InputError(
            f"No prices of '{symbol}' are stored for a run without a network: fetch them first."
        )
    none = revisions(_EMPTY, _EMPTY)
    now = dt.datetime.now(dt.UTC)
    if snapshot is not None and (offline or (not refresh and _covers(snapshot, start, end, now))):
        frame = store.read(SOURCE, symbol, snapshot.sha256)
        return Fetched(_history(snapshot, frame), snapshot, True, none)
    # What is stored is asked for again with what is new: only so is a revision seen.
    first = start or EARLIEST
    if snapshot is not None:
        first = min(first, dt.date.fromisoformat(snapshot.first))
        if end is not None:
            end = max(end, dt.date.fromisoformat(snapshot.last))
    asked = None if end is not None and end >= now.date() else end
    history = yahoo.fetch_history(symbol, start=first, end=asked, rules=rules)
    old = None if snapshot is None else store.read(SOURCE, symbol, snapshot.sha256)
    stored = store.write(history.frame, _snapshot(history, first, asked or now.date(), now))
    changed = none if old is None else revisions(old, history.frame)
    return Fetched(history, stored, False, changed)


_EMPTY = pd.DataFrame({"close": []}, index=pd.DatetimeIndex([]), dtype="float64")


def _covers(
    snapshot: Snapshot, start: dt.date | None, end: dt.date | None, now: dt.datetime
) -> bool:
    if dt.date.fromisoformat(snapshot.first) > (start or EARLIEST):
        return False
    if end is not None and end < dt.date.fromisoformat(snapshot.last):
        return True
    return now - dt.datetime.fromisoformat(snapshot.fetched) < FRESH and (
        end is None or end >= dt.date.fromisoformat(snapshot.last)
    )


def _snapshot(history: History, first: dt.date, last: dt.date, now: dt.datetime) -> Snapshot:
    meta = {
        "title": history.title,
        "currency": history.currency,
        "exchange": history.exchange,
        "timezone": history.timezone,
    }
    fetched = now.isoformat(timespec="seconds")
    return Snapshot(SOURCE, history.symbol, "", str(first), str(last), fetched, meta)


def _history(snapshot: Snapshot, frame: pd.DataFrame) -> History:
    meta = {name: snapshot.meta.get(name, "") for name in ("currency", "exchange", "timezone")}
    title = snapshot.meta.get("title", "") or snapshot.symbol
    return History(symbol=snapshot.symbol, frame=frame, title=title, **meta)


def _panel(fetched: Fetched) -> PricePanel:
    panel = yahoo.history_panel(fetched.history)
    if fetched.revised.empty:
        return panel
    symbol = fetched.history.symbol
    rows = list(panel.flags.itertuples(index=False, name=None))
    for row in fetched.revised.head(SHOWN_REVISIONS).itertuples(index=False):
        detail = f"{row.column} was {row.old!r}, is {row.new!r} ({row.cause})"
        rows.append((row.date, symbol, "revised", detail))
    more = len(fetched.revised) - SHOWN_REVISIONS
    if more > 0:
        last = fetched.revised["date"].iloc[-1]
        rows.append((last, symbol, "revised", f"and {more} further values"))
    return replace(panel, flags=flags_frame(rows))


def load(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,  # noqa: ARG001 - the contract of a source
) -> PricePanel:
    """Source ``yahoo``: each symbol in turn; what came before a failure is kept in the store.

    ``EVENTSTUDY_OFFLINE=1``, or settings that say ``offline``, replay what is stored.
    """
    offline = bool(getattr(settings, "offline", False))
    offline = offline or os.environ.get("EVENTSTUDY_OFFLINE", "") not in ("", "0")
    rules, store, panels, asked = FetchRules(), PriceStore(), [], False
    for symbol in assets:
        if asked:
            time.sleep(rules.spacing)
        got = get_history(symbol, store=store, start=start, end=end, offline=offline, rules=rules)
        asked = not got.from_store
        panels.append(_panel(got).between(start, end))
    return join_panels(panels)
