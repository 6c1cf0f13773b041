"""From positions to blocks: the returns and regressors of a few hundred events at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eventstudy.arrays import EventBlock, FloatArray, IntArray
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.room import Fresh, pieces

__all__ = ["Dates", "dates_of", "gather_rows"]

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dates:
    """Runs of events on the same day, which share their calendar days and regressors.

    Attributes
    ----------
    first : (P,) int
        First event of each run.
    at : (n,) int
        Run of each event.
    position : (P,) int
        Column of day 0 of each run.
    """

    first: IntArray
    at: IntArray
    position: IntArray


def _windows(values: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, width, axis=-1)


def _within(start: Positions, width: int, size: int) -> bool:
    return bool(len(start) and start.min() >= 0 and start.max() + width <= size)


def _returns(matrix: FloatArray, asset: IntArray, start: Positions, out: FloatArray) -> FloatArray:
    """Write ``matrix[asset, start : start + width]``, (n, width); NaN outside of the columns."""
    width, size = out.shape[1], matrix.shape[1]
    if _within(start, width, size):
        runs = _windows(matrix, width)
        for rows in pieces(len(start)):
            out[rows] = runs[asset[rows], start[rows]]
        return out
    index = start[:, None] + np.arange(width)
    inside = (index >= 0) & (index < size)
    out[:] = np.where(inside, matrix[asset[:, None], np.where(inside, index, 0)], np.nan)
    return out


def _common(
    values: npt.NDArray[Any], dates: Dates, offset: int, outside: float, out: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Write what all assets share, ``values[position + offset : ... + width]``, (n, width)."""
    width, size = out.shape[1], len(values)
    start = dates.position + offset
    if _within(start, width, size):
        own = _windows(values, width)[start]
    else:
        index = start[:, None] + np.arange(width)
        inside = (index >= 0) & (index < size)
        own = np.where(inside, values[np.where(inside, index, 0)], outside)
    return np.take(own.astype(out.dtype, copy=False), dates.at, axis=0, out=out, mode="clip")


def _factors(
    factors: FloatArray, dates: Dates, offset: int, width: int, name: str, room: Fresh
) -> FloatArray:
    n = len(dates.at)
    out: FloatArray = room.array(name, (len(factors), n, width))
    for row, own in zip(factors, out, strict=True):
        _common(row, dates, offset, np.nan, own)
    if len(factors) <= 1:
        return out.reshape(n, width, len(factors))
    return np.ascontiguousarray(np.moveaxis(out, 0, 2))


def _spans(data: StreamData, asset: IntArray, start: Positions, values: FloatArray) -> FloatArray:
    if data.spans is not None:
        spans = _returns(data.spans, asset, start, np.empty_like(values))
        return np.where(np.isfinite(values), spans, np.nan)
    # A sum is finite only where nothing is missing in it.
    if np.isfinite(values.sum()):
        return np.broadcast_to(1.0, values.shape)
    return np.where(np.isfinite(values), 1.0, np.nan)


def dates_of(data: StreamData, low: int, high: int) -> Dates:
    """Return the runs of equal positions among the events ``low:high``."""
    position = data.position[low:high]
    fresh = np.ones(len(position), dtype=bool)
    np.not_equal(position[1:], position[:-1], out=fresh[1:])
    first = np.flatnonzero(fresh)
    return Dates(first, np.cumsum(fresh) - 1, position[first].astype(np.int64))


def gather_rows(
    data: StreamData,
    low: int,
    high: int,
    *,
    gap: bool = False,
    dates: Dates | None = None,
    room: Fresh | None = None,
) -> EventBlock:
    """Gather the events ``low:high``.

    Parameters
    ----------
    data : StreamData
    low, high : int
    gap : bool
        Whether the sessions between the two windows are wanted.
    dates : Dates, optional
        Of these events, where they are known.
    room : Fresh, optional
        Where the arrays are put; default new ones.

    Returns
    -------
    EventBlock
        Spans may be a read-only view of one number. Days outside of the columns are NaN, their
        day number -1.
    """
    dates, room = dates or dates_of(data, low, high), room or Fresh()
    asset = data.asset[low:high].astype(np.int64)
    position = data.position[low:high].astype(np.int64)
    time, (first, before), (begin, _) = data.time, data.estimation, data.event
    n, t, length, width = high - low, data.n_est, data.length, begin - before - 1
    start, around = position + first, position + begin
    returns_est = _returns(data.estimation_returns, asset, start, room.array("returns_est", (n, t)))
    raw = np.flatnonzero(data.raw_estimation[low:high])
    if len(raw):
        returns_est[raw] = _returns(data.returns, asset[raw], start[raw], np.empty((len(raw), t)))
    returns_evt = _returns(data.returns, asset, around, np.empty((n, length)))
    between = position + before + 1
    return EventBlock(
        returns_est=returns_est,
        factors_est=_factors(data.factors, dates, first, t, "factors_est", room),
        spans_est=_spans(data, asset, start, returns_est),
        days_est=_common(data.days, dates, first, -1, room.array("days_est", (n, t), np.int64)),
        returns_evt=returns_evt,
        factors_evt=_factors(data.factors, dates, begin, length, "factors_evt", Fresh()),
        spans_evt=_spans(data, asset, around, returns_evt),
        days_evt=_common(data.days, dates, begin, -1, np.empty((n, length), np.int64)),
        est_taus=time.est_taus,
        taus=time.taus,
        returns_gap=_returns(data.returns, asset, between, np.empty((n, width))) if gap else None,
        factors_gap=_factors(data.factors, dates, before + 1, width, "", Fresh()) if gap else None,
    )
