"""Prints the figures of docs/comparison.md: ``python -m tests.outside.measure [PYTHON]``.

``PYTHON`` is the interpreter of an environment with the packages of ``peer_programs.py``; without
it only StatsPAI is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .cases import ESTIMATION, EVENT, ONE_DATE, WINDOWS, case, our_row, ours
from .statspai_case import CORRELATED, MODELS, SAME, theirs

GRANK = ("grank_t", "published")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def with_statspai() -> None:
    for name in ("one date", "staggered", "holes"):
        worst = 0.0
        for model in MODELS:
            for window in WINDOWS:
                found = theirs(name, model, window)
                mine = ours(name, model).windows
                mine = mine[(mine["start"] == window[0]) & (mine["end"] == window[1])]
                for column, other in (("car", "car"), ("car_se", "se"), ("pvalue", "pvalue")):
                    a, b = mine[column].to_numpy(), found.events[other].to_numpy()
                    worst = max(worst, float(np.abs(a / b - 1).max()))
                for other, key in SAME.items():
                    row = our_row(name, model, window, key)
                    ratio = row["statistic"] / found.tests.loc[other, "statistic"]
                    worst = max(worst, abs(float(ratio) - 1))
        say(
            f"statspai, {name}: events and same statistics, largest relative difference {worst:.1e}"
        )
        for window in WINDOWS:
            found = theirs(name, "market_model", window)
            for other, key in {**CORRELATED, "grank": GRANK, "bmp": ("bmp_t", "published")}.items():
                row = our_row(name, "market_model", window, key)
                t = found.tests.loc[other]
                say(
                    f"  {window} {key[0]}: ours {row['statistic']:.4f} p {row['pvalue']:.4f}, "
                    f"theirs {t['statistic']:.4f} p {t['pvalue']:.4f}"
                )
        row = our_row(name, "market_model", (0, 0), ("adjusted_bmp_t", "published"))
        other = theirs(name, "market_model", (0, 0)).mean_correlation
        say(f"  mean correlation: ours {row['rbar']:.5f}, theirs {other:.5f}")


def given() -> dict[str, Any]:
    returns = case("one date").returns()
    zero = int(np.flatnonzero(returns.index == ONE_DATE)[0])
    parts = {
        "estimation": returns.iloc[zero + ESTIMATION[0] : zero + ESTIMATION[1] + 1],
        "gap": returns.iloc[zero + ESTIMATION[1] + 1 : zero + EVENT[0]],
        "event": returns.iloc[zero + EVENT[0] : zero + EVENT[1] + 1],
    }
    span = returns.index[zero + ESTIMATION[0] : zero + EVENT[1] + 1]
    return {
        **{k: {c: v[c].tolist() for c in v} for k, v in parts.items()},
        "stocks": [c for c in returns if c != "SP500"],
        "length": len(parts["estimation"]),
        "gap_length": len(parts["gap"]),
        "dates": [str(d.date()) for d in span],
        "day": ONE_DATE,
    }


def with_peers(python: str) -> None:
    program = Path(__file__).with_name("peer_programs.py")
    done = subprocess.run(
        [python, str(program)],
        input=json.dumps(given()),
        capture_output=True,
        text=True,
        check=True,
    )
    for name, found in json.loads(done.stdout).items():
        say(f"{name}: {json.dumps(found, indent=1)}")
    mine = ours("one date", "market_model").windows
    row = mine[(mine["asset"] == "XOM") & (mine["start"] == -5) & (mine["end"] == 5)].iloc[0]
    say(f"ours, XOM [-5, 5]: car {row['car']:.6f} se {row['car_se']:.6f} df {row['df']:.0f}")
    for key in (
        ("cross_sectional_t", "published"),
        ("patell_z", "published"),
        ("patell_z", "forecast_covariance"),
        ("bmp_t", "published"),
        ("bmp_t", "model_sigma"),
    ):
        say(f"ours {key}: {our_row('one date', 'market_model', (-5, 5), key)['statistic']:.6f}")


if __name__ == "__main__":
    with_statspai()
    if len(sys.argv) > 1:
        with_peers(sys.argv[1])
