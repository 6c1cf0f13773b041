"""Whatever kills the job, the last good report is whole, and the next run completes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from small_studies import make_study

import eventstudy as es
from eventstudy.schedule import JobOptions, Outcome, run_job
from eventstudy.schedule.folders import read_state, runs_of

EARLY = date(2021, 3, 17)
KILLS = 50
# What the job does to the disk: an event of sys.addaudithook, and a part of its path.
MOMENTS = {
    "a table is written": ("os.rename", "/windows.csv"),
    "the report is written": ("os.rename", "/report.md"),
    "the run is renamed": ("os.rename", "small.run"),
    "latest is made": ("os.symlink", "latest"),
    "latest moves": ("os.rename", "latest"),
    "the old run is hidden": ("os.rename", "0001-"),
    "the old run goes": ("shutil.rmtree", ".old-"),
    "the index is written": ("os.rename", "index.html"),
    "the summary is written": ("os.rename", "summary.json"),
}


def in_child(out: Path, study: Path, die_at: tuple[str, str] | None, **more: object) -> int:
    """Run the job in a child that shares what is imported; return its process id."""
    if child := os.fork():
        return child
    code = 1

    def die(event: str, arguments: tuple[object, ...]) -> None:
        if die_at and event == die_at[0] and any(die_at[1] in str(a) for a in arguments[:2]):
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(die)
        run_job([study], JobOptions(out, **more))  # type: ignore[arg-type]
        code = 0
    finally:
        os._exit(code)


def whole(run: Path, report: str = "report.md") -> None:
    """A run that can be seen has all its files, and they can be read."""
    state = read_state(run)
    assert set(state["files"]) <= {p.name for p in run.iterdir()}
    text = (run / report).read_text(encoding="utf-8").rstrip()
    assert text.endswith("</html>") or report.endswith(".md")
    es.load(run)


def nothing_is_left_over(out: Path, after: Outcome) -> None:
    """The last run stands, ``latest`` names it, and no working file is there."""
    assert after.status in ("new", "unchanged")
    assert (out / "small" / "latest").resolve().name == Path(after.run).name
    assert {p.name for p in out.iterdir()} == {".lock", "index.html", "summary.json", "small"}
    assert not [p for p in (out / "small").iterdir() if p.name.startswith(".")]
    assert Path(after.run).name in (out / "index.html").read_text()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study, and a folder with its first report."""
    folder = tmp_path_factory.mktemp("begun")
    study = make_study(folder / "in")
    run_job([study], JobOptions(folder / "out", ("md",), as_of=EARLY))
    return study, folder / "out"


@pytest.mark.parametrize("moment", MOMENTS)
def test_death_at_each_step(moment: str, begun: tuple[Path, Path], tmp_path: Path) -> None:
    study, before = begun
    out = tmp_path / "out"
    shutil.copytree(before, out, symlinks=True)
    child = in_child(out, study, MOMENTS[moment], formats=("md",), keep=1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert runs_of(out / "small")
    for run in runs_of(out / "small"):
        whole(run)
    assert (out / "small" / "latest").is_symlink()
    whole(out / "small" / "latest")
    (after,) = run_job([study], JobOptions(out, ("md",), keep=1))
    nothing_is_left_over(out, after)
    assert [r.name for r in runs_of(out / "small")] == [Path(after.run).name]


@pytest.mark.slow
def test_fifty_kills_at_random(tmp_path: Path) -> None:
    study, out = make_study(tmp_path / "in"), tmp_path / "out"
    rng = random.Random(20220215)
    for day in (date(2021, 3, 15), date(2021, 3, 16)):  # the first one pays for the imports
        began = time.perf_counter()
        run_job([study], JobOptions(out, as_of=day))
        usual = time.perf_counter() - began
    days = [date(2021, 5, 18), date(2021, 5, 19), date(2021, 5, 20), EARLY]
    died = 0
    for i in range(KILLS):
        last = runs_of(out / "small")[-1]
        child = in_child(out, study, None, as_of=days[i % len(days)], keep=2)
        # Most of the harm can be done at the end, where files are written and renamed.
        time.sleep(rng.uniform(0.1, 1.2) * usual)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        died += os.WIFSIGNALED(status)
        for run in runs_of(out / "small"):
            whole(run, "report.html")
        assert int(runs_of(out / "small")[-1].name[:4]) >= int(last.name[:4])
        assert (out / "small" / "latest").is_symlink()
        whole(out / "small" / "latest", "report.html")
    assert died
    (after,) = run_job([study], JobOptions(out))
    nothing_is_left_over(out, after)
