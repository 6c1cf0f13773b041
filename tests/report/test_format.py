"""The formatting layer: what a number looks like, and that a missing one is never a zero."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.report.format import HTML, PLAIN, SCREEN, is_missing, one_line

# Two decimals of percent: a text read back is within half a unit of the last place.
HALF_UNIT = 0.5e-4 * (1 + 1e-9)

CASES = [
    (0.0158, "+1.58 %"),
    (-0.0355, "-3.55 %"),
    (0.0, "0.00 %"),
    (-0.0, "0.00 %"),
    (-1e-9, "0.00 %"),
    (12.3456, "+1,234.56 %"),
]


@pytest.mark.parametrize(("value", "text"), CASES)
def test_percent(value: float, text: str) -> None:
    assert SCREEN.percent(value) == text


def test_html_has_a_proper_minus_and_a_gap_that_does_not_break() -> None:
    assert HTML.percent(-0.0355) == "\u22123.55\u00a0%"
    assert HTML.interval(-0.01, 0.02) == "\u22121.00 to +2.00\u00a0%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0832, "0.083"),
        (0.0009999, "<0.001"),
        (0.001, "0.001"),
        (1.0, "1.000"),
        (0.05, "0.050"),
        (0.0496, "0.0496"),
        (0.04996, "0.04996"),
        (0.0501, "0.0501"),
    ],
)
def test_pvalue(value: float, text: str) -> None:
    assert SCREEN.pvalue(value) == text


MISSING = [None, math.nan, np.float64("nan"), pd.NaT, pd.NA, math.inf, np.datetime64("NaT")]


@pytest.mark.parametrize("value", MISSING)
def test_missing_is_a_dash_and_never_a_zero(value: object) -> None:
    assert is_missing(value)
    for write in (
        SCREEN.percent, SCREEN.size, SCREEN.pvalue, SCREEN.number, SCREEN.price, SCREEN.count,
        SCREEN.df, SCREEN.date, SCREEN.long_date, SCREEN.instant, SCREEN.position, SCREEN.model,
    ):  # fmt: skip
        assert write(value) == "\u2013"
    assert SCREEN.interval(value, 0.1) == SCREEN.interval(0.1, value) == "\u2013"
    assert PLAIN.percent(value) == ""


@given(st.floats(-5, 5))
def test_percent_reads_back(value: float) -> None:
    text = HTML.percent(value)
    read = float(text.replace("\u2212", "-").replace("\u00a0%", "").replace(",", "")) / 100
    assert abs(read - value) <= HALF_UNIT
    assert not text.startswith(("\u22120.00\u00a0", "+0.00\u00a0"))


@given(st.floats(0, 1))
def test_pvalue_keeps_its_side_of_the_level(p: float) -> None:
    text = SCREEN.pvalue(p)
    read = 0.0005 if text == "<0.001" else float(text)
    assert (read < 0.05) == (p < 0.05) or abs(p - 0.05) < 1e-8


def test_dates_and_instants() -> None:
    assert SCREEN.long_date("2022-02-15") == "Tuesday 15 February 2022"
    assert SCREEN.date(pd.Timestamp("2022-02-15")) == "2022-02-15"
    assert SCREEN.instant(pd.Timestamp("2022-02-15T09:00+01:00")) == "2022-02-15 08:00 UTC"
    assert SCREEN.instant("2022-02-15T08:00:07Z") == "2022-02-15 08:00:07 UTC"
    assert SCREEN.date_range("2022-02-15", "2022-02-24") == "15 to 24 February 2022"
    assert SCREEN.date_range("2021-12-31", "2022-01-03") == "31 December 2021 to 3 January 2022"
    assert SCREEN.date_range("2022-01-31", "2022-02-01") == "31 January to 1 February 2022"
    assert SCREEN.date_range("2022-01-31", "2022-01-31") == "31 January 2022"


def test_window() -> None:
    assert SCREEN.window(0, 0) == "[0]"
    assert SCREEN.window(-1, 1) == "[-1, +1]"
    assert HTML.window(-10, -2) == "[\u221210, \u22122]"


def test_control_characters_leave() -> None:
    assert one_line("a\x1b[2Jb\r\nc\td\u202e") == "a[2Jb c d"
    assert one_line(None) == ""
