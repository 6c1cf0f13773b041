"""Results that the tests of the writers share, built once a session."""

from __future__ import annotations

import numpy as np
import pytest
from standin import Headline, build, small, synthetic_prices

from eventstudy.results import StudyResult

NASTY = (
    "<script>alert(1)</script> \"quoted\" 'single' & |pipe| *star* [bold]x[/bold] \u202e$x_1$",
    "\u0627\u0644\u062c\u064a\u0634 \u064a\u0646\u0633\u062d\u0628 \U0001f680 =cmd()",
)


@pytest.fixture(scope="session")
def one() -> StudyResult:
    """One headline, an index and a panel of three shares under two models."""
    return small()


@pytest.fixture(scope="session")
def twenty() -> StudyResult:
    """One headline on an index and twenty shares."""
    prices = synthetic_prices(21)
    day = str(prices.index[300].date())
    shares = [f"A{i:02d}" for i in range(1, 21)]
    plan = [("INDEX", "constant_mean", "index", "")]
    plan += [(a, m, "shares", "INDEX") for m in ("market_model", "constant_mean") for a in shares]
    return build(prices, [Headline("H1", "Ministry speaks", f"{day}T08:00Z", day)], plan)


@pytest.fixture(scope="session")
def many() -> StudyResult:
    """Sixty headlines on as many dates."""
    prices = synthetic_prices(10, 700)
    rng = np.random.default_rng(7)
    headlines = []
    for i in range(60):
        day = str(prices.index[int(rng.integers(200, 650))].date())
        asset = f"A{1 + i % 9:02d}"
        headlines.append(Headline(f"E{i:02d}", f"Story {i}", f"{day}T08:00Z", day, assets=(asset,)))
    plan = [(f"A{k:02d}", "market_model", "shares", "INDEX") for k in range(1, 10)]
    return build(prices, headlines, plan, name="many")


@pytest.fixture(scope="session")
def nasty() -> StudyResult:
    """Headlines and titles that try to break out of every writer."""
    prices = synthetic_prices(4)
    days = [str(prices.index[i].date()) for i in (250, 320)]
    headlines = [
        Headline(f"N{i}", text, f"{d}T08:00Z", d)
        for i, (text, d) in enumerate(zip(NASTY, days, strict=True))
    ]
    plan = [(a, "constant_mean", f"panel <b>{a}</b>", "") for a in ("INDEX", "A01")]
    return build(
        prices, headlines, plan, titles={"INDEX": "Index <i>&|$y$", "A01": "\u05d0\u05d1 | A"}
    )


@pytest.fixture(scope="session")
def holes(one: StudyResult) -> StudyResult:
    """The same result with numbers missing wherever they can be."""
    from dataclasses import replace

    def hollow(frame, columns):
        return frame.assign(**{c: np.nan for c in columns if c in frame})

    numbers = ["car", "car_se", "pvalue", "placebo_pvalue", "ci_low", "ci_high", "mde"]
    return replace(
        one,
        windows=hollow(one.windows, numbers),
        event_tests=hollow(one.event_tests, ["pvalue", "pvalue_adjusted", "statistic"]),
        tests=hollow(one.tests, ["estimate", "se", "pvalue", "ci_low", "ci_high", "mde"]),
        abnormal_returns=hollow(
            one.abnormal_returns, ["return", "ar", "car", "car_low", "car_high"]
        ),
        series=one.series.iloc[:0],
        paths=one.paths.iloc[:0],
    )


@pytest.fixture(scope="session")
def nothing(one: StudyResult) -> StudyResult:
    """A study in which nothing could be estimated."""
    from dataclasses import replace

    empty = {
        name: frame.iloc[:0] for name, frame in one.tables().items() if name not in ("dropped",)
    }
    return replace(one, **empty)
