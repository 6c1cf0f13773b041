"""Pin every headline of a catalogue on every asset it concerns, and group one story's headlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.calendars.pinning import (
    EXCLUDED,
    POSITIONS,
    STATUS,
    DatePolicy,
    Pins,
    pin_dates,
    pin_instants,
)
from eventstudy.calendars.reasons import explain
from eventstudy.calendars.sessions import SessionCalendar
from eventstudy.errors import InputError, nearest
from eventstudy.events.catalogue import Catalogue

__all__ = [
    "DROPPED_COLUMNS", "PINNED_COLUMNS", "PinResult", "by_calendar", "by_first_reaction", "pairs",
    "pin_catalogue", "place",
]  # fmt: skip

PINNED_COLUMNS = (
    "event_id",
    "asset",
    "calendar",
    "timestamp_utc",
    "session",
    "position",
    "session_open_utc",
    "session_close_utc",
    "reason",
    "measured_utc",
    "first_reaction_utc",
    "alternative_session",
    "clean_end",
    "uncertainty_minutes",
    "group",
    "sign",
    "surprise",
    "headline",
)
DROPPED_COLUMNS = ("event_id", "asset", "stage", "reason", "detail")
_NAT = np.datetime64("NaT", "ns")


@dataclass(frozen=True, eq=False)
class PinResult:
    """Where each headline was pinned, and what was left out.

    Attributes
    ----------
    pinned : DataFrame
        One row a (headline, asset), in the order of the catalogue, then of the assets. ``session``
        is day 0; ``measured_utc`` the instant at which its price is final;
        ``first_reaction_utc`` the first at which the market is open and the headline out;
        ``alternative_session`` the other admissible session of an ambiguous headline (NaT where
        there is none); ``clean_end`` the end of the shortest clean window ``[0, clean_end]``.
    dropped : DataFrame
        event_id, asset, stage (``pinning`` or ``grouping``), reason, detail.
    """

    pinned: pd.DataFrame
    dropped: pd.DataFrame


def pin_catalogue(
    catalogue: Catalogue,
    calendars: Mapping[str, SessionCalendar],
    *,
    policy: DatePolicy = "next",
    group: bool = True,
) -> PinResult:
    """Pin a catalogue to the sessions of each asset's own calendar.

    Parameters
    ----------
    catalogue : Catalogue
        Headlines; an empty asset concerns every asset in ``calendars``.
    calendars : mapping
        Asset -> its calendar, in the order in which assets are wanted.
    policy : {"next", "previous", "exclude", "error"}
        Where a bare date goes that is no session; an instant always goes forward.
    group : bool
        Count several headlines of one group on one (asset, session) as one event: the first
        stamp stands, the others are listed in ``dropped`` with stage ``grouping``.

    Raises
    ------
    InputError
        If an asset has no calendar, an instant meets a calendar that knows no hours, or the
        policy is ``error`` and a date is no session; it names event and asset.

    Examples
    --------
    >>> from eventstudy.calendars import observed_calendar
    >>> from eventstudy.events import read_catalogue
    >>> events = read_catalogue([{"event_id": "a", "timestamp": "2022-02-12"}])
    >>> result = pin_catalogue(events, {"X": observed_calendar(["2022-02-11", "2022-02-14"])})
    >>> str(result.pinned.loc[0, "session"].date())
    '2022-02-14'
    """
    frame = catalogue.frame
    assets = list(calendars)
    rows, owner = pairs(catalogue, assets)
    names = np.array(assets, dtype=object)[owner]
    parts = [
        _pin_on(frame.iloc[rows[mine]], names[mine], calendar, policy, mine)
        for calendar, mine in by_calendar(owner, list(calendars.values()))
    ]
    table = pd.concat(parts).sort_index(kind="stable")
    return _split(table, group)


def by_calendar(
    owner: npt.NDArray[np.integer[Any]], calendars: Sequence[SessionCalendar]
) -> list[tuple[SessionCalendar, npt.NDArray[np.int64]]]:
    """Return each distinct calendar with the places of the assets on it, in order.

    Parameters
    ----------
    owner : (n,) int
        Number of the asset of each place.
    calendars : sequence of SessionCalendar
        One an asset; assets on one calendar share the object.
    """
    distinct = list({id(c): c for c in calendars}.values())
    number = {id(c): i for i, c in enumerate(distinct)}
    codes = np.array([number[id(c)] for c in calendars], dtype=np.int64)[owner]
    if len(distinct) == 1:
        return [(distinct[0], np.arange(len(owner)))] if len(owner) else []
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(len(distinct) + 1))
    return [
        (calendar, order[cuts[i] : cuts[i + 1]])
        for i, calendar in enumerate(distinct)
        if cuts[i + 1] > cuts[i]
    ]


def by_first_reaction(pinned: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each headline ordered by when its markets could first react.

    Parameters
    ----------
    pinned : DataFrame
        From :func:`pin_catalogue`.

    Returns
    -------
    DataFrame
        Headlines in their order; then by ``first_reaction_utc``, by the instant at which the price
        of day 0 is measured, and as they stood. What is not known (a bare date) comes last.
    """
    place = pinned["event_id"].map({e: i for i, e in enumerate(pinned["event_id"].unique())})
    keys = ["_place", "first_reaction_utc", "measured_utc"]
    ordered = pinned.assign(_place=place).sort_values(keys, kind="stable", ignore_index=True)
    return ordered.drop(columns="_place")


def pairs(
    catalogue: Catalogue, assets: list[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the catalogue row and the number of the asset of every (headline, asset).

    Raises
    ------
    InputError
        For no asset at all, and for an event on an asset that is not among them.
    """
    if not assets:
        raise InputError("there is no asset to pin the events on")
    codes, kinds = pd.factorize(catalogue.frame["asset"].to_numpy())
    number = {asset: i for i, asset in enumerate(assets)}
    # -1 for every asset, -2 for none that is known.
    known = np.array([-1 if k == "" else number.get(str(k), -2) for k in kinds], dtype=np.int64)
    given = known[codes]
    if (given == -2).any():
        i = int(np.argmax(given == -2))
        row = catalogue.frame.iloc[i]
        raise InputError(
            f"{catalogue.origin}, line {row['line']}: the asset {row['asset']!r} is not among the "
            f"assets of the study{nearest(row['asset'], assets)}"
        )
    every = given == -1
    times = np.where(every, len(assets), 1)
    rows, owner = np.repeat(np.arange(len(given)), times), np.repeat(given, times)
    owner[owner == -1] = np.tile(np.arange(len(assets)), int(every.sum()))
    return rows.astype(np.int64), owner


def _pin_on(
    events: pd.DataFrame,
    assets: npt.NDArray[np.str_],
    calendar: SessionCalendar,
    policy: DatePolicy,
    index: npt.NDArray[np.int64],
) -> pd.DataFrame:
    bare = events["date"].notna().to_numpy()
    table = pd.DataFrame(index=index)
    for part, what in ((bare, "dates"), (~bare, "instants")):
        if part.any():
            some = _pin_some(events[part], assets[part], calendar, policy, what)
            some.index = pd.Index(index[part])
            table = some if table.empty else pd.concat([table, some])
    return table


def _pin_some(
    events: pd.DataFrame,
    assets: npt.NDArray[np.str_],
    calendar: SessionCalendar,
    policy: DatePolicy,
    what: str,
) -> pd.DataFrame:
    wide = events["uncertainty_minutes"].to_numpy(dtype=np.float64)
    pins, days, stamps = place(events, assets, calendar, policy, what)
    if what == "dates":
        reasons = explain(pins, calendar, dates=days, policy=policy)
    else:
        reasons = explain(pins, calendar, instants=stamps, uncertainty_minutes=wide)
    table = _columns(pins, calendar)
    table["event_id"] = events["event_id"].to_numpy()
    table["asset"], table["calendar"] = assets, calendar.name
    table["timestamp_utc"] = pd.DatetimeIndex(stamps).tz_localize("UTC")
    table["first_reaction_utc"] = _first_reaction(table)
    table["reason"] = reasons
    for name in ("uncertainty_minutes", "group", "sign", "surprise", "headline"):
        table[name] = events[name].to_numpy()
    table["_date"] = events["date"].to_numpy()
    return table


def place(
    events: pd.DataFrame,
    assets: npt.NDArray[np.str_],
    calendar: SessionCalendar,
    policy: DatePolicy,
    what: str,
) -> tuple[Pins, npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """Return the pins of bare ``dates`` or of ``instants`` on one calendar, and both stamps."""
    if what == "dates":
        days = events["date"].to_numpy().astype("datetime64[D]")
        return _dates(events, days, assets, calendar, policy), days, np.full(len(events), _NAT)
    _need_hours(events, str(assets[0]), calendar)
    stamps = _utc(events["timestamp"])
    wide = events["uncertainty_minutes"].to_numpy(dtype=np.float64)
    return pin_instants(stamps, calendar, uncertainty_minutes=wide), stamps, stamps


def _first_reaction(table: pd.DataFrame) -> pd.Series[Any]:
    """Return the later of headline and opening of day 0; NaT for a date or unknown hours."""
    stamp, opening = table["timestamp_utc"], table["session_open_utc"]
    return opening.where(opening >= stamp, stamp).where(opening.notna() & stamp.notna())


def _utc(stamps: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    return np.asarray(stamps.dt.tz_convert(None).to_numpy(), dtype="datetime64[ns]")


def _need_hours(events: pd.DataFrame, asset: str, calendar: SessionCalendar) -> None:
    if not calendar.knows_hours:
        first = events.iloc[0]
        raise InputError(
            f"event {first['event_id']!r} is an instant ({first['timestamp'].isoformat()}), but "
            f"the calendar of asset {asset!r} is {calendar.name!r}, which knows no hours; give "
            f'[assets.{asset}] close = "17:30 Europe/Berlin" (when its price is measured), or '
            f'calendar = "XETR" (the code of its exchange)'
        )


def _dates(
    events: pd.DataFrame,
    days: npt.NDArray[np.datetime64],
    assets: npt.NDArray[np.str_],
    calendar: SessionCalendar,
    policy: DatePolicy,
) -> Pins:
    if policy == "error":
        tried = pin_dates(days, calendar, policy="exclude")
        bad = np.flatnonzero(tried.status == EXCLUDED)
        if len(bad):
            event = events.iloc[int(bad[0])]
            raise InputError(
                f"event {event['event_id']!r}: {days[bad[0]]} is no session of {calendar.name}, "
                f"the calendar of asset {str(assets[bad[0]])!r}, and [events] policy is 'error'; "
                "correct the date, or choose next, previous or exclude"
            )
    return pin_dates(days, calendar, policy=policy)


def _columns(pins: Pins, calendar: SessionCalendar) -> pd.DataFrame:
    ok = pins.pinned
    at = np.where(ok, pins.session, 0)
    other = np.where(ok & (pins.strict > pins.session), pins.strict, -1)
    beyond = other >= len(calendar)
    known = (other >= 0) & ~beyond
    sessions = calendar.sessions.astype("datetime64[ns]")
    alternative = np.where(known, sessions[np.where(known, other, 0)], _NAT)
    return pd.DataFrame(
        {
            "session": np.where(ok, sessions[at], _NAT),
            "position": np.asarray(POSITIONS, dtype=object)[pins.position],
            "session_open_utc": _aware(np.where(ok, calendar.opens[at], _NAT)),
            "session_close_utc": _aware(np.where(ok, calendar.closes[at], _NAT)),
            "measured_utc": _aware(np.where(ok, calendar.measured_until[at], _NAT)),
            "alternative_session": alternative,
            "clean_end": pins.clean_end,
            "_status": np.asarray(STATUS, dtype=object)[pins.status],
        }
    )


def _aware(instants: npt.NDArray[np.datetime64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(instants).tz_localize("UTC")


def _split(table: pd.DataFrame, group: bool) -> PinResult:
    """Part what is pinned from what is dropped, and keep the first stamp of a group."""
    lost = (table["_status"] != "pinned").to_numpy()
    winner = _winners(table, lost) if group else np.arange(len(table))
    again = winner != np.arange(len(table))
    dropped = table[lost | again]
    notes = []
    for i in np.flatnonzero(lost | again):
        row = table.iloc[i]
        if lost[i]:
            notes.append(("pinning", row["_status"], row["reason"]))
        else:
            notes.append(("grouping", *_grouped(row, table.iloc[winner[i]])))
    listed = pd.DataFrame(notes, columns=["stage", "reason", "detail"], dtype=object)
    listed.insert(0, "event_id", dropped["event_id"].to_numpy())
    listed.insert(1, "asset", dropped["asset"].to_numpy())
    kept = table[~(lost | again)].reset_index(drop=True)
    return PinResult(kept[list(PINNED_COLUMNS)], listed[list(DROPPED_COLUMNS)])


def _winners(table: pd.DataFrame, lost: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each row the row that stands for its group on that asset and session."""
    winner = np.arange(len(table))
    grouped = table[(table["group"] != "").to_numpy() & ~lost]
    if grouped.empty:
        return winner
    # A bare date counts from its end, so that an instant of that day, which is sharper, wins.
    end = grouped["_date"] + pd.Timedelta(days=1)
    stamp = grouped["timestamp_utc"].dt.tz_convert(None).fillna(end)
    ranked = grouped.assign(_stamp=stamp).sort_values("_stamp", kind="stable")
    keys = ["group", "asset", "session"]
    first = ranked.assign(_first=ranked.index).groupby(keys, sort=False)["_first"]
    winner[ranked.index] = first.transform("first").to_numpy()
    return winner


def _grouped(row: pd.Series[Any], first: pd.Series[Any]) -> tuple[str, str]:
    session = row["session"].date()
    reason = f"one story with {first['event_id']!r}"
    detail = (
        f"group {row['group']!r} counts once on {row['asset']} for the session {session}; "
        f"{first['event_id']!r} came first"
    )
    return reason, detail
