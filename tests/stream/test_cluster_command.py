"""``eventstudy run`` on large studies: who computes them, what is shown, what is written."""

from __future__ import annotations

import json
import socket
import warnings
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import eventstudy as es
from eventstudy import streamed_result
from eventstudy.cli.app import app
from eventstudy.errors import EventStudyWarning
from eventstudy.stream import cluster
from tests.test_streamed import frames

STUDY = """[study]
name = "many"
streamed = {streamed}
[events]
file = "events.csv"
[prices]
source = "file"
file = "returns.csv"
kind = "returns"
[model]
name = "market_model"
benchmark = "MKT"
[windows]
estimation = [-120, -11]
event = [-1, 1]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("large")
    given = frames(120)
    given["events"].to_csv(made / "events.csv", index=False)
    given["prices"].rename_axis("date").to_csv(made / "returns.csv")
    for name, value in (("study", "true"), ("held", "false")):
        (made / f"{name}.toml").write_text(STUDY.format(streamed=value), encoding="utf-8")
    return made


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, words)])


def test_who_computes_changes_nothing(folder: Path, tmp_path: Path) -> None:
    ways = {
        "serial": ["--executor", "serial", "--backend", "numpy"],
        "threads": ["--threads", "3", "--backend", "numpy"],
    }
    for name, words in ways.items():
        done = run(folder / "study.toml", "--quiet", "--out", tmp_path / name, *words)
        assert done.exit_code == 0, done.output
    for table in ("tests.csv", "events.csv", "dropped.csv", "windows.csv"):
        one, two = ((tmp_path / name / table).read_bytes() for name in ways)
        assert one == two, table
    assert not (tmp_path / "serial" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_of_this_machine(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    tests = []
    for words in ([], ["--executor", "dask", "--threads", "2"]):
        out = tmp_path / str(len(words))
        done = run(folder / "study.toml", "--quiet", "--out", out, *words)
        assert done.exit_code == 0, done.output
        tests.append((out / "tests.csv").read_bytes())
    assert tests[0] == tests[1]


def test_the_screen_shows_no_single_events(folder: Path) -> None:
    done = run(folder / "study.toml")
    assert "120 headlines" in done.stdout
    assert "save() writes them block by block" in done.stdout
    assert "e17" not in done.stdout


@pytest.mark.parametrize("flag", ["--report", "--interactive"])
def test_a_report_is_refused(folder: Path, tmp_path: Path, flag: str) -> None:
    out = tmp_path / "out"
    done = run(folder / "study.toml", "--out", out, flag)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {flag} asks for a report, and a large study")
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_json_holds_what_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(run(folder / "study.toml", "--json").stdout)
    assert len(made["events"]) == made["run"]["counts"]["events"]
    assert made["tests"]
    assert "abnormal_returns" in made["not_included"]
    assert not {"abnormal_returns", "windows"} & set(made)
    monkeypatch.setattr(streamed_result, "LONGEST_JSON", 100)
    short = json.loads(run(folder / "study.toml", "--json").stdout)
    assert "events" in short["not_included"]
    assert "events" not in short


def test_a_study_that_is_not_streamed_says_so(folder: Path) -> None:
    done = run(folder / "held.toml", "--quiet", "--threads", "2")
    assert "warning: executor, threads, backend and scheduler are not used" in done.stderr
    assert "not used" not in run(folder / "held.toml", "--quiet").stderr


def test_a_cluster_out_of_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "REACH", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    done = run(folder / "study.toml", "--executor", "dask", "--scheduler", address)
    assert done.exit_code == 4
    assert done.stderr.startswith(f"error: the scheduler {address} is out of reach")
    assert done.stderr.count("\n") == 1


def test_options_that_are_wrong(folder: Path) -> None:
    done = run(folder / "study.toml", "--executor", "dusk")
    assert done.exit_code == 2
    assert done.stderr == "error: executor 'dusk' is not known; did you mean 'dask'?\n"


def test_from_python() -> None:
    given = frames(120)
    keys = {"model": "market_model", "benchmark": "MKT", "estimation": (-120, -11)}
    given = {"events": given["events"], "returns": given["prices"], **keys}
    one = es.run(**given, streamed=True, executor="serial", backend="numpy")
    two = es.run(**given, streamed=True, threads=3, backend="numpy")
    pd.testing.assert_frame_equal(one.tests, two.tests, check_exact=True)
    with pytest.warns(EventStudyWarning, match="the study is not streamed"):
        es.run(**given, threads=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        es.run(**given)
