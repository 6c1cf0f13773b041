"""``eventstudy pin`` and ``eventstudy doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventstudy.cli import doctor as doctor_module
from eventstudy.errors import SourceError


def pinned(command, *arguments: str) -> list[dict[str, object]]:
    result = command("pin", *arguments, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["schema_version"] == 1
    return found["pinned"]


def test_one_stamp_on_several_calendars(command) -> None:
    rows = pinned(
        command, "2022-02-15T08:00Z", "--calendar", "XNYS", "--calendar", "XETR",
        "--calendar", "XTKS",
    )  # fmt: skip
    assert [(r["calendar"], r["session"], r["position"]) for r in rows] == [
        ("XNYS", "2022-02-15", "pre-open"),
        ("XETR", "2022-02-15", "in-session"),
        ("XTKS", "2022-02-16", "after-close"),
    ]
    assert rows[0]["timestamp_utc"] == "2022-02-15T08:00:00Z"
    assert rows[0]["session_open_utc"] == "2022-02-15T14:30:00Z"
    assert all(r["reason"] for r in rows)


def test_a_clock_moves_the_session(command) -> None:
    stamp = ("2022-02-15T15:10-05:00", "--calendar", "XNYS")
    assert pinned(command, *stamp)[0]["session"] == "2022-02-15"
    moved = pinned(command, *stamp, "--clock", "14:30 America/New_York")
    assert moved[0]["session"] == "2022-02-16"


def test_uncertainty_that_straddles_the_close_is_ambiguous(command) -> None:
    stamp = ("2022-02-15T15:55-05:00", "--calendar", "XNYS")
    assert pinned(command, *stamp)[0]["position"] == "in-session"
    row = pinned(command, *stamp, "--uncertainty", "10")[0]
    assert row["position"] == "ambiguous"
    assert row["alternative_session"] == "2022-02-16"


def test_a_date_that_is_no_session_goes_by_the_policy(command) -> None:
    saturday = ("2022-02-12", "--calendar", "XNYS")
    assert pinned(command, *saturday)[0]["session"] == "2022-02-14"
    assert pinned(command, *saturday, "--policy", "previous")[0]["session"] == "2022-02-11"
    left = command("pin", *saturday, "--policy", "exclude", "--json")
    assert left.code == 3
    assert len(json.loads(left.out)["dropped"]) == 1
    assert command("pin", *saturday, "--policy", "error").code == 2


def test_every_headline_of_a_file_is_pinned_on_every_calendar(command, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "event_id,timestamp,asset,group\n"
        "a,2022-02-15T08:00,XOM,g\na,2022-02-15T08:00,CVX,g\nb,2022-02-15T09:00,,g\n"
    )
    rows = pinned(
        command, str(file), "--timezone", "Europe/Paris", "--calendar", "XNYS",
        "--calendar", "XPAR",
    )  # fmt: skip
    assert [(r["event_id"], r["calendar"]) for r in rows] == [
        ("a", "XNYS"), ("a", "XPAR"), ("b", "XNYS"), ("b", "XPAR"),
    ]  # fmt: skip
    assert rows[0]["timestamp_utc"] == "2022-02-15T07:00:00Z"


def test_the_screen_gives_session_and_reason(command) -> None:
    result = command("pin", "2022-02-15T08:00Z", "--calendar", "XNYS")
    assert result.code == 0
    assert "2022-02-15" in result.out
    assert "pre-open" in result.out
    assert "shut" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2022-02-15T08:00"], ["2022-02-15T08:00", "offset", "--timezone"]),
        (["2022-02-30"], ["2022-02-30"]),
        (["yesterday"], ["yesterday", "2022-02-15T08:00Z"]),
        (["nowhere.csv"], ["nowhere.csv"]),
        (["2022-02-15", "--calendar", "XNYX"], ["XNYX", "did you mean"]),
        (["2022-02-15", "--clock", "noon"], ["noon"]),
        (["2022-02-15", "--policy", "nxt"], ["--policy", "did you mean 'next'"]),
        (["2022-02-15T08:00Z", "--uncertainty", "-1"], ["--uncertainty"]),
        (["2022-02-15T08:00Z", "--uncertainty", "nan"], ["--uncertainty"]),
        (["2022-02-15T08:00", "--timezone", "Europe/Pari"], ["did you mean 'Europe/Paris'"]),
        (["1066-10-14"], ["1066"]),
    ],
)
def test_wrong_input_is_2(command, arguments: list[str], words: list[str]) -> None:
    result = command("pin", *arguments, "--calendar", "XNYS")
    assert result.code == 2, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


def test_doctor_finds_this_installation_well(command) -> None:
    result = command("doctor", "--json")
    assert result.code == 0, result.out
    checks = json.loads(result.out)["checks"]
    assert {"program", "library", "extra", "calendars", "cache", "data"} <= {
        c["area"] for c in checks
    }
    assert sum(c["area"] == "data" for c in checks) >= 5
    assert "the network was not tried" in command("doctor").out


def test_doctor_sees_a_damaged_file(command, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "a.csv").write_text("x")
    digest = "0" * 64
    (tmp_path / "SOURCES.md").write_text(
        f"| prices/a.csv | 1 | {digest} | {digest} |\n| prices/b.csv | 1 | {digest} | {digest} |\n"
    )
    monkeypatch.setattr(doctor_module, "data_dir", lambda: tmp_path)
    result = command("doctor")
    assert result.code == 1
    assert "is damaged" in result.out
    assert "can't be read" in result.out


def test_doctor_live_without_network_is_4(command, monkeypatch) -> None:
    from eventstudy.prices import factors, yahoo

    def fail(*args: object, **kwargs: object) -> None:
        raise SourceError("no route to Yahoo")

    monkeypatch.setattr(yahoo, "fetch_history", fail)
    monkeypatch.setattr(factors, "fetch_factors", fail)
    result = command("doctor", "--live")
    assert result.code == 4
    assert "no route to Yahoo" in result.out
