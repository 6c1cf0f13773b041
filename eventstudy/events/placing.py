"""Day 0 of very many headlines as plain arrays; words and hours only where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eventstudy.calendars.pinning import PINNED, DatePolicy, pin_dates, pin_instants
from eventstudy.calendars.sessions import SessionCalendar
from eventstudy.errors import InputError, nearest
from eventstudy.events.catalogue import Catalogue
from eventstudy.events.filed import FiledCatalogue
from eventstudy.events.pinned import by_calendar, pairs, place

__all__ = ["Placed", "place_catalogue"]

# Headlines whose stamps are pinned at a time.
STEP = 1 << 20


@dataclass(frozen=True, eq=False)
class Placed:
    """Where each (headline, asset) of a catalogue was pinned, in the order of ``pin_catalogue``.

    Attributes
    ----------
    row : (m,) int
        Row of the catalogue.
    owner : (m,) int
        Number of the asset.
    session : (m,) int
        Place of day 0 among the sessions of the asset's calendar, -1 where there is none.
    position : (m,) int
        Code of the position, an index of ``calendars.pinning.POSITIONS``.
    """

    row: npt.NDArray[np.integer[Any]]
    owner: npt.NDArray[np.integer[Any]]
    session: npt.NDArray[np.integer[Any]]
    position: npt.NDArray[np.int8]

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """True where no session was found."""
        return np.asarray(self.session < 0)


def place_catalogue(
    catalogue: Catalogue | FiledCatalogue,
    calendars: Mapping[str, SessionCalendar],
    *,
    policy: DatePolicy = "next",
) -> Placed:
    """Pin a catalogue without reasons, hours and groups.

    Parameters
    ----------
    catalogue : Catalogue or FiledCatalogue
    calendars : mapping
        Asset -> its calendar, in the order in which assets are wanted.
    policy : {"next", "previous", "exclude", "error"}

    Raises
    ------
    InputError
        As :func:`eventstudy.events.pinned.pin_catalogue`.

    Examples
    --------
    >>> from eventstudy.calendars import observed_calendar
    >>> from eventstudy.events import read_catalogue
    >>> events = read_catalogue([{"event_id": "a", "timestamp": "2022-02-12"}])
    >>> place_catalogue(events, {"X": observed_calendar(["2022-02-11", "2022-02-14"])}).session
    array([1])
    """
    if isinstance(catalogue, FiledCatalogue):
        return _place_filed(catalogue, calendars, policy)
    names = np.array(list(calendars), dtype=object)
    row, owner = pairs(catalogue, list(calendars))
    session = np.full(len(row), -1, dtype=np.int64)
    position = np.zeros(len(row), dtype=np.int8)
    needed = catalogue.frame[["event_id", "timestamp", "date", "uncertainty_minutes"]]
    bare = needed["date"].notna().to_numpy()[row]
    for calendar, mine in by_calendar(owner, list(calendars.values())):
        for what, part in (("dates", mine[bare[mine]]), ("instants", mine[~bare[mine]])):
            if len(part):
                events = needed.iloc[row[part]]
                pins, _, _ = place(events, names[owner[part]], calendar, policy, what)
                session[part] = np.where(pins.status == PINNED, pins.session, -1)
                position[part] = pins.position
    return Placed(row, owner, session, position)


def _place_filed(
    filed: FiledCatalogue, calendars: Mapping[str, SessionCalendar], policy: DatePolicy
) -> Placed:
    """Pin stamps without a frame of headlines; numbers are half as wide, as there are many."""
    n, known = len(filed), {name: i for i, name in enumerate(calendars)}
    for code, name in enumerate(filed.asset_names):
        if name not in known:
            row = int(np.argmax(filed.asset == code)) + 1
            raise InputError(
                f"{filed.origin}, row {row}: the asset {name!r} is not among the assets of the "
                f"study{nearest(name, known)}"
            )
    number = np.array([known[name] for name in filed.asset_names], dtype=np.int32)
    owner = number[filed.asset]
    session, position = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.int8)
    for calendar, mine in by_calendar(owner, list(calendars.values())):
        if not filed.bare and not calendar.knows_hours:
            first = filed.part(mine[:1]).frame
            place(first, first["asset"].to_numpy(), calendar, policy, "instants")
        for low in range(0, len(mine), STEP):
            some = mine[low : low + STEP]
            stamps, back = np.unique(filed.stamp[some], return_inverse=True)
            if filed.bare:
                pins = pin_dates(stamps.astype("datetime64[D]"), calendar, policy=policy)
            else:
                pins = pin_instants(stamps.astype("datetime64[ns]"), calendar)
            back = back.reshape(-1)
            session[some] = np.where(pins.status == PINNED, pins.session, -1)[back]
            position[some] = pins.position[back]
    return Placed(np.arange(n, dtype=np.int32), owner, session, position)
