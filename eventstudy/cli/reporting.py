"""``eventstudy report``: the scheduled job at the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from eventstudy.cli import completion
from eventstudy.cli.guard import debugging, guarded, say, worst
from eventstudy.cli.output import print_json
from eventstudy.errors import InputError, nearest

__all__ = ["ReportOptions", "report", "report_command"]

FAMILIES = ("study", "call")


@dataclass(frozen=True)
class ReportOptions:
    """What ``eventstudy report`` was asked for, as text."""

    out: Path
    formats: str
    as_of: str | None
    keep: int | None
    family: str
    strict: bool
    offline: bool
    quiet: bool
    json: bool
    log_json: bool
    open: bool
    interactive: bool = False


def report_command(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Study files.")],
    out: Annotated[Path, typer.Option(help="Folder of the reports, one folder a study.")] = Path(
        "reports"
    ),
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Of the reports: html,pdf,xlsx,tex,md.",
            autocompletion=completion.report_formats,
        ),
    ] = "html",
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Charts of the page can be asked and zoomed.")
    ] = False,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Open the page: of the one study, else the index of all."),
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="No headline and no price after this date is seen."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(metavar="N", help="Keep the newest N runs of each study.")
    ] = None,
    family: Annotated[
        str,
        typer.Option(
            help="Over what p-values are adjusted: one study, or the whole call.",
            autocompletion=completion.one_of(*FAMILIES),
        ),
    ] = "study",
    strict: Annotated[
        bool, typer.Option("--strict", help="A study with bad data fails with exit code 6.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no network: prices as the store has them.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Log to stderr as JSON, one object a line.")
    ] = False,
) -> None:
    """Write the reports of one or many studies; the command of a scheduler."""
    with guarded():
        options = ReportOptions(
            out=out,
            formats=formats,
            as_of=as_of,
            keep=keep,
            family=family,
            strict=strict,
            offline=offline,
            quiet=quiet,
            json=json,
            log_json=log_json,
            open=open_,
            interactive=interactive,
        )
        code = report(studies, options)
    raise typer.Exit(code)


def report(studies: Sequence[Path], options: ReportOptions) -> int:
    """Run the job; return the exit code of the worst study.

    Raises
    ------
    EventStudyError
        Where no study could be begun: an unknown format, a folder that is locked.
    """
    from eventstudy.cli.browser import check_open
    from eventstudy.report.writers import check_formats
    from eventstudy.schedule.job import JobOptions, run_job

    if options.family not in FAMILIES:
        raise InputError(
            f"--family '{options.family}' is unknown{nearest(options.family, FAMILIES)}"
        )
    formats = check_formats(options.formats, interactive=options.interactive)
    if options.open:
        check_open(formats, "--format")
    if options.out.exists() and not options.out.is_dir():
        raise InputError(f"--out {options.out} is a file; name a folder")
    job = JobOptions(
        out=options.out,
        formats=formats,
        interactive=options.interactive,
        as_of=_date(options.as_of),
        keep=options.keep,
        family=options.family,
        strict=options.strict,
        offline=options.offline,
    )
    outcomes = run_job(studies, job, tell=lambda event: _log(event, options))
    code = worst([o.code for o in outcomes])
    if options.json:
        print_json({"schema_version": 1, "code": code, "out": str(options.out),
                    "studies": [o.to_json() for o in outcomes]})  # fmt: skip
    elif not options.quiet:
        for line in _lines(outcomes, options):
            typer.echo(line)
    if options.open:
        _open(outcomes, options.out)
    return code


def _open(outcomes: Sequence[Any], out: Path) -> None:
    """Open the page of the one study, or the index of several."""
    from eventstudy.cli.browser import open_page
    from eventstudy.schedule.folders import INDEX

    written = [o for o in outcomes if o.run and o.status != "failed"]
    if not written:
        say("nothing was written that could be opened")
    elif len(outcomes) == 1:
        open_page(out / written[0].run / "report.html")
    else:
        open_page(out / INDEX)


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of must be a date such as 2022-02-16, not '{text}'") from None


def _lines(outcomes: Sequence[Any], options: ReportOptions) -> list[str]:
    """Return the summary: a line a study, then the count."""
    lines = []
    for o in outcomes:
        more = [f"{o.pending} windows pending"] if o.pending else []
        more += [f"{o.left_out} left out"] if o.left_out else []
        tail = f" ({', '.join(more)})" if more else ""
        lines.append(f"{o.status:<9} {o.name}: {o.message}{tail}")
    counts = {s: sum(o.status == s for o in outcomes) for s in
              ("new", "unchanged", "waiting", "failed")}  # fmt: skip
    told = ", ".join(f"{n} {s}" for s, n in counts.items() if n)
    n = len(outcomes)
    lines.append(f"{n} stud{'ies' if n != 1 else 'y'}: {told}; reports in {options.out}")
    return lines


def _log(event: dict[str, Any], options: ReportOptions) -> None:
    """Tell stderr what happens; faults and errors always, the rest only as JSON."""
    failed = event.get("status") == "failed"
    trace = event.pop("trace", "")
    if options.log_json:
        level = "error" if failed else "info"
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": stamp, "level": level} | event
        if trace and debugging():
            line["trace"] = trace
        say(json.dumps(line, allow_nan=False))
        return
    if failed:
        if trace and debugging():
            say(trace.rstrip())
        say(f"error: {event['study']}: {event['message']}")
