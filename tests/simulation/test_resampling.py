"""Resampling of real returns: labelled panel in, rates out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.prices.bundled import STOCKS, load_bundled
from eventstudy.simulation.resampling import resampling_design, simulate_resampling

TESTS = [("bmp_t", "published"), ("corrado_rank_z", "published")]


def panel() -> pd.DataFrame:
    days = pd.bdate_range("2015-01-01", periods=500)
    values = np.random.default_rng(1).normal(0.0, 0.02, (500, 6))
    return pd.DataFrame(values, index=days, columns=list("ABCDEF"))


def test_bundled_stocks() -> None:
    close = load_bundled([*STOCKS, "SP500"]).close
    moves = close.pct_change(fill_method=None).iloc[-1500:]
    design = resampling_design(
        moves[list(STOCKS)], moves["SP500"], n_events=20, estimation=120, least=100
    )
    assert "20 assets" in design.title
    table = simulate_resampling(design, TESTS, effects=[0.0, 0.02], replications=40)
    size = table[table["effect"] == 0.0]
    power = table[(table["effect"] == 0.02) & (table["start"] == 0)]
    # 40 samples: five standard errors above a nominal 5 %.
    assert size["rate"].max() <= 0.05 + 5 * math.sqrt(0.05 * 0.95 / 40)
    assert power["rate"].min() > 0.6
    assert power["inside"].isna().all()
    assert size["inside"].notna().all()


def test_effects_share_their_samples() -> None:
    design = resampling_design(panel(), n_events=12, estimation=100, least=100)
    seen: list[tuple[int, int]] = []
    table = simulate_resampling(
        design,
        TESTS,
        effects=[0.0, 0.01],
        windows=[(2, 2)],
        replications=8,
        block_size=4,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(4, 16), (8, 16), (12, 16), (16, 16)]
    # Day 2 does not see what was added on day 0, but for one rank.
    bmp = table[table["name"] == "bmp_t"]["rejections"].tolist()
    assert bmp[0] == bmp[1]


def test_clustered_dates_break_tests_that_assume_independence() -> None:
    rng = np.random.default_rng(4)
    days = pd.bdate_range("2015-01-01", periods=400)
    common = rng.normal(0.0, 0.02, (400, 1))
    moves = pd.DataFrame(common + rng.normal(0.0, 0.01, (400, 12)), index=days)
    names = [("bmp_t", "published"), ("adjusted_bmp_t", "published")]

    def rate(*, same_date: bool) -> list[float]:
        design = resampling_design(
            moves, n_events=12, estimation=100, least=100, same_date=same_date
        )
        found = simulate_resampling(design, names, effects=[0.0], windows=[(0, 0)], replications=60)
        return [float(x) for x in found["rate"]]

    together = rate(same_date=True)
    assert together[0] > 0.4
    assert together[1] < 0.2
    assert rate(same_date=False)[0] < 0.2


def test_panel_must_be_dated() -> None:
    moves = panel()
    with pytest.raises(InputError, match="naive dates"):
        resampling_design(moves.reset_index(drop=True))
    with pytest.raises(InputError, match="naive dates"):
        resampling_design(moves.tz_localize("UTC"))
    with pytest.raises(InputError, match="must ascend"):
        resampling_design(moves.iloc[::-1])
    with pytest.raises(InputError, match="benchmark"):
        resampling_design(moves, moves["A"].iloc[1:])
    for changes in ({"n_events": 1}, {"estimation": 2}, {"variance": 0.5}, {"gap": -1}):
        with pytest.raises(InputError, match="resampling needs"):
            resampling_design(moves, **changes)
    with pytest.raises(InputError, match="hold day 0"):
        resampling_design(moves, window=(1, 5))
