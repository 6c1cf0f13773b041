"""Andrews' tests against loops with real refits; the prediction bootstrap against refits too."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length
from scipy import stats

from eventstudy.inference.andrews import andrews_tests
from eventstudy.inference.placebo import mean_equation
from eventstudy.inference.prediction_bootstrap import (
    DRAWS,
    _positions,
    block_length,
    event_seed,
    prediction_bootstrap,
)
from eventstudy.inference.sample import Sample, Window

from .cases import fitted, make_block, make_sample, sided, window_of

# Updated against refitted moments, in double precision.
LOOPS = 1e-8


def rows_of(sample: Sample, i: int, window: Window) -> tuple[np.ndarray, ...]:
    """Regression rows of both windows, each over the root of the sessions that it spans."""
    block = sample.block
    q, on = block.spans_est[i], window.selector[i] > 0
    q_evt = block.spans_evt[i][on]
    x = np.column_stack([q, block.factors_est[i]]) / np.sqrt(q)[:, None]
    x_evt = np.column_stack([q_evt, block.factors_evt[i][on]]) / np.sqrt(q_evt)[:, None]
    y_evt = block.returns_evt[i][on] / np.sqrt(q_evt)
    return x, block.returns_est[i] / np.sqrt(q), x_evt, y_evt


def ols(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    seen = np.isfinite(y) & np.isfinite(x).all(axis=1)
    return np.linalg.lstsq(x[seen], y[seen], rcond=None)[0]


def loop_andrews(sample: Sample, i: int, window: Window, form: str) -> tuple[float, list[float]]:
    x, y, x_evt, y_evt = rows_of(sample, i, window)
    days = y_evt.size
    ar = y_evt - x_evt @ ols(x, y)
    joint = ols(np.vstack([x, x_evt]), np.concatenate([y, y_evt]))
    whole = [j for j in range(y.size - days + 1) if np.isfinite(y[j : j + days]).all()]
    outer = [np.outer(v, v) for j in whole for v in [(y - x @ joint)[j : j + days]]]
    own = y_evt - x_evt @ joint
    inverse = np.linalg.inv((sum(outer) + np.outer(own, own)) / (len(whole) + 1))

    def value(r: np.ndarray, z: np.ndarray) -> float:
        if form == "R":
            return float(r.sum())
        if form == "P":
            return float(r @ r)
        score = z.T @ inverse @ r
        return float(score @ np.linalg.inv(z.T @ inverse @ z) @ score)

    blocks = []
    for j in whole:
        left = y.copy()
        left[j : j + math.ceil(days / 2)] = np.nan
        blocks.append(value((y - x @ ols(x, left))[j : j + days], x[j : j + days]))
    return value(ar, x_evt), blocks


@pytest.mark.parametrize(("end", "form"), [(0, "P"), (1, "S"), (6, "S")])
@pytest.mark.parametrize("holes", [0.0, 0.03])
def test_andrews_agrees_with_refits(end: int, form: str, holes: float) -> None:
    sample = make_sample(seed=40, n=3, length=70, holes=holes)
    window = window_of(sample, 0, end)
    result = andrews_tests(sample, window)
    for i in np.flatnonzero(window.members):
        days = int((window.selector[i] > 0).sum())
        own, blocks = loop_andrews(sample, int(i), window, "P" if days < 2 else form)
        assert result.statistic[i] == pytest.approx(own, rel=LOOPS)
        assert result.count[i] == len(blocks)
        hits = sum(b >= own for b in blocks)
        assert result.pvalue[i] == pytest.approx((1 + hits) / (len(blocks) + 1))


def long_returns(seed: int) -> Sample:
    """A sample where two estimation returns and one event return span two sessions."""
    block = make_block(np.random.default_rng(seed), 2, 70)
    for returns, spans, t in (
        (block.returns_est, block.spans_est, 20),
        (block.returns_est, block.spans_est, 41),
        (block.returns_evt, block.spans_evt, 2),
    ):
        returns[:, t] += returns[:, t - 1]
        returns[:, t - 1] = np.nan
        spans[:, t - 1], spans[:, t] = np.nan, 2.0
    return fitted("market_model", block)


def test_long_returns_enter_per_root_session() -> None:
    sample = long_returns(48)
    assert mean_equation(sample).refitted.all()
    window = window_of(sample, 0, 3, "trade_to_trade")
    assert window.n_days.tolist() == [4.0, 4.0]
    result = andrews_tests(sample, window)
    for i in range(2):
        own, blocks = loop_andrews(sample, i, window, "S")
        assert result.statistic[i] == pytest.approx(own, rel=LOOPS)
        hits = sum(b >= own for b in blocks)
        assert result.pvalue[i] == pytest.approx((1 + hits) / (len(blocks) + 1))
    signed = andrews_tests(sided(sample, "greater"), window)
    np.testing.assert_allclose(signed.statistic, window.car)
    found = prediction_bootstrap(sample, window)
    exact = 2.0 * stats.t.sf(np.abs(window.scar), sample.fit.df)
    assert np.abs(found.pvalue - exact).max() < 0.1


@pytest.mark.parametrize(("side", "sign"), [("greater", 1.0), ("less", -1.0)])
def test_andrews_one_sided_is_the_signed_sum(side: str, sign: float) -> None:
    sample = make_sample(seed=41, n=3, length=70)
    window = window_of(sample, 0, 3)
    result = andrews_tests(sided(sample, side), window)
    for i in range(3):
        own, blocks = loop_andrews(sample, i, window, "R")
        assert result.statistic[i] == pytest.approx(own, rel=LOOPS)
        hits = sum(sign * b >= sign * own for b in blocks)
        assert result.pvalue[i] == pytest.approx((1 + hits) / (len(blocks) + 1))
    assert all("R form" in note for note in result.notes)


def test_andrews_without_parameters_is_the_sum_of_squares() -> None:
    sample = make_sample("market_adjusted", n=2)
    result = andrews_tests(sample, window_of(sample, 0, 2))
    np.testing.assert_allclose(result.statistic, (sample.fit.ar[:, :3] ** 2).sum(axis=1))


@pytest.mark.parametrize("days", [1, 5])
def test_andrews_size(days: int) -> None:
    sample = make_sample(seed=42, n=4000, length=250)
    p = andrews_tests(sample, window_of(sample, 0, days - 1)).pvalue
    # Subsampling is asymptotic: one point above the nominal level is allowed for L > 1.
    assert abs((p <= 0.05).mean() - 0.05) < (0.011 if days == 1 else 0.02)


def test_andrews_refusals() -> None:
    short = make_sample("constant_mean", n=2, length=18)
    few = andrews_tests(short, window_of(short))
    assert np.isnan(few.pvalue).all()
    assert all("cannot reject by construction" in note for note in few.notes)
    lag = make_sample("ar1", n=2, length=60)
    other = andrews_tests(lag, window_of(lag))
    assert all("least-squares" in note for note in other.notes)
    wide = make_sample("constant_mean", n=2, length=44, event=25)
    singular = andrews_tests(wide, window_of(wide, 0, 24))
    assert all("singular" in note for note in singular.notes)
    over = make_sample("constant_mean", n=2, length=8)
    assert np.isnan(andrews_tests(over, window_of(over, 0, 10)).pvalue).all()


def test_bootstrap_closed_form_is_a_refit() -> None:
    sample = make_sample(seed=43, n=1, length=40)
    window = window_of(sample, 0, 2)
    result = prediction_bootstrap(sample, window)
    x, _, x_evt, _ = rows_of(sample, 0, window)
    e = sample.fit.residuals[0] / np.sqrt(1.0 - sample.fit.leverage[0])
    e = e - e.mean()
    theta = sample.fit.theta[0]
    at = _positions(event_seed(sample, 0, window), (DRAWS, 43), 40, 1.0)
    hits = 0
    for row in e[at]:
        y, future = x @ theta + row[:40], row[40:]
        again = ols(x, y)
        s2 = ((y - x @ again) ** 2).sum() / 38
        c = x_evt.sum(axis=0)
        v = s2 * (3.0 + c @ np.linalg.inv(x.T @ x) @ c)
        root = (future.sum() - c @ (again - theta)) / math.sqrt(v)
        hits += abs(root) >= abs(window.scar[0]) * (1 - 1e-12)
    assert result.pvalue[0] == pytest.approx((1 + hits) / (DRAWS + 1))
    assert result.statistic[0] == window.scar[0]


@pytest.mark.parametrize("model", ["market_model", "constant_mean", "market_adjusted"])
def test_bootstrap_is_close_to_the_exact_t_for_normal_errors(model: str) -> None:
    block = make_block(np.random.default_rng(44), 40, 250)
    if model == "market_adjusted":
        block.returns_est[:] -= block.returns_est.mean(axis=1, keepdims=True)
    sample = fitted(model, block)
    window = window_of(sample, 0, 1)
    result = prediction_bootstrap(sample, window)
    exact = 2.0 * stats.t.sf(np.abs(window.scar), sample.fit.df)
    # Bootstrap error of p near one half is .011; the residuals' own shape adds as much.
    assert np.abs(result.pvalue - exact).max() < 0.08
    assert np.abs((result.pvalue - exact).mean()) < 0.015


def test_bootstrap_of_dependent_residuals_draws_blocks() -> None:
    rng = np.random.default_rng(45)
    block = make_block(rng, 2, 200, factors=0)
    noise = rng.normal(size=(2, 201)) * 0.01
    for t in range(1, 200):
        block.returns_est[:, t] = 0.6 * block.returns_est[:, t - 1] + noise[:, t]
    sample = fitted("constant_mean", block)
    result = prediction_bootstrap(sample, window_of(sample, 0, 1))
    assert all("blocks of mean length" in note for note in result.notes)
    assert ((result.pvalue > 0) & (result.pvalue <= 1)).all()


def test_blocks_follow_on() -> None:
    at = _positions(np.random.default_rng(1), (500, 60), 40, 5.0)
    steps = (np.diff(at, axis=1) % 40 == 1).mean()
    assert steps == pytest.approx(1 - 1 / 5 + 1 / 5 / 40, abs=0.01)
    assert (at.min(), at.max()) == (0, 39)


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6, -0.4, 0.97])
def test_block_length_agrees_with_arch(phi: float) -> None:
    rng = np.random.default_rng(46)
    e = rng.normal(size=400)
    x = np.zeros(400)
    for t in range(1, 400):
        x[t] = phi * x[t - 1] + e[t]
    outside = float(optimal_block_length(x)["stationary"].iloc[0])
    assert block_length(x) == pytest.approx(max(outside, 1.0), rel=0.05)


def test_bootstrap_refusals() -> None:
    for model in ("ar1", "ewma"):
        sample = make_sample(model, n=2)
        result = prediction_bootstrap(sample, window_of(sample))
        assert np.isnan(result.pvalue).all()
        assert all("least-squares" in note for note in result.notes)


def test_bootstrap_depends_on_the_root_seed_alone() -> None:
    sample = make_sample(n=2)
    other = fitted("market_model", sample.block, seed=7)
    window = window_of(sample)
    first = prediction_bootstrap(sample, window).pvalue
    assert (first == prediction_bootstrap(sample, window).pvalue).all()
    assert (first != prediction_bootstrap(other, window).pvalue).any()


@pytest.mark.parametrize("side", ["greater", "less"])
def test_bootstrap_one_sided(side: str) -> None:
    block = make_block(np.random.default_rng(47), 1)
    block.returns_evt[0, 0] = 0.2
    sample = sided(fitted("market_model", block), side)
    p = prediction_bootstrap(sample, window_of(sample)).pvalue[0]
    assert p == pytest.approx(1 / (DRAWS + 1) if side == "greater" else 1.0)


def test_a_forecast_error_without_scale_is_refused() -> None:
    sample = make_sample(n=2)
    window = replace(window_of(sample), car_se=np.array([0.0, 0.01]))
    result = prediction_bootstrap(sample, window)
    assert np.isnan(result.pvalue[0])
    assert "no scale" in result.notes[0]
    assert np.isfinite(result.pvalue[1])
