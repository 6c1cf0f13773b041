"""What must hold for any data: scale, sign, order, shifts, monotone transforms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eventstudy.inference.ranks import midranks, rank_scores

from .samples import KEYS, random_block, run, sample_of, scores_sample

# A refit of scaled or shifted returns moves residuals in their last bits; ranks then agree, scales
# of a mean of squares to rounding.
REFIT = 1e-9
WINDOWS = [(0, 0), (-1, 1), (-3, 3)]
COMPLEMENT = {("sign_z", "exact"), ("generalized_sign_z", "exact")}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("missing", [0.0, 0.06])
def test_order_of_events_changes_no_bit(key: tuple[str, str], missing: float) -> None:
    block = random_block(11, n=15, missing=missing, effect=0.01)
    order = np.random.default_rng(5).permutation(15)
    for start, end in WINDOWS:
        a = run(key, sample_of(block), start, end, policy="skip")
        b = run(key, sample_of(block.take(order)), start, end, policy="skip")
        assert replace(a, estimate=0.0) == replace(b, estimate=0.0) or math.isnan(a.statistic)
        assert a.statistic == b.statistic or math.isnan(a.statistic)
        assert a.pvalue == b.pvalue or math.isnan(a.pvalue)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("scale", [0.25, 3.7])
def test_scale_of_returns_does_not_matter(key: tuple[str, str], scale: float) -> None:
    block = random_block(12, effect=0.01)
    scaled = replace(
        block, returns_est=block.returns_est * scale, returns_evt=block.returns_evt * scale
    )
    for start, end in WINDOWS:
        a, b = run(key, sample_of(block), start, end), run(key, sample_of(scaled), start, end)
        assert b.statistic == pytest.approx(a.statistic, rel=REFIT, nan_ok=True)
        assert b.estimate == pytest.approx(a.estimate * scale, rel=REFIT, nan_ok=True)


@pytest.mark.parametrize("key", KEYS)
def test_constant_on_all_returns_does_not_matter(key: tuple[str, str]) -> None:
    block = random_block(13, effect=0.01)
    moved = replace(
        block, returns_est=block.returns_est + 0.01, returns_evt=block.returns_evt + 0.01
    )
    for start, end in WINDOWS:
        a, b = run(key, sample_of(block), start, end), run(key, sample_of(moved), start, end)
        assert b.statistic == pytest.approx(a.statistic, rel=REFIT, nan_ok=True)


@pytest.mark.parametrize("key", KEYS)
def test_flipping_all_returns_turns_the_sign(key: tuple[str, str]) -> None:
    block = random_block(14, effect=0.01)
    flipped = replace(
        block,
        returns_est=-block.returns_est,
        returns_evt=-block.returns_evt,
        factors_est=-block.factors_est,
        factors_evt=-block.factors_evt,
    )
    for start, end in WINDOWS:
        a, b = run(key, sample_of(block), start, end), run(key, sample_of(flipped), start, end)
        assert b.pvalue == pytest.approx(a.pvalue, rel=REFIT, nan_ok=True)
        if key in COMPLEMENT:
            assert b.statistic == a.n_events - a.statistic
        elif key == ("wilcoxon_signed_rank", "published"):
            assert b.statistic == a.n_events * (a.n_events + 1) / 2 - a.statistic
        else:
            assert b.statistic == pytest.approx(-a.statistic, rel=REFIT, nan_ok=True)


@pytest.mark.parametrize("key", KEYS)
def test_two_sides_and_a_half(key: tuple[str, str]) -> None:
    block = random_block(15, effect=0.025)
    both, less, greater = (
        run(key, sample_of(block, alternative=side)) for side in ("two-sided", "less", "greater")
    )
    assert both.statistic == less.statistic == greater.statistic
    assert greater.pvalue < 0.5 < less.pvalue
    for row in (both, less, greater):
        assert 0.0 <= row.pvalue <= 1.0
    if both.distribution in ("t", "normal"):
        assert both.pvalue == pytest.approx(2 * greater.pvalue, rel=REFIT)
        assert less.pvalue + greater.pvalue == pytest.approx(1.0, rel=REFIT)


@pytest.mark.parametrize("key", KEYS)
def test_an_effect_is_found(key: tuple[str, str]) -> None:
    row = run(key, sample_of(random_block(16, n=40, effect=0.03)))
    assert row.pvalue < 1e-3
    assert row.estimate > 0.02


@pytest.mark.parametrize("name", ["corrado_rank_z", "corrado_zivney_sign_z"])
def test_monotone_transforms_leave_ranks(name: str) -> None:
    e = np.random.default_rng(17).normal(size=(8, 41))
    plain = scores_sample(e[:, :40], e[:, 40:])
    bent = np.arctan(2.0 * e) + 1.0
    # 41 values an event: the median is one of them, so it moves with the transform.
    other = scores_sample(bent[:, :40], bent[:, 40:])
    a, b = run((name, "published"), plain), run((name, "published"), other)
    assert a.statistic == b.statistic


def test_block_of_one_day_is_the_published_form() -> None:
    sample = sample_of(random_block(18, missing=0.05))
    a = run(("grank_t", "published"), sample)
    b = run(("grank_t", "block"), sample)
    assert b.statistic == pytest.approx(a.statistic, rel=REFIT)
    assert b.df == a.df


def test_window_share_of_one_day_is_the_daily_share() -> None:
    sample = sample_of(random_block(19, missing=0.05))
    a = run(("generalized_sign_z", "published"), sample)
    assert run(("generalized_sign_z", "window_phat"), sample).statistic == a.statistic


def test_grank_z_differs_from_grank_t_only_in_its_scale() -> None:
    sample = sample_of(random_block(20, n=9))
    t, z = run(("grank_t", "published"), sample), run(("grank_z", "published"), sample)
    assert math.copysign(1.0, t.statistic) == math.copysign(1.0, z.statistic)


def test_an_event_that_stays_out_leaves_no_trace() -> None:
    block = random_block(21, n=10)
    block.returns_evt[4, 3] = np.nan
    block.spans_evt[4, 3] = np.nan
    kept = np.array([i for i in range(10) if i != 4])
    for key in KEYS:
        a = run(key, sample_of(block), policy="exclude")
        b = run(key, sample_of(block.take(kept)), policy="exclude")
        assert a.n_events == b.n_events
        assert a.statistic == b.statistic


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 5), st.integers(1, 12)),
        elements=st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0, math.nan]),
    )
)
def test_ranks_add_up(x: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    ranks = midranks(x)
    count = np.isfinite(x).sum(axis=1)
    np.testing.assert_array_equal(np.isnan(ranks), np.isnan(x))
    np.testing.assert_allclose(np.nansum(ranks, axis=1), count * (count + 1) / 2)
    scores = rank_scores(x)
    np.testing.assert_allclose(np.nansum(scores, axis=1), 0.0, atol=1e-12)
    for row, rank in zip(x, ranks, strict=True):
        there = np.flatnonzero(np.isfinite(row))
        for a in there:
            assert rank[a] == (row[there] < row[a]).sum() + ((row[there] == row[a]).sum() + 1) / 2
