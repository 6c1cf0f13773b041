"""Clocks: the local time of day at which a daily price is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.errors import InputError, nearest

__all__ = ["Clock", "check_zone", "local_midnights", "parse_clock"]

_CLOCK = re.compile(
    r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\s*-\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s+(\S+)\s*$"
)
_DAY = 24 * 3600


@dataclass(frozen=True)
class Clock:
    """A time of day, or a window of it, in a zone of the tz database.

    Attributes
    ----------
    start, end : int
        Seconds after local midnight (0..86400); equal where the clock is an instant.
    zone : str
        Name in the tz database, e.g. ``America/New_York``.
    """

    start: int
    end: int
    zone: str

    def __str__(self) -> str:
        """Write the clock as the study file does."""
        span = hhmm(self.start)
        if self.end != self.start:
            span += f"-{hhmm(self.end)}"
        return f"{span} {self.zone}"

    def instants(
        self, dates: npt.NDArray[np.datetime64]
    ) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
        """Return start and end in UTC on each local date, two (n,) datetime64[ns] arrays.

        A time that daylight saving skips moves to the first instant that exists; of a time that
        happens twice the second is meant.
        """
        return _on(dates, self.start, self.zone), _on(dates, self.end, self.zone)


def hhmm(seconds: int) -> str:
    """Write seconds after midnight as ``HH:MM`` or ``HH:MM:SS``.

    Examples
    --------
    >>> hhmm(52200)
    '14:30'
    """
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{rest:02d}" if rest else "")


def check_zone(zone: str, where: str = "time zone") -> str:
    """Return ``zone`` if the tz database knows it, else raise :class:`InputError`.

    Examples
    --------
    >>> check_zone("Europe/Paris")
    'Europe/Paris'
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        zones = available_timezones()
        cities = [z for z in sorted(zones) if z.endswith(f"/{zone.strip().replace(' ', '_')}")]
        hint = nearest(zone, zones) if zone else ""
        if zone and cities:
            hint = f"; did you mean {cities[0]!r}?"
        if not hint.startswith("; did"):
            hint = "; give a name of the tz database such as 'Europe/Paris' or 'UTC'"
        raise InputError(f"{where}: unknown time zone {zone!r}{hint}") from None
    return zone


def parse_clock(text: str, where: str = "close") -> Clock:
    """Read ``"14:30 America/New_York"`` or a window ``"14:28-14:30 America/New_York"``.

    Parameters
    ----------
    text : str
        One or two times of day (``24:00`` is allowed) and a zone of the tz database.
    where : str
        The key that an error names.

    Raises
    ------
    InputError
        If the text has another shape, the window runs backwards, or the zone is unknown.

    Examples
    --------
    >>> parse_clock("14:28-14:30 America/New_York")
    Clock(start=52080, end=52200, zone='America/New_York')
    """
    match = _CLOCK.match(text)
    if match is None:
        raise InputError(
            f"{where}: {text!r} is no clock; write a time and a zone, as in "
            "'14:30 America/New_York', or a window, as in '14:28-14:30 America/New_York'"
        )
    h1, m1, s1, h2, m2, s2, zone = match.groups()
    start = _seconds(h1, m1, s1, text, where)
    end = start if h2 is None else _seconds(h2, m2, s2, text, where)
    if end < start:
        raise InputError(f"{where}: the window {text!r} ends before it begins")
    return Clock(start, end, check_zone(zone, where))


def local_midnights(dates: npt.NDArray[np.datetime64], zone: str) -> npt.NDArray[np.datetime64]:
    """Return the first UTC instant of each local date, (n,) datetime64[ns]."""
    return _on(dates, 0, zone)


def _seconds(hours: str, minutes: str, seconds: str | None, text: str, where: str) -> int:
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    if total > _DAY or int(minutes) > 59 or int(seconds or 0) > 59:
        raise InputError(f"{where}: {text!r} names a time that does not exist")
    return total


def _on(dates: npt.NDArray[np.datetime64], seconds: int, zone: str) -> npt.NDArray[np.datetime64]:
    days = dates.astype("datetime64[D]")
    if seconds == _DAY:
        days, seconds = days + np.timedelta64(1, "D"), 0
    naive = pd.DatetimeIndex(days.astype("datetime64[ns]") + np.timedelta64(seconds, "s"))
    local = naive.tz_localize(
        zone, ambiguous=np.full(len(naive), seconds == 0), nonexistent="shift_forward"
    )
    return np.asarray(local.tz_convert("UTC").tz_localize(None), dtype="datetime64[ns]")
