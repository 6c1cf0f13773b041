"""Cumulated paths with pointwise and simultaneous bands, for one event and for a panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from eventstudy.arrays import FloatArray
from eventstudy.estimate import PanelRun
from eventstudy.inference.bands import sup_t_quantile
from eventstudy.inference.correlation import mean_correlation, unit_residuals
from eventstudy.inference.sample import Sample

__all__ = ["event_paths", "panel_path"]


def _path_covariance(sample: Sample) -> FloatArray:
    """Return the covariance of the cumulated path of each event, (N, L, L); missing days add 0."""
    v = sample.fit.covariance.matrix()
    on = np.isfinite(sample.fit.ar)
    v = np.where(on[:, :, None] & on[:, None, :], v, 0.0)
    return np.asarray(v.cumsum(axis=1).cumsum(axis=2))


# Draws behind a band; more events than this share one quantile, from their mean correlation.
DRAWS = 5_000
EVENTS_ONE_BY_ONE = 60


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
    sample = run.sample
    fit = sample.fit
    on = np.isfinite(fit.ar).all(axis=1)
    n = int(on.sum())
    ar = fit.ar[on]
    car = ar.cumsum(axis=1)
    r = float("nan")
    if n >= 2:
        z = unit_residuals(fit.residuals[on])
        r = max(mean_correlation(z, sample.block.days_est[on]), 0.0)
    width = len(sample.block.taus)
    nothing = np.full(width, np.nan)
    inflate = np.sqrt((1.0 + (n - 1) * r) / ((1.0 - r) * n)) if n >= 2 else np.nan
    aar_se = ar.std(axis=0, ddof=1) * inflate if n >= 2 else nothing
    caar_se = car.std(axis=0, ddof=1) * inflate if n >= 2 else nothing
    caar = car.mean(axis=0) if n else nothing
    level = sample.settings.level
    point = special.stdtrit(n - 1.0, 1.0 - level / 2.0) if n >= 2 else np.nan
    wide = np.nan
    if n >= 2:
        scaled = _path_covariance(sample)[on] / fit.sigma[on, None, None] ** 2
        seed = (sample.settings.seed, *sample.settings.key)
        wide = sup_t_quantile(scaled.mean(axis=0), n - 1.0, level=level, seed=seed)
    return pd.DataFrame(
        {
            "panel": run.panel,
            "model": run.model,
            "tau": sample.block.taus,
            "n_events": n,
            "aar": ar.mean(axis=0) if n else nothing,
            "aar_se": aar_se,
            "caar": caar,
            "caar_se": caar_se,
            "caar_low": caar - point * caar_se,
            "caar_high": caar + point * caar_se,
            "caar_sup_low": caar - wide * caar_se,
            "caar_sup_high": caar + wide * caar_se,
        }
    )
