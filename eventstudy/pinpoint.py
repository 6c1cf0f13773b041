"""Pin headlines on calendars without a study: what ``eventstudy pin`` and ``es.pin`` share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from eventstudy.calendars.pinning import DatePolicy
from eventstudy.calendars.sessions import exchange_calendar
from eventstudy.events.catalogue import Catalogue
from eventstudy.events.pinned import PinResult, pin_catalogue

__all__ = ["events_on_calendar", "pin_on_calendars"]

# Calendars reach this far around the headlines; no market was ever shut for longer.
BEFORE, AFTER = timedelta(days=30), timedelta(days=120)


def pin_on_calendars(
    catalogue: Catalogue,
    calendars: Sequence[str],
    *,
    clock: str | None = None,
    policy: DatePolicy = "next",
) -> PinResult:
    """Pin every headline on every calendar; the column ``asset`` of the outcome names it.

    A calendar stands for all its assets, so a headline on several assets is pinned once and
    headlines of one story are not merged.
    """
    frame = catalogue.frame
    frame = frame.drop_duplicates("event_id").assign(asset="").reset_index(drop=True)
    days = pd.concat([frame["timestamp"].dt.tz_localize(None), frame["date"]]).dropna()
    start, end = days.min().date() - BEFORE, days.max().date() + AFTER
    found = {
        name: exchange_calendar(name, start, end, clock=clock) for name in dict.fromkeys(calendars)
    }
    return pin_catalogue(Catalogue(frame, catalogue.origin), found, policy=policy, group=False)


def events_on_calendar(catalogue: Catalogue, calendar: str) -> int:
    """Return the number of events on a calendar: stories count once a session."""
    frame = catalogue.frame.drop_duplicates("event_id").assign(asset="").reset_index(drop=True)
    days = pd.concat([frame["timestamp"].dt.tz_localize(None), frame["date"]]).dropna()
    start, end = days.min().date() - BEFORE, days.max().date() + AFTER
    found = {calendar: exchange_calendar(calendar, start, end)}
    return len(pin_catalogue(Catalogue(frame, catalogue.origin), found).pinned)
