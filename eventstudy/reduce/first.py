"""First pass over a leaf: means, spreads, sums by date and by day, residuals by calendar day.

Every function takes any model and any holes: events that do not enter a window leave its sums,
missing days leave theirs. Leaves without holes take a shorter way to the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray
from eventstudy.inference.sample import Window
from eventstudy.models.base import usable_rows
from eventstudy.reduce.groups import (
    DateSums,
    DayMeans,
    Moments,
    PrecisionSums,
    RandomEffects,
    SelectedDays,
    WindowSums,
)
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.reduce.tracks import tracks

__all__ = [
    "date_sums",
    "day_means",
    "precision_sums",
    "random_effects",
    "sar_spread",
    "selected_days",
    "tracks",
    "window_sums",
]

T = TypeVar("T")


@dataclass(frozen=True)
class _Cars:
    """The windows of a leaf side by side, (W, n); ``on`` None: every event enters every window."""

    car: FloatArray
    se: FloatArray
    n_days: FloatArray
    on: BoolArray | None


def _kept(leaf: Leaf, key: str, compute: Callable[[], T]) -> T:
    # As functools.cached_property does, what is derived is kept in the frozen object's __dict__.
    store = vars(leaf)
    if key not in store:
        store[key] = compute()
    kept: T = store[key]
    return kept


def _stacked(leaf: Leaf, name: str) -> FloatArray:
    out = np.empty((len(leaf.windows), leaf.n))
    for row, window in zip(out, leaf.windows, strict=True):
        row[:] = getattr(window, name)
    return out


def _cars(leaf: Leaf) -> _Cars:
    def compute() -> _Cars:
        car, se = _stacked(leaf, "car"), _stacked(leaf, "car_se")
        on = np.isfinite(car) & np.isfinite(se)
        for row, window in zip(on, leaf.windows, strict=True):
            row &= window.members
        return _Cars(car, se, _stacked(leaf, "n_days"), None if on.all() else on)

    return _kept(leaf, "_cars", compute)


def _sum(values: FloatArray, on: BoolArray | None) -> FloatArray:
    """Sum the events that enter, (W, n) to (W,)."""
    if on is not None:
        values = np.where(on, values, 0.0)
    return np.asarray(values.sum(axis=1))


def _common_days(window: Window) -> BoolArray | None:
    """Return the days that count, (L,), where they are the same for all events."""
    selector = window.selector
    if not len(selector):
        return None
    if selector.strides[0] == 0 or (selector == selector[0]).all():
        return np.asarray(selector[0] > 0)
    return None


def _patell(leaf: Leaf, on: BoolArray | None) -> FloatArray:
    """Sum over the events of (sum of SARs over the root of their number), (W,)."""
    sar = leaf.fit.sar
    out = np.zeros(len(leaf.windows))
    daily = sar.sum(axis=0) if on is None else None
    for w, window in enumerate(leaf.windows):
        days = _common_days(window) if daily is not None else None
        if daily is not None and days is not None:
            out[w] = daily[days].sum() / np.sqrt(days.sum())
            continue
        chosen = window.selector > 0
        rows = chosen.any(axis=1) if on is None else on[w]
        total = np.where(chosen, sar, 0.0).sum(axis=1)[rows]
        out[w] = (total / np.sqrt(chosen.sum(axis=1)[rows])).sum()
    return out


def window_sums(leaf: Leaf) -> WindowSums:
    """Reduce the CARs of each window and their standardised forms."""
    cars, sigma, df = _cars(leaf), leaf.fit.sigma, leaf.fit.df
    size, on = len(leaf.windows), cars.on
    # The three forms below each other: one reduction instead of three.
    every = np.empty((3 * size, leaf.n))
    car, scar, scaled = every[:size], every[size : 2 * size], every[2 * size :]
    car[:] = cars.car
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(car, cars.se, out=scar)
        np.divide(car, np.sqrt(cars.n_days), out=scaled)
        scaled /= sigma
        ratio = df / (df - 2.0)
        variance = cars.n_days * sigma**2
    if on is None:
        moments = Moments.of(every.T)
        lowest, df_ratio = np.full(size, df.min(initial=np.inf)), np.full(size, ratio.sum())
    else:
        moments = Moments.of(every.T, np.tile(on, (3, 1)).T)
        lowest = np.where(on, df, np.inf).min(axis=1, initial=np.inf)
        df_ratio = np.where(on, ratio, 0.0).sum(axis=1)
    return WindowSums(
        car=moments.part(slice(size)),
        scar=moments.part(slice(size, 2 * size)),
        scaled=moments.part(slice(2 * size, None)),
        patell=_patell(leaf, on),
        variance=_sum(variance, on),
        df_ratio=df_ratio,
        df_low=lowest,
    )


def precision_sums(leaf: Leaf) -> PrecisionSums:
    """Reduce the CARs of each window weighted by their precision."""
    cars = _cars(leaf)
    with np.errstate(divide="ignore"):
        weight = 1.0 / cars.se**2
    car = cars.car
    if cars.on is not None:
        weight, car = np.where(cars.on, weight, 0.0), np.where(cars.on, car, 0.0)
    total = weight.sum(axis=1)
    some = np.where(total > 0, total, 1.0)
    mean = (weight * car).sum(axis=1) / some
    about = car - mean[:, None]
    drawn = weight * about
    # What rounding left of the mean.
    slip = drawn.sum(axis=1) / some
    m2 = (drawn * about).sum(axis=1) - slip * slip * total
    none = np.full(len(car), np.nan)
    return PrecisionSums(
        Moments(total, mean + slip, m2, none, none, none), (weight * weight).sum(axis=1)
    )


def random_effects(leaf: Leaf, scales: Scales) -> RandomEffects:
    """Reduce the CARs of each window weighted by ``1/(tau^2 + se^2)``, about ``scales.centre``."""
    cars = _cars(leaf)
    weight = 1.0 / (scales.tau2[:, None] + cars.se**2)
    about = cars.car - scales.centre[:, None]
    first = weight * about
    return RandomEffects(_sum(weight, cars.on), _sum(first, cars.on), _sum(first * about, cars.on))


def date_sums(leaf: Leaf) -> DateSums:
    """Add up the CARs of each window by the events' day-0 date."""
    cars = _cars(leaf)
    cluster = leaf.cluster
    on = np.ones(cars.car.shape) if cars.on is None else cars.on.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        scar = cars.car / cars.se
    values = [on, cars.car, scar]
    if cars.on is not None:
        values = [np.where(cars.on, v, 0.0) for v in values]
    if not (cluster[1:] >= cluster[:-1]).all():
        order = np.argsort(cluster, kind="stable")
        cluster, values = cluster[order], [v[:, order] for v in values]
    begins = np.flatnonzero(np.r_[len(cluster) > 0, cluster[1:] != cluster[:-1]])
    if not len(begins):
        return DateSums(cluster, *(np.zeros((0, len(on))) for _ in range(3)))
    sums = [np.ascontiguousarray(np.add.reduceat(v, begins, axis=1).T) for v in values]
    return DateSums(cluster[begins], *sums)


def selected_days(leaf: Leaf) -> SelectedDays:
    """Add up the abnormal returns of the days that count, by relative day and window."""
    cars, ar = _cars(leaf), leaf.fit.ar
    total, held = (np.zeros((len(leaf.windows), ar.shape[1])) for _ in range(2))
    daily = ar.sum(axis=0)
    for w, window in enumerate(leaf.windows):
        days = _common_days(window) if cars.on is None else None
        if days is not None:
            total[w] = np.where(days, daily, 0.0)
            held[w] = leaf.n * days
            continue
        chosen = window.selector > 0
        if cars.on is not None:
            chosen = chosen & cars.on[w][:, None]
        total[w] = np.where(chosen, ar, 0.0).sum(axis=0)
        held[w] = chosen.sum(axis=0)
    return SelectedDays(total, held)


def _one_session(spans: FloatArray) -> bool:
    """Whether every return is there and spans one session."""
    if spans.size and not any(spans.strides):
        return bool(spans.flat[0] == 1.0)
    return bool((spans == 1.0).all())


def day_means(leaf: Leaf) -> DayMeans:
    """Add up residuals, returns and regressors by relative day."""
    block, residuals = leaf.block, leaf.fit.residuals
    daily = residuals.sum(axis=0)
    returns = np.concatenate([block.returns_est.sum(axis=0), block.returns_evt.sum(axis=0)])
    factors = np.concatenate([block.factors_est.sum(axis=0), block.factors_evt.sum(axis=0)])
    # A sum is finite only where nothing is missing in it.
    whole = all(np.isfinite(v).all() for v in (daily, returns, factors))
    if whole and _one_session(block.spans_est) and _one_session(block.spans_evt):
        count = np.full(len(returns), float(leaf.n))
        return DayMeans(daily, count[: leaf.n_est], returns, count, count, factors)
    raw = residuals if _one_session(block.spans_est) else residuals * np.sqrt(block.spans_est)
    on = np.isfinite(raw)
    used = [rows > 0 for rows in usable_rows(block)]

    def added(est: FloatArray, evt: FloatArray) -> FloatArray:
        out = []
        for rows, values in zip(used, (est, evt), strict=True):
            where = rows.reshape(*rows.shape, *(1,) * (values.ndim - 2))
            out.append(np.where(where, values, 0.0).sum(axis=0))
        return np.concatenate(out)

    return DayMeans(
        residual=np.where(on, raw, 0.0).sum(axis=0),
        residual_count=on.sum(axis=0).astype(np.float64),
        returns=added(block.returns_est, block.returns_evt),
        spans=added(block.spans_est, block.spans_evt),
        count=np.concatenate([u.sum(axis=0) for u in used]).astype(np.float64),
        factors=added(block.factors_est, block.factors_evt),
    )


def sar_spread(leaf: Leaf) -> Moments:
    """Moments over the events of the standardised abnormal returns of each event day."""
    sar = leaf.fit.sar
    on = np.isfinite(sar)
    return Moments.of(sar, None if on.all() else on)
