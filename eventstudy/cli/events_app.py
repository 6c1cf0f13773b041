"""The options of ``eventstudy events``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventstudy.cli import completion
from eventstudy.cli.guard import guarded

__all__ = ["events"]

events = typer.Typer(
    help="Catalogues of headlines: check, convert, group, or propose them from an article.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  eventstudy events check events.csv\n"
    "  eventstudy events from-article news.txt --published 2022-02-15T20:31+01:00",
)

Catalogue = Annotated[
    str, typer.Argument(metavar="FILE", help="File of headlines, or the address of a feed.")
]
Timezone = Annotated[
    str | None,
    typer.Option(
        help="Zone of an instant without an offset, such as Europe/Paris.",
        autocompletion=completion.zones,
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option(metavar="OURS=THEIRS", help="A column's name in the file. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Accept = Annotated[
    bool, typer.Option("--accept", help="Take all that is proposed, without asking.")
]


@events.command(
    epilog="\b\nExamples:\n  eventstudy events check events.csv\n"
    "  eventstudy events check news.csv --timezone Europe/Paris --column timestamp=date"
)
def check(
    file: Catalogue,
    timezone: Timezone = None,
    column: Column = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read a catalogue; say what is in it, or every fault at once."""
    with guarded():
        from eventstudy.cli.events_commands import Source
        from eventstudy.cli.events_commands import check as look

        code = look(Source(file, timezone, column or []), json=json, quiet=quiet)
    raise typer.Exit(code)


@events.command(
    epilog="\b\nExamples:\n  eventstudy events convert events.xlsx events.csv\n"
    "  eventstudy events convert news.rss events.toml"
)
def convert(
    file: Catalogue,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; its ending says how.")],
    timezone: Timezone = None,
    column: Column = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a catalogue in another format: .csv .xlsx .json .jsonl .toml .parquet .ics."""
    with guarded():
        from eventstudy.cli.events_commands import Source
        from eventstudy.cli.events_commands import convert as turn

        code = turn(Source(file, timezone, column or []), out, json=json, quiet=quiet)
    raise typer.Exit(code)


@events.command(
    epilog="\b\nExamples:\n  eventstudy events group events.csv --calendar XPAR\n"
    "  eventstudy events group events.csv --hours 12 --accept --out grouped.csv"
)
def group(
    file: Catalogue,
    threshold: Annotated[
        float, typer.Option(help="Likeness of words from which on, 0 to 100.")
    ] = 80.0,
    hours: Annotated[float, typer.Option(help="Hours within which they came out.")] = 24.0,
    calendar: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MIC",
            help="Count events on this calendar too. Repeatable.",
            autocompletion=completion.calendars,
        ),
    ] = None,
    accept: Accept = False,
    out: Annotated[
        Path | None, typer.Option(help="File for the catalogue with its groups.")
    ] = None,
    timezone: Timezone = None,
    column: Column = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Propose headlines near in time and words as one story, and say what it does to N."""
    with guarded():
        from eventstudy.cli.events_commands import GroupOptions, Source
        from eventstudy.cli.events_commands import group as propose

        options = GroupOptions(threshold, hours, calendar or [], accept, out, json, quiet)
        code = propose(Source(file, timezone, column or []), options)
    raise typer.Exit(code)


@events.command(
    "from-article",
    epilog="\b\nExamples:\n"
    "  eventstudy events from-article news.txt --published 2022-02-15T20:31+01:00\n"
    "  eventstudy events from-article news.html --published 2022-02-15T20:31 \\\n"
    "      --timezone Europe/Rome --accept --out events.csv",
)
def from_article(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Text, Markdown or HTML.")],
    published: Annotated[
        str, typer.Option(metavar="INSTANT", help="When it came out: 2022-02-15T20:31+01:00.")
    ],
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Zone of its days, such as Europe/Rome; else that of --published.",
            autocompletion=completion.zones,
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="Code of its language: en, de, fr, es, ...")] = "en",
    least: Annotated[float, typer.Option(help="Least confidence of a proposal, 0 to 1.")] = 0.0,
    accept: Accept = False,
    out: Annotated[Path | None, typer.Option(help="File for the accepted events.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Propose event records from a news text, each with the words it rests on."""
    with guarded():
        from eventstudy.cli.article_command import ArticleOptions
        from eventstudy.cli.article_command import from_article as propose

        options = ArticleOptions(published, timezone, language, least, accept, out, json, quiet)
        code = propose(file, options)
    raise typer.Exit(code)
