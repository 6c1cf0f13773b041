"""Calendars that the tests of this folder share; each is built once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from eventstudy.calendars import SessionCalendar, exchange_calendar

START, END = dt.date(1998, 1, 1), dt.date(2026, 12, 31)


@pytest.fixture(scope="session")
def calendar() -> Callable[..., SessionCalendar]:
    """Return ``calendar(name, clock=None)`` over the range that all cases fit in."""

    def get(name: str, clock: str | None = None) -> SessionCalendar:
        return exchange_calendar(name, START, END, clock=clock)

    return get
