"""Faults found in other programs, and the test here that would catch each.

:data:`HELD_BY` names the tests; a few faults have theirs in this file, most of them at the front
door, where a fault of a table or of a calendar would show.
"""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.abnormal import tested_window as window_of
from eventstudy.arrays import EventBlock
from eventstudy.errors import InputError
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample
from eventstudy.models import FITTERS, ModelOptions, fit_model
from eventstudy.names import CROSS_EVENT
from eventstudy.resources import data_dir

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/inference/test_peers_faults.py"
PARAMETRIC = "tests/inference/parametric/test_properties.py"
RANKS = "tests/inference/ranks/test_faults.py"
SINGLE = "tests/inference/single/test_exact.py"

HELD_BY: dict[str, tuple[str, ...]] = {
    "1 a rank test repeats the first day's value on every day": (
        f"{RANKS}::test_every_day_has_a_value_of_its_own",
    ),
    "2 BHAR cumulated twice": (f"{PARAMETRIC}::test_bhar_is_compounded_once",),
    "3 residual correlation paired by event time": (
        f"{PARAMETRIC}::test_correlation_pairs_by_calendar_not_by_relative_day",
        f"{PARAMETRIC}::test_overlapping_dates_pair_the_right_sessions",
        f"{RANKS}::test_correlation_pairs_by_calendar_and_not_by_event_time",
        "tests/outside/test_statspai.py::test_mean_correlation_where_dates_differ",
    ),
    "4 wild bootstrap with one weight a firm": (
        f"{PARAMETRIC}::test_wild_bootstrap_has_one_weight_a_date",
        f"{PARAMETRIC}::test_few_dates_hold_their_size",
        "tests/inference/parametric/test_outside.py::test_wild_bootstrap_visits_every_pattern",
    ),
    "5 BMP scaled by the plain sigma, or by its inverse": (
        f"{PARAMETRIC}::test_bmp_scale_is_the_forecast_error",
    ),
    "6 bands at 95 % that are bands at 90 %": (
        f"{HERE}::test_intervals_leave_half_the_level_on_each_side",
        "tests/inference/parametric/test_bands.py::test_band_covers_the_whole_path",
        "tests/inference/single/test_placebo.py::test_interval_covers",
    ),
    "7 estimation variance includes the event window": (
        f"{HERE}::test_the_event_does_not_move_the_fit",
        f"{PARAMETRIC}::test_variance_of_averages_is_that_of_the_estimation_window",
        f"{RANKS}::test_event_days_do_not_move_the_estimation",
    ),
    "8 a last return of zero is trimmed": (
        f"{HERE}::test_zero_returns_at_the_ends_are_returns",
        f"{RANKS}::test_trimmed_zero_return_shifts_nothing",
    ),
    "9 missing returns turned to 0; wrong counts": (
        f"{HERE}::test_missing_days_do_not_compound_as_zeros",
        f"{PARAMETRIC}::test_missing_days_are_not_zero",
        f"{RANKS}::test_missing_returns_are_not_zeros",
        f"{RANKS}::test_sums_are_divided_by_their_own_count",
    ),
    "10 two events of one firm pooled": (
        f"{HERE}::test_two_events_of_one_asset_are_two",
        f"{RANKS}::test_two_events_of_one_firm_are_ranked_apart",
        f"{RANKS}::test_shares_are_by_event_and_not_pooled",
    ),
    "11 p from the wrong t; 1 - cdf": (
        f"{HERE}::test_no_p_is_one_minus_a_distribution_function",
        f"{PARAMETRIC}::test_degrees_of_freedom_and_far_tails",
        f"{RANKS}::test_degrees_of_freedom_count_the_event_as_an_observation",
        f"{RANKS}::test_extreme_p_is_not_zero",
        f"{SINGLE}::test_far_tail_is_not_rounded_to_zero",
    ),
    "12 standard error of CAR as sigma sqrt(L)": (
        f"{HERE}::test_car_error_has_the_cross_day_term",
        f"{PARAMETRIC}::test_cumulated_patell_has_the_cross_day_term",
        f"{SINGLE}::test_equals_event_day_dummies",
    ),
    "13 Wilcoxon that is a rank sum, or ranks within the firm": (
        f"{RANKS}::test_signed_ranks_are_ranked_across_events",
        "tests/inference/ranks/test_outside.py::test_exact_wilcoxon",
    ),
    "14 results change from run to run": (
        f"{HERE}::test_other_processes_give_the_same_bits",
        f"{RANKS}::test_runs_do_not_change_from_one_to_the_next",
        "tests/test_flagship.py::test_two_runs_give_the_same_bytes",
    ),
    "15 a many-to-many join": (
        f"{HERE}::test_rows_are_events_times_windows",
        f"{HERE}::test_a_date_that_stands_twice_is_refused",
        f"{PARAMETRIC}::test_an_event_counts_once_and_doubles_change_the_answer",
        "tests/events/test_readers.py::test_a_pair_of_event_and_asset_stands_once",
    ),
    "16 the estimation window contains the event": (
        f"{HERE}::test_estimation_may_not_reach_into_the_event",
    ),
    "17 event time compressed": (
        f"{HERE}::test_a_missing_day_keeps_its_place_in_event_time",
        "tests/test_returns.py::"
        "test_a_session_without_a_row_is_a_missing_day_and_not_a_shorter_calendar",
        "tests/outside/test_statspai.py::test_rows_that_are_not_there_move_their_event_days",
    ),
    "18 pre-open stamps, weekends, nearest bar, dropped without a word": (
        f"{HERE}::test_stamps_go_to_the_first_price_that_can_know",
        f"{HERE}::test_what_is_left_out_is_listed",
        "tests/calendars/test_pinning.py::test_the_session_is_the_first_whose_price_can_know",
        "tests/calendars/test_pinning_cases.py::test_case",
        "tests/events/test_pinned.py::test_what_cannot_be_pinned_is_listed",
    ),
}


def test_all_eighteen_faults_are_held() -> None:
    assert [int(fault.split()[0]) for fault in HELD_BY] == list(range(1, 19))


@pytest.mark.parametrize("fault", HELD_BY)
def test_what_holds_a_fault_is_there(fault: str) -> None:
    for node in HELD_BY[fault]:
        file, name = node.split("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        found = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        assert name in found, node


# --- the front door on real prices -------------------------------------------------------------

DAY = "2022-02-15"
ASSETS = ["CVX", "JNJ", "JPM", "KO", "XOM"]


@cache
def closes() -> pd.DataFrame:
    folder = data_dir() / "prices"
    stocks = pd.read_csv(folder / "us-stocks.csv.gz", index_col=0, parse_dates=True)
    index = pd.read_csv(folder / "sp500.csv.gz", index_col=0, parse_dates=True).iloc[:, 0]
    return stocks[ASSETS].join(index.rename("SP500")).loc["2021-06-01":"2022-04-29"]  # type: ignore[misc]


def headlines(days: str | list[str] = DAY, assets: list[str] | None = None) -> pd.DataFrame:
    assets = ASSETS if assets is None else assets
    days = [days] * len(assets) if isinstance(days, str) else days
    ids = [f"e{i}" for i in range(len(assets))]
    return pd.DataFrame({"event_id": ids, "timestamp": days, "asset": assets})


def study(
    prices: pd.DataFrame, events: pd.DataFrame | None = None, **more: object
) -> es.StudyResult:
    given: dict[str, object] = {
        "benchmark": "SP500",
        "calendar": "XNYS",
        "panel": "all",
        "estimation": (-130, -11),
        "window": (-5, 5),
        "report": [(-1, 1), (0, 2)],
        "tests": ["cross_sectional_t", "bmp_t", "corrado_rank_z"],
        **more,
    }
    return es.run(events=headlines() if events is None else events, prices=prices, **given)  # type: ignore[arg-type]


@cache
def plain() -> es.StudyResult:
    return study(closes())


def one(table: pd.DataFrame, **which: object) -> pd.Series:  # type: ignore[type-arg]
    for column, value in which.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def place(prices: pd.DataFrame) -> int:
    return int(np.flatnonzero(prices.index == DAY)[0])


def returns_block(seed: int, *, factors: int = 1, n: int = 3, total: int = 255) -> EventBlock:
    rng = np.random.default_rng(seed)
    f = rng.normal(0.0, 0.01, (n, total, factors))
    r = 0.8 * f.sum(axis=2) + rng.normal(0.0, 0.015, (n, total))
    one_ = np.ones((n, total))
    days = np.arange(n)[:, None] * 10_000 + np.arange(total)
    est, evt = slice(0, 250), slice(250, None)
    return EventBlock(
        r[:, est], f[:, est], one_[:, est], days[:, est],
        r[:, evt], f[:, evt], one_[:, evt], days[:, evt],
        np.arange(-252, -2), np.arange(-2, 3),
    )  # fmt: skip


# --- 6 -----------------------------------------------------------------------------------------


def test_intervals_leave_half_the_level_on_each_side() -> None:
    got = study(closes(), tests="all")
    row = one(got.windows, asset="XOM", start=-1, end=1)
    q = stats.t(118).ppf(0.975)
    assert row["ci_low"] == pytest.approx(row["car"] - q * row["car_se"], rel=1e-12)
    assert row["ci_high"] == pytest.approx(row["car"] + q * row["car_se"], rel=1e-12)
    tests = got.tests[got.tests["ci_low"].notna() & got.tests["se"].notna()]
    checked = 0
    for _, line in tests[tests["distribution"].isin(["t", "normal"])].iterrows():
        law = stats.norm if line["distribution"] == "normal" else stats.t(line["df"])
        half = law.ppf(0.975) * line["se"]
        assert line["ci_high"] - line["ci_low"] == pytest.approx(2 * half, rel=1e-9)
        assert (line["ci_low"] <= 0.0 <= line["ci_high"]) == (line["pvalue"] > 0.05)
        checked += 1
    assert checked > 50
    path = got.abnormal_returns[got.abnormal_returns["asset"] == "XOM"]
    low = path["car"] - q * path["car_se"]
    np.testing.assert_allclose(path["car_low"], low, rtol=1e-12, atol=1e-15)


# --- 7 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", sorted(set(FITTERS) - {"ar1"}))
def test_the_event_does_not_move_the_fit(model: str) -> None:
    """A day of +50 % in the window made another program's variance six times larger."""
    if "garch" in model:
        pytest.importorskip("arch", reason="arch, of the garch extra, is not installed")
    count = {"constant_mean": 0, "scholes_williams": 3, "dimson": 2}.get(model, 1)
    block = returns_block(7, factors=count)
    shocked = block.returns_evt.copy()
    shocked[:, 2] += 0.5
    options = ModelOptions(factor_names=tuple(f"F{j}" for j in range(count)), draws=49)
    base = fit_model(model, block, options=options)
    moved = fit_model(model, replace(block, returns_evt=shocked), options=options)
    assert moved.failure == base.failure
    assert "" in base.failure
    for name in ("theta", "sigma", "residuals", "df"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(base, name), err_msg=name)
    np.testing.assert_array_equal(moved.covariance.matrix(), base.covariance.matrix())
    fitted = np.array([not reason for reason in base.failure])
    np.testing.assert_allclose((moved.ar - base.ar)[fitted, 2], 0.5, rtol=1e-12)


# --- 8 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["first", "last", "both", "market"])
def test_zero_returns_at_the_ends_are_returns(where: str) -> None:
    prices = closes().copy()
    zero = place(prices)
    ends = {"first": [-130], "last": [-11], "both": [-130, -11], "market": [-11]}[where]
    column = "SP500" if where == "market" else "XOM"
    for tau in ends:
        factor = prices[column].iloc[zero + tau - 1] / prices[column].iloc[zero + tau]
        prices.iloc[zero + tau :, prices.columns.get_loc(column)] *= factor
    returns = prices.pct_change(fill_method=None).iloc[zero - 130 : zero - 10]
    assert (returns[column].iloc[[130 + t for t in ends]].abs() < 1e-15).all()
    line = stats.linregress(returns["SP500"], returns["XOM"])
    row = one(study(prices).events, asset="XOM")
    assert row["n_estimation"] == 120
    assert row["beta"] == pytest.approx(line.slope, rel=1e-9)
    assert row["alpha"] == pytest.approx(line.intercept, rel=1e-9)


# --- 9 and 12 ----------------------------------------------------------------------------------


def test_missing_days_do_not_compound_as_zeros() -> None:
    block = returns_block(9)
    gone = block.returns_evt.copy()
    gone[1, 3] = np.nan
    holed = replace(block, returns_evt=gone, spans_evt=np.where(np.isfinite(gone), 1.0, np.nan))
    fit = fit_model("market_model", holed, options=ModelOptions(factor_names=("M",)))
    w = window_of(holed, fit, 0, 2, policy="skip")
    there = [2, 4]
    held = (1 + gone[1, there]).prod() - (1 + fit.expected[1, there]).prod()
    assert w.bhar[1] == pytest.approx(held, rel=1e-12)
    assert w.car[1] == pytest.approx(fit.ar[1, there].sum(), rel=1e-12)
    assert w.n_days.tolist() == [3.0, 2.0, 3.0]
    # The expected return of the missing day counts neither.
    wrong = (1 + gone[1, there]).prod() - (1 + np.nan_to_num(fit.expected[1, 2:])).prod()
    assert math.isfinite(wrong)
    strict = window_of(holed, fit, 0, 2, policy="exclude")
    assert math.isnan(strict.car[1])
    assert math.isnan(strict.bhar[1])


def test_car_error_has_the_cross_day_term() -> None:
    row = one(study(closes(), report=[(-5, 5)]).windows, asset="XOM", start=-5, end=5)
    returns = closes().pct_change(fill_method=None)
    zero = place(closes())
    m = returns["SP500"].to_numpy()
    est, evt = m[zero - 130 : zero - 10], m[zero - 5 : zero + 6]
    line = stats.linregress(est, returns["XOM"].iloc[zero - 130 : zero - 10])
    e = returns["XOM"].iloc[zero - 130 : zero - 10] - line.intercept - line.slope * est
    s = math.sqrt(float((e**2).sum()) / 118)
    far = (evt - est.mean()).sum() ** 2 / ((est - est.mean()) ** 2).sum()
    assert row["car_se"] == pytest.approx(s * math.sqrt(11 + 121 / 120 + far), rel=1e-9)
    assert row["car_se"] > 1.03 * s * math.sqrt(11)


# --- 10 ----------------------------------------------------------------------------------------


def test_two_events_of_one_asset_are_two() -> None:
    """Each event has an estimation window, a fit and ranks of its own."""
    days = [DAY, "2022-03-10"]
    both = study(closes(), headlines(days, ["XOM", "XOM"]))
    apart = [study(closes(), headlines(day, ["XOM"])) for day in days]
    assert both.events["event_id"].tolist() == ["e0", "e1"]
    assert both.events["beta"].nunique() == 2
    assert both.events["purged"].tolist()[0] == 0
    for event, alone in zip(("e0", "e1"), apart, strict=True):
        if not one(both.events, event_id=event)["purged"]:
            want, got = alone.events.iloc[0], one(both.events, event_id=event)
            assert (got["alpha"], got["sigma"]) == (want["alpha"], want["sigma"])
    row = one(both.tests, start=0, end=2, name="cross_sectional_t")
    cars = both.windows[(both.windows["start"] == 0) & (both.windows["end"] == 2)]["car"]
    assert row["n_events"] == 2
    assert row["statistic"] == pytest.approx(stats.ttest_1samp(cars, 0.0).statistic, rel=1e-9)


# --- 11 ----------------------------------------------------------------------------------------


def test_no_p_is_one_minus_a_distribution_function() -> None:
    """``1 - cdf(x)`` is 0 from about 8 standard deviations on."""
    found = []
    for path in sorted((ROOT / "eventstudy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.BinOp)
                and isinstance(node.op, ast.Sub)
                and isinstance(node.left, ast.Constant)
                and node.left.value in (1, 1.0)
            ):
                for inner in ast.walk(node.right):
                    name = getattr(inner, "attr", getattr(inner, "id", ""))
                    if name in {"cdf", "ndtr", "stdtr", "fdtr", "chdtr", "bdtr", "nctdtr", "erf"}:
                        found.append(f"{path.name}:{node.lineno}")
    assert not found


# --- 14 ----------------------------------------------------------------------------------------

PROGRAM = """
import numpy as np
from eventstudy.abnormal import tested_window
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Settings
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import CROSS_EVENT
from eventstudy.simulation.designs import parametric_design
block = parametric_design("d").draw(3, 0).take(np.arange(14))
block = type(block)(*[np.round(v, 3) if v is not None and v.dtype.kind == "f" else v
                      for v in vars(block).values()])
fit = fit_model("market_adjusted", block, options=ModelOptions(factor_names=("M",)))
sample = Sample(block, fit, block.days_evt[:, 5] + np.arange(14) % 7, 0, Settings(draws=199))
for start, end in ((0, 0), (-1, 1)):
    window = tested_window(block, fit, start, end)
    for row in cross_event(sample, window, [(s.name, s.variant) for s in CROSS_EVENT]):
        print(repr(row))
"""


def test_other_processes_give_the_same_bits() -> None:
    """Rounded returns tie, so an unstable sort or the order of a set would show."""
    out = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin", "OMP_NUM_THREADS": threads},
        ).stdout
        for seed, threads in (("1", "1"), ("77", "2"))
    ]
    assert out[0] == out[1]
    assert out[0].count("Statistic(") == 2 * len(CROSS_EVENT)


# --- 15 ----------------------------------------------------------------------------------------


def test_rows_are_events_times_windows() -> None:
    got = plain()
    days, windows = 11, 13  # each day, and two windows of several days
    assert len(got.events) == len(ASSETS)
    assert len(got.abnormal_returns) == len(ASSETS) * days
    assert len(got.windows) == len(ASSETS) * windows
    assert not got.windows.duplicated(["event_id", "asset", "model", "start", "end"]).any()
    assert len(got.tests) == windows * sum(
        s.name in ("cross_sectional_t", "bmp_t", "corrado_rank_z") for s in CROSS_EVENT
    )
    assert set(got.tests["n_events"]) == {len(ASSETS)}


def test_a_date_that_stands_twice_is_refused() -> None:
    twice = pd.concat([closes(), closes().loc[[pd.Timestamp(DAY)]]]).sort_index()
    with pytest.raises(InputError, match="2022-02-15"):
        study(twice)


# --- 16 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimation", [(-130, -5), (-130, 0), (-130, 3), (2, 40)])
def test_estimation_may_not_reach_into_the_event(estimation: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="estimation"):
        study(closes(), estimation=estimation)
    last = study(closes(), estimation=(-130, -6))
    assert set(last.events["n_estimation"]) == {125}


# --- 17 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["no row", "empty cell"])
def test_a_missing_day_keeps_its_place_in_event_time(how: str) -> None:
    """Days were counted after the empty ones were thrown away: day 1 became day 0's neighbour."""
    prices = closes().copy()
    zero = place(prices)
    gone = prices.index[zero - 2]
    if how == "no row":
        prices = prices.drop(index=gone)
    else:
        prices.loc[gone, ASSETS] = np.nan
    base, got = study(closes(), missing="skip"), study(prices, missing="skip")
    for tau in (-5, -4, -3, 0, 1, 5):
        a = one(base.abnormal_returns, asset="KO", tau=tau)
        b = one(got.abnormal_returns, asset="KO", tau=tau)
        assert a["session"] == b["session"]
        assert a["ar"] == pytest.approx(b["ar"], rel=1e-12)
    rows = got.abnormal_returns[got.abnormal_returns["asset"] == "KO"]
    # The day itself, and the return that would span it.
    assert rows.loc[rows["tau"].isin([-2, -1]), "ar"].isna().all()


# --- 18 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "session", "position"),
    [
        ("2022-02-15T08:00:00-05:00", "2022-02-15", "pre-open"),
        ("2022-02-15T09:29:59-05:00", "2022-02-15", "pre-open"),
        ("2022-02-15T15:59:59-05:00", "2022-02-15", None),
        ("2022-02-15T16:00:00-05:00", "2022-02-16", "after-close"),
        ("2022-02-19T12:00:00-05:00", "2022-02-22", None),  # Saturday before Presidents' Day
        ("2022-02-21T12:00:00-05:00", "2022-02-22", None),  # the holiday itself
        ("2021-11-26T13:30:00-05:00", "2021-11-29", None),  # after the early close at 13:00
    ],
)
def test_stamps_go_to_the_first_price_that_can_know(
    stamp: str, session: str, position: str | None
) -> None:
    row = es.pin(stamp, calendar="XNYS").iloc[0]
    assert str(row["session"])[:10] == session
    assert row["reason"]
    if position is not None:
        assert row["position"] == position


def test_what_is_left_out_is_listed() -> None:
    days = ["2022-02-19", "2031-02-15", DAY, DAY, DAY]
    got = study(closes(), headlines(days))
    kept = set(got.events["event_id"])
    listed = got.dropped
    assert kept == {"e0", "e2", "e3", "e4"}  # a bare Saturday is the Tuesday after the holiday
    assert one(got.pinned, event_id="e0")["session"] == pd.Timestamp("2022-02-22")
    assert "e1" in set(listed["event_id"])
    assert listed["reason"].str.len().min() > 0


# --- all of them at once -----------------------------------------------------------------------


def test_a_mistake_in_one_event_stays_with_it() -> None:
    """A row of one event that moves changes no number of another event."""
    block = returns_block(20, n=6)
    moved = block.returns_evt.copy()
    moved[5] += 0.1
    options = ModelOptions(factor_names=("M",))
    for changed in (block, replace(block, returns_evt=moved)):
        fit = fit_model("market_model", changed, options=options)
        w = window_of(changed, fit, -1, 1)
        few = Sample(changed.take(np.arange(5)), fit.take(np.arange(5)), block.days_evt[:5, 2], 2)
        small = window_of(few.block, few.fit, -1, 1)
        np.testing.assert_array_equal(w.scar[:5], small.scar)
        rows = cross_event(few, small, [(s.name, s.variant) for s in CROSS_EVENT[:20]])
        assert {r.n_events for r in rows} == {5}
