"""Ranks from sorted integers are the ranks of the values, however close or far apart those are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.arrays import FloatArray
from eventstudy.reduce.ranking import (
    ROWS,
    Sorter,
    column_counts,
    column_sums,
    midranks,
    row_counts,
)


def check(values: FloatArray, owns: tuple[int, ...]) -> list[int]:
    """Compare places with counts of smaller and equal values; return the rows ranked exactly."""
    tied: list[int] = []
    for number, placed in enumerate(Sorter(values.shape[1]).place(values, owns)):
        tied = placed.tied.tolist()
        own = owns[number]
        # Columns beyond the last set are placed among the first alone.
        width = values.shape[1] if number == 0 else own
        for i, row in enumerate(values):
            equal = np.zeros(values.shape[1])
            if i in tied:
                equal = placed.equal[tied.index(i)]
            for column in range(width):
                x = row[column]
                inside = column < own
                if np.isnan(x):
                    assert placed.first[i, column] == 0
                    continue
                below, same = (row[:own] < x).sum(), (row[:own] == x).sum()
                assert placed.first[i, column] == below + inside
                assert equal[column] == same - inside
    return tied


def nudged(values: FloatArray, steps: int) -> FloatArray:
    bits = values.view(np.int64) + steps
    return bits.view(np.float64)


def test_values_closer_than_the_keys_can_tell() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(30, 40))
    values[3, 7] = nudged(values[3, 20:21], 1)[0]
    values[4, 39] = nudged(values[4, :1], -1)[0]
    values[5, 2] = values[5, 30]
    assert check(values, (40,)) == [3, 4, 5]
    # Neighbours on both sides of a step of the keys: their order is right, their mean is not safe.
    edge = np.array([0x3FF0_0000_0000_01FF, 0x3FF0_0000_0000_0200]).view(np.float64)
    values[6, [1, 5]] = edge
    assert 6 in check(values, (40,))


def test_signs_zeros_and_magnitudes() -> None:
    row = [-np.inf, -1e300, -2.0, -1e-300, -5e-324, -0.0, 0.0, 5e-324, 1e-12, 3.0, 1e308, np.inf]
    values = np.array([row, row[::-1], np.roll(row, 5)])
    check(values, (12,))
    apart = np.array([[-2.0, 3.0, np.nan, -7.0], [np.nan, np.nan, np.nan, np.nan]])
    assert check(apart, (4,)) == []
    check(np.array([[np.nan, -np.nan, 1.0, -3.0]]), (2, 3))


def test_ties_between_entries_leave_a_row_as_it_is() -> None:
    """The same window twice is no tie among the days; an entry that meets a day is."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(5, 30))
    values[:, 28] = values[:, 29]
    values[:, 27] = values[:, 24]  # an event day and an entry
    values[1, 22] = values[1, 23]  # two event days
    values[2, 29] = values[2, 3]  # an entry and a day
    assert check(values, (20, 25)) == [1, 2]
    assert check(values, (20,)) == [2]


def test_wide_and_narrow_rows() -> None:
    rng = np.random.default_rng(3)
    check(rng.normal(size=(2, 1)), (1,))
    check(rng.normal(size=(3, 700)), (600, 650))
    check(np.round(rng.normal(size=(ROWS, 9)), 1), (6,))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_rows(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 12))
    numbers = st.one_of(
        st.sampled_from([0.0, -0.0, 1.0, np.nan, nudged(np.ones(1), 1)[0], -1.0]),
        st.floats(allow_nan=True, allow_infinity=False),
    )
    rows = data.draw(
        st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4)
    )
    first = data.draw(st.integers(1, width))
    values = np.array(rows)
    check(values, (first, data.draw(st.integers(first, width))))
    want = stats.rankdata(values, axis=1, nan_policy="omit")
    np.testing.assert_array_equal(midranks(values), want)


@pytest.mark.parametrize("top", [1, 200, 255, 300, 70_000])
def test_small_integers_add_up_without_overflow(top: int) -> None:
    rng = np.random.default_rng(4)
    kind = np.min_scalar_type(top)
    counts = rng.integers(0, top + 1, (ROWS, 7)).astype(kind)
    counts[:, 0] = top
    np.testing.assert_array_equal(column_sums(counts), counts.astype(np.int64).sum(axis=0))


def test_counts() -> None:
    mask = np.ones((ROWS, 300), dtype=bool)
    mask[::3, ::2] = False
    np.testing.assert_array_equal(column_counts(mask), mask.astype(np.int64).sum(axis=0))
    np.testing.assert_array_equal(row_counts(mask), mask.astype(np.int64).sum(axis=1))
    np.testing.assert_array_equal(row_counts(mask[:, :255]), mask[:, :255].sum(axis=1))
