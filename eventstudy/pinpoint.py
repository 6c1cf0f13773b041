"""Pin headlines on calendars without a study: what ``eventstudy pin`` and ``es.pin`` do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.calendars.sessions import exchange_calendar
from eventstudy.events.catalogue import Catalogue
from eventstudy.events.pinned import PinResult, pin_catalogue
from eventstudy.events.readers import read_catalogue
from eventstudy.settings import DatePolicy

__all__ = ["pin_rows"]

# Sessions looked up on both sides of the headlines: longer than any closure on record.
MARGIN = timedelta(days=400)


def pin_rows(
    source: Path | Sequence[Mapping[str, Any]],
    calendars: Sequence[str],
    *,
    clock: str | None = None,
    timezone: str | None = None,
    policy: DatePolicy = "next",
) -> PinResult:
    """Pin every headline of a file or of given rows on every calendar.

    The column ``asset`` of the outcome names the calendar.
    """
    catalogue = read_catalogue(
        source if isinstance(source, Path) else [dict(r) for r in source], timezone=timezone
    )
    frame = catalogue.frame.assign(asset="").drop_duplicates("event_id", ignore_index=True)
    everywhere = Catalogue(frame)
    first, last = _span(frame)
    found = {c: exchange_calendar(c, first - MARGIN, last + MARGIN, clock=clock) for c in calendars}
    return pin_catalogue(everywhere, found, policy=policy)


def _span(frame: pd.DataFrame) -> tuple[date, date]:
    stamps = pd.concat([frame["timestamp"].dt.tz_localize(None), frame["date"]]).dropna()
    return stamps.min().date(), stamps.max().date()
