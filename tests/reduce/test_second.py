"""Ranking groups against loops over single values, whatever the model, the holes and the ties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from eventstudy.reduce import second
from eventstudy.reduce.blocks import studentised_blocks
from eventstudy.reduce.groups import Group, merge
from eventstudy.reduce.leaf import Leaf, Scales

from . import slow
from .leaves import integer_leaf, random_leaf, scales_of

# Sums of a few hundred terms in another order.
CLOSE = 1e-12

CASES: dict[str, Callable[[], tuple[Leaf, Scales]]] = {
    "complete": lambda: plain(random_leaf(1)),
    "odd number of days": lambda: plain(random_leaf(2, t=61)),
    "more rows than a slice": lambda: plain(random_leaf(3, n=250, t=30, missing=0.02)),
    "more days than a byte holds": lambda: plain(random_leaf(13, n=6, t=280)),
    "holes": lambda: plain(random_leaf(4, missing=0.08)),
    "holes leave windows": lambda: plain(random_leaf(5, missing=0.08, policy="exclude")),
    "long spans": lambda: plain(random_leaf(6, missing=0.08, long_spans=True)),
    "ties and zeros": lambda: plain(random_leaf(7, decimals=2, model="constant_mean")),
    "zeros, nothing fitted": lambda: plain(
        random_leaf(8, decimals=2, missing=0.05, model="market_adjusted")
    ),
    "entries tie": lambda: unit(integer_leaf(9)),
    "entries tie, even days": lambda: unit(integer_leaf(10, t=30, missing=0.0)),
    "own scale": lambda: plain(own_scale(random_leaf(11, missing=0.04))),
    "no spread": lambda: no_spread(random_leaf(12, missing=0.04)),
}


def plain(leaf: Leaf) -> tuple[Leaf, Scales]:
    return leaf, scales_of(leaf)


def unit(leaf: Leaf) -> tuple[Leaf, Scales]:
    return leaf, scales_of(leaf, unit=True)


def own_scale(leaf: Leaf) -> Leaf:
    """A model of the variance: days over their own scale."""
    return replace(leaf, fit=replace(leaf.fit, standardised=leaf.fit.estimation_sar * 1.1))


def no_spread(leaf: Leaf) -> tuple[Leaf, Scales]:
    """One event day without a spread; one window without; one with events all alike."""
    scales = scales_of(leaf)
    scales.sar_sd[[1, 4]] = np.nan, 0.0
    scales.scar_sd[1] = np.nan
    scales.root[2] = np.nan
    return leaf, scales


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[Leaf, Scales]:
    return CASES[request.param]()


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=CLOSE, atol=CLOSE)


def test_corrado(case: tuple[Leaf, Scales]) -> None:
    leaf, _ = case
    got = second.corrado(leaf)
    total, count = slow.scores(slow.raw_panel(leaf), "ranks")
    close(got.total, total)
    np.testing.assert_array_equal(got.count, count)


def test_corrado_zivney(case: tuple[Leaf, Scales]) -> None:
    leaf, scales = case
    got = second.corrado_zivney(leaf, scales.sar_sd)
    total, count = slow.scores(slow.equalised_panel(leaf, scales.sar_sd), "ranks")
    close(got.total, total)
    np.testing.assert_array_equal(got.count, count)


def test_corrado_zivney_sign(case: tuple[Leaf, Scales]) -> None:
    leaf, _ = case
    got = second.corrado_zivney_sign(leaf)
    total, count = slow.scores(slow.raw_panel(leaf), "signs")
    np.testing.assert_array_equal(got.total, total)
    np.testing.assert_array_equal(got.count, count)


def test_grank_base(case: tuple[Leaf, Scales]) -> None:
    leaf, _ = case
    got = second.grank_base(leaf)
    total, count = slow.base(slow.days(leaf), list(range(leaf.n)))
    close(got.base, total)
    np.testing.assert_array_equal(got.count, count)


def test_grank_entries(case: tuple[Leaf, Scales]) -> None:
    leaf, scales = case
    got = second.grank_entries(leaf, scales)
    days = slow.days(leaf)
    for w in range(len(leaf.windows)):
        rows = [i for i in range(leaf.n) if slow.enters(leaf, w, i)]
        sizes = [len(slow.there(days[i])) for i in rows]
        assert got.n[w] == len(rows)
        close(got.variance[w], sum(s / (12 * (s + 2)) for s in sizes))
        if not np.isfinite(scales.scar_sd[w]):
            assert not got.plain_pushed[w].any()
            continue
        plain = slow.entries(leaf, scales, w, cross=False)
        score, pushed, signs, sign = slow.entered(days, plain)
        close(got.plain_score[w], score)
        close(got.plain_pushed[w], pushed)
        np.testing.assert_array_equal(got.sign_days[w], signs)
        assert got.sign_entry[w] == sign
        if np.isfinite(scales.root[w]):
            cross = slow.entries(leaf, scales, w, cross=True)
            score, pushed, _, _ = slow.entered(days, cross)
            close(got.cross_score[w], score)
            close(got.cross_pushed[w], pushed)


def test_grank_blocks(case: tuple[Leaf, Scales]) -> None:
    leaf, scales = case
    got = second.grank_blocks(leaf, scales)
    some = False
    for w, window in enumerate(leaf.windows):
        length = window.end - window.start + 1
        if leaf.n_est // length < 10:
            assert len(got.base[w]) == len(got.count[w]) == len(got.pushed[w]) == 0
            continue
        values = (
            slow.days(leaf) if length == 1 else studentised_blocks(leaf.block, leaf.fit, length)
        )
        close(values, slow.blocks(leaf, length))  # their last bits decide ties
        rows = [i for i in range(leaf.n) if slow.enters(leaf, w, i)]
        base, count = slow.base(values, rows)
        close(got.base[w], base)
        np.testing.assert_array_equal(got.count[w], count)
        assert got.n[w] == len(rows)
        if np.isfinite(scales.scar_sd[w] * scales.root[w]):
            cross = slow.entries(leaf, scales, w, cross=True)
            score, pushed, _, _ = slow.entered(values, cross)
            close(got.score[w], score)
            close(got.pushed[w], pushed)
            some |= length > 1
    assert some


def test_sign_counts(case: tuple[Leaf, Scales]) -> None:
    leaf, _ = case
    got = second.sign_counts(leaf)
    for name, want in slow.signs(leaf).items():
        close(getattr(got, name), want)


def same(one: Group, two: Group) -> None:
    for f in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, f.name), getattr(two, f.name)
        for x, y in zip(a, b, strict=True) if isinstance(a, tuple) else [(a, b)]:
            np.testing.assert_array_equal(x, y)


def test_one_sort_for_all_gives_the_same_groups(case: tuple[Leaf, Scales]) -> None:
    leaf, scales = case
    names = ("corrado", "corrado_zivney", "corrado_zivney_sign", "grank", "grank_blocks")
    got = second.ranked(leaf, scales, frozenset(names))
    same(got.corrado, second.corrado(leaf))
    same(got.corrado_zivney, second.corrado_zivney(leaf, scales.sar_sd))
    same(got.corrado_zivney_sign, second.corrado_zivney_sign(leaf))
    same(got.grank_base, second.grank_base(leaf))
    same(got.grank_entries, second.grank_entries(leaf, scales))
    same(got.grank_blocks, second.grank_blocks(leaf, scales))
    for name in names:
        alone = second.ranked(leaf, scales, frozenset({name}))
        found = {f.name for f in fields(alone) if getattr(alone, f.name) is not None}
        assert name in found or name == "grank"
        for field in found:
            same(getattr(alone, field), getattr(got, field))
    nothing = second.ranked(leaf, scales, frozenset({"sums"}))
    assert all(getattr(nothing, f.name) is None for f in fields(nothing))


def piece(leaf: Leaf, rows: slice) -> Leaf:
    index = np.arange(leaf.n)[rows]
    windows = tuple(
        replace(w, **{
            f.name: getattr(w, f.name)[index]
            for f in fields(w) if isinstance(getattr(w, f.name), np.ndarray)
        })
        for w in leaf.windows
    )  # fmt: skip
    return replace(
        leaf, block=leaf.block.take(index), fit=leaf.fit.take(index),
        cluster=leaf.cluster[index], windows=windows,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["complete", "holes leave windows", "entries tie"])
def test_pieces_add_up_to_the_whole(name: str) -> None:
    leaf, scales = CASES[name]()
    parts = [piece(leaf, slice(0, 17)), piece(leaf, slice(17, 18)), piece(leaf, slice(18, None))]
    needs = frozenset(("corrado", "corrado_zivney", "corrado_zivney_sign", "grank", "grank_blocks"))
    whole = second.ranked(leaf, scales, needs)
    split = [second.ranked(part, scales, needs) for part in parts]
    for f in fields(whole):
        want, got = getattr(whole, f.name), merge([getattr(s, f.name) for s in split])
        for g in fields(want):
            a, b = getattr(want, g.name), getattr(got, g.name)
            for x, y in zip(a, b, strict=True) if isinstance(a, tuple) else [(a, b)]:
                close(x, y)
    want, got = second.sign_counts(leaf), merge([second.sign_counts(part) for part in parts])
    for f in fields(want):
        close(getattr(want, f.name), getattr(got, f.name))


def test_no_events_add_nothing() -> None:
    leaf, scales = CASES["complete"]()
    needs = frozenset(("corrado", "corrado_zivney", "corrado_zivney_sign", "grank", "grank_blocks"))
    nobody = piece(leaf, slice(0, 0))
    whole, empty = second.ranked(leaf, scales, needs), second.ranked(nobody, scales, needs)
    for f in fields(whole):
        same(merge([getattr(whole, f.name), getattr(empty, f.name)]), getattr(whole, f.name))
    signs = second.sign_counts(leaf)
    same(merge([second.sign_counts(nobody), signs]), signs)
