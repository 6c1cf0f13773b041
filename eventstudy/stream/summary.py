"""A sample that holds merged groups in place of its events, and its views."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from eventstudy.arrays import IntArray
from eventstudy.errors import InputError
from eventstudy.inference.members import MemberSet
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.inference.view import View
from eventstudy.reduce.leaf import Scales
from eventstudy.stream.gathering import gather_rows
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.merging import take_windows
from eventstudy.stream.numpy_backend import no_fit
from eventstudy.stream.passes import Passed, WindowSet

__all__ = ["SummarisedMembers", "SummarisedSample", "SummarisedView", "summarised"]

# Names of the groups in the passes -> properties of views and member sets.
OF_WINDOWS = {
    "sums": "sums", "signs": "signs", "precision": "precision", "dates": "date_sums",
    "selected": "selected", "grank_entries": "entries", "grank_blocks": "blocks",
    "random_effects": "random_effects",
}  # fmt: skip
OF_MEMBERS = (
    "day_means", "sar_spread", "corrado", "corrado_zivney", "corrado_zivney_sign", "grank_base",
)  # fmt: skip
NOBODY: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SummarisedMembers(MemberSet):
    """Events that enter some windows, as merged groups.

    Attributes
    ----------
    count : int
        Number of events.
    """

    count: int = 0


@dataclass(frozen=True, eq=False)
class SummarisedView(View):
    """One tested window over merged groups; what is not among them was not asked for."""

    members: SummarisedMembers

    @property
    def n(self) -> int:
        """Number of events that enter."""
        return self.members.count


@dataclass(frozen=True, eq=False)
class SummarisedSample(Sample):
    """Merged groups of the events of one panel and model.

    ``block`` and ``fit`` have no rows; they say the shapes, the session numbers and the names of
    the parameters.

    Attributes
    ----------
    passed : Passed
    windows : tuple of (int, int)
        Tested windows, in the order of the groups.
    """

    passed: Passed | None = None
    windows: tuple[tuple[int, int], ...] = ()
    _views: dict[tuple[int, int], SummarisedView] = field(default_factory=dict, repr=False)
    summarised: ClassVar[bool] = True

    @cached_property
    def _members(self) -> tuple[SummarisedMembers, ...]:
        sets = () if self.passed is None else self.passed.sets
        return tuple(_members(self, found) for found in sets)

    def view(self, window: Window) -> View:
        """Return the view of a tested window; only its ``start`` and ``end`` are looked at."""
        key = (window.start, window.end)
        if key not in self._views:
            if key not in self.windows:
                shown = ", ".join(f"[{a}, {b}]" for a, b in sorted(set(self.windows)))
                raise InputError(
                    f"the window [{window.start}, {window.end}] was not summed up; take one of "
                    f"{shown}, or name it before the study runs"
                )
            self._views[key] = self._made(window, self.windows.index(key))
        return self._views[key]

    def _made(self, window: Window, place: int) -> SummarisedView:
        assert self.passed is not None
        which = next(i for i, s in enumerate(self.passed.sets) if place in s.windows)
        found = self.passed.sets[which]
        local = found.windows.index(place)
        made = SummarisedView(self._members[which], window)
        # What a view would derive from its events is put where functools.cached_property keeps it.
        store = vars(made)
        for name, attribute in OF_WINDOWS.items():
            if name in found.groups:
                store[attribute] = take_windows(found.groups[name], [local])
        store["scales"] = _one(found, local)
        store["dates_overlap"] = found.meets[local]
        if self.passed.columns:
            store["column"] = self.passed.columns[place]
        return made

    def window(self, start: int, end: int) -> Window:
        """Return a tested window without events."""
        none = np.empty(0)
        return Window(
            start, end, none > 0, np.empty((0, len(self.block.taus))), none, none, none, none, none
        )


def _members(sample: SummarisedSample, found: WindowSet) -> SummarisedMembers:
    made = SummarisedMembers(sample, NOBODY, count=found.n)
    store: dict[str, Any] = vars(made)
    store |= {name: found.groups[name] for name in OF_MEMBERS if name in found.groups}
    store["dates"] = found.dates
    store["rbar"] = found.rbar
    if found.overlap is not None:
        store["overlap"] = found.overlap
    return made


def _one(found: WindowSet, local: int) -> Scales:
    s, at = found.scales, slice(local, local + 1)
    return Scales(s.sar_sd, s.scar_sd[at], s.root[at], s.tau2[at], s.centre[at])


def summarised(data: StreamData, passed: Passed, settings: Settings) -> SummarisedSample:
    """Return the sample of merged groups.

    Parameters
    ----------
    data : StreamData
        Screened.
    passed : Passed
        Of these data.
    settings : Settings
    """
    block = gather_rows(data, 0, 0)
    events = passed.events
    return SummarisedSample(
        block=block,
        fit=no_fit(block, events.names),
        cluster=NOBODY,
        n_parameters=events.theta.shape[1],
        settings=settings,
        passed=passed,
        windows=data.windows,
    )
