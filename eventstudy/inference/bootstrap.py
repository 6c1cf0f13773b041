"""Percentile-t bootstrap of the mean standardised CAR, by events or by dates."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.clusters import ONE_DATE, OVERLAP, cluster_scale
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import (
    View,
    base_row,
    degenerate,
    finish,
    refuse,
    resampled_p,
    too_few,
    view,
)

__all__ = ["bootstrap_t"]

# Values of one resampled block: keeps memory flat for large samples without changing the draws.
BLOCK = 2_000_000


def _event_draws(v: View) -> FloatArray:
    """Return t* of resampled events, recentred at the sample's mean."""
    x, n = v.scar, v.n
    rng = v.rng("bootstrap_t", "published")
    out = []
    step = max(1, BLOCK // n)
    for low in range(0, v.settings.draws, step):
        size = min(step, v.settings.draws - low)
        sample = x[rng.integers(n, size=(size, n))]
        spread = sample.std(axis=1, ddof=1)
        flat = spread <= 1e-12 * np.abs(x).max()
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.sqrt(n) * (sample.mean(axis=1) - x.mean()) / spread
        out.append(np.where(flat, np.nan, t))
    return np.concatenate(out)


def _date_draws(v: View) -> FloatArray:
    """Return CR1 t* of resampled dates, recentred at the sample's mean."""
    groups = v.members.n_clusters
    sizes = np.bincount(v.members.date_of).astype(np.float64)
    sums = np.bincount(v.members.date_of, weights=v.scar)
    rng = v.rng("bootstrap_t", "clustered")
    out = []
    step = max(1, BLOCK // groups)
    for low in range(0, v.settings.draws, step):
        pick = rng.integers(groups, size=(min(step, v.settings.draws - low), groups))
        count, total = sizes[pick].sum(axis=1), sums[pick].sum(axis=1)
        mean = total / count
        inner = ((sums[pick] - mean[:, None] * sizes[pick]) ** 2).sum(axis=1)
        se = np.sqrt(groups / (groups - 1.0) * inner) / count
        flat = se <= 1e-12 * np.abs(v.scar).max()
        with np.errstate(invalid="ignore", divide="ignore"):
            out.append(np.where(flat, np.nan, (mean - v.scar.mean()) / se))
    return np.concatenate(out)


def bootstrap_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Mean standardised CAR with critical values from resampling.

    Null: the mean standardised CAR is zero, for independent events (``published``) or for events
    that depend on each other within a date (``clustered``).

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "clustered"}
        Resamples events, with ``t = sqrt(N) mean/sd``; or dates, with the CR1 t.

    Returns
    -------
    Statistic
        p by the add-one rule; the interval is the equal-tailed percentile-t interval.

    Notes
    -----
    .. math:: t^* = (\bar x^* - \bar x) / se^*, \quad
              p = \frac{1 + \#\{|t^*| \ge |t|\}}{B + 1}

    Resamples without spread have no ``t*`` and count as extreme. No statistic for fewer than two
    events (``clustered``: two dates), values that do not vary, or too few draws to reject.

    References
    ----------
    Kramer (2001) (opening checked; for events on dates of their own). Davison and Hinkley (1997)
    for the add-one rule (from memory of the literature, book not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "bootstrap_t", variant):
        return none
    clustered = variant == "clustered"
    if clustered and v.members.n_clusters < 2:
        return refuse(v, "bootstrap_t", variant, ONE_DATE)
    mean = float(v.scar.mean())
    if clustered:
        se = cluster_scale(v.scar, v.members.date_of, v.members.n_clusters)
    else:
        se = float(v.scar.std(ddof=1) / np.sqrt(v.n))
    if degenerate(v.scar.min(), v.scar.max()) or not se > 1e-12 * float(np.abs(v.scar).max()):
        return refuse(v, "bootstrap_t", variant, "zero scale: the values do not vary")
    if not 1.0 / (v.settings.draws + 1.0) <= v.settings.level:
        reason = f"cannot reject by construction: {v.settings.draws} draws"
        return refuse(v, "bootstrap_t", variant, reason)
    draws = _date_draws(v) if clustered else _event_draws(v)
    row = base_row(
        v,
        "bootstrap_t",
        variant,
        statistic=mean / se,
        distribution="resampled",
        estimate=mean,
        se=se,
    )
    p = resampled_p(row.statistic, draws, v.settings.alternative)
    ci = _interval(mean, se, draws, v.settings.level)
    return finish(v, row, pvalue=p, ci=ci, note=OVERLAP if clustered and v.dates_overlap else "")


def _interval(mean: float, se: float, draws: FloatArray, level: float) -> tuple[float, float]:
    """Percentile-t interval; unbounded where too many resamples have no spread."""
    low = np.sort(np.where(np.isnan(draws), -np.inf, draws))
    high = np.sort(np.where(np.isnan(draws), np.inf, draws))
    k = int(np.floor(level / 2.0 * (len(draws) + 1)))
    if k < 1:
        return float("nan"), float("nan")
    bounds = mean - se * high[-k], mean - se * low[k - 1]
    if not np.isfinite(bounds).all():
        return float("nan"), float("nan")
    return float(bounds[0]), float(bounds[1])
