"""Real samples for outside programs: twenty US stocks, given to both sides as plain tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.resources import data_dir

ESTIMATION = (-130, -11)
EVENT = (-5, 5)
WINDOWS = ((0, 0), (-1, 1), (-5, 5))
ONE_DATE = "2022-02-15"
COMPARED = [
    "cross_sectional_t",
    "patell_z",
    "adjusted_patell_z",
    "bmp_t",
    "adjusted_bmp_t",
    "grank_t",
    "wilcoxon_signed_rank",
]


@dataclass(frozen=True)
class Case:
    """Prices and events, and the result of this package on them, by model."""

    prices: pd.DataFrame
    events: pd.DataFrame
    missing: str

    def result(self, model: str) -> es.StudyResult:
        benchmark = None if model == "constant_mean" else "SP500"
        return es.run(
            events=self.events,
            prices=self.prices if benchmark else self.prices.drop(columns="SP500"),
            model=model,
            benchmark=benchmark,
            calendar="XNYS",
            panel="all",
            estimation=ESTIMATION,
            window=EVENT,
            report=list(WINDOWS),
            missing=self.missing,  # type: ignore[arg-type]
            tests=COMPARED,
        )

    def returns(self) -> pd.DataFrame:
        return self.prices.pct_change(fill_method=None)


def stock_prices() -> pd.DataFrame:
    """Closes of the twenty stocks and of the S&P 500, read without this package's readers."""
    folder = data_dir() / "prices"
    stocks = pd.read_csv(folder / "us-stocks.csv.gz", index_col=0, parse_dates=True)
    index = pd.read_csv(folder / "sp500.csv.gz", index_col=0, parse_dates=True).iloc[:, 0]
    return stocks.join(index.rename("SP500"))


def _events(dates: list[str], assets: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"event_id": [f"e{i:02d}" for i in range(len(assets))], "timestamp": dates, "asset": assets}
    )


def one_date() -> Case:
    """All twenty stocks on one session."""
    prices = stock_prices()
    assets = [c for c in prices.columns if c != "SP500"]
    return Case(prices, _events([ONE_DATE] * len(assets), assets), "exclude")


def staggered(*, holes: bool = False) -> Case:
    """Each stock on a date of its own, four to six sessions apart; two pairs share a date.

    With holes, every tenth estimation price of five stocks is missing.
    """
    prices = stock_prices()
    assets = [c for c in prices.columns if c != "SP500"]
    zero = prices.index.get_loc(ONE_DATE)
    assert isinstance(zero, int)
    steps = np.cumsum([0, 4, 5, 6, 4, 0, 5, 4, 6, 5, 4, 4, 5, 6, 0, 4, 5, 4, 6, 5])
    days = prices.index[zero - 60 + steps]
    if holes:
        prices = prices.copy()
        for place, asset in enumerate(assets[:5]):
            gone = prices.index[zero - 150 + 2 * place : zero - 75 : 10]
            prices.loc[gone, asset] = np.nan
    return Case(prices, _events([str(d.date()) for d in days], assets), "skip")


CASES = {"one date": one_date, "staggered": staggered, "holes": lambda: staggered(holes=True)}


@cache
def case(name: str) -> Case:
    return CASES[name]()


@cache
def ours(name: str, model: str) -> es.StudyResult:
    return case(name).result(model)


def our_row(name: str, model: str, window: tuple[int, int], key: tuple[str, str]) -> Any:
    """One row of the table of tests across events."""
    table = ours(name, model).tests
    chosen = table[
        (table["start"] == window[0])
        & (table["end"] == window[1])
        & (table["name"] == key[0])
        & (table["variant"] == key[1])
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]
