"""What the tests across events look at: one panel, one model, N events, and one tested window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.names import Alternative

if TYPE_CHECKING:
    from eventstudy.inference.view import View

__all__ = ["Sample", "Settings", "Window"]


@dataclass(frozen=True)
class Settings:
    """Choices that belong to the tests and not to the data.

    Attributes
    ----------
    alternative : {"two-sided", "less", "greater"}
    level : float
        Two-sided level of intervals.
    draws : int
        Resamples of the bootstrap tests.
    seed : int
        Root of all random draws; a draw is seeded by (seed, panel, window, statistic), never by
        the worker.
    key : tuple of int
        What this table belongs to, mixed into the seed.
    """

    alternative: Alternative = "two-sided"
    level: float = 0.05
    draws: int = 4999
    seed: int = 20220215
    key: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sample:
    """N fitted events of one panel and model.

    Attributes
    ----------
    block : EventBlock
        Gathered returns and regressors.
    fit : ModelFit
        Fit on the block, no failures in it.
    cluster : (N,) int
        Day number (days since 1970-01-01) of each event's day 0: the headline date cluster.
    n_parameters : int
        Mean parameters k (0 for ``market_adjusted``).
    """

    block: EventBlock
    fit: ModelFit
    cluster: IntArray
    n_parameters: int
    settings: Settings = field(default_factory=Settings)
    # Whether the events are held as merged groups of sums, with views of their own.
    summarised: ClassVar[bool] = False

    def view(self, window: Window) -> View:
        """Return the view of a summarised sample; this one holds its events."""
        where = f"[{window.start}, {window.end}]"
        raise TypeError(f"the sample holds its events: take view(sample, window) for {where}")


@dataclass(frozen=True)
class Window:
    """One tested window [start, end] over the events of a sample.

    Attributes
    ----------
    start, end : int
        Sessions relative to day 0, both included.
    members : (N,) bool
        Events that enter this window.
    selector : (N, L) float
        1 on the days that count, 0 elsewhere.
    car, car_se, scar : (N,) float
        NaN for events that do not enter.
    n_days : (N,) float
        Sessions that count for the event (sessions spanned under trade-to-trade returns).
    bhar : (N,) float
        Buy-and-hold abnormal return.
    """

    start: int
    end: int
    members: BoolArray
    selector: FloatArray
    car: FloatArray
    car_se: FloatArray
    scar: FloatArray
    n_days: FloatArray
    bhar: FloatArray
