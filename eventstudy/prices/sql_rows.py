"""Rows of a database as a table of prices, a piece at a time."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError
from eventstudy.prices.tables import RawTable, parse_session_date, to_frame

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["read_rows"]

ROWS_AT_ONCE = 50_000


class _Rows:
    """Collects rows; every distinct date and asset once, numbers as they are."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.dates: dict[str, int] = {}
        self.assets: dict[str, int] = {}
        self.parts: list[tuple[IntArray, IntArray, FloatArray]] = []
        self.count = 0
        self._known: dict[object, int] = {}

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take a piece."""
        size = len(rows)
        days, names = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
        values = np.empty(size)
        for k, (day, name, value) in enumerate(rows):
            code = self._known.get(day)
            days[k] = self._date(day, k) if code is None else code
            names[k] = self.assets.setdefault(self._asset(name, k), len(self.assets))
            values[k] = self._number(value, k)
        self.parts.append((days, names, values))
        self.count += size

    def _date(self, value: object, row: int) -> int:
        if isinstance(value, dt.datetime):
            if value.tzinfo is not None:
                raise self._fault(row, f"the date {value} has a time zone")
            if value.time() != dt.time():
                raise self._fault(row, f"the date {value} has a time of day")
            text = value.date().isoformat()
        elif isinstance(value, dt.date):
            text = value.isoformat()
        else:
            text = str(value)
            found = parse_session_date(text)
            if isinstance(found, str):
                raise self._fault(row, f"the date {value!r} {found}")
            text = found.isoformat()
        code = self.dates.setdefault(text, len(self.dates))
        self._known[value] = code
        return code

    def _asset(self, value: object, row: int) -> str:
        if value is None:
            raise self._fault(row, "there is no asset")
        if isinstance(value, float | decimal.Decimal):
            if not math.isfinite(value):
                raise self._fault(row, "there is no asset")
            value = int(value) if value == int(value) else value
        return str(value).strip()

    def _number(self, value: object, row: int) -> float:
        if value is None:
            return float("nan")
        if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
            raise self._fault(row, f"the price {value!r} is no number")
        return float(value)

    def _fault(self, row: int, words: str) -> InputError:
        return InputError(f"{self.label}, row {self.count + row + 1}: {words}.")

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        if not self.count:
            empty = pd.DatetimeIndex([], name="date").astype("datetime64[ns]")
            return pd.DataFrame(index=empty, columns=pd.Index([], dtype=object), dtype=np.float64)
        days, names, values = (np.concatenate(p) for p in zip(*self.parts, strict=True))
        return to_frame(
            RawTable(
                dates=list(self.dates),
                date_codes=days,
                names=list(self.assets),
                asset_codes=names,
                values=values,
                where=lambda row: f"row {row + 1}",
                label=self.label,
            )
        )


def read_rows(
    connection: sa.Connection,
    rows: sa.Executable,
    dates: sa.Executable | None,
    assets: Sequence[str],
    label: str,
    *,
    names: Mapping[str, str],
) -> pd.DataFrame:
    """Read rows of date, asset and close.

    Parameters
    ----------
    connection : Connection
        Open for reading.
    rows : Executable
        Gives date, asset and close.
    dates : Executable or None
        Gives the dates on which any asset of the source has a price; None takes those of ``rows``.
    assets : sequence of str
        Columns to keep, in this order, as far as they are there.
    label : str
        Name for messages.
    names : mapping of str to str
        The columns of ``rows``, folded to small letters -> ours.

    Returns
    -------
    DataFrame
        Naive ascending dates, one column an asset.
    """
    found = _Rows(label)
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(rows)
    keys = [str(key).casefold() for key in result.keys()]  # noqa: SIM118 - no mapping
    ours = {names.get(key, key): k for k, key in enumerate(keys)}
    if len(keys) != 3 or set(ours) != {"date", "asset", "close"}:
        raise InputError(
            f"{label}: the columns are {', '.join(keys)}; give date, asset and close, or name "
            "them in [prices] columns."
        )
    order = [ours[name] for name in ("date", "asset", "close")]
    straight = order == [0, 1, 2]
    for part in result.partitions():
        found.add(part if straight else [[row[k] for k in order] for row in part])
    frame = found.frame()
    keep = [name for name in assets if name in frame.columns]
    if dates is None:
        return frame[keep] if assets else frame
    every = _Rows(label)
    for part in connection.execute(dates).partitions(ROWS_AT_ONCE):
        every.add([(row[0], "", 1.0) for row in part])
    index = pd.DatetimeIndex(sorted(every.dates), name="date").astype("datetime64[ns]")
    return frame.reindex(index=frame.index.union(index).rename("date"))[keep]
