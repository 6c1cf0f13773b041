"""The groups of the first pass against loops over the events, and in pieces against the whole."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.inference.view import view
from eventstudy.reduce import first
from eventstudy.reduce.groups import Group, Moments, Tracks, merge
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.reduce.scales import scales_of

from . import first_loops as loops
from .first_cases import CASES, RANGES, dense, draw_leaf, piece, sample_of

# A few hundred additions of doubles in another order.
CLOSE = 1e-12
# Sums of deviations, and of deviations to the third power, cancel: against sums of the sizes.
CANCEL = 1e-12

MEMBERS = ("day_means", "sar_spread", "tracks")
WINDOWS = ("window_sums", "precision_sums", "date_sums", "selected_days")


@cache
def leaf_of(case: str) -> Leaf:
    return CASES[case](len(case))


def scales(leaf: Leaf) -> Scales:
    w = len(leaf.windows)
    return Scales(
        np.ones(7), np.ones(w), np.ones(w), np.linspace(0.0, 1e-3, w), np.linspace(-0.01, 0.01, w)
    )


def groups(leaf: Leaf) -> dict[str, Group]:
    out: dict[str, Group] = {name: getattr(first, name)(leaf) for name in (*MEMBERS, *WINDOWS)}
    return out | {"random_effects": first.random_effects(leaf, scales(leaf))}


def same_moments(got: Moments, want: list[dict[str, float]]) -> None:
    for name in ("n", "mean", "m2", "low", "high"):
        values = [m[name] for m in want]
        np.testing.assert_allclose(getattr(got, name), values, rtol=CLOSE, atol=1e-15)
    size = np.array([m["m2"] ** 1.5 for m in want]) + 1e-300
    assert (np.abs(got.m3 - [m["m3"] for m in want]) <= CANCEL * size + 1e-18).all()


@pytest.mark.parametrize("case", CASES)
def test_windows_are_what_the_formulas_say(case: str) -> None:
    leaf = leaf_of(case)
    got = first.window_sums(leaf)
    want: list[Any] = [loops.window_sums(leaf, w) for w in range(len(RANGES))]
    for name in ("car", "scar", "scaled"):
        same_moments(getattr(got, name), [m[name] for m in want])
    for name in ("patell", "variance", "df_ratio", "df_low"):
        values = [m[name] for m in want]
        np.testing.assert_allclose(getattr(got, name), values, rtol=CLOSE, atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_precision_is_what_the_formulas_say(case: str) -> None:
    leaf = leaf_of(case)
    got = first.precision_sums(leaf)
    for w in range(len(RANGES)):
        want, squares = loops.precision(leaf, w)
        assert got.squares[w] == pytest.approx(squares, rel=CLOSE)
        for name in ("n", "mean", "m2"):
            value = getattr(got.car, name)[w]
            assert value == pytest.approx(want[name], rel=CLOSE, abs=1e-15), (name, w)


@pytest.mark.parametrize("case", CASES)
def test_random_effects_are_what_the_formulas_say(case: str) -> None:
    leaf, by = leaf_of(case), scales(leaf_of(case))
    got = first.random_effects(leaf, by)
    for w in range(len(RANGES)):
        want = loops.random_effects(leaf, w, by.tau2[w], by.centre[w])
        found = [got.total[w], got.first[w], got.second[w]]
        np.testing.assert_allclose(found, want, rtol=CLOSE, atol=1e-11)


@pytest.mark.parametrize("case", CASES)
def test_dates_and_days_are_what_the_formulas_say(case: str) -> None:
    leaf = leaf_of(case)
    dates, days = first.date_sums(leaf), first.selected_days(leaf)
    for w in range(len(RANGES)):
        want = loops.date_sums(leaf, w)
        assert dates.dates.tolist() == sorted(want)
        rows = np.array([want[d] for d in sorted(want)])
        found = np.column_stack([dates.count[:, w], dates.car[:, w], dates.scar[:, w]])
        np.testing.assert_allclose(found, rows, rtol=CLOSE, atol=1e-14)
        total, held = loops.selected_days(leaf, w)
        np.testing.assert_array_equal(days.held[w], held)
        np.testing.assert_allclose(days.total[w], total, rtol=CLOSE, atol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_means_by_day_are_what_the_formulas_say(case: str) -> None:
    leaf = leaf_of(case)
    got = first.day_means(leaf)
    for name, values in loops.day_means(leaf).items():
        np.testing.assert_allclose(getattr(got, name), values, rtol=CLOSE, atol=1e-14, err_msg=name)
    spread = first.sar_spread(leaf)
    sar = [[x for x in column if np.isfinite(x)] for column in leaf.fit.sar.T]
    same_moments(spread, [loops.moments(column) for column in sar])


@pytest.mark.parametrize("case", CASES)
def test_tracks_are_what_the_formulas_say(case: str) -> None:
    leaf = leaf_of(case)
    got, want = first.tracks(leaf), loops.tracks(leaf)
    keys = [(int(d), *map(int, row)) for d, row in zip(got.date, got.days, strict=True)]
    assert keys == sorted(want)
    values = np.zeros((3, len(keys), len(leaf.calendar)))
    for k, key in enumerate(keys):
        for day, numbers in want[key].items():
            values[:, k, np.searchsorted(leaf.calendar, day)] = numbers
    found = dense(got, len(leaf.calendar))
    np.testing.assert_array_equal(found[2], values[2])
    np.testing.assert_allclose(found[:2], values[:2], rtol=CLOSE, atol=1e-15)
    on_date = dict.fromkeys(keys, 0)
    for i in range(leaf.n):
        on_date[int(leaf.cluster[i]), *map(int, leaf.block.days_evt[i])] += 1
    assert got.events.tolist() == [on_date[key] for key in keys]


def same(one: Any, two: Any, where: str, size: Any = 0.0) -> None:
    if isinstance(one, Moments):
        size = one.m2 / np.where(one.n > 0, one.n, 1.0)
        for name in ("n", "mean", "m2", "m3", "low", "high"):
            power = {"mean": 0.5, "m3": 1.5}.get(name)
            slack = CANCEL * (0.0 if power is None else size**power * (one.n if power > 1 else 1.0))
            a, b = getattr(one, name), getattr(two, name)
            lost = np.abs(a - b) > CLOSE * np.abs(b) + slack + 1e-300
            assert not (lost & np.isfinite(b)).any(), f"{where}.{name}"
            np.testing.assert_array_equal(np.isfinite(a), np.isfinite(b))
        return
    for f in fields(one):
        a, b = getattr(one, f.name), getattr(two, f.name)
        if isinstance(a, Group):
            same(a, b, f"{where}.{f.name}")
        else:
            # Sums of signed terms of one size: relative to the largest of the field.
            atol = CLOSE * float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
            np.testing.assert_allclose(a, b, rtol=CLOSE, atol=atol, err_msg=f"{where}.{f.name}")


def same_tracks(one: Tracks, two: Tracks, days: int) -> None:
    """The width is each one's own: only what is on the days counts."""
    np.testing.assert_array_equal(one.date, two.date)
    np.testing.assert_array_equal(one.days, two.days)
    np.testing.assert_array_equal(one.events, two.events)
    np.testing.assert_allclose(dense(one, days), dense(two, days), rtol=CLOSE, atol=1e-15)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(case=st.sampled_from(sorted(CASES)), data=st.data())
def test_pieces_add_up_to_the_whole(case: str, data: st.DataObject) -> None:
    leaf = leaf_of(case)
    cuts = data.draw(st.lists(st.integers(0, leaf.n), max_size=5))
    edges = [0, *sorted(cuts), leaf.n]
    rows = np.arange(leaf.n)
    pieces = [groups(piece(leaf, rows[a:b])) for a, b in pairwise(edges)]
    for name, whole in groups(leaf).items():
        found = merge([p[name] for p in pieces])
        if isinstance(found, Tracks) and isinstance(whole, Tracks):
            same_tracks(found, whole, len(leaf.calendar))
            continue
        same(found, whole, name)


@pytest.mark.parametrize("case", ["three calendars", "many holes", "skip"])
def test_the_order_of_the_events_is_rounding(case: str) -> None:
    leaf = leaf_of(case)
    turned = piece(leaf, np.random.default_rng(1).permutation(leaf.n))
    for name, whole in groups(leaf).items():
        found = groups(turned)[name]
        if isinstance(found, Tracks) and isinstance(whole, Tracks):
            same_tracks(found, whole, len(leaf.calendar))
        else:
            same(found, whole, name)


@pytest.mark.parametrize("case", CASES)
def test_a_leaf_without_events_adds_nothing(case: str) -> None:
    leaf = leaf_of(case)
    nobody = groups(piece(leaf, np.arange(0)))
    for name, whole in groups(leaf).items():
        for pair in ([nobody[name], whole], [whole, nobody[name]]):
            found = merge(pair)
            if isinstance(found, Tracks) and isinstance(whole, Tracks):
                np.testing.assert_array_equal(found.sums, whole.sums)
            else:
                same(found, whole, name)


def test_windows_that_nobody_enters_are_empty() -> None:
    leaf = draw_leaf(3, n=5)
    leaf = replace(
        leaf, windows=tuple(replace(w, members=np.zeros(5, dtype=bool)) for w in leaf.windows)
    )
    sums = first.window_sums(leaf)
    assert not sums.car.n.any()
    assert not sums.patell.any()
    assert np.isinf(sums.df_low).all()
    assert not first.precision_sums(leaf).car.n.any()
    assert not first.date_sums(leaf).count.any()
    assert not first.selected_days(leaf).held.any()


def test_short_way_and_long_way_give_one_number() -> None:
    """An event with a hole in another window, or a selector that is stored, changes no sum."""
    leaf = draw_leaf(5, n=300, dates=20)
    strided = replace(
        leaf,
        windows=tuple(
            replace(w, selector=np.broadcast_to(w.selector[:1].copy(), w.selector.shape))
            for w in leaf.windows
        ),
    )
    holed = replace(
        leaf,
        windows=(
            *leaf.windows,
            replace(leaf.windows[0], members=np.arange(leaf.n) != 7),
        ),
    )
    for name in WINDOWS:
        plain = getattr(first, name)(leaf)
        same(getattr(first, name)(strided), plain, name)
        longer = getattr(first, name)(holed)
        for f in fields(plain):
            a, b = getattr(longer, f.name), getattr(plain, f.name)
            if f.name == "dates":
                np.testing.assert_array_equal(a, b)
            elif isinstance(a, Moments):
                same(a.part(slice(len(leaf.windows))), b, name)
            else:
                a = a[:, :-1] if name == "date_sums" else a[:-1]
                np.testing.assert_allclose(a, b, rtol=CLOSE, atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_the_view_reads_correlations_and_overlap_from_tracks(case: str) -> None:
    leaf = leaf_of(case)
    sample = sample_of(leaf)
    for w in (0, 3, 7, 8, 9):
        v = view(sample, leaf.windows[w])
        if v.n < 2:
            assert np.isnan(v.rbar)
            assert np.isnan(v.rbar_overlap)
            continue
        inside = piece(leaf, v.index)
        columns = np.flatnonzero(v.columns).tolist()
        plain, shared = loops.correlations(inside, columns)
        assert v.rbar == pytest.approx(plain, rel=CLOSE, abs=1e-15)
        assert v.rbar_overlap == pytest.approx(shared, rel=CLOSE, abs=1e-15)
        assert v.dates_overlap == loops.meet(inside, columns)


def test_events_without_a_common_day_have_no_correlation_at_all() -> None:
    leaf = draw_leaf(2, n=2, dates=1)
    apart = replace(
        leaf.block,
        days_est=leaf.block.days_est + np.array([[0], [1000]]),
        days_evt=leaf.block.days_evt + np.array([[0], [1000]]),
    )
    sample = replace(sample_of(leaf), block=apart, cluster=leaf.cluster + np.array([0, 1000]))
    v = view(sample, leaf.windows[7])
    assert v.rbar == 0.0
    assert v.rbar_overlap == 0.0
    assert not v.dates_overlap


def test_a_day_that_the_calendar_lacks_is_an_error() -> None:
    leaf = draw_leaf(2, n=4)
    with pytest.raises(ValueError, match="not on the leaf's calendar"):
        first.tracks(replace(leaf, calendar=leaf.calendar[3:]))


def test_scales_say_where_there_is_none() -> None:
    leaf = draw_leaf(6, n=30)
    sums, precision = first.window_sums(leaf), first.precision_sums(leaf)
    sars = first.sar_spread(leaf)
    found = scales_of(sums, precision, sars, 0.2)
    np.testing.assert_allclose(found.sar_sd, leaf.fit.sar.std(axis=0, ddof=1), rtol=CLOSE)
    scar = np.array([w.scar for w in leaf.windows])
    np.testing.assert_allclose(found.scar_sd, scar.std(axis=1, ddof=1), rtol=CLOSE)
    np.testing.assert_allclose(found.root, np.sqrt(0.8), rtol=CLOSE)
    np.testing.assert_allclose(found.centre, [w.car.mean() for w in leaf.windows], rtol=CLOSE)
    for w, window in enumerate(leaf.windows):
        weight = window.car_se**-2.0
        mean = (weight * window.car).sum() / weight.sum()
        q = (weight * (window.car - mean) ** 2).sum()
        room = weight.sum() - (weight**2).sum() / weight.sum()
        want = max(0.0, (q - (leaf.n - 1)) / room)
        assert found.tau2[w] == pytest.approx(want, rel=1e-9, abs=1e-18)
    one = piece(leaf, np.arange(1))
    alone = scales_of(
        first.window_sums(one), first.precision_sums(one), first.sar_spread(one), np.nan
    )
    for values in (alone.sar_sd, alone.scar_sd, alone.root, alone.tau2):
        assert np.isnan(values).all()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_size_of_the_returns_is_no_matter(scale: float) -> None:
    leaf = draw_leaf(8, n=25)
    windows = tuple(replace(w, car=w.car * scale, car_se=w.car_se * scale) for w in leaf.windows)
    big = replace(leaf, windows=windows)
    one = scales_of(
        first.window_sums(leaf), first.precision_sums(leaf), first.sar_spread(leaf), 0.0
    )
    two = scales_of(first.window_sums(big), first.precision_sums(big), first.sar_spread(big), 0.0)
    np.testing.assert_allclose(two.tau2, one.tau2 * scale**2, rtol=1e-9)
    assert (one.tau2 > 0).any()
