"""What a reader is told of changes: counted as readers count, each table with its own words."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from small_studies import Job, price_text

from eventstudy.report.format import HTML
from eventstudy.report.tables import Table
from eventstudy.schedule.changepage import changes_part, pending_part
from eventstudy.schedule.changes import COLUMNS, KINDS, Changes, Names

NAMES = Names(
    {"one": "a first headline", "two": "a second headline"},
    {"AAA": "Alpha", "BBB": "Beta"},
    {("bmp_t", "published"): "BMP t"},
)


def changes(*rows: dict[str, object]) -> Changes:
    blank = dict.fromkeys(COLUMNS, "") | {"start": float("nan"), "end": float("nan")}
    return Changes("0001-a", pd.DataFrame([blank | r for r in rows], columns=COLUMNS), NAMES)


def cells(table: Table) -> list[list[str]]:
    return [[c.label for c in table.columns], *([c.text for c in row] for row in table.rows)]


def only(*rows: dict[str, object]) -> list[list[str]]:
    (table,) = changes_part(changes(*rows)).tables
    return cells(table)


def event(
    kind: str, asset: str = "AAA", event_id: str = "one", **more: object
) -> dict[str, object]:
    return {"kind": kind, "event_id": event_id, "asset": asset, "what": "day 0"} | more


def test_a_headline_on_two_assets_is_one_headline() -> None:
    rows = [event("new_event", a, new="2021-03-16") for a in ("AAA", "BBB")]
    assert changes(*rows).counts() == {"new_event": 1}
    assert changes(*rows).sentence() == "Since report 0001-a: 1 new headline."
    assert only(*rows) == [
        ["Headline", "Assets", "Day 0"],
        ["a first headline", "Alpha, Beta", "2021-03-16"],
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_one_and_two_are_told_in_words(kind: str) -> None:
    first = {"kind": kind, "event_id": "one", "asset": "AAA", "name": "a", "what": "a", "new": "x"}
    second = first | {"event_id": "two", "asset": "BBB", "what": "b"}
    for rows, n in (((first,), "1"), ((first, second), "2")):
        told = changes(*rows).sentence()
        assert n in told
        assert "{" not in told
    assert changes_part(changes(first | {"start": 0, "end": 0})).tables


def test_a_complete_window_shows_its_number_and_never_a_dash() -> None:
    head = {"start": 0, "end": 2, "model": "market_model", "old": "pending"}
    rows = [
        event("completed", **head | {"what": "abnormal return", "new": 0.0123}),
        event("completed", **head | {"end": 1, "what": "abnormal return", "new": "no number: gap"}),
        event("completed", **head | {"model": "", "what": "event window", "new": "complete"}),
    ]
    table = only(*rows)
    assert table[0] == ["Headline", "Asset", "Model", "Window", "Abnormal return"]
    assert [row[-1] for row in table[1:]] == [HTML.percent(0.0123), "no number: gap", "complete"]
    assert not any(cell == HTML.dash for row in table for cell in row)


def test_a_window_that_moved_is_one_line_with_all_its_numbers() -> None:
    head = {"model": "market_model", "start": 0, "end": 0}
    rows = [
        event("moved", **head | {"what": "abnormal return", "old": 0.01, "new": 0.02}),
        event("moved", **head | {"what": "placebo p", "old": 0.5, "new": 0.25}),
        {"kind": "moved", "panel": "MKT", "name": "bmp_t", "variant": "published", "what": "p",
         "old": 0.5, "new": 0.4, **head},
    ]  # fmt: skip
    single, across = changes_part(changes(*rows)).tables
    assert cells(single) == [
        ["Headline", "Asset", "Model", "Window", "Abnormal return before", "now",
         "Placebo p before", "now"],
        ["a first headline", "Alpha", "market model", "[0]", HTML.percent(0.01),
         HTML.percent(0.02), "0.500", "0.250"],
    ]  # fmt: skip
    assert cells(across) == [
        ["Panel", "Model", "Window", "Test", "p before", "now"],
        ["MKT", "market model", "[0]", "BMP t", "0.500", "0.400"],
    ]


def test_a_test_that_crossed_twice_counts_once() -> None:
    head = {"model": "market_model", "start": 0, "end": 0, "name": "placebo_sq",
            "variant": "filtered"}  # fmt: skip
    rows = [
        event("crossed", **head | {"what": "p", "old": 0.06, "new": 0.01}),
        event("crossed", **head | {"what": "adjusted p", "old": 0.2, "new": 0.03}),
    ]
    assert changes(*rows).sentence().endswith("1 test crossed the 5 % level.")
    table = only(*rows)
    assert table[0][-4:] == ["p before", "now", "Adjusted p before", "now"]
    assert table[1][-5:] == ["filtered placebo", "0.060", "0.010", "0.200", "0.030"]


def test_prices_far_from_headlines_have_no_numbers() -> None:
    rows = [
        {"kind": "revised_price", "asset": "AAA", "what": "price of 2021-03-16", "old": 1.5,
         "new": 2.5},
        {"kind": "revised_price", "asset": "BBB", "what": "prices outside of the charts"},
    ]  # fmt: skip
    table = only(*rows)
    assert table[1][:2] == ["Alpha", "2021-03-16"]
    assert table[2] == ["Beta", "days far from any headline", "", ""]


def test_pending_assets_share_a_line() -> None:
    row = {"event_id": "one", "session": pd.NaT, "start": 0, "end": 2, "complete_on": "",
           "reason": "the headline came after the last price", "headline": ""}  # fmt: skip
    frame = pd.DataFrame([row | {"asset": a} for a in ("AAA", "BBB")])
    part = pending_part(frame, {"AAA": "Alpha"})
    assert part.text[0].startswith("1 headline has windows")
    assert cells(part.tables[0])[1:] == [
        ["one", "Alpha, BBB", "\u2013", "[0, +2]", "\u2013",
         "the headline came after the last price"]
    ]  # fmt: skip


def test_the_job_tells_a_headline_once(study: Path, job: Job, tmp_path: Path) -> None:
    study.with_name("prices.csv").write_text(price_text("2021-05-17"))
    events = study.with_name("events.csv")
    later, text = "two,2021-05-18,,a second headline\n", events.read_text()
    events.write_text(text.replace(later, ""))
    job(study)
    events.write_text(text)
    (waits,) = job(study)
    assert waits.changes == {"new_event": 1}
    page = (tmp_path / "out" / waits.run / "report.md").read_text()
    assert "| a second headline | AAA, BBB | pending |" in page.replace("**", "")
    study.with_name("prices.csv").write_text(price_text())
    (done,) = job(study)
    assert done.changes == {"completed": 6}
    events.write_text(text.replace(later, "two,2021-05-18,AAA,a second headline\n"))
    (less,) = job(study)
    assert less.changes["assets"] == 1
    assert "gone_event" not in less.changes
    told = json.loads((tmp_path / "out" / less.run / "changes.json").read_text())["changes"]
    gone = [c for c in told if c["kind"] == "assets"]
    assert [(c["asset"], c["old"], c["new"]) for c in gone] == [("BBB", "2021-05-18", "")]


def test_who_is_gone_completes_nothing(study: Path, job: Job) -> None:
    (first,) = job(study, as_of=date(2021, 5, 18))
    assert first.pending == 4
    events = study.with_name("events.csv")
    events.write_text(events.read_text().replace("two,2021-05-18,,a second headline\n", ""))
    (second,) = job(study)
    assert second.changes["gone_event"] == 1
    assert "completed" not in second.changes


def test_the_index_tells_of_the_newest_headline(study: Path, job: Job, tmp_path: Path) -> None:
    job(study)
    (row,) = json.loads((tmp_path / "out" / "summary.json").read_text())["studies"]
    assert row["answer"].startswith("a second headline: Over the three sessions")
