"""Headlines that stay in their Parquet file give what headlines in memory give, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eventstudy import mapped, pipeline, returns, streamed
from eventstudy.errors import InputError
from eventstudy.events import filed, repeats
from eventstudy.events.filed import FiledCatalogue, filed_catalogue
from eventstudy.pipeline import run_study
from eventstudy.prices import parquetfiles
from eventstudy.results import TABLES, StudyResult
from eventstudy.stream import inputs, tasks
from eventstudy.streamed_result import StreamedResult
from eventstudy.studyfile import load_study
from tests.test_streamed import ASSETS, DAYS, frames

STUDY = """[study]
name = "many"
{streamed}
[events]
file = "events.parquet"
{events}
[prices]
source = "file"
file = "returns.parquet"
kind = "returns"
[model]
name = "market_model"
benchmark = "MKT"
{model}
[windows]
estimation = [-120, -11]
event = [-2, 2]
report = [[-1, 1]]
"""


def given(n: int = 700, **columns: Any) -> pd.DataFrame:
    table = frames(n, seed=5)["events"]
    return table.assign(**columns)


def write(
    folder: Path,
    events: pd.DataFrame | pa.Table,
    *,
    rows: int = 150,
    streamed: str = "streamed = true",
    sections: str = "",
    model: str = "",
) -> Path:
    """Write a study with small row groups, so that several are read."""
    table = events if isinstance(events, pa.Table) else arrow(events)
    pq.write_table(table, folder / "events.parquet", row_group_size=rows)
    prices = frames(10, holes=0.004)["prices"].rename_axis("date")
    prices["MKT"] = prices["MKT"].fillna(0.0)
    prices.to_parquet(folder / "returns.parquet")
    text = STUDY.format(streamed=streamed, events=sections, model=model)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> StudyResult:
    return run_study(load_study(folder / "study.toml"), folder=folder)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], StudyResult]:
    """Runs a study with its headlines in memory."""

    def run_held(folder: Path) -> StudyResult:
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "filed_headlines", lambda *_: None)
            return run(folder)

    return run_held


def shuffled(events: pd.DataFrame) -> pd.DataFrame:
    return events.sample(frac=1.0, random_state=2)


def several(events: pd.DataFrame) -> pd.DataFrame:
    """Half of the headlines concern two assets."""
    half = events.iloc[::2].copy()
    after = {a: ASSETS[(i + 1) % len(ASSETS)] for i, a in enumerate(ASSETS)}
    half["asset"] = half["asset"].map(after)
    return shuffled(pd.concat([events, half]))


def arrow(events: pd.DataFrame, **types: pa.DataType) -> pa.Table:
    table = pa.Table.from_pandas(events, preserve_index=False)
    for name, kind in types.items():
        place = table.column_names.index(name)
        column = table.column(place)
        if pa.types.is_dictionary(kind):
            column = column.cast(pa.string()).dictionary_encode()
        table = table.set_column(place, name, column.cast(kind))
    return table


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "dates at midnight": (given, {}),
    "dates": (lambda: arrow(given(), timestamp=pa.date32()), {}),
    "in any order": (lambda: shuffled(given()), {}),
    "headlines on several assets": (lambda: several(given()), {}),
    "assets as a dictionary": (
        lambda: arrow(given(), asset=pa.dictionary(pa.int16(), pa.string())),
        {},
    ),
    "large strings": (lambda: arrow(given(), event_id=pa.large_string()), {}),
    "numbers as names": (lambda: given(event_id=np.arange(700) * 7), {}),
    "other columns": (lambda: given(headline="Units return", sign=1.0, desk="north"), {}),
    "names of columns": (
        lambda: given().rename(columns={"event_id": "id", "timestamp": "day"}),
        {"sections": 'columns = {event_id = "id", timestamp = "day"}'},
    ),
    "two models": (given, {"model": 'also = ["constant_mean"]'}),
    "dates that are no session": (
        lambda: given().assign(timestamp=lambda t: t["timestamp"] + pd.Timedelta(days=1)),
        {"sections": 'policy = "exclude"'},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_bytes_are_those_of_headlines_in_memory(
    name: str, tmp_path: Path, held: Callable[[Path], StudyResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, how = CASES[name]
    folder = write(tmp_path, make(), **how)
    one = run(folder)
    assert isinstance(one, StreamedResult)
    assert not one.made("events"), "the headlines were not left in their file"
    two = held(folder)
    one.save(tmp_path / "one")
    two.save(tmp_path / "two")
    tables = [t for t in TABLES if t != "quality"]
    for table in tables:
        left = (tmp_path / "one" / f"{table}.csv").read_bytes()
        assert left == (tmp_path / "two" / f"{table}.csv").read_bytes(), table
    assert one.run["counts"] == two.run["counts"]
    assert one.run["hashes"] == two.run["hashes"]


def test_instants(tmp_path: Path, held: Callable[[Path], StudyResult]) -> None:
    rng = np.random.default_rng(4)
    days = given()["timestamp"].dt.tz_localize("America/New_York")
    stamps = days + pd.to_timedelta(rng.integers(0, 24 * 3600, len(days)), unit="s")
    folder = write(tmp_path, given(timestamp=stamps))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text += "".join(f'[assets.{a}]\ncalendar = "XNYS"\n' for a in ASSETS)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    one, two = run(folder), held(folder)
    assert isinstance(one, StreamedResult)
    assert not one.made("events")
    pd.testing.assert_frame_equal(one.tests, two.tests, check_exact=True)
    pd.testing.assert_frame_equal(one.events, two.events, check_exact=True)
    # Some headlines came after the close, and belong to the next session.
    after = (
        one.events["session"].to_numpy() > days.dt.tz_localize(None).to_numpy()[: len(one.events)]
    )
    assert after.any()


def test_events_are_written_in_blocks(tmp_path: Path) -> None:
    from functools import partial

    from eventstudy import streamed_tables

    result = run(write(tmp_path, several(given())))
    whole = result.events
    rows = partial(streamed_tables._event_rows, step=64)
    later = result.__dict__["_later"]["events"]
    parts = list(rows(*later.args))
    assert len(parts) > 10
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


def plain(events: pd.DataFrame | pa.Table, folder: Path, **how: Any) -> FiledCatalogue | None:
    write(folder, events)
    return filed_catalogue(folder / "events.parquet", **how)


def test_names_are_read_in_any_order(tmp_path: Path) -> None:
    found = plain(given(), tmp_path)
    assert found is not None
    rows = np.random.default_rng(3).permutation(700)[:300]
    assert list(found.ids(rows)) == [f"e{i}" for i in rows]
    assert list(found.part(rows).frame["event_id"]) == [f"e{i}" for i in rows]
    assert len(found.ids(np.array([], dtype=np.int64))) == 0


NOT_PLAIN: dict[str, dict[str, Any]] = {
    "text as time": {"timestamp": "2013-05-06"},
    "hours without a zone": {"timestamp": pd.Timestamp("2013-05-06 10:00")},
    "blanks around a name": {"event_id": [f"e{i} " for i in range(700)]},
    "an asset that stands for all": {"asset": ""},
    "groups": {"group": "g"},
    "uncertainty": {"uncertainty_minutes": 5.0},
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_is_not_plain_is_read_as_usual(name: str, tmp_path: Path) -> None:
    assert plain(given(**NOT_PLAIN[name]), tmp_path) is None


def test_small_files_are_read_as_usual(tmp_path: Path) -> None:
    folder = write(tmp_path, given(), streamed="")
    result = run(folder)
    assert not isinstance(result, StreamedResult)
    assert filed_catalogue(folder / "events.parquet", least=701) is None
    assert filed_catalogue(folder / "events.parquet", least=700) is not None


def test_a_file_that_is_none(tmp_path: Path) -> None:
    folder = write(tmp_path, given())
    (folder / "events.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="is no Parquet file that can be read"):
        run(folder)


def changed(row: int, **values: Any) -> pd.DataFrame:
    table = given()
    for name, value in values.items():
        table.loc[row, name] = value
    return table


FAULTS: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "a name again": (
        lambda: changed(650, **given().loc[17].to_dict()),
        r"events\.parquet, row 651: event_id 'e17' on asset 'S\d\d' stands already at "
        r"events\.parquet, row 18; a pair of event_id and asset is given once",
    ),
    "another stamp": (
        lambda: changed(
            650,
            event_id="e17",
            asset=ASSETS[ASSETS.index(given().loc[17, "asset"]) - 1],
            timestamp=given().loc[17, "timestamp"] + pd.Timedelta(days=3),
        ),
        r"row 651: event_id 'e17' has another timestamp than at events\.parquet, row 18",
    ),
    "no name": (lambda: changed(333, event_id=""), "row 334: event_id is empty"),
    "a missing name": (lambda: changed(333, event_id=None), "row 334: event_id is empty"),
    "no stamp": (lambda: changed(444, timestamp=pd.NaT), "row 445: timestamp is empty"),
    "an unknown asset": (lambda: changed(12, asset="S9"), "S9"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told_with_their_row(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, message = FAULTS[name]
    # Several files of names, and batches that end within a row group.
    monkeypatch.setattr(repeats, "ROOM", 1)
    monkeypatch.setattr(filed, "BATCH", 64)
    with pytest.raises(InputError, match=message):
        run(write(tmp_path, make()))


@pytest.mark.parametrize("room", [3, 50, 10_000])
def test_names_that_repeat_are_counted_exactly(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "ROOM", room)
    monkeypatch.setattr(filed, "BATCH", 64)
    events = several(given())
    found = plain(events, tmp_path)
    assert found is not None
    assert found.headlines == events["event_id"].nunique()


def test_hashes_that_meet_are_no_repetition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poor(names: pa.Array) -> np.ndarray:
        return np.array([len(n) for n in names.to_pylist()], dtype=np.uint64)

    monkeypatch.setattr(repeats, "_hashed", poor)
    found = plain(given(), tmp_path)
    assert found is not None
    assert found.headlines == 700


@pytest.mark.slow
def test_two_hundred_thousand_events(tmp_path: Path, held: Callable[[Path], StudyResult]) -> None:
    n, rng = 200_000, np.random.default_rng(8)
    # Few enough days that purging is given up for most, many enough that not for all.
    events = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in rng.permutation(n)],
            "timestamp": DAYS[rng.integers(100, 899, n)],
            "asset": rng.choice(ASSETS, n),
        }
    )
    folder = write(tmp_path, events, rows=60_000, streamed="")
    one, two = run(folder), held(folder)
    assert isinstance(one, StreamedResult)
    assert not one.made("events")
    pd.testing.assert_frame_equal(one.tests, two.tests, check_exact=True)
    pd.testing.assert_frame_equal(one.events, two.events, check_exact=True)


@pytest.mark.parametrize("shape", ["wide", "long", "unsorted", "folder"])
@pytest.mark.parametrize("kind", ["returns", "prices"])
def test_a_matrix_on_disk_is_that_in_memory(
    shape: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, several(given()))
    table = pd.read_parquet(folder / "returns.parquet")
    if kind == "prices":
        table = 100.0 * (1.0 + table.fillna(0.0)).cumprod()
        text = (folder / "study.toml").read_text(encoding="utf-8")
        text = text.replace('kind = "returns"', 'kind = "prices"')
        (folder / "study.toml").write_text(text, encoding="utf-8")
    if shape == "long":
        table = table.melt(ignore_index=False, var_name="asset", value_name="close").reset_index()
        table = table.sample(frac=1.0, random_state=1)
    elif shape == "unsorted":
        table = table.sample(frac=1.0, random_state=1)
    if shape == "folder":
        (folder / "returns.parquet").unlink()
        (folder / "returns.parquet").mkdir()
        for part, rows in enumerate(np.array_split(np.arange(len(table)), 3)):
            table.iloc[rows].to_parquet(folder / "returns.parquet" / f"{part}.parquet")
    else:
        table.to_parquet(folder / "returns.parquet")
    one = run(folder)
    made = []

    def on_disk(*given: Any, **how: Any) -> np.ndarray:
        made.append(given[0])
        return real(*given, **{**how, "limit": 0})

    real = mapped.roomy
    for module in (parquetfiles, returns, streamed, inputs, tasks):
        monkeypatch.setattr(module, "roomy", on_disk)
    # Two assets at a time.
    monkeypatch.setattr(mapped, "CELLS", 2 * len(DAYS) + 1)
    two = run(folder)
    assert len(made) >= 5
    for name in ("tests", "events", "dropped"):
        left, right = getattr(one, name), getattr(two, name)
        pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_an_infinite_return_is_found_in_any_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "CELLS", 25)
    matrix = np.zeros((7, 10))
    matrix[1, 2], matrix[5, 3] = np.nan, np.inf
    with pytest.raises(InputError, match="the value in row 5, column 3 is infinite"):
        inputs.stream_data(
            matrix, np.arange(10), [0], [8], estimation=(-6, -2), event=(-1, 1),
            model="constant_mean",
        )  # fmt: skip
