"""Pinning: invariants for any instant, bare dates, the edges of a calendar, reasons, errors."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstudy.calendars import (
    SessionCalendar,
    exchange_calendar,
    explain,
    observed_calendar,
    pin_dates,
    pin_instants,
)
from eventstudy.errors import InputError
from eventstudy.events.stamps import read_stamp

NAMES = ("XNYS", "XLON", "XETR", "XTKS", "XHKG", "XASX", "XMOS", "CME_ENERGY", "TARGET", "24/7")
ZONES = ("UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Auckland", "Asia/Kathmandu")
QUICK, LONG = 300, 20_000
SECONDS_FOR_A_MILLION = 10.0  # the promise: ten calendars, reasons included
instants = st.datetimes(dt.datetime(2010, 2, 1), dt.datetime(2026, 11, 30))  # noqa: DTZ001
quiet = [HealthCheck.function_scoped_fixture]


def _u(*stamps: object) -> np.ndarray:
    return np.array(stamps, dtype="datetime64[us]")


def _price_is_the_first_that_can_know(cal: SessionCalendar, when: dt.datetime) -> None:
    u = _u(when)
    pins = pin_instants(u, cal)
    j = int(pins.session[0])
    assert cal.measured_until[j] > u[0]
    assert j == 0 or cal.measured_until[j - 1] <= u[0]
    strict = int(pins.strict[0])
    lag = np.timedelta64(int(cal.lag_seconds), "s")
    assert strict == len(cal) or cal.measured_from[strict] > u[0] + lag
    assert strict == j or cal.measured_from[strict - 1] <= u[0] + lag
    assert (pins.labels[0] == "ambiguous") == (strict > j)
    assert pins.clean_end[0] == strict - j


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=QUICK // len(NAMES), suppress_health_check=quiet, deadline=None)
@given(when=instants)
def test_the_session_is_the_first_whose_price_can_know(
    name: str, when: dt.datetime, calendar: Callable[..., SessionCalendar]
) -> None:
    _price_is_the_first_that_can_know(calendar(name), when)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=LONG // len(NAMES), suppress_health_check=quiet, deadline=None)
@given(when=instants)
def test_the_session_is_the_first_whose_price_can_know_at_length(
    name: str, when: dt.datetime, calendar: Callable[..., SessionCalendar]
) -> None:
    _price_is_the_first_that_can_know(calendar(name), when)


@settings(max_examples=QUICK, suppress_health_check=quiet, deadline=None)
@given(when=instants, name=st.sampled_from(NAMES), zone=st.sampled_from(ZONES))
def test_another_notation_of_the_same_instant_gives_the_same_answer(
    when: dt.datetime, name: str, zone: str, calendar: Callable[..., SessionCalendar]
) -> None:
    utc = when.replace(tzinfo=dt.UTC)
    read, bare = read_stamp(utc.astimezone(ZoneInfo(zone)).isoformat(), None)
    assert bare is None
    assert read == utc
    one = pin_instants(_u(when), calendar(name))
    two = pin_instants(_u(read.replace(tzinfo=None)), calendar(name))
    assert (one.session[0], one.labels[0]) == (two.session[0], two.labels[0])


@settings(max_examples=QUICK, suppress_health_check=quiet, deadline=None)
@given(
    when=st.lists(instants, min_size=1, max_size=20),
    name=st.sampled_from(NAMES),
    minutes=st.floats(0, 3000),
)
def test_the_order_of_headlines_changes_nothing_and_later_ones_go_no_earlier(
    when: list[dt.datetime], name: str, minutes: float, calendar: Callable[..., SessionCalendar]
) -> None:
    cal = calendar(name)
    ahead = pin_instants(_u(*when), cal, uncertainty_minutes=minutes)
    back = pin_instants(_u(*when[::-1]), cal, uncertainty_minutes=minutes)
    assert (ahead.session == back.session[::-1]).all()
    in_time = np.argsort(_u(*when), kind="stable")
    assert (np.diff(ahead.session[in_time]) >= 0).all()
    exact = pin_instants(_u(*when), cal)
    assert (ahead.session <= exact.session).all()
    assert (ahead.strict >= exact.strict).all()


@pytest.mark.parametrize("lag", [0.0, 60.0, 3600.0])
def test_the_lag_moves_the_label_and_never_day_0(
    lag: float, calendar: Callable[..., SessionCalendar]
) -> None:
    cal = calendar("XNYS")
    u = _u("2022-02-15T20:30:00", "2022-02-15T20:59:59", "2022-02-15T21:00:00")
    pins = pin_instants(u, cal, lag_seconds=lag)
    days = cal.sessions[pins.session].astype(str).tolist()
    assert days == ["2022-02-15", "2022-02-15", "2022-02-16"]
    expected = {0.0: "in-session in-session", 60.0: "in-session ambiguous"}
    first_two = expected.get(lag, "ambiguous ambiguous").split()
    assert pins.labels.tolist() == [*first_two, "after-close"]


def test_what_lies_outside_the_calendar_is_not_pinned() -> None:
    cal = exchange_calendar("XNYS", dt.date(2022, 2, 14), dt.date(2022, 2, 18))
    u = _u("2022-02-13T12:00", "2022-02-14T12:00", "2022-02-18T21:00", "2022-02-18T20:59:59")
    pins = pin_instants(u, cal)
    assert pins.pinned.tolist() == [False, True, False, True]
    assert pins.session.tolist() == [-1, 0, -1, 4]
    # The alternative of the last one lies beyond the end: no session is named, the window stays.
    assert pins.strict.tolist()[-1] == len(cal)
    assert pins.clean_end.tolist()[-1] == 1
    texts = explain(pins, cal, instants=u)
    assert "before Mon 2022-02-14, the first session known of XNYS" in texts[0]
    assert "after Fri 2022-02-18, the last session known of XNYS" in texts[2]
    assert "one beyond the calendar's end" in texts[3]


def test_no_time_is_no_session(calendar: Callable[..., SessionCalendar]) -> None:
    cal = calendar("XNYS")
    u = np.array(["NaT", "2022-02-15T12:00"], dtype="datetime64[ns]")
    pins = pin_instants(u, cal, uncertainty_minutes=np.array([np.nan, 0.0]))
    assert pins.pinned.tolist() == [False, True]
    assert explain(pins, cal, instants=u)[0].endswith("no time is given.")
    bare = pin_dates(u, cal)
    assert bare.pinned.tolist() == [False, True]
    assert explain(bare, cal, dates=u)[0] == "No time is given."


@pytest.mark.parametrize(
    ("policy", "sessions"),
    [
        ("next", ["2022-02-15", "2022-02-22"]),
        ("previous", ["2022-02-15", "2022-02-18"]),
        ("exclude", ["2022-02-15"]),
    ],
)
def test_bare_dates(
    policy: str, sessions: list[str], calendar: Callable[..., SessionCalendar]
) -> None:
    cal = calendar("XNYS")
    days = np.array(["2022-02-15", "2022-02-20"], dtype="datetime64[D]")
    pins = pin_dates(days, cal, policy=policy)  # type: ignore[arg-type]
    got = cal.sessions[pins.session[pins.pinned]].astype(str).tolist()
    assert got == sessions
    assert set(pins.labels) == {"date-only"}
    assert pins.clean_end[0] == 1
    texts = explain(pins, cal, dates=days, policy=policy)  # type: ignore[arg-type]
    assert "the XNYS session of that date is taken" in texts[0]
    assert policy in texts[1]


def test_a_bare_date_that_is_no_session_can_be_an_error(
    calendar: Callable[..., SessionCalendar],
) -> None:
    days = np.array(["2022-02-20"], dtype="datetime64[D]")
    with pytest.raises(InputError, match="2022-02-20 is no session of XNYS"):
        pin_dates(days, calendar("XNYS"), policy="error")
    with pytest.raises(InputError, match="did you mean 'next'"):
        pin_dates(days, calendar("XNYS"), policy="nxt")  # type: ignore[arg-type]


def test_bare_dates_before_and_after_the_calendar() -> None:
    cal = observed_calendar(["2022-02-14", "2022-02-15"])
    days = np.array(["2022-02-12", "2022-02-14", "2022-02-16"], dtype="datetime64[D]")
    for policy in ("next", "previous"):
        pins = pin_dates(days, cal, policy=policy)  # type: ignore[arg-type]
        assert pins.session.tolist() == [-1, 0, -1]
    texts = explain(pins, cal, dates=days)
    assert "before Mon 2022-02-14" in texts[0]
    assert "after Tue 2022-02-15" in texts[2]


def test_an_instant_needs_hours() -> None:
    cal = observed_calendar(["2022-02-14", "2022-02-15"])
    with pytest.raises(InputError, match="knows no hours"):
        pin_instants(_u("2022-02-14T12:00"), cal)


def test_an_observed_calendar_with_a_clock_pins_instants() -> None:
    cal = observed_calendar(["2022-02-14", "2022-02-15"], clock="17:30 Europe/Berlin")
    u = _u("2022-02-14T08:00", "2022-02-14T16:30", "2022-02-14T16:29:59")
    pins = pin_instants(u, cal)
    assert pins.session.tolist() == [0, 1, 0]
    assert pins.labels.tolist() == ["in-session", "after-close", "ambiguous"]
    assert "whose opening hour is not known" in explain(pins, cal, instants=u)[0]


@pytest.mark.parametrize("minutes", [-1.0, np.inf])
def test_uncertainty_is_a_half_width(
    minutes: float, calendar: Callable[..., SessionCalendar]
) -> None:
    with pytest.raises(InputError, match="at least 0"):
        pin_instants(_u("2022-02-14T12:00"), calendar("XNYS"), uncertainty_minutes=minutes)
    with pytest.raises(InputError, match="lag_seconds"):
        pin_instants(_u("2022-02-14T12:00"), calendar("XNYS"), lag_seconds=minutes)


@pytest.mark.parametrize(
    ("name", "stamp", "reason"),
    [
        (
            "XNYS",
            "2022-02-15T08:00",
            "Tue 2022-02-15 03:00 America/New_York, give or take 25 min: XNYS was still shut "
            "(09:30-16:00), so the close of Tue 2022-02-15 at 16:00 is the first price that can "
            "know.",
        ),
        (
            "CME_ENERGY",
            "2022-02-15T20:10",
            "Tue 2022-02-15 15:10 America/New_York, give or take 25 min: the settlement of that "
            "day's CME_ENERGY session was already made, so the settlement of Wed 2022-02-16 at "
            "14:28-14:30 is the first price that can know.",
        ),
        (
            "XHKG",
            "2022-02-15T08:00",
            "Tue 2022-02-15 16:00 Asia/Hong_Kong, give or take 25 min: the close of that day's "
            "XHKG session was already made, but too near the close of Tue 2022-02-15 at 16:00 to "
            "tell whether that price knows or only the close of Wed 2022-02-16 at 16:00; day 0 is "
            "Tue 2022-02-15.",
        ),
        (
            "24/7",
            "2022-02-15T08:00:01",
            "Tue 2022-02-15 08:00:01 UTC, give or take 25 min: 24/7 was in session (round the "
            "clock), so the close of Tue 2022-02-15 at 24:00 is the first price that can know.",
        ),
    ],
)
def test_reasons(
    name: str, stamp: str, reason: str, calendar: Callable[..., SessionCalendar]
) -> None:
    cal = calendar(name)
    pins = pin_instants(_u(stamp), cal, uncertainty_minutes=25.0)
    assert explain(pins, cal, instants=_u(stamp), uncertainty_minutes=25.0)[0] == reason


def test_reasons_of_many_are_those_of_each(calendar: Callable[..., SessionCalendar]) -> None:
    cal = calendar("XTKS")
    u = np.arange("2024-10-28T00:07", "2024-11-12", 61 * 60, dtype="datetime64[s]")
    wide = np.where(np.arange(len(u)) % 3 == 0, 30.0, 0.0)
    whole = explain(
        pin_instants(u, cal, uncertainty_minutes=wide), cal, instants=u, uncertainty_minutes=wide
    )
    for i, text in enumerate(whole):
        pins = pin_instants(u[i : i + 1], cal, uncertainty_minutes=wide[i])
        alone = explain(pins, cal, instants=u[i : i + 1], uncertainty_minutes=wide[i])
        assert text == alone[0]


def test_explain_needs_what_was_pinned(calendar: Callable[..., SessionCalendar]) -> None:
    cal = calendar("XNYS")
    with pytest.raises(ValueError, match="instants or the dates"):
        explain(pin_instants(_u("2022-02-15T08:00"), cal), cal)


def test_nothing_to_pin(calendar: Callable[..., SessionCalendar]) -> None:
    cal = calendar("XNYS")
    none = np.empty(0, dtype="datetime64[ns]")
    assert len(explain(pin_instants(none, cal), cal, instants=none)) == 0
    assert len(pin_dates(none, cal).session) == 0


@pytest.mark.slow
def test_a_million_headlines_on_ten_calendars() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from bench_pinning import run  # type: ignore[import-not-found]

    seconds = run()
    assert seconds["pins"] + seconds["reasons"] < SECONDS_FOR_A_MILLION
