r"""Scholes-Williams beta for assets that trade at other moments than their benchmark.

.. math::
   b = \frac{b_{-1} + b_0 + b_{+1}}{1 + 2 \rho_m}, \qquad a = \bar R - b \bar R_m

``b_j`` is the slope of a simple regression of ``R_t`` on ``R_{m,t+j}``, over the estimation window
without its first and last session; ``rho_m`` the first-order autocorrelation of the benchmark
over the whole window. Up to end effects this is instrumental-variables estimation with
``Z_t = R_{m,t-1} + R_{m,t} + R_{m,t+1}``, which gives the forecast-error covariance

.. math:: V = s^2 [I + X^* A A' X^{*\prime}], \quad A = (Z'X)^{-1} Z', \quad df = T - 2 - 2

NaN rule: a row needs the return, the benchmark on all three sessions, and a span of one session;
returns over several sessions are forecast but not estimated on.

References
----------
Scholes and Williams (1977), JFE 5, 309-327, doi:10.1016/0304-405X(77)90041-1; from memory, the
paper was not checked. Dimson (1979), JFE 7, 197-226, doi:10.1016/0304-405X(79)90013-8, likewise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, ModelFit
from eventstudy.models.base import ModelOptions, usable_rows
from eventstudy.models.rows import Rows, assemble

__all__ = ["dimson_beta", "fit_scholes_williams"]

# Smallest |correlation| of instrument and benchmark, and smallest 1 + 2 rho, that identify beta.
WEAK = 1e-3
SCALE_TOLERANCE = 1e-12


def dimson_beta(fit: ModelFit) -> FloatArray:
    """Return the Dimson beta of each event: the sum of its coefficients on leads and lags, (n,).

    Parameters
    ----------
    fit : ModelFit
        Least squares on lagged benchmark columns, the intercept first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> dimson_beta(SimpleNamespace(names=("alpha", "a", "b"), theta=np.array([[0.1, 0.75, 0.5]])))
    array([1.25])
    """
    first = 1 if fit.names[:1] == ("alpha",) else 0
    return np.asarray(fit.theta[:, first:].sum(axis=1))


def _centre(values: FloatArray, on: BoolArray) -> tuple[FloatArray, FloatArray]:
    count = on.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(on, values, 0.0).sum(axis=1) / count
    return np.where(on, values - mean[:, None], 0.0), mean


def _benchmark_autocorrelation(market: FloatArray) -> FloatArray:
    x, _ = _centre(market, np.isfinite(market))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x[:, 1:] * x[:, :-1]).sum(axis=1) / (x**2).sum(axis=1))


def _reasons(
    count: FloatArray, rho: FloatArray, link: FloatArray, rss: FloatArray, yy: FloatArray
) -> list[str]:
    out = []
    for n, r, c, e, y in zip(count, rho, link, rss, yy, strict=True):
        if n <= 2:
            out.append(f"too few observations: {int(n)} estimation returns, 2 parameters")
        elif not np.isfinite(c) or not np.isfinite(r):
            out.append("rank: the benchmark does not vary over the estimation window")
        elif 1.0 + 2.0 * r < WEAK or abs(c) < WEAK:
            out.append(f"not identified: 1 + 2 rho of the benchmark is {1.0 + 2.0 * r:.3g}")
        elif not e > SCALE_TOLERANCE**2 * y:
            out.append("zero scale: the model explains the estimation returns without residual")
        else:
            out.append("")
    return out


def fit_scholes_williams(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the Scholes-Williams market model.

    Parameters
    ----------
    block : EventBlock
        Three factor columns: the benchmark one session before, on, and one session after each
        session.
    options : ModelOptions
        Not used beyond the contract.

    Returns
    -------
    ModelFit
        ``alpha`` and ``beta``; ``n_obs`` counts the rows of the trimmed window.

    Raises
    ------
    ValueError
        When the block has not three factor columns.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_scholes_williams(example_block(factors=3), ModelOptions())
    >>> fit.theta.round(3)
    array([[0.001, 0.442]])
    """
    if block.factors_est.shape[2] != 3:
        raise ValueError("scholes_williams takes the benchmark's lag, present and lead columns")
    on = usable_rows(block)[0] > 0
    on &= np.where(on, block.spans_est, 0.0) == 1.0
    on[:, [0, -1]] = False
    line = _instrumented(block, on)
    evt = usable_rows(block)[1] > 0
    design = np.stack([block.spans_evt, block.factors_evt[:, :, 1]], axis=2)
    market = block.factors_est[:, :, 1]
    x = np.stack([np.ones_like(market), market], axis=2)
    rows = Rows(
        x=np.where(on[:, :, None], x, 0.0),
        y=np.where(on, block.returns_est, 0.0),
        on=on,
        design_evt=np.where(evt[:, :, None], design, np.nan),
        names=("alpha", "beta"),
    )
    rss = (line.residuals**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        s2 = rss / (rows.count - 2.0)
    return assemble(
        block,
        rows,
        theta=line.theta,
        residuals=line.residuals,
        leverage=line.leverage,
        parameters=s2[:, None, None] * line.spread,
        failure=_reasons(rows.count, line.rho, line.link, rss, (rows.y**2).sum(axis=1)),
    )


@dataclass(frozen=True)
class _Line:
    """Estimates of n events: theta (n, 2), residuals and leverage (n, T), ``AA'`` (n, 2, 2),
    the benchmark's autocorrelation and the correlation of instrument and benchmark (n,)."""

    theta: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    spread: FloatArray
    rho: FloatArray
    link: FloatArray


def _instrumented(block: EventBlock, on: BoolArray) -> _Line:
    market = block.factors_est[:, :, 1]
    r, r_mean = _centre(block.returns_est, on)
    m, m_mean = _centre(market, on)
    z, _ = _centre(block.factors_est.sum(axis=2), on)
    rho = _benchmark_autocorrelation(market)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.zeros(block.n)
        for j in range(3):
            x, _ = _centre(block.factors_est[:, :, j], on)
            slopes += (r * x).sum(axis=1) / (x**2).sum(axis=1)
        beta = slopes / (1.0 + 2.0 * rho)
        alpha = r_mean - beta * m_mean
        zz, zm, mm = (z**2).sum(axis=1), (z * m).sum(axis=1), (m**2).sum(axis=1)
        varies = mm > SCALE_TOLERANCE**2 * (np.where(on, market, 0.0) ** 2).sum(axis=1)
        spread, leverage = _spread(m, z, m_mean, 1.0 / on.sum(axis=1), zz, zm)
        fitted = alpha[:, None] + beta[:, None] * market
        return _Line(
            theta=np.stack([alpha, beta], axis=1),
            residuals=np.where(on, block.returns_est - fitted, 0.0),
            leverage=leverage,
            spread=spread,
            rho=rho,
            link=np.where(varies, zm / np.sqrt(zz * mm), np.nan),
        )


def _spread(
    m: FloatArray,
    z: FloatArray,
    m_mean: FloatArray,
    share: FloatArray,
    zz: FloatArray,
    zm: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return ``AA'`` (n, 2, 2) and the leverages ``1 - Var(e_t)/s^2`` (n, T).

    With deviations from the means, ``A`` has the rows ``1/T - m_mean z/zm`` and ``z/zm``.
    """
    bb = zz / zm**2
    ab = -m_mean * bb
    aa = share + m_mean**2 * bb
    spread = np.stack([np.stack([aa, ab], axis=1), np.stack([ab, bb], axis=1)], axis=1)
    own = share[:, None] + m * z / zm[:, None]
    return spread, 2.0 * own - (share[:, None] + m**2 * bb[:, None])
