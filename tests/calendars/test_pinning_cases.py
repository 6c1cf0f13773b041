"""Pinning against a table of right answers that were worked out by hand (make_cases.py)."""

from __future__ import annotations

import collections
import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import SessionCalendar, pin_instants
from eventstudy.events.stamps import read_stamp
from eventstudy.resources import data_dir

TABLE = Path(__file__).with_name("pinning_cases.csv")
with TABLE.open(encoding="utf-8", newline="") as _handle:
    CASES = list(csv.DictReader(_handle))
GROUNDS = {"exchange rule", "zone arithmetic", "real prices", "general knowledge"}
PRICE_FILES = {
    "XETR": "dax_daily_2000_2025.csv",
    "XPAR": "cac40_daily_2015_2023.csv",
    "XMOS": "imoex_daily_2014_2025.csv",
}


def _id(case: dict[str, str]) -> str:
    return f"{case['calendar']}-{case['stamp']}-{case['uncertainty_minutes']}-{case['clock']}"


def test_the_table_is_wide_enough() -> None:
    grounds = collections.Counter(case["ground"] for case in CASES)
    assert len(CASES) >= 300
    assert len({case["calendar"] for case in CASES}) >= 15
    assert set(grounds) == GROUNDS
    assert min(grounds.values()) >= 30


def test_no_case_stands_twice() -> None:
    assert len({_id(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_case(case: dict[str, str], calendar: Callable[..., SessionCalendar]) -> None:
    sessions = calendar(case["calendar"], case["clock"] or None)
    instant, _ = read_stamp(case["stamp"], None)
    assert instant is not None
    u = np.array([instant.replace(tzinfo=None)], dtype="datetime64[us]")
    pins = pin_instants(u, sessions, uncertainty_minutes=float(case["uncertainty_minutes"]))
    got = (
        str(sessions.sessions[pins.session[0]]),
        str(pins.labels[0]),
        str(pins.clean_end[0]),
    )
    assert got == (case["session"], case["position"], case["clean_end"]), case["why"]


def test_cases_on_real_prices_agree_with_the_files(shared_data: Path) -> None:
    """The session has a price, and no date between the stamp's day and it has one."""
    checked = 0
    for case in CASES:
        if case["ground"] != "real prices" or case["calendar"] not in PRICE_FILES:
            continue
        priced = _priced(shared_data / PRICE_FILES[case["calendar"]])
        zone = {"XETR": "Europe/Berlin", "XPAR": "Europe/Paris", "XMOS": "Europe/Moscow"}
        local = dt.datetime.fromisoformat(case["stamp"]).astimezone(
            ZoneInfo(zone[case["calendar"]])
        )
        day, session = local.date(), dt.date.fromisoformat(case["session"])
        assert session in priced, case
        begun = case["position"] == "after-close"
        between = {d for d in priced if day < d < session}
        assert not between, case
        assert (day in priced) == (day == session or begun), case
        checked += 1
    assert checked >= 30


def test_cases_on_oil_agree_with_the_bundled_settlements() -> None:
    dates = pd.read_csv(data_dir() / "prices" / "wti-futures.csv.gz", usecols=[0])
    settled = set(dates.iloc[:, 0])
    oil = [c for c in CASES if c["calendar"] == "CME_ENERGY" and c["ground"] == "real prices"]
    assert len(oil) >= 5
    assert all(case["session"] in settled for case in oil)
    assert "2022-02-21" not in settled


def _priced(path: Path) -> set[dt.date]:
    frame = pd.read_csv(path)
    if "value" in frame:
        # A day without turnover repeats an index value and is no session.
        frame = frame[frame["value"] > 0]
    return {dt.date.fromisoformat(day) for day in frame["date"]}
