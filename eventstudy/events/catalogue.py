"""A catalogue: validated headlines, one row a (headline, asset)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.calendars.clock import check_zone
from eventstudy.errors import InputError, nearest
from eventstudy.events.stamps import read_stamp

__all__ = ["COLUMNS", "Catalogue", "Record", "build_catalogue"]

#: Columns that the catalogue knows; anything else is kept as it came.
COLUMNS = (
    "event_id",
    "timestamp",
    "asset",
    "headline",
    "uncertainty_minutes",
    "source",
    "url",
    "group",
    "sign",
    "surprise",
)
_TEXT = ("event_id", "asset", "headline", "source", "url", "group")
ORDER = (
    "event_id",
    "timestamp",
    "date",
    "asset",
    "headline",
    "uncertainty_minutes",
    "source",
    "url",
    "group",
    "sign",
    "surprise",
    "line",
)
_SHOWN = 50  # faults that one message lists
_LONGEST = 60 * 24 * 366.0  # minutes: an uncertainty of more than a year is a slip


@dataclass(frozen=True)
class Record:
    """One raw row and where it stands.

    Attributes
    ----------
    values : mapping
        Column -> value as read.
    where : str
        ``events.csv, line 3``.
    line : int
        Line, or number of the entry where a format has no lines.
    """

    values: Mapping[str, Any]
    where: str
    line: int


@dataclass(frozen=True, eq=False, repr=False)
class Catalogue:
    """Headlines in the order in which they were given.

    Attributes
    ----------
    frame : DataFrame
        event_id (text), timestamp (UTC instant, NaT for a bare date), date (naive, NaT for an
        instant), asset (``""`` concerns every asset), headline, uncertainty_minutes (float, 0
        where nothing is said), source, url, group (``""`` stands alone), sign, surprise (float,
        NaN where nothing is said), line; then the columns that the catalogue does not know, as
        they came.
    origin : str
        File or other place that it was read from.
    """

    frame: pd.DataFrame
    origin: str = ""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    @property
    def headlines(self) -> int:
        """Number of distinct event ids."""
        return int(self.frame["event_id"].nunique())

    def ids(self, rows: npt.NDArray[np.integer[Any]]) -> pd.Series[str]:
        """Return the event ids of some rows, (m,), numbered from 0."""
        return pd.Series(self.frame["event_id"].array.take(rows))

    def part(self, rows: npt.NDArray[np.integer[Any]]) -> Catalogue:
        """Return a catalogue of some rows."""
        return Catalogue(self.frame.iloc[rows], self.origin)

    def __repr__(self) -> str:
        """Return the table as text."""
        return f"Catalogue of {len(self)} rows from {self.origin or 'memory'}\n{self.frame}"

    def _repr_html_(self) -> str:
        return str(self.frame.drop(columns="line").to_html(index=False, na_rep=""))

    @property
    def duplicates(self) -> pd.DataFrame:
        """Rows that repeat the stamp, the words and the asset of an earlier row, in order.

        The column ``first`` names the event id of the earlier one. Nothing is dropped because of
        it; whether they are one story is the user's to say, by ``group``.
        """
        keys = ["timestamp", "date", "asset", "headline"]
        named = self.frame[self.frame["headline"] != ""]
        again = named[named.duplicated(keys, keep="first")].copy()
        first = named.groupby(keys, dropna=False, sort=False)["event_id"].transform("first")
        again["first"] = first.loc[again.index]
        return again


@dataclass
class _Rows:
    """What has been read so far, and what was wrong with it."""

    faults: list[str] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in ORDER})
    extras: list[dict[str, Any]] = field(default_factory=list)
    pairs: dict[tuple[str, str], str] = field(default_factory=dict)
    stamps: dict[str, tuple[Any, str]] = field(default_factory=dict)


def build_catalogue(
    records: Sequence[Record],
    *,
    origin: str,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Catalogue:
    """Validate raw rows into a catalogue; every bad row is reported, all at once.

    Parameters
    ----------
    records : sequence of Record
        Raw rows.
    origin : str
        For messages and the result.
    timezone : str, optional
        Zone of instants that carry no offset.
    columns : mapping, optional
        Our name of a column -> its name in the file.

    Raises
    ------
    InputError
        If there is no row, a column lacks, or any row is wrong. Event ids are numbered ``1..n``
        where the column is absent altogether.
    """
    zone = ZoneInfo(check_zone(timezone, "timezone")) if timezone else None
    if not records:
        raise InputError(f"{origin}: there is no event in it; give at least one row")
    present = list(dict.fromkeys(key for record in records for key in record.values))
    names = _names(present, columns or {}, origin)
    rows = _Rows()
    for number, record in enumerate(records, start=1):
        _add(rows, record, names, zone, number)
    if rows.faults:
        raise InputError(_all_faults(rows.faults, origin))
    return Catalogue(_frame(rows), origin)


def _names(present: Sequence[str], mapping: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return our name -> the file's name, for the known columns that are there."""
    for ours, theirs in mapping.items():
        if ours not in COLUMNS:
            raise InputError(f"columns: {ours!r} is no column of ours{nearest(ours, COLUMNS)}")
        if theirs not in present:
            raise InputError(f"{origin}: there is no column {theirs!r}{nearest(theirs, present)}")
    taken = set(mapping.values())
    names = dict(mapping)
    names |= {c: c for c in COLUMNS if c in present and c not in mapping and c not in taken}
    if "timestamp" not in names:
        raise InputError(
            f"{origin}: there is no column 'timestamp'{nearest('timestamp', present)}; a column of "
            'another name is given by [events] columns = {timestamp = "..."}'
        )
    return names


def _add(
    rows: _Rows, record: Record, names: Mapping[str, str], zone: ZoneInfo | None, number: int
) -> None:
    before = len(rows.faults)
    raw = {ours: record.values.get(theirs) for ours, theirs in names.items()}
    row: dict[str, Any] = {name: _as_text(raw.get(name)) for name in _TEXT}
    if "event_id" not in names:
        row["event_id"] = str(number)
    elif not row["event_id"]:
        rows.faults.append(f"{record.where}: event_id is empty")
    row["timestamp"], row["date"] = None, None
    try:
        row["timestamp"], row["date"] = read_stamp(_plain(raw["timestamp"]), zone)
    except ValueError as err:
        rows.faults.append(f"{record.where}: {err}")
    for name, check in _NUMBERS.items():
        try:
            row[name] = check(raw.get(name))
        except ValueError as err:
            rows.faults.append(f"{record.where}: {name} {err}")
    if len(rows.faults) > before:
        return
    _unique(rows, row, record)
    row["line"] = record.line
    for name in ORDER:
        rows.columns[name].append(row[name])
    used = set(names.values())
    rows.extras.append({k: v for k, v in record.values.items() if k not in used})


def _unique(rows: _Rows, row: Mapping[str, Any], record: Record) -> None:
    pair = (row["event_id"], row["asset"])
    if pair in rows.pairs:
        on = f" on asset {pair[1]!r}" if pair[1] else ""
        rows.faults.append(
            f"{record.where}: event_id {pair[0]!r}{on} stands already at {rows.pairs[pair]}; "
            "a pair of event_id and asset is given once"
        )
    rows.pairs.setdefault(pair, record.where)
    stamp = row["timestamp"] or row["date"]
    known = rows.stamps.setdefault(row["event_id"], (stamp, record.where))
    if known[0] != stamp:
        rows.faults.append(
            f"{record.where}: event_id {pair[0]!r} has another timestamp than at {known[1]}; one "
            "event_id has one timestamp"
        )


def _plain(value: object) -> object:
    """Turn pandas' and numpy's scalars into Python's."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(warn=False)
    if isinstance(value, np.datetime64):
        return _plain(pd.Timestamp(value))
    return value


def _as_text(value: object) -> str:
    value = _plain(value)
    if value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet keeps the id 7 as 7.0
    return str(value).strip()


def _number(value: object) -> float:
    """Return a float; NaN where nothing is said."""
    value = _plain(value)
    if value is pd.NA or (isinstance(value, str) and not value.strip()):
        return math.nan
    if isinstance(value, bool | dt.date | list | dict):
        raise ValueError(f"is {value!r} and no number")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"is {value!r} and no number") from None
    if not math.isfinite(number):
        raise ValueError(f"is {value!r}; a finite number is needed")
    return number


def _uncertainty(value: object) -> float:
    minutes = _number(value)
    if minutes < 0:
        raise ValueError(f"is {minutes:g}; it is a half-width and at least 0")
    if minutes > _LONGEST:
        raise ValueError(f"is {minutes:g}, more than a year; minutes are meant")
    return 0.0 if math.isnan(minutes) else minutes


def _sign(value: object) -> float:
    sign = _number(value)
    if not math.isnan(sign) and sign not in (-1.0, 0.0, 1.0):
        raise ValueError(f"is {value!r}; it is -1, 0 or 1")
    return sign


_NUMBERS = {"uncertainty_minutes": _uncertainty, "sign": _sign, "surprise": _number}


def _all_faults(faults: Sequence[str], origin: str) -> str:
    if len(faults) == 1:
        return faults[0]
    shown = "\n".join(f"  {fault}" for fault in faults[:_SHOWN])
    more = f"\n  ... and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return f"{origin}: {len(faults)} faults in it:\n{shown}{more}"


def _frame(rows: _Rows) -> pd.DataFrame:
    data: dict[str, Any] = dict(rows.columns)
    stamps = pd.to_datetime(pd.Series(data["timestamp"], dtype=object), utc=True)
    data["timestamp"] = stamps.astype("datetime64[ns, UTC]")
    dates = np.array(data["date"], dtype="datetime64[D]")
    data["date"] = dates.astype("datetime64[ns]")
    for name in ("uncertainty_minutes", "sign", "surprise"):
        data[name] = np.array(data[name], dtype=np.float64)
    frame = pd.DataFrame(data, columns=list(ORDER))
    extras = list(dict.fromkeys(key for extra in rows.extras for key in extra))
    for key in extras:
        column = key if key not in frame.columns else f"{key}_given"
        frame[column] = [extra.get(key) for extra in rows.extras]
    return frame
