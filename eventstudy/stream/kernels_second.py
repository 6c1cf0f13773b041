"""Compiled second pass, first half: studentised days and blocks, and the keys that sort them.

A key holds the order of a value in its high bits and the column in its low ones, so that sorting
numbers sorts columns. Values are cut to the steps of a grid; those that share a step are told
apart by themselves after the sort (:mod:`eventstudy.stream.kernels_rank`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from eventstudy.stream.kernels import (
    MARKET_ADJUSTED,
    MARKET_MODEL,
    Room,
    Study,
    entry,
    event_returns,
    fit,
    hot,
    inner,
)

__all__ = ["MISSING", "RANGE", "ROWS", "Effects", "SecondRoom", "prepare"]

# Events of a slice. Counts of a slice fit into a byte, and 18 slices make a leaf.
ROWS = 228
# Studentised values beyond this share the last step.
RANGE = 16.0
# Key of a missing day: behind all others.
MISSING = 0x7FFF_FFFF


class SecondRoom(NamedTuple):
    """Rows of a slice: what :func:`prepare` writes and the ranking reads.

    ``raw`` (ROWS, T + L) abnormal returns of the estimation days, then of the event days; ``days``
    (ROWS, T + m + 2 W) studentised estimation days, equalised SARs of the ``m`` event days that
    have a spread, plain and cross entries of the windows; ``blocks`` (ROWS, C) for each length its
    blocks and the cross entries of its windows. NaN where there is none. ``raw_keys``,
    ``day_keys``, ``block_keys`` of the same shapes, int32; ``size`` (ROWS,) usable days; ``keyed``
    (ROWS, 1 + U) values of ``days`` and of each length that are there. ``scar`` (W,)
    scratch; ``roots`` (2, Tp), ``block_roots`` (2, C) scales by geometry; ``at``
    (1,) position of those of slot 0. ``usable``, ``per_spread`` (m,) the event days that have a
    spread, one over it; ``multiplier`` (2 W,) from SCAR to entry; ``first`` (U + 1,) first column
    of each length; ``own``, ``length`` (U,) its blocks and their days; ``window`` (C,) window of an
    entry's column; ``bits`` of the columns in a key.
    """

    raw: Any
    days: Any
    blocks: Any
    raw_keys: Any
    day_keys: Any
    block_keys: Any
    size: Any
    keyed: Any
    scar: Any
    roots: Any
    block_roots: Any
    at: Any
    usable: Any
    per_spread: Any
    multiplier: Any
    first: Any
    own: Any
    length: Any
    window: Any
    bits: int


class Effects(NamedTuple):
    """Random effects: ``tau2``, ``centre`` (W,), and ``sums`` (3, W) that are added to."""

    tau2: Any
    centre: Any
    sums: Any


@inner
def _day_roots(kind: int, n: int, on: Any, centred: Any, squares: float, out: Any) -> None:
    """Write ``1/sqrt(1 - h)`` of the estimation days."""
    share = 0.0 if kind == MARKET_ADJUSTED else 1.0 / n
    scale = 1.0 / squares if kind == MARKET_MODEL else 0.0
    for t in range(out.shape[0]):
        x = centred[t] if kind == MARKET_MODEL else 0.0
        out[t] = 1.0 / math.sqrt(1.0 - (share + x * x * scale)) * on[t]


@inner
def _block_roots(kind: int, n: int, on: Any, centred: Any, squares: float, space: SecondRoom,
                 out: Any) -> None:  # fmt: skip
    """Write the standard error over sigma of each block's sum; NaN where it has none."""
    share = 0.0 if kind == MARKET_ADJUSTED else 1.0 / n
    scale = 1.0 / squares if kind == MARKET_MODEL else 0.0
    for u in range(space.length.shape[0]):
        for b in range(space.own[u]):
            begin = b * space.length[u]
            q, x = 0.0, 0.0
            for t in range(begin, begin + space.length[u]):
                q += on[t]
                x += centred[t]
            x = x if kind == MARKET_MODEL else 0.0
            variance = q - (q * q * share + x * x * scale)
            there = q > 0.0 and variance > 0.0
            out[space.first[u] + b] = math.sqrt(variance) if there else math.nan


@hot
def _step(value: float, top: float) -> int:
    """Return the step of a value on the grid: it never falls where the value rises."""
    step = value * (top / RANGE)
    step = step if step < top else top
    return int(step if step > -top else -top)


@hot
def _write_keys(values: Any, scale: float, bits: int, keys: Any) -> None:
    top = float((1 << (31 - bits)) - 2)
    for t in range(values.shape[0]):
        keys[t] = (_step(values[t] * scale, top) << bits) | t


@inner
def _hide(gone: Any, values: Any, keys: Any) -> None:
    for t in range(gone.shape[0]):
        if not gone[t] > 0.0:
            values[t] = math.nan
            keys[t] = MISSING


@inner
def _hide_nan(values: Any, keys: Any) -> int:
    """Give NaN the key of what is missing; return how many values are there."""
    n = 0
    for t in range(values.shape[0]):
        there = values[t] == values[t]
        keys[t] = keys[t] if there else MISSING
        n += 1 if there else 0
    return n


@hot
def _fill_blocks(study: Study, room: Room, space: SecondRoom, row: int, per_sigma: float) -> None:
    slot, e, scar, windows = room.state[2], room.e, space.scar, study.low.shape[0]
    for u in range(space.length.shape[0]):
        low, high, own = space.first[u], space.first[u + 1], space.own[u]
        values, keys = space.blocks[row, low:high], space.block_keys[row, low:high]
        roots, length = space.block_roots[slot, low:high], space.length[u]
        for b in range(own):
            sum_e = 0.0
            for t in range(b * length, (b + 1) * length):
                sum_e += e[t]
            values[b] = sum_e * (per_sigma / roots[b])
        for c in range(own, high - low):
            w = space.window[low + c]
            values[c] = scar[w] * space.multiplier[windows + w]
        _write_keys(values, 1.0, space.bits, keys)
        space.keyed[row, 1 + u] = _hide_nan(values, keys)


@hot
def _fill_rows(study: Study, room: Room, space: SecondRoom, row: int, per_sigma: float) -> None:
    """Write the raw and the studentised values of an event, and their keys."""
    slot, e, ar, scar = room.state[2], room.e, room.ar, space.scar
    days, length, windows = study.days, study.length, study.low.shape[0]
    raw, values, roots = space.raw[row], space.days[row], space.roots[slot]
    for t in range(days):
        raw[t] = e[t]
        values[t] = e[t] * (per_sigma * roots[t])
    for t in range(length):
        raw[days + t] = ar[t]
    joint = days + space.usable.shape[0]
    for j in range(space.usable.shape[0]):
        t = space.usable[j]
        values[days + j] = ar[t] * (per_sigma / room.day_se[slot, t]) * space.per_spread[j]
    for w in range(windows):
        values[joint + w] = scar[w] * space.multiplier[w]
        values[joint + windows + w] = scar[w] * space.multiplier[windows + w]
    _write_keys(raw, per_sigma, space.bits, space.raw_keys[row])
    _write_keys(values, 1.0, space.bits, space.day_keys[row])
    if slot == 1:
        _hide(room.on[1, :days], raw, space.raw_keys[row])
        _hide(room.on[1, :days], values, space.day_keys[row])
    space.keyed[row, 0] = room.state[3] + joint - days
    space.keyed[row, 0] += _hide_nan(values[joint:], space.day_keys[row, joint:])


@hot
def _fill_windows(study: Study, room: Room, scar: Any, effects: Effects, per_sigma: float) -> None:
    """Write the standardised CARs, and add the event to the random effects."""
    slot, ar, sigma = room.state[2], room.ar, room.fit[2]
    one, two, three = effects.sums[0], effects.sums[1], effects.sums[2]
    for w in range(study.low.shape[0]):
        car = 0.0
        for t in range(study.low[w], study.high[w]):
            car += ar[t]
        scar[w] = car
    for w in range(study.low.shape[0]):
        se = sigma * room.window_se[slot, w]
        weight = 1.0 / (effects.tau2[w] + se * se)
        gap = scar[w] - effects.centre[w]
        one[w] += weight
        two[w] += weight * gap
        three[w] += weight * gap * gap
    for w in range(study.low.shape[0]):
        scar[w] *= per_sigma / room.window_se[slot, w]


@inner
def _scales(study: Study, room: Room, space: SecondRoom) -> None:
    """Write the scales of the days and blocks of the event's geometry, where they are not there."""
    slot, n, days = room.state[2], room.state[3], study.days
    if slot == 0 and space.at[0] == room.state[0]:
        return
    on, centred, squares = room.on[slot], room.centred[slot], room.market[slot, 1]
    _day_roots(study.kind, n, on[:days], centred[:days], squares, space.roots[slot, :days])
    _block_roots(study.kind, n, on, centred, squares, space, space.block_roots[slot])
    if slot == 0:
        space.at[0] = room.state[0]


@entry
def prepare(
    study: Study, room: Room, space: SecondRoom, effects: Effects, low: int, rows: int, ranks: bool
) -> None:
    """Fit the events ``low : low + rows`` and fill the rows of the slice."""
    for row in range(rows):
        fit(study, room, low + row)
        event_returns(study, room, low + row)
        per_sigma = 1.0 / room.fit[2]
        space.size[row] = room.state[3]
        _fill_windows(study, room, space.scar, effects, per_sigma)
        if ranks:
            _scales(study, room, space)
            _fill_rows(study, room, space, row, per_sigma)
            _fill_blocks(study, room, space, row, per_sigma)
