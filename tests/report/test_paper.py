"""Tables to copy: the numbers of the frames, in the words of the report, in four kinds of text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError
from eventstudy.report.format import HTML
from eventstudy.report.paper import TSV
from eventstudy.results import StudyResult


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return es.run()


def sheet(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_every_table_has_a_paper_form(result: StudyResult) -> None:
    for name, frame in result.tables().items():
        made = result.paper(name)
        rows = sheet(made.to_tsv())
        assert len({len(r) for r in rows}) == 1, name
        assert (len(rows) > 1) == bool(len(frame)) or name == "specification"
        assert "nan" not in made.to_markdown().casefold().replace("finance", ""), name
        assert "_" not in "".join(rows[0]), name
    assert sheet(result.paper().to_tsv())[0][:2] == ["Asset", "Headline"]


def test_numbers_are_those_of_the_frame(result: StudyResult) -> None:
    rows = result.windows.query("start == 0 and end == 1")
    shown = sheet(result.paper(rows).to_tsv())
    at = {label: k for k, label in enumerate(shown[0])}
    assert "Window" not in at  # all rows share it, so it stands in the caption
    assert "window [0, +1]" in result.paper(rows).to_markdown()
    for row, (_, frame) in zip(shown[1:], rows.iterrows(), strict=True):
        assert row[at["CAR"]] == f"{100 * frame['car']:+.2f}%"
        assert row[at["p"]] in (TSV.pvalue(frame["pvalue"]), "<0.001")


def test_an_estimate_has_the_unit_of_its_test(result: StudyResult) -> None:
    """Adjusted BMP is about standard deviations; as percent it would be a hundred times as much."""
    day = result.tests.query(
        "start == 0 and end == 0 and panel == 'US stocks' and model == 'market_model'"
    )
    by_name = sheet(
        result.paper(day[["name", "variant", "estimate", "ci_low", "ci_high"]]).to_tsv()
    )
    by_title = sheet(result.paper(day[["title", "estimate", "ci_low", "ci_high"]]).to_tsv())
    assert by_name == by_title
    units = {row[0]: row[1][-2:] for row in by_title[1:]}
    assert units["BMP t"] == "sd"
    assert units["Cross-sectional t"].endswith("%")
    bare = sheet(result.paper(day[["estimate", "ci_low", "ci_high"]]).to_tsv())
    assert not any(cell.endswith(("%", "sd")) for row in bare[1:] for cell in row)


def test_a_choice_of_columns_is_kept_in_its_order(result: StudyResult) -> None:
    day = result.windows.query("asset == 'WTI' and start == 0 and end == 0")
    table = result.paper(day[["pvalue", "asset", "car"]])
    assert sheet(table.to_tsv())[0] == ["p", "Asset", "CAR"]
    assert sheet(table.to_tsv())[1][1] == "WTI crude oil"


def test_the_four_texts(result: StudyResult) -> None:
    day = result.windows.query("asset == 'SP500' and start == 0 and end == 0")
    table = result.paper(day[["asset", "car", "pvalue"]], caption="Day 0 & more")
    assert table.to_markdown().splitlines()[0] == "_Day 0 & more_"
    assert "| S\\&P 500 |" in table.to_markdown()
    tex = table.to_latex("tab:one")
    assert r"\caption{Day 0 \& more}\label{tab:one}" in tex
    assert r"S\&P 500 &" in tex
    assert r"\label{tab:table}" in table.to_latex()
    assert table._repr_html_() == table.to_html()
    assert "<em>Day 0 &amp; more</em>" in table.to_html()
    assert HTML.percent(day["car"].iloc[0]) in table.to_html()
    assert repr(table) == table.to_markdown()


def test_a_sheet_runs_no_formula(result: StudyResult) -> None:
    frame = pd.DataFrame(
        {"note": ["=1+1", "-cmd", "@x", "a\tb\nc", "-1.5 apples"], "car": [-0.01] * 5}
    )
    cells = [row[0] for row in sheet(result.paper(frame).to_tsv())[1:]]
    assert cells == ["'=1+1", "'-cmd", "'@x", "a b c", "-1.5 apples"]
    assert sheet(result.paper(frame).to_tsv())[1][1] == "-1.00%"


def test_the_table_of_specifications(result: StudyResult) -> None:
    table = es.specification(models=["constant_mean"], windows=[(0, 0)])
    rows = sheet(result.paper(table).to_tsv())
    assert "Estimated on" in rows[0]
    assert len(rows) == len(table) + 1


def test_a_wrong_name(result: StudyResult) -> None:
    with pytest.raises(InputError, match="'test' is no table; did you mean 'tests'"):
        result.paper("test")


def test_a_result_that_was_read_back_gives_the_same(result: StudyResult, tmp_path: Path) -> None:
    again = es.load(result.save(tmp_path / "out"))
    for name in ("reactions", "windows", "tests", "pinned"):
        assert again.paper(name).to_latex() == result.paper(name).to_latex()
