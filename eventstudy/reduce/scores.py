"""Ranks and signs of an event's days among all its days, added up by relative day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.reduce.groups import Scores
from eventstudy.reduce.leaf import Leaf
from eventstudy.reduce.ranking import (
    ROWS,
    Placed,
    Sorter,
    column_counts,
    column_sums,
    row_medians,
)

__all__ = [
    "ScoreSums",
    "abnormal_panel",
    "finite_or_none",
    "rank_totals",
    "raw_scores",
    "slices",
]


def slices(n: int) -> list[slice]:
    """Cut ``n`` rows into runs of at most ``ROWS``."""
    return [slice(low, min(low + ROWS, n)) for low in range(0, n, ROWS)]


def finite_or_none(values: FloatArray) -> BoolArray | None:
    """Return which values are finite, the others made NaN; None where all are."""
    on = np.isfinite(values)
    if on.all():
        return None
    values[~on] = np.nan
    return on


def abnormal_panel(block: EventBlock, fit: ModelFit) -> FloatArray:
    """Join estimation and event abnormal returns, each over the root of the sessions it spans.

    Without the root, a return over several sessions would be extreme by construction.

    Returns
    -------
    (n, T + L) float
    """
    out = np.empty((fit.residuals.shape[0], fit.residuals.shape[1] + fit.ar.shape[1]))
    return _panel(block, fit, slice(None), out)


def _panel(block: EventBlock, fit: ModelFit, rows: slice, out: FloatArray) -> FloatArray:
    t = fit.residuals.shape[1]
    out[:, :t] = fit.residuals[rows]
    with np.errstate(invalid="ignore"):
        np.divide(fit.ar[rows], np.sqrt(block.spans_evt[rows]), out=out[:, t:])
    return out


@dataclass
class ScoreSums:
    """Adds scores up over runs of rows.

    Attributes
    ----------
    total, count : (C,) float
    """

    total: FloatArray
    count: FloatArray

    @classmethod
    def empty(cls, width: int) -> ScoreSums:
        """Return sums over no event."""
        return cls(np.zeros(width), np.zeros(width))

    def add(self, total: FloatArray, count: IntArray | int) -> None:
        """Add the sums of some rows."""
        self.total += total
        self.count += count

    @property
    def group(self) -> Scores:
        """The sums as a group."""
        return Scores(self.total, self.count)


def rank_totals(
    placed: Placed, on: BoolArray | None, *, centred: bool, extra: int
) -> tuple[FloatArray, IntArray | int]:
    r"""Sum by column of ``rank/(M_i + extra)``, minus a half where ``centred``; and the counts.

    ``M_i`` is the number of the row's own values.

    Parameters
    ----------
    placed : Placed
    on : (r, own) bool or None
        Values that are there; None where all are.
    centred : bool
    extra : int
    """
    if on is None:
        size, n = placed.own, len(placed.days)
        twice = 2 * column_sums(placed.days) + placed.ties.sum(axis=0)
        shift = n * (size + extra) if centred else 0
        return (twice - shift) / (2.0 * (size + extra)), n
    ranks = 2.0 * placed.days
    ranks[placed.tied] += placed.ties
    divisor = on.sum(axis=1, keepdims=True) + float(extra)
    ranks = ranks / (2.0 * divisor) - (0.5 if centred else 0.0)
    return np.where(on, ranks, 0.0).sum(axis=0), on.sum(axis=0)


def _sign_totals(placed: Placed, values: FloatArray, on: BoolArray | None) -> IntArray:
    """Sum by column of the signs about each row's own median."""
    days, size = placed.days, np.full((len(values), 1), placed.own)
    if on is not None:
        size = on.sum(axis=1, keepdims=True)
    kind = days.dtype
    above = days > ((size + 1) // 2).astype(kind)
    below = days < ((size + 2) // 2).astype(kind)
    if on is not None:
        below &= on
    tied = placed.tied
    if not len(tied):
        return column_counts(above) - column_counts(below)
    # A rank shared by ties does not say on which side of the median they are.
    above[tied] = below[tied] = False
    gap = values[tied] - row_medians(values[tied])
    exact = np.where(np.isfinite(gap), np.sign(gap), 0.0).sum(axis=0).astype(np.int64)
    return np.asarray(column_counts(above) - column_counts(below) + exact)


def raw_scores(
    leaf: Leaf, *, ranks: bool = True, signs: bool = True
) -> tuple[Scores | None, Scores | None]:
    """Rank scores and median signs of the abnormal returns, estimation and event days together.

    Parameters
    ----------
    leaf : Leaf
    ranks, signs : bool
        What is wanted; both come from one sort.

    Returns
    -------
    (Scores or None, Scores or None)
        A missing day has no score; it leaves the event's number of days.
    """
    width = leaf.n_est + leaf.fit.ar.shape[1]
    sorter, buffer = Sorter(width), np.empty((ROWS, width))
    by_rank, by_sign = ScoreSums.empty(width), ScoreSums.empty(width)
    for rows in slices(leaf.n):
        values = _panel(leaf.block, leaf.fit, rows, buffer[: rows.stop - rows.start])
        on = finite_or_none(values)
        (placed,) = sorter.place(values, (width,))
        total, count = rank_totals(placed, on, centred=True, extra=1)
        by_rank.add(total, count)
        if signs:
            by_sign.add(_sign_totals(placed, values, on).astype(np.float64), count)
    return by_rank.group if ranks else None, by_sign.group if signs else None
