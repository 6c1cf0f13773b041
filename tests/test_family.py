"""Romano-Wolf over a study's own pseudo-dates: joint, seeded, never below 1/(B+1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.pipeline import run_study

DRAWS = 39


def study(multiplicity: str) -> es.StudyResult:
    return es.Study.model_validate(
        {
            "events": {"list": [{"event_id": "e", "timestamp": "2022-02-15T08:00Z"}]},
            "prices": {"source": "bundled", "assets": ["XOM", "CVX", "RRC", "JPM", "KO"]},
            "model": {"name": "market_model", "benchmark": "SP500"},
            "windows": {"estimation": (-130, -11), "event": (-1, 1), "report": [(0, 0), (-1, 1)]},
            "tests": {"multiplicity": multiplicity, "draws": DRAWS},
        }
    ).run()


@pytest.fixture(scope="module")
def result() -> es.StudyResult:
    return study("romano_wolf")


@pytest.mark.parametrize("table", ["tests", "event_tests"])
def test_adjusted_p_of_the_leading_rows(result: es.StudyResult, table: str) -> None:
    frame = getattr(result, table)
    lead = frame[frame.leads]
    assert lead.pvalue_adjusted.between(1 / (DRAWS + 1), 1).all()
    assert frame.loc[~frame.leads, "pvalue_adjusted"].isna().all()
    # The larger the statistic, the smaller the adjusted p.
    order = np.argsort(-lead.statistic.abs().to_numpy(), kind="stable")
    assert (np.diff(lead.pvalue_adjusted.to_numpy()[order]) >= 0).all()


def test_it_is_not_holm_and_repeats_itself(result: es.StudyResult) -> None:
    again, holm = study("romano_wolf"), study("holm")
    pd.testing.assert_frame_equal(again.tests, result.tests)
    mine, theirs = (r.tests[r.tests.leads].pvalue_adjusted.to_numpy() for r in (result, holm))
    assert not np.allclose(mine, theirs)
    pd.testing.assert_series_equal(holm.tests.pvalue, result.tests.pvalue)


def test_too_little_history_is_an_error_that_says_so() -> None:
    days = pd.bdate_range("2022-01-03", periods=70)
    rng = np.random.default_rng(5)
    prices = pd.DataFrame(
        100 * np.exp(np.cumsum(rng.normal(0, 0.01, (70, 2)), axis=0)), days, ["A", "B"]
    )
    settings = {
        "events": {"list": [{"event_id": "e", "timestamp": str(days[55].date())}]},
        "prices": {"source": "frame"},
        "model": {"name": "constant_mean"},
        "windows": {"estimation": (-45, -6), "event": (-1, 1)},
        "tests": {"multiplicity": "romano_wolf"},
    }
    with pytest.raises(es.InputError, match="at least 19 pseudo-dates"):
        events = pd.DataFrame(settings["events"]["list"])  # type: ignore[index]
        settings["events"] = {"frame": True}
        run_study(
            es.Study.model_validate(settings),
            folder=Path(),
            frames={"events": events, "prices": prices},
        )
