"""``eventstudy report`` as a scheduler calls it: exit codes, texts, logs, and its environment."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from small_studies import contents, make_study
from typer.testing import CliRunner, Result

from eventstudy.cli.app import app
from eventstudy.estimate import PanelRun
from eventstudy.pipeline import Stages
from eventstudy.prices.panel import PricePanel
from eventstudy.results import StudyResult
from eventstudy.schedule import JobOptions, run_job
from eventstudy.schedule.folders import locked, runs_of

COMMAND = [sys.executable, "-m", "eventstudy", "report"]
# What a study of two hundred may leave behind in resident memory, in KiB: what the allocator keeps
# is a third of it, a leak of results or of charts several times as much.
LEAK_A_STUDY = 150


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)], prog_name="eventstudy")


def test_it_says_what_it_did(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = call(study, "--out", out, "--format", "md")
    assert first.exit_code == 0
    assert "1 study: 1 new" in first.stdout
    second = call(study, "--out", out, "--format", "md")
    assert second.exit_code == 0
    assert "nothing new since report 0001-" in second.stdout
    quiet = call(study, "--out", out, "--format", "md", "--quiet")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_the_worst_study_decides_the_exit_code(study: Path, tmp_path: Path) -> None:
    out, wrong = tmp_path / "out", tmp_path / "wrong.toml"
    wrong.write_text("[event]\n")
    made = call(wrong, study, "--out", out, "--format", "md")
    assert made.exit_code == 2
    assert "1 new, 1 failed" in made.stdout
    assert f"error: {wrong}" in made.stderr
    study.with_name("events.csv").write_text(
        study.with_name("events.csv").read_text() + "zero,2021-01-06,AAA,too early\n"
    )
    left = call(study, "--out", out, "--format", "md")
    assert left.exit_code == 3
    assert "1 left out" in left.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--format", "doc"], ["--as-of", "yesterday"], ["--family", "all"], ["--keep", "0"]],
)
def test_a_wrong_option_leaves_nothing(arguments: list[str], study: Path, tmp_path: Path) -> None:
    made = call(study, "--out", tmp_path / "out", *arguments)
    assert made.exit_code == 2
    assert made.stderr.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_locked_is_five(study: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "out"):
        assert call(study, "--out", tmp_path / "out").exit_code == 5


def test_json_and_logs(study: Path, tmp_path: Path) -> None:
    made = call(study, tmp_path / "no.toml", "--out", tmp_path / "out", "--format", "md",
                "--json", "--log-json")  # fmt: skip
    told = json.loads(made.stdout)
    assert told["code"] == made.exit_code == 2
    assert [s["status"] for s in told["studies"]] == ["new", "failed"]
    lines = [json.loads(line) for line in made.stderr.splitlines()]
    assert [(e["event"], e["level"]) for e in lines if e["study"] == str(study)] == [
        ("study_started", "info"),
        ("study_done", "info"),
    ]
    assert {"time", "name"} <= set(lines[0])
    assert [e["level"] for e in lines if e["study"].endswith("no.toml")] == ["error"]


def test_a_fault_of_ours_stays_with_its_study(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import eventstudy.schedule.job as job

    real, other = job.see, make_study(tmp_path / "other", "other")

    def broken(made: object, *args: object, **options: object) -> object:
        if made.study.name == "small":  # type: ignore[attr-defined]
            raise ZeroDivisionError("a fault")
        return real(made, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "see", broken)
    made = call(study, other, "--out", tmp_path / "out", "--format", "md")
    assert made.exit_code == 1
    assert "fault in the program: ZeroDivisionError" in made.stderr
    assert "Traceback" not in made.stderr
    assert runs_of(tmp_path / "out" / "other")


def test_hash_seed_and_zone_change_no_byte(study: Path, tmp_path: Path) -> None:
    running = []
    for name, seed, zone in (("a", "1", "Pacific/Kiritimati"), ("b", "2", "America/Anchorage")):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        command = [*COMMAND, study, "--out", tmp_path / name, "--format", "html,xlsx,tex"]
        running.append(subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL))
    assert [p.wait() for p in running] == [0, 0]
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def in_child(work: Callable[[], object]) -> Any:
    """Do some work in a child, where nothing of other tests lives; return what it returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        gc.freeze()  # what the parent has is not counted
        try:
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    data = b""
    while part := os.read(reader, 65536):
        data += part
    os.waitpid(child, 0)
    return json.loads(data)


def many(tmp_path: Path, count: int, family: str, kind: str, measure: Callable[[], object]) -> Any:
    """Run many studies in a child; return a measure before and after each, and how many are new."""
    studies = [make_study(tmp_path / f"s{i}", f"s{i}") for i in range(count)]

    def work() -> object:
        before, seen = measure(), list[object]()

        def tell(event: dict[str, object]) -> None:
            if event["event"] == "study_done":
                seen.append(measure())

        outcomes = run_job(studies, JobOptions(tmp_path / "out", (kind,), family=family), tell=tell)
        return before, seen, sum(o.status == "new" for o in outcomes)

    return in_child(work)


def living() -> dict[str, int]:
    """Count the objects that hold the memory of a study, once what is unreachable is gone."""
    gc.collect()
    heavy = (StudyResult, Stages, PanelRun, PricePanel, pd.DataFrame, Figure)
    names = [type(o).__name__ for o in gc.get_objects() if isinstance(o, heavy)]
    return dict(Counter(names))


def resident() -> int:
    """Return the resident memory of this process in KiB."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize() // 1024


@pytest.mark.parametrize(("family", "kind", "count"), [("study", "md", 5), ("call", "html", 2)])
def test_a_study_that_is_done_leaves_no_tables(
    family: str, kind: str, count: int, tmp_path: Path
) -> None:
    before, seen, new = many(tmp_path, count, family, kind, living)
    assert new == len(seen) == count
    assert seen == [before] * count
    index = (tmp_path / "out" / "index.html").read_text()
    assert index.count('<th scope="row">') == count


@pytest.mark.slow
@pytest.mark.parametrize("family", ["study", "call"])
def test_two_hundred_studies_in_one_call(family: str, tmp_path: Path) -> None:
    _, seen, new = many(tmp_path, 200, family, "html", resident)
    assert new == 200
    assert (seen[-1] - seen[40]) / (len(seen) - 41) < LEAK_A_STUDY


@pytest.mark.slow
def test_two_schedulers_at_once(tmp_path: Path) -> None:
    studies = [make_study(tmp_path / f"s{i}", f"s{i}") for i in range(6)]
    command = [*COMMAND, *studies, "--out", tmp_path / "out", "--format", "md"]
    pair = [subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for _ in range(2)]  # fmt: skip
    assert sorted(p.wait() for p in pair) == [0, 5]


@pytest.mark.slow
def test_the_command_is_killed_and_run_again(study: Path, tmp_path: Path) -> None:
    command = [*COMMAND, study, "--out", tmp_path / "out", "--format", "html,pdf,xlsx"]
    for seconds in (1.5, 3.0, 4.5, 6.0):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert len(runs_of(tmp_path / "out" / "small")) == 1
