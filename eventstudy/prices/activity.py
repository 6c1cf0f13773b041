"""Rolling a chain of futures by what is traded: volume or open interest."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray, IntArray

__all__ = ["held_by_activity"]


def held_by_activity(
    activity: FloatArray, prices: FloatArray, *, latest: IntArray | None = None
) -> IntArray:
    """Return which contract's return each session measures, by volume or open interest.

    Parameters
    ----------
    activity : (D, C) float
        Volume or open interest, contracts in the order of their ends; NaN counts as none.
    prices : (D, C) float
        Settlements, NaN where there is none.
    latest : (D,) int, optional
        The earliest contract that may be held on each session, -1 for none left: the calendar's
        own rule, so that no chain is held into its last days.

    Returns
    -------
    (D,) int
        -1 where no contract is left.

    Notes
    -----
    What is held on a session was decided on the one before: the first later contract of the
    greatest activity then, if it had more than the present one. The chain never goes back.

    Examples
    --------
    >>> volume = np.array([[9.0, 1.0], [4.0, 5.0], [1.0, 9.0]])
    >>> held_by_activity(volume, np.ones((3, 2)))
    array([0, 0, 1])
    """
    days, contracts = prices.shape
    traded = np.nan_to_num(activity, nan=0.0)
    # Beyond its last price a contract can't be held any more.
    known = ~np.isnan(prices)
    end = np.where(known.any(axis=0), days - 1 - np.argmax(known[::-1], axis=0), -1)
    held = np.full(days, -1, dtype=np.int64)
    current = int(np.argmax(np.where(known[0], traded[0], -1.0)))
    for day in range(days):
        if day > 0 and current >= 0:
            yesterday = traded[day - 1, current:]
            current += int(np.argmax(yesterday))
        if latest is not None and current >= 0:
            current = -1 if latest[day] < 0 else max(current, int(latest[day]))
        while 0 <= current < contracts and end[current] < day:
            current += 1
        current = -1 if current >= contracts else current
        held[day] = current
    return held
