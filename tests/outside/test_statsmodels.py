"""Regressions of CARs and trade-to-trade fits on real prices, against statsmodels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.inference.regression import CR1, HC3, CarRegression, car_regression

from .cases import ESTIMATION, EVENT, case

# Both programs solve by orthogonal factors in double precision.
RELATIVE = 1e-9


def events(seed: int, n: int, p: int, dates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CARs, characteristics and dates; errors that share a part within a date."""
    rng = np.random.default_rng(seed)
    date = rng.integers(0, dates, n) if dates < n else np.arange(n)
    z = rng.normal(size=(n, p)) * 10.0 ** rng.integers(-2, 3, p)
    shock = rng.normal(size=n) * rng.uniform(0.5, 2.0, n) + rng.normal(size=n)[date]
    return 0.01 + z @ (0.01 / np.arange(1, p + 1)) + 0.01 * shock, z, date * 7 + 19000


def names(p: int) -> tuple[str, ...]:
    return tuple(f"z{j}" for j in range(p))


def agrees(got: CarRegression, want: object, side: str) -> None:
    for mine, theirs in (("coefficient", "params"), ("se", "bse"), ("statistic", "tvalues")):
        scale = np.abs(getattr(want, theirs)).max()
        np.testing.assert_allclose(
            getattr(got, mine), getattr(want, theirs), rtol=RELATIVE, atol=1e-12 * scale
        )
    p, t = np.asarray(want.pvalues), np.asarray(want.tvalues)  # type: ignore[attr-defined]
    if side != "two-sided":
        half = np.where(t > 0, p / 2, 1 - p / 2)
        p = half if side == "greater" else np.where(t > 0, 1 - p / 2, p / 2)
    np.testing.assert_allclose(got.pvalue, p, rtol=1e-7, atol=1e-12)
    low, high = want.conf_int(0.1).T  # type: ignore[attr-defined]
    np.testing.assert_allclose(got.ci_low, low, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(got.ci_high, high, rtol=1e-8, atol=1e-12)
    assert got.r_squared == pytest.approx(want.rsquared, rel=RELATIVE)  # type: ignore[attr-defined]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    p=st.integers(1, 4),
    more=st.integers(0, 40),
    side=st.sampled_from(["two-sided", "less", "greater"]),
)
def test_hc3_where_every_event_has_a_date(seed: int, p: int, more: int, side: str) -> None:
    n = 5 * (p + 1) + more
    y, z, date = events(seed, n, p, n)
    got = car_regression(y, z, names=names(p), cluster=date, level=0.1, alternative=side)  # type: ignore[arg-type]
    want = sm.OLS(y, sm.add_constant(z)).fit(cov_type="HC3", use_t=True)
    agrees(got, want, side)
    assert (got.df, got.n_events, got.n_clusters) == (n - p - 1, n, n)
    assert (got.covariance, got.note) == (HC3, "")
    assert got.terms == ("intercept", *names(p))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    p=st.integers(1, 3),
    more=st.integers(0, 60),
    dates=st.integers(6, 34),
    side=st.sampled_from(["two-sided", "less", "greater"]),
)
def test_clusters_where_dates_repeat(seed: int, p: int, more: int, dates: int, side: str) -> None:
    n = dates + 5 * (p + 1) + more
    y, z, date = events(seed, n, p, dates)
    got = car_regression(y, z, names=names(p), cluster=date, level=0.1, alternative=side)  # type: ignore[arg-type]
    g = len(np.unique(date))
    want = sm.OLS(y, sm.add_constant(z)).fit(
        cov_type="cluster", cov_kwds={"groups": date}, use_t=True
    )
    agrees(got, want, side)
    assert (got.df, got.n_events, got.n_clusters, got.covariance) == (g - 1, n, g, CR1)
    if g < 5:
        assert got.note == f"descriptive: {g} dates"
    else:
        assert ("approximate" in got.note) == (g < 30)


def test_few_dates_are_called_descriptive() -> None:
    y, z, _ = events(3, 20, 1, 20)
    for dates, note in ((4, "descriptive: 4 dates"), (5, "5 dates: the reference t(4) is")):
        got = car_regression(y, z, names=names(1), cluster=np.arange(20) % dates)
        assert got.note.startswith(note)
    y, z, _ = events(3, 60, 1, 60)
    for dates, approximate in ((29, True), (30, False)):
        got = car_regression(y, z, names=names(1), cluster=np.arange(60) % dates)
        assert ("approximate" in got.note) == approximate
        assert bool(got.note) == approximate


def test_missing_values_leave_the_event_out() -> None:
    y, z, date = events(4, 30, 2, 30)
    holed, gone = z.copy(), y.copy()
    holed[3, 1] = gone[7] = np.nan
    keep = np.setdiff1d(np.arange(30), [3, 7])
    got = car_regression(gone, holed, names=names(2), cluster=date)
    want = car_regression(y[keep], z[keep], names=names(2), cluster=date[keep])
    np.testing.assert_array_equal(got.coefficient, want.coefficient)
    assert got.n_events == 28


def test_order_of_events_is_nothing_and_scale_goes_through() -> None:
    y, z, date = events(5, 40, 2, 12)
    base = car_regression(y, z, names=names(2), cluster=date)
    turn = np.random.default_rng(0).permutation(40)
    moved = car_regression(y[turn], z[turn], names=names(2), cluster=date[turn])
    np.testing.assert_allclose(moved.se, base.se, rtol=RELATIVE)
    scaled = car_regression(100 * y, z / 1000, names=names(2), cluster=date)
    np.testing.assert_allclose(scaled.coefficient[1:], 1e5 * base.coefficient[1:], rtol=RELATIVE)
    np.testing.assert_allclose(scaled.statistic, base.statistic, rtol=RELATIVE)


def test_a_regressor_in_tiny_units_is_a_regressor() -> None:
    y, z, date = events(9, 30, 2, 30)
    base = car_regression(y, z, names=names(2), cluster=date)
    tiny = car_regression(y, z * 1e-14, names=names(2), cluster=date)
    assert tiny.note == ""
    np.testing.assert_allclose(tiny.statistic, base.statistic, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("short", "9 events for 2 coefficients: at least 10 are needed"),
        ("constant", "z0 does not vary, or is a combination of the other terms"),
        ("twice", "z1 does not vary, or is a combination"),
        ("alone", "one event alone decides a coefficient: HC3 is undefined"),
        ("one date", "all events share one date: clustering by date needs more dates"),
        ("two dates", "2 dates for 2 coefficients: clustering by date needs more dates"),
    ],
)
def test_what_cannot_be_estimated_says_why(change: str, reason: str) -> None:
    y, z, date = events(6, 20, 1, 20)
    if change == "short":
        y, z, date = y[:9], z[:9], date[:9]
    elif change == "constant":
        z = np.full_like(z, 3.7)
    elif change == "twice":
        z = np.column_stack([z, 1.0 - 2.0 * z])
    elif change == "alone":
        z = (np.arange(20) == 4).astype(float)[:, None]
    else:
        date = np.arange(20) % (1 if change == "one date" else 2)
    got = car_regression(y, z, names=names(z.shape[1]), cluster=date)
    assert got.note.startswith(reason)
    assert math.isnan(got.df)
    for values in (got.coefficient, got.se, got.statistic, got.pvalue, got.ci_low, got.ci_high):
        assert len(values) == z.shape[1] + 1
        assert np.isnan(values).all()


def test_exactly_ten_events_and_three_dates_are_enough() -> None:
    y, z, date = events(7, 10, 1, 10)
    assert math.isfinite(car_regression(y, z, names=names(1), cluster=date).df)
    y, z, _ = events(7, 12, 1, 12)
    got = car_regression(y, z, names=names(1), cluster=np.arange(12) % 3)
    assert (got.df, got.note) == (2.0, "descriptive: 3 dates")


def test_cars_that_do_not_vary_have_no_share_explained() -> None:
    _, z, date = events(8, 12, 1, 12)
    got = car_regression(np.zeros(12), z, names=names(1), cluster=date)
    assert math.isnan(got.r_squared)
    assert np.isnan(got.statistic).all()
    assert np.isnan(got.pvalue).all()


def test_trade_to_trade_on_real_prices_is_weighted_least_squares() -> None:
    """Prices taken out: the return after a hole spans it, and so does the market's."""
    holed = replace(case("one date"), prices=case("one date").prices.copy(), missing="skip").prices
    zero = int(np.flatnonzero(holed.index == "2022-02-15")[0])
    for back in (100, 99, 60, 33, 32, 31):
        holed.loc[holed.index[zero - back], "CVX"] = np.nan
    holed.loc[holed.index[zero + 1], "CVX"] = np.nan
    events = pd.DataFrame({"event_id": ["e"], "timestamp": ["2022-02-15"], "asset": ["CVX"]})
    got = es.run(
        events=events, prices=holed, benchmark="SP500", calendar="XNYS", estimation=ESTIMATION,
        window=EVENT, report=[(0, 2)], missing="trade_to_trade",
    )  # fmt: skip
    part = holed[["CVX", "SP500"]].iloc[zero + ESTIMATION[0] - 1 : zero + ESTIMATION[1] + 1]
    place = np.flatnonzero(part["CVX"].notna())
    seen = part.iloc[place]
    q = np.diff(place)
    y, m = (seen[c].pct_change().to_numpy()[1:] for c in ("CVX", "SP500"))
    fit = sm.WLS(y, np.column_stack([q, m]), weights=1.0 / q).fit()
    row = got.events.iloc[0]
    assert row["n_estimation"] == len(y) == 120 - 6
    assert (row["alpha"], row["beta"]) == pytest.approx(tuple(fit.params), rel=RELATIVE)
    assert row["sigma"] == pytest.approx(math.sqrt(fit.mse_resid), rel=RELATIVE)
    window = got.windows[(got.windows["start"] == 0) & (got.windows["end"] == 2)].iloc[0]
    after = holed[["CVX", "SP500"]].iloc[[zero - 1, zero, zero + 2]]
    stock, market = (after[c].pct_change().to_numpy()[1:] for c in ("CVX", "SP500"))
    x = np.column_stack([[1.0, 2.0], market])
    car = (stock - x @ fit.params).sum()
    total = x.sum(axis=0)
    variance = 3.0 * fit.mse_resid + total @ fit.cov_params() @ total
    assert window["n_days"] == 3
    assert window["car"] == pytest.approx(car, rel=RELATIVE)
    assert window["car_se"] == pytest.approx(math.sqrt(variance), rel=RELATIVE)
