"""The events that enter a tested window, in canonical order, and what several tests share.

Every statistic looks at a :class:`View`. Its rows are sorted by the events' own data (date, scale,
abnormal returns), so a result does not depend on the order of the catalogue, not even in its last
bit; shared quantities are computed once per set of members.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.inference.correlation import overlap_correlation, windows_overlap
from eventstudy.inference.members import MemberSet
from eventstudy.inference.rows import (
    FEW,
    base_row,
    degenerate,
    finish,
    refuse,
    resampled_p,
    spread,
    too_few,
)
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.reduce.groups import (
    DateSums,
    GrankBlocks,
    GrankEntries,
    Group,
    PrecisionSums,
    RandomEffects,
    SelectedDays,
    SignCounts,
    WindowSums,
    merge,
)

if TYPE_CHECKING:
    from eventstudy.reduce.columns import Column
    from eventstudy.reduce.leaf import Leaf, Scales

__all__ = [
    "FEW",
    "MemberSet",
    "View",
    "base_row",
    "degenerate",
    "finish",
    "refuse",
    "resampled_p",
    "spread",
    "too_few",
    "view",
]

G = TypeVar("G", bound=Group)


@dataclass(frozen=True, eq=False)
class View:
    """One tested window over the events that enter it.

    Attributes
    ----------
    members : MemberSet
    window : Window
        All events of the sample; the properties below hold the members only.
    """

    members: MemberSet
    window: Window

    @property
    def sample(self) -> Sample:
        """Sample that the view belongs to."""
        return self.members.sample

    @property
    def settings(self) -> Settings:
        """Choices of the tests."""
        return self.members.sample.settings

    @property
    def index(self) -> IntArray:
        """Rows of the sample, (n,)."""
        return self.members.index

    @property
    def n(self) -> int:
        """Number of events that enter."""
        return len(self.members.index)

    @property
    def length(self) -> int:
        """Sessions of the window, ``end - start + 1``."""
        return self.window.end - self.window.start + 1

    @cached_property
    def columns(self) -> BoolArray:
        """Event columns inside the window, (L,)."""
        taus = self.sample.block.taus
        return np.asarray((taus >= self.window.start) & (taus <= self.window.end))

    @cached_property
    def selector(self) -> FloatArray:
        """1 on the days that count, (n, L)."""
        return self.window.selector[self.index]

    @cached_property
    def car(self) -> FloatArray:
        """Cumulative abnormal returns, (n,)."""
        return self.window.car[self.index]

    @cached_property
    def car_se(self) -> FloatArray:
        """Forecast standard errors of the CARs, (n,)."""
        return self.window.car_se[self.index]

    @cached_property
    def scar(self) -> FloatArray:
        """CARs over their forecast standard errors, (n,)."""
        return self.window.scar[self.index]

    @cached_property
    def n_days(self) -> FloatArray:
        """Sessions that count, (n,)."""
        return self.window.n_days[self.index]

    @cached_property
    def bhar(self) -> FloatArray:
        """Buy-and-hold abnormal returns, (n,)."""
        return self.window.bhar[self.index]

    @property
    def rbar(self) -> float:
        """Mean residual correlation, signed."""
        return self.members.rbar

    @cached_property
    def rbar_overlap(self) -> float:
        """Mean residual correlation weighted by the common tested sessions, floored at 0."""
        return overlap_correlation(self.members.overlap, self.columns)

    @cached_property
    def dates_overlap(self) -> bool:
        """Whether tested windows of different day-0 dates share calendar time."""
        return windows_overlap(self.members.tracks, self.columns)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The members in leaves, with this window."""
        out, low = [], 0
        for leaf in self.members.leaves:
            rows = self.members.index[low : low + leaf.n]
            out.append(replace(leaf, windows=(_rows(self.window, rows),)))
            low += leaf.n
        return tuple(out)

    def _merged(self, reducer: Callable[[Leaf], G]) -> G:
        return merge([reducer(leaf) for leaf in self.leaves])

    @cached_property
    def sums(self) -> WindowSums:
        """Moments of the CARs and their standardised forms; all window groups have W = 1."""
        from eventstudy.reduce import first

        return self._merged(first.window_sums)

    @cached_property
    def signs(self) -> SignCounts:
        """Signs of the CARs and of the estimation days and sums."""
        from eventstudy.reduce import second

        return self._merged(second.sign_counts)

    @cached_property
    def precision(self) -> PrecisionSums:
        """CARs weighted by their precision."""
        from eventstudy.reduce import first

        return self._merged(first.precision_sums)

    @cached_property
    def date_sums(self) -> DateSums:
        """Sums by day-0 date."""
        from eventstudy.reduce import first

        return self._merged(first.date_sums)

    @cached_property
    def selected(self) -> SelectedDays:
        """Abnormal returns of the days that count, by relative day."""
        from eventstudy.reduce import first

        return self._merged(first.selected_days)

    @cached_property
    def scales(self) -> Scales:
        """What the second-pass groups are scaled by."""
        from eventstudy.reduce.scales import scales_of

        return scales_of(self.sums, self.precision, self.members.sar_spread, self.rbar)

    @cached_property
    def random_effects(self) -> RandomEffects:
        """CARs weighted by their precision around the effects of the events."""
        from eventstudy.reduce import first

        return self._merged(lambda leaf: first.random_effects(leaf, self.scales))

    @cached_property
    def entries(self) -> GrankEntries:
        """The window ranked among the studentised estimation days."""
        from eventstudy.reduce import second

        return self._merged(lambda leaf: second.grank_entries(leaf, self.scales))

    @cached_property
    def blocks(self) -> GrankBlocks:
        """The window ranked among estimation blocks of its length."""
        from eventstudy.reduce import second

        return self._merged(lambda leaf: second.grank_blocks(leaf, self.scales))

    @cached_property
    def column(self) -> Column:
        """Order statistics of the CARs."""
        from eventstudy.reduce.columns import column_pieces

        return column_pieces(self.car)

    def rng(self, name: str, variant: str) -> np.random.Generator:
        """Return the generator of one statistic: seeded by what the draws belong to."""
        word = zlib.crc32(f"{name}/{variant}".encode())
        parts = (*self.settings.key, self.window.start, self.window.end, word)
        return np.random.default_rng([self.settings.seed, *(part % 2**32 for part in parts)])


def _rows(window: Window, rows: IntArray) -> Window:
    """Return a window over some of its events."""
    return Window(
        window.start, window.end, window.members[rows], window.selector[rows], window.car[rows],
        window.car_se[rows], window.scar[rows], window.n_days[rows], window.bhar[rows],
    )  # fmt: skip


def _canonical(sample: Sample) -> IntArray:
    """Order of the events by their own data."""
    ar = np.where(np.isfinite(sample.fit.ar), sample.fit.ar, 0.0)
    return np.asarray(np.lexsort((ar.sum(axis=1), sample.fit.sigma, sample.cluster)))


def view(sample: Sample, window: Window) -> View:
    """Return the view of a window, computed once per (sample, window).

    Parameters
    ----------
    sample : Sample
    window : Window
        Over the same events.

    Returns
    -------
    View
        Of the events that enter and have a finite CAR and standard error. A summarised sample,
        which holds merged groups instead of events, has its own.
    """
    if sample.summarised:
        return sample.view(window)
    # As functools.cached_property does, what is derived is kept in the frozen object's __dict__.
    kept: View | None = vars(window).get("_view")
    if kept is not None and kept.sample is sample:
        return kept
    store: dict[str, Any] = vars(sample).setdefault("_shared", {})
    if "order" not in store:
        store["order"] = _canonical(sample)
        store["members"] = {}
    enters = window.members & np.isfinite(window.car) & np.isfinite(window.car_se)
    index = store["order"][enters[store["order"]]]
    key = index.tobytes()
    if key not in store["members"]:
        store["members"][key] = MemberSet(sample, index)
    fresh = View(store["members"][key], window)
    vars(window)["_view"] = fresh
    return fresh
