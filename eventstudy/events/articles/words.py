"""Words of time in a language: the names come from ``dateparser``, what it lacks stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eventstudy.errors import InputError, nearest
from eventstudy.events.extras import need

__all__ = ["PARTS", "ZONES", "Vocabulary", "vocabulary"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december")  # fmt: skip
# Hours from the start of the day to which a part of the day reaches.
PARTS = {
    "early": (0.0, 6.0), "morning": (6.0, 12.0), "afternoon": (12.0, 18.0),
    "evening": (18.0, 24.0), "night": (20.0, 28.0), "overnight": (-4.0, 8.0),
}  # fmt: skip
# Words for a part of the day, per language; those of "own" carry their day with them.
_PARTS: Mapping[str, Mapping[str, str]] = {
    "en": {"early morning": "early", "early hours": "early", "morning": "morning",
           "afternoon": "afternoon", "evening": "evening", "night": "night"},
    "de": {"früh": "morning", "morgen": "morning", "vormittag": "morning",
           "nachmittag": "afternoon", "abend": "evening", "nacht": "night"},
    "fr": {"matin": "morning", "après-midi": "afternoon", "soir": "evening", "nuit": "night"},
    "es": {"mañana": "morning", "tarde": "afternoon", "noche": "evening"},
}  # fmt: skip
# word -> (days from the publication's date, part of the day)
_OWN_PARTS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "en": {"this morning": (0, "morning"), "this afternoon": (0, "afternoon"),
           "this evening": (0, "evening"), "tonight": (0, "evening"), "last night": (-1, "night"),
           "overnight": (0, "overnight")},
    "de": {"heute früh": (0, "morning"), "heute morgen": (0, "morning"),
           "gestern abend": (-1, "evening"), "über nacht": (0, "overnight")},
    "fr": {"ce matin": (0, "morning"), "cet après-midi": (0, "afternoon"), "ce soir":
           (0, "evening"), "hier soir": (-1, "evening"), "cette nuit": (0, "overnight")},
    "es": {"esta mañana": (0, "morning"), "esta tarde": (0, "afternoon"),
           "esta noche": (0, "evening"), "anoche": (-1, "night")},
}  # fmt: skip
_SAME_DAY: Mapping[str, Sequence[str]] = {
    "en": ("the same day", "that same day", "that day", "later in the day", "earlier in the day",
           "hours earlier", "hours later", "later that day", "on the same day"),
    "de": ("am selben tag", "am gleichen tag", "noch am selben tag", "stunden später"),
    "fr": ("le même jour", "ce même jour", "ce jour-là", "quelques heures plus tard"),
    "es": ("el mismo día", "ese mismo día", "ese día", "horas después"),
}  # fmt: skip
_WEEKEND: Mapping[str, Sequence[str]] = {
    "en": ("last weekend", "over the weekend", "at the weekend", "on the weekend"),
    "de": ("am wochenende", "letztes wochenende", "übers wochenende"),
    "fr": ("le week-end dernier", "ce week-end", "pendant le week-end"),
    "es": ("el fin de semana",),
}  # fmt: skip
# What makes a weekday the one of another week, and what makes a date no day of an act.
_LAST = {"en": "last|past", "de": "letzten|vergangenen|vorigen", "fr": "dernier", "es": "pasado"}
_NEXT = {"en": "next|coming", "de": "nächsten|kommenden", "fr": "prochain", "es": "próximo"}
_BOUNDS = {
    "en": "since|until|till|by|before|through|from|ahead of|prior to|starting|beginning",
    "de": "seit|bis|bis zum|ab|vor|vor dem",
    "fr": "depuis|jusqu'au|jusqu'à|avant|dès|d'ici|à partir",
    "es": "desde|hasta|antes de|a partir",
}  # fmt: skip
_FUTURE = {
    "en": r"will|would|shall|is to|are to|was to|were to|expected to|due to|plans? to|planned to|"
          r"set to|scheduled|going to|might|could",
    "de": "wird|werden|soll|sollen|würde|will|wollen|plant|planen",
    "fr": r"sera|seront|doit|doivent|devrait|devraient|prévoit|va|vont",
    "es": r"será|serán|debe|prevé|va a|van a",
}  # fmt: skip
_REPORTED = {
    "en": r"said|says|told|announced|reported|confirmed|stated|added|warned|declared|wrote|pledged|"
          r"agreed|decided|voted|asked|claimed|insisted|ordered",
    "de": "sagte|erklärte|teilte|kündigte|berichtete|bestätigte|warnte|betonte|meldete|stimmte",
    "fr": "dit|annoncé|déclaré|indiqué|affirmé|confirmé|averti|précisé|rapporté|voté",
    "es": "dijo|anunció|declaró|confirmó|informó|advirtió|añadió|votó",
}  # fmt: skip
_JOINTS = {
    "en": "on|at|of|in|the|early|late|shortly|just|soon|before|after|around|about|and|by",
    "de": "am|um|der|den|dem|im|in|des|gegen|kurz|nach|vor|von",
    "fr": "le|la|à|au|du|de|dans|vers|en",
    "es": "el|la|a|las|del|de|en|por|hacia",
}  # fmt: skip
_NOON = {
    "en": {"noon": 12, "midday": 12, "midnight": 0}, "de": {"mittag": 12, "mitternacht": 0},
    "fr": {"midi": 12, "minuit": 0}, "es": {"mediodía": 12, "medianoche": 0},
}  # fmt: skip
#: Abbreviations of zones in the news; CET in summer means what clocks in Paris show.
ZONES = {
    "GMT": "Etc/UTC", "UTC": "Etc/UTC", "BST": "Europe/London", "CET": "Europe/Paris",
    "CEST": "Europe/Paris", "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow", "ET": "America/New_York", "EST": "America/New_York",
    "EDT": "America/New_York", "CT": "America/Chicago", "PT": "America/Los_Angeles",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "JST": "Asia/Tokyo",
    "HKT": "Asia/Hong_Kong", "IST": "Asia/Kolkata", "SGT": "Asia/Singapore",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin",
}  # fmt: skip
_DAYS = re.compile(r"(?:in )?(\d+) (day|week)(?: ago)?")
_NUMBER = r"(\d++[.,]?\d*+)"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words of one language, lower case, and the patterns made of them.

    Attributes
    ----------
    language : str
    weekdays : dict
        Word -> 0 (Monday) to 6.
    months : dict
        Word -> 1 to 12.
    relative : dict
        Phrase -> (days from today, whether it is a whole week).
    counted : str
        Pattern of "two days ago" and its like, "" where the language has none.
    numbers : dict
        Number word -> number.
    parts, own_parts, same_day, weekend, noon
        See the tables above; empty for a language that they lack.
    last, next, bounds, future, reported, joints : str
        Alternatives of a pattern, "" where there is none.
    capital : bool
        Whether names of days and months begin with a capital.
    day_first : bool
        Whether 03/04 is the third of April.
    """

    language: str
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    relative: Mapping[str, tuple[int, bool]]
    counted: str
    numbers: Mapping[str, int]
    parts: Mapping[str, str]
    own_parts: Mapping[str, tuple[int, str]]
    same_day: Sequence[str]
    weekend: Sequence[str]
    noon: Mapping[str, int]
    last: str
    next: str
    bounds: str
    future: str
    reported: str
    joints: str
    capital: bool
    day_first: bool


@lru_cache(maxsize=8)
def vocabulary(language: str) -> Vocabulary:
    """Return the words of a language, such as ``en``.

    Raises
    ------
    InputError
        For a language that dateparser does not know, or where it is not installed.
    """
    purpose = "reading an article"
    known = need("dateparser.data.languages_info", purpose).language_order
    if language not in known:
        raise InputError(f"--language '{language}' is unknown{nearest(language, known)}")
    info = need(f"dateparser.data.date_translation_data.{language}", purpose).info
    return Vocabulary(
        language=language,
        weekdays=_names(info, WEEKDAYS, 0, full=True),
        months=_names(info, MONTHS, 1, full=False),
        relative=_relative(info),
        counted=_counted(info),
        numbers=_numbers(info),
        parts=_PARTS.get(language, {}),
        own_parts=_OWN_PARTS.get(language, {}),
        same_day=_SAME_DAY.get(language, ()),
        weekend=_WEEKEND.get(language, ()),
        noon=_NOON.get(language, {}),
        last=_LAST.get(language, ""),
        next=_NEXT.get(language, ""),
        bounds=_BOUNDS.get(language, ""),
        future=_FUTURE.get(language, ""),
        reported=_REPORTED.get(language, ""),
        joints=_JOINTS.get(language, ""),
        capital=language in ("en", "de"),
        day_first=info.get("date_order", "DMY") == "DMY",
    )


def _names(
    info: Mapping[str, Any], keys: Iterable[str], first: int, *, full: bool
) -> dict[str, int]:
    """Return the words of days or months; of days the long forms alone ("Sun" is a newspaper)."""
    out = {}
    for number, key in enumerate(keys, start=first):
        words = [str(word).lower() for word in info.get(key, ())]
        longest = max((len(word) for word in words), default=0)
        for word in words:
            if not full or len(word) in (longest, longest - 1) or len(word) >= 5:
                out[word] = number
    return out


def _relative(info: Mapping[str, Any]) -> dict[str, tuple[int, bool]]:
    out = {}
    for key, words in info.get("relative-type", {}).items():
        match = _DAYS.fullmatch(key)
        if match is None:
            continue
        count = int(match[1]) * (1 if key.startswith("in ") else -1)
        week = match[2] == "week"
        for word in words:
            out[str(word).lower()] = (count * (7 if week else 1), week)
    out.pop("till date", None)
    return out


def _numbers(info: Mapping[str, Any]) -> dict[str, int]:
    out = {}
    for pair in info.get("simplifications", ()):
        for word, digits in pair.items():
            if str(digits).isdigit() and str(word).isalpha():
                out[str(word).lower()] = int(digits)
    return out


def _counted(info: Mapping[str, Any]) -> str:
    """Return the pattern of "N days ago", with number words for N."""
    words = "|".join(sorted(_numbers(info), key=len, reverse=True))
    number = rf"(?:\d{{1,3}}|{words})" if words else r"\d{1,3}"
    patterns = []
    for key, forms in info.get("relative-type-regex", {}).items():
        if key in (r"\1 minute ago", r"\1 hour ago", r"\1 day ago", r"\1 week ago"):
            patterns += [str(form).replace(_NUMBER, number) for form in forms]
    return "|".join(sorted(patterns, key=len, reverse=True))
