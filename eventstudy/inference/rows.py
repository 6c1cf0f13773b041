"""Rows of the tests across events: counts, p-values, intervals, notes and refusals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.statistic import (
    Distribution,
    Statistic,
    amended,
    not_applicable,
    with_reference,
)
from eventstudy.reduce.groups import Moments

if TYPE_CHECKING:
    from eventstudy.inference.view import View

__all__ = ["FEW", "base_row", "degenerate", "finish", "refuse", "resampled_p", "spread", "too_few"]

FEW = 5  # fewer events or dates than this: the row is called descriptive
# Below this share of its largest value the spread of a sample is rounding.
SPREAD_TOLERANCE = 1e-12
# Two resampled statistics closer than this are the same number computed in two orders.
TIE_TOLERANCE = 1e-12


def base_row(
    v: View,
    name: str,
    variant: str,
    *,
    statistic: float = np.nan,
    distribution: Distribution = "",
    df: float = np.nan,
    estimate: float = np.nan,
    se: float = np.nan,
    rbar: float = np.nan,
) -> Statistic:
    """Return a row without p-value, with the counts of the view."""
    return Statistic(
        name=name,
        variant=variant,
        estimate=float(estimate),
        se=float(se),
        statistic=float(statistic),
        distribution=distribution,
        df=float(df),
        n_events=v.n,
        n_clusters=v.members.n_clusters,
        rbar=float(rbar),
        alternative=v.settings.alternative,
    )


def _descriptive(v: View) -> str:
    what = []
    if v.n < FEW:
        what.append(f"{v.n} events")
    if v.members.n_clusters < FEW:
        g = v.members.n_clusters
        what.append(f"{g} date" if g == 1 else f"{g} dates")
    return f"descriptive: {', '.join(what)}" if what else ""


def finish(
    v: View,
    row: Statistic,
    *,
    pvalue: float | None = None,
    interval: bool = True,
    ci: tuple[float, float] | None = None,
    note: str = "",
) -> Statistic:
    """Fill in p, interval and note.

    Parameters
    ----------
    v : View
    row : Statistic
        From :func:`base_row`.
    pvalue : float, optional
        Where the reference is not t or normal; no interval then unless ``ci`` is given.
    interval : bool
        False where ``estimate +- quantile x se`` is not what the test inverts to.
    ci : (float, float), optional
        Bounds of the interval.
    note : str
        Put before the label "descriptive".
    """
    if not math.isfinite(row.statistic):
        return refuse(v, row.name, row.variant, note or "zero scale: the statistic is undefined")
    few = _descriptive(v)
    note = f"{note}; {few}" if note and few else note or few
    low, high = ci or (math.nan, math.nan)
    if pvalue is not None:
        given = {"pvalue": float(pvalue), "ci_low": float(low), "ci_high": float(high)}
        return amended(row, {**given, "note": note})
    found = with_reference(row, level=v.settings.level, interval=interval and ci is None, note=note)
    return found if ci is None else amended(found, {"ci_low": float(low), "ci_high": float(high)})


def refuse(v: View, name: str, variant: str, reason: str) -> Statistic:
    """Return the row of a statistic that does not apply, with the reason in ``note``."""
    return not_applicable(base_row(v, name, variant), reason)


def too_few(v: View, name: str, variant: str) -> Statistic | None:
    """Return a refusing row when fewer than two events enter the window, else None."""
    if v.n >= 2:
        return None
    count = "one event enters" if v.n == 1 else "no event enters"
    return refuse(v, name, variant, f"{count} the window: tests across events need two")


def degenerate(low: float, high: float) -> bool:
    """Whether values from ``low`` to ``high`` do not vary beyond rounding, so are no scale.

    Examples
    --------
    >>> degenerate(0.1, 0.1), degenerate(0.1, 0.2)
    (True, False)
    """
    return bool(high - low <= SPREAD_TOLERANCE * max(abs(low), abs(high)))


def spread(moments: Moments) -> tuple[float, float] | None:
    """Return mean and standard deviation (divisor n - 1) of one variable, None if degenerate."""
    if degenerate(float(moments.low[0]), float(moments.high[0])):
        return None
    n, mean, m2 = float(moments.n[0]), float(moments.mean[0]), float(moments.m2[0])
    return mean, math.sqrt(m2 / (n - 1.0))


def resampled_p(observed: float, draws: FloatArray, alternative: str) -> float:
    """Return the add-one p-value ``(1 + #{at least as extreme}) / (B + 1)``.

    Draws that tie with the observed value up to rounding count as extreme; so do undefined (NaN)
    draws.

    References
    ----------
    Davison and Hinkley (1997) (from memory of the literature, book not checked).

    Examples
    --------
    >>> import numpy as np
    >>> resampled_p(2.0, np.array([1.0, -2.5, 0.3]), "two-sided")
    0.5
    """
    edge = TIE_TOLERANCE * max(abs(observed), 1.0)
    if alternative == "greater":
        beyond = draws >= observed - edge
    elif alternative == "less":
        beyond = draws <= observed + edge
    else:
        beyond = np.abs(draws) >= abs(observed) - edge
    return float((1.0 + (beyond | np.isnan(draws)).sum()) / (len(draws) + 1.0))
