r"""Residual bootstrap of the prediction root, for one event.

Shocks ``e*`` are drawn from the recentred ``e_t / sqrt(1 - h_t)`` for the estimation and the
tested days, the estimation returns are rebuilt, the model is fitted again, and

.. math::
   t^* = \frac{c'(e^*_{event} - X^*(\theta^* - \theta))}{\sqrt{c'V^*c}}, \qquad
   p = \frac{1 + \#\{|t^*| \ge |t|\}}{B + 1}, \quad B = 1999

For least squares ``theta* - theta = (X'X)^-1 X'e*`` and ``s*`` needs no refit, so nothing is
approximated. Null in words: the event's shocks come from the same distribution as the estimation
shocks. Draws are independent; where Ljung-Box(5) rejects at 1 % they come in blocks of random
length (stationary bootstrap) whose mean length is chosen by Politis and White's rule. A wild
bootstrap would not do: the event day has no residual of its own.

NaN rule: a model that is not least squares, or has a variance equation, gives NaN and the reason.

References
----------
Politis and Romano (1994), JASA 89, 1303-1313. Politis and White (2004), Econometric Reviews 23,
53-70, with the correction of Patton, Politis and White (2009). Hein and Westfall (2004), Journal
of Financial Econometrics 2, 451-471. From memory of the literature; the block length is compared
with the ``arch`` package in the tests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.inference.diagnostics import TEST_LEVEL, ljung_box
from eventstudy.inference.placebo import MeanEquation, add_one, mean_equation, weighted_rows
from eventstudy.inference.sample import Sample, Window

__all__ = ["DRAWS", "PredictionBootstrap", "block_length", "event_seed", "prediction_bootstrap"]

DRAWS = 1999


@dataclass(frozen=True)
class PredictionBootstrap:
    """Root, p and note of N events; arrays of shape (N,)."""

    statistic: FloatArray
    pvalue: FloatArray
    notes: tuple[str, ...]


def event_seed(sample: Sample, row: int, window: Window) -> np.random.Generator:
    """Return the generator of one event and window.

    It depends on the root seed and on the event's own numbers, not on its place in the sample.
    """
    digest = hashlib.blake2b(digest_size=8)
    for values in (sample.block.returns_est[row], sample.block.returns_evt[row]):
        # Adding zero turns -0.0 into 0.0.
        digest.update(np.ascontiguousarray(values + 0.0).tobytes())
    digest.update(np.asarray([sample.cluster[row], window.start, window.end], "<i8").tobytes())
    own = int.from_bytes(digest.digest(), "little")
    return np.random.default_rng([sample.settings.seed, own])


def block_length(series: FloatArray) -> float:
    """Return the mean block length of the stationary bootstrap for one series, at least 1.

    Parameters
    ----------
    series : (T,) float
        Without missing values.

    Notes
    -----
    ``(2 G^2 / D)^(1/3) T^(1/3)`` with ``G = sum lambda(k/M) |k| R(k)``, ``D = 2 g(0)^2``,
    ``g(0) = sum lambda(k/M) R(k)`` and the flat-top window ``lambda``; M is twice the first lag
    of a run of autocorrelations within ``2 sqrt(log10 T / T)``, as the programs in use have it.

    Examples
    --------
    >>> block_length(np.array([1.0, -1.0] * 50)) >= 1.0
    True
    """
    x = series - series.mean()
    n = x.size
    run = max(5, int(np.log10(n)))
    most = int(np.ceil(np.sqrt(n))) + run
    cover = np.array([x[k:] @ x[: n - k] for k in range(most + 1)]) / n
    small = np.abs(cover[1:] / cover[0]) < 2.0 * np.sqrt(np.log10(n) / n)
    last = most
    for k in range(most - run + 1):
        if small[k : k + run].all():
            last = k + 1
            break
    reach = min(2 * last, most)
    lag = np.arange(1, reach + 1)
    taper = np.clip(2.0 * (1.0 - lag / reach), 0.0, 1.0)
    g = 2.0 * (taper * lag * cover[1 : reach + 1]).sum()
    spectrum = cover[0] + 2.0 * (taper * cover[1 : reach + 1]).sum()
    longest = np.ceil(min(3.0 * np.sqrt(n), n / 3.0))
    with np.errstate(divide="ignore"):
        length = (g**2 / spectrum**2 * n) ** (1.0 / 3.0)
    return float(np.clip(length, 1.0, longest))


def _positions(
    rng: np.random.Generator, shape: tuple[int, int], size: int, mean_length: float
) -> IntArray:
    """Draw indices into a pool: independent for length 1, else the stationary bootstrap."""
    fresh = rng.integers(0, size, shape)
    if mean_length <= 1.0:
        return fresh
    starts = rng.random(shape) < 1.0 / mean_length
    starts[:, 0] = True
    column = np.arange(shape[1])
    last = np.maximum.accumulate(np.where(starts, column, 0), axis=1)
    return np.asarray((np.take_along_axis(fresh, last, axis=1) + column - last) % size)


def _roots(
    sample: Sample, mean: MeanEquation, window: Window, row: int, mean_length: float, unit: float
) -> FloatArray:
    one = sample.fit.take(np.array([row]))
    sub = Sample(sample.block.take(np.array([row])), one, sample.cluster[[row]], 0)
    x, e = (a[0] for a in weighted_rows(sub, mean.design[[row]]))
    on = np.isfinite(one.residuals[0])
    x, e = x[on], e[on]
    k = x.shape[1]
    pool = e / np.sqrt(1.0 - one.leverage[0][on])
    pool = pool - pool.mean()
    days = np.flatnonzero(window.selector[row] > 0)
    shape = (DRAWS, e.size + days.size)
    drawn = pool[_positions(event_seed(sample, row, window), shape, e.size, mean_length)]
    past, future = drawn[:, : e.size], drawn[:, e.size :]
    numerator = future @ np.sqrt(sub.block.spans_evt[0][days])
    if k:
        moment = past @ x
        change = moment @ mean.inverse[row]
        numerator = numerator - change @ one.covariance.design[0][days].sum(axis=0)
        rss = (past**2).sum(axis=1) - (change * moment).sum(axis=1)
    else:
        rss = past.var(axis=1) * e.size
    return np.asarray(numerator / (np.sqrt(rss / one.df[0]) * unit))


def prediction_bootstrap(sample: Sample, window: Window) -> PredictionBootstrap:
    """Compare each event's standardised CAR with bootstrap prediction roots.

    Parameters
    ----------
    sample : Sample
        ``settings.seed`` is the root of the draws.
    window : Window

    Returns
    -------
    PredictionBootstrap
        See the module for formula, null, NaN rule and sources.

    Examples
    --------
    >>> from eventstudy.abnormal import tested_window
    >>> from eventstudy.models import ModelOptions, fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block()
    >>> fit = fit_model("market_model", block, options=ModelOptions(factor_names=("market",)))
    >>> sample = Sample(block, fit, block.days_evt[:, 1], 2)
    >>> found = prediction_bootstrap(sample, tested_window(block, fit, 0, 0))
    >>> found.pvalue < 0.05, found.notes
    (array([ True]), ('1999 resamples, independent draws',))
    """
    n = sample.block.n
    mean = mean_equation(sample)
    dependent = ljung_box(sample.fit.residuals) < TEST_LEVEL
    statistic, pvalue = np.full(n, np.nan), np.full(n, np.nan)
    notes = ["the event does not enter this window"] * n
    for i in np.flatnonzero(window.members):
        if sample.fit.standardised is not None or not mean.refitted[i]:
            notes[i] = "refused: the refit is exact for least-squares models only"
            continue
        if not window.car_se[i] > 0:
            notes[i] = "refused: the forecast error has no scale"
            continue
        length = 1.0
        if dependent[i]:
            e = sample.fit.residuals[i]
            length = block_length(e[np.isfinite(e)])
        unit = float(window.car_se[i] / sample.fit.sigma[i])
        roots = _roots(sample, mean, window, int(i), length, unit)
        statistic[i] = window.scar[i]
        pvalue[i] = add_one(roots[None], window.scar[[i]], alternative=sample.settings.alternative)[
            0
        ]
        kind = "independent draws" if length <= 1.0 else f"blocks of mean length {length:.1f}"
        notes[i] = f"{DRAWS} resamples, {kind}"
    return PredictionBootstrap(statistic, pvalue, tuple(notes))
