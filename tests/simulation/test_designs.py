"""Designs draw what they say, from the seed and the replication's number alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import InputError
from eventstudy.simulation.designs import DESIGNS, ResamplingDesign, parametric_design

# Moments over 400 events x 261 days: four standard errors of the roughest of them.
MANY = 400


def same(a: object, b: object) -> bool:
    return all(np.array_equal(x, vars(b)[name]) for name, x in vars(a).items())


@pytest.mark.parametrize("name", DESIGNS)
def test_a_replication_depends_on_its_number_alone(name: str) -> None:
    design = parametric_design(name)
    assert same(design.draw(7, 3), design.draw(7, 3))
    assert not same(design.draw(7, 3), design.draw(7, 4))
    assert not same(design.draw(7, 3), design.draw(8, 3))


def test_designs_are_independent_of_each_other() -> None:
    a, c = (parametric_design(name).draw(7, 3) for name in "ac")
    assert not np.array_equal(a.returns_est, c.returns_est)


@pytest.mark.parametrize("name", DESIGNS)
def test_shape_and_time(name: str) -> None:
    block = parametric_design(name).draw(1, 0)
    assert block.returns_est.shape == (50, 250)
    assert block.factors_evt.shape == (50, 11, 1)
    assert block.taus.tolist() == list(range(-5, 6))
    assert block.est_taus.tolist() == list(range(-255, -5))
    assert np.isfinite(block.returns_est).all()
    together = name in "de"
    days = np.hstack([block.days_est, block.days_evt])
    assert (np.diff(days, axis=1) == 1).all()
    assert len(np.unique(days)) == (261 if together else 261 * 50)
    assert np.array_equal(block.factors_est[0], block.factors_est[1]) == together


@pytest.mark.parametrize("name", DESIGNS)
def test_effect_is_added_to_day_0_alone(name: str) -> None:
    plain, moved = (parametric_design(name).draw(1, 2, effect=e) for e in (0.0, 0.01))
    np.testing.assert_array_equal(plain.returns_est, moved.returns_est)
    gap = moved.returns_evt - plain.returns_evt
    np.testing.assert_allclose(gap[:, 5], 0.01, rtol=1e-10)
    assert not np.delete(gap, 5, axis=1).any()


def _shocks(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Standardised shocks of estimation and event days, by least squares on the market."""
    block = replace(parametric_design(name), n_events=MANY).draw(5, 0)
    x, y = block.factors_est[:, :, 0], block.returns_est
    mx, my = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    slope = ((x - mx) * (y - my)).sum(axis=1) / ((x - mx) ** 2).sum(axis=1)
    e = y - my - slope[:, None] * (x - mx)
    ar = block.returns_evt - my - slope[:, None] * (block.factors_evt[:, :, 0] - mx)
    scale = e.std(axis=1, ddof=2, keepdims=True)
    assert slope.mean() == pytest.approx(1.0, abs=0.06)
    assert 0.26 < slope.std() < 0.36  # U(0.5, 1.5) and the estimates' own error
    return e / scale, ar / scale


def test_laws_of_the_shocks() -> None:
    normal, event = _shocks("a")
    assert abs(stats.skew(normal, axis=None)) < 0.03
    assert abs(stats.kurtosis(normal, axis=None)) < 0.06
    assert event.var() == pytest.approx(1.0, abs=0.1)
    tails, _ = _shocks("b")
    assert stats.kurtosis(tails, axis=None) > 4.0
    _, double = _shocks("c")
    assert double.var() == pytest.approx(2.0, abs=0.2)
    skewed, _ = _shocks("f")
    assert stats.skew(skewed, axis=None) == pytest.approx(np.sqrt(2.0), abs=0.08)


@pytest.mark.parametrize(("name", "correlation", "variance"), [("d", 0.2, 1.0), ("e", 0.2, 2.0)])
def test_correlation_on_common_dates(name: str, correlation: float, variance: float) -> None:
    e, ar = _shocks(name)
    r = np.corrcoef(e)
    mean = (r.sum() - MANY) / (MANY * (MANY - 1))
    assert mean == pytest.approx(correlation, abs=0.08)
    # Within a day the spread keeps the part that is not common.
    within = ar.var(axis=0, ddof=1).mean()
    assert within == pytest.approx(variance * (1 - correlation), abs=0.08 * variance)


def test_unknown_letter() -> None:
    with pytest.raises(InputError, match=r"design 'g' is not known.*a, b, c, d, e, f"):
        parametric_design("g")


def real(**changes: object) -> ResamplingDesign:
    rng = np.random.default_rng(3)
    returns = rng.normal(0.0, 0.02, (600, 8))
    returns[:150, 7] = np.nan  # listed late
    returns[400, 2] = np.nan
    factors = rng.normal(0.0, 0.01, (600, 1))
    days = np.arange(600) + 2 * (np.arange(600) // 5) + 15000
    base = ResamplingDesign(
        "real", "test", returns, factors, days, n_events=6, estimation=100, gap=3, least=90
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("same_date", [False, True])
def test_resampled_rows_are_rows_of_the_panel(same_date: bool) -> None:
    design = real(same_date=same_date)
    for replication in range(20):
        block = design.draw(1, replication)
        assert np.isfinite(block.returns_evt).all()
        assert (np.isfinite(block.returns_est).sum(axis=1) >= 90).all()
        dates = block.days_evt[:, 5]
        assert (len(np.unique(dates)) == 1) == same_date
        assets = []
        for i in range(6):
            row = int(np.searchsorted(design.days, dates[i]))
            window = slice(row - 5, row + 6)
            match = (design.returns[window] == block.returns_evt[i][:, None]).all(axis=0)
            assets.append(int(np.flatnonzero(match)[0]))
            estimation = slice(row - 5 - 3 - 100, row - 5 - 3)
            np.testing.assert_array_equal(
                block.returns_est[i], design.returns[estimation, assets[-1]]
            )
            np.testing.assert_array_equal(block.factors_est[i], design.factors[estimation])
            np.testing.assert_array_equal(block.days_est[i], design.days[estimation])
            gap = slice(row - 5 - 3, row - 5)
            assert block.returns_gap is not None
            np.testing.assert_array_equal(block.returns_gap[i], design.returns[gap, assets[-1]])
        if same_date:
            assert len(set(assets)) == 6


def test_eligible_pairs_by_loops() -> None:
    design = real()
    want = np.zeros((600, 8), dtype=bool)
    for s in range(600):
        for a in range(8):
            begin = s - 5 - 3 - 100
            if begin < 0 or s + 5 >= 600:
                continue
            enough = np.isfinite(design.returns[begin : begin + 100, a]).sum() >= 90
            want[s, a] = enough and np.isfinite(design.returns[s - 5 : s + 6, a]).all()
    np.testing.assert_array_equal(design.eligible, want)
    assert not design.eligible[395:406, 2].any()


def test_resampled_variance() -> None:
    big = real(variance=3.0, n_events=400)
    plain = replace(big, variance=1.0)
    ratio = big.draw(1, 0).returns_evt.var() / plain.draw(1, 0).returns_evt.var()
    assert ratio == pytest.approx(3.0, abs=0.35)
    gap = big.draw(1, 0, effect=0.02).returns_evt - big.draw(1, 0).returns_evt
    np.testing.assert_allclose(gap.mean(axis=0), np.where(np.arange(11) == 5, 0.02, 0), atol=1e-15)


def test_resampling_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="no asset has 90 returns"):
        real(estimation=590).draw(1, 0)
    with pytest.raises(InputError, match="no session has 9 assets"):
        real(same_date=True, n_events=9).draw(1, 0)
