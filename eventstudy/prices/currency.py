"""Prices in a common currency, by the ECB's reference rates or by rates of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError
from eventstudy.prices.panel import PricePanel

__all__ = ["Rates", "convert", "ecb_rates", "file_rates"]

# A rate in units of the second currency for one of the first, on naive dates.
Rates = Callable[[str, str], "pd.Series[float]"]
# What vendors write for a hundredth of a currency; returns do not see the factor.
MINOR = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ZAC": "ZAR", "ILA": "ILS"}
ECB_NOTE = (
    "returns in {0} use the ECB's reference rates, which are fixed at 14:15 Frankfurt: a price "
    "that is measured at another hour is converted by a rate of another hour, and a day "
    "without a fixing (1 May, Easter Monday) is a missing day"
)
FILE_NOTE = (
    "returns in {0} use the rates of a file: a price that is measured at another hour than they "
    "are is converted by a rate of another hour"
)


def ecb_rates(hashes: dict[str, str]) -> Rates:
    """Return the bundled reference rates; their hash is noted in ``hashes``."""
    from eventstudy.prices.bundled import load_bundled

    def rate(own: str, common: str) -> pd.Series[float]:
        name = own + common
        try:
            panel = load_bundled([name])
        except InputError:
            raise InputError(
                f"[study] currency: the ECB has no rate between {own} and {common}; give a file: "
                'rates = "rates.csv".'
            ) from None
        hashes.update(panel.hashes)
        return panel.close[name].dropna()

    return rate


def file_rates(file: Path, folder: Path, hashes: dict[str, str]) -> Rates:
    """Return rates of a file with columns such as ``EURUSD`` (dollars for one euro)."""
    from eventstudy.prices.files import load_file

    panel = load_file(file, folder=folder)
    hashes.update(panel.hashes)

    def direct(own: str, common: str) -> pd.Series[float] | None:
        if own == common:
            return pd.Series(1.0, index=panel.close.index)
        if own + common in panel.assets:
            return panel.close[own + common].dropna()
        if common + own in panel.assets:
            return 1.0 / panel.close[common + own].dropna()
        return None

    def rate(own: str, common: str) -> pd.Series[float]:
        found = direct(own, common)
        if found is None:
            first, second = direct(own, "EUR"), direct("EUR", common)
            found = None if first is None or second is None else (first * second).dropna()
        if found is None:
            raise InputError(
                f"{file}: there is no rate between {own} and {common}; give a column "
                f"'{common}{own}' ({own} for one {common})."
            )
        if not (np.isfinite(found.to_numpy()) & (found.to_numpy() > 0)).all():
            raise InputError(f"{file}: a rate between {own} and {common} is zero or negative.")
        return found

    return rate


def convert(
    panel: PricePanel,
    common: str,
    *,
    names: Iterable[str],
    rates: Rates,
    own: Mapping[str, str],
    note: str = ECB_NOTE,
) -> PricePanel:
    """Return the panel with the prices of ``names`` in a common currency.

    Parameters
    ----------
    panel : PricePanel
        Prices or returns.
    common : str
        ISO 4217.
    names : iterable of str
        Columns to convert; columns of factors are left alone.
    rates : Rates
        Where rates come from.
    own : mapping of str to str
        Currencies that the study gives, in place of the source's.
    note : str
        What to tell the reader, with ``{0}`` for the currency.

    Returns
    -------
    PricePanel
        A date without a rate has no price. Exchange rates of the ECB are prices of currencies and
        stay as they are.

    Raises
    ------
    InputError
        An asset whose currency is not known, or a rate that is not there.

    Notes
    -----
    P' = P x S, with S the units of the common currency for one of the asset's own; so
    1 + R' = (1 + R) S_t / S_{t-1}. In a chain of futures the growth within each contract is kept.
    """
    close = panel.close.copy()
    base = None if panel.base is None else panel.base.copy()
    infos = dict(panel.assets)
    missing: dict[str, int] = {}
    changed = False
    for name in names:
        currency = _own_currency(panel, name, common, own)
        if currency is None:
            continue
        rate: FloatArray = np.asarray(
            rates(currency, common).reindex(close.index), dtype=np.float64
        )
        price = close[name].to_numpy(dtype=np.float64, copy=True)
        lost = np.isfinite(price) & np.isnan(rate)
        if lost.any():
            missing[name] = int(lost.sum())
        held = None if base is None else base[name].to_numpy(dtype=np.float64, copy=True)
        close[name], new_base = _converted(price, held, rate, returns=panel.kind == "returns")
        if base is not None:
            base[name] = new_base
        infos[name] = replace(infos[name], currency=common)
        changed = True
    if not changed:
        return panel
    told = [note.format(common)]
    if missing:
        words = ", ".join(f"{name} {count}" for name, count in missing.items())
        told.append(f"prices on days without a rate are missing in {common}: {words}")
    return replace(panel, close=close, base=base, assets=infos, notes=(*panel.notes, *told))


def _own_currency(panel: PricePanel, name: str, common: str, own: Mapping[str, str]) -> str | None:
    """Return the currency that a column is to be converted from; None leaves it as it is."""
    info = panel.assets.get(name)
    if info is None or name in panel.return_columns:
        return None
    given = own.get(name) or info.currency
    currency = MINOR.get(given, given)
    if not currency:
        raise InputError(
            f"[study] currency: the currency of '{name}' is not known; give "
            f'[assets.{name}] currency = "USD".'
        )
    if currency == common or (name not in own and info.source.startswith("ECB")):
        return None
    return currency


def _converted(
    price: FloatArray, base: FloatArray | None, rate: FloatArray, *, returns: bool
) -> tuple[FloatArray, FloatArray | None]:
    known = np.flatnonzero(~np.isnan(price))
    out = np.full(price.shape, np.nan)
    if returns:
        steps = np.full(known.size, np.nan)
        steps[1:] = rate[known][1:] / rate[known][:-1]
        out[known] = (1.0 + price[known]) * steps - 1.0
        return out, base
    out[known] = price[known] * rate[known]
    if base is None:
        return out, None
    return out, _converted_base(price[known], base[known], rate[known], known, price.size)


def _converted_base(
    price: FloatArray,
    base: FloatArray,
    rate: FloatArray,
    known: np.ndarray[tuple[int], np.dtype[np.int64]],
    size: int,
) -> FloatArray:
    """Return bases over which the converted prices grow as the contracts and the currency did."""
    out = np.full(size, np.nan)
    if np.isnan(base).all():
        return out
    before = np.full(price.shape, np.nan)
    before[1:] = price[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = price / np.where(np.isnan(base), before, base)
    # Between two days with a rate may lie days without one: their growth belongs to the later.
    rated = np.flatnonzero(~np.isnan(rate))
    for earlier, later in itertools.pairwise(rated.tolist()):
        step = float(np.prod(growth[earlier + 1 : later + 1])) * rate[later] / rate[earlier]
        if step != 0.0:
            out[known[later]] = price[later] * rate[later] / step
    return out
