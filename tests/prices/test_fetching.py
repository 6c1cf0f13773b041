"""Fetching over real sockets: parallel, polite, resumable, and nothing is lost when it dies."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from eventstudy.cli.app import app
from eventstudy.errors import EventStudyError, InputError, SourceError
from eventstudy.prices import yahoo, yahoo_answers
from eventstudy.prices.bundled import load_bundled
from eventstudy.prices.store import PriceStore
from eventstudy.prices.yahoo import FetchRules, fetch_history
from eventstudy.prices.yahoo_source import Fetched, get_histories, get_history
from tests.prices.loopback import Reply, Vendor, curl_session, serving
from tests.prices.yahoo_server import as_json, chart, fault, sample

SYMBOLS = ["XOM", "CVX", "BAC", "KO", "PG", "GE", "JPM", "WMT", "JNJ", "^GSPC"]
START, END = dt.date(2020, 1, 1), dt.date(2022, 12, 28)
FAST = FetchRules(attempts=2, first_wait=0.01, spacing=0.0, timeout=30.0)
KILLS, MANY_KILLS = 5, 50
PATIENCE = 1.0  # seconds
STUDY = """[events]
list = [{{ event_id = "e", timestamp = "2022-02-15" }}]
[prices]
source = "yahoo"
assets = {assets}
[model]
name = "market_model"
benchmark = "^GSPC"
"""


@cache
def closes() -> pd.DataFrame:
    return load_bundled(SYMBOLS, start=START, end=END).close


def good(symbol: str, query: dict[str, str]) -> Any:
    if symbol not in SYMBOLS:
        return as_json(fault("Not Found", "No data found"), 404)
    low, high = int(query.get("period1", 0)), int(query.get("period2", 2**40))
    opens = closes().index.tz_localize("America/New_York") + pd.Timedelta(hours=9.5)
    stamps = [int(stamp.timestamp()) for stamp in opens]
    keep = [k for k, stamp in enumerate(stamps) if low <= stamp < high]
    values = closes()[symbol].tolist()
    return as_json(chart(symbol, [stamps[k] for k in keep], [values[k] for k in keep]))


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("EVENTSTUDY_OFFLINE", raising=False)
    monkeypatch.setattr(FetchRules, "__init__", _faster(FetchRules.__init__))


def _faster(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: FetchRules, **given: Any) -> None:
        usual = {"attempts": 2, "first_wait": 0.01, "spacing": 0.0, "timeout": 30.0}
        original(self, **{**usual, **given})

    return init


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    with serving(good) as running:
        monkeypatch.setattr(yahoo, "_new_session", lambda: curl_session(running.port))
        yield running


def command(*arguments: str | Path) -> SimpleNamespace:
    result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="eventstudy")
    return SimpleNamespace(code=result.exit_code, out=result.stdout, err=result.stderr)


def study(folder: Path, assets: list[str]) -> Path:
    path = folder / "study.toml"
    path.write_text(STUDY.format(assets=json.dumps(assets)))
    return path


# --- single answers over a real line --------------------------------------------------------------


def ask(vendor: Vendor, reply: Reply, rules: FetchRules = FAST) -> Any:
    vendor.reply = reply
    try:
        return fetch_history("XOM", start=START, end=END, rules=rules, sleep=lambda _: None)
    except EventStudyError as error:
        assert "\n" not in str(error)
        return error


def shifted(days: int) -> Reply:
    stamps = [1644849000 + days * 86_400, 1644935400 + days * 86_400]
    return lambda s, q: as_json(chart("XOM", stamps, [77.0, 76.0]))


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (lambda s, q: as_json(chart("XOM", [], [])), InputError, "no prices of 'XOM'"),
        (lambda s, q: as_json(fault("Not Found", "gone"), 404), InputError, "knows no symbol"),
        (lambda s, q: (429, {}, b"Too Many"), SourceError, "limits the rate"),
        (lambda s, q: (429, {"Retry-After": "900"}, b""), SourceError, "limits the rate of req"),
        (lambda s, q: (500, {}, b"oops"), SourceError, "trouble of its own (status 500)"),
        (lambda s, q: (403, {}, b"no"), SourceError, "refuses the request"),
        (lambda s, q: ("cut", 0.0), SourceError, "The connection to Yahoo broke"),
        (lambda s, q: ("slow", PATIENCE + 1.0), SourceError, "did not answer in time"),
        (lambda s, q: ("short", 0.0), SourceError, "The connection to Yahoo broke"),
        (lambda s, q: (200, {}, b'{"chart": {"result": [{"meta"'), SourceError, "makes no sense"),
        (lambda s, q: (200, {}, b"<html>busy</html>"), SourceError, "makes no sense"),
        (lambda s, q: (200, {}, b"\x00\xff" * 500), SourceError, "makes no sense"),
        (lambda s, q: as_json(chart("CVX", [1644849000], [1.0])), SourceError, "about 'CVX'"),
        (shifted(4000), SourceError, "not asked for"),
        (shifted(-4000), SourceError, "not asked for"),
    ],
)
def test_every_answer_is_data_or_one_sentence(
    vendor: Vendor, reply: Reply, kind: type[EventStudyError], words: str
) -> None:
    # A machine that is busy may answer late: only the server that never answers is not waited for.
    rules = FetchRules(timeout=PATIENCE) if "in time" in words else FAST
    outcome = ask(vendor, reply, rules)
    assert isinstance(outcome, kind), outcome
    assert words in str(outcome)


def test_good_answers_over_the_line(vendor: Vendor, shared_data: Path) -> None:
    history = ask(vendor, good)
    pd.testing.assert_series_equal(
        history.frame["close"], closes()["XOM"].dropna(), check_names=False, check_freq=False
    )
    for name, symbol, column, value in (
        ("NVDA-split", "NVDA", "split", 4.0),
        ("MSFT-dividends", "MSFT", "dividend", 0.56),
    ):
        file = f"historical-via-chart-{name}-2021-02-01-to-2022-01-31.csv.json"
        vendor.reply = lambda s, q, file=file: sample(shared_data, file)
        got = fetch_history(symbol, start=dt.date(2021, 2, 1), end=dt.date(2022, 1, 30), rules=FAST)
        assert got.frame[column].loc[lambda c: c > 0].iloc[0] == value


def test_an_answer_in_another_currency_is_refused(vendor: Vendor, tmp_path: Path) -> None:
    shelf = PriceStore(tmp_path / "store")
    get_history("XOM", store=shelf, start=START, end=END)

    def euros(symbol: str, query: dict[str, str]) -> Any:
        return as_json(chart("XOM", [1644849000], [70.0], currency="EUR"))

    vendor.reply = euros
    with pytest.raises(SourceError, match="in EUR, and gave it in USD before"):
        get_history("XOM", store=shelf, start=START, end=END, refresh=True)
    assert len(shelf.read("yahoo", "XOM")) == len(closes())


# --- many symbols ---------------------------------------------------------------------------------


def test_one_turn_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], list[float]()
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=slept.append)
    monkeypatch.setattr(yahoo_answers, "time", clock)
    pace = yahoo_answers.Pace(0.25)
    for _ in range(3):  # of three threads that come at once the first does not wait
        pace.wait()
    assert slept == [0.25, 0.5]
    now[0] += 10.0
    pace.hold(3.0)
    pace.wait()
    assert slept == [0.25, 0.5, 3.0]


def test_parallel_but_polite(vendor: Vendor, tmp_path: Path) -> None:
    two = threading.Event()

    def together(symbol: str, query: dict[str, str]) -> Any:
        if vendor.most >= 2:
            two.set()
        two.wait(30.0)  # the first is held until a second has come
        return good(symbol, query)

    vendor.reply = together
    rules = FetchRules(threads=4)
    got = get_histories(
        SYMBOLS, store=PriceStore(tmp_path / "s"), start=START, end=END, rules=rules
    )
    assert list(got) == SYMBOLS
    assert all(isinstance(one, Fetched) for one in got.values())
    assert 2 <= vendor.most <= 4
    alone = get_histories(SYMBOLS, store=PriceStore(tmp_path / "one"), start=START, end=END,
                          rules=FetchRules(threads=1))  # fmt: skip
    for symbol in SYMBOLS[:3]:
        assert alone[symbol].snapshot.sha256 == got[symbol].snapshot.sha256


def test_a_limited_rate_stops_the_rest_and_a_second_run_completes(
    vendor: Vendor, tmp_path: Path
) -> None:
    def limited(symbol: str, query: dict[str, str]) -> Any:
        if len(set(vendor.symbols())) > 4:
            return 429, {"Retry-After": "3600"}, b""
        return good(symbol, query)

    vendor.reply = limited
    path = study(tmp_path, SYMBOLS[:-1])
    first = command("fetch", path, "--json")
    assert first.code == 4
    assert "limits the rate" in first.err
    states = [item["state"] for item in json.loads(first.out)["prices"]]
    came = states.count("fetched")
    assert 1 <= came < len(SYMBOLS)
    assert json.loads(first.out)["quality"] is None
    vendor.reply = good
    vendor.asked.clear()
    second = command("fetch", path, "--json")
    assert second.code == 0, second.err
    states = [item["state"] for item in json.loads(second.out)["prices"]]
    assert states.count("kept") == came
    assert states.count("fetched") == len(SYMBOLS) - came
    assert len(set(vendor.symbols())) == len(SYMBOLS) - came


def test_an_unknown_symbol_fails_alone(vendor: Vendor, tmp_path: Path) -> None:
    outcome = command("fetch", study(tmp_path, ["XOM", "XOMQ"]), "--json")
    assert outcome.code == 2
    assert "knows no symbol 'XOMQ'" in outcome.err
    items = {item["asset"]: item["state"] for item in json.loads(outcome.out)["prices"]}
    assert items == {"XOM": "fetched", "XOMQ": "failed", "^GSPC": "fetched"}


def test_fetch_then_run_offline_bit_for_bit(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study(tmp_path, ["XOM", "CVX"])
    assert command("fetch", path, "--quiet").code == 0
    # The range is that of the windows, twice back for the control, and not the whole history.
    low = min(int(query["period1"]) for _, _, query in vendor.asked if "period1" in query)
    assert dt.datetime.fromtimestamp(low, dt.UTC).year == 2019
    online = command("run", path, "--out", tmp_path / "a", "--no-report")
    vendor.asked.clear()
    vendor.reply = lambda s, q: (500, {}, b"")
    monkeypatch.setattr(yahoo, "_new_session", _no_network)
    offline = command("run", path, "--offline", "--out", tmp_path / "b", "--no-report")
    assert (online.code, offline.code) == (0, 0), (online.err, offline.err)
    for file in sorted((tmp_path / "a").glob("*.csv")):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
    records = [json.loads((tmp_path / k / "run.json").read_text()) for k in ("a", "b")]
    assert records[0]["hashes"] == records[1]["hashes"]
    stored = PriceStore(tmp_path / "store").snapshot("yahoo", "XOM")
    assert stored is not None
    assert records[1]["hashes"]["yahoo:XOM"] == stored.sha256
    missing = command("run", study(tmp_path, ["XOM", "BAC"]), "--offline")
    assert missing.code == 2
    assert "'BAC' are stored for a run without a network" in missing.err
    assert vendor.asked == []


def _no_network() -> Any:
    raise AssertionError("an offline run opened a session")


def test_a_refetch_shows_what_changed(vendor: Vendor, tmp_path: Path) -> None:
    path = study(tmp_path, ["XOM"])
    assert command("fetch", path).code == 0
    first = PriceStore(tmp_path / "store").snapshot("yahoo", "XOM")

    def revised(symbol: str, query: dict[str, str]) -> Any:
        status, headers, body = good(symbol, query)
        old = repr(closes().loc["2021-06-15", "XOM"].item()).encode()
        return status, headers, body.replace(old, b"1.5") if symbol == "XOM" else body

    vendor.reply = revised
    again = command("fetch", path, "--json", "--refresh")
    assert again.code == 0, again.err
    told = json.loads(again.out)
    row = next(row for row in told["revisions"] if row["column"] == "close")
    assert row["asset"] == "XOM"
    assert row["date"] == "2021-06-15"
    assert (row["old"], row["new"]) == (closes().loc["2021-06-15", "XOM"].item(), 1.5)
    assert row["cause"] == "revision"
    assert {"jump"} <= {row["check"] for row in told["quality"]}
    assert first is not None
    assert len(PriceStore(tmp_path / "store").read("yahoo", "XOM", first.sha256))
    assert "Past values that changed" in command("fetch", path, "--refresh").out


def test_strict_fetch(vendor: Vendor, tmp_path: Path) -> None:
    def zero(symbol: str, query: dict[str, str]) -> Any:
        status, headers, body = good(symbol, query)
        old = repr(closes().loc["2021-11-15", "XOM"].item()).encode()
        return status, headers, body.replace(old, b"0.0") if symbol == "XOM" else body

    vendor.reply = zero
    assert command("fetch", study(tmp_path, ["XOM"])).code == 0
    assert command("fetch", study(tmp_path, ["XOM"]), "--strict").code == 6


# --- death and company ----------------------------------------------------------------------------


def fetch_all(folder: Path) -> None:
    # The children must not run the parent's hooks at exit.
    found = get_histories(SYMBOLS, store=PriceStore(folder), start=START, end=END, refresh=True)
    os._exit(0 if all(isinstance(one, Fetched) for one in found.values()) else 1)


def start_fetch(folder: Path) -> Any:
    process = multiprocessing.get_context("fork").Process(target=fetch_all, args=(folder,))
    process.start()
    return process


def readable(shelf: PriceStore) -> int:
    """Read everything that is there; a half-written file would raise."""
    count = 0
    for symbol in SYMBOLS:
        if shelf.snapshot("yahoo", symbol) is not None:
            assert len(shelf.read("yahoo", symbol)) == len(closes())
            count += 1
    return count


def kill_many(vendor: Vendor, folder: Path, times: int) -> None:
    import yfinance  # noqa: F401 - loaded once, not in every child

    rng = random.Random(20220215)
    shelf = PriceStore(folder)
    for _ in range(times):
        process = start_fetch(folder)
        time.sleep(rng.uniform(0.0, 0.8))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        readable(shelf)
    process = start_fetch(folder)
    process.join()
    assert process.exitcode == 0
    assert readable(shelf) == len(SYMBOLS)
    whole = get_histories(SYMBOLS, store=shelf, offline=True)
    assert all(isinstance(one, Fetched) for one in whole.values())


def test_killed_fetches_leave_a_store_that_reads(vendor: Vendor, tmp_path: Path) -> None:
    kill_many(vendor, tmp_path, KILLS)


@pytest.mark.slow
def test_fifty_killed_fetches(vendor: Vendor, tmp_path: Path) -> None:
    kill_many(vendor, tmp_path, MANY_KILLS)


def test_two_processes_fetch_the_same_symbols(vendor: Vendor, tmp_path: Path) -> None:
    import yfinance  # noqa: F401

    both = [start_fetch(tmp_path) for _ in range(2)]
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    shelf = PriceStore(tmp_path)
    assert readable(shelf) == len(SYMBOLS)
    for symbol in SYMBOLS:
        names = [path.name for path in shelf.place("yahoo", symbol).iterdir()]
        assert sum(name.endswith(".parquet") for name in names) == 1, names
