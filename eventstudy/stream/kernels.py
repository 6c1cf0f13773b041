"""Compiled inner loops that fit one event at a time: sums in lanes, usable days, least squares.

Rows of days are padded with zeros to a multiple of ``LANES``; a day that is missing is a zero too,
and ``on`` says so. Sums run in ``LANES`` fixed partial sums, which the compiler turns into vector
instructions without being allowed to reorder anything: the bits do not depend on the processor.

A *geometry* is what the regressors of an event say without its returns: the centred market and the
forecast errors in units of sigma. Events of one day 0 without missing days share it (slot 0); an
event with missing days has its own (slot 1).

The machine code of an entry is kept beside its module. Numba compiles it anew when that one file
changes: after work on a module that only others call, remove ``__pycache__/*.nbi``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "CONSTANT_MEAN",
    "LANES",
    "MARKET_ADJUSTED",
    "MARKET_MODEL",
    "Room",
    "Study",
    "dot",
    "entry",
    "event_returns",
    "fit",
    "hot",
    "inner",
    "total",
    "whole_windows",
]

LANES = 64
CONSTANT_MEAN, MARKET_ADJUSTED, MARKET_MODEL = 0, 1, 2
# As in the numpy models: below these shares regressors are collinear, residuals are rounding.
RANK_TOLERANCE = 1e-10
SCALE_TOLERANCE = 1e-12

F = TypeVar("F", bound=Callable[..., Any])
vector_code: Callable[[Callable[..., Any]], Any] = intrinsic


# No kernel owns memory: without reference counts a row of a matrix costs nothing. Only entries are
# called from Python; wrappers of the others would take longer to compile than they do.
OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def inner(function: F) -> F:
    """Compile a function that only other kernels call."""
    compiled: F = njit(no_cpython_wrapper=True, **OPTIONS)(function)
    return compiled


def hot(function: F) -> F:
    """Compile a function that runs at every event: it becomes part of its caller."""
    compiled: F = njit(no_cpython_wrapper=True, forceinline=True, **OPTIONS)(function)
    return compiled


def entry(function: F) -> F:
    """Compile a kernel that is called from outside; the machine code is kept on disk."""
    compiled: F = njit(cache=True, **OPTIONS)(function)
    return compiled


class Study(NamedTuple):
    """Data and windows as the kernels take them; ``low`` and ``high`` are columns of windows."""

    returns: Any
    estimation_returns: Any
    market: Any
    asset: Any
    position: Any
    raw: Any
    low: Any
    high: Any
    kind: int
    days: int
    length: int
    estimation: int
    event: int


class Room(NamedTuple):
    """Scratch of one thread: rows of days (Tp,), and geometries of slot 0 and 1.

    ``y`` returns, ``d`` scratch (residuals about their mean for ``market_adjusted``), ``e``
    abnormal returns of the estimation days; ``ar`` (L,) of the event days; ``on``, ``centred``
    (2, Tp); ``shock`` (2, L) market about its estimation mean; ``day_se`` (2, L) and ``window_se``
    (2, W) forecast errors over sigma; ``market`` (2, 2) mean and sum of squares; ``state`` (4,)
    position of slot 0, whether it is whole, slot and usable days of the event at hand; ``fit`` (5,)
    mean return, slope, sigma, R squared and mean residual of the event.
    """

    y: Any
    d: Any
    e: Any
    ar: Any
    on: Any
    centred: Any
    shock: Any
    day_se: Any
    window_se: Any
    market: Any
    state: Any
    fit: Any


@vector_code
def _address(_context: Any, row: Any) -> Any:
    """Return the address of the first element of a contiguous row."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        return target.make_array(signature.args[0])(target, builder, values[0]).data

    return types.CPointer(types.float64)(row), generate


def _in_lanes(builder: Any, size: Any, term: Callable[[Any], Any]) -> Any:
    """Emit the sum of ``term(place)``, vectors of eight, over ``size`` numbers in fixed order.

    Spelled out in vectors: without leave to reorder sums the compiler adds one by one.
    """
    zero = ir.Constant(ir.VectorType(ir.DoubleType(), 8), [0.0] * 8)
    sums = [cgutils.alloca_once_value(builder, zero) for _ in range(LANES // 8)]
    step = ir.Constant(size.type, LANES)
    with cgutils.for_range(builder, builder.udiv(size, step)) as loop:
        start = builder.mul(loop.index, step)
        for j, partial in enumerate(sums):
            more = term(builder.add(start, ir.Constant(size.type, 8 * j)))
            builder.store(builder.fadd(builder.load(partial), more), partial)
    parts = _folded(builder, [builder.load(partial) for partial in sums])
    place = [ir.Constant(ir.IntType(32), j) for j in range(8)]
    return _folded(builder, [builder.extract_element(parts, j) for j in place])


def _folded(builder: Any, parts: list[Any]) -> Any:
    while len(parts) > 1:
        half = len(parts) // 2
        parts = [builder.fadd(parts[j], parts[j + half]) for j in range(half)]
    return parts[0]


def _eight(builder: Any, base: Any, at: Any) -> Any:
    vector = ir.VectorType(ir.DoubleType(), 8)
    return builder.load(builder.bitcast(builder.gep(base, [at]), vector.as_pointer()), align=8)


@vector_code
def _sum(_context: Any, row: Any, size: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return _in_lanes(builder, values[1], lambda at: _eight(builder, values[0], at))

    return types.float64(row, size), generate


@vector_code
def _sum_products(_context: Any, one: Any, two: Any, size: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, values: Any) -> Any:
        x, y, n = values

        def term(at: Any) -> Any:
            return builder.fmul(_eight(builder, x, at), _eight(builder, y, at))

        return _in_lanes(builder, n, term)

    return types.float64(one, two, size), generate


@hot
def total(x: Any) -> Any:
    """Sum a row whose length is a multiple of ``LANES``."""
    return _sum(_address(x), x.shape[0])


@hot
def dot(x: Any, y: Any) -> Any:
    """Sum the products of two such rows."""
    return _sum_products(_address(x), _address(y), x.shape[0])


@inner
def _usable(row: Any, market: Any, first: int, kind: int, days: int, y: Any, on: Any) -> int:
    """Copy the usable days of a row, zeros elsewhere; return their number."""
    n = 0
    for t in range(days):
        column = first + t
        there = 0 <= column < row.shape[0] and math.isfinite(row[column])
        if there and kind != CONSTANT_MEAN:
            there = math.isfinite(market[column])
        y[t] = row[column] if there else 0.0
        on[t] = 1.0 if there else 0.0
        n += 1 if there else 0
    return n


@inner
def _market_row(study: Study, first: int, n: int, on: Any, centred: Any) -> tuple[float, float]:
    """Write the market about its mean, zero where ``on`` is; return mean and sum of squares.

    For ``market_adjusted`` the market itself is written. The sum of squares is 0 where the market
    does not vary beyond rounding.
    """
    if study.kind == CONSTANT_MEAN:
        return 0.0, 0.0
    for t in range(study.days):
        centred[t] = study.market[first + t] if on[t] > 0.0 else 0.0
    if study.kind == MARKET_ADJUSTED:
        return 0.0, 0.0
    length = math.sqrt(dot(centred, centred))
    mean = total(centred) / n
    for t in range(centred.shape[0]):
        centred[t] = (centred[t] - mean) * on[t]
    # What rounding left of the mean; then one subtraction, as on event days.
    mean += total(centred) / n
    for t in range(study.days):
        centred[t] = study.market[first + t] - mean if on[t] > 0.0 else 0.0
    squares = dot(centred, centred)
    if not math.sqrt(squares) > RANK_TOLERANCE * length:
        squares = 0.0
    return mean, squares


@inner
def _forecast(study: Study, room: Room, slot: int, n: int, day0: int) -> None:
    """Write the geometry of the event window."""
    mean, squares = room.market[slot, 0], room.market[slot, 1]
    shock, scale = room.shock[slot], 0.0
    if study.kind == MARKET_MODEL and squares > 0.0:
        scale = 1.0 / squares
    share = 0.0 if study.kind == MARKET_ADJUSTED else 1.0 / n
    for t in range(study.length):
        x = 0.0
        if study.kind != CONSTANT_MEAN:
            x = study.market[day0 + study.event + t] - mean
        shock[t] = x
        room.day_se[slot, t] = math.sqrt(1.0 + share + x * x * scale)
    for w in range(study.low.shape[0]):
        x = 0.0
        for t in range(study.low[w], study.high[w]):
            x += shock[t]
        size = study.high[w] - study.low[w]
        room.window_se[slot, w] = math.sqrt(size + size * size * share + x * x * scale)


@inner
def _geometry(study: Study, room: Room, slot: int, n: int, day0: int) -> None:
    mean, squares = _market_row(
        study, day0 + study.estimation, n, room.on[slot], room.centred[slot]
    )
    room.market[slot, 0], room.market[slot, 1] = mean, squares
    _forecast(study, room, slot, n, day0)


@inner
def _move(study: Study, room: Room, day0: int) -> None:
    """Prepare slot 0 for the events of another day 0."""
    first = day0 + study.estimation
    whole = first >= 0 and first + study.days <= study.returns.shape[1]
    room.state[0] = day0
    if whole and study.kind != CONSTANT_MEAN:
        for t in range(study.days):
            whole = whole and math.isfinite(study.market[first + t])
    room.state[1] = 1 if whole else 0
    if whole:
        _geometry(study, room, 0, study.days, day0)


@hot
def _least_squares(study: Study, room: Room, slot: int, n: int, sum_y: float) -> None:
    """Fit the event whose returns are in ``y``; sigma is NaN where the fit fails."""
    y, d, e = room.y, room.d, room.e
    on, centred, squares = room.on[slot], room.centred[slot], room.market[slot, 1]
    mean, slope, share, shift, df = sum_y / n, 0.0, math.nan, 0.0, n - 1
    if study.kind == MARKET_ADJUSTED:
        for t in range(y.shape[0]):
            e[t] = y[t] - centred[t]
        mean, slope = 0.0, 1.0
        shift = total(e) / n
        for t in range(y.shape[0]):
            d[t] = (e[t] - shift) * on[t]
        rss = dot(d, d)
        whole = rss + n * shift * shift
    else:
        for t in range(y.shape[0]):
            d[t] = (y[t] - mean) * on[t]
        about = dot(d, d)
        rss, whole = about, about + n * mean * mean
        if study.kind == MARKET_MODEL:
            slope, df = dot(d, centred) / squares, n - 2
        for t in range(y.shape[0]):
            e[t] = d[t] - slope * centred[t]
        if study.kind == MARKET_MODEL:
            rss = dot(e, e)
            share = 1.0 - rss / about
    stands = df > 0 and rss > SCALE_TOLERANCE * SCALE_TOLERANCE * whole and whole > 0.0
    if study.kind == MARKET_MODEL and not squares > 0.0:
        stands = False
    room.fit[0], room.fit[1], room.fit[3], room.fit[4] = mean, slope, share, shift
    room.fit[2] = math.sqrt(rss / df) if stands else math.nan


@hot
def fit(study: Study, room: Room, event: int) -> None:
    """Fit one event: fills ``y``, ``e``, ``fit``, ``state`` and the geometry of its slot."""
    day0 = study.position[event]
    if day0 != room.state[0]:
        _move(study, room, day0)
    row = study.estimation_returns[study.asset[event]]
    if study.raw[event]:
        row = study.returns[study.asset[event]]
    first, y = day0 + study.estimation, room.y
    slot, n, sum_y = 1, study.days, 0.0
    if room.state[1] == 1:
        part = row[first : first + study.days]
        for t in range(study.days):
            y[t] = part[t]
        sum_y = total(y)
        slot = 0 if math.isfinite(sum_y) else 1
    if slot == 1:
        n = _usable(row, study.market, first, study.kind, study.days, y, room.on[1])
        sum_y = total(y)
        _geometry(study, room, 1, n, day0)
    room.state[2], room.state[3] = slot, n
    _least_squares(study, room, slot, n, sum_y)


@hot
def event_returns(study: Study, room: Room, event: int) -> None:
    """Write the abnormal returns of the fitted event's window."""
    slot = room.state[2]
    row = study.returns[study.asset[event]]
    first = study.position[event] + study.event
    mean, slope, shock = room.fit[0], room.fit[1], room.shock[slot]
    part = row[first : first + study.length]
    for t in range(study.length):
        room.ar[t] = (part[t] - mean) - slope * shock[t]


@entry
def whole_windows(
    returns: Any, factors: Any, asset: Any, position: Any, event: int, length: int
) -> bool:
    """Whether all events have every return and regressor of their event windows."""
    for i in range(position.shape[0]):
        first = position[i] + event
        if first < 0 or first + length > returns.shape[1]:
            return False
        row, total_days = returns[asset[i]], 0.0
        for column in range(first, first + length):
            total_days += row[column]
        for f in range(factors.shape[0]):
            for column in range(first, first + length):
                total_days += factors[f, column]
        if not math.isfinite(total_days):
            return False
    return True
