"""Sentences: their numbers are those of the tables, and what they must never say."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.report import caveats, facts, words
from eventstudy.report.format import SCREEN
from eventstudy.results import StudyResult

NEVER = re.compile(r"signific|caus(?:e|ed|es|ing)\b|no effect|proves", re.IGNORECASE)

ROW = {
    "title": "S&P 500",
    "session": "2022-02-15",
    "model": "constant_mean",
    "start": 0,
    "end": 0,
    "return": 0.0158,
    "car": 0.0156,
    "pvalue": 0.087,
    "placebo_pvalue": 14 / 121,
    "lead_p": 0.087,
    "lead_name": "exact_t",
    "lead_adjusted": 0.3,
    "n_estimation": 120,
    "mde": 0.0255,
    "note": "",
}


def test_the_flagship_sentence() -> None:
    assert words.reaction_sentence(ROW, SCREEN) == (
        "The S&P 500 rose 1.58 % on Tuesday 15 February 2022, 1.56 percentage points above its own "
        "average. A move of that size in one day is not unusual at the 5 % level (exact p 0.087, "
        "placebo p 0.116; 13 of the 120 days of the estimation window moved at least as far); the "
        "smallest one-day effect that this design could have seen with 80 % power is 2.55 %."
    )


@given(
    value=st.floats(-0.2, 0.2) | st.just(np.nan),
    car=st.floats(-0.2, 0.2) | st.just(np.nan),
    lead=st.floats(0, 1) | st.just(np.nan),
    adjusted=st.floats(0, 1) | st.just(np.nan),
    mde=st.floats(0, 0.5) | st.just(np.nan),
    end=st.integers(0, 5),
    name=st.sampled_from(["exact_t", "placebo_sq"]),
)
def test_rules_hold_whatever_the_numbers(
    value: float, car: float, lead: float, adjusted: float, mde: float, end: int, name: str
) -> None:
    row = ROW | {
        "return": value, "car": car, "lead_p": lead, "lead_adjusted": adjusted, "mde": mde,
        "end": end, "lead_name": name, "pvalue": lead,
    }  # fmt: skip
    text = words.reaction_sentence(row, SCREEN)
    assert not NEVER.search(text)
    assert "nan" not in text.lower().replace("finance", "")
    if "not unusual" in text:
        assert lead >= 0.05
        assert "smallest" in text  # never without the effect that could have been seen
    if "is unusual" in text:
        assert "adjusted" in text
        assert lead < 0.05
    if np.isnan(value):
        assert "has no return" in text


def test_one_unusual_move_names_its_adjusted_p() -> None:
    text = words.reaction_sentence(ROW | {"lead_p": 0.01, "pvalue": 0.01}, SCREEN)
    assert "taken alone" in text.lower()
    assert "adjusted p 0.300" in text
    assert "but not when all tests of the table are allowed for" in text


def test_a_placebo_that_leads_says_why() -> None:
    row = ROW | {"lead_name": "placebo_sq", "lead_variant": "studentised", "lead_p": 0.116,
                 "lead_reason": "the residuals have an excess kurtosis of 9.1"}  # fmt: skip
    text = words.reaction_sentence(row, SCREEN)
    assert "placebo p 0.116, which leads because the residuals have" in text


def test_disagreement_is_said() -> None:
    row = ROW | {"placebo_pvalue": 0.04}
    assert "different sides" in words.reaction_sentence(row, SCREEN)


@pytest.mark.parametrize(
    ("p", "told"),
    [
        (1 / 121, "none of the 120 days"),
        (14 / 121, "13 of the 120 days"),
        (0.1234, ""),
        (float("nan"), ""),
    ],
)
def test_placebo_count(p: float, told: str) -> None:
    assert words.placebo_count(ROW | {"placebo_pvalue": p}).startswith(told)
    assert bool(words.placebo_count(ROW | {"placebo_pvalue": p})) == bool(told)


def test_answers_of_whole_studies(one: StudyResult, twenty: StudyResult, many: StudyResult) -> None:
    for result in (one, twenty, many):
        text = " ".join(f"{a} {b}" for a, b in words.answer(result, SCREEN))
        text += " ".join(caveats.caveats(result, SCREEN)) + words.question(result)
        assert not NEVER.search(text)
        assert "smallest" in text
    assert any("lead" in b for _, b in words.answer(twenty, SCREEN))


def test_the_answer_has_the_numbers_of_the_tables(one: StudyResult) -> None:
    row = facts.reactions(one).iloc[0]
    text = dict(words.answer(one, SCREEN))[""]
    assert SCREEN.size(row["return"]) in text
    assert SCREEN.size(row["mde"]) in text


def test_nothing_estimated_says_so(nothing: StudyResult) -> None:
    assert words.answer(nothing)[0][1].startswith("No headline could be estimated")
    assert words.question(nothing).endswith("?")


def test_other_headlines_and_clocks_are_named(one: StudyResult) -> None:
    events = one.events.assign(flags="other_headline:+4 invasion")
    pinned = one.pinned.assign(position="in-session")
    told = " ".join(caveats.caveats(replace(one, events=events, pinned=pinned), SCREEN))
    assert "“invasion” on day +4" in told
    assert "the hours before it" in told


def test_missing_numbers_never_read_as_zero(holes: StudyResult) -> None:
    text = " ".join(b for _, b in words.answer(holes, SCREEN))
    assert "0.00" not in text
    assert "nan" not in text.lower()
