"""The contract of every model of expected returns, and the choices a model may be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, ModelFit

__all__ = ["ModelFunction", "ModelOptions", "no_parameters", "usable_rows"]


@dataclass(frozen=True)
class ModelOptions:
    """Choices of a model that are not data.

    Attributes
    ----------
    factor_names : tuple of str
        Names of the factor columns of the block, in order.
    half_life : float or None
        Sessions after which an observation counts half; None weighs all alike.
    intercept : bool
        False drops the intercept (restricted CAPM).
    draws : int
        Resamples of the residual bootstrap behind robust fits.
    seed : int
        Root of the random draws.
    distribution : str
        ``normal`` or ``t``: innovations of the volatility models.
    """

    factor_names: tuple[str, ...] = ()
    half_life: float | None = None
    intercept: bool = True
    draws: int = 999
    seed: int = 20220215
    distribution: str = "normal"


ModelFunction = Callable[[EventBlock, ModelOptions], ModelFit]


def usable_rows(block: EventBlock) -> tuple[FloatArray, FloatArray]:
    """Return masks (1.0 or 0.0) of usable estimation and event days, (n, T) and (n, L).

    A day is usable when its return, all its regressors and its span are finite.
    """
    est = (
        np.isfinite(block.returns_est)
        & np.isfinite(block.factors_est).all(axis=2)
        & np.isfinite(block.spans_est)
    )
    evt = (
        np.isfinite(block.returns_evt)
        & np.isfinite(block.factors_evt).all(axis=2)
        & np.isfinite(block.spans_evt)
    )
    return est.astype(np.float64), evt.astype(np.float64)


def no_parameters(n: int, length: int) -> tuple[FloatArray, FloatArray]:
    """Return an empty design (n, L, 0) and parameter covariance (n, 0, 0)."""
    return np.empty((n, length, 0)), np.empty((n, 0, 0))
