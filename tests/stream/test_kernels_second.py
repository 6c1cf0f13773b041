"""The compiled second pass against loops over single numbers, and against the numpy backend."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from eventstudy.reduce.groups import merge
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.stream.backend import SECOND, SecondLeaf
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.numba_backend import NumbaBackend
from eventstudy.stream.numpy_backend import NumpyBackend
from tests.reduce import first_loops as loops
from tests.reduce import slow

from .kernel_cases import close, draw, leaf_of, scales_of
from .test_kernels import agree

# Sums of a few hundred ranks over the numbers of days, in another order. Ranks are exact: one that
# is wrong changes a sum by a thousandth or more.
CLOSE = 1e-12

Case = tuple[StreamData, Leaf, Scales]


def plain(data: StreamData) -> Case:
    leaf = leaf_of(data)
    return data, leaf, scales_of(leaf)


def tied(data: StreamData) -> Case:
    """Returns in steps: days, event days, entries and blocks are equal to each other."""
    leaf = leaf_of(data, exact=True)
    return data, leaf, scales_of(leaf, unit=True)


def no_spread(data: StreamData) -> Case:
    """Event days and windows without a spread, and a window without ``1 - r``."""
    leaf = leaf_of(data)
    scales = scales_of(leaf)
    scales.sar_sd[[1, 4]] = np.nan, 0.0
    scales.scar_sd[[2, 8]] = np.nan
    scales.root[3] = np.nan
    return data, leaf, scales


EQUAL = ((-1, 1), (0, 3), (-1, 1), (0, 1))
CASES: dict[str, Callable[[], Case]] = {
    "mean": lambda: plain(draw("constant_mean", 60)),
    "market": lambda: plain(draw("market_model", 64)),
    "market, odd": lambda: plain(draw("market_model", 61)),
    "adjusted": lambda: plain(draw("market_adjusted", 61)),
    "market, holes": lambda: plain(draw("market_model", 60, holes=0.1)),
    "mean, holes": lambda: plain(draw("constant_mean", 61, holes=0.1)),
    "adjusted, holes": lambda: plain(draw("market_adjusted", 60, holes=0.1, market_holes=True)),
    "whole blocks missing": lambda: plain(draw("market_model", 60, holes=0.6)),
    "data begin late": lambda: plain(draw("market_model", 60, early=True)),
    "more days than a byte holds": lambda: plain(draw("market_model", 270, n=9, holes=0.01)),
    "as many days as a byte holds": lambda: plain(draw("market_model", 255, n=9)),
    "one event": lambda: plain(draw("market_model", 60, n=1)),
    "too few blocks": lambda: plain(draw("market_model", 20, n=12)),
    "no spread": lambda: no_spread(draw("market_model", 60, holes=0.05)),
    "entries equal event days": lambda: tied(draw("market_model", 60, holes=0.02)),
    "ties": lambda: tied(draw("market_adjusted", 60, n=60, steps=True, report=EQUAL)),
    "ties, odd": lambda: tied(draw("market_adjusted", 61, n=60, steps=True, report=EQUAL)),
    "ties, holes": lambda: tied(
        draw("market_adjusted", 60, n=60, steps=True, holes=0.1, report=EQUAL)
    ),
    "ties of the mean": lambda: tied(draw("constant_mean", 64, n=60, steps=True, report=EQUAL)),
}


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[SecondLeaf, Leaf, Scales]:
    data, leaf, scales = CASES[request.param]()
    return NumbaBackend().second(data, 0, data.n, scales, frozenset(SECOND)), leaf, scales


def test_cases_hold_what_they_say() -> None:
    _, leaf, _ = CASES["ties"]()
    days, entry = slow.days(leaf), leaf.windows[0].scar
    assert any(len(np.unique(row)) < len(row) - 5 for row in days)
    assert sum(bool((row == x).any()) for row, x in zip(days, entry, strict=True)) > 5
    blocks, sums = slow.blocks(leaf, 3), leaf.windows[7].scar
    assert any((row == x).any() for row, x in zip(blocks, sums, strict=True))
    assert (slow.raw_panel(leaf)[:, 60:] == slow.raw_panel(leaf)[:, :7]).any()


def test_corrado(case: tuple[SecondLeaf, Leaf, Scales]) -> None:
    got, leaf, _ = case
    for group, kind in ((got.corrado, "ranks"), (got.corrado_zivney_sign, "signs")):
        total, count = slow.scores(slow.raw_panel(leaf), kind)
        assert group is not None
        np.testing.assert_allclose(group.total, total, rtol=CLOSE, atol=CLOSE)
        close(group.count, count, 0.0)


def test_corrado_zivney(case: tuple[SecondLeaf, Leaf, Scales]) -> None:
    got, leaf, scales = case
    total, count = slow.scores(slow.equalised_panel(leaf, scales.sar_sd), "ranks")
    assert got.corrado_zivney is not None
    np.testing.assert_allclose(got.corrado_zivney.total, total, rtol=CLOSE, atol=CLOSE)
    close(got.corrado_zivney.count, count, 0.0)


def test_grank(case: tuple[SecondLeaf, Leaf, Scales]) -> None:
    got, leaf, scales = case
    days, groups = slow.days(leaf), got.grank_entries
    assert got.grank_base is not None
    assert groups is not None
    total, count = slow.base(days, list(range(leaf.n)))
    close(got.grank_base.base, total, CLOSE)
    close(got.grank_base.count, count, 0.0)
    close(groups.n, np.full(len(leaf.windows), float(leaf.n)), 0.0)
    size = np.array([len(slow.there(row)) for row in days])
    for w in range(len(leaf.windows)):
        if not scales.scar_sd[w] > 0:
            continue
        close(groups.variance[w], (size / (12.0 * (size + 2.0))).sum(), CLOSE)
        score, pushed, signs, entry = slow.entered(days, slow.entries(leaf, scales, w, cross=False))
        np.testing.assert_allclose(groups.plain_score[w], score, rtol=CLOSE, atol=CLOSE)
        close(groups.plain_pushed[w], pushed, CLOSE)
        close(groups.sign_days[w], signs, 0.0)
        close(groups.sign_entry[w], entry, 0.0)
        if scales.root[w] > 0:
            score, pushed, _, _ = slow.entered(days, slow.entries(leaf, scales, w, cross=True))
            np.testing.assert_allclose(groups.cross_score[w], score, rtol=CLOSE, atol=CLOSE)
            close(groups.cross_pushed[w], pushed, CLOSE)


def test_blocks(case: tuple[SecondLeaf, Leaf, Scales]) -> None:
    got, leaf, scales = case
    groups = got.grank_blocks
    assert groups is not None
    close(groups.n, np.full(len(leaf.windows), float(leaf.n)), 0.0)
    for w, window in enumerate(leaf.windows):
        length = window.end - window.start + 1
        if leaf.n_est // length < 10:
            assert not len(groups.base[w])
            assert groups.score[w] == 0.0
            continue
        blocks = slow.days(leaf) if length == 1 else slow.blocks(leaf, length)
        total, count = slow.base(blocks, list(range(leaf.n)))
        close(groups.base[w], total, CLOSE)
        close(groups.count[w], count, 0.0)
        if scales.scar_sd[w] > 0 and scales.root[w] > 0:
            score, pushed, _, _ = slow.entered(blocks, slow.entries(leaf, scales, w, cross=True))
            close(groups.pushed[w], pushed, CLOSE)
            np.testing.assert_allclose(groups.score[w], score, rtol=CLOSE, atol=CLOSE)


def test_random_effects(case: tuple[SecondLeaf, Leaf, Scales]) -> None:
    got, leaf, scales = case
    assert got.random_effects is not None
    want = [
        loops.random_effects(leaf, w, scales.tau2[w], scales.centre[w])
        for w in range(len(leaf.windows))
    ]
    size = np.sqrt(np.array([total * second for total, _, second in want]))
    close(got.random_effects.total, [w[0] for w in want], CLOSE)
    assert (np.abs(got.random_effects.first - [w[1] for w in want]) <= CLOSE * size).all()
    close(got.random_effects.second, [w[2] for w in want], CLOSE)


@pytest.mark.parametrize("model", ["constant_mean", "market_adjusted", "market_model"])
@pytest.mark.parametrize("holes", [0.0, 0.002])
def test_many_events_as_the_numpy_backend(model: str, holes: float) -> None:
    data = draw(model, 250, n=500, assets=20, holes=holes)
    scales = scales_of(leaf_of(data))
    needs = frozenset(SECOND)
    got = NumbaBackend().second(data, 7, data.n, scales, needs)
    want = NumpyBackend().second(data, 7, data.n, scales, needs)
    for name in ("corrado", "corrado_zivney", "corrado_zivney_sign", "grank_base",
                 "grank_entries", "grank_blocks", "random_effects"):  # fmt: skip
        agree(getattr(got, name), getattr(want, name))


def test_near_ties_are_ranked_by_the_values() -> None:
    """Days closer to each other than the steps of the sort keep their order."""
    data = draw("market_adjusted", 60, n=40)
    rng = np.random.default_rng(3)
    market = np.zeros_like(data.factors)
    returns = rng.choice([-0.02, 0.0, 0.02], data.returns.shape)
    returns += rng.normal(0.0, 1e-12, returns.shape)
    close_data = replace(data, returns=returns, estimation_returns=returns, factors=market)
    leaf = leaf_of(close_data)
    scales = scales_of(leaf, unit=True)
    got = NumbaBackend().second(close_data, 0, data.n, scales, frozenset(SECOND))
    total, _ = slow.scores(slow.raw_panel(leaf), "ranks")
    assert got.corrado is not None
    np.testing.assert_allclose(got.corrado.total, total, rtol=CLOSE, atol=CLOSE)
    total, _ = slow.base(slow.days(leaf), list(range(leaf.n)))
    assert got.grank_base is not None
    close(got.grank_base.base, total, CLOSE)


def test_leaves_add_up_and_needs_are_apart() -> None:
    data = draw("market_model", 60, n=600, assets=20, holes=0.02)
    scales = scales_of(leaf_of(data))
    whole = NumbaBackend().second(data, 0, 600, scales, frozenset(SECOND))
    parts = [
        NumbaBackend().second(data, a, a + 200, scales, frozenset(SECOND)) for a in (0, 200, 400)
    ]
    names = {"grank": ("grank_base", "grank_entries")}
    for need in SECOND:
        alone = NumbaBackend().second(data, 0, 600, scales, frozenset([need]))
        for name in names.get(need, (need,)):
            agree(merge([getattr(part, name) for part in parts]), getattr(whole, name))
            agree(getattr(alone, name), getattr(whole, name))


def test_threads_do_not_meet() -> None:
    data = draw("market_model", 60, n=600, assets=20, holes=0.02)
    scales = scales_of(leaf_of(data))
    backend, needs = NumbaBackend(), frozenset(SECOND)

    def blocks(low: int) -> bytes:
        entries = backend.second(data, low, low + 100, scales, needs).grank_entries
        assert entries is not None
        return entries.plain_pushed.tobytes() + entries.cross_score.tobytes()

    alone = [blocks(low) for low in range(0, 600, 100)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(blocks, range(0, 600, 100))) == alone
