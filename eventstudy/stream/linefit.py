r"""Least squares with at most one regressor, for whole arrays of events at once.

The closed forms of the straight line about its means, with every return over one session:

.. math::
   \hat b = \frac{\sum_t (x_t - \bar x)\, y_t}{\sum_t (x_t - \bar x)^2}, \quad
   h_t = \frac1T + \frac{(x_t - \bar x)^2}{\sum_u (x_u - \bar x)^2}

Residuals are projected a second time, as those of :mod:`eventstudy.models.linear`, whose fits these
are to rounding. A block that holds anything else (spans, weights, a fit that fails) is left to that
module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models import ModelOptions
from eventstudy.models.linear import RANK_TOLERANCE, SCALE_TOLERANCE

__all__ = ["fits_line", "line_fit"]

LINES = {"constant_mean": 0, "market_adjusted": 1, "market_model": 1, "capm": 1}


def fits_line(model: str, options: ModelOptions, factors: int) -> bool:
    """Whether a model is a line with an intercept (or the benchmark itself) and equal weights."""
    if LINES.get(model) != factors:
        return False
    return model == "market_adjusted" or (options.intercept and options.half_life is None)


@dataclass(frozen=True, eq=False)
class _Line:
    """Sums of the line: centred regressor (n, T), its sum of squares, means and counts (n,)."""

    on: npt.NDArray[np.bool_] | None
    count: FloatArray
    x: FloatArray | None
    x_mean: FloatArray
    x_square: FloatArray


def _zeroed(values: FloatArray, on: npt.NDArray[np.bool_] | None) -> FloatArray:
    return values if on is None else np.where(on, values, 0.0)


def _dot(one: FloatArray, two: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nt,nt->n", one, two))


def _centred(values: FloatArray, line: _Line) -> tuple[FloatArray, FloatArray]:
    """Return rows about their mean over the days in use, and the means."""
    mean = values.sum(axis=1) / line.count
    # What rounding left of the mean.
    mean += _zeroed(values - mean[:, None], line.on).sum(axis=1) / line.count
    return _zeroed(values - mean[:, None], line.on), mean


def _line(block: EventBlock, *, regressor: bool) -> _Line:
    n, t = block.returns_est.shape
    on = np.isfinite(block.returns_est)
    if regressor:
        on &= np.isfinite(block.factors_est[:, :, 0])
    used = None if on.all() else on
    count = np.full(n, float(t)) if used is None else on.sum(axis=1).astype(np.float64)
    nothing = np.zeros(n)
    if not regressor:
        return _Line(used, count, None, nothing, nothing)
    x = _zeroed(block.factors_est[:, :, 0], used)
    bare = _Line(used, count, None, nothing, nothing)
    about, mean = _centred(x, bare)
    return _Line(used, count, about, mean, _dot(about, about))


def line_fit(block: EventBlock, model: str) -> ModelFit | None:
    """Fit a block whose returns span one session each.

    Parameters
    ----------
    block : EventBlock
        With at most one factor; estimation and event days may be missing.
    model : str
        One for which :func:`fits_line` holds.

    Returns
    -------
    ModelFit or None
        None where a fit fails.
    """
    if model == "market_adjusted":
        return _adjusted_fit(block)
    regressor = block.factors_est.shape[2] == 1
    line = _line(block, regressor=regressor)
    k = 2 if regressor else 1
    if block.returns_est.shape[1] < k or not (line.count > k).all():
        return None
    y = _zeroed(block.returns_est, line.on)
    size = _dot(y, y)
    resid, y_mean = _centred(y, line)
    spread = _dot(resid, resid)
    slope = np.zeros(block.n)
    if line.x is not None:
        whole = line.x_square + line.count * line.x_mean**2
        if not (line.x_square > RANK_TOLERANCE**2 * whole).all():
            return None
        for _ in range(2):
            step = _dot(line.x, resid) / line.x_square
            resid -= step[:, None] * line.x
            slope += step
    level = y_mean + resid.sum(axis=1) / line.count
    resid = _zeroed(y - _fitted(level, slope, line.x), line.on)
    rss = _dot(resid, resid)
    if not ((rss > SCALE_TOLERANCE**2 * size) & (size > 0.0)).all():
        return None
    theta = np.column_stack([level - slope * line.x_mean, slope])[:, :k]
    away = block.factors_evt[:, :, 0] - line.x_mean[:, None] if regressor else None
    expected = np.broadcast_to(_fitted(level, slope, away), block.returns_evt.shape)
    return _assembled(block, line, theta, resid, expected, rss, 1.0 - rss / spread)


def _fitted(level: FloatArray, slope: FloatArray, about: FloatArray | None) -> FloatArray:
    """Return the line over days whose regressor is ``about`` its mean, (n, days) or (n, 1).

    One expression for estimation and event days: equal returns have equal residuals, so ties stay
    ties in the ranks.
    """
    if about is None:
        return level[:, None]
    return np.asarray(about * slope[:, None] + level[:, None])


def _parameters(line: _Line, variance: FloatArray, k: int) -> FloatArray:
    """Return the covariance of the parameters, (n, k, k)."""
    out = np.empty((len(variance), k, k))
    out[:, 0, 0] = variance / line.count
    if k == 2:
        out[:, 0, 0] += variance * line.x_mean**2 / line.x_square
        out[:, 0, 1] = out[:, 1, 0] = -variance * line.x_mean / line.x_square
        out[:, 1, 1] = variance / line.x_square
    return out


def _leverage(line: _Line, shape: tuple[int, ...]) -> FloatArray:
    level = (1.0 / line.count)[:, None]
    if line.x is None:
        return np.broadcast_to(level, shape)
    return np.asarray(line.x * line.x / line.x_square[:, None] + level)


def _assembled(
    block: EventBlock,
    line: _Line,
    theta: FloatArray,
    resid: FloatArray,
    expected: FloatArray,
    rss: FloatArray,
    share: FloatArray,
) -> ModelFit:
    n, k = theta.shape
    length, df = len(block.taus), line.count - k
    variance, leverage = rss / df, _leverage(line, resid.shape)
    there = _event_days(block)
    design = np.ones((n, length, k))
    if k == 2:
        design[:, :, 1] = block.factors_evt[:, :, 0]
    if there is not None:
        design[~there] = np.nan
        expected = np.where(there, expected, np.nan)
    if line.on is not None:
        resid, leverage = (np.where(line.on, x, np.nan) for x in (resid, leverage))
    parameters = _parameters(line, variance, k)
    return ModelFit(
        names=("alpha", "beta")[:k],
        theta=theta,
        residuals=resid,
        leverage=leverage,
        sigma=np.sqrt(variance),
        df=df,
        n_obs=line.count.astype(np.int64),
        r_squared=share if k == 2 else np.full(n, np.nan),
        expected=expected,
        ar=block.returns_evt - expected,
        covariance=ForecastCovariance(_shocks(variance, there, length), design, parameters),
        failure=("",) * n,
        volatility_state=np.full(n, np.nan),
    )


def _event_days(block: EventBlock) -> npt.NDArray[np.bool_] | None:
    """Return which event days are usable, (n, L); None where all are."""
    there = np.isfinite(block.returns_evt)
    for j in range(block.factors_evt.shape[2]):
        there &= np.isfinite(block.factors_evt[:, :, j])
    return None if there.all() else there


def _shocks(variance: FloatArray, there: npt.NDArray[np.bool_] | None, length: int) -> FloatArray:
    plain = np.broadcast_to(variance[:, None], (len(variance), length))
    return plain if there is None else np.where(there, plain, np.nan)


def _adjusted_fit(block: EventBlock) -> ModelFit | None:
    """Return the differences from the benchmark, their scale about their mean."""
    n, length = block.n, len(block.taus)
    line = _line(block, regressor=False)
    diff = block.returns_est - block.factors_est[:, :, 0]
    if not np.isfinite(diff).all():
        on = np.isfinite(diff)
        line = _Line(on, on.sum(axis=1).astype(np.float64), None, line.x_mean, line.x_square)
    if not (line.count > 1).all():
        return None
    plain = _zeroed(diff, line.on)
    size = _dot(plain, plain)
    about, _ = _centred(plain, line)
    rss = _dot(about, about)
    if not ((rss > SCALE_TOLERANCE**2 * size) & (size > 0.0)).all():
        return None
    variance = rss / (line.count - 1.0)
    there = _event_days(block)
    expected = block.factors_evt[:, :, 0]
    if there is not None:
        expected = np.where(there, expected, np.nan)
    leverage = np.broadcast_to(0.0, diff.shape)
    return ModelFit(
        names=(),
        theta=np.empty((n, 0)),
        residuals=diff,
        leverage=leverage if line.on is None else np.where(line.on, 0.0, np.nan),
        sigma=np.sqrt(variance),
        df=line.count - 1.0,
        n_obs=line.count.astype(np.int64),
        r_squared=np.full(n, np.nan),
        expected=expected,
        ar=block.returns_evt - expected,
        covariance=ForecastCovariance(
            _shocks(variance, there, length), np.empty((n, length, 0)), np.empty((n, 0, 0))
        ),
        failure=("",) * n,
        volatility_state=np.full(n, np.nan),
    )
