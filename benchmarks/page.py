"""The tables of docs/performance.md, between two marks; the words around them stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["tables", "write_page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- figures: benchmarks/page.py writes from here -->", "<!-- to here -->"
Case = dict[str, Any]


def write_page(results: dict[str, Any], page: Path = PAGE) -> None:
    """Put the tables between the marks of the page."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    body = "\n".join(tables(results))
    page.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", encoding="utf-8")


def tables(results: dict[str, Any]) -> list[str]:
    """Return the lines of all tables."""
    cases = results["cases"]
    parts = [
        _machine(results),
        ["### The list", "", *_counts(cases, "list")],
        ["### Parametric tests alone", "", *_counts(cases, "parametric")],
        _wider(cases),
        _stages(cases),
        _pinning(cases),
        _simulations(cases),
        _agreement(cases),
        _start(results.get("start", [])),
        _peers(results),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part).splitlines()


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |", "|---" * len(head) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _spread(values: Sequence[float], scale: float) -> str:
    """Write a median and, where it was measured more than once, the range."""
    middle = _number(median(values) * scale)
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values) * scale)} to {_number(max(values) * scale)})"


def _machine(results: dict[str, Any]) -> list[str]:
    machine = results["machine"]
    kind = "A quick run" if results["quick"] else "One run"
    words = ", ".join(f"{k} {v}" for k, v in machine.items() if k not in ("processor", "cores"))
    return [f"{kind} on {machine['cores']} cores of {machine['processor']}: {words}."]


def _label(case: Case) -> str:
    threads = case.get("threads")
    ending = "" if threads is None else f", {threads} thread{'s' if threads > 1 else ''}"
    what = {"sketch": "numpy sketch", "frames": "frames, `es.run`"}.get(case["kind"])
    return f"{what or 'engine, ' + case['backend']}{ending}"


def _yardsticks(cases: Sequence[Case]) -> dict[tuple[int, str], float]:
    """Median seconds of the sketch in one thread, by number of events and list of tests."""
    return {
        (c["events"], c["names"]): median(c["seconds"])
        for c in cases
        if c["kind"] == "sketch" and c["threads"] == 1 and c["seconds"]
    }


def _counts(cases: Sequence[Case], names: str) -> list[str]:
    """Time an event, by number of events; ratio to the sketch in one thread."""
    yard = _yardsticks(cases)
    rows = []
    for case in cases:
        if case["kind"] not in ("sketch", "engine", "frames") or case["names"] != names:
            continue
        if case.get("assets", 500) != 500:
            continue
        row = [f"{case['events']:,}", _label(case)]
        if case["seconds"]:
            own = yard.get((case["events"], names))
            ratio = "" if own is None else f"{median(case['seconds']) / own:.2f}"
            row += [_spread(case["seconds"], 1e6 / case["events"]), ratio]
            row += [_spread(case["seconds"], 1e3), _number(case["peak_mb"])]
        else:
            row += [f"not measured: {case['reason']}", "", "", ""]
        rows.append(row)
    head = ("events", "", "µs an event", "of the sketch", "ms in all", "MB beyond the inputs")
    return _grid(head, rows)


def _wider(cases: Sequence[Case]) -> list[str]:
    found = [c for c in cases if c.get("assets", 500) != 500]
    if not found:
        return []
    rows = [
        [
            f"{c['events']:,}", _label(c),
            _spread(c["seconds"], 1e6 / c["events"]) if c["seconds"] else c["reason"],
            _number(c["peak_mb"]) if c["seconds"] else "",
        ]
        for c in found
    ]  # fmt: skip
    head = ("events", f"{found[0]['assets']:,} assets", "µs an event", "MB beyond the inputs")
    return ["### To ten million", "", *_grid(head, rows)]


def _stages(cases: Sequence[Case]) -> list[str]:
    out: list[str] = []
    for case in (c for c in cases if c["kind"] == "stages" and c["seconds"]):
        rows = [
            [stage, _spread(seconds, 1e6 / case["events"])]
            for stage, seconds in case["stages"].items()
        ]
        title = f"{case['backend']}, one thread, {case['events']:,} events"
        out += ["", *_grid((title, "µs an event"), rows)]
    return ["### Where the time goes", *out] if out else []


def _pinning(cases: Sequence[Case]) -> list[str]:
    case = next((c for c in cases if c["kind"] == "pinning" and c["seconds"]), None)
    if case is None:
        return []
    rows = [[s, _spread(seconds, 1e6 / case["events"])] for s, seconds in case["stages"].items()]
    return _grid((f"{case['events']:,} headlines", "µs a headline"), rows)


def _simulations(cases: Sequence[Case]) -> list[str]:
    """Time a replication, and what 20,000 of them take on two processes."""
    rows = []
    for case in (c for c in cases if c["kind"] == "simulate" and c["seconds"]):
        scale = 1e3 / case["replications"]
        minutes = median(case["seconds"]) / case["replications"] * 20_000 / 2 / 60
        rows.append([case["design"], _spread(case["seconds"], scale), f"{minutes:.1f}"])
    head = ("design", "ms a replication, one process", "minutes for 20,000, two processes")
    return ["### `eventstudy simulate size`", "", *_grid(head, rows)] if rows else []


def _agreement(cases: Sequence[Case]) -> list[str]:
    found = [c for c in cases if c["kind"] == "agreement" and "worst" in c]
    if not found:
        return []
    words = [
        f"Engine ({c['backend']}) and sketch at {c['events']:,} events: largest distance of a "
        f"statistic {c['worst']:.1e}{'' if c['agrees'] else ', too much'}."
        for c in found
    ]
    return ["### The same numbers", "", *words]


def _start(rows: Sequence[Case]) -> list[str]:
    if not rows:
        return []
    by_name = {row["what"]: row["seconds"] for row in rows}
    base = median(by_name["import pandas"])
    cells = [
        [f"`{name}`", _spread(seconds, 1e3), f"{median(seconds) / base:.2f}"]
        for name, seconds in by_name.items()
    ]
    return ["### Start", "", *_grid(("", "ms", "of Python with pandas"), cells)]


def _peers(results: dict[str, Any]) -> list[str]:
    if "peers" not in results:
        return []
    engine = {
        c["events"]: median(c["seconds"])
        for c in results["cases"]
        if c["kind"] == "engine" and c["names"] == "list" and c["backend"] == "numba"
        and c["threads"] == 2 and c["seconds"] and c.get("assets", 500) == 500
    }  # fmt: skip
    rows = []
    for row in results["peers"]["rows"]:
        same = {True: "the same", False: "another", None: "other windows"}[row.get("agrees")]
        if row["seconds"]:
            own = engine.get(row["events"])
            times = "" if own is None else _number(median(row["seconds"]) / own)
            cells = [_spread(row["seconds"], 1e6 / row["events"]), times, same]
        else:
            cells = [row["reason"], "", ""]
        count = f"{row['events']:,}" if row["events"] else ""
        rows.append([row["package"], row["does"], count, *cells])
    head = ("package", "what one run gives", "events", "µs an event", "times the engine's list",
            "mean CAR")  # fmt: skip
    left = [f"- {package}: {reason}" for package, reason in results["peers"]["left_out"]]
    return ["### Other packages", "", *_grid(head, rows), "", "Not run:", "", *left]
