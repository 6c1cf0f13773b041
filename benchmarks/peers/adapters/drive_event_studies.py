from __future__ import annotations

import frames
import numpy as np
import pandas as pd
from event_studies.models.finance import MarketModel, generalized_sign_test, j1, j2, rank_test
from event_studies.models.finance.tests import calculate_aggregations


def prepare(data):
    # It takes prices and makes log returns: these prices give the returns back.
    days = frames.dates(data)
    prices = np.exp(np.cumsum(data["returns"], axis=1))
    market = pd.DataFrame({"Date": days, "MKT": np.exp(np.cumsum(data["market"]))})
    events = []
    for a, p in zip(data["asset"], data["position"], strict=True):
        est, evt = (
            pd.DataFrame({"Date": days[low:high], "P": prices[a, low:high]})
            for low, high in (
                (p + frames.ESTIMATION[0] - 1, p + frames.ESTIMATION[1] + 1),
                (p + frames.EVENT[0] - 1, p + frames.EVENT[1] + 1),
            )
        )
        events.append(
            {
                "estimation_data": est, "event_data": evt, "firm": "P", "date_col": "Date",
                "start": 0, "end": frames.EVENT[1] - frames.EVENT[0],
            }
        )  # fmt: skip
    return market, events


def study(state):
    market, events = state
    found = calculate_aggregations(MarketModel(market, "MKT"), events)
    for test in (j1, j2, rank_test, generalized_sign_test):
        test(found)
    return float(np.mean([f["parametric"]["car"] for f in found]))
