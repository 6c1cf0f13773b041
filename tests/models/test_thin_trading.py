"""Scholes-Williams by loops, its covariance by the instrument's algebra, and its failures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eventstudy.arrays import EventBlock
from eventstudy.models import ModelOptions, fit_model

from .cases import block_of

LOOPS = 1e-10


def lagged_block(seed: int, n: int = 3, length: int = 100, event: int = 4) -> EventBlock:
    rng = np.random.default_rng(seed)
    m = rng.normal(0.0004, 0.01, (n, length + event + 2))
    r = 0.0002 + 0.6 * m[:, 1:-1] + 0.3 * m[:, :-2] + rng.normal(0, 0.01, (n, length + event))
    return block_of(r, np.stack([m[:, :-2], m[:, 1:-1], m[:, 2:]], axis=2), length)


def slope(y: list[float], x: list[float]) -> float:
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return top / sum((a - mx) ** 2 for a in x)


def test_equals_loops() -> None:
    block = lagged_block(1)
    block.returns_est[0, 30] = np.nan
    fit = fit_model("scholes_williams", block)
    for i in range(3):
        r, f = block.returns_est[i], block.factors_est[i]
        rows = [t for t in range(1, 99) if math.isfinite(r[t])]
        y = [r[t] for t in rows]
        parts = [slope(y, [f[t, j] for t in rows]) for j in range(3)]
        m = f[:, 1]
        mean = m.sum() / 100
        rho = sum((m[t] - mean) * (m[t - 1] - mean) for t in range(1, 100)) / sum(
            (v - mean) ** 2 for v in m
        )
        beta = sum(parts) / (1 + 2 * rho)
        alpha = sum(y) / len(y) - beta * sum(m[t] for t in rows) / len(rows)
        assert fit.theta[i] == pytest.approx([alpha, beta], rel=LOOPS)
        e = np.array([r[t] - alpha - beta * m[t] for t in rows])
        assert fit.df[i] == len(rows) - 2
        assert fit.n_obs[i] == len(rows)
        assert fit.sigma[i] == pytest.approx(math.sqrt(e @ e / (len(rows) - 2)), rel=LOOPS)
        x = np.column_stack([np.ones(len(rows)), m[rows]])
        z = np.column_stack([np.ones(len(rows)), f[rows].sum(axis=1)])
        a = np.linalg.inv(z.T @ x) @ z.T
        new = np.column_stack([np.ones(4), block.factors_evt[i][:, 1]])
        v = fit.sigma[i] ** 2 * (np.eye(4) + new @ a @ a.T @ new.T)
        np.testing.assert_allclose(fit.covariance.matrix()[i], v, rtol=1e-9)
        np.testing.assert_allclose(fit.ar[i], block.returns_evt[i] - new @ [alpha, beta])
        hat = x @ a
        left = np.eye(len(rows)) - hat
        np.testing.assert_allclose(
            fit.leverage[i][rows], 1.0 - np.diag(left @ left.T), rtol=1e-8, atol=1e-12
        )


def test_recovers_a_beta_that_least_squares_misses() -> None:
    block = lagged_block(2, n=200, length=250)
    narrow = EventBlock(
        **{
            **vars(block),
            "factors_est": block.factors_est[:, :, 1:2],
            "factors_evt": block.factors_evt[:, :, 1:2],
        }
    )
    wide = fit_model("scholes_williams", block).theta[:, 1].mean()
    plain = fit_model("market_model", narrow, options=ModelOptions(factor_names=("M",)))
    assert wide == pytest.approx(0.9, abs=0.03)
    assert plain.theta[:, 1].mean() == pytest.approx(0.6, abs=0.03)


def test_the_first_and_last_session_and_long_returns_are_not_estimated_on() -> None:
    block = lagged_block(3)
    block.spans_est[1, 40] = 2.0
    fit = fit_model("scholes_williams", block)
    assert np.isnan(fit.residuals[:, [0, -1]]).all()
    assert np.isnan(fit.residuals[1, 40])
    assert fit.n_obs.tolist() == [98, 97, 98]


def test_failures_are_reasons() -> None:
    block = lagged_block(4, n=5)
    block.returns_est[0, 3:] = np.nan
    block.factors_est[1] = 0.01
    # A benchmark that reverses itself: 1 + 2 rho is not positive.
    block.factors_est[2, :, 1] = 0.01 * (-1.0) ** np.arange(100)
    block.returns_est[3] = 0.0
    fit = fit_model("scholes_williams", block)
    assert "too few observations" in fit.failure[0]
    assert "does not vary" in fit.failure[1]
    assert "not identified" in fit.failure[2]
    assert "zero scale" in fit.failure[3]
    assert fit.failure[4] == ""
    assert np.isnan(fit.theta[:4]).all()
    assert np.isnan(fit.ar[:4]).all()
    assert np.isnan(fit.covariance.quadratic(np.ones(4))[:4]).all()


def test_other_blocks_are_refused() -> None:
    block = lagged_block(5)
    narrow = EventBlock(**{**vars(block), "factors_est": block.factors_est[:, :, :2]})
    with pytest.raises(ValueError, match="lag"):
        fit_model("scholes_williams", narrow)
