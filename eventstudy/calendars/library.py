"""The one place that talks to the calendar library, and the calendars that follow from a rule."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from eventstudy.calendars.clock import Clock, local_midnights, parse_clock
from eventstudy.calendars.corrections import Schedule, apply_corrections, load_corrections
from eventstudy.calendars.rules import every_day, target_days
from eventstudy.errors import InputError, nearest

__all__ = ["CME_ENERGY_FIRST", "DEFAULT_CLOCKS", "calendar_names", "resolve", "schedule"]

#: Calendars of ours whose daily price has a clock of its own.
DEFAULT_CLOCKS: dict[str, Clock] = {
    "TARGET": parse_clock("14:15 Europe/Berlin"),
    "CME_ENERGY": parse_clock("14:28-14:30 America/New_York"),
}
_OURS = ("24/7", "CME_ENERGY", "TARGET")
_STEP = 5  # years: schedules are built in blocks, so that near ranges share one
CME_ENERGY_FIRST = dt.date(2010, 1, 4)
_DAY = np.timedelta64(1, "D")


def calendar_names() -> list[str]:
    """Return every calendar name that is known, aliases included, in alphabetical order.

    Examples
    --------
    >>> "XNYS" in calendar_names()
    True
    """
    import exchange_calendars

    library = exchange_calendars.get_calendar_names(include_aliases=True)
    return sorted({*library, *_OURS})


def resolve(name: str) -> str:
    """Return the canonical name of a calendar, so ``XNAS`` gives ``XNYS``.

    Raises
    ------
    InputError
        If no calendar has that name; it says which is nearest.
    """
    import exchange_calendars

    if name in _OURS:
        return name
    if name not in exchange_calendars.get_calendar_names(include_aliases=True):
        extra = (
            "; a calendar of observed sessions is made from prices, not by name"
            if name.casefold() == "observed"
            else nearest(name, calendar_names())
        )
        raise InputError(f"calendar {name!r} is unknown{extra}")
    return str(exchange_calendars.resolve_alias(name))


def schedule(name: str, start: dt.date, end: dt.date) -> Schedule:
    """Return the corrected schedule of a canonical calendar within [start, end].

    Sessions outside what the library knows of that calendar are not invented: the schedule is
    shorter then.
    """
    first = dt.date(start.year - start.year % _STEP, 1, 1)
    last = dt.date(end.year - end.year % _STEP + _STEP - 1, 12, 31)
    block = _block(name, first, last)
    days = block.sessions
    return block.keep((days >= np.datetime64(start, "D")) & (days <= np.datetime64(end, "D")))


@lru_cache(maxsize=64)
def _block(name: str, first: dt.date, last: dt.date) -> Schedule:
    if name == "TARGET":
        raw = _all_day("Europe/Berlin", target_days(first, last))
    elif name == "24/7":
        raw = _all_day("UTC", every_day(first, last))
    elif name == "CME_ENERGY":
        raw = _energy(first, last)
    else:
        raw = _library(name, first, last)
    rows = tuple(row for row in load_corrections() if row.calendar == name)
    others = {
        row.open: schedule(row.open, first, last).sessions
        for row in rows
        if row.change == "sessions-of"
    }
    corrected = apply_corrections(raw, rows, others)
    inside = (corrected.sessions >= np.datetime64(first, "D")) & (
        corrected.sessions <= np.datetime64(last, "D")
    )
    if name == "CME_ENERGY":
        inside &= corrected.sessions >= np.datetime64(CME_ENERGY_FIRST, "D")
    return corrected.keep(inside)


def _all_day(zone: str, sessions: npt.NDArray[np.datetime64]) -> Schedule:
    opens = local_midnights(sessions, zone)
    closes = local_midnights(sessions + _DAY, zone)
    return _plain(zone, sessions, opens, closes)


def _plain(
    zone: str,
    sessions: npt.NDArray[np.datetime64],
    opens: npt.NDArray[np.datetime64],
    closes: npt.NDArray[np.datetime64],
) -> Schedule:
    early = np.zeros(len(sessions), dtype=bool)
    auction = np.full(len(sessions), np.datetime64("NaT"), dtype="datetime64[ns]")
    return Schedule(zone, sessions, opens, closes, early, auction)


def _energy(first: dt.date, last: dt.date) -> Schedule:
    """Trade dates of New York energy futures: the evening before at 18:00 until 17:00."""
    zone = "America/New_York"
    days = schedule("XNYS", first, last).sessions
    opens = parse_clock(f"18:00 {zone}").instants(days - _DAY)[0]
    closes = parse_clock(f"17:00 {zone}").instants(days)[0]
    return _plain(zone, days, opens, closes)


@lru_cache(maxsize=128)
def _bounds(name: str) -> tuple[dt.date | None, dt.date | None]:
    import exchange_calendars

    probe: Any = exchange_calendars.get_calendar(name, start="2022-06-01", end="2022-06-30")
    low, high = type(probe).bound_min(), type(probe).bound_max()
    return (low.date() if low is not None else None, high.date() if high is not None else None)


def _library(name: str, first: dt.date, last: dt.date) -> Schedule:
    import exchange_calendars

    low, high = _bounds(name)
    first, last = max(first, low or first), min(last, high or last)
    empty = np.empty(0, dtype="datetime64[ns]")
    if first > last:
        return _plain("UTC", empty.astype("datetime64[D]"), empty, empty)
    # Naive midnights: the library refuses dates that carry a zone.
    calendar: Any = exchange_calendars.get_calendar(
        name, start=first.isoformat(), end=last.isoformat()
    )
    sessions = calendar.sessions.to_numpy().astype("datetime64[D]")
    early = np.isin(sessions, calendar.early_closes.to_numpy().astype("datetime64[D]"))
    opens, closes = _utc(calendar.opens), _utc(calendar.closes)
    base = _plain(str(calendar.tz), sessions, opens, closes)
    return Schedule(base.zone, sessions, opens, closes, early, base.auction)


def _utc(series: Any) -> npt.NDArray[np.datetime64]:
    return np.asarray(series.dt.tz_convert(None).to_numpy(), dtype="datetime64[ns]")
