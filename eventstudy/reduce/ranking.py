"""Ranks within rows: each event's values among themselves, ties sharing their mean rank.

Most rows have no ties. Those are ranked by one sort of integers that hold the order of a value
and, in their lowest bits, its column. Rows with two values closer than those bits can tell are
ranked again from the values themselves, so every rank is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eventstudy.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "ROWS",
    "Placed",
    "Sorter",
    "column_counts",
    "column_sums",
    "midranks",
    "rank_scores",
    "row_counts",
    "row_medians",
]

# Rows worked on at a time: what is made of them stays in the cache, and their number in a byte.
ROWS = 240
# Entries ranked at a time by `midranks`: bounds the working memory, changes no number.
_CHUNK = 1 << 22
_LARGEST = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_NAN = 0x7FF8_0000_0000_0000  # above the bits of every number

Counts = npt.NDArray[np.unsignedinteger[Any]]


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
    for low in range(0, len(values), step):
        rows = slice(low, low + step)
        first, equal = _exact(values[rows], values.shape[1])
        out[rows] = np.where(np.isnan(values[rows]), np.nan, first + equal / 2.0)
    return out


def rank_scores(values: FloatArray) -> FloatArray:
    """Mid-rank over (own number of observations + 1), minus a half: (n, M), NaN where missing.

    Examples
    --------
    >>> rank_scores(np.array([[0.1, 0.4, 0.2]])).tolist()
    [[-0.25, 0.25, 0.0]]
    """
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    return np.asarray(midranks(values) / (count + 1.0) - 0.5)


def row_medians(values: FloatArray) -> FloatArray:
    """Median of the finite entries of each row, (n, 1).

    Examples
    --------
    >>> row_medians(np.array([[3.0, np.nan, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0]])).tolist()
    [[2.0], [2.5]]
    """
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    ascending = np.sort(values, axis=1)
    low = np.take_along_axis(ascending, (count - 1) // 2, axis=1)
    high = np.take_along_axis(ascending, count // 2, axis=1)
    return np.asarray((low + high) / 2.0)


def _exact(values: FloatArray, own: int) -> tuple[IntArray, IntArray]:
    """Return ``first`` and ``equal`` as in :class:`Placed`, for all rows, ties as they are."""
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    inside = (order < own).astype(np.int64)
    upto = np.cumsum(inside, axis=1)
    changes = ascending[:, 1:] != ascending[:, :-1]
    edge = np.ones((len(values), 1), dtype=bool)
    below = np.where(np.concatenate([edge, changes], axis=1), upto - inside, 0)
    below = np.maximum.accumulate(below, axis=1)
    reach = np.where(np.concatenate([changes, edge], axis=1), upto, values.shape[1])
    reach = np.minimum.accumulate(reach[:, ::-1], axis=1)[:, ::-1]
    first, equal = np.empty_like(order), np.empty_like(order)
    np.put_along_axis(first, order, below + inside, axis=1)
    np.put_along_axis(equal, order, reach - below - inside, axis=1)
    gone = np.isnan(values)
    first[gone] = equal[gone] = 0
    return first, equal


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the values of rows stand among the first ``own`` values of their row.

    Attributes
    ----------
    first : (r, C) unsigned int
        How many of the own values are smaller; one more for the own values themselves, whose
        lowest rank it is. 0 for NaN.
    tied : (f,) int
        Rows in which values are equal, or nearly so.
    equal : (f, C) int
        In these rows: how many other own values are equal.
    own : int
    """

    first: Counts
    tied: IntArray
    equal: IntArray
    own: int

    @property
    def days(self) -> Counts:
        """Lowest ranks of the own values, (r, own)."""
        return self.first[:, : self.own]

    @property
    def ties(self) -> IntArray:
        """``equal`` of the own values, (f, own)."""
        return self.equal[:, : self.own]


class Sorter:
    """Places the values of up to ``ROWS`` rows of one width; keeps its working memory.

    Parameters
    ----------
    width : int
        Columns C.
    """

    def __init__(self, width: int) -> None:
        shape = (ROWS, width)
        bits = max(1, (width - 1).bit_length())
        column = np.arange(width, dtype=np.int64)
        self._low = np.int64((1 << bits) - 1)
        self._near = np.uint64(2 << bits)
        self._column = column
        # Missing values come last, and no two of them count as near.
        self._missing = _NAN + (column << (bits + 2)) + column
        self._row = (np.arange(ROWS, dtype=np.int64) * width)[:, None]
        self._type = np.min_scalar_type(width + 1)
        self._places = np.broadcast_to(np.arange(1, width + 1, dtype=self._type), shape).copy()
        self._keys = np.empty(shape, dtype=np.int64)
        self._work = np.empty(shape, dtype=np.int64)
        self._gaps = np.empty((ROWS, max(0, width - 1)), dtype=np.int64)

    def place(self, values: FloatArray, owns: Sequence[int]) -> list[Placed]:
        """Place the values of each row among its first ``own``, for each ``own`` of ``owns``.

        Parameters
        ----------
        values : (r, C) float
            NaN where there is none; at most ``ROWS`` rows.
        owns : sequence of int
            Ascending. Columns beyond the last are placed among the first set alone.

        Returns
        -------
        list of Placed
        """
        gone = np.isnan(values)
        holes = bool(gone.any())
        keys = self._sorted_keys(values, gone if holes else None)
        column = self._work[: len(values)]
        np.bitwise_and(keys, self._low, out=column)
        tied = self._near_rows(keys, column, owns)
        masks = [None if own == values.shape[1] else column < own for own in owns]
        np.add(column, self._row[: len(values)], out=column)
        out = []
        for own, mask in zip(owns, masks, strict=True):
            place = self._places[: len(values)]
            if mask is not None:
                place = np.cumsum(mask, axis=1, dtype=self._type)
            first = np.empty(values.shape, dtype=self._type)
            first.reshape(-1)[column.reshape(-1)] = place.reshape(-1)
            if holes:
                first[gone] = 0
            equal = np.empty((0, values.shape[1]), dtype=np.int64)
            if len(tied):
                first[tied], equal = _exact(values[tied], own)
            out.append(Placed(first, tied, equal, own))
        return out

    def _sorted_keys(self, values: FloatArray, gone: BoolArray | None) -> IntArray:
        keys, work = self._keys[: len(values)], self._work[: len(values)]
        np.add(values, 0.0, out=keys.view(np.float64))  # one zero, not two
        # The bits of negative numbers, but for the sign, are turned round: then they ascend.
        np.right_shift(keys, 63, out=work)
        np.bitwise_and(work, _LARGEST, out=work)
        np.bitwise_xor(keys, work, out=keys)
        np.bitwise_and(keys, ~self._low, out=keys)
        np.bitwise_or(keys, self._column, out=keys)
        if gone is not None:
            np.copyto(keys, self._missing, where=gone)
        keys.sort(axis=1)
        return keys

    def _near_rows(self, keys: IntArray, column: IntArray, owns: Sequence[int]) -> IntArray:
        """Rows in which neighbours whose order matters are within two steps of the keys."""
        gaps = self._gaps[: len(keys)]
        np.subtract(keys[:, 1:], keys[:, :-1], out=gaps)
        near = gaps.view(np.uint64) < self._near  # unsigned: the true gap, however large
        if not near.any():
            return np.empty(0, dtype=np.int64)
        if owns[-1] < keys.shape[1]:
            # Equal keys ascend by column, so the own values of a cluster of ties stand first.
            first, last = column < owns[0], column < owns[-1]
            near &= first[:, 1:] | first[:, :-1] | (last[:, 1:] & last[:, :-1])
        return np.flatnonzero(near.any(axis=1))


def column_sums(counts: Counts) -> IntArray:
    """Add up small unsigned integers by column, (C,), in as few bits as hold the sums."""
    top = int(counts.max(initial=0))
    if top > 0xFFFF:
        return np.asarray(counts.sum(axis=0, dtype=np.int64))
    step = max(1, 0xFFFF // max(1, top))
    total = np.zeros(counts.shape[1], dtype=np.int64)
    for low in range(0, len(counts), step):
        total += np.add.reduce(counts[low : low + step], axis=0, dtype=np.uint16)
    return total


def column_counts(mask: BoolArray) -> IntArray:
    """Count what is true along the first axis, which has at most 255 rows."""
    total = np.add.reduce(mask.view(np.uint8), axis=0, dtype=np.uint8)
    return np.asarray(total, dtype=np.int64)


def row_counts(mask: BoolArray) -> IntArray:
    """Count what is true in each row, (r,)."""
    kind = np.uint8 if mask.shape[1] <= 0xFF else np.uint32
    total = np.add.reduce(mask.view(np.uint8), axis=1, dtype=kind)
    return np.asarray(total, dtype=np.int64)
