"""The two passes over the leaves of a study, and what is merged from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from eventstudy.arrays import IntArray
from eventstudy.inference.correlation import Overlap, common_days, track_correlation
from eventstudy.reduce.columns import Column, column_pieces
from eventstudy.reduce.groups import DateSums, Tracks, merge
from eventstudy.reduce.leaf import Scales
from eventstudy.reduce.scales import scales_of
from eventstudy.stream.backend import FIRST, SECOND, Backend, FirstLeaf
from eventstudy.stream.executor import Executor, default_executor
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.merging import Adder, take_windows
from eventstudy.stream.numpy_backend import NumpyBackend
from eventstudy.stream.screening import EventSet, Parts, partition
from eventstudy.stream.spill import CarColumns
from eventstudy.stream.tasks import (
    Collector,
    EventColumns,
    Shared,
    Task,
    first_task,
    groups_of,
    second_task,
    tasks_of,
)

__all__ = ["FailedFits", "Passed", "WindowSet", "run_passes"]

# Parts of a study: events that enter every window; those with holes in their event window, for
# what belongs to a window; then, set by set, those of them that enter its windows, for what belongs
# to the set.
BASE, HOLES, EXTRAS = 0, 1, 2
WINDOW_NEEDS = frozenset(
    {
        "sums", "signs", "precision", "dates", "selected", "columns", "grank", "grank_blocks",
        "random_effects",
    }
)  # fmt: skip
SET_NEEDS = frozenset(
    {
        "day_means", "sar_spread", "tracks", "corrado", "corrado_zivney", "corrado_zivney_sign",
        "grank",
    }
)  # fmt: skip
WINDOW_GROUPS = WINDOW_NEEDS - {"columns", "grank"} | {"grank_entries"}


@dataclass(frozen=True, eq=False)
class WindowSet:
    """Merged groups of the windows that the same events enter.

    Attributes
    ----------
    windows : tuple of int
        Places in ``StreamData.windows``; window groups hold these, in this order.
    n : int
        Events that enter.
    dates : (G,) int
        Their distinct day-0 dates, ascending.
    meets : tuple of bool
        For each window, whether those of different dates share calendar time.
    groups : dict
        By the names of the fields of ``FirstLeaf`` and ``SecondLeaf``; the tracks are left out.
    scales : Scales
    rbar : float
        NaN, and ``overlap`` None, where no tracks were asked for.
    overlap : Overlap or None
    """

    windows: tuple[int, ...]
    n: int
    dates: IntArray
    meets: tuple[bool, ...]
    groups: dict[str, Any]
    scales: Scales
    rbar: float
    overlap: Overlap | None


@dataclass(frozen=True, eq=False)
class Passed:
    """What the passes give.

    Attributes
    ----------
    events : EventColumns
    sets : tuple of WindowSet
    columns : tuple of Column
        One a window; empty where none was asked for.
    """

    events: EventColumns
    sets: tuple[WindowSet, ...]
    columns: tuple[Column, ...]


class FailedFits(Exception):  # noqa: N818
    """Events whose fit fails, found in the first pass; the leaves are to be cut without them.

    Attributes
    ----------
    rows : (f,) int
        Among the events of the study, ascending.
    """

    def __init__(self, rows: IntArray) -> None:
        super().__init__(f"{len(rows)} fits failed")
        self.rows = rows


def run_passes(
    data: StreamData,
    backend: Backend,
    executor: Executor,
    needs: frozenset[str],
    *,
    block: int = 1,
    threads: int | None = 2,
) -> Passed:
    """Reduce all events to merged groups.

    Parameters
    ----------
    data : StreamData
        Screened.
    backend : Backend
        Of the events without holes in their event window; the others go to numpy.
    executor : Executor
    needs : frozenset of str
        Names of groups (:data:`eventstudy.stream.backend.FIRST` and ``SECOND``).
    block : int
        Leaves of one task; changes no number.
    threads : int or None
        Threads that sort the CARs of the windows.

    Raises
    ------
    FailedFits
    """
    wanted = needs | _required(needs)
    parts = partition(data)
    shared = _shared(data, parts, backend)
    first = _First(data, parts, shared, wanted)
    first.run(executor, block)
    columns = first.sorted_columns(threads)
    sets, tracks = first.joined()
    second = wanted & frozenset(SECOND)
    if threads == 1:
        found = [_overlap(own) for own in tracks]
        sets = _second(data, shared, sets, executor, second, block)
    else:
        # What only the statistics read is added up beside the second pass.
        with ThreadPoolExecutor(1) as beside:
            later = [beside.submit(_overlap, own) for own in tracks]
            sets = _second(data, shared, sets, executor, second, block)
            found = [one.result() for one in later]
    sets = tuple(replace(s, overlap=o) for s, o in zip(sets, found, strict=True))
    return Passed(first.collector.columns(), sets, columns)


def _required(needs: frozenset[str]) -> frozenset[str]:
    """Return the groups of the first pass that scale those of the second."""
    unscaled = {"corrado", "corrado_zivney_sign"}
    if needs & frozenset(SECOND) <= unscaled:
        return frozenset()
    return frozenset({"sums", "precision", "sar_spread", "tracks"})


def _shared(data: StreamData, parts: Parts, backend: Backend) -> Shared:
    if not len(parts.holes):
        return Shared((data,), (backend,))
    general = NumpyBackend()
    holes = data.take(parts.holes)
    # A reducer of days wants a window to be there; what it says of that one is passed over.
    extras = [holes.take(s.extra).with_windows([data.windows[s.windows[0]]]) for s in parts.sets]
    backends = (backend, general, *(general for _ in extras))
    return Shared((data.take(parts.base), holes, *extras), backends)


def _by_part(needs: frozenset[str], count: int) -> tuple[frozenset[str], ...]:
    """Return what each part is reduced to."""
    own = (needs, needs & WINDOW_NEEDS, *(needs & SET_NEEDS for _ in range(EXTRAS, count)))
    return own[:count]


class _First:
    """The first pass of one study."""

    def __init__(
        self, data: StreamData, parts: Parts, shared: Shared, needs: frozenset[str]
    ) -> None:
        self.data, self.parts, self.shared = data, parts, shared
        self.needs = _by_part(needs & frozenset(FIRST), len(shared.parts))
        self.collector = Collector(data.n)
        self.adders = [Adder() for _ in shared.parts]
        self.cars = [
            CarColumns(part.n, len(data.windows))
            for part in shared.parts[:EXTRAS]
            if "columns" in needs
        ]

    def run(self, executor: Executor, block: int) -> None:
        """Fit every event and add up the groups of all leaves."""
        count = len(self.shared.parts)
        function = partial(first_task, needs=self.needs)
        # Fits fail in the first two parts, if at all: the others hold events of the second.
        for chosen in (range(min(count, EXTRAS)), range(EXTRAS, count)):
            failed: list[IntArray] = []
            tasks = _tasks(self.shared, chosen, block)
            results = executor.map(function, self.shared, tasks)
            for task, leaves in zip(tasks, results, strict=True):
                for (low, high), leaf in zip(task.leaves, leaves, strict=True):
                    failed += self._took(task.part, low, high, leaf)
            if failed:
                raise FailedFits(np.sort(np.concatenate(failed)))

    def _took(self, part: int, low: int, high: int, leaf: FirstLeaf) -> list[IntArray]:
        """Take over one leaf; return the events whose fit failed."""
        if part < EXTRAS:
            places = (self.parts.base, self.parts.holes)[part][low:high]
            if len(leaf.failed):
                return [places[leaf.failed]]
            whole = not len(self.parts.holes)
            self.collector.put(slice(low, high) if whole else places, leaf)
            if leaf.car is not None:
                self.cars[part].put(low, leaf.car)
        self.adders[part].add(groups_of(leaf))
        return []

    def sorted_columns(self, threads: int | None) -> tuple[Column, ...]:
        """Sort the CARs of each window, a few at a time, and let go of them."""
        if not self.cars:
            return ()
        windows = range(len(self.data.windows))
        out = tuple(default_executor(threads).map(_column, self.cars, windows))
        self.cars = []
        return out

    def joined(self) -> tuple[tuple[WindowSet, ...], list[Tracks | None]]:
        """Put the parts together for each set of windows, with the scales of each, and its tracks.

        The overlaps are still to be found.
        """
        totals = [adder.total() for adder in self.adders]
        sets, tracks = [], []
        for place, found in enumerate(self.parts.sets):
            groups = _of_set(self.data, found, place, totals)
            tracks.append(groups.pop("tracks", None))
            sets.append(self._window_set(found, groups, tracks[-1]))
        return tuple(sets), tracks

    def _window_set(
        self, found: EventSet, groups: dict[str, Any], tracks: Tracks | None
    ) -> WindowSet:
        rbar = float("nan") if tracks is None else track_correlation(tracks)
        at = _positions(self.data, self.parts, found)
        return WindowSet(
            windows=found.windows,
            n=len(self.parts.base) + len(found.extra),
            dates=self.data.days[at],
            meets=tuple(_meet(self.data, at, *self.data.windows[w]) for w in found.windows),
            groups=groups,
            scales=_scales(groups, rbar, len(found.windows), self.data.length),
            rbar=rbar,
            overlap=None,
        )


def _overlap(tracks: Tracks | None) -> Overlap | None:
    return None if tracks is None else common_days(tracks)


def _column(cars: Sequence[CarColumns], window: int) -> Column:
    rows = [part.row(window) for part in cars]
    return column_pieces(rows[0] if len(rows) == 1 else np.concatenate(rows))


def _tasks(shared: Shared, parts: Sequence[int], block: int) -> list[Task]:
    return [task for p in parts for task in tasks_of(p, shared.parts[p].n, block)]


def _of_set(
    data: StreamData,
    found: EventSet | WindowSet,
    place: int,
    totals: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Add up what the parts hold of the windows and of the events of a set."""
    held: dict[str, list[Any]] = {}
    for part, groups in enumerate(totals[:EXTRAS]):
        for name, group in groups.items():
            if name in WINDOW_GROUPS:
                held.setdefault(name, []).append(_cut(group, found.windows, data, part))
            elif part == BASE:
                held.setdefault(name, []).append(group)
    if len(totals) > EXTRAS:
        for name, group in totals[EXTRAS + place].items():
            if name not in WINDOW_GROUPS:
                held.setdefault(name, []).append(group)
    return {n: parts[0] if len(parts) == 1 else merge(parts) for n, parts in held.items()}


def _cut(group: Any, windows: tuple[int, ...], data: StreamData, part: int) -> Any:
    """Return a window group with the windows of a set, and the dates of its events."""
    out = take_windows(group, windows) if len(windows) < len(data.windows) else group
    if part == BASE or not isinstance(out, DateSums):
        return out
    on = out.count[:, 0] > 0
    return DateSums(out.dates[on], out.count[on], out.car[on], out.scar[on])


def _positions(data: StreamData, parts: Parts, found: EventSet) -> IntArray:
    """Distinct columns of day 0 of the events of a set, ascending."""
    position = data.position
    if len(parts.holes):
        extra = parts.holes[found.extra]
        position = np.sort(np.concatenate([position[parts.base], position[extra]]))
    first = np.ones(len(position), dtype=bool)
    np.not_equal(position[1:], position[:-1], out=first[1:])
    return position[first].astype(np.int64)


def _meet(data: StreamData, at: IntArray, start: int, end: int) -> bool:
    """Whether the windows of two of the dates share a day."""
    low = np.maximum(at + start, 0)
    high = np.minimum(at + end, len(data.days) - 1)
    some = low <= high
    return bool((low[some][1:] <= high[some][:-1]).any())


def _scales(groups: Mapping[str, Any], rbar: float, windows: int, length: int) -> Scales:
    if {"sums", "precision", "sar_spread"} <= set(groups):
        return scales_of(groups["sums"], groups["precision"], groups["sar_spread"], rbar)
    none = np.full(windows, np.nan)
    return Scales(np.full(length, np.nan), none, none, none, none)


def _side_by_side(sets: Sequence[WindowSet], windows: int) -> Scales:
    """Return the scales of every window, with the spread of the event days of the first set."""
    out = {n: np.full(windows, np.nan) for n in ("scar_sd", "root", "tau2", "centre")}
    for found in sets:
        for name, values in out.items():
            values[list(found.windows)] = getattr(found.scales, name)
    return Scales(sets[0].scales.sar_sd, **out)


def _second(
    data: StreamData,
    shared: Shared,
    sets: tuple[WindowSet, ...],
    executor: Executor,
    needs: frozenset[str],
    block: int,
) -> tuple[WindowSet, ...]:
    """Add up the groups of the second pass by the scales of the first."""
    if not needs:
        return sets
    parts = range(len(shared.parts))
    every = _side_by_side(sets, len(data.windows))
    own = [_first_window(found.scales) for found in sets]
    scales = (every, every, *own)[: len(parts)]
    by_part = _by_part(needs, len(parts))

    def total(chosen: Sequence[int], names: Sequence[frozenset[str]], by: Any) -> list[Any]:
        adders = [Adder() for _ in parts]
        tasks = _tasks(shared, chosen, block)
        function = partial(second_task, needs=names, scales=by)
        for task, leaves in zip(tasks, executor.map(function, shared, tasks), strict=True):
            for leaf in leaves:
                adders[task.part].add(groups_of(leaf))
        return [adder.total() for adder in adders]

    totals = total(parts, by_part, scales)
    out = []
    for place, found in enumerate(sets):
        if place and "corrado_zivney" in needs:
            # Event days are brought to the spread among the events of the set, base included.
            again = total([BASE], [frozenset({"corrado_zivney"})], [found.scales])
            totals[BASE] = {**totals[BASE], **again[BASE]}
        groups = _of_set(data, found, place, totals)
        out.append(replace(found, groups={**found.groups, **groups}))
    return tuple(out)


def _first_window(scales: Scales) -> Scales:
    one = slice(0, 1)
    return Scales(
        scales.sar_sd, scales.scar_sd[one], scales.root[one], scales.tau2[one], scales.centre[one]
    )
