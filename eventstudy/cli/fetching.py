"""``eventstudy fetch``: get and keep the prices of a study, and say what is odd about them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventstudy.cli.guard import DONE, QUALITY, guarded, say, worst

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.prices.fetching import Report

__all__ = ["FetchOptions", "fetch", "fetch_command"]

# Rows of a table on the screen; JSON has all of them.
SHOWN = 40


@dataclass(frozen=True)
class FetchOptions:
    """How a fetch is done and told."""

    refresh: bool = False
    strict: bool = False
    json: bool = False
    quiet: bool = False


def fetch_command(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Study file.")],
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Ask again for what is stored: so revisions are seen."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave with exit code 6 on bad data.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
) -> None:
    """Get and keep the prices of a study, and report their quality.

    What came is kept whatever happens to the rest; a second run asks only for what is missing.
    """
    with guarded():
        options = FetchOptions(refresh=refresh, strict=strict, json=json, quiet=quiet)
        code = fetch(study, options)
    raise typer.Exit(code)


def fetch(path: Path, options: FetchOptions) -> int:
    """Fetch the prices of a study and report their quality.

    Returns
    -------
    int
        0; else the code of what failed (2 an unknown symbol, 4 a source out of reach); 6 with
        ``strict`` where the prices fail the quality gate.

    Raises
    ------
    EventStudyError
        Where the study itself is wrong.
    """
    from eventstudy.cli.output import progress
    from eventstudy.pipeline import prepare, read_headlines
    from eventstudy.prices.fetching import fetch_prices
    from eventstudy.prices.quality import gate_failed
    from eventstudy.study_prices import study_demand, study_quality
    from eventstudy.studyfile import load_study

    study = load_study(path)
    folder = path.parent
    demand = study_demand(study, read_headlines(study, folder), folder=folder)
    with progress(quiet=options.quiet) as tell:
        report = fetch_prices(demand, refresh=options.refresh, tell=tell)
    quality = None
    if not report.failed:
        stages = prepare(study, folder=folder, offline=True)
        quality = study_quality(study, stages.panel, stages.plans, stages.pinned)
    _show(report, quality, options)
    for item in report.failed:
        say(f"error: {item.detail}")
    codes = [item.code for item in report.failed]
    if options.strict and quality is not None and gate_failed(quality):
        codes.append(QUALITY)
    return worst([*codes, DONE])


def _show(report: Report, quality: pd.DataFrame | None, options: FetchOptions) -> None:
    from eventstudy.cli.output import print_json

    if options.json:
        print_json(_plain(report, quality))
        return
    if options.quiet:
        return
    _print_items(report)
    _print_rows("Past values that changed", report.revisions)
    if quality is None:
        say("the quality of the prices is not examined until all of them are there")
    else:
        columns = ["asset", "session", "check", "severity", "detail", "action"]
        _print_rows("Quality of the prices", quality[columns])


def _plain(report: Report, quality: pd.DataFrame | None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "prices": [asdict(item) for item in report.items],
        "revisions": _rows(report.revisions),
        "quality": None if quality is None else _rows(quality),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _value(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _value(value: object) -> object:
    import pandas as pd

    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        return None
    return value


def _print_items(report: Report) -> None:
    from rich.table import Table

    from eventstudy.cli.output import console

    table = Table(box=None, pad_edge=False)
    for name in ("asset", "from", "symbol", "", "first", "last"):
        table.add_column(name)
    table.add_column("days", justify="right")
    table.add_column("snapshot")
    for item in report.items:
        table.add_row(
            item.asset, item.place, item.symbol, item.state, item.first, item.last,
            str(item.days or ""), item.sha256[:12],
        )  # fmt: skip
    console().print(table)


def _print_rows(title: str, frame: pd.DataFrame) -> None:
    from rich.table import Table

    from eventstudy.cli.output import console

    out = console()
    out.print()
    if frame.empty:
        out.print(f"{title}: none")
        return
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in frame.columns:
        table.add_column(str(name))
    for row in frame.head(SHOWN).itertuples(index=False, name=None):
        table.add_row(*(str(_value(v)) for v in row))
    out.print(table)
    if len(frame) > SHOWN:
        out.print(f"and {len(frame) - SHOWN} further rows; --json has all of them")
