"""Readers of RSS and Atom: files and addresses, by ``feedparser``."""

from __future__ import annotations

import datetime as dt
import io
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import unescape
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xml.parsers import expat

from eventstudy.errors import InputError, SourceError
from eventstudy.events.catalogue import Record
from eventstudy.events.extras import need

__all__ = ["TIMEOUT", "feed_file_records", "feed_records", "fetch", "is_address"]

TIMEOUT = 20.0  # seconds that an address may take to answer
MOST_BYTES = 64 * 2**20
ENTRIES = frozenset({"item", "entry"})
_TAG = re.compile(r"<[^<>]*>")
_AGENT = "market-eventstudy (feed reader)"


def is_address(text: str) -> bool:
    """Return whether a source is an address on the web.

    Examples
    --------
    >>> is_address("https://example.org/news.rss"), is_address("news.rss")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def feed_file_records(path: Path) -> list[Record]:
    """Read a file of RSS or Atom."""
    return feed_records(path.read_bytes(), path.name)


def fetch(address: str, *, timeout: float = TIMEOUT) -> bytes:
    """Return what an address answers.

    Parameters
    ----------
    address : str
        Beginning with ``http://`` or ``https://``.
    timeout : float
        Seconds.

    Raises
    ------
    SourceError
        If there is no answer in time, the answer is an error, or it is larger than 64 MB.
    InputError
        If the address is none.
    """
    try:
        request = urllib.request.Request(address, headers={"User-Agent": _AGENT})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            raw: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as err:
        err.close()
        raise SourceError(f"{address}: answers {err.code} {err.reason}; try again later") from None
    except TimeoutError:
        raise SourceError(
            f"{address}: no answer within {timeout:g} seconds; try again later"
        ) from None
    except (OSError, HTTPException) as err:
        why = getattr(err, "reason", None) or err
        late = isinstance(why, TimeoutError)
        what = f"no answer within {timeout:g} seconds" if late else f"cannot be reached ({why})"
        raise SourceError(f"{address}: {what}; try again later") from None
    except ValueError as err:
        raise InputError(f"{address}: is no address ({err})") from None
    if len(raw) > MOST_BYTES:
        raise SourceError(f"{address}: answers more than {MOST_BYTES // 2**20} MB; this is no feed")
    return raw


def feed_records(raw: bytes, origin: str) -> list[Record]:
    """Read the entries of an RSS or Atom feed.

    Parameters
    ----------
    raw : bytes
    origin : str
        For messages.

    Returns
    -------
    list of Record
        ``timestamp`` (the publication, else the update), ``headline`` (the title without marks),
        ``url``, ``source`` (the feed's title); ``event_id`` from the entries' ids where each has
        one of its own; ``summary`` and ``category`` as they came.

    Raises
    ------
    InputError
        If the bytes are no feed, or its XML breaks off; names the line.
    """
    parser = need("feedparser", f"{origin}: reading RSS and Atom")
    if not raw.strip():
        raise InputError(f"{origin}: the file is empty")
    lines = _entry_lines(raw, origin)
    # A string or bytes could be taken for an address or a path; a stream cannot.
    feed = parser.parse(io.BytesIO(raw), sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version"):
        raise InputError(f"{origin}: is neither RSS nor Atom")
    entries = feed.get("entries", [])
    title = _words(feed.get("feed", {}).get("title"))
    ids = [str(entry.get("id") or "") for entry in entries]
    own = all(ids) and len(set(ids)) == len(ids)
    by_line = len(lines) == len(entries)
    records = []
    for number, entry in enumerate(entries, start=1):
        line = lines[number - 1] if by_line else number
        values = _values(entry, title)
        if own:
            values = {"event_id": ids[number - 1], **values}
        where = f"{origin}, {'line' if by_line else 'entry'} {line}"
        records.append(Record(values, where, line))
    return records


def _entry_lines(raw: bytes, origin: str) -> list[int]:
    """Check that the XML is whole, and return the line on which each entry begins.

    feedparser reads a broken feed as far as it goes and does not say that entries are lost.
    """
    lines: list[int] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.UseForeignDTD(True)  # names such as &nbsp; are not declared in most feeds

    def start(name: str, _: Mapping[str, str]) -> None:
        if name.rsplit(" ", 1)[-1] in ENTRIES:
            lines.append(parser.CurrentLineNumber)

    def declared(*_: object) -> None:
        raise InputError(f"{origin}: declares entities of its own; no feed needs that")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = declared
    parser.SkippedEntityHandler = lambda *_: None
    parser.ExternalEntityRefHandler = lambda *_: 1
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as err:
        what = expat.ErrorString(err.code) or "is not well-formed"
        raise InputError(
            f"{origin}, line {err.lineno}: {what}; this is no whole RSS or Atom feed"
        ) from None
    except InputError:
        raise
    except (ValueError, LookupError) as err:
        raise InputError(f"{origin}: is no RSS or Atom feed ({err})") from None
    return lines


def _values(entry: Mapping[str, Any], feed_title: str) -> dict[str, Any]:
    # feedparser's own get takes one date for another.
    plain = dict(entry)
    dates = (plain.get(name) for name in ("published", "updated", "created"))
    stamp = next((date for date in dates if date), "")
    source = entry.get("source") or {}
    tags = [str(tag.get("term") or "").strip() for tag in entry.get("tags") or []]
    summary = _words(entry.get("summary"))
    values: dict[str, Any] = {
        "timestamp": feed_stamp(str(stamp)),
        "headline": _words(entry.get("title")),
        "source": _words(source.get("title")) or feed_title,
        "url": str(entry.get("link") or ""),
    }
    if any(tags):
        values["category"] = "; ".join(tag for tag in tags if tag)
    return values | ({"summary": summary} if summary else {})


def feed_stamp(text: str) -> str | dt.datetime:
    """Return a feed's date as a datetime where it follows RFC 822, else the text itself.

    A date without a zone stays without one: the catalogue then asks for it.

    Examples
    --------
    >>> feed_stamp("Tue, 15 Feb 2022 09:00:00 +0100").isoformat()
    '2022-02-15T09:00:00+01:00'
    >>> feed_stamp("2022-02-15T08:00:00Z")
    '2022-02-15T08:00:00Z'
    """
    if re.match(r"\s*\d{4}-", text):
        return text
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return text
    # A zone by a name that the rule does not know (CET) must not be passed over.
    unknown = moment.tzinfo is None and text.split()[-1].isalpha()
    return text if unknown else moment


def _words(value: object) -> str:
    text = unescape(_TAG.sub("", str(value or "")))
    return " ".join(text.split())
