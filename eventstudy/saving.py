"""Write a result to a folder: each file whole or not at all, the same bytes for the same result."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError

if TYPE_CHECKING:
    from eventstudy.results import StudyResult

__all__ = ["check_no_input", "save_result", "settle", "write_atomic"]


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it, so that no half of it is ever seen.

    The bytes are on the disk before the name is: after a power cut the file is the old one or the
    new one, and not an empty one.
    """
    write_rows(path, iter([data]))


def write_rows(path: Path, parts: Iterator[bytes]) -> None:
    """Write a file from its parts, as :func:`write_atomic` does."""

    def write(name: Path) -> None:
        with name.open("wb") as file:
            for part in parts:
                file.write(part)

    _replace(path, write)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(name))
        with Path(name).open("rb") as file:
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def settle(folder: Path, *, files: bool = True) -> None:
    """Have the names in a folder on the disk, and before them the bytes of all files below it.

    Parameters
    ----------
    folder : Path
    files : bool
        False for the names alone.
    """
    below = sorted(folder.rglob("*")) if files else []
    for path in (p for p in below if p.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for place in (*(p for p in below if p.is_dir() and not p.is_symlink()), folder):
        # Some file systems can't sync a folder; its names are then as safe as they make them.
        with suppress(OSError):
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def check_no_input(out: Path, inputs: list[Path], names: list[str]) -> None:
    """Refuse to write over a file that the study reads.

    Raises
    ------
    InputError
        Naming the file.
    """
    taken = {p.resolve() for p in inputs}
    for name in names:
        target = out / name
        if target.resolve() in taken:
            raise InputError(
                f"--out {out} would overwrite {target}, an input of the study; name another folder"
            )


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as CSV; floats keep full precision and missing numbers are empty."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def save_result(result: StudyResult, out: Path, kind: str = "csv") -> Path:
    """Write every table and ``run.json`` of a result into ``out``.

    A table that is not made yet is written block by block, in the asked format alone.
    """
    from eventstudy.results import TABLES

    if kind not in ("csv", "parquet"):
        raise InputError(f"format '{kind}' is not known; take 'csv' or 'parquet'")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder")
    for name in TABLES:
        if kind == "csv" or result.made(name):
            write_rows(out / f"{name}.csv", _csv_parts(result, name))
        if kind == "parquet":
            _write_parquet(out / f"{name}.parquet", result.blocks(name))
    write_atomic(out / "run.json", _json_bytes(dict(result.run)))
    return out


def _csv_parts(result: StudyResult, name: str) -> Iterator[bytes]:
    from eventstudy.results import text_columns

    head = True
    for block in result.blocks(name):
        text = text_columns(block, name)
        yield text.to_csv(index=False, header=head, lineterminator="\n").encode("utf-8")
        head = False


def _write_parquet(path: Path, blocks: Iterator[pd.DataFrame]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def write(name: Path) -> None:
        writer = None
        try:
            for block in blocks:
                schema = None if writer is None else writer.schema
                table = pa.Table.from_pandas(block, schema=schema, preserve_index=False)
                if writer is None:
                    writer = pq.ParquetWriter(name, table.schema, compression="zstd")
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()

    _replace(path, write)


def _json_bytes(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")
