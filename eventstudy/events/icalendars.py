"""Reader and writer of iCalendar files (RFC 5545), by ``icalendar``."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.events.catalogue import Record
from eventstudy.events.extras import need
from eventstudy.events.text_formats import read_text

__all__ = ["calendar_bytes", "calendar_records"]

OWN = "X-EVENTSTUDY-"  # our columns that iCalendar has no property for
TEXTS = {"SUMMARY": "headline", "URL": "url", "ORGANIZER": "source"}
CORE = ("event_id", "timestamp", "headline", "url")
_COLUMN = re.compile(r"[a-z0-9_]+")
_ESCAPE = re.compile(r"\\(.)")
EXTRAS = {"LOCATION": "location", "DESCRIPTION": "description", "STATUS": "status"}


def calendar_records(path: Path) -> list[Record]:
    """Read the VEVENTs of an iCalendar file.

    ``UID`` is the event_id, ``DTSTART`` the timestamp (a date alone is a bare date), ``SUMMARY``
    the headline, ``URL``, ``ORGANIZER`` the source, ``CATEGORIES`` an extra column; any column of
    ours may stand as ``X-EVENTSTUDY-<COLUMN>``.
    """
    library = need("icalendar", f"{path.name}: reading iCalendar")
    text = read_text(path)
    if "BEGIN:VEVENT" not in text.upper():
        raise InputError(f"{path}: there is no event (BEGIN:VEVENT) in it")
    try:
        parts = library.Calendar.from_ical(text, multiple=True)
        events = [event for part in parts for event in part.walk("VEVENT")]
    except Exception as err:  # a damaged file breaks the library in any place
        raise InputError(f"{path}: is no iCalendar file ({_first_line(err)})") from None
    rows = text.splitlines()
    lines = [n for n, row in enumerate(rows, start=1) if row.strip().upper() == "BEGIN:VEVENT"]
    if len(events) != len(lines):
        raise InputError(
            f"{path}: {len(lines)} events begin and {len(events)} are whole; an END:VEVENT is "
            "missing, the file breaks off"
        )
    faults: list[str] = []
    records = []
    for event, line in zip(events, lines, strict=True):
        where = f"{path.name}, line {line}"
        try:
            records.append(Record(_values(event), where, line))
        except ValueError as err:
            faults.append(f"{where}: {err}")
    if faults:
        raise InputError("\n".join(faults[:50]))
    return records


def _first_line(err: BaseException) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0][:120]


def _values(event: Any) -> dict[str, Any]:
    broken = dict(event.errors)
    if "DTSTART" in broken:
        raise ValueError(f"DTSTART {broken['DTSTART'][:120]}")
    for name in ("RRULE", "RDATE"):
        if name in event:
            raise ValueError(
                f"the event repeats ({name}); a headline comes out once, so write each "
                "occurrence as an event of its own"
            )
    if _text(event, "STATUS").upper() == "CANCELLED":
        raise ValueError("the event was cancelled (STATUS:CANCELLED); remove it")
    values: dict[str, Any] = {"timestamp": _stamp(event)}
    uid = _text(event, "UID")
    again = _text(event, "RECURRENCE-ID")
    if uid:
        values["event_id"] = f"{uid} {again}".strip()
    for name, column in {**TEXTS, **EXTRAS}.items():
        if name in event:
            values[column] = _text(event, name)
    values["source"] = values.get("source", "").removeprefix("mailto:").removeprefix("MAILTO:")
    if "CATEGORIES" in event:
        values["category"] = _categories(event["CATEGORIES"])
    for name in event:
        if name.upper().startswith(OWN):
            values[name[len(OWN) :].lower().replace("-", "_")] = _text(event, name)
    return values


def _text(event: Any, name: str) -> str:
    value = event.get(name)
    if isinstance(value, list):
        value = value[0]
    if value is None:
        return ""
    if not isinstance(value, str):
        raw = value.to_ical()
        value = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    elif name.startswith(OWN) and type(value).__name__ != "vText":
        # The library leaves the escapes of properties that it does not know.
        value = _ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)
    return str(value).strip()


def _categories(value: Any) -> str:
    groups = value if isinstance(value, list) else [value]
    names = [str(c) for group in groups for c in getattr(group, "cats", [group])]
    return "; ".join(names)


def _stamp(event: Any) -> Any:
    start = event.get("DTSTART")
    if start is None:
        raise ValueError("there is no DTSTART; give the instant or the date of the headline")
    if isinstance(start, list):
        raise ValueError("DTSTART stands twice; keep one of them")
    value = start.dt
    zone = str(start.params.get("TZID", ""))
    if isinstance(value, dt.datetime):
        if value.tzinfo is None and zone:
            raise ValueError(
                f"DTSTART has the unknown time zone {zone!r}; take one such as 'Europe/Paris'"
            )
        return value
    if isinstance(value, dt.date):
        return value
    raise ValueError(f"DTSTART {value!r} is neither a date nor an instant")


def _own(name: str) -> str:
    if not _COLUMN.fullmatch(name):
        raise InputError(
            f"an iCalendar file cannot hold the column {name!r}; its name needs small letters, "
            "digits and underscores alone"
        )
    return f"{OWN}{name.replace('_', '-').upper()}"


def calendar_bytes(frame: pd.DataFrame) -> bytes:
    """Return a catalogue's frame as an iCalendar file that this module reads back."""
    library = need("icalendar", "writing iCalendar")
    calendar = library.Calendar()
    calendar.add("prodid", "-//market-eventstudy//catalogue//EN")
    calendar.add("version", "2.0")
    rows: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in frame.to_dict(orient="records")
    ]
    for row in rows:
        event = library.Event()
        event.add("uid", str(row["event_id"]))
        stamp = row["timestamp"]
        bare = "T" not in stamp
        moment = dt.date.fromisoformat(stamp) if bare else dt.datetime.fromisoformat(stamp)
        event.add("dtstart", moment)
        # The stamp of the file is the headline's own: no clock enters the output.
        event.add("dtstamp", dt.datetime.combine(moment, dt.time(), dt.UTC) if bare else moment)
        event.add("summary", str(row.get("headline", "")))
        if row.get("url"):
            event.add("url", str(row["url"]))
        for name, value in row.items():
            if name not in CORE and value != "":
                event.add(_own(name), library.vText(str(value)))
        calendar.add_component(event)
    return bytes(calendar.to_ical(sorted=False))
