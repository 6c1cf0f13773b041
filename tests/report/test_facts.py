"""Which window and which p lead, and what a return over a window is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventstudy.report import facts
from eventstudy.results import StudyResult

# Compounding five returns: a few units in the last place.
TIGHT = 1e-14


def _with_pin(result: StudyResult, **columns: object) -> StudyResult:
    return replace(result, pinned=result.pinned.assign(**columns))


def test_day_zero_leads_by_default(one: StudyResult) -> None:
    table = facts.reactions(one)
    assert len(table) == 7
    assert (table["start"] == 0).all()
    assert (table["end"] == 0).all()
    day = one.abnormal_returns[one.abnormal_returns["tau"] == 0]
    assert table["return"].tolist() == day["return"].tolist()


@pytest.mark.parametrize(
    ("columns", "end"),
    [({"position": "date-only"}, 1), ({"position": "ambiguous", "clean_end": 2}, 5)],
)
def test_a_vague_clock_leads_with_a_window_that_covers_it(
    one: StudyResult, columns: dict[str, object], end: int
) -> None:
    windows = one.windows
    extra = windows[(windows["start"] == 0) & (windows["end"] == 5)].assign(end=1)
    result = replace(_with_pin(one, **columns), windows=pd.concat([windows, extra]))
    table = facts.reactions(result)
    assert (table["start"] == 0).all()
    assert (table["end"] == end).all()


def test_returns_compound_or_add(one: StudyResult) -> None:
    simple = facts.reactions(one, window=(0, 5)).iloc[0]
    ar = one.abnormal_returns
    days = ar[(ar["asset"] == "INDEX") & ar["tau"].between(0, 5)]["return"].to_numpy()
    assert simple["return"] == pytest.approx(np.prod(1 + days) - 1, rel=TIGHT, abs=TIGHT)
    run = {**one.run, "study": {**one.run["study"], "study": {"returns": "log"}}}
    log = facts.reactions(replace(one, run=run), window=(0, 5)).iloc[0]
    assert log["return"] == pytest.approx(days.sum(), rel=TIGHT, abs=TIGHT)


def test_a_missing_return_stays_missing(holes: StudyResult) -> None:
    assert facts.reactions(holes)["return"].isna().all()


def test_the_leading_p_is_the_one_that_the_run_marks(one: StudyResult) -> None:
    marked = one.event_tests.assign(leads=one.event_tests["name"] == "placebo_sq")
    table = facts.reactions(replace(one, event_tests=marked))
    assert table["lead_p"].tolist() == table["placebo_pvalue"].tolist()
    assert (table["lead_name"] == "placebo_sq").all()


def test_confounders_come_from_the_flags(one: StudyResult) -> None:
    flags = "roll:+2; other_headline:+4 H2; other_headline:-1 H1"
    found = facts.confounders(replace(one, events=one.events.assign(flags=flags)))
    assert found["other_id"].tolist() == ["H2", "H1"]
    assert found["tau_low"].tolist() == [4, -1]
    assert found["n_assets"].tolist() == [4, 4]
    assert facts.confounders(one).empty


def test_tests_stand_in_order_of_their_role(one: StudyResult) -> None:
    rows = facts.cross_tests(one)
    for _, part in rows.groupby(["panel", "model", "start", "end"], sort=False):
        assert part["rank"].is_monotonic_increasing
        assert part["leads"].iloc[0]
    assert rows["model"].iloc[0] == "constant_mean"  # the study's own model stands first
    spans = list(dict.fromkeys(zip(rows["start"], rows["end"], strict=True)))
    assert spans == facts.reported(one)


def test_short_titles_stay_distinct(one: StudyResult) -> None:
    prices = [
        {"asset": "CL", "title": "WTI crude oil, front future"},
        {"asset": "CL2", "title": "WTI crude oil, second future"},
        {"asset": "X", "title": "Exxon Mobil (XOM)"},
    ]
    titles = facts.asset_titles(replace(one, run={**one.run, "prices": prices}))
    assert titles["CL"] != titles["CL2"]
    assert titles["X"] == "Exxon Mobil"


def test_nothing_estimated(nothing: StudyResult) -> None:
    assert facts.reactions(nothing).empty
    assert facts.cross_tests(nothing).empty
    assert facts.confounders(nothing).empty
