"""The options of ``eventstudy new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventstudy.cli import completion
from eventstudy.cli.guard import guarded

__all__ = ["new_command"]


def new_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Study file to write.")] = Path(
        "study.toml"
    ),
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: options, and defaults for the rest.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="What the study is called.")] = None,
    events: Annotated[
        str | None,
        typer.Option(
            metavar="FILE_OR_STAMP", help="File of headlines, or the instant or date of one."
        ),
    ] = None,
    headline: Annotated[str | None, typer.Option(help="The words of that one.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(help="Zone of instants without an offset.", autocompletion=completion.zones),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="A column's name in that file. Repeatable."),
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="bundled, a file, yahoo or sql.",
            autocompletion=completion.one_of("bundled", "yahoo", "sql"),
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="Of sql: an environment variable, or an address without a password."),
    ] = None,
    table: Annotated[str | None, typer.Option(help="Of sql: a table, or a SELECT.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Of a file: prices or returns.",
            autocompletion=completion.one_of("prices", "returns"),
        ),
    ] = None,
    assets: Annotated[
        str | None, typer.Option(help="The assets, A,B.", autocompletion=completion.assets)
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The models, A,B.", autocompletion=completion.models)
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(help="The benchmark, or factors, A,B.", autocompletion=completion.assets),
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(
            metavar="MIC",
            help="Of a file's assets: XNYS, or A=XNYS,B=XETR.",
            autocompletion=completion.calendars,
        ),
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="A tested window in sessions. Repeatable."),
    ] = None,
    event_window: Annotated[
        str | None, typer.Option(metavar="A,B", help="The days that are shown.")
    ] = None,
    estimation: Annotated[
        str | None, typer.Option(metavar="A,B", help="The days on which models are fitted.")
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option(help="recommended, all, or names, A,B.", autocompletion=completion.statistics),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but questions and errors.")
    ] = False,
) -> None:
    """Write a commented study file by question and answer.

    What an option says is not asked; --yes asks nothing at all.
    """
    with guarded():
        from eventstudy.cli.newstudy import NewOptions, new

        given = {
            "name": name,
            "events": events,
            "headline": headline,
            "timezone": timezone,
            "prices": prices,
            "database": database,
            "table": table,
            "kind": kind,
            "assets": assets,
            "model": model,
            "benchmark": benchmark,
            "calendar": calendar,
            "window": " ".join(window) if window else None,
            "event-window": event_window,
            "estimation": estimation,
            "tests": tests,
        }
        answers = {key: text for key, text in given.items() if text is not None}
        options = NewOptions(answers, column or [], yes, force, json, quiet)
        code = new(file, options)
    raise typer.Exit(code)
