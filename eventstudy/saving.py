"""Write a result to a folder: each file whole or not at all, the same bytes for the same result."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError

if TYPE_CHECKING:
    from eventstudy.results import StudyResult

__all__ = ["check_no_input", "save_result", "write_atomic"]


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it, so that no half of it is ever seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
    """Write every table and ``run.json`` of a result into ``out``."""
    from eventstudy.results import text_columns

    if kind not in ("csv", "parquet"):
        raise InputError(f"format '{kind}' is not known; take 'csv' or 'parquet'")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder")
    for name, frame in result.tables().items():
        write_atomic(out / f"{name}.csv", csv_bytes(text_columns(frame, name)))
        if kind == "parquet":
            write_atomic(out / f"{name}.parquet", _parquet_bytes(frame))
    write_atomic(out / "run.json", _json_bytes(dict(result.run)))
    return out


def _parquet_bytes(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _json_bytes(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")
