"""The LaTeX file and its BibTeX file: numbers, escaping, environments that close."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from eventstudy.report import citations, facts
from eventstudy.report.bibtex import bibtex, entry
from eventstudy.report.latex import LATEX, render_latex, table_latex
from eventstudy.report.latex_letters import cell_text, latex_text
from eventstudy.report.outline import outline
from eventstudy.report.tables import Cell, Column, Table
from eventstudy.results import StudyResult

ALL = ["one", "many", "nasty", "holes", "nothing"]
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+)\}")


def balanced(text: str) -> bool:
    stack: list[str] = []
    for kind, name in ENVIRONMENT.findall(text):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            return False
    return not stack


@pytest.mark.parametrize("which", ALL)
def test_environments_close_and_rows_have_all_columns(
    which: str, request: pytest.FixtureRequest
) -> None:
    text = render_latex(request.getfixturevalue(which))
    assert balanced(text)
    assert text.endswith("\n")
    for table in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, flags=re.DOTALL):
        rows = [row for row in table.split("\n") if row.endswith(r"\\")]
        counts = {len(re.findall(r"(?<!\\)&", row)) for row in rows}
        assert len(counts) == 1


def test_every_reaction_stands_in_its_row(one: StudyResult) -> None:
    text = render_latex(one)
    for _, row in facts.reactions(one).iterrows():
        numbers = [
            latex_text(LATEX.percent(row["car"])),
            latex_text(LATEX.interval(row["ci_low"], row["ci_high"])),
            LATEX.pvalue(row["pvalue"]).replace("<", r"\textless{}"),
        ]
        pattern = r" & .*".join(re.escape(n) for n in numbers)
        assert re.search(re.escape(latex_text(row["title"])) + " & .*" + pattern, text)


def test_special_characters_are_text(nasty: StudyResult) -> None:
    assert latex_text("a\\b{c}$d&e#f%g_h~i^j") == (
        r"a\textbackslash{}b\{c\}\$d\&e\#f\%g\_h\textasciitilde{}i\textasciicircum{}j"
    )
    text = render_latex(nasty)
    assert r"\textless{}script\textgreater{}" in text
    body = text.split(r"\section*", 1)[1].replace("{!}{%\n", "{!}{\n")
    body = re.sub(r"\\[&%$#_{}]", "", body)
    assert not [line for line in body.split("\n") if "%" in line and not line.startswith("%")]


def test_what_begins_a_row_is_no_option_of_the_row_before() -> None:
    cells = ["[0]", "* star", "*[1]"]
    table = Table("t", "C", (Column("A"),), [[Cell(c)] for c in cells])
    rows = [r for r in table_latex(table, "tab:x").split("\n") if r.endswith(r" \\")][1:]
    assert rows == [r"{[}0{]} \\", r"{}* star \\", r"{}*{[}1{]} \\"]


def test_signs_are_not_joined() -> None:
    assert latex_text("a--b ''c'' <<d") == (r"a-{}-b '{}'c'{}' \textless{}{}\textless{}d")


def test_letters_beyond_latin_go_through_a_command(one: StudyResult) -> None:
    assert latex_text("\u4e2d") == r"\eventstudyletter{\u4e2d}{20013}{4E2D}".replace(
        r"\u4e2d", "\u4e2d"
    )
    greek = latex_text("\u0391\u0392 x")
    assert greek == "\\eventstudyletters{\u0391\u0392}{\u0391}{913}{0391 0392} x"
    turned = latex_text("to \u05d0 (1) \u05d1.")
    assert turned.startswith(r"to \eventstudyright{\eventstudyletters{")
    assert ") )" not in turned
    assert r" )\eventstudyleft{1}( " in turned
    assert turned.endswith("}.")
    assert r"\eventstudyletter" not in render_latex(one)
    strange = replace(one, pinned=one.pinned.assign(headline="\u4e2d"))
    assert r"\def\eventstudyletters" in render_latex(strange)


@pytest.mark.parametrize("which", ALL)
def test_no_cell_is_lost(which: str, request: pytest.FixtureRequest) -> None:
    """Every cell of every table of the outline stands in the file, in its row and its place."""
    made = outline(request.getfixturevalue(which), LATEX, charts=0)
    text = render_latex(request.getfixturevalue(which))
    for part in (*made.first, *made.parts):
        for table in part.tables:
            for row in table.rows:
                line = " & ".join(cell_text(c.text) for c in row) + r" \\"
                assert line in text


def test_bytes_repeat(one: StudyResult) -> None:
    assert render_latex(one) == render_latex(one)


def test_bibliography_is_what_was_cited(one: StudyResult) -> None:
    text = bibtex(one)
    keys = re.findall(r"^@\w+\{(\w+),$", text, flags=re.MULTILINE)
    assert keys == citations.references(one)
    cited = re.search(r"\\nocite\{([^}]*)\}", render_latex(one))
    assert cited is not None
    assert cited.group(1).split(",") == keys


@pytest.mark.parametrize("key", citations.REFERENCES)
def test_every_reference_is_an_entry(key: str) -> None:
    made = entry(key, citations.REFERENCES[key])
    assert made.count("{") == made.count("}")
    assert re.search(r"year = \{\d{4}\}", made)
    author = re.search(r"author = \{(.*)\}", made)
    assert author is not None
    for name in author.group(1).split(" and "):
        assert ", " in name
    doi = re.search(r"doi:(\S+)$", citations.REFERENCES[key])
    assert doi is None or doi.group(1) in made
