"""Which events can be estimated, and which enter which tested window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from eventstudy.abnormal import covered
from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.mapped import row_runs, standing_on
from eventstudy.stream.inputs import StreamData
from eventstudy.windows import MISSING_SHARE

__all__ = ["Dropped", "EventSet", "Parts", "Screened", "partition", "screen"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dropped:
    """An event that was left out.

    Attributes
    ----------
    order : int
        Place in the input.
    asset : int
        Row of the returns.
    stage : {"estimation", "model"}
    reason, detail : str
    """

    order: int
    asset: int
    stage: str
    reason: str
    detail: str


@dataclass(frozen=True, eq=False)
class Screened:
    """Events that can be estimated, and those that can't.

    Attributes
    ----------
    data : StreamData
        The events that stay, with ``raw_estimation`` decided.
    purged, unpurged : (N,) int
        Estimation days left out for other events, and such days that were kept, of each.
    dropped : tuple of Dropped
        In the order of the input.
    """

    data: StreamData
    purged: IntArray
    unpurged: IntArray
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, eq=False)
class EventSet:
    """Tested windows that the same events enter.

    Attributes
    ----------
    windows : tuple of int
        Places in ``StreamData.windows``.
    extra : (m,) int
        Those that enter among the events with holes in their event window.
    """

    windows: tuple[int, ...]
    extra: IntArray


@dataclass(frozen=True, eq=False)
class Parts:
    """Events that enter every window, the others, and the sets of windows with the same events.

    Attributes
    ----------
    base, holes : (n,) int
        Rows of the events, ascending.
    sets : tuple of EventSet
        ``extra`` counts within ``holes``.
    """

    base: IntArray
    holes: IntArray
    sets: tuple[EventSet, ...]


def _inside(mask: Mask, asset: npt.NDArray[np.int32], low: IntArray, high: IntArray) -> IntArray:
    """Count the true cells of ``mask[asset, low:high]`` for each event, (N,)."""
    width = int((high - low).max(initial=0))
    out = np.empty(len(asset), dtype=np.int64)
    if len(asset) * width < mask.size:
        for part in row_runs((len(asset), width)):
            columns = low[part, None] + np.arange(width)
            within = columns < high[part, None]
            there = mask[asset[part, None], np.where(within, columns, 0)] & within
            out[part] = there.sum(axis=1)
        return out
    for run, some in standing_on(asset, mask.shape):
        total = np.zeros((run.stop - run.start, mask.shape[1] + 1), dtype=np.int32)
        np.cumsum(mask[run], axis=1, out=total[:, 1:])
        row = asset[some] - run.start
        out[some] = total[row, high[some]] - total[row, low[some]]
    return out


def _reasons(data: StreamData) -> tuple[npt.NDArray[np.int8], IntArray, IntArray, IntArray]:
    """Return a code of the reason (0: none) and used, listed and purged days, (N,) each.

    Also decides, by leaving ``purged`` at minus the number of days, that an event whose purge
    would leave it too few returns is estimated on all of them.
    """
    size, at = data.returns.shape[1], data.position.astype(np.int64)
    low = np.clip(at + data.estimation[0], 0, size)
    high = np.clip(at + data.estimation[1] + 1, 0, size)
    begin = np.clip(at + data.event[0], 0, size)
    end = np.clip(at + data.event[1] + 1, 0, size)
    if data.complete:
        known = None
        used, listed, within = high - low, high - low, end - begin
    else:
        known = np.isfinite(data.returns)
        first = np.where(known.any(axis=1), known.argmax(axis=1), size)[data.asset]
        used = _inside(known, data.asset, low, high)
        listed = np.maximum(high, first) - np.maximum(low, first)
        within = _inside(known, data.asset, begin, end)
    purged = np.zeros(len(at), dtype=np.int64)
    if data.purged is not None:
        purged = _inside(data.purged, data.asset, low, high)
        kept = ~data.purged if known is None else known & ~data.purged
        left = _inside(kept, data.asset, low, high)
        dense = (left < data.min_observations) & (used >= data.min_observations)
        used = np.where(dense, used, left)
        listed = listed - np.where(dense, 0, purged)
        purged = np.where(dense, -purged, purged)
    code = np.zeros(len(at), dtype=np.int8)
    code[within == 0] = 4
    code[listed - used > MISSING_SHARE * listed] = 3
    code[used < data.min_observations] = 2
    code[at < 0] = 1
    return code, used, listed, purged


def _said(data: StreamData, row: int, code: int, used: int, listed: int) -> tuple[str, str]:
    if code == 1:
        return "day 0 is not a session of the prices' calendar", ""
    if code == 2:
        return (
            "too few estimation returns",
            f"{used} of {data.n_est} sessions, min_observations is {data.min_observations}",
        )
    if code == 3:
        return (
            "too many missing estimation days",
            f"{listed - used} of {listed} sessions have no return, more than {MISSING_SHARE:.0%}",
        )
    known = np.flatnonzero(np.isfinite(data.returns[data.asset[row]]))
    if not len(known):
        return "no return in the event window", "no return at all"
    first, last = (np.datetime64(int(data.days[i]), "D") for i in (known[0], known[-1]))
    return "no return in the event window", f"returns reach from {first} to {last}"


def screen(data: StreamData) -> Screened:
    """Leave out the events that can't be estimated.

    Parameters
    ----------
    data : StreamData

    Returns
    -------
    Screened
        Left out is what lacks a day 0, has fewer than ``min_observations`` estimation returns,
        lacks more than a fifth of them, or has no return in the event window.
    """
    code, used, listed, purged = _reasons(data)
    out = np.flatnonzero(code)
    dropped = [
        Dropped(
            int(data.order[i]),
            int(data.asset[i]),
            "estimation",
            *_said(data, int(i), int(code[i]), int(used[i]), int(listed[i])),
        )
        for i in out
    ]
    kept = data if not len(out) else data.take(code == 0)
    raw = purged < 0
    if raw.any():
        kept = replace(kept, raw_estimation=raw[code == 0])
    return Screened(
        data=replace(kept, purged=None),
        purged=np.maximum(purged, 0)[code == 0],
        unpurged=np.maximum(-purged, 0)[code == 0],
        dropped=tuple(sorted(dropped, key=lambda d: d.order)),
    )


def _usable(data: StreamData, rows: IntArray) -> tuple[BoolArray, FloatArray]:
    """Return which event days can be used, and their spans, (n, L) each."""
    index = data.position[rows].astype(np.int64)[:, None] + data.time.taus
    there = (index >= 0) & (index < data.returns.shape[1])
    at, asset = np.where(there, index, 0), data.asset[rows][:, None]
    known = np.asarray(np.isfinite(data.factors).all(axis=0))
    on = there & np.isfinite(data.returns[asset, at]) & known[at]
    spans = np.ones(on.shape) if data.spans is None else data.spans[asset, at]
    return on & np.isfinite(spans), spans


def _enters(data: StreamData, rows: IntArray) -> BoolArray:
    """Return which of the events enter which window, (n, W)."""
    on, spans = _usable(data, rows)
    out = np.empty((len(rows), len(data.windows)), dtype=bool)
    for w, (start, end) in enumerate(data.windows):
        days = slice(start - data.event[0], end - data.event[0] + 1)
        if data.missing == "exclude":
            out[:, w] = on[:, days].all(axis=1)
        elif data.missing == "skip":
            out[:, w] = on[:, days].any(axis=1)
        else:
            out[:, w] = covered(spans[:, days], on[:, days]).all(axis=1)
    return out


def _has_holes(data: StreamData) -> BoolArray:
    """Return which events lack a day of the event window, or have one of several sessions."""
    low, high = data.position + data.event[0], data.position + data.event[1] + 1
    size = data.returns.shape[1]
    out = (low < 0) | (high > size)
    if data.complete:
        return np.asarray(out)
    whole = np.isfinite(data.returns) & np.isfinite(data.factors).all(axis=0)
    if data.spans is not None:
        whole &= data.spans == 1.0
    if not whole.all():
        at, end = np.clip(low, 0, size).astype(np.int64), np.clip(high, 0, size).astype(np.int64)
        out |= _inside(~whole, data.asset, at, end) > 0
    return np.asarray(out)


def _grouped(keys: Sequence[bytes]) -> list[tuple[int, ...]]:
    groups: dict[bytes, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    return [tuple(places) for places in groups.values()]


def partition(data: StreamData) -> Parts:
    """Separate the events that enter every window from those with holes in their event window.

    Parameters
    ----------
    data : StreamData
        Screened.

    Returns
    -------
    Parts
        One set where no event has a hole.
    """
    holes = np.flatnonzero(_has_holes(data))
    base = np.arange(data.n, dtype=np.int64)
    if not len(holes):
        every = tuple(range(len(data.windows)))
        return Parts(base, holes, (EventSet(every, np.empty(0, dtype=np.int64)),))
    enters = _enters(data, holes)
    sets = tuple(
        EventSet(windows, np.flatnonzero(enters[:, windows[0]]))
        for windows in _grouped([np.packbits(column).tobytes() for column in enters.T])
    )
    return Parts(np.delete(base, holes), holes, sets)
