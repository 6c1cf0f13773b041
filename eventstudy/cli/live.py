"""``eventstudy doctor --live``: what no test can do, ask the real services."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from eventstudy.errors import EventStudyError, UnknownAssetError

__all__ = ["Outcome", "live_checks"]

State = Literal["ok", "unreachable"]
Outcome = tuple[str, State, str]
# An index, a European share, a continuous future and a currency: each has its own traps.
SYMBOLS = {"^GSPC": "USD", "AI.PA": "EUR", "CL=F": "USD", "EURUSD=X": "USD"}
NO_SYMBOL = "NOSUCHSYMBOLXQ"
DAYS = 40
# Over long holidays a last price may be this old, in days.
OLD = 7


def live_checks() -> Iterator[Outcome]:
    """Ask Yahoo for four symbols and one that does not exist, and Kenneth French for an archive.

    Yields
    ------
    (name, state, detail)
        Into a store of its own, so that nothing is answered from what was fetched before.
    """
    with tempfile.TemporaryDirectory() as name:
        yield from _yahoo(Path(name))
        yield _french(Path(name))


def _yahoo(folder: Path) -> Iterator[Outcome]:
    from eventstudy.prices.store import PriceStore
    from eventstudy.prices.yahoo_source import Fetched, get_histories

    today = dt.datetime.now(dt.UTC).date()
    found = get_histories(
        [*SYMBOLS, NO_SYMBOL], store=PriceStore(folder), start=today - dt.timedelta(days=DAYS)
    )
    for symbol, currency in SYMBOLS.items():
        got = found[symbol]
        if not isinstance(got, Fetched):
            yield f"yahoo {symbol}", "unreachable", _words(got)
            continue
        frame, history = got.history.frame, got.history
        last = frame.index[-1].date()
        faults = []
        if (today - last).days > OLD:
            faults.append(f"the last price is of {last}")
        if history.currency != currency:
            faults.append(f"the currency is {history.currency or 'unknown'}, not {currency}")
        told = f"{len(frame)} prices up to {last}, {history.currency}"
        yield f"yahoo {symbol}", "unreachable" if faults else "ok", "; ".join([told, *faults])
    missing = found[NO_SYMBOL]
    if isinstance(missing, UnknownAssetError):
        yield "yahoo, no such symbol", "ok", "is said to be unknown"
    else:
        words = _words(missing) if isinstance(missing, EventStudyError) else "was answered"
        yield "yahoo, no such symbol", "unreachable", words


def _french(folder: Path) -> Outcome:
    from eventstudy.prices.factors import fetch_factors
    from eventstudy.prices.store import PriceStore

    try:
        panel = fetch_factors("us_3", store=PriceStore(folder))
    except EventStudyError as error:
        return "factors us_3", "unreachable", _words(error)
    names = ", ".join(panel.assets)
    return "factors us_3", "ok", f"{names} up to {panel.close.index[-1]:%Y-%m-%d}"


def _words(error: Exception) -> str:
    return " ".join(str(error).split())
