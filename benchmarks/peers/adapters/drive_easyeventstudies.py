from __future__ import annotations

import frames
import numpy as np
import pandas as pd
from EasyEventStudies import easy_event_studies as es

# Calendar days that hold 250 and 21 sessions or nearly so.
ESTIMATION, EVENT = (-378, -29), (-14, 14)


def prepare(data):
    days = frames.dates(data)
    factors = pd.DataFrame({"Date": days, "Mkt": data["market"]})
    stocks = {
        a: pd.DataFrame(
            {
                "Date": days,
                "Daily_Return": data["returns"][a],
                "Close": np.exp(np.cumsum(data["returns"][a])),
                "Ticker": f"A{a}",
            }
        )
        for a in set(data["asset"].tolist())
    }
    return (
        factors,
        stocks,
        [(a, days[p]) for a, p in zip(data["asset"].tolist(), data["position"], strict=True)],
    )


def study(state):
    """The steps of its ``run_event_study``, without its downloads."""
    factors, stocks, events = state
    cars = []
    for asset, day in events:
        stock = stocks[asset]
        x = es.create_X_matrix(factors, ESTIMATION, day)
        y = es.create_Y_matrix(stock, day, ESTIMATION)
        x_star = es.create_X_star_matrix(day, EVENT, factors)
        y_star = es.create_Y_star_matrix(day, EVENT, stock)
        model, variance = es.estimate_return_model(x, y)
        normal, abnormal = es.estimate_normal_abnormal_returns(model, x_star, y_star)
        spread = es.estimate_variance_of_abnormal_returns(x, y, x_star, y_star, variance)
        es.create_event_study_output(
            day, stock, factors, normal, abnormal, spread, EVENT, historical_days=10
        )
        cars.append(np.sum(abnormal))
    return float(np.mean(cars))
