from __future__ import annotations

import frames
import pandas as pd
import statspai


def prepare(data):
    table = frames.wide(data)
    market = table.pop("MKT").rename("mkt")
    table = table.iloc[:, sorted(set(data["asset"].tolist()))]
    long = table.reset_index().melt("date", var_name="id", value_name="ret").join(market, on="date")
    events = pd.DataFrame(
        {
            "id": [f"A{a}" for a in data["asset"]],
            "event_date": frames.dates(data)[data["position"]],
        }
    )
    return long, events


def study(state):
    found = statspai.abnormal_returns(
        *state,
        model="market",
        market="mkt",
        event_window=frames.EVENT,
        estimation_window=frames.ESTIMATION,
    )
    return float(found.events["car"].mean())
