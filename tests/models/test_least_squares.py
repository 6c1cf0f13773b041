"""Least squares against statsmodels, as a property over well-conditioned regressors."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.models import ModelOptions, fit_model
from eventstudy.models.thin_trading import dimson_beta

from .cases import block_of

# Both programs solve by orthogonal factors; on a well-conditioned design the last digits differ.
EXACT = 1e-12


def options(count: int) -> ModelOptions:
    return ModelOptions(factor_names=tuple(f"F{j}" for j in range(count)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    factors=st.integers(0, 4),
    length=st.integers(20, 260),
    scale=st.sampled_from([1e-4, 0.01, 0.3]),
)
def test_equals_statsmodels(seed: int, factors: int, length: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    f = rng.normal(0.0, scale, (1, length + 3, factors))
    # Coefficients and shocks of one size keep the relative error meaningful.
    r = scale + np.einsum("ntf,f->nt", f, rng.uniform(0.5, 1.5, factors))
    r = r + rng.normal(0.0, scale, r.shape)
    block = block_of(r, f, length)
    fit = fit_model("factor" if factors else "constant_mean", block, options=options(factors))
    design = np.column_stack([np.ones(length), f[0, :length]])
    outside = sm.OLS(r[0, :length], design).fit(method="qr")
    # Relative to the size of the terms that are summed, where they cancel.
    size = np.abs(outside.params).max()
    np.testing.assert_allclose(fit.theta[0], outside.params, rtol=EXACT, atol=EXACT * size)
    assert fit.sigma[0] == pytest.approx(np.sqrt(outside.mse_resid), rel=EXACT)
    assert fit.df[0] == outside.df_resid
    new = np.column_stack([np.ones(3), f[0, length:]])
    ar = r[0, length:] - outside.predict(new)
    np.testing.assert_allclose(fit.ar[0], ar, rtol=EXACT, atol=10 * EXACT * scale)
    np.testing.assert_allclose(fit.ar_se[0], outside.get_prediction(new).se_obs, rtol=1e-10)
    np.testing.assert_allclose(fit.leverage[0], outside.get_influence().hat_matrix_diag, rtol=1e-9)


def test_dimson_beta_is_the_sum() -> None:
    rng = np.random.default_rng(1)
    f = rng.normal(size=(2, 80, 2))
    r = 0.7 * f[:, :, 0] + 0.4 * f[:, :, 1] + rng.normal(size=(2, 80)) * 0.1
    fit = fit_model("dimson", block_of(r, f, 75), options=options(2))
    np.testing.assert_allclose(dimson_beta(fit), fit.theta[:, 1] + fit.theta[:, 2])
    assert dimson_beta(fit) == pytest.approx(np.array([1.1, 1.1]), abs=0.1)
    bare = fit_model(
        "dimson",
        block_of(r, f, 75),
        options=ModelOptions(factor_names=("a", "b"), intercept=False),
    )
    np.testing.assert_allclose(dimson_beta(bare), bare.theta.sum(axis=1))
