"""``eventstudy events from-article``: proposals shown, accepted, written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from eventstudy.cli.events_commands import at_terminal, write_new
from eventstudy.cli.guard import DONE, say
from eventstudy.cli.output import console, print_json
from eventstudy.errors import InputError

if TYPE_CHECKING:
    from eventstudy.events.articles.proposals import Proposal, Skipped

__all__ = ["ArticleOptions", "from_article"]


@dataclass(frozen=True)
class ArticleOptions:
    """The options of ``eventstudy events from-article``."""

    published: str
    timezone: str | None = None
    language: str = "en"
    least: float = 0.0
    accept: bool = False
    out: Path | None = None
    json: bool = False
    quiet: bool = False


def from_article(file: Path, options: ArticleOptions) -> int:
    """Propose event records from an article; only what is accepted is written.

    Returns
    -------
    int
        0, also where nothing was found.

    Raises
    ------
    InputError
        Naming the option or the file that is wrong.
    """
    from eventstudy.events.articles.proposals import propose, read_article

    _check(options)
    published = _published(options)
    proposals, skipped = propose(read_article(file), published, language=options.language)
    shown = [p for p in proposals if p.confidence >= options.least]
    if not options.json and not options.quiet:
        _show(shown, skipped)
    taken: list[Proposal] = []
    if options.accept:
        taken = shown
    elif options.out is not None:
        taken = _ask(shown)
    if options.out is not None and taken:
        _write(taken, options.out)
    if options.json:
        names = {p.event_id for p in taken}
        print_json(
            {
                "schema_version": 1,
                "proposals": [p.record() | {"accepted": p.event_id in names} for p in shown],
                "skipped": [dict(vars(s)) for s in skipped],
                "out": str(options.out) if options.out is not None and taken else None,
            }
        )
    elif options.out is not None and not options.quiet:
        say(f"{len(taken)} of {len(shown)} proposals " + (
            f"written to {options.out}" if taken else "accepted, nothing was written"
        ))  # fmt: skip
    return DONE


def _check(options: ArticleOptions) -> None:
    from eventstudy.events.writers import writer_for

    if not 0.0 <= options.least <= 1.0:
        raise InputError(f"--least must be from 0 to 1, not {options.least:g}")
    out = options.out
    if out is None:
        if options.accept and not options.json:
            raise InputError("--accept needs --out, the file for the accepted events, or --json")
        return
    writer_for(out)
    if out.exists():
        raise InputError(f"--out {out} exists; name a file that does not, and join the two by hand")
    if not options.accept and (options.json or options.quiet or not at_terminal()):
        raise InputError("--out needs --accept where nobody can be asked; nothing was written")


def _published(options: ArticleOptions) -> dt.datetime:
    """Return the instant of the publication in the zone of the article's days."""
    from eventstudy.calendars.clock import check_zone
    from eventstudy.events.stamps import read_stamp

    zone = ZoneInfo(check_zone(options.timezone, "--timezone")) if options.timezone else None
    try:
        instant, _ = read_stamp(options.published, zone)
    except ValueError as error:
        text = str(error).removeprefix("timestamp ")
        text = text.replace('give one zone for the whole file (timezone = "Europe/Paris")',
                            "give --timezone Europe/Paris")  # fmt: skip
        raise InputError(f"--published {text}") from None
    if instant is None:
        raise InputError(
            f"--published {options.published} is a date; give the instant, 2022-02-15T20:31+01:00"
        )
    if zone is not None:
        return instant.astimezone(zone)
    given = dt.datetime.fromisoformat(options.published.strip().replace(" ", "T", 1))
    return instant.astimezone(given.tzinfo)


def _show(proposals: Sequence[Proposal], skipped: Sequence[Skipped]) -> None:
    screen = console()
    for p in proposals:
        wide = f" +- {p.uncertainty_minutes:g} min" if p.uncertainty_minutes else ""
        screen.print(f"{p.event_id}  {p.timestamp}{wide}  confidence {p.confidence:.2f}",
                     style="bold")  # fmt: skip
        screen.print(f"    {p.headline}")
        rests = f'"{p.quote}"' if p.quote else "the publication"
        note = f"; {p.note}" if p.note else ""
        screen.print(f"    rests on {rests}, line {p.article_line}{note}")
    if not proposals:
        screen.print("no sentence reports a dated act; give --language where it is not English")
    for s in skipped:
        words = " ".join(s.quote.split())
        screen.print(f'not proposed: "{words}", line {s.line}: {s.reason}')
    if proposals:
        screen.print("None of these is an event yet: take them with --accept --out events.csv.")


def _ask(proposals: Sequence[Proposal]) -> list[Proposal]:
    import typer

    return [
        p
        for p in proposals
        if typer.confirm(f"{p.event_id}, {p.timestamp}: {p.headline[:60]}?", default=False)
    ]


def _write(taken: Sequence[Proposal], out: Path) -> None:
    from eventstudy.events.readers import read_catalogue
    from eventstudy.events.writers import catalogue_bytes

    write_new(out, catalogue_bytes(read_catalogue([p.record() for p in taken]), out))
