"""Time the other packages: each in an environment of its own, on the benchmark's data.

The environments are made once, under the user's cache folder (or ``--cache``), never in the tree.
A package that can't be installed or run is listed with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import ESTIMATION, EVENT, Panel, make_panel, windows
from benchmarks.peers.registry import LEFT_OUT, PEERS, Peer
from benchmarks.sketch import run_sketch

HERE = Path(__file__).resolve().parent
LIMIT = 900.0  # seconds for one package at one number of events
BEARABLE = 120.0  # a run that would take longer, by the one before it, is not tried
TOLERANCE = 1e-8  # their mean CAR against ours: their own arithmetic


def default_cache() -> Path:
    """Return the folder of the environments."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "market-eventstudy-benchmarks"


def environment(peer: Peer, cache: Path) -> Path:
    """Return the Python of the peer's environment; made and filled where it is missing.

    Raises
    ------
    RuntimeError
        Where the package can't be installed, with pip's last words.
    """
    mark = hashlib.sha256(" ".join((sys.version, *peer.requirements)).encode()).hexdigest()[:12]
    folder = cache / f"{peer.key}-{mark}"
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    command = [str(python), "-m", "pip", "install", "-q", *peer.requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    if done.returncode:
        raise RuntimeError(_last_words(done.stderr))
    (folder / "ready").touch()
    return python


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or ["no message"])[-1][:200]


def _own_mean(panel: Panel) -> float:
    """Mean CAR of the whole event window by the sketch."""
    _, events = run_sketch(
        panel, estimation=ESTIMATION, event=EVENT, windows=windows(), names=("bmp_t",)
    )
    return float(events["car"][windows().index(EVENT)].mean())


def sample(count: int) -> Panel:
    """Draw the peers' events: fewer assets, and the events in no order of time."""
    panel = make_panel(count, assets=500, sessions=7500)
    mixed = np.random.default_rng(count).permutation(count)
    return Panel(panel.returns, panel.market, panel.days, panel.asset[mixed], panel.position[mixed])


def measure(peer: Peer, cache: Path, repeats: int, counts: Sequence[int]) -> list[dict[str, Any]]:
    """Time one peer at its numbers of events; a failure is a row with its reason."""
    rows: list[dict[str, Any]] = []
    try:
        python = environment(peer, cache)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return [_failed(peer, 0, f"can't be installed: {error}")]
    for count in counts:
        if rows and min(rows[-1]["seconds"]) * count / rows[-1]["events"] > BEARABLE:
            break
        file = _data_file(cache, count)
        command = [str(python), str(HERE / "runner.py"), peer.key, str(file), str(count)]
        try:
            done = subprocess.run(
                [*command, str(repeats)], capture_output=True, text=True, check=False, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            rows.append(_failed(peer, count, f"took more than {LIMIT:g} s"))
            break
        if done.returncode:
            rows.append(_failed(peer, count, f"can't be run: {_last_words(done.stderr)}"))
            break
        row = {**_named(peer), **json.loads(done.stdout.splitlines()[-1])}
        row["agrees"] = _agrees(peer, row["mean_car"], count)
        rows.append(row)
    return rows


def _named(peer: Peer) -> dict[str, Any]:
    return {"package": peer.requirements[0].replace("==", " "), "does": peer.does, "key": peer.key}


def _failed(peer: Peer, count: int, reason: str) -> dict[str, Any]:
    return {**_named(peer), "events": count, "seconds": [], "reason": reason}


def _agrees(peer: Peer, mean: float | None, count: int) -> bool | None:
    """Whether their mean CAR is ours; None where their windows are others."""
    if not peer.same or mean is None or not np.isfinite(mean):
        return None
    return bool(abs(mean - _own_mean(make_panel(count))) < TOLERANCE)


def _data_file(cache: Path, count: int) -> Path:
    panel = sample(count)
    file = cache / f"data-{count}.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {k: getattr(panel, k) for k in ("returns", "market", "days", "asset", "position")}
    np.savez(file, **arrays)
    return file


def measure_all(
    *, cache: Path | None = None, repeats: int = 3, only: Sequence[str] = (), largest: int = 10_000
) -> dict[str, Any]:
    """Time every peer; returns ``{"rows": [...], "left_out": [...]}``."""
    folder = cache or default_cache()
    rows: list[dict[str, Any]] = []
    for peer in PEERS:
        if not only or peer.key in only:
            counts = [c for c in peer.counts if c <= largest]
            rows += measure(peer, folder, repeats, counts)
    return {"rows": rows, "left_out": [list(pair) for pair in LEFT_OUT]}
