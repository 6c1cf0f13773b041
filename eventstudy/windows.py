"""Event time: the one place where sessions become integer positions.

Sessions of an asset's calendar are numbered; day 0 of an event is a position, the estimation and
the event window are ranges of positions around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray
from eventstudy.returns import AssetReturns

__all__ = ["MISSING_SHARE", "EventTime", "gather", "purge_mask", "session_positions"]

# Above this share of holes in its estimation window an event is left out.
MISSING_SHARE = 0.20


@dataclass(frozen=True)
class EventTime:
    """The ranges around day 0, in sessions, both ends included.

    Attributes
    ----------
    estimation, event : tuple of int
        First and last session relative to day 0.
    """

    estimation: tuple[int, int]
    event: tuple[int, int]

    @property
    def est_taus(self) -> IntArray:
        """Numbers of the estimation sessions."""
        return np.arange(self.estimation[0], self.estimation[1] + 1, dtype=np.int64)

    @property
    def taus(self) -> IntArray:
        """Numbers of the event sessions."""
        return np.arange(self.event[0], self.event[1] + 1, dtype=np.int64)

    @property
    def gap_taus(self) -> IntArray:
        """Numbers of the sessions between the two windows (empty where they touch)."""
        return np.arange(self.estimation[1] + 1, self.event[0], dtype=np.int64)


def session_positions(returns: AssetReturns, day_zero: IntArray) -> IntArray:
    """Return the position of each day-0 date (days since 1970-01-01) in the sessions, -1 if none.

    Examples
    --------
    >>> import numpy as np
    >>> s = np.array(["2022-02-14", "2022-02-15"], dtype="datetime64[D]")
    >>> nothing = np.full(2, np.nan)
    >>> r = AssetReturns("A", s, nothing, nothing[:, None], nothing, nothing, nothing > 0)
    >>> session_positions(r, np.array([19038, 19039])).tolist()
    [1, -1]
    """
    days = returns.sessions.astype("datetime64[D]").astype(np.int64)
    found = np.searchsorted(days, day_zero)
    clipped = np.minimum(found, len(days) - 1)
    return np.where(days[clipped] == day_zero, clipped, -1).astype(np.int64)


def _pick(values: FloatArray, index: IntArray, inside: BoolArray) -> FloatArray:
    taken = values[np.where(inside, index, 0)]
    return np.where(inside.reshape(inside.shape + (1,) * (taken.ndim - 2)), taken, np.nan)


def purge_mask(positions: IntArray, news: IntArray, n_sessions: int, time: EventTime) -> BoolArray:
    """Return which estimation days lie inside the event window of another headline, (n, T).

    Parameters
    ----------
    positions : (n,) int
        Day-0 positions of the events of one asset.
    news : (m,) int
        Day-0 positions of every headline on the asset, the events' own among them: an event's own
        window, and that of a later headline, never reaches its estimation days.
    n_sessions : int
        Sessions of the asset's calendar.

    Examples
    --------
    >>> import numpy as np
    >>> time = EventTime((-4, -2), (-1, 1))
    >>> purge_mask(np.array([8]), np.array([5, 8]), 20, time).tolist()
    [[True, True, True]]
    """
    step = np.zeros(n_sessions + 1, dtype=np.int64)
    np.add.at(step, np.clip(news + time.event[0], 0, n_sessions), 1)
    np.add.at(step, np.clip(news + time.event[1] + 1, 0, n_sessions), -1)
    busy = np.cumsum(step)[:n_sessions] > 0
    index = positions[:, None] + time.est_taus[None, :]
    inside = (index >= 0) & (index < n_sessions)
    return np.asarray(busy[np.where(inside, index, 0)] & inside)


def gather(
    returns: Sequence[AssetReturns],
    owner: IntArray,
    positions: IntArray,
    time: EventTime,
) -> EventBlock:
    """Gather estimation and event blocks for ``n`` events.

    Parameters
    ----------
    returns : sequence of AssetReturns
        One for each asset; all with the same number of factors.
    owner : (n,) int
        Which of ``returns`` each event belongs to.
    positions : (n,) int
        Position of day 0 in that asset's sessions.
    time : EventTime

    Returns
    -------
    EventBlock
        Days before the first or after the last session are NaN, their day number -1.
    """
    est = _gather_range(returns, owner, positions, time.est_taus)
    evt = _gather_range(returns, owner, positions, time.taus)
    gap = _gather_range(returns, owner, positions, time.gap_taus)
    values, factors, spans, days = est
    return EventBlock(
        returns_est=values,
        factors_est=factors,
        spans_est=spans,
        days_est=days,
        returns_evt=evt[0],
        factors_evt=evt[1],
        spans_evt=evt[2],
        days_evt=evt[3],
        est_taus=time.est_taus,
        taus=time.taus,
        returns_gap=gap[0],
        factors_gap=gap[1],
    )


def _gather_range(
    returns: Sequence[AssetReturns], owner: IntArray, positions: IntArray, taus: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    n, width = len(positions), len(taus)
    n_factors = returns[0].factors.shape[1] if returns else 0
    values = np.full((n, width), np.nan)
    spans = np.full((n, width), np.nan)
    factors = np.full((n, width, n_factors), np.nan)
    days = np.full((n, width), -1, dtype=np.int64)
    for which, asset in enumerate(returns):
        rows = np.flatnonzero(owner == which)
        index = positions[rows][:, None] + taus[None, :]
        inside = (index >= 0) & (index < len(asset.sessions))
        numbers = asset.sessions.astype("datetime64[D]").astype(np.int64)
        values[rows] = _pick(asset.values, index, inside)
        spans[rows] = _pick(asset.spans, index, inside)
        factors[rows] = _pick(asset.factors, index, inside)
        days[rows] = np.where(inside, numbers[np.where(inside, index, 0)], -1)
    return values, factors, spans, days
