"""Read headlines from files and frames into one validated catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.errors import InputError, nearest
from eventstudy.events.catalogue import Catalogue, Record, build_catalogue
from eventstudy.events.feeds import TIMEOUT, feed_file_records, feed_records, fetch, is_address
from eventstudy.events.icalendars import calendar_records
from eventstudy.events.text_formats import csv_records, json_records, lines_records, toml_records
from eventstudy.events.wholesale import WHOLESALE_FROM, catalogue_from_columns

__all__ = ["FORMATS", "frame_records", "read_catalogue"]


def read_catalogue(
    source: str | Path | pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Catalogue:
    """Read a catalogue of headlines.

    Parameters
    ----------
    source : path, DataFrame or sequence of mappings
        A ``.csv``, ``.toml`` (``[[events]]`` or ``[[events.list]]``), ``.json``, ``.jsonl``,
        ``.xlsx`` or ``.parquet`` file; iCalendar (``.ics``); RSS or Atom (``.rss``, ``.atom``,
        ``.xml``), also by its address, ``https://...``; a frame; or rows.
    timezone : str, optional
        Zone of the tz database for instants that carry no offset.
    columns : mapping, optional
        Our name of a column -> its name in the source, e.g. ``{"timestamp": "date"}``.
    timeout : float
        Seconds that an address may take to answer.

    Returns
    -------
    Catalogue
        Rows in the order of the source. Where there is no column ``event_id``, ids are ``1..n``.

    Raises
    ------
    InputError
        If the source cannot be read, is empty, lacks a column, or any row is wrong; every bad row
        is reported at once, with file and line. An instant without an offset is an error unless
        ``timezone`` is given; so is a local time that daylight saving skips or repeats.
    SourceError
        If an address is out of reach.

    Notes
    -----
    In a frame or a Parquet file a column of naive timestamps that all stand at midnight holds
    bare dates. In a spreadsheet the cell's number format tells a date from an instant.

    Examples
    --------
    >>> read_catalogue([{"event_id": "a", "timestamp": "2022-02-15T08:00Z"}]).frame.loc[0, "asset"]
    ''
    """
    if isinstance(source, pd.DataFrame):
        if len(source) >= WHOLESALE_FROM:
            whole = catalogue_from_columns(source, origin="frame", columns=columns)
            if whole is not None:
                return whole
        records, origin = frame_records(source, "frame"), "frame"
    elif isinstance(source, str) and is_address(source):
        records, origin = feed_records(fetch(source, timeout=timeout), source), source
    elif isinstance(source, str | Path):
        path = Path(source)
        records, origin = _file_records(path), path.name
    else:
        records, origin = _table_records(source), "[[events.list]]"
    return build_catalogue(records, origin=origin, timezone=timezone, columns=columns)


def _file_records(path: Path) -> list[Record]:
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        hint = nearest(path.suffix.lower(), FORMATS)
        raise InputError(f"{path}: a catalogue of kind {path.suffix!r} is not known{hint}")
    if not path.exists():
        folder = path.parent
        beside = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        hint = nearest(path.name, beside)
        raise InputError(f"{path}: there is no such file{hint if hint.startswith('; did') else ''}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give a file of events")
    try:
        return reader(path)
    except OSError as err:
        raise InputError(f"{path}: cannot be read ({err.strerror or err})") from None


def _table_records(rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    records = []
    for number, row in enumerate(rows, start=1):
        where = f"[[events.list]], entry {number}"
        if not isinstance(row, Mapping):
            raise InputError(f"{where}: a table of an event is needed, not {row!r}")
        records.append(Record(dict(row), where, number))
    return records


def frame_records(frame: pd.DataFrame, origin: str) -> list[Record]:
    """Return the rows of a frame as records; ``origin`` says where they stand."""
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise InputError(f"{origin}: the column {repeated[0]!r} stands twice")
    named = frame.copy(deep=False)
    named.columns = [str(name) for name in frame.columns]
    for name in named.columns:
        if _bare_dates(named[name]):
            named[name] = named[name].dt.date
    names = list(named.columns)
    values = zip(*(named[name].tolist() for name in names), strict=True) if names else iter(())
    return [
        Record(dict(zip(names, row, strict=True)), f"{origin}, row {number}", number)
        for number, row in enumerate(values, start=1)
    ]


def _bare_dates(column: pd.Series[Any]) -> bool:
    if not pd.api.types.is_datetime64_dtype(column.dtype):
        return False
    known = column.dropna()
    return bool((known == known.dt.normalize()).all())


def _parquet_records(path: Path) -> list[Record]:
    try:
        frame = pd.read_parquet(path)
        # Text that is no UTF-8 shows itself only when it is looked at.
        return frame_records(frame.reset_index(drop=frame.index.name is None), path.name)
    except InputError:
        raise
    except OSError as err:
        if err.errno is not None:
            raise
        raise InputError(f"{path}: is no Parquet file that can be read ({_short(err)})") from None
    except Exception as err:  # a damaged file breaks the library in any place
        raise InputError(f"{path}: is no Parquet file that can be read ({_short(err)})") from None


def _excel_records(path: Path) -> list[Record]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows()]
        finally:
            book.close()
    except OSError:
        raise
    except Exception as err:  # a damaged workbook breaks the library in any place
        raise InputError(f"{path}: is no workbook that can be read ({_short(err)})") from None
    filled = [(n, row) for n, row in enumerate(rows, start=1) if any(v is not None for v in row)]
    if not filled:
        raise InputError(f"{path}: the first sheet is empty")
    first, head = filled[0]
    header = ["" if name is None else str(name).strip() for name in head]
    named = [name for name in header if name]
    for name in named:
        if named.count(name) > 1:
            raise InputError(f"{path}, row {first}: the column {name!r} stands twice")
    return [
        Record(
            {k: v for k, v in zip(header, row, strict=False) if k},
            f"{path.name}, row {n}",
            n,
        )
        for n, row in filled[1:]
    ]


def _cell(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, dt.datetime) and "h" not in str(cell.number_format).lower():
        return value.date()
    return value


def _short(err: BaseException) -> str:
    return str(err).splitlines()[0][:120] if str(err) else type(err).__name__


#: Ending of a file's name -> what reads it.
FORMATS: dict[str, Callable[[Path], list[Record]]] = {
    ".csv": csv_records,
    ".toml": toml_records,
    ".json": json_records,
    ".jsonl": lines_records,
    ".ndjson": lines_records,
    ".xlsx": _excel_records,
    ".parquet": _parquet_records,
    ".ics": calendar_records,
    ".rss": feed_file_records,
    ".atom": feed_file_records,
    ".xml": feed_file_records,
}
