"""Resolve a phrase of time against the publication: which day, which instant, how surely.

A weekday is the latest such day that is not after the publication. "Last week" is a span: one of
its days, with little confidence. Nothing is resolved to a moment after the publication.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from eventstudy.events.articles.phrases import Phrase, Piece
from eventstudy.events.articles.words import PARTS, Vocabulary
from eventstudy.events.extras import need

__all__ = ["Context", "Moment", "Unresolved", "resolve"]

# How sure the day is, by what names it; only the order of these numbers means something.
SURE = {
    "iso": 0.95, "date with year": 0.95, "date": 0.9, "numeric": 0.9, "relative": 0.9,
    "counted": 0.8, "weekday": 0.85, "last weekday": 0.5, "same_day": 0.7, "own_part": 0.85,
    "week": 0.3, "weekend": 0.4, "clock": 0.5,
}  # fmt: skip
UNSURE_ZONE, NO_ZONE, CROSSED, AMBIGUOUS = 0.2, 0.05, 0.5, 0.3
MINUTE, ROUND_HOUR, ROUGH = 0.5, 15.0, 30.0  # half-widths in minutes
AHEAD = dt.timedelta(days=183)  # a date without a year that is nearer than this lies ahead


class Unresolved(Exception):  # noqa: N818 - a finding, not a fault
    """The phrase dates no act before the publication; the message says why."""


@dataclass(frozen=True)
class Context:
    """What a phrase is read against.

    Attributes
    ----------
    published : datetime
        Instant of the publication, in the zone of the article's days.
    vocabulary : Vocabulary
    last : date or None
        Day of the phrase before, for "the same day".
    """

    published: dt.datetime
    vocabulary: Vocabulary
    last: dt.date | None = None


@dataclass(frozen=True)
class Moment:
    """What a phrase says.

    Attributes
    ----------
    day : date
    instant : datetime or None
        Where a clock or a part of the day is named.
    uncertainty : float
        Half-width in minutes of ``instant``.
    confidence : float
        0 to 1.
    kind : str
        What named the day.
    note : str
    """

    day: dt.date
    instant: dt.datetime | None
    uncertainty: float
    confidence: float
    kind: str
    note: str = ""


def resolve(phrase: Phrase, context: Context) -> Moment:
    """Return the moment that a phrase names.

    Raises
    ------
    Unresolved
        Where it names a bound ("since Tuesday"), a month or more, or a time that lies ahead.
    """
    if phrase.lead:
        raise Unresolved(f"'{phrase.lead}' makes it a bound and no day of an act")
    day, confidence, kind, note = _day(phrase, context)
    if day > context.published.date():
        raise Unresolved("lies after the publication")
    clock, counted = phrase.get("clock"), phrase.get("counted")
    if kind == "counted" and counted is not None and clock is None:
        moment, by_hours = _counted(counted, context)
        if by_hours:
            return Moment(day, moment, ROUGH, confidence, kind, "as many hours before the article")
    if clock is not None:
        return _with_clock(clock, phrase, context, (day, confidence, kind, note))
    part = phrase.get("part", "own_part")
    name = _part_name(phrase, part, context.vocabulary)
    if name and kind not in ("week", "weekend"):
        return _with_part(name, context, (day, confidence, kind, note))
    return Moment(day, None, 0.0, confidence, kind, note)


_Day = tuple[dt.date, float, str, str]


def _day(phrase: Phrase, context: Context) -> _Day:
    today = context.published.date()
    v = context.vocabulary
    piece = phrase.get("iso", "date", "numeric")
    if piece is not None:
        return _written(piece, phrase, context)
    if phrase.get("month"):
        raise Unresolved("names a month and no day")
    week, weekday = phrase.get("week"), phrase.get("weekday")
    if weekday is not None:
        return _weekday(weekday, week, context)
    if week is not None:
        shift = v.relative[week.text.lower()][0]
        monday = today - dt.timedelta(days=today.weekday()) + dt.timedelta(days=shift)
        return _span(monday, min(monday + dt.timedelta(days=6), today), "week")
    if phrase.get("weekend"):
        saturday = today - dt.timedelta(days=(today.weekday() - 5) % 7)
        if phrase.pieces[0].text.lower().startswith("last ") and today.weekday() >= 5:
            saturday -= dt.timedelta(days=7)
        return _span(saturday, min(saturday + dt.timedelta(days=1), today), "weekend")
    return _other(phrase, context)


def _other(phrase: Phrase, context: Context) -> _Day:
    """Return the day of what is relative to today or to the phrase before."""
    today, v = context.published.date(), context.vocabulary
    if (piece := phrase.get("relative")) is not None:
        return today + dt.timedelta(days=v.relative[piece.text.lower()][0]), SURE["relative"], \
            "relative", ""  # fmt: skip
    if (piece := phrase.get("counted")) is not None:
        return _counted(piece, context)[0].date(), SURE["counted"], "counted", ""
    if phrase.get("same_day"):
        return context.last or today, SURE["same_day"], "same_day", ""
    if (piece := phrase.get("own_part")) is not None:
        days, _ = v.own_parts[piece.text.lower()]
        return today + dt.timedelta(days=days), SURE["own_part"], "own_part", ""
    if phrase.get("clock"):
        return context.last or today, SURE["clock"], "clock", "no day is named beside the clock"
    raise Unresolved("names no day")


def _counted(piece: Piece, context: Context) -> tuple[dt.datetime, bool]:
    """Return the moment of "two days ago", and whether hours or minutes count it."""
    found = _parsed(piece.text, context)
    if found is None:
        raise Unresolved("cannot be read")
    moment = found.replace(tzinfo=context.published.tzinfo)
    return moment, found.time() != context.published.time()


def _span(first: dt.date, last: dt.date, kind: str) -> _Day:
    middle = first + (last - first) // 2
    return middle, SURE[kind], kind, f"some day from {first} to {last}"


def _weekday(piece: Piece, week: Piece | None, context: Context) -> _Day:
    v, today = context.vocabulary, context.published.date()
    text = piece.text.lower()
    name = max((n for n in v.weekdays if n in text), key=len)
    number = v.weekdays[name]
    if week is not None:
        monday = today - dt.timedelta(days=today.weekday())
        shift = v.relative[week.text.lower()][0]
        return monday + dt.timedelta(days=shift + number), SURE["weekday"], "weekday", ""
    if v.next and re.search(rf"\b(?:{v.next})\b", text):
        raise Unresolved("lies after the publication")
    back = (today.weekday() - number) % 7
    if v.last and re.search(rf"\b(?:{v.last})\b", text):
        back = back or 7
        note = f"the {name.capitalize()} before {today}, or one a week earlier"
        return today - dt.timedelta(days=back), SURE["last weekday"], "last weekday", note
    return today - dt.timedelta(days=back), SURE["weekday"], "weekday", ""


def _written(piece: Piece, phrase: Phrase, context: Context) -> _Day:
    """Return a day that is written as a date; a year that is left out is the latest possible."""
    found = _parsed(piece.text, context)
    if found is None:
        raise Unresolved("is no date that there is")
    day = found.date()
    has_year = piece.kind != "date" or bool(re.search(r"\b(?:19|20)\d\d\b", piece.text))
    kind = "date with year" if piece.kind == "date" and has_year else piece.kind
    confidence, note = SURE[kind], ""
    today = context.published.date()
    if not has_year:
        day = _same_year(day, today)
        if day > today and day - today > AHEAD:
            day = _same_year(day, today.replace(day=1, year=today.year - 1))
    if piece.kind == "numeric" and _may_be_turned(piece.text):
        confidence -= AMBIGUOUS
        note = "day and month could be the other way round"
    weekday = phrase.get("weekday")
    v = context.vocabulary
    if weekday is not None:
        name = max((n for n in v.weekdays if n in weekday.text.lower()), key=len)
        if v.weekdays[name] != day.weekday():
            confidence -= AMBIGUOUS
            note = f"{day} is no {name.capitalize()}"
    return day, confidence, kind, note


def _same_year(day: dt.date, other: dt.date) -> dt.date:
    try:
        return day.replace(year=other.year)
    except ValueError:  # 29 February in another year
        raise Unresolved("is no date that there is") from None


def _may_be_turned(text: str) -> bool:
    first, second = (int(n) for n in re.findall(r"\d+", text)[:2])
    return first <= 12 and second <= 12 and first != second


@lru_cache(maxsize=8)
def _parser(language: str, base: dt.datetime, *, day_first: bool) -> Any:
    settings = {
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "past",
        "DATE_ORDER": "DMY" if day_first else "MDY",
    }
    kind = need("dateparser.date", "reading an article").DateDataParser
    return kind(languages=[language], settings=settings)


def _parsed(text: str, context: Context) -> dt.datetime | None:
    """Return what dateparser makes of a date or of "two days ago"; None where it makes nothing."""
    v = context.vocabulary
    parser = _parser(v.language, context.published.replace(tzinfo=None), day_first=v.day_first)
    data = parser.get_date_data(" ".join(text.split()))
    found = data.date_obj
    if found is None or data.period in ("week", "month", "year"):
        return None
    return dt.datetime.combine(found.date(), found.time())


def _with_clock(clock: Piece, phrase: Phrase, context: Context, day: _Day) -> Moment:
    date, confidence, kind, note = day
    own = context.published.tzinfo
    zone = ZoneInfo(clock.zone) if clock.zone not in ("", "local") else own
    time, wide = _time(clock, phrase, context.vocabulary)
    if clock.zone == "local":
        confidence -= UNSURE_ZONE
        note = _and(note, "the zone of the local time is not known; the article's was taken")
    elif not clock.zone:
        confidence -= NO_ZONE
    instant = dt.datetime.combine(date, time, zone)
    late = instant > context.published
    if late and kind == "clock":
        instant = dt.datetime.combine(date - dt.timedelta(days=1), time, zone)
        confidence *= CROSSED
        note = _and(note, "the day before, since that hour had not come yet")
        late = instant > context.published
    if late:
        raise Unresolved("lies after the publication")
    return Moment(instant.date(), instant, wide, _rounded(confidence), kind, note)


def _time(clock: Piece, phrase: Phrase, v: Vocabulary) -> tuple[dt.time, float]:
    """Return the time of day and its half-width in minutes."""
    text = clock.text.lower()
    for word, hour in v.noon.items():
        if re.match(rf"{re.escape(word)}\b", text):
            return dt.time(hour), ROUND_HOUR
    match = re.match(r"(\d{1,2})(?:\s?(?::|\.|h|uhr)\s?(\d{2})?)?", text)
    if match is None:
        raise Unresolved("is no time of day")
    hour, minute = int(match[1]), int(match[2] or 0)
    half = re.search(r"\b([ap])\.?\s?m\b|\d([ap])\.?\s?m\b", text)
    if half:
        hour = hour % 12 + (12 if "p" in half.group() else 0)
    if hour > 23 or minute > 59:
        raise Unresolved("is no time of day")
    rough = re.search(r"\b(?:around|about|shortly|just|gegen|kurz|vers|hacia)\b", phrase.text, re.I)
    wide = ROUGH if rough else (MINUTE if match[2] else ROUND_HOUR)
    return dt.time(hour, minute), wide


def _part_name(phrase: Phrase, part: Piece | None, v: Vocabulary) -> str:
    if part is not None:
        text = part.text.lower()
        return v.own_parts[text][1] if part.kind == "own_part" else v.parts[text]
    weekday = phrase.get("weekday")
    if weekday is None or v.language != "de":
        return ""
    return next((p for w, p in v.parts.items() if weekday.text.lower().endswith(w)), "")


def _with_part(name: str, context: Context, day: _Day) -> Moment:
    """Return the middle of a part of the day, as far as it lies before the publication."""
    date, confidence, kind, note = day
    first, last = PARTS[name]
    midnight = dt.datetime.combine(date, dt.time(), context.published.tzinfo)
    start = midnight + dt.timedelta(hours=first)
    end = min(midnight + dt.timedelta(hours=last), context.published)
    if start >= context.published:
        raise Unresolved("lies after the publication")
    half = (end - start) / 2
    return Moment(
        date, start + half, round(half.total_seconds() / 60.0, 1), _rounded(confidence - 0.05),
        kind, _and(note, f"{name}, taken as {start:%d %H:%M} to {end:%d %H:%M}"),
    )  # fmt: skip


def _and(*notes: str) -> str:
    return "; ".join(n for n in notes if n)


def _rounded(confidence: float) -> float:
    return round(max(confidence, 0.05), 2)
