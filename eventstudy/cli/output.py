"""What a command writes: JSON, progress, and a folder of files that is whole or not there."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "fill_folder", "print_json", "progress"]

Progress = Callable[[str, int, int], None]


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout; it holds ASCII only, so that any terminal takes it."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")


def console(*, stderr: bool = False) -> Console:
    """Return a console; text that is no markup stays as it is."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the command, which knows that this is no fault."""
            raise BrokenPipeError

    return Plain(stderr=stderr, markup=False, highlight=False, emoji=False)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Give a progress bar on stderr when it is a terminal, else None."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from eventstudy.progressbar import progress as shown

    with shown(show=True) as bar:
        yield bar.stage


def fill_folder(out: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` fill a folder beside ``out``, then move its files into place.

    A fault while writing leaves ``out`` as it was, and not even made where it did not exist.

    Raises
    ------
    InputError
        Where the folder can't be written to.
    """
    from eventstudy.saving import settle

    target = out.resolve()
    try:
        made = _make_parents(target.parent)
        beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise InputError(f"--out {out} can't be written to: {error.strerror}") from None
    done = False
    try:
        write(beside)
        settle(beside)
        _move(beside, target)
        done = True
    except OSError as error:
        raise InputError(f"--out {out} can't be written to: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        for folder in () if done else made:
            if not any(folder.iterdir()):
                folder.rmdir()


def _make_parents(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the new ones, deepest first."""
    new = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return new


def _move(source: Path, target: Path) -> None:
    """Rename a folder into place, or its files one by one where the place is taken."""
    if not target.exists():
        umask = os.umask(0)
        os.umask(umask)
        source.chmod(0o777 & ~umask)
        source.replace(target)
        return
    files = sorted(p for p in source.rglob("*") if p.is_file())
    places = [target / p.relative_to(source) for p in files]
    for place in places:
        if place.is_dir():
            raise IsADirectoryError(0, f"{place} is a folder")
        place.parent.mkdir(parents=True, exist_ok=True)
    for path, place in zip(files, places, strict=True):
        path.replace(place)
