"""A leaf: a fixed piece of the events in canonical order, fitted, with its tested windows."""

from __future__ import annotations

from dataclasses import dataclass

from eventstudy.arrays import EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.inference.sample import Window

__all__ = ["LEAF", "Leaf", "Scales"]

# Events of a leaf. Part of what the numbers are: sums are added leaf by leaf.
LEAF = 4096


@dataclass(frozen=True, eq=False)
class Leaf:
    """Up to ``LEAF`` fitted events.

    Attributes
    ----------
    block : EventBlock
    fit : ModelFit
        No failures in it.
    cluster : (n,) int
        Day number of each event's day 0.
    n_parameters : int
        Mean parameters k (0 for ``market_adjusted``).
    calendar : (D,) int
        Distinct days of the estimation windows of the whole panel, ascending; the same for every
        leaf that is added to this one.
    windows : tuple of Window
        Tested windows over the same ``n`` events; ``members`` says who enters each.
    """

    block: EventBlock
    fit: ModelFit
    cluster: IntArray
    n_parameters: int
    calendar: IntArray
    windows: tuple[Window, ...] = ()

    @property
    def n(self) -> int:
        """Number of events."""
        return self.block.n

    @property
    def n_est(self) -> int:
        """Estimation columns T."""
        return int(self.fit.residuals.shape[1])


@dataclass(frozen=True, eq=False)
class Scales:
    """What the second pass takes from the merged first pass.

    Attributes
    ----------
    sar_sd : (L,) float
        Spread across the events of the standardised abnormal returns of each event day, divisor
        ``n_t - 1``; NaN where there is none.
    scar_sd : (W,) float
        Spread of the standardised CARs of each window, divisor ``n - 1``; NaN where they do not
        vary.
    root : (W,) float
        ``sqrt(1 - r)`` of each window's members; NaN where ``1 - r`` is not positive.
    tau2 : (W,) float
        Variance between the events' effects (DerSimonian and Laird), in squared decimals; NaN
        where there is none.
    centre : (W,) float
        Mean CAR: what second-pass sums of CARs are taken about.
    """

    sar_sd: FloatArray
    scar_sd: FloatArray
    root: FloatArray
    tau2: FloatArray
    centre: FloatArray
