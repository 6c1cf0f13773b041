"""Pinning a catalogue: one row a headline and asset, groups, and what is left out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from eventstudy.calendars import SessionCalendar, exchange_calendar, observed_calendar
from eventstudy.errors import InputError
from eventstudy.events import pin_catalogue, read_catalogue
from eventstudy.events.pinned import DROPPED_COLUMNS, PINNED_COLUMNS
from eventstudy.resources import data_dir

START, END = dt.date(2021, 1, 4), dt.date(2022, 12, 30)


def _calendars(**names: str) -> dict[str, SessionCalendar]:
    return {asset: exchange_calendar(mic, START, END) for asset, mic in names.items()}


def test_the_flagship() -> None:
    catalogue = read_catalogue(data_dir() / "events" / "ukraine-2022.csv")
    calendars = _calendars(SP500="XNYS", DAX="XETR", WTI="CME_ENERGY", EURRUB="TARGET")
    result = pin_catalogue(catalogue, calendars)
    first = result.pinned[result.pinned["event_id"] == "withdrawal-announced"]
    assert first["asset"].tolist() == ["SP500", "DAX", "WTI", "EURRUB"]
    assert set(first["session"].dt.strftime("%Y-%m-%d")) == {"2022-02-15"}
    assert first["position"].tolist() == ["pre-open", "in-session", "in-session", "in-session"]
    assert first["clean_end"].tolist() == [0, 0, 0, 0]
    assert first["measured_utc"].dt.strftime("%H:%M").tolist() == [
        "21:00",
        "16:30",
        "19:30",
        "13:15",
    ]
    recognised = result.pinned[result.pinned["event_id"] == "recognition"]
    assert recognised["position"].tolist()[0] == "non-session"
    assert set(recognised["session"].dt.strftime("%Y-%m-%d")) == {"2022-02-22"}


def test_the_four_headlines_of_one_day_are_one_event() -> None:
    catalogue = read_catalogue(data_dir() / "events" / "ukraine-2022.csv")
    result = pin_catalogue(catalogue, _calendars(SP500="XNYS"))
    assert result.pinned["event_id"].tolist() == ["withdrawal-announced", "recognition", "invasion"]
    assert result.dropped["event_id"].tolist() == [
        "duma-vote",
        "nato-remarks",
        "president-confirms",
    ]
    assert set(result.dropped["stage"]) == {"grouping"}
    assert result.dropped["reason"].str.contains("withdrawal-announced").all()
    apart = pin_catalogue(catalogue, _calendars(SP500="XNYS"), group=False)
    assert len(apart.pinned) == 6
    assert apart.dropped.empty


def test_a_group_counts_once_a_session_and_asset() -> None:
    # After the fixing of 14:15 the president's words belong to the next one.
    catalogue = read_catalogue(data_dir() / "events" / "ukraine-2022.csv")
    result = pin_catalogue(catalogue, _calendars(EURRUB="TARGET"))
    story = result.pinned[result.pinned["group"] == "withdrawal"]
    assert story["event_id"].tolist() == ["withdrawal-announced", "president-confirms"]
    assert story["session"].dt.day.tolist() == [15, 16]


def test_the_first_stamp_wins_wherever_it_stands() -> None:
    rows = [
        {"event_id": "late", "timestamp": "2022-02-15T10:00Z", "group": "g"},
        {"event_id": "early", "timestamp": "2022-02-15T08:00Z", "group": "g"},
        {"event_id": "same", "timestamp": "2022-02-15T09:00+01:00", "group": "g"},
        {"event_id": "alone", "timestamp": "2022-02-15T07:00Z"},
        {"event_id": "lonely", "timestamp": "2022-02-15T07:00Z"},
    ]
    result = pin_catalogue(read_catalogue(rows), _calendars(X="XNYS"))
    assert result.pinned["event_id"].tolist() == ["early", "alone", "lonely"]
    assert result.dropped["event_id"].tolist() == ["late", "same"]


def test_an_instant_wins_over_a_bare_date_of_its_day() -> None:
    rows = [
        {"event_id": "day", "timestamp": "2022-02-15", "group": "g"},
        {"event_id": "hour", "timestamp": "2022-02-15T15:00Z", "group": "g"},
    ]
    result = pin_catalogue(read_catalogue(rows), _calendars(X="XNYS"))
    assert result.pinned["event_id"].tolist() == ["hour"]


def test_rows_stand_in_the_order_of_the_catalogue_then_of_the_assets() -> None:
    rows = [
        {"event_id": "b", "timestamp": "2022-03-15"},
        {"event_id": "a", "timestamp": "2022-02-15T08:00Z", "asset": "Y"},
        {"event_id": "c", "timestamp": "2022-02-15T08:00Z"},
    ]
    result = pin_catalogue(read_catalogue(rows), _calendars(Y="XNYS", X="XETR"))
    got = list(zip(result.pinned["event_id"], result.pinned["asset"], strict=True))
    assert got == [("b", "Y"), ("b", "X"), ("a", "Y"), ("c", "Y"), ("c", "X")]
    assert tuple(result.pinned.columns) == PINNED_COLUMNS
    assert tuple(result.dropped.columns) == DROPPED_COLUMNS
    assert result.pinned["timestamp_utc"].isna().tolist() == [True, True, False, False, False]
    assert result.pinned["position"].tolist()[:2] == ["date-only", "date-only"]
    assert str(result.pinned["timestamp_utc"].dtype) == "datetime64[ns, UTC]"
    assert str(result.pinned["session"].dtype) == "datetime64[ns]"


def test_what_cannot_be_pinned_is_listed() -> None:
    rows = [
        {"event_id": "old", "timestamp": "2001-02-15T08:00Z"},
        {"event_id": "new", "timestamp": "2023-02-15T08:00Z"},
        {"event_id": "sunday", "timestamp": "2022-02-13"},
        {"event_id": "good", "timestamp": "2022-02-15"},
    ]
    result = pin_catalogue(read_catalogue(rows), _calendars(X="XNYS"), policy="exclude")
    assert result.pinned["event_id"].tolist() == ["good"]
    assert result.dropped["event_id"].tolist() == ["old", "new", "sunday"]
    assert result.dropped["stage"].tolist() == ["pinning"] * 3
    assert result.dropped["reason"].tolist() == [
        "before the first session",
        "after the last session",
        "excluded",
    ]
    assert "first session known of XNYS" in result.dropped["detail"].iloc[0]


def test_nothing_left() -> None:
    rows = [{"event_id": "old", "timestamp": "2001-02-15T08:00Z"}]
    result = pin_catalogue(read_catalogue(rows), _calendars(X="XNYS"))
    assert result.pinned.empty
    assert tuple(result.pinned.columns) == PINNED_COLUMNS
    assert len(result.dropped) == 1


def test_an_ambiguous_headline_names_the_other_session() -> None:
    rows = [{"event_id": "a", "timestamp": "2022-02-18T20:50Z", "uncertainty_minutes": 15}]
    row = pin_catalogue(read_catalogue(rows), _calendars(X="XNYS")).pinned.iloc[0]
    assert row["position"] == "ambiguous"
    assert row["session"] == pd.Timestamp("2022-02-18")
    assert row["alternative_session"] == pd.Timestamp("2022-02-22")
    assert row["clean_end"] == 1
    end = exchange_calendar("XNYS", START, dt.date(2022, 2, 18))
    row = pin_catalogue(read_catalogue(rows), {"X": end}).pinned.iloc[0]
    assert pd.isna(row["alternative_session"])
    assert row["clean_end"] == 1


def test_an_instant_on_a_calendar_without_hours() -> None:
    calendars = {"DAX": observed_calendar(["2022-02-14", "2022-02-15"])}
    rows = [
        {"event_id": "day", "timestamp": "2022-02-15"},
        {"event_id": "hour", "timestamp": "2022-02-15T08:00Z"},
    ]
    assert len(pin_catalogue(read_catalogue(rows[:1]), calendars).pinned) == 1
    with pytest.raises(InputError) as caught:
        pin_catalogue(read_catalogue(rows), calendars)
    for words in ("'hour'", "'DAX'", "knows no hours", "close =", "calendar ="):
        assert words in str(caught.value)


def test_errors_name_event_and_asset() -> None:
    rows = [{"event_id": "a", "timestamp": "2022-02-13", "asset": "SP50"}]
    catalogue = read_catalogue(rows)
    with pytest.raises(InputError, match=r"'SP50' is not among.*did you mean 'SP500'"):
        pin_catalogue(catalogue, _calendars(SP500="XNYS"))
    with pytest.raises(InputError, match="no asset to pin"):
        pin_catalogue(catalogue, {})
    with pytest.raises(InputError, match=r"'a': 2022-02-13 is no session of XNYS.*'SP50'"):
        pin_catalogue(catalogue, _calendars(SP50="XNYS"), policy="error")


def test_real_headlines_in_paris(shared_data: Path) -> None:
    catalogue = read_catalogue(
        shared_data / "airliquide_headlines_paris_time.csv",
        timezone="Europe/Paris",
        columns={"timestamp": "date", "headline": "title"},
    )
    prices = pd.read_csv(shared_data / "airliquide_AI.PA_daily_2015_2023.csv")
    calendar = exchange_calendar("XPAR", dt.date(2015, 12, 29), dt.date(2023, 12, 29))
    result = pin_catalogue(catalogue, {"AI": calendar})
    assert len(result.pinned) + len(result.dropped) == 499
    pinned = result.pinned[result.pinned["session"] <= prices["date"].iloc[-1]]
    # Every session that a headline is pinned to has a price of the share.
    assert set(pinned["session"].dt.strftime("%Y-%m-%d")) <= set(prices["date"])
    assert (pinned["measured_utc"] > pinned["timestamp_utc"]).all()
