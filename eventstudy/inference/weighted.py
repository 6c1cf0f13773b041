"""Means other than the plain one: trimmed (by the jackknife) and weighted by precision."""

from __future__ import annotations

import math

from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import base_row, degenerate, finish, refuse, spread, too_few, view

__all__ = ["jackknife_t", "precision_weighted_t"]


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
    pseudo = v.column
    if spread(v.sums.car) is None or degenerate(pseudo.pseudo_low, pseudo.pseudo_high):
        return refuse(v, "jackknife_t", variant, "zero scale: the pseudo-values do not vary")
    mean, se = pseudo.pseudo_mean, pseudo.pseudo_sd / math.sqrt(v.n)
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
    if spread(v.sums.car) is None:
        return refuse(v, "precision_weighted_t", variant, "zero scale: the CARs do not vary")
    effects = v.random_effects
    # Sums about the mean CAR: the weighted mean is that far from it.
    total, first, second = (float(x[0]) for x in (effects.total, effects.first, effects.second))
    away = first / total
    mean = float(v.scales.centre[0]) + away
    se = math.sqrt((second - first * away) / ((v.n - 1.0) * total))
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
