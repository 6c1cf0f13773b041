r"""The placebo test in time: the event's abnormal return among those of quiet windows.

Every stretch of the estimation window that is as long as the tested window and has no missing day
is a placebo. Its residual sum stands over its own forecast scale, the event's CAR over its own:

.. math::
   a_w = \frac{\sum_{t \in w} e_t}{s \sqrt{L - q_w}}, \quad q_w = 1'X_w (X'X)^{-1} X_w'1, \qquad
   a_0 = \frac{CAR}{s \sqrt{L + q}}, \qquad
   p = \frac{1 + \#\{|a_w| \ge |a_0|\}}{B + 1}

Variants: ``published`` compares the raw sums and the raw CAR; ``studentised`` is the formula
above; ``filtered`` replaces ``e_t`` by ``e_t / sqrt(h_t)`` and ``s`` by ``sqrt(h_{T+1})``, with
``h`` from the model's own variance equation or, without one, from an exponentially weighted
average. Null in words: the event's CAR was drawn like the CAR of any other stretch.

Overlapping placebos of L days hold only about T/L independent ones, so p is too small by a little
when T/L is; under 20 the note gives the size found by simulation, under 10 there is no p.

NaN rule: an event without a placebo p has NaN and its reason; placebos touching a missing day do
not exist; nothing is filled.

References
----------
Gelbach, Helland and Klick (2013), Amer. Law Econ. Rev. 15, 495-541, doi:10.1093/aler/aht009: the
comparison with quantiles of the estimation residuals. The abstract was checked, the paper's
formulas were not; windows of several days, studentisation and filter are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from eventstudy.arrays import BoolArray, FloatArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.models.filtering import ewma_variance, gap_residuals
from eventstudy.names import Alternative

__all__ = [
    "MeanEquation",
    "Placebos",
    "add_one",
    "ewma_state",
    "mean_equation",
    "placebo_count",
    "placebo_tests",
    "simulated_size",
]

# Effective counts T/L under which the size is noted, and under which there is no p.
NOTED, REFUSED = 20.0, 10.0
# Orthogonality of residuals and regressors, relative to their lengths, that marks least squares.
ORTHOGONAL = 1e-7
# Rejection rate of overlapping placebos over the attainable level floor(.05 (B+1)) / (B+1), by
# T/L: a market model with normal errors, windows of 3 to 21 days, 40,000 to 60,000 draws a cell
# (error about 2 % of the factor; the spread over the lengths is about 5 %).
_FACTOR_AT = np.array([10.0, 12.0, 15.0, 20.0])
_FACTOR = {
    "published": np.array([2.10, 1.95, 1.70, 1.52]),
    "studentised": np.array([1.45, 1.40, 1.28, 1.21]),
    "filtered": np.array([1.45, 1.40, 1.28, 1.21]),
}


@dataclass(frozen=True)
class MeanEquation:
    """Regressors of the estimation rows as the model saw them.

    Attributes
    ----------
    design : (N, T, k) float
        Over the sessions that the return spans, not weighted; NaN on missing days.
    inverse : (N, k, k) float
        Covariance of the parameters over the residual variance; ``(X'WX)^-1`` for least squares.
    least_squares : (N,) bool
        True where the residuals are orthogonal to the weighted regressors (or there are none).
    refitted : (N,) bool
        True where moments alone give the estimates of another sample of rows: least squares on
        regressors that are not the series' own past.
    """

    design: FloatArray
    inverse: FloatArray
    least_squares: BoolArray
    refitted: BoolArray


def mean_equation(sample: Sample) -> MeanEquation:
    """Rebuild the estimation regressors of a sample's model from its block and fit."""
    block, fit = sample.block, sample.fit
    k = fit.theta.shape[1]
    factors = block.factors_est
    inverse = fit.covariance.parameters / fit.sigma[:, None, None] ** 2
    if k == 0:
        design = np.empty((*block.returns_est.shape, 0))
        everything = np.ones(block.n, dtype=bool)
        return MeanEquation(design, inverse, everything, everything)
    columns = []
    if fit.names[0] == "alpha":
        columns.append(block.spans_est[:, :, None])
    if fit.names[-1] == "phi":
        lag = np.full_like(block.returns_est, np.nan)
        lag[:, 1:] = block.returns_est[:, :-1]
        factors = lag[:, :, None]
    elif k == 2 and factors.shape[2] == 3:
        factors = factors[:, :, 1:2]
    design = np.concatenate([*columns, factors], axis=2)
    design = np.where(np.isfinite(fit.residuals)[:, :, None], design, np.nan)
    x, e = weighted_rows(sample, design)
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.sqrt((x**2).sum(axis=1) * (e**2).sum(axis=1)[:, None])
        angle = np.abs(np.einsum("ntk,nt->nk", x, e)) / length
    linear = (angle < ORTHOGONAL).all(axis=1)
    return MeanEquation(design, inverse, linear, linear & (fit.names[-1] != "phi"))


def weighted_rows(sample: Sample, design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return regressors and residuals per root session, 0 on rows that do not count."""
    on = np.isfinite(sample.fit.residuals)
    root = np.sqrt(np.where(on, sample.block.spans_est, 1.0))
    x = np.where(on[:, :, None], design, 0.0) / root[:, :, None]
    return x, np.where(on, sample.fit.residuals, 0.0)


def add_one(values: FloatArray, observed: FloatArray, *, alternative: Alternative) -> FloatArray:
    """Return ``(1 + #{as extreme}) / (B + 1)`` per row; NaN values are no draws.

    Examples
    --------
    >>> add_one(np.array([[-3.0, 1.0, 2.0, np.nan]]), np.array([2.5]), alternative="two-sided")
    array([0.5])
    >>> add_one(np.array([[-3.0, 1.0, 2.0, np.nan]]), np.array([2.5]), alternative="greater")
    array([0.25])
    """
    count = np.isfinite(values).sum(axis=1)
    x = observed[:, None]
    with np.errstate(invalid="ignore"):
        if alternative == "two-sided":
            hits = np.abs(values) >= np.abs(x)
        elif alternative == "greater":
            hits = values >= x
        else:
            hits = values <= x
    p = (1.0 + hits.sum(axis=1)) / (count + 1.0)
    return np.asarray(np.where(np.isfinite(observed), p, np.nan))


def _quantile(ordered: FloatArray, count: FloatArray, share: float) -> FloatArray:
    """Quantile at rank ``share (B + 1)`` of sorted rows (NaN last); NaN outside the draws.

    This is the rank that inverts the add-one rule.
    """
    rank = share * (count + 1.0)
    low = np.floor(rank)
    inside = (low >= 1) & (rank <= count)
    first = np.where(inside, low - 1, 0).astype(np.int64)
    second = np.minimum(first + 1, np.maximum(count - 1, 0).astype(np.int64))
    a = np.take_along_axis(ordered, first[:, None], axis=1)[:, 0]
    b = np.take_along_axis(ordered, second[:, None], axis=1)[:, 0]
    return np.asarray(np.where(inside, a + (rank - low) * (b - a), np.nan))


def ewma_state(sample: Sample) -> tuple[FloatArray, FloatArray]:
    """Return the filtered variance of each estimation session and the forecast, (N, T), (N,).

    Notes
    -----
    It starts at the residual variance and runs through the gap where the block has it.
    """
    e = sample.fit.residuals
    gap = gap_residuals(sample.block, sample.fit)
    h = ewma_variance(np.concatenate([e, gap], axis=1), sample.fit.sigma**2)
    return h[:, : e.shape[1]], h[:, -1]


def simulated_size(variant: str, ratio: float, *, count: int) -> float:
    """Return the simulated size at a nominal 5 % of ``count`` overlapping placebos at ``T/L``.

    Examples
    --------
    >>> round(simulated_size("studentised", 120 / 11, count=110), 3)
    0.064
    """
    attainable = np.floor(0.05 * (count + 1)) / (count + 1)
    return float(np.interp(ratio, _FACTOR_AT, _FACTOR[variant]) * attainable)


@dataclass(frozen=True)
class Placebos:
    """One variant of the placebo test for N events.

    Attributes
    ----------
    statistic : (N,) float
        The event's CAR (``published``, decimals) or its root.
    pvalue : (N,) float
    count : (N,) float
        Placebo windows B; NaN for events that do not enter.
    ci_low, ci_high : (N,) float
        The CAR less the upper and lower quantile of the placebos, on the variant's own scale
        (decimals); quantiles at rank ``q (B + 1)``, which inverts the add-one rule.
    notes : tuple of str
    """

    statistic: FloatArray
    pvalue: FloatArray
    count: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    notes: tuple[str, ...]


def placebo_count(sample: Sample, row: int, length: int) -> int:
    """Return how many stretches of ``length`` residuals without a missing one an event has."""
    on = np.isfinite(sample.fit.residuals[row])
    if length > on.size:
        return 0
    return int(sliding_window_view(on, length).all(axis=1).sum())


def shock_weights(sample: Sample, window: Window) -> tuple[list[FloatArray], list[np.ndarray]]:
    """Return weights of a placebo's sessions, and the events that share their number of sessions.

    CAR is the sum of its sessions' shocks (weights 1), or ``c'Psi`` of the shocks since the
    forecast origin where a model's shocks live on (autoregression).
    """
    full = sample.fit.covariance.innovation
    if full.ndim == 3:
        last = np.where(window.selector > 0, np.arange(full.shape[1]), -1).max(axis=1)
        lengths = last + 1
    else:
        lengths = np.where(window.members, np.round(window.n_days), 0).astype(np.int64)
    weights, groups = [], []
    for length in np.unique(lengths[window.members]):
        group = np.flatnonzero(window.members & (lengths == length))
        if full.ndim == 3:
            psi = np.linalg.cholesky(
                full[group][:, :length, :length] / sample.fit.sigma[group, None, None] ** 2
            )
            weights.append(np.einsum("nl,nlm->nm", window.selector[group][:, :length], psi))
        else:
            weights.append(np.ones((group.size, int(length))))
        groups.append(group)
    return weights, groups


@dataclass(frozen=True)
class _Roots:
    """Sums, squared unit scales and filtered roots of the placebo windows of a group, (n, B)."""

    raw: FloatArray
    unit: FloatArray
    filtered: FloatArray


def _windows(
    sample: Sample,
    mean: MeanEquation,
    z: FloatArray,
    weights: FloatArray,
    group: np.typing.NDArray[np.int64],
) -> _Roots:
    length = weights.shape[1]
    if length > sample.block.returns_est.shape[1]:
        empty = np.empty((group.size, 0))
        return _Roots(empty, empty, empty)
    spans = sample.block.spans_est[group]
    root = np.sqrt(spans)

    def summed(values: FloatArray, w: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("nbm,nm->nb", sliding_window_view(values, length, axis=1), w))

    raw = summed(sample.fit.residuals[group] * root, weights)
    filtered = summed(z[group] * root, weights)
    unit = summed(spans, weights**2)
    k = mean.design.shape[2]
    if k:
        columns = [summed(mean.design[group, :, j], weights) for j in range(k)]
        x = np.stack(columns, axis=2)
        unit = unit - np.einsum("nbk,nkl,nbl->nb", x, mean.inverse[group], x)
    with np.errstate(invalid="ignore"):
        unit = np.where(np.isfinite(raw) & (unit > 0), np.sqrt(unit), np.nan)
    return _Roots(raw, unit, filtered / unit)


def _event_unit(sample: Sample, mean: MeanEquation, window: Window) -> FloatArray:
    """Return the scale of each CAR per unit of the residual scale, (N,)."""
    fit = sample.fit
    with np.errstate(invalid="ignore", divide="ignore"):
        if fit.standardised is None:
            return np.asarray(window.car_se / fit.sigma)
        on = window.selector > 0
        spans = np.where(on, sample.block.spans_evt, 0.0).sum(axis=1)
        x = np.where(on[:, :, None], fit.covariance.design, 0.0).sum(axis=1)
        return np.asarray(np.sqrt(spans + np.einsum("nk,nkl,nl->n", x, mean.inverse, x)))


def _notes(
    variant: str, sample: Sample, window: Window, count: FloatArray, resolution: BoolArray
) -> tuple[str, ...]:
    out = []
    for i, member in enumerate(window.members):
        ratio = sample.fit.n_obs[i] / window.n_days[i]
        if not member:
            out.append("the event does not enter this window")
        elif ratio < REFUSED:
            out.append(
                f"refused: {int(sample.fit.n_obs[i])} estimation returns are fewer than "
                f"{REFUSED:.0f} times the {int(window.n_days[i])} sessions of the window"
            )
        elif not resolution[i]:
            out.append(
                f"cannot reject by construction: with {int(count[i])} placebo windows the "
                f"smallest p is {1.0 / (count[i] + 1.0):.3g}"
            )
        else:
            note = f"{int(count[i])} placebo windows, effective count T/L = {ratio:.1f}"
            if ratio < NOTED and window.n_days[i] > 1:
                size = 100.0 * simulated_size(variant, float(ratio), count=int(count[i]))
                note += f"; a nominal 5 % is about {size:.1f} % by simulation"
            out.append(note)
    return tuple(out)


def placebo_tests(
    sample: Sample, window: Window, *, variants: tuple[str, ...] = ("studentised",)
) -> dict[str, Placebos]:
    """Compare each event's CAR with the residual sums of its own estimation window.

    Parameters
    ----------
    sample : Sample
    window : Window
    variants : tuple of {"published", "studentised", "filtered"}

    Returns
    -------
    dict of str to Placebos
        See the module for formulas, null, NaN rule and source.

    Examples
    --------
    >>> from eventstudy.abnormal import tested_window
    >>> from eventstudy.models import ModelOptions, fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block()
    >>> fit = fit_model("market_model", block, options=ModelOptions(factor_names=("market",)))
    >>> sample = Sample(block, fit, block.days_evt[:, 1], 2)
    >>> found = placebo_tests(sample, tested_window(block, fit, 0, 0))["studentised"]
    >>> found.pvalue.round(4), found.notes
    (array([0.0164]), ('60 placebo windows, effective count T/L = 60.0',))
    """
    fit = sample.fit
    mean = mean_equation(sample)
    h, forecast = ewma_state(sample)
    unit = _event_unit(sample, mean, window)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = fit.residuals / np.sqrt(h) if fit.standardised is None else fit.standardised
        filtered = np.sqrt(forecast) * unit if fit.standardised is None else window.car_se
        # Under "published" nothing is studentised: the statistic is the CAR itself.
        scale = {"published": np.ones_like(unit), "studentised": fit.sigma * unit}
        scale["filtered"] = filtered
        statistic = {v: window.car / scale[v] for v in variants}
    found = {v: np.full((4, sample.block.n), np.nan) for v in variants}
    for weights, group in zip(*shock_weights(sample, window), strict=True):
        roots = _windows(sample, mean, z, weights, group)
        with np.errstate(invalid="ignore", divide="ignore"):
            studentised = roots.raw / (fit.sigma[group, None] * roots.unit)
        values = {"published": roots.raw, "studentised": studentised, "filtered": roots.filtered}
        for v in variants:
            p, count, low, high = _compare(values[v], statistic[v][group], sample)
            car, s = window.car[group], scale[v][group]
            found[v][:, group] = p, count, car - high * s, car - low * s
    return {v: _guarded(v, sample, window, statistic[v], found[v]) for v in variants}


def _compare(
    values: FloatArray, observed: FloatArray, sample: Sample
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return p, number of placebos and their quantiles at half the level on either side."""
    count = np.isfinite(values).sum(axis=1).astype(np.float64)
    p = add_one(values, observed, alternative=sample.settings.alternative)
    if values.shape[1] == 0:
        nothing = np.full(observed.size, np.nan)
        return p, count, nothing, nothing
    ordered, half = np.sort(values, axis=1), sample.settings.level / 2.0
    return p, count, _quantile(ordered, count, half), _quantile(ordered, count, 1.0 - half)


def _guarded(
    variant: str, sample: Sample, window: Window, statistic: FloatArray, found: FloatArray
) -> Placebos:
    p, count, low, high = found
    with np.errstate(invalid="ignore", divide="ignore"):
        resolution = 1.0 / (count + 1.0) <= sample.settings.level
        enough = sample.fit.n_obs / window.n_days >= REFUSED
    good = window.members & resolution & enough & np.isfinite(statistic)
    return Placebos(
        statistic=np.where(good, statistic, np.nan),
        pvalue=np.where(good, p, np.nan),
        count=np.where(window.members, count, np.nan),
        ci_low=np.where(good, low, np.nan),
        ci_high=np.where(good, high, np.nan),
        notes=_notes(variant, sample, window, count, resolution),
    )
