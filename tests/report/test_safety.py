"""A headline that tries everything, through every writer: it is read as text and does nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from parsed import Page
from rich.console import Console

from eventstudy.report import print_result, render_html, render_markdown, repr_html
from eventstudy.report.format import one_line
from eventstudy.report.latex import render_latex
from eventstudy.report.latex_letters import latex_text
from eventstudy.results import StudyResult

HEADLINES = {
    "script": "</script><script>alert(1)</script><img src=x onerror=alert(2)>",
    "quotes": "\"double\" 'single' `tick` &quot; \u201cround\u201d",
    "formula": "=cmd|'/c calc'!A1",
    "sum": '=SUM(1,2)+HYPERLINK("http://a.b")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "arabic": "\u0627\u0644\u062c\u064a\u0634 \u064a\u0646\u0633\u062d\u0628",
    "turned": "abc \u202egpj.exe",
    "terminal": "\x1b[31mred\x1b[0m \x07",
    "lines": "one\r\ntwo\u2028three",
    "emoji": "\U0001f680 \u2764\ufe0f",
    "markup": "[bold]x[/bold] *a* _b_ |c| #d $x_1$ \\input{e} %f {{ g }} {% h %}",
}


@pytest.fixture(params=HEADLINES)
def hostile(request: pytest.FixtureRequest, one: StudyResult) -> tuple[str, StudyResult]:
    """A headline, and a result that has it as its headline and as the title of an asset."""
    text = HEADLINES[request.param]
    prices = [dict(p) for p in one.run["prices"]]
    prices[0]["title"] = text
    result = replace(
        one, pinned=one.pinned.assign(headline=text), run=dict(one.run) | {"prices": prices}
    )
    return text, result


@pytest.mark.parametrize("interactive", [False, True])
def test_html(hostile: tuple[str, StudyResult], interactive: bool) -> None:
    if interactive:
        pytest.importorskip("plotly", reason="pip install 'market-eventstudy[interactive]'")
    text, result = hostile
    parsed = Page(render_html(result, charts=int(interactive), interactive=interactive))
    assert len(parsed.scripts) == (4 if interactive else 1)
    assert not {"img", "b", "i", "iframe", "object", "form"} & {t for t, _ in parsed.tags}
    assert not [a for _, attrs in parsed.tags for a in attrs if a.startswith("on")]
    assert one_line(text) in "".join(parsed.text)
    assert "\u202e" not in "".join(parsed.text)


def test_notebook(hostile: tuple[str, StudyResult]) -> None:
    _, result = hostile
    parsed = Page(f"<div>{repr_html(result)}</div>")
    assert parsed.scripts == []
    assert not {"img", "b", "i"} & {t for t, _ in parsed.tags}


@pytest.mark.filterwarnings("ignore::eventstudy.errors.EventStudyWarning")
def test_pdf(hostile: tuple[str, StudyResult]) -> None:
    pytest.importorskip("typst", reason="pip install 'market-eventstudy[report]'")
    pypdf = pytest.importorskip("pypdf")
    from eventstudy.report.outline import outline
    from eventstudy.report.pdf import render_pdf

    text, result = hostile
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(result, content=outline(result, charts=0))))
    told = re.sub(r"\s", "", "".join(p.extract_text() for p in reader.pages))
    plain = unicodedata.normalize("NFKC", re.sub(r"[\s\ufe0f]", "", one_line(text)))
    told = unicodedata.normalize("NFKC", told.replace("\ufe0f", ""))
    for word in re.findall(r"[a-z]{3,}|[\U0001f300-\U0001faff]", plain):
        assert word in told
    assert "/JS" not in str(reader.trailer["/Root"])


def test_workbook(hostile: tuple[str, StudyResult]) -> None:
    pytest.importorskip("xlsxwriter", reason="pip install 'market-eventstudy[report]'")
    from eventstudy.report.xlsx import render_xlsx

    text, result = hostile
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(result)))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    # Links lead to sheets of the book alone.
    assert not [c for c in cells if c.hyperlink is not None and c.hyperlink.target]
    head = [c.value for c in book["pinned"][1]]
    cell = book["pinned"].cell(2, head.index("headline") + 1)
    # A workbook writes a control character as its code, which Excel reads back.
    told = re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m.group(1), 16)), str(cell.value))
    assert told == text
    assert cell.number_format == "@"
    assert cell.quotePrefix == (text[0] in "=+-@")


def test_latex(hostile: tuple[str, StudyResult]) -> None:
    text, result = hostile
    made = render_latex(result)
    assert latex_text(text) in made
    assert r"\input{e}" not in made


def test_markdown(hostile: tuple[str, StudyResult]) -> None:
    text, result = hostile
    made = render_markdown(result)
    assert not re.search(r"(?<!\\)<[a-z/!]", made)
    assert one_line(text) in re.sub(r"\\([\\`*_{}\[\]<>|#~$&])", r"\1", made)


def test_screen(hostile: tuple[str, StudyResult]) -> None:
    _, result = hostile
    out = io.StringIO()
    print_result(result, Console(file=out, width=300, color_system=None))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]", out.getvalue())


def test_tables_for_programs_keep_the_headline_as_it_is(
    hostile: tuple[str, StudyResult], tmp_path: Path
) -> None:
    """No writer for programs alters a text: who reads it back must find the headline."""
    text, result = hostile
    result.save(tmp_path)
    with (tmp_path / "pinned.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["headline"] for row in rows} == {text}
    found = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert {row["headline"] for row in found["pinned"]} == {text}
