"""Half-life weights: statsmodels' WLS with weights of mean 1, and a scale that stays right."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.arrays import EventBlock
from eventstudy.models import ModelOptions, fit_model

# Two least-squares routes in doubles on well-conditioned data.
RELATIVE = 1e-11
# 4,000 draws of a test at 5 %: four standard errors of the share, around the small excess that
# the loss of effective observations brings.
DRAWS, SHARE, ROOM = 4000, 0.05, 0.02


def block(n: int, seed: int, length: int = 250) -> EventBlock:
    rng = np.random.default_rng(seed)
    factor = rng.normal(0, 0.01, (n, length + 1, 1))
    returns = 0.0002 + 1.1 * factor[:, :, 0] + rng.normal(0, 0.015, (n, length + 1))
    days = np.tile(np.arange(length + 1), (n, 1))
    ones = np.ones((n, length + 1))
    return EventBlock(
        returns[:, :-1], factor[:, :-1], ones[:, :-1], days[:, :-1],
        returns[:, -1:], factor[:, -1:], ones[:, -1:], days[:, -1:],
        np.arange(-length, 0), np.array([0]),
    )  # fmt: skip


@pytest.mark.parametrize("half_life", [30.0, 90.0])
def test_coefficients_and_scale_are_those_of_weighted_least_squares(half_life: float) -> None:
    b = block(5, 1)
    fit = fit_model("market_model", b, options=ModelOptions(("M",), half_life=half_life))
    age = -1.0 - np.arange(-250, 0)
    weights = 0.5 ** (age / half_life)
    weights /= weights.mean()
    for i in range(b.n):
        x = sm.add_constant(b.factors_est[i, :, 0])
        outside = sm.WLS(b.returns_est[i], x, weights=weights).fit()
        np.testing.assert_allclose(fit.theta[i], outside.params, rtol=RELATIVE)
        np.testing.assert_allclose(fit.sigma[i], np.sqrt(outside.mse_resid), rtol=RELATIVE)
        # Residuals are those of the returns, not of the weighted rows.
        np.testing.assert_allclose(fit.residuals[i], outside.resid, rtol=1e-9, atol=1e-15)


def test_a_long_half_life_is_ordinary_least_squares() -> None:
    b = block(3, 2)
    plain = fit_model("market_model", b, options=ModelOptions(("M",)))
    slow = fit_model("market_model", b, options=ModelOptions(("M",), half_life=1e9))
    np.testing.assert_allclose(slow.ar, plain.ar, rtol=1e-6)
    np.testing.assert_allclose(slow.ar_se, plain.ar_se, rtol=1e-6)


def test_the_size_holds_where_the_variance_is_constant() -> None:
    fit = fit_model("market_model", block(DRAWS, 3), options=ModelOptions(("M",), half_life=60.0))
    p = 2 * stats.t(fit.df).sf(np.abs(fit.sar[:, 0]))
    assert abs((p <= 0.05).mean() - SHARE) < ROOM
