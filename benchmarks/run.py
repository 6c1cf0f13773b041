"""Run the benchmarks: ``python -m benchmarks.run [--quick]``.

Every case is a process of its own, one after the other, so that memory is that of the case and
nothing else runs. The figures go to ``benchmarks/results.json``, the tables into
``docs/performance.md``. Seconds mean something on this machine alone; the ratios are to the
yardstick (``sketch.py``) of the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.data import LIST, PARAMETRIC
from benchmarks.machine import describe
from benchmarks.page import write_page

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
LIMIT = 3600.0  # seconds of one case
WIDER = 1500  # assets of the panel that has room for ten million events

Case = dict[str, Any]


def planned(*, quick: bool, most: int, wide: bool) -> list[Case]:
    """Return the cases in their order; what is compared stands close together."""
    counts = (1000, 20_000) if quick else (1000, 10_000, 100_000, 1_000_000)
    out: list[Case] = []
    for n in (n for n in counts if n <= most):
        repeats = 3 if quick or n >= 1_000_000 else 5 if n >= 100_000 else 7
        for names in ("list", "parametric"):
            for threads in (1, 2):
                same = {"events": n, "names": names, "threads": threads, "repeats": repeats}
                out.append({"kind": "sketch", **same})
                out += [{"kind": "engine", "backend": b, **same} for b in ("numpy", "numba")]
        if n >= 10_000:
            out.append({"kind": "frames", "events": n, "names": "list", "repeats": min(repeats, 3)})
    middle = 20_000 if quick else 100_000
    for backend in ("numpy", "numba"):
        out.append({"kind": "agreement", "events": 20_000, "threads": 1, "backend": backend})
        out.append(
            {
                "kind": "stages", "events": min(middle, most), "names": "list",
                "backend": backend, "repeats": 3,
            }
        )  # fmt: skip
    out.append({"kind": "pinning", "events": min(10_000, most), "repeats": 3})
    for design in "ad" if quick else "abcdef":
        replications = 20 if quick else 100
        out.append(
            {
                "kind": "simulate", "design": design, "replications": replications,
                "events": 50, "repeats": 3,
            }
        )  # fmt: skip
    if wide:
        for n, repeats in ((100_000, 5), (10_000_000, 1)):
            out.append(
                {
                    "kind": "engine", "backend": "numba", "events": n, "names": "list",
                    "threads": 2, "repeats": repeats, "assets": WIDER,
                }
            )  # fmt: skip
    return out


def measure(case: Case) -> Case:
    """Run one case; a case that fails says so."""
    # The engine meets numpy's own threads as a user's program does, unless it is to have one
    # thread; the sketch is quicker without them.
    alone = case.get("threads", 2) == 1 or case["kind"] in ("sketch", "stages")
    limits = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    env = {**os.environ, **(limits if alone else {}), "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-m", "benchmarks.cases", json.dumps(case)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LIMIT, env=env
        )
    except subprocess.TimeoutExpired:
        return {**case, "seconds": [], "reason": f"took more than {LIMIT:g} s"}
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        return {**case, "seconds": [], "reason": "".join(last)[:200]}
    found: Case = json.loads(done.stdout.splitlines()[-1])
    return found


def start_up(repeats: int) -> list[Case]:
    """Time the start of the program beside bare Python's and pandas' import."""
    python = [sys.executable]
    cases = {
        "python": [*python, "-c", ""],
        "import pandas": [*python, "-c", "import pandas"],
        "import eventstudy": [*python, "-c", "import eventstudy"],
        "eventstudy --help": [*python, "-m", "eventstudy", "--help"],
        "eventstudy pin": [
            *python, "-m", "eventstudy", "pin", "2022-02-15T08:00Z", "--calendar", "XNYS"
        ],
        "eventstudy run": [*python, "-m", "eventstudy", "run", "--quiet"],
    }  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(repeats + 1):
        for name, command in cases.items():
            start = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True, env=env)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return [{"kind": "start", "what": name, "seconds": s} for name, s in seconds.items()]


def _words(case: Case, found: Case) -> str:
    """Say in a line what a case gave."""
    words = " ".join(str(v) for k, v in case.items() if k != "repeats")
    if "worst" in found:
        return f"{words}: largest distance {found['worst']:.1e}"
    best = f"{min(found['seconds']):.3f} s" if found["seconds"] else found.get("reason", "")
    return f"{words}: {best}"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Benchmarks of eventstudy.")
    parser.add_argument("--quick", action="store_true", help="1,000 and 20,000 events, few runs")
    parser.add_argument("--most", type=int, default=1_000_000, help="largest number of events")
    parser.add_argument("--ten-million", action="store_true", help="10,000,000 events as well")
    parser.add_argument("--no-peers", action="store_true", help="leave the other packages out")
    parser.add_argument("--cache", type=Path, help="folder of the other packages' environments")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of the results")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md alone")
    parser.add_argument("--page", action="store_true", help="write the page from stored results")
    return parser.parse_args()


def main() -> None:
    """Measure, store, write the page."""
    options = arguments()
    if options.page:
        write_page(json.loads(options.out.read_text(encoding="utf-8")))
        return
    cases = []
    for case in planned(quick=options.quick, most=options.most, wide=options.ten_million):
        found = measure(case)
        cases.append(found)
        sys.stderr.write(f"{_words(case, found)}\n")
    results: dict[str, Any] = {
        "machine": describe(), "quick": options.quick, "list": LIST, "parametric": PARAMETRIC,
        "cases": cases, "start": start_up(3 if options.quick else 7),
    }  # fmt: skip
    if not options.no_peers:
        from benchmarks.peers.driver import measure_all

        results["peers"] = measure_all(
            cache=options.cache,
            repeats=1 if options.quick else 3,
            largest=1000 if options.quick else 10_000,
        )
    text = json.dumps(results, indent=1) + "\n"
    options.out.write_text(text, encoding="utf-8")
    if not options.no_page:
        write_page(results)


if __name__ == "__main__":
    main()
