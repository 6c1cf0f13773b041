r"""Models whose residual variance changes over time: EWMA, GARCH, GJR and EGARCH.

The mean equation is the constant or the block's factors; ``e_t = sqrt(h_t) z_t`` with

=============  ===================================================================================
``ewma``       ``h_t = .94 h_{t-1} + .06 e_{t-1}^2``; the mean by least squares
``garch``      ``h_t = w + A e_{t-1}^2 + B h_{t-1}``, ``A + B < 1``
``gjr_garch``  ``h_t = w + (A + C 1(e_{t-1} < 0)) e_{t-1}^2 + B h_{t-1}``, ``A + B + C/2 < 1``
``egarch``     ``ln h_t = w + B ln h_{t-1} + A (|z_{t-1}| - sqrt(2/pi)) + C z_{t-1}``, ``|B| < 1``
=============  ===================================================================================

The last three are estimated jointly with the mean by quasi maximum likelihood, normal or Student
innovations, by the ``arch`` package in percent. Parameters come from the estimation window; the
variance is then filtered through the gap up to the last session before the event window, and
forecast from there, so that no event shock updates its own scale:

.. math::
   E_T h_{T+j} = \bar h + (A + B)^{j-1} (h_{T+1} - \bar h), \quad \bar h = w / (1 - A - B), \qquad
   V = \operatorname{diag}(E_T h_{T+j}) + X^* \operatorname{Cov}(\theta) X^{*\prime}

(GJR with ``A + B + C/2``; EGARCH by seeded simulation; the EWMA forecast is flat and its long-run
variance is the residual variance.) The natural reference is the filtered placebo.

NaN rule: missing sessions are left out and the next session follows the last observed one; a model
that does not converge, is not stationary or has fewer than 200 observations is NaN with its reason.

References
----------
Bollerslev (1986), J. Econometrics 31, 307-327, doi:10.1016/0304-4076(86)90063-1. Glosten,
Jagannathan and Runkle (1993), J. Finance 48, 1779-1801. Nelson (1991), Econometrica 59, 347-370.
Savickas (2003), J. Financial Research 26, 165-178, doi:10.1111/1475-6803.00052 (abstract checked).
The others are from memory; forecasts are compared with ``arch`` in the tests.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.errors import InputError
from eventstudy.models.base import ModelOptions
from eventstudy.models.filtering import ewma_variance, gap_errors, gap_residuals
from eventstudy.models.linear import fit_least_squares
from eventstudy.models.rows import Rows, assemble, event_generator, gather_rows, hat_diagonal

__all__ = ["fit_egarch", "fit_ewma", "fit_garch", "fit_gjr_garch"]

LEAST_OBSERVATIONS = 200
PERCENT = 100.0
STATIONARY = 1.0 - 1e-6
# Paths of an EGARCH forecast; half of them mirror the other half.
PATHS = 10_000
NORMAL_ABSOLUTE = math.sqrt(2.0 / math.pi)


def fit_ewma(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the mean by least squares and forecast the variance by an exponential average.

    Parameters
    ----------
    block : EventBlock
        ``returns_gap`` is filtered through where it is given.
    options : ModelOptions

    Returns
    -------
    ModelFit
        ``standardised`` holds ``e_t / sqrt(h_t)``; ``volatility_state`` is ``h_{T+1}/s^2``.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_ewma(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.names, fit.failure
    (('alpha', 'beta'), ('',))
    """
    fit = fit_least_squares(block, options)
    e = np.concatenate([fit.residuals, gap_residuals(block, fit)], axis=1)
    h = ewma_variance(e, fit.sigma**2)
    length = fit.residuals.shape[1]
    shocks = fit.covariance.innovation / fit.sigma[:, None] ** 2
    return replace(
        fit,
        covariance=ForecastCovariance(
            h[:, -1:] * shocks, fit.covariance.design, fit.covariance.parameters
        ),
        volatility_state=h[:, -1] / fit.sigma**2,
        standardised=fit.residuals / np.sqrt(h[:, :length]),
    )


@dataclass(frozen=True)
class _Variance:
    """Variance equation in decimals squared: name, w, A, C, B, tail degrees of freedom."""

    kind: str
    omega: float
    shock: float
    sign: float
    decay: float
    tail: float

    @property
    def persistence(self) -> float:
        if self.kind == "egarch":
            return abs(self.decay)
        return self.shock + self.decay + self.sign / 2.0

    def next(self, h: float, e: float) -> float:
        """Return the variance after a session with variance h and shock e (NaN: no session)."""
        if math.isnan(e):
            return h
        if self.kind == "egarch":
            z = e / math.sqrt(h)
            news = self.shock * (abs(z) - NORMAL_ABSOLUTE) + self.sign * z
            return math.exp(self.omega + self.decay * math.log(h) + news)
        return self.omega + (self.shock + self.sign * (e < 0)) * e * e + self.decay * h


@dataclass(frozen=True)
class _One:
    """What the likelihood gives for one event, in decimals; rows are the usable ones."""

    theta: FloatArray
    covariance: FloatArray
    variance: _Variance
    h: FloatArray
    e: FloatArray


def _arch_model() -> Any:
    try:
        from arch import univariate
    except ImportError as error:
        raise InputError(
            "the models garch, gjr_garch and egarch need the 'arch' package: "
            "pip install 'market-eventstudy[garch]'"
        ) from error
    return univariate


def _estimate(rows: Rows, i: int, kind: str, options: ModelOptions) -> _One | str:
    """Estimate one event by quasi maximum likelihood; a reason where that fails."""
    univariate = _arch_model()
    on = rows.on[i]
    x, y = rows.x[i][on], rows.y[i][on]
    k = x.shape[1]
    # The intercept stays 1 and its coefficient is in percent; factors are in percent too.
    unit = np.full(k, PERCENT)
    if options.intercept:
        unit[0] = 1.0
    mean = univariate.LS(y * PERCENT, x * unit, constant=False)
    mean.volatility = {
        "garch": lambda: univariate.GARCH(p=1, o=0, q=1),
        "gjr_garch": lambda: univariate.GARCH(p=1, o=1, q=1),
        "egarch": lambda: univariate.EGARCH(p=1, o=1, q=1),
    }[kind]()
    if options.distribution == "t":
        mean.distribution = univariate.StudentsT()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = mean.fit(disp="off", show_warning=False)
            params, spread = np.asarray(result.params), np.asarray(result.param_cov)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
        return f"no estimate: {error}"
    if result.convergence_flag != 0:
        return f"no convergence (optimiser code {result.convergence_flag})"
    variance = _variance_equation(kind, dict(zip(result.params.index, params, strict=True)))
    if not variance.persistence < STATIONARY:
        return f"not stationary: persistence {variance.persistence:.4f}"
    back = unit / PERCENT
    covariance = spread[:k, :k] * np.outer(back, back)
    if not np.isfinite(covariance).all() or not (np.diag(covariance) > 0).all():
        return "no covariance of the mean parameters: the likelihood is flat"
    h = (np.asarray(result.conditional_volatility) / PERCENT) ** 2
    return _One(params[:k] * back, covariance, variance, h, np.asarray(result.resid) / PERCENT)


def _variance_equation(kind: str, found: dict[str, float]) -> _Variance:
    decay = found["beta[1]"]
    # ln h in percent squared is ln h in decimals plus ln 10^4.
    omega = (
        found["omega"] - (1.0 - decay) * math.log(PERCENT**2)
        if kind == "egarch"
        else found["omega"] / PERCENT**2
    )
    return _Variance(
        kind,
        omega,
        found["alpha[1]"],
        found.get("gamma[1]", 0.0),
        decay,
        found.get("nu", math.inf),
    )


def _simulated(variance: _Variance, h: float, steps: int, rng: np.random.Generator) -> FloatArray:
    """Return the mean variances of the next sessions over mirrored EGARCH paths, (steps,)."""
    shape = (steps, PATHS // 2)
    if math.isinf(variance.tail):
        half = rng.standard_normal(shape)
    else:
        half = rng.standard_t(variance.tail, shape) * math.sqrt(1.0 - 2.0 / variance.tail)
    z = np.concatenate([half, -half], axis=1)
    log_h = np.full(z.shape[1], math.log(h))
    out = np.empty(steps)
    for j in range(steps):
        out[j] = np.exp(log_h).mean()
        news = variance.shock * (np.abs(z[j]) - NORMAL_ABSOLUTE) + variance.sign * z[j]
        log_h = variance.omega + variance.decay * log_h + news
    return out


def _long_run(one: _One) -> float:
    """Return the long-run variance; the mean of the fitted ones for EGARCH, which has no formula
    under fat tails."""
    if one.variance.kind == "egarch":
        return float(one.h.mean())
    return one.variance.omega / (1.0 - one.variance.persistence)


def _forecast(
    one: _One, gap: FloatArray, steps: int, rng: np.random.Generator
) -> tuple[FloatArray, float]:
    """Return the forecast variances of the event days and ``h_{T+1}/hbar``."""
    h = one.variance.next(float(one.h[-1]), float(one.e[-1]))
    for e in gap:
        h = one.variance.next(h, float(e))
    usual = _long_run(one)
    if one.variance.kind == "egarch":
        return _simulated(one.variance, h, steps, rng), h / usual
    fade = one.variance.persistence ** np.arange(steps)
    return np.asarray(usual + fade * (h - usual), dtype=np.float64), h / usual


def _unfit(rows: Rows, i: int, *, full: bool) -> str:
    count = int(rows.on[i].sum())
    if count < LEAST_OBSERVATIONS:
        return f"too few observations: {count} estimation returns, {LEAST_OBSERVATIONS} needed"
    if not full:
        return "rank: the regressors do not vary or are collinear over the estimation window"
    return ""


def _fit(block: EventBlock, options: ModelOptions, kind: str, purpose: int) -> ModelFit:
    rows = gather_rows(block, options)
    n, length, k = rows.x.shape
    leverage, full = hat_diagonal(rows.x)
    theta, parameters = np.full((n, k), np.nan), np.full((n, k, k), np.nan)
    residuals, standardised = np.full((n, length), np.nan), np.full((n, length), np.nan)
    innovation = np.full(block.returns_evt.shape, np.nan)
    state = np.full(n, np.nan)
    failure: list[str] = []
    for i in range(n):
        one = _unfit(rows, i, full=bool(full[i])) or _estimate(rows, i, kind, options)
        if isinstance(one, str):
            failure.append(one)
            continue
        theta[i], parameters[i] = one.theta, one.covariance
        residuals[i, rows.on[i]] = one.e
        standardised[i, rows.on[i]] = one.e / np.sqrt(one.h)
        gap = gap_errors(block.take(np.array([i])), rows.names, theta=theta[[i]])[0]
        rng = event_generator(block, i, seed=options.seed, purpose=purpose)
        h, state[i] = _forecast(one, gap, len(block.taus), rng)
        innovation[i] = h * block.spans_evt[i]
        failure.append("")
    return assemble(
        block,
        rows,
        theta=theta,
        residuals=residuals,
        leverage=leverage,
        parameters=parameters,
        failure=failure,
        innovation=innovation,
        volatility_state=state,
        standardised=standardised,
    )


def fit_garch(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the mean equation with GARCH(1,1) variance.

    Parameters
    ----------
    block : EventBlock
    options : ModelOptions
        ``distribution`` is ``normal`` or ``t``.

    Returns
    -------
    ModelFit
        See the module for formulas, NaN rule and sources.

    Raises
    ------
    InputError
        Without the ``garch`` extra.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_garch(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.failure[0]
    'too few observations: 60 estimation returns, 200 needed'
    """
    return _fit(block, options, "garch", 11)


def fit_gjr_garch(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the mean equation with GJR-GARCH(1,1,1) variance; as :func:`fit_garch`.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_gjr_garch(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.failure[0]
    'too few observations: 60 estimation returns, 200 needed'
    """
    return _fit(block, options, "gjr_garch", 12)


def fit_egarch(block: EventBlock, options: ModelOptions) -> ModelFit:
    """Fit the mean equation with EGARCH(1,1,1) variance; as :func:`fit_garch`.

    Examples
    --------
    >>> from eventstudy.models.example import example_block
    >>> fit = fit_egarch(example_block(), ModelOptions(factor_names=("market",)))
    >>> fit.failure[0]
    'too few observations: 60 estimation returns, 200 needed'
    """
    return _fit(block, options, "egarch", 13)
