"""Leaves for the compiled kernels: as data of a stream, and fitted event by event to compare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.models import fit_model
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.stream.gathering import gather_rows
from eventstudy.stream.inputs import StreamData, stream_data

REPORT = ((-1, 1), (0, 2), (-2, 2), (-3, 3), (-1, 1))


def draw(
    model: str,
    days: int,
    *,
    n: int = 30,
    assets: int = 4,
    holes: float = 0.0,
    market_holes: bool = False,
    steps: bool = False,
    early: bool = False,
    seed: int = 1,
    report: tuple[tuple[int, int], ...] = REPORT,
) -> StreamData:
    """Random events whose event windows are complete.

    ``holes`` is the share of purged estimation days; ``steps`` cuts returns to multiples of 1/512,
    so that sums are exact and many values are equal; ``early`` has estimation windows that begin
    before the data.
    """
    rng = np.random.default_rng(seed)
    width = days + 60
    market = rng.normal(0.0, 0.01, width)
    returns = rng.normal(1.0, 0.4, (assets, 1)) * market + rng.standard_t(4, (assets, width)) * 0.02
    if steps:
        returns, market = np.round(returns * 512) / 512, np.round(market * 512) / 512
    first = 5 + days - (15 if early else 0)
    position = rng.integers(first, width - 4, n)
    if market_holes:
        # A day that no event window covers.
        market[first - 20] = np.nan
    data = stream_data(
        returns, 9_000 + np.arange(width) * 3, rng.integers(0, assets, n), position,
        estimation=(-days - 5, -6), event=(-3, 3), report=report, model=model,
        factors=None if model == "constant_mean" else market, min_observations=10,
        purged=rng.random(returns.shape) < holes if holes else None,
    )  # fmt: skip
    # Some events take the purged days after all.
    return replace(data, raw_estimation=rng.random(n) < 0.2)


def leaf_of(data: StreamData, low: int = 0, *, exact: bool = False) -> Leaf:
    """Fit the events by the models of the package; ``exact``: a mean of steps is exact."""
    block = gather_rows(data, low, data.n)
    fit = fit_model(data.model, block, options=data.options)
    if exact and data.model == "constant_mean":
        mean = block.returns_est.mean(axis=1, keepdims=True)
        fit = replace(fit, residuals=block.returns_est - mean, ar=block.returns_evt - mean)
    assert not any(fit.failure)
    windows = tuple(tested_window(block, fit, a, b) for a, b in data.windows)
    return Leaf(block, fit, data.cluster[low:], data.n_parameters, data.days, windows)


def scales_of(leaf: Leaf, *, unit: bool = False) -> Scales:
    """Spreads of the leaf itself; ``unit``: those that let entries equal days."""
    width = len(leaf.windows)
    scar = np.column_stack([w.scar for w in leaf.windows])
    car = np.column_stack([w.car for w in leaf.windows])
    ones = np.ones(width)
    if unit or leaf.n < 2:
        return Scales(np.ones(leaf.fit.ar.shape[1]), ones, ones, ones * 1e-4, 0.0 * ones)
    return Scales(
        leaf.fit.sar.std(axis=0, ddof=1), scar.std(axis=0, ddof=1), np.linspace(0.9, 1.0, width),
        np.linspace(0.0, 1e-3, width), car.mean(axis=0),
    )  # fmt: skip


def close(got: Any, want: Any, tolerance: float) -> None:
    """Equal to a share of the largest number, NaN in the same places."""
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    assert got.shape == want.shape
    finite = np.abs(want[np.isfinite(want)])
    size = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(got, want, rtol=0.0, atol=tolerance * size + 1e-300)
