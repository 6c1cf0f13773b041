"""The source ``yahoo``: what is stored and still good is taken, the rest is fetched and stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import EventStudyError, InputError, SourceError, UnknownAssetError
from eventstudy.prices import yahoo
from eventstudy.prices.panel import PricePanel, flags_frame, join_panels
from eventstudy.prices.store import PriceStore, Snapshot, revisions
from eventstudy.prices.yahoo import EARLIEST, Client, FetchRules, History
from eventstudy.prices.yahoo_answers import OutOfReachError
from eventstudy.prices.yahoo_panel import history_panel

if TYPE_CHECKING:
    from eventstudy.prices import PriceSettings

__all__ = ["Fetched", "Told", "get_histories", "get_history", "load"]

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
    client: Client | None = None,
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
    client : Client, optional
        An open session with Yahoo.

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
    own = {"rules": rules} if client is None else {"client": client}
    history = yahoo.fetch_history(symbol, start=first, end=asked, **own)
    note = _snapshot(history, first, asked or now.date(), now)
    # Two runs that fetch one symbol at once: each compares with what it replaces.
    with store.lock(SOURCE, symbol):
        before = store.snapshot(SOURCE, symbol)
        _check_currency(before, history)
        old = None if before is None else store.read(SOURCE, symbol, before.sha256)
        stored = store.write(history.frame, note, locked=True)
    changed = none if old is None else revisions(old, history.frame)
    return Fetched(history, stored, False, changed)


def _check_currency(before: Snapshot | None, history: History) -> None:
    """Refuse an answer in another currency than the one that is stored."""
    was = "" if before is None else before.meta.get("currency", "")
    if was and history.currency and was != history.currency:
        raise SourceError(
            f"Yahoo gives '{history.symbol}' in {history.currency}, and gave it in {was} before: "
            "nothing was kept; if that is right, delete what is stored of it and fetch again."
        )


Told = Callable[[str, "Fetched | EventStudyError"], None]


def get_histories(
    symbols: Sequence[str],
    *,
    store: PriceStore,
    start: dt.date | None = None,
    end: dt.date | None = None,
    offline: bool = False,
    refresh: bool = False,
    rules: FetchRules | None = None,
    told: Told | None = None,
) -> dict[str, Fetched | EventStudyError]:
    """Return many symbols: those that are stored at once, the others by a few threads.

    Parameters
    ----------
    symbols : sequence of str
        As Yahoo writes them.
    store, start, end, offline, refresh, rules
        As for :func:`get_history`.
    told : callable, optional
        Called with each symbol and its outcome as it comes.

    Returns
    -------
    dict of str to Fetched or EventStudyError
        In the order of ``symbols``. What came is in the store whatever happened to the others.
        Once Yahoo is out of reach or limits the rate, nothing more is asked for.
    """
    limits = rules or FetchRules()
    done: dict[str, Fetched | EventStudyError] = {}

    def keep(symbol: str, outcome: Fetched | EventStudyError) -> None:
        done[symbol] = outcome
        if told is not None:
            told(symbol, outcome)

    now, missing = dt.datetime.now(dt.UTC), []
    for symbol in dict.fromkeys(symbols):
        snapshot = store.snapshot(SOURCE, symbol)
        here = snapshot is not None and not refresh and _covers(snapshot, start, end, now)
        if offline or here:
            keep(symbol, _tried(symbol, store=store, start=start, end=end, offline=True))
        else:
            missing.append(symbol)
    if missing:
        with _pool(limits) as (pool, client):
            waiting = {
                pool.submit(
                    _tried, symbol, store=store, start=start, end=end, refresh=refresh,
                    client=client,
                ): symbol
                for symbol in missing
            }  # fmt: skip
            for symbol, outcome in _as_they_come(waiting):
                keep(symbol, outcome)
    return {symbol: done[symbol] for symbol in dict.fromkeys(symbols)}


def _as_they_come(
    waiting: Mapping[Future[Fetched | EventStudyError], str],
) -> Iterator[tuple[str, Fetched | EventStudyError]]:
    """Yield outcomes; once Yahoo is out of reach, what has not begun is not asked for."""
    for future in as_completed(waiting):
        outcome = _outcome(future, waiting[future])
        yield waiting[future], outcome
        if isinstance(outcome, OutOfReachError):
            for other in waiting:
                other.cancel()


@contextmanager
def _pool(rules: FetchRules) -> Iterator[tuple[ThreadPoolExecutor, Client]]:
    """Open one session and the threads that share it; an interrupt leaves nothing queued."""
    with yahoo.open_client(rules, shared=rules.threads > 1) as client:
        pool = ThreadPoolExecutor(max_workers=rules.threads, thread_name_prefix="yahoo")
        try:
            yield pool, client
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _tried(symbol: str, **options: Any) -> Fetched | EventStudyError:
    try:
        return get_history(symbol, **options)
    except EventStudyError as error:
        return error


def _outcome(future: Future[Fetched | EventStudyError], symbol: str) -> Fetched | EventStudyError:
    if future.cancelled():
        return SourceError(
            f"'{symbol}' was not asked for: Yahoo is out of reach or limits the rate; fetch again "
            "later."
        )
    return future.result()


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
    panel = history_panel(fetched.history)
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
    settings: PriceSettings,  # noqa: ARG001 - the contract of a source
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,  # noqa: ARG001
    offline: bool = False,
) -> PricePanel:
    """Source ``yahoo``; what came before a failure is kept in the store.

    Offline, what is stored is replayed.
    """
    found = get_histories(assets, store=PriceStore(), start=start, end=end, offline=offline)
    _raise_worst(found)
    got = [one for one in found.values() if isinstance(one, Fetched)]
    return join_panels([_panel(one).between(start, end) for one in got])


def _raise_worst(found: Mapping[str, Fetched | EventStudyError]) -> None:
    """Raise what is to be said about the failures: trouble at Yahoo before unknown symbols."""
    errors = [one for one in found.values() if isinstance(one, EventStudyError)]
    unknown = [one for one in errors if isinstance(one, UnknownAssetError)]
    other = [one for one in errors if not isinstance(one, UnknownAssetError)]
    leading = [one for one in other if isinstance(one, OutOfReachError)] or other
    if leading:
        raise leading[0]
    if unknown:
        raise UnknownAssetError(str(unknown[0]), [name for one in unknown for name in one.assets])
