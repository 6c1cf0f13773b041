"""The screen: fits its width, reads nothing as markup, sums up large panels, ends on the answer."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from eventstudy.report import facts, print_result, repr_html, repr_text
from eventstudy.report.format import HTML, SCREEN
from eventstudy.results import StudyResult


def shown(result: StudyResult, width: int = 80, *, full: bool = False) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, color_system=None, legacy_windows=False)
    print_result(result, console, full=full)
    return buffer.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize("fixture", ["one", "twenty", "many", "nasty", "holes", "nothing"])
def test_no_line_is_too_long(fixture: str, width: int, request: pytest.FixtureRequest) -> None:
    from rich.cells import cell_len

    for row in shown(request.getfixturevalue(fixture), width).splitlines():
        assert cell_len(row) <= width


def test_numbers_are_those_of_the_tables(one: StudyResult) -> None:
    row = facts.reactions(one).iloc[0]
    told = [
        SCREEN.percent(row["return"]), SCREEN.percent(row["car"]),
        SCREEN.interval(row["ci_low"], row["ci_high"]), SCREEN.pvalue(row["pvalue"]),
        SCREEN.pvalue(row["placebo_pvalue"]),
    ]  # fmt: skip
    lines = [flat(r) for r in shown(one).splitlines()]
    assert flat(" ".join([row["title"], *told])) in lines


def test_what_was_pinned_and_left_out_is_told(one: StudyResult) -> None:
    text = flat(shown(one))
    assert "before the open (XNYS)" in text
    assert "08:00 UTC is before the open" in text
    assert "merged with an earlier headline" in text


def test_the_answer_comes_last(one: StudyResult) -> None:
    text = shown(one)
    assert text.index("Left out") < text.index("\nAnswer")


def test_a_panel_of_twenty_is_summed_up(twenty: StudyResult) -> None:
    brief, full = shown(twenty), shown(twenty, full=True)
    assert "shares, market model" in brief
    assert "A07" not in brief.split("Tests across events")[0].split("lowest")[0]
    assert len(brief.splitlines()) < 90
    assert "A07" in full
    assert len(full.splitlines()) > len(brief.splitlines()) + 30


def test_markup_and_escapes_are_text(nasty: StudyResult) -> None:
    text = flat(shown(nasty, 132))
    assert "[bold]x[/bold]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_missing_numbers_are_dashes(holes: StudyResult) -> None:
    text = shown(holes)
    assert "nan" not in text.lower()
    assert SCREEN.dash in text


def test_repr_text(one: StudyResult, many: StudyResult, nothing: StudyResult) -> None:
    assert repr_text(one).startswith("StudyResult: stand-in, 1 headline, 4 assets")
    assert "in result.windows" in repr_text(many)
    assert "Nothing; 1 merged" in repr_text(nothing)
    assert all(len(r) <= 80 for r in repr_text(many).splitlines())


def test_repr_html_is_a_safe_fragment(one: StudyResult, nasty: StudyResult) -> None:
    row = facts.reactions(one).iloc[0]
    assert HTML.percent(row["car"]) in repr_html(one)
    text = repr_html(nasty)
    assert "<script" not in text
    assert "http" not in text


def test_repr_is_on_the_result(one: StudyResult) -> None:
    assert repr(one) == repr_text(one)
    assert one._repr_html_() == repr_html(one)
