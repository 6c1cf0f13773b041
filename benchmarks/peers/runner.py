"""Runs inside a peer's environment: loads the data, times the peer, prints one line of JSON."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np


def main() -> None:
    """Arguments: peer key, data file, number of events, repetitions."""
    key, data, count, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    sys.path[:0] = [str(Path(__file__).parent / "adapters")]
    warnings.filterwarnings("ignore")
    arrays = dict(np.load(data))
    arrays["asset"], arrays["position"] = arrays["asset"][:count], arrays["position"][:count]
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        adapter = importlib.import_module(f"drive_{key}")
        adapter.study(adapter.prepare({**arrays, **_head(arrays, 5)}))  # imports, caches
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = []
        for _ in range(repeats):
            state = adapter.prepare(arrays)
            start = time.perf_counter()
            mean = adapter.study(state)
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    out = {"events": count, "seconds": seconds, "mean_car": mean, "peak_mb": peak / 1024.0}
    sys.stdout.write(json.dumps(out) + "\n")


def _head(arrays: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {k: arrays[k][:count] for k in ("asset", "position")}


if __name__ == "__main__":
    main()
