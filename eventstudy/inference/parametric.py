"""Tests of the mean CAR from its spread across events, or from the spread of averages in time."""

from __future__ import annotations

import math

from eventstudy.arrays import FloatArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic, lower_quantile
from eventstudy.inference.view import (
    MemberSet,
    View,
    base_row,
    degenerate,
    finish,
    refuse,
    spread,
    too_few,
    view,
)

__all__ = [
    "cross_sectional_t",
    "crude_dependence_t",
    "skewness",
    "skewness_adjusted_t",
    "time_series_t",
]

FLAT = "zero scale: the values of the events do not vary"


def skewness(x: FloatArray) -> float:
    """Third standardised moment with divisor n throughout.

    Examples
    --------
    >>> import numpy as np
    >>> round(skewness(np.array([0.0, 0.0, 3.0])), 6)
    0.707107
    """
    centred = x - x.mean()
    return float((centred**3).mean() / (centred**2).mean() ** 1.5)


def cross_sectional_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Mean CAR over its standard error across events.

    Null: the mean CAR of independent events is zero; their variances may change at the event.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR in decimals.

    Notes
    -----
    .. math:: t = \sqrt{N}\, \overline{CAR} / s_{CAR}, \quad s \text{ with divisor } N-1,
              \quad t \sim t(N-1)

    No statistic (reason in ``note``) for fewer than two events or CARs that do not vary. Assumes
    independence: with residual correlation 0.2 and 50 events on one date it rejects in more than
    half of the cases at a nominal 5 %.

    References
    ----------
    Brown and Warner (1980), JFE 8, 205-258, doi:10.1016/0304-405X(80)90002-1, and (1985), JFE 14,
    3-31, doi:10.1016/0304-405X(85)90042-X (publisher's page checked, formulas from memory of the
    literature).
    """
    v = view(sample, window)
    if none := too_few(v, "cross_sectional_t", variant):
        return none
    found = spread(v.sums.car)
    if found is None:
        return refuse(v, "cross_sectional_t", variant, FLAT)
    mean, se = found[0], found[1] / math.sqrt(v.n)
    row = base_row(
        v,
        "cross_sectional_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=v.n - 1,
        estimate=mean,
        se=se,
    )
    return finish(v, row)


def _hall_interval(v: View, mean: float, sd: float, g: float) -> tuple[float, float]:
    """Invert Hall's monotone transform at the t quantiles."""
    q = -lower_quantile(v.settings.level / 2.0, "t", v.n - 1.0)
    root = math.sqrt(v.n)

    def shift(t: float) -> float:
        inner = t / root - g / (6.0 * v.n)
        if g == 0.0:
            return inner
        if g * inner < -0.5:
            return 3.0 / g * (math.cbrt(1.0 + g * inner) - 1.0)
        return 3.0 / g * math.expm1(math.log1p(g * inner) / 3.0)

    return mean - sd * shift(q), mean - sd * shift(-q)


def skewness_adjusted_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Cross-sectional t corrected for the skewness of the CARs.

    Null: the mean CAR of independent, possibly skewed events is zero.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "johnson"}
        Hall's monotone form, or Johnson's without the cubic term.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; ``se`` is NaN, as the statistic is not their ratio. The
        interval inverts Hall's transform; Johnson's has none.

    Notes
    -----
    .. math:: T = \sqrt{N}\,[S + g S^2/3 + g^2 S^3/27 + g/(6N)] \sim t(N-1)

    S is mean over standard deviation (divisor N-1), g the skewness with divisor N throughout
    (other programs use the unbiased g). It hurts with symmetric heavy tails. No statistic for
    fewer than two events or CARs that do not vary.

    References
    ----------
    Hall (1992), JRSS-B 54, 221-228; Johnson (1978), JASA 73, 536-544 (from memory of the
    literature, papers not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "skewness_adjusted_t", variant):
        return none
    car = v.sums.car
    found = spread(car)
    if found is None:
        return refuse(v, "skewness_adjusted_t", variant, FLAT)
    mean, sd = found
    g = float(car.m3[0]) / v.n / (float(car.m2[0]) / v.n) ** 1.5
    s = mean / sd
    bracket = s + g * s**2 / 3.0 + g / (6.0 * v.n)
    if variant == "published":
        bracket += g**2 * s**3 / 27.0
    row = base_row(
        v,
        "skewness_adjusted_t",
        variant,
        statistic=math.sqrt(v.n) * bracket,
        distribution="t",
        df=v.n - 1,
        estimate=mean,
    )
    ci = _hall_interval(v, mean, sd, g) if variant == "published" else None
    return finish(v, row, interval=False, ci=ci)


def time_series_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Mean CAR over the scale that the estimation windows give, events independent.

    Null: the mean CAR of independent events with unchanged variances is zero.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR in decimals.

    Notes
    -----
    .. math:: t = \sum_i CAR_i \Big/ \sqrt{\textstyle\sum_i L_i s_i^2} \sim N(0,1)

    ``L_i`` are the sessions that count for event i. No allowance for estimation error, for
    event-induced variance or for correlation between events. No statistic for fewer than two
    events.

    References
    ----------
    Brown and Warner (1980), JFE 8, 205-258, doi:10.1016/0304-405X(80)90002-1 (publisher's page
    checked, formula from memory of the literature).
    """
    v = view(sample, window)
    if none := too_few(v, "time_series_t", variant):
        return none
    mean, se = float(v.sums.car.mean[0]), math.sqrt(v.sums.variance[0]) / v.n
    row = base_row(
        v,
        "time_series_t",
        variant,
        statistic=mean / se,
        distribution="normal",
        estimate=mean,
        se=se,
    )
    return finish(v, row)


def _estimation_averages(members: MemberSet) -> tuple[FloatArray, float]:
    """Return the average abnormal returns of the estimation sessions and their sum of squares.

    Abnormal returns as they are in the event window too: over their whole span, never centred.
    """
    means = members.day_means
    there = means.residual_count > 0
    aar = means.residual[there] / means.residual_count[there]
    about = aar - aar.mean() if len(aar) else aar
    return aar, float((about**2).sum())


def crude_dependence_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Sum of average abnormal returns over the spread of such averages in the estimation window.

    Null: the average abnormal return of the window is zero and its variance is that of the
    estimation window; events may be correlated when they share their dates.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "model_df"}
        Divisor ``T - 1`` and t(T-1), or ``T - k`` and t(T-k).

    Returns
    -------
    Statistic
        ``estimate`` is the sum of the AARs of the window, which is the mean CAR where no day is
        missing.

    Notes
    -----
    .. math:: s_A^2 = \frac{1}{T-1} \sum_t (AAR_t - \overline{AAR})^2, \quad
              t = \frac{\sum_{t \in W} AAR_t}{s_A \sqrt{L}}

    Averages run over the events that have the day; T counts the estimation sessions on which at
    least one event has a return, L those of the window. The standard deviation is never that of
    the event window. No statistic for fewer than two events or averages that do not vary.

    References
    ----------
    Brown and Warner (1985), JFE 14, 3-31, doi:10.1016/0304-405X(85)90042-X (publisher's page
    checked, formula from memory of the literature).
    """
    v = view(sample, window)
    if none := too_few(v, "crude_dependence_t", variant):
        return none
    members = v.members
    aar, square = members.cached("averages", lambda: _estimation_averages(members))
    df = len(aar) - (1 if variant == "published" else members.mean_parameters)
    if df < 1 or degenerate(float(aar.min()), float(aar.max())):
        return refuse(v, "crude_dependence_t", variant, "zero scale: averages do not vary")
    held = v.selected.held[0]
    days = held > 0
    total = float((v.selected.total[0][days] / held[days]).sum())
    se = math.sqrt(square / df * int(days.sum()))
    row = base_row(
        v,
        "crude_dependence_t",
        variant,
        statistic=total / se,
        distribution="t",
        df=df,
        estimate=total,
        se=se,
    )
    return finish(v, row)
