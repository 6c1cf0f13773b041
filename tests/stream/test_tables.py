"""The frames are those of a study whose events are held: columns, types, order, numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.abnormal import tested_window
from eventstudy.errors import InputError
from eventstudy.estimate import PanelRun
from eventstudy.inference.diagnostics import diagnose
from eventstudy.panel_tables import TESTS_COLUMNS, build_panel_tables
from eventstudy.stream.run import STREAMED, run_stream
from eventstudy.stream.tables import EventLabels, events_table, tests_table
from eventstudy.study import Study
from eventstudy.tables import EMPTY, _events
from tests.stream.test_equality import ABSOLUTE, RELATIVE, holes, one_each
from tests.stream.worlds import EVENT, World, held_sample, world

NAMES = [f"asset {i}" for i in range(6)]


def run_of(w: World) -> PanelRun:
    sample = held_sample(w)
    n = sample.block.n
    days = pd.to_datetime(w.days[w.position].astype("datetime64[D]"))
    rows = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(n)],
            "asset": [NAMES[a] for a in w.asset],
            "session": days.astype("datetime64[ns]"),
            "order": np.arange(n),
            "purged": 0,
            "unpurged": 0,
        }
    )
    return PanelRun("all", w.model, rows, sample)


def study_of(names: Any) -> Study:
    return Study(
        events={"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
        prices={"source": "bundled"},
        model={"name": "constant_mean"},
        windows={"event": list(EVENT), "report": [[-1, 1]]},
        tests={"names": names},
    )


def labels(w: World) -> EventLabels:
    return EventLabels([f"e{i}" for i in range(len(w.asset))], NAMES, "all", w.model)


def same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ours, theirs, rtol=RELATIVE, atol=ABSOLUTE)


@pytest.mark.parametrize("kind", ["whole", "holes"])
def test_tests(kind: str) -> None:
    w = world() if kind == "whole" else holes(world(), 0.03)
    run = run_of(w)
    outcome = run_stream(w.data(), backend="numpy")
    tested = [
        tested_window(run.sample.block, run.sample.fit, a, b)
        for a, b in sorted(set(w.data().windows))
    ]
    names = list(dict.fromkeys(name for name, _ in STREAMED))
    theirs, _ = build_panel_tables(study_of(names), run, tested)
    ours = tests_table(outcome, "all", w.model)
    assert list(ours.columns) == TESTS_COLUMNS
    same(ours, theirs)


@pytest.mark.parametrize("model", ["constant_mean", "market_adjusted", "market_model"])
def test_events(model: str) -> None:
    w = world(model=model)
    run = run_of(w)
    ours = events_table(run_stream(w.data(), backend="numpy"), labels(w))
    theirs = _events(run, diagnose(run.sample), [""] * len(w.asset)).drop(columns="order")
    assert [c for c in ours if c in EMPTY["events"]] == EMPTY["events"]
    assert set(ours) - set(theirs) <= {"unpurged"}
    both = [c for c in theirs if c in ours]
    same(ours[both], theirs[both])
    assert list(ours["event_id"]) == [f"e{i}" for i in range(len(w.asset))]


def test_events_of_two_factors_have_a_column_each() -> None:
    w = world(model="factor", factors=2)
    ours = events_table(run_stream(w.data(), backend="numpy"), labels(w))
    theirs = _events(run_of(w), diagnose(run_of(w).sample), [""] * len(w.asset))
    for name in ("alpha", "beta", "beta_x1", "beta_x2"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-10)


def test_names_that_are_too_few() -> None:
    w = world()
    outcome = run_stream(w.data(), backend="numpy")
    with pytest.raises(InputError, match="event_id: 3 names for 60 events"):
        events_table(outcome, EventLabels(["a", "b", "c"], NAMES, "all", "m"))
    with pytest.raises(InputError, match="asset: 2 names, and an event is on row 5"):
        events_table(outcome, EventLabels(None, NAMES[:2], "all", "m"))
    table = events_table(outcome, EventLabels(None, NAMES, "all", "m"))
    assert table["event_id"].tolist() == [str(i) for i in range(60)]


@pytest.mark.parametrize("kind", ["whole", "holes"])
@pytest.mark.parametrize("size", [25, 4096])
def test_events_come_back_a_few_at_a_time(kind: str, size: int) -> None:
    """Long tables are made from these samples: in the order of the input, fitted as before."""
    w = world() if kind == "whole" else one_each(world())
    held = held_sample(w)
    outcome = run_stream(w.data(), backend="numpy")
    parts = list(outcome.samples(size))
    assert [len(rows) for rows, _ in parts] == ([25, 25, 10] if size == 25 else [60])
    rows = np.concatenate([rows for rows, _ in parts])
    assert outcome.data.order[rows].tolist() == list(range(60))
    for name in ("theta", "sigma", "ar", "residuals", "ar_se"):
        ours = np.concatenate([getattr(sample.fit, name) for _, sample in parts])
        np.testing.assert_allclose(ours, getattr(held.fit, name), rtol=1e-11, atol=1e-15)
    for name in ("returns_est", "days_est", "spans_est", "days_evt", "returns_evt"):
        ours = np.concatenate([getattr(sample.block, name) for _, sample in parts])
        np.testing.assert_array_equal(ours, getattr(held.block, name))
    for (_, sample), (_, again) in zip(parts, outcome.samples(size), strict=True):
        assert not np.shares_memory(sample.fit.residuals, again.fit.residuals)
        np.testing.assert_array_equal(sample.fit.residuals, again.fit.residuals)
