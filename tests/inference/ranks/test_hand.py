"""Examples small enough to work by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eventstudy.inference import ranks
from eventstudy.inference.ranks import day_scores, midranks, rank_scores, score_window_z
from eventstudy.inference.signs import positive_share, row_medians, run_sums
from eventstudy.inference.wilcoxon import signed_rank_tail
from eventstudy.reduce import ranking

from .samples import FUNCTIONS, run, scores_sample, window_of

# A handful of operations in double precision.
EXACT = 1e-14


def approx(value: float) -> object:
    return pytest.approx(value, rel=EXACT, abs=EXACT)


def test_midranks_by_hand() -> None:
    nan = math.nan
    got = midranks(np.array([[2.0, 2.0, 1.0, 5.0], [nan, 3.0, nan, -1.0], [7.0, 7.0, 7.0, 7.0]]))
    want = [[2.5, 2.5, 1.0, 4.0], [nan, 2.0, nan, 1.0], [2.5, 2.5, 2.5, 2.5]]
    np.testing.assert_array_equal(got, want)


def test_ranking_in_pieces_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.round(np.random.default_rng(9).normal(size=(11, 6)), 1)
    whole = midranks(x)
    monkeypatch.setattr(ranking, "_CHUNK", 24)  # four rows at a time
    np.testing.assert_array_equal(midranks(x), whole)


def test_returns_over_several_sessions_are_ranked_by_the_root() -> None:
    # A return of 6 over four sessions is 3 a root session: it stands below 4, not above.
    sample = scores_sample([[1, 2, 4], [3, 1, 2]], [[6.0], [1.5]])
    sample.block.spans_evt[0, 0] = 4.0
    panel = ranks.abnormal_panel(sample.block, sample.fit)
    np.testing.assert_array_equal(panel, [[1, 2, 4, 3], [3, 1, 2, 1.5]])


def test_missing_has_no_rank_and_no_place_in_the_denominator() -> None:
    got = rank_scores(np.array([[0.3, np.nan, 0.1]]))
    np.testing.assert_array_equal(got, [[2 / 3 - 0.5, np.nan, 1 / 3 - 0.5]])


def test_corrado_one_day() -> None:
    # Scores -.3 -.1 .1 | .3 and -.1 -.3 .1 | .3; daily means -.2 -.2 .1 .3; mean square .045.
    sample = scores_sample([[1, 2, 3], [2, 1, 3]], [[4], [4]])
    got = run(("corrado_rank_z", "published"), sample)
    assert got.statistic == approx(0.3 / math.sqrt(0.045))
    assert run(("corrado_rank_z", "finite_population"), sample).statistic == approx(got.statistic)
    est = run(("corrado_rank_z", "estimation_scale"), sample)
    assert est.statistic == approx(0.3 / math.sqrt(0.03))
    assert got.estimate == approx(4.0)
    assert math.isnan(got.se)
    assert (got.n_events, got.distribution) == (2, "normal")


def test_corrado_window_with_unequal_numbers() -> None:
    # Event 0: 1 2 | 3 4, scores -.3 -.1 .1 .3; event 1 lacks the first event day:
    # 2 1 | . 3, scores 0 -.25 | . .25.
    sample = scores_sample([[1, 2], [2, 1]], [[3, 4], [np.nan, 3]])
    root = np.array([-0.3 / math.sqrt(2), -0.35 / math.sqrt(2), 0.1, 0.55 / math.sqrt(2)])
    square = (root**2).mean()
    got = run(("corrado_rank_z", "published"), sample, 0, 1, policy="skip")
    assert got.statistic == approx((root[2] + root[3]) / math.sqrt(2 * square))
    whole = run(("corrado_rank_z", "finite_population"), sample, 0, 1, policy="skip")
    assert whole.statistic == approx(got.statistic * math.sqrt(3 / 2))
    # Under "exclude" event 1 leaves the window and one event is no sample.
    alone = run(("corrado_rank_z", "published"), sample, 0, 1, policy="exclude")
    assert math.isnan(alone.statistic)
    assert "one event" in alone.note


def test_corrado_zivney_rank() -> None:
    # Event day 0 has values 4 and 2: spread sqrt(2), so 2.83 and 1.41 are ranked.
    sample = scores_sample([[1, 2, 3], [1, 3, 2]], [[4], [2]])
    sar = sample.fit.estimation_sar
    np.testing.assert_array_equal(sar, [[1, 2, 3], [1, 3, 2]])
    # Event 0: 1 2 3 | 2.83 -> 1 2 4 | 3; event 1: 1 3 2 | 1.41 -> 1 4 3 | 2.
    means = np.array([1 + 1, 2 + 4, 4 + 3, 3 + 2]) / 10 - 0.5
    got = run(("corrado_zivney_rank_z", "published"), sample)
    assert got.statistic == approx(means[3] / math.sqrt((means**2).mean()))


def test_corrado_zivney_spread_is_of_the_events_that_have_the_day() -> None:
    rng = np.random.default_rng(6)
    e, ar = rng.normal(size=(7, 15)), rng.normal(size=(7, 3))
    ar[1, 0] = ar[4, 0] = ar[2, 2] = np.nan
    sample = scores_sample(e, ar)
    got = run(("corrado_zivney_rank_z", "published"), sample, 0, 2, policy="skip")
    panel = np.column_stack([e, ar / np.nanstd(ar, axis=0, ddof=1)])
    scores = rank_scores(panel)
    root = np.nansum(scores, axis=0) / np.sqrt(np.isfinite(panel).sum(axis=0))
    want = root[15:].sum() / math.sqrt(3 * (root**2).mean())
    assert got.statistic == pytest.approx(want, rel=1e-12)


def test_sign_tests_leave_zeros_out() -> None:
    e = [[1, -1, 0, 1, 1], [-1, -1, 1, 0, 0], [1, 1, -1, -1, 0], [1, 1, 1, 1, -1]]
    sample = scores_sample(e, [[2], [1], [0], [-3]])
    plain = run(("sign_z", "published"), sample)
    assert plain.statistic == approx((2 - 1.5) / math.sqrt(0.75))
    assert plain.n_events == 3
    assert "1 zero abnormal returns" in plain.note
    exact = run(("sign_z", "exact"), sample)
    assert (exact.statistic, exact.distribution) == (2.0, "binomial")
    assert exact.pvalue == approx(1.0)
    # Shares 3/4, 1/3 and 4/5; the event with the zero leaves the mean.
    p = (3 / 4 + 1 / 3 + 4 / 5) / 3
    got = run(("generalized_sign_z", "published"), sample)
    assert got.statistic == approx((2 - 3 * p) / math.sqrt(3 * p * (1 - p)))
    assert run(("generalized_sign_z", "window_phat"), sample).statistic == approx(got.statistic)


def test_window_share_counts_sums() -> None:
    # Overlapping pairs of (-1, 3, -1, -1): 2, 2, -2; of (1, -2, 4, -2): -1, 2, 2. Days: 1/4, 1/2.
    sample = scores_sample([[-1, 3, -1, -1], [1, -2, 4, -2]], [[1, 1], [1, -2]])
    got = run(("generalized_sign_z", "window_phat"), sample, 0, 1)
    assert got.statistic == approx((1 - 2 * 2 / 3) / math.sqrt(2 * 2 / 9))
    days = run(("generalized_sign_z", "published"), sample, 0, 1)
    assert days.statistic == approx((1 - 2 * 0.375) / math.sqrt(2 * 0.375 * 0.625))


def test_run_sums_ask_for_complete_runs() -> None:
    nan = math.nan
    raw = np.array([[1.0, nan, 2.0, 4.0, 8.0]])
    skipped = run_sums(raw, np.array([[1.0, nan, 1.0, 1.0, 1.0]]), 2)
    np.testing.assert_array_equal(skipped, [[nan, nan, 6.0, 12.0]])
    # The third return spans the second session too.
    spanning = run_sums(raw, np.array([[1.0, nan, 2.0, 1.0, 1.0]]), 2)
    np.testing.assert_array_equal(spanning, [[nan, 2.0, nan, 12.0]])
    assert run_sums(raw, raw, 6).shape == (1, 0)


def test_positive_share_and_medians() -> None:
    nan = math.nan
    np.testing.assert_array_equal(
        positive_share(np.array([[0.0, 1.0, nan, -2.0, 3.0], [nan, 0.0, 0.0, nan, nan]])),
        [2 / 3, nan],
    )
    np.testing.assert_array_equal(
        row_medians(np.array([[nan, 4.0, 1.0, 2.0], [3.0, 1.0, 2.0, 8.0]])), [[2.0], [2.5]]
    )


def test_corrado_zivney_sign() -> None:
    # Medians 2.5 and 3; signs -1 -1 1 1 and -1 1 -1 1 about them; one day each.
    sample = scores_sample([[1, 2, 3], [1, 5, 2]], [[4], [4]])
    root = np.array([-2, 0, 0, 2]) / math.sqrt(2)
    got = run(("corrado_zivney_sign_z", "published"), sample)
    assert got.statistic == approx(root[3] / math.sqrt((root**2).mean()))


def test_grank_worked_out() -> None:
    # SCAR 3 and 1: spread sqrt(2), entries 2.12 and 0.71. Ranks 1 2 3 | 4 and 2 1 4 | 3 over 5:
    # daily means -.2 -.2 .2 | .2, so Z = 1 with T' = 4 and t = sqrt(2 / (4 - 1 - 1)) = 1.
    sample = scores_sample([[-1, 0, 1], [0.5, -0.5, 2]], [[3], [1]])
    got = run(("grank_t", "published"), sample)
    assert got.statistic == approx(1.0)
    assert got.df == 2.0
    z = run(("grank_z", "published"), sample)
    assert z.statistic == approx(0.2 * math.sqrt(12 * 2 * 5 / 3))
    # Medians .5 and .60: signs - - + | + for both, so Z = 1 again.
    sign = run(("sign_gsar_t", "published"), sample)
    assert (sign.statistic, sign.df) == (approx(1.0), 2.0)


def test_sign_gsar_with_missing_days() -> None:
    # Entries 2 and 1, brought to spread 1; day 1 lacks event 0, day 3 lacks both.
    nan = math.nan
    scar = np.array([2.0, 1.0]) * math.sqrt(0.5)
    e = [[-1.0, nan, 3.0, nan, 0.5], [-2.0, 4.0, -0.5, nan, 3.0]]
    sample = scores_sample(e, scar[:, None])
    # Medians of (-1, 3, .5, 2) and (-2, 4, -.5, 3, 1): 1.25 and 1, the latter's entry is 0.
    # Signs - . + . - | + and - + - . + | 0; the day that nobody has leaves T'.
    sums, counts = np.array([-2.0, 1.0, 0.0, 0.0, 1.0]), np.array([2.0, 1.0, 2.0, 2.0, 2.0])
    means = sums / counts
    z = means[-1] / math.sqrt((counts / 2 * means**2).mean())
    got = run(("sign_gsar_t", "published"), sample)
    assert got.df == 3.0
    assert got.statistic == approx(z * math.sqrt(3 / (4 - z * z)))


def test_share_of_one_session_counts_every_return() -> None:
    # Event 1 spans two sessions; event 0 spans one, and all its days count whatever they span.
    e = np.array([[1.0, -1.0, 1.0, 1.0], [1.0, 1.0, -3.0, 1.0]])
    sample = scores_sample(e, [[1.0], [1.0]])
    sample.block.spans_est[0, 1] = 2.0
    sample.block.spans_evt[1, 0] = 2.0
    window = window_of(sample)
    assert window.n_days.tolist() == [1.0, 2.0]
    # Pairs of event 1: 2, -2, -2.
    p = (3 / 4 + 1 / 3) / 2
    got = FUNCTIONS["generalized_sign_z"](sample, window, variant="window_phat")
    assert got.statistic == approx((2 - 2 * p) / math.sqrt(2 * p * (1 - p)))


def test_grank_entry_may_tie_with_a_day() -> None:
    scar = np.array([3.0, 1.0, -2.0])
    entry = scar / scar.std(ddof=1)
    e = np.array([[-1.0, 0.4, 1.9, 0.2], [0.5, -0.5, 2.0, -0.1], [1.0, -0.3, 0.7, np.nan]])
    e[0, 1], e[1, 2], e[1, 3] = entry[0], entry[1], entry[1]
    sample = scores_sample(e, scar[:, None])
    joined = np.column_stack([e, entry])
    scores = rank_scores(joined)
    n = np.isfinite(scores).sum(axis=0)
    means = np.nansum(scores, axis=0) / n
    z = means[-1] / math.sqrt((n / 3 * means**2).mean())
    got = run(("grank_t", "published"), sample)
    assert got.statistic == approx(z * math.sqrt(3 / (4 - z * z)))
    variance = sum((m - 1) / (12 * (m + 1)) for m in (5, 5, 4))
    independent = run(("grank_z", "published"), sample)
    assert independent.statistic == approx(scores[:, -1].sum() / math.sqrt(variance))


def test_block_form_ranks_sums_among_sums() -> None:
    # 20 estimation days, windows of two days: ten blocks of two, each over sqrt(2).
    rng = np.random.default_rng(3)
    e = rng.normal(size=(3, 20))
    sample = scores_sample(e, [[1.0, 1.0], [2.0, 0.0], [0.5, -1.0]])
    got = run(("grank_t", "block"), sample, 0, 1)
    blocks = e.reshape(3, 10, 2).sum(axis=2) / math.sqrt(2)
    scar = np.array([2.0, 2.0, -0.5]) / math.sqrt(2)
    entry = scar / scar.std(ddof=1)
    means = rank_scores(np.column_stack([blocks, entry])).mean(axis=0)
    z = means[-1] / math.sqrt((means**2).mean())
    assert (got.df, got.rbar) == (9.0, 0.0)  # windows apart: sqrt(1 - r) is 1
    assert got.statistic == approx(z * math.sqrt(9 / (10 - z * z)))


def test_wilcoxon_by_hand() -> None:
    # |x| ranks 3 1 2 4; positive: 3 and 4.
    sample = scores_sample(np.ones((5, 3)), [[3], [-1], [-2], [5], [0]])
    got = run(("wilcoxon_signed_rank", "published"), sample)
    assert (got.statistic, got.distribution, got.n_events) == (7.0, "exact", 4)
    assert got.note.startswith("1 zero abnormal returns left out")
    # P(W >= 7) = 5/16: {3,4}, {1,2,4}, {1,3,4}, {2,3,4} and all four.
    assert got.pvalue == approx(10 / 16)
    z = run(("wilcoxon_signed_rank", "normal_approximation"), sample)
    assert z.statistic == approx((7 - 5) / math.sqrt(4 * 5 * 9 / 24))


def test_wilcoxon_with_ties() -> None:
    # |x| 2 2 1: ranks 2.5 2.5 1; W = 3.5; variance 3.5 - 6/48.
    sample = scores_sample(np.ones((3, 3)), [[2], [-2], [1]])
    z = run(("wilcoxon_signed_rank", "normal_approximation"), sample)
    assert z.statistic == approx((3.5 - 3.0) / math.sqrt(3.5 - 6 / 48))
    w = run(("wilcoxon_signed_rank", "published"), sample)
    assert (w.statistic, w.distribution) == (3.5, "normal")
    assert w.pvalue == z.pvalue
    assert "ties" in w.note


def test_signed_rank_tails_add_up() -> None:
    n = 6
    for w in range(22):
        above, below = signed_rank_tail(w, n, "greater"), signed_rank_tail(w, n, "less")
        point = above - (signed_rank_tail(w + 1, n, "greater") if w < 21 else 0.0)
        assert above + below == approx(1.0 + point)


def test_days_that_nobody_has_count_nowhere() -> None:
    days = day_scores(np.array([[0.1, np.nan, 0.3, np.nan], [0.2, np.nan, 0.1, np.nan]]), 2)
    assert days.count.tolist() == [2, 0, 2, 0]
    z, reason = score_window_z(days, np.array([True, True]))
    root = np.array([0.3, 0.4]) / math.sqrt(2)
    assert reason == ""
    assert z == approx(root[1] / math.sqrt((root**2).mean()))
    _, reason = score_window_z(days, np.array([False, True]))
    assert "no day" in reason
