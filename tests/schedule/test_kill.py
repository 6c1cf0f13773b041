"""Whatever kills the job, the last good report is whole, and the next run completes."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import date
from pathlib import Path

import pytest
from small_studies import make_study

import eventstudy as es
from eventstudy.schedule import JobOptions, run_job
from eventstudy.schedule.folders import read_state, runs_of

FORMATS = ("html",)


def in_child(out: Path, study: Path, as_of: date) -> int:
    """Run the job in a child that shares what is imported; return its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        run_job([study], JobOptions(out, FORMATS, as_of=as_of, keep=2))
        code = 0
    finally:
        os._exit(code)


def whole(run: Path) -> None:
    """A run that can be seen has all its files, and they can be read."""
    state = read_state(run)
    assert set(state["files"]) <= {p.name for p in run.iterdir()}
    assert (run / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    es.load(run)


def kills(tmp_path: Path, count: int) -> None:
    study = make_study(tmp_path / "in")
    out = tmp_path / "out"
    rng = random.Random(20220215)
    begun = time.perf_counter()
    run_job([study], JobOptions(out, FORMATS, as_of=date(2021, 3, 16)))
    usual = time.perf_counter() - begun
    days = [date(2021, 5, 18), date(2021, 5, 19), date(2021, 5, 20), date(2021, 3, 17)]
    died = 0
    for i in range(count):
        last = runs_of(out / "small")[-1]
        child = in_child(out, study, days[i % len(days)])
        # Most of the harm can be done at the end, where files are written and renamed.
        time.sleep(rng.uniform(0.1, 1.2) * usual)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        died += os.WIFSIGNALED(status)
        for run in runs_of(out / "small"):
            whole(run)
        assert int(runs_of(out / "small")[-1].name[:4]) >= int(last.name[:4])
        latest = out / "small" / "latest"
        assert latest.is_symlink()
        whole(latest)
    assert died
    (after,) = run_job([study], JobOptions(out, FORMATS))
    assert after.status == "new"
    assert (out / "small" / "latest").resolve().name == Path(after.run).name
    assert {p.name for p in out.iterdir()} == {".lock", "index.html", "summary.json", "small"}
    assert not [p for p in (out / "small").iterdir() if p.name.startswith(".")]


def test_a_few_kills(tmp_path: Path) -> None:
    kills(tmp_path, 4)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    kills(tmp_path, 50)


@pytest.mark.parametrize("moment", ["rename", "symlink", "prune"])
def test_death_between_two_steps(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of publishing one by one: the run is renamed, latest moves, old ones go."""
    study, out = make_study(tmp_path / "in"), tmp_path / "out"
    run_job([study], JobOptions(out, ("md",), as_of=date(2021, 3, 17)))
    child = os.fork()
    if not child:

        def die(*args: object, **options: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        target = {"rename": ("rename", Path), "symlink": ("symlink_to", Path)}.get(moment)
        if target is None:
            import eventstudy.schedule.folders as folders

            folders.shutil.rmtree = die  # type: ignore[assignment]
        else:
            setattr(target[1], target[0], die)
        run_job([study], JobOptions(out, ("md",), keep=1))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    for run in runs_of(out / "small"):
        assert set(read_state(run)["files"]) <= {p.name for p in run.iterdir()}
    (after,) = run_job([study], JobOptions(out, ("md",), keep=1))
    assert after.status in ("new", "unchanged")
    runs = runs_of(out / "small")
    assert [r.name for r in runs] == [Path(after.run).name]
    assert (out / "small" / "latest").resolve() == runs[0].resolve()
