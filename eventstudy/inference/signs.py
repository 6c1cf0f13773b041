"""Sign tests of the mean effect across events.

A value is positive if it is strictly above zero; exact zeros are neither sign and leave the count,
in the event window and in the estimation window alike.

References
----------
Cowan (1992), Review of Quantitative Finance and Accounting 2, 343-358, doi:10.1007/BF00939016.
Corrado and Zivney (1992), JFQA 27, 465-478, doi:10.2307/2331331.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from eventstudy.inference.binomial import binomial_p
from eventstudy.inference.ranks import mean_row, score_window_z, scored_days
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic, amended
from eventstudy.inference.view import View, base_row, finish, refuse, too_few, view
from eventstudy.reduce.ranking import row_medians
from eventstudy.reduce.signs import positive_share, run_sums

__all__ = [
    "corrado_zivney_sign_z",
    "generalized_sign_z",
    "positive_share",
    "row_medians",
    "run_sums",
    "sign_z",
]


@dataclass(frozen=True)
class _Count:
    """``wins`` positive among ``n`` nonzero CARs; the remark says what was left out."""

    wins: int
    n: int
    note: str


def _zero_note(dropped: int) -> str:
    return f"{dropped} zero abnormal returns left out" if dropped else ""


def _row(v: View, name: str, variant: str, count: _Count, phat: float) -> Statistic:
    """Score (or binomial) test of ``wins`` against ``n * phat``."""
    if count.n < 2:
        return refuse(v, name, variant, f"{count.n} signs left: the test needs two")
    if not 0.0 < phat < 1.0:
        return refuse(
            v, name, variant, f"the estimation window's share of positive returns is {phat:g}"
        )
    row = base_row(v, name, variant, estimate=float(v.sums.car.mean[0]))
    if variant == "exact":
        p = binomial_p(count.wins, count.n, phat, v.settings.alternative)
        found = {"statistic": float(count.wins), "distribution": "binomial"}
        row = amended(row, {**found, "n_events": count.n})
        return finish(v, row, pvalue=p, note=count.note)
    z = (count.wins - count.n * phat) / math.sqrt(count.n * phat * (1.0 - phat))
    row = amended(row, {"n_events": count.n, "statistic": z, "distribution": "normal"})
    return finish(v, row, note=count.note)


def sign_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Sign test: are there as many positive as negative CARs?

    Null: the events are independent and the median of each CAR is zero.

    .. math::
       Z = \frac{w - n/2}{\sqrt{n/4}}, \qquad w = \#\{CAR_i > 0\}, \quad n = \#\{CAR_i \neq 0\}

    Distribution: standard normal (``published``), or the binomial (n, 1/2) of ``w`` itself
    (``exact``).

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published", "exact"}
        ``exact`` puts ``w`` in ``statistic``; its two-sided p adds the probabilities of all
        outcomes that are no likelier than ``w``, the convention of ``scipy.stats.binomtest``.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; ``n_events`` counts the nonzero CARs.

    Notes
    -----
    NaN rule: only events that enter the window; zeros leave ``n``. Valid only if the median is
    zero: with skewed returns use :func:`generalized_sign_z`. No continuity correction.

    References
    ----------
    Brown and Warner (1980), Journal of Financial Economics 8, 205-258,
    doi:10.1016/0304-405X(80)90002-1 (bibliographic entry checked, formula not).
    """
    name = "sign_z"
    if variant not in ("published", "exact"):
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    wins, n = int(v.signs.wins[0]), int(v.signs.nonzero[0])
    return _row(v, name, variant, _Count(wins, n, _zero_note(v.n - n)), 0.5)


def generalized_sign_z(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Generalized sign test: are more CARs positive than the estimation window leads to expect?

    Null: the events are independent and each CAR is positive with the share that its estimation
    window shows.

    .. math::
       Z = \frac{w - n \hat p}{\sqrt{n \hat p (1 - \hat p)}}, \qquad
       \hat p = \frac1n \sum_i \frac{\#\{e_{it} > 0\}}{\#\{e_{it} \neq 0\}}

    Distribution: standard normal, or the binomial (n, p-hat) of ``w`` (``exact``).

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published", "window_phat", "exact"}
        ``published`` and ``exact`` count positive days; ``window_phat`` counts positive sums over
        all overlapping runs of as many estimation sessions as the event's window has, because the
        sum of skewed days is less skewed than a day. ``exact`` puts ``w`` in ``statistic``; its
        two-sided p adds the probabilities of all outcomes no likelier than ``w``
        (``scipy.stats.binomtest``); it is conservative.

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; ``n_events`` counts the CARs that were compared.

    Notes
    -----
    NaN rule: missing days are no observations; a run that lacks a session is no run, and an event
    without a single complete run leaves ``window_phat``. Zero CARs leave ``n`` and the mean of
    p-hat, zero residuals leave their share. No continuity correction.

    References
    ----------
    Cowan (1992), Review of Quantitative Finance and Accounting 2, 343-358,
    doi:10.1007/BF00939016 (bibliographic entry checked, formula not). ``window_phat`` is this
    engine's.
    """
    name = "generalized_sign_z"
    if variant not in ("published", "window_phat", "exact"):
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    signs = v.signs
    counts = (
        (signs.window_wins, signs.window_used, signs.window_share)
        if variant == "window_phat"
        else (signs.daily_wins, signs.daily_used, signs.daily_share)
    )
    wins, used, signed = int(counts[0][0]), int(counts[1][0]), int(signs.nonzero[0])
    note = _zero_note(v.n - signed)
    if used < signed:
        gap = f"{signed - used} events without a complete run of estimation sessions left out"
        note = "; ".join(filter(None, (note, gap)))
    phat = float(counts[2][0]) / used if used else math.nan
    return _row(v, name, variant, _Count(wins, used, note), phat)


def corrado_zivney_sign_z(
    sample: Sample, window: Window, *, variant: str = "published"
) -> Statistic:
    r"""Sign test about each event's own median, scaled through time.

    Null: the tested days are as often above the median of their event as its other days.
    Distribution: standard normal.

    .. math::
       G_{it} = \operatorname{sign}(AR_{it} - \operatorname{median}_i), \qquad
       z = \frac{n^{-1/2} \sum_i G_{i0}}{S_G}, \qquad
       S_G^2 = \frac1M \sum_t \Bigl(n_t^{-1/2} \sum_i G_{it}\Bigr)^2

    A window adds up its days and divides by the root of their number. The median is taken over
    the estimation window and the whole event window.

    Parameters
    ----------
    sample, window
        N events and the tested window.
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the mean CAR; no standard error goes with it.

    Notes
    -----
    NaN rule: missing days have no sign and leave ``n_t``; days that no event has leave ``M`` and
    the window. A value at the median counts as 0. The scale through time adapts to
    cross-correlation.

    References
    ----------
    Corrado and Zivney (1992), JFQA 27, 465-478, doi:10.2307/2331331. Bibliographic entry
    checked, the paper's formula not. The sum over a window is this engine's.
    """
    name = "corrado_zivney_sign_z"
    if variant != "published":
        raise ValueError(f"{name} has no variant '{variant}'")
    v = view(sample, window)
    if (none := too_few(v, name, variant)) is not None:
        return none
    days = scored_days(v.members.corrado_zivney_sign, v.members.n_est)
    return mean_row(v, name, variant, *score_window_z(days, v.columns))
