"""Prices to returns: spans, holes, lags, contracts, prices on which no return exists."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.prices.panel import PricePanel
from eventstudy.returns import Factor, asset_returns

# One rounding of a quotient of doubles.
EXACT = 1e-15

DAYS = pd.bdate_range("2022-02-07", periods=8)
SESSIONS = DAYS.to_numpy().astype("datetime64[D]")
NAN = math.nan


def panel(base: dict[str, list[float]] | None = None, **columns: list[float]) -> PricePanel:
    close = pd.DataFrame(columns, index=DAYS)
    frame = None if base is None else pd.DataFrame(base, index=DAYS).reindex(columns=close.columns)
    return PricePanel(close, base=frame)


A = [100.0, 102.0, NAN, 105.0, 104.0, 108.0, 107.0, 110.0]
M = [10.0, 10.1, 10.2, 10.3, 10.2, 10.4, 10.5, 10.6]


def test_trade_to_trade_spans_the_hole_with_the_benchmark_over_the_same_span() -> None:
    got = asset_returns(
        panel(A=A, M=M), "A", factors=[Factor("M")], sessions=SESSIONS, missing="trade_to_trade"
    )
    assert got.values[3] == pytest.approx(105.0 / 102.0 - 1, rel=EXACT)
    assert got.factors[3, 0] == pytest.approx(10.3 / 10.1 - 1, rel=EXACT)
    np.testing.assert_array_equal(got.spans, [NAN, 1, NAN, 2, 1, 1, 1, 1])


@pytest.mark.parametrize("policy", ["skip", "exclude"])
def test_without_spanning_the_day_and_the_return_behind_it_are_missing(policy: str) -> None:
    got = asset_returns(panel(A=A), "A", sessions=SESSIONS, missing=policy)  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.isnan(got.values), [1, 0, 1, 1, 0, 0, 0, 0])


def test_a_gap_beyond_five_sessions_is_not_spanned() -> None:
    column = [100.0, NAN, NAN, NAN, NAN, 101.0, 102.0, 103.0]
    spanned = asset_returns(panel(A=column), "A", sessions=SESSIONS)
    assert spanned.spans[5] == 5.0
    column = [100.0, NAN, NAN, NAN, NAN, NAN, 102.0, 103.0]
    broken = asset_returns(panel(A=column), "A", sessions=SESSIONS)
    assert math.isnan(broken.values[6])
    assert broken.values[7] == pytest.approx(103.0 / 102.0 - 1, rel=EXACT)


def test_a_benchmark_holiday_is_spanned_by_asset_and_benchmark_alike() -> None:
    bench = [10.0, 10.1, 10.2, NAN, 10.2, 10.4, 10.5, 10.6]
    asset = [100.0, 102.0, 103.0, 105.0, 104.0, 108.0, 107.0, 110.0]
    got = asset_returns(panel(A=asset, M=bench), "A", factors=[Factor("M")], sessions=SESSIONS)
    assert math.isnan(got.values[3])
    assert got.values[4] == pytest.approx(104.0 / 103.0 - 1, rel=EXACT)
    assert got.factors[4, 0] == pytest.approx(10.2 / 10.2 - 1, abs=EXACT)


def test_lag_and_lead_are_taken_over_the_shifted_span() -> None:
    got = asset_returns(
        panel(A=A, M=M), "A", factors=[Factor("M", 1), Factor("M", -1)], sessions=SESSIONS
    )
    # The return of session 3 spans sessions 2 and 3; its lagged regressor spans 1 and 2.
    assert got.factors[3, 0] == pytest.approx(10.2 / 10.0 - 1, rel=EXACT)
    assert got.factors[3, 1] == pytest.approx(10.2 / 10.2 - 1, abs=EXACT)
    assert math.isnan(got.factors[7, 1])


def test_log_returns() -> None:
    got = asset_returns(panel(A=A), "A", sessions=SESSIONS, kind="log")
    assert got.values[1] == pytest.approx(math.log(1.02), rel=1e-14)


def test_no_return_exists_on_a_price_that_is_not_positive() -> None:
    column = [20.0, 18.27, -37.63, 10.01, 13.78, 16.5, 16.94, 12.78]
    got = asset_returns(panel(A=column), "A", sessions=SESSIONS)
    np.testing.assert_array_equal(np.isnan(got.values), [1, 0, 1, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(got.undefined, [0, 0, 1, 1, 0, 0, 0, 0])
    assert got.level[2] == -37.63


def test_a_contract_roll_leaves_no_jump() -> None:
    # The next contract trades 10 higher; its own previous settlement is the base on the roll day.
    close = [100.0, 101.0, 112.0, 113.0, 114.0, 115.0, 116.0, 117.0]
    base = [NAN, NAN, 111.0, NAN, NAN, NAN, NAN, NAN]
    got = asset_returns(panel(A=close, base={"A": base}), "A", sessions=SESSIONS)
    assert got.values[2] == pytest.approx(112.0 / 111.0 - 1, rel=1e-13)
    assert got.values[3] == pytest.approx(113.0 / 112.0 - 1, rel=1e-13)


def test_a_negative_base_cuts_the_chain_once() -> None:
    close = [20.0, 18.27, -37.63, 10.01, 13.78, 16.5, 16.94, 12.78]
    base = [NAN, 20.0, 18.27, -37.63, 10.01, 13.78, 16.5, 16.94]
    got = asset_returns(panel(A=close, base={"A": base}), "A", sessions=SESSIONS)
    np.testing.assert_array_equal(np.isnan(got.values), [1, 0, 1, 1, 0, 0, 0, 0])
    assert got.values[4] == pytest.approx(13.78 / 10.01 - 1, rel=1e-13)


def test_a_session_without_a_row_is_a_missing_day_and_not_a_shorter_calendar() -> None:
    sessions = pd.bdate_range("2022-02-07", periods=9).to_numpy().astype("datetime64[D]")
    got = asset_returns(panel(A=[100.0 + i for i in range(8)]), "A", sessions=sessions)
    assert len(got.values) == 9
    assert math.isnan(got.values[8])


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(InputError, match="'B' is not a column"):
        asset_returns(panel(A=A), "B", sessions=SESSIONS)


def test_given_returns_are_taken_as_they_are() -> None:
    frame = pd.DataFrame({"A": [0.01, NAN, 0.02], "M": [0.0, 0.01, 0.03]}, index=DAYS[:3])
    got = asset_returns(
        PricePanel(frame, kind="returns"), "A", factors=[Factor("M")], sessions=SESSIONS[:3]
    )
    np.testing.assert_array_equal(got.values, [0.01, NAN, 0.02])
    np.testing.assert_array_equal(got.factors[:, 0], [0.0, NAN, 0.03])


def test_excess_returns_compound_the_risk_free_rate_over_the_span() -> None:
    rate = [0.001] * 8
    got = asset_returns(
        panel(A=A, M=M, RF=rate), "A", factors=[Factor("M")], sessions=SESSIONS, risk_free="RF"
    )
    assert got.values[1] == pytest.approx(0.02 - 0.001, rel=1e-12)
    assert got.values[3] == pytest.approx(105 / 102 - 1 - (1.001**2 - 1), rel=1e-12)
    assert got.factors[1, 0] == pytest.approx(0.01 - 0.001, rel=1e-12)
