"""Faults seen in other programs, each as a test that would catch it here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference import ranks
from eventstudy.inference.ranks import rank_scores

from .samples import KEYS, random_block, run, sample_of, scores_sample

CLOSE = 1e-12
RANK_TESTS = [("corrado_rank_z", "published"), ("corrado_zivney_rank_z", "published")]


@pytest.mark.parametrize(
    "key", [*RANK_TESTS, ("corrado_zivney_sign_z", "published"), ("grank_t", "published")]
)
def test_every_day_has_a_value_of_its_own(key: tuple[str, str]) -> None:
    """A length-one condition spread over the window gave each day the first day's value."""
    sample = sample_of(random_block(31, n=20, effect=0.02))
    days = [run(key, sample, tau, tau).statistic for tau in range(-3, 4)]
    assert len(set(days)) >= (5 if "sign" in key[0] else 7)  # signs are few values
    assert int(np.argmax(days)) == 3


def test_correlation_pairs_by_calendar_and_not_by_event_time() -> None:
    """Residuals that agree in event time but lie on other dates do not correlate."""
    rng = np.random.default_rng(32)
    common = rng.normal(size=40)
    e = common + 0.3 * rng.normal(size=(6, 40))
    apart = scores_sample(e, rng.normal(size=(6, 1)))  # windows a thousand days apart
    row = run(("grank_t", "cross_correlation"), apart)
    assert row.rbar == 0.0
    assert row.statistic == run(("grank_t", "published"), apart).statistic
    together = scores_sample(e, apart.fit.ar)
    together.block.days_est[:] = np.arange(40)
    assert run(("grank_t", "cross_correlation"), together).rbar > 0.8


def test_trimmed_zero_return_shifts_nothing() -> None:
    """A last return of exactly zero belongs to its own day."""
    block = random_block(33)
    block.returns_est[:, -1] = 0.0
    sample = sample_of(block)
    x, y = block.factors_est[0, :, 0], block.returns_est[0]
    slope = stats.linregress(x, y)
    np.testing.assert_allclose(sample.fit.theta[0], [slope.intercept, slope.slope], rtol=1e-9)
    e = y - slope.intercept - slope.slope * x
    ar = block.returns_evt[0] - slope.intercept - slope.slope * block.factors_evt[0, :, 0]
    want = stats.rankdata(np.concatenate([e, ar])) / (60 + 7 + 1) - 0.5
    got = rank_scores(ranks.abnormal_panel(sample.block, sample.fit))
    np.testing.assert_allclose(got[0], want, rtol=CLOSE)


def test_missing_returns_are_not_zeros() -> None:
    """Ranks, counts and sums leave missing days out; with zeros all would differ."""
    block = random_block(34, n=14, missing=0.08, effect=0.01)
    zeros = random_block(34, n=14, missing=0.08, effect=0.01)
    for part in (zeros.returns_est, zeros.returns_evt):
        part[np.isnan(part)] = 0.0
    zeros.spans_est[:] = 1.0
    zeros.spans_evt[:] = 1.0
    a = run(("corrado_rank_z", "published"), sample_of(block), -3, 3, policy="skip")
    b = run(("corrado_rank_z", "published"), sample_of(zeros), -3, 3, policy="skip")
    assert a.statistic != b.statistic
    panel = ranks.abnormal_panel(block, sample_of(block).fit)
    scores = rank_scores(panel)
    assert (
        np.isnan(scores).sum()
        == np.isnan(block.returns_est).sum() + np.isnan(block.returns_evt).sum()
    )
    # Highest rank of an event is its own number of days over that number plus one.
    there = np.isfinite(panel).sum(axis=1)
    np.testing.assert_allclose(np.nanmax(scores, axis=1), there / (there + 1) - 0.5, rtol=CLOSE)


def test_sums_are_divided_by_their_own_count() -> None:
    """Day means over n_t, not over N: a day that half the events lack keeps its level."""
    e = np.tile([1.0, 2.0, 3.0, 4.0], (4, 1))
    full = ranks.day_scores(rank_scores(np.column_stack([e, np.full(4, 9.0)])), 4)
    gap = np.column_stack([e, [9.0, 9.0, np.nan, np.nan]])
    half = ranks.day_scores(rank_scores(gap), 4)
    mean = half.root_mean[-1] / math.sqrt(half.count[-1])
    assert half.count.tolist() == [4, 4, 4, 4, 2]
    assert mean == pytest.approx(full.root_mean[-1] / math.sqrt(4), rel=CLOSE)


def test_two_events_of_one_firm_are_ranked_apart() -> None:
    """Each event has ranks of its own; doubling the second event's scale changes nothing."""
    block = random_block(35, n=2)
    wide = random_block(35, n=2)
    wide.returns_est[1] *= 50.0
    wide.returns_evt[1] *= 50.0
    for key in RANK_TESTS[:1]:
        a, b = run(key, sample_of(block)), run(key, sample_of(wide))
        assert a.statistic == pytest.approx(b.statistic, rel=1e-9)


def test_degrees_of_freedom_count_the_event_as_an_observation() -> None:
    """T' = T + 1 points through time, hence t(T - 1); ranks over T' + 1."""
    sample = sample_of(random_block(36, t=60))
    assert run(("grank_t", "published"), sample).df == 59
    assert run(("sign_gsar_t", "published"), sample).df == 59
    # The event above all its days: score (T + 1)/(T + 2) - 1/2.
    e = np.random.default_rng(1).normal(size=(2, 30))
    top = scores_sample(e, [[90.0], [70.0]])
    z = run(("grank_z", "published"), top)
    assert z.statistic == pytest.approx((31 / 32 - 0.5) * math.sqrt(12 * 2 * 32 / 30), rel=CLOSE)


def test_extreme_p_is_not_zero() -> None:
    """Survival functions keep what ``1 - cdf`` rounds away."""
    e = np.random.default_rng(37).normal(size=(400, 60))
    sample = scores_sample(e, np.abs(e[:, :1]) + 3.0)
    for key in (("grank_z", "published"), ("sign_z", "published"), ("corrado_rank_z", "published")):
        row = run(key, sample)
        assert 0.0 < row.pvalue < 1e-13


def test_signed_ranks_are_ranked_across_events() -> None:
    """Not a rank sum, and not ranks within the firm's own history."""
    ar = np.array([[0.5], [-0.1], [0.3], [0.7], [-0.2], [0.6]])
    calm = scores_sample(np.random.default_rng(38).normal(size=(6, 30)), ar)
    wild = scores_sample(np.random.default_rng(39).normal(size=(6, 30)) * 40, ar)
    key = ("wilcoxon_signed_rank", "published")
    a, b = run(key, calm), run(key, wild)
    assert a.statistic == b.statistic == 6 + 5 + 4 + 3  # -0.1 and -0.2 have ranks 1 and 2
    assert a.pvalue == stats.wilcoxon(ar[:, 0]).pvalue


def test_a_zero_is_not_positive() -> None:
    """``>= 0`` counted untraded days as good news, in the window and in the share."""
    e = np.random.default_rng(40).normal(size=(5, 40))
    e[:, :20] = 0.0
    base = run(
        ("generalized_sign_z", "published"), scores_sample(e[:, 20:], [[1], [2], [3], [-1], [-2]])
    )
    with_zeros = scores_sample(np.vstack([e, e[:1]]), np.array([[1.0], [2], [3], [-1], [-2], [0]]))
    got = run(("generalized_sign_z", "published"), with_zeros)
    assert got.n_events == 5
    assert got.statistic == pytest.approx(base.statistic, rel=CLOSE)


def test_shares_are_by_event_and_not_pooled() -> None:
    """Each event's share counts once, however long its estimation window is."""
    e = np.full((2, 40), np.nan)
    e[0] = np.where(np.arange(40) < 30, 1.0, -1.0)  # 30 of 40
    e[1, :10] = np.where(np.arange(10) < 2, 1.0, -1.0)  # 2 of 10; pooled it were 32 of 50
    sample = scores_sample(e, [[1.0], [1.0]])
    p = (0.75 + 0.2) / 2
    got = run(("generalized_sign_z", "published"), sample)
    assert got.statistic == pytest.approx((2 - 2 * p) / math.sqrt(2 * p * (1 - p)), rel=CLOSE)


def test_runs_do_not_change_from_one_to_the_next() -> None:
    block = random_block(41, n=30, missing=0.03)
    block.returns_est[:, 5:9] = 0.0
    first = [run(key, sample_of(block), -1, 1, policy="skip") for key in KEYS]
    again = [run(key, sample_of(block), -1, 1, policy="skip") for key in KEYS]
    for a, b in zip(first, again, strict=True):
        assert repr(a) == repr(b)


def test_event_days_do_not_move_the_estimation() -> None:
    """An event shock enters ranks as one day among M, never the scale of the estimation days."""
    block, shocked = random_block(42), random_block(42)
    shocked.returns_evt[:, 3] += 0.5
    a, b = sample_of(block), sample_of(shocked)
    np.testing.assert_array_equal(a.fit.estimation_sar, b.fit.estimation_sar)
    top = rank_scores(ranks.abnormal_panel(shocked, b.fit))[:, 60 + 3]
    np.testing.assert_allclose(top, 67 / 68 - 0.5, rtol=CLOSE)
    # Two days apart are untouched but for the push of one rank.
    assert run(("grank_t", "published"), a, 2, 2) == run(("grank_t", "published"), b, 2, 2)


def test_full_kp_factor_is_not_in_grank() -> None:
    """Only sqrt(1 - r) belongs into SCAR*: the whole factor takes all power on a common date."""
    block = random_block(43, n=20, effect=0.012, common=True)
    sample = sample_of(block)
    row = run(("grank_t", "cross_correlation"), sample)
    plain = run(("grank_t", "published"), sample)
    assert row.rbar > 0.1
    assert 0.85 < row.statistic / plain.statistic < 1.02
