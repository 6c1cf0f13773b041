"""Several places in one study, factors beside prices, and a common currency."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import EventStudyError, InputError
from eventstudy.pipeline import run_study
from eventstudy.prices.bundled import load_bundled
from eventstudy.prices.currency import convert, ecb_rates
from eventstudy.prices.factors import fetch_factors, parse_factors
from eventstudy.prices.gather import Demand, gather_prices
from eventstudy.prices.panel import PricePanel, with_returns
from eventstudy.prices.store import PriceStore, Snapshot
from eventstudy.returns import Factor, asset_returns
from eventstudy.studyfile import study_from_dict

START, END = dt.date(2020, 6, 1), dt.date(2022, 12, 28)
# One multiplication and one division apart.
CLOSE = {"rtol": 1e-12, "atol": 0.0}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("EVENTSTUDY_OFFLINE", raising=False)


def study(**sections: Any) -> Any:
    base: dict[str, Any] = {
        "events": {"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
        "prices": {"source": "bundled", "assets": ["XOM"]},
        "model": {"name": "constant_mean"},
    }
    return study_from_dict(base | sections)


def write(folder: Path, name: str, assets: dict[str, str]) -> None:
    """Write a file of columns -> bundled assets."""
    close = load_bundled(list(assets.values()), start=START, end=END).close
    close[list(assets.values())].set_axis(list(assets), axis=1).to_csv(folder / name)


# --- places ---------------------------------------------------------------------------------------


def gathered(given: Any, folder: Path, needed: list[str]) -> PricePanel:
    return gather_prices(Demand(given, lambda columns: needed, START, END, folder))


def test_the_first_place_that_has_an_asset_gives_it(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", {"XOM": "CVX", "MINE": "KO"})
    more = [{"name": "own", "source": "file", "file": "a.csv"}]
    one = study(prices={"source": "bundled", "assets": ["XOM", "MINE"], "more": more})
    panel = gathered(one, tmp_path, ["XOM", "MINE", "SP500"])
    bundled = load_bundled(["XOM", "KO"]).close
    assert panel.assets["XOM"].source.startswith("skfolio")
    assert panel.assets["MINE"].source == "file a.csv"
    day = "2022-02-15"
    assert panel.close.loc[day, "XOM"] == bundled.loc[day, "XOM"]
    assert panel.close.loc[day, "MINE"] == bundled.loc[day, "KO"]
    assert {"a.csv", "prices/us-stocks.csv.gz"} <= set(panel.hashes)


def test_an_asset_s_own_table_names_its_place(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", {"XOM": "CVX"})
    write(tmp_path, "b.csv", {"XOM": "KO"})
    prices = {
        "source": "bundled",
        "more": [
            {"name": "a", "source": "file", "file": "a.csv"},
            {"name": "b", "source": "file", "file": "b.csv"},
        ],
    }
    for source, truth in (("bundled", "XOM"), ("a", "CVX"), ("b", "KO")):
        one = study(prices=prices, assets={"XOM": {"source": source}})
        panel = gathered(one, tmp_path, ["XOM"])
        known = panel.close["XOM"].dropna()
        pd.testing.assert_series_equal(
            known, load_bundled([truth]).close[truth].loc[known.index], check_names=False
        )


def test_a_file_s_columns_stand_beside_other_places(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", {"DAX": "KO", "CAC": "PG"})
    one = study(
        prices={"source": "file", "file": "a.csv", "more": [{"source": "bundled"}]},
        assets={"OIL": {"source": "bundled", "symbol": "WTI"}},
        model={"name": "market_model", "benchmark": "SP500"},
    )
    result = run_study(one, folder=tmp_path)
    assert result.events["asset"].tolist() == ["DAX", "CAC", "OIL"]
    calendars = {row["asset"]: row["calendar"] for row in result.run["prices"]}
    assert calendars == {"DAX": "observed", "CAC": "observed", "OIL": "CME_ENERGY"}
    # The oil's own sessions are no missing days of the file's assets.
    assert not any("some dates of the source have no price" in w for w in result.run["warnings"])


@pytest.mark.parametrize(
    ("prices", "assets", "words"),
    [
        ([{"source": "bundled"}], {}, '"bundled" is the name of two places'),
        ([{"name": "x", "source": "file"}], {}, "needs it, such as"),
        ([{"name": "x", "source": "file", "file": "a.csv", "kind": "returns"}], {}, "differs from"),
        ([], {"XOM": {"source": "fil"}}, "no place of prices"),
    ],
)
def test_wrong_places(prices: list[Any], assets: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        study(prices={"source": "bundled", "assets": ["XOM"], "more": prices}, assets=assets)


def test_an_asset_that_no_place_has(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", {"A": "KO"})
    more = [{"source": "file", "file": "a.csv"}]
    one = study(prices={"source": "bundled", "assets": ["NOPE"], "more": more})
    with pytest.raises(InputError, match="No place of prices has it: 'bundled', 'file'"):
        gathered(one, tmp_path, ["NOPE"])
    one = study(prices={"source": "bundled", "more": more}, assets={"XOM": {"source": "file"}})
    with pytest.raises(InputError, match="the study takes it from 'file'"):
        gathered(one, tmp_path, ["XOM"])


# --- factors --------------------------------------------------------------------------------------


def archive(names: list[str], start: str = "2020-06-01", end: str = "2022-12-28") -> bytes:
    """An archive in Kenneth French's layout."""
    days = load_bundled(["SP500"]).close.loc[start:end].index
    rng = np.random.default_rng(1)
    moves = load_bundled(["SP500"]).close["SP500"].pct_change().loc[days].to_numpy() * 100
    lines = ["Some words.", "", "," + ",".join(names)]
    for day, move in zip(days, moves, strict=True):
        values = [move if n == "Mkt-RF" else 0.001 if n == "RF" else rng.normal() for n in names]
        lines.append(f"{day:%Y%m%d}," + ",".join(f"{v:9.4f}" for v in values))
    return "\n".join([*lines, "", "Copyright"]).encode()


def shelve(names: dict[str, bytes]) -> None:
    store = PriceStore()
    for name, content in names.items():
        frame = parse_factors(content, name)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        last = str(frame.index[-1].date())
        store.write(frame, Snapshot("french", name, "", "2020-06-01", last, now, {}))


def test_carhart_from_two_archives(tmp_path: Path) -> None:
    shelve(
        {
            "us_3": archive(["Mkt-RF", "SMB", "HML", "RF"]),
            "us_momentum": archive(["Mom"]),
        }
    )
    one = study(
        factors={"dataset": ["us_3", "us_momentum"]},
        model={"name": "carhart_4"},
        prices={"source": "bundled", "assets": ["XOM", "CVX"]},
    )
    result = run_study(one, folder=tmp_path, offline=True)
    assert {"beta_Mkt-RF", "beta_SMB", "beta_HML", "beta_Mom"} <= set(result.events.columns)
    assert {"french:us_3", "french:us_momentum"} <= set(result.run["hashes"])
    # The same by hand: returns of the asset less RF on the factors as they stand.
    panel = gathered(one, tmp_path, ["XOM", "Mkt-RF", "RF"])
    assert panel.return_columns == {"Mkt-RF", "RF"}
    sessions = load_bundled(["SP500"]).close.loc["2020-07-01":"2022-12-28"].index
    days = sessions.to_numpy().astype("datetime64[D]")
    got = asset_returns(
        panel, "XOM", factors=[Factor("Mkt-RF", is_return=True)], sessions=days, risk_free="RF"
    )
    raw = panel.close["XOM"].reindex(sessions).pct_change().to_numpy() - 0.00001
    np.testing.assert_allclose(got.values[1:], raw[1:], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        got.factors[1:, 0], panel.close["Mkt-RF"].reindex(sessions).to_numpy()[1:], atol=1e-12
    )


def test_a_factor_of_any_name_is_a_return(tmp_path: Path) -> None:
    frame = parse_factors(archive(["Mkt-RF", "RF"]), "x").rename(columns={"Mkt-RF": "MARKT"}) * 100
    frame.to_csv(tmp_path / "f.csv")
    one = study(
        factors={"source": "file", "file": "f.csv", "unit": "percent", "columns": {"Big": "MARKT"}},
        model={"name": "market_model", "benchmark": "Big"},
    )
    beta = run_study(one, folder=tmp_path).events["beta"].iloc[0]
    plain = study(model={"name": "market_model", "benchmark": "SP500"})
    # Four decimals of a percent are rounded away.
    assert beta == pytest.approx(run_study(plain, folder=tmp_path).events["beta"].iloc[0], rel=1e-3)
    wrong = study(
        factors={"source": "file", "file": "f.csv", "columns": {"Big": "MARKT"}},
        model={"name": "market_model", "benchmark": "Big"},
    )
    with pytest.raises(InputError, match="are these percentages"):
        run_study(wrong, folder=tmp_path)


def test_holes_in_a_factor_are_findings(tmp_path: Path) -> None:
    shelve({"us_3": archive(["Mkt-RF", "SMB", "HML", "RF"], end="2022-02-16")})
    one = study(factors={"dataset": "us_3"}, model={"name": "fama_french_3"})
    result = run_study(one, folder=tmp_path, offline=True)
    holes = result.quality.query("check == 'factor_hole'")
    assert holes["asset"].tolist() == ["HML", "Mkt-RF", "RF", "SMB"]
    assert holes["session"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2022-02-17"]
    assert (holes["value"] == 4.0).all()


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({"dataset": "us3"}, "did you mean 'us_3'"),
        ({}, "dataset: is missing"),
        ({"source": "file"}, "needs a .csv or a .parquet"),
        ({"dataset": "us_3", "file": "x.zip"}, "stands beside file"),
        ({"source": "file", "file": "x.csv", "dataset": "us_3"}, "only for source"),
        ({"dataset": "us_3", "unit": "percent"}, "only for source"),
    ],
)
def test_wrong_factor_settings(factors: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        study(factors=factors)


def test_factors_that_are_out_of_reach(tmp_path: Path) -> None:
    one = study(factors={"dataset": "us_3"}, model={"name": "fama_french_3"})
    with pytest.raises(InputError, match="'us_3' are not stored"):
        run_study(one, folder=tmp_path, offline=True)
    with pytest.raises(EventStudyError) as caught:
        fetch_factors("us_3", store=PriceStore(), url="http://127.0.0.1:1/")
    assert caught.value.exit_code == 4
    shelve({"us_3": archive(["SMB", "RF"]), "us_5": archive(["SMB", "RMW", "RF"])})
    both = study(factors={"dataset": ["us_3", "us_5"]}, model={"name": "fama_french_3"})
    with pytest.raises(InputError, match="SMB stands in us_3 and in us_5"):
        run_study(both, folder=tmp_path, offline=True)


def test_a_name_in_prices_and_factors_is_refused() -> None:
    days = pd.DatetimeIndex(["2022-02-14", "2022-02-15"])
    one = PricePanel(pd.DataFrame({"RF": [1.0, 2.0]}, index=days))
    with pytest.raises(InputError, match="'RF' stands among the prices"):
        with_returns(one, one)


# --- currency -------------------------------------------------------------------------------------


def in_euro(panel: PricePanel, name: str) -> PricePanel:
    return convert(panel, "EUR", names=[name], rates=ecb_rates({}), own={})


def test_returns_in_euro_are_those_of_the_price_and_the_rate() -> None:
    panel = load_bundled(["XOM"], start=START, end=END)
    rate = load_bundled(["EURUSD"]).close["EURUSD"].reindex(panel.close.index)
    got = in_euro(panel, "XOM")
    np.testing.assert_allclose(got.close["XOM"], panel.close["XOM"] / rate, **CLOSE)
    assert got.assets["XOM"].currency == "EUR"
    # Easter Monday: New York trades, the ECB fixes nothing.
    assert np.isnan(got.close.loc["2021-04-05", "XOM"])
    assert "14:15 Frankfurt" in got.notes[0]
    assert "XOM" in got.notes[1]


def test_a_chain_keeps_the_growth_within_its_contracts() -> None:
    panel = load_bundled(["WTI"], start=START, end=END)
    got = in_euro(panel, "WTI")
    assert panel.base is not None
    assert got.base is not None
    rate = 1.0 / load_bundled(["EURUSD"]).close["EURUSD"].reindex(panel.close.index)
    # By hand, from the first to the last day with both: growth of the contracts times the rate's.
    price, base = panel.close["WTI"], panel.base["WTI"].fillna(panel.close["WTI"].shift(1))
    growth = np.log(price / base)
    both = rate.notna() & price.notna()
    first, last = price.index[both][0], price.index[both][-1]
    expected = growth.loc[first:last].iloc[1:].sum() + np.log(rate[last] / rate[first])
    mine = np.log(got.close["WTI"] / got.base["WTI"].fillna(got.close["WTI"].shift(1)))
    mine = (
        mine.loc[first:last].dropna().iloc[1:]
        if np.isfinite(mine.get(first, np.nan))
        else (mine.loc[first:last].dropna())
    )
    assert mine.sum() == pytest.approx(expected, abs=1e-9)


def test_a_negative_price_stays_without_a_return() -> None:
    panel = load_bundled(["WTI_EXPIRY"], start=dt.date(2020, 4, 14), end=dt.date(2020, 4, 24))
    got = in_euro(panel, "WTI_EXPIRY")
    assert got.close.loc["2020-04-20", "WTI_EXPIRY"] < 0
    sessions = got.close.index.to_numpy().astype("datetime64[D]")
    values = asset_returns(got, "WTI_EXPIRY", sessions=sessions).values
    gone = pd.DatetimeIndex(sessions)[np.isnan(values)].strftime("%Y-%m-%d").tolist()
    assert gone == ["2020-04-14", "2020-04-20", "2020-04-21"]


def test_returns_of_a_file_in_another_currency(tmp_path: Path) -> None:
    days = pd.DatetimeIndex(["2022-02-14", "2022-02-15", "2022-02-16"], name="date")
    pd.DataFrame({"USDEUR": [0.5, 0.55, 0.5]}, index=days).to_csv(tmp_path / "rates.csv")
    pd.DataFrame({"A": [0.01, 0.02, 0.0]}, index=days).to_csv(tmp_path / "r.csv")
    one = study(
        study={"currency": "EUR", "rates": "rates.csv"},
        prices={"source": "file", "file": "r.csv", "kind": "returns"},
        assets={"A": {"currency": "USD"}},
    )
    panel = gathered(one, tmp_path, ["A"])
    np.testing.assert_allclose(panel.close["A"].iloc[1:], [1.02 * 1.1 - 1, 0.5 / 0.55 - 1], **CLOSE)
    assert np.isnan(panel.close["A"].iloc[0])
    assert "rates.csv" in panel.hashes
    unknown = study(
        study={"currency": "EUR", "rates": "rates.csv"},
        prices={"source": "file", "file": "r.csv", "kind": "returns"},
    )
    with pytest.raises(InputError, match=r"currency of 'A' is not known; give \[assets.A\]"):
        gathered(unknown, tmp_path, ["A"])
    other = study(
        study={"currency": "EUR", "rates": "rates.csv"},
        prices={"source": "file", "file": "r.csv", "kind": "returns"},
        assets={"A": {"currency": "JPY"}},
    )
    with pytest.raises(InputError, match="no rate between JPY and EUR; give a column 'EURJPY'"):
        gathered(other, tmp_path, ["A"])


def test_a_study_in_euro_says_so(tmp_path: Path) -> None:
    one = study(
        study={"currency": "EUR"},
        prices={"source": "bundled", "assets": ["XOM", "EURUSD"]},
    )
    result = run_study(one, folder=tmp_path)
    assert [row["currency"] for row in result.run["prices"]] == ["EUR", "USD"]
    assert any("14:15 Frankfurt" in warning for warning in result.run["warnings"])
    assert "prices/ecb-rates.csv.gz" in result.run["hashes"]
    with pytest.raises(InputError, match="three capital letters"):
        study(study={"currency": "euro"})
    with pytest.raises(InputError, match="superfluous without a common currency"):
        study(study={"rates": "r.csv"})
