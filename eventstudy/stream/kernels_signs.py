"""Compiled shares of positive days, and of positive sums over runs of days."""

from __future__ import annotations

import math
from typing import Any

from eventstudy.stream.kernels import inner

__all__ = ["ROUNDING", "positive_share", "run_share", "running"]

# Half a unit in the last place of 1.
ROUNDING = 1.2e-16


@inner
def positive_share(x: Any) -> float:
    """Share of what is above zero among what is not zero; NaN where all are zero."""
    above, below = 0, 0
    for t in range(x.shape[0]):
        above += 1 if x[t] > 0.0 else 0
        below += 1 if x[t] < 0.0 else 0
    return above / (above + below)


@inner
def running(x: Any, out: Any) -> None:
    """Write the sums of the days before each place, (T + 1,)."""
    before = 0.0
    for t in range(out.shape[0] - 1):
        out[t] = before
        before += x[t]
    out[out.shape[0] - 1] = before


@inner
def run_share(e: Any, sums: Any, held: Any, length: int, edge: float) -> float:
    """Positive share of the sums over the complete runs of a length; NaN where there is none.

    ``held`` counts the days before each place where some are missing, and is empty where none is.
    Sums within ``edge`` of zero may be rounding: those are added up anew, day by day.
    """
    runs, above, below = sums.shape[0] - length, 0, 0
    if runs < 1:
        return math.nan
    late, full = sums[length:], runs
    if held.shape[0] == 0:
        for t in range(runs):
            above += 1 if late[t] - sums[t] > edge else 0
            below += 1 if sums[t] - late[t] > edge else 0
    else:
        count, full = held[length:], 0
        for t in range(runs):
            there = 1 if count[t] - held[t] == length else 0
            full += there
            above += there if late[t] - sums[t] > edge else 0
            below += there if sums[t] - late[t] > edge else 0
    for t in range(runs if above + below < full else 0):
        if abs(late[t] - sums[t]) <= edge and (
            held.shape[0] == 0 or held[t + length] - held[t] == length
        ):
            value = 0.0
            for day in range(t, t + length):
                value += e[day]
            above += 1 if value > 0.0 else 0
            below += 1 if value < 0.0 else 0
    return above / (above + below)
