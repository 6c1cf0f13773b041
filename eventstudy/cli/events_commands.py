"""``eventstudy events check``, ``convert`` and ``group``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.cli.guard import DONE, say
from eventstudy.cli.output import console, print_json
from eventstudy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.events.catalogue import Catalogue

__all__ = [
    "GroupOptions",
    "Source",
    "at_terminal",
    "check",
    "columns_of",
    "convert",
    "group",
    "write_new",
]

_LISTED = 20


@dataclass(frozen=True)
class Source:
    """Where a catalogue is and how it is read."""

    file: str
    timezone: str | None
    column: Sequence[str]

    def read(self) -> Catalogue:
        """Read it; faults name the options of the command line."""
        from eventstudy.events.readers import read_catalogue

        if Path(self.file).is_dir():
            raise InputError(f"'{self.file}' is no file of headlines; name one, such as events.csv")
        try:
            return read_catalogue(
                self.file, timezone=self.timezone, columns=columns_of(self.column) or None
            )
        except InputError as error:
            text = str(error).replace(
                'give one zone for the whole file (timezone = "Europe/Paris")',
                "give --timezone Europe/Paris",
            )
            text = text.replace("of kind ''", "whose name has no ending")
            text = text.replace('[events] columns = {timestamp = "..."}', "--column timestamp=...")
            raise InputError(text) from None

    def is_file(self, path: Path) -> bool:
        """Return whether a path is the file that is read."""
        return path.resolve() == Path(self.file).resolve()


def columns_of(pairs: Sequence[str]) -> dict[str, str]:
    """Return what ``--column OURS=THEIRS`` says: our name of a column -> its name in the file."""
    out: dict[str, str] = {}
    for pair in pairs:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours.strip() or not theirs.strip():
            raise InputError(f"--column must be OURS=THEIRS, timestamp=date, not '{pair}'")
        if ours.strip() in out:
            raise InputError(f"--column gives '{ours.strip()}' twice")
        out[ours.strip()] = theirs.strip()
    return out


@dataclass(frozen=True)
class GroupOptions:
    """The options of ``eventstudy events group``."""

    threshold: float = 80.0
    hours: float = 24.0
    calendar: Sequence[str] = ()
    accept: bool = False
    out: Path | None = None
    json: bool = False
    quiet: bool = False


def at_terminal() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def write_new(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    from eventstudy.saving import write_atomic

    try:
        write_atomic(path, data)
    except OSError as error:
        raise InputError(f"{path} can't be written to: {error.strerror or error}") from None


def check(source: Source, *, json: bool, quiet: bool) -> int:
    """Read a catalogue and print what is in it.

    Returns
    -------
    int
        0.

    Raises
    ------
    InputError
        With every fault of the file at once.
    """
    from eventstudy.events.writers import catalogue_rows

    catalogue = source.read()
    counts = _counts(catalogue)
    again = catalogue.duplicates
    if json:
        rows = [{k: (None if v == "" else v) for k, v in r.items()} for r in
                catalogue_rows(catalogue)]  # fmt: skip
        twice = _plain(again[["event_id", "first", "line"]].to_dict(orient="records"))
        print_json({"schema_version": 1, "counts": counts, "duplicates": twice,
                    "catalogue": _plain(rows)})  # fmt: skip
    elif not quiet:
        _tell(catalogue, counts, again)
    return DONE


def _plain(value: Any) -> Any:
    """Return what JSON can hold; a file may carry anything in its own columns."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _counts(catalogue: Catalogue) -> dict[str, Any]:
    from eventstudy.events.catalogue import COLUMNS
    from eventstudy.events.stories import count_stories

    frame = catalogue.frame
    once = frame.drop_duplicates("event_id")
    days = once["timestamp"].dt.tz_localize(None).fillna(once["date"])
    kept = [str(c) for c in frame.columns if c not in (*COLUMNS, "date", "line")]
    return {
        "rows": len(frame),
        "headlines": len(once),
        "stories": count_stories(catalogue),
        "instants": int(once["timestamp"].notna().sum()),
        "bare_dates": int(once["date"].notna().sum()),
        "first": f"{days.min():%Y-%m-%d}",
        "last": f"{days.max():%Y-%m-%d}",
        "assets": sorted({a for a in frame["asset"] if a}),
        "duplicates": len(catalogue.duplicates),
        "further_columns": kept,
    }


def _tell(catalogue: Catalogue, counts: Mapping[str, Any], again: pd.DataFrame) -> None:
    screen = console()
    screen.print(
        f"{catalogue.origin}: {counts['headlines']} headlines ({counts['rows']} rows), "
        f"{counts['instants']} instants and {counts['bare_dates']} bare dates, from "
        f"{counts['first']} to {counts['last']}"
    )
    screen.print(f"stories: {counts['stories']} (headlines of one group are one story)")
    screen.print(f"assets: {', '.join(counts['assets']) or 'every asset of a study'}")
    if counts["further_columns"]:
        screen.print(f"further columns, kept: {', '.join(counts['further_columns'])}")
    if len(again):
        screen.print(f"{len(again)} rows repeat stamp, words and asset of an earlier one:")
        for row in again.head(_LISTED).itertuples():
            screen.print(f"  line {row.line}: {row.event_id} repeats {row.first}: {row.headline}")
        if len(again) > _LISTED:
            screen.print(f"  ... and {len(again) - _LISTED} more")
    screen.print("nothing is wrong with it")


def convert(source: Source, out: Path, *, json: bool, quiet: bool) -> int:
    """Write a catalogue in the format that the ending of ``out`` says."""
    from eventstudy.events.writers import catalogue_bytes, writer_for

    writer_for(out)
    if source.is_file(out):
        raise InputError(f"{out} is the file that is read; name another one")
    catalogue = source.read()
    write_new(out, catalogue_bytes(catalogue, out))
    if json:
        print_json({"schema_version": 1, "out": str(out), "rows": len(catalogue)})
    elif not quiet:
        say(f"{len(catalogue)} rows written to {out}")
    return DONE


def group(source: Source, options: GroupOptions) -> int:
    """Propose stories, have them accepted, and write the catalogue with its groups."""
    from eventstudy.events.stories import propose_stories
    from eventstudy.events.writers import catalogue_bytes, writer_for

    _check_group(source, options)
    catalogue = source.read()
    out = options.out
    if out is not None:
        writer_for(out)
    found = propose_stories(catalogue, threshold=options.threshold, hours=options.hours)
    effect = _effect(catalogue, found, options.calendar)
    if not options.json and not options.quiet:
        _show_stories(found, effect, options)
    taken = found
    asked = out is not None and not options.accept
    if asked:
        taken = _ask(found)
        effect = _effect(catalogue, taken, options.calendar)
    if out is not None:
        from eventstudy.events.stories import with_groups

        write_new(out, catalogue_bytes(with_groups(catalogue, taken), out))
    if options.json:
        from eventstudy.results import plain_rows

        print_json(
            {
                "schema_version": 1,
                "stories": plain_rows(found),
                "effect": effect,
                "accepted": sorted(set(taken["story"])) if out is not None else [],
                "out": None if out is None else str(out),
            }
        )
    elif out is not None and not options.quiet:
        say(f"{taken['story'].nunique()} stories accepted, written to {out}")
    return DONE


def _check_group(source: Source, options: GroupOptions) -> None:
    if not 0 <= options.threshold <= 100:
        raise InputError(f"--threshold must be from 0 to 100, not {options.threshold:g}")
    if not 0 < options.hours < 24 * 366:
        raise InputError(f"--hours must be more than 0 and less than a year, not {options.hours:g}")
    if options.accept and options.out is None:
        raise InputError("--accept needs --out, the file for the catalogue with its groups")
    if options.out is not None and source.is_file(options.out):
        raise InputError(f"--out {options.out} is the file that is read; name another one")
    if options.out is not None and not options.accept and (options.json or not at_terminal()):
        raise InputError("--out needs --accept where nobody can be asked; nothing was written")


def _effect(
    catalogue: Catalogue, found: pd.DataFrame, calendars: Sequence[str]
) -> list[dict[str, Any]]:
    """Return how many events there are before and after, in all and on each calendar."""
    from eventstudy.events.stories import count_stories, with_groups
    from eventstudy.pinpoint import events_on_calendar

    merged = with_groups(catalogue, found)
    counted: list[dict[str, Any]] = [
        {"on": "stories", "before": count_stories(catalogue), "after": count_stories(merged)}
    ]
    for name in calendars:
        before, after = (events_on_calendar(c, name) for c in (catalogue, merged))
        counted.append({"on": name, "before": before, "after": after})
    return counted


def _show_stories(
    found: pd.DataFrame, effect: Sequence[Mapping[str, Any]], options: GroupOptions
) -> None:
    screen = console()
    for story, rows in found.groupby("story", sort=False):
        screen.print(f"{story}{' (its group is stated)' if rows['stated'].any() else ''}",
                     style="bold")  # fmt: skip
        for row in rows.itertuples():
            score: Any = row.score
            alike = f"  like {row.like!s}: {score:.0f}" if row.like else ""
            screen.print(f"  {row.timestamp}  {row.event_id}  {row.headline}{alike}")
    if found.empty:
        screen.print(
            f"no headlines are alike within {options.hours:g} hours "
            f"(threshold {options.threshold:g})"
        )
    for count in effect:
        where = "stories" if count["on"] == "stories" else f"events on {count['on']}"
        screen.print(f"N, {where}: {count['before']} as it stands, {count['after']} if merged")


def _ask(found: pd.DataFrame) -> pd.DataFrame:
    """Ask for each story; what is not taken keeps its groups."""
    import typer

    taken = []
    for story, rows in found.groupby("story", sort=False):
        names = ", ".join(rows["event_id"])
        if typer.confirm(f"{story}: one story of {names}?", default=False):
            taken.append(story)
    return found[found["story"].isin(taken)]
