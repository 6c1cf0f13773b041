r"""First-order autoregression, for series without a benchmark.

.. math:: R_t = a + \phi R_{t-1} + e_t

The event window is forecast in several steps from the last session before it, so no event return
enters its own expectation:

.. math::
   E_0 R_j = a \sum_{i<j} \phi^i + \phi^j R_0, \qquad
   V = s^2 \Psi\Psi' + J \operatorname{Cov}(a, \phi) J', \quad \Psi_{jl} = \phi^{j-l}, \; l \le j

``J`` holds the derivatives of the forecasts. Windows use ``c'Vc``, so CARs add up. A return over
``q`` sessions is forecast by the sum of its sessions' forecasts, and its row of ``Psi`` is the sum
of their rows.

NaN rule: an estimation row needs the returns of its session and the one before, each over one
session; an event whose session before the event window has no return is left out with that reason.

References
----------
Box and Jenkins (1970); derived here, agreement with statsmodels ``AutoReg`` is tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models.base import ModelOptions

__all__ = ["fit_ar1"]

SCALE_TOLERANCE = 1e-12


def _origin(block: EventBlock) -> FloatArray:
    """Return of the session before the event window, NaN where it is not at hand, (n,)."""
    if block.returns_gap is not None and block.returns_gap.shape[1] > 0:
        return np.asarray(block.returns_gap[:, -1])
    if block.est_taus[-1] + 1 == block.taus[0]:
        return np.asarray(block.returns_est[:, -1])
    return np.full(block.n, np.nan)


@dataclass(frozen=True)
class _Line:
    """Regression of each return on the one before: rows (n, T) and moments of n events."""

    on: BoolArray
    count: FloatArray
    theta: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    inverse: FloatArray
    rss: FloatArray
    tss: FloatArray


def _regress(block: EventBlock) -> _Line:
    single = np.isfinite(block.returns_est) & (block.spans_est == 1.0)
    on = np.zeros_like(single)
    on[:, 1:] = single[:, 1:] & single[:, :-1]
    lag = np.zeros_like(block.returns_est)
    lag[:, 1:] = block.returns_est[:, :-1]
    count = on.sum(axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        y_mean = np.where(on, block.returns_est, 0.0).sum(axis=1) / count
        x_mean = np.where(on, lag, 0.0).sum(axis=1) / count
        y = np.where(on, block.returns_est - y_mean[:, None], 0.0)
        x = np.where(on, lag - x_mean[:, None], 0.0)
        sxx = (x**2).sum(axis=1)
        varies = sxx > SCALE_TOLERANCE**2 * (np.where(on, lag, 0.0) ** 2).sum(axis=1)
        phi = np.where(varies, (x * y).sum(axis=1) / sxx, np.nan)
        e = y - phi[:, None] * x
        corner, cross = 1.0 / count + x_mean**2 / sxx, -x_mean / sxx
        return _Line(
            on=on,
            count=count,
            theta=np.stack([y_mean - phi * x_mean, phi], axis=1),
            residuals=e,
            leverage=1.0 / count[:, None] + x**2 / sxx[:, None],
            inverse=np.array([[corner, cross], [cross, 1.0 / sxx]]).transpose(2, 0, 1),
            rss=(e**2).sum(axis=1),
            tss=(y**2).sum(axis=1),
        )


def _reasons(
    count: FloatArray, phi: FloatArray, origin: FloatArray, rss: FloatArray, yy: FloatArray
) -> tuple[str, ...]:
    out = []
    for n, f, start, e, y in zip(count, phi, origin, rss, yy, strict=True):
        if n <= 2:
            out.append(f"too few observations: {int(n)} pairs of returns, 2 parameters")
        elif not np.isfinite(f):
            out.append("rank: the returns do not vary over the estimation window")
        elif abs(f) >= 1.0:
            out.append(f"not stationary: phi is {f:.3g}")
        elif not e > SCALE_TOLERANCE**2 * y:
            out.append("zero scale: the model explains the estimation returns without residual")
        elif not np.isfinite(start):
            out.append("no forecast origin: the session before the event window has no return")
        else:
            out.append("")
    return tuple(out)


def _forecast(
    theta: FloatArray, origin: FloatArray, steps: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return forecasts (n, L), their gradient (n, L, 2) and Psi (n, L, L)."""
    n = origin.size
    a, phi = theta[:, 0], theta[:, 1]
    mean = np.empty((n, steps))
    gradient = np.empty((n, steps, 2))
    level, da, dphi = origin, np.zeros(n), np.zeros(n)
    for j in range(steps):
        level, da, dphi = a + phi * level, 1.0 + phi * da, level + phi * dphi
        mean[:, j], gradient[:, j, 0], gradient[:, j, 1] = level, da, dphi
    lag = np.subtract.outer(np.arange(steps), np.arange(steps))
    psi = np.where(lag >= 0, phi[:, None, None] ** np.maximum(lag, 0), 0.0)
    return mean, gradient, psi


def _sums(spans: FloatArray) -> FloatArray:
    """Return the matrix (n, L, L) that adds up the sessions each return spans."""
    q = np.where(np.isfinite(spans), spans, 1.0)
    lag = np.subtract.outer(np.arange(q.shape[1]), np.arange(q.shape[1]))
    return np.where((lag >= 0) & (lag < q[:, :, None]), 1.0, 0.0)


def fit_ar1(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the AR(1) by least squares and forecast the event window from the session before it.

    Parameters
    ----------
    block : EventBlock
        Its factors are not used; ``returns_gap`` must reach the event window unless the
        estimation window does.
    options : ModelOptions
        Not used beyond the contract.

    Returns
    -------
    ModelFit
        ``alpha`` and ``phi``; the first estimation session is a lag only; ``covariance`` has the
        full matrix of innovations.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_ar1(example_block(factors=0), ModelOptions())
    >>> fit.theta.round(3)
    array([[ 0.002, -0.143]])
    """
    line = _regress(block)
    failure = _reasons(line.count, line.theta[:, 1], _origin(block), line.rss, line.tss)
    good = np.array([not f for f in failure], dtype=bool)
    theta = np.where(good[:, None], line.theta, np.nan)
    df = np.where(good, line.count - 2.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(line.rss / df)
        r_squared = np.where(good, 1.0 - line.rss / line.tss, np.nan)
    mean, gradient, psi = _forecast(theta, _origin(block), len(block.taus))
    add = _sums(block.spans_evt)
    seen = np.isfinite(block.returns_evt) & np.isfinite(block.spans_evt)
    shocks = np.einsum("nlj,njm->nlm", add, psi)
    expected = np.where(seen, np.einsum("nlj,nj->nl", add, mean), np.nan)
    keep = line.on & good[:, None]
    return ModelFit(
        names=("alpha", "phi"),
        theta=theta,
        residuals=np.where(keep, line.residuals, np.nan),
        leverage=np.where(keep, line.leverage, np.nan),
        sigma=sigma,
        df=df,
        n_obs=line.count.astype(np.int64),
        r_squared=r_squared,
        expected=expected,
        ar=block.returns_evt - expected,
        covariance=ForecastCovariance(
            innovation=sigma[:, None, None] ** 2 * np.einsum("nlj,nmj->nlm", shocks, shocks),
            design=np.where(seen[:, :, None], np.einsum("nlj,njk->nlk", add, gradient), np.nan),
            parameters=sigma[:, None, None] ** 2 * line.inverse,
        ),
        failure=failure,
        volatility_state=np.full(block.n, np.nan),
    )
