"""Keywords say what a study file says: the same tables, bit for bit, and the same refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError

EVENTS = """event_id,timestamp,asset,headline,sign,surprise
a,2021-04-06,AAA,Output of wells is cut by a tenth,1,0.5
b,2021-04-20,BBB,Pipeline closed after a fire,-1,-0.2
c,2021-05-04,AAA,Output of wells is raised again,-1,0.1
d,2021-05-18,BBB,A new field is found,1,0.4
e,2021-06-01,AAA,Tax on windfall gains is passed,-1,-0.6
f,2021-06-15,AAA,Dividend is doubled,1,0.9
g,2021-06-15,AAA,"Dividend is doubled, firm says",1,0.9
"""
HEAD = """[study]
name = "study"
{study}
[events]
file = "events.csv"
{events}
[prices]
source = "file"
file = "prices.csv"
[model]
name = "market_model"
benchmark = "MKT"
[windows]
estimation = [-42, -3]
event = [-1, 2]
report = [[0, 0], [0, 2]]
[tests]
names = ["bmp_t", "exact_t", "placebo_sq"]
"""
COMMON: dict[str, Any] = {
    "benchmark": "MKT", "estimation": (-42, -3), "window": (-1, 2), "report": [(0, 0), (0, 2)],
    "tests": ["bmp_t", "exact_t", "placebo_sq"],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(7)
    days = pd.bdate_range("2021-01-04", "2021-06-30", name="date")
    moves = rng.normal(0.0, 0.01, (len(days), 3))
    moves[:, 1:] += moves[:, :1]
    levels = 100.0 * np.exp(moves.cumsum(axis=0))
    frame = pd.DataFrame(levels, index=days, columns=["MKT", "AAA", "BBB"]).round(4)
    frame.to_csv(folder / "prices.csv")
    (folder / "events.csv").write_text(EVENTS)
    return folder


def frames(place: Path) -> dict[str, pd.DataFrame]:
    prices = pd.read_csv(place / "prices.csv", index_col="date", parse_dates=True)
    return {"events": pd.read_csv(place / "events.csv"), "prices": prices}


def write(place: Path, *, study: str = "", events: str = "", more: str = "") -> Path:
    path = place / "study.toml"
    path.write_text(HEAD.format(study=study, events=events) + more)
    return path


CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nothing more": ({}, {}),
    "signed": ({"events": "signed = true"}, {"signed": True}),
    "not signed": ({}, {"signed": False}),
    "grouping": (
        {"events": "group_similar = true\ngroup_threshold = 60.0\ngroup_hours = 12.0"},
        {"group_similar": True, "group_threshold": 60, "group_hours": 12},
    ),
    "regression": (
        {"more": '[regression]\non = ["surprise", "sign"]\nwindow = [0, 2]\n'},
        {"regression": {"on": ("surprise", "sign"), "window": np.array([0, 2])}},
    ),
    "its default window": (
        {"more": '[regression]\non = ["surprise"]\n'},
        {"regression": {"on": ["surprise"]}},
    ),
    "all of them": (
        {
            "study": 'returns = "log"\nmissing = "exclude"\nseed = 5',
            "events": "signed = true\ngroup_similar = true",
            "more": '[regression]\non = ["surprise"]\n',
        },
        {"kind": "log", "missing": "exclude", "seed": np.int64(5), "signed": True,
         "group_similar": True, "regression": {"on": ["surprise"]}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_keywords_give_the_tables_of_the_study_file(case: str, place: Path) -> None:
    text, keywords = CASES[case]
    told = es.run(write(place, **text))
    given = es.run(**frames(place), **COMMON, **keywords)
    for name, table in told.tables().items():
        pd.testing.assert_frame_equal(given.tables()[name], table, check_exact=True, obj=name)
    assert len(told.tests)
    assert (len(told.regressions) > 0) == ("regression" in keywords)
    assert (told.dropped["stage"] == "grouping").any() == ("group_similar" in keywords)


def test_the_cases_differ(place: Path) -> None:
    """Were a keyword without effect on both ways, the test above could not see it."""
    plain, signed = (es.run(**frames(place), **COMMON, signed=s) for s in (False, True))
    assert not plain.tests["pvalue"].equals(signed.tests["pvalue"])


SPECIFICATION = """[specification]
models = ["constant_mean", "market_model"]
estimation = [[-42, -3], [-35, -3]]
windows = [[0, 0], [0, 2]]
tests = ["bmp_t", "exact_t"]
"""
CHOICES: dict[str, Any] = {
    "models": ["constant_mean", "market_model"], "estimation": [(-42, -3), (-35, -3)],
    "windows": [(0, 0), (0, 2)], "benchmark": "MKT", "window": (-1, 2),
    "tests": ["bmp_t", "exact_t"],
}  # fmt: skip


@pytest.mark.parametrize("signed", [False, True])
def test_specifications_of_frames_are_those_of_the_study_file(signed: bool, place: Path) -> None:
    text = "signed = true" if signed else ""
    told = es.specification(write(place, events=text, more=SPECIFICATION))
    given = es.specification(**frames(place), **CHOICES, signed=signed)
    pd.testing.assert_frame_equal(given, told, check_exact=True)
    paths = {k: place / f"{k}.csv" for k in ("events", "prices")}
    again = es.specification(**paths, **CHOICES, signed=signed)
    pd.testing.assert_frame_equal(again, told, check_exact=True)


def test_specifications_take_returns_and_a_model_that_needs_no_benchmark(place: Path) -> None:
    both = frames(place)
    returns = both["prices"].pct_change().iloc[1:]
    table = es.specification(
        events=both["events"], returns=returns, models=["constant_mean"], window=(-1, 2),
        estimation=[(-42, -3)], windows=[(0, 0)],
    )  # fmt: skip
    assert set(table["model"]) == {"constant_mean"}
    assert table["pvalue"].notna().all()


def test_a_study_is_read_where_its_file_lies(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(place)
    monkeypatch.chdir(tmp_path)
    study = es.load_study(path)
    expected = es.run(path).tests
    for result in (es.run(study), study.run(), es.run(study, folder=place)):
        pd.testing.assert_frame_equal(result.tests, expected, check_exact=True)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"signed": True}, "signed stands beside a study"),
        ({"model": "ar1", "seed": 1}, "seed, model stand beside a study"),
        ({"calendar": "XNYS"}, "calendar stands beside a study"),
        ({"regression": {"on": ["surprise"]}}, "regression stands beside a study"),
    ],
)
def test_a_study_and_keywords_are_not_mixed(
    keywords: dict[str, Any], words: str, place: Path
) -> None:
    with pytest.raises(InputError, match=words):
        es.run(write(place), **keywords)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"regression": {"no": ["surprise"]}}, r"\[regression\] no: is no key; known: on, window"),
        ({"regression": {"on": ["surprize"]}}, "surprize.*did you mean 'surprise'"),
        ({"regression": {"on": ["surprise"], "window": (0, 9)}}, "not inside the event window"),
        ({"group_similar": True, "group_threshold": 120.0}, "group_threshold"),
        ({"signed": "yes"}, "signed"),
        ({"models": 3}, "models"),
    ],
)
def test_what_is_wrong_is_named(keywords: dict[str, Any], words: str, place: Path) -> None:
    call = es.specification if "models" in keywords else es.run
    given = keywords if "models" in keywords else COMMON | keywords
    with pytest.raises(InputError, match=words):
        call(**frames(place), **given)


def test_frames_without_headlines_or_prices(place: Path) -> None:
    both = frames(place)
    with pytest.raises(InputError, match="give events"):
        es.run(prices=both["prices"])
    with pytest.raises(InputError, match="give prices or returns"):
        es.run(events=both["events"])
    with pytest.raises(InputError, match="needs a frame of prices"):
        es.run(events=both["events"], prices="bundled", calendar="XNYS")
