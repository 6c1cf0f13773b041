"""What the second pass is scaled by, from the merged groups of the first."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.rows import SPREAD_TOLERANCE
from eventstudy.reduce.groups import Moments, PrecisionSums, WindowSums
from eventstudy.reduce.leaf import Scales

__all__ = ["between_variance", "day_spread", "scales_of"]

# One minus the mean residual correlation, below which all events are the same series.
LEAST_INDEPENDENCE = 1e-12


def day_spread(sars: Moments) -> FloatArray:
    """Return the spread of each event day across the events, (L,); NaN where there is none."""
    sd = sars.sd
    return np.where(sd > 0.0, sd, np.nan)


def between_variance(precision: PrecisionSums, n: FloatArray) -> FloatArray:
    r"""Variance between the events' effects by DerSimonian and Laird, floored at 0.

    Parameters
    ----------
    precision : PrecisionSums
    n : (W,) float
        Number of events.

    Returns
    -------
    (W,) float
        In squared decimals; NaN for fewer than two events.

    Notes
    -----
    .. math:: \tau^2 = \max\Bigl(0, \frac{Q - (N-1)}{\sum w - \sum w^2/\sum w}\Bigr), \quad
              Q = \sum_i w_i (x_i - \bar x_w)^2, \quad w_i = 1/se_i^2
    """
    total = precision.car.n
    with np.errstate(invalid="ignore", divide="ignore"):
        room = total - precision.squares / total
        tau2 = np.maximum((precision.car.m2 - (n - 1.0)) / room, 0.0)
    return np.where((n > 1) & (room > 0.0), tau2, np.nan)


def scales_of(
    sums: WindowSums, precision: PrecisionSums, sars: Moments, rbar: FloatArray | float
) -> Scales:
    """Return what the second pass takes from the first.

    Parameters
    ----------
    sums : WindowSums
    precision : PrecisionSums
    sars : Moments
        Of the standardised abnormal returns of the event days, (L,).
    rbar : (W,) float or float
        Mean residual correlation of each window's members.
    """
    scar = sums.scar
    largest = np.maximum(np.abs(scar.low), np.abs(scar.high))
    with np.errstate(invalid="ignore"):
        flat = ~(scar.high - scar.low > SPREAD_TOLERANCE * largest)
    free = 1.0 - np.broadcast_to(np.asarray(rbar, dtype=np.float64), scar.n.shape)
    some = free > LEAST_INDEPENDENCE
    return Scales(
        sar_sd=day_spread(sars),
        scar_sd=np.where(flat, np.nan, scar.sd),
        root=np.where(some, np.sqrt(np.where(some, free, 1.0)), np.nan),
        tau2=between_variance(precision, sums.car.n),
        centre=sums.car.mean,
    )
