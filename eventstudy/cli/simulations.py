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

__all__ = [
    "SimulationOptions",
    "check_designed",
    "designs",
    "numbers",
    "one_number",
    "placebo",
    "resampled",
]

Key = tuple[str, str]
# An effect is a return in decimals.
MOST = 1.0


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


def _check(options: SimulationOptions) -> list[Key] | None:
    """Check the options that all share; return the statistics that are asked for."""
    names = wanted(options.tests)
    if not 1 <= options.replications <= 10_000_000:
        raise InputError(f"--replications must be at least 1, not {options.replications}")
    if not 1 <= options.workers <= 256:
        raise InputError(f"--workers must be at least 1, not {options.workers}")
    if not 0 <= options.seed < 2**63:
        raise InputError(f"--seed must be 0 or more, not {options.seed}")
    if not 0.0 < options.level < 1.0:
        raise InputError(f"--level must lie between 0 and 1, not {options.level:g}")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise InputError(f"--out {options.out} is a file; name a folder")
    if not options.quiet:
        say(f"seed {options.seed}, named before the run")
    return names


def designs(letters: str, effect: float, options: SimulationOptions) -> int:
    """Simulate size (effect 0) or power by the parametric designs."""
    from eventstudy.simulation.designs import DESIGNS
    from eventstudy.simulation.size import simulate_size
    from eventstudy.simulation.targets import accept, compare

    chosen = [d.strip() for d in letters.split(",")]
    for name in chosen:
        if name not in DESIGNS:
            raise InputError(f"--design '{name}' is unknown{nearest(name, DESIGNS)}")
    names = _check(options)
    with progress(quiet=options.quiet or options.json) as tell:
        table = simulate_size(
            chosen,
            names,
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

    names = _check(options)
    shifts = numbers(effects)
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
            names,
            effects=shifts,
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
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(abs(x) <= MOST for x in found):
        raise InputError(f"--effect '{text}' must be numbers from -1 to 1, such as 0,0.005,0.01")
    return found


def one_number(text: str) -> float:
    """Read the one effect that a design takes."""
    found = numbers(text)
    if len(found) > 1:
        raise InputError(f"--effect {text}: a design takes one effect; several need --returns")
    return found[0]


def check_designed(benchmark: str | None, same_date: bool) -> None:
    """Refuse what only resampled returns have a use for."""
    for option, given in (("--benchmark", benchmark is not None), ("--same-date", same_date)):
        if given:
            raise InputError(f"{option} needs --returns, a file of prices such as prices.csv")


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

    names = _check(options)
    path = study if study is not None else flagship()
    stages = prepare(load_study(path), folder=path.parent)
    settings = PlaceboSettings(
        draws=options.replications,
        seed=options.seed,
        level=options.level,
        names=names,
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
    """Print the rates, a block for each design, panel, model and effect: 80 columns hold it."""
    from rich.table import Table

    head = [c for c in ("design", "panel", "model", "effect") if c in table]
    count = "replications" if "replications" in table else "draws"
    screen = console()
    screen.print(f"Share of rejections ({what})")
    for key, rows in table.groupby(head, sort=False):
        out = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("window", "test"):
            out.add_column(name, no_wrap=True)
        for name in ("rate", "MC error", "samples"):
            out.add_column(name, justify="right", no_wrap=True)
        for row in rows.to_dict(orient="records"):
            numbers = [f"{100 * row['rate']:.2f} %", f"{100 * row['se']:.2f}", str(row[count])]
            out.add_row(f"[{row['start']}, {row['end']}]", f"{row['name']} {row['variant']}",
                        *numbers)  # fmt: skip
        told = zip(head, key if isinstance(key, tuple) else (key,), strict=True)
        screen.print(", ".join(f"{name} {value}" for name, value in told))
        screen.print(out)
    for sentence in sentences:
        screen.print(sentence)
