"""What the tests need of all cumulative abnormal returns of a window at once, sorted once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import FloatArray

__all__ = ["Column", "column_pieces"]


@dataclass(frozen=True)
class Column:
    r"""Order statistics of one window's CARs.

    Attributes
    ----------
    n, nonzero : int
        Values; values other than zero.
    w_plus : float
        Sum of the mid-ranks of the positive values, ranked by size among the nonzero ones.
    tie_term : float
        Sum over the groups of equal sizes of ``t^3 - t``.
    tied : bool
        Whether any two nonzero values have the same size.
    pseudo_mean, pseudo_sd, pseudo_low, pseudo_high : float
        Mean, standard deviation (divisor ``n - 1``) and range of the jackknife's pseudo-values of
        the trimmed mean, in decimals; NaN for fewer than two values.
    """

    n: int
    nonzero: int
    w_plus: float
    tie_term: float
    tied: bool
    pseudo_mean: float
    pseudo_sd: float
    pseudo_low: float
    pseudo_high: float


def column_pieces(values: FloatArray) -> Column:
    """Sort the CARs of one window and reduce them.

    Parameters
    ----------
    values : (n,) float
        Decimals in any order; NaN for events that do not enter.

    Returns
    -------
    Column
        Depends on the values alone, not on their order.

    Examples
    --------
    >>> pieces = column_pieces(np.array([0.3, -0.1, np.nan, 0.2, 0.0]))
    >>> pieces.n, pieces.nonzero, pieces.w_plus, pieces.tied
    (4, 3, 5.0, False)
    """
    ordered = np.sort(values)
    # NaN are sorted to the end.
    ordered = ordered[: len(ordered) - int(np.isnan(ordered).sum())]
    return Column(len(ordered), *_signed_ranks(ordered), *_pseudo_values(ordered))


def _signed_ranks(ordered: FloatArray) -> tuple[int, float, float, bool]:
    """Number of nonzero values, W+, the tie term, and whether there are ties."""
    below = np.ascontiguousarray(-ordered[: np.searchsorted(ordered, 0.0)][::-1])
    above = ordered[np.searchsorted(ordered, 0.0, side="right") :]
    nonzero, wins = len(below) + len(above), len(above)
    # Ranks among the positive ones, plus the negative ones that are smaller (half for equal):
    # needles in order make the search a merge.
    left = np.searchsorted(below, above)
    w_plus = wins * (wins + 1) / 2.0 + float(left.sum())
    last = max(len(below) - 1, 0)
    met = np.flatnonzero(below[np.minimum(left, last)] == above) if len(below) else left[:0]
    repeated = (below[1:] == below[:-1]).any() or (above[1:] == above[:-1]).any()
    if not len(met) and not repeated:
        return nonzero, w_plus, 0.0, False
    right = np.searchsorted(below, above[met], side="right")
    w_plus += float((right - left[met]).sum()) / 2.0
    # Two ascending runs: a stable sort merges them.
    merged = np.sort(np.concatenate([below, above]), kind="stable")
    ends = np.flatnonzero(np.r_[merged[1:] != merged[:-1], True])
    sizes = np.diff(ends, prepend=-1).astype(np.float64)
    return nonzero, w_plus, float((sizes**3 - sizes).sum()), True


def _pseudo_values(ordered: FloatArray) -> tuple[float, float, float, float]:
    r"""Mean, standard deviation and range of :math:`P_i = n\hat\theta - (n-1)\hat\theta_{(-i)}`.

    The trimmed mean leaves the lowest and highest ``floor(n/10)`` out, and so many without one
    value, too. Were it ``floor((n-1)/10)`` then, it would drop by one where n is a multiple of ten,
    and n times that jump would be read as a bias: the test then rejects 40 % under the null. A
    value outside the kept stretch takes the stretch's end out in its place, so the pseudo-values
    are ``shift + slope y`` for the values y clipped to that stretch.
    """
    n = len(ordered)
    if n < 2:
        return math.nan, math.nan, math.nan, math.nan
    cut = n // 10
    kept = n - 1 - 2 * cut
    inner = ordered[cut : n - cut]
    low, high, total = float(inner[0]), float(inner[-1]), float(inner.sum())
    slope = (n - 1.0) / kept
    shift = -2.0 * cut * total / (kept * (kept + 1.0))
    mean = (total + cut * (low + high)) / n
    about = inner - mean
    # What rounding left of the mean.
    slip = (float(about.sum()) + cut * ((low - mean) + (high - mean))) / n
    mean += slip
    about = inner - mean
    square = float((about * about).sum()) + cut * ((low - mean) ** 2 + (high - mean) ** 2)
    sd = slope * math.sqrt(square / (n - 1.0))
    return shift + slope * mean, sd, shift + slope * low, shift + slope * high
