"""Edges of the statistics that a change of one sign, bound or constant would move unseen.

Each stands for mutants of the code that the other tests let live.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal import tested_window as window_of
from eventstudy.arrays import EventBlock
from eventstudy.inference import bands, multiplicity, placebo, power
from eventstudy.inference.diagnostics import arch_lm, diagnose
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.inference.signs import run_sums
from eventstudy.inference.single import single_event
from eventstudy.inference.statistic import Statistic, with_reference
from eventstudy.inference.view import view
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import SINGLE_EVENT
from eventstudy.simulation.designs import parametric_design

NAMES = ModelOptions(factor_names=("M",))


def block(n: int = 12, *, length: int = 60, design: str = "a") -> EventBlock:
    """Events from a design, the estimation window cut to its last ``length`` sessions."""
    whole = parametric_design(design).draw(5, 1).take(np.arange(n))
    return replace(
        whole,
        returns_est=whole.returns_est[:, -length:],
        factors_est=whole.factors_est[:, -length:],
        spans_est=whole.spans_est[:, -length:],
        days_est=whole.days_est[:, -length:],
        est_taus=whole.est_taus[-length:],
    )


def sample_of(
    b: EventBlock, model: str = "market_model", *, options: ModelOptions = NAMES, **choices: object
) -> Sample:
    fit = fit_model(model, b, options=options)
    settings = Settings(**choices)  # type: ignore[arg-type]
    return Sample(b, fit, b.days_evt[:, 5], fit.theta.shape[1], settings)


def window(s: Sample, start: int = 0, end: int = 0) -> Window:
    return window_of(s.block, s.fit, start, end)


def one(s: Sample, name: str, variant: str = "published", *, on: Window | None = None) -> Statistic:
    return cross_event(s, window(s) if on is None else on, [(name, variant)])[0]


def test_intervals_by_default_leave_five_percent() -> None:
    base = Statistic("x", "y", estimate=1.0, se=2.0, statistic=0.5, distribution="normal")
    half = 2.0 * stats.norm.ppf(0.975)
    found = with_reference(base)
    assert (found.ci_low, found.ci_high) == pytest.approx((1.0 - half, 1.0 + half), rel=1e-12)
    t = with_reference(replace(base, distribution="t", df=7.0), level=0.2)
    assert t.ci_high - 1.0 == pytest.approx(2.0 * stats.t(7).ppf(0.9), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("bootstrap_t", "published"),
        ("bootstrap_t", "clustered"),
        ("wild_cluster_bootstrap_t", "published"),
        ("bhar_skewness_adjusted_t", "bootstrap"),
    ],
)
def test_nineteen_draws_can_just_reject(name: str, variant: str) -> None:
    b = block()
    for draws, applies in ((19, True), (18, False)):
        row = one(sample_of(b, draws=draws), name, variant)
        assert math.isfinite(row.pvalue) == applies
        assert ("cannot reject by construction" in row.note) == (not applies)
        if applies:  # every draw is counted: p moves in steps of 1/20
            assert row.pvalue * 20 == pytest.approx(round(row.pvalue * 20), abs=1e-9)
    assert math.isnan(one(sample_of(b, draws=19, level=0.0499), name, variant).pvalue)
    row = one(sample_of(b, draws=199), name, variant)
    assert row.pvalue * 200 == pytest.approx(round(row.pvalue * 200), abs=1e-9)


def test_all_sign_patterns_are_visited_where_they_are_as_many_as_the_draws() -> None:
    b = block(10)
    notes = [
        one(sample_of(b, draws=draws), "wild_cluster_bootstrap_t").note for draws in (1023, 1022)
    ]
    assert notes[0].startswith("all 1024 Rademacher")
    assert notes[1].startswith("Rademacher weights")


def test_nothing_is_said_of_zeros_that_are_not_there() -> None:
    s = sample_of(block())
    for name in ("sign_z", "generalized_sign_z", "wilcoxon_signed_rank"):
        assert one(s, name).note == ""
    w = window(s)
    gone = w.car.copy()
    gone[3] = 0.0
    for name in ("sign_z", "wilcoxon_signed_rank"):
        assert one(s, name, on=replace(w, car=gone)).note == "1 zero abnormal returns left out"


def test_one_run_fits_into_its_own_length() -> None:
    raw = np.array([[1.0, 2.0, 4.0]])
    assert run_sums(raw, np.ones((1, 3)), 3).tolist() == [[7.0]]
    assert run_sums(raw, np.ones((1, 3)), 4).shape == (1, 0)


def test_no_adjustment_is_none() -> None:
    p = np.array([0.04, 0.01, np.nan])
    np.testing.assert_array_equal(multiplicity.adjust(p, "none"), p)


def test_detectable_effect_with_one_degree_of_freedom() -> None:
    law = stats.t(1)
    want = 2.0 * (law.ppf(0.975) + law.ppf(0.8))
    assert power.single_event_effect(2.0, 1.0) == pytest.approx(want, rel=1e-9)
    for wrong in ((0.0, 5.0), (1.0, 0.0), (math.nan, 5.0), (1.0, math.nan)):
        assert math.isnan(power.single_event_effect(*wrong))


def test_band_is_the_quantile_times_the_error() -> None:
    v = np.array([[4.0, 1.0], [1.0, 9.0]]) * 1e-4
    path = np.array([0.01, -0.02])
    q = bands.sup_t_quantile(v, 30.0, seed=(3,))
    low, high = bands.simultaneous_band(path, v, 30.0, seed=(3,))
    np.testing.assert_allclose(high - path, q * np.array([0.02, 0.03]), rtol=1e-12)
    np.testing.assert_allclose(path - low, q * np.array([0.02, 0.03]), rtol=1e-12)


def test_a_day_without_variance_is_no_part_of_the_band() -> None:
    v = np.zeros((3, 3))
    v[1:, 1:] = np.array([[1.0, 0.3], [0.3, 2.0]])
    assert bands.sup_t_quantile(v, 25.0, seed=(1,)) == bands.sup_t_quantile(
        v[1:, 1:], 25.0, seed=(1,)
    )


def test_an_event_without_a_finite_number_does_not_enter() -> None:
    s = sample_of(block())
    w = window(s)
    for field in ("car", "car_se"):
        values = getattr(w, field).copy()
        values[4] = np.nan
        assert view(s, replace(w, **{field: values})).n == 11
    members = w.members.copy()
    members[2] = False
    assert view(s, replace(w, members=members)).n == 11


def test_only_a_model_without_parameters_has_its_residuals_centred() -> None:
    b = block()
    drift = replace(b, returns_est=b.returns_est + 0.02)
    plain = sample_of(drift, "capm", options=ModelOptions(factor_names=("M",), intercept=False))
    np.testing.assert_array_equal(
        np.sort(view(plain, window(plain)).members.residuals.ravel()),
        np.sort(plain.fit.residuals.ravel()),
    )
    adjusted = sample_of(drift, "market_adjusted")
    centred = view(adjusted, window(adjusted)).members.residuals
    np.testing.assert_allclose(centred.mean(axis=1), 0.0, atol=1e-15)


# --- placebo -----------------------------------------------------------------------------------


def test_regressors_of_an_autoregression_are_its_own_past() -> None:
    b = replace(
        block(3), factors_est=np.empty((3, 60, 0)), factors_evt=np.empty((3, 11, 0)),
    )  # fmt: skip
    s = sample_of(b, "ar1", options=ModelOptions())
    design = placebo.mean_equation(s).design
    assert design.shape == (3, 60, 2)
    np.testing.assert_array_equal(design[:, 1:, 1], b.returns_est[:, :-1])
    np.testing.assert_array_equal(design[:, 1:, 0], 1.0)
    assert np.isnan(design[:, 0]).all()


def test_regressors_of_scholes_williams_are_the_present_benchmark() -> None:
    b = block(3)
    rng = np.random.default_rng(2)
    around = [
        np.stack([rng.normal(size=f.shape[:2]) * 0.01, f[:, :, 0], rng.normal(size=f.shape[:2])], 2)
        for f in (b.factors_est, b.factors_evt)
    ]
    three = replace(b, factors_est=around[0], factors_evt=around[1])
    s = sample_of(three, "scholes_williams", options=ModelOptions(factor_names=("a", "b", "c")))
    design = placebo.mean_equation(s).design
    np.testing.assert_array_equal(design[:, 1:-1, 1], b.factors_est[:, 1:-1, 0])
    np.testing.assert_array_equal(design[:, 1:-1, 0], 1.0)
    assert design.shape == (3, 60, 2)


def test_scale_of_autoregressive_placebos_squares_their_weights() -> None:
    b = replace(
        block(2), factors_est=np.empty((2, 60, 0)), factors_evt=np.empty((2, 11, 0)),
    )  # fmt: skip
    s = sample_of(b, "ar1", options=ModelOptions())
    mean = placebo.mean_equation(s)
    weights, (group,) = placebo.shock_weights(s, window(s, -5, -3))
    roots = placebo._windows(s, mean, s.fit.residuals, weights[0], group)
    for i in range(2):
        for start in (1, 20, 57):
            x = weights[0][i] @ mean.design[i, start : start + 3]
            want = (weights[0][i] ** 2).sum() - x @ mean.inverse[i] @ x
            assert roots.unit[i, start] == pytest.approx(math.sqrt(want), rel=1e-10)
    assert (weights[0] != 1.0).any()


@pytest.mark.parametrize(
    ("variant", "factors"),
    [
        ("published", (2.10, 1.95, 1.70, 1.52)),
        ("studentised", (1.45, 1.40, 1.28, 1.21)),
        ("filtered", (1.45, 1.40, 1.28, 1.21)),
    ],
)
def test_noted_sizes_are_the_simulated_ones(variant: str, factors: tuple[float, ...]) -> None:
    """With 199 placebos 5 % is attainable, with 48 only 4 %."""
    for ratio, factor in zip((10, 12, 15, 20), factors, strict=True):
        got = placebo.simulated_size(variant, ratio, count=199)
        assert got == pytest.approx(0.05 * factor, rel=1e-12)
        few = placebo.simulated_size(variant, ratio, count=48)
        assert few == pytest.approx(factor * 2 / 49, rel=1e-12)


def test_interval_from_the_outermost_placebos() -> None:
    """With 79 placebos the 2.5 % point is the second smallest, with 39 the smallest."""
    for length, bounded in ((79, True), (39, True), (38, False)):
        s = sample_of(block(3, length=length))
        found = placebo.placebo_tests(s, window(s), variants=("published",))["published"]
        assert np.isfinite(found.ci_low).all() == bounded
        assert np.isfinite(found.ci_high).all() == bounded
        if bounded:
            rank = {79: 2, 39: 1}[length]
            e = np.sort(s.fit.residuals, axis=1)
            np.testing.assert_allclose(found.ci_high, window(s).car - e[:, rank - 1], rtol=1e-9)
            np.testing.assert_allclose(found.ci_low, window(s).car - e[:, -rank], rtol=1e-9)


def test_smallest_p_is_named() -> None:
    s = sample_of(block(2, length=18))
    found = placebo.placebo_tests(s, window(s), variants=("published",))["published"]
    assert found.notes[0].endswith("with 18 placebo windows the smallest p is 0.0526")


# --- diagnostics -------------------------------------------------------------------------------


def test_arch_needs_twelve_days() -> None:
    values = np.random.default_rng(1).normal(size=(1, 40))
    assert np.isfinite(arch_lm(values[:, :17])).all()  # 12 days with five before them
    assert np.isnan(arch_lm(values[:, :16])).all()
    assert np.isnan(arch_lm(np.zeros((1, 40)))).all()


def test_zero_returns_are_a_share_of_those_that_are_there() -> None:
    b = block(3)
    returns = b.returns_est.copy()
    returns[0, :6] = 0.0
    returns[1, :5] = 0.0
    returns[2, :5] = 0.0
    returns[2, 10:20] = np.nan
    b = replace(b, returns_est=returns, spans_est=np.where(np.isfinite(returns), 1.0, np.nan))
    found = diagnose(sample_of(b))
    np.testing.assert_allclose(found.zero_share, [0.1, 5 / 60, 0.1], rtol=1e-12)
    thin = ["thin_trading: consider dimson or scholes_williams" in f for f in found.flags]
    assert thin == [True, False, True]


# --- windows -----------------------------------------------------------------------------------

MODELS = ("constant_mean", "market_adjusted", "market_model", "scholes_williams", "ewma", "ar1")
COLUMNS = {"constant_mean": 0, "ar1": 0, "scholes_williams": 3}


def modelled(model: str, *, scale: float = 1.0, shift: int = 0) -> Sample:
    """A sample of a model, every return times ``scale``."""
    b = block(4, length=120)
    rng = np.random.default_rng(17 + shift)
    count = COLUMNS.get(model, 1)
    factors = [
        np.concatenate([rng.normal(0.0, 0.01, (*f.shape[:2], 3))[:, :, : count - 1], f], axis=2)
        if count
        else f[:, :, :0]
        for f in (b.factors_est, b.factors_evt)
    ]
    scaled = replace(
        b,
        returns_est=scale * b.returns_est,
        returns_evt=scale * b.returns_evt,
        factors_est=scale * factors[0],
        factors_evt=scale * factors[1],
    )
    names = tuple(f"F{j}" for j in range(count))
    return sample_of(scaled, model, options=ModelOptions(factor_names=names))


@pytest.mark.parametrize("model", MODELS)
def test_cars_add_up_over_windows(model: str) -> None:
    s = modelled(model)
    whole, first, last = window(s, -5, 5), window(s, -5, -1), window(s, 0, 5)
    np.testing.assert_allclose(whole.car, first.car + last.car, rtol=1e-12, atol=1e-15)
    days = [window(s, tau, tau).car for tau in range(-5, 6)]
    np.testing.assert_allclose(whole.car, np.sum(days, axis=0), rtol=1e-12, atol=1e-15)
    # Variances add up with the covariance of the two parts, which is not zero.
    c = np.arange(11) < 5
    v = s.fit.covariance.matrix()
    between = v[:, c][:, :, ~c].sum(axis=(1, 2))
    total = first.car_se**2 + last.car_se**2 + 2.0 * between
    np.testing.assert_allclose(whole.car_se**2, total, rtol=1e-10)
    if model != "market_adjusted":
        assert (between != 0.0).all()


@pytest.mark.parametrize("model", MODELS)
def test_scale_goes_through_and_sign_turns(model: str) -> None:
    base, double, turned = (modelled(model, scale=k) for k in (1.0, 2.0, -1.0))
    for start, end in ((0, 0), (-5, 5)):
        a, b, c = (window(s, start, end) for s in (base, double, turned))
        np.testing.assert_allclose(b.car, 2.0 * a.car, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(b.car_se, 2.0 * a.car_se, rtol=1e-9)
        np.testing.assert_allclose(c.car, -a.car, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(c.car_se, a.car_se, rtol=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_every_p_of_one_event_is_a_probability(alternative: str) -> None:
    keys = [(s.name, s.variant) for s in SINGLE_EVENT]
    for model in MODELS:
        s = modelled(model)
        sided = replace(s, settings=Settings(alternative=alternative))  # type: ignore[arg-type]
        for start, end in ((0, 0), (-1, 1), (-5, 5)):
            for row in single_event(sided, window(sided, start, end), names=keys).rows:
                p = row.pvalue[np.isfinite(row.pvalue)]
                assert ((p >= 0.0) & (p <= 1.0)).all()
                assert all(row.notes[i] for i in np.flatnonzero(np.isnan(row.pvalue)))
