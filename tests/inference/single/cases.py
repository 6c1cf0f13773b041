"""Samples made for the tests of single events, and windows over them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.models import ModelOptions, fit_model

FACTORS = {"constant_mean": 0, "ar1": 0, "scholes_williams": 3}


def make_block(
    rng: np.random.Generator,
    n: int,
    length: int = 250,
    event: int = 11,
    *,
    gap: int = 0,
    law: str = "normal",
    factors: int = 1,
    holes: float = 0.0,
) -> EventBlock:
    """Market-model returns: beta U(.5, 1.5), sigma U(.01, .03), own market path for each event."""
    total = length + gap + event
    market = rng.normal(0.0004, 0.01, (n, total + 2))
    shock = {
        "normal": lambda: rng.normal(size=(n, total)),
        "t3": lambda: rng.standard_t(3, size=(n, total)) / np.sqrt(3.0),
    }[law]()
    returns = (
        rng.uniform(0.5, 1.5, (n, 1)) * market[:, 1:-1] + rng.uniform(0.01, 0.03, (n, 1)) * shock
    )
    if holes:
        returns = np.where(rng.random(returns.shape) < holes, np.nan, returns)
    columns = {
        0: np.empty((n, total, 0)),
        1: market[:, 1:-1, None],
        3: np.stack([market[:, :-2], market[:, 1:-1], market[:, 2:]], axis=2),
    }[factors]
    spans = np.where(np.isfinite(returns), 1.0, np.nan)
    days = np.arange(total)[None, :] + 7 * np.arange(n)[:, None]
    est, between, evt = slice(0, length), slice(length, length + gap), slice(length + gap, total)
    return EventBlock(
        returns[:, est],
        columns[:, est],
        spans[:, est],
        days[:, est],
        returns[:, evt],
        columns[:, evt],
        spans[:, evt],
        days[:, evt],
        np.arange(-length - gap, -gap),
        np.arange(event),
        returns[:, between] if gap else None,
        columns[:, between] if gap else None,
    )


def make_sample(model: str = "market_model", seed: int = 1, n: int = 6, **options: Any) -> Sample:
    """Fit one model on a made block."""
    block = make_block(np.random.default_rng(seed), n, factors=FACTORS.get(model, 1), **options)
    return fitted(model, block)


def fitted(model: str, block: EventBlock, **settings: Any) -> Sample:
    """Return the sample of a model on a block."""
    names = tuple(f"F{j}" for j in range(block.factors_est.shape[2]))
    fit = fit_model(model, block, options=ModelOptions(factor_names=names))
    assert not any(fit.failure), fit.failure
    return Sample(block, fit, block.days_evt[:, 0], fit.theta.shape[1], Settings(**settings))


def window_of(sample: Sample, start: int = 0, end: int = 0, policy: str = "skip") -> Window:
    """Return one tested window."""
    return tested_window(sample.block, sample.fit, start, end, policy=policy)  # type: ignore[arg-type]


def sided(sample: Sample, alternative: str) -> Sample:
    """Return the sample tested against another alternative."""
    return replace(sample, settings=replace(sample.settings, alternative=alternative))
