"""Read a timestamp: an instant with an offset, or a bare date, and nothing in between."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

__all__ = ["Stamp", "read_stamp"]

Stamp = tuple[dt.datetime | None, dt.date | None]

_SHAPE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?"
)
_HINT = "write it as 2022-02-15T08:00Z, 2022-02-15T09:00+01:00, or 2022-02-15 for a date alone"
_GIVE_ZONE = (
    "has no offset; write 2022-02-15T09:00+01:00 or ...Z, or give one zone for the whole file "
    '(timezone = "Europe/Paris")'
)
# Beyond these years an instant does not fit into 64 bits of nanoseconds.
_YEARS = range(1678, 2262)


def read_stamp(value: object, zone: ZoneInfo | None) -> Stamp:
    """Return ``(instant in UTC, None)`` or ``(None, bare date)``.

    Parameters
    ----------
    value : object
        ISO 8601 text, or a ``datetime`` or ``date``.
    zone : ZoneInfo or None
        Zone of instants without an offset.

    Raises
    ------
    ValueError
        With a sentence that says what is wrong and how to mend it.

    Examples
    --------
    >>> read_stamp("2022-02-15T09:00+01:00", None)[0].isoformat()
    '2022-02-15T08:00:00+00:00'
    >>> read_stamp("2022-02-15", None)[1].isoformat()
    '2022-02-15'
    """
    if isinstance(value, dt.datetime):
        return _instant(value, zone, str(value))
    if isinstance(value, dt.date):
        return None, _in_range(value, str(value))
    if not isinstance(value, str):
        kind = type(value).__name__
        raise ValueError(f"timestamp {value!r} is a {kind} and no text; {_HINT}")
    return _text(value.strip(), zone)


def _text(text: str, zone: ZoneInfo | None) -> Stamp:
    if not text:
        raise ValueError(f"timestamp is empty; {_HINT}")
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"timestamp {text!r} is not ISO 8601; {_HINT}")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        date = dt.date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(f"timestamp {text!r}: there is no such date") from None
    if hour is None:
        return None, _in_range(date, text)
    micro = int((fraction or "").ljust(6, "0")[:6])
    try:
        clock = dt.time(int(hour), int(minute), int(second or 0), micro, _offset(offset))
    except ValueError:
        raise ValueError(f"timestamp {text!r}: there is no such time of day or offset") from None
    return _instant(dt.datetime.combine(date, clock), zone, text)


def _offset(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 15 or minutes > 59:
        raise ValueError(text)
    delta = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-delta if text[0] == "-" else delta)


def _instant(moment: dt.datetime, zone: ZoneInfo | None, text: str) -> Stamp:
    _in_range(moment.date(), text)
    if moment.tzinfo is None or moment.utcoffset() is None:
        if zone is None:
            raise ValueError(f"timestamp {text!r} {_GIVE_ZONE}")
        moment = _localise(moment.replace(tzinfo=None), zone, text)
    utc = moment.astimezone(dt.UTC)
    return utc, None


def _localise(naive: dt.datetime, zone: ZoneInfo, text: str) -> dt.datetime:
    early = naive.replace(tzinfo=zone, fold=0)
    late = naive.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    there = early.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == naive
    if not there:
        raise ValueError(
            f"timestamp {text!r} does not exist in {zone.key}: the clocks were put forward over "
            "it; give its offset"
        )
    raise ValueError(
        f"timestamp {text!r} happened twice in {zone.key}: the clocks were put back; give its "
        f"offset, {_written(early)} or {_written(late)}"
    )


def _written(moment: dt.datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _in_range(date: dt.date, text: str) -> dt.date:
    if date.year not in _YEARS:
        raise ValueError(f"timestamp {text!r}: years from {_YEARS[0]} to {_YEARS[-1]} are possible")
    return date
