"""Studentised days of each event ranked among themselves, with event days and window entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray, ModelFit
from eventstudy.reduce.entries import entry_scores, member_base, pushed_sums, sign_sums
from eventstudy.reduce.groups import GrankBase, GrankEntries, Scores
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.reduce.ranking import ROWS, Placed, Sorter
from eventstudy.reduce.scores import ScoreSums, finite_or_none, rank_totals, slices
from eventstudy.reduce.signs import entering

__all__ = ["DayRanks", "Entries", "day_ranks", "window_entries"]


@dataclass(frozen=True, eq=False)
class Entries:
    """One entry a window and event, to be ranked among the days.

    Attributes
    ----------
    enters : (n, W) bool
    plain : (n, W) float
        SCAR over the spread of the SCARs.
    cross : (n, W) float
        The same times ``sqrt(1 - r)``.
    """

    enters: BoolArray
    plain: FloatArray
    cross: FloatArray


def window_entries(leaf: Leaf, scales: Scales) -> Entries:
    """Bring the standardised CARs of each window to unit spread; NaN outside the window."""
    shape = (leaf.n, len(leaf.windows))
    enters, plain = np.zeros(shape, dtype=bool), np.empty(shape)
    for w, window in enumerate(leaf.windows):
        enters[:, w] = entering(window)
        plain[:, w] = np.where(enters[:, w], window.scar, np.nan)
    plain /= scales.scar_sd
    return Entries(enters, plain, plain * scales.root)


def _studentised(fit: ModelFit, rows: slice, out: FloatArray) -> None:
    """Write the internally studentised residuals of some rows."""
    if fit.standardised is not None:
        out[:] = fit.standardised[rows]
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        np.subtract(1.0, fit.leverage[rows], out=out)
        np.sqrt(out, out=out)
        np.multiply(out, fit.sigma[rows, None], out=out)
        np.divide(fit.residuals[rows], out, out=out)


@dataclass(frozen=True, eq=False)
class DayRanks:
    """Groups that come from one sort of the studentised days; None where not asked for.

    ``day_base`` and ``day_count`` (W, T) are the base of the events that enter each window.
    """

    zivney: Scores | None
    base: GrankBase
    entries: GrankEntries | None
    day_base: FloatArray | None
    day_count: FloatArray | None


class _EntrySums:
    """Adds up what :class:`GrankEntries` holds."""

    def __init__(self, width: int, days: int) -> None:
        self.scores = np.zeros((2, width))
        self.pushed = np.zeros((2 * width, days))
        self.variance = np.zeros(width)
        self.sign_days, self.sign_entry = np.zeros((width, days)), np.zeros(width)

    def add(
        self, placed: Placed, at: int, values: FloatArray, enters: BoolArray, size: IntArray
    ) -> None:
        """Add rows whose plain entries, then their cross entries, start at column ``at``."""
        width = enters.shape[1]
        both = slice(at, at + 2 * width)
        twice = np.tile(enters, 2) & np.isfinite(values[:, both])
        self.scores += entry_scores(placed, both, twice, size).reshape(2, width)
        self.pushed += pushed_sums(placed, both, values, twice, size)
        self.variance += (enters * (size / (12.0 * (size + 2.0)))[:, None]).sum(axis=0)
        plain = slice(at, at + width)
        days, entry = sign_sums(placed, plain, values, twice[:, :width], size)
        self.sign_days += days
        self.sign_entry += entry

    def group(self, enters: BoolArray) -> GrankEntries:
        """Return the sums; ``enters`` are all events."""
        width = enters.shape[1]
        return GrankEntries(
            n=enters.sum(axis=0).astype(np.float64),
            variance=self.variance,
            plain_score=self.scores[0],
            cross_score=self.scores[1],
            plain_pushed=self.pushed[:width],
            cross_pushed=self.pushed[width:],
            sign_days=self.sign_days,
            sign_entry=self.sign_entry,
        )


def _filled(
    leaf: Leaf, sar_sd: FloatArray | None, entries: Entries | None
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield runs of rows with their days, event days and entries side by side."""
    t = leaf.n_est
    length = 0 if sar_sd is None else len(sar_sd)
    width = t + length + (0 if entries is None else 2 * entries.plain.shape[1])
    buffer = np.empty((ROWS, width))
    for rows in slices(leaf.n):
        values = buffer[: rows.stop - rows.start]
        _studentised(leaf.fit, rows, values[:, :t])
        if sar_sd is not None:
            usable = sar_sd > 0.0
            scaled = leaf.fit.sar[rows] / np.where(usable, sar_sd, 1.0)
            values[:, t : t + length] = np.where(usable, scaled, np.nan)
        if entries is not None:
            middle = t + length + entries.plain.shape[1]
            values[:, t + length : middle] = entries.plain[rows]
            values[:, middle:] = entries.cross[rows]
        yield rows, values


def day_ranks(
    leaf: Leaf,
    *,
    sar_sd: FloatArray | None = None,
    entries: Entries | None = None,
    by_window: bool = False,
) -> DayRanks:
    """Sort the studentised days of each event once, for all that is ranked among them.

    Parameters
    ----------
    leaf : Leaf
    sar_sd : (L,) float, optional
        Spread across the events that equalises the event days; asks for the Corrado-Zivney ranks.
    entries : Entries, optional
        Asks for the generalized ranks of the windows.
    by_window : bool
        Whether the base of each window's own events is wanted.
    """
    t = leaf.n_est
    own = t if sar_sd is None else t + len(sar_sd)
    width = 0 if entries is None else entries.plain.shape[1]
    sorter = Sorter(own + 2 * width)
    owns = (t,) if sar_sd is None else (t, own)
    base, zivney, sums = ScoreSums.empty(t), ScoreSums.empty(own), _EntrySums(width, t)
    by_base, by_count = np.zeros((width, t)), np.zeros((width, t))
    for rows, values in _filled(leaf, sar_sd, entries):
        on = finite_or_none(values[:, :own])
        days = None if on is None or on[:, :t].all() else on[:, :t]
        size = np.full(len(values), t) if days is None else days.sum(axis=1)
        placed = sorter.place(values, owns)
        base.add(*rank_totals(placed[0], days, centred=False, extra=2))
        if sar_sd is not None:
            zivney.add(*rank_totals(placed[1], on, centred=True, extra=1))
        if entries is not None:
            enters = entries.enters[rows]
            sums.add(placed[0], own, values, enters, size)
            if by_window:
                own_base, own_count = member_base(placed[0], enters, size)
                by_base += own_base
                by_count += own_count
    return DayRanks(
        None if sar_sd is None else zivney.group,
        GrankBase(base.total, base.count),
        None if entries is None else sums.group(entries.enters),
        by_base if by_window else None,
        by_count if by_window else None,
    )
