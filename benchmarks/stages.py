"""Where the engine's seconds go: the same study, one stage at a time, in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.data import Panel, make_panel

__all__ = ["case_stages"]


class Watched:
    """A backend that adds up the time of its two passes."""

    def __init__(self, backend: Any, spent: dict[str, float]) -> None:
        self.name, self._backend, self._spent = backend.name, backend, spent

    def first(self, *args: Any) -> Any:
        """Fit and reduce a leaf."""
        with clock(self._spent, "gather, fit and first pass"):
            return self._backend.first(*args)

    def second(self, *args: Any) -> Any:
        """Rank a leaf."""
        with clock(self._spent, "second pass"):
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
        with clock(spent, "columns of CARs"):
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
    parts = ("gather, fit and first pass", "second pass", "columns of CARs")
    spent["merging"] = spent.pop("passes") - sum(spent.get(p, 0.0) for p in parts)
    return spent


def case_stages(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Measure the stages several times; seconds of each by stage."""
    from benchmarks.cases import WARM_UP, names_of, variants

    names = variants(names_of(spec["names"]))
    one_run(make_panel(WARM_UP, assets=spec["assets"]), names, spec["backend"])
    runs = [one_run(panel, names, spec["backend"]) for _ in range(spec["repeats"])]
    stages = {stage: [run.get(stage, 0.0) for run in runs] for stage in runs[0]}
    return {"seconds": [sum(run.values()) for run in runs], "stages": stages}
