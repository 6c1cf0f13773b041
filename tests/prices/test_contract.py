"""One contract for every source: the same questions, the same kind of answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.prices import load_prices, source_names, yahoo
from eventstudy.prices.bundled import load_bundled
from eventstudy.prices.panel import PricePanel, join_panels
from eventstudy.pricesettings import PricesSettings
from tests.prices.yahoo_server import Answer, as_json, chart, fault, session

ASSETS = ["XOM", "CVX"]
START, END = dt.date(2022, 2, 1), dt.date(2022, 2, 15)
Load = Callable[..., PricePanel]


@cache
def stored() -> pd.DataFrame:
    return load_bundled(ASSETS, start=dt.date(2022, 1, 3), end=dt.date(2022, 3, 31)).close


def prices() -> pd.DataFrame:
    return stored().copy()


def answer(symbol: str, query: dict[str, str]) -> Answer:
    if symbol not in ASSETS:
        return as_json(fault("Not Found", "No data found"), 404)
    low, high = int(query.get("period1", 0)), int(query.get("period2", 2**40))
    opens = prices().index.tz_localize("America/New_York") + pd.Timedelta(hours=9.5)
    stamps = [int(stamp.timestamp()) for stamp in opens]
    keep = [k for k, stamp in enumerate(stamps) if low <= stamp < high]
    closes = prices()[symbol].tolist()
    return as_json(chart(symbol, [stamps[k] for k in keep], [closes[k] for k in keep]))


@pytest.fixture(params=["bundled", "csv", "long csv", "parquet", "long parquet", "yahoo"])
def load(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a loader of each source that holds the same prices."""
    kind: str = request.param
    table = prices().reset_index()
    if kind.startswith("long"):
        table = table.melt("date", var_name="asset", value_name="close")
    if kind.endswith("csv"):
        table.to_csv(tmp_path / "p.csv", index=False)
        settings = PricesSettings(source="file", file="p.csv")
    elif kind.endswith("parquet"):
        table.to_parquet(tmp_path / "p.parquet", index=False)
        settings = PricesSettings(source="file", file="p.parquet")
    else:
        settings = PricesSettings(source=kind)
    monkeypatch.setattr(yahoo, "_new_session", lambda: session(answer)[0])
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def loader(assets: list[str], **span: dt.date) -> PricePanel:
        return load_prices(settings, assets, folder=tmp_path, **span)

    return loader


class TestContract:
    def test_same_prices_from_everywhere(self, load: Load) -> None:
        panel = load(["CVX", "XOM"], start=START, end=END)
        expected = prices().loc[str(START) : str(END), ["CVX", "XOM"]]
        pd.testing.assert_frame_equal(panel.close, expected, check_freq=False, check_exact=True)

    def test_shape_of_the_panel(self, load: Load) -> None:
        panel = load(ASSETS, start=START, end=END)
        index = panel.close.index
        assert index.tz is None
        assert index.is_monotonic_increasing
        assert index.is_unique
        assert (panel.close.dtypes == np.float64).all()
        assert list(panel.assets) == list(panel.close.columns) == ASSETS
        assert all(info.source for info in panel.assets.values())
        assert panel.kind == "prices"
        assert panel.hashes
        assert all(len(value) == 64 for value in panel.hashes.values())
        assert list(panel.flags.columns) == ["date", "asset", "flag", "detail"]

    def test_both_ends_are_included(self, load: Load) -> None:
        panel = load(["XOM"], start=START, end=END)
        assert (panel.close.index[0].date(), panel.close.index[-1].date()) == (START, END)

    def test_twice_the_same(self, load: Load) -> None:
        first, second = load(ASSETS, start=START, end=END), load(ASSETS, start=START, end=END)
        pd.testing.assert_frame_equal(first.close, second.close, check_exact=True)
        assert (first.hashes, first.assets) == (second.hashes, second.assets)

    def test_an_asset_named_twice_is_one_column(self, load: Load) -> None:
        assert list(load(["XOM", "XOM"], start=START, end=END).close.columns) == ["XOM"]

    def test_unknown_asset(self, load: Load) -> None:
        with pytest.raises(InputError) as caught:
            load(["XOM", "XOMQ"], start=START, end=END)
        assert caught.value.exit_code == 2
        assert "'XOMQ'" in str(caught.value)


def test_every_source_is_under_the_contract() -> None:
    assert set(source_names()) == {"bundled", "file", "futures", "sql", "yahoo"}


# --- panels ----------------------------------------------------------------------------------


def test_panels_of_several_sources_join_on_the_union_of_dates() -> None:
    oil = load_bundled(["WTI"], start=START, end=END)
    stock = load_bundled(["XOM"], start=dt.date(2022, 1, 31), end=END)
    both = join_panels([oil, stock])
    assert list(both.close.columns) == ["WTI", "XOM"]
    assert both.close.index[0].date() == dt.date(2022, 1, 31)
    assert np.isnan(both.close["WTI"].iloc[0])
    assert both.base is not None
    assert both.base["XOM"].isna().all()
    assert set(both.hashes) == {*oil.hashes, *stock.hashes}
    with pytest.raises(InputError, match="two columns 'XOM'"):
        join_panels([stock, stock])
    with pytest.raises(InputError, match="no prices to join"):
        join_panels([])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.iloc[::-1], "ascending"),
        (lambda f: f.iloc[[0, 0]], "two rows of 2022-01-03"),
        (lambda f: f.tz_localize("UTC"), "naive"),
        (lambda f: f.set_axis(f.index + pd.Timedelta(hours=1)), "time of day"),
        (lambda f: f.reset_index(drop=True), "naive dates"),
        (lambda f: f.assign(XOM=np.inf), "infinite"),
    ],
)
def test_a_panel_checks_itself(change, words: str) -> None:
    with pytest.raises(InputError, match=words):
        PricePanel(change(prices()))
    with pytest.raises(InputError, match="neither"):
        PricePanel(prices(), kind="yields")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="other dates or assets"):
        PricePanel(prices(), base=prices().iloc[1:])


def test_a_panel_does_not_change_when_its_frame_does() -> None:
    frame = prices()
    panel = PricePanel(frame)
    frame.iloc[0, 0] = -1.0
    assert panel.close.iloc[0, 0] != -1.0
