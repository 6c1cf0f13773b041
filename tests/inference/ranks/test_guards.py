"""Where a statistic does not apply it says why and gives no number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eventstudy.inference.grank import to_student
from eventstudy.inference.ranks import day_scores, score_window_z

from .samples import FUNCTIONS, KEYS, random_block, run, sample_of, scores_sample, window_of


def refused(row: object, reason: str) -> None:
    for name in ("statistic", "pvalue", "df", "se", "ci_low", "ci_high"):
        assert math.isnan(getattr(row, name)), name
    assert reason in getattr(row, "note"), getattr(row, "note")  # noqa: B009


@pytest.mark.parametrize("key", KEYS)
def test_one_event_is_no_sample(key: tuple[str, str]) -> None:
    sample = sample_of(random_block(1, n=1))
    refused(run(key, sample), "tests across events need two")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_unknown_variant(name: str) -> None:
    sample = sample_of(random_block(1, n=4))
    with pytest.raises(ValueError, match="variant"):
        FUNCTIONS[name](sample, window_of(sample), variant="newest")


@pytest.mark.parametrize("name", ["grank_t", "grank_z", "sign_gsar_t"])
def test_equal_scars_have_no_spread(name: str) -> None:
    sample = scores_sample([[1, -1, 2], [0, 1, -1]], [[2.0], [2.0]])
    refused(run((name, "published"), sample), "zero scale")


def test_shares_at_the_border() -> None:
    up = scores_sample(np.ones((3, 4)), [[1], [2], [-1]])
    for variant in ("published", "window_phat", "exact"):
        refused(run(("generalized_sign_z", variant), up), "share of positive returns is 1")
    down = scores_sample(-np.ones((3, 4)), [[1], [2], [-1]])
    refused(run(("generalized_sign_z", "published"), down), "share of positive returns is 0")


@pytest.mark.parametrize("name", ["sign_z", "generalized_sign_z", "wilcoxon_signed_rank"])
def test_zeros_may_leave_too_few(name: str) -> None:
    sample = scores_sample([[1, -1]] * 3, [[0], [0], [1]])
    refused(run((name, "published"), sample), "needs two")


def test_too_few_blocks() -> None:
    sample = scores_sample(np.random.default_rng(0).normal(size=(3, 18)), [[1, 1], [2, 0], [0, 0]])
    refused(run(("grank_t", "block"), sample, 0, 1), "9 estimation blocks of 2 sessions")


def test_constant_scores_have_no_scale() -> None:
    days = day_scores(np.zeros((2, 5)), 4)
    z, reason = score_window_z(days, np.array([True]))
    assert math.isnan(z)
    assert "zero scale" in reason
    t, _, reason = to_student(np.zeros(5), np.ones(5))
    assert math.isnan(t)
    assert "zero scale" in reason


def test_flat_returns_have_no_rank_scale() -> None:
    sample = scores_sample(np.ones((3, 4)), [[1], [1], [1]])
    refused(run(("corrado_rank_z", "published"), sample), "zero scale")
    refused(run(("corrado_zivney_sign_z", "published"), sample), "zero scale")


def test_map_needs_room() -> None:
    t, _, reason = to_student(np.array([0.0, 0.4]), np.ones(2))
    assert math.isnan(t)
    assert "three" in reason
    # The event's day has all events, the estimation days one each: S is too small for Z.
    t, _, reason = to_student(np.array([0.01, -0.01, 0.4]), np.array([1.0, 1.0, 50.0]))
    assert math.isnan(t)
    assert "outweighs" in reason


def test_day_without_spread_is_left_out() -> None:
    # On day 0 one event alone has a value; the test of that day cannot be made.
    residuals = np.random.default_rng(2).normal(size=(3, 12))
    ar = np.array([[1.0, 0.3], [np.nan, -0.2], [np.nan, 0.7]])
    sample = scores_sample(residuals, ar)
    got = run(("corrado_zivney_rank_z", "published"), sample, 0, 1, policy="skip")
    alone = run(("corrado_zivney_rank_z", "published"), sample, 1, 1, policy="skip")
    assert got.statistic == alone.statistic
    refused(run(("corrado_zivney_rank_z", "published"), sample), "one event")


def test_events_without_a_complete_run_leave() -> None:
    e = np.array([[1.0, -1, 1, -2], [1, np.nan, 2, np.nan], [-2, 1, 3, -1]])
    sample = scores_sample(e, [[1, 1], [1, 1], [-1, -1]])
    got = run(("generalized_sign_z", "window_phat"), sample, 0, 1)
    assert got.n_events == 2
    assert "1 events without a complete run" in got.note
    p = (0.0 + 2 / 3) / 2  # pair sums 0 0 -1 (zeros count as neither) and -1 4 2
    assert got.statistic == pytest.approx((1 - 2 * p) / math.sqrt(2 * p * (1 - p)), rel=1e-14)


def test_perfect_correlation_leaves_no_scale() -> None:
    e = np.tile(np.random.default_rng(4).normal(size=20), (3, 1))
    sample = scores_sample(e, [[1.0], [0.5], [-0.3]])
    sample.block.days_est[:] = np.arange(20)
    refused(run(("grank_t", "cross_correlation"), sample), "1 - r must be positive")
    refused(run(("grank_z", "cross_correlation"), sample), "1 - r must be positive")
    assert math.isfinite(run(("grank_t", "published"), sample).statistic)
