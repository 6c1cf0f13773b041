"""The options of ``eventstudy simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventstudy.cli import completion
from eventstudy.cli.guard import guarded

__all__ = ["simulate"]

simulate = typer.Typer(
    help="How often the tests reject, by design or on your own data.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExample:\n  eventstudy simulate placebo study.toml --replications 500",
)

Tests = Annotated[
    str | None,
    typer.Option(
        help="Names of tests, A,B, or all; the exact ones if left out.",
        autocompletion=completion.statistics_across,
    ),
]
Replications = Annotated[int, typer.Option("--replications", "-n", help="Samples to draw.")]
Seed = Annotated[int, typer.Option(help="Root of every draw; the run is the same for any worker.")]
Level = Annotated[float, typer.Option(help="Nominal two-sided level.")]
Workers = Annotated[int, typer.Option(help="Processes.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the table and the chart.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
DesignOption = Annotated[
    str,
    typer.Option(
        "--design",
        help="Letters a to f: normal, t(3), variance, dates, both, skew.",
        autocompletion=completion.several(lambda: "abcdef"),
    ),
]


@simulate.command(
    epilog="\b\nExamples:\n  eventstudy simulate size --design a,d --replications 2000\n"
    "  eventstudy simulate size --returns prices.csv --benchmark SP500"
)
def size(
    design: DesignOption = "a,b,c,d,e,f",
    returns: Annotated[
        Path | None,
        typer.Option(help="File of prices to resample real returns from, in place of a design."),
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="Benchmark column of that file.")] = None,
    same_date: Annotated[
        bool, typer.Option("--same-date", help="Resampled events share one date.")
    ] = False,
    tests: Tests = None,
    replications: Replications = 1000,
    seed: Seed = 20220215,
    level: Level = 0.05,
    workers: Workers = 2,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rejection rates when nothing happened."""
    with guarded():
        from eventstudy.cli.simulations import (
            SimulationOptions,
            check_designed,
            designs,
            resampled,
        )

        options = SimulationOptions(tests, replications, seed, level, workers, out, json, quiet)
        if returns is not None:
            code = resampled(returns, benchmark, "0", same_date, options)
        else:
            check_designed(benchmark, same_date)
            code = designs(design, 0.0, options)
    raise typer.Exit(code)


@simulate.command(
    epilog="\b\nExamples:\n  eventstudy simulate power --effect 0.01 --design a\n"
    "  eventstudy simulate power --returns prices.csv --effect 0,0.005,0.01"
)
def power(
    effect: Annotated[
        str, typer.Option(help="Added to day 0, in decimals; several, A,B, with --returns.")
    ] = "0.01",
    design: DesignOption = "a,b,c,d,e,f",
    returns: Annotated[
        Path | None,
        typer.Option(help="File of prices to resample real returns from, in place of a design."),
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="Benchmark column of that file.")] = None,
    same_date: Annotated[
        bool, typer.Option("--same-date", help="Resampled events share one date.")
    ] = False,
    tests: Tests = None,
    replications: Replications = 1000,
    seed: Seed = 20220215,
    level: Level = 0.05,
    workers: Workers = 2,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rejection rates when something happened on day 0."""
    with guarded():
        from eventstudy.cli.simulations import (
            SimulationOptions,
            check_designed,
            designs,
            one_number,
            resampled,
        )

        options = SimulationOptions(tests, replications, seed, level, workers, out, json, quiet)
        if returns is not None:
            code = resampled(returns, benchmark, effect, same_date, options)
        else:
            check_designed(benchmark, same_date)
            code = designs(design, one_number(effect), options)
    raise typer.Exit(code)


@simulate.command(
    epilog="\b\nExample:\n  eventstudy simulate placebo study.toml --replications 500 --out size"
)
def placebo(
    study: Annotated[
        Path | None,
        typer.Argument(metavar="STUDY", help="Study file; the bundled study if left out."),
    ] = None,
    tests: Tests = None,
    replications: Replications = 250,
    seed: Seed = 20220215,
    level: Level = 0.05,
    workers: Workers = 1,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Your own study on pseudo-dates without a headline: same assets, same clustering."""
    with guarded():
        from eventstudy.cli.simulations import SimulationOptions
        from eventstudy.cli.simulations import placebo as placebo_it

        options = SimulationOptions(tests, replications, seed, level, workers, out, json, quiet)
        code = placebo_it(study, options)
    raise typer.Exit(code)
