r"""Tests of one event, for all events of a sample at once.

==================== ============= ==========================================================
name                 variant       statistic and reference
==================== ============= ==========================================================
exact_t              published     ``t = c'AR / sqrt(c'Vc)``, t(T-k)
path_f               published     ``F = AR'V^-1 AR / L``, F(L, T-k); two days or more
placebo_sq           published     raw CAR among raw residual sums
placebo_sq           studentised   each over its own forecast scale
placebo_sq           filtered      each over its own filtered variance too
andrews_s            published     P, S or R among re-estimated stretches
bootstrap_prediction published     ``t`` among 1999 bootstrap roots
==================== ============= ==========================================================

``exact_t``: the null in words is that the mean effect over the window is zero; exact for
independent normal errors of one variance. ``path_f``: the null is that every day's effect is zero
(Chow's forecast test); L counts the returns that enter, missing days are left out. Neither can
tell a jump of the variance at the event from a shift of the mean.

NaN rule: an event that does not enter the window, or has no scale, has NaN and its reason.

References
----------
Salinger (1992), JFQA 27, 39-53, doi:10.2307/2331297 (the abstract was checked): covariance of
the days. Karafiath (1988), Financial Review 23, 351-357, from memory: the same t as the dummy of
the event day. Gelbach, Helland and Klick (2013), doi:10.1093/aler/aht009: see the placebo module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special

from eventstudy.arrays import BoolArray, FloatArray
from eventstudy.inference import andrews, placebo, prediction_bootstrap
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.single_lead import Leading, leading
from eventstudy.names import SINGLE_EVENT, Alternative

__all__ = [
    "Leading",
    "SingleEventRow",
    "SingleEventTable",
    "leading",
    "minimum_detectable_effect",
    "single_event",
]

OUTSIDE = "the event does not enter this window"
NO_SCALE = "refused: the forecast error has no scale"
DISTRIBUTION = {
    "exact_t": "t",
    "path_f": "F",
    "placebo_sq": "placebo",
    "andrews_s": "subsample",
    "bootstrap_prediction": "resampled",
}


@dataclass(frozen=True)
class SingleEventRow:
    """One statistic of one window for N events.

    Attributes
    ----------
    name, variant : str
        Key in the closed list of names.
    distribution : str
        ``t``, ``F``, ``placebo``, ``subsample`` or ``resampled``.
    statistic, df, pvalue : (N,) float
        NaN where the test does not apply; ``df`` is that of t and of F's denominator.
    df_numerator : (N,) float
        F's first degrees of freedom, else NaN.
    notes : tuple of str
        N notes: why there is no number, or what the number rests on.
    """

    name: str
    variant: str
    distribution: str
    statistic: FloatArray
    df: FloatArray
    df_numerator: FloatArray
    pvalue: FloatArray
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SingleEventTable:
    """Everything about single events in one window; arrays are (N,).

    Attributes
    ----------
    rows : tuple of SingleEventRow
        In canonical order.
    statistic, df, pvalue, ci_low, ci_high
        Exact t and its interval at ``1 - level`` (decimals).
    placebo_pvalue, placebo_low, placebo_high
        Studentised placebo p and the interval from inverting it.
    mde
        Smallest effect that a two-sided test at ``level`` finds with 80 % power (decimals).
    """

    rows: tuple[SingleEventRow, ...]
    statistic: FloatArray
    df: FloatArray
    pvalue: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    placebo_pvalue: FloatArray
    placebo_low: FloatArray
    placebo_high: FloatArray
    mde: FloatArray

    def row(self, name: str, variant: str) -> SingleEventRow:
        """Return the row of one statistic; KeyError where it was not asked for."""
        for row in self.rows:
            if (row.name, row.variant) == (name, variant):
                return row
        raise KeyError((name, variant))


@lru_cache(maxsize=4096)
def _detectable_root(df: float, level: float, power: float) -> float:
    critical = float(special.stdtrit(df, 1.0 - level / 2.0))

    def missed(shift: float) -> float:
        upper, lower = special.nctdtr(df, shift, [critical, -critical])
        # The far tail underflows to NaN where few degrees of freedom make it tiny.
        return float(upper - (lower if np.isfinite(lower) else 0.0)) - (1.0 - power)

    upper = critical
    while missed(upper) > 0:
        upper += 1.0
    return float(optimize.brentq(missed, 0.0, upper, xtol=1e-13, rtol=1e-13))


def minimum_detectable_effect(
    se: FloatArray, df: FloatArray, *, level: float = 0.05, power: float = 0.80
) -> FloatArray:
    """Return the smallest effect that a two-sided t test finds with the given power.

    Parameters
    ----------
    se, df : (N,) float
        Standard error (decimals) and degrees of freedom.
    level, power : float

    Returns
    -------
    (N,) float
        ``delta * se``, delta the noncentrality at which ``P(|t| > t_crit) = power`` exactly, both
        tails counted; NaN where ``se`` or ``df`` is.

    Examples
    --------
    >>> minimum_detectable_effect(np.array([0.01]), np.array([118.0])).round(5)
    array([0.02825])
    """
    good = np.isfinite(se) & (df > 0)
    out = np.full(np.shape(se), np.nan)
    for value in np.unique(df[good]):
        same = good & (df == value)
        out[same] = _detectable_root(float(value), level, power) * se[same]
    return out


def _t_pvalue(statistic: FloatArray, df: FloatArray, alternative: Alternative) -> FloatArray:
    # stdtr of the negated value is the survival function, without cancellation.
    if alternative == "two-sided":
        return np.asarray(2.0 * special.stdtr(df, -np.abs(statistic)))
    sign = -1.0 if alternative == "greater" else 1.0
    return np.asarray(special.stdtr(df, sign * statistic))


def _member_notes(window: Window, usable: BoolArray, note: str) -> tuple[str, ...]:
    return tuple(
        OUTSIDE if not member else (note if ok else NO_SCALE)
        for member, ok in zip(window.members, usable, strict=True)
    )


def _exact_t(sample: Sample, window: Window) -> SingleEventRow:
    ok = window.members & (window.car_se > 0) & (sample.fit.df > 0)
    statistic = np.where(ok, window.scar, np.nan)
    df = np.where(ok, sample.fit.df, np.nan)
    note = "" if sample.fit.standardised is None else "approximate: the variance is a forecast"
    return SingleEventRow(
        name="exact_t",
        variant="published",
        distribution="t",
        statistic=statistic,
        df=df,
        df_numerator=np.full(ok.shape, np.nan),
        pvalue=_t_pvalue(statistic, df, sample.settings.alternative),
        notes=_member_notes(window, ok, note),
    )


def _path_f(sample: Sample, window: Window) -> SingleEventRow:
    on = window.selector > 0
    days = on.sum(axis=1).astype(np.float64)
    pair = on[:, :, None] & on[:, None, :]
    # Days that do not count become unit rows with a zero forecast error: they add nothing.
    v = np.where(pair, sample.fit.covariance.matrix(), np.eye(on.shape[1]))
    scale = np.sqrt(np.einsum("nll->nl", v))
    ok = window.members & (days >= 2) & (scale > 0).all(axis=1) & np.isfinite(v).all(axis=(1, 2))
    unit = np.where(ok[:, None, None], v, np.eye(on.shape[1]))
    scale = np.where(ok[:, None], scale, 1.0)
    unit = unit / np.where(ok[:, None, None], scale[:, :, None] * scale[:, None, :], 1.0)
    ar = np.where(on & ok[:, None], sample.fit.ar, 0.0) / scale
    with np.errstate(invalid="ignore", divide="ignore"):
        form = (ar * np.linalg.solve(unit, ar[..., None])[..., 0]).sum(axis=1) / days
    statistic = np.where(ok, form, np.nan)
    df = np.where(ok, sample.fit.df, np.nan)
    numerator = np.where(ok, days, np.nan)
    remark = "" if sample.settings.alternative == "two-sided" else "F has no direction"
    notes = tuple(
        "one day: see exact_t" if member and count < 2 else note
        for member, count, note in zip(
            window.members, days, _member_notes(window, ok, remark), strict=True
        )
    )
    return SingleEventRow(
        name="path_f",
        variant="published",
        distribution="F",
        statistic=statistic,
        df=df,
        df_numerator=numerator,
        pvalue=np.asarray(special.fdtrc(numerator, df, statistic)),
        notes=notes,
    )


def _wanted(names: Sequence[tuple[str, str]] | None) -> tuple[tuple[str, str], ...]:
    known = tuple((s.name, s.variant) for s in SINGLE_EVENT)
    if names is None:
        return tuple((s.name, s.variant) for s in SINGLE_EVENT if s.recommended)
    unknown = [key for key in names if key not in known]
    if unknown:
        raise ValueError(f"no test of one event is called {unknown[0]}")
    return tuple(key for key in known if key in set(names))


def single_event(
    sample: Sample, window: Window, *, names: Sequence[tuple[str, str]] | None = None
) -> SingleEventTable:
    """Test every event of a sample on its own, in one window.

    Parameters
    ----------
    sample : Sample
        N fitted events.
    window : Window
    names : sequence of (name, variant), optional
        Rows wanted; default the recommended ones.

    Returns
    -------
    SingleEventTable
        See the module for formulas, nulls, NaN rule and sources.

    Raises
    ------
    ValueError
        For a (name, variant) that is not in the closed list.

    Examples
    --------
    >>> from eventstudy.abnormal import tested_window
    >>> from eventstudy.models import ModelOptions, fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block()
    >>> fit = fit_model("market_model", block, options=ModelOptions(factor_names=("market",)))
    >>> sample = Sample(block, fit, block.days_evt[:, 1], 2)
    >>> table = single_event(sample, tested_window(block, fit, 0, 0))
    >>> table.pvalue.round(4), table.placebo_pvalue.round(4)
    (array([0.0018]), array([0.0164]))
    """
    wanted = _wanted(names)
    exact = _exact_t(sample, window)
    asked = {"studentised", *(v for name, v in wanted if name == "placebo_sq")}
    variants = tuple(v for v in ("published", "studentised", "filtered") if v in asked)
    found = placebo.placebo_tests(sample, window, variants=variants)
    rows = tuple(_row(key, sample, window, exact, found) for key in wanted)
    level = sample.settings.level
    se = np.where(np.isfinite(exact.df), window.car_se, np.nan)
    half = special.stdtrit(exact.df, 1.0 - level / 2.0) * se
    studentised = found["studentised"]
    return SingleEventTable(
        rows=rows,
        statistic=exact.statistic,
        df=exact.df,
        pvalue=exact.pvalue,
        ci_low=window.car - half,
        ci_high=window.car + half,
        placebo_pvalue=studentised.pvalue,
        placebo_low=studentised.ci_low,
        placebo_high=studentised.ci_high,
        mde=minimum_detectable_effect(se, exact.df, level=level),
    )


def _row(
    key: tuple[str, str],
    sample: Sample,
    window: Window,
    exact: SingleEventRow,
    found: dict[str, placebo.Placebos],
) -> SingleEventRow:
    name, variant = key
    if name == "exact_t":
        return exact
    if name == "path_f":
        return _path_f(sample, window)
    result: placebo.Placebos | andrews.Andrews | prediction_bootstrap.PredictionBootstrap
    if name == "placebo_sq":
        result = found[variant]
    elif name == "andrews_s":
        result = andrews.andrews_tests(sample, window)
    else:
        result = prediction_bootstrap.prediction_bootstrap(sample, window)
    empty = np.full(result.statistic.shape, np.nan)
    return SingleEventRow(
        name=name,
        variant=variant,
        distribution=DISTRIBUTION[name],
        statistic=result.statistic,
        df=empty,
        df_numerator=empty,
        pvalue=result.pvalue,
        notes=result.notes,
    )
