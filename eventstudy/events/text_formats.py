"""Readers of CSV, TOML, JSON and JSON Lines that keep the line of every row."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventstudy.errors import InputError
from eventstudy.events.catalogue import Record

__all__ = ["csv_records", "json_records", "lines_records", "read_text", "toml_records"]

_TABLE = re.compile(r"^[ \t]*\[\[\s*events\s*(?:\.\s*list\s*)?\]\]", re.MULTILINE)
_EVENTS_KEY = re.compile(r'"events"\s*:\s*\[')
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    """Return a file's text: UTF-8 with or without a mark, or UTF-16 with one.

    Raises
    ------
    InputError
        If the bytes are no such text, or there is nothing in it; names the line.
    """
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith(_UTF16) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as err:
        line = raw.count(b"\n", 0, err.start) + 1
        raise InputError(
            f"{path}, line {line}: byte {err.start} is no {encoding.removesuffix('-sig')}; save "
            "the file as UTF-8"
        ) from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{path}, line {line}: a NUL character; this is no text file")
    return text


def csv_records(path: Path) -> list[Record]:
    """Read a CSV file with a header, separated by commas (or semicolons or tabs)."""
    text = read_text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows = _numbered(lines, path)
    first, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    _check_header(names, path, first)
    faults: list[str] = []
    records = []
    for line, row in rows:
        if len(row) != len(names):
            faults.append(
                f"{path.name}, line {line}: {len(row)} fields where the header has {len(names)}; "
                "a text that holds the separator needs quotes"
            )
        else:
            values = dict(zip(names, row, strict=True))
            records.append(Record(values, f"{path.name}, line {line}", line))
    if faults:
        raise InputError("\n".join(faults[:50]))
    return records


def _numbered(lines: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, also where quoted text runs over lines."""
    begin = 1
    while True:
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as err:
            raise InputError(f"{path}, line {begin}: {err}") from None
        if any(field.strip() for field in row):
            yield begin, row
        begin = lines.line_num + 1


def _delimiter(text: str) -> str:
    head = text.lstrip().splitlines()[0]
    counts = {mark: head.count(mark) for mark in (",", ";", "\t")}
    return max(counts, key=lambda mark: counts[mark])


def _check_header(names: list[str], path: Path, line: int) -> None:
    for name in names:
        if not name:
            raise InputError(f"{path}, line {line}: a column has no name")
        if names.count(name) > 1:
            raise InputError(f"{path}, line {line}: the column {name!r} stands twice")


def toml_records(path: Path) -> list[Record]:
    """Read ``[[events]]`` or ``[[events.list]]`` tables of a TOML file."""
    text = read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise InputError(f"{path}: {err}") from None
    entries = data.get("events")
    if isinstance(entries, dict):
        entries = entries.get("list")
    if not isinstance(entries, list):
        raise InputError(f"{path}: there are no [[events]] tables in it")
    starts = [text.count("\n", 0, m.start()) + 1 for m in _TABLE.finditer(text)]
    return _entries(entries, starts, path)


def json_records(path: Path) -> list[Record]:
    """Read a JSON list of events, or an object with a list under ``events``."""
    text = read_text(path)
    try:
        data = json.loads(text, object_pairs_hook=_no_twice)
    except json.JSONDecodeError as err:
        raise InputError(f"{path}, line {err.lineno}: {err.msg}") from None
    except (ValueError, RecursionError) as err:
        raise InputError(f"{path}: {err}") from None
    entries = data.get("events") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise InputError(f"{path}: a list of events is needed, or an object with one in 'events'")
    return _entries(entries, _json_lines(text, len(entries)), path)


def lines_records(path: Path) -> list[Record]:
    """Read JSON Lines: one object a line."""
    records = []
    faults = []
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        if not text.strip():
            continue
        where = f"{path.name}, line {line}"
        try:
            entry = json.loads(text, object_pairs_hook=_no_twice)
        except (ValueError, RecursionError) as err:
            faults.append(f"{where}: {getattr(err, 'msg', err)}")
            continue
        if isinstance(entry, dict):
            records.append(Record(entry, where, line))
        else:
            faults.append(f"{where}: an object is needed, not {type(entry).__name__}")
    if faults:
        raise InputError("\n".join(faults[:50]))
    return records


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _entries(entries: list[Any], starts: list[int], path: Path) -> list[Record]:
    by_line = len(starts) == len(entries)
    records = []
    for number, entry in enumerate(entries, start=1):
        line = starts[number - 1] if by_line else number
        where = f"{path.name}, {'line' if by_line else 'entry'} {line}"
        if not isinstance(entry, dict):
            raise InputError(f"{where}: a table of an event is needed, not {entry!r}")
        records.append(Record(entry, where, line))
    return records


def _json_lines(text: str, count: int) -> list[int]:
    """Return the line on which each element of the list of events begins, or []."""
    key = _EVENTS_KEY.search(text) if text.lstrip()[0] == "{" else re.search(r"\[", text)
    if key is None:
        return []
    decoder, at = json.JSONDecoder(), key.end()
    lines: list[int] = []
    try:
        while len(lines) < count:
            while text[at] in " \t\r\n,":
                at += 1
            lines.append(text.count("\n", 0, at) + 1)
            at = decoder.raw_decode(text, at)[1]
    except (ValueError, IndexError):
        return []
    return lines
