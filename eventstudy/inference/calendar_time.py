"""The Jaffe-Mandelker calendar-time portfolio test for windows of several sessions."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import View, base_row, degenerate, finish, refuse, too_few, view

__all__ = ["calendar_time_t"]

LEAST_SESSIONS = 5


def _standardised_sessions(v: View) -> FloatArray:
    """Return each calendar session's portfolio AR over its own forecast standard deviation."""
    members = v.members
    on = v.selector > 0
    event, column = np.nonzero(on)
    day = members.block.days_evt[event, column]
    order = np.argsort(day, kind="stable")
    event, column, day = event[order], column[order], day[order]
    unit = members.unit
    held = np.isfinite(unit)
    codes = np.full(unit.shape, -1, dtype=np.int64)
    codes[held] = np.unique(members.block.days_est[held], return_inverse=True)[1]
    starts = np.flatnonzero(np.r_[True, day[1:] != day[:-1]])
    stops = np.r_[starts[1:], len(day)]
    # An event alone on its session is the portfolio, whose scale is the event's own.
    out = np.asarray(members.fit.ar[event, column] / members.fit.ar_se[event, column])[starts]
    for place in np.flatnonzero(stops - starts > 1):
        low, high = starts[place], stops[place]
        rows, cols = event[low:high], column[low:high]
        keep = held[rows]
        scaled = (unit[rows] * members.fit.ar_se[rows, cols][:, None])[keep]
        local = codes[rows][keep]
        sums = np.bincount(local - local.min(), weights=scaled)
        out[place] = members.fit.ar[rows, cols].sum() / np.sqrt((sums**2).sum())
    return out


def calendar_time_t(sample: Sample, window: Window, *, variant: str = "published") -> Statistic:
    r"""t over calendar sessions of the standardised portfolio of events in their window.

    Null: on every calendar session the mean abnormal return of the events whose tested window
    covers it is zero; events of one session may be correlated, sessions are independent.

    Parameters
    ----------
    sample : Sample
    window : Window
    variant : {"published"}

    Returns
    -------
    Statistic
        ``estimate`` is the mean standardised portfolio AR over the P sessions.

    Notes
    -----
    .. math:: z_d = \frac{\sum_{i \in d} AR_{id}}{\sqrt{\sum_{i,j \in d} r_{ij} \sigma_{id}
              \sigma_{jd}}}, \quad t = \sqrt{P}\, \bar z / s_z \sim t(P-1)

    :math:`\sigma_{id}` is the event's forecast standard deviation on the session and
    :math:`r_{ij}` the residual correlation paired by calendar date (1 for an event with itself),
    so the scale is the portfolio's own forecast error. Sessions are calendar days, never days
    relative to the event. No statistic for fewer than two events, windows of fewer than 5
    sessions, or values that do not vary.

    References
    ----------
    Jaffe (1974), J. Business 47, 410-428 (publisher's page checked); Mandelker (1974), JFE 1,
    303-335 (from memory of the literature, paper not checked).
    """
    v = view(sample, window)
    if none := too_few(v, "calendar_time_t", variant):
        return none
    if v.length < LEAST_SESSIONS:
        reason = f"needs a window of at least {LEAST_SESSIONS} sessions: this one has {v.length}"
        return refuse(v, "calendar_time_t", variant, reason)
    z = _standardised_sessions(v)
    if len(z) < 2 or degenerate(z.min(), z.max()):
        return refuse(v, "calendar_time_t", variant, "zero scale: sessions do not vary")
    mean, se = z.mean(), z.std(ddof=1) / np.sqrt(len(z))
    row = base_row(
        v,
        "calendar_time_t",
        variant,
        statistic=mean / se,
        distribution="t",
        df=len(z) - 1,
        estimate=mean,
        se=se,
    )
    return finish(v, row)
