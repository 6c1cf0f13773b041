"""Diagnostics against statsmodels, the flags, and which single-event test leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox, het_arch
from statsmodels.stats.stattools import jarque_bera

from eventstudy.arrays import EventBlock
from eventstudy.inference.diagnostics import arch_lm, autocorrelations, diagnose, ljung_box
from eventstudy.inference.sample import Sample
from eventstudy.inference.single import leading, single_event

from .cases import fitted, make_block, make_sample, window_of

OUTSIDE = 1e-9
EXACT, STUDENTISED, FILTERED = (
    ("exact_t", "published"),
    ("placebo_sq", "studentised"),
    ("placebo_sq", "filtered"),
)


@pytest.mark.filterwarnings("ignore:acorr_lm:FutureWarning")
@pytest.mark.parametrize("model", ["constant_mean", "market_model", "market_adjusted"])
def test_agree_with_statsmodels(model: str) -> None:
    sample = fitted(
        model,
        make_block(
            np.random.default_rng(60),
            4,
            130,
            law="t3",
            factors=0 if model == "constant_mean" else 1,
        ),
    )
    found = diagnose(sample)
    for i in range(4):
        e = sample.fit.residuals[i] - sample.fit.residuals[i].mean()
        box = acorr_ljungbox(e, lags=[5])["lb_pvalue"].iloc[0]
        assert found.ljung_box[i] == pytest.approx(box, rel=OUTSIDE)
        assert found.arch_lm[i] == pytest.approx(het_arch(e, nlags=5)[1], rel=OUTSIDE)
        _, p, skew, kurtosis = jarque_bera(e)
        assert found.jarque_bera[i] == pytest.approx(p, rel=1e-7)
        assert found.skewness[i] == pytest.approx(skew, rel=OUTSIDE)
        assert found.kurtosis[i] == pytest.approx(kurtosis - 3.0, rel=OUTSIDE)


def test_missing_days_are_left_out() -> None:
    x = np.random.default_rng(61).normal(size=(1, 80))
    x[0, [3, 40]] = np.nan
    own = x[0] - np.nanmean(x[0])
    pairs = np.nansum(own[2:] * own[:-2]) / np.nansum(own**2)
    assert autocorrelations(x)[0, 1] == pytest.approx(pairs)
    square = own**2
    rows = [t for t in range(5, 80) if np.isfinite(square[t - 5 : t + 1]).all()]
    z = np.array([[1.0, *square[t - 5 : t]] for t in rows])
    y = square[rows]
    left = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    r2 = 1.0 - left @ left / ((y - y.mean()) @ (y - y.mean()))
    assert arch_lm(x)[0] == pytest.approx(stats.chi2.sf(len(rows) * r2, 5), rel=1e-8)


def test_too_short_or_flat_is_nan() -> None:
    assert np.isnan(ljung_box(np.array([[1.0, 2.0, 0.5, 1.0, 3.0, 2.0]]))).all()
    assert np.isnan(arch_lm(np.ones((2, 9)))).all()
    assert np.isnan(arch_lm(np.full((1, 40), 2.0))).all()
    assert np.isnan(ljung_box(np.full((1, 40), 2.0))).all()


def with_estimation(block: EventBlock, returns: np.ndarray) -> EventBlock:
    return replace(block, returns_est=returns)


def test_flags() -> None:
    rng = np.random.default_rng(62)
    block = make_block(rng, 1, 300, factors=0)
    quiet = rng.normal(size=300) * 0.01

    def flags(series: np.ndarray) -> tuple[str, ...]:
        one = EventBlock(
            series[None, :],
            np.empty((1, series.size, 0)),
            np.ones((1, series.size)),
            np.arange(series.size)[None, :],
            block.returns_evt,
            block.factors_evt,
            block.spans_evt,
            block.days_evt,
            np.arange(-series.size, 0),
            block.taus,
        )
        return diagnose(fitted("constant_mean", one)).flags[0]

    assert flags(quiet) == ()
    assert flags(quiet[:110]) == ("few_observations",)
    chain = quiet.copy()
    for t in range(1, 300):
        chain[t] += 0.5 * chain[t - 1]
    assert "autocorrelated" in flags(chain)
    stormy = quiet * np.where(np.arange(300) > 270, 3.0, 1.0)
    assert {"arch", "fat_tails", "high_volatility"} <= set(flags(stormy))
    calm = quiet * np.where(np.arange(300) > 250, 0.2, 1.0)
    assert "low_volatility" in flags(calm)
    thin = np.where(rng.random(300) < 0.3, 0.0, quiet)
    assert "thin_trading: consider dimson or scholes_williams" in flags(thin)


def test_leverage_of_a_far_out_market_day() -> None:
    block = make_block(np.random.default_rng(63), 2, 100)
    block.factors_evt[1, 4, 0] = 0.2
    block.returns_evt[1, 0] = np.nan
    block.spans_evt[1, 0] = np.nan
    found = diagnose(fitted("market_model", block))
    x = np.column_stack([np.ones(100), block.factors_est[1]])
    new = np.array([1.0, 0.2])
    assert found.leverage[1] == pytest.approx(new @ np.linalg.inv(x.T @ x) @ new)
    assert "leverage" not in found.flags[0]
    assert "leverage" in found.flags[1]
    assert diagnose(make_sample("market_adjusted", n=2)).leverage.tolist() == [0.0, 0.0]


def test_the_gap_decides_the_volatility_state() -> None:
    block = make_block(np.random.default_rng(64), 1, 200, gap=9, factors=0)
    assert block.returns_gap is not None
    block.returns_gap[:] = 0.15
    found = diagnose(fitted("constant_mean", block))
    assert "high_volatility" in found.flags[0]


def test_a_volatility_model_has_its_own_state() -> None:
    sample = make_sample("ewma", n=3, gap=4)
    np.testing.assert_array_equal(diagnose(sample).volatility_state, sample.fit.volatility_state)


def lead(sample: Sample, end: int | None = None) -> tuple[tuple[str, str], str]:
    chosen = leading(sample, None if end is None else window_of(sample, 0, end))
    return chosen.tests[0], chosen.reasons[0]


def test_what_leads() -> None:
    normal = make_block(np.random.default_rng(65), 1, 250)
    assert lead(fitted("market_model", normal))[0] == EXACT
    short = make_sample(n=1, seed=66, length=110)
    assert lead(short) == (STUDENTISED, "110 estimation returns, fewer than 120")
    fat = make_sample(n=1, seed=71, law="t3")
    test, why = lead(fat)
    assert test == STUDENTISED
    assert "excess kurtosis" in why
    storm = make_block(np.random.default_rng(68), 1, 250)
    storm.returns_est[0, -15:] *= 4.0
    test, why = lead(fitted("market_model", storm))
    assert test == FILTERED
    assert "times its usual value" in why
    assert lead(make_sample("ewma", n=1))[0] == FILTERED
    assert lead(make_sample("huber", n=1, seed=65))[0] == STUDENTISED
    assert lead(make_sample("scholes_williams", n=1, seed=66))[0] in (EXACT, STUDENTISED)


def test_a_window_without_room_for_placebos_is_led_by_the_exact_t() -> None:
    sample = make_sample(n=1, seed=66, length=70)
    assert lead(sample, 6)[0] == STUDENTISED
    test, why = lead(sample, 7)
    assert test == EXACT
    assert "too few sessions for a placebo" in why
    holes = make_block(np.random.default_rng(69), 1, 70)
    holes.returns_est[0, ::3] = np.nan
    holes.spans_est[0, ::3] = np.nan
    assert lead(fitted("market_model", holes), 2)[0] == EXACT
    gone = make_block(np.random.default_rng(69), 1, 70)
    gone.returns_evt[:] = np.nan
    gone.spans_evt[:] = np.nan
    assert lead(fitted("market_model", gone), 0)[0] == EXACT


# Day 0 of 15 February 2022 under the constant mean over [-130, -11], to two digits.
FLAGSHIP = {
    "SP500": 1.7,
    "DAX": 1.9,
    "CAC40": 1.7,
    "FTSE100": 1.25,
    "BRENT_SPOT_EIA": -1.6,
    "WTI_SPOT_EIA": -1.8,
}


@pytest.mark.parametrize("asset", FLAGSHIP)
def test_flagship_day(asset: str, shared_data: Path) -> None:
    panel = pd.read_csv(shared_data / "flagship_panel_2021_2022.csv", index_col=0, parse_dates=True)
    returns = panel[asset].dropna().pct_change()
    day = returns.index.get_loc(pd.Timestamp("2022-02-15"))
    values = returns.to_numpy()
    est, gap = values[day - 130 : day - 10][None], values[day - 10 : day][None]
    evt = values[day : day + 1][None]
    block = EventBlock(
        est,
        np.empty((1, 120, 0)),
        np.ones_like(est),
        np.arange(120)[None],
        evt,
        np.empty((1, 1, 0)),
        np.ones_like(evt),
        np.array([[131]]),
        np.arange(-130, -10),
        np.array([0]),
        gap,
        np.empty((1, 10, 0)),
    )
    sample = fitted("constant_mean", block)
    table = single_event(sample, window_of(sample), names=None)
    assert table.statistic[0] == pytest.approx(FLAGSHIP[asset], abs=0.055)
    assert table.pvalue[0] > 0.05
    assert table.ci_low[0] < 0 < table.ci_high[0]
    assert table.mde[0] > abs(window_of(sample).car[0])
