"""First pass of the compiled backend: arrays for the kernels, and groups of what they wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.reduce.groups import (
    DateSums,
    DayMeans,
    Moments,
    PrecisionSums,
    SelectedDays,
    SignCounts,
    Tracks,
    WindowSums,
)
from eventstudy.stream import kernels, kernels_first
from eventstudy.stream.backend import FirstLeaf
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.kernels import Room, Study
from eventstudy.stream.kernels_first import FirstOut, FirstRoom

__all__ = ["first_leaf", "room_of", "study_of"]

KINDS = {
    "constant_mean": kernels.CONSTANT_MEAN,
    "market_adjusted": kernels.MARKET_ADJUSTED,
    "market_model": kernels.MARKET_MODEL,
}
NAMES = {"constant_mean": ("alpha",), "market_adjusted": (), "market_model": ("alpha", "beta")}
# Groups of the first pass in the order of the kernel's flags, and what each is made from.
FLAGS = ("sums", "signs", "precision", "dates", "day_means", "sar_spread", "tracks")


def study_of(data: StreamData) -> Study:
    """Return the data as the kernels take them."""
    first = data.event[0]
    windows = np.asarray(data.windows, dtype=np.int64).reshape(-1, 2) - first
    market = data.factors[0] if len(data.factors) else np.empty(0)
    return Study(
        data.returns,
        data.estimation_returns,
        np.ascontiguousarray(market),
        data.asset,
        data.position,
        data.raw_estimation,
        np.ascontiguousarray(windows[:, 0]),
        windows[:, 1] + 1,
        KINDS[data.model],
        data.n_est,
        data.length,
        data.estimation[0],
        first,
    )


def room_of(data: StreamData) -> Room:
    """Return scratch for one leaf."""
    padded = -(-data.n_est // kernels.LANES) * kernels.LANES
    length, windows = data.length, len(data.windows)
    on = np.zeros((2, padded))
    on[0, : data.n_est] = 1.0
    state = np.zeros(4, dtype=np.int64)
    state[0] = np.iinfo(np.int64).min
    return Room(
        np.zeros(padded), np.zeros(padded), np.zeros(padded), np.zeros(length),
        on, np.zeros((2, padded)), np.zeros((2, length)),
        np.zeros((2, length)), np.zeros((2, windows)), np.zeros((2, 2)), state, np.zeros(5),
    )  # fmt: skip


def _first_room(study: Study) -> FirstRoom:
    size, days, windows = kernels_first.SLICE, study.days, len(study.low)
    lengths, length_of = np.unique(np.r_[1, study.high - study.low], return_inverse=True)
    length_of = np.ascontiguousarray(length_of.reshape(-1)[1:], dtype=np.int64)
    return FirstRoom(
        np.zeros((study.length, size)), np.zeros((study.length, size)),
        np.zeros((windows, size)), np.zeros((windows, size)), np.zeros(size), np.zeros(size),
        np.zeros(size), np.zeros((len(lengths), size)), lengths, length_of,
        np.zeros(days + 1), np.zeros(days + 1), np.zeros((3, kernels.LANES)),
    )  # fmt: skip


def _first_out(study: Study, run: IntArray) -> FirstOut:
    n, dates = len(run), int(run[-1]) + 1
    days, length, windows = study.days, study.length, len(study.low)
    moments = np.zeros((3 * windows + length, 6))
    moments[:, 4], moments[:, 5] = np.inf, -np.inf
    return FirstOut(
        np.empty((n, 4)), np.empty(n, dtype=np.int64), np.empty((windows, n)), run,
        np.zeros((windows, dates)), np.zeros((windows, dates)), np.zeros((dates, days)),
        np.zeros((dates, days)), np.zeros((dates, days)), np.zeros(days), np.zeros(days),
        np.zeros(days + length), np.zeros(days + length), np.zeros(days + length),
        np.zeros((2, length)), moments, np.zeros((windows, 4)), np.array([0.0, 0.0, np.inf]),
        np.zeros((windows, 4), dtype=np.int64), np.zeros((windows, 2)),
    )  # fmt: skip


def _moments(sums: FloatArray, n: int) -> Moments:
    """Make moments about the mean of sums of powers about a centre near it."""
    centre, one, two, three = sums[:, 0], sums[:, 1], sums[:, 2], sums[:, 3]
    gap = one / n
    return Moments(
        np.full(len(sums), float(n)),
        centre + gap,
        np.maximum(two - gap * one, 0.0),
        three - 3.0 * gap * two + 2.0 * gap * gap * one,
        sums[:, 4].copy(),
        sums[:, 5].copy(),
    )


def _window_sums(study: Study, out: FirstOut) -> WindowSums:
    n, windows = len(out.run), len(study.low)
    size = (study.high - study.low).astype(np.float64)
    car, scar, scaled = (
        _moments(out.moments[j * windows : (j + 1) * windows], n) for j in range(3)
    )
    each = np.ones(windows)
    return WindowSums(
        car, scar, scaled, _over_windows(study, out.day_total[1]) / np.sqrt(size),
        out.scale[0] * size, out.scale[1] * each, out.scale[2] * each,
    )  # fmt: skip


def _over_windows(study: Study, by_day: FloatArray) -> FloatArray:
    pairs = zip(study.low, study.high, strict=True)
    return np.array([by_day[low:high].sum() for low, high in pairs])


def _sign_counts(out: FirstOut) -> SignCounts:
    wins, signed, used, won = out.signs.T.copy()
    daily, window = out.shares.T.copy()
    return SignCounts(wins, signed, signed, wins, daily, used, won, window)


def _precision(study: Study, out: FirstOut) -> PrecisionSums:
    weight, one, two, squares = out.weights.T
    centre, none = out.moments[: len(study.low), 0], np.full(len(study.low), np.nan)
    mean = one / weight
    second = np.maximum(two - mean * one, 0.0)
    return PrecisionSums(
        Moments(weight.copy(), centre + mean, second, none, none, none), squares.copy()
    )


def _selected(study: Study, out: FirstOut) -> SelectedDays:
    inside = (np.arange(study.length) >= study.low[:, None]) & (
        np.arange(study.length) < study.high[:, None]
    )
    return SelectedDays(
        np.where(inside, out.day_total[0], 0.0), np.where(inside, float(len(out.run)), 0.0)
    )


def _date_sums(data: StreamData, out: FirstOut, position: IntArray) -> DateSums:
    count = np.bincount(out.run).astype(np.float64)
    return DateSums(
        data.days[position],
        np.repeat(count[:, None], len(data.windows), axis=1),
        out.date_car.T.copy(),
        out.date_scar.T.copy(),
    )


def _day_means(study: Study, out: FirstOut) -> DayMeans:
    factors = out.factors[:, None] if study.kind else np.empty((len(out.factors), 0))
    # One session a return: the sessions spanned are the count.
    return DayMeans(
        out.residual, out.residual_count, out.returns, out.count, out.count.copy(), factors
    )


def _tracks(data: StreamData, study: Study, out: FirstOut, position: IntArray) -> Tracks:
    start = position + study.estimation
    sums, squares, count = out.track_sums, out.track_squares, out.track_count
    for k in np.flatnonzero(start < 0):
        # The first columns lie before the calendar: nobody has them.
        for values in (sums, squares, count):
            kept = values[k, -start[k] :].copy()
            values[k] = 0.0
            values[k, : len(kept)] = kept
    around = position[:, None] + np.arange(study.event, study.event + study.length)
    return Tracks(
        data.days[position],
        data.days[around],
        np.maximum(start, 0),
        sums,
        squares,
        count,
        np.bincount(out.run).astype(np.float64),
    )


def first_leaf(data: StreamData, low: int, high: int, needs: frozenset[str]) -> FirstLeaf:
    """Fit the events ``low:high`` and reduce them to the groups of the first pass."""
    study = study_of(data)
    place = data.position[low:high].astype(np.int64)
    starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
    run = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(place)]))
    out = _first_out(study, run)
    flags = np.array([name in needs for name in FLAGS], dtype=np.int64)
    kernels_first.first_pass(study, room_of(data), _first_room(study), out, low, flags)
    k = data.n_parameters
    sigma = out.fits[:, 2].copy()
    failed = np.flatnonzero(~np.isfinite(sigma))
    groups = {} if len(failed) else _groups(data, study, out, place[starts], needs)
    return FirstLeaf(
        theta=out.fits[:, :k].copy(), sigma=sigma, df=out.n_obs - float(max(k, 1)),
        r_squared=out.fits[:, 3].copy(), n_obs=out.n_obs, failed=failed,
        car=out.car.T if "columns" in needs else None, names=NAMES[data.model], **groups,
    )  # fmt: skip


def _groups(
    data: StreamData, study: Study, out: FirstOut, position: IntArray, needs: frozenset[str]
) -> dict[str, Any]:
    makers: dict[str, Callable[[], Any]] = {
        "sums": lambda: _window_sums(study, out),
        "signs": lambda: _sign_counts(out),
        "precision": lambda: _precision(study, out),
        "dates": lambda: _date_sums(data, out, position),
        "selected": lambda: _selected(study, out),
        "day_means": lambda: _day_means(study, out),
        "sar_spread": lambda: _moments(out.moments[3 * len(study.low) :], len(out.run)),
        "tracks": lambda: _tracks(data, study, out, position),
    }
    return {name: make() for name, make in makers.items() if name in needs}
