"""Volatility models against the arch package, loops, and closed forms."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import pytest
from arch import arch_model, univariate
from scipy import stats

from eventstudy.errors import InputError
from eventstudy.models import ModelOptions, fit_model
from eventstudy.models.filtering import ewma_variance, gap_residuals
from eventstudy.models.volatility import _simulated, _Variance

from .cases import block_of, garch_returns, market_block

# Same optimiser, the intercept given as a column: the optimum is met to about eight digits.
OPTIMUM = 1e-5
FORECAST = 1e-9
ARCH = {
    "garch": {"vol": "GARCH", "p": 1, "o": 0, "q": 1},
    "gjr_garch": {"vol": "GARCH", "p": 1, "o": 1, "q": 1},
    "egarch": {"vol": "EGARCH", "p": 1, "o": 1, "q": 1},
}


def constant_block(seed: int, length: int = 600, gap: int = 0, event: int = 5):
    r = garch_returns(seed, length + gap + event)[None]
    return block_of(r, np.empty((*r.shape, 0)), length, gap=gap)


@pytest.mark.parametrize("model", ARCH)
@pytest.mark.parametrize("law", ["normal", "t"])
def test_equals_arch(model: str, law: str) -> None:
    block = constant_block(1)
    fit = fit_model(model, block, options=ModelOptions(distribution=law))
    assert fit.failure == ("",)
    outside = arch_model(block.returns_est[0] * 100, mean="Constant", dist=law, **ARCH[model]).fit(
        disp="off"
    )
    assert fit.theta[0, 0] * 100 == pytest.approx(outside.params["mu"], rel=OPTIMUM, abs=1e-6)
    h = (outside.conditional_volatility / 100) ** 2
    z = outside.resid / outside.conditional_volatility
    np.testing.assert_allclose(fit.standardised[0], z, rtol=1e-3, atol=1e-4)
    se = outside.param_cov.iloc[0, 0] / 100**2
    assert fit.covariance.parameters[0, 0, 0] == pytest.approx(se, rel=0.02)
    if model == "egarch":
        first = outside.forecast(horizon=1).variance.iloc[-1].to_numpy() / 100**2
        np.testing.assert_allclose(fit.covariance.innovation[0, :1], first, rtol=1e-3)
    else:
        ahead = outside.forecast(horizon=5).variance.iloc[-1].to_numpy() / 100**2
        np.testing.assert_allclose(fit.covariance.innovation[0], ahead, rtol=1e-3)
    assert h.shape == fit.residuals[0].shape
    assert fit.sigma[0] == pytest.approx(
        math.sqrt((fit.residuals[0] ** 2).sum() / 599), rel=FORECAST
    )


def test_market_model_mean() -> None:
    rng = np.random.default_rng(2)
    f = rng.normal(0, 0.01, (1, 505, 1))
    r = garch_returns(3, 505)[None] + 1.2 * f[:, :, 0]
    block = block_of(r, f, 500)
    fit = fit_model("garch", block, options=ModelOptions(factor_names=("M",)))
    outside = arch_model(r[0, :500] * 100, x=f[0, :500] * 100, mean="LS", p=1, q=1).fit(disp="off")
    assert fit.theta[0, 1] == pytest.approx(outside.params.iloc[1], rel=OPTIMUM)
    assert fit.names == ("alpha", "beta")
    np.testing.assert_allclose(
        fit.covariance.parameters[0][1, 1], outside.param_cov.iloc[1, 1], rtol=0.02
    )
    assert fit.ar[0] == pytest.approx(
        r[0, 500:] - fit.theta[0, 0] - fit.theta[0, 1] * f[0, 500:, 0]
    )
    assert fit.r_squared[0] > 0.3


@pytest.mark.parametrize("model", ["garch", "gjr_garch", "egarch", "ewma"])
def test_filtered_through_the_gap_by_hand(model: str) -> None:
    block = constant_block(4, gap=7)
    assert block.returns_gap is not None
    block.returns_gap[0, 2] = np.nan
    short = type(block)(**{**vars(block), "returns_gap": None, "factors_gap": None})
    fit, stopped = fit_model(model, block), fit_model(model, short)
    np.testing.assert_array_equal(fit.theta, stopped.theta)
    e = fit.residuals[0]
    h = (e / fit.standardised[0]) ** 2
    # The last fitted variances pin the equation down: w, A, (C), B by least squares on h.
    if model == "egarch":
        z = fit.standardised[0, :-1]
        design = np.column_stack([np.ones(599), np.log(h[:-1]), np.abs(z), z])
        equation = np.linalg.lstsq(design, np.log(h[1:]), rcond=None)[0]
    else:
        design = np.column_stack([np.ones(599), h[:-1], e[:-1] ** 2, e[:-1] ** 2 * (e[:-1] < 0)])
        equation = np.linalg.lstsq(design / 1e-4, h[1:] / 1e-4, rcond=None)[0]

    def following(variance: float, shock: float) -> float:
        if model == "egarch":
            u = shock / math.sqrt(variance)
            return math.exp(equation @ [1.0, math.log(variance), abs(u), u])
        return float(equation @ [1.0, variance, shock**2, shock**2 * (shock < 0)])

    last = following(h[-1], e[-1])
    assert stopped.covariance.innovation[0, 0] == pytest.approx(last, rel=1e-5)
    for r in block.returns_gap[0]:
        if math.isfinite(r):
            last = following(last, r - fit.theta[0, 0])
    assert fit.covariance.innovation[0, 0] == pytest.approx(last, rel=1e-5)
    if model in ("garch", "gjr_garch"):
        w, b, a, c = equation
        kept = a + b + c / 2
        usual = w / (1 - kept)
        path = usual + kept ** np.arange(5) * (last - usual)
        np.testing.assert_allclose(fit.covariance.innovation[0], path, rtol=1e-4)
        assert fit.volatility_state[0] == pytest.approx(last / usual, rel=1e-4)
    if model == "ewma":
        assert len(set(fit.covariance.innovation[0])) == 1
        assert fit.volatility_state[0] == pytest.approx(last / fit.sigma[0] ** 2)


@pytest.mark.parametrize("model", ["garch", "ewma"])
def test_the_event_does_not_touch_its_own_scale(model: str) -> None:
    block = constant_block(5)
    before = fit_model(model, block)
    block.returns_evt[0, 0] = 0.5
    after = fit_model(model, block)
    np.testing.assert_array_equal(before.ar_se, after.ar_se)


def test_ewma_is_least_squares_with_another_scale() -> None:
    block = market_block(6, n=2, length=130)
    options = ModelOptions(factor_names=("M",))
    fit, plain = (fit_model(name, block, options=options) for name in ("ewma", "market_model"))
    np.testing.assert_array_equal(fit.ar, plain.ar)
    np.testing.assert_array_equal(fit.covariance.parameters, plain.covariance.parameters)
    h = plain.sigma[0] ** 2
    for t, e in enumerate(plain.residuals[0]):
        assert fit.standardised[0, t] == pytest.approx(e / math.sqrt(h))
        h = 0.94 * h + 0.06 * e * e
    assert fit.covariance.innovation[0] == pytest.approx(np.full(5, h))


def test_egarch_simulation_meets_the_closed_form() -> None:
    variance = _Variance("egarch", -0.5, 0.2, -0.1, 0.95, math.inf)
    h = 2e-4
    found = _simulated(variance, h, 4, np.random.default_rng(7))
    assert found[0] == pytest.approx(h)
    level, factor = math.log(h), 1.0
    for j in range(1, 4):
        level = variance.omega + variance.decay * level
        power = variance.decay ** (j - 1)
        a, c = power * variance.shock, power * variance.sign
        mean = math.exp(-a * math.sqrt(2 / math.pi)) * (
            math.exp((a + c) ** 2 / 2) * stats.norm.cdf(a + c)
            + math.exp((a - c) ** 2 / 2) * stats.norm.cdf(a - c)
        )
        factor *= mean
        assert found[j] == pytest.approx(math.exp(level) * factor, rel=0.01)


def test_same_forecast_for_any_block() -> None:
    r = np.stack([garch_returns(s, 405) for s in (1, 8, 12)])
    block = block_of(r, np.empty((3, 405, 0)), 400)
    whole = fit_model("egarch", block)
    part = fit_model("egarch", block.take(np.array([2, 0])))
    np.testing.assert_array_equal(part.covariance.innovation, whole.covariance.innovation[[2, 0]])


def test_failures_are_reasons() -> None:
    rng = np.random.default_rng(9)
    r = np.stack([garch_returns(10, 405) for _ in range(5)])
    f = rng.normal(0, 0.01, (5, 405, 1))
    r[0, 150:400] = np.nan
    f[1] = 0.01
    # A variance that grows without end has no stationary fit.
    r[2] = rng.normal(size=405) * 0.01 * 1.02 ** np.arange(405)
    r[3] = 0.0
    fit = fit_model("garch", block_of(r, f, 400), options=ModelOptions(factor_names=("M",)))
    assert "too few observations: 150" in fit.failure[0]
    assert "rank" in fit.failure[1]
    assert fit.failure[2].startswith(("not stationary", "no convergence"))
    assert fit.failure[3] != ""
    assert fit.failure[4] == ""
    assert np.isnan(fit.ar[:4]).all()
    assert np.isnan(fit.ar_se[:4]).all()


def test_missing_sessions_are_left_out() -> None:
    block = constant_block(11)
    block.returns_est[0, 100] = np.nan
    block.spans_est[0, 100] = np.nan
    fit = fit_model("garch", block)
    kept = np.delete(block.returns_est[0], 100)
    outside = arch_model(kept * 100, mean="Constant", p=1, q=1).fit(disp="off")
    assert fit.theta[0, 0] * 100 == pytest.approx(outside.params["mu"], rel=OPTIMUM)
    assert fit.n_obs[0] == 599
    assert np.isnan(fit.standardised[0, 100])


def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "arch", None)
    with pytest.raises(InputError, match=r"pip install 'market-eventstudy\[garch\]'"):
        fit_model("garch", constant_block(12))
    assert fit_model("ewma", constant_block(12)).failure == ("",)


def test_gap_residuals_of_each_mean_equation() -> None:
    block = market_block(13, gap=3)
    options = ModelOptions(factor_names=("M",))
    assert block.returns_gap is not None
    assert block.factors_gap is not None
    m = block.factors_gap[:, :, 0]
    plain = fit_model("market_model", block, options=options)
    expected = block.returns_gap - plain.theta[:, :1] - plain.theta[:, 1:] * m
    np.testing.assert_allclose(gap_residuals(block, plain), expected)
    bare = fit_model("market_adjusted", block, options=options)
    np.testing.assert_allclose(gap_residuals(block, bare), block.returns_gap - m)
    slope = fit_model("capm", block, options=ModelOptions(factor_names=("M",), intercept=False))
    np.testing.assert_allclose(
        gap_residuals(block, slope), block.returns_gap - slope.theta[:, :1] * m
    )
    blind = type(block)(**{**vars(block), "factors_gap": None})
    assert gap_residuals(blind, plain).shape == (3, 0)
    three = market_block(14, factors=3, gap=3)
    wide = fit_model("scholes_williams", three)
    assert three.returns_gap is not None
    assert three.factors_gap is not None
    np.testing.assert_allclose(
        gap_residuals(three, wide),
        three.returns_gap - wide.theta[:, :1] - wide.theta[:, 1:] * three.factors_gap[:, :, 1],
    )
    lag = fit_model("ar1", block)
    before = np.column_stack([block.returns_est[:, -1], block.returns_gap[:, :-1]])
    np.testing.assert_allclose(
        gap_residuals(block, lag), block.returns_gap - lag.theta[:, :1] - lag.theta[:, 1:] * before
    )


def test_ewma_keeps_its_variance_over_missing_sessions() -> None:
    h = ewma_variance(np.array([[np.nan, 1.0, np.nan]]), np.array([4.0]), decay=0.5)
    np.testing.assert_allclose(h, [[4.0, 4.0, 2.5, 2.5]])


def test_restricted_mean_equation() -> None:
    rng = np.random.default_rng(15)
    f = rng.normal(0, 0.01, (1, 510, 1))
    block = block_of(garch_returns(16, 510)[None] + f[:, :, 0], f, 500, gap=5)
    fit = fit_model("garch", block, options=ModelOptions(factor_names=("M",), intercept=False))
    assert fit.names == ("beta",)
    outside = arch_model(block.returns_est[0] * 100, x=f[0, :500] * 100, mean="LS", p=1, q=1)
    assert fit.theta[0, 0] == pytest.approx(outside.fit(disp="off").params.iloc[1], abs=0.02)
    assert np.isfinite(fit.ar_se).all()


class _Result:
    """What a likelihood may give back when it goes wrong."""

    convergence_flag = 0

    def __init__(self, **wrong: object) -> None:
        good = {"x0": 0.1, "omega": 0.05, "alpha[1]": 0.1, "beta[1]": 0.8}
        self.params = pd.Series(good)
        self.param_cov = np.eye(4)
        self.__dict__.update(wrong)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"convergence_flag": 8}, "no convergence (optimiser code 8)"),
        ({"param_cov": np.full((4, 4), np.nan)}, "the likelihood is flat"),
        ({"param_cov": -np.eye(4)}, "the likelihood is flat"),
        (
            {"params": pd.Series({"x0": 0.1, "omega": 0.1, "alpha[1]": 0.3, "beta[1]": 0.7})},
            "not stationary: persistence 1.0000",
        ),
    ],
)
def test_what_the_likelihood_may_do(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], text: str
) -> None:
    monkeypatch.setattr(univariate.LS, "fit", lambda self, **_: _Result(**wrong))
    assert text in fit_model("garch", constant_block(17)).failure[0]


def test_an_error_of_the_likelihood_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, **_: object) -> None:
        raise ValueError("bad starting values")

    monkeypatch.setattr(univariate.LS, "fit", broken)
    assert fit_model("garch", constant_block(18)).failure == ("no estimate: bad starting values",)


def test_three_benchmark_columns_without_an_instrument() -> None:
    block = market_block(19, factors=3, gap=2)
    fit = fit_model("dimson", block, options=ModelOptions(factor_names=("a", "b", "c")))
    assert block.returns_gap is not None
    assert block.factors_gap is not None
    expected = block.returns_gap - fit.theta[:, :1]
    expected -= np.einsum("ngf,nf->ng", block.factors_gap, fit.theta[:, 1:])
    np.testing.assert_allclose(gap_residuals(block, fit), expected)
