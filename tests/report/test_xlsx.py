"""The workbook read back: the same numbers, live; text is text; the bytes repeat."""

from __future__ import annotations

import datetime as dt
import io
import time
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from eventstudy.report import words
from eventstudy.report.xlsx import EXCEL, render_xlsx
from eventstudy.results import TABLES, StudyResult


def book(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def plain(value: object) -> object:
    """What a cell should hold for a value of a frame."""
    if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        stamp = value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)
        return stamp.to_pydatetime()
    if isinstance(value, np.generic):
        return value.item()
    return None if value == "" else value


MANY = pytest.param("many", marks=pytest.mark.slow)


@pytest.mark.parametrize("which", ["one", MANY, "nasty", "holes", "nothing"])
def test_every_table_comes_back(which: str, request: pytest.FixtureRequest) -> None:
    result: StudyResult = request.getfixturevalue(which)
    made = book(render_xlsx(result))
    assert made.sheetnames[0] == "answer"
    for name in TABLES:
        frame = getattr(result, name)
        rows = [list(row) for row in made[name].iter_rows(values_only=True)]
        head = rows[0] if len(frame.columns) else []
        assert [h for h in head if h is not None] == list(frame.columns)
        filled = [row for row in rows[1:] if any(c is not None for c in row)]
        assert len(filled) == len(frame)
        for got, row in zip(rows[1:], frame.itertuples(index=False, name=None), strict=False):
            wanted = [plain(v) for v in row]
            for a, b in zip(got, wanted, strict=True):
                same = a == pytest.approx(b, rel=1e-15, abs=0.0) if isinstance(b, float) else a == b
                assert same, (name, a, b)


def test_numbers_are_live_and_missing_ones_are_empty(one: StudyResult, holes: StudyResult) -> None:
    sheet = book(render_xlsx(one))["windows"]
    head = [c.value for c in sheet[1]]
    cell = sheet.cell(2, head.index("car") + 1)
    assert cell.data_type == "n"
    assert cell.number_format == "0.00%"
    assert isinstance(sheet.cell(2, head.index("session") + 1).value, dt.datetime)
    hollow = book(render_xlsx(holes))["windows"]
    assert hollow.cell(2, head.index("car") + 1).value is None


def test_front_page_has_the_answer(one: StudyResult) -> None:
    texts = [c for row in book(render_xlsx(one))["answer"].iter_rows(values_only=True) for c in row]
    assert words.question(one) in texts
    for _, text in words.answer(one, EXCEL):
        assert text in texts


def test_a_formula_in_a_headline_is_text(one: StudyResult) -> None:
    evil = '=cmd|"/c calc"!A1'
    result = replace(one, pinned=one.pinned.assign(headline=evil, url="http://example.org/"))
    sheet = book(render_xlsx(result))["pinned"]
    head = [c.value for c in sheet[1]]
    cell = sheet.cell(2, head.index("headline") + 1)
    assert cell.value == evil
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert sheet.cell(2, head.index("url") + 1).hyperlink is None


def test_bytes_repeat(one: StudyResult) -> None:
    first = render_xlsx(one)
    time.sleep(2.1)  # the clock of a ZIP entry ticks every two seconds
    assert render_xlsx(one) == first


def test_further_tables_and_notes(one: StudyResult) -> None:
    extra = {"changes": pd.DataFrame({"what": ["day 0"], "old": [0.5], "new": ["text"]})}
    made = book(render_xlsx(one, extra=extra, notes=["a note"]))
    assert made.sheetnames[1] == "changes"
    assert [c.value for c in made["changes"][2]] == ["day 0", 0.5, "text"]
    assert any("a note" in row for row in made["answer"].iter_rows(values_only=True))
