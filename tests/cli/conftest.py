"""A small study in a folder, and the command as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from eventstudy.cli.app import app

EVENTS = """event_id,timestamp,asset,headline
one,2021-06-15,AAA,a first headline
two,2021-09-15,,a second headline
"""
STUDY = """[events]
file = "events.csv"
[prices]
source = "file"
file = "prices.csv"
[model]
name = "market_model"
benchmark = "MKT"
[windows]
estimation = [-70, -11]
event = [-2, 2]
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command() -> Command:
    """The command line in this process: arguments in, exit code and texts out."""

    def call(*arguments: str | Path) -> Outcome:
        result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="eventstudy")
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call


def price_text() -> str:
    rng = np.random.default_rng(20220215)
    days = pd.bdate_range("2021-01-04", "2021-12-31")
    moves = rng.normal(0.0, 0.01, (len(days), 3))
    moves[:, 1:] += moves[:, :1]
    levels = 100.0 * np.exp(moves.cumsum(axis=0))
    frame = pd.DataFrame(levels, index=days.strftime("%Y-%m-%d"), columns=["MKT", "AAA", "BBB"])
    return frame.round(4).to_csv(index_label="date")


@pytest.fixture(scope="session")
def prices() -> str:
    """A CSV of three assets over one year."""
    return price_text()


@pytest.fixture
def folder(tmp_path: Path, prices: str) -> Path:
    """A folder with a study that runs."""
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "prices.csv").write_text(prices)
    return tmp_path


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what a developer's shell may say."""
    monkeypatch.delenv("EVENTSTUDY_DEBUG", raising=False)
