"""What a price file holds once it is read, and the checks that every format shares.

A reader (CSV, Parquet) turns its file into a :class:`RawTable`: every distinct date once as text,
and numbers. Here dates are understood, rows of one date are found, and the table becomes a matrix.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError, nearest

__all__ = [
    "MISSING",
    "Layout",
    "RawTable",
    "find_layout",
    "own_names",
    "parse_session_date",
    "to_frame",
]

# What stands for a missing price: a blank, or one of the words that spreadsheets, the ECB, Yahoo
# and databases write. Any other text is an error, so that a typing mistake is never a missing day.
MISSING = ("", "NaN", "nan", "NAN", "NA", "N/A", "null", "NULL", "None")

DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
MIDNIGHT = re.compile(r"[T ]00:00(:00([.,]0+)?)?")
ZONED = re.compile(r"(Z|[+-]\d{2}:?\d{2})(\[.*\])?$")
VALUE_NAMES = ("close", "price", "return", "value")

Shape = Literal["wide", "long"]


@dataclass(frozen=True)
class Layout:
    """Which column is what.

    Attributes
    ----------
    shape : {"wide", "long"}
        One column an asset, or one row a date and asset.
    date : int
        Position of the dates.
    asset : int
        Position of the assets' names in a long table, else -1.
    values : tuple of int
        Positions of the numbers.
    """

    shape: Shape
    date: int
    asset: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class RawTable:
    """A file's content before its dates are understood.

    Attributes
    ----------
    dates : (U,) list of str
        Distinct dates as they stand in the file.
    date_codes : (R,) int
        Position in ``dates`` of each row.
    names : list of str
        Assets: the columns of a wide table, the distinct names of a long one.
    asset_codes : (R,) int or None
        Position in ``names`` of each row of a long table; None for a wide one.
    values : (R, A) or (R,) float
        Numbers; NaN where there is none.
    where : callable
        Says where a row stands, e.g. ``"line 7"``.
    label : str
        The file's name in messages.
    """

    dates: list[str]
    date_codes: IntArray
    names: list[str]
    asset_codes: IntArray | None
    values: FloatArray
    where: Callable[[int], str]
    label: str


def own_names(header: Sequence[str], columns: Mapping[str, str], label: str) -> list[str]:
    """Return the header with the user's names replaced by ours (our name -> theirs).

    Raises
    ------
    InputError
        A name that the header lacks.

    Examples
    --------
    >>> own_names(["Datum", "DAX"], {"date": "Datum"}, "prices.csv")
    ['date', 'DAX']
    """
    names = [name.strip() for name in header]
    for ours, theirs in columns.items():
        if theirs not in names:
            raise InputError(f"{label}: there is no column '{theirs}'{nearest(theirs, names)}.")
        names[names.index(theirs)] = ours
    return names


def find_layout(header: Sequence[str], label: str) -> Layout:
    """Say which column is what, from the header.

    Parameters
    ----------
    header : sequence of str
        Column names.
    label : str
        The file's name, for the message.

    Raises
    ------
    InputError
        No ``date`` column, no other column, a column without a name, or a name given twice.

    Examples
    --------
    >>> find_layout(["date", "SP500", "DAX"], "prices.csv").shape
    'wide'
    >>> find_layout(["asset", "date", "close"], "prices.csv").shape
    'long'
    """
    names = [name.strip() for name in header]
    folded = [name.casefold() for name in names]
    for name in names:
        if not name:
            raise InputError(f"{label}: column {names.index(name) + 1} has no name.")
        if names.count(name) > 1:
            raise InputError(f"{label}: the column '{name}' stands twice.")
    if "date" not in folded:
        hint = nearest("date", names)
        raise InputError(
            f"{label}: no column 'date'{hint}; the table is 'date' and one column an asset, or "
            "'date, asset, close'."
        )
    date = folded.index("date")
    value = next((folded.index(name) for name in VALUE_NAMES if name in folded), None)
    if "asset" in folded:
        if value is None:
            raise InputError(
                f"{label}: a long table needs a column 'close' beside 'date' and 'asset'."
            )
        return Layout("long", date, folded.index("asset"), (value,))
    values = tuple(position for position in range(len(names)) if position != date)
    if not values:
        raise InputError(f"{label}: there is no column beside 'date'.")
    return Layout("wide", date, -1, values)


def parse_session_date(text: str) -> dt.date | str:
    """Return the date, or what is wrong with the text.

    Examples
    --------
    >>> parse_session_date("2022-02-15")
    datetime.date(2022, 2, 15)
    >>> parse_session_date("15.02.2022")
    'is no date of the form 2022-02-15'
    """
    stripped = text.strip()
    match = DATE.match(stripped)
    if match is None:
        return "is no date of the form 2022-02-15"
    rest = stripped[match.end() :]
    if rest and not MIDNIGHT.fullmatch(rest):
        if ZONED.search(rest):
            return "has a time zone: give the date of the session alone"
        if re.match(r"[T ]\d{2}:\d{2}", rest):
            return "has a time of day: give the date of the session alone"
        return "is no date of the form 2022-02-15"
    try:
        return dt.date.fromisoformat(match.group())
    except ValueError:
        return "does not exist"


def to_frame(table: RawTable) -> pd.DataFrame:
    """Return prices on ascending dates, one column an asset, without the dates that have none.

    Raises
    ------
    InputError
        An unreadable date, two rows of one date (or date and asset), an infinite number, or no
        rows at all.
    """
    table = _without_empty_rows(table)
    if not table.date_codes.size:
        raise InputError(f"{table.label}: there are no rows.")
    days = _days(table)
    used = np.unique(table.date_codes)
    unique, position = np.unique(days[used], return_inverse=True)
    rows = position[np.searchsorted(used, table.date_codes)].astype(np.int64)
    _refuse_infinity(table)
    build = _wide if table.asset_codes is None else _long
    matrix = build(table, rows, unique)
    known = ~np.isnan(matrix).all(axis=1)
    if not known.all():
        matrix, unique = matrix[known], unique[known]
    index = pd.DatetimeIndex(unique.astype("datetime64[ns]"), name="date")
    return pd.DataFrame(matrix, index=index, columns=pd.Index(table.names, dtype=object))


def _without_empty_rows(table: RawTable) -> RawTable:
    """Drop rows with neither a date nor a number: what a spreadsheet leaves at the end."""
    blank = [code for code, text in enumerate(table.dates) if not text.strip()]
    if not blank:
        return table
    undated = np.isin(table.date_codes, blank)
    values = table.values if table.values.ndim == 2 else table.values[:, None]
    bad = undated & ~np.isnan(values).all(axis=1)
    if bad.any():
        where = table.where(int(np.flatnonzero(bad)[0]))
        raise InputError(f"{table.label}, {where}: there is a price but no date.")
    keep = np.flatnonzero(~undated)
    return RawTable(
        dates=table.dates,
        date_codes=table.date_codes[keep],
        names=table.names,
        asset_codes=None if table.asset_codes is None else table.asset_codes[keep],
        values=table.values[keep],
        where=lambda row: table.where(int(keep[row])),
        label=table.label,
    )


def _days(table: RawTable) -> npt.NDArray[np.datetime64]:
    days = np.full(len(table.dates), np.datetime64("NaT", "D"))
    for code in np.unique(table.date_codes).tolist():
        text = table.dates[code]
        found = parse_session_date(text)
        if isinstance(found, str):
            where = table.where(int(np.flatnonzero(table.date_codes == code)[0]))
            raise InputError(f"{table.label}, {where}, column 'date': '{text}' {found}.")
        days[code] = np.datetime64(found, "D")
    return days


def _refuse_infinity(table: RawTable) -> None:
    infinite = np.isinf(table.values)
    if not infinite.any():
        return
    row = np.argwhere(infinite)[0]
    if table.asset_codes is None:
        name = table.names[int(row[1])]
    else:
        name = table.names[int(table.asset_codes[row[0]])]
    where = table.where(int(row[0]))
    raise InputError(
        f"{table.label}, {where}, asset '{name}': the price is infinite; leave a missing price "
        "blank."
    )


def _twice(table: RawTable, keys: IntArray, what: Callable[[int], str]) -> InputError:
    """Name the first key that stands twice, and both places."""
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(np.diff(keys[order]) == 0)
    first, second = min((int(order[k + 1]), int(order[k])) for k in again)[::-1]
    return InputError(
        f"{table.label}: two rows of {what(first)} ({table.where(first)} and "
        f"{table.where(second)})."
    )


def _wide(table: RawTable, rows: IntArray, unique: npt.NDArray[np.datetime64]) -> FloatArray:
    if unique.size < rows.size:
        raise _twice(table, rows, lambda row: str(unique[rows[row]]))
    if bool(np.all(rows == np.arange(rows.size))):
        return table.values
    return np.asarray(table.values[np.argsort(rows, kind="stable")])


def _long(table: RawTable, rows: IntArray, unique: npt.NDArray[np.datetime64]) -> FloatArray:
    assert table.asset_codes is not None
    if "" in table.names:
        row = int(np.flatnonzero(table.asset_codes == table.names.index(""))[0])
        raise InputError(f"{table.label}, {table.where(row)}: the asset has no name.")
    keys = rows * len(table.names) + table.asset_codes
    taken = np.zeros(unique.size * len(table.names), dtype=np.bool_)
    taken[keys] = True
    if int(taken.sum()) < keys.size:
        codes = table.asset_codes
        raise _twice(
            table, keys, lambda row: f"{unique[rows[row]]} for '{table.names[int(codes[row])]}'"
        )
    matrix = np.full(taken.size, np.nan)
    matrix[keys] = table.values
    return matrix.reshape(unique.size, len(table.names))
