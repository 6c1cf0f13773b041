from __future__ import annotations

import frames

import eventstudy as es


def prepare(data):
    table = frames.wide(data)
    es.Single._save_parameter(
        "returns", {"date": table.index.values, **{c: table[c].values for c in table}}
    )
    days = table.index.values
    return [(f"A{a}", days[p]) for a, p in zip(data["asset"], data["position"], strict=True)]


def study(events):
    sample = [
        es.Single.market_model(
            security_ticker=asset,
            market_ticker="MKT",
            event_date=day,
            event_window=frames.EVENT,
            estimation_size=250,
            buffer_size=10,
        )
        for asset, day in events
    ]
    return float(es.Multiple(sample).CAAR[-1])
