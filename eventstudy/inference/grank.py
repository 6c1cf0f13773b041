r"""Generalized rank and sign tests: the window is one more observation beside the estimation days.

The standardised cumulative abnormal return of the window, brought to unit spread across the
events, is ranked among the event's own standardised estimation days.

References
----------
Kolari and Pynnonen (2011), Journal of Empirical Finance 18, 953-971 (abstract checked, formulas
not).
"""

from __future__ import annotations

import math

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import MemberSet, View, base_row, finish, refuse, too_few, view
from eventstudy.reduce.blocks import LEAST_BLOCKS, studentised_blocks

__all__ = ["block_sums", "grank_t", "grank_z", "sign_gsar_t", "to_student"]

# Variants whose entry is multiplied by sqrt(1 - r).
ADJUSTED = ("cross_correlation", "block")


def to_student(means: FloatArray, counts: FloatArray) -> tuple[float, float, str]:
    r"""Send the last of ``T'`` mean scores to Student t: t, df, and a reason where there is none.

    .. math::
       Z = \frac{\bar U_0}{S}, \quad
       S^2 = \frac{1}{T'} \sum_t \frac{n_t}{n_0} \bar U_t^2, \quad
       t = Z \sqrt{\frac{T' - 2}{T' - 1 - Z^2}} \sim t(T' - 2)

    The scores of an event add up to zero, so ``Z`` is an internally studentised residual:
    ``Z^2/(T' - 1)`` is Beta(1/2, (T' - 2)/2), which this map sends to Student t. Exact where the
    mean scores are normal and exchangeable.

    Parameters
    ----------
    means, counts : (T',) float
        Mean scores and number of events by column, the event's entry last; columns with NaN, which
        no event has, are left out.
    """
    return _student(means[:-1], counts[:-1], float(means[-1]), float(counts[-1]))


def _student(
    days: FloatArray, counts: FloatArray, entry: float, n: float
) -> tuple[float, float, str]:
    """The same with the entry apart."""
    on = np.isfinite(days)
    if not on.all():
        days, counts = days[on], counts[on]
    size = len(days) + 1
    if size < 3:
        return math.nan, math.nan, f"{size} observations through time: the map needs three"
    square = (float((counts * days * days).sum()) / n + entry * entry) / size
    if not square > 0.0:
        return math.nan, math.nan, "zero scale: the mean scores do not vary over the days"
    z = entry / math.sqrt(square)
    room = size - 1.0 - z * z
    if not room > 0.0:
        return math.nan, math.nan, "the event outweighs all estimation days: Z^2 >= T' - 1"
    return z * math.sqrt((size - 2.0) / room), size - 2.0, ""


def _no_entry(v: View, *, cross_correlation: bool) -> str:
    """Why the window has no entry to rank; empty where it has."""
    if math.isnan(v.scales.scar_sd[0]):
        return "zero scale: the standardised CARs do not differ between the events"
    if cross_correlation and math.isnan(v.scales.root[0]):
        return f"mean residual correlation {v.rbar:g}: 1 - r must be positive"
    return ""


def _student_row(
    v: View, name: str, variant: str, total: FloatArray, count: FloatArray, entry: float, n: float
) -> Statistic:
    """Return the row of summed scores: of the days, and of the entry of ``n`` events."""
    with np.errstate(invalid="ignore", divide="ignore"):
        days = total / count  # NaN where nobody has the day
    t, df, reason = _student(days, count, float(entry / n), float(n))
    if reason:
        return refuse(v, name, variant, reason)
    row = base_row(
        v,
        name,
        variant,
        distribution="t",
        df=df,
        estimate=float(v.sums.car.mean[0]),
        statistic=t,
        rbar=v.rbar if variant in ADJUSTED else math.nan,
    )
    return finish(v, row)


def block_sums(members: MemberSet, length: int) -> FloatArray:
    r"""Studentised sums of the estimation abnormal returns over disjoint blocks.

    .. math::
       B_w = \frac{\sum_{t \in w} e_t}{s \sqrt{\sum_{t \in w} q_t - x_w'(X'WX)^{-1} x_w}},
       \qquad x_w = \sum_{t \in w} X_t

    Parameters
    ----------
    members : MemberSet
    length : int
        Sessions of a block.

    Returns
    -------
    (n, floor(T / length)) float
        Blocks from the first estimation column on; a block holds the returns that are there, NaN
        where none is. Where the regressors of the mean are not at hand (autoregression, models of
        the variance) the block is the sum of studentised days over
        ``sqrt(q (1 - (q - 1) / T_i))``, the scale under a constant mean.
    """
    return studentised_blocks(members.block, members.fit, length)


def grank_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Generalized rank t test (GRANK-T) of a day or a window.

    Null: the window's standardised CAR has the same distribution as the event's standardised
    estimation days, up to a variance that the event may have raised. Distribution: Student t with
    ``T' - 2`` degrees of freedom, ``T'`` the estimation days plus one.

    .. math::
       SCAR_i^* = \frac{SCAR_i}{s_{SCAR}}, \quad
       U_{it} = \frac{\operatorname{rank}(GSAR_{it})}{T_i + 2} - \frac12, \quad
       Z = \frac{\bar U_0}{S}, \quad S^2 = \frac1{T'} \sum_t \frac{n_t}{n_0} \bar U_t^2, \quad
       t = Z \sqrt{\frac{T' - 2}{T' - 1 - Z^2}}

    ``GSAR`` are the internally studentised estimation residuals ``e/(s sqrt(1 - h))`` and, as one
    more observation, ``SCAR*``; ``s_SCAR`` has divisor ``N - 1``.

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published", "cross_correlation", "block"}
        ``cross_correlation`` multiplies ``SCAR*`` by ``sqrt(1 - r)``, r the signed mean residual
        correlation by calendar date: under correlation ``s_SCAR`` estimates
        ``sigma sqrt(1 - r)``. ``block`` ranks that entry among the floor(T/L) disjoint estimation
        blocks as long as the window, each studentised by its own scale, so that a sum is compared
        with sums; it needs 10 blocks.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; no standard error goes with it. ``rbar`` is r where used.

    Notes
    -----
    NaN rule: a missing estimation day has no rank and leaves ``n_t``; days that no event has leave
    ``T'``. With heavy tails the ``published`` form rejects too often on windows (7 to 8 % at a
    nominal 5 % with 11 days of t(3) noise), ``block`` does not.

    References
    ----------
    Kolari and Pynnonen (2011), Journal of Empirical Finance 18, 953-971,
    doi:10.1016/j.jempfin.2011.08.003 (abstract checked, formulas and the scale of the estimation
    days from memory). ``cross_correlation`` and ``block`` are this engine's.
    """
    name = "grank_t"
    if variant not in ("published", "cross_correlation", "block"):
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    if reason := _no_entry(v, cross_correlation=variant in ADJUSTED):
        return refuse(v, name, variant, reason)
    if variant == "block":
        blocks = v.members.n_est // v.length
        if blocks < LEAST_BLOCKS:
            reason = f"{blocks} estimation blocks of {v.length} sessions: needs {LEAST_BLOCKS}"
            return refuse(v, name, variant, reason)
        b = v.blocks
        base, pushed, count, score, n = b.base[0], b.pushed[0], b.count[0], b.score[0], b.n[0]
    else:
        e, days = v.entries, v.members.grank_base
        base, count, n = days.base, days.count, e.n[0]
        pushed, score = e.plain_pushed[0], e.plain_score[0]
        if variant == "cross_correlation":
            pushed, score = e.cross_pushed[0], e.cross_score[0]
    return _student_row(v, name, variant, base + pushed - 0.5 * count, count, score, n)


def grank_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Generalized rank Z test (GRANK-Z), for independent events.

    Null: as for :func:`grank_t`, and the events are independent. Distribution: standard normal.

    .. math::
       Z = \frac{\sum_i U_{i0}}{\sqrt{\sum_i (T_i' - 1) / (12 (T_i' + 1))}}
         = \bar U_0 \sqrt{\frac{12 N (T' + 1)}{T' - 1}} \text{ for equal } T_i'

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published", "cross_correlation"}
        As in :func:`grank_t`.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; no standard error goes with it.

    Notes
    -----
    NaN rule: as for :func:`grank_t`. Scaled by the variance of a uniform rank and not through
    time, hence wrong under cross-correlation whatever the variant (it rejects more than half the
    time with 50 events on one date).

    References
    ----------
    Kolari and Pynnonen (2011), Journal of Empirical Finance 18, 953-971,
    doi:10.1016/j.jempfin.2011.08.003 (abstract checked, formulas from memory).
    """
    name = "grank_z"
    if variant not in ("published", "cross_correlation"):
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    cross = variant == "cross_correlation"
    if reason := _no_entry(v, cross_correlation=cross):
        return refuse(v, name, variant, reason)
    score = (v.entries.cross_score if cross else v.entries.plain_score)[0]
    row = base_row(
        v,
        name,
        variant,
        distribution="normal",
        estimate=float(v.sums.car.mean[0]),
        statistic=float(score) / math.sqrt(v.entries.variance[0]),
        rbar=v.rbar if cross else math.nan,
    )
    return finish(v, row)


def sign_gsar_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Sign test on generalized standardised abnormal returns (SIGN-GSAR-T).

    Null: the window's standardised CAR is as often above its event's median as the estimation
    days are. Distribution: Student t with ``T' - 2`` degrees of freedom.

    .. math::
       G_{it} = \operatorname{sign}(GSAR_{it} - \operatorname{median}_i), \qquad
       Z = \bar G_0 / S, \qquad t = Z \sqrt{\frac{T' - 2}{T' - 1 - Z^2}}

    with GSAR and S as in :func:`grank_t`; the median includes the event's own entry.

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; no standard error goes with it.

    Notes
    -----
    NaN rule: as for :func:`grank_t`; a value at the median counts as 0. Slightly conservative
    under cross-correlation; misled by skewness on windows.

    References
    ----------
    Luoma (2011), working paper, University of Vaasa (opening checked, formulas not).
    """
    name = "sign_gsar_t"
    if variant != "published":
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    if reason := _no_entry(v, cross_correlation=False):
        return refuse(v, name, variant, reason)
    e, count = v.entries, v.members.grank_base.count
    return _student_row(v, name, variant, e.sign_days[0], count, e.sign_entry[0], e.n[0])
