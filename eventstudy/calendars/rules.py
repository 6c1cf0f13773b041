"""Calendars that follow from a rule: TARGET days, settlement days of energy futures, 24/7."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

__all__ = ["easter_sunday", "every_day", "target_days"]

TARGET_FIRST = dt.date(1999, 1, 4)


def easter_sunday(year: int) -> dt.date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).

    Examples
    --------
    >>> easter_sunday(2022)
    datetime.date(2022, 4, 17)
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def _target_holidays(year: int) -> list[dt.date]:
    easter = easter_sunday(year)
    closed = [dt.date(year, 1, 1), dt.date(year, 12, 25)]
    if year >= 2000:
        closed += [
            easter - dt.timedelta(days=2),
            easter + dt.timedelta(days=1),
            dt.date(year, 5, 1),
            dt.date(year, 12, 26),
        ]
    if year in (1999, 2001):
        closed.append(dt.date(year, 12, 31))
    return closed


def target_days(start: dt.date, end: dt.date) -> npt.NDArray[np.datetime64]:
    """Return the days on which TARGET is open and the ECB fixes its reference rates.

    Closed on weekends, New Year's Day and Christmas Day; since 2000 also on Good Friday, Easter
    Monday, 1 May and 26 December; on 31 December of 1999 and 2001 only (ECB press releases of
    3 September 1998, 15 July 1999 and 14 December 2000). The rates begin on 1999-01-04.

    Returns
    -------
    (n,) datetime64[D]

    Examples
    --------
    >>> target_days(dt.date(2022, 4, 14), dt.date(2022, 4, 19))
    array(['2022-04-14', '2022-04-19'], dtype='datetime64[D]')
    """
    days = every_day(max(start, TARGET_FIRST), end)
    closed = [d for year in range(start.year, end.year + 1) for d in _target_holidays(year)]
    holidays = np.array(closed, dtype="datetime64[D]")
    return days[np.is_busday(days) & ~np.isin(days, holidays)]


def every_day(start: dt.date, end: dt.date) -> npt.NDArray[np.datetime64]:
    """Return every date from ``start`` to ``end``, both included, as datetime64[D]."""
    first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    return np.arange(first, last + np.timedelta64(1, "D"), dtype="datetime64[D]")
