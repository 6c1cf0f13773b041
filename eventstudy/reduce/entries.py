"""Entries ranked among the days of their events: what several entries a row do to the scores."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.reduce.ranking import Counts, Placed, column_counts

__all__ = ["entry_scores", "member_base", "pushed_sums", "sign_sums"]

# Bytes of one comparison of entries with days: it is added up while it is in the cache.
_CACHED = 1 << 20


def entry_scores(placed: Placed, columns: slice, enters: BoolArray, size: IntArray) -> FloatArray:
    """Sum of (rank of the entry among ``T_i + 1`` values over ``T_i + 2``, minus a half), (E,).

    Parameters
    ----------
    placed : Placed
    columns : slice
        The ``E`` entries among the columns of ``placed``.
    enters : (r, E) bool
    size : (r,) int
        Own values ``T_i`` of each row.
    """
    twice = 2 * placed.first[:, columns].astype(np.int64) - size[:, None]
    twice[placed.tied] += placed.equal[:, columns]
    return np.asarray((np.where(enters, twice, 0) / (2.0 * (size + 2.0))[:, None]).sum(axis=0))


def pushed_sums(
    placed: Placed,
    columns: slice,
    values: FloatArray,
    enters: BoolArray,
    size: IntArray,
) -> FloatArray:
    """Sum of ``1/(T_i + 2)`` over rows whose day exceeds the entry, half of it for a tie, (E, T).

    Parameters
    ----------
    placed : Placed
    columns : slice
    values : (r, C) float
        Days and entries.
    enters : (r, E) bool
    size : (r,) int
    """
    days, place = placed.days, placed.first[:, columns]
    top = np.iinfo(np.uint8).max
    if days.shape[1] < top:
        days, place = days.astype(np.uint8), place.astype(np.uint8)
    place = np.where(enters, place, np.iinfo(place.dtype).max)  # nothing exceeds it
    out = np.zeros((place.shape[1], days.shape[1]))
    if (size == size[0]).all():
        out += _exceeding(days, place) / (size[0] + 2.0)
    else:
        for own in np.unique(size):
            rows = np.flatnonzero(size == own)
            out += _exceeding(days[rows], place[rows]) / (own + 2.0)
    # Days as large as the entry were counted whole.
    row, entry = np.nonzero((placed.equal[:, columns] > 0) & enters[placed.tied])
    if len(row):
        at = placed.tied[row]
        same = values[at, : placed.own] == values[at, columns.start + entry][:, None]
        np.subtract.at(out, entry, 0.5 * same / (size[at] + 2.0)[:, None])
    return out


def _exceeding(days: Counts, place: Counts) -> IntArray:
    """Count, for each entry and day, the rows whose day stands above the entry, (E, T)."""
    shape = place.shape[1], days.shape[1]
    step = max(1, min(0xFF, _CACHED // max(1, shape[0] * shape[1])))
    buffer = np.empty((min(step, len(days)), *shape), dtype=bool)
    total = np.zeros(shape, dtype=np.int64)
    for low in range(0, len(days), step):
        rows = slice(low, low + step)
        above = buffer[: len(days[rows])]
        np.greater(days[rows, None, :], place[rows, :, None], out=above)
        total += column_counts(above)
    return total


def member_base(placed: Placed, enters: BoolArray, size: IntArray) -> tuple[FloatArray, FloatArray]:
    """Own ranks over ``T_i + 2`` summed over the rows of each entry, and their counts, (E, T)."""
    ranks = placed.days.astype(np.float64)
    ranks[placed.tied] += placed.ties / 2.0
    ranks /= (size + 2.0)[:, None]
    on = placed.days > 0
    out = np.zeros((2, enters.shape[1], placed.own))
    same: dict[bytes, FloatArray] = {}  # most entries have the same rows
    for entry, rows in enumerate(np.ascontiguousarray(enters.T)):
        key = rows.tobytes()
        if key not in same:
            same[key] = np.stack([ranks[rows].sum(axis=0), on[rows].sum(axis=0)])
        out[:, entry] = same[key]
    return out[0], out[1]


def sign_sums(
    placed: Placed,
    columns: slice,
    values: FloatArray,
    enters: BoolArray,
    size: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Signs about the median of the own values and the entry: of the days (E, T), the entry (E,).

    Without ties the entry moves the median by one place at most: all days keep the sign that they
    have about the median of the days alone, but for the one or two in the middle.
    """
    smooth = np.ones(len(values), dtype=bool)
    smooth[placed.tied] = False
    enters_smooth = enters & smooth[:, None]
    days, below = placed.days, placed.first[:, columns].astype(np.int64)
    lower, upper = (size + 1) // 2, size // 2 + 1  # places of the middle days
    kind = days.dtype
    above_middle = days > ((size + 1) // 2).astype(kind)[:, None]
    under_middle = (days < ((size + 2) // 2).astype(kind)[:, None]) & (days > 0)
    signs = above_middle.view(np.int8) - under_middle.view(np.int8)
    if enters_smooth.all():
        pattern = column_counts(above_middle) - column_counts(under_middle)
        total = np.broadcast_to(pattern, (enters.shape[1], days.shape[1])).astype(np.float64)
    else:
        total = np.stack([signs[rows].sum(axis=0, dtype=np.float64) for rows in enters_smooth.T])
    up = enters_smooth & (below >= upper[:, None])
    down = enters_smooth & (below < lower[:, None])
    low = (days == lower.astype(kind)[:, None]).argmax(axis=1)
    high = (days == upper.astype(kind)[:, None]).argmax(axis=1)
    move = down.view(np.int8) - up.view(np.int8)
    place = np.where(up, high[:, None], low[:, None])
    place += np.arange(enters.shape[1]) * days.shape[1]
    moved = np.bincount(place.reshape(-1), weights=move.reshape(-1), minlength=total.size)
    total += moved.reshape(total.shape)
    entry = up.sum(axis=0) - down.sum(axis=0).astype(np.float64)
    if len(placed.tied):
        days_tied, entry_tied = _exact_signs(placed, columns, values, enters, size)
        total, entry = total + days_tied, entry + entry_tied
    return total, entry


def _exact_signs(
    placed: Placed, columns: slice, values: FloatArray, enters: BoolArray, size: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The same for rows with ties, from the medians themselves."""
    tied = placed.tied
    days, entry, n = values[tied, : placed.own], values[tied, columns], size[tied][:, None]
    ascending = np.sort(days, axis=1)
    below = placed.first[tied, columns].astype(np.int64)

    def ordered(place: IntArray) -> FloatArray:
        """Value at a place, from 1, among the days and the entry."""
        at = np.where(place <= below, place - 1, place - 2).clip(0, placed.own - 1)
        return np.where(place == below + 1, entry, np.take_along_axis(ascending, at, axis=1))

    median = (ordered((n + 2) // 2) + ordered((n + 1) // 2 + 1)) / 2.0
    total = np.zeros((entry.shape[1], placed.own))
    for e, rows in enumerate(enters[tied].T):
        sign = np.sign(days[rows] - median[rows, e, None])
        total[e] = np.where(np.isfinite(sign), sign, 0.0).sum(axis=0)
    return total, np.where(enters[tied], np.sign(entry - median), 0.0).sum(axis=0)
