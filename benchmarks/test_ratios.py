"""Ratios that must hold on any machine: between programs of one run, with wide margins.

Left out of the normal run, which collects ``tests`` alone: ``pytest benchmarks -m slow``. Each
program runs in a process of its own, in one thread; what counts is the time of the processor,
which other work on the machine changes little.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.run import measure, start_up

EVENTS = 20_000
# Measured 0.5 to 0.6 in one thread; the rest is for other machines.
COMPILED = 0.9
# The sketch knows complete returns and one factor alone; the numpy engine knows holes as well.
NUMPY = 2.5
# Megabytes beyond the inputs; nothing may grow with events x estimation days, which are 40 MB here
# at each copy.
MEMORY = 600.0
# Of Python's start and pandas' import together; no command may need pandas to say what it can do.
START = 3.0

pytestmark = pytest.mark.slow


def run(kind: str, **more: Any) -> dict[str, Any]:
    case = {"kind": kind, "events": EVENTS, "names": "list", "threads": 1, "repeats": 3, **more}
    found = measure(case)
    assert "reason" not in found, found["reason"]
    return found


@pytest.fixture(scope="module")
def sketch() -> float:
    return float(run("sketch")["cpu_seconds"])


def test_the_compiled_engine_is_ahead_of_numpy(sketch: float) -> None:
    pytest.importorskip("numba", reason="the extra fast is not installed")
    found = run("engine", backend="numba")
    assert found["cpu_seconds"] < COMPILED * sketch
    assert found["peak_mb"] < MEMORY


def test_without_the_extra_the_engine_keeps_up(sketch: float) -> None:
    found = run("engine", backend="numpy")
    assert found["cpu_seconds"] < NUMPY * sketch


def test_parametric_tests_alone_are_cheaper(sketch: float) -> None:
    found = run("engine", backend="numpy", names="parametric")
    assert found["cpu_seconds"] < sketch


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_the_numbers_are_those_of_the_sketch(backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba", reason="the extra fast is not installed")
    found = run("agreement", backend=backend)
    assert found["agrees"], found["worst"]


def test_start() -> None:
    best = {row["what"]: min(row["seconds"]) for row in start_up(3)}
    allowed = START * best["import pandas"]
    assert best["import eventstudy"] < allowed
    assert best["eventstudy --help"] < allowed
