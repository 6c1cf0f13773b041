"""What a run writes, and the code it leaves with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import eventstudy.pipeline
from eventstudy.cli import guard
from eventstudy.errors import (
    EventStudyWarning,
    InputError,
    LockedError,
    QualityError,
    SourceError,
)

TABLES = ["pinned", "events", "abnormal_returns", "windows", "event_tests", "tests", "dropped"]


def no_constant(text: str) -> object:
    raise AssertionError(f"{text} is no JSON")


def call(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    code = "from eventstudy.cli.app import main; main()"
    root = Path(guard.__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_tables_and_record_stand_in_the_folder(folder: Path, command) -> None:
    out = folder / "new" / "out"
    result = command("run", folder / "study.toml", "--out", out)
    assert result.code == 0, result.err
    names = {p.name for p in out.iterdir()}
    assert {f"{t}.csv" for t in TABLES} | {"run.json", "report.html"} <= names
    assert {p.name for p in out.parent.iterdir()} == {"out"}, "nothing temporary is left"
    record = json.loads((out / "run.json").read_text(), parse_constant=no_constant)
    assert record["schema_version"] == 1
    assert record["study"]["windows"]["estimation"] == [-70, -11]
    assert set(pd.read_csv(out / "events.csv")["event_id"]) == {"one", "two"}


def test_parquet_stands_beside(folder: Path, command) -> None:
    out = folder / "out"
    options = ("--format", "parquet", "--no-report", "--quiet")
    assert command("run", folder / "study.toml", "--out", out, *options).code == 0
    for table in TABLES:
        assert (out / f"{table}.csv").exists()
        assert (out / f"{table}.parquet").exists()
    assert not (out / "report.html").exists()
    assert len(pd.read_parquet(out / "windows.parquet")) == len(pd.read_csv(out / "windows.csv"))


def test_an_output_folder_is_used_again_and_what_is_not_ours_stays(folder: Path, command) -> None:
    out = folder / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "tests.csv").write_text("of yesterday")
    assert command("run", folder / "study.toml", "--out", out, "--no-report").code == 0
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "tests.csv").read_text() != "of yesterday"


def test_two_runs_write_the_same_bytes(folder: Path, command) -> None:
    found = []
    for name in ("a", "b"):
        out = folder / name
        assert command("run", folder / "study.toml", "--out", out, "--quiet").code == 0
        files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "run.json")
        found.append({str(p.relative_to(out)): p.read_bytes() for p in files})
    assert any(name.startswith("charts/") for name in found[0])
    assert found[0] == found[1]


def test_json_is_one_object_and_nothing_else(folder: Path, command) -> None:
    result = command("run", folder / "study.toml", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out, parse_constant=no_constant)
    assert found["schema_version"] == 1
    assert set(TABLES) <= set(found)
    assert all(isinstance(found[t], list) for t in TABLES)
    first = found["pinned"][0]
    assert first["event_id"] == "one"
    assert first["session"] == "2021-06-15"
    assert first["timestamp_utc"] is None, "a bare date has no instant"
    assert result.err == ""


def test_quiet_says_nothing(folder: Path, command) -> None:
    result = command("run", folder / "study.toml", "--quiet", "--out", folder / "o", "--no-report")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_the_screen_names_asset_and_headline(folder: Path, command) -> None:
    result = command("run", folder / "study.toml")
    assert result.code == 0
    assert "a first headline" in result.out
    assert "AAA" in result.out


def test_the_bundled_study_runs_without_a_file(command) -> None:
    result = command("run", "--json")
    assert result.code == 0, "three headlines of one story are merged, not left out"
    found = json.loads(result.out, parse_constant=no_constant)
    day = {
        r["asset"]: r["return"]
        for r in found["abnormal_returns"]
        if r["tau"] == 0 and r["session"] == "2022-02-15"
    }
    assert round(day["SP500"], 4) == 0.0158
    assert round(day["WTI"], 4) in (-0.0355, -0.0352)
    assert "grouping" in {r["stage"] for r in found["dropped"]}


def test_a_study_from_options(command) -> None:
    result = command(
        "run", "--event", "2022-02-15T08:00Z", "--assets", "XOM,CVX", "--benchmark", "^GSPC",
        "--window", "-1,1", "--window", "0,0", "--estimation", "-130,-11", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert {r["asset"] for r in found["events"]} == {"XOM", "CVX"}
    assert {r["model"] for r in found["events"]} == {"market_model"}
    assert (-1, 1) in {(r["start"], r["end"]) for r in found["windows"]}
    assert found["run"]["study"]["prices"]["source"] == "bundled"
    assert found["run"]["study"]["windows"]["estimation"] == [-130, -11]


def test_a_study_from_options_and_a_file(folder: Path, command, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    result = command(
        "run", "--event", "2021-06-15", "--assets", "AAA", "--file", "prices.csv",
        "--estimation", "-70,-11", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["run"]["study"]["model"]["name"] == "constant_mean"


def test_a_headline_left_out_is_3(folder: Path, command) -> None:
    events = folder / "events.csv"
    events.write_text(events.read_text() + "early,2021-01-15,AAA,too early\n")
    result = command("run", folder / "study.toml", "--json")
    assert result.code == 3
    assert "left out: 1" in result.err
    dropped = json.loads(result.out)["dropped"]
    assert "early" in {r["event_id"] for r in dropped}


def test_nothing_remains_is_3(folder: Path, command) -> None:
    (folder / "events.csv").write_text("event_id,timestamp,asset\nearly,2021-01-15,AAA\n")
    out = folder / "out"
    result = command("run", folder / "study.toml", "--out", out)
    assert result.code == 3, result.err
    assert (out / "dropped.csv").exists()


def test_strict_is_6_and_writes_nothing(folder: Path, command, prices: str) -> None:
    lines = prices.split("\n")
    cells = lines[100].split(",")
    cells[2] = "-5.0"
    lines[100] = ",".join(cells)
    (folder / "prices.csv").write_text("\n".join(lines))
    result = command("run", folder / "study.toml", "--strict", "--out", folder / "out")
    assert result.code == 6, result.err
    assert "AAA" in result.err
    assert "--strict" in result.err
    assert not (folder / "out").exists()
    assert command("run", folder / "study.toml", "--quiet").code in (0, 3)


def test_strict_passes_good_data(folder: Path, command) -> None:
    assert command("run", folder / "study.toml", "--strict", "--quiet").code == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError, 2), (SourceError, 4), (LockedError, 5), (QualityError, 6)],
)
def test_each_error_has_its_code(folder: Path, command, monkeypatch, error, code: int) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error("this is what happened")

    monkeypatch.setattr(eventstudy.pipeline, "run_study", fail)
    result = command("run", folder / "study.toml", "--out", folder / "out")
    assert result.code == code
    assert result.err == "error: this is what happened\n"
    assert not (folder / "out").exists()


def test_a_fault_in_the_program_is_1_and_short(folder: Path, command, monkeypatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("a\nlong\nstory")

    monkeypatch.setattr(eventstudy.pipeline, "run_study", fail)
    monkeypatch.delenv("EVENTSTUDY_DEBUG", raising=False)
    result = command("run", folder / "study.toml")
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert "ZeroDivisionError: a long story" in result.err
    assert "Traceback" not in result.err
    monkeypatch.setenv("EVENTSTUDY_DEBUG", "1")
    assert "Traceback" in command("run", folder / "study.toml").err


def test_an_interrupt_is_130(folder: Path, command, monkeypatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(eventstudy.pipeline, "run_study", fail)
    result = command("run", folder / "study.toml", "--out", folder / "out")
    assert (result.code, result.err) == (130, "interrupted\n")
    assert not (folder / "out").exists()


def test_a_fault_while_writing_leaves_the_folder_as_it_was(
    folder: Path, command, monkeypatch
) -> None:
    from eventstudy.results import StudyResult

    def half(self: StudyResult, out: Path, **_: object) -> None:
        (out / "pinned.csv").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StudyResult, "save", half)
    before = sorted(folder.rglob("*"))
    result = command("run", folder / "study.toml", "--out", folder / "a" / "b")
    assert result.code == 2
    assert "No space left on device" in result.err
    assert sorted(folder.rglob("*")) == before


def test_warnings_of_ours_become_lines(folder: Path, command, monkeypatch) -> None:
    import warnings

    real = eventstudy.pipeline.run_study

    def warn(*args: object, **kwargs: object) -> object:
        warnings.warn("look\nhere", EventStudyWarning, stacklevel=1)
        warnings.warn("for developers", RuntimeWarning, stacklevel=1)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(eventstudy.pipeline, "run_study", warn)
    result = command("run", folder / "study.toml", "--json")
    assert result.err == "warning: look here\n"
    json.loads(result.out)


def test_a_file_can_not_steer_the_terminal(folder: Path, command) -> None:
    events = folder / "events.csv"
    events.write_text(events.read_text().replace("AAA", "AA\x1b[31mA"))
    result = command("run", folder / "study.toml")
    assert result.code == 2
    assert "\x1b" not in result.err


@pytest.mark.parametrize(
    ("codes", "leads"),
    [([0, 3], 3), ([3, 6], 6), ([6, 4], 4), ([4, 5], 5), ([5, 2], 2), ([2, 1], 1), ([], 0)],
)
def test_precedence_of_codes(codes: list[int], leads: int) -> None:
    assert guard.worst(codes) == leads


def test_a_reader_that_has_had_enough_is_no_fault(folder: Path) -> None:
    root = Path(guard.__file__).resolve().parents[2]
    command = f'"{sys.executable}" -c "from eventstudy.cli.app import main; main()" run study.toml'
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in result.stderr
    assert "fault" not in result.stderr
    assert result.returncode == 0


def test_the_command_in_a_process_of_its_own(folder: Path) -> None:
    (folder / "study.toml").write_text((folder / "study.toml").read_text() + "bogus = 1\n")
    result = call("run", "study.toml", "--out", "out", cwd=folder)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "study.toml, line 12, [windows] bogus" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "out").exists()


def test_a_terminal_that_knows_ascii_only(folder: Path) -> None:
    events = folder / "events.csv"
    events.write_text(events.read_text().replace("a first headline", "été 政府"), "utf-8")
    result = call("run", "study.toml", cwd=folder, PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert result.returncode == 0, result.stderr


def test_help_is_quick_because_heavy_libraries_wait(tmp_path: Path) -> None:
    code = (
        "import sys, eventstudy.cli.app; "
        "heavy = {'pandas', 'numpy', 'scipy', 'matplotlib', 'statsmodels', 'yfinance', 'rich', "
        "'pydantic', 'exchange_calendars'}; print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(guard.__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["", "run", "new", "pin", "fetch", "report", "doctor"])
def test_help_has_an_example(command, name: str) -> None:
    result = command(*([name] if name else []), "--help")
    assert result.code == 0
    assert "Example" in result.out
    assert f"eventstudy {name or 'run'}" in result.out.split("Example")[1]
