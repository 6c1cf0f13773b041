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

import numpy as np

from eventstudy.arrays import BoolArray, FloatArray, IntArray

__all__ = ["mean_correlation", "overlap_correlation", "unit_residuals"]


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


def _day_codes(z: FloatArray, days: IntArray) -> tuple[BoolArray, IntArray, int]:
    """Return which entries count and the number of their calendar day, -1 elsewhere."""
    on = np.isfinite(z)
    values, inverse = np.unique(days[on], return_inverse=True)
    codes = np.full(z.shape, -1, dtype=np.int64)
    codes[on] = inverse
    return on, codes, len(values)


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
    on, codes, count = _day_codes(z, days)
    sums = np.bincount(codes[on], weights=z[on], minlength=count)
    twice = np.bincount(codes[on], weights=z[on] ** 2, minlength=count)
    # Day by day, so that days with one event contribute exactly nothing.
    alone = np.bincount(codes[on], minlength=count) < 2
    pairs = np.where(alone, 0.0, sums**2 - twice)
    return float(pairs.sum() / (n * (n - 1.0)))


def overlap_correlation(z: FloatArray, days: IntArray, window_days: IntArray) -> float:
    r"""Mean correlation with each pair weighted by the share of tested sessions in common.

    Parameters
    ----------
    z : (N, T) float
        Rows of unit sum of squares, NaN where missing.
    days : (N, T) int
        Calendar day of each entry.
    window_days : (N, L) int
        Calendar days of each event's tested window; negative where there is no session.

    Returns
    -------
    float
        Floored at 0; NaN for fewer than two events.

    Notes
    -----
    .. math:: \frac{1}{N(N-1)} \sum_{i \ne j} r_{ij} \frac{|W_i \cap W_j|}{L}
              = \frac{1}{N(N-1) L} \sum_u \sum_d
                \Bigl[\Bigl(\sum_{i: u \in W_i} z_{id}\Bigr)^2
                - \sum_{i: u \in W_i} z_{id}^2\Bigr]

    The cost is (number of events) x L x T, whatever the number of pairs.

    Examples
    --------
    >>> import numpy as np
    >>> z = unit_residuals(np.array([[1.0, -1.0, 2.0], [1.0, -1.0, 2.0]]))
    >>> same = np.array([[1, 2, 3], [1, 2, 3]])
    >>> round(overlap_correlation(z, same, np.array([[7, 8], [8, 9]])), 12)
    0.5
    """
    n, length = window_days.shape
    if n < 2:
        return float("nan")
    on, codes, _ = _day_codes(z, days)
    event, column = np.nonzero(window_days >= 0)
    order = np.argsort(window_days[event, column], kind="stable")
    tested = window_days[event, column][order]
    event = event[order]
    starts = np.flatnonzero(np.r_[True, tested[1:] != tested[:-1]])
    total = 0.0
    for low, high in zip(starts, np.r_[starts[1:], len(tested)], strict=True):
        rows = event[low:high]
        if len(rows) < 2:
            continue
        keep = on[rows]
        values, local = z[rows][keep], codes[rows][keep]
        local = local - local.min()
        sums = np.bincount(local, weights=values)
        total += float((sums**2 - np.bincount(local, weights=values**2)).sum())
    return float(max(0.0, total / (n * (n - 1.0) * length)))
