"""Sessions of a market: their dates, hours, and when the daily price is measured."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.calendars.clock import Clock, local_midnights, parse_clock
from eventstudy.calendars.corrections import Schedule
from eventstudy.calendars.library import DEFAULT_CLOCKS, resolve, schedule
from eventstudy.errors import InputError

__all__ = ["SessionCalendar", "exchange_calendar", "observed_calendar"]

Instants = npt.NDArray[np.datetime64]
_DAY = np.timedelta64(1, "D")
_NO_LAG = frozenset({"24/7", "24/5", "CME_ENERGY", "CMES", "IEPA", "us_futures"})


@dataclass(frozen=True, eq=False)
class SessionCalendar:
    """The sessions of one market, in order, and the clock of its daily price.

    Attributes
    ----------
    name : str
        A market identifier code, a name of ours (``TARGET``, ``CME_ENERGY``, ``24/7``) or
        ``observed``.
    timezone : str
        Zone of the tz database; ``""`` where it is unknown.
    sessions : (n,) datetime64[D]
        Dates, ascending and unique.
    opens, closes : (n,) datetime64[ns]
        Hours of trading in UTC, NaT where they are unknown. Lunch breaks stand inside.
    measured_from, measured_until : (n,) datetime64[ns]
        The interval in which the session's price is measured, UTC: a closing auction, a settlement
        window, or one instant twice. NaT where no hours are known.
    lag_seconds : float
        How long news needs to reach a price: 60 s for auctions, 0 s for round-the-clock futures.
        It moves the label of a pinned headline and never its day 0.
    measure : str
        What the price is, in words: ``close``, ``settlement``, ``fixing`` or ``price``.
    """

    name: str
    timezone: str
    sessions: Instants
    opens: Instants
    closes: Instants
    measured_from: Instants
    measured_until: Instants
    lag_seconds: float = 60.0
    measure: str = "close"

    def __post_init__(self) -> None:
        """Check shapes and order."""
        parts = (self.opens, self.closes, self.measured_from, self.measured_until)
        if any(part.shape != self.sessions.shape for part in parts):
            raise ValueError(f"calendar {self.name}: all arrays need the shape of sessions")
        if np.any(np.diff(self.sessions) <= np.timedelta64(0, "D")):
            raise ValueError(f"calendar {self.name}: sessions have to ascend")
        for part in (self.measured_from, self.measured_until):
            if not np.isnat(part).any() and np.any(np.diff(part) <= np.timedelta64(0, "ns")):
                raise ValueError(f"calendar {self.name}: measurement instants have to ascend")

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.sessions)

    @property
    def knows_hours(self) -> bool:
        """True where it is known when each session's price is measured."""
        return not bool(np.isnat(self.measured_until).any())

    @cached_property
    def day_starts(self) -> Instants:
        """First UTC instant of each session's local date, (n,) datetime64[ns]."""
        return local_midnights(self.sessions, self.timezone or "UTC")

    @cached_property
    def day_ends(self) -> Instants:
        """UTC instant at which each session's local date ends, (n,) datetime64[ns]."""
        return local_midnights(self.sessions + _DAY, self.timezone or "UTC")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of dates and instants: the same calendar gives the same digest."""
        parts = [
            part.astype("datetime64[s]").astype("<i8").tobytes()
            for part in (self.sessions, self.opens, self.closes)
        ]
        parts += [self.measured_from.astype("<i8").tobytes()]
        parts += [self.measured_until.astype("<i8").tobytes()]
        return hashlib.sha256(b"|".join(parts)).hexdigest()

    def position(self, dates: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the number of the session on each date, -1 where the date is no session.

        Parameters
        ----------
        dates : (m,) datetime64
            Naive dates.

        Returns
        -------
        (m,) int64

        Examples
        --------
        >>> import numpy as np
        >>> cal = observed_calendar(["2022-02-14", "2022-02-15"])
        >>> cal.position(np.array(["2022-02-15", "2022-02-16"], dtype="datetime64[D]"))
        array([ 1, -1])
        """
        days = np.asarray(dates).astype("datetime64[D]")
        at = np.searchsorted(self.sessions, days)
        inside = np.minimum(at, len(self.sessions) - 1)
        hit = (at < len(self.sessions)) & (self.sessions[inside] == days)
        return np.where(hit, at, -1).astype(np.int64)


def exchange_calendar(
    mic: str, start: dt.date, end: dt.date, *, clock: str | None = None
) -> SessionCalendar:
    """Return the sessions of an exchange from ``start`` to ``end``, corrections included.

    Parameters
    ----------
    mic : str
        A code of ISO 10383 that ``exchange_calendars`` knows, or ``TARGET`` (days of the ECB's
        reference rates, fixed at 14:15 Frankfurt), ``CME_ENERGY`` (settlement days of New York
        energy futures since 2010, settled 14:28-14:30 New York), ``24/7`` (each UTC day, measured
        at 24:00 UTC).
    start, end : date
        Both included; a calendar that is known for less is shorter.
    clock : str, optional
        When the daily price is measured, if not at the close: ``"14:30 America/New_York"`` or a
        window ``"14:28-14:30 America/New_York"``. On a day that closes early, a clock after that
        close moves forward with it.

    Returns
    -------
    SessionCalendar
        Cached: the same arguments give the same object.

    Raises
    ------
    InputError
        If no calendar has that name, the clock is malformed, or no session lies in the range.

    Examples
    --------
    >>> import datetime as dt
    >>> cal = exchange_calendar("XNYS", dt.date(2022, 2, 18), dt.date(2022, 2, 22))
    >>> cal.sessions
    array(['2022-02-18', '2022-02-22'], dtype='datetime64[D]')
    """
    return _exchange_calendar(mic, _plain_date(start), _plain_date(end), clock)


def _plain_date(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


@lru_cache(maxsize=256)
def _exchange_calendar(
    mic: str, start: dt.date, end: dt.date, clock: str | None
) -> SessionCalendar:
    canonical = resolve(mic)
    if end < start:
        raise InputError(f"calendar {mic}: the range {start} to {end} ends before it begins")
    plan = schedule(canonical, start, end)
    if len(plan.sessions) == 0:
        raise InputError(f"calendar {mic}: no session is known between {start} and {end}")
    own = DEFAULT_CLOCKS.get(canonical)
    chosen = parse_clock(clock, f"close of calendar {mic}") if clock else own
    measured_from, measured_until = _measured(plan, chosen)
    words = {"TARGET": "fixing", "CME_ENERGY": "settlement"}
    return SessionCalendar(
        name=mic,
        timezone=plan.zone,
        sessions=plan.sessions,
        opens=plan.opens,
        closes=plan.closes,
        measured_from=measured_from,
        measured_until=measured_until,
        lag_seconds=0.0 if canonical in _NO_LAG else 60.0,
        measure=words.get(canonical, "price" if clock else "close"),
    )


def _measured(plan: Schedule, clock: Clock | None) -> tuple[Instants, Instants]:
    if clock is None:
        known = ~np.isnat(plan.auction)
        return np.where(known, plan.auction, plan.closes), plan.closes
    begin, finish = clock.instants(plan.sessions)
    if plan.early.any() and not plan.early.all():
        usual = _usual_closes(plan)
        moved = np.maximum(plan.closes, finish + (plan.closes - usual))
        sooner = np.where(plan.early, np.minimum(finish, moved), finish)
        begin, finish = begin + (sooner - finish), sooner
    return begin, finish


def _usual_closes(plan: Schedule) -> Instants:
    """Closes as they would be without early ones: the hour of the last full day before."""
    midnight = local_midnights(plan.sessions, plan.zone)
    at = np.where(plan.early, -1, np.arange(len(plan.sessions)))
    at = np.maximum.accumulate(at)
    at = np.where(at < 0, np.flatnonzero(~plan.early)[0], at)
    hour = plan.closes - midnight
    return np.asarray(midnight + hour[at])


def observed_calendar(
    sessions: Sequence[dt.date] | Sequence[str] | npt.NDArray[np.generic] | pd.DatetimeIndex,
    *,
    clock: str | None = None,
    opening: str | None = None,
    name: str = "observed",
) -> SessionCalendar:
    """Return a calendar of the dates on which a source has prices.

    Parameters
    ----------
    sessions : array of dates
        In any order; repeated dates count once.
    clock : str, optional
        When the daily price is measured, ``"17:30 Europe/Berlin"``. Without it the calendar knows
        no hours: bare dates can be pinned to it, instants cannot.
    opening : str, optional
        When trading begins, in the same form. Without it a headline before the clock on a session
        date counts as in session.
    name : str
        Name for messages.

    Raises
    ------
    InputError
        If there is no date, a value is no date, or a clock is malformed.

    Examples
    --------
    >>> observed_calendar(["2022-02-16", "2022-02-15"]).sessions
    array(['2022-02-15', '2022-02-16'], dtype='datetime64[D]')
    """
    try:
        days = np.unique(np.asarray(pd.DatetimeIndex(np.asarray(sessions)), dtype="datetime64[D]"))
    except (TypeError, ValueError) as err:
        raise InputError(f"calendar {name}: the sessions are no dates: {err}") from None
    if len(days) == 0 or np.isnat(days).any():
        raise InputError(f"calendar {name}: there is no session in it")
    nat = np.full(len(days), np.datetime64("NaT"), dtype="datetime64[ns]")
    if clock is None:
        return SessionCalendar(name, "", days, nat, nat, nat, nat)
    read = parse_clock(clock, f"close of calendar {name}")
    begin, finish = read.instants(days)
    opens = parse_clock(opening, "opening").instants(days)[0] if opening else nat
    return SessionCalendar(name, read.zone, days, opens, nat, begin, finish, measure="price")
