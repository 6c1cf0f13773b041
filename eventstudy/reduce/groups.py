"""Groups of sums over events: each belongs to a leaf, and two of them add up to one.

Shapes: ``W`` tested windows, ``T`` estimation and ``L`` event columns. Window groups count the
events that enter each window; member groups count all events of the leaf they were made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.reduce.adding import Group, Moments, merge

__all__ = [
    "DateSums",
    "DayMeans",
    "GrankBase",
    "GrankBlocks",
    "GrankEntries",
    "Group",
    "Moments",
    "PrecisionSums",
    "RandomEffects",
    "Scores",
    "SelectedDays",
    "SignCounts",
    "Tracks",
    "WindowSums",
    "merge",
]


@dataclass(frozen=True, eq=False)
class WindowSums(Group):
    """Window group: CARs and their standardised forms.

    Attributes
    ----------
    car, scar, scaled : Moments
        Of CAR, CAR over its forecast standard error, and CAR over ``s sqrt(n_days)``.
    patell : (W,) float
        Sum of (sum of the window's SARs over the root of their number).
    variance : (W,) float
        Sum of ``n_days s^2``.
    df_ratio : (W,) float
        Sum of ``df/(df - 2)``.
    df_low : (W,) float
        Smallest residual degrees of freedom; inf for no event.
    """

    car: Moments
    scar: Moments
    scaled: Moments
    patell: FloatArray
    variance: FloatArray
    df_ratio: FloatArray
    df_low: FloatArray

    def merged(self, other: Self) -> Self:
        """Return the group of both sets of events."""
        both = super().merged(other)
        return type(self)(
            both.car, both.scar, both.scaled, both.patell, both.variance, both.df_ratio,
            np.minimum(self.df_low, other.df_low),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SignCounts(Group):
    """Window group: signs of the CARs, and the share of positive estimation days or sums.

    Attributes
    ----------
    wins, nonzero : (W,) int
        CARs above zero; CARs other than zero.
    daily_used, daily_wins : (W,) int
        Nonzero CARs whose event has a daily share, and those of them above zero.
    daily_share : (W,) float
        Sum of these events' shares of positive estimation days.
    window_used, window_wins : (W,) int
    window_share : (W,) float
        The same with the share of positive sums of as many estimation sessions as the event's
        window counts.
    """

    wins: IntArray
    nonzero: IntArray
    daily_used: IntArray
    daily_wins: IntArray
    daily_share: FloatArray
    window_used: IntArray
    window_wins: IntArray
    window_share: FloatArray


@dataclass(frozen=True, eq=False)
class PrecisionSums(Group):
    """Window group: CARs weighted by their precision ``w = 1/se^2``.

    Attributes
    ----------
    car : Moments
        Weighted: ``n`` is the sum of the weights, ``m2`` the weighted sum of squares about the
        weighted mean. ``m3`` and the range are not used.
    squares : (W,) float
        Sum of ``w^2``.
    """

    car: Moments
    squares: FloatArray


@dataclass(frozen=True, eq=False)
class DateSums(Group):
    """Window group: sums by day-0 date.

    Attributes
    ----------
    dates : (G,) int
        Day numbers, ascending.
    count, car, scar : (G, W) float
        Events that enter, and sums of their CARs and standardised CARs.
    """

    dates: IntArray
    count: FloatArray
    car: FloatArray
    scar: FloatArray

    def merged(self, other: Self) -> Self:
        """Return the sums over both sets of events."""
        return self.joined([self, other])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the sums over several sets of events, added in their order."""
        dates, place = np.unique(np.concatenate([p.dates for p in parts]), return_inverse=True)
        shape = (len(dates), parts[0].count.shape[1])
        out = [np.zeros(shape) for _ in range(3)]
        begin = 0
        for part in parts:
            at = place[begin : begin + len(part.dates)]
            begin += len(part.dates)
            for total, values in zip(out, (part.count, part.car, part.scar), strict=True):
                total[at] += values
        return cls(dates, *out)


@dataclass(frozen=True, eq=False)
class SelectedDays(Group):
    """Window group: abnormal returns of the days that count, by relative day.

    Attributes
    ----------
    total, held : (W, L) float
        Sum of the abnormal returns of the entering events on their selected days; their number.
    """

    total: FloatArray
    held: FloatArray


@dataclass(frozen=True, eq=False)
class DayMeans(Group):
    """Member group: sums by relative day for averages over the events.

    Attributes
    ----------
    residual, residual_count : (T,) float
        Estimation abnormal returns over the sessions that they span, and their number.
    returns, spans, count : (T + L,) float
        Returns and sessions spanned on the rows that the mean equation can use, estimation days
        first, and the number of such rows.
    factors : (T + L, F) float
        Regressors on the same rows.
    """

    residual: FloatArray
    residual_count: FloatArray
    returns: FloatArray
    spans: FloatArray
    count: FloatArray
    factors: FloatArray


@dataclass(frozen=True, eq=False)
class Scores(Group):
    """Member group: scores (ranks or signs) by relative day.

    Attributes
    ----------
    total : (T + L,) float
    count : (T + L,) float
        Events that have a score on the day.
    """

    total: FloatArray
    count: FloatArray


@dataclass(frozen=True, eq=False)
class GrankBase(Group):
    """Member group: studentised estimation days ranked among themselves.

    Attributes
    ----------
    base : (T,) float
        Sum of (mid-rank among the event's own ``T_i`` days) over ``T_i + 2``.
    count : (T,) float
        Events that have the day.
    """

    base: FloatArray
    count: FloatArray


@dataclass(frozen=True, eq=False)
class GrankEntries(Group):
    """Window group: the window's entry ranked among the studentised estimation days.

    The entry is SCAR over the spread of the SCARs (``plain``), times ``sqrt(1 - r)`` (``cross``).

    Attributes
    ----------
    n : (W,) float
        Events that enter.
    variance : (W,) float
        Sum of ``T_i / (12 (T_i + 2))``: the variance of a uniform rank.
    plain_score, cross_score : (W,) float
        Sum of (rank of the entry among ``T_i + 1`` values over ``T_i + 2``, minus a half).
    plain_pushed, cross_pushed : (W, T) float
        Sum of ``1/(T_i + 2)`` over events whose day exceeds the entry, half of it for a tie: what
        the entry adds to the scores of the days.
    sign_days : (W, T) float
        Sum of the signs of the days about the median of the ``T_i + 1`` values (plain entry).
    sign_entry : (W,) float
        Sum of the signs of the entry.
    """

    n: FloatArray
    variance: FloatArray
    plain_score: FloatArray
    cross_score: FloatArray
    plain_pushed: FloatArray
    cross_pushed: FloatArray
    sign_days: FloatArray
    sign_entry: FloatArray


@dataclass(frozen=True, eq=False)
class GrankBlocks(Group):
    """Window group: the ``cross`` entry ranked among disjoint blocks as long as the window.

    One array a window; windows with too few blocks have empty arrays.

    Attributes
    ----------
    base, count, pushed : tuple of (B_w,) float
        As in :class:`GrankBase` and :class:`GrankEntries`, of the events that enter.
    score : (W,) float
    n : (W,) float
    """

    base: tuple[FloatArray, ...]
    count: tuple[FloatArray, ...]
    pushed: tuple[FloatArray, ...]
    score: FloatArray
    n: FloatArray


@dataclass(frozen=True, eq=False)
class RandomEffects(Group):
    """Window group: CARs about ``Scales.centre`` weighted by ``1/(tau^2 + se^2)``.

    Attributes
    ----------
    total, first, second : (W,) float
        Sums of the weights, and of the weights times the first and second power.
    """

    total: FloatArray
    first: FloatArray
    second: FloatArray


@dataclass(frozen=True, eq=False)
class Tracks(Group):
    """Member group: unit residuals by calendar day, for events that share all their event days.

    A track is a day-0 date with the calendar days of the event window; on one calendar it is the
    date.

    Attributes
    ----------
    date : (K,) int
        Day-0 date.
    days : (K, L) int
        Calendar days of the event window, -1 where there is none.
    start : (K,) int
        Place in ``Leaf.calendar`` of the first column below.
    sums, squares, count : (K, C) float
        Sum, sum of squares and number of the unit residuals on the calendar days from ``start``
        on; zero beyond the last.
    events : (K,) float
        Number of events.
    """

    date: IntArray
    days: IntArray
    start: IntArray
    sums: FloatArray
    squares: FloatArray
    count: FloatArray
    events: FloatArray

    def merged(self, other: Self) -> Self:
        """Return the tracks of both sets of events, ordered by date and days."""
        return self.joined([self, other])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the tracks of several sets of events, ordered by date and days."""
        dates = np.concatenate([p.date for p in parts])
        days = np.concatenate([p.days for p in parts])
        first, place = _distinct(dates, days)
        starts = np.concatenate([p.start for p in parts])
        start = np.full(len(first), np.iinfo(np.int64).max)
        np.minimum.at(start, place, starts)
        widths = np.repeat([p.sums.shape[1] for p in parts], [len(p.date) for p in parts])
        reach = int((starts - start[place] + widths).max(initial=0))
        sums, squares, count = out = np.zeros((3, len(first), reach))
        events = np.zeros(len(first))
        begin = 0
        for part in parts:
            own = place[begin : begin + len(part.date)]
            begin += len(part.date)
            events[own] += part.events
            shift, width = part.start - start[own], part.sums.shape[1]
            at = _run(own)
            for total, values in zip(out, (part.sums, part.squares, part.count), strict=True):
                if not shift.any():
                    total[at, :width] += values
                else:
                    total[own[:, None], shift[:, None] + np.arange(width)] += values
        return cls(dates[first], days[first], start, sums, squares, count, events)


def _distinct(dates: IntArray, days: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each distinct track stands first, by date and days, and the place of each."""
    new = np.r_[True, dates[1:] != dates[:-1]][: len(dates)]
    again = np.flatnonzero(~new)
    if (dates[1:] >= dates[:-1]).all() and (days[again] == days[again - 1]).all():
        return np.flatnonzero(new), np.cumsum(new) - 1
    keys = np.column_stack([dates, days])
    _, first, place = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first, place.reshape(-1)


def _run(places: IntArray) -> IntArray | slice:
    """Return ascending places as a slice where none is left out."""
    if len(places) and places[-1] - places[0] == len(places) - 1:
        return slice(int(places[0]), int(places[-1]) + 1)
    return places
