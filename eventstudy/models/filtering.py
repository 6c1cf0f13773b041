r"""Variances filtered through residuals: what a session's scale is, given the sessions before it.

.. math:: h_{t+1} = \lambda h_t + (1 - \lambda) e_t^2, \qquad \lambda = 0.94

The filter runs through the estimation window and the gap up to the forecast origin, the last
session before the event window, so that no shock of the event window updates its own scale. A
missing session leaves the variance as it was.
"""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, ModelFit

__all__ = ["EWMA_DECAY", "ewma_variance", "gap_errors", "gap_residuals"]

EWMA_DECAY = 0.94


def gap_residuals(block: EventBlock, fit: ModelFit) -> FloatArray:
    """Return the forecast errors of the sessions between the two windows, (n, g).

    Parameters
    ----------
    block : EventBlock
    fit : ModelFit
        Its mean parameters are applied to the gap's regressors.

    Returns
    -------
    (n, g) float
        Decimals; NaN on missing sessions; ``g`` is 0 where the block has no gap or lacks its
        regressors.

    Examples
    --------
    >>> from eventstudy.models import fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block(factors=0)
    >>> gap_residuals(block, fit_model("constant_mean", block)).shape
    (1, 0)
    """
    return gap_errors(block, fit.names, theta=fit.theta)


def gap_errors(block: EventBlock, names: tuple[str, ...], *, theta: FloatArray) -> FloatArray:
    """Return the gap's forecast errors for parameters ``theta`` (n, k) of those names, (n, g)."""
    if block.returns_gap is None:
        return np.empty((block.n, 0))
    returns, factors = block.returns_gap, block.factors_gap
    if names[-1:] == ("phi",):
        before = np.concatenate([block.returns_est[:, -1:], returns[:, :-1]], axis=1)
        return np.asarray(returns - theta[:, :1] - theta[:, 1:] * before)
    if factors is None:
        if block.factors_est.shape[2] > 0:
            return np.empty((block.n, 0))
        factors = np.empty((*returns.shape, 0))
    if not names:
        return np.asarray(returns - factors[:, :, 0])
    if names == ("alpha", "beta") and factors.shape[2] == 3:
        factors = factors[:, :, 1:2]
    one = np.ones((*returns.shape, 1 if names[0] == "alpha" else 0))
    design = np.concatenate([one, factors], axis=2)
    return np.asarray(returns - np.einsum("ngk,nk->ng", design, theta))


def ewma_variance(
    residuals: FloatArray, start: FloatArray, *, decay: float = EWMA_DECAY
) -> FloatArray:
    """Return the exponentially weighted variance of each session, from the sessions before it.

    Parameters
    ----------
    residuals : (n, T) float
        NaN on missing sessions: the variance stays.
    start : (n,) float
        Variance of the first session.
    decay : float

    Returns
    -------
    (n, T + 1) float
        Column ``t`` is the variance of session ``t`` given the sessions before it; the last
        column is the forecast.

    Examples
    --------
    >>> import numpy as np
    >>> ewma_variance(np.array([[0.0, 2.0, np.nan]]), np.array([1.0]))
    array([[1.    , 0.94  , 1.1236, 1.1236]])
    """
    n, length = residuals.shape
    out = np.empty((n, length + 1))
    out[:, 0] = start
    for t in range(length):
        shock = residuals[:, t]
        new = decay * out[:, t] + (1.0 - decay) * shock**2
        out[:, t + 1] = np.where(np.isfinite(shock), new, out[:, t])
    return out
