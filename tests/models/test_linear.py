"""Weighted rows, market-adjusted returns, and the failures of the linear models."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.arrays import ModelFit
from eventstudy.errors import InputError
from eventstudy.models import ModelOptions, fit_model
from eventstudy.models.base import no_parameters

from .cases import block_of, market_block

M = ModelOptions(factor_names=("M",))


def test_half_life_coefficients_are_weighted_least_squares() -> None:
    block = market_block(1)
    options = ModelOptions(factor_names=("M",), half_life=40.0)
    fit = fit_model("market_model", block, options=options)
    weights = 0.5 ** (np.arange(119, -1, -1) / 40.0)
    for i in range(block.n):
        x = np.column_stack([np.ones(120), block.factors_est[i]])
        outside = sm.WLS(block.returns_est[i], x, weights=weights).fit()
        np.testing.assert_allclose(fit.theta[i], outside.params, rtol=1e-10, atol=1e-14)


def test_long_returns_are_weighted_least_squares() -> None:
    rng = np.random.default_rng(2)
    f = rng.normal(0, 0.01, (1, 64, 1))
    r = 0.001 + f[:, :, 0] + rng.normal(0, 0.01, (1, 64))
    spans = np.ones((1, 64))
    r[0, 19] = f[0, 19] = spans[0, 19] = np.nan
    spans[0, 20], spans[0, 62] = 2.0, 3.0
    fit = fit_model("market_model", block_of(r, f, 60, spans=spans), options=M)
    on = np.isfinite(r[0, :60])
    q = spans[0, :60][on]
    x = np.column_stack([q, f[0, :60, 0][on]])
    outside = sm.WLS(r[0, :60][on], x, weights=1.0 / q).fit()
    np.testing.assert_allclose(fit.theta[0], outside.params, rtol=1e-10)
    assert fit.sigma[0] == pytest.approx(np.sqrt(outside.mse_resid), rel=1e-10)
    new = np.column_stack([spans[0, 60:], f[0, 60:, 0]])
    v = outside.mse_resid * np.diag(spans[0, 60:]) + new @ outside.cov_params() @ new.T
    np.testing.assert_allclose(fit.covariance.matrix()[0], v, rtol=1e-9)


def test_failures_are_reasons() -> None:
    block = market_block(3, n=4)
    block.returns_est[0, 2:] = np.nan
    block.factors_est[1] = 0.01
    block.returns_est[2] = 0.0
    fit = fit_model("market_model", block, options=M)
    assert "too few observations: 2" in fit.failure[0]
    assert "rank" in fit.failure[1]
    assert "zero scale" in fit.failure[2]
    assert fit.failure[3] == ""
    assert np.isnan(fit.ar[:3]).all()
    assert np.isnan(fit.ar_se[:3]).all()
    assert np.isfinite(fit.ar[3]).all()


def test_more_parameters_than_sessions_is_an_error_of_the_caller() -> None:
    rng = np.random.default_rng(4)
    block = block_of(rng.normal(size=(1, 6)), rng.normal(size=(1, 6, 4)), 4)
    with pytest.raises(ValueError, match="4 estimation days for 5 parameters"):
        fit_model("factor", block, options=ModelOptions(factor_names=("a", "b", "c", "d")))


def test_market_adjusted_scale_is_about_the_mean_and_ar_is_not_centred() -> None:
    block = market_block(5)
    block.returns_est[:] += 0.01
    fit = fit_model("market_adjusted", block, options=M)
    diff = block.returns_est - block.factors_est[:, :, 0]
    np.testing.assert_allclose(fit.sigma, diff.std(axis=1, ddof=1))
    np.testing.assert_allclose(fit.ar, block.returns_evt - block.factors_evt[:, :, 0])
    np.testing.assert_allclose(fit.residuals, diff)
    assert fit.df.tolist() == [119.0] * 3
    with pytest.raises(ValueError, match="one benchmark"):
        fit_model("market_adjusted", market_block(5, factors=3), options=M)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(InputError, match="did you mean 'market_model'"):
        fit_model("markt_model", market_block(6), options=M)


def test_no_parameters_have_empty_shapes() -> None:
    design, parameters = no_parameters(3, 5)
    assert design.shape == (3, 5, 0)
    assert parameters.shape == (3, 0, 0)


@pytest.mark.parametrize(
    "model",
    [
        "constant_mean",
        "market_adjusted",
        "market_model",
        "capm",
        "factor",
        "scholes_williams",
        "dimson",
        "huber",
        "lad",
        "theil_sen",
        "ewma",
        "garch",
        "ar1",
    ],
)
def test_the_contract(model: str) -> None:
    """One contract for all: shapes, names, NaN on the right places, order of events."""
    factors = {"constant_mean": 0, "ar1": 0, "scholes_williams": 3, "dimson": 3, "factor": 3}
    f = factors.get(model, 1)
    block = market_block(7, n=4, length=220, factors=f, gap=2, fat=True)
    block.returns_est[1, 50] = np.nan
    block.returns_est[3, 30:] = np.nan
    block.returns_est[3, :29] = np.nan
    block.returns_evt[0, 2] = np.nan
    options = ModelOptions(factor_names=tuple("abc"[:f]), draws=99)
    fit = fit_model(model, block, options=options)
    k = len(fit.names)
    assert fit.theta.shape == (4, k)
    assert fit.residuals.shape == fit.leverage.shape == (4, 220)
    assert fit.ar.shape == fit.expected.shape == (4, 5)
    assert fit.covariance.design.shape == (4, 5, k)
    assert fit.covariance.parameters.shape == (4, k, k)
    assert [bool(why) for why in fit.failure] == [False, False, False, True]
    assert np.isnan(fit.sigma[3])
    assert np.isnan(fit.ar[3]).all() or model == "market_adjusted"
    assert np.isnan(fit.ar[0]).tolist() == [False, False, True, False, False]
    assert np.isnan(fit.residuals[1, 50])
    np.testing.assert_allclose(fit.sigma[:3] ** 2 * fit.df[:3], _rss(fit)[:3])
    v = fit.covariance.matrix()[1]
    np.testing.assert_allclose(v, v.T)
    assert (np.linalg.eigvalsh(v) > 0).all()
    assert fit.covariance.quadratic(np.ones(5))[1] == pytest.approx(v.sum())
    assert (fit.leverage[1][np.isfinite(fit.leverage[1])] < 1).all()
    turned = fit_model(model, block.take(np.array([2, 1])), options=options)
    np.testing.assert_allclose(turned.ar, fit.ar[[2, 1]], rtol=1e-10)
    np.testing.assert_allclose(turned.ar_se, fit.ar_se[[2, 1]], rtol=1e-10)


def _rss(fit: ModelFit) -> np.ndarray:
    e = np.where(np.isfinite(fit.residuals), fit.residuals, 0.0)
    count = np.isfinite(fit.residuals).sum(axis=1)
    total = (e**2).sum(axis=1)
    # Without parameters the variance is taken about the mean.
    return total if fit.names else total - e.sum(axis=1) ** 2 / np.maximum(count, 1)
