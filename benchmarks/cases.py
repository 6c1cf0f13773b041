"""One measurement in a process of its own: ``python -m benchmarks.cases '{"kind": ...}'``.

Prints one line of JSON: seconds of each repetition, and the peak of memory beyond the inputs.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import (
    ESTIMATION,
    EVENT,
    LIST,
    PARAMETRIC,
    REPORTED,
    Panel,
    make_panel,
    windows,
)

WARM_UP = 1000  # events of the call before the clock: imports, compiled code, caches
# Two programs that add up the same numbers in another order; the largest statistics have the
# least digits in common.
AGREEMENT = 1e-8


def names_of(which: str) -> tuple[str, ...]:
    """Return the names of a list of tests."""
    return {"list": LIST, "parametric": PARAMETRIC}[which]


def _status(key: str) -> float:
    """Return a line of the kernel's account of this process, in megabytes; NaN without one."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    return next((float(x.split()[1]) / 1024.0 for x in lines if x.startswith(key)), float("nan"))


def _peak(work: Callable[[], Any]) -> tuple[float, float]:
    """Run ``work`` once: seconds, and megabytes beyond those held before."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # What was freed is given back, and the old peak forgotten, so that neither hides the new.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    start = time.perf_counter()
    work()
    return time.perf_counter() - start, _status("VmHWM") - before


def timed(work: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Run ``work`` several times; the peak is that of the first run."""
    busy = time.process_time()
    first, peak = _peak(work)
    seconds = [first]
    for _ in range(repeats - 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    busy = (time.process_time() - busy) / repeats
    return {"seconds": seconds, "cpu_seconds": busy, "peak_mb": peak}


def sketch(panel: Panel, names: tuple[str, ...], threads: int) -> Any:
    """Run the yardstick."""
    from benchmarks.sketch import run_sketch

    return run_sketch(
        panel, estimation=ESTIMATION, event=EVENT, windows=windows(), names=names, threads=threads
    )


def variants(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return every variant of the names that merged sums are enough for."""
    from eventstudy.stream.run import STREAMED

    return [key for key in STREAMED if key[0] in names]


def stream_input(panel: Panel) -> Any:
    """Return the arrays as the engine takes them."""
    from eventstudy.stream.inputs import stream_data

    return stream_data(
        panel.returns, panel.days, panel.asset, panel.position,
        estimation=ESTIMATION, event=EVENT, report=REPORTED, factors=panel.market,
    )  # fmt: skip


def labels() -> Any:
    """Name the assets and events as the tables show them."""
    from eventstudy.stream.tables import EventLabels

    assets = [f"A{i}" for i in range(5000)]
    return EventLabels(event_id=None, asset=assets, panel="all", model="market_model")


def engine(panel: Panel, names: tuple[str, ...], threads: int, backend: str) -> tuple[Any, Any]:
    """Go from arrays to the tables ``tests`` and ``events``."""
    from eventstudy.stream.run import run_stream
    from eventstudy.stream.tables import events_table, tests_table

    outcome = run_stream(stream_input(panel), variants(names), threads=threads, backend=backend)
    table = tests_table(outcome, "all", "market_model")
    return table, events_table(outcome, labels())


def frames(panel: Panel) -> tuple[Any, Any]:
    """Return a frame of events and a frame of returns."""
    import pandas as pd

    index = pd.DatetimeIndex(panel.days.astype("datetime64[D]").astype("datetime64[ns]"))
    returns = pd.DataFrame(panel.returns.T, index=index)
    returns.columns = [f"A{i}" for i in range(returns.shape[1])]
    returns["MKT"] = panel.market
    events = pd.DataFrame(
        {
            "event_id": pd.RangeIndex(panel.n).astype(str),
            "timestamp": index[panel.position].strftime("%Y-%m-%d"),
            "asset": np.array(returns.columns, dtype=object)[panel.asset],
        }
    )
    return events, returns


def front_door(events: Any, returns: Any, names: tuple[str, ...]) -> tuple[Any, Any]:
    """Go from frames to the same tables by ``eventstudy.run``."""
    import eventstudy as es

    result = es.run(
        events=events, returns=returns, model="market_model", benchmark="MKT", calendar="observed",
        estimation=ESTIMATION, window=EVENT, report=REPORTED, tests=names, missing="exclude",
    )  # fmt: skip
    return result.tests, result.events


def case_sketch(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Time the yardstick."""
    names = names_of(spec["names"])
    sketch(make_panel(WARM_UP, assets=spec["assets"]), names, spec["threads"])
    return timed(lambda: sketch(panel, names, spec["threads"]), spec["repeats"])


def case_engine(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Time the engine from arrays; the first call beside the others."""
    names, threads, backend = names_of(spec["names"]), spec["threads"], spec["backend"]
    start = time.perf_counter()
    engine(make_panel(WARM_UP, assets=spec["assets"]), names, threads, backend)
    first = time.perf_counter() - start
    found = timed(lambda: engine(panel, names, threads, backend), spec["repeats"])
    return {**found, "first_call": first}


def case_frames(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Time the front door."""
    names = names_of(spec["names"])
    front_door(*frames(make_panel(WARM_UP, assets=spec["assets"])), names)
    events, returns = frames(panel)
    return timed(lambda: front_door(events, returns, names), spec["repeats"])


def case_agreement(spec: dict[str, Any], panel: Panel) -> dict[str, Any]:
    """Compare the engine's rows with the yardstick's: the largest distance of each name."""
    rows, _ = sketch(panel, LIST, spec["threads"])
    table, _ = engine(panel, LIST, spec["threads"], spec["backend"])
    place = {window: i for i, window in enumerate(windows())}
    worst: dict[str, float] = {}
    for row in table.itertuples(index=False):
        theirs = rows[row.name, row.variant][0][place[row.start, row.end]]
        distance = abs(row.statistic - theirs) / max(abs(theirs), 1.0)
        if np.isnan(row.statistic) and np.isnan(theirs):
            distance = 0.0
        if not distance <= worst.get(row.name, 0.0):
            worst[row.name] = distance if np.isfinite(distance) else float("inf")
    largest = float(max(worst.values(), default=0.0))
    good = len(table) == len(rows) * len(place) and largest < AGREEMENT
    return {"seconds": [], "worst": largest, "agrees": bool(good)}


def main() -> None:
    """Run the case of the first argument."""
    from benchmarks.stages import case_pinning, case_simulate, case_stages

    kinds = {
        "sketch": case_sketch, "engine": case_engine, "frames": case_frames,
        "agreement": case_agreement, "stages": case_stages, "pinning": case_pinning,
        "simulate": case_simulate,
    }  # fmt: skip
    spec = json.loads(sys.argv[1])
    spec.setdefault("assets", 500)
    panel = make_panel(spec["events"], assets=spec["assets"])
    found = kinds[spec["kind"]](spec, panel)
    sys.stdout.write(json.dumps({**spec, **found}) + "\n")


if __name__ == "__main__":
    main()
