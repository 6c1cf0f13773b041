"""Where the engine's seconds go: the same study, one stage at a time, in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.data import Panel, make_panel

__all__ = ["case_pinning", "case_simulate", "case_stages"]

FIRST, SECOND, COLUMNS = "gather, fit and first pass", "second pass", "columns of CARs"
STAGES = (
    "checks and canonical order", "screening", FIRST, SECOND, COLUMNS, "merging", "statistics",
    "table of tests", "table of events",
)  # fmt: skip


class Watched:
    """A backend that adds up the time of its two passes."""

    def __init__(self, backend: Any, spent: dict[str, float]) -> None:
        self.name, self._backend, self._spent = backend.name, backend, spent

    def first(self, *args: Any) -> Any:
        """Fit and reduce a leaf."""
        with clock(self._spent, FIRST):
            return self._backend.first(*args)

    def second(self, *args: Any) -> Any:
        """Rank a leaf."""
        with clock(self._spent, SECOND):
            return self._backend.second(*args)


@contextmanager
def clock(spent: dict[str, float], stage: str) -> Iterator[None]:
    """Add the seconds of the block to a stage."""
    start = time.perf_counter()
    try:
        yield
    finally:
        spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - start


def _watched(function: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    def inner(*args: Any, **options: Any) -> Any:
        with clock(spent, COLUMNS):
            return function(*args, **options)

    return inner


def one_run(panel: Panel, names: list[tuple[str, str]], backend: str) -> dict[str, float]:
    """Run a study and return the seconds of each stage."""
    from benchmarks.cases import labels, stream_input
    from eventstudy.inference.sample import Settings
    from eventstudy.stream import passes, run, tables
    from eventstudy.stream.backend import choose_backend
    from eventstudy.stream.executor import SerialExecutor
    from eventstudy.stream.screening import screen
    from eventstudy.stream.summary import summarised

    spent: dict[str, float] = {}
    with clock(spent, "checks and canonical order"):
        data = stream_input(panel)
    with clock(spent, "screening"):
        screened = screen(data)
    watched = Watched(choose_backend(backend, data), spent)
    held = passes.column_pieces
    passes.column_pieces = _watched(held, spent)
    try:
        with clock(spent, "passes"):
            needs = run.groups_needed(names)
            passed = passes.run_passes(screened.data, watched, SerialExecutor(), needs, threads=1)
    finally:
        passes.column_pieces = held
    with clock(spent, "statistics"):
        sample = summarised(screened.data, passed, Settings())
        tests = run._tests(sample, names)
    outcome = run.StreamOutcome(screened, passed, sample, tests, watched.name)
    with clock(spent, "table of tests"):
        tables.tests_table(outcome, "all", "market_model")
    with clock(spent, "table of events"):
        tables.events_table(outcome, labels())
    spent["merging"] = spent["passes"] - sum(spent.get(p, 0.0) for p in (FIRST, SECOND, COLUMNS))
    return {stage: spent.get(stage, 0.0) for stage in STAGES}


def case_pinning(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Measure the reading of headlines with instants, and their pinning to New York's sessions."""
    import pandas as pd

    from eventstudy.events.readers import read_catalogue
    from eventstudy.pinpoint import pin_on_calendars

    days = panel.days[panel.position].astype("datetime64[D]").astype("datetime64[s]")
    stamps = pd.DatetimeIndex(days + 3600 * (7 + panel.asset % 16), tz="UTC")
    frame = pd.DataFrame({"event_id": range(panel.n), "timestamp": stamps.strftime("%FT%H:%MZ")})
    runs = []
    for turn in range(spec["repeats"] + 1):
        spent: dict[str, float] = {}
        with clock(spent, "reading of headlines"):
            catalogue = read_catalogue(frame)
        with clock(spent, "pinning"):
            pin_on_calendars(catalogue, ["XNYS"], clock=None)
        if turn:
            runs.append(spent)
    stages = {stage: [run[stage] for run in runs] for stage in runs[0]}
    return {"seconds": [sum(run.values()) for run in runs], "stages": stages}


def case_simulate(spec: dict[str, Any], _: Panel) -> dict[str, Any]:
    """Measure the simulation of every test but the resampled ones, in one process."""
    from eventstudy.simulation.designs import parametric_design
    from eventstudy.simulation.size import rejection_rates

    design = parametric_design(spec["design"])
    rejection_rates(design, replications=5)
    seconds = []
    for _turn in range(spec["repeats"]):
        start = time.perf_counter()
        rejection_rates(design, replications=spec["replications"])
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds}


def case_stages(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Measure the stages several times; seconds of each by stage."""
    from benchmarks.cases import WARM_UP, names_of, variants

    names = variants(names_of(spec["names"]))
    one_run(make_panel(WARM_UP, assets=spec["assets"]), names, spec["backend"])
    runs = [one_run(panel, names, spec["backend"]) for _ in range(spec["repeats"])]
    stages = {stage: [run[stage] for run in runs] for stage in STAGES}
    return {"seconds": [sum(run.values()) for run in runs], "stages": stages}
