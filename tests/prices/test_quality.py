"""The quality gate: each finding where it is, and none where nothing is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars.sessions import exchange_calendar
from eventstudy.prices.bundled import load_bundled
from eventstudy.prices.files import load_file
from eventstudy.prices.panel import PricePanel
from eventstudy.prices.quality import (
    CHECKS,
    QUALITY_COLUMNS,
    QualityRules,
    gate_failed,
    quality_findings,
)

SESSIONS = np.arange("2022-01-03", "2022-12-31", dtype="datetime64[D]")
SESSIONS = SESSIONS[np.is_busday(SESSIONS)]


def clean(seed: int = 3) -> pd.Series:
    rng = np.random.default_rng(seed)
    level = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, SESSIONS.size)))
    return pd.Series(level, index=pd.DatetimeIndex(SESSIONS.astype("datetime64[ns]")))


def findings(series: pd.Series, **options) -> pd.DataFrame:
    panel = PricePanel(series.to_frame("A"), **options)
    return quality_findings(panel, {"A": SESSIONS})


def test_nothing_to_find() -> None:
    table = findings(clean())
    assert table.empty
    assert tuple(table.columns) == QUALITY_COLUMNS
    assert not gate_failed(table)


def test_missing_sessions_are_one_row_a_run() -> None:
    series = clean()
    series.iloc[[10, 20, 21, 22]] = np.nan
    table = findings(series)
    assert table["check"].tolist() == ["missing", "missing"]
    assert table["value"].tolist() == [1.0, 3.0]
    assert table["session"].tolist() == [series.index[10], series.index[20]]
    assert f"{series.index[20].date()}..{series.index[22].date()}" in table["detail"][1]
    assert set(table["action"]) == {"left missing"}


@pytest.mark.parametrize("value", [0.0, -37.63])
def test_zero_and_negative(value: float) -> None:
    series = clean()
    series.iloc[100] = value
    table = findings(series)
    assert table["check"].tolist() == ["non_positive"]
    assert table["value"].tolist() == [value]
    assert gate_failed(table)


def test_jump_split_and_factor_of_a_hundred() -> None:
    for factor, check in ((1.3, "jump"), (0.5, "split"), (0.1, "split"), (0.01, "hundredfold")):
        series = clean()
        series.iloc[100:] *= factor
        table = findings(series)
        assert table["check"].tolist() == [check], factor
        assert table["session"].tolist() == [series.index[100]]
    pence = clean()
    pence.iloc[100] *= 100
    table = findings(pence)
    assert table["check"].tolist() == ["hundredfold", "hundredfold"]  # there and back
    assert gate_failed(table)


def test_stale_prices() -> None:
    series = clean()
    series.iloc[50:54] = series.iloc[50]  # four equal prices are not yet stale
    assert findings(series).empty
    series.iloc[50:55] = series.iloc[50]
    table = findings(series)
    assert table["check"].tolist() == ["stale"]
    assert table["value"].tolist() == [5.0]
    assert table["session"].tolist() == [series.index[50]]


def test_days_that_are_no_sessions() -> None:
    saturday = pd.Timestamp("2022-03-05")
    friday = pd.Timestamp("2022-03-04")
    series = clean()
    carried = pd.concat([series, pd.Series({saturday: series[friday]})]).sort_index()
    table = findings(carried)
    assert table["check"].tolist() == ["carried_forward"]
    moved = pd.concat([series, pd.Series({saturday: series[friday] * 1.001})]).sort_index()
    assert findings(moved)["check"].tolist() == ["off_calendar"]
    assert findings(moved)["action"].tolist() == ["not used: no session of the calendar"]


def test_a_series_that_ends_and_one_that_never_was() -> None:
    frame = pd.DataFrame({"A": clean(), "B": clean(4), "C": np.nan})
    frame.loc["2022-06-01":, "B"] = np.nan
    table = quality_findings(PricePanel(frame), dict.fromkeys("ABC", SESSIONS))
    assert table[["asset", "check"]].to_numpy().tolist() == [["B", "ends"], ["C", "no_prices"]]
    assert "2022-05-31" in table["detail"][0]


def test_returns() -> None:
    series = clean().pct_change().fillna(0.001)
    series.iloc[10:15] = 0.0
    series.iloc[100] = -1.2
    table = findings(series, kind="returns")
    assert table["check"].tolist() == ["stale", "below_minus_one", "jump"]


def test_range_and_rules() -> None:
    series = clean()
    series.iloc[[10, 200]] = np.nan
    panel = PricePanel(series.to_frame("A"))
    late = quality_findings(panel, {"A": SESSIONS}, start=SESSIONS[100])
    assert late["session"].tolist() == [series.index[200]]
    early = quality_findings(panel, {"A": SESSIONS}, end=SESSIONS[100])
    assert early["session"].tolist() == [series.index[10]]
    strict = quality_findings(panel, {"A": SESSIONS}, rules=QualityRules(jump=2.0))
    assert (strict["check"] == "jump").sum() > 0
    assert quality_findings(panel, {}).empty


def test_futures_are_judged_within_one_contract() -> None:
    panel = load_bundled(["WTI", "WTI_EXPIRY"], start=dt.date(2022, 1, 1), end=dt.date(2022, 6, 30))
    days = panel.close["WTI"].dropna().index.to_numpy().astype("datetime64[D]")
    assert quality_findings(panel, dict.fromkeys(panel.assets, days)).empty


def test_bundled_flagship_years_are_clean() -> None:
    names = ["SP500", "XOM", "CVX", "RRC", "WTI", "EURUSD"]
    start, end = dt.date(2021, 1, 1), dt.date(2022, 4, 30)
    panel = load_bundled(names, start=start, end=end)
    sessions = {
        name: exchange_calendar(panel.assets[name].calendar or "", start, end).sessions
        for name in names
    }
    assert quality_findings(panel, sessions).empty


def test_shared_panel_has_the_findings_that_are_really_there(shared_data: Path) -> None:
    panel = load_file(shared_data / "flagship_panel_2021_2022.csv")
    calendars = {"SP500": "XNYS", "DAX": "XETR", "CAC40": "XPAR", "FTSE100": "XLON"}
    calendars["IMOEX"] = "XMOS"
    first, last = dt.date(2021, 1, 1), dt.date(2022, 12, 28)
    sessions = {
        name: exchange_calendar(mic, first, last).sessions for name, mic in calendars.items()
    }
    table = quality_findings(panel, sessions)
    assert table[table["asset"].isin(["SP500", "DAX", "CAC40"])].empty
    # London's file repeats the last close on six bank holidays.
    london = table[table["asset"] == "FTSE100"]
    assert london["check"].tolist() == ["carried_forward"] * 6
    assert london["session"].dt.strftime("%Y-%m-%d").tolist() == [
        "2021-04-02",
        "2021-04-05",
        "2021-12-27",
        "2021-12-28",
        "2022-12-26",
        "2022-12-27",
    ]
    moscow = table[table["asset"] == "IMOEX"]
    crash = moscow[moscow["session"] == "2022-02-24"]
    assert crash["check"].tolist() == ["jump"]
    assert crash["value"].iloc[0] == pytest.approx(-0.333, abs=5e-4)
    # The weeks in which Moscow was shut are no sessions, so their absence is no finding.
    shut = moscow[(moscow["session"] > "2022-02-25") & (moscow["session"] < "2022-03-24")]
    assert shut[shut["check"] == "missing"].empty


def test_wti_spot_has_its_negative_day(shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "eia_wti_spot_daily.csv")
    price = raw.columns[1]
    index = pd.DatetimeIndex(pd.to_datetime(raw[raw.columns[0]]))
    panel = PricePanel(pd.DataFrame({"WTI": raw[price].to_numpy()}, index=index))
    days = panel.close.dropna().index.to_numpy().astype("datetime64[D]")
    table = quality_findings(panel, {"WTI": days}, start=np.datetime64("2020-01-01"))
    bad = table[table["check"] == "non_positive"]
    assert bad["session"].dt.strftime("%Y-%m-%d").tolist() == ["2020-04-20"]


def test_every_check_has_a_severity_and_an_action() -> None:
    for severity, action in CHECKS.values():
        assert severity in ("info", "warning", "error")
        assert action
