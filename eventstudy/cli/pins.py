"""``eventstudy pin``: to which session each headline belongs on each calendar, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.cli.guard import DONE, LEFT_OUT
from eventstudy.cli.oneoff import reworded
from eventstudy.cli.output import console, print_json
from eventstudy.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.calendars.pinning import DatePolicy
    from eventstudy.events.catalogue import Catalogue
    from eventstudy.events.pinned import PinResult

__all__ = ["PinOptions", "pin"]

SORTS = ("calendar", "clock")
POLICIES: tuple[DatePolicy, ...] = ("next", "previous", "exclude", "error")


@dataclass(frozen=True)
class PinOptions:
    """The options of ``eventstudy pin``."""

    calendars: Sequence[str]
    clock: str | None = None
    timezone: str | None = None
    uncertainty: float | None = None
    policy: str = "next"
    sort: str = "calendar"
    json: bool = False


def pin(what: str, options: PinOptions) -> int:
    """Pin a file of headlines or one stamp, and print the sessions.

    Returns
    -------
    int
        Exit code: 0, or 3 where a headline was left out.

    Raises
    ------
    InputError
        Naming file and line, or the option, that is wrong.
    """
    if options.policy not in POLICIES:
        raise InputError(
            f"--policy '{options.policy}' is unknown{nearest(options.policy, POLICIES)}"
        )
    if options.sort not in SORTS:
        raise InputError(f"--sort '{options.sort}' is unknown{nearest(options.sort, SORTS)}")
    _check(options)
    catalogue = _catalogue(what, options)
    outcome = _pinned(catalogue, options)
    if options.json:
        print_json(_as_json(outcome))
    else:
        _print(outcome)
    return LEFT_OUT if len(outcome.dropped) else DONE


def _check(options: PinOptions) -> None:
    """Check the options that the calendars would find fault with in other words."""
    from eventstudy.calendars.clock import check_zone, parse_clock

    if options.timezone is not None:
        check_zone(options.timezone, "--timezone")
    if options.clock is not None:
        parse_clock(options.clock, "--clock")


def _catalogue(what: str, options: PinOptions) -> Catalogue:
    from eventstudy.events.catalogue import Catalogue
    from eventstudy.events.feeds import is_address
    from eventstudy.events.readers import FORMATS, read_catalogue

    uncertainty = options.uncertainty
    if uncertainty is not None and not 0 <= uncertainty < float("inf"):
        raise InputError(f"--uncertainty must be minutes, 0 or more, not {uncertainty:g}")
    path = Path(what)
    if is_address(what) or path.suffix.lower() in FORMATS or path.is_file():
        frame = read_catalogue(what, timezone=options.timezone).frame
    else:
        frame = _single(what, options.timezone)
    frame = frame.copy()
    if uncertainty is not None:
        frame["uncertainty_minutes"] = float(uncertainty)
    return Catalogue(frame, what)


def _single(stamp: str, timezone: str | None) -> pd.DataFrame:
    """Return the catalogue of one stamp; faults name the argument and not a table."""
    from eventstudy.events.readers import read_catalogue

    try:
        return read_catalogue([{"event_id": stamp, "timestamp": stamp}], timezone=timezone).frame
    except InputError as error:
        if not stamp[:1].isdigit():
            raise InputError(
                f"'{stamp}' is neither a file of headlines nor a stamp such as 2022-02-15T08:00Z"
            ) from None
        raise reworded(error, "EVENTS_OR_TIMESTAMP") from None


def _pinned(catalogue: Catalogue, options: PinOptions) -> PinResult:
    from eventstudy.events.pinned import PinResult, by_first_reaction
    from eventstudy.pinpoint import pin_on_calendars

    policy: Any = options.policy
    found = pin_on_calendars(catalogue, options.calendars, clock=options.clock, policy=policy)
    if options.sort == "clock":
        return PinResult(by_first_reaction(found.pinned), found.dropped)
    return found


def _as_json(outcome: PinResult) -> dict[str, Any]:
    from eventstudy.results import SCHEMA_VERSION, rows_for_json

    return {
        "schema_version": SCHEMA_VERSION,
        "pinned": rows_for_json(outcome.pinned, "pinned"),
        "dropped": rows_for_json(outcome.dropped, "dropped"),
    }


def _print(outcome: PinResult) -> None:
    from rich.padding import Padding
    from rich.table import Table

    screen = console()
    for event_id, rows in outcome.pinned.groupby("event_id", sort=False):
        first = rows.iloc[0]
        screen.print(_title(str(event_id), first), style="bold")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("calendar", no_wrap=True)
        table.add_column("session", no_wrap=True)
        table.add_column("position", no_wrap=True)
        table.add_column("why", ratio=1)
        for _, row in rows.iterrows():
            table.add_row(row["calendar"], _session(row), row["position"], row["reason"])
        screen.print(Padding(table, (0, 0, 0, 2)))
        screen.print(_order(rows))
    for _, row in outcome.dropped.iterrows():
        screen.print(
            f"left out: {row['event_id']} on {row['asset']}: {row['reason']} {row['detail']}"
        )


def _order(rows: pd.DataFrame) -> str:
    """Return which market could react first, and when, in one line."""
    from eventstudy.events.pinned import by_first_reaction

    known = by_first_reaction(rows)
    known = known[known["first_reaction_utc"].notna()]
    if len(known) < 2:
        return ""
    parts = [f"{r.calendar} {r.first_reaction_utc:%m-%d %H:%M}" for r in known.itertuples()]
    return f"  first to react (UTC): {', '.join(parts)}\n"


def _title(event_id: str, row: pd.Series[Any]) -> str:
    stamp = row["timestamp_utc"]
    when = "" if stamp != stamp else f"{stamp:%Y-%m-%d %H:%M:%S} UTC"
    parts = [event_id, when, str(row["headline"])]
    return "  ".join(p for p in parts if p)


def _session(row: pd.Series[Any]) -> str:
    other = row["alternative_session"]
    text = f"{row['session']:%Y-%m-%d}"
    return text if other != other else f"{text} or {other:%m-%d}"
