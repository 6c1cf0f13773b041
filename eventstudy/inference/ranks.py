r"""Rank tests of the mean effect, and the ranking through time that all rank tests share.

Each event's abnormal returns are ranked among themselves, over the estimation window and the
whole event window together; nothing is ever ranked across events. Ties share their mean rank.
Missing days have no rank.

References
----------
Corrado (1989), Journal of Financial Economics 23, 385-395, doi:10.1016/0304-405X(89)90064-0.
Corrado and Zivney (1992), JFQA 27, 465-478, doi:10.2307/2331331.
Campbell and Wasley (1993), JFE 33, 73-92, doi:10.1016/0304-405X(93)90025-7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import View, base_row, finish, refuse, too_few, view

__all__ = [
    "DayScores",
    "abnormal_panel",
    "corrado_rank_z",
    "corrado_zivney_rank_z",
    "day_scores",
    "midranks",
    "rank_scores",
    "score_window_z",
]

# Entries ranked at a time: bounds the working memory, changes no number.
_CHUNK = 1 << 22


def midranks(values: FloatArray) -> FloatArray:
    """Rank each row among its own finite entries, from 1; ties share their mean rank.

    Parameters
    ----------
    values : (n, M) float
        NaN entries are left out.

    Returns
    -------
    (n, M) float
        NaN where ``values`` is NaN.

    Examples
    --------
    >>> midranks(np.array([[3.0, 1.0, np.nan, 3.0]]))
    array([[2.5, 1. , nan, 2.5]])
    """
    out = np.empty(values.shape, dtype=np.float64)
    step = max(1, _CHUNK // max(1, values.shape[1]))
    for first in range(0, len(values), step):
        rows = slice(first, first + step)
        out[rows] = _midranks(values[rows])
    return out


def _midranks(values: FloatArray) -> FloatArray:
    # Ties get one common rank whatever their order, so the faster unstable sort changes nothing.
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    place = np.broadcast_to(np.arange(1.0, values.shape[1] + 1.0), values.shape)
    tied = ascending[:, 1:] == ascending[:, :-1]
    if tied.any():
        ends = np.ones((len(values), 1), dtype=bool)
        first = np.where(np.concatenate([ends, ~tied], axis=1), place, 0.0)
        last = np.where(np.concatenate([~tied, ends], axis=1), place, np.inf)
        first = np.maximum.accumulate(first, axis=1)
        last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
        place = (first + last) / 2.0
    ranks = np.empty(values.shape, dtype=np.float64)
    np.put_along_axis(ranks, order, place, axis=1)
    return np.where(np.isnan(values), np.nan, ranks)


def rank_scores(values: FloatArray) -> FloatArray:
    """Mid-rank over (own number of observations + 1), minus a half: (n, M), NaN where missing.

    Examples
    --------
    >>> rank_scores(np.array([[0.1, 0.4, 0.2]])).tolist()
    [[-0.25, 0.25, 0.0]]
    """
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    return np.asarray(midranks(values) / (count + 1.0) - 0.5)


def abnormal_panel(block: EventBlock, fit: ModelFit) -> FloatArray:
    """Join estimation and event abnormal returns, each over the root of the sessions it spans.

    Without the root, a return over several sessions would be extreme by construction.

    Returns
    -------
    (n, T + L) float
    """
    with np.errstate(invalid="ignore"):
        event = fit.ar / np.sqrt(block.spans_evt)
    return np.concatenate([fit.residuals, event], axis=1)


@dataclass(frozen=True)
class DayScores:
    """Scores (ranks or signs) of a member set, added up by relative day.

    Attributes
    ----------
    root_mean : (T + L,) float
        Sum of the scores over the root of their number: ``sqrt(n_t)`` times the day's mean.
        NaN on days that no event has.
    count : (T + L,) int
        Events that have the day.
    n_est : int
        Estimation columns T; the event columns follow.
    """

    root_mean: FloatArray
    count: IntArray
    n_est: int


def day_scores(scores: FloatArray, n_est: int) -> DayScores:
    """Add up scores (n, T + L) by column; NaN scores are left out of sum and count."""
    count = np.isfinite(scores).sum(axis=0)
    total = np.where(np.isfinite(scores), scores, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        root_mean = total / np.sqrt(count)  # NaN where nobody has the day
    return DayScores(root_mean, count.astype(np.int64), n_est)


def score_window_z(
    days: DayScores, tested: BoolArray, *, scale: str = "all", finite_population: bool = False
) -> tuple[float, str]:
    r"""Return the statistic of a window of summed scores, and the reason where there is none.

    .. math::
       z = \frac{\sum_{t \in W} \sqrt{n_t}\, \bar U_t}
                {\sqrt{L\, M^{-1} \sum_{t} n_t \bar U_t^2}}

    Parameters
    ----------
    days : DayScores
    tested : (L,) bool
        Event columns of the window. Days that no event has count neither in L nor in M.
    scale : {"all", "estimation"}
        Days whose mean square scales: all M, or the estimation days alone.
    finite_population : bool
        Multiply by ``sqrt((M - 1)/(M - L))``: ranks of an event have a fixed sum.
    """
    root = days.root_mean
    there = np.isfinite(root)
    window = root[days.n_est :][tested & there[days.n_est :]]
    if not len(window):
        return math.nan, "no day of the window has two events to compare"
    pool = root[: days.n_est] if scale == "estimation" else root
    square = float(np.square(pool[np.isfinite(pool)]).mean())
    if not square > 0.0:
        return math.nan, "zero scale: the mean scores do not vary over the days"
    z = float(window.sum()) / math.sqrt(len(window) * square)
    if finite_population:
        m = int(there.sum())
        z *= math.sqrt((m - 1.0) / (m - len(window)))
    return z, ""


def _row(v: View, name: str, variant: str, z: float, reason: str) -> Statistic:
    if reason:
        return refuse(v, name, variant, reason)
    row = base_row(
        v, name, variant, distribution="normal", estimate=float(v.car.mean()), statistic=z
    )
    return finish(v, row)


def corrado_rank_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Corrado's rank test: are the ranks of the event days unlike those of other days?

    Null: the abnormal returns of the tested days come from the same distribution as those of the
    other days of their own event. Distribution: standard normal.

    .. math::
       U_{it} = \frac{K_{it}}{M_i + 1} - \frac12, \qquad
       z = \frac{\sum_{t \in W} \sqrt{n_t}\, \bar U_t}
                {\sqrt{L\, M^{-1} \sum_{t} n_t \bar U_t^2}}

    ``K_it`` is the mid-rank of the raw abnormal return among the ``M_i`` of its event, estimation
    window and whole event window together.

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published", "finite_population", "estimation_scale"}
        ``finite_population`` multiplies by ``sqrt((M - 1)/(M - L))``, the correction for ranks
        that sum to a constant (equal on one day); ``estimation_scale`` takes the mean square over
        the estimation days alone.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; no standard error goes with it.

    Notes
    -----
    NaN rule: a missing day has no rank, leaves ``M_i`` and ``n_t``; days that no event has leave
    ``M`` and ``L``. A return over ``q`` sessions is ranked divided by the root of ``q``. Keeps its
    size when residuals are cross-correlated; rejects too often when the event raises the variance
    (9 to 10 % at a nominal 5 % where it doubles).

    References
    ----------
    Corrado (1989), Journal of Financial Economics 23, 385-395,
    doi:10.1016/0304-405X(89)90064-0. Unequal numbers of events after Corrado and Zivney (1992),
    JFQA 27, 465-478, doi:10.2307/2331331. Windows after Campbell and Wasley (1993), JFE 33,
    73-92, doi:10.1016/0304-405X(93)90025-7, and Cowan (1992), doi:10.1007/BF00939016.
    Bibliographic entries checked, the papers' formulas not.
    """
    name = "corrado_rank_z"
    if variant not in ("published", "finite_population", "estimation_scale"):
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    block, fit = v.members.block, v.members.fit
    days = v.members.cached(
        "corrado",
        lambda: day_scores(rank_scores(abnormal_panel(block, fit)), fit.residuals.shape[1]),
    )
    z, reason = score_window_z(
        days,
        v.columns,
        scale="estimation" if variant == "estimation_scale" else "all",
        finite_population=variant == "finite_population",
    )
    return _row(v, name, variant, z, reason)


def _equalised_panel(fit: ModelFit) -> FloatArray:
    """Estimation days studentised; event days over their spread across the events as well."""
    sar = fit.sar
    there = np.isfinite(sar)
    count = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, sar, 0.0).sum(axis=0) / count
        about = np.where(there, sar - mean, 0.0)
        spread = np.sqrt((about**2).sum(axis=0) / (count - 1.0))
        usable = spread > 0.0  # False for a single event, whose spread is NaN
        event = np.where(usable, sar / np.where(usable, spread, 1.0), np.nan)
    return np.concatenate([fit.estimation_sar, event], axis=1)


def corrado_zivney_rank_z(
    sample: Sample, window: Window, *, variant: str = "published"
) -> Statistic:
    r"""Rank test on standardised abnormal returns whose event days are brought to equal spread.

    Null: as for Corrado's rank test, but the event may have raised the variance. Distribution:
    standard normal.

    .. math::
       SAR'_{it} = \begin{cases} e_{it} / (s_i \sqrt{1 - h_{it}}) & \text{estimation days} \\
                   SAR_{it} / \operatorname{sd}_j(SAR_{jt}) & \text{event days} \end{cases}

    ranked and summed as in :func:`corrado_rank_z`; the standard deviation across the events has
    divisor ``n_t - 1``.

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
    NaN rule: missing days have no rank. An event day with fewer than two events, or on which they
    do not differ, has no spread and is left out of ranking and window.

    References
    ----------
    Corrado and Zivney (1992), JFQA 27, 465-478, doi:10.2307/2331331. Bibliographic entry
    checked, the paper's formula not.
    """
    name = "corrado_zivney_rank_z"
    if variant != "published":
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    fit = v.members.fit
    days = v.members.cached(
        "corrado_zivney",
        lambda: day_scores(rank_scores(_equalised_panel(fit)), fit.residuals.shape[1]),
    )
    z, reason = score_window_z(days, v.columns)
    return _row(v, name, variant, z, reason)
