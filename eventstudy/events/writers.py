"""Write a catalogue in any format that is read, but feeds: the bytes, for whoever keeps files."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError, nearest
from eventstudy.events.catalogue import COLUMNS, Catalogue
from eventstudy.events.icalendars import calendar_bytes

__all__ = ["WRITERS", "catalogue_bytes", "catalogue_rows", "writer_for"]

Row = dict[str, Any]
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ALWAYS = ("event_id", "timestamp", "asset", "headline")


def catalogue_rows(catalogue: Catalogue) -> list[Row]:
    """Return a catalogue as rows of plain values, as the readers take them.

    Returns
    -------
    list of dict
        ``timestamp`` as ISO 8601 in UTC or a bare date; what is empty is left out, but event_id,
        timestamp, asset and headline, which always stand.

    Examples
    --------
    >>> from eventstudy.events import read_catalogue
    >>> rows = [{"timestamp": "2022-02-15T09:00+01:00", "uncertainty_minutes": 25}]
    >>> catalogue_rows(read_catalogue(rows))[0]["timestamp"]
    '2022-02-15T08:00:00Z'
    """
    frame = catalogue.frame
    own = set(COLUMNS) | {"date", "line"}
    extras = [str(name) for name in frame.columns if name not in own]
    out = []
    for raw in frame.to_dict(orient="records"):
        row = {str(name): value for name, value in raw.items()}
        values = {name: _plain(row[name]) for name in (*COLUMNS, *extras) if name != "timestamp"}
        values["timestamp"] = _stamp(row)
        if values["uncertainty_minutes"] == 0:
            values["uncertainty_minutes"] = ""
        kept = {n: values[n] for n in (*COLUMNS, *extras) if n in _ALWAYS or values[n] != ""}
        out.append(kept)
    return out


def _stamp(row: Row) -> str:
    moment = row["timestamp"]
    if moment is pd.NaT:
        return f"{row['date']:%Y-%m-%d}"
    fraction = "microseconds" if moment.microsecond else "seconds"
    return str(moment.tz_convert(None).isoformat(timespec=fraction)) + "Z"


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value


def _columns(rows: list[Row]) -> list[str]:
    given = {name for row in rows for name in row}
    extras = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    return [name for name in COLUMNS if name in given] + list(extras)


def _table(rows: list[Row]) -> pd.DataFrame:
    names = _columns(rows)
    return pd.DataFrame([[row.get(n, "") for n in names] for row in rows], columns=names)


def _csv(rows: list[Row]) -> bytes:
    return _table(rows).to_csv(index=False, lineterminator="\n").encode("utf-8")


def _json(rows: list[Row]) -> bytes:
    text = json.dumps({"events": rows}, ensure_ascii=False, indent=1, default=str)
    return (text + "\n").encode("utf-8")


def _lines(rows: list[Row]) -> bytes:
    return "".join(
        json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows
    ).encode("utf-8")  # fmt: skip


def _toml(rows: list[Row]) -> bytes:
    blocks = []
    for row in rows:
        pairs = [f"{_key(name)} = {_value(value)}" for name, value in row.items()]
        blocks.append("\n".join(["[[events]]", *pairs]) + "\n")
    return "\n".join(blocks).encode("utf-8")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    # TOML takes JSON's escapes; it wants one more.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else _text(str(value))


def _excel(rows: list[Row]) -> bytes:
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    names = _columns(rows)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "events"
    try:
        sheet.append(names)
        for row in rows:
            sheet.append([_cell(row.get(name)) for name in names])
    except IllegalCharacterError:
        raise InputError(
            "a text holds a control character, which a workbook cannot; write .csv or .json"
        ) from None
    for cells in sheet.iter_rows():
        for cell in cells:
            # A headline that begins with "=" is no formula.
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _cell(value: Any) -> Any:
    return None if value in ("", None) else value if isinstance(value, int | float) else str(value)


def _parquet(rows: list[Row]) -> bytes:
    table = _table(rows)
    for name in table.columns:
        kinds = {type(v) for v in table[name] if not (isinstance(v, str) and v == "")}
        if kinds and kinds <= {int, float}:
            table[name] = [math.nan if v == "" else float(v) for v in table[name]]
        else:
            table[name] = [str(v) for v in table[name]]
    sink = io.BytesIO()
    table.to_parquet(sink, index=False)
    return sink.getvalue()


def _calendar(rows: list[Row]) -> bytes:
    return calendar_bytes(_table(rows))


#: Ending of a file's name -> what makes its bytes.
WRITERS: dict[str, Callable[[list[Row]], bytes]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".toml": _toml,
    ".xlsx": _excel,
    ".parquet": _parquet,
    ".ics": _calendar,
}


def writer_for(path: Path) -> Callable[[list[Row]], bytes]:
    """Return what writes files of this ending.

    Raises
    ------
    InputError
        For an ending that is not written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise InputError(
            f"{path}: a catalogue is not written as {suffix or 'a file without an ending'!r}"
            f"{nearest(suffix, WRITERS)}"
        )
    return WRITERS[suffix]


def catalogue_bytes(catalogue: Catalogue, path: Path) -> bytes:
    """Return the bytes of a catalogue in the format that a file's name says."""
    return writer_for(path)(catalogue_rows(catalogue))
