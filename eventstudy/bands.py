"""Cumulated paths with pointwise and simultaneous bands, for one event and for a panel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import special

from eventstudy.arrays import BoolArray, FloatArray
from eventstudy.estimate import PanelRun
from eventstudy.inference.bands import sup_t_quantile
from eventstudy.inference.correlation import unit_residuals
from eventstudy.inference.sample import Sample, Settings
from eventstudy.reduce.groups import Moments

__all__ = ["event_paths", "panel_path", "path_frame"]


def _path_covariance(sample: Sample) -> FloatArray:
    """Return the covariance of the cumulated path of each event, (N, L, L); missing days add 0."""
    v = sample.fit.covariance.matrix()
    on = np.isfinite(sample.fit.ar)
    v = np.where(on[:, :, None] & on[:, None, :], v, 0.0)
    return np.asarray(v.cumsum(axis=1).cumsum(axis=2))


# Draws behind a band; more events than this share one quantile, from their mean correlation.
DRAWS = 5_000
EVENTS_ONE_BY_ONE = 60
# One minus the mean residual correlation, below which all events are one series.
SAME_SERIES = 1e-12


def event_paths(sample: Sample) -> dict[str, FloatArray]:
    """Cumulate the abnormal returns of each event from the start of the event window.

    Returns
    -------
    dict of (N, L) float
        car, car_se, car_low, car_high (pointwise at 95 %), car_sup_low, car_sup_high (the whole
        path at 95 %); NaN on missing days, on which the path stands still.
    """
    fit = sample.fit
    on = np.isfinite(fit.ar)
    cumulated = _path_covariance(sample)
    car = np.where(on, np.where(on, fit.ar, 0.0).cumsum(axis=1), np.nan)
    se = np.where(on, np.sqrt(np.einsum("nll->nl", cumulated)), np.nan)
    level = sample.settings.level
    point = special.stdtrit(fit.df, 1.0 - level / 2.0)[:, None]
    wide = _sup_quantiles(sample, cumulated)[:, None]
    return {
        "car": car,
        "car_se": se,
        "car_low": car - point * se,
        "car_high": car + point * se,
        "car_sup_low": car - wide * se,
        "car_sup_high": car + wide * se,
    }


def _sup_quantiles(sample: Sample, cumulated: FloatArray) -> FloatArray:
    n = len(cumulated)
    seed = (sample.settings.seed, *sample.settings.key)
    level = sample.settings.level
    if n <= EVENTS_ONE_BY_ONE:
        return np.array(
            [
                sup_t_quantile(v, float(df), level=level, draws=DRAWS, seed=seed)
                for v, df in zip(cumulated, sample.fit.df, strict=True)
            ]
        )
    whole = np.isfinite(sample.fit.ar).all(axis=1)
    mean = (cumulated[whole] / sample.fit.sigma[whole, None, None] ** 2).mean(axis=0)
    common = sup_t_quantile(
        mean, float(sample.fit.df.min()), level=level, draws=4 * DRAWS, seed=seed
    )
    return np.full(n, common)


def panel_path(run: PanelRun) -> pd.DataFrame:
    r"""Average the paths of a panel, with bands that allow for correlated events.

    Notes
    -----
    ``se = sd(CAR) / sqrt(N) sqrt((1 + (N - 1) r) / (1 - r))``, the cross-sectional scale with
    the correction of Kolari and Pynnonen (2010), doi:10.1093/rfs/hhq072, r the mean residual
    correlation on common calendar days; pointwise t(N - 1). The simultaneous band takes the
    correlation of the path from the mean forecast covariance.
    """
    return path_frame(run.panel, run.model, run.sample.settings, [run.sample])


class _ByDay:
    """Unit residuals added up by calendar day: what their mean correlation is made of."""

    def __init__(self) -> None:
        self._sums = self._squares = self._count = np.zeros(0)

    def add(self, sample: Sample, on: BoolArray) -> None:
        z, days = unit_residuals(sample.fit.residuals[on]), sample.block.days_est[on]
        there = np.isfinite(z)
        size = max(len(self._sums), int(days.max(initial=0)) + 1)
        self._sums = _longer(self._sums, size) + np.bincount(days[there], z[there], size)
        self._squares = _longer(self._squares, size) + np.bincount(days[there], z[there] ** 2, size)
        self._count = _longer(self._count, size) + np.bincount(days[there], minlength=size)

    def correlation(self, n: int) -> float:
        pairs = np.where(self._count < 2, 0.0, self._sums**2 - self._squares)
        return float(pairs.sum() / (n * (n - 1.0)))


def _longer(values: FloatArray, size: int) -> FloatArray:
    return np.concatenate([values, np.zeros(size - len(values))])


def path_frame(
    panel: str, model: str, settings: Settings, samples: Iterable[Sample]
) -> pd.DataFrame:
    """Return the mean path of the events of several samples together.

    Parameters
    ----------
    panel, model : str
    settings : Settings
    samples : iterable of Sample
        Pieces of one panel under one model; an event with a missing day does not enter.
    """
    ar_moments = car_moments = None
    covariance: FloatArray | float = 0.0
    taus, by_day = np.empty(0, dtype=np.int64), _ByDay()
    for sample in samples:
        fit, taus = sample.fit, sample.block.taus
        on = np.asarray(np.isfinite(fit.ar).all(axis=1))
        by_day.add(sample, on)
        one, two = Moments.of(fit.ar[on]), Moments.of(fit.ar[on].cumsum(axis=1))
        ar_moments = one if ar_moments is None else ar_moments.merged(one)
        car_moments = two if car_moments is None else car_moments.merged(two)
        scaled = _path_covariance(sample)[on] / fit.sigma[on, None, None] ** 2
        covariance = covariance + scaled.sum(axis=0)
    assert ar_moments is not None and car_moments is not None
    n = int(ar_moments.n[0])
    inflate = wide = point = float("nan")
    if n >= 2:
        r = max(by_day.correlation(n), 0.0)
        # Events that are all one series have no spread of their own.
        if 1.0 - r > SAME_SERIES:
            inflate = float(np.sqrt((1.0 + (n - 1) * r) / ((1.0 - r) * n)))
        point = float(special.stdtrit(n - 1.0, 1.0 - settings.level / 2.0))
        seed = (settings.seed, *settings.key)
        wide = sup_t_quantile(np.asarray(covariance / n), n - 1.0, level=settings.level, seed=seed)
    nothing = np.full(len(taus), np.nan)
    caar, caar_se = (car_moments.mean, car_moments.sd * inflate) if n else (nothing, nothing)
    return pd.DataFrame(
        {
            "panel": panel,
            "model": model,
            "tau": taus,
            "n_events": n,
            "aar": ar_moments.mean if n else nothing,
            "aar_se": ar_moments.sd * inflate,
            "caar": caar,
            "caar_se": caar_se,
            "caar_low": caar - point * caar_se,
            "caar_high": caar + point * caar_se,
            "caar_sup_low": caar - wide * caar_se,
            "caar_sup_high": caar + wide * caar_se,
        }
    )
