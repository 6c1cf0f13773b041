"""``eventstudy events``: check, convert, group, from-article, and the order of markets in pin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventstudy.cli import article_command, events_commands

ARTICLE = Path(__file__).resolve().parents[1] / "events" / "articles" / "units-go-back.txt"
PUBLISHED = ("--published", "2022-02-15T20:31+01:00")
EVENTS = """event_id,timestamp,headline,desk
a,2022-02-15T08:00Z,Units go back to base,oil
b,2022-02-15T09:00Z,"Units go back to base, ministry says",oil
c,2022-02-18,Bonds fall,rates
"""


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(EVENTS)
    return path


def answer(command: Any, *arguments: object) -> dict[str, Any]:
    result = command(*arguments, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["schema_version"] == 1
    return found


@pytest.mark.parametrize("name", ["check", "convert", "group", "from-article"])
def test_each_has_help_with_an_example(command, name: str) -> None:
    result = command("events", name, "--help")
    assert result.code == 0
    assert f"eventstudy events {name}" in result.out
    assert "Example" in result.out


def test_check(command, events: Path) -> None:
    found = answer(command, "events", "check", events)
    assert found["counts"] == {
        "rows": 3, "headlines": 3, "stories": 3, "instants": 2, "bare_dates": 1,
        "first": "2022-02-15", "last": "2022-02-18", "assets": [], "duplicates": 0,
        "further_columns": ["desk"],
    }  # fmt: skip
    assert found["catalogue"][2]["timestamp"] == "2022-02-18"
    screen = command("events", "check", events).out
    assert "3 headlines" in screen
    assert "nothing is wrong" in screen


def test_check_lists_what_repeats(command, events: Path) -> None:
    events.write_text(EVENTS + "d,2022-02-15T08:00Z,Units go back to base,oil\n")
    found = answer(command, "events", "check", events)
    assert found["duplicates"] == [{"event_id": "d", "first": "a", "line": 5}]
    assert "line 5: d repeats a" in command("events", "check", events).out


def test_check_reports_every_fault_at_once(command, events: Path) -> None:
    events.write_text("event_id,timestamp\na,2022-02-30\nb,2022-02-15T08:00\n")
    result = command("events", "check", events)
    assert result.code == 2
    assert "line 2" in result.err
    assert "line 3" in result.err
    assert "give --timezone Europe/Paris" in result.err


@pytest.mark.parametrize("ending", ["csv", "json", "toml", "xlsx", "parquet", "ics", "jsonl"])
def test_convert_there_and_back(command, events: Path, tmp_path: Path, ending: str) -> None:
    out, back = tmp_path / f"out.{ending}", tmp_path / "back.csv"
    assert command("events", "convert", events, out).code == 0
    assert answer(command, "events", "convert", out, back)["rows"] == 3
    found = answer(command, "events", "check", back)["catalogue"]
    assert found == answer(command, "events", "check", events)["catalogue"]


def test_convert_takes_columns_and_a_zone(command, tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text("when,title\n2022-02-15T09:00,One\n")
    out = tmp_path / "out.csv"
    result = command(
        "events", "convert", tmp_path / "news.csv", out, "--timezone", "Europe/Paris",
        "--column", "timestamp=when", "--column", "headline=title",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert out.read_text() == "event_id,timestamp,asset,headline\n1,2022-02-15T08:00:00Z,,One\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "events.csv", "events.csv"], "is the file that is read"),
        (["convert", "events.csv", "out.rss"], "not written as"),
        (["convert", "none.csv", "out.csv"], "there is no such file"),
        (["check", "events.csv", "--column", "timestamp"], "--column must be OURS=THEIRS"),
        (["check", "events.csv", "--column", "timestamp=when"], "there is no column 'when'"),
        (["group", "events.csv", "--threshold", "101"], "--threshold must be from 0 to 100"),
        (["group", "events.csv", "--hours", "0"], "--hours must be more than 0"),
        (["group", "events.csv", "--accept"], "--accept needs --out"),
        (["group", "events.csv", "--out", "new.csv"], "--out needs --accept"),
        (["group", "events.csv", "--out", "events.csv", "--accept"], "is the file that is read"),
        (["group", "events.csv", "--calendar", "XNYX"], "did you mean"),
        (["from-article", "none.txt", *PUBLISHED], "there is no such file"),
        (["from-article", str(ARTICLE), "--published", "2022-02-15"], "is a date"),
        (["from-article", str(ARTICLE), "--published", "2022-02-15T20:31"], "give --timezone"),
        (["from-article", str(ARTICLE), "--published", "soon"], "--published 'soon'"),
        (["from-article", str(ARTICLE), *PUBLISHED, "--language", "e"], "'e' is unknown"),
        (["from-article", str(ARTICLE), *PUBLISHED, "--least", "2"], "--least must be"),
        (["from-article", str(ARTICLE), *PUBLISHED, "--accept"], "--accept needs --out"),
        (["from-article", str(ARTICLE), *PUBLISHED, "--out", "x.csv"], "--out needs --accept"),
        (["from-article", str(ARTICLE), *PUBLISHED, "--accept", "--out", "events.csv"], "exists"),
    ],
)
def test_wrong_input_is_2_and_writes_nothing(
    command, events: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(events.parent)
    result = command("events", *arguments)
    assert result.code == 2, result.err
    assert words in result.err
    assert "Traceback" not in result.err
    assert [p.name for p in events.parent.iterdir()] == ["events.csv"]
    assert events.read_text() == EVENTS


def test_group_proposes_and_tells_the_effect(command, events: Path) -> None:
    found = answer(command, "events", "group", events, "--calendar", "XNYS")
    assert [r["event_id"] for r in found["stories"]] == ["a", "b"]
    assert found["effect"] == [
        {"on": "stories", "before": 3, "after": 2}, {"on": "XNYS", "before": 3, "after": 2},
    ]  # fmt: skip
    assert found["accepted"] == []
    screen = command("events", "group", events).out
    assert "like a" in screen
    assert "N, stories: 3 as it stands, 2 if merged" in screen
    assert "no headlines are alike" in command("events", "group", events, "--hours", "0.5").out


def test_group_writes_what_is_accepted(command, events: Path, tmp_path: Path) -> None:
    out = tmp_path / "grouped.csv"
    found = answer(command, "events", "group", events, "--accept", "--out", out)
    assert found["accepted"] == ["story-a"]
    rows = answer(command, "events", "check", out)["catalogue"]
    assert [r.get("group") for r in rows] == ["story-a", "story-a", None]
    assert events.read_text() == EVENTS


def test_group_asks_at_a_terminal(
    command, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    asked: list[str] = []
    monkeypatch.setattr(events_commands, "at_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda text, default: bool(asked.append(text)))
    out = tmp_path / "grouped.csv"
    assert command("events", "group", events, "--out", out).code == 0
    assert asked == ["story-a: one story of a, b?"]
    assert "group" not in out.read_text().splitlines()[0]


def test_an_article_is_proposed_and_nothing_is_taken(command, tmp_path: Path) -> None:
    found = answer(command, "events", "from-article", ARTICLE, *PUBLISHED)
    assert {p["accepted"] for p in found["proposals"]} == {False}
    assert found["out"] is None
    quotes = [p["quote"] for p in found["proposals"]]
    assert "on 15 February 2022" in quotes
    assert all(p["article_line"] >= 1 for p in found["proposals"])
    assert {s["reason"] for s in found["skipped"]} >= {"speaks of what is to come"}
    screen = command("events", "from-article", ARTICLE, *PUBLISHED).out
    assert 'rests on "on 15 February 2022", line 12' in screen
    assert "None of these is an event yet" in screen


def test_accepted_proposals_are_a_catalogue(command, tmp_path: Path) -> None:
    out = tmp_path / "events.csv"
    arguments = ("events", "from-article", ARTICLE, *PUBLISHED, "--accept", "--out", out)
    assert command(*arguments, "--least", "0.6").code == 0
    rows = answer(command, "events", "check", out)["catalogue"]
    assert len(rows) == 4
    assert {r["timestamp"][:10] for r in rows} == {"2022-02-15"}
    assert rows[0]["quote"] == "on Tuesday morning"
    # A catalogue is kept by hand: it is never written over.
    assert command(*arguments).code == 2


def test_an_article_is_asked_about_at_a_terminal(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    monkeypatch.setattr(article_command, "at_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda text, default: "State Duma" in text)
    out = tmp_path / "events.csv"
    result = command("events", "from-article", ARTICLE, *PUBLISHED, "--out", out)
    assert result.code == 0, result.err
    assert len(out.read_text().splitlines()) == 2
    monkeypatch.setattr(typer, "confirm", lambda text, default: False)
    none = tmp_path / "none.csv"
    result = command("events", "from-article", ARTICLE, *PUBLISHED, "--out", none)
    assert "nothing was written" in result.err
    assert not none.exists()


def test_pin_orders_markets_by_who_could_react_first(command) -> None:
    names = ["XNYS", "XTKS", "XETR", "24/7", "CME_ENERGY", "TARGET"]
    calendars = [word for name in names for word in ("--calendar", name)]
    stamp = ("pin", "2022-02-15T20:15-05:00", *calendars)
    given = answer(command, *stamp)["pinned"]
    assert [r["calendar"] for r in given] == names
    ordered = answer(command, *stamp, "--sort", "clock")["pinned"]
    assert [r["calendar"] for r in ordered] == [
        "XTKS", "TARGET", "CME_ENERGY", "24/7", "XETR", "XNYS",
    ]  # fmt: skip
    assert ordered[0]["first_reaction_utc"] == "2022-02-16T01:15:00Z"
    assert ordered[-1]["first_reaction_utc"] == "2022-02-16T14:30:00Z"
    words = " ".join(command(*stamp).out.split())
    assert "first to react (UTC): XTKS 02-16 01:15, TARGET 02-16 01:15" in words
    assert command(*stamp, "--sort", "time").code == 2
