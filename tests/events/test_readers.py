"""Reading catalogues: every format, every fault with its file and line, all at once."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.events import read_catalogue
from eventstudy.resources import data_dir

ROWS: list[dict[str, Any]] = [
    {"event_id": "a", "timestamp": "2022-02-15T08:00Z", "asset": "", "headline": "One, two"},
    {"event_id": "b", "timestamp": "2022-02-16", "asset": "XOM", "headline": 'She said "no"'},
    {"event_id": "b", "timestamp": "2022-02-16", "asset": "CVX", "headline": "Line\nbreak"},
]


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    frame = pd.DataFrame(rows)
    kind = path.suffix
    if kind == ".csv":
        frame.to_csv(path, index=False)
    elif kind == ".xlsx":
        frame.to_excel(path, index=False)
    elif kind == ".parquet":
        frame.to_parquet(path)
    elif kind == ".json":
        path.write_text(json.dumps({"events": rows}, indent=1), encoding="utf-8")
    elif kind in (".jsonl", ".ndjson"):
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        tables = [
            "[[events.list]]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in row.items())
            for row in rows
        ]
        path.write_text("\n\n".join(tables), encoding="utf-8")
    return path


def _text(tmp_path: Path, text: str, name: str = "events.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _fault(source: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        read_catalogue(source, **options)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "json", "jsonl", "ndjson", "toml"])
def test_every_format_gives_the_same_catalogue(kind: str, tmp_path: Path) -> None:
    got = read_catalogue(_write(tmp_path / f"events.{kind}", ROWS))
    want = read_catalogue(ROWS)
    columns = ["event_id", "timestamp", "date", "asset", "headline", "uncertainty_minutes"]
    pd.testing.assert_frame_equal(got.frame[columns], want.frame[columns], check_dtype=False)
    assert str(got.frame["timestamp"].dtype) == "datetime64[ns, UTC]"
    assert str(got.frame["date"].dtype) == "datetime64[ns]"
    assert got.frame["event_id"].tolist() == ["a", "b", "b"]
    assert got.frame["timestamp"].notna().tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [("csv", [2, 3, 4]), ("jsonl", [1, 2, 3]), ("toml", [1, 7, 13]), ("xlsx", [2, 3, 4])],
)
def test_lines(kind: str, lines: list[int], tmp_path: Path) -> None:
    got = read_catalogue(_write(tmp_path / f"events.{kind}", ROWS))
    assert got.frame["line"].tolist() == lines


def test_lines_of_json_entries(tmp_path: Path) -> None:
    path = _text(tmp_path, json.dumps(ROWS, indent=1), "events.json")
    assert read_catalogue(path).frame["line"].tolist() == [2, 8, 14]
    path = _text(tmp_path, '{"x": 1, "events": [\n{"timestamp": "2022-02-15"}\n]}', "e.json")
    assert read_catalogue(path).frame["line"].tolist() == [2]


def test_lines_when_quoted_text_runs_over_them(tmp_path: Path) -> None:
    text = 'event_id,timestamp,headline\na,2022-02-15,"x\ny\nz"\n\nb,oops,w\n'
    assert _fault(_text(tmp_path, text)).startswith("events.csv, line 6: timestamp 'oops'")


def test_all_bad_rows_are_reported_at_once(tmp_path: Path) -> None:
    text = (
        "event_id,timestamp,uncertainty_minutes,sign,surprise\n"
        "a,2022-02-30,,,\n"
        "b,2022-02-15T09:00,,,\n"
        "c,2022-02-15T09:00Z,-1,2,much\n"
        ",2022-02-15,inf,,\n"
        "e,2022-02-15,1e9,nan,\n"
        "f,2022-02-15,1,1,0.5\n"
    )
    message = _fault(_text(tmp_path, text))
    for words in (
        "events.csv: 9 faults",
        "line 2: timestamp '2022-02-30': there is no such date",
        "line 3: timestamp '2022-02-15T09:00' has no offset; write",
        'timezone = "Europe/Paris"',
        "line 4: uncertainty_minutes is -1; it is a half-width and at least 0",
        "line 4: sign is '2'; it is -1, 0 or 1",
        "line 4: surprise is 'much' and no number",
        "line 5: event_id is empty",
        "line 5: uncertainty_minutes is 'inf'; a finite number",
        "line 6: uncertainty_minutes is 1e+09, more than a year",
        "line 6: sign is 'nan'; a finite number is needed",
    ):
        assert words in message
    assert "line 7" not in message


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("", "is empty"),
        ("15.02.2022", "is not ISO 8601"),
        ("2022-2-15", "is not ISO 8601"),
        ("2022-02-15T24:00Z", "no such time of day"),
        ("2022-02-15T23:59:60Z", "no such time of day"),
        ("2022-02-15T08:00+99:00", "no such time of day or offset"),
        ("2022-02-15T08:00+01:75", "no such time of day or offset"),
        ("2021-02-29", "there is no such date"),
        ("0001-01-01", "years from 1678"),
        ("9999-12-31T23:00-05:00", "years from 1678"),
        ("2022-02-15T08:00", "has no offset"),
        (1644912000, "is a int and no text"),
        (["2022-02-15"], "is a list and no text"),
    ],
)
def test_stamps_that_are_none(stamp: object, words: str) -> None:
    assert words in _fault([{"event_id": "a", "timestamp": stamp}])


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2022-02-15T08:00Z", "2022-02-15T08:00"),
        ("2022-02-15 08:00:00z", "2022-02-15T08:00"),
        ("2022-02-15T13:30:00+05:30", "2022-02-15T08:00"),
        ("2022-02-15T03:00-0500", "2022-02-15T08:00"),
        ("2022-02-15T10:00+02", "2022-02-15T08:00"),
        ("2022-02-15T08:00:00.123456789Z", "2022-02-15T08:00:00.123456"),
        ("2024-02-29T23:59:59-12:00", "2024-03-01T11:59:59"),
        (dt.datetime(2022, 2, 15, 8, tzinfo=dt.UTC), "2022-02-15T08:00"),
        (pd.Timestamp("2022-02-15T09:00", tz="Europe/Paris"), "2022-02-15T08:00"),
    ],
)
def test_instants(stamp: object, utc: str) -> None:
    frame = read_catalogue([{"timestamp": stamp}]).frame
    assert frame["timestamp"].iloc[0] == pd.Timestamp(utc, tz="UTC")


@pytest.mark.parametrize("stamp", ["2022-02-15", dt.date(2022, 2, 15), " 2022-02-15 "])
def test_bare_dates(stamp: object) -> None:
    frame = read_catalogue([{"timestamp": stamp}], timezone="Asia/Tokyo").frame
    assert frame["date"].iloc[0] == pd.Timestamp("2022-02-15")
    assert frame["timestamp"].isna().all()


def test_a_zone_for_the_file() -> None:
    rows = [{"timestamp": "2022-07-15T09:00"}, {"timestamp": "2022-02-15T09:00"}]
    got = read_catalogue(rows, timezone="Europe/Paris").frame["timestamp"]
    assert got.dt.hour.tolist() == [7, 8]
    mixed = read_catalogue([{"timestamp": "2022-07-15T09:00Z"}], timezone="Europe/Paris")
    assert mixed.frame["timestamp"].dt.hour.tolist() == [9]


def test_local_times_that_daylight_saving_skips_or_repeats() -> None:
    message = _fault([{"timestamp": "2022-03-27T02:30"}], timezone="Europe/Paris")
    assert "does not exist in Europe/Paris" in message
    message = _fault([{"timestamp": "2022-10-30T02:30"}], timezone="Europe/Paris")
    assert "happened twice in Europe/Paris" in message
    assert "+02:00 or +01:00" in message
    # Its neighbours are plain.
    for stamp in ("2022-03-27T01:59", "2022-03-27T03:00", "2022-10-30T01:59", "2022-10-30T03:00"):
        assert len(read_catalogue([{"timestamp": stamp}], timezone="Europe/Paris")) == 1


def test_an_unknown_zone() -> None:
    message = _fault(ROWS, timezone="Europe/Pari")
    assert "unknown time zone 'Europe/Pari'; did you mean 'Europe/Paris'?" in message


def test_a_pair_of_event_and_asset_stands_once() -> None:
    rows = [*ROWS, {"event_id": "b", "timestamp": "2022-02-16", "asset": "XOM"}]
    message = _fault(rows)
    assert "entry 4: event_id 'b' on asset 'XOM' stands already at [[events.list]], entry 2" in (
        message
    )
    twice = [{"event_id": "a", "timestamp": "2022-02-15"}] * 2
    assert "event_id 'a' stands already" in _fault(twice)


def test_one_event_id_has_one_timestamp() -> None:
    rows = [*ROWS, {"event_id": "b", "timestamp": "2022-02-17", "asset": "BP"}]
    assert "one event_id has one timestamp" in _fault(rows)
    # The same instant in another notation is the same timestamp.
    same = [
        {"event_id": "a", "timestamp": "2022-02-15T08:00Z", "asset": "X"},
        {"event_id": "a", "timestamp": "2022-02-15T09:00+01:00", "asset": "Y"},
    ]
    assert len(read_catalogue(same)) == 2


def test_a_column_mapping() -> None:
    rows = [{"date": "2022-02-15", "title": "News", "note": 7}]
    got = read_catalogue(rows, columns={"timestamp": "date", "headline": "title"}).frame
    assert got["headline"].tolist() == ["News"]
    assert got["event_id"].tolist() == ["1"]
    assert got["note"].tolist() == [7]
    assert "title" not in got
    message = _fault(rows, columns={"timestamp": "dat"})
    assert "there is no column 'dat'; did you mean 'date'?" in message
    message = _fault(rows, columns={"timestmp": "date"})
    assert "'timestmp' is no column of ours; did you mean 'timestamp'?" in message


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    message = _fault(_text(tmp_path, "event_id,timestmp\na,2022-02-15\n"))
    assert "there is no column 'timestamp'; did you mean 'timestmp'?" in message


def test_extra_columns_are_kept(tmp_path: Path) -> None:
    text = "event_id,timestamp,desk,line\na,2022-02-15,oil,x\n"
    frame = read_catalogue(_text(tmp_path, text)).frame
    assert frame["desk"].tolist() == ["oil"]
    assert frame["line"].tolist() == [2]
    assert frame["line_given"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("event_id,timestamp\n", "there is no event in it"),
        ("event_id,timestamp,event_id\na,2022-02-15,b\n", "column 'event_id' stands twice"),
        ("event_id,,timestamp\na,,2022-02-15\n", "line 1: a column has no name"),
        ("event_id,timestamp\na,2022-02-15,x\n", "line 2: 3 fields where the header has 2"),
        ("event_id,timestamp\na\n", "line 2: 1 fields"),
        ('event_id,timestamp\na,"2022-02-15\n', "line 2"),
        ("event_id,timestamp\na,2022-02-15\0\n", "line 2: a NUL character"),
    ],
)
def test_csv_files_that_are_wrong(text: str, words: str, tmp_path: Path) -> None:
    assert words in _fault(_text(tmp_path, text))


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    text = "event_id,timestamp,headline\r\na,2022-02-15,Société\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_bytes(text.encode(encoding))
        frame = read_catalogue(path).frame
        assert frame["headline"].tolist() == ["Société"]
        assert frame["event_id"].tolist() == ["a"]
    path.write_bytes(text.encode("latin-1"))
    assert "line 2: byte" in _fault(path)
    assert "save the file as UTF-8" in _fault(path)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators(mark: str, tmp_path: Path) -> None:
    text = mark.join(["event_id", "timestamp", "headline"]) + "\n"
    text += mark.join(["a", "2022-02-15", "One, two"]) + "\n"
    assert read_catalogue(_text(tmp_path, text)).frame["headline"].tolist() == ["One, two"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("e.json", "[1]", "a table of an event is needed, not 1"),
        ("e.json", '{"events": 3}', "a list of events is needed"),
        ("e.json", '[{"timestamp": }]', "line 1: Expecting value"),
        ("e.json", '[{"timestamp": "2022-02-15", "timestamp": "2022-02-16"}]', "stands twice"),
        ("e.json", "[]", "there is no event in it"),
        ("e.json", "[" * 5000, "e.json"),
        ("e.jsonl", '{"timestamp": "2022-02-15"}\n[1]\n{', "line 2: an object is needed"),
        ("e.jsonl", '{"timestamp": "2022-02-15"}\n[1]\n{', "line 3"),
        ("e.toml", "[[events]]\ntimestamp = 2022-02-30", "line 2"),
        ("e.toml", "x = 1", "there are no [[events]] tables"),
        ("e.toml", "events = [1]", "a table of an event is needed"),
    ],
)
def test_other_files_that_are_wrong(name: str, text: str, words: str, tmp_path: Path) -> None:
    assert words in _fault(_text(tmp_path, text, name))


def test_toml_keeps_its_own_dates(tmp_path: Path) -> None:
    text = (
        "[[events]]\nevent_id = 1\ntimestamp = 2022-02-15T08:00:00Z\n"
        "[[events]]\nevent_id = 2\ntimestamp = 2022-02-15\n"
        "[[events]]\nevent_id = 3\ntimestamp = 2022-02-15T09:00:00\n"
    )
    path = _text(tmp_path, text, "e.toml")
    assert "e.toml, line 7: timestamp '2022-02-15 09:00:00' has no offset" in _fault(path)
    frame = read_catalogue(path, timezone="Europe/Paris").frame
    assert frame["timestamp"].notna().tolist() == [True, False, True]
    assert frame["event_id"].tolist() == ["1", "2", "3"]


def test_spreadsheets_tell_dates_from_instants(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["event_id", "timestamp"])
    sheet.append([7, dt.date(2022, 2, 15)])
    sheet.append([8.0, dt.datetime(2022, 2, 15, 9, 0)])  # noqa: DTZ001
    path = tmp_path / "events.xlsx"
    book.save(path)
    assert "events.xlsx, row 3: timestamp '2022-02-15 09:00:00' has no offset" in _fault(path)
    frame = read_catalogue(path, timezone="Europe/Paris").frame
    assert frame["date"].notna().tolist() == [True, False]
    assert frame["event_id"].tolist() == ["7", "8"]


def test_files_that_are_not_what_they_say(tmp_path: Path) -> None:
    for name in ("e.xlsx", "e.parquet"):
        assert "can be read" in _fault(_text(tmp_path, "event_id,timestamp\n", name))
    assert "is not known" in _fault(_text(tmp_path, "x", "e.docx"))
    _write(tmp_path / "events.csv", ROWS)
    message = _fault(tmp_path / "event.csv")
    assert "there is no such file; did you mean 'events.csv'?" in message
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in _fault(tmp_path / "folder.csv")


def test_frames() -> None:
    frame = pd.DataFrame(
        {
            "event_id": [1, 2],
            "timestamp": pd.to_datetime(["2022-02-15", "2022-02-16"]),
            "asset": ["A", None],
            "sign": [1, np.nan],
        }
    )
    got = read_catalogue(frame).frame
    assert got["date"].notna().all()
    assert got["asset"].tolist() == ["A", ""]
    assert got["sign"].isna().tolist() == [False, True]
    frame["timestamp"] += pd.Timedelta("9h")
    assert "frame, row 1: timestamp '2022-02-15 09:00:00' has no offset" in _fault(frame)
    aware = frame.assign(timestamp=frame["timestamp"].dt.tz_localize("Europe/Paris"))
    assert read_catalogue(aware).frame["timestamp"].dt.hour.tolist() == [8, 8]
    twice = pd.concat([frame, frame[["asset"]]], axis=1)
    assert "the column 'asset' stands twice" in _fault(twice)
    assert "there is no event in it" in _fault(frame.iloc[:0])


def test_the_input_is_not_changed() -> None:
    frame = pd.DataFrame({"timestamp": pd.to_datetime(["2022-02-15"]), "asset": ["A"]})
    before = frame.copy()
    read_catalogue(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_the_bundled_catalogue() -> None:
    catalogue = read_catalogue(data_dir() / "events" / "ukraine-2022.csv")
    frame = catalogue.frame
    stamps = frame["timestamp"].dt.strftime("%d %H:%M").tolist()
    assert stamps == ["15 08:00", "15 10:00", "15 10:30", "15 15:00", "21 19:35", "24 02:50"]
    assert frame["uncertainty_minutes"].tolist()[:4] == [25.0, 60.0, 60.0, 60.0]
    assert frame["uncertainty_minutes"].tolist()[5] == 15.0
    assert frame["group"].nunique() == 3
    assert (frame["group"].iloc[:4] == frame["group"].iloc[0]).all()
    assert (frame["source"] != "").all()
    assert (frame["asset"] == "").all()


def test_a_catalogue_shows_itself() -> None:
    catalogue = read_catalogue(ROWS)
    assert len(catalogue) == 3
    assert "Catalogue of 3 rows" in repr(catalogue)
    assert "<table" in catalogue._repr_html_()


def test_real_headlines_in_local_time(shared_data: Path) -> None:
    path = shared_data / "airliquide_headlines_paris_time.csv"
    names = {"timestamp": "date", "headline": "title"}
    assert "has no offset" in _fault(path, columns=names)
    catalogue = read_catalogue(path, timezone="Europe/Paris", columns=names)
    frame = catalogue.frame
    assert len(frame) == 499
    assert frame["event_id"].tolist() == [str(n) for n in range(1, 500)]
    assert frame["timestamp"].iloc[0] == pd.Timestamp("2017-06-12T15:48Z")
    raw = pd.read_csv(path)
    repeated = int(raw.duplicated(["date", "title"]).sum())
    assert repeated > 50
    assert len(catalogue.duplicates) == repeated
    assert catalogue.duplicates["first"].iloc[0] == "1"
