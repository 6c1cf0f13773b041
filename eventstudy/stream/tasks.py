"""Leaves as tasks for an executor: cut, reduced, and the columns that come back with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.mapped import roomy
from eventstudy.reduce.groups import Group
from eventstudy.reduce.leaf import LEAF, Scales
from eventstudy.stream.backend import Backend, FirstLeaf, SecondLeaf
from eventstudy.stream.inputs import StreamData

__all__ = [
    "Collector",
    "EventColumns",
    "Shared",
    "Task",
    "first_task",
    "groups_of",
    "second_task",
    "tasks_of",
]

# Bytes of a column of the events above which a temporary file holds it.
COLUMN = 64 << 20


class Shared(NamedTuple):
    """What every task of a study needs: the events by part, and who reduces each part."""

    parts: tuple[StreamData, ...]
    backends: tuple[Backend, ...]


class Task(NamedTuple):
    """Some leaves of one part, in order."""

    part: int
    leaves: tuple[tuple[int, int], ...]


def tasks_of(part: int, n: int, block: int) -> Iterator[Task]:
    """Cut the events of a part into leaves, and those into tasks of ``block`` leaves.

    Examples
    --------
    >>> [len(task.leaves) for task in tasks_of(0, 10_000, 2)]
    [2, 1]
    """
    leaves = [(low, min(low + LEAF, n)) for low in range(0, n, LEAF)]
    for begin in range(0, len(leaves), block):
        yield Task(part, tuple(leaves[begin : begin + block]))


def first_task(shared: Shared, task: Task, *, needs: Sequence[frozenset[str]]) -> list[FirstLeaf]:
    """Reduce the leaves of a task to the groups of the first pass; ``needs`` by part."""
    data, backend = shared.parts[task.part], shared.backends[task.part]
    return [backend.first(data, low, high, needs[task.part]) for low, high in task.leaves]


def second_task(
    shared: Shared, task: Task, *, needs: Sequence[frozenset[str]], scales: Sequence[Scales]
) -> list[SecondLeaf]:
    """Reduce the leaves of a task to the groups of the second pass; both choices by part."""
    data, backend = shared.parts[task.part], shared.backends[task.part]
    own = scales[task.part]
    return [backend.second(data, low, high, own, needs[task.part]) for low, high in task.leaves]


def groups_of(leaf: FirstLeaf | SecondLeaf) -> dict[str, Group]:
    """Return the groups that a leaf holds, by name."""
    found = {f.name: getattr(leaf, f.name) for f in fields(leaf)}
    return {name: group for name, group in found.items() if isinstance(group, Group)}


@dataclass(frozen=True, eq=False)
class EventColumns:
    """Numbers of the single events, in canonical order.

    Attributes
    ----------
    names : tuple of str
        Names of the mean parameters.
    theta : (N, k) float
    sigma, df, r_squared : (N,) float
    n_obs : (N,) int
    """

    names: tuple[str, ...]
    theta: FloatArray
    sigma: FloatArray
    df: FloatArray
    r_squared: FloatArray
    n_obs: IntArray


class Collector:
    """Puts the columns of leaves where their events stand, in files where there are many.

    Parameters
    ----------
    n : int
        Events of the study.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._theta = np.empty((n, 0))
        self._names: tuple[str, ...] | None = None
        self._numbers = {k: roomy((n,), limit=COLUMN) for k in ("sigma", "df", "r_squared")}
        self._n_obs = roomy((n,), np.int64, limit=COLUMN)

    def put(self, rows: slice | IntArray, leaf: FirstLeaf) -> None:
        """Store the columns of one leaf."""
        if self._names is None:
            shape = self._n, leaf.theta.shape[1]
            self._theta, self._names = roomy(shape, limit=COLUMN), leaf.names
        self._theta[rows] = leaf.theta
        self._n_obs[rows] = leaf.n_obs
        for name, values in self._numbers.items():
            values[rows] = getattr(leaf, name)

    def columns(self) -> EventColumns:
        """Return the columns of all events."""
        return EventColumns(self._names or (), self._theta, **self._numbers, n_obs=self._n_obs)
