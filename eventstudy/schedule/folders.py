"""Where reports are kept: a folder a study, in it a folder a run, and ``latest``.

A run is written to a working folder and renamed into place, and ``latest`` moves after that; so
whatever kills the process, every run that can be seen is whole. Its bytes are on the disk before
the rename, and the rename before old runs go, so that this holds for a power cut as well. The
newest run is the one with the highest number, not the one that ``latest`` names: a kill between the
two is mended by the next run.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from eventstudy.errors import InputError, LockedError
from eventstudy.saving import settle, write_atomic

__all__ = [
    "INDEX",
    "LATEST",
    "STATE",
    "SUMMARY",
    "WORK",
    "json_bytes",
    "locked",
    "newest",
    "prune",
    "publish",
    "read_state",
    "runs_of",
    "slug_of",
    "write_if_changed",
]

INDEX, SUMMARY, STATE, LATEST, LOCK = "index.html", "summary.json", "state.json", "latest", ".lock"
WORK = ".work"
_RUN = re.compile(r"(\d{4,})-[0-9a-f]{8}")


def slug_of(name: str) -> str:
    """Return the folder's name of a study; names that look alike stay apart.

    Examples
    --------
    >>> slug_of("partial-withdrawal"), slug_of("../a b")
    ('partial-withdrawal', 'a-b-2c2c791a')
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    if safe == name and safe.casefold() not in (INDEX, SUMMARY):
        return safe
    return f"{safe or 'study'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the lock of an output folder; what a run leaves empty is taken away again.

    Raises
    ------
    LockedError
        At once, if another process holds it.
    InputError
        If the folder can't be written to.
    """
    from filelock import FileLock, Timeout

    made = [f for f in (out, *out.parents) if not f.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"another run holds the lock {out / LOCK}; wait until it is done"
        ) from None
    except OSError as error:
        raise InputError(f"--out {out} can't be written to: {error.strerror or error}") from None
    try:
        shutil.rmtree(out / WORK, ignore_errors=True)
        yield
    finally:
        shutil.rmtree(out / WORK, ignore_errors=True)
        if made and {p.name for p in out.iterdir()} <= {LOCK}:
            (out / LOCK).unlink(missing_ok=True)
        lock.release()
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def runs_of(folder: Path) -> list[Path]:
    """Return the runs of a study, the oldest first."""
    if not folder.is_dir():
        return []
    found = [
        (int(m.group(1)), p)
        for p in folder.iterdir()
        if (m := _RUN.fullmatch(p.name)) and p.is_dir()
    ]
    return [p for _, p in sorted(found)]


def newest(folder: Path) -> Path | None:
    """Return the newest run of a study, and have ``latest`` name it if it does not."""
    runs = runs_of(folder)
    if not runs:
        return None
    if _target(folder) != runs[-1].name:
        _point(folder, runs[-1].name)
    return runs[-1]


def read_state(run: Path | None) -> dict[str, Any]:
    """Return what a run says of itself; nothing where it can't be read."""
    if run is None:
        return {}
    try:
        state = json.loads((run / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def publish(work: Path, folder: Path, identity: str) -> Path:
    """Rename a finished working folder into place, then move ``latest``.

    Parameters
    ----------
    work : Path
        On the same file system as ``folder``.
    folder : Path
        Of the study.
    identity : str
        Hexadecimal; its first letters are part of the run's name.

    Returns
    -------
    Path
        The run.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, and the reports of a study need a folder there")
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    runs = runs_of(folder)
    number = int(runs[-1].name.split("-")[0]) + 1 if runs else 1
    run = folder / f"{number:04d}-{identity[:8]}"
    settle(work)
    work.rename(run)
    _point(folder, run.name)
    settle(folder, files=False)
    if new:
        settle(folder.parent, files=False)
    return run


def _target(folder: Path) -> str:
    latest = folder / LATEST
    if latest.is_symlink():
        return str(latest.readlink())
    with suppress(OSError):
        return latest.read_text(encoding="utf-8").strip()
    return ""


def _point(folder: Path, name: str) -> None:
    """Have ``latest`` name a run: a link, or a file with the name where there are no links."""
    beside = folder / f".{LATEST}"
    beside.unlink(missing_ok=True)
    try:
        beside.symlink_to(name, target_is_directory=True)
    except OSError:
        write_atomic(folder / LATEST, f"{name}\n".encode())
        return
    beside.replace(folder / LATEST)


def prune(folder: Path, keep: int | None) -> list[str]:
    """Take away all but the newest ``keep`` runs of a study; return the names of those."""
    old = runs_of(folder)[:-keep] if keep else []
    for run in old:
        # Out of sight first: a kill in between must not leave half a run to be seen.
        hidden = folder / f".old-{run.name}"
        run.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    if folder.is_dir():
        for rest in folder.glob(".old-*"):
            shutil.rmtree(rest, ignore_errors=True)
    return [run.name for run in old]


def json_bytes(value: object) -> bytes:
    """Return JSON that a person can read and whose bytes repeat."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write a file unless it holds these bytes already; say whether it was written."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return False
    write_atomic(path, data)
    return True
