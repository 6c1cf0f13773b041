"""Markdown: its tables read back to the numbers, its text stays text, and no price is in it."""

from __future__ import annotations

import re

from eventstudy.report import facts, render_markdown
from eventstudy.report.markdown import MARKDOWN
from eventstudy.results import StudyResult


def tables(text: str) -> list[list[list[str]]]:
    out: list[list[list[str]]] = []
    inside = False
    for row in text.splitlines():
        if row.startswith("|"):
            if not inside:
                out.append([])
            out[-1].append([c.strip() for c in re.split(r"(?<!\\)\|", row)[1:-1]])
        inside = row.startswith("|")
    return out


def test_numbers_read_back(one: StudyResult) -> None:
    rows = facts.reactions(one)
    table = next(t for t in tables(render_markdown(one)) if t[0][0] == "Asset")
    head, body = table[0], table[2:]
    assert len(body) == len(rows)
    for cells, (_, row) in zip(body, rows.iterrows(), strict=True):
        told = dict(zip(head, cells, strict=True))
        assert told["Return"] == MARKDOWN.percent(row["return"])
        assert told["Abnormal"] == MARKDOWN.percent(row["car"])
        assert told["95 % interval"] == MARKDOWN.interval(row["ci_low"], row["ci_high"])
        assert told["Exact p"] == MARKDOWN.pvalue(row["pvalue"]).replace("<", "\\<")
        assert told["Placebo p"] == MARKDOWN.pvalue(row["placebo_pvalue"]).replace("<", "\\<")
        assert told["Detectable"] == MARKDOWN.percent(row["mde"], sign=False)


def test_no_price_is_passed_on(one: StudyResult) -> None:
    text = render_markdown(one)
    for price in one.series["price"].round(2).astype(str):
        assert price not in text


def test_every_table_is_a_rectangle(nasty: StudyResult, many: StudyResult) -> None:
    for result in (nasty, many):
        found = tables(render_markdown(result))
        assert found
        for table in found:
            assert len({len(row) for row in table}) == 1


def test_a_hostile_headline_is_text(nasty: StudyResult) -> None:
    text = render_markdown(nasty)
    assert not re.search(r"(?<!\\)<[a-z/]", text)
    assert "\u202e" not in text


def test_sources_are_named_and_it_ends_with_one_newline(one: StudyResult) -> None:
    text = render_markdown(one)
    assert "sp500\\_index.csv" in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_missing_and_nothing(holes: StudyResult, nothing: StudyResult) -> None:
    assert "nan" not in render_markdown(holes).lower()
    assert "No headline could be estimated" in render_markdown(nothing)
