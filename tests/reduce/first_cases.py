"""Leaves for the first pass: several calendars, holes, long spans, every rule for missing days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock, FloatArray, IntArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import MissingPolicy
from eventstudy.reduce.groups import Tracks
from eventstudy.reduce.leaf import Leaf

T, L = 40, 7
RANGES = (*((t, t) for t in range(-3, 4)), (-1, 1), (0, 2), (-3, 3), (0, 0))


def calendars(rng: np.random.Generator, count: int) -> list[IntArray]:
    """Days of each calendar; each lacks days of its own."""
    every = np.arange(15000, 15200)
    return [np.sort(rng.choice(every, 170, replace=False)) for _ in range(count)]


def spans_of(returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put what was missed into the next return, and count the sessions that it spans."""
    out, spans = returns.copy(), np.ones_like(returns)
    for i in range(1, returns.shape[1]):
        before = np.isnan(returns[:, i - 1])
        spans[:, i] += np.where(before, spans[:, i - 1], 0.0)
    out *= np.sqrt(spans)
    return out, np.where(np.isfinite(out), spans, np.nan)


def draw_leaf(
    seed: int,
    *,
    n: int = 60,
    dates: int = 9,
    markets: int = 1,
    model: str = "market_model",
    missing: float = 0.0,
    policy: MissingPolicy = "exclude",
) -> Leaf:
    """Events on dates that most of the calendars have, in canonical order."""
    rng = np.random.default_rng(seed)
    sessions = calendars(rng, markets)
    common = sessions[0]
    for other in sessions[1:]:
        common = np.intersect1d(common, other)
    open_to_all = common[(common > sessions[0][60]) & (common < sessions[0][-20])]
    chosen = np.sort(rng.choice(rng.choice(open_to_all, dates, replace=False), n))
    market = rng.integers(markets, size=n)
    columns = np.arange(-T - L // 2, L - L // 2)
    days = np.empty((n, T + L), dtype=np.int64)
    for i in range(n):
        place = int(np.searchsorted(sessions[market[i]], chosen[i]))
        at = place + columns
        days[i] = np.where(at >= 0, sessions[market[i]][np.maximum(at, 0)], -1)
    factor = rng.normal(0.0, 0.01, (n, T + L))
    returns = rng.uniform(0.5, 1.5, (n, 1)) * factor + rng.standard_t(5, (n, T + L)) * 0.02
    returns[rng.random(returns.shape) < missing] = np.nan
    returns[days < 0] = np.nan
    spans = np.where(np.isfinite(returns), 1.0, np.nan)
    if policy == "trade_to_trade":
        returns, spans = spans_of(returns)
    factors = factor[:, :, None][:, :, : 0 if model == "constant_mean" else 1]
    est, evt = slice(None, T), slice(T, None)
    block = EventBlock(
        returns[:, est], factors[:, est], spans[:, est], days[:, est],
        returns[:, evt], factors[:, evt], spans[:, evt], days[:, evt],
        columns[est], columns[evt],
    )  # fmt: skip
    names = ("m",) if factors.shape[2] else ()
    fit = fit_model(model, block, options=ModelOptions(factor_names=names))
    assert not any(fit.failure)
    windows = tuple(tested_window(block, fit, a, b, policy=policy) for a, b in RANGES)
    calendar = np.unique(days[:, est][days[:, est] >= 0])
    return Leaf(block, fit, chosen, fit.theta.shape[1], calendar, windows)


CASES: dict[str, Callable[[int], Leaf]] = {
    "complete": lambda seed: draw_leaf(seed),
    "one date": lambda seed: draw_leaf(seed, dates=1),
    "every event on its date": lambda seed: draw_leaf(seed, n=30, dates=60),
    "three calendars": lambda seed: draw_leaf(seed, markets=3),
    "benchmark": lambda seed: draw_leaf(seed, model="market_adjusted", markets=2),
    "benchmark with holes": lambda seed: draw_leaf(seed, model="market_adjusted", missing=0.05),
    "mean": lambda seed: draw_leaf(seed, model="constant_mean", missing=0.05, policy="skip"),
    "holes": lambda seed: draw_leaf(seed, missing=0.05),
    "many holes": lambda seed: draw_leaf(seed, missing=0.3, markets=2),
    "skip": lambda seed: draw_leaf(seed, missing=0.1, policy="skip"),
    "spans": lambda seed: draw_leaf(seed, missing=0.1, policy="trade_to_trade"),
    "one event": lambda seed: draw_leaf(seed, n=1),
    "two events": lambda seed: draw_leaf(seed, n=2, dates=1),
}


def rows_of(window: Window, rows: IntArray) -> Window:
    taken = {
        name: getattr(window, name)[rows]
        for name in ("members", "selector", "car", "car_se", "scar", "n_days", "bhar")
    }
    return replace(window, **taken)


def piece(leaf: Leaf, rows: IntArray) -> Leaf:
    """Some of the events of a leaf."""
    return replace(
        leaf,
        block=leaf.block.take(rows),
        fit=leaf.fit.take(rows),
        cluster=leaf.cluster[rows],
        windows=tuple(rows_of(w, rows) for w in leaf.windows),
    )


def sample_of(leaf: Leaf) -> Sample:
    return Sample(leaf.block, leaf.fit, leaf.cluster, leaf.n_parameters)


def dense(tracks: Tracks, days: int) -> FloatArray:
    """Sums, squares and counts by track and calendar day, (3, K, D)."""
    out = np.zeros((3, len(tracks.date), days))
    for k, start in enumerate(tracks.start):
        for c in range(tracks.sums.shape[1]):
            if start + c < days:
                out[:, k, start + c] = (
                    tracks.sums[k, c], tracks.squares[k, c], tracks.count[k, c],
                )  # fmt: skip
            else:
                assert tracks.count[k, c] == 0.0
    return out
