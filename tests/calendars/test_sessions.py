"""Sessions: the library with our corrections, the calendars by rule, observed sessions, clocks."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import (
    SessionCalendar,
    calendar_names,
    exchange_calendar,
    observed_calendar,
)
from eventstudy.calendars.clock import parse_clock
from eventstudy.calendars.corrections import load_corrections
from eventstudy.calendars.rules import easter_sunday
from eventstudy.errors import InputError
from eventstudy.resources import data_dir

HASHES = Path(__file__).with_name("calendar_hashes.json")
CASES = Path(__file__).with_name("pinning_cases.csv")


def _dates(path: Path, keep: str = "") -> np.ndarray:
    frame = pd.read_csv(path)
    if keep:
        frame = frame[frame[keep] > 0]
    return np.unique(pd.to_datetime(frame.iloc[:, 0]).to_numpy().astype("datetime64[D]"))


def _compare(name: str, priced: np.ndarray) -> tuple[list[str], list[str]]:
    """Return the sessions without a price, and the prices without a session."""
    sessions = exchange_calendar(name, priced[0].item(), priced[-1].item()).sessions
    without_price = np.setdiff1d(sessions, priced)
    without_session = np.setdiff1d(priced, sessions)
    return [str(d) for d in without_price], [str(d) for d in without_session]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("XNYS", "sp500.csv.gz"),
        ("CME_ENERGY", "wti-futures.csv.gz"),
        ("TARGET", "ecb-rates.csv.gz"),
    ],
)
def test_calendar_equals_the_dates_of_bundled_prices(name: str, file: str) -> None:
    assert _compare(name, _dates(data_dir() / "prices" / file)) == ([], [])


def test_moscow_equals_the_dates_of_its_index(shared_data: Path) -> None:
    priced = _dates(shared_data / "imoex_daily_2014_2025.csv", keep="value")
    assert _compare("XMOS", priced) == ([], [])


def test_frankfurt_equals_the_dates_of_its_index_but_for_holes_in_the_file(
    shared_data: Path,
) -> None:
    # The file lacks four Days of German Unity on which Xetra traded.
    holes = ["2000-10-03", "2011-10-03", "2012-10-03", "2013-10-03"]
    assert _compare("XETR", _dates(shared_data / "dax_daily_2000_2025.csv")) == (holes, [])


def test_paris_equals_the_dates_of_its_index_but_for_faults_of_the_file(
    shared_data: Path,
) -> None:
    # The file lacks the half day at the end of 2015 and repeats a price on Christmas Day 2019.
    got = _compare("XPAR", _dates(shared_data / "cac40_daily_2015_2023.csv"))
    assert got == (["2015-12-31"], ["2019-12-25"])


def test_hashes_of_the_calendars_that_the_tests_use(
    calendar: Callable[..., SessionCalendar],
) -> None:
    """Another release of the library, pandas or the tz database must not move a session unseen.

    After looking at what changed, write the file anew:
    ``python tests/calendars/write_hashes.py``.
    """
    known = json.loads(HASHES.read_text(encoding="utf-8"))
    with CASES.open(encoding="utf-8", newline="") as handle:
        used = {row["calendar"] for row in csv.DictReader(handle)}
    assert used <= set(known)
    assert {name: calendar(name).digest for name in known} == known


def test_moscow_is_shut_in_march_2022(calendar: Callable[..., SessionCalendar]) -> None:
    days = calendar("XMOS").sessions
    near = days[(days > np.datetime64("2022-02-24")) & (days < np.datetime64("2022-03-26"))]
    assert near.astype(str).tolist() == ["2022-02-25", "2022-03-24", "2022-03-25"]


def test_chicago_ends_at_four_and_rests_on_holidays_of_new_york(
    calendar: Callable[..., SessionCalendar],
) -> None:
    cmes, nyse = calendar("CMES"), calendar("XNYS")
    assert np.isin(cmes.sessions, nyse.sessions).all()
    at = int(cmes.position(np.array(["2022-02-15"], dtype="datetime64[D]"))[0])
    assert cmes.closes[at] == np.datetime64("2022-02-15T22:00", "ns")


@pytest.mark.parametrize(
    ("name", "day", "opens", "closes"),
    [
        ("XNYS", "2022-11-25", "14:30", "18:00"),  # half day
        ("XTKS", "2024-11-01", "00:00", "06:00"),  # 15:00 until then
        ("XTKS", "2024-11-05", "00:00", "06:30"),  # 15:30 since
        ("XHKG", "2022-01-31", "01:30", "04:00"),  # morning only
        ("XHKG", "2021-06-28", "05:30", "08:00"),  # black rainstorm: afternoon only
        ("XMOS", "2022-03-24", "06:50", "11:00"),  # the reopening
        ("XLON", "2021-12-24", "08:00", "12:30"),
    ],
)
def test_hours(
    calendar: Callable[..., SessionCalendar], name: str, day: str, opens: str, closes: str
) -> None:
    cal = calendar(name)
    at = int(cal.position(np.array([day], dtype="datetime64[D]"))[0])
    assert cal.opens[at] == np.datetime64(f"{day}T{opens}", "ns")
    assert cal.closes[at] == np.datetime64(f"{day}T{closes}", "ns")


@pytest.mark.parametrize(
    ("name", "clock", "day", "begin", "finish"),
    [
        ("XNYS", "14:30 America/New_York", "2022-02-15", "19:30", "19:30"),
        ("XNYS", "14:30 America/New_York", "2022-11-25", "18:00", "18:00"),  # closed at 13:00
        ("XNYS", "12:00 America/New_York", "2022-11-25", "17:00", "17:00"),
        ("XNYS", "16:00 America/New_York", "2022-11-25", "18:00", "18:00"),
        ("XETR", "17:30-17:35 Europe/Berlin", "2022-12-30", "13:00", "13:05"),
        ("XETR", None, "2022-02-15", "16:30", "16:30"),
        ("CME_ENERGY", None, "2022-02-15", "19:28", "19:30"),
        ("TARGET", None, "2022-02-15", "13:15", "13:15"),
        ("XTKS", None, "2024-11-05", "06:25", "06:30"),
        ("XTKS", None, "2024-11-01", "06:00", "06:00"),
    ],
)
def test_when_the_price_is_measured(
    calendar: Callable[..., SessionCalendar],
    name: str,
    clock: str | None,
    day: str,
    begin: str,
    finish: str,
) -> None:
    cal = calendar(name, clock)
    at = int(cal.position(np.array([day], dtype="datetime64[D]"))[0])
    assert cal.measured_from[at] == np.datetime64(f"{day}T{begin}", "ns")
    assert cal.measured_until[at] == np.datetime64(f"{day}T{finish}", "ns")


def test_every_name_builds_and_is_in_order() -> None:
    for name in calendar_names():
        cal = exchange_calendar(name, dt.date(2022, 1, 1), dt.date(2022, 12, 31))
        assert len(cal) > 200, name
        assert cal.knows_hours, name
        assert (cal.opens < cal.closes).all(), name
        assert (cal.measured_from <= cal.measured_until).all(), name


def test_the_same_arguments_give_the_same_object() -> None:
    one = exchange_calendar("XNYS", dt.date(2022, 1, 3), dt.date(2022, 6, 30))
    two = exchange_calendar("XNYS", dt.date(2022, 1, 3), dt.date(2022, 6, 30))
    assert one is two


def test_a_range_is_a_cut_of_a_longer_one(calendar: Callable[..., SessionCalendar]) -> None:
    short = exchange_calendar("XLON", dt.date(2019, 12, 30), dt.date(2020, 1, 3))
    whole = calendar("XLON")
    at = whole.position(short.sessions)
    assert (at >= 0).all()
    assert (whole.closes[at] == short.closes).all()


def test_datetimes_serve_as_dates() -> None:
    start = dt.datetime(2022, 1, 3, tzinfo=dt.UTC)
    assert exchange_calendar("XNYS", start, dt.date(2022, 1, 5)).sessions[0] == np.datetime64(
        "2022-01-03"
    )


def test_round_the_clock() -> None:
    cal = exchange_calendar("24/7", dt.date(2022, 2, 12), dt.date(2022, 2, 13))
    assert cal.sessions.astype(str).tolist() == ["2022-02-12", "2022-02-13"]
    assert cal.measured_until[0] == np.datetime64("2022-02-13T00:00", "ns")
    assert cal.lag_seconds == 0


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1999, 4, 4), (2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2022, 4, 17), (2038, 4, 25)],
)
def test_easter(year: int, month: int, day: int) -> None:
    assert easter_sunday(year) == dt.date(year, month, day)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("XNYSE", "did you mean 'XNYS'"),
        ("TARGETT", "did you mean 'TARGET'"),
        ("observed", "made from prices"),
    ],
)
def test_an_unknown_calendar_names_the_nearest(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        exchange_calendar(name, dt.date(2022, 1, 1), dt.date(2022, 2, 1))


def test_ranges_that_hold_nothing() -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        exchange_calendar("XNYS", dt.date(2022, 2, 1), dt.date(2022, 1, 1))
    with pytest.raises(InputError, match="no session is known"):
        exchange_calendar("XNYS", dt.date(2022, 1, 1), dt.date(2022, 1, 2))
    with pytest.raises(InputError, match="no session is known"):
        exchange_calendar("CME_ENERGY", dt.date(2005, 1, 1), dt.date(2006, 1, 1))


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("14:30", "is no clock"),
        ("half past two", "is no clock"),
        ("25:00 UTC", "does not exist"),
        ("14:60 UTC", "does not exist"),
        ("14:30-14:28 UTC", "ends before it begins"),
        ("14:30 America/NewYork", "did you mean 'America/New_York'"),
        ("14:30 Nowhere", "unknown time zone"),
    ],
)
def test_a_bad_clock(clock: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_clock(clock)


def test_clocks_write_themselves() -> None:
    for text in ("14:30 America/New_York", "14:28-14:30 America/New_York", "24:00 UTC"):
        assert str(parse_clock(text)) == text


def test_observed_sessions() -> None:
    cal = observed_calendar(pd.DatetimeIndex(["2022-02-16", "2022-02-14", "2022-02-14"]))
    assert cal.sessions.astype(str).tolist() == ["2022-02-14", "2022-02-16"]
    assert not cal.knows_hours
    assert cal.position(np.array(["2022-02-15", "2022-02-16"], dtype="M8[D]")).tolist() == [-1, 1]


def test_observed_sessions_with_a_clock() -> None:
    cal = observed_calendar(
        [dt.date(2022, 2, 14)], clock="17:30 Europe/Berlin", opening="09:00 Europe/Berlin"
    )
    assert cal.knows_hours
    assert cal.opens[0] == np.datetime64("2022-02-14T08:00", "ns")
    assert cal.measured_until[0] == np.datetime64("2022-02-14T16:30", "ns")
    assert np.isnat(cal.closes[0])


@pytest.mark.parametrize("sessions", [[], ["2022-02-30"], ["tomorrow"], [None]])
def test_observed_sessions_that_are_none(sessions: list[str]) -> None:
    with pytest.raises(InputError, match="observed"):
        observed_calendar(sessions)


def test_a_calendar_checks_itself() -> None:
    days = np.array(["2022-02-15", "2022-02-14"], dtype="datetime64[D]")
    nat = np.full(2, np.datetime64("NaT"), dtype="datetime64[ns]")
    with pytest.raises(ValueError, match="ascend"):
        SessionCalendar("x", "", days, nat, nat, nat, nat)
    with pytest.raises(ValueError, match="shape"):
        SessionCalendar("x", "", days[::-1], nat[:1], nat, nat, nat)


def test_every_correction_has_a_source_and_a_known_calendar() -> None:
    for row in load_corrections():
        assert row.calendar in calendar_names()
        assert len(row.reason) > 10
        assert len(row.source) > 10


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("XNYS,shut,2022-01-03,,,,why,who", "line 2.*unknown change"),
        ("XNYS,closed,2022-02-30,,,,why,who", "line 2"),
        ("XNYS,closed,2022-02-03,2022-02-01,,,why,who", "ends before"),
        ("XNYS,closed,2022-02-03,,,,,who", "reason and a source"),
    ],
)
def test_a_bad_correction(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "corrections.csv"
    head = "calendar,change,first,last,open,close,reason,source"
    file.write_text(f"{head}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        load_corrections(file)


def test_a_corrections_file_with_other_columns(tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    file.write_text("calendar,first\n", encoding="utf-8")
    with pytest.raises(InputError, match="columns have to be"):
        load_corrections(file)


def test_importing_calendars_does_not_load_the_library() -> None:
    code = "import eventstudy.calendars, sys; sys.exit('exchange_calendars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
