r"""The fit of events without a missing day, where all events of a date share their regressor.

What belongs to the regressor (its mean, sum of squares, leverages, forecast variances of the tested
windows over :math:`\sigma^2`) is computed once a date; the events are left with

.. math::
   \hat b = \frac{\sum_t (x_t - \bar x)\, y_t}{\sum_t (x_t - \bar x)^2}, \quad
   e_t = y_t - \bar y - \hat b (x_t - \bar x).

Numbers are those of :mod:`eventstudy.stream.linefit`, which serves where a day is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models.linear import RANK_TOLERANCE
from eventstudy.reduce.groups import Tracks
from eventstudy.stream.gathering import Dates
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.room import Fresh, pieces

__all__ = ["Whole", "fit_whole", "whole_tracks"]

# Share of the returns' sum of squares below which a residual is projected a second time: one
# projection leaves rounding of the returns, which by then is no longer rounding of the residual.
NEARLY_PERFECT = 1e-3


@dataclass(frozen=True, eq=False)
class _Regressor:
    """The regressor of each date: about its mean (P, T), and its mean and sum of squares (P,)."""

    about: FloatArray
    mean: FloatArray
    square: FloatArray


@dataclass(frozen=True, eq=False)
class Whole:
    """A fit with the scales of its windows.

    Attributes
    ----------
    fit : ModelFit
    per_sigma : (n, W) float
        Forecast standard error of each window's CAR over sigma.
    """

    fit: ModelFit
    per_sigma: FloatArray


def fit_whole(
    data: StreamData, block: EventBlock, dates: Dates, room: Fresh | None = None
) -> Whole | None:
    """Fit gathered events; None where a day is missing or the fit may need more care.

    Parameters
    ----------
    data : StreamData
        Of a model for which :func:`eventstudy.stream.linefit.fits_line` holds.
    block : EventBlock
    dates : Dates
        Of these events.
    room : Fresh, optional
        Where residuals and leverages are put; default new arrays.
    """
    evt = block.returns_evt.sum() + block.factors_evt[dates.first].sum()
    # A sum is finite only where nothing is missing in it.
    if not np.isfinite(evt):
        return None
    room = room or Fresh()
    if data.model == "market_adjusted":
        return _adjusted(data, block, room)
    regressor = None
    if block.factors_est.shape[2]:
        regressor = _regressor(block.factors_est[dates.first, :, 0])
        if regressor is None:
            return None
    return _line(data, block, dates, regressor, room)


def _regressor(x: FloatArray) -> _Regressor | None:
    mean = x.mean(axis=1)
    # What rounding left of the mean.
    mean += (x - mean[:, None]).mean(axis=1)
    about = x - mean[:, None]
    square = _dot(about, about)
    # False where a day is missing, too.
    varies = square > RANK_TOLERANCE**2 * (square + x.shape[1] * mean**2)
    return _Regressor(about, mean, square) if varies.all() else None


def _dot(one: FloatArray, two: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nt,nt->n", one, two))


def _line(
    data: StreamData, block: EventBlock, dates: Dates, x: _Regressor | None, room: Fresh
) -> Whole | None:
    returns, (n, t) = block.returns_est, block.returns_est.shape
    k = 1 if x is None else 2
    if t <= k:
        return None
    resid = room.array("residuals", (n, t))
    mean, slope, spread, rss = np.zeros((4, n))
    for rows in pieces(n):
        y = returns[rows]
        np.mean(y, axis=1, out=mean[rows])
        if x is None:
            np.subtract(y, mean[rows, None], out=resid[rows])
        else:
            at = dates.at[rows]
            fitted = x.about[at]
            np.divide(_dot(fitted, y), x.square[at], out=slope[rows])
            spread[rows] = slope[rows] ** 2 * x.square[at]
            fitted *= slope[rows, None]
            fitted += mean[rows, None]
            np.subtract(y, fitted, out=resid[rows])
        rss[rows] = _dot(resid[rows], resid[rows])
    # False where a day is missing, too.
    if not (rss > NEARLY_PERFECT * (spread + t * mean**2)).all():
        return None
    level = mean if x is None else mean - slope * x.mean[dates.at]
    theta = np.column_stack([level, slope])[:, :k]
    share = 1.0 - rss / (rss + spread) if k == 2 else np.full(n, np.nan)
    leverage = _leverage(dates, x, room.array("leverage", (n, t)))
    expected = _expected(block, dates, x, mean, slope)
    return _assembled(data, block, dates, x, theta, resid, expected, leverage, rss / (t - k), share)


def _expected(
    block: EventBlock, dates: Dates, x: _Regressor | None, mean: FloatArray, slope: FloatArray
) -> FloatArray:
    """Return the fitted returns of the event days, by the expression of the estimation days.

    Equal returns then have equal residuals on both, and ties stay ties in the ranks.
    """
    if x is None:
        return np.broadcast_to(mean[:, None], block.returns_evt.shape)
    out = block.factors_evt[:, :, 0] - x.mean[dates.at][:, None]
    out *= slope[:, None]
    out += mean[:, None]
    return np.asarray(out)


def _leverage(dates: Dates, x: _Regressor | None, out: FloatArray) -> FloatArray:
    t = out.shape[1]
    if x is None:
        return np.broadcast_to(1.0 / t, out.shape)
    own = x.about * x.about
    own /= x.square[:, None]
    own += 1.0 / t
    return np.take(own, dates.at, axis=0, out=out, mode="clip")


def _parameters(x: _Regressor | None, t: int) -> FloatArray:
    """Return the covariance of the parameters over sigma squared, (P, k, k) or (1, 1, 1)."""
    if x is None:
        return np.full((1, 1, 1), 1.0 / t)
    out = np.empty((len(x.mean), 2, 2))
    out[:, 0, 0] = 1.0 / t + x.mean**2 / x.square
    out[:, 0, 1] = out[:, 1, 0] = -x.mean / x.square
    out[:, 1, 1] = 1.0 / x.square
    return out


def _per_sigma(data: StreamData, x: _Regressor | None, days: FloatArray, t: int) -> FloatArray:
    """Return the forecast standard error of every window's CAR over sigma, (P, W)."""
    out = np.empty((len(days), len(data.windows)))
    for w, (start, end) in enumerate(data.windows):
        size = end - start + 1.0
        out[:, w] = size + size * size / t
        if x is not None:
            low = start - data.event[0]
            away = days[:, low : low + end - start + 1].sum(axis=1) - size * x.mean
            out[:, w] += away * away / x.square
    return np.sqrt(out)


def _assembled(
    data: StreamData,
    block: EventBlock,
    dates: Dates,
    x: _Regressor | None,
    theta: FloatArray,
    resid: FloatArray,
    expected: FloatArray,
    leverage: FloatArray,
    variance: FloatArray,
    share: FloatArray,
) -> Whole:
    (n, k), (_, t), length = theta.shape, resid.shape, block.returns_evt.shape[1]
    design = np.ones((n, length, k))
    parameters, at = _parameters(x, t), dates.at
    if x is None:
        parameters = np.broadcast_to(parameters, (len(dates.first), 1, 1))
    else:
        design[:, :, 1] = block.factors_evt[:, :, 0]
    fit = ModelFit(
        names=("alpha", "beta")[:k],
        theta=theta,
        residuals=resid,
        leverage=leverage,
        sigma=np.sqrt(variance),
        df=np.full(n, float(t - k)),
        n_obs=np.full(n, t, dtype=np.int64),
        r_squared=share,
        expected=expected,
        ar=block.returns_evt - expected,
        covariance=ForecastCovariance(
            np.broadcast_to(variance[:, None], (n, length)),
            design,
            variance[:, None, None] * parameters[at],
        ),
        failure=("",) * n,
        volatility_state=np.full(n, np.nan),
    )
    return Whole(fit, _per_sigma(data, x, design[dates.first, :, k - 1], t)[at])


def _adjusted(data: StreamData, block: EventBlock, room: Fresh) -> Whole | None:
    """Return the differences from the benchmark, their scale about their mean."""
    (n, t), length = block.returns_est.shape, block.returns_evt.shape[1]
    if t < 2:
        return None
    diff = room.array("residuals", (n, t))
    mean, rss = np.zeros((2, n))
    for rows in pieces(n):
        np.subtract(block.returns_est[rows], block.factors_est[rows, :, 0], out=diff[rows])
        np.mean(diff[rows], axis=1, out=mean[rows])
        about = diff[rows] - mean[rows, None]
        rss[rows] = _dot(about, about)
    if not (rss > NEARLY_PERFECT * t * mean**2).all():
        return None
    variance = rss / (t - 1.0)
    expected = block.factors_evt[:, :, 0]
    nothing = np.full(n, np.nan)
    fit = ModelFit(
        names=(),
        theta=np.empty((n, 0)),
        residuals=diff,
        leverage=np.broadcast_to(0.0, diff.shape),
        sigma=np.sqrt(variance),
        df=np.full(n, t - 1.0),
        n_obs=np.full(n, t, dtype=np.int64),
        r_squared=nothing,
        expected=expected,
        ar=block.returns_evt - expected,
        covariance=ForecastCovariance(
            np.broadcast_to(variance[:, None], (n, length)),
            np.empty((n, length, 0)),
            np.empty((n, 0, 0)),
        ),
        failure=("",) * n,
        volatility_state=nothing,
    )
    days = np.array([end - start + 1.0 for start, end in data.windows])
    return Whole(fit, np.broadcast_to(np.sqrt(days), (n, len(days))))


def whole_tracks(data: StreamData, block: EventBlock, fit: ModelFit, dates: Dates) -> Tracks:
    """Add up the unit residuals of whole events by date; in canonical order a date is one run.

    The numbers are those of :func:`eventstudy.reduce.tracks.tracks`, which looks at every
    calendar day of every event.
    """
    n, t = fit.residuals.shape
    sums, squares = np.zeros((2, len(dates.first), t))
    for rows in pieces(n):
        unit = fit.residuals[rows]
        if not fit.names:
            unit = unit - unit.mean(axis=1)[:, None]
        unit = unit / np.sqrt(_dot(unit, unit))[:, None]
        here = slice(dates.at[rows.start], dates.at[rows.stop - 1] + 1)
        cuts = np.maximum(dates.first[here] - rows.start, 0)
        sums[here] += np.add.reduceat(unit, cuts, axis=0)
        unit *= unit
        squares[here] += np.add.reduceat(unit, cuts, axis=0)
    events = np.diff(np.append(dates.first, n)).astype(np.float64)
    return Tracks(
        date=data.days[dates.position],
        days=block.days_evt[dates.first],
        start=dates.position + data.estimation[0],
        sums=sums,
        squares=squares,
        count=np.repeat(events[:, None], t, axis=1),
        events=events,
    )
