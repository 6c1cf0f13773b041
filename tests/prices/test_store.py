"""The store: the same bytes come back, a crash leaves the old, a revision is seen."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError, LockedError, SourceError
from eventstudy.prices import load_prices, store, yahoo
from eventstudy.prices.store import PriceStore, Snapshot, content_hash, revisions
from eventstudy.prices.yahoo import History
from eventstudy.prices.yahoo_source import get_history

DAYS = pd.bdate_range("2022-01-03", "2022-02-15", name="date").astype("datetime64[ns]")
KILLS = 6


def frame(factor: float = 1.0, days: pd.DatetimeIndex = DAYS) -> pd.DataFrame:
    close = (100 + np.arange(len(days), dtype=float)) * factor
    zero = np.zeros(len(days))
    return pd.DataFrame(
        {"close": close, "adjusted": close, "dividend": zero, "split": zero, "volume": zero},
        index=pd.DatetimeIndex(days, name="date"),
    )


def note(symbol: str = "XOM", last: str = "2022-02-15") -> Snapshot:
    return Snapshot("yahoo", symbol, "", "2022-01-01", last, "2022-02-16T00:00:00+00:00", {})


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    shelf = PriceStore(tmp_path)
    assert shelf.snapshot("yahoo", "XOM") is None
    kept = shelf.write(frame(), note())
    assert kept.sha256 == content_hash(frame())
    pd.testing.assert_frame_equal(shelf.read("yahoo", "XOM"), frame(), check_freq=False)
    assert shelf.snapshot("yahoo", "XOM") == kept


def test_an_older_snapshot_stays(tmp_path: Path) -> None:
    shelf = PriceStore(tmp_path)
    old = shelf.write(frame(), note())
    shelf.write(frame(0.5), note())
    assert shelf.read("yahoo", "XOM")["close"].iloc[0] == 50.0
    assert shelf.read("yahoo", "XOM", old.sha256)["close"].iloc[0] == 100.0


def test_nothing_stored_and_damage(tmp_path: Path) -> None:
    shelf = PriceStore(tmp_path)
    with pytest.raises(InputError, match="No prices of 'XOM'"):
        shelf.read("yahoo", "XOM")
    kept = shelf.write(frame(), note())
    with pytest.raises(InputError, match="not stored"):
        shelf.read("yahoo", "XOM", "0" * 64)
    place = shelf.place("yahoo", "XOM")
    frame(2.0).to_parquet(place / f"{kept.sha256}.parquet")
    with pytest.raises(SourceError, match="damaged"):
        shelf.read("yahoo", "XOM")
    (place / f"{kept.sha256}.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match="can't be read"):
        shelf.read("yahoo", "XOM")
    (place / "current.json").write_text("{")
    with pytest.raises(SourceError, match="can't be read"):
        shelf.snapshot("yahoo", "XOM")


@pytest.mark.parametrize("symbol", ["^GSPC", "CL=F", "../../etc", "a/b", "..", "BRK-B", "é\\n"])
def test_any_symbol_stays_inside_the_store(tmp_path: Path, symbol: str) -> None:
    shelf = PriceStore(tmp_path / "store")
    place = shelf.place("yahoo", symbol).resolve()
    assert place.parent == (tmp_path / "store" / "yahoo").resolve()
    shelf.write(frame(), note(symbol))
    assert shelf.read("yahoo", symbol).shape == frame().shape


def test_a_lock_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(store, "LOCK_SECONDS", 0.05)
    shelf = PriceStore(tmp_path)
    place = shelf.place("yahoo", "XOM")
    place.mkdir(parents=True)
    with FileLock(str(place / "lock")), pytest.raises(LockedError) as caught:
        shelf.write(frame(), note())
    assert caught.value.exit_code == 5


def write_forever(folder: Path) -> None:
    shelf, count = PriceStore(folder), 0
    while True:
        count += 1
        shelf.write(frame(1.0 + count % 7), note())


def test_a_killed_writer_leaves_a_store_that_reads(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    shelf = PriceStore(tmp_path)
    shelf.write(frame(), note())
    for kill in range(KILLS):
        process = context.Process(target=write_forever, args=(tmp_path,))
        process.start()
        time.sleep(0.03 + 0.02 * kill)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        stored = shelf.read("yahoo", "XOM")  # checks the hash
        assert stored.shape == frame().shape
        shelf.write(frame(), note())  # the next run is not held up by the dead one's lock


def write_some(folder: Path, factor: float) -> None:
    shelf = PriceStore(folder)
    for _ in range(10):
        shelf.write(frame(factor), note())


def test_two_writers_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=write_some, args=(tmp_path, f)) for f in (1.0, 2.0)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert PriceStore(tmp_path).read("yahoo", "XOM")["close"].iloc[0] in (100.0, 200.0)
    names = sorted(path.suffix for path in PriceStore(tmp_path).place("yahoo", "XOM").iterdir())
    assert names.count(".parquet") == 2
    assert not [name for name in names if name.startswith(".new")]


def test_causes_of_revisions() -> None:
    later = pd.DatetimeIndex([*DAYS, pd.Timestamp("2022-02-16")], name="date")
    old, new = frame(), frame(days=later)
    assert revisions(old, new).empty  # a new day is no revision
    one = new.copy()
    one.iloc[3, 0] = 1.0
    table = revisions(old, one)
    assert table[["column", "old", "new", "cause"]].to_numpy().tolist() == [
        ["close", 103.0, 1.0, "revision"]
    ]
    paid = new.copy()
    paid.iloc[:-1, 1] *= 0.99
    paid.iloc[-1, 2] = 0.88
    table = revisions(old, paid)
    assert set(table["column"]) == {"adjusted"}
    assert set(table["cause"]) == {"dividend"}
    halved = new.copy()
    halved.iloc[:-1, :2] /= 2
    halved.iloc[-1, 3] = 2.0
    assert set(revisions(old, halved)["cause"]) == {"split"}
    gone = new.drop(new.index[5])
    assert revisions(old, gone)[["cause", "old"]].to_numpy().tolist() == [["vanished", 105.0]]


# --- with the source ---------------------------------------------------------------------------


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A stand-in for Yahoo whose answers a test sets, and which counts what is asked."""
    state = SimpleNamespace(frame=frame(), asked=[], error=None)

    def fetch(symbol, *, start=None, end=None, rules=None, client=None):
        state.asked.append((symbol, start, end))
        if state.error:
            raise state.error
        return History(symbol, state.frame.copy(), "Exxon", "USD", "NYSE", "America/New_York")

    monkeypatch.setattr(yahoo, "fetch_history", fetch)
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path / "store"))
    return state


SPAN = {"start": dt.date(2022, 1, 3), "end": dt.date(2022, 2, 14)}


def test_a_second_run_asks_for_nothing(vendor: SimpleNamespace, tmp_path: Path) -> None:
    settings = SimpleNamespace(source="yahoo", file=None, kind="prices")
    first = load_prices(settings, ["XOM"], **SPAN)
    again = load_prices(settings, ["XOM"], start=SPAN["start"], end=dt.date(2022, 2, 10))
    assert len(vendor.asked) == 1
    assert first.hashes == again.hashes
    assert again.close.index[-1] == pd.Timestamp("2022-02-10")


def test_offline_replays_the_same_bits(
    vendor: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SimpleNamespace(source="yahoo", file=None, kind="prices")
    first = load_prices(settings, ["XOM"], **SPAN)
    vendor.error = SourceError("no network")
    monkeypatch.setenv("EVENTSTUDY_OFFLINE", "1")
    again = load_prices(settings, ["XOM"], **SPAN)
    pd.testing.assert_frame_equal(first.close, again.close, check_exact=True)
    assert (first.hashes, first.assets) == (again.hashes, again.assets)
    with pytest.raises(InputError, match="'CVX' are stored"):
        load_prices(settings, ["XOM", "CVX"], **SPAN)


def test_what_came_before_a_failure_is_kept(vendor: SimpleNamespace, tmp_path: Path) -> None:
    shelf = PriceStore(tmp_path)
    get_history("XOM", store=shelf, **SPAN)
    vendor.error = SourceError("rate")
    with pytest.raises(SourceError):
        get_history("CVX", store=shelf, **SPAN)
    assert shelf.snapshot("yahoo", "XOM") is not None
    assert shelf.snapshot("yahoo", "CVX") is None


def test_a_revision_is_shown_and_the_old_value_stays(
    vendor: SimpleNamespace, tmp_path: Path
) -> None:
    shelf = PriceStore(tmp_path)
    first = get_history("XOM", store=shelf, **SPAN)
    vendor.frame.iloc[4, 1] = 42.0
    second = get_history("XOM", store=shelf, refresh=True, **SPAN)
    assert second.revised[["old", "new", "cause"]].to_numpy().tolist() == [
        [104.0, 42.0, "revision"]
    ]
    assert shelf.read("yahoo", "XOM", first.snapshot.sha256)["adjusted"].iloc[4] == 104.0


def test_a_wider_range_is_asked_for_together_with_the_old_one(
    vendor: SimpleNamespace, tmp_path: Path
) -> None:
    shelf = PriceStore(tmp_path)
    get_history("XOM", store=shelf, **SPAN)
    get_history("XOM", store=shelf, start=dt.date(2021, 6, 1), end=dt.date(2022, 1, 31))
    assert vendor.asked[1] == ("XOM", dt.date(2021, 6, 1), dt.date(2022, 2, 14))


def test_revisions_become_flags(vendor: SimpleNamespace) -> None:
    settings = SimpleNamespace(source="yahoo", file=None, kind="prices")
    load_prices(settings, ["XOM"], **SPAN)
    vendor.frame.iloc[4, 1] = 42.0
    panel = load_prices(settings, ["XOM"], start=dt.date(2021, 12, 1), end=SPAN["end"])
    assert panel.flags["flag"].tolist() == ["revised"]
    assert "was 104.0, is 42.0 (revision)" in panel.flags["detail"][0]
