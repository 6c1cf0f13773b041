"""Prices to returns on an asset's own sessions, with its regressors over the same spans.

Event time is counted on the sessions of the calendar and never on the rows that are left: a
missing price leaves a hole, and the policy says what the return that closes the hole is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import BoolArray, FloatArray
from eventstudy.errors import InputError
from eventstudy.mapped import roomy, row_runs
from eventstudy.names import MissingPolicy, ReturnKind
from eventstudy.prices.panel import PricePanel

__all__ = ["MAX_GAP", "AssetReturns", "Factor", "asset_returns", "given_matrix"]

# Longest span, in sessions, that a trade-to-trade return may cover.
MAX_GAP = 5


@dataclass(frozen=True)
class Factor:
    """A regressor: a column of the prices, ``lag`` sessions of the asset's calendar earlier.

    ``is_return`` marks a column that holds returns beside prices (Fama-French factors, a risk-free
    rate): it is compounded over the span instead of divided.
    """

    column: str
    lag: int = 0
    is_return: bool = False

    @property
    def label(self) -> str:
        """Name in result tables.

        Examples
        --------
        >>> Factor("SP500", 1).label
        'SP500_lag1'
        """
        if self.lag == 0:
            return self.column
        return f"{self.column}_{'lag' if self.lag > 0 else 'lead'}{abs(self.lag)}"


@dataclass(frozen=True)
class AssetReturns:
    """Returns of one asset on its own sessions.

    Attributes
    ----------
    asset : str
    sessions : (D,) datetime64[D]
    values : (D,) float
        Returns in decimals, NaN where there is none.
    factors : (D, F) float
        Regressors over the same spans.
    spans : (D,) float
        Sessions spanned by each return, NaN where there is none.
    level : (D,) float
        The price itself (NaN where the study has returns only), for charts.
    undefined : (D,) bool
        True where prices exist but a return does not (a price that is zero or negative).
    """

    asset: str
    sessions: npt.NDArray[np.datetime64]
    values: FloatArray
    factors: FloatArray
    spans: FloatArray
    level: FloatArray
    undefined: BoolArray


def _column(panel: PricePanel, name: str, sessions: npt.NDArray[np.datetime64]) -> FloatArray:
    if name not in panel.close.columns:
        raise InputError(f"'{name}' is not a column of the prices")
    index = pd.DatetimeIndex(sessions.astype("datetime64[ns]"))
    return np.asarray(panel.close[name].reindex(index).to_numpy(dtype=np.float64))


def _growth_level(
    panel: PricePanel, name: str, sessions: npt.NDArray[np.datetime64]
) -> tuple[FloatArray, BoolArray]:
    """Return a level whose ratios are returns, and where such a ratio breaks off.

    Without a ``base`` the level is the price. With one (futures: the same contract's previous
    settlement), growth is chained from the series' own dates, so that a roll leaves no jump.
    """
    price = _column(panel, name, sessions)
    bad = np.isfinite(price) & (price <= 0.0)
    own = panel.base[name] if panel.base is not None and name in panel.base.columns else None
    if own is None or not own.notna().any():
        return np.where(bad, np.nan, price), bad
    series = panel.close[name].dropna()
    base = own.reindex(series.index).fillna(series.shift(1))
    defined = (series > 0) & (base > 0)
    growth = (series / base).where(defined).map(np.log)
    growth.iloc[0] = 0.0
    broken = growth.isna()
    # Growth restarts behind a break; no return is taken across one.
    level = np.exp(growth.where(~broken, 0.0).cumsum()).where(series > 0)
    index = pd.DatetimeIndex(sessions.astype("datetime64[ns]"))
    edge = broken.reindex(index).eq(True).to_numpy(dtype=bool)
    return level.reindex(index).to_numpy(dtype=np.float64), edge


def _factor_level(
    panel: PricePanel, factor: Factor, sessions: npt.NDArray[np.datetime64]
) -> tuple[FloatArray, BoolArray]:
    if not factor.is_return:
        level, broken = _growth_level(panel, factor.column, sessions)
    else:
        given = _column(panel, factor.column, sessions)
        broken = ~np.isfinite(given)
        level = np.exp(np.cumsum(np.where(broken, 0.0, np.log1p(np.where(broken, 0.0, given)))))
        # The first session's own return leads nowhere, so the level exists there all the same.
        level = np.where(broken, np.nan, level)
    return _shifted(level, factor.lag), _shifted(broken.astype(np.float64), factor.lag) == 1.0


def _previous(available: BoolArray) -> npt.NDArray[np.int64]:
    """Return the position of the last available session before each one, -1 where none."""
    positions = np.where(available, np.arange(len(available)), -1)
    last = np.maximum.accumulate(positions)
    return np.concatenate([[-1], last[:-1]]).astype(np.int64)


def _shifted(values: FloatArray, lag: int) -> FloatArray:
    out = np.full(len(values), np.nan)
    if lag >= 0:
        out[lag:] = values[: len(values) - lag]
    else:
        out[:lag] = values[-lag:]
    return out


def _ratio(level: FloatArray, previous: npt.NDArray[np.int64], kind: ReturnKind) -> FloatArray:
    before = np.where(previous >= 0, level[previous], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = level / before
        return np.asarray(np.log(ratio) if kind == "log" else ratio - 1.0)


def asset_returns(
    panel: PricePanel,
    asset: str,
    *,
    factors: Sequence[Factor] = (),
    sessions: npt.NDArray[np.datetime64],
    kind: ReturnKind = "simple",
    missing: MissingPolicy = "trade_to_trade",
    risk_free: str | None = None,
    max_gap: int = MAX_GAP,
) -> AssetReturns:
    """Compute the returns of one asset and of its regressors on the asset's sessions.

    A session counts as priced when the asset and every regressor have a price on it. Under
    ``trade_to_trade`` a return spans from the last priced session to this one, at most ``max_gap``
    sessions; otherwise only returns between neighbouring sessions exist.

    Parameters
    ----------
    panel : PricePanel
        Prices, or returns when ``panel.kind`` says so (then nothing is spanned).
    asset : str
    factors : sequence of Factor
    sessions : (D,) datetime64[D]
        Sessions of the asset's calendar, ascending.
    kind : {"simple", "log"}
    missing : {"trade_to_trade", "skip", "exclude"}
    risk_free : str, optional
        Column of the risk-free return a session; asset and priced regressors are taken in excess
        of it.
    max_gap : int

    Returns
    -------
    AssetReturns

    Raises
    ------
    InputError
        For an asset or a regressor that the prices lack.

    Notes
    -----
    On a price that is zero or negative a return does not exist, on that session and on the next;
    no policy spans it.
    """
    if panel.kind == "returns":
        return _given_returns(panel, asset, factors, sessions, risk_free)
    level, broken = _growth_level(panel, asset, sessions)
    undefined = broken
    columns = list(factors) + ([Factor(risk_free, is_return=True)] if risk_free else [])
    shifted = []
    available = np.isfinite(level)
    for factor in columns:
        column, cut = _factor_level(panel, factor, sessions)
        shifted.append(column)
        available &= np.isfinite(column)
        broken = broken | cut
    previous = _previous(available)
    gap = (np.arange(len(sessions)) - previous).astype(np.float64)
    longest = max_gap if missing == "trade_to_trade" else 1
    exists = available & (previous >= 0) & (gap <= longest)
    crossed = np.concatenate([[0], np.cumsum(broken)])
    start = np.where(previous >= 0, previous, 0)
    exists &= crossed[1:] == crossed[start + 1]
    keep = np.where(exists, 1.0, np.nan)
    values = _ratio(level, previous, kind) * keep
    ratios = [_ratio(c, previous, kind) * keep for c in shifted]
    if risk_free:
        values, ratios = _excess(values, ratios[:-1], factors, ratios[-1])
    after = np.concatenate([[False], undefined[:-1]])
    return AssetReturns(
        asset=asset,
        sessions=sessions,
        values=values,
        factors=np.column_stack(ratios) if ratios else np.empty((len(sessions), 0)),
        spans=gap * keep,
        level=_column(panel, asset, sessions),
        undefined=undefined | (after & ~exists),
    )


def _excess(
    values: FloatArray, columns: list[FloatArray], factors: Sequence[Factor], rate: FloatArray
) -> tuple[FloatArray, list[FloatArray]]:
    """Return excess returns; a factor that is a return by construction is one already."""
    own = [c if f.is_return else c - rate for c, f in zip(columns, factors, strict=True)]
    return values - rate, own


def _given_returns(
    panel: PricePanel,
    asset: str,
    factors: Sequence[Factor],
    sessions: npt.NDArray[np.datetime64],
    risk_free: str | None,
) -> AssetReturns:
    values = _column(panel, asset, sessions)
    columns = [_shifted(_column(panel, f.column, sessions), f.lag) for f in factors]
    if risk_free:
        rate = _column(panel, risk_free, sessions)
        values, columns = _excess(values, columns, factors, rate)
    stacked = np.column_stack(columns) if columns else np.empty((len(sessions), 0))
    exists = np.isfinite(values) & np.isfinite(stacked).all(axis=1)
    keep = np.where(exists, 1.0, np.nan)
    return AssetReturns(
        asset=asset,
        sessions=sessions,
        values=values * keep,
        factors=stacked * keep[:, None],
        spans=keep,
        level=np.full(len(sessions), np.nan),
        undefined=np.zeros(len(sessions), dtype=bool),
    )


def given_matrix(
    panel: PricePanel,
    assets: Sequence[str],
    factors: Sequence[Factor],
    sessions: npt.NDArray[np.datetime64],
    risk_free: str | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the given returns of many assets on one calendar, and their common regressors.

    Parameters
    ----------
    panel : PricePanel
        Of returns.
    assets : sequence of str
    factors : sequence of Factor
    sessions : (D,) datetime64[D]
    risk_free : str, optional
        As in :func:`asset_returns`.

    Returns
    -------
    returns : (A, D) float
        C-contiguous; NaN where the return or a regressor is missing.
    factors : (F, D) float
    """
    index = pd.DatetimeIndex(sessions.astype("datetime64[ns]"))
    columns = [_shifted(_column(panel, f.column, sessions), f.lag) for f in factors]
    rate = _column(panel, risk_free, sessions) if risk_free else np.zeros(len(sessions))
    if risk_free:
        _, columns = _excess(rate, columns, factors, rate)
    stacked = np.stack(columns) if columns else np.empty((0, len(sessions)))
    exists = np.isfinite(stacked).all(axis=0)
    out: FloatArray = roomy((len(assets), len(sessions)))
    for run in row_runs(out.shape):
        part = panel.close[list(assets[run])].reindex(index).to_numpy(dtype=np.float64).T
        out[run] = np.where(exists, part - rate if risk_free else part, np.nan)
    return out, np.where(exists, stacked, np.nan)
