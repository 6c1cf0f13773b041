"""The screen: fits its width, reads nothing as markup, sums up large panels, ends on the answer."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from eventstudy.report import facts, print_result, repr_html, repr_text
from eventstudy.report.format import HTML, SCREEN
from eventstudy.report.panel_words import control_sentence
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


def test_a_one_off_fits_one_screen() -> None:
    from eventstudy.cli.oneoff import OneOff, build_study
    from eventstudy.pipeline import run_study

    study = build_study(OneOff(event=["2022-02-15T08:00Z"], assets="XOM,CVX", benchmark="SP500"))
    rows = shown(run_study(study, folder=Path())).splitlines()
    assert len(rows) <= 40
    assert max(len(r) for r in rows) <= 80
    assert "Exxon Mobil fell 1.25 % and Chevron fell 0.73 %" in flat("\n".join(rows))
    assert "What did prices do around 2022-02-15 08:00 UTC?" in rows[0]


def test_the_p_that_leads_is_shown_where_no_column_has_it(one: StudyResult) -> None:
    tests = one.event_tests.assign(leads=False)
    lead = tests["name"].eq("placebo_sq") & tests["start"].eq(0) & tests["end"].eq(0)
    tests.loc[lead, ["leads", "variant", "pvalue"]] = [True, "filtered", 0.4321]
    assert "0.432" in shown(replace(one, event_tests=tests))


def test_windows_stand_side_by_side(one: StudyResult) -> None:
    text = shown(one)
    assert "Other windows: abnormal return (p that leads)" in text
    other = next(w for w in facts.reported(one) if w != (0, 0))
    first = facts.reactions(one, window=other).iloc[0]
    assert f"{SCREEN.percent(first['car'])} ({SCREEN.pvalue(first['lead_p'])})" in text
    assert "Other windows" not in shown(one, full=True)


def test_the_negative_control_is_one_sentence(one: StudyResult) -> None:
    rows = [("a", 20, 0.3), ("a", 20, 0.04), ("b", 1, 0.9), ("c", 3, 0.001)]
    control = pd.DataFrame(rows, columns=["panel", "n_events", "pvalue"]).assign(shift=-138)
    assert control_sentence(replace(one, control=control), SCREEN) == (
        "Negative control: the same tests 138 sessions earlier, on dates without a headline of "
        "the catalogue: p from 0.040 to 0.900; 1 of 3 below 5 %; panels of fewer than five "
        "events aside."
    )
    assert control_sentence(one, SCREEN) == ""
