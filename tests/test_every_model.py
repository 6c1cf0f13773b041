"""Every model by its name, through the front door, on real prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.names import MODELS
from eventstudy.resources import data_dir

LATER = {"matched", "synthetic_control"}
FACTORS = {
    "fama_french_3": ["Mkt-RF", "SMB", "HML"],
    "carhart_4": ["Mkt-RF", "SMB", "HML", "Mom"],
    "fama_french_5": ["Mkt-RF", "SMB", "HML", "RMW", "CMA"],
}
WITHOUT = {"constant_mean", "ar1"}


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    folder = data_dir() / "prices"
    stocks = pd.read_csv(folder / "us-stocks.csv.gz", index_col=0, parse_dates=True)
    index = pd.read_csv(folder / "sp500.csv.gz", index_col=0, parse_dates=True)
    frame = stocks[["XOM", "CVX", "JPM"]].join(index.iloc[:, 0].rename("SP500"))
    return frame.loc["2020-01-01":"2022-06-30"]  # type: ignore[misc]


@pytest.fixture(scope="module")
def returns(prices: pd.DataFrame) -> pd.DataFrame:
    frame = prices.pct_change(fill_method=None).iloc[1:]
    rng = np.random.default_rng(11)
    for name in FACTORS["fama_french_5"] + ["Mom"]:
        frame[name] = rng.normal(0, 0.005, len(frame))
    frame["Mkt-RF"] = frame["SP500"] - 0.00001
    frame["RF"] = 0.00001
    return frame


EVENTS = pd.DataFrame(
    {"event_id": ["a", "b"], "timestamp": ["2022-02-15", "2022-02-15"], "asset": ["XOM", "CVX"]}
)


@pytest.mark.parametrize("model", [m for m in MODELS if m not in LATER])
def test_model_runs_and_gives_finite_numbers(model: str, returns: pd.DataFrame) -> None:
    benchmark = None if model in (*WITHOUT, *FACTORS) else "SP500"
    if model == "factor":
        benchmark = ["SP500", "SMB"]
    result = es.run(
        events=EVENTS,
        returns=returns,
        model=model,
        benchmark=benchmark,
        risk_free="RF" if model == "capm" else None,
        estimation=(-260, -11),
        window=(-2, 2),
        report=[(0, 0), (-1, 1)],
    )
    failed = result.dropped.query("stage == 'model'")
    assert len(result.events) + len(failed) == 2
    if model in ("garch", "gjr_garch", "egarch") and len(failed):
        assert failed.reason.str.len().gt(10).all()
        return
    assert len(failed) == 0
    assert np.isfinite(result.events[["sigma", "df"]]).all().all()
    ar = result.abnormal_returns
    assert np.isfinite(ar[["return", "expected", "ar", "ar_se"]]).all().all()
    # CAR adds up from the days, and its scale is that of the same covariance.
    for event, days in ar.groupby("event_id"):
        own = result.windows[result.windows.event_id == event]
        wide = own.query("start == -1 and end == 1")
        assert wide.car.iloc[0] == pytest.approx(days.query("-1 <= tau <= 1").ar.sum(), abs=1e-14)
    single = result.windows.query("start == end")
    np.testing.assert_allclose(
        single.sort_values(["event_id", "start"]).car_se.to_numpy(),
        ar.sort_values(["event_id", "tau"]).ar_se.to_numpy(),
        rtol=1e-12,
    )
    if model in FACTORS:
        assert {f"beta_{f}" for f in FACTORS[model]} <= set(result.events.columns)
    assert result.tests.query("name == 'bmp_t'").statistic.notna().any()


@pytest.mark.parametrize("model", ["market_model", "dimson", "scholes_williams", "huber"])
def test_prices_with_a_hole_are_spanned(model: str, prices: pd.DataFrame) -> None:
    holed = prices.copy()
    holed.loc["2021-11-10", "XOM"] = np.nan
    holed.loc["2022-02-16", "CVX"] = np.nan
    result = es.run(
        events=EVENTS, prices=holed, model=model, benchmark="SP500", calendar="XNYS",
        estimation=(-130, -11), window=(-2, 2), report=[(0, 0), (0, 2)],
    )  # fmt: skip
    assert len(result.events) == 2
    ar = result.abnormal_returns.query("asset == 'CVX'").set_index("tau")
    assert np.isnan(ar.loc[1, "ar"])
    assert np.isfinite(ar.loc[2, "ar"])
    window = result.windows.query("asset == 'CVX' and start == 0 and end == 2").iloc[0]
    assert window.n_days == 3
    assert np.isfinite(window.car)
    day = result.windows.query("asset == 'CVX' and start == 1 and end == 1").iloc[0]
    assert np.isnan(day.car)


@pytest.mark.parametrize("model", sorted(LATER))
def test_models_that_come_later_say_so(model: str, returns: pd.DataFrame) -> None:
    with pytest.raises(es.InputError, match=model):
        es.run(events=EVENTS, returns=returns, model=model, benchmark="SP500")
