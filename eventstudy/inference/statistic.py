"""What a test of one hypothesis gives back, and the p-values that all of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy import special

from eventstudy.names import Alternative

__all__ = ["Distribution", "Statistic", "not_applicable", "p_value", "with_reference"]

Distribution = Literal["t", "normal", "F", "binomial", "exact", "resampled", "placebo", ""]

_NAN = float("nan")


@dataclass(frozen=True)
class Statistic:
    """One statistic with everything a table needs to show it.

    Attributes
    ----------
    name, variant : str
        Key in the closed list of names.
    estimate : float
        The mean that the test is about (decimals for returns), NaN where it has none.
    se : float
        Standard error of ``estimate``, NaN where the test has none.
    statistic, df, pvalue : float
        NaN where the test does not apply; then ``note`` says why.
    distribution : str
        Reference distribution.
    ci_low, ci_high : float
        95 % interval of ``estimate`` where the test has one.
    n_events, n_clusters : int
    rbar : float
        Mean residual correlation used, NaN where none is used.
    note : str
    """

    name: str
    variant: str
    estimate: float = _NAN
    se: float = _NAN
    statistic: float = _NAN
    distribution: Distribution = ""
    df: float = _NAN
    pvalue: float = _NAN
    ci_low: float = _NAN
    ci_high: float = _NAN
    n_events: int = 0
    n_clusters: int = 0
    rbar: float = _NAN
    alternative: Alternative = "two-sided"
    note: str = ""


def p_value(
    statistic: float, distribution: Distribution, df: float, alternative: Alternative
) -> float:
    """Return the p-value of a t or standard normal statistic, from survival functions.

    Examples
    --------
    >>> round(p_value(1.959963984540054, "normal", float("nan"), "two-sided"), 6)
    0.05
    """
    if math.isnan(statistic) or (distribution == "t" and not df > 0):
        return _NAN
    if alternative == "greater":
        return _tail(statistic, distribution, df)
    if alternative == "less":
        return _tail(-statistic, distribution, df)
    return 2.0 * _tail(abs(statistic), distribution, df)


def _tail(value: float, distribution: Distribution, df: float) -> float:
    """Return the survival function; the laws are symmetric, so nothing is subtracted from 1."""
    if distribution == "normal":
        return float(special.ndtr(-value))
    return float(special.stdtr(df, -value))


def with_reference(base: Statistic, *, level: float = 0.05, interval: bool = True) -> Statistic:
    """Fill in p and, where there is a standard error, the two-sided interval at ``1 - level``."""
    p = p_value(base.statistic, base.distribution, base.df, base.alternative)
    low = high = _NAN
    if interval and math.isfinite(base.se) and not math.isnan(p):
        normal = base.distribution == "normal"
        lower = special.ndtri(level / 2.0) if normal else special.stdtrit(base.df, level / 2.0)
        half = -float(lower) * base.se
        low, high = base.estimate - half, base.estimate + half
    return replace(base, pvalue=p, ci_low=low, ci_high=high)


def not_applicable(base: Statistic, reason: str) -> Statistic:
    """Return ``base`` without statistic and p, carrying the reason."""
    return replace(
        base,
        statistic=_NAN,
        df=_NAN,
        pvalue=_NAN,
        se=_NAN,
        ci_low=_NAN,
        ci_high=_NAN,
        note=reason,
    )
