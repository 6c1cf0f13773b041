"""Skewness-adjusted tests of buy-and-hold abnormal returns."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.parametric import skewness
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

__all__ = ["bhar_skewness_adjusted_t"]

NAME = "bhar_skewness_adjusted_t"
# A resample is a quarter of the sample; with fewer events than this it has fewer than two.
LEAST_EVENTS = 8


def _adjusted(s: FloatArray | float, g: FloatArray | float, n: int) -> FloatArray:
    g = np.asarray(g)
    return np.asarray(np.sqrt(n) * (s + g * np.square(s) / 3.0 + g / (6.0 * n)))


def _draws(v: View) -> FloatArray:
    """Return the statistic of resamples of a quarter of the events, centred at the mean."""
    x, size = v.bhar, v.n // 4
    rng = v.rng(NAME, "bootstrap")
    out = np.empty(v.settings.draws)
    step = max(1, 2_000_000 // size)
    for low in range(0, len(out), step):
        high = min(low + step, len(out))
        chosen = x[rng.integers(v.n, size=(high - low, size))]
        mean = chosen.mean(axis=1)
        centred = chosen - mean[:, None]
        second = (centred**2).mean(axis=1)
        flat = np.sqrt(second) <= 1e-12 * np.abs(x).max()
        with np.errstate(invalid="ignore", divide="ignore"):
            g = (centred**3).mean(axis=1) / second**1.5
            s = (mean - x.mean()) / np.sqrt(second * size / (size - 1.0))
        out[low:high] = np.where(flat, np.nan, _adjusted(s, g, size))
    return out


def bhar_skewness_adjusted_t(
    sample: Sample, window: Window, *, variant: str = "published"
) -> Statistic:
    r"""Mean buy-and-hold abnormal return, corrected for its skewness.

    Null: the mean BHAR of independent events is zero.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published", "bootstrap"}
        Reference t(N-1), or resamples of N/4 events of the recentred statistic.

    Returns
    -------
    Statistic
        ``estimate`` is the mean BHAR in decimals; no ``se``, as the statistic is not their ratio.

    Notes
    -----
    .. math:: t_{sa} = \sqrt{n}\,[S + g S^2/3 + g/(6n)], \quad S = \overline{BHAR}/s

    ``BHAR = prod(1 + R) - prod(1 + E)``, compounded once, over the days that count. The bootstrap
    computes ``S_b = (mean_b - mean)/s_b`` on resamples of ``n_b = floor(n/4)`` events with their
    own ``g_b``; resamples without spread count as extreme. Not valid for overlapping or clustered
    events; every long-horizon test is joint with the model of expected returns. No statistic for
    fewer than two events (``bootstrap``: eight) or BHARs that do not vary.

    References
    ----------
    Lyon, Barber and Tsai (1999), JF 54, 165-201, doi:10.1111/0022-1082.00101 (from memory of the
    literature, paper not checked); Barber and Lyon (1997), JFE 43, 341-372,
    doi:10.1016/S0304-405X(96)00890-2 (publisher's page checked).
    """
    v = view(sample, window)
    if none := too_few(v, NAME, variant):
        return none
    if degenerate(v.bhar.min(), v.bhar.max()):
        return refuse(v, NAME, variant, "zero scale: the BHARs do not vary")
    s = v.bhar.mean() / v.bhar.std(ddof=1)
    row = base_row(
        v,
        NAME,
        variant,
        statistic=float(_adjusted(s, skewness(v.bhar), v.n)),
        distribution="t" if variant == "published" else "resampled",
        df=v.n - 1 if variant == "published" else np.nan,
        estimate=v.bhar.mean(),
    )
    if variant == "published":
        return finish(v, row, interval=False)
    if v.n < LEAST_EVENTS:
        reason = f"resamples of N/4 events need at least {LEAST_EVENTS}: there are {v.n}"
        return refuse(v, NAME, variant, reason)
    if not 1.0 / (v.settings.draws + 1.0) <= v.settings.level:
        return refuse(v, NAME, variant, f"cannot reject by construction: {v.settings.draws} draws")
    p = resampled_p(row.statistic, _draws(v), v.settings.alternative)
    return finish(v, row, pvalue=p, note=f"resamples of {v.n // 4} events")
