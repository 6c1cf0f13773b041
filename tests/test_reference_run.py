"""The reference cases through the front door: ``es.run`` on frames gives every stored row."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.resources import data_dir

# Two implementations in doubles; the references are printed with all digits.
RELATIVE = 1e-10


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    folder = data_dir() / "prices"
    stocks = pd.read_csv(folder / "us-stocks.csv.gz", index_col=0, parse_dates=True)
    index = pd.read_csv(folder / "sp500.csv.gz", index_col=0, parse_dates=True)
    return stocks.join(index.iloc[:, 0].rename("SP500")).pct_change(fill_method=None)


@pytest.fixture(scope="module", params=["case_a", "case_d"])
def case(
    request: pytest.FixtureRequest, shared_reference: Path, returns: pd.DataFrame
) -> tuple[dict, es.StudyResult]:  # type: ignore[type-arg]
    reference = json.loads((shared_reference / f"{request.param}.json").read_text())
    frame = returns.copy()
    for asset, day in reference.get("holes", []):
        frame.loc[day, asset] = np.nan
    events = pd.DataFrame(
        [
            {"event_id": str(e["event_id"]), "timestamp": e["session"], "asset": e["asset"]}
            for e in reference["events"]
        ]
    )
    windows = sorted({(t["start"], t["end"]) for t in reference["tests"] if t["start"] < t["end"]})
    result = es.run(
        events=events,
        returns=frame,
        model="market_model",
        benchmark="SP500",
        calendar="observed",
        estimation=tuple(reference["estimation"]),
        window=tuple(reference["event"]),
        report=windows,
        missing="skip",
        tests=list(dict.fromkeys(s["name"] for t in reference["tests"] for s in t["statistics"])),
    )
    return reference, result


def close(found: float, expected: float | None) -> bool:
    if expected is None:
        return math.isnan(found)
    return math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=1e-15)


def test_every_statistic(case: tuple[dict, es.StudyResult]) -> None:  # type: ignore[type-arg]
    reference, result = case
    rows = result.tests.set_index(["start", "end", "name", "variant"]).sort_index()
    checked = 0
    for table in reference["tests"]:
        for expected in table["statistics"]:
            key = (table["start"], table["end"], expected["name"], expected["variant"])
            row = rows.loc[[key]].iloc[0]
            assert close(row["statistic"], expected["statistic"]), key
            assert close(row["df"], expected["df"]), key
            assert close(row["pvalue"], expected["pvalue"]), key
            assert row["n_events"] == table["n_events"]
            if expected["name"] == "adjusted_bmp_t":
                assert close(row["rbar"], table["rbar"])
            if expected["name"] == "cross_sectional_t":
                assert close(row["estimate"], table["caar"])
            checked += 1
    assert checked > 200


def test_every_event(case: tuple[dict, es.StudyResult]) -> None:  # type: ignore[type-arg]
    reference, result = case
    events = result.events.set_index("event_id")
    days = result.abnormal_returns.groupby("event_id", sort=False)
    for expected in reference["events"]:
        name = str(expected["event_id"])
        row = events.loc[name]
        assert row["n_estimation"] == expected["n_estimation"]
        assert row["df"] == expected["df"]
        assert close(row["alpha"], expected["coefficients"][0])
        assert close(row["beta"], expected["coefficients"][1])
        assert close(row["sigma"], expected["sigma"])
        own = days.get_group(name)
        for found, ar in zip(own["ar"], expected["ar"], strict=True):
            assert close(found, ar)
        for found, sar in zip(own["sar"], expected["sar"], strict=True):
            assert close(found, sar)
