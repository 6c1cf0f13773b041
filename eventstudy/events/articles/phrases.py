"""Find the phrases of time in a sentence: pieces (a weekday, a date, a clock) and how they join."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from eventstudy.events.articles.words import ZONES, Vocabulary

__all__ = ["Phrase", "Piece", "phrases"]

_FURTHEST = 30  # letters between two pieces of one phrase
_SPACE = r"[\s,()]*"


@dataclass(frozen=True)
class Piece:
    """One mention.

    Attributes
    ----------
    kind : str
        ``iso``, ``numeric``, ``date``, ``month``, ``weekday``, ``relative``, ``week``,
        ``counted``, ``weekend``, ``same_day``, ``own_part``, ``part``, ``clock``.
    text : str
        As it stands.
    start, end : int
        Places in the sentence.
    zone : str
        Zone that follows a clock: an IANA name, ``local`` or ``""``.
    """

    kind: str
    text: str
    start: int
    end: int
    zone: str = ""


@dataclass(frozen=True)
class Phrase:
    """Pieces that belong together, with the words that lead to them.

    Attributes
    ----------
    pieces : tuple of Piece
    text : str
        The quoted words.
    start, end : int
        Places in the sentence.
    lead : str
        The word before them, lower case.
    """

    pieces: tuple[Piece, ...]
    text: str
    start: int
    end: int
    lead: str

    def get(self, *kinds: str) -> Piece | None:
        """Return the first piece of one of these kinds."""
        return next((p for p in self.pieces if p.kind in kinds), None)


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w)))


@lru_cache(maxsize=8)
def _patterns(vocabulary: Vocabulary) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the patterns in the order in which they win, each with the kind of its piece."""
    v = vocabulary
    year = r"(?:,?\s+(?:de\s+|del\s+)?(?:19|20)\d\d\b)"
    day = r"\d{1,2}(?:st|nd|rd|th|er|\.|º)?"
    month = rf"(?:{_alternatives(v.months)})\b(?:\.(?=\s?\d))?"
    given: list[tuple[str, str]] = [
        ("iso", r"\b\d{4}-\d{2}-\d{2}\b"),
        ("numeric", r"\b\d{1,2}([/.])\d{1,2}\1(?:\d{4}|\d{2})\b"),
        ("date", rf"\b{day}\s+(?:of\s+|de\s+)?{month}{year}?"),
        ("date", rf"\b{month}\s+{day}(?![\d:])\b{year}?"),
        ("month", rf"\b{month}{year}"),
        ("clock", _clock(v)),
    ]
    lists: tuple[tuple[str, Iterable[str]], ...] = (
        ("own_part", v.own_parts),
        ("weekend", v.weekend),
        ("same_day", v.same_day),
        ("week", [p for p, (_, week) in v.relative.items() if week]),
        ("relative", [p for p, (_, week) in v.relative.items() if not week]),
        ("part", v.parts),
    )
    if v.counted:
        given.append(("counted", rf"\b(?:{v.counted})\b"))
    given += [(kind, rf"\b(?:{_alternatives(words)})\b") for kind, words in lists if words]
    given.append(("weekday", _weekday(v)))
    return tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in given)


def _weekday(v: Vocabulary) -> str:
    """Return the pattern of a weekday with what moves it to another week, before or after it."""
    names = _alternatives(v.weekdays)
    moves = "|".join(m for m in (v.last, v.next) if m)
    around = rf"(?:(?:{moves})\s+)?" if moves else ""
    after = rf"(?:\s+(?:{moves})\b)?" if moves and v.language in ("fr", "es") else ""
    # A language may write part and day as one: Montagabend.
    joined = rf"(?:{_alternatives(v.parts)})?" if v.language == "de" else ""
    return rf"\b{around}(?:{names}){joined}\b{after}"


def _clock(v: Vocabulary) -> str:
    half = r"(?:\s*[ap]\.?\s?m\b\.?)"
    forms = [
        rf"\b[0-2]?\d:[0-5]\d(?![\d:]){half}?",
        rf"\b[01]?\d(?:\.[0-5]\d)?{half}",
    ]
    if v.noon:
        forms.append(rf"\b(?:{_alternatives(v.noon)})\b")
    if v.language == "de":
        forms.append(r"\b[0-2]?\d(?:[.:][0-5]\d)?\s+uhr(?:\s+[0-5]\d)?\b")
    if v.language == "fr":
        forms.append(r"\b[0-2]?\d\s?h(?:\s?[0-5]\d)?\b")
    return "|".join(forms)


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """Return the city of each zone, lower case -> the zone."""
    from zoneinfo import available_timezones

    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")
    names = sorted(z for z in available_timezones() if z.startswith(regions))
    cities = {z.rsplit("/", 1)[1].replace("_", " ").lower(): z for z in names}
    return cities | {
        "eastern": "America/New_York",
        "washington": "America/New_York",
        "central european": "Europe/Paris",
        "frankfurt": "Europe/Berlin",
        "beijing": "Asia/Shanghai",
        "mumbai": "Asia/Kolkata",
        "geneva": "Europe/Zurich",
    }


_ABBREVIATION = re.compile(rf"\s*\(?({'|'.join(ZONES)})\b\)?")
_CITY = re.compile(r"\s*\(?((?:[A-Z][\w'-]+\s){1,2}|local\s)time\b\)?")


def _zone_after(sentence: str, end: int) -> tuple[str, int]:
    """Return the zone named right after a clock, and where it ends."""
    match = _ABBREVIATION.match(sentence, end)
    if match:
        return ZONES[match[1]], match.end()
    match = _CITY.match(sentence, end)
    if match is None:
        return "", end
    city = match[1].strip().lower()
    if city == "local":
        return "local", match.end()
    zone = _cities().get(city, "")
    return (zone, match.end()) if zone else ("local", match.end())


def phrases(sentence: str, vocabulary: Vocabulary) -> list[Phrase]:
    """Return the phrases of time in a sentence, in order.

    Examples
    --------
    >>> from eventstudy.events.articles.words import vocabulary
    >>> text = "He spoke for three hours on Tuesday, 15 February, at 20:35 Moscow time."
    >>> [(p.text, [q.kind for q in p.pieces]) for p in phrases(text, vocabulary("en"))]
    [('on Tuesday, 15 February, at 20:35 Moscow time', ['weekday', 'date', 'clock'])]
    """
    pieces: list[Piece] = []
    for kind, pattern in _patterns(vocabulary):
        for match in pattern.finditer(sentence):
            start, end = match.span()
            if any(start < p.end and p.start < end for p in pieces):
                continue
            if not _capital(kind, match.group(), vocabulary):
                continue
            zone = ""
            if kind == "clock":
                zone, end = _zone_after(sentence, end)
            pieces.append(Piece(kind, sentence[start:end], start, end, zone))
    pieces = _one_clock(sorted(pieces, key=lambda p: p.start), sentence)
    groups = _joined(pieces, sentence, vocabulary)
    found = [_phrase(group, sentence, vocabulary) for group in groups]
    return _with_lone_clock([p for p in found if not _is_score(p)])


def _one_clock(pieces: list[Piece], sentence: str) -> list[Piece]:
    """Keep of "14:30 (13:30 GMT)" the clock that has a zone."""
    out: list[Piece] = []
    for piece in pieces:
        last = out[-1] if out else None
        twice = (
            last is not None
            and piece.kind == last.kind == "clock"
            and re.fullmatch(r"\s*[(/]\s*", sentence[last.end : piece.start]) is not None
        )
        if twice and last is not None:
            out[-1] = piece if piece.zone and not last.zone else last
        else:
            out.append(piece)
    return out


def _is_score(phrase: Phrase) -> bool:
    """Return whether a lone "3:10" may be anything: no "at" before it, no zone, no "p.m."."""
    clock = phrase.pieces[0]
    lone = len(phrase.pieces) == 1 and clock.kind == "clock"
    return lone and phrase.text == clock.text and not re.search(r"[^\W\d]", clock.text)


def _with_lone_clock(found: list[Phrase]) -> list[Phrase]:
    """Join "at 20:35 Moscow time he spoke on Monday": one day and one clock in a sentence."""
    clocks = [p for p in found if all(q.kind == "clock" for q in p.pieces)]
    days = [p for p in found if p not in clocks]
    if len(clocks) != 1 or len(days) != 1 or days[0].get("clock", "part", "own_part") or \
            days[0].lead or clocks[0].lead:  # fmt: skip
        return found
    first, second = sorted((clocks[0], days[0]), key=lambda p: p.start)
    text = f"{first.text} ... {second.text}"
    return [Phrase((*first.pieces, *second.pieces), text, first.start, second.end, "")]


def _capital(kind: str, text: str, vocabulary: Vocabulary) -> bool:
    """Return whether names of days and months are written as names: "he may 10" is no date."""
    if kind not in ("date", "month", "weekday") or not vocabulary.capital:
        return True
    names = {**vocabulary.months, **vocabulary.weekdays}
    words = re.findall(r"[^\W\d_]+", text)
    return all(w[0].isupper() for w in words if w.lower() in names)


def _joined(pieces: list[Piece], sentence: str, vocabulary: Vocabulary) -> list[list[Piece]]:
    joint = rf"{_SPACE}(?:\b(?:{vocabulary.joints})\b\.?{_SPACE})*" if vocabulary.joints else _SPACE
    pattern = re.compile(joint, re.IGNORECASE)
    groups: list[list[Piece]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        between = sentence[last.end : piece.start] if last else ""
        joins = (
            last is not None
            and len(between) <= _FURTHEST
            and pattern.fullmatch(between) is not None
            and not re.search(r"\band\b", between)
            and _rank(piece) not in {_rank(p) for p in groups[-1]}
        )
        if joins:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _rank(piece: Piece) -> str:
    """Return what a piece tells; one phrase tells each once."""
    same = {"iso": "date", "numeric": "date", "month": "date", "counted": "relative",
            "own_part": "part", "weekend": "week"}  # fmt: skip
    return same.get(piece.kind, piece.kind)


def _phrase(pieces: list[Piece], sentence: str, vocabulary: Vocabulary) -> Phrase:
    start, end = pieces[0].start, pieces[-1].end
    before = sentence[:start]
    if vocabulary.joints:
        joints = re.search(rf"(?:\b(?:{vocabulary.joints})\s+)+$", before, re.IGNORECASE)
        start = joints.start() if joints else start
    lead = ""
    if vocabulary.bounds:
        match = re.search(rf"\b({vocabulary.bounds})\s+(?:\w{{1,3}}\s+)?$", before, re.IGNORECASE)
        lead = match[1].lower() if match else ""
    return Phrase(tuple(pieces), sentence[start:end], start, end, lead)
