"""Say in one sentence why a headline belongs to a session; vectorised over headlines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.calendars.clock import hhmm
from eventstudy.calendars.pinning import (
    BEFORE_FIRST,
    EXCLUDED,
    IN_SESSION,
    NO_TIME,
    NON_SESSION,
    PINNED,
    PRE_OPEN,
    DatePolicy,
    Pins,
)
from eventstudy.calendars.sessions import SessionCalendar

__all__ = ["explain", "reason_array"]

_WEEKDAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # 1970-01-01 was a Thursday
_KEY = 1_000_000
_MANY = 20_000


def explain(
    pins: Pins,
    calendar: SessionCalendar,
    *,
    instants: npt.ArrayLike | None = None,
    dates: npt.ArrayLike | None = None,
    uncertainty_minutes: npt.ArrayLike = 0.0,
    policy: DatePolicy = "next",
) -> npt.NDArray[np.object_]:
    """Return one sentence a headline: its local time, what the market did, which price knows.

    Parameters
    ----------
    pins : Pins
        What :func:`pin_instants` or :func:`pin_dates` returned.
    calendar : SessionCalendar
        The calendar it was called with.
    instants, dates : (m,) datetime64
        What was pinned: one of the two.
    uncertainty_minutes : float or (m,) float
        As given to :func:`pin_instants`.
    policy : str
        As given to :func:`pin_dates`.

    Returns
    -------
    (m,) object
        Strings.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> from eventstudy.calendars import exchange_calendar, pin_instants
    >>> nyse = exchange_calendar("XNYS", dt.date(2022, 2, 14), dt.date(2022, 2, 18))
    >>> u = np.array(["2022-02-15T08:00"], dtype="datetime64[s]")
    >>> print(explain(pin_instants(u, nyse), nyse, instants=u)[0])
    Tue 2022-02-15 03:00 America/New_York: XNYS was still shut (09:30-16:00), so the \
close of Tue 2022-02-15 at 16:00 is the first price that can know.
    """
    if dates is not None:
        days = np.atleast_1d(np.asarray(dates)).astype("datetime64[D]")
        return _date_reasons(days, pins, calendar, policy)
    if instants is None:
        raise ValueError("give the instants or the dates that were pinned")
    u = np.atleast_1d(np.asarray(instants)).astype("datetime64[ns]")
    half = np.broadcast_to(np.asarray(uncertainty_minutes, dtype=np.float64), u.shape)
    joined = reason_array(u, half, pins, calendar)
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def reason_array(
    u: npt.NDArray[np.datetime64],
    half: npt.NDArray[np.float64],
    pins: Pins,
    calendar: SessionCalendar,
) -> Any:
    """Return the sentences as an Arrow string array: the bulk form of :func:`explain`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zone = calendar.timezone or "UTC"
    local = pd.DatetimeIndex(u).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    wall = local.to_numpy().astype("datetime64[ns]").view(np.int64) // 1_000_000_000
    wall = np.where(np.isnat(u), 0, wall)
    day, second = np.divmod(wall, 86400)
    low, high = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    days = _day_texts(np.arange(low, high + 1).astype("datetime64[D]"))
    phrases, phrase_at = _phrases(pins, calendar, half)
    parts: list[Any] = [
        pa.array(days).take(pa.array(day - low)),
        _clock_column(second),
        pa.array(phrases, pa.string()).take(pa.array(phrase_at)),
    ]
    return pc.binary_join_element_wise(*parts, " ")


@dataclass(frozen=True)
class _Texts:
    """Dates and local hours of the sessions that are spoken of, written out."""

    days: dict[int, str]
    hours: dict[int, str]
    prices: dict[int, str]


def _texts(calendar: SessionCalendar, pins: Pins, sample: npt.NDArray[np.int64]) -> _Texts:
    ends = np.array([0, len(calendar) - 1])
    used = np.unique(np.concatenate([ends, pins.session[sample], pins.strict[sample]]))
    used = used[(used >= 0) & (used < len(calendar))]
    days = _day_texts(calendar.sessions[used])
    sides = (calendar.opens, calendar.closes, calendar.measured_from, calendar.measured_until)
    opens, closes, begin, finish = (_clock_texts(side[used], calendar, used) for side in sides)
    around = (calendar.closes - calendar.opens)[used] >= np.timedelta64(22, "h")
    hours = [
        "" if not a or not b else " (round the clock)" if c else f" ({a}-{b})"
        for a, b, c in zip(opens, closes, around.tolist(), strict=True)
    ]
    prices = [
        f"{calendar.measure} of {d} at {b if a == b else f'{a}-{b}'}"
        for d, a, b in zip(days, begin, finish, strict=True)
    ]
    at = used.tolist()
    return _Texts(*(dict(zip(at, texts, strict=True)) for texts in (days, hours, prices)))


def _clock_texts(
    instants: npt.NDArray[np.datetime64],
    calendar: SessionCalendar,
    used: npt.NDArray[np.int64],
) -> list[str]:
    """Write local times of day; 24:00 for the end of the session's own date, "" for NaT."""
    zone = calendar.timezone or "UTC"
    local = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    last = instants == calendar.day_ends[used]
    return [
        "" if np.isnan(s) else "24:00" if end else hhmm(int(s))
        for s, end in zip(seconds.tolist(), last.tolist(), strict=True)
    ]


def _phrases(
    pins: Pins, calendar: SessionCalendar, half: npt.NDArray[np.float64]
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the distinct sentences and which one each headline has."""
    width_at, wide = _distinct(half)
    gap = np.minimum(pins.strict - pins.session, 9999)
    key = (pins.session + 1) * _KEY + gap * 100 + pins.base * 10 + pins.status
    at, sample = _distinct(key)
    if len(wide) > 1:
        at, sample = _distinct(at * len(wide) + width_at)
    zone, texts = calendar.timezone or "UTC", _texts(calendar, pins, sample)
    phrases = [f"{zone}{_width(half[i])}: {_phrase(int(i), pins, calendar, texts)}" for i in sample]
    return phrases, at


def _distinct(
    key: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the number of each row's value, and one row for each number (hashed: no sort)."""
    if key.strides == (0,):  # one value, broadcast
        return np.zeros(len(key), dtype=np.int64), np.zeros(min(1, len(key)), dtype=np.int64)
    at, values = pd.factorize(key, use_na_sentinel=False)
    sample = np.zeros(len(values), dtype=np.int64)
    sample[at] = np.arange(len(key))
    return np.asarray(at, dtype=np.int64), sample


def _phrase(i: int, pins: Pins, calendar: SessionCalendar, texts: _Texts) -> str:
    name, n = calendar.name, len(calendar)
    status = int(pins.status[i])
    if status == NO_TIME:
        return "no time is given."
    if status == BEFORE_FIRST:
        return f"this is before {texts.days[0]}, the first session known of {name}."
    if status != PINNED:
        return f"this is after {texts.days[n - 1]}, the last session known of {name}."
    j, strict = int(pins.session[i]), int(pins.strict[i])
    doing = _doing(int(pins.base[i]), j, calendar, texts)
    if strict == j:
        return f"{doing}, so the {texts.prices[j]} is the first price that can know."
    then = f"the {texts.prices[strict]}" if strict < n else "one beyond the calendar's end"
    return (
        f"{doing}, but too near the {texts.prices[j]} to tell whether that price knows or only "
        f"{then}; day 0 is {texts.days[j]}."
    )


def _doing(base: int, j: int, calendar: SessionCalendar, texts: _Texts) -> str:
    name = calendar.name
    if base == IN_SESSION and np.isnat(calendar.opens[j]):
        return f"a session date of {name}, whose opening hour is not known"
    if base == IN_SESSION:
        return f"{name} was in session{texts.hours[j]}"
    if base == PRE_OPEN:
        return f"{name} was still shut{texts.hours[j]}"
    if base == NON_SESSION:
        return f"no session of {name} that day"
    return f"the {calendar.measure} of that day's {name} session was already made"


def _date_reasons(
    days: npt.NDArray[np.datetime64], pins: Pins, calendar: SessionCalendar, policy: DatePolicy
) -> npt.NDArray[np.object_]:
    unique, sample, at = np.unique(days, return_index=True, return_inverse=True)
    texts = [
        _date_phrase(d, int(i), pins, calendar, policy) for d, i in zip(unique, sample, strict=True)
    ]
    return np.asarray(texts, dtype=object)[at]


def _date_phrase(
    day: np.datetime64, i: int, pins: Pins, calendar: SessionCalendar, policy: DatePolicy
) -> str:
    name, status = calendar.name, int(pins.status[i])
    if status == NO_TIME:
        return "No time is given."
    head = f"{_day(day)}, a date without a time: "
    if status == EXCLUDED:
        return f"{head}no session of {name}, and the policy is to exclude it."
    if status == BEFORE_FIRST:
        return f"{head}before {_day(calendar.sessions[0])}, the first session known of {name}."
    if status != PINNED:
        return f"{head}after {_day(calendar.sessions[-1])}, the last session known of {name}."
    session = calendar.sessions[int(pins.session[i])]
    if session == day:
        return (
            f"{head}the {name} session of that date is taken; had the news come after its "
            f"{calendar.measure}, the next one would be the first that can know."
        )
    return f"{head}no session of {name}, so by the policy '{policy}' {_day(session)} is taken."


def _day(day: np.datetime64) -> str:
    return _day_texts(np.array([day], dtype="datetime64[D]"))[0]


def _day_texts(days: npt.NDArray[np.datetime64]) -> list[str]:
    numbers = days.astype("datetime64[D]").astype(np.int64)
    names = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    return [f"{_WEEKDAYS[k % 7]} {name}" for k, name in zip(numbers.tolist(), names, strict=True)]


def _width(minutes: float) -> str:
    return "" if not minutes > 0 else f", give or take {minutes:g} min"


def _clock_column(second: npt.NDArray[np.int64]) -> Any:
    """Write seconds after midnight; a table of the whole day pays only for many."""
    import pyarrow as pa

    if len(second) < _MANY:
        return pa.array([hhmm(s) for s in second.tolist()], pa.string())
    return _second_texts().take(pa.array(second))


@lru_cache(maxsize=1)
def _second_texts() -> Any:
    import pyarrow as pa

    return pa.array([hhmm(s) for s in range(86400)])
