"""What holds for any sample: order, scale, sign, exactness; and the faults of other programs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.abnormal import tested_window as window_of
from eventstudy.inference.view import view

from .samples import RESAMPLED, draw, given, one, rows, sample_of

# A rescaled or permuted sample is fitted again: rounding of a few hundred operations.
RELATIVE = 1e-8
# A KS test of 300 exact p-values fails one time in a thousand; the seed was fixed before the run.
KS_LEVEL = 1e-3
POWERS_OF_TWO = 0.5  # scaling by a power of two is exact, so resampled statistics agree bit by bit


@hypothesis_settings(max_examples=12, deadline=None, derandomize=True)
@over(
    seed=st.integers(0, 10_000),
    n=st.integers(5, 14),
    groups=st.integers(1, 5),
    step=st.sampled_from([1, 3, 40, 200]),
    rho=st.sampled_from([0.0, 0.4]),
    missing=st.sampled_from([0.0, 0.03]),
)
def test_order_scale_and_sign(
    seed: int, n: int, groups: int, step: int, rho: float, missing: float
) -> None:
    starts = np.sort(np.arange(n) % groups) * step
    block, dates = draw(seed, n, starts=starts, rho=rho, missing=missing)
    s = sample_of(block, dates, draws=199)
    turn = np.random.default_rng(n).permutation(n)
    for start, end in ((0, 0), (-2, 3)):
        base = rows(s, start, end)
        moved = rows(sample_of(block.take(turn), dates[turn], draws=199), start, end)
        scaled_block = replace(
            block,
            returns_est=block.returns_est * POWERS_OF_TWO,
            returns_evt=block.returns_evt * POWERS_OF_TWO,
            factors_est=block.factors_est * POWERS_OF_TWO,
            factors_evt=block.factors_evt * POWERS_OF_TWO,
        )
        scaled = rows(sample_of(scaled_block, dates, draws=199), start, end)
        flipped_block = replace(
            block, returns_est=-block.returns_est, returns_evt=-block.returns_evt,
            factors_est=-block.factors_est, factors_evt=-block.factors_evt,
        )  # fmt: skip
        flipped = rows(sample_of(flipped_block, dates, draws=199), start, end)
        for key, row in base.items():
            if math.isnan(row.statistic):
                assert math.isnan(moved[key].statistic), key
                continue
            assert 0.0 <= row.pvalue <= 1.0
            # Not a bit changes when the events come in another order, drawn p-values included.
            assert repr(moved[key]) == repr(row), key
            if key[0] != "bhar_skewness_adjusted_t":  # compounding is not linear
                assert scaled[key].statistic == pytest.approx(row.statistic, rel=RELATIVE), key
                assert flipped[key].statistic == pytest.approx(-row.statistic, rel=RELATIVE), key
                if key[0] not in RESAMPLED:
                    assert flipped[key].pvalue == pytest.approx(row.pvalue, rel=1e-6), key


def test_one_sided_p_values_add_up() -> None:
    block, dates = draw(21, 12, starts=np.repeat(np.arange(6) * 30, 2), effect=0.004)
    found = {
        side: rows(sample_of(block, dates, alternative=side), 0, 0)
        for side in ("two-sided", "less", "greater")
    }
    for key, row in found["two-sided"].items():
        less, greater = found["less"][key], found["greater"][key]
        assert less.alternative == "less"
        if math.isnan(row.pvalue):
            continue
        if row.distribution in ("t", "normal"):
            assert less.pvalue + greater.pvalue == pytest.approx(1.0, rel=1e-12)
            assert row.pvalue == pytest.approx(2 * min(less.pvalue, greater.pvalue), rel=1e-12)
        else:  # the add-one rule counts the observed value on both sides
            assert 1.0 < less.pvalue + greater.pvalue < 1.01
        assert (greater.pvalue < 0.5) == (row.statistic > 0.0) or row.distribution == "resampled"


def test_statistic_is_estimate_over_standard_error() -> None:
    block, dates = draw(22, 12, starts=np.repeat(np.arange(6) * 30, 2), effect=0.01)
    for key, row in rows(sample_of(block, dates), -3, 3).items():
        if math.isfinite(row.se) and math.isfinite(row.statistic):
            assert row.statistic == pytest.approx(row.estimate / row.se, rel=1e-12), key
            if math.isfinite(row.pvalue) and math.isfinite(row.ci_low):
                inside = row.ci_low <= 0.0 <= row.ci_high
                assert inside == (row.pvalue > 0.05) or row.distribution == "resampled", key


@pytest.mark.parametrize("name", ["portfolio_t", "gls_t"])
@pytest.mark.parametrize("window", [(0, 0), (-2, 2)])
def test_exact_tests_have_uniform_p(name: str, window: tuple[int, int]) -> None:
    rng = np.random.default_rng(20240501)
    found = []
    for _ in range(300):
        block, dates = draw(rng, 8, sessions=40, length=5, rho=0.3)
        s = sample_of(block, dates)
        found.append(one(s, window_of(s.block, s.fit, *window), name).pvalue)
    assert stats.kstest(found, "uniform").pvalue > KS_LEVEL


def test_few_dates_hold_their_size() -> None:
    # 5 dates x 10 events, correlation 0.4 within a date: tests that ignore it reject about 37 %.
    rng = np.random.default_rng(20240501)
    keys = [
        ("date_mean_t", "published"),
        ("cluster_t", "published"),
        ("wild_cluster_bootstrap_t", "published"),
        ("adjusted_bmp_t", "overlap"),
        ("bmp_t", "published"),
    ]
    hits = dict.fromkeys(keys, 0)
    trials = 250
    for _ in range(trials):
        block, dates = draw(
            rng, 50, sessions=60, length=3, starts=np.repeat(np.arange(5) * 3, 10), rho=0.4
        )
        s = sample_of(block, dates, draws=199)
        w = window_of(s.block, s.fit, -1, 1)
        for key in keys:
            hits[key] += one(s, w, *key).pvalue < 0.05
    # Three binomial standard errors of 250 trials at 5 % are 4.1 points.
    for key in keys[:4]:
        assert hits[key] / trials < 0.05 + 0.041, key
    assert hits["bmp_t", "published"] / trials > 0.25


def test_overlapping_windows_hold_their_size() -> None:
    # 20 events within 30 sessions, nine-day windows, correlation 0.5: BMP rejects about 40 %.
    rng = np.random.default_rng(20240501)
    keys = [("adjusted_bmp_t", "overlap"), ("calendar_time_t", "published"), ("bmp_t", "published")]
    hits = dict.fromkeys(keys, 0)
    trials = 250
    for _ in range(trials):
        starts = np.sort(rng.integers(0, 30, 20))
        block, dates = draw(rng, 20, sessions=80, length=9, rho=0.5, starts=starts)
        s = sample_of(block, dates)
        w = window_of(s.block, s.fit, -4, 4)
        for key in keys:
            hits[key] += one(s, w, *key).pvalue < 0.05
    # Both are approximations (measured 6 to 7 %): three binomial standard errors above 7 %.
    for key in keys[:2]:
        assert hits[key] / trials < 0.07 + 0.049, key
    assert hits["bmp_t", "published"] / trials > 0.2


# Faults found in other programs: each would change a number here.


def test_correlation_pairs_by_calendar_not_by_relative_day() -> None:
    # The same residuals on dates 1,000 days apart: correlated in event time, unrelated in truth.
    block, _ = draw(23, 6, rho=0.6)
    apart = block.days_est + 1000 * np.arange(6)[:, None]
    later = replace(block, days_est=apart, days_evt=block.days_evt + 1000 * np.arange(6)[:, None])
    together = rows(sample_of(block, np.zeros(6, dtype=np.int64)), 0, 0)
    separate = rows(sample_of(later, np.arange(6) * 1000), 0, 0)
    assert together["adjusted_bmp_t", "published"].rbar > 0.3
    row = separate["adjusted_bmp_t", "published"]
    assert row.rbar == 0.0
    assert row.statistic == separate["bmp_t", "published"].statistic
    assert (
        separate["adjusted_patell_z", "published"].statistic
        == separate["patell_z", "published"].statistic
    )


def test_overlapping_dates_pair_the_right_sessions() -> None:
    # A shift by one session pairs other residuals than the columns do.
    block, dates = draw(24, 8, rho=0.7, starts=np.arange(8))
    v = view(s := sample_of(block, dates), window_of(block, s.fit, 0, 0))
    aligned = np.corrcoef(s.fit.residuals)
    by_column = aligned[~np.eye(8, dtype=bool)].mean()
    assert v.rbar > 0.4
    assert abs(by_column) < 0.2


def test_wild_bootstrap_has_one_weight_a_date() -> None:
    # All dates but one event each agree; with a weight for each firm p would be far smaller.
    x = np.repeat([0.02, 0.025, 0.03, 0.022, 0.027], 10) + np.tile(np.linspace(-1e-4, 1e-4, 10), 5)
    s, w = given(x, cluster=np.repeat([1, 40, 80, 120, 160], 10))
    p = one(s, w, "wild_cluster_bootstrap_t").pvalue
    assert p >= 2 / 6**5 * 16  # all weights of one sign, at least, tie or come close


def test_bmp_scale_is_the_forecast_error() -> None:
    block, dates = draw(25, 10, sessions=12, length=5, starts=np.arange(10) * 7)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -2, 2)
    x, f = block.factors_est[:, :, 0], block.factors_evt[:, :, 0]
    away = (f - x.mean(axis=1, keepdims=True)).sum(axis=1)
    sxx = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    scale = s.fit.sigma * np.sqrt(5 + 25 / 12 + away**2 / sxx)
    z = w.car / scale
    assert one(s, w, "bmp_t").statistic == pytest.approx(
        math.sqrt(10) * z.mean() / z.std(ddof=1), rel=1e-9
    )
    plain = w.car / (s.fit.sigma * math.sqrt(5))
    row = one(s, w, "bmp_t", "model_sigma")
    assert row.statistic == pytest.approx(
        math.sqrt(10) * plain.mean() / plain.std(ddof=1), rel=1e-9
    )
    assert row.statistic != pytest.approx(one(s, w, "bmp_t").statistic, rel=1e-4)


def test_cumulated_patell_has_the_cross_day_term() -> None:
    block, dates = draw(26, 10, sessions=15, length=7)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -3, 3)
    factor = math.sqrt(10 * 13 / 11)
    assert one(s, w, "patell_z", "forecast_covariance").statistic == pytest.approx(
        w.scar.sum() / factor, rel=1e-9
    )
    daily = s.fit.sar.sum() / math.sqrt(7) / factor
    assert one(s, w, "patell_z").statistic == pytest.approx(daily, rel=1e-9)
    assert abs(daily) > abs(one(s, w, "patell_z", "forecast_covariance").statistic)


def test_missing_days_are_not_zero() -> None:
    block, dates = draw(27, 6, starts=np.arange(6) * 100)
    gone_evt, gone_est = block.returns_evt.copy(), block.returns_est.copy()
    gone_evt[2, 3] = np.nan
    gone_est[4, :20] = np.nan
    holed = replace(
        block, returns_evt=gone_evt, spans_evt=np.where(np.isfinite(gone_evt), 1.0, np.nan),
        returns_est=gone_est, spans_est=np.where(np.isfinite(gone_est), 1.0, np.nan),
    )  # fmt: skip
    s = sample_of(holed, dates)
    day = rows(s, 0, 0)
    assert {r.n_events for r in day.values()} == {5}
    w = window_of(s.block, s.fit, -1, 1, policy="skip")
    row = one(s, w, "time_series_t")
    days = np.array([3.0, 3.0, 2.0, 3.0, 3.0, 3.0])
    assert row.statistic == pytest.approx(
        np.nansum(s.fit.ar[:, 2:5]) / math.sqrt((days * s.fit.sigma**2).sum()), rel=1e-10
    )
    assert s.fit.df.tolist() == [58, 58, 58, 58, 38, 58]
    factor = math.sqrt(5 * 58 / 56 + 38 / 36)
    assert one(s, w, "patell_z", "forecast_covariance").statistic == pytest.approx(
        w.scar.sum() / factor, rel=1e-10
    )
    crude = one(s, w, "crude_dependence_t")
    aar = np.nanmean(s.fit.residuals, axis=0)
    assert crude.estimate == pytest.approx(np.nanmean(s.fit.ar[:, 2:5], axis=0).sum(), rel=1e-10)
    assert crude.se == pytest.approx(aar.std(ddof=1) * math.sqrt(3), rel=1e-10)


def test_variance_of_averages_is_that_of_the_estimation_window() -> None:
    block, dates = draw(28, 6)
    shocked = replace(block, returns_evt=block.returns_evt + 0.5)
    a, b = (rows(sample_of(x, dates), 0, 0) for x in (block, shocked))
    for key in (
        ("crude_dependence_t", "published"),
        ("portfolio_t", "published"),
        ("time_series_t", "published"),
    ):
        assert a[key].se == pytest.approx(b[key].se, rel=1e-9)


def test_degrees_of_freedom_and_far_tails() -> None:
    x = np.random.default_rng(29).normal(10.0, 0.1, 12)
    s, w = given(x)
    row = one(s, w, "bmp_t")
    assert row.df == 11
    assert row.pvalue == pytest.approx(2 * stats.t(11).sf(row.statistic), rel=1e-12)
    z = one(s, w, "patell_z", "forecast_covariance")
    assert z.pvalue == pytest.approx(2 * stats.norm.sf(abs(z.statistic)), rel=1e-12, abs=0.0)
    normal = one(s, w, "bmp_t", "normal")
    assert 0.0 < normal.pvalue < 1e-300 or normal.pvalue == 2 * stats.norm.sf(normal.statistic)
    assert math.isnan(normal.df)


def test_an_event_counts_once_and_doubles_change_the_answer() -> None:
    # A join that multiplies rows would shrink every standard error.
    block, dates = draw(30, 7, starts=np.arange(7) * 20, effect=0.02)
    single = rows(sample_of(block, dates), 0, 0)
    twice = np.repeat(np.arange(7), 2)
    doubled = rows(sample_of(block.take(twice), dates[twice]), 0, 0)
    assert single["bmp_t", "published"].n_events == 7
    ratio = doubled["bmp_t", "published"].statistic / single["bmp_t", "published"].statistic
    assert ratio == pytest.approx(math.sqrt(13 / 6), rel=1e-9)
    # What knows about the dates is not fooled.
    key = ("date_mean_t", "published")
    assert doubled[key].statistic == pytest.approx(single[key].statistic, rel=1e-9)


def test_draws_belong_to_what_they_are_drawn_for() -> None:
    block, dates = draw(31, 12, starts=np.arange(12) * 20)
    keys = ["bootstrap_t", "wild_cluster_bootstrap_t"]
    base = rows(sample_of(block, dates), 0, 0)
    again = rows(sample_of(block, dates), 0, 0)
    other = rows(sample_of(block, dates, seed=7), 0, 0)
    table = rows(sample_of(block, dates, key=(3,)), 0, 0)
    for name in keys[:1]:
        assert base[name, "published"] == again[name, "published"]
        assert base[name, "published"].pvalue != other[name, "published"].pvalue
        assert base[name, "published"].pvalue != table[name, "published"].pvalue
    # The order in which windows are computed is nothing either.
    s = sample_of(block, dates)
    late = rows(s, -2, 2)
    assert rows(s, 0, 0)["bootstrap_t", "published"] == base["bootstrap_t", "published"]
    assert late["bootstrap_t", "published"].n_events == 12


def test_bhar_is_compounded_once() -> None:
    block, dates = draw(32, 6, starts=np.arange(6) * 90)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -3, 3)
    bhar = (1 + block.returns_evt).prod(axis=1) - (1 + s.fit.expected).prod(axis=1)
    assert one(s, w, "bhar_skewness_adjusted_t").estimate == pytest.approx(bhar.mean(), rel=1e-9)


def test_market_adjusted_residuals_are_centred() -> None:
    block, dates = draw(33, 6, rho=0.3)
    drift = replace(block, returns_est=block.returns_est + 0.05)
    a = rows(sample_of(block, dates, model="market_adjusted"), 0, 0)
    b = rows(sample_of(drift, dates, model="market_adjusted"), 0, 0)
    key = ("adjusted_bmp_t", "published")
    assert a[key].rbar == pytest.approx(b[key].rbar, rel=1e-9)
    assert a["gls_t", "published"].se == pytest.approx(b["gls_t", "published"].se, rel=1e-9)
    assert a["gls_t", "published"].df == 59 - 6 + 1
    assert a["crude_dependence_t", "model_df"].df == 59
