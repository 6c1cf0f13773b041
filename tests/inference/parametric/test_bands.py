"""Simultaneous bands against exact quantiles and by their coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.bands import cumulated, simultaneous_band, sup_t_quantile

# 20,000 draws: the quantile's Monte Carlo error is about 0.01; this is four of them.
MONTE_CARLO = 0.04


def _equicorrelated(size: int, r: float) -> np.ndarray:
    return np.full((size, size), r) + (1 - r) * np.eye(size)


@pytest.mark.parametrize("length", [2, 5, 21])
def test_independent_days_with_known_scale(length: int) -> None:
    want = stats.norm.isf((1 - 0.95 ** (1 / length)) / 2)
    got = sup_t_quantile(np.diag(np.arange(1.0, length + 1)), math.inf, seed=(1,))
    assert got == pytest.approx(want, abs=MONTE_CARLO)


def test_independent_days_with_estimated_scale() -> None:
    # Studentised maximum modulus, 5 %: k = 5, df = 10 is 3.103 (two-sided tables: 3.10).
    assert sup_t_quantile(np.eye(5), 10.0, seed=(2,)) == pytest.approx(3.10, abs=MONTE_CARLO)


def test_bounds() -> None:
    for df in (8.0, 60.0, math.inf):
        law = stats.norm() if math.isinf(df) else stats.t(df)
        pointwise, bonferroni = law.isf(0.025), law.isf(0.025 / 11)
        last = bonferroni + MONTE_CARLO
        for r in (0.0, 0.3, 0.6, 0.9, 0.999):
            got = sup_t_quantile(_equicorrelated(11, r), df, seed=(3,))
            assert pointwise <= got < last  # the more correlation, the narrower
            last = got
        one = sup_t_quantile(np.ones((11, 11)), df, seed=(3,))
        assert one == pytest.approx(pointwise, abs=MONTE_CARLO)
        assert sup_t_quantile(np.array([[0.3]]), df) == pytest.approx(pointwise, rel=1e-12)


def test_missing_days_are_left_out() -> None:
    full = _equicorrelated(4, 0.2)
    holed = np.full((5, 5), np.nan)
    keep = [0, 1, 3, 4]
    holed[np.ix_(keep, keep)] = full
    assert sup_t_quantile(holed, 30.0) == sup_t_quantile(full, 30.0)
    assert math.isnan(sup_t_quantile(np.full((3, 3), np.nan), 30.0))
    low, high = simultaneous_band(np.zeros(5), holed, 30.0)
    assert np.isnan(low[2])
    assert np.isfinite(high[keep]).all()


def test_level_seed_and_scale() -> None:
    v = cumulated(np.diag([1.0, 2.0, 0.5, 1.0]))
    base = sup_t_quantile(v, 40.0, seed=(5, 1))
    assert base == sup_t_quantile(v, 40.0, seed=(5, 1))
    assert base == pytest.approx(sup_t_quantile(v * 1e-4, 40.0, seed=(5, 1)), rel=1e-9)
    assert base != sup_t_quantile(v, 40.0, seed=(5, 2))
    assert sup_t_quantile(v, 40.0, level=0.1, seed=(5, 1)) < base


def test_cumulated_covariance_is_that_of_the_path() -> None:
    rng = np.random.default_rng(6)
    a = rng.normal(size=(5, 5))
    v = a @ a.T
    lower = np.tril(np.ones((5, 5)))
    np.testing.assert_allclose(cumulated(v), lower @ v @ lower.T, rtol=1e-12)
    v[2] = v[:, 2] = np.nan
    path = cumulated(v)
    np.testing.assert_array_equal(path[2], path[1])


def test_band_covers_the_whole_path() -> None:
    # Paths with an estimated common scale: 4,000 trials, three standard errors are one point.
    rng = np.random.default_rng(20240501)
    v = cumulated(np.eye(8) + 0.02)
    root, df = np.linalg.cholesky(v), 25
    q = sup_t_quantile(v, float(df), seed=(7,))
    z = rng.standard_normal((4000, 8)) @ root.T
    scale = np.sqrt(rng.chisquare(df, (4000, 1)) / df)
    outside = (np.abs(z) / (scale * np.sqrt(np.diag(v))) > q).any(axis=1).mean()
    assert outside == pytest.approx(0.05, abs=0.0105)
