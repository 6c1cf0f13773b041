"""The standardised cross-sectional test (BMP) and its form for correlated events."""

from __future__ import annotations

import math

from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Distribution, Statistic
from eventstudy.inference.view import base_row, finish, refuse, spread, too_few, view

__all__ = ["adjusted_bmp_t", "bmp_t"]

FLAT = "zero scale: the standardised values of the events do not vary"


def bmp_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Mean standardised CAR over its standard error across events.

    Null: the mean standardised CAR of independent events is zero; the event may change variances.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "normal", "model_sigma"}
        SCAR by the full forecast-error covariance with t(N-1); the same with normal p; or CAR
        over ``s sqrt(L)`` with t(N-1).

    Returns
    -------
    Statistic
        ``estimate`` is the mean standardised CAR (in forecast standard deviations).

    Notes
    -----
    .. math:: t = \sqrt{N}\, \bar x / s_x, \quad x_i = CAR_i / \sqrt{c'V_i c}

    ``s_x`` has divisor N-1 and runs across events, never across days. No statistic for fewer than
    two events or standardised CARs that do not vary.

    References
    ----------
    Boehmer, Musumeci and Poulsen (1991), JFE 30, 253-272, doi:10.1016/0304-405X(91)90032-F
    (abstract checked; published usage N(0,1), which rejects 7.5 % at 5 % with ten events).
    """
    v = view(sample, window)
    if none := too_few(v, "bmp_t", variant):
        return none
    found = spread(v.sums.scaled if variant == "model_sigma" else v.sums.scar)
    if found is None:
        return refuse(v, "bmp_t", variant, FLAT)
    mean, se = found[0], found[1] / math.sqrt(v.n)
    law: Distribution = "normal" if variant == "normal" else "t"
    row = base_row(
        v,
        "bmp_t",
        variant,
        statistic=mean / se,
        distribution=law,
        df=math.nan if law == "normal" else v.n - 1,
        estimate=mean,
        se=se,
    )
    return finish(v, row)


def adjusted_bmp_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Corrected BMP t for events whose residuals are correlated (Kolari-Pynnonen).

    Null: the mean standardised CAR is zero; the event may change variances, and events may be
    correlated as their estimation residuals are on the calendar.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "overlap"}
        Signed mean r over all pairs; or each pair's r times the share of tested sessions in
        common, the mean floored at 0.

    Returns
    -------
    Statistic
        ``rbar`` is the correlation used.

    Notes
    -----
    .. math:: t_{KP} = t_{BMP} \sqrt{\frac{1-\bar r}{1+(N-1)\bar r}} \sim t(N-1)

    Residuals are paired by calendar date, never by relative day, so events without common dates
    have r = 0. The published r counts a pair in full when its *estimation* windows share dates,
    even if its tested windows do not: with events on different dates it all but never rejects,
    and ``overlap`` is the form to read. Exact under equicorrelation and normality with the true
    r. No statistic for fewer than two events, values that do not vary, ``1 + (N-1) r <= 0`` or
    ``r >= 1``.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23, 3996-4025, doi:10.1093/rfs/hhq072
    (abstract checked). Kolari, Pape and Pynnonen (2018) for the overlap (from memory of the
    literature, paper not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "adjusted_bmp_t", variant):
        return none
    found = spread(v.sums.scar)
    if found is None:
        return refuse(v, "adjusted_bmp_t", variant, FLAT)
    r = v.rbar_overlap if variant == "overlap" else v.rbar
    inflation = 1.0 + (v.n - 1.0) * r
    if not (inflation > 1e-12 and 1.0 - r > 1e-12):
        reason = f"mean residual correlation {r:.4f}: the variance of the mean is not positive"
        return refuse(v, "adjusted_bmp_t", variant, reason)
    mean, se = found[0], found[1] / math.sqrt(v.n) * math.sqrt(inflation / (1.0 - r))
    row = base_row(
        v,
        "adjusted_bmp_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=v.n - 1,
        estimate=mean,
        se=se,
        rbar=r,
    )
    return finish(v, row)
