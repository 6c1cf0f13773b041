"""Leaves to reduce: fitted returns with holes, ties, zeros and long spans, from a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import MissingPolicy
from eventstudy.reduce.leaf import Leaf, Scales

FIRST = -3  # first event day


def block_of(returns: FloatArray, market: FloatArray, t: int) -> EventBlock:
    n, columns = returns.shape
    spans = np.where(np.isfinite(returns), 1.0, np.nan)
    days = 15000 + np.arange(n)[:, None] // 7 + np.arange(columns)
    return EventBlock(
        returns[:, :t].copy(),
        market[:, :t, None].copy(),
        spans[:, :t].copy(),
        days[:, :t].copy(),
        returns[:, t:].copy(),
        market[:, t:, None].copy(),
        spans[:, t:].copy(),
        days[:, t:].copy(),
        np.arange(-t + FIRST, FIRST),
        np.arange(columns - t) + FIRST,
    )


def random_leaf(
    seed: int,
    *,
    n: int = 40,
    t: int = 60,
    length: int = 7,
    missing: float = 0.0,
    decimals: int | None = None,
    long_spans: bool = False,
    model: str = "market_model",
    windows: tuple[tuple[int, int], ...] = ((0, 0), (-1, 1), (2, 2), (-2, 2), (0, 0), (-3, 3)),
    policy: MissingPolicy = "skip",
) -> Leaf:
    """Fat-tailed shocks about a market; ``decimals`` rounds returns, which makes ties and zeros."""
    rng = np.random.default_rng(seed)
    shape = (n, t + length)
    market = rng.normal(0.0004, 0.01, shape)
    shock = rng.standard_t(4, shape) * rng.uniform(0.005, 0.02, (n, 1))
    returns = rng.uniform(0.5, 1.5, (n, 1)) * market + shock
    if decimals is not None:
        returns, market = np.round(returns, decimals), np.round(market, decimals)
    returns[rng.random(shape) < missing] = np.nan
    block = block_of(returns, market, t)
    if long_spans:
        for spans, values in (
            (block.spans_est, block.returns_est),
            (block.spans_evt, block.returns_evt),
        ):
            gone = np.isnan(values)
            after = np.roll(gone, 1, axis=1) & ~gone
            after[:, 0] = False
            spans[after] = 2.0
    fit = fit_model(model, block, options=ModelOptions(factor_names=("M",)))
    assert not any(fit.failure)
    return leaf_of(block, fit, windows, policy)


def leaf_of(
    block: EventBlock,
    fit: ModelFit,
    windows: tuple[tuple[int, int], ...],
    policy: MissingPolicy = "skip",
) -> Leaf:
    tested = tuple(tested_window(block, fit, a, b, policy=policy) for a, b in windows)
    zero = int(np.flatnonzero(block.taus == 0)[0])
    calendar = np.unique(block.days_est)
    return Leaf(block, fit, block.days_evt[:, zero], fit.theta.shape[1], calendar, tested)


def integer_leaf(seed: int, *, n: int = 50, t: int = 31, missing: float = 0.1) -> Leaf:
    """Days, event days and entries are small integers: everything ties with everything."""
    rng = np.random.default_rng(seed)
    days = rng.integers(-3, 4, (n, t + 5)).astype(np.float64)
    days[rng.random(days.shape) < missing] = np.nan
    days[:, t + 2 :][::2] = 0.0
    block = block_of(days, np.zeros_like(days), t)
    block = replace(
        block, factors_est=block.factors_est[:, :, :0], factors_evt=block.factors_evt[:, :, :0]
    )
    e, ar, ones = block.returns_est, block.returns_evt, np.ones(n)
    variance = np.where(np.isfinite(ar), 1.0, np.nan)
    fit = ModelFit(
        (), np.empty((n, 0)), e, np.where(np.isfinite(e), 0.0, np.nan), ones, ones * (t - 1),
        np.isfinite(e).sum(axis=1), ones * np.nan, np.zeros_like(ar), ar,
        ForecastCovariance(variance, np.empty((n, 5, 0)), np.empty((n, 0, 0))), ("",) * n,
        ones * np.nan,
    )  # fmt: skip
    return leaf_of(block, fit, ((-3, -3), (0, 0), (-1, 0), (-3, 1)))


def scales_of(leaf: Leaf, *, unit: bool = False) -> Scales:
    """Scales as the first pass gives them; ``unit`` leaves integers integers."""
    width = len(leaf.windows)
    if unit:
        return Scales(np.ones(leaf.fit.ar.shape[1]), *(np.ones(width) for _ in range(4)))
    sar_sd = np.nanstd(leaf.fit.sar, axis=0, ddof=1)
    scar_sd = np.array([np.nanstd(w.scar, ddof=1) for w in leaf.windows])
    root = np.sqrt(1.0 - np.linspace(-0.1, 0.4, width))
    return Scales(sar_sd, scar_sd, root, np.zeros(width), np.zeros(width))
