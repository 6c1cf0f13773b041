"""Robust fits against statsmodels, a linear program and scipy; their covariance and failures."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from eventstudy.models import ModelOptions, fit_model

from .cases import block_of, market_block

NAMES = ("F0", "F1", "F2")


def options(count: int, **more: object) -> ModelOptions:
    return ModelOptions(factor_names=NAMES[:count], draws=199, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("factors", [0, 1, 3])
def test_huber_equals_statsmodels(factors: int) -> None:
    block = market_block(1, factors=factors, fat=True)
    fit = fit_model("huber", block, options=options(factors))
    for i in range(block.n):
        x = np.column_stack([np.ones(120), block.factors_est[i]])
        norm = sm.robust.norms.HuberT(1.345)
        outside = sm.RLM(block.returns_est[i], x, M=norm).fit(conv="coefs", tol=1e-13, maxiter=1000)
        # Both iterate; ours stops at a relative change of 1e-10, 1e-8 is promised.
        np.testing.assert_allclose(
            fit.theta[i], outside.params, rtol=1e-8, atol=1e-8 * np.abs(outside.params).max()
        )
        e = block.returns_est[i] - x @ outside.params
        assert fit.sigma[i] == pytest.approx(np.sqrt(e @ e / (120 - factors - 1)), rel=1e-7)


def least_absolute(x: np.ndarray, y: np.ndarray) -> float:
    count, k = x.shape
    cost = np.concatenate([np.zeros(2 * k), np.ones(2 * count)])
    equal = np.hstack([x, -x, np.eye(count), -np.eye(count)])
    return float(optimize.linprog(cost, A_eq=equal, b_eq=y).fun)


@pytest.mark.parametrize("factors", [0, 1, 3])
def test_lad_reaches_the_least_sum(factors: int) -> None:
    block = market_block(2, n=5, factors=factors, fat=True)
    fit = fit_model("lad", block, options=options(factors))
    for i in range(block.n):
        x = np.column_stack([np.ones(120), block.factors_est[i]])
        y = block.returns_est[i]
        assert np.abs(y - x @ fit.theta[i]).sum() == pytest.approx(
            least_absolute(x * 100, y * 100) / 100, rel=1e-9
        )
        if factors == 0:
            # An even number of returns has an interval of medians; ours is its middle.
            assert fit.theta[i, 0] == np.median(y)
            continue
        outside = sm.QuantReg(y, x).fit(0.5, p_tol=1e-9, max_iter=20_000).params
        # statsmodels approaches the vertex by reweighting and stops near it.
        np.testing.assert_allclose(fit.theta[i], outside, rtol=0.02, atol=2e-5)


def test_theil_sen_equals_scipy() -> None:
    block = market_block(3)
    fit = fit_model("theil_sen", block, options=options(1))
    for i in range(block.n):
        m = block.factors_est[i, :, 0]
        slope = stats.theilslopes(block.returns_est[i], m).slope
        assert fit.theta[i, 1] == pytest.approx(slope, rel=1e-12)
        assert fit.theta[i, 0] == pytest.approx(
            np.median(block.returns_est[i] - slope * m), rel=1e-10
        )


@pytest.mark.parametrize("model", ["huber", "lad", "theil_sen"])
def test_scale_residuals_and_covariance(model: str) -> None:
    block = market_block(4, fat=True)
    fit = fit_model(model, block, options=options(1))
    x = np.stack([np.ones((3, 120)), block.factors_est[:, :, 0]], axis=2)
    raw = block.returns_est - np.einsum("ntk,nk->nt", x, fit.theta)
    centre = 0.0 if model == "huber" else raw.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(fit.residuals, raw - centre, atol=1e-15)
    np.testing.assert_allclose(fit.sigma**2 * fit.df, ((raw - centre) ** 2).sum(axis=1))
    new = np.stack([np.ones((3, 5)), block.factors_evt[:, :, 0]], axis=2)
    np.testing.assert_allclose(fit.ar, block.returns_evt - np.einsum("nlk,nk->nl", new, fit.theta))
    v = np.einsum("nlk,nkj,nmj->nlm", new, fit.covariance.parameters, new)
    v += fit.sigma[:, None, None] ** 2 * np.eye(5)
    np.testing.assert_allclose(fit.covariance.matrix(), v)
    assert fit.leverage.sum(axis=1) == pytest.approx(np.full(3, 2.0))


@pytest.mark.parametrize("model", ["huber", "lad", "theil_sen"])
def test_bootstrap_covariance_has_the_known_size(model: str) -> None:
    # Normal errors: Huber loses 5 %, Theil-Sen 9 %, the median 57 % of efficiency.
    block = market_block(5, n=20, length=160)
    fit = fit_model(model, block, options=ModelOptions(factor_names=("M",), draws=149))
    plain = fit_model("market_model", block, options=ModelOptions(factor_names=("M",)))
    ratio = fit.covariance.parameters[:, 1, 1] / plain.covariance.parameters[:, 1, 1]
    known = {"huber": 1.05, "lad": np.pi / 2, "theil_sen": 1.05}[model]
    assert ratio.mean() == pytest.approx(known, rel=0.25)


@pytest.mark.parametrize("model", ["huber", "lad", "theil_sen"])
def test_one_wild_day_hardly_moves_the_fit(model: str) -> None:
    block = market_block(6, n=1)
    before = fit_model(model, block, options=options(1)).theta[0]
    block.returns_est[0, 60] = 3.0
    after = fit_model(model, block, options=options(1)).theta[0]
    plain = fit_model("market_model", block, options=options(1)).theta[0]
    assert np.abs(after - before).max() < 0.1
    assert np.abs(plain - before).max() > 1.0


@pytest.mark.parametrize("model", ["huber", "lad", "theil_sen"])
def test_same_draws_for_any_block(model: str) -> None:
    block = market_block(7)
    whole = fit_model(model, block, options=options(1))
    part = fit_model(model, block.take(np.array([2, 0])), options=options(1))
    np.testing.assert_array_equal(part.covariance.parameters, whole.covariance.parameters[[2, 0]])
    other = fit_model(model, block, options=options(1, seed=5))
    assert (other.covariance.parameters != whole.covariance.parameters).any()


@pytest.mark.parametrize("model", ["huber", "lad"])
def test_failures_are_reasons(model: str) -> None:
    block = market_block(8, n=4)
    block.returns_est[0, 2:] = np.nan
    block.factors_est[1] = 0.01
    block.returns_est[2] = 0.0
    fit = fit_model(model, block, options=options(1))
    assert "too few observations" in fit.failure[0]
    assert "rank" in fit.failure[1]
    assert "scale" in fit.failure[2]
    assert fit.failure[3] == ""
    assert np.isnan(fit.sigma[:3]).all()
    assert np.isnan(fit.covariance.parameters[:3]).all()


def test_a_robust_scale_of_zero_is_a_failure() -> None:
    # More than half of the residuals vanish: the median deviation gives no scale.
    block = market_block(9, n=2, factors=0)
    block.returns_est[0, :90] = 0.0
    fit = fit_model("huber", block, options=options(0))
    assert "no robust scale" in fit.failure[0]
    assert fit.failure[1] == ""


def test_long_returns_weigh_by_their_sessions() -> None:
    rng = np.random.default_rng(10)
    f = rng.normal(0, 0.01, (1, 65, 1))
    spans = np.ones((1, 65))
    spans[0, 20] = 4.0
    r = 0.001 * spans + f[:, :, 0] + rng.normal(0, 0.01, (1, 65))
    block = block_of(r, f, 60, spans=spans)
    fit = fit_model("theil_sen", block, options=options(1))
    y, m = r[0, :60] / spans[0, :60], f[0, :60, 0] / spans[0, :60]
    assert fit.theta[0, 1] == pytest.approx(stats.theilslopes(y, m).slope)
    huber = fit_model("huber", block, options=options(1))
    root = np.sqrt(spans[0, :60])
    x = np.column_stack([root, f[0, :60, 0] / root])
    outside = sm.RLM(r[0, :60] / root, x, M=sm.robust.norms.HuberT(1.345)).fit(
        conv="coefs", tol=1e-13, maxiter=1000
    )
    np.testing.assert_allclose(huber.theta[0], outside.params, rtol=1e-7)


def test_theil_sen_takes_one_benchmark() -> None:
    with pytest.raises(ValueError, match="one benchmark"):
        fit_model("theil_sen", market_block(11, factors=3), options=options(3))


def test_lad_with_many_equal_returns_ends() -> None:
    rng = np.random.default_rng(12)
    block = market_block(13, n=2)
    block.returns_est[:] = np.round(block.returns_est, 2)
    block.factors_est[:] = np.round(block.factors_est, 2)
    block.returns_est[1, rng.random(120) < 0.4] = 0.0
    fit = fit_model("lad", block, options=options(1))
    assert fit.failure == ("", "")
    for i in range(2):
        x = np.column_stack([np.ones(120), block.factors_est[i]])
        y = block.returns_est[i]
        found = np.abs(y - x @ fit.theta[i]).sum()
        assert found == pytest.approx(least_absolute(x * 100, y * 100) / 100, rel=1e-9)


def test_no_convergence_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstudy.models.robust.ITERATIONS", 1)
    block = market_block(14, n=1, fat=True)
    for model in ("huber", "lad"):
        assert "no convergence" in fit_model(model, block, options=options(1)).failure[0]
