"""The two passes over the leaves of a study, and what is merged from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from eventstudy.arrays import IntArray
from eventstudy.inference.correlation import Overlap, common_days, track_correlation
from eventstudy.reduce.columns import Column, column_pieces
from eventstudy.reduce.groups import merge
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
# their own columns; then, set by set, those of them that enter its windows.
BASE, HOLES, EXTRAS = 0, 1, 2
WINDOW_GROUPS = frozenset(
    {
        "sums", "signs", "precision", "dates", "selected", "grank_entries", "grank_blocks",
        "random_effects",
    }
)  # fmt: skip


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
    threads: int = 2,
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
    threads : int
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
    sets = first.joined()
    second = wanted & frozenset(SECOND)
    if second:
        sets = _second(data, shared, sets, executor, second, block)
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
    extras = [
        holes.take(s.extra).with_windows([data.windows[w] for w in s.windows]) for s in parts.sets
    ]
    backends = (backend, general, *(general for _ in extras))
    return Shared((data.take(parts.base), holes, *extras), backends)


class _First:
    """The first pass of one study."""

    def __init__(
        self, data: StreamData, parts: Parts, shared: Shared, needs: frozenset[str]
    ) -> None:
        self.data, self.parts, self.shared = data, parts, shared
        self.needs = needs & frozenset(FIRST)
        self.collector = Collector(data.n)
        summed = [p for p in range(len(shared.parts)) if p != HOLES]
        self.adders = {p: Adder() for p in summed}
        self.cars: dict[int, CarColumns] = {}
        if "columns" in needs:
            self.cars = {
                p: CarColumns(shared.parts[p].n, len(shared.parts[p].windows)) for p in summed
            }

    def run(self, executor: Executor, block: int) -> None:
        """Fit every event and add up the groups of all leaves."""
        count = len(self.shared.parts)
        by_part = tuple(frozenset[str]() if p == HOLES else self.needs for p in range(count))
        function = partial(first_task, needs=by_part)
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
        if part != HOLES:
            self.adders[part].add(groups_of(leaf))
            if leaf.car is not None:
                self.cars[part].put(low, leaf.car)
        return []

    def sorted_columns(self, threads: int) -> tuple[Column, ...]:
        """Sort the CARs of each window, a few at a time, and let go of them."""
        if not self.cars:
            return ()
        sources: list[list[tuple[CarColumns, int]]] = [
            [(self.cars[BASE], w)] for w in range(len(self.data.windows))
        ]
        for part, cars in self.cars.items():
            if part >= EXTRAS:
                for local, w in enumerate(self.parts.sets[part - EXTRAS].windows):
                    sources[w].append((cars, local))
        out = tuple(default_executor(threads).map(_column, None, sources))
        self.cars = {}
        return out

    def joined(self) -> tuple[WindowSet, ...]:
        """Put base and extras together for each set of windows, with the scales of each."""
        totals = {p: adder.total() for p, adder in self.adders.items()}
        return tuple(
            self._window_set(found, totals[BASE], totals.get(EXTRAS + place, {}))
            for place, found in enumerate(self.parts.sets)
        )

    def _window_set(
        self, found: EventSet, base: Mapping[str, Any], extra: Mapping[str, Any]
    ) -> WindowSet:
        groups = _both(found.windows, base, extra, len(self.data.windows))
        tracks = groups.pop("tracks", None)
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
            overlap=None if tracks is None else common_days(tracks),
        )


def _column(_: None, source: Sequence[tuple[CarColumns, int]]) -> Column:
    return column_pieces(np.concatenate([cars.row(w) for cars, w in source]))


def _tasks(shared: Shared, parts: Sequence[int], block: int) -> list[Task]:
    return [task for p in parts for task in tasks_of(p, shared.parts[p].n, block)]


def _both(
    windows: tuple[int, ...], base: Mapping[str, Any], extra: Mapping[str, Any], count: int
) -> dict[str, Any]:
    """Add the groups of a set's extra events to those of the base, for the set's windows."""
    out = {}
    for name in dict.fromkeys([*base, *extra]):
        held = [extra[name]] if name in extra else []
        if name in base:
            cut = name in WINDOW_GROUPS and len(windows) < count
            held.insert(0, take_windows(base[name], windows) if cut else base[name])
        out[name] = held[0] if len(held) == 1 else merge(held)
    return out


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

    def total(parts: Sequence[int], names: frozenset[str], scales: Mapping[int, Scales]) -> Any:
        adders = {p: Adder() for p in parts}
        tasks = _tasks(shared, parts, block)
        function = partial(second_task, needs=names, scales=scales)
        for task, leaves in zip(tasks, executor.map(function, shared, tasks), strict=True):
            for leaf in leaves:
                adders[task.part].add(groups_of(leaf))
        return {p: adder.total() for p, adder in adders.items()}

    scales = {BASE: _side_by_side(sets, len(data.windows))}
    scales |= {EXTRAS + place: found.scales for place, found in enumerate(sets)}
    parts = [p for p in range(len(shared.parts)) if p != HOLES]
    totals = total(parts, needs, scales)
    out = []
    for place, found in enumerate(sets):
        base = dict(totals[BASE])
        if place and "corrado_zivney" in needs:
            # Event days are brought to the spread among the events of the set, base included.
            base |= total([BASE], frozenset({"corrado_zivney"}), {BASE: found.scales})[BASE]
        extra = totals.get(EXTRAS + place, {})
        groups = _both(found.windows, base, extra, len(data.windows))
        out.append(replace(found, groups={**found.groups, **groups}))
    return tuple(out)
