"""The results of the report's tests, for charts."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("agg")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "report"))

from standin import Headline, build, small, synthetic_prices

from eventstudy.results import StudyResult


@pytest.fixture(scope="session")
def drawn() -> StudyResult:
    """One headline on an index and six shares, with names that a chart could misread."""
    prices = synthetic_prices(7)
    day = str(prices.index[300].date())
    names = {"A01": "A$1$", "A02": "\u05d0\u05d1\u05d2", "A03": "\U0001f680 rocket", "A04": "x_1^2"}
    prices = prices.rename(columns=names)
    shares = [names.get(f"A{i:02d}", f"A{i:02d}") for i in range(1, 7)]
    plan = [("INDEX", "constant_mean", "index", "")]
    plan += [(a, m, "shares", "INDEX") for m in ("market_model", "constant_mean") for a in shares]
    return build(prices, [Headline("H1", "Ministry speaks", f"{day}T08:00Z", day)], plan)


@pytest.fixture(scope="session")
def plain() -> StudyResult:
    """The small result of the report's tests."""
    return small()
