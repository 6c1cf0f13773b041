"""Window entries ranked among disjoint estimation blocks as long as the window."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.reduce.entries import entry_scores, member_base, pushed_sums
from eventstudy.reduce.grank import DayRanks, Entries
from eventstudy.reduce.groups import GrankBlocks
from eventstudy.reduce.leaf import Leaf
from eventstudy.reduce.ranking import ROWS, Sorter
from eventstudy.reduce.scores import finite_or_none, slices
from eventstudy.reduce.signs import Days

__all__ = ["LEAST_BLOCKS", "block_ranks", "studentised_blocks"]

# Fewer blocks than this leave ranks so coarse that the t distribution says nothing.
LEAST_BLOCKS = 10

# Base, count and pushed (B,) of a window, and its score.
Sums = tuple[FloatArray, FloatArray, FloatArray, float]


def studentised_blocks(
    block: EventBlock, fit: ModelFit, length: int, rows: slice = slice(None)
) -> FloatArray:
    r"""Studentised sums of the estimation abnormal returns over disjoint blocks.

    .. math::
       B_w = \frac{\sum_{t \in w} e_t}{s \sqrt{\sum_{t \in w} q_t - x_w'(X'WX)^{-1} x_w}},
       \qquad x_w = \sum_{t \in w} X_t

    Parameters
    ----------
    block, fit
        N events and their fits.
    length : int
        Sessions of a block.
    rows : slice
        Events wanted.

    Returns
    -------
    (n, floor(T / length)) float
        Blocks from the first estimation column on; a block holds the returns that are there, NaN
        where none is. Where the regressors of the mean are not at hand (autoregression, models of
        the variance) the block is the sum of studentised days over
        ``sqrt(q (1 - (q - 1) / T_i))``, the scale under a constant mean.
    """
    return _Blocks(block, fit, rows).sums(length)


class _Blocks:
    """Block sums of any length of the same events."""

    def __init__(self, block: EventBlock, fit: ModelFit, rows: slice) -> None:
        k, columns = fit.theta.shape[1], block.factors_est.shape[2]
        self._days: FloatArray | None = None
        if fit.standardised is not None or not (k == 0 or k in (columns, columns + 1)):
            self._days = fit.estimation_sar[rows]
            return
        self._raw = Days.of(block, fit, rows)
        self._variance = np.square(fit.sigma[rows, None])
        self._cover = fit.covariance.parameters[rows]
        self._factors = [block.factors_est[rows, :, f] for f in range(columns if k else 0)]
        self._intercept = k == columns + 1

    def sums(self, length: int) -> FloatArray:
        """Studentised sums over blocks of ``length`` sessions."""
        if self._days is not None:
            return _from_days(self._days, length)
        raw, gone = self._raw, self._raw.gone
        total = _summed(raw.raw, gone, length)
        q = np.full((1, 1), float(length))
        if raw.spans is not None:
            q = _summed(raw.spans, None, length)
        design = [_summed(x, gone, length) for x in self._factors]
        design = [q, *design] if self._intercept else design
        variance = q * self._variance
        for i, x in enumerate(design):
            for j, y in enumerate(design[: i + 1]):
                twice = 1.0 if i == j else 2.0
                variance = variance - (twice * self._cover[:, i, j, None]) * (x * y)
        with np.errstate(invalid="ignore", divide="ignore"):
            good = (q > 0) & (variance > 0)
            return np.asarray(np.where(good, total / np.sqrt(variance), np.nan))


def _summed(values: FloatArray, gone: BoolArray | None, length: int) -> FloatArray:
    """Add up disjoint runs of columns, (n, floor(T / length))."""
    filled = values if gone is None else np.where(gone, 0.0, values)
    blocks = values.shape[1] // length
    runs = filled[:, : blocks * length].reshape(len(values), blocks, length)
    return np.asarray(np.einsum("nbl->nb", runs))


def _from_days(days: FloatArray, length: int) -> FloatArray:
    on = np.isfinite(days)
    total, q = _summed(days, ~on, length), _summed(on.astype(np.float64), None, length)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = q * (1.0 - (q - 1.0) / on.sum(axis=1)[:, None])
        return np.asarray(np.where((q > 0) & (variance > 0), total / np.sqrt(variance), np.nan))


def block_ranks(leaf: Leaf, entries: Entries, days: DayRanks | None) -> GrankBlocks:
    """Rank the ``cross`` entries among blocks; one-day blocks are the days.

    Parameters
    ----------
    leaf : Leaf
    entries : Entries
    days : DayRanks, optional
        With entries and by window; needed if any window is one day long.
    """
    width = len(leaf.windows)
    lengths = np.array([w.end - w.start + 1 for w in leaf.windows], dtype=np.int64)
    longer = [x for x in np.unique(lengths).tolist() if x > 1 and leaf.n_est // x >= LEAST_BLOCKS]
    sums = [_LengthSums(leaf, entries, np.flatnonzero(lengths == x), x) for x in longer]
    for rows in slices(leaf.n) if sums else []:
        blocks = _Blocks(leaf.block, leaf.fit, rows)
        for part in sums:
            part.add(rows, blocks)
    out = {w: each for part in sums for w, each in part.by_window()}
    if days is not None and leaf.n_est >= LEAST_BLOCKS:
        assert days.entries is not None
        assert days.day_base is not None
        assert days.day_count is not None
        each_day = days.day_base, days.day_count, days.entries.cross_pushed
        for w in np.flatnonzero(lengths == 1).tolist():
            base, count, pushed = (values[w] for values in each_day)
            out[w] = base, count, pushed, float(days.entries.cross_score[w])
    nothing = (np.empty(0), np.empty(0), np.empty(0), 0.0)
    found = [out.get(w, nothing) for w in range(width)]
    return GrankBlocks(
        tuple(f[0] for f in found), tuple(f[1] for f in found), tuple(f[2] for f in found),
        np.array([f[3] for f in found]), entries.enters.sum(axis=0).astype(np.float64),
    )  # fmt: skip


class _LengthSums:
    """Adds up the sums of the windows of one length."""

    def __init__(self, leaf: Leaf, entries: Entries, windows: IntArray, length: int) -> None:
        self._length, self._windows = length, windows
        self._enters, self._cross = entries.enters[:, windows], entries.cross[:, windows]
        blocks, width = leaf.n_est // length, len(windows)
        self._sorter = Sorter(blocks + width)
        self._buffer = np.empty((ROWS, blocks + width))
        self._base, self._count, self._pushed = (np.zeros((width, blocks)) for _ in range(3))
        self._score = np.zeros(width)

    def add(self, rows: slice, blocks: _Blocks) -> None:
        """Add some rows, whose blocks are given."""
        values = self._buffer[: rows.stop - rows.start]
        own = self._pushed.shape[1]
        values[:, :own] = blocks.sums(self._length)
        values[:, own:] = self._cross[rows]
        on = finite_or_none(values[:, :own])
        size = np.full(len(values), own) if on is None else on.sum(axis=1)
        (placed,) = self._sorter.place(values, (own,))
        enters, columns = self._enters[rows], slice(own, values.shape[1])
        base, count = member_base(placed, enters, size)
        self._base += base
        self._count += count
        enters = enters & np.isfinite(values[:, columns])
        self._pushed += pushed_sums(placed, columns, values, enters, size)
        self._score += entry_scores(placed, columns, enters, size)

    def by_window(self) -> list[tuple[int, Sums]]:
        """The sums of each window."""
        parts = zip(self._base, self._count, self._pushed, self._score.tolist(), strict=True)
        return list(zip(self._windows.tolist(), parts, strict=True))
