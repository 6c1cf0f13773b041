"""Against other programs and against the same thing written out in loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from eventstudy.abnormal import tested_window as window_of
from eventstudy.inference.clusters import WEBB
from eventstudy.inference.view import view

from .samples import draw, given, one, rows, sample_of

RELATIVE = 1e-10  # double precision, other algorithms


def test_cross_sectional_and_bmp_are_one_sample_t() -> None:
    block, dates = draw(3, 12, starts=np.arange(12) * 3, effect=0.01)
    for side in ("two-sided", "less", "greater"):
        s = sample_of(block, dates, alternative=side)
        w = window_of(s.block, s.fit, -1, 2)
        for name, x in (("cross_sectional_t", w.car), ("bmp_t", w.scar)):
            got, want = one(s, w, name), stats.ttest_1samp(x, 0.0, alternative=side)
            assert got.statistic == pytest.approx(want.statistic, rel=RELATIVE)
            assert got.pvalue == pytest.approx(want.pvalue, rel=RELATIVE)
            assert got.df == 11
            if side == "two-sided":
                ci = want.confidence_interval()
                assert (got.ci_low, got.ci_high) == pytest.approx((ci.low, ci.high), rel=RELATIVE)


def test_cluster_t_is_the_sandwich_of_statsmodels() -> None:
    block, dates = draw(4, 20, starts=np.repeat([0, 40, 80, 130, 170, 200], [5, 1, 4, 3, 3, 4]))
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, 0, 1)
    for variant, x in (("published", w.scar), ("car", w.car)):
        fit = sm.OLS(x, np.ones(20)).fit(cov_type="cluster", cov_kwds={"groups": dates}, use_t=True)
        got = one(s, w, "cluster_t", variant)
        assert got.statistic == pytest.approx(fit.tvalues[0], rel=RELATIVE)
        assert got.pvalue == pytest.approx(fit.pvalues[0], rel=1e-9)
        assert (got.df, got.n_clusters) == (5, 6)


def test_precision_weighted_is_the_meta_analysis_of_statsmodels() -> None:
    block, dates = draw(5, 15, starts=np.arange(15), effect=0.02)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -1, 1)
    spread = w.car + np.linspace(-0.2, 0.1, 15)
    w = replace(w, car=spread)
    want = combine_effects(w.car, w.car_se**2, method_re="dl")
    assert want.tau2 > 0.0
    got = one(s, w, "precision_weighted_t")
    assert got.estimate == pytest.approx(want.mean_effect_re, rel=RELATIVE)
    assert got.se == pytest.approx(want.sd_eff_w_re_hksj, rel=RELATIVE)


def test_precision_weighted_without_heterogeneity_is_the_fixed_mean() -> None:
    se = np.array([0.01, 0.02, 0.04, 0.03])
    s, w = given(np.array([0.010, 0.012, 0.015, 0.008]))
    got = one(s, replace(w, car_se=se), "precision_weighted_t")
    assert got.estimate == pytest.approx((w.car / se**2).sum() / (1 / se**2).sum(), rel=RELATIVE)


@pytest.mark.parametrize("model", ["market_model", "constant_mean"])
def test_portfolio_t_is_dummies_in_one_regression(model: str) -> None:
    block, dates = draw(6, 8, rho=0.3)
    if model == "constant_mean":
        block = type(block)(
            block.returns_est, block.factors_est[:, :, :0], block.spans_est, block.days_est,
            block.returns_evt, block.factors_evt[:, :, :0], block.spans_evt, block.days_evt,
            block.est_taus, block.taus,
        )  # fmt: skip
    s = sample_of(block, dates, model=model)
    got = rows(s, -1, 1)["portfolio_t", "published"]
    y = np.r_[block.returns_est.mean(axis=0), block.returns_evt.mean(axis=0)[2:5]]
    x = np.ones((63, 1))
    if model == "market_model":
        f = np.r_[
            block.factors_est[:, :, 0].mean(axis=0), block.factors_evt[:, 2:5, 0].mean(axis=0)
        ]
        x = np.column_stack([x, f])
    dummies = np.vstack([np.zeros((60, 3)), np.eye(3)])
    fit = sm.OLS(y, np.column_stack([x, dummies])).fit()
    want = fit.t_test(np.r_[np.zeros(x.shape[1]), 1.0, 1.0, 1.0])
    assert got.statistic == pytest.approx(want.tvalue.item(), rel=1e-9)
    assert got.pvalue == pytest.approx(want.pvalue.item(), rel=1e-9)
    assert got.df == 60 - x.shape[1]


def test_days_that_one_event_has_count() -> None:
    block, dates = draw(18, 3)
    gone = block.returns_evt.copy()
    gone[1:, 4] = np.nan
    span = np.where(np.isfinite(gone), 1.0, np.nan)
    s = sample_of(replace(block, returns_evt=gone, spans_evt=span), dates)
    got = rows(s, 0, 1)
    first = s.fit.ar[:, 3].mean()
    crude = got["crude_dependence_t", "published"]
    assert crude.estimate == pytest.approx(first + s.fit.ar[0, 4], rel=RELATIVE)
    # The portfolio's coefficients are the averages where the events share their regressor.
    alpha, beta = s.fit.theta.mean(axis=0)
    second = gone[0, 4] - alpha - beta * block.factors_evt[0, 4, 0]
    portfolio = got["portfolio_t", "published"]
    assert portfolio.estimate == pytest.approx(first + second, rel=1e-9)


def test_averages_keep_the_whole_span() -> None:
    block, dates = draw(19, 3)
    spans = block.spans_est.copy()
    spans[:, 9] = 4.0
    s = sample_of(replace(block, spans_est=spans), dates)
    whole = s.fit.residuals * np.sqrt(spans)
    got = rows(s, 0, 1)["crude_dependence_t", "published"]
    assert got.se == pytest.approx(whole.mean(axis=0).std(ddof=1) * math.sqrt(2), rel=RELATIVE)


def test_jackknife_leaves_one_out() -> None:
    rng = np.random.default_rng(7)
    for n in (5, 9, 10, 11, 19, 20, 21, 33):
        x = rng.standard_t(3, n)
        s, w = given(x)
        cut = n // 10
        full = np.sort(x)[cut : n - cut].mean()
        left = np.array([np.sort(np.delete(x, i))[cut : n - 1 - cut].mean() for i in range(n)])
        if n % 10:
            assert full == pytest.approx(stats.trim_mean(x, 0.1), rel=RELATIVE)
            assert left[0] == pytest.approx(stats.trim_mean(x[1:], 0.1), rel=RELATIVE)
        pseudo = n * full - (n - 1) * left
        got = one(s, w, "jackknife_t", "trimmed_mean")
        want = math.sqrt(n) * pseudo.mean() / pseudo.std(ddof=1)
        assert got.statistic == pytest.approx(want, rel=1e-9)
        assert ("nothing to trim" in got.note) == (n < 10)


def test_jackknife_holds_its_size_at_multiples_of_ten() -> None:
    # Trimming floor((N-1)/10) without one value would jump there and reject in 40 % of cases.
    rng = np.random.default_rng(20240501)
    s, w = given(np.zeros(20))
    hits = 0
    for _ in range(400):
        changed = replace(w, car=rng.standard_normal(20))
        hits += one(s, changed, "jackknife_t", "trimmed_mean").pvalue < 0.05
    assert hits / 400 < 0.05 + 0.033  # three binomial standard errors


def test_hall_interval_is_where_the_test_stops_rejecting() -> None:
    x = np.random.default_rng(8).exponential(1.0, 12) - 0.6
    s, w = given(x)
    got = one(s, w, "skewness_adjusted_t")
    for bound in (got.ci_low, got.ci_high):
        shifted = given(x - bound)
        assert one(*shifted, "skewness_adjusted_t").pvalue == pytest.approx(0.05, rel=1e-8)
    assert got.ci_low < x.mean() < got.ci_high


def test_skewness_adjusted_forms() -> None:
    x = np.array([0.01, 0.02, -0.01, 0.05, 0.03, 0.09])
    s, w = given(x)
    skew, t = stats.skew(x), x.mean() / x.std(ddof=1)
    johnson = math.sqrt(6) * (t + skew * t**2 / 3 + skew / 36)
    hall = johnson + math.sqrt(6) * skew**2 * t**3 / 27
    assert one(s, w, "skewness_adjusted_t").statistic == pytest.approx(hall, rel=RELATIVE)
    for name, variant in (
        ("skewness_adjusted_t", "johnson"),
        ("bhar_skewness_adjusted_t", "published"),
    ):
        assert one(s, w, name, variant).statistic == pytest.approx(johnson, rel=RELATIVE)


def test_correlation_without_pairs_is_the_mean_over_pairs() -> None:
    starts = np.array([0, 0, 3, 3, 5, 50, 400, 401, 402])
    block, dates = draw(9, 9, starts=starts, rho=0.5, missing=0.1)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -2, 2, policy="skip")
    e, days = s.fit.residuals, block.days_est
    z = [
        dict(zip(d[np.isfinite(r)].tolist(), r[np.isfinite(r)], strict=True))
        for d, r in zip(days, e, strict=True)
    ]
    size = [math.sqrt(sum(v * v for v in r.values())) for r in z]
    plain, overlap = [], []
    for i, j in itertools.combinations(range(9), 2):
        r = sum(z[i][d] * z[j][d] for d in z[i].keys() & z[j].keys()) / size[i] / size[j]
        common = set(block.days_evt[i, 1:6]) & set(block.days_evt[j, 1:6])
        plain.append(r)
        overlap.append(r * len(common) / 5.0)
    v = view(s, w)
    assert v.n == 9
    assert v.rbar == pytest.approx(np.mean(plain), rel=RELATIVE)
    assert v.rbar_overlap == pytest.approx(np.mean(overlap), rel=RELATIVE)
    assert v.rbar_overlap > 0.0


def test_common_dates_make_overlap_and_published_the_same() -> None:
    block, dates = draw(10, 9, rho=0.4)
    got = rows(sample_of(block, dates), -2, 2)
    for name, base in (
        ("adjusted_bmp_t", "published"),
        ("adjusted_patell_z", "forecast_covariance"),
    ):
        assert got[name, "overlap"].statistic == pytest.approx(
            got[name, base].statistic, rel=RELATIVE
        )


def test_wild_bootstrap_visits_every_pattern() -> None:
    x = np.random.default_rng(11).normal(0.01, 0.02, 9)
    cluster = np.repeat([100, 200, 300, 400], [3, 2, 3, 1])
    s, w = given(x, cluster=cluster)
    code = np.repeat(np.arange(4), [3, 2, 3, 1])
    scar = x / 0.02

    def t(values: np.ndarray) -> float:
        away = np.bincount(code, weights=values - values.mean())
        return float(values.mean() / math.sqrt(4 / 3 * (away**2).sum() / 81))

    points = np.r_[-WEBB, WEBB]
    every = [t(scar * np.array(p)[code]) for p in itertools.product(points, repeat=4)]
    beyond = sum(abs(v) >= abs(t(scar)) * (1 - 1e-12) for v in every)
    got = one(s, w, "wild_cluster_bootstrap_t")
    assert got.statistic == pytest.approx(t(scar), rel=RELATIVE)
    assert got.pvalue == pytest.approx(beyond / 6**4, rel=RELATIVE)
    assert "all 1296 Webb patterns" in got.note


def test_wild_bootstrap_signs_from_ten_dates_on() -> None:
    for n, how in ((9, "Webb weights"), (10, "all 1024 Rademacher"), (11, "all 2048 Rademacher")):
        x = np.random.default_rng(12).normal(0.01, 0.02, n)
        s, w = given(x)
        got = one(s, w, "wild_cluster_bootstrap_t")
        assert how in got.note
        if n > 9:
            # One event a date: t is monotone in the mean, so p counts sums at least as large.
            sums = np.array([np.dot(p, x) for p in itertools.product((-1.0, 1.0), repeat=n)])
            beyond = np.abs(sums) >= abs(x.sum()) - 1e-15
            assert got.pvalue == pytest.approx(beyond.mean(), rel=RELATIVE)


def test_bootstrap_draws_in_words() -> None:
    x = np.random.default_rng(16).exponential(0.02, 14) - 0.012
    s, w = given(x)
    v = view(s, w)
    z = v.scar
    t, se = math.sqrt(14) * z.mean() / z.std(ddof=1), z.std(ddof=1) / math.sqrt(14)
    drawn = z[v.rng("bootstrap_t", "published").integers(14, size=(4999, 14))]
    star = np.array([math.sqrt(14) * (d.mean() - z.mean()) / d.std(ddof=1) for d in drawn])
    got = one(s, w, "bootstrap_t")
    assert got.pvalue == pytest.approx((1 + (np.abs(star) >= abs(t)).sum()) / 5000, rel=RELATIVE)
    low, high = np.sort(star)[[124, 4874]]
    assert got.ci_low == pytest.approx(z.mean() - high * se, rel=RELATIVE)
    assert got.ci_high == pytest.approx(z.mean() - low * se, rel=RELATIVE)


def test_bhar_resamples_a_quarter_of_the_events() -> None:
    x = np.random.default_rng(17).exponential(0.02, 22) - 0.012
    s, w = given(x)
    v = view(s, w)

    def adjusted(values: np.ndarray, centre: float) -> float:
        n, g = len(values), stats.skew(values)
        t = (values.mean() - centre) / values.std(ddof=1)
        return float(math.sqrt(n) * (t + g * t**2 / 3 + g / (6 * n)))

    rng = v.rng("bhar_skewness_adjusted_t", "bootstrap")
    drawn = v.bhar[rng.integers(22, size=(4999, 5))]
    flat = np.ptp(drawn, axis=1) == 0.0
    star = np.array([adjusted(d, x.mean()) for d in drawn[~flat]])
    got = one(s, w, "bhar_skewness_adjusted_t", "bootstrap")
    beyond = (np.abs(star) >= abs(got.statistic)).sum() + flat.sum()
    assert got.pvalue == pytest.approx((1 + beyond) / 5000, rel=RELATIVE)
    assert "resamples of 5 events" in got.note


def test_resampled_p_of_a_normal_sample_is_near_its_t_test() -> None:
    x = np.random.default_rng(13).normal(0.006, 0.02, 60)
    s, w = given(x, cluster=np.repeat(np.arange(30) * 50, 2))
    plain = one(s, w, "bmp_t").pvalue
    # 4,999 draws of a p near 0.05: three standard errors are 0.01; the rest is the bootstrap's own.
    assert one(s, w, "bootstrap_t").pvalue == pytest.approx(plain, abs=0.02)
    assert one(s, w, "bootstrap_t", "clustered").pvalue == pytest.approx(
        one(s, w, "cluster_t").pvalue, abs=0.03
    )
    skew = one(s, w, "bhar_skewness_adjusted_t")
    assert one(s, w, "bhar_skewness_adjusted_t", "bootstrap").pvalue == pytest.approx(
        skew.pvalue, abs=0.06
    )


def test_gls_of_independent_equal_events_is_near_the_mean() -> None:
    block, dates = draw(14, 6, sessions=240, rho=0.2, effect=0.02)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, 0, 1)
    e = s.fit.residuals
    inverse = np.linalg.inv(e @ e.T / 238.0)
    weights = inverse.sum(axis=0) / inverse.sum()
    got = one(s, w, "gls_t")
    assert got.estimate == pytest.approx(weights @ w.car, rel=1e-9)
    factor = (w.car_se[0] / s.fit.sigma[0]) ** 2
    q = (w.car - got.estimate) @ inverse @ (w.car - got.estimate) / factor
    se = math.sqrt(factor / inverse.sum() * (1 + q / 238) * 238 / 233)
    assert got.se == pytest.approx(se, rel=1e-9)
    assert got.df == 233


def test_calendar_time_of_one_date_standardises_the_portfolio() -> None:
    block, dates = draw(15, 6, rho=0.3)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, -3, 3)
    e = s.fit.residuals.mean(axis=0)
    sd = math.sqrt(e @ e / 58.0) * s.fit.ar_se[0] / s.fit.sigma[0]
    z = s.fit.ar.mean(axis=0) / sd
    got = one(s, w, "calendar_time_t")
    assert got.statistic == pytest.approx(math.sqrt(7) * z.mean() / z.std(ddof=1), rel=1e-9)
    assert got.df == 6
