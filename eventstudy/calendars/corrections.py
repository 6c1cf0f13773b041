"""Dated corrections to the calendar library: closures, sessions, hours and auctions.

They stand in ``data/calendars/corrections.csv``, one row each, with the reason and the source.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eventstudy.calendars.clock import Clock, parse_clock
from eventstudy.errors import InputError, nearest
from eventstudy.resources import data_dir

__all__ = ["CHANGES", "Correction", "Schedule", "apply_corrections", "load_corrections"]

CHANGES = ("closed", "session", "hours", "auction", "sessions-of")
_COLUMNS = ("calendar", "change", "first", "last", "open", "close", "reason", "source")
_FAR = dt.date(2262, 1, 1)


@dataclass(frozen=True)
class Correction:
    """One row of the corrections file.

    Attributes
    ----------
    calendar : str
        Name of the calendar that is corrected.
    change : str
        ``closed`` removes the sessions of a range of dates; ``session`` adds its weekdays;
        ``hours`` sets opening or close (on days that close early only if the range is that one
        day); ``auction`` gives the window in which the close is found; ``sessions-of`` keeps only
        sessions of the calendar that ``open`` names.
    first, last : date
        Both included; an empty ``last`` means until further notice.
    open, close : str
        Local times ``HH:MM``, or empty.
    reason, source : str
        Why, and who says so.
    """

    calendar: str
    change: str
    first: dt.date
    last: dt.date
    open: str
    close: str
    reason: str
    source: str


@dataclass(frozen=True, eq=False)
class Schedule:
    """Sessions of a calendar before clocks are set; all arrays (n,).

    ``opens``, ``closes`` and ``auction`` are UTC; ``auction`` is NaT where none is known;
    ``early`` marks days that close before the usual hour.
    """

    zone: str
    sessions: npt.NDArray[np.datetime64]
    opens: npt.NDArray[np.datetime64]
    closes: npt.NDArray[np.datetime64]
    early: npt.NDArray[np.bool_]
    auction: npt.NDArray[np.datetime64]

    def keep(self, mask: npt.NDArray[np.bool_]) -> Schedule:
        """Return the schedule of the sessions where ``mask`` is True."""
        return Schedule(
            self.zone,
            self.sessions[mask],
            self.opens[mask],
            self.closes[mask],
            self.early[mask],
            self.auction[mask],
        )


def _row(row: dict[str, str], where: str) -> Correction:
    if row["change"] not in CHANGES:
        raise InputError(
            f"{where}: unknown change {row['change']!r}{nearest(row['change'], CHANGES)}"
        )
    try:
        first = dt.date.fromisoformat(row["first"])
        last = dt.date.fromisoformat(row["last"]) if row["last"] else _FAR
    except ValueError as err:
        raise InputError(f"{where}: {err}") from None
    if last < first:
        raise InputError(f"{where}: the range ends before it begins")
    if not row["reason"] or not row["source"]:
        raise InputError(f"{where}: a correction needs a reason and a source")
    rest = {key: row[key] for key in ("open", "close", "reason", "source")}
    return Correction(row["calendar"], row["change"], first, last, **rest)


@lru_cache(maxsize=4)
def load_corrections(path: Path | None = None) -> tuple[Correction, ...]:
    """Read the corrections file; by default the bundled one.

    Raises
    ------
    InputError
        If a column lacks, a date does not exist, or a row has no reason or source; names the line.

    Examples
    --------
    >>> any(c.calendar == "XMOS" and c.change == "closed" for c in load_corrections())
    True
    """
    file = path or data_dir() / "calendars" / "corrections.csv"
    with file.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            raise InputError(f"{file}, line 1: the columns have to be {', '.join(_COLUMNS)}")
        return tuple(_row(row, f"{file}, line {reader.line_num}") for row in reader)


def apply_corrections(
    schedule: Schedule,
    corrections: tuple[Correction, ...],
    others: dict[str, npt.NDArray[np.datetime64]],
) -> Schedule:
    """Return the schedule with the corrections of its calendar, in the order of the file.

    ``others`` holds the sessions of calendars that ``sessions-of`` rows name.
    """
    for row in corrections:
        if row.change == "closed":
            schedule = schedule.keep(~_inside(schedule, row))
        elif row.change == "sessions-of":
            known = np.isin(schedule.sessions, others[row.open])
            schedule = schedule.keep(known | ~_inside(schedule, row))
        elif row.change == "session":
            schedule = _add(schedule, row)
        elif row.change == "hours":
            schedule = _hours(schedule, row)
        else:
            schedule = _auction(schedule, row)
    return schedule


def _inside(schedule: Schedule, row: Correction) -> npt.NDArray[np.bool_]:
    days = schedule.sessions
    return (days >= np.datetime64(row.first, "D")) & (days <= np.datetime64(row.last, "D"))


def _clock(text: str, zone: str) -> Clock:
    return parse_clock(f"{text} {zone}", "corrections")


def _add(schedule: Schedule, row: Correction) -> Schedule:
    step = np.arange(
        np.datetime64(row.first, "D"),
        np.datetime64(row.last, "D") + np.timedelta64(1, "D"),
        dtype="datetime64[D]",
    )
    new = step[np.is_busday(step) & ~np.isin(step, schedule.sessions)]
    if len(new) == 0 or len(schedule.sessions) == 0:
        return schedule
    sessions = np.concatenate([schedule.sessions, new])
    order = np.argsort(sessions, kind="stable")
    begin, finish = _clock(row.open, schedule.zone), _clock(row.close, schedule.zone)
    # A session that opens at a later hour than it closes begins on the evening before.
    eve = np.timedelta64(int(begin.start >= finish.start), "D")
    opens = np.concatenate(
        [schedule.opens, begin.instants(np.asarray(new - eve, dtype="datetime64[D]"))[0]]
    )
    closes = np.concatenate([schedule.closes, finish.instants(new)[0]])
    nat = np.full(len(new), np.datetime64("NaT"), dtype="datetime64[ns]")
    return Schedule(
        schedule.zone,
        sessions[order],
        opens[order],
        closes[order],
        np.concatenate([schedule.early, np.zeros(len(new), dtype=bool)])[order],
        np.concatenate([schedule.auction, nat])[order],
    )


def _hours(schedule: Schedule, row: Correction) -> Schedule:
    one_day = row.first == row.last
    at = _inside(schedule, row) & (~schedule.early | one_day)
    opens, closes, early = schedule.opens.copy(), schedule.closes.copy(), schedule.early.copy()
    days = schedule.sessions[at]
    if row.open:
        opens[at] = _clock(row.open, schedule.zone).instants(days)[0]
    if row.close:
        new = _clock(row.close, schedule.zone).instants(days)[0]
        if one_day:
            early[at] |= new < closes[at]
        closes[at] = new
    return Schedule(schedule.zone, schedule.sessions, opens, closes, early, schedule.auction)


def _auction(schedule: Schedule, row: Correction) -> Schedule:
    at = _inside(schedule, row) & ~schedule.early
    auction = schedule.auction.copy()
    auction[at] = _clock(row.open, schedule.zone).instants(schedule.sessions[at])[0]
    return Schedule(
        schedule.zone, schedule.sessions, schedule.opens, schedule.closes, schedule.early, auction
    )
