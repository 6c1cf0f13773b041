"""``eventstudy run``: a study from a file, from options, or the bundled one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.cli.guard import DONE, LEFT_OUT, say
from eventstudy.cli.oneoff import OneOff, build_study, reworded, why_yahoo
from eventstudy.cli.output import console, fill_folder, print_json, progress
from eventstudy.errors import InputError, QualityError, SourceError, UnknownAssetError, nearest
from eventstudy.resources import data_dir
from eventstudy.studyfile import load_study, study_files

if TYPE_CHECKING:
    from eventstudy.results import StudyResult
    from eventstudy.stream.executor import Resources
    from eventstudy.study import Study

__all__ = ["RunOptions", "flagship", "input_files", "run"]

FORMATS = ("csv", "parquet")
CHARTS = "charts"


@dataclass(frozen=True)
class RunOptions:
    """How a study is computed, and what happens with the result.

    ``report`` is None where nothing is said: a report is written, but of a streamed study.
    """

    out: Path | None = None
    format: str = "csv"
    report: bool | None = None
    report_format: str = "html"
    interactive: bool = False
    open: bool = False
    json: bool = False
    quiet: bool = False
    full: bool = False
    strict: bool = False
    offline: bool = False
    resources: Resources | None = None


@dataclass(frozen=True)
class _Job:
    """A study, the folder of its paths, and every file that it reads."""

    study: Study
    folder: Path
    inputs: list[Path]


def run(study: Path | None, one_off: OneOff, options: RunOptions) -> int:
    """Run a study and write what was asked for.

    Returns
    -------
    int
        Exit code: 0, or 3 where a (headline, asset) was left out.

    Raises
    ------
    EventStudyError
        With the exit code of its class; nothing is left in the output folder then.
    """
    if options.format not in FORMATS:
        raise InputError(
            f"--format '{options.format}' is unknown{nearest(options.format, FORMATS)}"
        )
    if options.interactive:
        _check_interactive(options)
    if options.open:
        _check_open(options)
    job = _job(study, one_off)
    if options.out is not None:
        _check_out(options, job)
    from eventstudy.results import left_out
    from eventstudy.streamed_result import StreamedResult

    result = _result(job, one_off, options)
    if options.strict:
        _check_quality(result)
    if isinstance(result, StreamedResult):
        options = _without_report(options)
    if options.out is not None:
        _write(result, options.out, options)
    _show(result, options)
    if options.open and options.out is not None:
        from eventstudy.cli.browser import open_page

        open_page(options.out / "report.html")
    left = left_out(result)
    if not len(left):
        return DONE
    if options.quiet or options.json:
        pairs = len(left.drop_duplicates(["event_id", "asset"]))
        say(f"left out: {pairs} of the (headline, asset) pairs; the table 'dropped' says why")
    return LEFT_OUT


def _result(job: _Job, one_off: OneOff, options: RunOptions) -> StudyResult:
    """Run the study; errors of a study without a file speak of its options."""
    from eventstudy.pipeline import run_study

    try:
        with progress(quiet=options.quiet) as tell:
            return run_study(
                job.study,
                folder=job.folder,
                progress=tell,
                offline=options.offline,
                resources=options.resources,
            )
    except (SourceError, UnknownAssetError) as error:
        if one_off.event and job.study.prices.source == "yahoo":
            error.args = (f"{why_yahoo(one_off)}{error}",)
        raise
    except InputError as error:
        raise (reworded(error, "--event") if one_off.event else error) from None


def flagship() -> Path:
    """Return the study file of the bundled flagship study."""
    return data_dir() / "studies" / "partial-withdrawal.toml"


def input_files(study: Study, folder: Path) -> list[Path]:
    """Return every file that a study reads, with patterns and folders of prices resolved."""
    found: list[Path] = []
    for _, path in study_files(study, folder):
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.is_file())
        elif path.exists():
            found.append(path)
        else:
            found += sorted(path.parent.glob(path.name))
    return found


def _job(path: Path | None, one_off: OneOff) -> _Job:
    given = one_off.given()
    if path is not None and given:
        raise InputError(
            f"{given[0]} can't stand beside the study file {path}; write it into the file"
        )
    if one_off.event:
        folder = Path()
        study = build_study(one_off)
        return _Job(study, folder, input_files(study, folder))
    if given:
        raise InputError(
            f"{given[0]} needs --event, such as --event 2022-02-15T08:00Z; "
            "without options the bundled study runs"
        )
    path = flagship() if path is None else path
    study = load_study(path)
    return _Job(study, path.parent, [path, *input_files(study, path.parent)])


def _check_out(options: RunOptions, job: _Job) -> None:
    from eventstudy.report.writers import report_files
    from eventstudy.results import TABLES
    from eventstudy.saving import check_no_input

    out = options.out
    if out is None:
        return
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder")
    names = [f"{name}.csv" for name in TABLES] + ["run.json"]
    names += [f"{name}.parquet" for name in TABLES] if options.format == "parquet" else []
    names += report_files(_formats(options))
    check_no_input(out, job.inputs, names)


def _check_open(options: RunOptions) -> None:
    from eventstudy.cli.browser import check_open

    if options.out is None:
        raise InputError("--open needs --out, the folder of the page, such as --out results")
    if options.report is False:
        raise InputError("--open needs a page to open, and --no-report writes none; drop one")
    check_open(_formats(options), "--report-format")


def _check_interactive(options: RunOptions) -> None:
    if options.out is None:
        raise InputError("--interactive needs --out, the folder of the page, such as --out results")
    if options.report is False:
        raise InputError("--interactive needs a page, and --no-report writes none; drop one")


def _formats(options: RunOptions) -> tuple[str, ...]:
    from eventstudy.report.writers import check_formats

    if options.report is False:
        return ()
    return check_formats(options.report_format, interactive=options.interactive)


def _without_report(options: RunOptions) -> RunOptions:
    """Leave out the report of a streamed study, or refuse it where it is asked for."""
    asked = {
        "--report": options.report,
        "--interactive": options.interactive,
        "--open": options.open,
    }
    for name in (name for name, wanted in asked.items() if wanted):
        raise InputError(
            f"{name} asks for a report, and a large study that is streamed has none: it shows "
            "single events; leave it out, or set [study] streamed = false"
        )
    return replace(options, report=False)


def _check_quality(result: StudyResult) -> None:
    """Refuse to go on with data that failed the gate."""
    from eventstudy.prices.quality import gate_failed

    if not gate_failed(result.quality):
        return
    bad = result.quality[result.quality["severity"] == "error"]
    first = bad.iloc[0]
    known = first["session"] == first["session"]
    day = f" on {first['session']:%Y-%m-%d}" if known else ""
    more = f", and {len(bad) - 1} more findings" if len(bad) > 1 else ""
    raise QualityError(
        f"--strict: the prices of {first['asset']} failed the quality gate{day}: "
        f"{first['detail']}{more}; nothing was written"
    )


def _write(result: StudyResult, out: Path, options: RunOptions) -> None:
    def write(folder: Path) -> None:
        result.save(folder, format=options.format)
        if options.report is not False:
            from eventstudy.report.chartfiles import write_charts
            from eventstudy.report.writers import write_reports

            write_reports(result, folder, _formats(options), interactive=options.interactive)
            write_charts(result, folder / CHARTS)

    fill_folder(out, write)


def _show(result: StudyResult, options: RunOptions) -> None:
    if options.json:
        print_json(result.to_json())
    elif not options.quiet:
        _print(result, options)
    if options.out is not None and not options.quiet:
        say(f"written to {options.out}")


def _print(result: StudyResult, options: RunOptions) -> None:
    from eventstudy.report.screen import print_result
    from eventstudy.report.streamed import print_streamed
    from eventstudy.streamed_result import StreamedResult

    if isinstance(result, StreamedResult):
        print_streamed(result, console())
    else:
        print_result(result, console(), full=options.full)
