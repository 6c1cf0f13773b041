"""Products of tracks whose event windows lie on one calendar, by the sessions between them.

Two windows of ``L`` sessions that begin ``g`` sessions apart share ``L - g`` of them, whatever the
tracks: all that a table of shared days needs is the sum of the products for each ``g``.
"""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.reduce.groups import Tracks

__all__ = ["lag_products", "pair_sums", "session_places"]

# Sessions, and tracks, worked on at a time: they stay in the processor's cache.
CHUNK = 32
# Share of the sessions that begin a track below which the tracks are paired one by one.
SPARSE = 0.45
TRACKS = 256


def session_places(days: IntArray) -> IntArray | None:
    """Return the place of each track's first day among all days of all tracks, (K,).

    Parameters
    ----------
    days : (K, L) int

    Returns
    -------
    (K,) int or None
        None where the places don't ascend, or the days of some track do not follow each other
        there: tracks of several calendars, or at the end of one.

    Examples
    --------
    >>> session_places(np.array([[3, 7], [7, 8], [20, 21]])).tolist()
    [0, 1, 3]
    """
    if not days.size or days.min() < 0:
        return None
    low = int(days.min())
    known = np.zeros(int(days.max()) - low + 1, dtype=bool)
    known[days - low] = True
    place = np.asarray((np.cumsum(known) - 1)[days - low])
    alone = (place == place[:, :1] + np.arange(days.shape[1])).all()
    first = place[:, 0]
    return first if alone and bool((first[1:] > first[:-1]).all()) else None


def lag_products(tracks: Tracks, place: IntArray) -> FloatArray:
    """Add up the products of every two tracks by the sessions between their first event days.

    Parameters
    ----------
    tracks : Tracks
    place : (K,) int
        Of their first event days, from :func:`session_places`.

    Returns
    -------
    (L,) float
        At g, over pairs that begin g sessions apart; 0 at g = 0.
    """
    length = tracks.days.shape[1]
    if length < 2:
        return np.zeros(length)
    # Estimation days stand alike about the first event day among tracks that meet, but for those
    # that begin with the calendar or with a day that none of their events has.
    begins = np.flatnonzero(np.r_[True, np.diff(place) >= length])
    offset = tracks.start - place
    base = np.minimum.reduceat(offset, begins)
    shift = offset - np.repeat(base, np.diff(np.r_[begins, len(place)]))
    out = np.zeros(length)
    span = int(place[-1] - place[0]) + 1
    add = _add_dense if len(place) > SPARSE * span else _add_sparse
    add(out, tracks.sums, place - place[0], shift)
    return out


def _put(rows: FloatArray, at: IntArray | slice, values: FloatArray, shift: IntArray) -> None:
    """Write tracks into rows of zeros, each behind its shift."""
    reach = values.shape[1]
    rows[at, :reach] = values
    where = np.arange(len(rows))[at]
    for k in np.flatnonzero(shift):
        rows[where[k]] = 0.0
        rows[where[k], shift[k] : shift[k] + reach] = values[k]


def _add_dense(out: FloatArray, sums: FloatArray, place: IntArray, shift: IntArray) -> None:
    """Add products by gap, with a row of zeros for a session that begins no track."""
    length, reach = len(out), sums.shape[1]
    edges = np.searchsorted(place, np.arange(0, int(place[-1]) + CHUNK + length, CHUNK))
    for c, first in enumerate(edges[:-1]):
        begin = c * CHUNK
        last = int(np.searchsorted(place, begin + CHUNK + length - 1))
        if last - first < 2 or edges[c + 1] == first:
            continue
        here = slice(int(first), last)
        # Room for the last gap behind each row: what is shifted out of it meets zeros.
        width = reach + int(shift[here].max()) + length - 1
        rows = np.zeros((CHUNK + length - 1, width))
        _put(rows, place[here] - begin, sums[here], shift[here])
        flat = rows.ravel()
        own = flat[: CHUNK * width]
        for gap in range(1, length):
            # Column c of a row meets column c - gap of the row `gap` further on.
            step = gap * (width - 1)
            out[gap] += np.dot(own[gap:], flat[gap + step : len(own) + step])


def _add_sparse(out: FloatArray, sums: FloatArray, place: IntArray, shift: IntArray) -> None:
    """Add products by gap, over the pairs that there are."""
    length, reach = len(out), sums.shape[1]
    for first in range(0, len(place), TRACKS):
        own = place[first : first + TRACKS]
        last = int(np.searchsorted(place, own[-1] + length))
        here = slice(first, last)
        rows = np.zeros((last - first, reach + int(shift[here].max())))
        _put(rows, slice(None), sums[here], shift[here])
        track = np.full(int(own[-1] - own[0]) + length, -1)
        track[place[here] - own[0]] = np.arange(last - first)
        for gap in range(1, min(length, rows.shape[1])):
            other = track[own - own[0] + gap]
            one = np.flatnonzero(other >= 0)
            early, late = rows[one, gap:], rows[other[one], :-gap]
            out[gap] += np.einsum("kc,kc->", early, late)


def pair_sums(tracks: Tracks) -> FloatArray:
    """Sum of the products of the residuals of each track's own pairs, both orders, (K,)."""
    out = np.empty(len(tracks.sums))
    for first in range(0, len(out), CHUNK):
        here = slice(first, first + CHUNK)
        products = tracks.sums[here] ** 2 - tracks.squares[here]
        # Days with one event contribute exactly nothing.
        products *= tracks.count[here] >= 2
        out[here] = products.sum(axis=1)
    return out
