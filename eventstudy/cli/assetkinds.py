"""What the name of an asset says: its kind, its exchange, and what to hold it against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eventstudy.prices.yahoo_symbols import Kind, market_of

__all__ = ["calendar_of", "guess_benchmark", "has_a_market", "kind_of"]

# Indices as people write them in the header of a file, with the calendar of their exchange.
INDICES = {
    "SP500": "XNYS", "SPX": "XNYS", "GSPC": "XNYS", "NDX": "XNYS", "NASDAQ100": "XNYS",
    "DJI": "XNYS", "DJIA": "XNYS", "RUSSELL2000": "XNYS", "RUT": "XNYS", "VIX": "XNYS",
    "DAX": "XETR", "MDAX": "XETR", "STOXX50": "XETR", "EUROSTOXX50": "XETR", "CAC40": "XPAR",
    "FTSE100": "XLON", "UKX": "XLON", "FTSEMIB": "XMIL", "IBEX35": "XMAD", "AEX": "XAMS",
    "SMI": "XSWX", "IMOEX": "XMOS", "MOEX": "XMOS", "RTSI": "XMOS", "NIKKEI225": "XTKS",
    "HSI": "XHKG",
}  # fmt: skip
COMMODITIES = {
    "WTI", "WTI_EXPIRY", "BRENT", "OIL", "GAS", "NATGAS", "GOLD", "SILVER", "COPPER", "WHEAT",
    "CORN",
}  # fmt: skip
ENERGY = {"WTI", "WTI_EXPIRY", "NATGAS"}
CURRENCIES = {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HUF", "INR", "JPY", "MXN",
    "NOK", "NZD", "PLN", "RUB", "SEK", "TRY", "UAH", "USD", "ZAR",
}  # fmt: skip
# The index that a share of an exchange is held against, as Yahoo writes it.
YAHOO_INDEX = {
    "XAMS": "^AEX", "XASX": "^AXJO", "XETR": "^GDAXI", "XFRA": "^GDAXI", "XHKG": "^HSI",
    "XLON": "^FTSE", "XMAD": "^IBEX", "XMIL": "FTSEMIB.MI", "XMOS": "IMOEX.ME", "XPAR": "^FCHI",
    "XSWX": "^SSMI", "XTKS": "^N225", "XTSE": "^GSPTSE",
}  # fmt: skip
NEW_YORK = "XNYS"
_MARKET = re.compile(r"(^|[ _-])(mkt|market|index|idx|bench(mark)?)($|[ _-])", re.IGNORECASE)
_CONTRACT = re.compile(r"CL_\d{4}[A-Z]")


def kind_of(asset: str) -> Kind:
    """Return what an asset is, by its name; what is not known otherwise is a share.

    Examples
    --------
    >>> [kind_of(a) for a in ("XOM", "SP500", "^GDAXI", "WTI", "EURUSD", "CL=F")]
    ['equity', 'index', 'index', 'future', 'currency', 'future']
    """
    name = _plain(asset)
    if name in INDICES or _MARKET.search(asset):
        return "index"
    if name in COMMODITIES or _CONTRACT.fullmatch(name):
        return "future"
    if _is_pair(name):
        return "currency"
    return market_of(asset).kind


def has_a_market(asset: str) -> bool:
    """Return whether an asset is held against a market rather than against its own mean.

    Examples
    --------
    >>> has_a_market("XOM"), has_a_market("WTI")
    (True, False)
    """
    return kind_of(asset) == "equity"


def calendar_of(asset: str) -> str:
    """Return the calendar that the name of an asset suggests; New York's where it says nothing.

    Examples
    --------
    >>> [calendar_of(a) for a in ("DAX", "BMW.DE", "EURUSD", "WTI", "Widgets")]
    ['XETR', 'XETR', '24/5', 'CME_ENERGY', 'XNYS']
    """
    name = _plain(asset)
    if name in INDICES:
        return INDICES[name]
    if name in ENERGY or _CONTRACT.fullmatch(name):
        return "CME_ENERGY"
    market = market_of(asset)
    if _is_pair(name) or market.kind == "currency":
        return "24/5"
    return market.calendar if market.calendar != "observed" else NEW_YORK


def guess_benchmark(source: str, assets: Iterable[str], have: Sequence[str]) -> str | None:
    """Return what shares are held against: an index of the source; None where it has none.

    Parameters
    ----------
    source : {"bundled", "file", "yahoo", "sql"}
        Where the prices are.
    assets : iterable of str
        The assets of the study.
    have : sequence of str
        The columns of a file; empty where they are not known.

    Examples
    --------
    >>> guess_benchmark("file", ["AAA"], ["MKT", "AAA"]), guess_benchmark("yahoo", ["BMW.DE"], [])
    ('MKT', '^GDAXI')
    """
    shares = [a for a in assets if has_a_market(a)]
    if source == "file":
        indices = [a for a in have if kind_of(a) == "index"]
        near = [a for a in indices if shares and calendar_of(a) == calendar_of(shares[0])]
        return next(iter([*near, *indices]), None)
    if source == "yahoo":
        return YAHOO_INDEX.get(calendar_of(shares[0]) if shares else NEW_YORK, "^GSPC")
    return "SP500"


def _plain(asset: str) -> str:
    return asset.strip().upper().replace(" ", "").replace("&", "")


def _is_pair(name: str) -> bool:
    pair = name.removesuffix("=X").replace("/", "")
    return len(pair) == 6 and {pair[:3], pair[3:]} <= CURRENCIES
