"""AR(1) against statsmodels, its forecast covariance against brute force, its failures."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg

from eventstudy.models import fit_model

from .cases import block_of

EXACT = 1e-10


def path(seed: int, n: int, total: int, phi: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    r = rng.normal(0, 0.01, (n, total))
    for t in range(1, total):
        r[:, t] += 0.0005 + phi * r[:, t - 1]
    return r


def test_equals_statsmodels() -> None:
    r = path(1, 3, 130)
    fit = fit_model("ar1", block_of(r, np.empty((3, 130, 0)), 120, gap=4))
    for i in range(3):
        outside = AutoReg(r[i, :120], 1).fit()
        assert fit.theta[i] == pytest.approx(outside.params, rel=EXACT)
        # AutoReg divides by the number of rows, not by the degrees of freedom.
        assert fit.sigma[i] ** 2 * 117 == pytest.approx(outside.sigma2 * 119, rel=EXACT)
        np.testing.assert_allclose(fit.residuals[i, 1:], outside.resid, rtol=1e-8, atol=1e-15)
        level = r[i, 123]
        for j in range(6):
            level = outside.params[0] + outside.params[1] * level
            assert fit.expected[i, j] == pytest.approx(level, rel=EXACT)
    assert fit.n_obs.tolist() == [119] * 3
    assert fit.df.tolist() == [117.0] * 3


def test_covariance_by_brute_force() -> None:
    block = block_of(path(2, 1, 66), np.empty((1, 66, 0)), 60)
    fit = fit_model("ar1", block)
    phi = fit.theta[0, 1]
    s2 = fit.sigma[0] ** 2

    def forecast(theta: np.ndarray) -> np.ndarray:
        out, level = [], block.returns_est[0, -1]
        for _ in range(6):
            level = theta[0] + theta[1] * level
            out.append(level)
        return np.array(out)

    step = 1e-6
    jacobian = np.column_stack(
        [
            (forecast(fit.theta[0] + d) - forecast(fit.theta[0] - d)) / (2 * step)
            for d in np.eye(2) * step
        ]
    )
    np.testing.assert_allclose(fit.covariance.design[0], jacobian, rtol=1e-6)
    lag = block.returns_est[0, :-1]
    x = np.column_stack([np.ones(59), lag])
    np.testing.assert_allclose(fit.covariance.parameters[0], s2 * np.linalg.inv(x.T @ x))
    psi = np.array([[phi ** (j - m) if m <= j else 0.0 for m in range(6)] for j in range(6)])
    np.testing.assert_allclose(fit.covariance.innovation[0], s2 * psi @ psi.T)
    # The closed form of a window that starts at the origin.
    closed = s2 * sum(((1 - phi**q) / (1 - phi)) ** 2 for q in range(1, 7))
    inner = fit.covariance.innovation[0].sum()
    assert inner == pytest.approx(closed, rel=EXACT)
    total = fit.covariance.quadratic(np.ones(6))[0]
    assert total > closed


def test_variances_hold_in_simulation() -> None:
    r = path(3, 4000, 260, phi=0.5)
    fit = fit_model("ar1", block_of(r, np.empty((4000, 260, 0)), 250, gap=5))
    for c in (np.ones(5), np.array([0.0, 0, 1, 1, 0])):
        root = (fit.ar @ c) / np.sqrt(fit.covariance.quadratic(c))
        # Simulation error of a deviation from 4,000 draws: 1.1 %; phi is biased by 1 %.
        assert root.std() == pytest.approx(1.0, abs=0.04)


def test_rows_need_two_single_sessions() -> None:
    r = path(4, 1, 60)
    r[0, 20] = np.nan
    spans = np.where(np.isfinite(r), 1.0, np.nan)
    spans[0, 21] = 2.0
    fit = fit_model("ar1", block_of(r, np.empty((1, 60, 0)), 55, spans=spans))
    assert np.isnan(fit.residuals[0, [0, 20, 21, 22]]).all()
    assert fit.n_obs[0] == 51


def test_a_long_event_return_sums_its_sessions() -> None:
    r = path(5, 1, 60)
    whole = fit_model("ar1", block_of(r, np.empty((1, 60, 0)), 55))
    merged = r.copy()
    merged[0, 57] += merged[0, 56]
    merged[0, 56] = np.nan
    spans = np.where(np.isfinite(merged), 1.0, np.nan)
    spans[0, 57] = 2.0
    gone = fit_model("ar1", block_of(merged, np.empty((1, 60, 0)), 55, spans=spans))
    assert gone.ar[0, 2] == pytest.approx(whole.ar[0, 1] + whole.ar[0, 2], rel=EXACT)
    c, merged_c = np.array([1.0, 1, 1, 1, 1]), np.array([1.0, 0, 1, 1, 1])
    assert gone.covariance.quadratic(merged_c)[0] == pytest.approx(
        whole.covariance.quadratic(c)[0], rel=EXACT
    )
    assert np.isnan(gone.ar[0, 1])


def test_failures_are_reasons() -> None:
    r = path(6, 6, 60)
    r[0, 3:50] = np.nan
    r[1] = 0.01
    r[2, :50] = 1.1 ** np.arange(50) * 1e-3 + np.random.default_rng(0).normal(0, 1e-5, 50)
    r[3, :50] = 0.01 * (-0.5) ** np.arange(50)
    r[4, 54] = np.nan
    fit = fit_model("ar1", block_of(r, np.empty((6, 60, 0)), 50, gap=5))
    for text, found in zip(
        ["too few observations", "rank", "not stationary", "zero scale", "no forecast origin"],
        fit.failure,
        strict=False,
    ):
        assert text in found
    assert fit.failure[5] == ""
    assert np.isnan(fit.ar[:5]).all()
    assert np.isnan(fit.covariance.quadratic(np.ones(5))[:5]).all()


def test_without_the_gap_there_is_no_origin() -> None:
    block = block_of(path(7, 1, 60), np.empty((1, 60, 0)), 50, gap=5)
    blind = type(block)(**{**vars(block), "returns_gap": None, "factors_gap": None})
    assert "no forecast origin" in fit_model("ar1", blind).failure[0]
