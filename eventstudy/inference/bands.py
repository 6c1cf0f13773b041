"""Simultaneous bands: one critical value for a whole path of abnormal returns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy.arrays import FloatArray

__all__ = ["cumulated", "simultaneous_band", "sup_t_quantile"]

DRAWS = 20_000


def cumulated(covariance: FloatArray) -> FloatArray:
    """Return the covariance of the cumulated path from that of the single days.

    Missing (NaN) days add nothing; the cumulated path on such a day is that of the day before.

    Examples
    --------
    >>> import numpy as np
    >>> cumulated(np.eye(2))
    array([[1., 1.],
           [1., 2.]])
    """
    known = np.where(np.isfinite(covariance), covariance, 0.0)
    return np.asarray(known.cumsum(axis=0).cumsum(axis=1))


def _correlation_root(covariance: FloatArray) -> FloatArray:
    """Return A with A A' the correlation matrix of the days that have a variance."""
    variances = np.diag(covariance)
    keep = np.isfinite(variances) & (variances > 0.0)
    if not keep.any():
        return np.empty((0, 0))
    inner = covariance[np.ix_(keep, keep)]
    scale = np.sqrt(np.diag(inner))
    values, vectors = np.linalg.eigh(inner / np.outer(scale, scale))
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)))


def sup_t_quantile(
    covariance: FloatArray,
    df: float,
    *,
    level: float = 0.05,
    draws: int = DRAWS,
    seed: Sequence[int] = (0,),
) -> float:
    r"""Quantile of the largest \|t\| over a path, for a band that covers the path as a whole.

    Parameters
    ----------
    covariance : (L, L) float
        Covariance of the path's estimates; rows and columns of missing days are NaN.
    df : float
        Residual degrees of freedom of its common scale; ``inf`` for a known one.
    level : float
        One minus the coverage of the whole path.
    draws : int
        Seeded normal draws of the path.
    seed : sequence of int
        What the draws belong to; non-negative.

    Returns
    -------
    float
        NaN where no day has a variance.

    Notes
    -----
    The smallest q with :math:`P(\max_t |Z_t| / W > q) \le` ``level``, Z normal with the
    correlation of the path and :math:`W^2 = \chi^2_{df}/df` independent of it. Z is simulated; the
    chance over W given Z is exact. It is never below the pointwise t quantile; the Bonferroni
    quantile bounds it from above.

    References
    ----------
    The studentised maximum modulus under correlation; from memory of the literature.

    Examples
    --------
    >>> import numpy as np
    >>> one = sup_t_quantile(np.array([[2.0]]), 30.0)
    >>> bool(abs(one - 2.0422724563) < 0.03)
    True
    """
    from scipy import optimize, special, stats

    root = _correlation_root(np.asarray(covariance, dtype=np.float64))
    if root.size == 0:
        return float("nan")
    rng = np.random.default_rng(list(seed))
    # Blocks keep memory flat; drawing row by row makes the numbers independent of their size.
    most = np.concatenate(
        [
            np.abs(rng.standard_normal((min(5_000, draws - low), root.shape[1])) @ root.T).max(1)
            for low in range(0, draws, 5_000)
        ]
    )
    pointwise = float(stats.norm.isf(level / 2.0) if np.isinf(df) else stats.t(df).isf(level / 2))
    if len(root) == 1:
        return pointwise
    if np.isinf(df):
        return max(pointwise, float(np.quantile(most, 1.0 - level)))

    def excess(q: float) -> float:
        # P(W < Z/q) = P(chi2_df < df (Z/q)^2), the regularised lower incomplete gamma function.
        return float(special.gammainc(df / 2.0, df / 2.0 * (most / q) ** 2).mean() - level)

    high = 2.0 * float(stats.t(df).isf(level / (2.0 * len(root)))) + 1.0
    if excess(pointwise) <= 0.0:
        return pointwise
    return float(optimize.brentq(excess, pointwise, high, xtol=1e-10))


def simultaneous_band(
    estimate: FloatArray,
    covariance: FloatArray,
    df: float,
    *,
    level: float = 0.05,
    draws: int = DRAWS,
    seed: Sequence[int] = (0,),
) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper bound of a path, (L,) each.

    Parameters
    ----------
    estimate : (L,) float
        Path in decimals.
    covariance : (L, L) float
        Its covariance, NaN in the rows and columns of missing days.
    df, level, draws, seed
        As in :func:`sup_t_quantile`.

    Returns
    -------
    tuple of (L,) float
        NaN on missing days.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = simultaneous_band(np.zeros(3), np.eye(3), 100.0, seed=(1,))
    >>> bool((high > 1.984).all() and (low == -high).all())
    True
    """
    q = sup_t_quantile(covariance, df, level=level, draws=draws, seed=seed)
    with np.errstate(invalid="ignore"):
        half = q * np.sqrt(np.diag(covariance))
    return np.asarray(estimate - half), np.asarray(estimate + half)
