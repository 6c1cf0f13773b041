"""A small deterministic block, for the examples in docstrings."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import EventBlock

__all__ = ["example_block"]


def example_block(*, length: int = 60, factors: int = 1) -> EventBlock:
    """Return one event with ``length`` estimation and 3 event sessions, from sines.

    Parameters
    ----------
    length : int
    factors : int
        0 (none), 1 (a benchmark) or 3 (the benchmark a session before, on and after).

    Examples
    --------
    >>> block = example_block()
    >>> block.returns_est.shape, block.factors_evt.shape
    ((1, 60), (1, 3, 1))
    """
    t = np.arange(length + 5)
    market = 0.010 * np.sin(1.3 * t**1.1) + 0.004 * np.cos(0.37 * t**2)
    shocks = 0.012 * np.sin(2.1 * t**1.3) + 0.006 * np.cos(0.53 * t**2)
    returns = (0.0003 + 0.9 * market + shocks)[None, 1:-1]
    returns[0, length + 1] += 0.03
    around = np.stack([market[:-2], market[1:-1], market[2:]], axis=1)[None]
    columns = {0: around[:, :, :0], 1: around[:, :, 1:2], 3: around}[factors]
    spans = np.ones_like(returns)
    days = np.arange(length + 3)[None, :]
    est, evt = slice(0, length), slice(length, None)
    return EventBlock(
        returns[:, est],
        columns[:, est],
        spans[:, est],
        days[:, est],
        returns[:, evt],
        columns[:, evt],
        spans[:, evt],
        days[:, evt],
        np.arange(-length - 1, -1),
        np.arange(-1, 2),
    )
