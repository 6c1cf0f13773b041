"""Adjusted p-values for a family of tests: arrays in, arrays out.

NaN p-values (tests that do not apply) pass through as NaN and do not count in the family.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eventstudy.arrays import FloatArray

__all__ = ["METHODS", "adjust", "benjamini_hochberg", "benjamini_yekutieli", "holm", "romano_wolf"]


METHODS = ("holm", "benjamini_hochberg", "benjamini_yekutieli", "none")


def _family(pvalues: npt.ArrayLike) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp]]:
    """Return a NaN-filled result, the ascending finite p-values and their places."""
    p = np.asarray(pvalues, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError("p-values must be a one-dimensional array")
    if ((p < 0.0) | (p > 1.0)).any():
        raise ValueError("p-values must lie in [0, 1]")
    places = np.flatnonzero(np.isfinite(p))
    order = places[np.argsort(p[places], kind="stable")]
    return np.full(p.shape, np.nan), p[order], order


def adjust(pvalues: npt.ArrayLike, method: str) -> FloatArray:
    """Adjust the p-values of a family by a named method.

    Parameters
    ----------
    pvalues : (m,) float
        NaN where a test does not apply.
    method : {"holm", "benjamini_hochberg", "benjamini_yekutieli", "none"}
        ``none`` gives the p-values back.

    Raises
    ------
    ValueError
        For another method (Romano-Wolf needs joint draws: :func:`romano_wolf`).

    Examples
    --------
    >>> import numpy as np
    >>> adjust(np.array([0.01, 0.5]), "holm")
    array([0.02, 0.5 ])
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not '{method}'")
    if method == "holm":
        return holm(pvalues)
    if method == "none":
        return np.array(pvalues, dtype=np.float64)
    return _step_up(pvalues, dependence=method == "benjamini_yekutieli")


def holm(pvalues: npt.ArrayLike) -> FloatArray:
    r"""Holm's step-down p-values: familywise error under any dependence.

    Parameters
    ----------
    pvalues : (m,) float
        NaN where a test does not apply.

    Returns
    -------
    (m,) float
        :math:`\max_{j \le i} \min(1, (m-j+1) p_{(j)})`, in the order given.

    References
    ----------
    Holm (1979) (from memory of the literature, paper not checked).

    Examples
    --------
    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03, np.nan]))
    array([0.03, 0.06, 0.06,  nan])
    """
    out, p, order = _family(pvalues)
    steps = np.arange(len(p), 0, -1)
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps * p))
    return out


def _step_up(pvalues: npt.ArrayLike, *, dependence: bool) -> FloatArray:
    out, p, order = _family(pvalues)
    ranks = np.arange(1, len(p) + 1)
    penalty = float((1.0 / ranks).sum()) if dependence else 1.0
    scaled = penalty * len(p) * p / ranks
    out[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return out


def benjamini_hochberg(pvalues: npt.ArrayLike) -> FloatArray:
    r"""Benjamini-Hochberg step-up p-values: false discovery rate under positive dependence.

    Parameters
    ----------
    pvalues : (m,) float
        NaN where a test does not apply.

    Returns
    -------
    (m,) float
        :math:`\min_{j \ge i} \min(1, m p_{(j)}/j)`, in the order given.

    References
    ----------
    Benjamini and Hochberg (1995) (from memory of the literature, paper not checked).

    Examples
    --------
    >>> import numpy as np
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.04, 0.04])
    """
    return _step_up(pvalues, dependence=False)


def benjamini_yekutieli(pvalues: npt.ArrayLike) -> FloatArray:
    r"""Benjamini-Yekutieli step-up p-values: false discovery rate under any dependence.

    The Benjamini-Hochberg values times :math:`\sum_{j=1}^m 1/j`.

    Parameters
    ----------
    pvalues : (m,) float
        NaN where a test does not apply.

    Returns
    -------
    (m,) float

    References
    ----------
    Benjamini and Yekutieli (2001) (from memory of the literature, paper not checked).

    Examples
    --------
    >>> import numpy as np
    >>> benjamini_yekutieli(np.array([0.01, 0.2])).round(6)
    array([0.03, 0.3 ])
    """
    return _step_up(pvalues, dependence=True)


def romano_wolf(statistics: npt.ArrayLike, draws: npt.ArrayLike) -> FloatArray:
    r"""Romano-Wolf step-down p-values from joint draws of the statistics under the null.

    Parameters
    ----------
    statistics : (m,) float
        NaN where a test does not apply.
    draws : (B, m) float
        Joint null draws, the columns drawn together (independent resampling of each column would
        lose the dependence that the method uses). NaN draws do not count in the maximum of their
        row; a row without any counts as more extreme.

    Returns
    -------
    (m,) float
        With the statistics ordered by size, step j has
        :math:`p_j = \max(p_{j-1}, (1 + \#\{\max^*_{l \ge j} |t^*_l| \ge |t_j|\})/(B+1))`.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73, 1237-1282 (from memory of the literature, paper not
    checked).

    Examples
    --------
    >>> import numpy as np
    >>> romano_wolf(np.array([3.0, 1.0]), np.array([[0.5, 0.2], [2.0, 1.5], [0.1, 0.3]]))
    array([0.25, 0.5 ])
    """
    t = np.asarray(statistics, dtype=np.float64)
    null = np.asarray(draws, dtype=np.float64)
    if t.ndim != 1 or null.ndim != 2 or null.shape[1] != len(t):
        raise ValueError(f"draws must be (B, {t.size}), one column a statistic")
    out = np.full(t.shape, np.nan)
    places = np.flatnonzero(np.isfinite(t))
    if len(places) == 0:
        return out
    order = places[np.argsort(-np.abs(t[places]), kind="stable")]
    size = np.abs(null[:, order])
    size = np.where(np.isnan(size).all(axis=1, keepdims=True), np.inf, size)
    size = np.where(np.isnan(size), -np.inf, size)
    # Largest over this and all less extreme hypotheses.
    largest = np.maximum.accumulate(size[:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= np.abs(t[order])).sum(axis=0)
    out[order] = np.maximum.accumulate((1.0 + beyond) / (len(null) + 1.0))
    return out
