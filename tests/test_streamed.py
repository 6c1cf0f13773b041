"""A streamed study gives the tables of the same study with every event in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy import streamed, studyfile
from eventstudy.errors import InputError
from eventstudy.pipeline import run_study
from eventstudy.results import StudyResult
from eventstudy.streamed_result import StreamedResult

# Both ways add up the same numbers in another order, and fit by other factorisations.
RTOL = 1e-9
# Day means near zero are differences of larger numbers.
ATOL = 1e-12

DAYS = pd.bdate_range("2012-01-02", periods=900)
ASSETS = [f"S{i:02d}" for i in range(12)]


def frames(events: int = 240, *, holes: float = 0.0, seed: int = 3) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0003, 0.01, len(DAYS))
    noise = rng.standard_t(5, (len(DAYS), len(ASSETS))) * 0.012
    returns = pd.DataFrame(noise + market[:, None], index=DAYS, columns=ASSETS)
    if holes:
        returns = returns.mask(rng.random(returns.shape) < holes)
    returns["MKT"] = market
    # Some lie too early for an estimation window, some too late for an event window.
    days = DAYS[rng.integers(100, 899, events)]
    table = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(events)],
            "timestamp": days,
            "asset": rng.choice(ASSETS, events),
        }
    )
    return {"events": table, "prices": returns}


def study(given: dict[str, pd.DataFrame], *, stream: bool, **sections: Any) -> StudyResult:
    data: dict[str, Any] = {
        "study": {"name": "x", "streamed": stream, **sections.pop("study", {})},
        "events": {"frame": True},
        "prices": {"source": "frame", "kind": "returns"},
        "model": {"name": "market_model", "benchmark": "MKT"},
        "windows": {
            "estimation": [-120, -11],
            "event": [-3, 3],
            "report": [[0, 0], [-1, 1], [0, 3]],
            **sections.pop("windows", {}),
        },
        "tests": {"names": "all"},
    }
    data |= sections
    return run_study(studyfile.study_from_dict(data), folder=Path(), frames=given)


# Statistics that merged sums are not enough for.
HELD = [
    "bootstrap_t",
    "wild_cluster_bootstrap_t",
    "gls_t",
    "calendar_time_t",
    "bhar_skewness_adjusted_t",
]

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "purging off": ({}, {"windows": {"purge": False}}),
    "holes, exclude": ({"holes": 0.01}, {}),
    "holes, skip": ({"holes": 0.01}, {"study": {"missing": "skip"}}),
    "two models": (
        {},
        {"model": {"name": "market_model", "benchmark": "MKT", "also": ["constant_mean"]}},
    ),
    "market adjusted": ({}, {"model": {"name": "market_adjusted", "benchmark": "MKT"}}),
    "recommended": ({}, {"tests": {"names": "recommended"}}),
    "so dense that purging is given up": ({"events": 600}, {"windows": {"min_observations": 100}}),
    "greater": ({}, {"tests": {"names": "all", "alternative": "greater"}}),
}


def same(one: pd.DataFrame, two: pd.DataFrame, columns: list[str] | None = None) -> None:
    names = list(two.columns) if columns is None else columns
    pd.testing.assert_frame_equal(
        one[names].reset_index(drop=True),
        two[names].reset_index(drop=True),
        rtol=RTOL,
        atol=ATOL,
        check_dtype=False,
    )


@pytest.mark.parametrize("name", CASES)
def test_the_tables_are_those_of_the_study_in_memory(name: str) -> None:
    data, sections = CASES[name]
    given = frames(**data)
    whole = study(given, stream=False, **sections)
    parts = study(given, stream=True, **sections)
    assert isinstance(parts, StreamedResult)
    assert not isinstance(whole, StreamedResult)
    ours = parts.tests[~parts.tests["name"].isin(HELD)]
    theirs = whole.tests[~whole.tests["name"].isin(HELD)]
    same(ours, theirs)
    refused = parts.tests[parts.tests["name"].isin(HELD)]
    assert refused["statistic"].isna().all()
    assert (refused["note"] != "").all()
    kept = [c for c in parts.events.columns if c != "flags"]
    same(parts.events, whole.events, kept)
    order = ["event_id", "asset", "stage", "reason", "detail"]
    same(
        parts.dropped.sort_values(order, ignore_index=True),
        whole.dropped.sort_values(order, ignore_index=True),
    )
    assert len(whole.events) > 100


def test_long_tables_are_made_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstudy.streamed_tables.BLOCK", 50)
    given = frames(150, holes=0.005)
    whole = study(given, stream=False)
    parts = study(given, stream=True)
    for table in ("pinned", "abnormal_returns", "windows", "event_tests", "paths", "quality"):
        assert not parts.made(table)
    key = ["event_id", "asset", "model", "start", "end"]
    same(parts.pinned, whole.pinned)
    path = [c for c in whole.abnormal_returns if "sup" not in c]
    same(parts.abnormal_returns, whole.abnormal_returns, path)
    columns = [c for c in whole.windows if c != "other_headlines"]
    same(
        parts.windows.sort_values(key, ignore_index=True),
        whole.windows.sort_values(key, ignore_index=True),
        columns,
    )
    columns = [c for c in whole.event_tests if c != "pvalue_adjusted"]
    key += ["name", "variant"]
    same(
        parts.event_tests.sort_values(key, ignore_index=True),
        whole.event_tests.sort_values(key, ignore_index=True),
        columns,
    )
    same(parts.paths, whole.paths)
    same(parts.quality, whole.quality)
    assert all(parts.made(name) for name in ("pinned", "windows"))


def test_what_is_saved_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstudy.streamed_tables.BLOCK", 40)
    parts = study(frames(120), stream=True)
    parts.save(tmp_path / "out")
    assert not parts.made("windows")
    back = es.load(tmp_path / "out")
    for name in ("tests", "events", "windows", "abnormal_returns", "dropped", "pinned"):
        pd.testing.assert_frame_equal(
            getattr(back, name), getattr(parts, name), check_dtype=False, check_exact=True
        )
    again = study(frames(120), stream=True)
    again.save(tmp_path / "again", format="parquet")
    assert not (tmp_path / "again" / "windows.csv").exists()
    table = pd.read_parquet(tmp_path / "again" / "windows.parquet")
    pd.testing.assert_frame_equal(table, parts.windows, check_exact=True)
    one, two = ((tmp_path / d / "tests.csv").read_bytes() for d in ("out", "again"))
    assert one == two


def test_large_studies_are_streamed_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "STREAM_FROM", 100)
    given = frames(120)
    result = es.run(
        events=given["events"],
        returns=given["prices"],
        benchmark="MKT",
        estimation=(-120, -11),
        window=(-3, 3),
    )
    assert isinstance(result, StreamedResult)
    assert "was streamed" in " ".join(result.run["warnings"])
    few = frames(90)
    assert not isinstance(
        es.run(
            events=few["events"],
            returns=few["prices"],
            benchmark="MKT",
            estimation=(-120, -11),
            window=(-3, 3),
        ),
        StreamedResult,
    )


def test_it_shows_what_leads_and_not_the_events() -> None:
    result = study(frames(200, holes=0.01), stream=True)
    text = repr(result)
    assert "200 headlines" in text
    assert "estimated" in text
    assert "made when they are read" in text
    assert "<table" in result._repr_html_()
    assert not result.made("windows")


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"events": {"frame": True, "signed": True}}, "signed"),
        ({"tests": {"names": "all", "multiplicity": "romano_wolf"}}, "romano_wolf"),
        ({"model": {"name": "garch"}}, "garch"),
    ],
)
def test_what_needs_every_event_is_not_streamed(sections: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        study(frames(30), stream=True, **sections)
