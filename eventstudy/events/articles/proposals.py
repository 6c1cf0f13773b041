"""Proposals of event records from an article; none of them is an event until it is accepted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventstudy.errors import InputError
from eventstudy.events.articles.dates import Context, Moment, Unresolved, resolve
from eventstudy.events.articles.phrases import Phrase, phrases
from eventstudy.events.articles.text import Sentence, plain_text, sentences
from eventstudy.events.articles.words import Vocabulary, vocabulary
from eventstudy.events.text_formats import read_text

__all__ = ["Article", "Proposal", "Skipped", "propose", "read_article"]

PUBLISHED = 0.5  # how sure it is that the news came out when the article did
FURTHER = 0.2  # taken off for each date of a sentence after its first
LONGEST = 240  # letters of a headline
_CLAUSE = re.compile("[;:\u2014\u2013]|,\\s")


@dataclass(frozen=True)
class Article:
    """A text to read, and what it is called."""

    name: str
    text: str


@dataclass(frozen=True)
class Proposal:
    """A record that a study could take, and what it rests on.

    Attributes
    ----------
    event_id : str
    timestamp : str
        ISO 8601 with an offset where an hour is known, else a bare date.
    headline : str
        The sentence, cut to a readable length.
    uncertainty_minutes : float
    quote : str
        The words that date it; empty for the title of an article that is dated by its publication.
    article_line, position : int
        Line of the sentence and place of the first quoted word in the text, from 0.
    confidence : float
        0 to 1, to rank proposals by; no probability.
    kind : str
        ``publication``, or what names the day: ``date``, ``weekday``, ``relative``, ...
    note : str
        What to check before it is accepted.
    source : str
        The article's name.
    """

    event_id: str
    timestamp: str
    headline: str
    uncertainty_minutes: float
    quote: str
    article_line: int
    position: int
    confidence: float
    kind: str
    note: str
    source: str

    def record(self) -> dict[str, Any]:
        """Return the row of a catalogue."""
        return dict(vars(self))


@dataclass(frozen=True)
class Skipped:
    """Words of time that date no act before the publication, and why."""

    quote: str
    line: int
    position: int
    reason: str


def read_article(path: Path) -> Article:
    """Read the text of an article: plain text, Markdown or HTML, in UTF-8.

    Raises
    ------
    InputError
        If the file is not there, is empty, or is no text.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        text = read_text(path)
    except OSError as err:
        raise InputError(f"{path}: cannot be read ({err.strerror or err})") from None
    if path.suffix.lower() in (".html", ".htm") or text.lstrip()[:15].lower().startswith(
        ("<!doctype html", "<html")
    ):
        text = plain_text(text)
    if not text.strip():
        raise InputError(f"{path}: there are no words in it")
    return Article(path.stem, text)


def propose(
    article: Article, published: dt.datetime, *, language: str = "en"
) -> tuple[list[Proposal], list[Skipped]]:
    """Propose event records from an article.

    Parameters
    ----------
    article : Article
    published : datetime
        With a zone: "Tuesday" and "yesterday" are days of that zone.
    language : str
        Code of the language, such as ``en``, ``de``, ``fr`` or ``es``.

    Returns
    -------
    proposals : list of Proposal
        The title or first sentence, then each sentence that reports a dated act, as they stand.
    skipped : list of Skipped
        Other words of time: bounds, months, what lies ahead.

    Raises
    ------
    InputError
        If the language is unknown, or ``published`` has no zone.

    Notes
    -----
    A weekday is the latest such day that is not after the publication; a part of the day is its
    middle, as far as it lies before the publication, with half its length as uncertainty.

    Examples
    --------
    >>> text = "Units go back\\n\\nThe ministry said so on Tuesday."
    >>> moment = dt.datetime(2022, 2, 16, 20, 0, tzinfo=dt.UTC)
    >>> [(p.timestamp, p.quote) for p in propose(Article("a", text), moment)[0]]
    [('2022-02-16T20:00+00:00', ''), ('2022-02-15', 'on Tuesday')]
    """
    if published.tzinfo is None:
        raise InputError("the instant of the publication needs an offset, 2022-02-15T20:31+01:00")
    words = vocabulary(language)
    found: list[Proposal] = []
    skipped: list[Skipped] = []
    last: dt.date | None = None
    for number, sentence in enumerate(sentences(article.text)):
        context = Context(published, words, last)
        dated = list(_dated(sentence, context, skipped))
        if number == 0 and not dated:
            found.append(_by_publication(sentence, published, article))
        for place, (phrase, moment) in enumerate(dated):
            last = moment.day
            found.append(_proposal(sentence, phrase, moment, article, place))
    stem = re.sub(r"\W+", "-", article.name).strip("-").lower() or "article"
    named = [replace(p, event_id=f"{stem}-{i}") for i, p in enumerate(found, start=1)]
    return named, skipped


def _dated(
    sentence: Sentence, context: Context, skipped: list[Skipped]
) -> Iterator[tuple[Phrase, Moment]]:
    """Yield the phrases that date an act, each day and instant once."""
    seen: set[tuple[dt.date, dt.datetime | None]] = set()
    for phrase in phrases(sentence.text, context.vocabulary):
        try:
            if _ahead(sentence.text, phrase, context.vocabulary):
                raise Unresolved("speaks of what is to come")
            moment = resolve(phrase, context)
        except Unresolved as why:
            place = sentence.start + phrase.start
            skipped.append(Skipped(phrase.text, sentence.line, place, str(why)))
            continue
        context = replace(context, last=moment.day)
        if (moment.day, moment.instant) not in seen:
            seen.add((moment.day, moment.instant))
            yield phrase, moment


def _ahead(text: str, phrase: Phrase, words: Vocabulary) -> bool:
    """Return whether the act that a phrase dates is still to come, by the verbs around it.

    "Will" stands in the clause of the phrase, and no "said" stands between the two: "said on
    Tuesday that it will" dates the saying, "will meet on Thursday" the meeting.
    """
    if not words.future:
        return False
    marks = [m.span() for m in re.finditer(rf"\b(?:{words.future})\b", text, re.IGNORECASE)]
    said = [m.start() for m in re.finditer(rf"\b(?:{words.reported})\b", text, re.IGNORECASE)]
    breaks = [m.start() for m in _CLAUSE.finditer(text)]
    for start, end in marks:
        low, high = (end, phrase.start) if end <= phrase.start else (phrase.end, start)
        if not any(low <= at <= high for at in (*breaks, *said)):
            # "He said on Tuesday he will": the verb before the phrase takes it.
            return end <= phrase.start or not any(at < phrase.start for at in said)
    return False


def _headline(sentence: Sentence) -> str:
    words = " ".join(sentence.text.split())
    if len(words) <= LONGEST:
        return words
    return words[: LONGEST - 3].rsplit(" ", 1)[0] + "..."


def _by_publication(sentence: Sentence, published: dt.datetime, article: Article) -> Proposal:
    return Proposal(
        event_id="",
        timestamp=published.isoformat(timespec="minutes"),
        headline=_headline(sentence),
        uncertainty_minutes=0.0,
        quote="",
        article_line=sentence.line,
        position=sentence.start,
        confidence=PUBLISHED,
        kind="publication",
        note="the news was out by then; an earlier report may exist",
        source=article.name,
    )


def _proposal(
    sentence: Sentence, phrase: Phrase, moment: Moment, article: Article, place: int
) -> Proposal:
    instant = moment.instant
    return Proposal(
        event_id="",
        timestamp=str(moment.day) if instant is None else instant.isoformat(timespec="minutes"),
        headline=_headline(sentence),
        uncertainty_minutes=moment.uncertainty,
        quote=" ".join(phrase.text.split()),
        article_line=sentence.line,
        position=sentence.start + phrase.start,
        confidence=round(max(moment.confidence - FURTHER * place, 0.05), 2),
        kind=moment.kind,
        note=moment.note,
        source=article.name,
    )
