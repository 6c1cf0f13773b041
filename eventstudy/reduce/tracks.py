"""Unit residuals added up by calendar day, for events that share their event days."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.inference.correlation import centred_residuals
from eventstudy.reduce.groups import Tracks
from eventstudy.reduce.leaf import Leaf

__all__ = ["tracks"]

# Events worked on at a time: their residuals stay in the processor's cache.
ROWS = 256


def tracks(leaf: Leaf) -> Tracks:
    """Add up the unit residuals of the events of each date and calendar by calendar day."""
    block, length = leaf.block, leaf.block.days_evt.shape[1]
    if not leaf.n:
        none = np.zeros((0, 0))
        day = np.zeros(0, dtype=np.int64)
        days = np.zeros((0, length), dtype=np.int64)
        return Tracks(day, days, day, none, none, none, np.zeros(0))
    order, begins = _alike(leaf)
    added = _added(leaf, order, begins)
    one = begins if order is None else order[begins]
    events = np.diff(np.r_[begins, leaf.n]).astype(np.float64)
    date, event_days, days = leaf.cluster[one], block.days_evt[one], block.days_est[one]
    used = added[2] > 0
    if order is None and used.all():
        # Sessions ascend: where the last is T - 1 places after the first, none lies between.
        ends = _places(leaf.calendar, days[:, [0, -1]], used[:, [0, -1]])
        if (ends[:, 1] - ends[:, 0] == days.shape[1] - 1).all():
            sums, squares, count = added
            return Tracks(date, event_days, ends[:, 0].copy(), sums, squares, count, events)
    keys = np.column_stack([date, event_days])
    unique, track = np.unique(keys, axis=0, return_inverse=True)
    track = track.reshape(-1)
    start, spread = _spread(added, _places(leaf.calendar, days, used), track, len(unique))
    total = np.zeros(len(unique))
    np.add.at(total, track, events)
    sums, squares, count = spread
    return Tracks(unique[:, 0], unique[:, 1:], start, sums, squares, count, total)


def _spread(
    added: FloatArray, place: IntArray, track: IntArray, size: int
) -> tuple[IntArray, FloatArray]:
    """Put the sums of each set of events, by column, on the days of its track.

    Returns
    -------
    start : (K,) int
    sums : (3, K, C) float
    """
    used = added[2] > 0
    never = np.iinfo(np.int64).max
    start = np.full(size, never)
    np.minimum.at(start, track, np.where(used, place, never).min(axis=1, initial=never))
    start[start == never] = 0
    shift = np.where(used, place - start[track][:, None], 0)
    width = int(shift.max(initial=0)) + 1
    at = (track[:, None] * width + shift).ravel()
    out = np.empty((3, size, width))
    for total, values in zip(out, added, strict=True):
        flat = np.bincount(at, weights=values.ravel(), minlength=size * width)
        total[:] = flat.reshape(size, width)
    return start, out


def _same_as_before(leaf: Leaf, rows: IntArray | slice) -> BoolArray:
    """Whether each of the events but the first has the days of the one before it, (n - 1,)."""
    cluster = leaf.cluster[rows]
    same = np.asarray(cluster[1:] == cluster[:-1])
    if not same.any():
        return same
    for days in (leaf.block.days_evt[rows], leaf.block.days_est[rows]):
        for low in range(0, len(same), ROWS):
            here = slice(low, min(low + ROWS, len(same)))
            same[here] &= (days[1:][here] == days[:-1][here]).all(axis=1)
    return same


def _alike(leaf: Leaf) -> tuple[IntArray | None, IntArray]:
    """Return an order that puts events of the same days together (None: as they are).

    Also the places where each set of such events begins.
    """
    begins = np.flatnonzero(np.r_[True, ~_same_as_before(leaf, slice(None))])
    if (np.diff(leaf.cluster[begins]) > 0).all():
        return None, begins
    # Several calendars on a date: sort by date and a number made of the days, then compare.
    days = np.concatenate([leaf.block.days_evt, leaf.block.days_est], axis=1)
    odd = np.random.default_rng(0).integers(2**62, size=days.shape[1]) * 2 + 1
    order = np.lexsort((np.einsum("nt,t->n", days, odd), leaf.cluster))
    return order, np.flatnonzero(np.r_[True, ~_same_as_before(leaf, order)])


def _added(leaf: Leaf, order: IntArray | None, begins: IntArray) -> FloatArray:
    """Return sums, sums of squares and numbers of the unit residuals, (3, sets, T)."""
    residuals, spans = leaf.fit.residuals, leaf.block.spans_est
    out = np.zeros((3, len(begins), residuals.shape[1]))
    for low in range(0, leaf.n, ROWS):
        high = min(low + ROWS, leaf.n)
        rows = slice(low, high) if order is None else order[low:high]
        raw = residuals[rows]
        if leaf.n_parameters == 0:
            raw = centred_residuals(raw, spans[rows])
        size = np.einsum("nt,nt->n", raw, raw)
        first, last = np.searchsorted(begins, [low, high - 1], side="right") - 1
        cuts = np.maximum(begins[first : last + 1] - low, 0)
        here = out[:, first : last + 1]
        if np.isfinite(size).all() and (size > 0).all():
            unit = raw / np.sqrt(size)[:, None]
            here[2] += np.diff(np.r_[cuts, high - low])[:, None]
        else:
            on = np.isfinite(raw)
            known = np.where(on, raw, 0.0)
            size = np.einsum("nt,nt->n", known, known)
            on &= (size > 0)[:, None]
            unit = known / np.sqrt(np.where(size > 0, size, 1.0))[:, None]
            here[2] += np.add.reduceat(on.astype(np.float64), cuts, axis=0)
        here[0] += np.add.reduceat(unit, cuts, axis=0)
        unit *= unit
        here[1] += np.add.reduceat(unit, cuts, axis=0)
    return out


def _places(calendar: IntArray, days: IntArray, used: BoolArray) -> IntArray:
    """Return the place of each day in the calendar; 0 where the day is not used."""
    if not len(calendar):
        return np.zeros(days.shape, dtype=np.int64)
    low, high = int(calendar[0]), int(calendar[-1])
    table = np.full(high - low + 1, -1)
    table[calendar - low] = np.arange(len(calendar))
    found = table[np.clip(days - low, 0, high - low)]
    if (used & ((found < 0) | (days < low) | (days > high))).any():
        raise ValueError("an estimation day is not on the leaf's calendar")
    return np.where(used, found, 0)
