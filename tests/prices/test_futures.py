"""The chain against an independent loop over the raw file, and its edges."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import itertools
import math

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.prices.bundled import load_bundled, load_wti_chain
from eventstudy.prices.futures import (
    HELD_TO_EXPIRY,
    RollRule,
    build_chain,
    chain_contracts,
    held_contract,
    last_trading_days,
)
from eventstudy.resources import data_dir

LETTERS = "FGHJKMNQUVXZ"


def raw() -> list[dict[str, str]]:
    path = data_dir() / "prices" / "wti-futures.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def expiries() -> dict[str, str]:
    path = data_dir() / "prices" / "wti-contracts.csv"
    with path.open(encoding="utf-8") as stream:
        return {row["contract"]: row["last_trade"] for row in csv.DictReader(stream)}


def walk(before: int) -> list[tuple[str, str, float, float]]:
    """Walk the raw file day by day: date, contract, settlement, the same contract's last one."""
    rows, ends = raw(), expiries()
    days = [row["date"] for row in rows]
    place = {day: position for position, day in enumerate(days)}
    order = sorted((end, name) for name, end in ends.items() if end)
    first = 0
    out: list[tuple[str, str, float, float]] = []
    for today, row in enumerate(rows):
        # A contract that ends after the file does is never left within it.
        while order[first][0] in place and today > place[order[first][0]] - before:
            first += 1
        name = order[first][1]
        earlier = float(rows[today - 1][name]) if today and rows[today - 1][name] else math.nan
        out.append((days[today], name, float(row[name]), earlier))
    return out


@pytest.mark.parametrize("before", [3, 0])
def test_chain_equals_a_loop_over_the_raw_file(before: int) -> None:
    panel = load_wti_chain(rule=RollRule(before))
    assert panel.base is not None
    steps = walk(before)
    assert len(steps) == len(panel.close) == 3849
    for (day, _, price, earlier), stamp, level, base in zip(
        steps,
        panel.close.index,
        panel.close["WTI"],
        panel.base["WTI"],
        strict=True,
    ):
        assert day == str(stamp.date())
        assert price == level
        assert earlier == base or (math.isnan(earlier) and math.isnan(base))
    rolls = [day for (_, old, _, _), (day, new, _, _) in itertools.pairwise(steps) if old != new]
    flagged = panel.flags[panel.flags["flag"] == "roll"]
    assert flagged["date"].dt.strftime("%Y-%m-%d").tolist() == rolls
    assert len(rolls) > 180


def test_fifteenth_of_february_is_the_march_contract_and_rolls_two_days_later() -> None:
    panel = load_bundled(["WTI"])
    assert panel.base is not None
    returns = panel.close["WTI"] / panel.base["WTI"] - 1
    assert returns["2022-02-15"] == 92.07 / 95.46 - 1
    assert returns["2022-02-17"] == 90.04 / 91.83 - 1  # April over April, not over March's 93.66
    roll = panel.flags[(panel.flags["date"] == "2022-02-17") & (panel.flags["flag"] == "roll")]
    assert roll["detail"].tolist() == ["from CL_2022H to CL_2022J"]


def test_negative_settlement_is_flagged_on_both_days() -> None:
    held = load_bundled(["WTI_EXPIRY", "CL_2020K", "WTI"])
    assert held.close.loc["2020-04-20", "WTI_EXPIRY"] == -37.63
    assert held.close.loc["2020-04-20", "WTI"] == 20.43
    for name in ("WTI_EXPIRY", "CL_2020K"):
        flags = held.flags[(held.flags["asset"] == name) & (held.flags["flag"] == "non_positive")]
        assert flags["date"].dt.strftime("%Y-%m-%d").tolist() == ["2020-04-20", "2020-04-21"]
        assert "settlement is -37.63" in flags["detail"].iloc[0]
        assert "previous settlement is -37.63" in flags["detail"].iloc[1]
    assert not (held.flags["flag"][held.flags["asset"] == "WTI"] == "non_positive").any()


def test_expiry_is_the_rule_of_the_exchange() -> None:
    # Known last trading days of light sweet crude oil futures.
    known = {
        "CL_2020K": "2020-04-21",
        "CL_2022H": "2022-02-22",
        "CL_2022Z": "2022-11-21",
        "CL_2024F": "2023-12-19",
    }
    ends = expiries()
    assert {name: ends[name] for name in known} == known


def test_stored_expiries_follow_from_the_settlement_days() -> None:
    days = np.array([row["date"] for row in raw()], dtype="datetime64[D]")
    ends = {name: end for name, end in expiries().items() if end and end <= str(days[-1])}
    months = np.array(
        [f"{name[3:7]}-{LETTERS.index(name[7]) + 1:02d}" for name in ends], dtype="datetime64[M]"
    )
    rule = last_trading_days(months, days)
    differ = {
        name: (str(day), end)
        for (name, end), day in zip(ends.items(), rule, strict=True)
        if str(day) != end
    }
    assert differ == {
        "CL_2011Z": ("2011-11-21", "2011-11-18"),
        "CL_2012Z": ("2012-11-19", "2012-11-16"),
    }


def test_rows_after_the_last_trading_day_are_flagged() -> None:
    flags = load_bundled(["CL_2015K", "CL_2015M", "CL_2015N", "CL_2022H"]).flags
    late = flags[flags["flag"] == "after_expiry"]
    assert late["asset"].value_counts().to_dict() == {"CL_2015K": 2, "CL_2015M": 2, "CL_2015N": 1}


def test_calendar_days_before_expiry() -> None:
    panel = load_wti_chain(rule=RollRule(before=10, unit="days"), name="OIL")
    march = panel.flags[panel.flags["detail"] == "from CL_2022H to CL_2022J"]
    # Ten calendar days before 22 February is the 12th, a Saturday: the 14th is the first in April.
    assert march["date"].dt.date.tolist() == [dt.date(2022, 2, 14)]
    assert march["asset"].tolist() == ["OIL"]


def test_a_hole_spans_one_contract() -> None:
    prices = np.array([[10.0, 20.0], [np.nan, 21.0], [12.0, 22.0], [13.0, 23.0]])
    chain = chain_contracts(prices, np.array([0, 0, 0, 1]))
    np.testing.assert_array_equal(chain.close, [10.0, np.nan, 12.0, 23.0])
    np.testing.assert_array_equal(chain.base, [np.nan, np.nan, 10.0, 22.0])
    assert chain.roll.tolist() == [False, False, False, True]


def test_a_roll_after_a_hole_looks_back_as_far_as_the_chain_does() -> None:
    prices = np.array([[10.0, 20.0], [np.nan, 21.0], [12.0, 22.0]])
    chain = chain_contracts(prices, np.array([0, 0, 1]))
    assert chain.base[2] == 20.0  # two sessions back, where the chain's own last price stands


def test_a_contract_without_an_earlier_price_is_left_out() -> None:
    prices = np.array([[10.0, np.nan], [11.0, 21.0], [12.0, 22.0]])
    chain = chain_contracts(prices, np.array([0, 1, 1]))
    assert math.isnan(chain.close[1])
    assert chain.lost.tolist() == [False, True, True]
    index = pd.DatetimeIndex(["2022-02-22", "2022-02-23", "2022-02-24"])
    table = pd.DataFrame(prices, index=index, columns=["A", "B"])
    ends = {"A": index[0], "B": pd.Timestamp("2022-03-22")}
    built = build_chain(table, ends, asset="X", rule=HELD_TO_EXPIRY)
    assert built.flags["flag"].tolist() == ["no_base", "no_base"]


def test_no_contract_is_left_after_the_last() -> None:
    days = np.array(["2022-02-21", "2022-02-22", "2022-02-23"], dtype="datetime64[D]")
    held = held_contract(days, np.array(["2022-02-22"], dtype="datetime64[D]"), HELD_TO_EXPIRY)
    assert held.tolist() == [0, 0, -1]
    chain = chain_contracts(np.array([[1.0], [2.0], [3.0]]), held)
    np.testing.assert_array_equal(chain.close, [1.0, 2.0, np.nan])


def test_wrong_rules() -> None:
    with pytest.raises(InputError, match="negative"):
        RollRule(-1)
    with pytest.raises(InputError, match="'sessions' or 'days'"):
        RollRule(1, "weeks")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no contract"):
        build_chain(pd.DataFrame(index=pd.DatetimeIndex([])), {}, asset="X")
    two = np.array(["2022-02-22", "2022-02-22"], dtype="datetime64[D]")
    with pytest.raises(InputError, match="ascending"):
        held_contract(two, two)
