r"""Least-squares models: constant mean, market-adjusted, market model, CAPM and factors.

All events of a block are fitted at once by a QR decomposition of the weighted design. A return
that spans ``q`` sessions has the intercept regressor ``q``, regressors compounded over the same
span, and the weight ``1/sqrt(q)``; missing rows weigh nothing.

.. math::
   r_t = q_t a + b' f_t + e_t, \quad \operatorname{Var}(e_t) = q_t s^2, \quad
   V = s^2 [\operatorname{diag}(q^*) + X^* (X'WX)^{-1} X^{*\prime}]

References
----------
MacKinlay (1997), Journal of Economic Literature 35, 13-39.
Patell (1976), Journal of Accounting Research 14, 246-276, doi:10.2307/2490543.
Salinger (1992), JFQA 27, 39-53, doi:10.2307/2331297 (covariance between the days).
Maynes and Rumsey (1993), Journal of Banking and Finance 17, 145-157 (trade-to-trade returns).
"""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models.base import ModelOptions, no_parameters, usable_rows

__all__ = ["fit_least_squares", "fit_market_adjusted"]

# A column whose part outside the span of the earlier ones is below this share of its length is
# collinear: the coefficient would carry fewer than six good digits.
RANK_TOLERANCE = 1e-10
# Residuals below this share of the returns are rounding: the fit is perfect and has no scale.
SCALE_TOLERANCE = 1e-12


def _design(
    factors: FloatArray, spans: FloatArray, usable: FloatArray, *, intercept: bool
) -> FloatArray:
    columns = [np.where(usable > 0, spans, np.nan)[:, :, None]] if intercept else []
    columns.append(np.where(usable[:, :, None] > 0, factors, np.nan))
    return np.concatenate(columns, axis=2)


def _row_weights(
    block: EventBlock, usable: FloatArray, half_life: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return the root weights of the rows, and their part that is the half-life's, (n, T) each.

    Half-life weights have mean 1 over the usable rows: only then does the weighted residual sum
    of squares keep its scale where the variance is constant.
    """
    session = np.where(usable > 0, 1.0 / np.sqrt(np.where(usable > 0, block.spans_est, 1.0)), 0.0)
    if half_life is None:
        return session, np.ones_like(session)
    age = block.est_taus[-1] - block.est_taus
    decay = np.broadcast_to(0.5 ** (age / half_life), session.shape)
    count = np.maximum(usable.sum(axis=1), 1.0)
    mean = (decay * usable).sum(axis=1) / count
    root = np.sqrt(decay / np.where(mean > 0, mean, 1.0)[:, None])
    return session * root, root


def _failures(
    n_obs: FloatArray, k: int, thin: FloatArray, rss: FloatArray, yy: FloatArray
) -> tuple[str, ...]:
    out = []
    for count, angle, r, y in zip(n_obs, thin, rss, yy, strict=True):
        if count <= k:
            out.append(f"too few observations: {int(count)} estimation returns, {k} parameters")
        elif not angle > RANK_TOLERANCE:
            out.append(
                "rank: the regressors do not vary or are collinear over the estimation window"
            )
        elif not r > SCALE_TOLERANCE**2 * y or y == 0.0:
            out.append("zero scale: the model explains the estimation returns without residual")
        else:
            out.append("")
    return tuple(out)


def _parameter_names(options: ModelOptions) -> tuple[str, ...]:
    head = ("alpha",) if options.intercept else ()
    factors = options.factor_names
    if len(factors) == 1:
        return (*head, "beta")
    return (*head, *(f"beta_{name}" for name in factors))


def fit_least_squares(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the block's factors (none: the constant mean) by weighted least squares.

    Parameters
    ----------
    block : EventBlock
        ``n`` events; ``F`` factor columns.
    options : ModelOptions
        Names of the factors, intercept and half-life.

    Returns
    -------
    ModelFit
        ``k = intercept + F`` parameters; NaN on events whose ``failure`` is not empty.

    Notes
    -----
    Coefficients, residuals and scale are those of ordinary least squares where every return spans
    one session.
    """
    usable, usable_evt = usable_rows(block)
    weights, decay = _row_weights(block, usable, options.half_life)
    raw = _design(block.factors_est, block.spans_est, usable, intercept=options.intercept)
    x = np.where(usable[:, :, None] > 0, raw, 0.0) * weights[:, :, None]
    y = np.where(usable > 0, block.returns_est, 0.0) * weights
    n_obs = usable.sum(axis=1)
    k = x.shape[2]
    if block.returns_est.shape[1] < k:
        raise ValueError(f"{block.returns_est.shape[1]} estimation days for {k} parameters")
    q, r = np.linalg.qr(x)
    norms = np.sqrt((x**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        thin = (np.abs(np.einsum("nkk->nk", r)) / norms).min(axis=1)
    resid = y - np.einsum("ntk,nk->nt", q, np.einsum("ntk,nt->nk", q, y))
    # A second projection removes what rounding left along the regressors.
    resid -= np.einsum("ntk,nk->nt", q, np.einsum("ntk,nt->nk", q, resid))
    rss = (resid**2).sum(axis=1)
    failure = _failures(n_obs, k, np.where(np.isfinite(thin), thin, 0.0), rss, (y**2).sum(axis=1))
    good = np.array([not f for f in failure], dtype=bool)
    inverse = np.full((block.n, k, k), np.nan)
    inverse[good] = np.linalg.inv(r[good])
    theta = np.einsum("nkj,nj->nk", inverse, np.einsum("ntk,nt->nk", q, y))
    if options.intercept and k == 1:
        # As on event days: equal returns have equal residuals, and ties stay ties in the ranks.
        resid = y - x[:, :, 0] * np.where(good, theta[:, 0], 0.0)[:, None]
    df = np.where(good, n_obs - k, np.nan)
    sigma = np.sqrt(rss / df)
    design = _design(block.factors_evt, block.spans_evt, usable_evt, intercept=options.intercept)
    expected = np.einsum("nlk,nk->nl", design, theta)
    shocks = np.where(usable_evt > 0, block.spans_evt, np.nan)
    return ModelFit(
        names=_parameter_names(options),
        theta=theta,
        residuals=np.where((usable > 0) & good[:, None], resid / decay, np.nan),
        leverage=np.where((usable > 0) & good[:, None], (q**2).sum(axis=2), np.nan),
        sigma=sigma,
        df=df,
        n_obs=n_obs.astype(np.int64),
        r_squared=_r_squared(block, y, weights, usable, rss, good, options),
        expected=expected,
        ar=np.where(usable_evt > 0, block.returns_evt, np.nan) - expected,
        covariance=ForecastCovariance(
            innovation=sigma[:, None] ** 2 * shocks,
            design=design,
            parameters=sigma[:, None, None] ** 2 * np.einsum("nij,nkj->nik", inverse, inverse),
        ),
        failure=failure,
        volatility_state=np.full(block.n, np.nan),
    )


def _r_squared(
    block: EventBlock,
    y: FloatArray,
    weights: FloatArray,
    usable: FloatArray,
    rss: FloatArray,
    good: np.typing.NDArray[np.bool_],
    options: ModelOptions,
) -> FloatArray:
    if block.factors_est.shape[2] == 0:
        return np.full(block.n, np.nan)
    one = np.where(usable > 0, np.where(usable > 0, block.spans_est, 0.0) * weights, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (one * y).sum(axis=1) / (one**2).sum(axis=1) if options.intercept else 0.0
        about = y - one * np.asarray(mean)[..., None]
        share = 1.0 - rss / (about**2).sum(axis=1)
    return np.asarray(np.where(good, share, np.nan))


def fit_market_adjusted(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Subtract the benchmark's return: alpha 0, beta 1, nothing estimated but the scale.

    The variance is taken about the mean of the estimation differences, with ``T - 1`` degrees of
    freedom; the abnormal returns themselves are not centred.

    Parameters
    ----------
    block : EventBlock
        With exactly one factor column, the benchmark.
    options : ModelOptions
        Not used beyond the contract.

    Returns
    -------
    ModelFit
        No parameters; ``residuals`` are the uncentred differences per root session.
    """
    if block.factors_est.shape[2] != 1:
        raise ValueError("market_adjusted takes one benchmark")
    usable, usable_evt = usable_rows(block)
    on = usable > 0
    root = np.sqrt(np.where(on, block.spans_est, 1.0))
    diff = np.where(on, block.returns_est - block.factors_est[:, :, 0], 0.0)
    n_obs = usable.sum(axis=1)
    spanned = np.where(on, root**2, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = diff.sum(axis=1) / spanned
        centred = np.where(on, (diff - mean[:, None] * root**2) / root, 0.0)
        rss = (centred**2).sum(axis=1)
        failure = _failures(n_obs, 1, np.ones(block.n), rss, (diff**2).sum(axis=1))
        good = np.array([not f for f in failure], dtype=bool)
        sigma = np.where(good, np.sqrt(rss / (n_obs - 1.0)), np.nan)
    design, parameters = no_parameters(block.n, len(block.taus))
    on_evt = usable_evt > 0
    expected = np.where(on_evt, block.factors_evt[:, :, 0], np.nan)
    keep = on & good[:, None]
    return ModelFit(
        names=(),
        theta=np.empty((block.n, 0)),
        residuals=np.where(keep, diff / root, np.nan),
        leverage=np.where(keep, 0.0, np.nan),
        sigma=sigma,
        df=np.where(good, n_obs - 1.0, np.nan),
        n_obs=n_obs.astype(np.int64),
        r_squared=np.full(block.n, np.nan),
        expected=expected,
        ar=np.where(good[:, None], block.returns_evt - expected, np.nan),
        covariance=ForecastCovariance(
            innovation=sigma[:, None] ** 2 * np.where(on_evt, block.spans_evt, np.nan),
            design=design,
            parameters=parameters,
        ),
        failure=failure,
        volatility_state=np.full(block.n, np.nan),
    )
