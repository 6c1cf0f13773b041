r"""Regression of cumulative abnormal returns on characteristics of the events.

``CAR_i = z_i'd + eta_i`` by ordinary least squares with an intercept. The error variance differs
between events by construction, since each CAR carries its own forecast error, so the covariance is
robust: HC3 where every event has a date of its own, clustered by date (CR1) where a date repeats.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import special

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.inference.statistic import p_value
from eventstudy.names import Alternative

__all__ = ["CR1", "HC3", "PER_TERM", "CarRegression", "car_regression"]

HC3, CR1 = "HC3", "CR1 by date"
PER_TERM = 5  # events that each coefficient needs at least
FEW_DATES, APPROXIMATE_DATES = 5, 30
# A column whose length outside of the others is below this share is their combination.
RANK_TOLERANCE = 1e-10
LEVERAGE_TOLERANCE = 1e-10


@dataclass(frozen=True)
class CarRegression:
    """Coefficients with robust standard errors, p of them.

    Attributes
    ----------
    terms : tuple of str
        ``intercept``, then the regressors.
    coefficient, se, statistic, pvalue, ci_low, ci_high : (p,) float
        NaN where the regression does not apply; ``note`` then says why.
    df : float
        ``N - p`` under HC3, ``G - 1`` under CR1.
    n_events, n_clusters : int
        Events that enter, and their dates.
    covariance : str
        ``HC3`` or ``CR1 by date``.
    r_squared : float
        Centred.
    note : str
    """

    terms: tuple[str, ...]
    coefficient: FloatArray
    se: FloatArray
    statistic: FloatArray
    pvalue: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    df: float
    n_events: int
    n_clusters: int
    covariance: str
    r_squared: float
    note: str = field(default="")


def car_regression(
    car: FloatArray,
    regressors: FloatArray,
    *,
    names: tuple[str, ...],
    cluster: IntArray,
    level: float = 0.05,
    alternative: Alternative = "two-sided",
) -> CarRegression:
    r"""Regress CARs on characteristics of their events.

    Null of each row: the coefficient is zero.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns in decimals.
    regressors : (N, p - 1) float
        Without the intercept. Events with a NaN here or in ``car`` do not enter.
    names : tuple of str
        Of the regressors.
    cluster : (N,) int
        Date of each event; one date on two events makes the covariance clustered.
    level : float
        Two-sided level of the intervals.
    alternative : {"two-sided", "less", "greater"}

    Returns
    -------
    CarRegression
        NaN with the reason in ``note`` for fewer than five events a coefficient, a regressor that
        is a combination of others, an event that a coefficient fits alone (HC3 is undefined), or
        no more dates than coefficients.

    Notes
    -----
    With ``A = (Z'Z)^-1`` and residuals e,

    .. math:: V_{HC3} = A \sum_i \frac{e_i^2}{(1 - h_i)^2} z_i z_i' A, \qquad
       V_{CR1} = \frac{G}{G-1} \frac{N-1}{N-p} A \sum_g (Z_g'e_g)(Z_g'e_g)' A,

    against t(N - p) and t(G - 1).

    References
    ----------
    MacKinnon and White (1985), J. Econometrics 29; Cameron, Gelbach and Miller (2008), REStat 90,
    414-427 (both from memory of the literature).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.arange(10.0)
    >>> fit = car_regression(0.01 * z + 0.001 * (-1.0) ** z, z[:, None], names=("surprise",),
    ...                      cluster=np.arange(10))
    >>> fit.terms[1], round(float(fit.coefficient[1]), 4), fit.covariance, fit.df
    ('surprise', 0.0099, 'HC3', 8.0)
    """
    used = np.isfinite(car) & np.isfinite(regressors).all(axis=1)
    y = car[used]
    z = np.column_stack([np.ones(len(y)), regressors[used]])
    dates, date_of = np.unique(cluster[used], return_inverse=True)
    clustered = len(dates) < len(y)
    terms = ("intercept", *names)
    frame = _Frame(terms, len(y), len(dates), CR1 if clustered else HC3, level, alternative)
    reason = _refusal(z, terms, len(dates), clustered=clustered)
    if reason:
        return _nothing(frame, reason)
    q, r = np.linalg.qr(z)
    coefficient = np.linalg.solve(r, q.T @ y)
    residual = y - z @ coefficient
    inverse = np.linalg.inv(r)
    leverage = (q**2).sum(axis=1)
    if not clustered and (1.0 - leverage < LEVERAGE_TOLERANCE).any():
        return _nothing(frame, "one event alone decides a coefficient: HC3 is undefined")
    if clustered:
        scores = np.zeros((len(dates), z.shape[1]))
        np.add.at(scores, date_of, q * residual[:, None])
        n, p, g = len(y), z.shape[1], len(dates)
        meat = scores.T @ scores * (g / (g - 1.0)) * ((n - 1.0) / (n - p))
    else:
        weighted = q * (residual / (1.0 - leverage))[:, None]
        meat = weighted.T @ weighted
    variance = np.diag(inverse @ meat @ inverse.T)
    total = float(((y - y.mean()) ** 2).sum())
    r_squared = 1.0 - float((residual**2).sum()) / total if total > 0.0 else np.nan
    return _filled(frame, coefficient, np.sqrt(variance), r_squared)


@dataclass(frozen=True)
class _Frame:
    """What a regression is about, before any number."""

    terms: tuple[str, ...]
    n: int
    dates: int
    covariance: str
    level: float
    alternative: Alternative


def _refusal(
    z: npt.NDArray[np.float64], terms: tuple[str, ...], dates: int, *, clustered: bool
) -> str:
    n, p = z.shape
    if n < PER_TERM * p:
        return f"{n} events for {p} coefficients: at least {PER_TERM * p} are needed"
    scale = np.sqrt((z**2).sum(axis=0))
    diagonal = np.abs(np.diag(np.linalg.qr(z / np.where(scale > 0.0, scale, 1.0), mode="r")))
    short = np.flatnonzero(diagonal < RANK_TOLERANCE)
    if len(short):
        return f"{terms[short[0]]} does not vary, or is a combination of the other terms"
    if clustered and dates <= p:
        what = "all events share one date" if dates == 1 else f"{dates} dates for {p} coefficients"
        return f"{what}: clustering by date needs more dates than coefficients"
    return ""


def _nothing(frame: _Frame, reason: str) -> CarRegression:
    empty = np.full(len(frame.terms), np.nan)
    return CarRegression(
        frame.terms, empty, empty, empty, empty, empty, empty, np.nan, frame.n, frame.dates,
        frame.covariance, np.nan, reason,
    )  # fmt: skip


def _filled(
    frame: _Frame, coefficient: FloatArray, se: FloatArray, r_squared: float
) -> CarRegression:
    p = len(frame.terms)
    df = float(frame.dates - 1 if frame.covariance == CR1 else frame.n - p)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(se > 0.0, coefficient / se, np.nan)
    half = special.stdtrit(df, 1.0 - frame.level / 2.0) * se
    pvalue = np.array([p_value(float(t), "t", df, frame.alternative) for t in statistic])
    note = ""
    if frame.covariance == CR1 and frame.dates < FEW_DATES:
        note = f"descriptive: {frame.dates} dates"
    elif frame.covariance == CR1 and frame.dates < APPROXIMATE_DATES:
        note = f"{frame.dates} dates: the reference t({df:.0f}) is approximate"
    return CarRegression(
        frame.terms, coefficient, se, statistic, pvalue, coefficient - half, coefficient + half,
        df, frame.n, frame.dates, frame.covariance, r_squared, note,
    )  # fmt: skip
