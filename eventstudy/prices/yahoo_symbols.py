"""What a Yahoo symbol says about its market: calendar, clock of the daily price, kind.

Yahoo writes the exchange as a suffix (``.DE``), and marks indices (``^``), futures (``=F``),
currencies (``=X``) and coins (``-USD``). Only markets whose sessions are known get a calendar by
name; every other symbol is ``observed``, which asks the user for a clock before it takes a
headline with a time of day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Market", "market_of", "roll_sessions"]

Kind = Literal["equity", "index", "future", "currency", "coin"]
Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Market:
    """What is known of a symbol before anything is fetched.

    Attributes
    ----------
    kind : {"equity", "index", "future", "currency", "coin"}
        What the symbol stands for.
    calendar : str
        Name of the calendar, or ``"observed"``.
    close : str or None
        Clock of the daily price where it is not the calendar's close.
    """

    kind: Kind
    calendar: str
    close: str | None = None


SUFFIXES = {
    "AS": "XAMS",
    "AT": "ASEX",
    "AX": "XASX",
    "BK": "XBKK",
    "BO": "XBOM",
    "BR": "XBRU",
    "CO": "XCSE",
    "DE": "XETR",
    "F": "XFRA",
    "HE": "XHEL",
    "HK": "XHKG",
    "IR": "XDUB",
    "IS": "XIST",
    "JK": "XIDX",
    "JO": "XJSE",
    "KL": "XKLS",
    "KQ": "XKRX",
    "KS": "XKRX",
    "L": "XLON",
    "LS": "XLIS",
    "MC": "XMAD",
    "ME": "XMOS",
    "MI": "XMIL",
    "MX": "XMEX",
    "NZ": "XNZE",
    "OL": "XOSL",
    "PA": "XPAR",
    "PR": "XPRA",
    "SA": "BVMF",
    "SI": "XSES",
    "SN": "XSGO",
    "SR": "XSAU",
    "SS": "XSHG",
    "ST": "XSTO",
    "SW": "XSWX",
    "SZ": "XSHG",
    "T": "XTKS",
    "TA": "XTAE",
    "TO": "XTSE",
    "TW": "XTAI",
    "VI": "XWBO",
    "WA": "XWAR",
}
INDICES = {
    "^AEX": "XAMS",
    "^ATX": "XWBO",
    "^AXJO": "XASX",
    "^BFX": "XBRU",
    "^BSESN": "XBOM",
    "^BVSP": "BVMF",
    "^DJI": "XNYS",
    "^FCHI": "XPAR",
    "^FTMC": "XLON",
    "^FTSE": "XLON",
    "^GDAXI": "XETR",
    "^GSPC": "XNYS",
    "^GSPTSE": "XTSE",
    "^HSI": "XHKG",
    "^IBEX": "XMAD",
    "^IXIC": "XNYS",
    "^JN0U.JO": "XJSE",
    "^KS11": "XKRX",
    "^MDAXI": "XETR",
    "^MXX": "XMEX",
    "^N225": "XTKS",
    "^NDX": "XNYS",
    "^NYA": "XNYS",
    "^OMX": "XSTO",
    "^RUA": "XNYS",
    "^RUT": "XNYS",
    "^SSMI": "XSWX",
    "^STI": "XSES",
    "^TWII": "XTAI",
    "FTSEMIB.MI": "XMIL",
    "IMOEX.ME": "XMOS",
}
NEW_YORK = "America/New_York"
# Settlement of the day, by the exchange: energy over the two minutes before the half hour.
FUTURES = {
    "CL=F": ("CME_ENERGY", f"14:28-14:30 {NEW_YORK}"),
    "HO=F": ("CME_ENERGY", f"14:28-14:30 {NEW_YORK}"),
    "NG=F": ("CME_ENERGY", f"14:28-14:30 {NEW_YORK}"),
    "RB=F": ("CME_ENERGY", f"14:28-14:30 {NEW_YORK}"),
    # ICE Brent settles on the weighted average of the two minutes from 19:28 London.
    "BZ=F": ("CME_ENERGY", "19:28-19:30 Europe/London"),
}


def market_of(symbol: str) -> Market:
    """Return kind, calendar and clock of a symbol.

    Parameters
    ----------
    symbol : str
        As Yahoo writes it.

    Examples
    --------
    >>> market_of("AI.PA")
    Market(kind='equity', calendar='XPAR', close=None)
    >>> market_of("CL=F").close
    '14:28-14:30 America/New_York'
    >>> market_of("EURUSD=X").calendar
    'observed'
    """
    name = symbol.strip().upper()
    if name.endswith("=F"):
        return Market("future", *FUTURES.get(name, ("observed", None)))
    if name.endswith("=X"):
        return Market("currency", "observed")
    if name in INDICES:
        return Market("index", INDICES[name])
    if name.startswith("^"):
        return Market("index", "observed")
    stem, dot, suffix = name.rpartition(".")
    if dot and stem:
        return Market("equity", SUFFIXES.get(suffix, "observed"))
    if name.endswith(("-USD", "-EUR", "-GBP", "-USDT", "-BTC")):
        return Market("coin", "24/7")
    return Market("equity", "XNYS")


def roll_sessions(symbol: str, dates: Dates) -> Dates:
    """Return the sessions on which a continuous vendor series is likely to change its contract.

    Parameters
    ----------
    symbol : str
        ``CL=F`` and ``BZ=F`` are known; others give nothing.
    dates : (D,) datetime64[D]
        The series' own sessions, ascending; they serve as business days.

    Returns
    -------
    (R,) datetime64[D]
        The session after each last trading day of a contract.

    Notes
    -----
    WTI ends three business days before the 25th of the month before delivery. Brent ends, since
    the contract of March 2016, on the last business day of the second month before delivery.

    Examples
    --------
    >>> days = np.arange("2022-02-01", "2022-03-01", dtype="datetime64[D]")
    >>> days = days[np.is_busday(days, holidays=["2022-02-21"])]
    >>> roll_sessions("CL=F", days)
    array(['2022-02-23'], dtype='datetime64[D]')
    """
    none = np.empty(0, dtype="datetime64[D]")
    if symbol not in ("CL=F", "BZ=F") or not dates.size:
        return none
    months = np.arange(dates[0].astype("datetime64[M]"), dates[-1].astype("datetime64[M]") + 1)
    if symbol == "CL=F":
        anchor = months.astype("datetime64[D]") + np.timedelta64(24, "D")
        last = np.searchsorted(dates, anchor, side="right") - 4
    else:
        anchor = (months + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        last = np.searchsorted(dates, anchor, side="right") - 1
    known = (last >= 0) & (last + 1 < dates.size) & (anchor <= dates[-1])
    return np.asarray(dates[last[known] + 1])
