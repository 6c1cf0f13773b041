"""Adding up the groups of many leaves in their order, and taking some windows out of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eventstudy.arrays import IntArray
from eventstudy.reduce.groups import DateSums, Group, Tracks, merge

__all__ = ["Adder", "take_windows"]


class Adder:
    """Adds named groups, in the order in which leaves are given.

    Groups are added as they come, so that none is held; those by date grow with every leaf and
    are joined at the end, as copying them at every step would cost the square of it.

    Examples
    --------
    >>> from eventstudy.reduce.groups import Scores
    >>> adder = Adder()
    >>> for total in (1.0, 2.0):
    ...     adder.add({"corrado": Scores(np.array([total]), np.array([1.0]))})
    >>> adder.total()["corrado"].total.tolist()
    [3.0]
    """

    def __init__(self) -> None:
        self._sums: dict[str, Any] = {}
        self._kept: dict[str, list[Any]] = {}

    def add(self, groups: Mapping[str, Group]) -> None:
        """Add the groups of one leaf."""
        for name, group in groups.items():
            if isinstance(group, DateSums | Tracks):
                self._kept.setdefault(name, []).append(group)
            elif name in self._sums:
                self._sums[name] = self._sums[name].merged(group)
            else:
                self._sums[name] = group

    def total(self) -> dict[str, Any]:
        """Return the sums of all leaves."""
        kept = {name: _joined(parts) for name, parts in self._kept.items()}
        return {**self._sums, **kept}


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else merge(parts)


def take_windows(group: Any, windows: Sequence[int]) -> Any:
    """Return a window group with some of its windows, in the given order.

    Examples
    --------
    >>> from eventstudy.reduce.groups import RandomEffects
    >>> one, two = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    >>> take_windows(RandomEffects(one, two, two), [1]).total.tolist()
    [2.0]
    """
    one = windows[0] if len(windows) == 1 else -1
    return _taken(group, windows, slice(one, one + 1) if one >= 0 else np.asarray(windows))


def _taken(group: Any, windows: Sequence[int], index: slice | IntArray) -> Any:
    if isinstance(group, DateSums):
        return DateSums(
            group.dates, group.count[:, index], group.car[:, index], group.scar[:, index]
        )
    values = []
    for name in group.__dataclass_fields__:
        value = getattr(group, name)
        if isinstance(value, Group):
            values.append(_taken(value, windows, index))
        elif isinstance(value, tuple):
            values.append(tuple([value[w] for w in windows]))
        else:
            values.append(value[index])
    return type(group)(*values)
