r"""Mean residual correlation of Kolari and Pynnonen, paired by calendar date.

Every residual series is scaled to unit sum of squares on its own estimation window; the product of
two series over the calendar sessions that both have is their correlation (0 where they have none).
The mean over all pairs needs no pair: with :math:`S_d` the sum of the scaled residuals on calendar
day :math:`d`,

.. math:: \bar r = \frac{\sum_d S_d^2 - \sum_i \sum_d z_{id}^2}{N(N-1)} .

References
----------
Kolari and Pynnonen (2010), Review of Financial Studies 23, 3996-4025, doi:10.1093/rfs/hhq072
(abstract checked).
Kolari, Pape and Pynnonen (2018) for the share of overlap (from memory of the literature, paper
not checked).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.reduce.groups import Tracks
from eventstudy.reduce.lagged import lag_products, pair_sums, session_places

__all__ = [
    "Overlap",
    "centred_residuals",
    "common_days",
    "mean_correlation",
    "overlap_correlation",
    "track_correlation",
    "unit_residuals",
    "windows_overlap",
]

# Tracks whose products are taken at a time: they stay in the processor's cache.
CHUNK = 64
NEVER = np.iinfo(np.int64).max


def centred_residuals(residuals: FloatArray, spans: FloatArray) -> FloatArray:
    """Take the mean over the sessions out of residuals per root session, (n, T); NaN stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> centred_residuals(np.array([[1.0, np.nan, 3.0]]), np.array([[1.0, np.nan, 1.0]]))
    array([[-1., nan,  1.]])
    """
    on = np.isfinite(residuals)
    root = np.where(on, np.sqrt(np.where(on, spans, 1.0)), 0.0)
    mean = (np.where(on, residuals, 0.0) * root).sum(axis=1) / (root**2).sum(axis=1)
    return np.asarray(residuals - mean[:, None] * np.where(on, root, np.nan))


def unit_residuals(residuals: FloatArray) -> FloatArray:
    """Scale each row to unit sum of squares over its finite entries; NaN stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> unit_residuals(np.array([[3.0, np.nan, 4.0]]))
    array([[0.6, nan, 0.8]])
    """
    norm = np.sqrt(np.where(np.isfinite(residuals), residuals**2, 0.0).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(residuals / norm[:, None])


def mean_correlation(z: FloatArray, days: IntArray) -> float:
    """Signed mean of the pairwise correlations.

    Parameters
    ----------
    z : (N, T) float
        Rows of unit sum of squares, NaN where missing.
    days : (N, T) int
        Calendar day of each entry.

    Returns
    -------
    float
        NaN for fewer than two events; 0 where no pair has a calendar day in common.

    Examples
    --------
    >>> import numpy as np
    >>> z = unit_residuals(np.array([[1.0, -1.0, 2.0], [1.0, -1.0, 2.0]]))
    >>> same = np.array([[1, 2, 3], [1, 2, 3]])
    >>> round(mean_correlation(z, same), 12)
    1.0
    >>> mean_correlation(z, np.array([[1, 2, 3], [4, 5, 6]]))
    0.0
    """
    n = z.shape[0]
    if n < 2:
        return float("nan")
    on = np.isfinite(z)
    codes = np.unique(days[on], return_inverse=True)[1]
    sums = np.bincount(codes, weights=z[on])
    squares = np.bincount(codes, weights=z[on] ** 2)
    # Day by day, so that days with one event contribute exactly nothing.
    pairs = np.where(np.bincount(codes) < 2, 0.0, sums**2 - squares)
    return float(pairs.sum() / (n * (n - 1.0)))


def track_correlation(tracks: Tracks) -> float:
    """Signed mean of the pairwise correlations of the events, from their tracks.

    Parameters
    ----------
    tracks : Tracks

    Returns
    -------
    float
        NaN for fewer than two events; exactly 0 where no pair has a calendar day in common.

    Examples
    --------
    Two events of one date with the same residuals, then two whose days are all different:

    >>> import numpy as np
    >>> def of(start, sums, squares, count):
    ...     k = len(start)
    ...     days = np.arange(k)[:, None]
    ...     return Tracks(
    ...         np.arange(k), days, np.array(start), *map(np.array, (sums, squares, count)),
    ...         np.full(k, 2.0 / k),
    ...     )
    >>> one = of([0], [[1.2, 1.6]], [[0.72, 1.28]], [[2.0, 2.0]])
    >>> round(track_correlation(one), 12)
    1.0
    >>> two = of([0, 2], [[0.6, 0.8]] * 2, [[0.36, 0.64]] * 2, [[1.0, 1.0]] * 2)
    >>> track_correlation(two)
    0.0
    """
    n = float(tracks.events.sum())
    if n < 2:
        return float("nan")
    place = (tracks.start[:, None] + np.arange(tracks.sums.shape[1])).ravel()
    sums = np.bincount(place, weights=tracks.sums.ravel())
    squares = np.bincount(place, weights=tracks.squares.ravel())
    # Day by day, so that days with one event contribute exactly nothing.
    alone = np.bincount(place, weights=tracks.count.ravel()) < 2
    pairs = np.where(alone, 0.0, sums**2 - squares)
    return float(pairs.sum() / (n * (n - 1.0)))


@dataclass(frozen=True, eq=False)
class Overlap:
    """Products of residuals of the events that share a day of the event window.

    Attributes
    ----------
    n : float
        Number of events.
    own : (L,) float
        Over tracks that have the column's day: sum of the products of their events' pairs, both
        orders.
    pairs : (L, L) float
        Over two tracks, the one that begins first in rows: sum of the products of their events
        where the row's day of the one is the column's day of the other.
    """

    n: float
    own: FloatArray
    pairs: FloatArray


def _products(tracks: Tracks, first: int, last: int, end: IntArray) -> FloatArray:
    """Return the products of tracks ``first:last`` with those 1, 2, ... places after them."""
    stop = int(end.max())
    start = tracks.start[first:stop]
    base, reach = int(start.min()), tracks.sums.shape[1]
    rows = np.zeros((stop - first, int(start.max()) - base + reach))
    for row, at, values in zip(rows, (start - base).tolist(), tracks.sums[first:stop], strict=True):
        row[at : at + reach] = values
    out = np.zeros((last - first, max(stop - first - 1, 0)))
    for lag in range(1, min(int((end - np.arange(first, last)).max()), stop - first)):
        size = min(last - first, stop - first - lag)
        out[:size, lag - 1] = np.einsum("kc,kc->k", rows[:size], rows[lag : lag + size])
    return out


def _ordered(tracks: Tracks) -> tuple[Tracks, IntArray, IntArray]:
    """Return the tracks that have a day, by their first one, and their first and last days."""
    low = np.where(tracks.days >= 0, tracks.days, NEVER).min(axis=1, initial=NEVER)
    order = np.argsort(low, kind="stable")[: int((low < NEVER).sum())]
    chosen = Tracks(
        tracks.date[order], tracks.days[order], tracks.start[order], tracks.sums[order],
        tracks.squares[order], tracks.count[order], tracks.events[order],
    )  # fmt: skip
    return chosen, low[order], chosen.days.max(axis=1, initial=-1)


def common_days(tracks: Tracks) -> Overlap:
    """Add up the products of every two tracks over the event days that both have.

    One table serves all tested windows. The cost is (pairs of tracks whose event windows meet) x
    C; on one calendar these are K x L pairs.
    """
    length = tracks.days.shape[1]
    own = np.where(tracks.days >= 0, pair_sums(tracks)[:, None], 0.0).sum(axis=0)
    place = session_places(tracks.days)
    if place is not None:
        # The row's day, g sessions into the one window, is g columns earlier in the other.
        gap = np.subtract.outer(np.arange(length), np.arange(length))
        pairs = np.where(gap > 0, lag_products(tracks, place)[np.maximum(gap, 0)], 0.0)
        return Overlap(float(tracks.events.sum()), own, pairs)
    return Overlap(float(tracks.events.sum()), own, _met(tracks))


def _met(tracks: Tracks) -> FloatArray:
    """Return the products of two tracks by their columns of the days that both have, (L, L)."""
    length = tracks.days.shape[1]
    pairs = np.zeros(length * length)
    tracks, low, high = _ordered(tracks)
    after = np.searchsorted(low, high, side="right")
    columns = np.arange(length)
    for first in range(0, len(low), CHUNK):
        last = min(first + CHUNK, len(low))
        end = after[first:last]
        products = _products(tracks, first, last, end)
        lags = np.arange(1, products.shape[1] + 1)
        one, lag = np.nonzero(lags < (end - np.arange(first, last))[:, None])
        # Where each calendar day stands in the event window of each track of the chunk.
        span = int((high[first:last] - low[first:last]).max()) + 1
        table = np.full((last - first, span + 1), -1)
        held = tracks.days[first:last] >= 0
        row, column = np.nonzero(held)
        table[row, (tracks.days[first:last] - low[first:last, None])[held]] = column
        days = tracks.days[first + one + lag + 1]
        offset = np.where(days >= 0, days - low[first + one][:, None], span)
        there = table[one[:, None], np.minimum(offset, span)]
        met = there >= 0
        code = (there * length + columns)[met]
        weight = np.broadcast_to(products[one, lag][:, None], met.shape)[met]
        pairs += np.bincount(code, weights=weight, minlength=len(pairs))
    return pairs.reshape(length, length)


def overlap_correlation(overlap: Overlap, columns: BoolArray) -> float:
    r"""Mean correlation with each pair weighted by the share of tested sessions in common.

    Parameters
    ----------
    overlap : Overlap
    columns : (L,) bool
        Event columns of the tested window.

    Returns
    -------
    float
        Floored at 0; NaN for fewer than two events.

    Notes
    -----
    .. math:: \frac{1}{N(N-1)} \sum_{i \ne j} r_{ij} \frac{|W_i \cap W_j|}{L}

    Examples
    --------
    >>> import numpy as np
    >>> pairs = np.array([[0.0, 1.0], [0.0, 0.0]])  # the later track starts one session later
    >>> overlap_correlation(Overlap(2.0, np.zeros(2), pairs), np.array([True, True]))
    0.5
    """
    n, length = overlap.n, int(columns.sum())
    if n < 2:
        return float("nan")
    total = overlap.own[columns].sum() + 2.0 * overlap.pairs[columns][:, columns].sum()
    return float(max(0.0, total / (n * (n - 1.0) * length)))


def windows_overlap(tracks: Tracks, columns: BoolArray) -> bool:
    """Whether tested windows of different day-0 dates share calendar time.

    Parameters
    ----------
    tracks : Tracks
        Ordered by date.
    columns : (L,) bool
        Event columns of the tested window.
    """
    if not len(tracks.date):
        return False
    days = tracks.days[:, columns]
    first = np.where(days >= 0, days, NEVER).min(axis=1)
    begins = np.flatnonzero(np.r_[True, tracks.date[1:] != tracks.date[:-1]])
    low = np.minimum.reduceat(first, begins)
    high = np.maximum.reduceat(days.max(axis=1), begins)
    order = np.argsort(low, kind="stable")
    reached = np.maximum.accumulate(high[order])
    return bool((low[order][1:] <= reached[:-1]).any())
