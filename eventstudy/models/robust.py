r"""Robust fits of the market and factor models: Huber, least absolute deviations, Theil-Sen.

``huber``      ``sum psi(e_t / d) x_t = 0`` with ``psi(u) = max(-c, min(c, u))``, ``c = 1.345``,
               ``d = median|e| / 0.6745``, iterated to a relative change of 1e-8.
``lad``        ``min sum |r_t - x_t'theta|``.
``theil_sen``  slope the median of the pairwise slopes, intercept ``median(R - b R_m)``.

The estimates resist tails; forecast errors keep them. So the scale of the tests is the plain
``s^2 = e'e / (T - k)``, and

.. math:: V = s^2 I + X^* \operatorname{Cov}(\theta) X^{*\prime}

with ``Cov(theta)`` from a seeded residual bootstrap. The residuals of ``lad`` and ``theil_sen``
are recentred to mean zero, as tests on means ask for; coefficients and abnormal returns are those
of the fit. The natural reference of a single event is the placebo test.

NaN rule: rows with a missing value are left out; a fit that fails is NaN with its reason.

References
----------
Huber (1964), Annals of Mathematical Statistics 35, 73-101. Koenker and Bassett (1978),
Econometrica 46, 33-50. Theil (1950). Sen (1968), JASA 63, 1379-1389. Dombrow, Rodriguez and
Sirmans (2000), Financial Analysts Journal. From memory; agreement with statsmodels is tested.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.models.base import ModelOptions
from eventstudy.models.rows import Rows, assemble, event_generator, gather_rows, hat_diagonal

__all__ = ["fit_huber", "fit_lad", "fit_theil_sen"]

HUBER_C = 1.345
# The 75 % point of the normal: median|e| of normal errors in units of their deviation.
NORMAL_QUARTILE = 0.6744897501960817
CHANGE = 1e-8
ITERATIONS = 500
SCALE_TOLERANCE = 1e-12
# A row whose residual an edge moves by less than this share of the dropped row's stays put.
FLAT = 1e-9
# Resamples fitted at once; pairwise slopes of one resample are T(T-1)/2 numbers.
CHUNK = 125

# A solver takes x (T, k) and y (B, T) and gives theta (B, k), NaN where it does not converge.
Solver = Callable[[FloatArray, FloatArray], FloatArray]


def _huber(x: FloatArray, y: FloatArray) -> FloatArray:
    theta = np.linalg.lstsq(x, y.T, rcond=None)[0].T
    out = np.full_like(theta, np.nan)
    open_ = np.arange(y.shape[0])
    pairs = x[:, :, None] * x[:, None, :]
    for _ in range(ITERATIONS):
        e = y[open_] - theta @ x.T
        size = np.abs(e)
        bound = HUBER_C * np.median(size, axis=1)[:, None] / NORMAL_QUARTILE
        scaled = bound[:, 0] > 0
        if not scaled.all():
            # Half of the residuals are zero: there is no scale, the row stays NaN.
            open_, theta, size, bound = open_[scaled], theta[scaled], size[scaled], bound[scaled]
            if open_.size == 0:
                break
        with np.errstate(invalid="ignore", divide="ignore"):
            w = np.where(size <= bound, 1.0, bound / size)
        gram = np.einsum("bt,tkj->bkj", w, pairs)
        new = np.linalg.solve(gram, ((w * y[open_]) @ x)[..., None])[..., 0]
        # The floor lets a coefficient that is truly zero converge.
        scale = np.abs(new) + 1e-3 * np.abs(new).max(axis=1, keepdims=True)
        done = (np.abs(new - theta) <= CHANGE * 1e-2 * scale).all(axis=1)
        out[open_[done]] = new[done]
        open_, theta = open_[~done], new[~done]
        if open_.size == 0:
            break
    return out


def _weighted_median(ratio: FloatArray, weight: FloatArray) -> IntArray:
    """Return the index of the weighted median of each row, (B,)."""
    order = np.argsort(ratio, axis=1, kind="stable")
    running = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    at = (running < 0.5 * running[:, -1:]).sum(axis=1)
    return np.asarray(np.take_along_axis(order, at[:, None], axis=1)[:, 0])


def _lad(x: FloatArray, y: FloatArray) -> FloatArray:
    """Descend along the edges of the least-absolute-deviations problem until none leads down.

    A vertex passes through k points. Dropping one of them leaves a line, and the best point on
    that line is a weighted median (Bloomfield and Steiger 1980).
    """
    k = x.shape[1]
    if k == 1 and np.ptp(x) == 0.0:
        return np.asarray(np.median(y, axis=1)[:, None] / x[0, 0])
    start = np.linalg.lstsq(x, y.T, rcond=None)[0].T
    basis = _first_basis(x, y - start @ x.T)
    rows = np.arange(y.shape[0])
    theta = np.linalg.solve(x[basis], np.take_along_axis(y, basis, axis=1)[..., None])[..., 0]
    loss = np.abs(y - theta @ x.T).sum(axis=1)
    out = np.full_like(theta, np.nan)
    open_ = rows
    for _ in range(ITERATIONS):
        before = loss[open_].copy()
        for p in range(k):
            edge = np.linalg.inv(x[basis[open_]])[:, :, p]
            e, g = y[open_] - theta[open_] @ x.T, edge @ x.T
            g[np.arange(open_.size)[:, None], np.delete(basis[open_], p, axis=1)] = 0.0
            flat = np.abs(g) < FLAT
            ratio = np.where(flat, 0.0, e / np.where(flat, 1.0, g))
            enter = _weighted_median(ratio, np.where(flat, 0.0, np.abs(g)))
            step = ratio[np.arange(open_.size), enter]
            new = theta[open_] + step[:, None] * edge
            value = np.abs(y[open_] - new @ x.T).sum(axis=1)
            better = value < loss[open_] * (1.0 - 1e-14)
            move = open_[better]
            theta[move], loss[move], basis[move, p] = new[better], value[better], enter[better]
        done = loss[open_] >= before * (1.0 - 1e-13)
        out[open_[done]] = theta[open_[done]]
        open_ = open_[~done]
        if open_.size == 0:
            break
    # The vertex itself, free of the rounding that the steps have gathered.
    fitted = np.linalg.solve(x[basis], np.take_along_axis(y, basis, axis=1)[..., None])[..., 0]
    return np.asarray(np.where(np.isfinite(out), fitted, np.nan))


def _first_basis(x: FloatArray, e: FloatArray) -> IntArray:
    """Return k linearly independent rows for each resample, those with small residuals first."""
    k = x.shape[1]
    order = np.argsort(np.abs(e), axis=1, kind="stable")
    basis = np.empty((e.shape[0], k), dtype=np.int64)
    for b in range(e.shape[0]):
        frame = np.zeros((0, k))
        chosen: list[int] = []
        for t in order[b]:
            left = x[t] - frame.T @ (frame @ x[t])
            length = np.sqrt(left @ left)
            if length > 1e-6 * np.sqrt(x[t] @ x[t]):
                frame = np.vstack([frame, left / length])
                chosen.append(int(t))
                if len(chosen) == k:
                    break
        basis[b] = chosen
    return basis


def _theil_sen(x: FloatArray, y: FloatArray) -> FloatArray:
    # Rows are per root session; the intercept column is that root.
    root = x[:, 0]
    market, returns = x[:, 1] / root, y / root
    first, second = np.triu_indices(market.size, 1)
    gap = market[second] - market[first]
    apart = gap != 0.0
    out = np.empty((y.shape[0], 2))
    for at in range(0, y.shape[0], CHUNK):
        r = returns[at : at + CHUNK]
        slopes = (r[:, second[apart]] - r[:, first[apart]]) / gap[apart]
        slope = np.median(slopes, axis=1)
        out[at : at + CHUNK, 1] = slope
        out[at : at + CHUNK, 0] = np.median(r - slope[:, None] * market, axis=1)
    return out


def _bootstrap_covariance(
    solver: Solver,
    x: FloatArray,
    theta: FloatArray,
    e: FloatArray,
    *,
    rng: np.random.Generator,
    draws: int,
) -> FloatArray:
    drawn = e[rng.integers(0, e.size, (draws, e.size))]
    again = solver(x, theta @ x.T + drawn)
    again = again[np.isfinite(again).all(axis=1)]
    return np.atleast_2d(np.cov(again, rowvar=False))


def _reason(rows: Rows, row: int, k: int, *, full: bool) -> str:
    count = int(rows.on[row].sum())
    if count <= k:
        return f"too few observations: {count} estimation returns, {k} parameters"
    if not full:
        return "rank: the regressors do not vary or are collinear over the estimation window"
    return ""


def _fit(
    block: EventBlock, options: ModelOptions, solver: Solver, *, recentre: bool, purpose: int
) -> ModelFit:
    rows = gather_rows(block, options)
    n, _, k = rows.x.shape
    leverage, full = hat_diagonal(rows.x)
    theta = np.full((n, k), np.nan)
    residuals = np.full(rows.on.shape, np.nan)
    parameters = np.full((n, k, k), np.nan)
    failure = []
    for i in range(n):
        why = _reason(rows, i, k, full=bool(full[i]))
        on = rows.on[i]
        x, y = rows.x[i][on], rows.y[i][on]
        if not why:
            theta[i] = solver(x, y[None])[0]
            e = y - x @ theta[i]
            if not np.isfinite(theta[i]).all():
                why = f"no convergence after {ITERATIONS} iterations, or no robust scale"
            elif not e @ e > SCALE_TOLERANCE**2 * (y @ y):
                why = "zero scale: the model explains the estimation returns without residual"
            else:
                rng = event_generator(block, i, seed=options.seed, purpose=purpose)
                centred = e - e.mean()
                residuals[i, on] = centred if recentre else e
                parameters[i] = _bootstrap_covariance(
                    solver, x, theta[i], centred, rng=rng, draws=options.draws
                )
        failure.append(why)
    return assemble(
        block,
        rows,
        theta=theta,
        residuals=residuals,
        leverage=leverage,
        parameters=parameters,
        failure=failure,
    )


def fit_huber(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the block's factors by Huber's M-estimator with the scale of the median deviation.

    Parameters
    ----------
    block : EventBlock
    options : ModelOptions
        ``draws`` resamples and ``seed`` of the parameter covariance.

    Returns
    -------
    ModelFit
        See the module for formulas, NaN rule and sources.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_huber(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.theta.round(3)
    array([[0.001, 0.629]])
    """
    return _fit(block, options, _huber, recentre=False, purpose=1)


def fit_lad(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the block's factors by least absolute deviations (median regression).

    Parameters
    ----------
    block : EventBlock
    options : ModelOptions
        ``draws`` resamples and ``seed`` of the parameter covariance.

    Returns
    -------
    ModelFit
        Residuals are recentred to mean zero; see the module.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_lad(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.theta.round(3)
    array([[0.001, 0.398]])
    """
    return _fit(block, options, _lad, recentre=True, purpose=2)


def fit_theil_sen(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the market model by the median of the pairwise slopes.

    Parameters
    ----------
    block : EventBlock
        With exactly one factor column.
    options : ModelOptions
        ``draws`` resamples and ``seed`` of the parameter covariance.

    Returns
    -------
    ModelFit
        Residuals are recentred to mean zero; see the module.

    Raises
    ------
    ValueError
        When the block has not exactly one factor, or the intercept is switched off.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_theil_sen(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.theta.round(3)
    array([[0.002, 0.684]])
    """
    if block.factors_est.shape[2] != 1 or not options.intercept:
        raise ValueError("theil_sen takes one benchmark and an intercept")
    return _fit(block, options, _theil_sen, recentre=True, purpose=3)
