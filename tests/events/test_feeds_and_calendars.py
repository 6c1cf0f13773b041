"""iCalendar, RSS and Atom: files and addresses, and what is wrong with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pandas as pd
import pytest

from eventstudy.errors import InputError, SourceError
from eventstudy.events import extras, read_catalogue

SHORT_WAIT = 0.3  # seconds that the silent server may take before the reader gives up
RSS = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>The Wire</title>
<item><title>Units &amp; <![CDATA[<b>tanks</b>]]> go&nbsp;back</title><guid>g1</guid>
  <pubDate>Tue, 15 Feb 2022 09:00:00 +0100</pubDate><link>https://example.org/1</link>
  <category>withdrawal</category></item>
<item><title>A vote</title><guid>g2</guid><pubDate>2022-02-15T10:00:00Z</pubDate></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>The Wire</title>
<entry><id>urn:1</id><title type="html">&lt;i&gt;Units&lt;/i&gt; go back</title>
<updated>2022-02-15T11:00:00Z</updated><published>2022-02-15T08:00:00Z</published></entry>
<entry><id>urn:2</id><title>A vote</title><updated>2022-02-15T10:00:00Z</updated></entry></feed>
"""
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:opec
DTSTART;TZID=Europe/Vienna:20220302T140000
SUMMARY:OPEC\\, and others\\, meet
CATEGORIES:oil,supply
X-EVENTSTUDY-SURPRISE:-0.4
X-EVENTSTUDY-UNCERTAINTY-MINUTES:30
END:VEVENT
BEGIN:VEVENT
UID:holiday
DTSTART;VALUE=DATE:20220221
SUMMARY:A date alone
END:VEVENT
END:VCALENDAR
"""


def _file(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _fault(source: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_catalogue(source, **options)
    return str(caught.value)


@pytest.mark.parametrize("ending", ["rss", "xml"])
def test_rss(tmp_path: Path, ending: str) -> None:
    frame = read_catalogue(_file(tmp_path, f"news.{ending}", RSS)).frame
    assert frame["event_id"].tolist() == ["g1", "g2"]
    assert frame["headline"].tolist() == ["Units & tanks go back", "A vote"]
    assert frame["timestamp"].dt.hour.tolist() == [8, 10]
    assert frame["source"].tolist() == ["The Wire", "The Wire"]
    assert frame["url"].iloc[0] == "https://example.org/1"
    assert frame["line"].tolist() == [3, 6]


def test_atom_takes_the_publication_before_the_update(tmp_path: Path) -> None:
    frame = read_catalogue(_file(tmp_path, "news.atom", ATOM)).frame
    assert frame["timestamp"].dt.hour.tolist() == [8, 10]
    assert frame["headline"].tolist() == ["Units go back", "A vote"]


def test_a_column_of_a_feed_can_be_mapped(tmp_path: Path) -> None:
    path = _file(tmp_path, "news.rss", RSS)
    assert read_catalogue(path, columns={"group": "category"}).frame["group"].tolist() == [
        "withdrawal", "",
    ]  # fmt: skip


def test_icalendar(tmp_path: Path) -> None:
    frame = read_catalogue(_file(tmp_path, "meetings.ics", ICS)).frame
    assert frame["event_id"].tolist() == ["opec", "holiday"]
    assert frame["timestamp"].iloc[0] == pd.Timestamp("2022-03-02T13:00Z")
    assert frame["date"].iloc[1] == pd.Timestamp("2022-02-21")
    assert frame["headline"].iloc[0] == "OPEC, and others, meet"
    assert frame["surprise"].iloc[0] == -0.4
    assert frame["uncertainty_minutes"].tolist() == [30.0, 0.0]
    assert frame["category"].iloc[0] == "oil; supply"
    assert frame["line"].tolist() == [4, 12]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("DTSTART;VALUE=DATE:20220221", "DTSTART:20220230T080000Z"), "line 12: DTSTART"),
        (("DTSTART;VALUE=DATE:20220221", "DTSTART:20220215T080000"), "line 12: timestamp"),
        (("DTSTART;VALUE=DATE:20220221\n", ""), "line 12: there is no DTSTART"),
        (("TZID=Europe/Vienna", "TZID=Nowhere/Else"), "unknown time zone 'Nowhere/Else'"),
        (("SUMMARY:A date alone", "RRULE:FREQ=DAILY"), "line 12: the event repeats (RRULE)"),
        (("SUMMARY:A date alone", "STATUS:CANCELLED"), "line 12: the event was cancelled"),
        (("SURPRISE:-0.4", "SURPRISE:much"), "line 4: surprise is 'much' and no number"),
        (("UID:holiday", "UID:opec"), "event_id 'opec'"),
        (("END:VEVENT\nEND:VCALENDAR\n", ""), "an END:VEVENT is missing"),
        (("BEGIN:VEVENT", "BEGIN:VTODO"), "there is no event (BEGIN:VEVENT) in it"),
        (("VERSION:2.0", "VERSION"), "is no iCalendar file"),
    ],
)
def test_icalendar_files_that_are_wrong(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    assert words in _fault(_file(tmp_path, "e.ics", ICS.replace(*change)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("words", "line 1: syntax error; this is no whole RSS or Atom feed"),
        (RSS[:300], "this is no whole RSS or Atom feed"),
        ("<html><body>x</body></html>", "is neither RSS nor Atom"),
        ('<rss version="2.0"><channel/></rss>', "there is no event in it"),
        (RSS.replace("2022-02-15T10:00:00Z", ""), "line 6: timestamp is empty"),
        (RSS.replace("2022-02-15T10:00:00Z", "Tue, 15 Feb 2022 10:00:00"), "has no offset"),
        (RSS.replace("+0100", "CET"), "'Tue, 15 Feb 2022 09:00:00 CET' is not ISO 8601"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0">&a;</rss>', "declares entities"),
    ],
)
def test_feeds_that_are_wrong(tmp_path: Path, text: str, words: str) -> None:
    assert words in _fault(_file(tmp_path, "news.rss", text))


def test_ids_that_repeat_are_not_taken(tmp_path: Path) -> None:
    path = _file(tmp_path, "news.rss", RSS.replace("g2", "g1"))
    assert read_catalogue(path).frame["event_id"].tolist() == ["1", "2"]


def test_a_feed_never_reads_another_file_or_address(tmp_path: Path) -> None:
    # The library would take such bytes for a path.
    secret = _file(tmp_path, "secret.rss", RSS)
    assert "no whole RSS or Atom feed" in _fault(_file(tmp_path, "e.rss", str(secret)))


@pytest.mark.parametrize(("name", "text"), [("e.rss", RSS), ("e.ics", ICS)])
def test_a_missing_extra_says_how_to_install_it(
    tmp_path: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(module: str) -> None:
        raise ModuleNotFoundError(module)

    monkeypatch.setattr(extras, "import_module", absent)
    assert "pip install 'market-eventstudy[words]'" in _fault(_file(tmp_path, name, text))


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            self.server.release.wait(5)  # type: ignore[attr-defined]
            return
        self.send_response({"/gone": 404, "/limit": 429}.get(self.path, 200))
        self.end_headers()
        self.wfile.write(RSS.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    server.release = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.release.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address(address: str) -> None:
    catalogue = read_catalogue(f"{address}/news")
    assert len(catalogue) == 2
    assert catalogue.origin == f"{address}/news"


@pytest.mark.parametrize(("path", "words"), [("gone", "answers 404"), ("limit", "answers 429")])
def test_an_address_that_refuses(address: str, path: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_catalogue(f"{address}/{path}")


def test_an_address_out_of_reach(address: str) -> None:
    with pytest.raises(SourceError, match="no answer within"):
        read_catalogue(f"{address}/slow", timeout=SHORT_WAIT)
    with pytest.raises(SourceError, match="cannot be reached"):
        read_catalogue("http://127.0.0.1:1/news")
    with pytest.raises(InputError, match="is no address"):
        read_catalogue("http://[::1/news")


def test_a_study_takes_a_feed_by_its_address(address: str) -> None:
    from eventstudy.pipeline import prepare
    from eventstudy.studyfile import study_from_dict

    data = {
        "events": {"url": f"{address}/news"},
        "prices": {"source": "bundled", "assets": ["SP500"]},
        "model": {"name": "constant_mean"},
    }
    pinned = prepare(study_from_dict(data), folder=Path()).pinned
    assert pinned["event_id"].tolist() == ["g1", "g2"]
    for events, words in (
        ({"url": "ftp://x/y"}, "an address that begins with https://"),
        ({"url": f"{address}/news", "file": "e.csv"}, "keep one of the two"),
    ):
        with pytest.raises(InputError) as caught:
            study_from_dict({**data, "events": events})
        assert words in str(caught.value)
