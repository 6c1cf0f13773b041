"""The commands and their options; what they do stands in the modules beside this one.

Heavy libraries load inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eventstudy.cli import completion
from eventstudy.cli.guard import INTERRUPTED, fault, guarded

__all__ = ["app", "main"]

app = typer.Typer(
    name="eventstudy",
    help="What did a headline do to prices, how unusual was it, and how sure can one be?",
    epilog="\b\nExamples:\n  eventstudy run\n  eventstudy new study.toml\n"
    "  eventstudy run study.toml --out results --open\n"
    "\n\nExit codes: 0 done, 1 fault in the program, 2 wrong input, 3 done but a headline was left "
    "out, 4 price source or cluster out of reach, 5 locked by another run, 6 data failed --strict.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from eventstudy.version import __version__

        typer.echo(f"eventstudy {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """What did a headline do to prices, how unusual was it, and how sure can one be?"""


JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
]
TimezoneOption = Annotated[
    str | None,
    typer.Option(
        help="Zone of an instant without an offset, such as Europe/Paris.",
        autocompletion=completion.zones,
    ),
]


@app.command(
    short_help="Run a study: tables on the screen, files in --out.",
    epilog="\b\nExamples:\n  eventstudy run\n  eventstudy run study.toml --out results\n"
    '  eventstudy run --event "2022-02-15T08:00Z" --assets XOM,CVX \\\n'
    "      --benchmark ^GSPC --window -1,1",
)
def run(
    study: Annotated[
        Path | None,
        typer.Argument(metavar="STUDY", help="Study file; the bundled study if left out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables, run.json and report.html.")
    ] = None,
    table_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="Of the tables: csv, or parquet (writes both).",
            autocompletion=completion.one_of("csv", "parquet"),
        ),
    ] = "csv",
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report",
            help="Write a report into --out as well.",
            show_default="report, but for a large study",
        ),
    ] = None,
    report_format: Annotated[
        str,
        typer.Option(
            help="Of the report: html,pdf,xlsx,tex,md.", autocompletion=completion.report_formats
        ),
    ] = "html",
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Charts of the page can be asked and zoomed.")
    ] = False,
    open_: Annotated[
        bool, typer.Option("--open", help="Open the page that was written into --out.")
    ] = False,
    json: JsonOption = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Print every asset, window and leading test.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop with exit code 6 on bad data.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no network: prices as the store has them."),
    ] = False,
    executor: Annotated[
        str | None,
        typer.Option(
            help="Of a large study: threads, serial or dask (a cluster).",
            autocompletion=completion.one_of("threads", "serial", "dask"),
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of a large study; without a scheduler, dask's processes."),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="Of a large study: auto, numpy or numba.",
            autocompletion=completion.one_of("auto", "numpy", "numba"),
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of --executor dask, such as tcp://10.0.0.5:8786."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STAMP",
            help="A study without a file: the headline's instant or date. Repeatable.",
        ),
    ] = None,
    assets: Annotated[
        str | None, typer.Option(help="Its assets, A,B.", autocompletion=completion.assets)
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(help="Its benchmark, or its factors, A,B.", autocompletion=completion.assets),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Its models, A,B; market_model with --benchmark, else constant_mean.",
            autocompletion=completion.models,
        ),
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="A tested window in sessions, such as -1,1. Repeatable."),
    ] = None,
    estimation: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="The estimation window in sessions, such as -260,-11."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Of its prices: bundled, file or yahoo. Without it yahoo, unless --file is "
            "given, or the bundled prices have every asset and reach beyond the headline.",
            autocompletion=completion.one_of("bundled", "file", "yahoo"),
        ),
    ] = None,
    file: Annotated[str | None, typer.Option(help="File of its prices.")] = None,
    calendar: Annotated[
        str | None,
        typer.Option(
            help="Calendar of its assets (MIC), such as XNYS.", autocompletion=completion.calendars
        ),
    ] = None,
    timezone: TimezoneOption = None,
    headline: Annotated[str | None, typer.Option(help="The headline's words.")] = None,
    returns: Annotated[
        str | None,
        typer.Option(help="simple or log.", autocompletion=completion.one_of("simple", "log")),
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option(
            help="recommended, all, or names of statistics, A,B.",
            autocompletion=completion.statistics,
        ),
    ] = None,
    alternative: Annotated[
        str | None,
        typer.Option(help="two-sided, less or greater.", autocompletion=completion.alternatives),
    ] = None,
) -> None:
    """Run a study: tables on the screen, files in --out."""
    with guarded():
        from eventstudy.cli.oneoff import OneOff
        from eventstudy.cli.runs import RunOptions
        from eventstudy.cli.runs import run as run_it
        from eventstudy.stream.executor import given_resources

        one_off = OneOff(
            event=event,
            assets=assets,
            benchmark=benchmark,
            model=model,
            window=window,
            estimation=estimation,
            source=source,
            file=file,
            calendar=calendar,
            timezone=timezone,
            headline=headline,
            returns=returns,
            tests=tests,
            alternative=alternative,
        )
        options = RunOptions(
            out=out,
            format=table_format,
            report=report,
            report_format=report_format,
            interactive=interactive,
            open=open_,
            json=json,
            quiet=quiet,
            full=full,
            strict=strict,
            offline=offline,
            resources=given_resources(executor, threads, backend, scheduler),
        )
        code = run_it(study, one_off, options)
    raise typer.Exit(code)


@app.command(
    short_help="Say to which session each headline belongs.",
    epilog="\b\nExamples:\n  eventstudy pin 2022-02-15T08:00Z --calendar XNYS --calendar XETR\n"
    "  eventstudy pin events.csv --calendar XNYS --json",
)
def pin(
    events: Annotated[
        str, typer.Argument(metavar="EVENTS_OR_TIMESTAMP", help="File of headlines, or a stamp.")
    ],
    calendar: Annotated[
        list[str],
        typer.Option(
            metavar="MIC",
            help="ISO 10383 MIC such as XNYS, or 24/7. Repeatable.",
            autocompletion=completion.calendars,
        ),
    ],
    clock: Annotated[
        str | None,
        typer.Option(
            help='When the price is measured, if not at the close: "14:30 America/New_York".'
        ),
    ] = None,
    uncertainty: Annotated[
        float | None, typer.Option(help="Half-width in minutes of what is known of the instant.")
    ] = None,
    timezone: TimezoneOption = None,
    policy: Annotated[
        str,
        typer.Option(
            help="A date that is no session goes: next, previous, exclude or error.",
            autocompletion=completion.one_of("next", "previous", "exclude", "error"),
        ),
    ] = "next",
    sort: Annotated[
        str,
        typer.Option(
            help="Rows as given (calendar), or by who could react first (clock).",
            autocompletion=completion.one_of("calendar", "clock"),
        ),
    ] = "calendar",
    json: JsonOption = False,
) -> None:
    """Say to which session each headline belongs on each calendar, and why."""
    with guarded():
        from eventstudy.cli.pins import PinOptions
        from eventstudy.cli.pins import pin as pin_it

        options = PinOptions(
            calendars=calendar,
            clock=clock,
            timezone=timezone,
            uncertainty=uncertainty,
            policy=policy,
            sort=sort,
            json=json,
        )
        code = pin_it(events, options)
    raise typer.Exit(code)


@app.command(
    short_help="Show versions, calendars, cache, and what is missing.",
    epilog="\b\nExample:\n  eventstudy doctor --live",
)
def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Try the network too: ask Yahoo for one index.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show versions, calendars, cache, bundled data, and what is missing."""
    with guarded():
        from eventstudy.cli.doctor import doctor as look

        code = look(live=live, json=json)
    raise typer.Exit(code)


from eventstudy.cli.events_app import events as events_app  # noqa: E402
from eventstudy.cli.fetching import fetch_command  # noqa: E402
from eventstudy.cli.new_command import new_command  # noqa: E402
from eventstudy.cli.reporting import report_command  # noqa: E402
from eventstudy.cli.simulate_app import simulate  # noqa: E402

app.command(
    "new",
    short_help="Write a study file by question and answer.",
    epilog="\b\nExamples:\n  eventstudy new\n  eventstudy new study.toml --yes\n"
    "  eventstudy new oil.toml --yes --events 2022-02-15T08:00Z \\\n"
    "      --headline 'Units return to base' --prices bundled --assets WTI",
)(new_command)
app.add_typer(events_app, name="events")
app.command(
    "fetch",
    short_help="Get and keep the prices of a study, and report their quality.",
    epilog="\b\nExamples:\n  eventstudy fetch study.toml\n  eventstudy fetch study.toml --refresh",
)(fetch_command)
app.command(
    "report",
    short_help="Write reports of studies, kept run by run: the scheduled job.",
    epilog="\b\nExamples:\n  eventstudy report study.toml --out reports\n"
    "  eventstudy report studies/*.toml --out reports --format html,xlsx --keep 30",
)(report_command)
app.add_typer(simulate, name="simulate")


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter shows a question mark, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="eventstudy")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        fault(error)
        sys.exit(1)
