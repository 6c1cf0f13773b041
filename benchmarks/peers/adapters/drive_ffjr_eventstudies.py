from __future__ import annotations

import eventstudies as es
import frames


def prepare(data):
    table = frames.wide(data)
    es.SingleEvent.import_returns(dataframe=table)
    days = table.index.values
    return [(f"A{a}", days[p]) for a, p in zip(data["asset"], data["position"], strict=True)]


def study(events):
    sample = [
        es.SingleEvent.MarketModel(
            ticker=asset,
            mkt_idx="MKT",
            event_date=day,
            event_window=frames.EVENT,
            est_size=250,
            buffer_size=10,
        )
        for asset, day in events
    ]
    return float(es.MultipleEvents(sample).CAAR[-1])
