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
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import stats

from eventstudy.arrays import EventBlock, FloatArray, ModelFit
from eventstudy.inference.ranks import abnormal_panel, day_scores, score_window_z
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import View, base_row, finish, refuse, too_few, view
from eventstudy.names import Alternative

__all__ = [
    "corrado_zivney_sign_z",
    "generalized_sign_z",
    "positive_share",
    "raw_residuals",
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


@lru_cache(maxsize=4096)
def _binomial_p(wins: int, n: int, share: float, alternative: Alternative) -> float:
    return float(stats.binomtest(wins, n, share, alternative=alternative).pvalue)


def _row(v: View, name: str, variant: str, count: _Count, phat: float) -> Statistic:
    """Score (or binomial) test of ``wins`` against ``n * phat``."""
    if count.n < 2:
        return refuse(v, name, variant, f"{count.n} signs left: the test needs two")
    if not 0.0 < phat < 1.0:
        return refuse(
            v, name, variant, f"the estimation window's share of positive returns is {phat:g}"
        )
    row = base_row(v, name, variant, estimate=float(v.car.mean()))
    row = replace(row, n_events=count.n)
    if variant == "exact":
        row = replace(row, statistic=float(count.wins), distribution="binomial")
        p = _binomial_p(count.wins, count.n, phat, v.settings.alternative)
        return finish(v, row, pvalue=p, note=count.note)
    z = (count.wins - count.n * phat) / math.sqrt(count.n * phat * (1.0 - phat))
    return finish(v, replace(row, statistic=z, distribution="normal"), note=count.note)


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
    n = int((v.car != 0.0).sum())
    return _row(v, name, variant, _Count(int((v.car > 0.0).sum()), n, _zero_note(v.n - n)), 0.5)


def raw_residuals(block: EventBlock, fit: ModelFit) -> FloatArray:
    """Estimation abnormal returns over the sessions that they span, (n, T); NaN where missing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(fit.residuals * np.sqrt(block.spans_est))


def run_sums(raw: FloatArray, spans: FloatArray, length: int) -> FloatArray:
    """Sum raw abnormal returns over every run of ``length`` sessions that is complete.

    Parameters
    ----------
    raw, spans : (n, T) float
        NaN where there is no return.
    length : int

    Returns
    -------
    (n, T - length + 1) float
        NaN where the returns of the run do not span exactly ``length`` sessions. Empty when
        ``length > T``.

    Examples
    --------
    >>> run_sums(np.array([[1.0, 2.0, 4.0, np.nan]]), np.array([[1.0, 1.0, 1.0, np.nan]]), 2)
    array([[ 3.,  6., nan]])
    """
    if length > raw.shape[1]:
        return np.empty((len(raw), 0))
    on = np.isfinite(raw)
    runs = np.lib.stride_tricks.sliding_window_view
    total = runs(np.where(on, raw, 0.0), length, axis=1).sum(axis=2)
    spanned = runs(np.where(on, spans, 0.0), length, axis=1).sum(axis=2)
    return np.asarray(np.where(spanned == length, total, np.nan))


def positive_share(values: FloatArray) -> FloatArray:
    """Share of strictly positive among the finite nonzero values of each row; NaN for none.

    Examples
    --------
    >>> positive_share(np.array([[0.2, 0.0, -0.1, 0.3, np.nan], [0.0, 0.0, 0.0, 0.0, 0.0]]))
    array([0.66666667,        nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        above, below = (values > 0.0).sum(axis=1), (values < 0.0).sum(axis=1)
        return np.asarray(above / (above + below))


def _daily_share(v: View) -> FloatArray:
    residuals = v.members.fit.residuals
    return v.members.cached("positive_share", lambda: positive_share(residuals))


def _window_share(v: View) -> FloatArray:
    """Positive share of the estimation sums as long as each event's own window, (n,)."""
    block = v.members.block
    raw = raw_residuals(block, v.members.fit)
    share = np.where(v.n_days == 1.0, _daily_share(v), np.nan)
    for days in np.unique(v.n_days[v.n_days > 1.0]):
        rows = np.flatnonzero(v.n_days == days)
        sums = run_sums(raw[rows], block.spans_est[rows], int(days))
        share[rows] = positive_share(sums)
    return share


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
    share = _window_share(v) if variant == "window_phat" else _daily_share(v)
    signed = v.car != 0.0
    used = signed & np.isfinite(share)
    without = int((signed & ~used).sum())
    note = _zero_note(int((~signed).sum()))
    if without:
        gap = f"{without} events without a complete run of estimation sessions left out"
        note = "; ".join(filter(None, (note, gap)))
    wins = int((v.car[used] > 0.0).sum())
    phat = float(share[used].mean()) if used.any() else math.nan
    return _row(v, name, variant, _Count(wins, int(used.sum()), note), phat)


def row_medians(values: FloatArray) -> FloatArray:
    """Median of the finite entries of each row, (n, 1).

    Examples
    --------
    >>> row_medians(np.array([[3.0, np.nan, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0]])).tolist()
    [[2.0], [2.5]]
    """
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    ascending = np.sort(values, axis=1)
    low = np.take_along_axis(ascending, (count - 1) // 2, axis=1)
    high = np.take_along_axis(ascending, count // 2, axis=1)
    return np.asarray((low + high) / 2.0)


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
    block, fit = v.members.block, v.members.fit

    def signs_by_day() -> FloatArray:
        panel = abnormal_panel(block, fit)
        return np.asarray(np.sign(panel - row_medians(panel)))

    days = v.members.cached(
        "corrado_zivney_sign", lambda: day_scores(signs_by_day(), fit.residuals.shape[1])
    )
    z, reason = score_window_z(days, v.columns)
    if reason:
        return refuse(v, name, variant, reason)
    row = base_row(
        v, name, variant, distribution="normal", estimate=float(v.car.mean()), statistic=z
    )
    return finish(v, row)
