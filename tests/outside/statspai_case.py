"""What StatsPAI's ``abnormal_returns`` says of a sample, and how its forms map to ours."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from .cases import ESTIMATION, case

# Their test -> our (name, variant).
SAME = {
    "cross_sectional": ("cross_sectional_t", "published"),
    "patell": ("patell_z", "forecast_covariance"),
    "bmp": ("bmp_t", "normal"),
    "sign_rank": ("wilcoxon_signed_rank", "normal_approximation"),
}
CORRELATED = {
    "adj_patell": ("adjusted_patell_z", "forecast_covariance"),
    "kp": ("adjusted_bmp_t", "published"),
}
MODELS = {
    "market_model": "market",
    "market_adjusted": "market_adjusted",
    "constant_mean": "mean_adjusted",
}


def long_returns(name: str) -> pd.DataFrame:
    """One row a stock and day, NaN where there is no return."""
    returns = case(name).returns()
    market = returns["SP500"].rename("mkt")
    table = returns.drop(columns="SP500").rename_axis(index="date").reset_index()
    long = table.melt("date", var_name="id", value_name="ret")
    return long.join(market, on="date")


@cache
def theirs(name: str, model: str, window: tuple[int, int]) -> Any:
    import statspai

    events = case(name).events.rename(columns={"asset": "id", "timestamp": "event_date"})
    return statspai.abnormal_returns(
        long_returns(name),
        events[["id", "event_date"]],
        model=MODELS[model],
        market=None if model == "constant_mean" else "mkt",
        event_window=window,
        estimation_window=ESTIMATION,
    )
