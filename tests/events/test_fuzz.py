"""Whatever a source holds, reading it ends in a catalogue or in an error of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eventstudy.errors import EventStudyError
from eventstudy.events import Catalogue, read_catalogue

# 21 kinds of cases: 100,800 in the long run, 1,050 in the short one.
SHORT, LONG = 50, 4_800
SEED = 20220215
HEAD = ["event_id", "timestamp", "asset", "headline", "uncertainty_minutes", "sign", "surprise"]
STAMPS = [
    "2022-02-15", "2022-02-15T08:00Z", "2022-02-15T09:00+01:00", "2022-02-15 09:00", "2022-02-30",
    "2022-03-27T02:30", "Tue, 15 Feb 2022 08:00:00 GMT", "Tue, 15 Feb 2022 08:00:00 CET",
    "20220215T080000Z", "20220215", "20220299", "0001-01-01", "9999-12-31T23:59:59-14:00",
]  # fmt: skip
RIGHT = [*STAMPS[:4], "20220215T080000Z"]
ODD = [
    "", "1", "-1", "0", "nan", "inf", "1e999", "-0.0", "a", "X", "é\u0301", "\u202e", "=1+1", '"',
    "'", ",", ";", "\t", "\n", "\r", "\0", "\x7f", "\ufeff", "\ud7ff", "\U0001f4c8", "<b>",
    "&amp;", "&x;", "]]>", "\\n", "[[events]]", "{", "END:VEVENT", "BEGIN:VEVENT", "None", "true",
    " " * 20,
    "9" * 40,
]  # fmt: skip


def _word(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(STAMPS)
    if kind == 1:
        return rng.choice(ODD)
    if kind == 2:
        return "".join(chr(rng.randrange(32, 0x2FF)) for _ in range(rng.randrange(8)))
    return rng.choice(ODD) + rng.choice(STAMPS)


def _rows(rng: random.Random) -> list[dict[str, str]]:
    rows = []
    for number in range(rng.randrange(1, 4)):
        row = {name: _word(rng) for name in HEAD if rng.random() < 0.7}
        if rng.random() < 0.8:  # most rows would be right but for one cell
            row = {"event_id": str(number), "timestamp": rng.choice(RIGHT), "headline": "words"}
            if rng.random() < 0.6:
                row[rng.choice(HEAD)] = _word(rng)
        rows.append(row)
    return rows


def _csv(rows: list[dict[str, str]], path: Path) -> None:
    lines = [",".join(HEAD), *(",".join(row.get(n, "") for n in HEAD) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")


def _json(rows: list[dict[str, str]], path: Path) -> None:
    path.write_text(json.dumps(rows), encoding="utf-8")


def _lines(rows: list[dict[str, str]], path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def _toml(rows: list[dict[str, str]], path: Path) -> None:
    tables = ["\n".join(["[[events]]", *(f"{k} = {v}" if v.isdigit() else f"{k} = {json.dumps(v)}"
              for k, v in row.items())]) for row in rows]  # fmt: skip
    path.write_text("\n".join(tables), encoding="utf-8")


def _excel(rows: list[dict[str, str]], path: Path) -> None:
    import openpyxl

    clean = [[_printable(row.get(n, "")) for n in HEAD] for row in rows]
    book = openpyxl.Workbook()
    book.worksheets[0].append(HEAD)
    for row in clean:
        book.worksheets[0].append(row)
    book.save(path)


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


def _parquet(rows: list[dict[str, str]], path: Path) -> None:
    pd.DataFrame([[row.get(n) for n in HEAD] for row in rows], columns=HEAD).to_parquet(path)


def _calendar(rows: list[dict[str, str]], path: Path) -> None:
    names = {"event_id": "UID", "timestamp": "DTSTART", "headline": "SUMMARY", "sign": "RRULE",
             "asset": "X-EVENTSTUDY-ASSET", "surprise": "X-EVENTSTUDY-SURPRISE"}  # fmt: skip
    lines = ["BEGIN:VCALENDAR"]
    for row in rows:
        pairs = [f"{names[n]}:{v}" for n, v in row.items() if n in names]
        lines += ["BEGIN:VEVENT", *pairs, "END:VEVENT"]
    path.write_text("\r\n".join([*lines, "END:VCALENDAR"]), encoding="utf-8")


def _feed(rows: list[dict[str, str]], path: Path) -> None:
    items = []
    for row in rows:
        values = {n: v if v.startswith(("&", "<", "]")) else escape(v) for n, v in row.items()}
        items.append(
            f"<item><guid>{values.get('event_id', '')}</guid><title>{values.get('headline', '')}"
            f"</title><pubDate>{values.get('timestamp', '')}</pubDate></item>"
        )
    text = f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'
    path.write_text(text, encoding="utf-8")


def _atom(rows: list[dict[str, str]], path: Path) -> None:
    entries = "".join(
        f"<entry><id>{escape(r.get('event_id', ''))}</id><updated>{escape(r.get('timestamp', ''))}"
        f"</updated><title type='html'>{escape(r.get('headline', ''))}</title></entry>"
        for r in rows
    )
    path.write_text(f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>', encoding="utf-8")


ROWS: dict[str, Callable[[list[dict[str, str]], Path], None]] = {
    "csv": _csv, "json": _json, "jsonl": _lines, "toml": _toml, "xlsx": _excel,
    "parquet": _parquet, "ics": _calendar, "rss": _feed, "atom": _atom,
}  # fmt: skip
BYTES = ("csv", "json", "jsonl", "toml", "xlsx", "parquet", "ics", "rss", "atom", "xml")
SOUND = [{"event_id": "a", "timestamp": "2022-02-15T08:00Z", "headline": "one"},
         {"event_id": "b", "timestamp": "2022-02-16", "headline": "two"}]  # fmt: skip


def _ends_well(source: Any) -> bool:
    """Return whether it was a catalogue; anything but an error of ours fails the test."""
    try:
        found = read_catalogue(source, timezone="Europe/Paris")
    except EventStudyError as error:
        assert str(error)
        return False
    assert isinstance(found, Catalogue)
    assert found.frame["timestamp"].notna().ne(found.frame["date"].notna()).all()
    return True


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    """Return a sound file with bytes changed, cut out, or put in; now and then only noise."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(raw)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(3)
        if kind == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            del data[at : at + rng.randrange(1, 20)]
        else:
            data[at:at] = rng.choice(ODD).encode("utf-8", "surrogatepass")
    return bytes(data)


def _fuzz_rows(kind: str, count: int, folder: Path) -> int:
    rng = random.Random(f"{SEED} rows {kind}")
    path = folder / f"events.{kind}"
    good = 0
    for _ in range(count):
        ROWS[kind](_rows(rng), path)
        good += _ends_well(path)
    return good


def _fuzz_bytes(kind: str, count: int, folder: Path) -> int:
    rng = random.Random(f"{SEED} bytes {kind}")
    path = folder / f"events.{kind}"
    stamp = {"timestamp": "20220215T080000Z"} if kind == "ics" else {}
    ROWS.get(kind, _feed)([row | stamp for row in SOUND], path)
    raw = path.read_bytes()
    good = 0
    for _ in range(count):
        path.write_bytes(_damaged(raw, rng))
        good += _ends_well(path)
    return good


def _fuzz_frames(count: int) -> int:
    rng = random.Random(f"{SEED} frames")
    cells = [pd.NaT, None, float("nan"), 1, 1.5, True, pd.Timestamp("2022-02-15"), [], {}, b"x",
             pd.Timestamp("2022-02-15T08:00Z"), pd.NA]  # fmt: skip
    good = 0
    for _ in range(count):
        rows = [[rng.choice(cells) if rng.random() < 0.3 else row.get(n) for n in HEAD]
                for row in _rows(rng)]  # fmt: skip
        good += _ends_well(pd.DataFrame(rows, columns=HEAD))
        _ends_well([dict(zip(HEAD, row, strict=True)) for row in rows])
    return good


@pytest.mark.parametrize("kind", ROWS)
def test_rows(kind: str, tmp_path: Path) -> None:
    assert 0 < _fuzz_rows(kind, SHORT, tmp_path) < SHORT


@pytest.mark.parametrize("kind", BYTES)
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    assert _fuzz_bytes(kind, SHORT, tmp_path) < SHORT


def test_frames_and_tables() -> None:
    assert 0 < _fuzz_frames(SHORT) < SHORT


@pytest.mark.slow
@pytest.mark.parametrize("kind", ROWS)
def test_rows_at_length(kind: str, tmp_path: Path) -> None:
    good = _fuzz_rows(kind, LONG, tmp_path)
    print(f"FUZZ rows {kind}: {LONG} cases, {good} catalogues")  # noqa: T201
    assert 0 < good < LONG


@pytest.mark.slow
@pytest.mark.parametrize("kind", BYTES)
def test_damaged_files_at_length(kind: str, tmp_path: Path) -> None:
    good = _fuzz_bytes(kind, LONG, tmp_path)
    print(f"FUZZ bytes {kind}: {LONG} cases, {good} catalogues")  # noqa: T201
    assert 0 < good < LONG


@pytest.mark.slow
def test_frames_and_tables_at_length() -> None:
    good = _fuzz_frames(LONG)
    print(f"FUZZ frames and tables: {2 * LONG} cases, {good} catalogues of {LONG} frames")  # noqa: T201
    assert 0 < good < LONG
