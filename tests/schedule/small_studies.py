"""A small study that runs in a moment, and what a folder of reports holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.schedule import Outcome

Job = Callable[..., list[Outcome]]

EVENTS = """event_id,timestamp,asset,headline
one,2021-03-16,AAA,a first headline
two,2021-05-18,,a second headline
"""
STUDY = """[study]
name = "{name}"
[events]
file = "events.csv"
[prices]
source = "file"
file = "prices.csv"
[model]
name = "market_model"
benchmark = "MKT"
[windows]
estimation = [-42, -3]
event = [-1, 2]
report = [[0, 0], [0, 2]]
[tests]
names = ["bmp_t", "exact_t", "placebo_sq"]
"""


def price_text(last: str = "2021-06-30") -> str:
    rng = np.random.default_rng(20220215)
    days = pd.bdate_range("2021-01-04", "2021-06-30")
    moves = rng.normal(0.0, 0.01, (len(days), 3))
    moves[:, 1:] += moves[:, :1]
    levels = 100.0 * np.exp(moves.cumsum(axis=0))
    frame = pd.DataFrame(levels, index=days.strftime("%Y-%m-%d"), columns=["MKT", "AAA", "BBB"])
    return frame.loc[:last].round(4).to_csv(index_label="date")


def make_study(folder: Path, name: str = "small", *, last: str = "2021-06-30") -> Path:
    """Write a study with its files; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.csv").write_text(EVENTS)
    (folder / "prices.csv").write_text(price_text(last))
    path = folder / f"{name}.toml"
    path.write_text(STUDY.format(name=name))
    return path


def contents(folder: Path, *, clock: bool = False) -> dict[str, bytes]:
    """Every file below a folder, without the one that holds a clock."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.is_symlink() and p.name != ".lock"
        and (clock or p.name != "run.json")
        and "latest" not in p.relative_to(folder).parts
    }  # fmt: skip
