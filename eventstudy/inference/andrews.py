r"""Andrews' end-of-sample instability tests, robust to serial dependence of any form.

With L tested days after T estimation days:

.. math::
   P = AR'AR \; (L < k), \qquad
   S = AR'\Sigma^{-1}X^*(X^{*\prime}\Sigma^{-1}X^*)^{-1}X^{*\prime}\Sigma^{-1}AR \; (L \ge k)

``Sigma`` is the mean outer product of all stretches of L consecutive residuals of the regression
on both windows together (the stretches do not reach over the gap). The reference is the same
statistic on each stretch of L estimation days without a missing one, its parameters estimated
again without the first ``ceil(L/2)`` days of that stretch; ``p = (1 + #{S_j >= S}) / (B + 1)``.
A one-sided alternative uses ``R = 1'AR``. Null in words: the tested days follow the same stable
model as the estimation window. A model without parameters has no S: P is used.

NaN rule: missing days count neither in AR nor in the stretches; a model that is not least squares,
too few stretches, or a singular ``Sigma`` give NaN and the reason.

References
----------
Andrews (2003), Econometrica 71, 1661-1694. Only the bibliographic record was checked; which
days of a stretch are left out and how Sigma is formed follow two public implementations. They put
the residuals of the joint regression into the tested window's statistic too; here AR stays the
forecast error, as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.inference.placebo import (
    MeanEquation,
    add_one,
    mean_equation,
    placebo_count,
    weighted_rows,
)
from eventstudy.inference.sample import Sample, Window

__all__ = ["Andrews", "andrews_tests"]

# Events handled at once: the stretches of one event take T x L x (k + 1) numbers.
CHUNK = 256
# Reciprocal condition under which a moment matrix counts as singular.
SINGULAR = 1e-12


@dataclass(frozen=True)
class Andrews:
    """Statistic (P, S or R), p, stretches B and note of N events; arrays of shape (N,)."""

    statistic: FloatArray
    pvalue: FloatArray
    count: FloatArray
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """Rows of events with the same number of tested days: x (g, T, k), e (g, T), on (g, T)."""

    x: FloatArray
    e: FloatArray
    on: FloatArray
    x_evt: FloatArray
    ar: FloatArray
    root: FloatArray
    root_evt: FloatArray


def _gather(
    sample: Sample, mean: MeanEquation, window: Window, rows: IntArray, length: int
) -> _Group:
    x, e = weighted_rows(sample, mean.design)
    days = np.argsort(window.selector[rows] == 0, axis=1, kind="stable")[:, :length]
    spans = np.take_along_axis(sample.block.spans_evt[rows], days, axis=1)
    design = np.take_along_axis(sample.fit.covariance.design[rows], days[:, :, None], axis=1)
    on = np.isfinite(sample.fit.residuals[rows])
    return _Group(
        x=x[rows],
        e=e[rows],
        on=on.astype(np.float64),
        x_evt=design / np.sqrt(spans)[:, :, None],
        ar=np.take_along_axis(sample.fit.ar[rows], days, axis=1) / np.sqrt(spans),
        root=np.sqrt(np.where(on, sample.block.spans_est[rows], 1.0)),
        root_evt=np.sqrt(spans),
    )


def _stretches(values: FloatArray, length: int) -> FloatArray:
    """Return the sliding windows as (g, B, length, ...)."""
    view = sliding_window_view(values, length, axis=1)
    return np.asarray(np.moveaxis(view, -1, 2))


def _solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve small symmetric systems; NaN where the matrix is singular."""
    scale = np.sqrt(np.einsum("...kk->...k", matrix))
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = matrix / (scale[..., :, None] * scale[..., None, :])
        flat = np.abs(np.linalg.det(unit))
    bad = ~(flat > SINGULAR)
    safe = np.where(bad[..., None, None], np.eye(matrix.shape[-1]), matrix)
    out = np.linalg.solve(safe, right[..., None])[..., 0]
    return np.asarray(np.where(bad[..., None], np.nan, out))


def _quadratic(x: FloatArray, r: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return S for regressors (g, B, L, k), residuals (g, B, L), inverse Sigma (g, L, L)."""
    a = np.einsum("gblk,glm->gbkm", x, inverse)
    score = np.einsum("gbkm,gbm->gbk", a, r)
    return np.asarray((score * _solve(np.einsum("gbkm,gbmj->gbkj", a, x), score)).sum(axis=2))


def _sigma_inverse(g: _Group, length: int, whole: FloatArray) -> FloatArray:
    """Return the inverse of the mean outer product of joint residuals, NaN where singular."""
    joint_info = np.einsum("gtk,gtj->gkj", g.x, g.x) + np.einsum("glk,glj->gkj", g.x_evt, g.x_evt)
    change = _solve(joint_info, np.einsum("glk,gl->gk", g.x_evt, g.ar))
    e = g.e - np.einsum("gtk,gk->gt", g.x, change)
    e_evt = g.ar - np.einsum("glk,gk->gl", g.x_evt, change)
    view = np.where(whole[:, :, None] > 0, _stretches(e, length), 0.0)
    outer = np.einsum("gbl,gbm->glm", view, view) + e_evt[:, :, None] * e_evt[:, None, :]
    sigma = outer / (whole.sum(axis=1) + 1.0)[:, None, None]
    bad = ~np.isfinite(sigma).all(axis=(1, 2))
    values, vectors = np.linalg.eigh(np.where(bad[:, None, None], np.eye(length), sigma))
    bad = bad | ~(values[:, 0] > SINGULAR * values[:, -1])
    weights = 1.0 / np.where(bad[:, None], 1.0, values)
    inverse = np.einsum("glk,gk,gmk->glm", vectors, weights, vectors)
    return np.asarray(np.where(bad[:, None, None], np.nan, inverse))


def _compare(g: _Group, length: int, *, signed: bool) -> tuple[FloatArray, FloatArray]:
    """Return the event's statistic (g,) and those of the stretches (g, B), NaN where undefined."""
    whole = _stretches(g.on, length).min(axis=2)
    half = -(-length // 2)
    info = np.einsum("gtk,gtj->gkj", g.x, g.x)
    first = slice(0, whole.shape[1])
    products = g.x[:, :, :, None] * g.x[:, :, None, :]
    lost = _stretches(products, half).sum(axis=2)[:, first]
    score = _stretches(g.x * g.e[:, :, None], half).sum(axis=2)[:, first]
    k = g.x.shape[2]
    x = _stretches(g.x, length)
    r = _stretches(g.e, length)
    if k:
        r = r + np.einsum("gblk,gbk->gbl", x, _solve(info[:, None] - lost, score))
    r = np.where(whole[:, :, None] > 0, r, np.nan)
    if signed:
        blocks = (r * _stretches(g.root, length)).sum(axis=2)
        return (g.ar * g.root_evt).sum(axis=1), blocks
    if length < k or k == 0:
        return (g.ar**2).sum(axis=1), (r**2).sum(axis=2)
    inverse = _sigma_inverse(g, length, whole)
    own = _quadratic(g.x_evt[:, None], g.ar[:, None], inverse)[:, 0]
    return own, _quadratic(x, r, inverse)


def _reason(sample: Sample, *, length: int, count: int, found: float, linear: bool) -> str:
    if not linear:
        return "refused: re-estimation without a stretch is given for least-squares models only"
    if 1.0 / (count + 1.0) > sample.settings.level:
        return f"cannot reject by construction: {count} stretches of {length} days"
    if not np.isfinite(found):
        return f"refused: the autocovariance of {length} days is singular"
    return ""


def _form(sample: Sample, length: int) -> str:
    k = sample.fit.theta.shape[1]
    if sample.settings.alternative != "two-sided":
        return "R form (one-sided)"
    return "P form (fewer days than parameters)" if length < k or k == 0 else "S form"


def andrews_tests(sample: Sample, window: Window) -> Andrews:
    """Test each event's window against the stretches of its own estimation window.

    Parameters
    ----------
    sample : Sample
    window : Window

    Returns
    -------
    Andrews
        See the module for formula, null, NaN rule and source.

    Examples
    --------
    >>> from eventstudy.abnormal import tested_window
    >>> from eventstudy.models import ModelOptions, fit_model
    >>> from eventstudy.models.example import example_block
    >>> block = example_block()
    >>> fit = fit_model("market_model", block, options=ModelOptions(factor_names=("market",)))
    >>> sample = Sample(block, fit, block.days_evt[:, 1], 2)
    >>> found = andrews_tests(sample, tested_window(block, fit, 0, 0))
    >>> found.pvalue.round(4), found.notes
    (array([0.0164]), ('P form (fewer days than parameters), 60 stretches',))
    """
    n = sample.block.n
    mean = mean_equation(sample)
    statistic, pvalue, count = (np.full(n, np.nan) for _ in range(3))
    notes = ["the event does not enter this window"] * n
    days = np.where(window.members, (window.selector > 0).sum(axis=1), 0)
    alternative = sample.settings.alternative
    side = "greater" if alternative == "two-sided" else alternative
    for length in np.unique(days[window.members]).tolist():
        same = np.flatnonzero(window.members & (days == length))
        for at in range(0, same.size, CHUNK):
            rows = same[at : at + CHUNK]
            if length > sample.block.returns_est.shape[1]:
                own, blocks = np.full(rows.size, np.nan), np.empty((rows.size, 0))
            else:
                group = _gather(sample, mean, window, rows, length)
                own, blocks = _compare(group, length, signed=alternative != "two-sided")
            p = add_one(blocks, own, alternative=side)
            for j, i in enumerate(rows):
                b = float(np.isfinite(blocks[j]).sum())
                why = _reason(
                    sample,
                    length=length,
                    count=placebo_count(sample, int(i), length),
                    found=float(own[j]),
                    linear=bool(mean.refitted[i]),
                )
                notes[i] = why or f"{_form(sample, length)}, {int(b)} stretches"
                count[i] = b
                if not why:
                    statistic[i], pvalue[i] = own[j], p[j]
    return Andrews(statistic, pvalue, count, tuple(notes))
