from __future__ import annotations

import frames
import numpy as np
import statsmodels.api as sm


def prepare(data):
    return data


def study(data):
    est = np.arange(frames.ESTIMATION[0], frames.ESTIMATION[1] + 1)
    evt = np.arange(frames.EVENT[0], frames.EVENT[1] + 1)
    cars = []
    for a, p in zip(data["asset"], data["position"], strict=True):
        fit = sm.OLS(data["returns"][a, p + est], sm.add_constant(data["market"][p + est])).fit()
        expected = fit.predict(sm.add_constant(data["market"][p + evt]))
        cars.append((data["returns"][a, p + evt] - expected).sum())
    return float(np.mean(cars))
