"""Patell's standardised residual test and its form for correlated events."""

from __future__ import annotations

import math

from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import View, base_row, finish, refuse, too_few, view

__all__ = ["adjusted_patell_z", "patell_z"]

# The variance df/(df-2) of Student t needs df > 2; with df <= 4 its own variance is infinite and
# the normal reference means nothing.
LEAST_DF = 4.0


def _estimate(v: View, variant: str) -> tuple[float, float] | str:
    """Return the mean of the standardised CARs and its standard error, or why there is none.

    Standardised by the full V, or as published: the sum of the SARs over the root of their number.
    """
    sums = v.sums
    df = float(sums.df_low[0])
    if not df > LEAST_DF:
        return f"an event has {int(df)} residual degrees of freedom: more than 4 are needed"
    mean = sums.patell[0] / v.n if variant == "published" else sums.scar.mean[0]
    return float(mean), math.sqrt(sums.df_ratio[0]) / v.n


def patell_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Sum of standardised CARs over its standard deviation under unchanged variances.

    Null: every event's CAR is zero, its variance is that of the estimation window, and events are
    independent.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "forecast_covariance"}
        Sum of the daily SARs over the root of their number (no cross-day term), or SCAR by the
        full forecast-error covariance. Equal for one day.

    Returns
    -------
    Statistic
        ``estimate`` is the mean standardised CAR (in forecast standard deviations).

    Notes
    -----
    .. math:: Z = \sum_i SCAR_i \Big/ \sqrt{\textstyle\sum_i df_i/(df_i - 2)} \sim N(0,1),
              \quad df_i = T_i - k_i

    With two mean parameters the factor is (T-2)/(T-4). Shown for comparison, never headlined:
    rejects 16.6 % at 5 % when the event doubles the variance. No statistic for fewer than two
    events, or when an event has ``df <= 4``.

    References
    ----------
    Patell (1976), J. Accounting Research 14, 246-276, doi:10.2307/2490543 (publisher's page
    checked). Marks and Musumeci (2017), doi:10.1016/j.jcorpfin.2017.05.003 (abstract checked:
    over-rejects even without event variance).
    """
    v = view(sample, window)
    if none := too_few(v, "patell_z", variant):
        return none
    found = _estimate(v, variant)
    if isinstance(found, str):
        return refuse(v, "patell_z", variant, found)
    mean, se = found
    row = base_row(
        v,
        "patell_z",
        variant,
        statistic=mean / se,
        distribution="normal",
        estimate=mean,
        se=se,
    )
    return finish(v, row)


def adjusted_patell_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Patell's Z deflated for the mean residual correlation of the events.

    Null: every event's CAR is zero and variances are unchanged; events may be correlated as their
    estimation residuals are on the calendar.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "forecast_covariance", "overlap"}
        The Patell form of the same word; ``overlap`` has the ``forecast_covariance`` base and
        counts a pair's correlation by the share of tested sessions in common, floored at 0.

    Returns
    -------
    Statistic
        ``rbar`` is the correlation used.

    Notes
    -----
    .. math:: Z_{KP} = Z / \sqrt{1 + (N-1)\bar r} \sim N(0,1)

    The factor (1-r) belongs to BMP only. No statistic for fewer than two events, an event with
    ``df <= 4``, or ``1 + (N-1) r <= 0``.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23, 3996-4025, doi:10.1093/rfs/hhq072
    (abstract checked).
    """
    v = view(sample, window)
    if none := too_few(v, "adjusted_patell_z", variant):
        return none
    found = _estimate(v, "published" if variant == "published" else "forecast_covariance")
    if isinstance(found, str):
        return refuse(v, "adjusted_patell_z", variant, found)
    r = v.rbar_overlap if variant == "overlap" else v.rbar
    inflation = 1.0 + (v.n - 1.0) * r
    if not inflation > 1e-12:
        reason = f"mean residual correlation {r:.4f}: the variance of the mean is not positive"
        return refuse(v, "adjusted_patell_z", variant, reason)
    mean, se = found[0], found[1] * math.sqrt(inflation)
    row = base_row(
        v,
        "adjusted_patell_z",
        variant,
        statistic=mean / se,
        distribution="normal",
        estimate=mean,
        se=se,
        rbar=r,
    )
    return finish(v, row)
