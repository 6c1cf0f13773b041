r"""Diagnostics of every estimate, and the short flags that they raise.

All are computed on the estimation residuals (on the standardised ones of a volatility model), for
all events at once; missing days are left out and never filled.

========================  ======================================================================
autocorrelation           Ljung-Box ``Q = T(T+2) sum_j r_j^2 / (T-j)``, chi-square(5)
ARCH                      ``T R^2`` of ``e_t^2`` on its five lags, chi-square(5)
normality                 Jarque-Bera ``T/6 (S^2 + K^2/4)``, chi-square(2)
thin trading              share of estimation returns that are exactly zero
volatility state          one-step variance forecast over the long-run variance
leverage                  largest ``x*'(X'X)^-1 x*`` of the event days
========================  ======================================================================

References
----------
Ljung and Box (1978), Biometrika 65, 297-303. Engle (1982), Econometrica 50, 987-1007. Jarque and
Bera (1980), Economics Letters 6, 255-259. From memory of the literature; agreement with
statsmodels is tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from eventstudy.arrays import FloatArray, ModelFit
from eventstudy.inference.placebo import ewma_state
from eventstudy.inference.sample import Sample

__all__ = [
    "Diagnostics",
    "arch_lm",
    "autocorrelations",
    "diagnose",
    "excess_kurtosis",
    "ljung_box",
    "residual_series",
    "volatility_state",
]

LAGS = 5
FEW_OBSERVATIONS = 120
TEST_LEVEL = 0.01
FAT_TAILS = 1.0
ZERO_SHARE = 0.10
CALM, STORMY = 0.5, 2.0
# An event day with this leverage has a standard error 5 % above the residual scale.
LEVERAGE = 0.10


@dataclass(frozen=True)
class Diagnostics:
    """Diagnostics of N events; every array is (N,), NaN where it cannot be computed.

    Attributes
    ----------
    ljung_box, arch_lm, jarque_bera : (N,) float
        p-values.
    skewness, kurtosis : (N,) float
        Of the residuals, moment form; kurtosis in excess of 3.
    zero_share : (N,) float
        Share of estimation returns that are exactly zero.
    leverage : (N,) float
        Largest leverage among the event days.
    volatility_state : (N,) float
    flags : tuple of tuple of str
        Codes per event, in a fixed order.
    """

    ljung_box: FloatArray
    arch_lm: FloatArray
    jarque_bera: FloatArray
    skewness: FloatArray
    kurtosis: FloatArray
    zero_share: FloatArray
    leverage: FloatArray
    volatility_state: FloatArray
    flags: tuple[tuple[str, ...], ...]


def residual_series(fit: ModelFit) -> FloatArray:
    """Return the series whose behaviour is judged: residuals, standardised where a model does."""
    return fit.residuals if fit.standardised is None else fit.standardised


def _centred(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return deviations from the mean (0 on missing days), mask and count."""
    on = np.isfinite(values)
    count = on.sum(axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(on, values, 0.0).sum(axis=1) / count
    return np.where(on, values - mean[:, None], 0.0), on.astype(np.float64), count


def autocorrelations(values: FloatArray, lags: int = LAGS) -> FloatArray:
    """Return autocorrelations 1..lags of each row, (N, lags); a pair needs both days.

    Examples
    --------
    >>> autocorrelations(np.array([[1.0, -1.0, 1.0, -1.0]]), 1)
    array([[-0.75]])
    """
    x, _, _ = _centred(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = (x**2).sum(axis=1)
        out = [(x[:, j:] * x[:, :-j]).sum(axis=1) / total for j in range(1, lags + 1)]
    return np.stack(out, axis=1)


def ljung_box(values: FloatArray, lags: int = LAGS) -> FloatArray:
    """Return the p-value of the Ljung-Box test of each row, (N,).

    Null in words: the first ``lags`` autocorrelations are zero. NaN with fewer than
    ``lags + 2`` values or no variation.
    """
    _, _, count = _centred(values)
    r = autocorrelations(values, lags)
    order = np.arange(1, lags + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        q = count * (count + 2.0) * (r**2 / (count[:, None] - order)).sum(axis=1)
    q = np.where(count >= lags + 2, q, np.nan)
    return np.asarray(special.chdtrc(float(lags), q))


def arch_lm(values: FloatArray, lags: int = LAGS) -> FloatArray:
    """Return the p-value of Engle's LM test of each row, (N,).

    Null in words: squared residuals do not follow their own past. A day counts when it and its
    ``lags`` predecessors are there; NaN with fewer than ``2 lags + 2`` such days.
    """
    x, on, _ = _centred(values)
    square = x**2
    length = square.shape[1]
    if length <= 2 * lags + 2:
        return np.full(values.shape[0], np.nan)
    lagged = [square[:, lags - j : length - j] for j in range(1, lags + 1)]
    row = np.ones_like(square[:, lags:])
    for j in range(lags + 1):
        row = row * on[:, lags - j : length - j]
    count = row.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = _demeaned(square[:, lags:], row, count)
        z = np.stack([_demeaned(v, row, count) for v in lagged], axis=2)
        scale = np.sqrt((z**2).sum(axis=1))
        z = z / scale[:, None, :]
        moment = np.einsum("ntk,nt->nk", z, y)
        gram = np.einsum("ntk,ntj->nkj", z, z)
        total = (y**2).sum(axis=1)
    usable = (count >= 2 * lags + 2) & np.isfinite(gram).all(axis=(1, 2)) & (total > 0)
    gram = np.where(usable[:, None, None], gram, np.eye(lags))
    fitted = np.einsum("nk,nkj,nj->n", moment, np.linalg.pinv(gram, hermitian=True), moment)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(usable, count * fitted / total, np.nan)
    return np.asarray(special.chdtrc(float(lags), statistic))


def _demeaned(values: FloatArray, row: FloatArray, count: FloatArray) -> FloatArray:
    mean = (values * row).sum(axis=1) / count
    return np.asarray((values - mean[:, None]) * row)


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return skewness, excess kurtosis and count of each row (divisor T)."""
    x, _, count = _centred(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        m2, m3, m4 = ((x**p).sum(axis=1) / count for p in (2, 3, 4))
        return m3 / m2**1.5, m4 / m2**2 - 3.0, count


def excess_kurtosis(fit: ModelFit) -> FloatArray:
    """Return the excess kurtosis of the residuals of each event, (N,)."""
    return _moments(residual_series(fit))[1]


def volatility_state(sample: Sample) -> FloatArray:
    """Return the forecast variance at the event over the long-run variance, (N,).

    From the model where it has one, else exponentially weighted (decay 0.94) over the residual
    variance.
    """
    own = sample.fit.volatility_state
    with np.errstate(invalid="ignore", divide="ignore"):
        filtered = ewma_state(sample)[1] / sample.fit.sigma**2
    return np.asarray(np.where(np.isfinite(own), own, filtered))


def _largest_leverage(sample: Sample) -> FloatArray:
    fit = sample.fit
    design = fit.covariance.design
    if design.shape[2] == 0:
        return np.where(np.isfinite(fit.sigma), 0.0, np.nan)
    inverse = fit.covariance.parameters / fit.sigma[:, None, None] ** 2
    h = np.einsum("nlk,nkj,nlj->nl", design, inverse, design)
    largest = np.where(np.isfinite(h), h, -np.inf).max(axis=1)
    return np.asarray(np.where(np.isfinite(largest), largest, np.nan))


def diagnose(sample: Sample) -> Diagnostics:
    """Return diagnostics and flags of every event of a sample.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    Diagnostics

    Notes
    -----
    Flags: ``few_observations`` (under 120), ``autocorrelated`` and ``arch`` (p under 1 %),
    ``fat_tails`` (excess kurtosis of 1 or more), ``thin_trading: consider dimson or
    scholes_williams`` (10 % zero returns or more), ``high_volatility`` and ``low_volatility``
    (variance forecast more than twice, less than half its long-run value), ``leverage`` (an event
    day's regressors are so far out that its variance grows by a tenth or more).

    Examples
    --------
    >>> from eventstudy.models import ModelOptions, fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block()
    >>> fit = fit_model("market_model", block, options=ModelOptions(factor_names=("market",)))
    >>> sample = Sample(block, fit, block.days_evt[:, 1], 2)
    >>> found = diagnose(sample)
    >>> found.kurtosis.round(1), found.flags
    (array([-0.8]), (('few_observations',),))
    """
    fit = sample.fit
    series = residual_series(fit)
    skew, kurtosis, count = _moments(series)
    bera = special.chdtrc(2.0, count / 6.0 * (skew**2 + kurtosis**2 / 4.0))
    returns = sample.block.returns_est
    with np.errstate(invalid="ignore", divide="ignore"):
        zero = (returns == 0.0).sum(axis=1) / np.isfinite(returns).sum(axis=1)
    state, box, arch = volatility_state(sample), ljung_box(series), arch_lm(series)
    leverage = _largest_leverage(sample)
    raised = {
        "few_observations": fit.n_obs < FEW_OBSERVATIONS,
        "autocorrelated": box < TEST_LEVEL,
        "arch": arch < TEST_LEVEL,
        "fat_tails": kurtosis >= FAT_TAILS,
        "thin_trading: consider dimson or scholes_williams": zero >= ZERO_SHARE,
        "high_volatility": state > STORMY,
        "low_volatility": state < CALM,
        "leverage": leverage >= LEVERAGE,
    }
    flags = tuple(
        tuple(code for code, on in raised.items() if on[i]) for i in range(sample.block.n)
    )
    return Diagnostics(box, arch, np.asarray(bera), skew, kurtosis, zero, leverage, state, flags)
