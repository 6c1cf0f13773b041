"""Rejection rates: counted right, the same however the work is cut, and near the stored ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy import abnormal
from eventstudy.errors import InputError
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample
from eventstudy.models import ModelOptions, fit_model
from eventstudy.simulation.designs import ResamplingDesign, parametric_design
from eventstudy.simulation.size import (
    COLUMNS,
    DEFAULT_SEED,
    default_names,
    rejection_rates,
    simulate_size,
)
from eventstudy.simulation.targets import accept, compare, size_targets

FEW = (("patell_z", "forecast_covariance"), ("bmp_t", "published"), ("grank_t", "published"))
# The forms whose stored rates differ most between the designs.
TELLING = (
    ("cross_sectional_t", "published"),
    ("patell_z", "forecast_covariance"),
    ("bmp_t", "published"),
    ("adjusted_bmp_t", "published"),
    ("corrado_rank_z", "published"),
    ("generalized_sign_z", "published"),
    ("grank_t", "published"),
    ("grank_t", "cross_correlation"),
)


def small(design: str, **changes: object) -> pd.DataFrame:
    return simulate_size([design], FEW, replications=11, **changes)  # type: ignore[arg-type]


def test_work_may_be_cut_anyhow() -> None:
    whole = small("d")
    pd.testing.assert_frame_equal(whole, small("d", block_size=1))
    pd.testing.assert_frame_equal(whole, small("d", block_size=4))
    pd.testing.assert_frame_equal(whole, small("d", block_size=3, workers=2))


def test_rates_are_counts_of_the_engine() -> None:
    design = parametric_design("e")
    rejected = dict.fromkeys(FEW, 0)
    for number in range(6):
        block = design.draw(3, number, effect=0.01)
        fit = fit_model("market_model", block, options=ModelOptions(factor_names=("M",)))
        sample = Sample(block, fit, block.days_evt[:, 5], 2)
        for found in cross_event(sample, abnormal.tested_window(block, fit, -1, 1), FEW):
            rejected[found.name, found.variant] += found.pvalue <= 0.1
    table = rejection_rates(
        design, FEW, windows=[(-1, 1)], replications=6, seed=3, effect=0.01, level=0.1
    )
    assert tuple(table.columns) == COLUMNS
    for key, count, rate, se in zip(
        FEW, table["rejections"], table["rate"], table["se"], strict=True
    ):
        assert count == rejected[key]
        assert rate == count / 6
        assert se == math.sqrt(rate * (1 - rate) / 6)
    assert sum(rejected.values()) > 0


def test_what_does_not_apply_is_not_a_rejection() -> None:
    names = [("gls_t", "published"), ("bmp_t", "published")]
    table = simulate_size(["a"], names, windows=[(0, 0)], replications=5)
    gls = table[table["name"] == "gls_t"].iloc[0]
    assert (gls["undefined"], gls["rejections"]) == (5, 0)
    assert math.isnan(gls["rate"])
    assert math.isnan(gls["se"])
    assert table[table["name"] == "bmp_t"]["undefined"].iloc[0] == 0


def test_default_names_draw_nothing() -> None:
    names = default_names()
    assert not {name for name, _ in names} & {"bootstrap_t", "wild_cluster_bootstrap_t"}
    assert len(names) == len(set(names)) > 35


def test_progress_covers_all_designs() -> None:
    seen: list[tuple[int, int]] = []
    simulate_size(
        ["a", "d"],
        FEW[:1],
        replications=5,
        block_size=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(2, 10), (4, 10), (5, 10), (7, 10), (9, 10), (10, 10)]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"designs": ["g"]}, "design 'g'"),
        ({"designs": []}, "no design"),
        ({"names": [("bmp", "published")]}, "statistic 'bmp'"),
        ({"windows": [(-6, 0)]}, r"window \[-6, 0\]"),
        ({"windows": [(2, 1)]}, r"window \[2, 1\]"),
        ({"replications": 0}, "replications"),
        ({"level": 1.0}, "level"),
    ],
)
def test_mistakes_are_named(changes: dict[str, object], match: str) -> None:
    asked: dict[str, object] = {"designs": ["a"], "names": FEW, "replications": 1, **changes}
    with pytest.raises(InputError, match=match):
        simulate_size(**asked)  # type: ignore[arg-type]


def test_power_grows_with_the_effect() -> None:
    rates = [
        small("a", windows=[(0, 0)], effect=effect)["rate"].mean() for effect in (0.0, 0.005, 0.02)
    ]
    assert rates[0] < rates[1] < rates[2] == 1.0


def test_resampling_goes_the_same_way() -> None:
    rng = np.random.default_rng(8)
    sessions = 700
    market = rng.normal(0.0, 0.01, (sessions, 1))
    returns = market + rng.normal(0.0, 0.02, (sessions, 12))
    returns[:300, 3] = 0.0  # never traded: the fit fails and the event leaves the sample
    design = ResamplingDesign(
        "real", "resampled", returns, market, np.arange(sessions), n_events=15, estimation=120
    )
    table = rejection_rates(design, FEW, replications=60)
    assert table["rate"].between(0.0, 0.2).all()
    moved = rejection_rates(design, FEW, replications=10, effect=0.05, windows=[(0, 0)])
    assert (moved["rate"] == 1.0).all()
    alone = replace(design, factors=np.empty((sessions, 0)))
    flat = rejection_rates(alone, FEW, replications=3, model="constant_mean", windows=[(0, 1)])
    assert len(flat) == 3


def test_targets_hold_closed_forms() -> None:
    """Limits for many estimation days: doubled variance, and correlation that is ignored."""
    table = size_targets()

    def stored(design: str, name: str, variant: str) -> pd.Series[float]:
        at = (table["design"] == design) & (table["name"] == name) & (table["variant"] == variant)
        return table[at & (table["effect"] == 0.0) & (table["start"] == 0)]["target"]

    variance = 2 * stats.norm.sf(1.959964 / math.sqrt(2))
    assert variance == pytest.approx(0.1658, abs=5e-5)
    for rate in stored("c", "patell_z", "forecast_covariance"):
        assert rate == pytest.approx(variance, abs=0.006)
    inflation = math.sqrt(1 + 49 * 0.2)
    for rate in stored("d", "patell_z", "forecast_covariance"):
        assert rate == pytest.approx(2 * stats.norm.sf(1.959964 / inflation), abs=0.02)
    critical = stats.t(49).isf(0.025) * math.sqrt(0.8) / inflation
    for rate in stored("d", "bmp_t", "published"):
        assert rate == pytest.approx(2 * stats.t(49).sf(critical), abs=0.02)


def test_targets_are_of_listed_forms() -> None:
    table = size_targets()
    listed = {*default_names()}
    assert set(zip(table["name"], table["variant"], strict=True)) <= listed
    assert table["target"].between(0.0, 1.0).all()
    assert not table.duplicated(["table", "design", "name", "variant", "start", "effect"]).any()
    assert set(table["replications"]) == {5000, 20000}


def test_compare_measures_in_standard_errors() -> None:
    targets = size_targets().query("table == 'one day' and design == 'c'")
    run = pd.DataFrame(
        {
            "design": "c",
            "name": targets["name"],
            "variant": targets["variant"],
            "start": 0,
            "end": 0,
            "effect": 0.0,
            "rate": targets["target"],
            "se": 0.003,
            "replications": 5200,
            "undefined": 200,
            "seed": 1,
        }
    )
    assert (compare(run, targets)["distance"] == 0.0).all()
    run["rate"] += 0.02
    got = compare(run, targets)
    patell = got[got["name"] == "patell_z"].iloc[0]
    p0 = 0.1698
    assert patell["distance"] == pytest.approx(0.02 / math.sqrt(p0 * (1 - p0) * 2 / 5000))
    verdict = accept(got)
    assert not verdict.accepted
    assert verdict.cells == 8
    assert "not accepted" in verdict.sentence


@pytest.mark.parametrize(
    ("distances", "accepted"),
    [
        ([0.0] * 100, True),
        ([3.1] + [0.0] * 49, True),
        ([3.1] + [0.0] * 48, False),
        ([-4.6] + [0.0] * 999, False),
        ([math.nan] + [0.0] * 99, False),
    ],
)
def test_rule(distances: list[float], accepted: bool) -> None:
    assert accept(pd.DataFrame({"distance": distances})).accepted == accepted


def test_nothing_to_accept() -> None:
    run = simulate_size(["a"], [("sign_z", "published")], replications=2)
    with pytest.raises(InputError, match="no cell"):
        accept(compare(run))


def test_short_run_is_near_the_stored_rates() -> None:
    """A cut of the full table: 120 replications of three designs, one day and one window."""
    run = simulate_size(["a", "c", "d"], TELLING, replications=120, seed=DEFAULT_SEED)
    table = compare(run)
    assert len(table) == 3 * len(TELLING) * 4
    assert accept(table).accepted, accept(table).sentence
    ignored = run.query("design == 'd' and name in ('bmp_t', 'cross_sectional_t')")["rate"]
    held = run.query("design == 'd' and name == 'adjusted_bmp_t'")["rate"]
    assert ignored.min() > 0.35
    assert held.max() < 0.15


@pytest.mark.slow
def test_all_cells() -> None:
    """Every stored cell of size, 2,000 replications: the full run has 5,000."""
    names = [key for key in default_names() if key[0] != "calendar_time_t"]
    run = simulate_size(names=names, replications=2000, workers=2)
    verdict = accept(compare(run))
    assert verdict.accepted, verdict.sentence
