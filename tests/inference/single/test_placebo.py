"""The placebo test against loops written from its formula, and against the known mistakes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from eventstudy.inference import placebo
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.single import single_event
from eventstudy.models import ModelOptions, fit_model
from eventstudy.models.filtering import EWMA_DECAY

from .cases import fitted, make_block, make_sample, sided, window_of

# Loops and engine add the same numbers in another order.
LOOPS = 1e-10
PLACEBO = [("placebo_sq", v) for v in ("published", "studentised", "filtered")]


def loop_roots(
    sample: Sample, row: int, length: int, variant: str
) -> tuple[list[float], float, float]:
    """Placebo values of one event, by loops; then the residual scale and the filtered one."""
    block = sample.block
    y, f = block.returns_est[row], block.factors_est[row]
    seen = [t for t in range(y.size) if math.isfinite(y[t])]
    if sample.n_parameters == 0:
        design = np.zeros((y.size, 0))
        residual = {t: y[t] - f[t, 0] for t in seen}
        centre = sum(residual.values()) / len(seen)
        s = math.sqrt(sum((residual[t] - centre) ** 2 for t in seen) / (len(seen) - 1))
        inverse, theta = np.zeros((0, 0)), np.zeros(0)
    else:
        design = np.column_stack([np.ones(y.size), f])
        inverse = np.linalg.inv(sum(np.outer(design[t], design[t]) for t in seen))
        theta = inverse @ sum(design[t] * y[t] for t in seen)
        residual = {t: y[t] - design[t] @ theta for t in seen}
        s = math.sqrt(sum(e * e for e in residual.values()) / (len(seen) - design.shape[1]))
    h, before = {}, s * s
    for t in range(y.size):
        h[t] = before
        if t in residual:
            before = EWMA_DECAY * before + (1.0 - EWMA_DECAY) * residual[t] ** 2
    if block.returns_gap is not None and block.factors_gap is not None:
        for r, x in zip(block.returns_gap[row], block.factors_gap[row], strict=True):
            fitted_value = theta @ np.concatenate([[1.0], x]) if theta.size else x[0]
            if math.isfinite(r):
                before = EWMA_DECAY * before + (1.0 - EWMA_DECAY) * (r - fitted_value) ** 2
    values = []
    for start in range(y.size - length + 1):
        days = range(start, start + length)
        if not all(t in residual for t in days):
            continue
        x = sum(design[t] for t in days)
        unit = math.sqrt(length - x @ inverse @ x) if theta.size else math.sqrt(length)
        if variant == "published":
            values.append(sum(residual[t] for t in days))
        elif variant == "studentised":
            values.append(sum(residual[t] for t in days) / (s * unit))
        else:
            values.append(sum(residual[t] / math.sqrt(h[t]) for t in days) / unit)
    return values, s, math.sqrt(before)


@pytest.mark.parametrize("model", ["constant_mean", "market_model", "market_adjusted"])
@pytest.mark.parametrize("length", [1, 4])
@pytest.mark.parametrize("variant", ["published", "studentised", "filtered"])
def test_agrees_with_loops(model: str, length: int, variant: str) -> None:
    sample = make_sample(model, seed=30, n=5, length=90, gap=4, holes=0.05)
    window = window_of(sample, 0, length - 1)
    result = placebo.placebo_tests(sample, window, variants=(variant,))[variant]
    for i in np.flatnonzero(window.members & (window.n_days == length)):
        values, s, last = loop_roots(sample, int(i), length, variant)
        unit = window.car_se[i] / sample.fit.sigma[i]
        scale = {"published": 1.0, "studentised": s * unit, "filtered": last * unit}[variant]
        own = window.car[i] / scale
        assert result.statistic[i] == pytest.approx(own, rel=LOOPS)
        assert result.count[i] == len(values)
        hits = sum(abs(v) >= abs(own) for v in values)
        assert result.pvalue[i] == pytest.approx((1 + hits) / (len(values) + 1), rel=LOOPS)


def test_windows_touching_a_missing_day_do_not_exist() -> None:
    block = make_block(np.random.default_rng(1), 1, 100)
    block.returns_est[0, 50] = np.nan
    block.spans_est[0, 50] = np.nan
    sample = fitted("market_model", block)
    result = placebo.placebo_tests(sample, window_of(sample, 0, 2))["studentised"]
    assert result.count[0] == 100 - 2 - 3
    assert placebo.placebo_count(sample, 0, 3) == 95


def test_largest_move_has_the_smallest_p_and_not_zero() -> None:
    block = make_block(np.random.default_rng(2), 3)
    block.returns_evt[:, 0] = 0.5
    sample = fitted("market_model", block)
    for result in placebo.placebo_tests(
        sample, window_of(sample), variants=("published", "studentised", "filtered")
    ).values():
        assert result.pvalue == pytest.approx(np.full(3, 1.0 / 251.0))


def test_two_sided_counts_both_tails() -> None:
    # A one-sided quantile read as two-sided would give half of this.
    values = np.array([[-2.0, -1.5, 0.1, 0.2, 1.0]])
    assert placebo.add_one(values, np.array([1.4]), alternative="two-sided") == pytest.approx(0.5)
    assert placebo.add_one(values, np.array([1.4]), alternative="greater") == pytest.approx(1 / 6)
    assert placebo.add_one(values, np.array([-1.4]), alternative="less") == pytest.approx(0.5)
    assert np.isnan(placebo.add_one(values, np.array([np.nan]), alternative="less"))
    # A placebo as large as the event counts as extreme on every side.
    assert placebo.add_one(values, np.array([-1.5]), alternative="less") == pytest.approx(0.5)
    assert placebo.add_one(values, np.array([1.0]), alternative="greater") == pytest.approx(1 / 3)
    assert placebo.add_one(values, np.array([1.5]), alternative="two-sided") == pytest.approx(0.5)


def test_one_sided_uses_signed_values() -> None:
    block = make_block(np.random.default_rng(3), 2)
    block.returns_evt[:, 0] = [0.3, -0.3]
    sample = fitted("market_model", block)
    window = window_of(sample)
    up = placebo.placebo_tests(sided(sample, "greater"), window)["studentised"].pvalue
    down = placebo.placebo_tests(sided(sample, "less"), window)["studentised"].pvalue
    assert up == pytest.approx([1 / 251, 1.0])
    assert down == pytest.approx([1.0, 1 / 251])


@pytest.mark.parametrize(("length", "refused"), [(12, False), (13, True)])
def test_under_ten_windows_of_room_there_is_no_p(length: int, refused: bool) -> None:
    sample = make_sample(n=3, length=120, event=14)
    table = single_event(sample, window_of(sample, 0, length - 1), names=PLACEBO)
    for row in table.rows:
        assert np.isnan(row.pvalue).all() == refused
        assert np.isnan(row.statistic).all() == refused
        assert all(("refused" in note) == refused for note in row.notes)


def test_under_twenty_the_note_gives_the_simulated_size() -> None:
    sample = make_sample(n=2, length=120, event=11)
    short = single_event(sample, window_of(sample, 0, 5), names=PLACEBO).rows
    long = single_event(sample, window_of(sample, 0, 10), names=PLACEBO).rows
    assert all("by simulation" not in row.notes[0] for row in short)
    assert "T/L = 10.9; a nominal 5 % is about 9.2 %" in long[0].notes[0]
    assert "T/L = 10.9; a nominal 5 % is about 6.4 %" in long[1].notes[0]


def test_too_few_placebos_cannot_reject_by_construction() -> None:
    sample = make_sample("constant_mean", n=2, length=18)
    result = placebo.placebo_tests(sample, window_of(sample))["studentised"]
    assert np.isnan(result.pvalue).all()
    assert all("cannot reject by construction" in note for note in result.notes)
    enough = make_sample("constant_mean", n=2, length=19)
    assert np.isfinite(placebo.placebo_tests(enough, window_of(enough))["studentised"].pvalue).all()


def test_no_stretch_without_a_hole() -> None:
    block = make_block(np.random.default_rng(5), 1, 100)
    block.returns_est[0, ::3] = np.nan
    block.spans_est[0, ::3] = np.nan
    sample = fitted("market_model", block)
    result = placebo.placebo_tests(sample, window_of(sample, 0, 3))["studentised"]
    assert result.count[0] == 0
    assert np.isnan([result.pvalue[0], result.ci_low[0], result.ci_high[0]]).all()


def shifted(sample: Sample, window: Window, effect: np.ndarray) -> Window:
    car = window.car - effect
    return replace(window, car=car, scar=car / window.car_se)


@pytest.mark.parametrize("variant", ["studentised", "filtered"])
def test_interval_inverts_the_test(variant: str) -> None:
    sample = make_sample(n=200, seed=8, length=199)
    window = window_of(sample, 0, 1)
    result = placebo.placebo_tests(sample, window, variants=(variant,))[variant]
    assert (result.ci_low < window.car).all()
    assert (result.ci_high > window.car).all()
    # At the ends of the interval each one-sided p is half the level, up to one placebo.
    for bound, side in ((result.ci_low, "greater"), (result.ci_high, "less")):
        p = placebo.placebo_tests(
            sided(sample, side), shifted(sample, window, bound), variants=(variant,)
        )[variant].pvalue
        assert np.abs(p - 0.025).max() <= 1.0 / 199.0


def test_interval_is_open_where_the_quantile_lies_outside_the_placebos() -> None:
    sample = make_sample("constant_mean", n=2, length=30)
    result = placebo.placebo_tests(sample, window_of(sample))["studentised"]
    assert np.isfinite(result.pvalue).all()
    assert np.isnan(result.ci_low).all()
    assert np.isnan(result.ci_high).all()


def test_interval_covers() -> None:
    sample = make_sample(n=4000, seed=11, length=250)
    window = window_of(sample)
    result = placebo.placebo_tests(sample, window)["studentised"]
    covered = ((result.ci_low <= 0.0) & (result.ci_high >= 0.0)).mean()
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


def test_market_adjusted_residuals_stay_uncentred() -> None:
    block = make_block(np.random.default_rng(12), 1)
    block.returns_est[0] += 0.05
    sample = fitted("market_adjusted", block)
    window = window_of(sample)
    result = placebo.placebo_tests(sample, window, variants=("published", "studentised"))
    raw = np.abs(block.returns_est[0] - block.factors_est[0, :, 0])
    for found in result.values():
        hits = (raw >= abs(window.car[0])).sum()
        assert found.pvalue[0] == pytest.approx((1 + hits) / 251)


def test_longer_returns_weigh_by_their_sessions() -> None:
    # A stretch whose first return spans two sessions has the scale of one session more.
    block = make_block(np.random.default_rng(13), 1, 60, factors=0)
    block.returns_est[0, 19] = np.nan
    block.spans_est[0, 19] = np.nan
    block.spans_est[0, 20] = 2.0
    sample = fitted("constant_mean", block)
    mean = placebo.mean_equation(sample)
    weights, (group,) = placebo.shock_weights(sample, window_of(sample, 0, 2))
    z = sample.fit.residuals
    roots = placebo._windows(sample, mean, z, weights[0], group)
    t = float(np.nansum(block.spans_est))
    assert roots.unit[0, 20] == pytest.approx(math.sqrt(4.0 - 16.0 / t))
    assert roots.unit[0, 30] == pytest.approx(math.sqrt(3.0 - 9.0 / t))
    total = block.returns_est[0, 20:23].sum() - 4.0 * sample.fit.theta[0, 0]
    assert roots.raw[0, 20] == pytest.approx(total)


def test_autoregressive_placebos_carry_shocks_forward() -> None:
    sample = make_sample("ar1", n=3, length=120, event=5)
    window = window_of(sample, 2, 3)
    weights, (group,) = placebo.shock_weights(sample, window)
    phi = sample.fit.theta[:, 1]
    one = np.ones(3)
    expected = np.stack([phi**2 + phi**3, phi + phi**2, one + phi, one], axis=1)
    np.testing.assert_allclose(weights[0], expected, rtol=1e-10)
    assert group.tolist() == [0, 1, 2]
    unit = placebo._event_unit(sample, placebo.mean_equation(sample), window)
    assert (unit**2 > (expected**2).sum(axis=1)).all()


def test_filtered_variant_of_a_volatility_model_uses_its_own_residuals() -> None:
    sample = make_sample("ewma", seed=14, n=4, gap=3)
    window = window_of(sample)
    result = placebo.placebo_tests(sample, window, variants=("studentised", "filtered"))
    np.testing.assert_allclose(result["filtered"].statistic, window.scar)
    unit = np.sqrt(1.0 - sample.fit.leverage)
    z = sample.fit.standardised / unit
    hits = (np.abs(z) >= np.abs(window.scar)[:, None]).sum(axis=1)
    np.testing.assert_allclose(result["filtered"].pvalue, (1 + hits) / 251)
    # The studentised form keeps one residual scale on both sides.
    plain = fitted("market_model", sample.block)
    again = placebo.placebo_tests(plain, window_of(plain))["studentised"]
    np.testing.assert_allclose(result["studentised"].statistic, again.statistic, rtol=1e-9)
    np.testing.assert_allclose(result["studentised"].pvalue, again.pvalue)


# Simulated rejection rates of the same design, 250,000 draws a cell for T = 250 and 60,000 for
# T = 120; (T, L, law) -> raw, studentised.
TARGETS = {
    (250, 1, "normal"): (0.0495, 0.0477),
    (250, 11, "normal"): (0.0699, 0.0577),
    (250, 1, "t3"): (0.0498, 0.0488),
    (250, 11, "t3"): (0.0680, 0.0588),
    (120, 11, "normal"): (0.0909, 0.0639),
    (120, 11, "t3"): (0.0906, 0.0688),
}
TARGET_DRAWS = 60_000


@pytest.mark.parametrize("cell", TARGETS)
def test_size_against_the_simulated_targets(cell: tuple[int, int, str]) -> None:
    # Seed 20240501 was fixed before the first run.
    length, days, law = cell
    draws = 6000
    block = make_block(np.random.default_rng(20240501), draws, length, days, law=law)
    sample = fitted("market_model", block)
    table = single_event(sample, window_of(sample, 0, days - 1), names=PLACEBO[:2])
    for row, target in zip(table.rows, TARGETS[cell], strict=True):
        rate = (row.pvalue <= 0.05).mean()
        error = math.sqrt(target * (1 - target) * (1 / draws + 1 / TARGET_DRAWS))
        assert abs(rate - target) < 3 * error, (row.variant, rate)


def test_an_estimation_window_shorter_than_the_tested_one() -> None:
    sample = make_sample("constant_mean", n=2, length=8)
    result = placebo.placebo_tests(sample, window_of(sample, 0, 10))["studentised"]
    assert result.count.tolist() == [0.0, 0.0]
    assert np.isnan(result.pvalue).all()
    assert placebo.placebo_count(sample, 0, 9) == 0


def test_without_an_intercept_the_regressors_stand_alone() -> None:
    block = make_block(np.random.default_rng(15), 2, 80)
    fit = fit_model("capm", block, options=ModelOptions(factor_names=("M",), intercept=False))
    sample = Sample(block, fit, block.days_evt[:, 0], 1)
    mean = placebo.mean_equation(sample)
    np.testing.assert_array_equal(mean.design, block.factors_est)
    assert mean.least_squares.all()
    x = block.factors_est[:, :, 0]
    np.testing.assert_allclose(mean.inverse[:, 0, 0], 1.0 / (x**2).sum(axis=1))


def test_skipped_days_shorten_the_placebos() -> None:
    block = make_block(np.random.default_rng(16), 2, 80)
    block.returns_evt[0, 1] = np.nan
    block.spans_evt[0, 1] = np.nan
    sample = fitted("market_model", block)
    result = placebo.placebo_tests(sample, window_of(sample, 0, 3))["studentised"]
    assert result.count.tolist() == [78.0, 77.0]


@pytest.mark.parametrize("model", ["market_model", "market_adjusted", "constant_mean"])
def test_mirrored_returns_mirror_the_tests(model: str) -> None:
    names = [*PLACEBO, ("andrews_s", "published"), ("exact_t", "published")]
    sample = make_sample(model, seed=17, n=6, length=90)
    block = sample.block
    mirror = fitted(
        model,
        replace(
            block,
            returns_est=-block.returns_est,
            returns_evt=-block.returns_evt,
            factors_est=-block.factors_est,
            factors_evt=-block.factors_evt,
        ),
    )
    sides = (("two-sided", "two-sided"), ("less", "greater"), ("greater", "less"))
    for here, there in sides:
        a = single_event(sided(sample, here), window_of(sample, 0, 2), names=names)
        b = single_event(sided(mirror, there), window_of(mirror, 0, 2), names=names)
        for one, other in zip(a.rows, b.rows, strict=True):
            np.testing.assert_allclose(one.pvalue, other.pvalue, rtol=1e-9)


# GARCH(.08, .90), T = 250: share of rejections on all days, in the stormiest and in the calmest
# fifth of them. Targets of a simulation of the same process; 20,000 draws here.
CONDITIONAL = {
    ("exact_t", "published"): (0.059, 0.121, 0.023),
    ("placebo_sq", "filtered"): (0.051, 0.035, 0.076),
}


def test_the_filter_holds_its_size_when_volatility_moves() -> None:
    rng = np.random.default_rng(99)
    draws, length = 20_000, 250
    h = np.full(draws, 1e-4)
    path, state = [], h
    for _ in range(length + 301):
        state = h
        e = np.sqrt(h) * rng.normal(size=draws)
        path.append(e)
        h = 2e-6 + 0.08 * e**2 + 0.90 * h
    returns = np.array(path[300:]).T
    base = make_block(rng, draws, length, 1, factors=0)
    block = replace(base, returns_est=returns[:, :length], returns_evt=returns[:, length:])
    sample = fitted("constant_mean", block)
    table = single_event(sample, window_of(sample), names=list(CONDITIONAL))
    low, high = np.quantile(state, [0.2, 0.8])
    groups = (np.ones(draws, dtype=bool), state >= high, state <= low)
    for key, targets in CONDITIONAL.items():
        p = table.row(*key).pvalue
        for group, target in zip(groups, targets, strict=True):
            rate = (p[group] <= 0.05).mean()
            # The targets are rounded to .001 and come from a run of unknown size.
            error = math.sqrt(2 * target * (1 - target) / group.sum())
            assert abs(rate - target) < 3 * error + 0.0005


@pytest.mark.parametrize("ratio", [10, 12, 15, 20])
def test_noted_sizes_are_what_a_simulation_gives(ratio: int) -> None:
    draws, days = 8000, 5
    block = make_block(np.random.default_rng(50 + ratio), draws, ratio * days, days)
    sample = fitted("market_model", block)
    table = single_event(sample, window_of(sample, 0, days - 1), names=PLACEBO)
    for row in table.rows:
        noted = placebo.simulated_size(row.variant, ratio, count=ratio * days - days + 1)
        rate = (row.pvalue <= 0.05).mean()
        # The factors are averages over window lengths that differ by about 5 %.
        error = 3 * math.sqrt(noted * (1 - noted) / draws) + 0.05 * noted
        assert abs(rate - noted) < error, (row.variant, rate, noted)
