"""What is on the disk when: a power cut leaves whole runs, since bytes go before names.

No power is cut here; the calls that reach the disk are written down in their order.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eventstudy.saving import settle, write_atomic
from eventstudy.schedule.folders import INDEX, LATEST, SUMMARY, publish, runs_of


class Diary:
    """Notes what is synced, under the name it has then, and what is renamed to what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[tuple[str, Path]] = []
        sync, replace, rename = os.fsync, os.replace, os.rename

        def note(kind: str, path: object) -> None:
            self.lines.append((kind, Path(str(path))))

        def fsync(handle: int) -> None:
            note("sync", Path(f"/proc/self/fd/{handle}").readlink())
            sync(handle)

        def moved(act: object) -> object:
            def call(source: object, target: object, **how: object) -> None:
                note("from", source)
                note("to", target)
                act(source, target, **how)  # type: ignore[operator]

            return call

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", moved(replace))
        monkeypatch.setattr(os, "rename", moved(rename))

    def at(self, kind: str, path: Path) -> int:
        return self.lines.index((kind, path))


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="reads the names of open files from /proc"
)


def test_a_file_is_on_the_disk_before_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(monkeypatch)
    write_atomic(tmp_path / "a.csv", b"data")
    (kind, beside), source, target = diary.lines
    assert kind == "sync"
    assert source == ("from", beside)
    assert target == ("to", tmp_path / "a.csv")


def test_a_disk_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomic(tmp_path / "a.csv", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(tmp_path / "a.csv", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"old"
    with pytest.raises(OSError, match="No space"):
        settle(tmp_path)


def test_a_run_is_on_the_disk_before_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    (work / "charts").mkdir(parents=True)
    files = [work / "state.json", work / "charts" / "a.svg"]
    for file in files:
        file.write_bytes(b"x")
    diary = Diary(monkeypatch)
    study = tmp_path / "study"
    run = publish(work, study, "0123456789")
    seen = diary.at("to", run)
    for path in (*files, work / "charts", work):
        assert diary.at("sync", path) < seen
    named = diary.at("to", study / LATEST)
    assert seen < named < diary.at("sync", study) < diary.at("sync", tmp_path)


def test_the_job_syncs_every_file_it_leaves(
    study: Path, job: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(monkeypatch)
    (outcome,) = job(study, keep=1)  # type: ignore[operator]
    assert outcome.status == "new"
    (run,) = runs_of(tmp_path / "out" / "small")
    renamed = diary.at("to", run)
    source = diary.lines[renamed - 1][1]
    for file in run.iterdir():
        assert diary.at("sync", source / file.name) < renamed
    for name in (INDEX, SUMMARY):
        assert diary.at("to", tmp_path / "out" / name) > renamed
