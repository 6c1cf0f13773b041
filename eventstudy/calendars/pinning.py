"""Pin an instant, or a bare date, to the session whose price is the first that can know.

For an instant ``u`` with uncertainty ``d`` and sessions measured over ``[a_j, b_j]``:
``j_early = min{j : u - d < b_j}`` is day 0, and ``j_strict = min{j : u + d + lag < a_j}`` is the
first session whose price is measured wholly after the news. Where the two differ the headline is
ambiguous, and the shortest clean window is ``[0, j_strict - j_early]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from eventstudy.calendars.sessions import SessionCalendar
from eventstudy.errors import InputError, nearest

__all__ = ["POSITIONS", "STATUS", "DatePolicy", "Pins", "pin_dates", "pin_instants"]

IntArray = npt.NDArray[np.int64]
CodeArray = npt.NDArray[np.int8]
Instants = npt.NDArray[np.datetime64]
DatePolicy = Literal["next", "previous", "exclude", "error"]

#: Position labels in the order of their codes.
POSITIONS = ("pre-open", "in-session", "after-close", "non-session", "date-only", "ambiguous")
PRE_OPEN, IN_SESSION, AFTER_CLOSE, NON_SESSION, DATE_ONLY, AMBIGUOUS = range(6)
#: What became of a headline, in the order of the status codes.
STATUS = ("pinned", "before the first session", "after the last session", "excluded", "no time")
PINNED, BEFORE_FIRST, AFTER_LAST, EXCLUDED, NO_TIME = range(5)


@dataclass(frozen=True, eq=False)
class Pins:
    """Where ``m`` headlines fall on one calendar; all arrays (m,).

    Attributes
    ----------
    session : int64
        Number of the session that is day 0; -1 where ``status`` is not ``pinned``.
    strict : int64
        Number of the first session measured wholly after the news; equal to ``session`` where the
        headline is clean; the number of sessions where it lies beyond the calendar's end; -1
        where ``session`` is -1.
    position : int8
        Code into :data:`POSITIONS`, from the stamp against that session's hours.
    base : int8
        The same without regard to ambiguity: what the market was doing at the stamp.
    status : int8
        Code into :data:`STATUS`.
    clean_end : int64
        The shortest clean window is ``[0, clean_end]``; 1 for a bare date.
    """

    session: IntArray
    strict: IntArray
    position: CodeArray
    base: CodeArray
    status: CodeArray
    clean_end: IntArray

    @property
    def labels(self) -> npt.NDArray[np.str_]:
        """Position labels, (m,)."""
        return np.asarray(POSITIONS)[self.position]

    @property
    def pinned(self) -> npt.NDArray[np.bool_]:
        """True where there is a session."""
        return np.asarray(self.status == PINNED)


def pin_instants(
    instants: npt.ArrayLike,
    calendar: SessionCalendar,
    *,
    uncertainty_minutes: npt.ArrayLike = 0.0,
    lag_seconds: float | None = None,
) -> Pins:
    """Pin instants to the sessions of a calendar.

    A stamp exactly at the close belongs to the next session, one second before to this one. The
    lag moves the label (to ``ambiguous``), never day 0.

    Parameters
    ----------
    instants : (m,) datetime64
        UTC. NaT gives status ``no time``.
    calendar : SessionCalendar
        One that knows when its prices are measured.
    uncertainty_minutes : float or (m,) float
        Half-width of the interval in which the headline came out, at least 0. NaN counts as 0.
    lag_seconds : float, optional
        How long news needs to reach a price; by default the calendar's own.

    Returns
    -------
    Pins

    Raises
    ------
    InputError
        If the calendar knows no hours, or an uncertainty is negative or infinite.

    References
    ----------
    MacKinlay, A. C. (1997). Event studies in economics and finance. Journal of Economic
    Literature 35, 13-39.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> from eventstudy.calendars import exchange_calendar
    >>> nyse = exchange_calendar("XNYS", dt.date(2022, 2, 14), dt.date(2022, 2, 18))
    >>> pins = pin_instants(np.array(["2022-02-15T08:00"], dtype="datetime64[s]"), nyse)
    >>> nyse.sessions[pins.session[0]], str(pins.labels[0])
    (np.datetime64('2022-02-15'), 'pre-open')
    """
    if not calendar.knows_hours:
        raise InputError(
            f"calendar {calendar.name} knows no hours, so an instant cannot be pinned to it: "
            "give its close, or an exchange's calendar"
        )
    u = np.atleast_1d(np.asarray(instants)).astype("datetime64[ns]")
    half = _half_width(uncertainty_minutes, u.shape)
    lag = np.timedelta64(round(1e9 * _lag(calendar, lag_seconds)), "ns")
    n = len(calendar)
    session = np.searchsorted(calendar.measured_until, u - half, side="right")
    strict = np.searchsorted(calendar.measured_from, u + half + lag, side="right")
    # A window that opens and shuts at one instant cannot put the strict session first.
    strict = np.maximum(strict, session)
    status = _status(u, session, calendar)
    base = _base(u, np.minimum(session, n - 1), calendar)
    position = np.where(strict > session, AMBIGUOUS, base).astype(np.int8)
    lost = status != PINNED
    return Pins(
        session=np.where(lost, -1, session).astype(np.int64),
        strict=np.where(lost, -1, strict).astype(np.int64),
        position=position,
        base=base,
        status=status,
        clean_end=np.where(lost, 0, strict - session).astype(np.int64),
    )


def pin_dates(
    dates: npt.ArrayLike, calendar: SessionCalendar, *, policy: DatePolicy = "next"
) -> Pins:
    """Pin bare dates: each means the session of that date.

    Parameters
    ----------
    dates : (m,) datetime64
        Naive dates. NaT gives status ``no time``.
    calendar : SessionCalendar
        Any; hours are not needed.
    policy : {"next", "previous", "exclude", "error"}
        What a date that is no session becomes: the next session, the one before, nothing (status
        ``excluded``), or an error.

    Returns
    -------
    Pins
        ``position`` is ``date-only`` and ``clean_end`` 1: the news may have come after the close,
        so the window that surely holds the reaction is [0, 1].

    Raises
    ------
    InputError
        If the policy is unknown, or it is ``error`` and a date is no session.

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.calendars import observed_calendar
    >>> cal = observed_calendar(["2022-02-11", "2022-02-14"])
    >>> saturday = np.array(["2022-02-12"], dtype="datetime64[D]")
    >>> pin_dates(saturday, cal).session, pin_dates(saturday, cal, policy="previous").session
    (array([1]), array([0]))
    """
    if policy not in get_args(DatePolicy):
        raise InputError(f"policy {policy!r} is unknown{nearest(policy, get_args(DatePolicy))}")
    days = np.atleast_1d(np.asarray(dates)).astype("datetime64[D]")
    at = np.searchsorted(calendar.sessions, days, side="left")
    hit = calendar.position(days) >= 0
    status = np.zeros(days.shape, dtype=np.int8)
    status[days < calendar.sessions[0]] = BEFORE_FIRST
    status[days > calendar.sessions[-1]] = AFTER_LAST
    status[np.isnat(days)] = NO_TIME
    off = ~hit & (status == PINNED)
    if policy == "error" and off.any():
        raise InputError(
            f"{days[off][0]} is no session of {calendar.name}, and the policy for bare dates is "
            "'error'; correct the date, or choose next, previous or exclude"
        )
    if policy == "exclude":
        status[off] = EXCLUDED
    session = np.where(off & (policy == "previous"), at - 1, at)
    lost = status != PINNED
    code = np.full(days.shape, DATE_ONLY, dtype=np.int8)
    day0 = np.where(lost, -1, session).astype(np.int64)
    return Pins(day0, day0, code, code, status, np.where(lost, 0, 1).astype(np.int64))


def _lag(calendar: SessionCalendar, lag_seconds: float | None) -> float:
    lag = calendar.lag_seconds if lag_seconds is None else lag_seconds
    if not np.isfinite(lag) or lag < 0:
        raise InputError(f"lag_seconds has to be a finite number of at least 0, not {lag}")
    return float(lag)


def _half_width(minutes: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.timedelta64]:
    wide = np.broadcast_to(np.asarray(minutes, dtype=np.float64), shape)
    known = np.where(np.isnan(wide), 0.0, wide)
    if np.any(known < 0) or np.any(np.isinf(known)):
        raise InputError("uncertainty_minutes has to be a finite number of at least 0")
    return np.rint(known * 60e9).astype("timedelta64[ns]")


def _status(u: Instants, session: IntArray, calendar: SessionCalendar) -> CodeArray:
    status = np.zeros(u.shape, dtype=np.int8)
    start = calendar.day_starts[0]
    if not np.isnat(calendar.opens[0]):
        start = min(start, calendar.opens[0])
    # Which session came before the calendar's first is not known, so nothing earlier is pinned.
    status[u < start] = BEFORE_FIRST
    status[session >= len(calendar)] = AFTER_LAST
    status[np.isnat(u)] = NO_TIME
    return status


def _base(u: Instants, j: IntArray, calendar: SessionCalendar) -> CodeArray:
    """Say what the market was doing at ``u``, whose day 0 is session ``j``."""
    previous = np.maximum(j - 1, 0)
    opens = calendar.opens[j]
    unknown = np.isnat(opens)
    today = u >= calendar.day_starts[j]
    yesterday = (j > 0) & (u < calendar.day_ends[previous])
    begun = np.where(unknown, today, u >= opens)
    # The stamp itself can lie at or after the price's measurement while its early end does not.
    finished = u >= calendar.measured_until[j]
    base = np.where(today, PRE_OPEN, np.where(yesterday, AFTER_CLOSE, NON_SESSION))
    base = np.where(begun, IN_SESSION, base)
    ended = np.where(u < calendar.day_ends[j], AFTER_CLOSE, NON_SESSION)
    return np.where(finished, ended, base).astype(np.int8)
