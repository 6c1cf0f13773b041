"""Prices of Yahoo through yfinance: one symbol at a time, and no failure goes by unseen."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import EventStudyError, InputError, SourceError
from eventstudy.prices.yahoo_answers import (
    Failure,
    OutOfReachError,
    Pace,
    Watch,
    explain,
    watched,
)

__all__ = ["Client", "FetchRules", "History", "fetch_history", "open_client"]

EARLIEST = dt.date(1970, 1, 1)
COLUMNS = {
    "Close": "close",
    "Adj Close": "adjusted",
    "Dividends": "dividend",
    "Stock Splits": "split",
    "Volume": "volume",
}
META = (
    "symbol",
    "longName",
    "shortName",
    "currency",
    "fullExchangeName",
    "exchangeName",
    "exchangeTimezoneName",
    "regularMarketTime",
    "currentTradingPeriod",
)
# yfinance keeps one session and one cache for the whole process.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class FetchRules:
    """How patient and how polite a fetch is.

    Attributes
    ----------
    attempts : int
        Times that a symbol is tried.
    first_wait : float
        Seconds before the second attempt; doubled for each further one, and drawn between half
        and all of it so that many clients do not come back together.
    longest_wait : float
        The longest wait that a server may ask for, in seconds; beyond it the fetch gives up.
    spacing : float
        Least seconds between two questions, whatever the number of threads.
    threads : int
        Symbols that are asked for at once.
    timeout : float
        Seconds that one request may take.
    """

    attempts: int = 3
    first_wait: float = 1.0
    longest_wait: float = 60.0
    spacing: float = 0.25
    threads: int = 4
    timeout: float = 20.0


@dataclass(frozen=True, eq=False)
class History:
    """What Yahoo said about one symbol.

    Attributes
    ----------
    symbol : str
        As asked for.
    frame : DataFrame
        Naive session dates; columns close (as traded, adjusted for splits alone), adjusted (for
        dividends too), dividend, split, volume.
    title, currency, exchange, timezone : str
        What Yahoo calls it; empty if it says nothing.
    """

    symbol: str
    frame: pd.DataFrame
    title: str
    currency: str
    exchange: str
    timezone: str


@dataclass(frozen=True, eq=False)
class Client:
    """An open session with Yahoo, for one thread or several at once."""

    session: Any
    watch: Watch
    pace: Pace
    rules: FetchRules
    sleep: Callable[[float], None]
    shared: bool = False


@contextmanager
def open_client(
    rules: FetchRules | None = None,
    *,
    session: Any = None,
    sleep: Callable[[float], None] = time.sleep,
    shared: bool = False,
) -> Iterator[Client]:
    """Open the one session that this process has with Yahoo.

    Parameters
    ----------
    rules : FetchRules, optional
        Patience and politeness.
    session : requests or curl_cffi session, optional
        The session to ask with; the default is yfinance's own.
    sleep : callable
        Called with the seconds to wait between two attempts.
    shared : bool
        Whether several threads will use it, so that one that must wait holds up the others.
    """
    limits = rules or FetchRules()
    with _ONE_AT_A_TIME:
        own = session if session is not None else _new_session()
        pace = Pace(limits.spacing)
        with _quiet(), watched(own, pace) as watch:
            yield Client(own, watch, pace, limits, sleep, shared)


def fetch_history(
    symbol: str,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    client: Client | None = None,
    session: Any = None,
    rules: FetchRules | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> History:
    """Fetch the daily history of one symbol.

    Parameters
    ----------
    symbol : str
        As Yahoo writes it: ``XOM``, ``^GSPC``, ``AI.PA``, ``CL=F``.
    start, end : date or None
        First and last date, both included; None leaves that side open.
    client : Client, optional
        An open session; without it one is opened with ``session``, ``rules`` and ``sleep``.
    session, rules, sleep
        As for :func:`open_client`.

    Returns
    -------
    History
        A bar of a session that is still open is left out.

    Raises
    ------
    InputError
        No such symbol, or no prices in the range.
    SourceError
        No network, a limited rate, trouble at Yahoo, or an answer that makes no sense.

    Examples
    --------
    >>> fetch_history("XOM", start=dt.date(2022, 2, 15), end=dt.date(2022, 2, 14))
    Traceback (most recent call last):
    ...
    eventstudy.errors.InputError: 'XOM': the range ends (2022-02-14) before it starts (2022-02-15).
    """
    if start is not None and end is not None and end < start:
        raise InputError(f"'{symbol}': the range ends ({end}) before it starts ({start}).")
    if client is None:
        with open_client(rules, session=session, sleep=sleep) as own:
            return _insist(symbol, start, end, own)
    return _insist(symbol, start, end, client)


def _insist(symbol: str, start: dt.date | None, end: dt.date | None, client: Client) -> History:
    """Ask until there is an answer, or no hope of one."""
    limits = client.rules
    for attempt in range(limits.attempts):
        outcome = _attempt(symbol, start, end, client)
        if isinstance(outcome, History):
            return outcome
        last = attempt + 1 == limits.attempts
        wait = _pause(outcome, attempt, symbol, limits)
        if last or not outcome.retry or wait is None:
            raise outcome.error
        if client.shared and isinstance(outcome.error, OutOfReachError):
            client.pace.hold(wait)
        client.sleep(wait)
    raise SourceError(f"'{symbol}' was not asked for: the rules allow no attempt.")


def _pause(failure: Failure, attempt: int, symbol: str, rules: FetchRules) -> float | None:
    """Return the seconds before the next attempt; None if the server asks for too many."""
    if failure.wait is not None:
        return failure.wait if failure.wait <= rules.longest_wait else None
    seed = int.from_bytes(hashlib.sha256(f"{symbol} {attempt}".encode()).digest()[:8])
    share = 0.5 + 0.5 * float(np.random.default_rng(seed).random())
    return min(rules.first_wait * 2.0**attempt, rules.longest_wait) * share


def _attempt(
    symbol: str,
    start: dt.date | None,
    end: dt.date | None,
    client: Client,
) -> History | Failure:
    import yfinance
    from yfinance.data import YfData

    client.watch.clear()
    YfData.cache_get.cache_clear()
    span = f"from {start or 'the beginning'} to {end or 'today'}"
    first = EARLIEST if start is None else start
    after = None if end is None else (end + dt.timedelta(days=1)).isoformat()
    try:
        ticker = yfinance.Ticker(symbol, session=client.session)
        raw = ticker.history(
            start=first.isoformat(),
            end=after,
            interval="1d",
            auto_adjust=False,
            actions=True,
            repair=False,
            timeout=client.rules.timeout,
        )
        told = ticker.history_metadata
        meta = {key: told.get(key) for key in META}
        return _history(symbol, raw, meta, start, end)
    except EventStudyError as error:
        return Failure(error, retry=isinstance(error, SourceError))
    except Exception as error:
        # Whatever escapes yfinance on a strange answer is the answer's fault, not the user's.
        return explain(error, client.watch, symbol, span)


def _history(
    symbol: str,
    raw: pd.DataFrame,
    meta: Mapping[str, Any],
    start: dt.date | None,
    end: dt.date | None,
) -> History:
    told = str(meta.get("symbol") or symbol)
    if told.upper() != symbol.upper():
        raise SourceError(f"Yahoo answered about '{told}' when asked for '{symbol}': try again.")
    frame = raw.rename(columns=COLUMNS)[list(COLUMNS.values())].astype(np.float64)
    index = pd.DatetimeIndex(frame.index)
    local = index.tz_localize(None) if index.tz is not None else index
    frame.index = pd.DatetimeIndex(local.normalize().astype("datetime64[ns]"), name="date")
    frame = frame[frame["close"].notna()].sort_index(kind="stable")
    frame = _without_open_session(frame, meta)
    _check_bars(symbol, frame, start, end)
    return History(
        symbol=symbol,
        frame=frame,
        title=_text(meta, "longName") or _text(meta, "shortName") or symbol,
        currency=_text(meta, "currency"),
        exchange=_text(meta, "fullExchangeName") or _text(meta, "exchangeName"),
        timezone=_text(meta, "exchangeTimezoneName"),
    )


def _text(meta: Mapping[str, Any], key: str) -> str:
    value = meta.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _without_open_session(frame: pd.DataFrame, meta: Mapping[str, Any]) -> pd.DataFrame:
    """Drop the last bar while its session goes on: it is a quote and not a close."""
    try:
        now = _instant(meta["regularMarketTime"])
        close = _instant(meta["currentTradingPeriod"]["regular"]["end"])
        day = close.tz_convert(str(meta["exchangeTimezoneName"])).date()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return frame
    if now >= close or frame.empty or frame.index[-1].date() != day:
        return frame
    return frame.iloc[:-1]


def _instant(value: Any) -> pd.Timestamp:
    """Return an instant from what yfinance makes of a stamp, or leaves of it."""
    if isinstance(value, pd.Timestamp):
        return value
    return pd.Timestamp(int(value), unit="s", tz="UTC")


def _check_bars(
    symbol: str, frame: pd.DataFrame, start: dt.date | None, end: dt.date | None
) -> None:
    if frame.empty:
        span = f"from {start or 'the beginning'} to {end or 'today'}"
        raise InputError(f"Yahoo has no prices of '{symbol}' {span}: widen the range.")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise SourceError(f"Yahoo gave two prices of '{symbol}' on {twice:%Y-%m-%d}: try again.")
    prices = frame[["close", "adjusted"]].to_numpy()
    if np.isinf(prices).any():
        raise SourceError(f"Yahoo gave an infinite price of '{symbol}': try again.")
    first, last = frame.index[0].date(), frame.index[-1].date()
    if (start is not None and first < start) or (end is not None and last > end):
        outside = first if start is not None and first < start else last
        raise SourceError(
            f"Yahoo gave a price of '{symbol}' on {outside}, which was not asked for: try again."
        )


def _new_session() -> Any:
    from yfinance._http import new_session

    return new_session()


@contextmanager
def _quiet() -> Iterator[None]:
    """Have yfinance raise what it would log, and keep its caches in our folder."""
    from platformdirs import user_cache_path
    from yfinance import cache
    from yfinance.config import YfConfig

    folder = user_cache_path("eventstudy") / "yfinance"
    with suppress(OSError):  # without a folder of its own yfinance works without caches
        folder.mkdir(parents=True, exist_ok=True)
    cache.set_cache_location(str(folder))
    logger = logging.getLogger("yfinance")
    level, hidden = logger.level, YfConfig.debug.hide_exceptions
    logger.setLevel(logging.CRITICAL + 1)
    YfConfig.debug.hide_exceptions = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        YfConfig.debug.hide_exceptions = hidden
        logger.setLevel(level)
