"""Sessions of exchanges, corrections to the library, and pinning an instant to a session."""

from __future__ import annotations

from eventstudy.calendars.library import calendar_names
from eventstudy.calendars.pinning import (
    POSITIONS,
    DatePolicy,
    Pins,
    pin_dates,
    pin_instants,
)
from eventstudy.calendars.reasons import explain
from eventstudy.calendars.sessions import SessionCalendar, exchange_calendar, observed_calendar

__all__ = [
    "POSITIONS",
    "DatePolicy",
    "Pins",
    "SessionCalendar",
    "calendar_names",
    "exchange_calendar",
    "explain",
    "observed_calendar",
    "pin_dates",
    "pin_instants",
]
