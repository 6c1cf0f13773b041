"""From an article to proposals: which day, which words, how sure, and what is left alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eventstudy.errors import InputError
from eventstudy.events.articles import Article, Proposal, propose, read_article
from eventstudy.events.articles.text import sentences

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday, 20:31 in Berlin.
PUBLISHED = dt.datetime(2022, 2, 15, 20, 31, tzinfo=BERLIN)
FLAGSHIP = Path(__file__).parent / "articles" / "units-go-back.txt"


def found(text: str, language: str = "en", published: dt.datetime = PUBLISHED) -> list[Proposal]:
    """Proposals of a text below a title, without the title's own."""
    return propose(Article("t", f"Title\n\n{text}"), published, language=language)[0][1:]


def skipped(text: str, language: str = "en") -> list[str]:
    left = propose(Article("t", f"T\n\n{text}"), PUBLISHED, language=language)[1]
    return [s.reason for s in left]


def test_the_flagship_article() -> None:
    article = read_article(FLAGSHIP)
    proposals, left = propose(article, PUBLISHED)
    told = {
        what: next(p for p in proposals if words in p.headline)
        for what, words in {
            "announcement": "sent back to their garrisons",
            "talks": "for three hours",
            "vote": "State Duma",
            "remark": "NATO's secretary-general",
        }.items()
    }
    assert {what: p.timestamp[:10] for what, p in told.items()} == dict.fromkeys(told, "2022-02-15")
    assert told["announcement"].quote == "on Tuesday morning"
    assert told["announcement"].timestamp == "2022-02-15T09:00+01:00"
    assert told["announcement"].uncertainty_minutes == 180.0
    assert told["talks"].quote == "the same day"
    assert told["vote"].quote == "on 15 February 2022"
    assert told["vote"].confidence > told["remark"].confidence > told["talks"].confidence
    assert all(p.timestamp[:10] == "2022-02-15" for p in proposals if p.confidence > 0.3)
    # Three hours of talks are no three hours ago; the year 2014 and Thursday's debate no events.
    assert not any("three" in p.quote or "2014" in p.quote for p in proposals)
    assert [s.reason for s in left] == ["speaks of what is to come", "names a month and no day"]


def test_the_title_stands_for_the_publication() -> None:
    first = propose(read_article(FLAGSHIP), PUBLISHED)[0][0]
    assert first.headline == "Markets breathe out as some Russian units are sent back to base"
    assert (first.kind, first.timestamp) == ("publication", "2022-02-15T20:31+01:00")
    assert (first.event_id, first.source) == ("units-go-back-1", "units-go-back")


def test_the_quoted_words_stand_where_the_proposal_says() -> None:
    article = read_article(FLAGSHIP)
    lines = article.text.splitlines()
    for p in propose(article, PUBLISHED)[0]:
        stands = " ".join(article.text[p.position : p.position + len(p.quote) + 5].split())
        assert stands.startswith(p.quote)
        assert lines[p.article_line - 1].split()[0] in p.headline or p.article_line > 1


@pytest.mark.parametrize(
    ("text", "stamp", "uncertainty"),
    [
        ("It spoke on Tuesday.", "2022-02-15", 0.0),
        ("It spoke on Wednesday.", "2022-02-09", 0.0),
        ("It spoke on Monday evening.", "2022-02-14T21:00+01:00", 180.0),
        ("It spoke yesterday.", "2022-02-14", 0.0),
        ("It spoke the day before yesterday.", "2022-02-13", 0.0),
        ("It spoke two days ago.", "2022-02-13", 0.0),
        ("It spoke three hours ago.", "2022-02-15T17:31+01:00", 30.0),
        ("It spoke on Tuesday last week.", "2022-02-08", 0.0),
        ("Last Tuesday it spoke.", "2022-02-08", 0.0),
        ("On Feb. 10 it spoke.", "2022-02-10", 0.0),
        ("On February 10th, 2021, it spoke.", "2021-02-10", 0.0),
        ("On the 10th of February it spoke.", "2022-02-10", 0.0),
        ("On 31 December it spoke.", "2021-12-31", 0.0),
        ("On 2022-02-10 it spoke.", "2022-02-10", 0.0),
        ("Yesterday at 9.30 a.m. GMT it spoke.", "2022-02-14T09:30+00:00", 0.5),
        ("At 20:35 Moscow time on Monday it spoke.", "2022-02-14T20:35+03:00", 0.5),
        ("At 20:35 Moscow time it spoke on Monday.", "2022-02-14T20:35+03:00", 0.5),
        ("On Monday at 14:30 (13:30 GMT) it spoke.", "2022-02-14T13:30+00:00", 0.5),
        ("At noon on Monday it spoke.", "2022-02-14T12:00+01:00", 15.0),
        ("At midnight on Monday it spoke.", "2022-02-14T00:00+01:00", 15.0),
        ("At about 4 p.m. New York time on Monday it spoke.", "2022-02-14T16:00-05:00", 30.0),
        ("Overnight it spoke.", "2022-02-15T02:00+01:00", 360.0),
        ("It spoke this morning.", "2022-02-15T09:00+01:00", 180.0),
        # The evening of the publication ends with it.
        ("It spoke tonight.", "2022-02-15T19:15+01:00", 75.5),
        ("It spoke last week.", "2022-02-10", 0.0),
        ("It spoke over the weekend.", "2022-02-12", 0.0),
    ],
)
def test_english(text: str, stamp: str, uncertainty: float) -> None:
    (only,) = found(text)
    assert (only.timestamp, only.uncertainty_minutes) == (stamp, uncertainty)


@pytest.mark.parametrize(
    ("language", "text", "stamps"),
    [
        ("de", "Am Dienstag teilte das Amt um 11 Uhr mit, dass es so ist.",
         ["2022-02-15T11:00+01:00"]),
        ("de", "Gestern Abend sprach er. Am Montagabend auch.",
         ["2022-02-14T21:00+01:00", "2022-02-14T21:00+01:00"]),
        ("de", "Am 10. Februar begann es, vor zwei Tagen endete es.", ["2022-02-10", "2022-02-13"]),
        ("fr", "Le ministère a parlé mardi matin.", ["2022-02-15T09:00+01:00"]),
        ("fr", "Hier, le 14 février 2022 à 18h30, il a parlé.", ["2022-02-14T18:30+01:00"]),
        ("es", "El martes habló. Ayer nada.", ["2022-02-15", "2022-02-14"]),
        ("it", "Martedì il ministero lo ha detto. Ieri no.", ["2022-02-15", "2022-02-14"]),
    ],
)  # fmt: skip
def test_other_languages(language: str, text: str, stamps: list[str]) -> None:
    assert [p.timestamp for p in found(text, language)] == stamps


@pytest.mark.parametrize(
    "text",
    [
        "He may 10 times say so.",
        "In May people sat in the Sun.",
        "Shares rose 9.30 percent and the score was 3:10.",
        "They talked for three hours; 15 people came.",
        "The second round has begun.",
        "It has been so since 2014.",
    ],
)
def test_words_that_only_look_like_dates(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("They will meet on Thursday.", "speaks of what is to come"),
        ("On Thursday they will meet.", "speaks of what is to come"),
        ("The vote is scheduled for 10 February.", "speaks of what is to come"),
        ("Next Tuesday they meet.", "lies after the publication"),
        ("On 20 February they vote.", "lies after the publication"),
        ("They meet tomorrow.", "lies after the publication"),
        ("On Tuesday at 23:00 they met.", "lies after the publication"),
        ("It is so since Monday.", "'since' makes it a bound and no day of an act"),
        ("It goes on until 10 February.", "'until' makes it a bound and no day of an act"),
        ("In December 2021 it began.", "names a month and no day"),
        ("On 29 February it began.", "is no date that there is"),
        ("At 25:10 on Monday it began.", "is no time of day"),
    ],
)
def test_what_is_not_proposed(text: str, reason: str) -> None:
    assert found(text) == []
    assert skipped(text) == [reason]


def test_a_saying_about_the_future_is_dated_by_the_saying() -> None:
    (only,) = found("The ministry said on Monday that it will withdraw.")
    assert only.timestamp == "2022-02-14"
    (only,) = found("The ministry announced on Monday its units would go back on Friday.")
    assert only.timestamp == "2022-02-14"


def test_confidence_orders_what_is_sure() -> None:
    texts = ["on 15 February 2022", "yesterday", "on Monday", "last Monday", "last week"]
    sure = [found(f"It spoke {text}.")[0].confidence for text in texts]
    assert sure == sorted(sure, reverse=True)
    assert sure[-1] <= 0.3 < 0.5 <= sure[-2]


def test_doubts_are_told() -> None:
    (turned,) = found("On 03/04/2021 it spoke.")
    assert "other way round" in turned.note
    (wrong,) = found("On Saturday, 13 February 2022, it spoke.")
    assert "is no Saturday" in wrong.note
    (local,) = found("At 4 p.m. local time on Monday it spoke.")
    assert "zone of the local time is not known" in local.note
    (span,) = found("Last week it spoke.")
    assert span.note == "some day from 2022-02-07 to 2022-02-13"


def test_days_are_those_of_the_articles_zone() -> None:
    late = dt.datetime(2022, 2, 15, 23, 30, tzinfo=dt.UTC)
    assert found("It spoke today.", published=late)[0].timestamp == "2022-02-15"
    tokyo = late.astimezone(ZoneInfo("Asia/Tokyo"))
    assert found("It spoke today.", published=tokyo)[0].timestamp == "2022-02-16"


def test_nothing_is_dated_after_the_publication() -> None:
    words = ["on Monday", "on Tuesday", "today", "this evening", "at 11 p.m.", "on 15 February",
             "an hour ago", "at 20:32", "overnight", "at noon"]  # fmt: skip
    for hour in range(24):
        moment = dt.datetime(2022, 2, 15, hour, 7, tzinfo=BERLIN)
        for text in words:
            for p in found(f"It spoke {text}.", published=moment):
                stamp = dt.datetime.fromisoformat(p.timestamp)
                at = stamp.replace(tzinfo=BERLIN) if stamp.tzinfo is None else stamp
                assert at <= moment, (text, p.timestamp)


def test_sentences() -> None:
    text = (
        'Title here\n\nOn Feb. 10 Mr. A. Smith of the U.S. spoke. "Yes!" he said. '
        "At 9 a.m. it\nwas 3.5."
    )
    parts = sentences(text)
    assert [s.text for s in parts] == [
        "Title here",
        "On Feb. 10 Mr. A. Smith of the U.S. spoke.",
        '"Yes!" he said.',
        "At 9 a.m. it\nwas 3.5.",
    ]
    assert [s.line for s in parts] == [1, 3, 3, 3]
    assert all(text[s.start :].startswith(s.text) for s in parts)
    assert [s.title for s in parts] == [True, False, False, False]


def test_html_loses_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "news.html"
    path.write_text(
        "<html><head><script>on Tuesday</script></head><body><h1>Units &amp; tanks</h1>"
        "<p>The ministry <b>said so</b>\non Monday.</p></body></html>"
    )
    proposals, _ = propose(read_article(path), PUBLISHED)
    assert [p.headline for p in proposals] == ["Units & tanks", "The ministry said so on Monday."]
    assert proposals[1].timestamp == "2022-02-14"


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_article(tmp_path / "none.txt")
    (tmp_path / "e.txt").write_text("  \n")
    with pytest.raises(InputError, match="is empty"):
        read_article(tmp_path / "e.txt")
    with pytest.raises(InputError, match="'xx' is unknown"):
        propose(Article("t", "x"), PUBLISHED, language="xx")
    with pytest.raises(InputError, match="needs an offset"):
        propose(Article("t", "x"), PUBLISHED.replace(tzinfo=None))
