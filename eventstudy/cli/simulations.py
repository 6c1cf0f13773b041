"""``eventstudy simulate``: how often the tests reject, by design or on the user's own data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.cli.guard import DONE, say
from eventstudy.cli.output import console, fill_folder, print_json, progress
from eventstudy.errors import InputError, nearest
from eventstudy.names import CROSS_EVENT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SimulationOptions", "designs", "numbers", "placebo", "resampled"]

Key = tuple[str, str]


@dataclass(frozen=True)
class SimulationOptions:
    """The options that the three simulations share."""

    tests: str | None = None
    replications: int = 1000
    seed: int = 20220215
    level: float = 0.05
    workers: int = 2
    out: Path | None = None
    json: bool = False
    quiet: bool = False


def wanted(tests: str | None) -> list[Key] | None:
    """Return the statistics that ``--tests`` names; a name stands for all its variants."""
    if tests is None:
        return None
    known = dict.fromkeys(s.name for s in CROSS_EVENT)
    out: list[Key] = []
    for name in (t.strip() for t in tests.split(",")):
        if name == "all":
            return [(s.name, s.variant) for s in CROSS_EVENT]
        if name not in known:
            raise InputError(f"--tests '{name}' is not a test across events{nearest(name, known)}")
        out += [(s.name, s.variant) for s in CROSS_EVENT if s.name == name]
    return out


def _check(options: SimulationOptions) -> None:
    if not 1 <= options.replications <= 10_000_000:
        raise InputError(f"--replications must be at least 1, not {options.replications}")
    if not 1 <= options.workers <= 256:
        raise InputError(f"--workers must be at least 1, not {options.workers}")
    if not 0 <= options.seed < 2**63:
        raise InputError(f"--seed must be 0 or more, not {options.seed}")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise InputError(f"--out {options.out} is a file; name a folder")
    if not options.quiet:
        say(f"seed {options.seed}, named before the run")


def designs(letters: str, effect: float, options: SimulationOptions) -> int:
    """Simulate size (effect 0) or power by the parametric designs."""
    from eventstudy.simulation.designs import DESIGNS
    from eventstudy.simulation.size import simulate_size
    from eventstudy.simulation.targets import accept, compare

    _check(options)
    chosen = [d.strip() for d in letters.split(",")]
    for name in chosen:
        if name not in DESIGNS:
            raise InputError(f"--design '{name}' is unknown{nearest(name, DESIGNS)}")
    with progress(quiet=options.quiet or options.json) as tell:
        table = simulate_size(
            chosen,
            wanted(options.tests),
            replications=options.replications,
            seed=options.seed,
            effect=effect,
            level=options.level,
            workers=options.workers,
            progress=None if tell is None else lambda d, n: tell("samples", d, n),
        )
    sentences = []
    if effect == 0.0 and options.level == 0.05:
        compared = compare(table)
        if len(compared):
            sentences.append(accept(compared).sentence)
    _finish(table, "power" if effect else "size", sentences, options)
    return DONE


def resampled(
    file: Path, benchmark: str | None, effects: str, same_date: bool, options: SimulationOptions
) -> int:
    """Simulate size and power by resampling real returns (Brown and Warner)."""
    from eventstudy.simulation.resampling import resampling_design, simulate_resampling

    _check(options)
    prices = _price_file(file)
    if benchmark is not None and benchmark not in prices.columns:
        raise InputError(
            f"--benchmark '{benchmark}' is not a column of {file}"
            f"{nearest(benchmark, [str(c) for c in prices.columns])}"
        )
    returns = prices.pct_change(fill_method=None).iloc[1:]
    market = None if benchmark is None else returns[benchmark]
    assets = returns.drop(columns=[] if benchmark is None else [benchmark])
    design = resampling_design(assets, market, same_date=same_date)
    with progress(quiet=options.quiet or options.json) as tell:
        table = simulate_resampling(
            design,
            wanted(options.tests),
            effects=numbers(effects),
            replications=options.replications,
            seed=options.seed,
            level=options.level,
            workers=options.workers,
            progress=None if tell is None else lambda d, n: tell("samples", d, n),
        )
    _finish(table, "resampled", [], options)
    return DONE


def numbers(text: str) -> list[float]:
    """Read the effects of ``--effect``, separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--effect '{text}' must be numbers such as 0,0.005,0.01") from None


def _price_file(file: Path) -> pd.DataFrame:
    from types import SimpleNamespace

    from eventstudy.prices import load_prices

    settings = SimpleNamespace(source="file", file=file, kind="prices", symbols={})
    return load_prices(settings, [], folder=Path()).close


def placebo(study: Path | None, options: SimulationOptions) -> int:
    """Repeat the user's own study on pseudo-dates without a headline."""
    from eventstudy.api import flagship
    from eventstudy.pipeline import prepare
    from eventstudy.simulation.placebo import PlaceboSettings, simulate_placebo
    from eventstudy.studyfile import load_study

    _check(options)
    path = study if study is not None else flagship()
    stages = prepare(load_study(path), folder=path.parent)
    settings = PlaceboSettings(
        draws=options.replications,
        seed=options.seed,
        level=options.level,
        names=wanted(options.tests),
        workers=options.workers,
    )
    with progress(quiet=options.quiet or options.json) as tell:
        table = simulate_placebo(
            stages,
            settings,
            progress=None if tell is None else lambda d, n: tell("dates", d, n),
        )
    table = table.rename(columns={"mc_se": "se"})
    _finish(table, "placebo", _placebo_words(table, options.level), options)
    return DONE


def _placebo_words(table: pd.DataFrame, level: float) -> list[str]:
    """Say of each panel's first window what the tests do on these data."""
    out = []
    for (panel, model), part in table.groupby(["panel", "model"], sort=False):
        first = part[
            (part["start"] == part["start"].iloc[0]) & (part["end"] == part["end"].iloc[0])
        ]
        far = first.iloc[int((first["rate"] - level).abs().to_numpy().argmax())]
        out.append(
            f"{panel}, {model}, [{far['start']}, {far['end']}]: furthest from nominal is "
            f"{far['name']} ({far['variant']}), which rejects {100 * far['rate']:.1f} % at a "
            f"nominal {100 * level:.0f} % on these data ({far['draws']} p-values)."
        )
    return out


def _finish(
    table: pd.DataFrame, what: str, sentences: list[str], options: SimulationOptions
) -> None:
    if options.out is not None:
        fill_folder(options.out, lambda folder: _write(table, what, folder, options.level))
    if options.json:
        from eventstudy.results import plain_rows

        print_json(
            {"schema_version": 1, "seed": options.seed, "notes": sentences, what: plain_rows(table)}
        )
    elif not options.quiet:
        _show(table, what, sentences)
    if options.out is not None and not options.quiet:
        say(f"written to {options.out}")


def _label(row: Mapping[Hashable, object]) -> str:
    where = f"[{row['start']}, {row['end']}]"
    head = row.get("design", row.get("panel", ""))
    return " ".join(str(p) for p in (head, where, row["name"], row["variant"]) if p != "")


def _write(table: pd.DataFrame, what: str, folder: Path, level: float) -> None:
    from eventstudy.plots.size import size
    from eventstudy.plots.svg import draw, save_svg
    from eventstudy.saving import csv_bytes, write_atomic

    write_atomic(folder / f"{what}.csv", csv_bytes(table))
    shown = table.assign(label=[_label(r) for r in table.to_dict(orient="records")])
    shown = shown.rename(columns={"se": "error"})
    height = 1.0 + 0.16 * len(shown)
    chart = draw(lambda ax: size(shown, nominal=level, ax=ax), (7.0, min(height, 60.0)))
    save_svg(chart, folder / f"{what}.svg")


def _show(table: pd.DataFrame, what: str, sentences: list[str]) -> None:
    from rich.table import Table

    head = [c for c in ("design", "panel", "model", "effect", "start", "end") if c in table]
    out = Table(box=None, pad_edge=False, header_style="bold")
    for name in [*head, "test"]:
        out.add_column(name, no_wrap=name == "test")
    for name in ("rate", "MC error", "samples"):
        out.add_column(name, justify="right")
    count = "replications" if "replications" in table else "draws"
    for row in table.to_dict(orient="records"):
        cells = [str(row[c]) for c in head]
        numbers = [f"{100 * row['rate']:.2f} %", f"{100 * row['se']:.2f}", str(row[count])]
        out.add_row(*cells, f"{row['name']} {row['variant']}", *numbers)
    screen = console()
    screen.print(f"Share of rejections ({what})")
    screen.print(out)
    for sentence in sentences:
        screen.print(sentence)
