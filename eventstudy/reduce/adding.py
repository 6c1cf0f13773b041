"""How groups of sums over events add up, and moments, which add up without cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any, Self, TypeVar

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray

__all__ = ["Group", "Moments", "merge"]


class Group:
    """Sums over events; fields are arrays that add, or groups, or tuples of arrays."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the group of several sets of events, added in their order."""
        return reduce(lambda a, b: a.merged(b), parts)

    def merged(self, other: Self) -> Self:
        """Return the group of both sets of events, this one's first."""
        return type(self)(
            **{
                f.name: _added(getattr(self, f.name), getattr(other, f.name))
                for f in fields(self)  # type: ignore[arg-type]
            }
        )


def _added(one: Any, two: Any) -> Any:
    if isinstance(one, Group):
        return one.merged(two)
    if isinstance(one, tuple):
        return tuple(_added(a, b) for a, b in zip(one, two, strict=True))
    return one + two


G = TypeVar("G", bound=Group)


def merge(parts: Sequence[G]) -> G:
    """Add the groups of leaves in their order.

    Groups by date are joined in one go, so collect them and merge once.

    Raises
    ------
    ValueError
        For no group at all.
    """
    if not parts:
        raise ValueError("no leaf to merge")
    return parts[0].joined(parts)


@dataclass(frozen=True, eq=False)
class Moments(Group):
    r"""Count, mean, central moments and range of several variables at once, each of shape (S,).

    ``m2`` and ``m3`` are the sums of the second and third powers about the mean. Two sets of
    events are joined by the update of Chan, Golub and LeVeque (1983) and its third-order form,
    which does not cancel as sums of powers do. ``n`` may be a sum of weights. An empty set has
    ``n = 0``, mean 0 and the range (inf, -inf).
    """

    n: FloatArray
    mean: FloatArray
    m2: FloatArray
    m3: FloatArray
    low: FloatArray
    high: FloatArray

    def merged(self, other: Self) -> Self:
        """Return the moments of both sets of events."""
        n = self.n + other.n
        some = np.where(n > 0, n, 1.0)
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.n / some)
        cross = gap * gap * (self.n * (other.n / some))
        m2 = self.m2 + other.m2 + cross
        m3 = (
            self.m3
            + other.m3
            + cross * gap * ((self.n - other.n) / some)
            + 3.0 * gap * ((self.n * other.m2 - other.n * self.m2) / some)
        )
        return type(self)(
            n, mean, m2, m3, np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        )

    @classmethod
    def of(cls, values: FloatArray, on: BoolArray | None = None) -> Self:
        """Return the moments of the columns of ``values`` (n, S) over rows where ``on`` is true.

        ``on`` None: all count.
        """
        values = np.ascontiguousarray(values.T)
        there = None if on is None else np.ascontiguousarray(on.T)
        if there is None:
            n = np.full(len(values), float(values.shape[1]))
            low = high = values
        else:
            n = there.sum(axis=1).astype(np.float64)
            low, high = np.where(there, values, np.inf), np.where(there, values, -np.inf)
            values = np.where(there, values, 0.0)
        some = np.where(n > 0, n, 1.0)
        mean = values.sum(axis=1) / some
        about = values - mean[:, None]
        if there is not None:
            about *= there
        # What rounding left of the mean.
        slip = about.sum(axis=1) / some
        about -= slip[:, None]
        if there is not None:
            about *= there
        square = about * about
        m2 = square.sum(axis=1)
        square *= about
        return cls(
            n,
            mean + slip,
            m2,
            square.sum(axis=1),
            low.min(axis=1, initial=np.inf),
            high.max(axis=1, initial=-np.inf),
        )

    def part(self, which: slice) -> Self:
        """Return the moments of some of the variables."""
        return type(self)(
            self.n[which], self.mean[which], self.m2[which],
            self.m3[which], self.low[which], self.high[which],
        )  # fmt: skip

    @property
    def sd(self) -> FloatArray:
        """Standard deviation with divisor ``n - 1``, (S,); NaN for fewer than two."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(np.where(self.n > 1, self.m2, np.nan) / (self.n - 1.0)))
