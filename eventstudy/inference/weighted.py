"""Means other than the plain one: trimmed (by the jackknife) and weighted by precision."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import base_row, degenerate, finish, refuse, too_few, view

__all__ = ["jackknife_t", "precision_weighted_t", "trimmed_mean"]


def trimmed_mean(ordered: FloatArray) -> float:
    """Mean of ascending values without the lowest and highest ``floor(n/10)``.

    Examples
    --------
    >>> import numpy as np
    >>> trimmed_mean(np.array([-50.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 90.0]))
    4.5
    """
    cut = len(ordered) // 10
    return float(ordered[cut : len(ordered) - cut].mean())


def _leave_one_out(ordered: FloatArray) -> FloatArray:
    """Return the trimmed mean without each value in turn, in O(n)."""
    n = len(ordered)
    # The number trimmed stays that of the full sample. Were it floor((n-1)/10), it would drop by
    # one where n is a multiple of ten, and N times that jump would be read as a bias: the test
    # then rejects 40 % under the null.
    cut = n // 10
    kept = n - 1 - 2 * cut
    # Without a value below (inside, above) the kept stretch, that stretch starts and ends later
    # (ends later, stays) by one in the full ordering.
    position = np.arange(n)
    inner = ordered[cut : n - cut]
    total = inner.sum()
    out = np.where(position < cut, total - inner[0], total - inner[-1])
    inside = (position >= cut) & (position < n - cut)
    out[inside] = total - ordered[inside]
    return np.asarray(out / kept)


def jackknife_t(sample: Sample, window: Window, *, variant: str = "trimmed_mean") -> Statistic:
    r"""Jackknife t of the trimmed mean CAR.

    Null: the trimmed mean of the CARs of independent events is zero.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"trimmed_mean"}
        The mean without the lowest and highest ``floor(N/10)`` CARs.

    Returns
    -------
    Statistic
        ``estimate`` is the mean of the pseudo-values in decimals.

    Notes
    -----
    .. math:: P_i = N\hat\theta - (N-1)\hat\theta_{(-i)}, \quad
              t = \sqrt{N}\, \bar P / s_P \sim t(N-1)

    The leave-one-out means trim as many values as the full sample. With fewer than ten events
    nothing is trimmed and the number is that of ``cross_sectional_t`` (said in ``note``). No
    statistic for fewer than two events or values that do not vary.

    References
    ----------
    Giaccotto and Sfiridis (1996), J. Economics and Business 48, 349-370 (from memory of the
    literature, paper not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "jackknife_t", variant):
        return none
    ordered = np.sort(v.car)
    pseudo = v.n * trimmed_mean(ordered) - (v.n - 1.0) * _leave_one_out(ordered)
    if degenerate(v.car) or degenerate(pseudo):
        return refuse(v, "jackknife_t", variant, "zero scale: the pseudo-values do not vary")
    mean, se = pseudo.mean(), pseudo.std(ddof=1) / np.sqrt(v.n)
    row = base_row(
        v,
        "jackknife_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=v.n - 1,
        estimate=mean,
        se=se,
    )
    return finish(v, row, note="nothing to trim below ten events" if v.n < 10 else "")


def precision_weighted_t(
    sample: Sample, window: Window, *, variant: str = "published"
) -> Statistic:
    r"""Random-effects mean CAR, events weighted by their precision.

    Null: the mean of the events' effects is zero; effects may differ between independent events.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the weighted mean CAR in decimals. It is another mean than that of
        ``cross_sectional_t`` where effects go with volatility.

    Notes
    -----
    With :math:`v_i = c'V_ic` and :math:`\tau^2` by DerSimonian-Laird,
    :math:`w_i = 1/(\tau^2 + v_i)`, :math:`\hat\mu = \sum w_i x_i / \sum w_i`, and by Hartung-Knapp

    .. math:: se^2 = \frac{\sum_i w_i (x_i - \hat\mu)^2}{(N-1) \sum_i w_i}, \quad
              t = \hat\mu/se \sim t(N-1)

    No statistic for fewer than two events or CARs that do not vary.

    References
    ----------
    DerSimonian and Laird (1986); Hartung and Knapp (2001) (from memory of the literature, papers
    not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "precision_weighted_t", variant):
        return none
    if degenerate(v.car):
        return refuse(v, "precision_weighted_t", variant, "zero scale: the CARs do not vary")
    # Weights relative to the mean precision, so that tiny variances do not overflow.
    scale = float(np.mean(v.car_se**2))
    fixed = scale / v.car_se**2
    mean = (fixed * v.car).sum() / fixed.sum()
    q = (fixed * (v.car - mean) ** 2).sum() / scale
    spread = fixed.sum() - (fixed**2).sum() / fixed.sum()
    tau2 = max(0.0, (q - (v.n - 1.0)) / spread)  # in units of ``scale``
    weight = 1.0 / (tau2 + v.car_se**2 / scale)
    mean = (weight * v.car).sum() / weight.sum()
    se = np.sqrt((weight * (v.car - mean) ** 2).sum() / ((v.n - 1.0) * weight.sum()))
    row = base_row(
        v,
        "precision_weighted_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=v.n - 1,
        estimate=mean,
        se=se,
    )
    return finish(v, row)
