"""What an answer of Yahoo means: data, a wrong symbol, an empty range, or trouble."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eventstudy.errors import EventStudyError, InputError, SourceError, UnknownAssetError

__all__ = ["Failure", "OutOfReachError", "Pace", "Watch", "explain", "retry_after", "watched"]

CHART = "/v8/finance/chart/"
ALTERNATIVES = (
    'use the bundled prices (source = "bundled"), a file of your own (source = "file"), or try '
    "again with a network"
)
# Words of libcurl and requests for a name that is not found, a refused or an unreachable host.
NO_NETWORK = (
    "could not resolve",
    "name or service not known",
    "name resolution",
    "failed to connect",
    "couldn't connect",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "proxy",
)
TIMED_OUT = ("timed out", "timeout")


class OutOfReachError(SourceError):
    """Yahoo as a whole is out of reach or limits the rate: no other symbol is worth asking for."""


class Watch(threading.local):
    """The last answer about prices that came over a session, for each thread its own."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.text = ""
        self.headers: Mapping[str, str] = {}

    def clear(self) -> None:
        """Forget the answer."""
        self.status, self.text, self.headers = None, "", {}


class Pace:
    """A rate limit of our own, which all threads share.

    Parameters
    ----------
    spacing : float
        Least seconds between two questions about prices.
    """

    def __init__(self, spacing: float) -> None:
        self.spacing = spacing
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self.spacing
        if turn > now:
            time.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for a while."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


@dataclass(frozen=True)
class Failure:
    """An error of ours, and whether another attempt may mend it.

    Attributes
    ----------
    error : EventStudyError
        What to raise if it does not.
    retry : bool
        Whether it pays to try again.
    wait : float or None
        Seconds that the server asked to wait.
    """

    error: EventStudyError
    retry: bool = False
    wait: float | None = None


@contextmanager
def watched(session: Any, pace: Pace) -> Iterator[Watch]:
    """Note every answer about prices while the session is used, and keep the pace.

    yfinance turns statuses and bodies into exceptions that no longer tell them apart.
    """
    watch = Watch()
    original = session.get

    def get(url: str, **options: Any) -> Any:  # the session's own signature
        if CHART in url:
            pace.wait()
        answer = original(url, **options)
        if CHART in url:
            watch.status = int(answer.status_code)
            watch.text = str(answer.text)
            watch.headers = dict(answer.headers)
        return answer

    session.get = get
    try:
        yield watch
    finally:
        del session.get


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for: a number, or a date.

    Examples
    --------
    >>> retry_after({"Retry-After": "30"}, dt.datetime(2022, 2, 15, tzinfo=dt.UTC))
    30.0
    """
    from email.utils import parsedate_to_datetime

    text = next((v for k, v in headers.items() if k.casefold() == "retry-after"), "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(min(int(text), 10**6))
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())


def explain(error: Exception, watch: Watch, symbol: str, span: str) -> Failure:
    """Turn whatever went wrong into an error of ours.

    Parameters
    ----------
    error : Exception
        What yfinance, or the network under it, raised.
    watch : Watch
        The last answer.
    symbol : str
        The symbol asked for.
    span : str
        The dates asked for, in words.
    """
    if watch.status == 429 or type(error).__name__ == "YFRateLimitError":
        return _rate_limited(watch, symbol)
    if watch.status is not None and watch.status >= 500:
        return Failure(
            SourceError(
                f"Yahoo has trouble of its own (status {watch.status}) with '{symbol}': try again "
                "later."
            ),
            retry=True,
        )
    if watch.status in (401, 403):
        return Failure(
            OutOfReachError(
                f"Yahoo refuses the request for '{symbol}' (status {watch.status}): this network "
                f"may be blocked; {ALTERNATIVES}."
            )
        )
    if watch.status is None and isinstance(error, OSError):
        return _unreachable(error, symbol)
    return _from_body(error, watch, symbol, span)


def _rate_limited(watch: Watch, symbol: str) -> Failure:
    now = dt.datetime.now(dt.UTC)
    wait = retry_after(watch.headers, now)
    until = ""
    if wait is not None:
        until = f" until {now + dt.timedelta(seconds=wait):%Y-%m-%d %H:%M} UTC"
    message = (
        f"Yahoo limits the rate of requests{until} ('{symbol}'): wait, or ask for fewer symbols; "
        "what came is kept."
    )
    return Failure(OutOfReachError(message), retry=True, wait=wait)


def _unreachable(error: Exception, symbol: str) -> Failure:
    words = str(error).casefold()
    if any(part in words for part in TIMED_OUT):
        message = f"Yahoo did not answer in time for '{symbol}': try again; or {ALTERNATIVES}."
        return Failure(SourceError(message), retry=True)
    if any(part in words for part in NO_NETWORK):
        message = f"There is no network, or Yahoo can't be reached ('{symbol}'): {ALTERNATIVES}."
        return Failure(OutOfReachError(message))
    message = f"The connection to Yahoo broke for '{symbol}' ({type(error).__name__}): try again."
    return Failure(SourceError(message), retry=True)


def _from_body(error: Exception, watch: Watch, symbol: str, span: str) -> Failure:
    """Read the answer itself; what it says is more than the exception does."""
    try:
        chart = json.loads(watch.text)["chart"]
        fault, result = chart.get("error"), chart.get("result")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _nonsense(error, symbol)
    if isinstance(fault, dict):
        return _stated(fault, symbol, span)
    if not isinstance(result, list) or not result or not isinstance(result[0], dict):
        return _nonsense(error, symbol)
    if not result[0].get("timestamp"):
        return Failure(InputError(f"Yahoo has no prices of '{symbol}' {span}: widen the range."))
    return _nonsense(error, symbol)


def _stated(fault: dict[str, Any], symbol: str, span: str) -> Failure:
    code, words = str(fault.get("code", "")), " ".join(str(fault.get("description", "")).split())
    words = words[:200]
    if code == "Not Found":
        return Failure(
            UnknownAssetError(
                f"Yahoo knows no symbol '{symbol}' ({words}): look it up on finance.yahoo.com; an "
                "index begins with ^, a share outside the United States ends in a suffix like .DE.",
                [symbol],
            )
        )
    if "start" in words.casefold() or "range" in words.casefold():
        return Failure(InputError(f"Yahoo has no prices of '{symbol}' {span} ({words})."))
    return Failure(SourceError(f"Yahoo answers '{symbol}' with an error: {code}: {words}."))


def _nonsense(error: Exception, symbol: str) -> Failure:
    kind = type(error).__name__
    message = (
        f"Yahoo's answer about '{symbol}' makes no sense ({kind}): try again later; nothing of it "
        "was kept."
    )
    return Failure(SourceError(message), retry=True)
