"""Files of contracts, chained by volume, open interest or the calendar."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.pipeline import run_study
from eventstudy.prices.activity import held_by_activity
from eventstudy.prices.bundled import _Shelf, load_bundled
from eventstudy.prices.futures_files import load_contracts
from eventstudy.studyfile import study_from_dict


@cache
def contracts() -> pd.DataFrame:
    """The bundled WTI contracts of two years as rows, with a volume that peaks near the front."""
    shelf = _Shelf()
    table = shelf.frame("wti-futures.csv.gz").loc["2021-01-04":"2022-12-28"]
    ends = shelf.last_trade()
    rows = table.rename_axis(columns="contract").stack().dropna().rename("close").reset_index()  # noqa: PD013
    rows = rows[rows["contract"].isin(ends)].assign(asset="OIL")
    rows["last_trade"] = rows["contract"].map(ends)
    left = (rows["last_trade"] - rows["date"]).dt.days
    # Most is traded in what ends 15 to 45 days ahead.
    rows["volume"] = np.where(left < 0, 0.0, 1e6 / (1.0 + np.abs(left - 30.0)))
    return rows.sort_values(["date", "last_trade"])


def save(folder: Path, rows: pd.DataFrame, name: str = "c.csv") -> Path:
    path = folder / name
    if name.endswith("csv"):
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False)
    return path


def test_the_calendar_rule_is_that_of_the_bundled_chain(tmp_path: Path) -> None:
    path = save(tmp_path, contracts().drop(columns="volume"))
    got = load_contracts(path)
    expected = load_bundled(["WTI"]).close["WTI"]
    known = got.close["OIL"].dropna()
    # The file's own sessions serve as the calendar beyond its end, where the last rolls differ.
    inside = known.loc["2021-01-04":"2022-11-30"]
    pd.testing.assert_series_equal(
        inside, expected.reindex(inside.index), check_names=False, check_exact=True
    )
    assert "rolls 3 sessions before" in got.assets["OIL"].title


@pytest.mark.parametrize("name", ["c.csv", "c.parquet"])
def test_volume_leads_where_there_is_any(tmp_path: Path, name: str) -> None:
    rows = contracts()
    got = load_contracts(save(tmp_path, rows, name))
    assert "rolls by volume" in got.assets["OIL"].title
    assert got.base is not None
    # By hand with a loop: held today is what was traded most yesterday, and never an earlier one.
    by_day = {day: part.set_index("contract") for day, part in rows.groupby("date")}
    order = rows.sort_values("last_trade")["contract"].drop_duplicates().tolist()
    days, held = sorted(by_day), None
    for before, day in itertools.pairwise(days):
        most = by_day[before]["volume"].reindex(order).fillna(0.0)
        first = most.idxmax()
        held = first if held is None else max(held, first, key=order.index)
        if day < pd.Timestamp("2021-02-15") or day > pd.Timestamp("2022-11-01"):
            continue
        assert got.close.loc[day, "OIL"] == by_day[day].loc[held, "close"], day
        assert got.base.loc[day, "OIL"] == by_day[before].loc[held, "close"], day
    rolls = got.flags.query("flag == 'roll'")
    assert 20 <= len(rolls) <= 24


def test_a_later_contract_needs_more_than_the_present_one() -> None:
    volume = np.array([[5.0, 5.0], [5.0, 5.0], [4.0, 5.0], [9.0, 5.0], [0.0, 0.0]])
    price = np.ones((5, 2))
    assert held_by_activity(volume, price).tolist() == [0, 0, 0, 1, 1]
    price[4, 1] = np.nan
    assert held_by_activity(volume, price).tolist() == [0, 0, 0, 1, -1]
    latest = np.array([0, 1, 1, 1, -1])
    assert held_by_activity(volume, np.ones((5, 2)), latest=latest).tolist() == [0, 1, 1, 1, -1]


def test_open_interest_without_last_trading_days(tmp_path: Path) -> None:
    rows = contracts().drop(columns="last_trade").rename(columns={"volume": "oi"})
    path = save(tmp_path, rows)
    got = load_contracts(path, ["OIL"], columns={"open_interest": "oi"})
    assert "rolls by open interest" in got.assets["OIL"].title
    with pytest.raises(InputError, match="without a column 'last_trade'"):
        load_contracts(path, roll="sessions")
    with pytest.raises(InputError, match="no column 'volume' to roll by"):
        load_contracts(path, roll="volume")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.drop(columns="contract"), "no column 'contract'"),
        (lambda r: r.assign(close="dear"), "column 'close': 'dear' is no number"),
        (lambda r: r.assign(date="yesterday"), "column 'date': 'yesterday' is no date"),
        (lambda r: pd.concat([r, r.head(1)]), "two rows of CL_"),
        (lambda r: r.assign(last_trade="2022-01-01"), "two contracts of 'OIL' end on"),
        (lambda r: r.head(0), "no rows"),
        (lambda r: r.assign(asset=""), "there is no asset"),
    ],
)
def test_wrong_files(tmp_path: Path, change, words: str) -> None:
    path = save(tmp_path, change(contracts().head(60)))
    with pytest.raises(InputError, match=words):
        load_contracts(path)


def test_a_study_of_a_chain(tmp_path: Path) -> None:
    save(tmp_path, contracts())
    study = study_from_dict(
        {
            "events": {"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
            "prices": {"source": "futures", "file": "c.csv", "roll": "days", "before": 10},
            "assets": {"OIL": {"calendar": "CME_ENERGY"}},
            "model": {"name": "constant_mean"},
        }
    )
    result = run_study(study, folder=tmp_path)
    day = result.abnormal_returns.query("tau == 0")
    # Ten days before its end on 22 February the March contract is left: April, 93.50 to 90.21.
    assert day["return"].iloc[0] == pytest.approx(90.21 / 93.50 - 1.0, abs=1e-12)
    assert result.series.query("flag == 'roll'").shape[0] >= 1
