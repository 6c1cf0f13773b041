"""Pseudo-dates: everything moves together, and no headline is reached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.api import flagship
from eventstudy.errors import InputError
from eventstudy.estimate import event_time
from eventstudy.pipeline import Stages, prepare
from eventstudy.pseudo import pseudo_shifts, shifted
from eventstudy.simulation.placebo import PlaceboSettings, simulate_placebo
from eventstudy.studyfile import load_study, study_from_dict


@pytest.fixture(scope="module")
def stages() -> Stages:
    path = flagship()
    return prepare(load_study(path), folder=path.parent)


def test_events_that_share_a_date_still_share_one(stages: Stages) -> None:
    moved = shifted(stages.pinned, stages.plans, -30)
    ruler = stages.plans["XOM"].calendar.sessions
    at = int(np.searchsorted(ruler, np.datetime64("2022-02-15")))
    first = moved[moved.event_id == "withdrawal-announced"]
    assert len(first) == 24
    assert set(first.session) == {pd.Timestamp(ruler[at - 30])}
    # The president's words are one fixing later than the announcement, before and after the move.
    euro = stages.plans["EURUSD"].calendar.sessions
    later = moved[(moved.event_id == "president-confirms") & (moved.asset == "EURUSD")]
    place = int(np.searchsorted(euro, ruler[at - 30]))
    assert np.datetime64(later.session.iloc[0], "D") == euro[place + 1]


def test_no_pseudo_window_reaches_a_headline(stages: Stages) -> None:
    time = event_time(stages.study)
    shifts = pseudo_shifts(stages.pinned, stages.pinned_all, stages.plans, stages.panel, time)
    width = time.event[1] - time.event[0] + 1
    assert shifts == sorted(shifts, reverse=True)
    assert len(shifts) > 1000
    for asset in ("XOM", "EURRUB"):
        sessions = stages.plans[asset].calendar.sessions
        at = {
            name: int(np.searchsorted(sessions, np.datetime64(day, "D")))
            for name, day in stages.pinned_all.loc[
                stages.pinned_all.asset == asset, ["event_id", "session"]
            ].itertuples(index=False)
        }
        studied = set(stages.pinned.loc[stages.pinned.asset == asset, "event_id"])
        for shift in (shifts[0], shifts[-1]):
            for own in studied:
                assert min(abs(at[own] + shift - p) for p in at.values()) >= width


def test_the_control_uses_no_day_of_the_study() -> None:
    result = es.run()
    first = result.pinned.session.min()
    assert len(result.control) > 0
    assert (pd.to_datetime(result.control.session) < first - pd.Timedelta(days=150)).all()
    assert result.control.pvalue.between(0, 1).all()


def test_placebo_rates_do_not_depend_on_the_number_of_workers(stages: Stages) -> None:
    names = [("bmp_t", "published"), ("adjusted_bmp_t", "published")]
    one, two = (
        simulate_placebo(stages, PlaceboSettings(draws=6, names=names, workers=w)) for w in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert one.rate.between(0, 1).all()
    assert (one.mc_se > 0).all()


def test_without_history_there_is_no_pseudo_date(tmp_path: Path) -> None:
    days = pd.bdate_range("2022-01-03", periods=60)
    rng = np.random.default_rng(3)
    prices = pd.DataFrame({"A": 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 60)))}, index=days)
    prices.to_csv(tmp_path / "p.csv", index_label="date")
    study = study_from_dict(
        {
            "events": {"list": [{"event_id": "e", "timestamp": str(days[50].date())}]},
            "prices": {"source": "file", "file": "p.csv"},
            "model": {"name": "constant_mean"},
            "windows": {"estimation": (-45, -6), "event": (-2, 2)},
        }
    )
    with pytest.raises(InputError, match="no pseudo-date has room"):
        simulate_placebo(prepare(study, folder=tmp_path), PlaceboSettings(draws=5))
