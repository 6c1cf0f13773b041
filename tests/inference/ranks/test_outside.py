"""Outside programs: scipy's ranks, signed ranks and binomial test; the law behind GRANK's map."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.grank import to_student
from eventstudy.inference.ranks import midranks
from eventstudy.names import ALTERNATIVES, Alternative

from .samples import random_block, run, sample_of, scores_sample, window_of

# scipy counts the same patterns in another order.
CLOSE = 1e-12
SIDES: tuple[Alternative, ...] = ("two-sided", "less", "greater")


def test_sides_are_those_of_the_closed_list() -> None:
    assert set(SIDES) == set(ALTERNATIVES)


@pytest.mark.parametrize("seed", range(5))
def test_midranks_are_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(40, 25)), 1)
    x[rng.random(x.shape) < 0.15] = np.nan
    want = stats.rankdata(x, axis=1, nan_policy="omit")
    np.testing.assert_array_equal(midranks(x), want)


@pytest.mark.parametrize("n", [2, 5, 13, 49, 50])
@pytest.mark.parametrize("side", SIDES)
def test_exact_wilcoxon(n: int, side: Alternative) -> None:
    car = np.random.default_rng(n).normal(0.1, 1.0, n)
    sample = scores_sample(np.ones((n, 3)), car[:, None], alternative=side)
    got = run(("wilcoxon_signed_rank", "published"), sample)
    want = stats.wilcoxon(car, method="exact", alternative=side)
    assert got.distribution == "exact"
    assert got.pvalue == pytest.approx(want.pvalue, rel=CLOSE)
    greater = stats.wilcoxon(car, method="exact", alternative="greater")
    assert got.statistic == greater.statistic


@pytest.mark.parametrize(("n", "digits"), [(12, 1), (50, 1), (51, 9), (90, 2)])
@pytest.mark.parametrize("side", SIDES)
def test_approximate_wilcoxon(n: int, digits: int, side: Alternative) -> None:
    car = np.round(np.random.default_rng(n).normal(0.1, 1.0, n), digits)
    sample = scores_sample(np.ones((n, 3)), car[:, None], alternative=side)
    got = run(("wilcoxon_signed_rank", "normal_approximation"), sample)
    method: Literal["approx"] = "approx"
    want = stats.wilcoxon(car, zero_method="wilcox", method=method, alternative=side)
    assert got.pvalue == pytest.approx(want.pvalue, rel=CLOSE)
    published = run(("wilcoxon_signed_rank", "published"), sample)
    assert published.distribution == "normal"
    assert published.pvalue == got.pvalue


@pytest.mark.parametrize("side", SIDES)
def test_exact_signs(side: Alternative) -> None:
    sample = sample_of(random_block(5, n=31, effect=0.01), alternative=side)
    car = window_of(sample).car
    wins = int((car > 0).sum())
    assert run(("sign_z", "exact"), sample).pvalue == pytest.approx(
        stats.binomtest(wins, 31, 0.5, alternative=side).pvalue, rel=CLOSE
    )
    e = sample.fit.residuals
    share = float((e > 0).mean(axis=1).mean())
    got = run(("generalized_sign_z", "exact"), sample)
    assert got.statistic == wins
    assert got.pvalue == pytest.approx(
        stats.binomtest(wins, 31, share, alternative=side).pvalue, rel=CLOSE
    )


def test_map_to_student_is_exact_for_normal_scores() -> None:
    # Normal numbers less their mean are exchangeable and add up to zero: the map is then exact,
    # with T' - 2 degrees of freedom. A map with one degree more or less fails at this size.
    rng = np.random.default_rng(20240501)
    points, draws = 4, 20_000
    u = rng.normal(size=(draws, points))
    u -= u.mean(axis=1, keepdims=True)
    t = np.array([to_student(row, np.ones(points))[0] for row in u])
    right = stats.kstest(t, stats.t(points - 2).cdf).pvalue
    assert right > 0.01
    for wrong in (points - 1, points - 3):
        assert stats.kstest(t, stats.t(wrong).cdf).pvalue < 1e-4


def test_map_is_the_beta_map() -> None:
    u = np.random.default_rng(1).normal(size=30)
    u -= u.mean()
    t, df, _ = to_student(u, np.ones(30))
    z = u[-1] / math.sqrt((u**2).mean())
    want = stats.beta(0.5, df / 2).sf(z * z / 29)
    assert 2 * stats.t(df).sf(abs(t)) == pytest.approx(want, rel=1e-10)
