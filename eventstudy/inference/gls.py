"""Generalised least squares for events that share one date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray
from eventstudy.inference.portfolio import least_squares
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import View, base_row, finish, refuse, too_few, view

__all__ = ["gls_t"]


@dataclass(frozen=True)
class _System:
    """Effects (n,), residual covariance (n, n), forecast factor c0 and residual df."""

    gamma: FloatArray
    covariance: FloatArray
    factor: float
    df: float


def _common(v: View) -> EventBlock | str:
    """Return the block on the estimation sessions that all events have, or why there is none."""
    from eventstudy.models.base import usable_rows

    if v.members.n_clusters > 1:
        return f"needs one common date: the events have {v.members.n_clusters}"
    block = v.members.block
    if not (block.days_est == block.days_est[:1]).all():
        return "the events' estimation sessions are not the same calendar days"
    est, _ = usable_rows(block)
    rows = (est > 0).all(axis=0) & (block.spans_est == block.spans_est[:1]).all(axis=0)
    chosen = v.selector
    spans = np.where(chosen > 0, block.spans_evt, 0.0)
    if not ((chosen == chosen[:1]).all() and (spans == spans[:1]).all()):
        return "the events do not have the same days in the window"
    factors = block.factors_est[:, rows], block.factors_evt[:, chosen[0] > 0]
    if not all((values == values[:1]).all() for values in factors):
        return "the events do not share their regressors"
    return EventBlock(
        block.returns_est[:, rows],
        block.factors_est[:, rows],
        block.spans_est[:, rows],
        block.days_est[:, rows],
        block.returns_evt,
        block.factors_evt,
        block.spans_evt,
        block.days_evt,
        block.est_taus[rows],
        block.taus,
    )


def _system(v: View) -> _System | str:
    block = _common(v)
    if isinstance(block, str):
        return block
    count = block.returns_est.shape[1]
    if not v.n < count / 3.0:
        return f"needs N < T/3: {v.n} events, {count} common estimation sessions"
    fit = least_squares(v.members, block)
    if any(fit.failure):
        return next(reason for reason in fit.failure if reason)
    resid = fit.residuals
    if v.sample.n_parameters == 0:
        root = np.sqrt(block.spans_est)
        resid = resid - (resid * root).sum(axis=1, keepdims=True) / (root[:1] ** 2).sum() * root
    scale = fit.covariance.quadratic(v.selector) / fit.sigma**2
    gamma = np.where(v.selector > 0, fit.ar, 0.0).sum(axis=1)
    return _System(gamma, resid @ resid.T / fit.df[0], float(scale[0]), float(fit.df[0]))


def gls_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Precision-weighted mean effect of events on one date, exact under normality.

    Null: the effect that the events have in common is zero; variances are those of the estimation
    window, correlation is free.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the GLS mean of the CARs in decimals, ``df`` is ``T - k - N + 1``.

    Notes
    -----
    With effects :math:`\gamma`, :math:`\Sigma = E'E/\nu`, :math:`\nu = T-k`,
    :math:`c_0 = c'Vc/s^2`, :math:`\bar\gamma = 1'\Sigma^{-1}\gamma / 1'\Sigma^{-1}1`,
    :math:`d = \gamma - \bar\gamma 1` and :math:`Q = d'\Sigma^{-1}d/c_0`,

    .. math:: t = \bar\gamma \Big/ \sqrt{\frac{c_0}{1'\Sigma^{-1}1} \Bigl(1 + \frac{Q}{\nu}\Bigr)
              \frac{\nu}{\nu-N+1}} \sim t(\nu-N+1)

    The model's mean equation is fitted by least squares on the estimation sessions that all events
    have. No statistic for fewer than two events, several dates, ``N >= T/3``, regressors or window
    days that differ between events, or a singular covariance.

    References
    ----------
    Binder (1998), Review of Quantitative Finance and Accounting 11, 111-137,
    doi:10.1023/A:1008295500105 (publisher's page checked); Schipper and Thompson (1983), Malatesta
    (1986) (from memory of the literature). The exact reference was derived for this engine.
    """
    v = view(sample, window)
    if none := too_few(v, "gls_t", variant):
        return none
    system = _system(v)
    if isinstance(system, str):
        return refuse(v, "gls_t", variant, system)
    try:
        root = np.linalg.cholesky(system.covariance)
    except np.linalg.LinAlgError:
        return refuse(v, "gls_t", variant, "the residual covariance of the events is singular")
    sides = np.column_stack([np.ones(v.n), system.gamma])
    half = np.linalg.solve(root, sides)
    precision = float(half[:, 0] @ half[:, 0])
    mean = float(half[:, 0] @ half[:, 1]) / precision
    away = half[:, 1] - mean * half[:, 0]
    q = float(away @ away) / system.factor
    df = system.df - v.n + 1.0
    se = np.sqrt(system.factor / precision * (1.0 + q / system.df) * system.df / df)
    row = base_row(
        v,
        "gls_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=df,
        estimate=mean,
        se=se,
    )
    return finish(v, row)
