"""The PDF read back: answer, numbers, charts; nothing in a headline is markup; the bytes repeat."""

from __future__ import annotations

import io
import re
import time

import pytest

pytest.importorskip("typst", reason="pip install 'market-eventstudy[report]'")
pypdf = pytest.importorskip("pypdf")

from eventstudy.report import facts, words  # noqa: E402
from eventstudy.report.format import HTML  # noqa: E402
from eventstudy.report.outline import Part, outline  # noqa: E402
from eventstudy.report.pdf import render_pdf  # noqa: E402
from eventstudy.report.tables import Cell, Column, Table  # noqa: E402
from eventstudy.results import StudyResult  # noqa: E402


def squeezed(text: str) -> str:
    """Text without white space: where a line breaks is the page's own affair."""
    return re.sub(r"[\s\u200b\u00ad-]+", "", text.replace("\u2010", ""))


def text_of(data: bytes) -> str:
    return squeezed("".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages))


@pytest.fixture(scope="module")
def page(one: StudyResult) -> bytes:
    return render_pdf(one)


def test_answer_and_every_number_are_there(one: StudyResult, page: bytes) -> None:
    text = text_of(page)
    assert squeezed(words.question(one)) in text
    for _, told in words.answer(one):
        assert squeezed(told) in text
    for _, row in facts.reactions(one).iterrows():
        ends = HTML.interval(row["ci_low"], row["ci_high"])
        numbers = (HTML.percent(row["return"]), HTML.percent(row["car"]), ends)
        assert squeezed("".join([*numbers, HTML.pvalue(row["pvalue"])])) in text


def test_bytes_repeat(one: StudyResult, page: bytes) -> None:
    time.sleep(1.1)
    assert render_pdf(one) == page


def test_document_is_named_and_undated(one: StudyResult, page: bytes) -> None:
    info = pypdf.PdfReader(io.BytesIO(page)).metadata
    assert info.title == one.name
    assert "/CreationDate" not in info


def test_charts_are_drawn_with_text(one: StudyResult, page: bytes) -> None:
    bare = render_pdf(one, content=outline(one, charts=0))
    assert len(page) > len(bare) + 10_000
    assert squeezed("sessions from day 0") in text_of(page)
    assert squeezed("sessions from day 0") not in text_of(bare)


# What a machine has no font for is told; that is tested with the fonts.
@pytest.mark.filterwarnings("ignore::eventstudy.errors.EventStudyWarning")
@pytest.mark.parametrize("which", ["nasty", "holes", "nothing", "many"])
def test_any_result_can_be_set(which: str, request: pytest.FixtureRequest) -> None:
    result: StudyResult = request.getfixturevalue(which)
    text = text_of(render_pdf(result, content=outline(result, charts=0)))
    assert squeezed("Read with care") in text
    if which == "nasty":
        assert squeezed("<script>alert(1)</script>") in text
        assert squeezed("[bold]x[/bold]") in text


def test_sections_before_the_answer(one: StudyResult) -> None:
    table = Table("t", "Caption", (Column("A"),), [[Cell("#evil[x] $y$ *z*")]])
    first = Part("changes", "What changed", ("Nothing.",), (table,))
    text = text_of(render_pdf(one, content=outline(one, charts=0, first=[first])))
    assert text.index("Whatchanged") < text.index("Answer")
    assert squeezed("#evil[x] $y$ *z*") in text
