"""Tested windows over abnormal returns: CAR, its forecast-error scale, and BHAR.

One rule decides which events enter a window and which of their days count:

``exclude``
    every day of the window has a return, or the event leaves the window;
``skip``
    the days that have a return count, and ``n_days`` is their number;
``trade_to_trade``
    every day is covered by a return inside the window that may span several sessions, and
    ``n_days`` counts the sessions spanned. A window whose last price is missing is left.
"""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, ModelFit
from eventstudy.inference.sample import Window
from eventstudy.names import MissingPolicy

__all__ = ["covered", "tested_window", "window_members"]


def covered(spans: FloatArray, usable: BoolArray) -> BoolArray:
    """Return which days are spanned by a usable return that ends inside the window."""
    out = usable.copy()
    longest = int(spans[usable].max()) if usable.any() else 1
    for back in range(1, min(longest, spans.shape[1])):
        reach = usable[:, back:] & (spans[:, back:] > back)
        out[:, :-back] |= reach
    return out


def window_members(
    block: EventBlock, fit: ModelFit, start: int, end: int, policy: MissingPolicy
) -> tuple[BoolArray, FloatArray]:
    """Return which events enter [start, end] and the selector of their days, (N,) and (N, L)."""
    inside = (block.taus >= start) & (block.taus <= end)
    usable = np.isfinite(fit.ar) & inside
    if policy == "exclude":
        members = usable[:, inside].all(axis=1)
    elif policy == "skip":
        members = usable.any(axis=1)
    else:
        members = covered(block.spans_evt[:, inside], usable[:, inside]).all(axis=1)
    members = members & np.isfinite(fit.sigma)
    return members, np.where(usable & members[:, None], 1.0, 0.0)


def _compounded(values: FloatArray, on: BoolArray, *, log_returns: bool) -> FloatArray:
    growth = np.exp(values) if log_returns else 1.0 + values
    return np.asarray(np.where(on, growth, 1.0).prod(axis=1))


def tested_window(
    block: EventBlock,
    fit: ModelFit,
    start: int,
    end: int,
    *,
    policy: MissingPolicy = "exclude",
    log_returns: bool = False,
) -> Window:
    r"""Sum the abnormal returns over [start, end] for each event.

    Parameters
    ----------
    block, fit
        N events and their fits.
    start, end : int
        Sessions relative to day 0, both included; must lie inside the event window.
    policy : {"exclude", "skip", "trade_to_trade"}
    log_returns : bool
        True where returns are logarithmic; BHAR then compounds their exponentials.

    Returns
    -------
    Window
        NaN for events that do not enter.

    Notes
    -----
    ``CAR = c'AR``, ``se = sqrt(c'Vc)`` with the full forecast-error covariance,
    ``BHAR = prod(1 + R) - prod(1 + E)`` over the days that count.

    References
    ----------
    Barber and Lyon (1997), JFE 43, 341-372, doi:10.1016/S0304-405X(96)00890-2.
    """
    members, selector = window_members(block, fit, start, end, policy)
    on = selector > 0
    car = np.where(members, np.where(on, fit.ar, 0.0).sum(axis=1), np.nan)
    car_se = np.where(members, np.sqrt(fit.covariance.quadratic(selector)), np.nan)
    held = _compounded(block.returns_evt, on, log_returns=log_returns)
    expected = _compounded(fit.expected, on, log_returns=log_returns)
    with np.errstate(invalid="ignore", divide="ignore"):
        scar = car / car_se
    return Window(
        start=start,
        end=end,
        members=members,
        selector=selector,
        car=car,
        car_se=car_se,
        scar=scar,
        n_days=np.where(members, np.where(on, block.spans_evt, 0.0).sum(axis=1), np.nan),
        bhar=np.where(members, held - expected, np.nan),
    )


# The name begins like a test's; pytest must not collect it where it is imported.
tested_window.__test__ = False  # type: ignore[attr-defined]
