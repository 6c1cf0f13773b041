"""Power, smallest detectable effect and the size of tests that ignore what they should not.

Units: effects and standard deviations in decimals.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from eventstudy.arrays import FloatArray

__all__ = [
    "design_effect",
    "minimum_detectable_effect",
    "panel_detectable_effect",
    "power",
    "single_event_effect",
    "size_ignoring_dependence",
    "size_ignoring_variance",
]


def _check(n: float, sd: float, level: float) -> None:
    if not n >= 1:
        raise ValueError(f"n must be at least 1, not {n}")
    if not sd > 0.0:
        raise ValueError(f"sd must be positive, not {sd}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def design_effect(n: int, rho: float) -> float:
    """Variance of a mean of ``n`` equicorrelated values over that of independent ones.

    ``1 + (n - 1) rho``: as if only ``n`` over that many independent events were there.

    Examples
    --------
    >>> round(design_effect(50, 0.2), 6)
    10.8
    """
    return 1.0 + (n - 1.0) * rho


def power(
    effect: float,
    sd: float,
    *,
    n: int,
    rho: float = 0.0,
    level: float = 0.05,
    reference: str = "normal",
) -> float:
    r"""Probability that a two-sided test of the mean CAR rejects.

    Parameters
    ----------
    effect : float
        True mean effect.
    sd : float
        Standard deviation of each event's CAR.
    n : int
        Events.
    rho : float
        Their mean correlation.
    level : float
        Two-sided level.
    reference : {"normal", "t"}
        Known standard deviation, or the noncentral t with ``n - 1`` degrees of freedom.

    Returns
    -------
    float

    Notes
    -----
    .. math:: \Phi(-z_{1-a/2} + \lambda) + \Phi(-z_{1-a/2} - \lambda), \quad
              \lambda = \frac{|d| \sqrt{N}}{\sigma \sqrt{1 + (N-1)\rho}}

    Raises
    ------
    ValueError
        For impossible arguments.

    Examples
    --------
    >>> round(power(0.01, 0.02, n=20), 4)
    0.6088
    """
    _check(n, sd, level)
    if reference not in ("normal", "t"):
        raise ValueError(f"reference must be 'normal' or 't', not '{reference}'")
    shift = abs(effect) / sd * math.sqrt(n / _inflation(n, rho))
    if reference == "normal":
        z = float(stats.norm.isf(level / 2.0))
        return float(stats.norm.sf(z - shift) + stats.norm.sf(z + shift))
    if n < 2:
        raise ValueError("the t reference needs at least two events")
    t = float(stats.t(n - 1).isf(level / 2.0))
    law = stats.nct(n - 1, shift)
    return float(law.sf(t) + law.cdf(-t))


def _inflation(n: int, rho: float) -> float:
    value = design_effect(n, rho)
    if not value > 0.0:
        raise ValueError(f"rho {rho} is not possible for {n} events: the variance is not positive")
    return value


def minimum_detectable_effect(
    sd: float, *, n: int, rho: float = 0.0, level: float = 0.05, power: float = 0.80
) -> float:
    r"""Smallest mean CAR that a two-sided test finds with the given power.

    Parameters
    ----------
    sd : float
        Standard deviation of each event's CAR.
    n : int
        Events.
    rho : float
        Their mean correlation; the design effect is ``1 + (n-1) rho``.
    level, power : float

    Returns
    -------
    float
        In the units of ``sd``.

    Notes
    -----
    .. math:: (z_{1-a/2} + z_{1-b})\, \sigma \sqrt{(1 + (N-1)\rho)/N}

    Examples
    --------
    >>> round(minimum_detectable_effect(0.02, n=20), 6)
    0.012529
    """
    _check(n, sd, level)
    if not level < power < 1.0:
        raise ValueError(f"power must lie between the level and 1, not {power}")
    z = -float(special.ndtri(level / 2.0) + special.ndtri(1.0 - power))
    return z * sd * math.sqrt(_inflation(n, rho) / n)


def panel_detectable_effect(
    car: FloatArray, rbar: float, *, level: float = 0.05, power: float = 0.80
) -> float:
    """Smallest mean CAR that the leading tests of a panel find with the given power.

    Parameters
    ----------
    car : (N,) float
        CARs of the events that enter the window; NaN entries do not count.
    rbar : float
        Mean residual correlation that the test uses; NaN or below 0 counts as 0, so that a noisy
        negative estimate never promises more power than independent events have.
    level, power : float

    Returns
    -------
    float
        In decimals; NaN for fewer than two CARs or CARs that do not vary. By
        :func:`minimum_detectable_effect` with the CARs' standard deviation; correlation shrinks
        the spread between events, so that is divided by ``1 - r`` before the root.

    Examples
    --------
    >>> import numpy as np
    >>> round(panel_detectable_effect(np.array([0.01, 0.03, 0.02, 0.04]), 0.0), 6)
    0.018084
    """
    known = car[np.isfinite(car)]
    if len(known) < 2 or not np.ptp(known) > 0.0:
        return math.nan
    rho = rbar if rbar > 0.0 else 0.0
    if not rho < 1.0:
        return math.nan
    sd = float(known.std(ddof=1)) / math.sqrt(1.0 - rho)
    return minimum_detectable_effect(sd, n=len(known), rho=rho, level=level, power=power)


def single_event_effect(
    car_se: float, df: float, *, level: float = 0.05, power: float = 0.80
) -> float:
    r"""Smallest CAR of one event that the exact t test finds with about the given power.

    Parameters
    ----------
    car_se : float
        Forecast standard error of the CAR.
    df : float
        Residual degrees of freedom of the estimation window.
    level, power : float

    Returns
    -------
    float
        In the units of ``car_se``; NaN where ``car_se`` or ``df`` is NaN or ``df`` is not positive.

    Notes
    -----
    .. math:: (t_{1-a/2,\,df} + t_{1-b,\,df})\, se(CAR)

    Examples
    --------
    >>> round(single_event_effect(0.02, 118.0), 6)
    0.056499
    """
    if not (car_se > 0.0 and df > 0.0):
        return math.nan
    law = stats.t(df)
    return float(law.isf(level / 2.0) + law.isf(1.0 - power)) * car_se


def size_ignoring_dependence(test: str, *, n: int, rho: float, level: float = 0.05) -> float:
    r"""Exact rejection rate under the null of a test that takes correlated events as independent.

    Parameters
    ----------
    test : {"patell_z", "bmp_t"}
    n : int
        Events.
    rho : float
        Their common correlation.
    level : float
        Nominal two-sided level.

    Returns
    -------
    float

    Notes
    -----
    Under normality and equicorrelation r:
    Patell :math:`2\Phi(-z_{1-a/2} / \sqrt{1+(N-1)r})`; BMP
    :math:`2 T_{N-1}\bigl(-t_{1-a/2,N-1} \sqrt{(1-r)/(1+(N-1)r)}\bigr)`.

    Examples
    --------
    >>> round(size_ignoring_dependence("bmp_t", n=50, rho=0.2), 3)
    0.587
    """
    _check(n, 1.0, level)
    inflation = _inflation(n, rho)
    if test == "patell_z":
        z = float(stats.norm.isf(level / 2.0))
        return float(2.0 * stats.norm.sf(z / math.sqrt(inflation)))
    if test != "bmp_t":
        raise ValueError(f"test must be 'patell_z' or 'bmp_t', not '{test}'")
    law = stats.t(n - 1)
    return float(2.0 * law.sf(law.isf(level / 2.0) * math.sqrt((1.0 - rho) / inflation)))


def size_ignoring_variance(ratio: float, *, level: float = 0.05, sides: int = 2) -> float:
    r"""Exact rejection rate of Patell's Z when the event multiplies the variance by ``ratio``.

    .. math:: 2\Phi(-z_{1-a/2}/\sqrt{v}), \quad \text{one-sided } \Phi(-z_{1-a}/\sqrt{v})

    Examples
    --------
    >>> round(size_ignoring_variance(2.0), 4)
    0.1658
    """
    if not ratio > 0.0:
        raise ValueError(f"ratio must be positive, not {ratio}")
    z = float(stats.norm.isf(level / sides))
    return float(sides * stats.norm.sf(z / math.sqrt(ratio)))
