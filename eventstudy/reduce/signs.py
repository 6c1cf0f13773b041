"""Signs of the CARs, and how often estimation days or sums of days are positive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.inference.sample import Window
from eventstudy.reduce.groups import SignCounts
from eventstudy.reduce.leaf import Leaf
from eventstudy.reduce.ranking import row_counts
from eventstudy.reduce.scores import slices

__all__ = ["Days", "entering", "positive_share", "run_sums", "sign_counts"]

# A run's sum comes as the difference of two running sums. Below this times T^2 and the row's
# largest return its sign may be that of the rounding: then it is added up day by day.
_ROUNDING = 2.0**-52


def entering(window: Window) -> BoolArray:
    """Events that enter a window with a finite CAR and standard error, (n,)."""
    return np.asarray(window.members & np.isfinite(window.car) & np.isfinite(window.car_se))


@dataclass(frozen=True, eq=False)
class Days:
    """Raw abnormal returns of the estimation days of some events.

    Attributes
    ----------
    raw : (r, T) float
        NaN where missing.
    gone : (r, T) bool or None
        Missing days; None where there is none.
    spans : (r, T) float or None
        Sessions spanned, 0 on missing days; None where every day is there and spans one.
    """

    raw: FloatArray
    gone: BoolArray | None
    spans: FloatArray | None

    @classmethod
    def of(cls, block: EventBlock, fit: ModelFit, rows: slice) -> Days:
        """Take the days of some rows."""
        residuals, spans = fit.residuals[rows], block.spans_est[rows]
        if (spans == 1.0).all() and np.isfinite(residuals).all():
            return cls(residuals, None, None)
        with np.errstate(invalid="ignore"):
            raw = np.asarray(residuals * np.sqrt(spans))
        gone = ~np.isfinite(raw)
        return cls(raw, gone if gone.any() else None, np.where(gone, 0.0, spans))


def run_sums(raw: FloatArray, spans: FloatArray, length: int) -> FloatArray:
    """Sum raw abnormal returns over every run of ``length`` sessions that is complete.

    Parameters
    ----------
    raw, spans : (n, T) float
        NaN where there is no return.
    length : int

    Returns
    -------
    (n, T - length + 1) float
        NaN where the returns of the run do not span exactly ``length`` sessions. Empty when
        ``length > T``.

    Examples
    --------
    >>> run_sums(np.array([[1.0, 2.0, 4.0, np.nan]]), np.array([[1.0, 1.0, 1.0, np.nan]]), 2)
    array([[ 3.,  6., nan]])
    """
    if length > raw.shape[1]:
        return np.empty((len(raw), 0))
    on = np.isfinite(raw)
    runs = np.lib.stride_tricks.sliding_window_view
    total = runs(np.where(on, raw, 0.0), length, axis=1).sum(axis=2)
    spanned = runs(np.where(on, spans, 0.0), length, axis=1).sum(axis=2)
    return np.asarray(np.where(spanned == length, total, np.nan))


def positive_share(values: FloatArray) -> FloatArray:
    """Share of strictly positive among the finite nonzero values of each row; NaN for none.

    Examples
    --------
    >>> positive_share(np.array([[0.2, 0.0, -0.1, 0.3, np.nan], [0.0, 0.0, 0.0, 0.0, 0.0]]))
    array([0.66666667,        nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        above, below = row_counts(values > 0.0), row_counts(values < 0.0)
        return np.asarray(above / (above + below))


def _running(values: FloatArray) -> FloatArray:
    """Sums of the columns before each place, (r, T + 1)."""
    out = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def _run_shares(days: Days, lengths: list[int]) -> list[FloatArray]:
    """Positive share of the complete runs of each length, (r,) each."""
    raw, spans, columns = days.raw, days.spans, days.raw.shape[1]
    filled = raw if days.gone is None else np.where(days.gone, 0.0, raw)
    sums = _running(filled)
    spanned = None if spans is None else _running(spans)
    size = np.maximum(filled.max(axis=1), -filled.min(axis=1))[:, None]
    edge = _ROUNDING * columns * columns * size
    out = []
    for length in lengths:
        if length > columns:
            out.append(np.full(len(raw), np.nan))
            continue
        total = sums[:, length:] - sums[:, :-length]
        above, below = total > edge, total < -edge
        runs: IntArray | int = total.shape[1]
        if spanned is not None:
            full = spanned[:, length:] - spanned[:, :-length] == length
            above &= full
            below &= full
            runs = row_counts(full)
        up, down = row_counts(above), row_counts(below)
        with np.errstate(invalid="ignore"):
            share = up / (up + down)
        # Sums at zero up to rounding.
        near = np.flatnonzero(up + down < runs)
        if len(near):
            one = np.ones((len(near), columns)) if spans is None else spans[near]
            share[near] = positive_share(run_sums(raw[near], one, length))
        out.append(share)
    return out


def sign_counts(leaf: Leaf) -> SignCounts:
    """Count the signs of the CARs beside the shares of positive estimation days and sums.

    Parameters
    ----------
    leaf : Leaf

    Returns
    -------
    SignCounts
        A CAR of zero has no sign; an event without a nonzero estimation day, or without a
        complete run as long as its window, has no share and leaves that comparison.
    """
    shape = (leaf.n, len(leaf.windows))
    enters, car, days = np.zeros(shape, dtype=bool), np.empty(shape), np.empty(shape)
    for w, window in enumerate(leaf.windows):
        enters[:, w], car[:, w], days[:, w] = entering(window), window.car, window.n_days
    with np.errstate(invalid="ignore"):
        wins, signed = enters & (car > 0.0), enters & (car != 0.0)
    lengths = np.unique(days[enters])
    longer = [int(d) for d in lengths[lengths > 1.0]]
    daily, share = np.empty(leaf.n), np.full(shape, np.nan)
    for rows in slices(leaf.n):
        daily[rows] = positive_share(leaf.fit.residuals[rows])
        found = _run_shares(Days.of(leaf.block, leaf.fit, rows), longer)
        by_length = {1: daily[rows], **dict(zip(longer, found, strict=True))}
        for length, values in by_length.items():
            part = days[rows] == length
            share[rows] = np.where(part, values[:, None], share[rows])

    with_daily = signed & np.isfinite(daily)[:, None]
    with_share = signed & np.isfinite(share)
    return SignCounts(
        wins=wins.sum(axis=0),
        nonzero=signed.sum(axis=0),
        daily_used=with_daily.sum(axis=0),
        daily_wins=(with_daily & wins).sum(axis=0),
        daily_share=np.where(with_daily, daily[:, None], 0.0).sum(axis=0),
        window_used=with_share.sum(axis=0),
        window_wins=(with_share & wins).sum(axis=0),
        window_share=np.where(with_share, share, 0.0).sum(axis=0),
    )
