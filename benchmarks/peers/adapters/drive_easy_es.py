from __future__ import annotations

import frames
import pandas as pd
from easy_es import EventStudy, calculate_car_stats


def prepare(data):
    table = frames.wide(data)
    market = table.pop("MKT")
    names = [f"A{a}" for a in data["asset"]]
    long = table[sorted(set(names))].reset_index().melt("date", var_name="ticker", value_name="Ret")
    long = long.rename(columns={"date": "Date"}).assign(Volume=1.0)
    long["Date"] = long["Date"].dt.date
    factors = pd.DataFrame({"Date": market.index.date, "Mkt-RF": market.to_numpy(), "RF": 0.0})
    events = pd.DataFrame(
        {"ticker": names, "event_date": frames.dates(data)[data["position"]].strftime("%Y-%m-%d")}
    )
    return long, factors, events


def study(state):
    long, factors, events = state
    # Its windows are counted in sessions, its data are cut in calendar days: 360 of them hold
    # about 250 estimation sessions.
    made = EventStudy(
        estimation_days=360, gap_days=10, window_before=10, window_after=10, n_cores=1
    )
    made.add_returns(ret_df=long)
    made.add_factors(factors)
    return float(calculate_car_stats(made.run_study(events))["mean"].iloc[-1])
