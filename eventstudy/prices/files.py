"""Prices from the user's own files: CSV or Parquet, wide or long, prices or returns."""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from eventstudy.errors import InputError, UnknownAssetError, nearest
from eventstudy.prices.csvfiles import read_csv
from eventstudy.prices.panel import AssetInfo, PriceKind, PricePanel
from eventstudy.prices.parquetfiles import read_parquet
from eventstudy.prices.tables import to_frame

if TYPE_CHECKING:
    from eventstudy.prices import PriceSettings

__all__ = ["load", "load_file"]

SUFFIXES = (".csv", ".parquet")
CHUNK = 1 << 20


def load_file(
    file: Path | str,
    assets: Sequence[str] = (),
    *,
    kind: PriceKind = "prices",
    columns: Mapping[str, str] | None = None,
    folder: Path | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> PricePanel:
    """Load prices or returns from a file.

    Parameters
    ----------
    file : path
        ``.csv`` or ``.parquet``; also a folder of Parquet files, or a pattern such as
        ``prices/*.parquet``. Wide: ``date``, then one column an asset; long: ``date``, ``asset``,
        ``close`` (or ``price``, ``return``, ``value``). Dates are plain, ``2022-02-15``.
    assets : sequence of str
        Columns to keep, in this order; all of them if empty.
    kind : {"prices", "returns"}
        What the numbers are; returns are simple returns in decimals.
    columns : mapping of str to str, optional
        Our name of a column (``date``, ``asset``, ``close``) -> its name in the file.
    folder : Path, optional
        Folder that a relative ``file`` is relative to.
    start, end : date or None
        First and last date, both included.

    Returns
    -------
    PricePanel
        Its dates are those on which any asset *of the file* has a price. Missing is a blank, or
        NaN, NA, N/A, null, None in a CSV. Rows may stand in any order. Zero and negative prices
        pass here.

    Raises
    ------
    InputError
        A file or column that is not there, text or infinity among the numbers, two rows of one
        date, a date that is unreadable or carries a time zone or a time of day.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "prices.csv"
    ...     _ = path.write_text("date,SP500\\n2022-02-15,4471.07\\n2022-02-14,4401.67\\n")
    ...     load_file(path, ["SP500"]).close["SP500"].tolist()
    [4401.67, 4471.07]
    """
    label = str(file)
    path = Path(file) if folder is None else folder / file
    paths = _expand(path, label)
    if paths[0].suffix.casefold() == ".csv":
        content = _bytes(paths[0], label)
        frame = _select(to_frame(read_csv(content, label, columns=columns)), assets, label)
        hashes = {label: hashlib.sha256(content).hexdigest()}
    else:
        frame = read_parquet(paths, label, assets, columns=columns)
        hashes = {_name(item, path, label): _hash(item) for item in paths}
    source = f"file {Path(label).name}"
    infos = {str(name): AssetInfo(str(name), str(name), source=source) for name in frame.columns}
    panel = PricePanel(close=frame, kind=kind, assets=infos, hashes=hashes)
    return panel.between(start, end)


def _expand(path: Path, label: str) -> list[Path]:
    """Return the files that the name stands for."""
    if path.is_dir():
        found = sorted(item for item in path.iterdir() if item.suffix == ".parquet")
        if not found:
            raise InputError(f"{label}: the folder holds no .parquet file.")
        return found
    if path.is_file():
        if path.suffix.casefold() not in SUFFIXES:
            raise InputError(f"{label}: prices are read from .csv or .parquet files.")
        return [path]
    if any(mark in label for mark in "*?["):
        found = sorted(Path(item) for item in glob.glob(str(path), recursive=True))  # noqa: PTH207
        if not found:
            raise InputError(f"{label}: no file has a name like this.")
        if any(item.suffix.casefold() != ".parquet" for item in found):
            raise InputError(f"{label}: a pattern of names may stand for .parquet files only.")
        return found
    parent = path.parent
    names = [item.name for item in parent.iterdir()] if parent.is_dir() else []
    hint = nearest(path.name, [name for name in names if Path(name).suffix in SUFFIXES])
    hint = hint if hint.startswith("; did you") else ""
    raise InputError(f"The price file '{label}' does not exist{hint}.")


def _bytes(path: Path, label: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{label}: the file can't be read ({error.strerror}).") from None


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _name(item: Path, path: Path, label: str) -> str:
    return label if item == path else f"{label}: {item.name}"


def _select(frame: pd.DataFrame, assets: Sequence[str], label: str) -> pd.DataFrame:
    known = [str(name) for name in frame.columns]
    lacking = [name for name in assets if name not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        raise UnknownAssetError(f"{label}: there is no column '{lacking[0]}'{hint}.", lacking)
    return frame[list(dict.fromkeys(assets))] if assets else frame


def load(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,
    offline: bool = False,  # noqa: ARG001 - the contract of a source
) -> PricePanel:
    """Source ``file``: see :func:`load_file`."""
    if settings.file is None:
        raise InputError("[prices] file: the source 'file' needs the name of a file.")
    kind = cast("PriceKind", settings.kind)
    columns: Mapping[str, str] = getattr(settings, "columns", {})
    return load_file(
        settings.file, assets, kind=kind, columns=columns, folder=folder, start=start, end=end
    )
