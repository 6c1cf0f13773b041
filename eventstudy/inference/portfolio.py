"""All events as one portfolio, fitted once."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import EventBlock, ModelFit
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import MemberSet, base_row, finish, refuse, too_few, view

__all__ = ["least_squares", "portfolio_t"]


def least_squares(members: MemberSet, block: EventBlock) -> ModelFit:
    """Fit a block with the mean equation of the members by least squares.

    The intercept is in where the members' model has one (a parameter named ``alpha``, or no
    regressors at all); a model without parameters subtracts its benchmark.
    """
    from eventstudy.models.base import ModelOptions
    from eventstudy.models.linear import fit_least_squares, fit_market_adjusted

    factors = block.factors_est.shape[2]
    options = ModelOptions(
        factor_names=tuple(f"x{j}" for j in range(factors)),
        intercept=members.equation.intercept,
    )
    if not members.equation.fitted:
        return fit_market_adjusted(block, options)
    return fit_least_squares(block, options)


def _averaged(members: MemberSet) -> EventBlock:
    """Return the averages over the events that have the day; NaN where none has."""
    means, equation, split = members.day_means, members.equation, members.n_est
    with np.errstate(invalid="ignore", divide="ignore"):
        returns, spans = means.returns / means.count, means.spans / means.count
        factors = means.factors / means.count[:, None]
    # The fit takes no calendar.
    days = np.full(len(returns), -1)
    return EventBlock(
        returns_est=returns[None, :split],
        factors_est=factors[None, :split],
        spans_est=spans[None, :split],
        days_est=days[None, :split],
        returns_evt=returns[None, split:],
        factors_evt=factors[None, split:],
        spans_evt=spans[None, split:],
        days_evt=days[None, split:],
        est_taus=equation.est_taus,
        taus=equation.taus,
    )


def portfolio_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""Exact t of the equal-weighted portfolio of the events.

    Null: the portfolio's CAR is zero and its variance is that of the estimation window.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the portfolio's CAR in decimals.

    Notes
    -----
    Returns and regressors (and, under trade-to-trade returns, the sessions spanned) of the events
    that enter are averaged by relative day over those that have the day; the model's mean
    equation is fitted once by least squares, with the full forecast-error covariance:

    .. math:: t = c'AR_p / \sqrt{c'V_p c} \sim t(T-k)

    Exact under normality when the events share one date, whatever their correlation; blind to
    event-induced variance. The standard deviation is never that of the event window. No statistic
    for fewer than two events or when the fit fails.

    References
    ----------
    Brown and Warner (1980), JFE 8, 205-258, doi:10.1016/0304-405X(80)90002-1, and (1985), JFE 14,
    3-31, doi:10.1016/0304-405X(85)90042-X (publisher's page checked, formulas from memory of the
    literature).
    """
    v = view(sample, window)
    if none := too_few(v, "portfolio_t", variant):
        return none
    fit = v.members.cached("portfolio", lambda: least_squares(v.members, _averaged(v.members)))
    if fit.failure[0]:
        return refuse(v, "portfolio_t", variant, f"portfolio: {fit.failure[0]}")
    chosen = (v.selected.held[0] > 0).astype(np.float64)
    car = float(np.where(chosen > 0, fit.ar[0], 0.0).sum())
    se = float(np.sqrt(fit.covariance.quadratic(chosen)[0]))
    row = base_row(
        v,
        "portfolio_t",
        variant,
        statistic=car / se,
        distribution="t",
        df=fit.df[0],
        estimate=car,
        se=se,
    )
    return finish(v, row)
