"""Small worlds of returns and events, and the engine that holds its events, to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.inference.leads import leads
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Settings
from eventstudy.models import ModelOptions, fit_model
from eventstudy.returns import AssetReturns
from eventstudy.stream.inputs import StreamData, stream_data
from eventstudy.windows import EventTime, gather

ESTIMATION, EVENT = (-70, -11), (-3, 3)
REPORT = ((-1, 1), (0, 2), (-3, 3))


@dataclass
class World:
    """Returns (A, D), factors (F, D) and events; what both engines are given."""

    returns: np.ndarray
    factors: np.ndarray
    asset: np.ndarray
    position: np.ndarray
    model: str = "market_model"
    missing: str = "exclude"
    spans: np.ndarray | None = None
    purged: np.ndarray | None = None
    report: tuple[tuple[int, int], ...] = REPORT
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def days(self) -> np.ndarray:
        # Weeks have five days, so that gaps in the calendar are part of the world.
        place = np.arange(self.returns.shape[1])
        return 12_000 + place + 2 * (place // 5)

    def data(self, order: np.ndarray | None = None) -> StreamData:
        chosen = slice(None) if order is None else order
        return stream_data(
            self.returns,
            self.days,
            self.asset[chosen],
            self.position[chosen],
            estimation=ESTIMATION,
            event=EVENT,
            report=self.report,
            model=self.model,
            factors=self.factors if len(self.factors) else None,
            options=ModelOptions(**self.options),
            missing=self.missing,
            spans=self.spans,
            purged=self.purged,
        )


def world(
    n: int = 60,
    assets: int = 6,
    days: int = 400,
    *,
    model: str = "market_model",
    seed: int = 1,
    factors: int | None = None,
    distinct: bool = False,
    dates: int = 0,
    **more: Any,
) -> World:
    """Random returns with a common shock, so that events of one date are correlated."""
    rng = np.random.default_rng(seed)
    count = (0 if model == "constant_mean" else 1) if factors is None else factors
    x = rng.normal(0.0003, 0.01, (count, days))
    shock = rng.normal(0.0, 0.006, days)
    returns = rng.normal(1.0, 0.4, (assets, count)) @ x + shock
    returns += rng.standard_t(5, (assets, days)) * 0.012 + 0.0002
    asset = rng.integers(0, assets, n)
    if distinct:
        position = rng.permutation(np.arange(75, days - 5, 8))[:n]
        asset = asset[: len(position)]
    elif dates:
        position = rng.choice(np.arange(75, days - 5, 8), dates, replace=False)
        position = position[rng.integers(0, dates, n)]
    else:
        position = rng.integers(75, days - 5, n)
    return World(returns, x, asset, position, model=model, **more)


def held_sample(w: World) -> Sample:
    """The sample of the engine that holds its events; nothing of the streamed one is used."""
    sessions = w.days.astype("datetime64[D]")
    spans = np.ones_like(w.returns) if w.spans is None else w.spans
    each = []
    for values, span in zip(w.returns, spans, strict=True):
        there = np.isfinite(values)
        each.append(
            AssetReturns(
                "A", sessions, values, w.factors.T, np.where(there, span, np.nan), values, there
            )
        )
    block = gather(each, w.asset, w.position, EventTime(ESTIMATION, EVENT))
    if w.purged is not None:
        masked = np.stack(
            [w.purged[a, p + ESTIMATION[0] : p + ESTIMATION[1] + 1]
             for a, p in zip(w.asset, w.position, strict=True)]
        )  # fmt: skip
        block.returns_est[masked] = np.nan
        block.spans_est[masked] = np.nan
    names = tuple(f"x{i + 1}" for i in range(len(w.factors)))
    fit = fit_model(w.model, block, options=ModelOptions(factor_names=names, **w.options))
    good = np.flatnonzero([not f for f in fit.failure])
    return Sample(
        block.take(good), fit.take(good), w.days[w.position[good]], fit.theta.shape[1], Settings()
    )


def held_tests(w: World, names: Any) -> dict[tuple[int, int], Any]:
    sample = held_sample(w)
    out = {}
    for start, end in sorted(set(w.data().windows)):
        window = tested_window(sample.block, sample.fit, start, end, policy=w.missing)
        out[start, end] = (cross_event(sample, window, names), leads(sample, window))
    return out
