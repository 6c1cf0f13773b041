"""CSV files of prices: read by Arrow, explained by hand where Arrow gives up."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError
from eventstudy.prices.tables import MISSING, Layout, RawTable, find_layout, own_names

__all__ = ["read_csv"]

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
DELIMITERS = (",", ";", "\t")

_Coded: TypeAlias = tuple[IntArray, list[str]]


def read_csv(content: bytes, label: str, *, columns: Mapping[str, str] | None = None) -> RawTable:
    """Read a CSV file of prices.

    Parameters
    ----------
    content : bytes
        The file, UTF-8 with or without a byte order mark; fields are separated by commas, or by
        semicolons or tabs where the header has no comma; decimals have a point.
    label : str
        The file's name, for messages.
    columns : mapping of str to str, optional
        Our name of a column (``date``, ``asset``, ``close``) -> its name in the file.

    Returns
    -------
    RawTable

    Raises
    ------
    InputError
        An empty file, a line with too few or too many fields, or text among the numbers; the
        message names line, column and value.

    Examples
    --------
    >>> table = read_csv(b"date,SP500\\n2022-02-15,4471.07\\n", "prices.csv")
    >>> table.names, table.values.tolist()
    (['SP500'], [[4471.07]])
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{label}, line {line}: the text is not UTF-8; save it as UTF-8."
        ) from None
    records = _records(text, label)
    try:
        line, delimiter, header = next(records)
    except StopIteration:
        raise InputError(f"{label}: the file is empty.") from None
    names = own_names(header, columns or {}, label)
    layout = find_layout(names, label)
    file = _Csv(content, text, line, delimiter, names, layout, label)
    fast = _read_fast(file)
    return fast if fast is not None else _read_slow(file)


@dataclass(frozen=True)
class _Csv:
    """A file's content, and what its header says."""

    content: bytes
    text: str
    header_line: int
    delimiter: str
    names: list[str]
    layout: Layout
    label: str

    def table(self, dates: _Coded, assets: _Coded | None, values: FloatArray) -> RawTable:
        columns = [self.names[position] for position in self.layout.values]
        return RawTable(
            dates=dates[1],
            date_codes=dates[0],
            names=columns if assets is None else assets[1],
            asset_codes=None if assets is None else assets[0],
            values=values if assets is None else values[:, 0],
            where=self.place,
            label=self.label,
        )

    def place(self, row: int) -> str:
        """Say on which line a data row stands."""
        for count, (line, _, _) in enumerate(_records(self.text, self.label)):
            if count == row + 1:
                return f"line {line}"
        return f"row {row + 1}"


def _records(text: str, label: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line number, delimiter and fields of each record that is not an empty line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((mark for mark in DELIMITERS if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if record and (len(record) > 1 or record[0].strip()):
                yield reader.line_num, delimiter, record
    except csv.Error as error:
        raise InputError(f"{label}, line {reader.line_num}: {error}.") from None


def _read_fast(file: _Csv) -> RawTable | None:
    """Read with Arrow; None where anything at all is not as it should be."""
    import pyarrow as pa

    # Arrow takes the end of the file for the end of a quotation that was never closed.
    if file.content.count(b'"') % 2:
        return None
    try:
        table = _arrow_table(file)
    except pa.ArrowException:
        return None
    coded: dict[int, _Coded] = {}
    for position in (file.layout.date, file.layout.asset):
        if position >= 0:
            array = table[str(position)].unify_dictionaries().combine_chunks()
            distinct = [str(item) for item in array.dictionary.to_pylist()]
            if any(item != item.strip() for item in distinct):
                return None
            codes = array.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            coded[position] = (codes, distinct)
    values = np.empty((table.num_rows, len(file.layout.values)), order="F")
    for slot, position in enumerate(file.layout.values):
        values[:, slot] = table[str(position)].to_numpy(zero_copy_only=False)
    return file.table(coded[file.layout.date], coded.get(file.layout.asset), values)


def _arrow_table(file: _Csv) -> Any:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    layout = file.layout
    words = pa.dictionary(pa.int32(), pa.string())
    types = {str(position): pa.float64() for position in layout.values}
    types |= {str(position): words for position in (layout.date, layout.asset) if position >= 0}
    return arrow_csv.read_csv(
        io.BytesIO(file.content),
        read_options=arrow_csv.ReadOptions(
            column_names=[str(position) for position in range(len(file.names))],
            skip_rows=file.header_line,
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=file.delimiter),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=list(MISSING),
            quoted_strings_can_be_null=True,
        ),
    )


def _read_slow(file: _Csv) -> RawTable:
    """Read record by record, so that the first fault is named with its line."""
    layout, names, label = file.layout, file.names, file.label
    records = _records(file.text, label)
    next(records)
    dates: dict[str, int] = {}
    assets: dict[str, int] = {}
    date_codes, asset_codes, rows = [], [], []
    for line, _, record in records:
        if len(record) != len(names):
            raise InputError(
                f"{label}, line {line}: {len(record)} fields, but the header has {len(names)}."
            )
        date_codes.append(dates.setdefault(record[layout.date].strip(), len(dates)))
        if layout.shape == "long":
            asset_codes.append(assets.setdefault(record[layout.asset].strip(), len(assets)))
        rows.append([_number(record[k], label, line, names[k]) for k in layout.values])
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(layout.values))
    coded = (np.array(asset_codes, dtype=np.int64), list(assets))
    days = (np.array(date_codes, dtype=np.int64), list(dates))
    return file.table(days, coded if layout.shape == "long" else None, values)


def _number(cell: str, label: str, line: int, column: str) -> float:
    stripped = cell.strip()
    if stripped in MISSING:
        return np.nan
    if NUMBER.fullmatch(stripped):
        return float(stripped)
    what = "is infinite" if INFINITY.fullmatch(stripped) else "is no number"
    raise InputError(
        f"{label}, line {line}, column '{column}': '{stripped}' {what}; leave a missing price "
        "blank."
    )
