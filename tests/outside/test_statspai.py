"""StatsPAI on the same real returns: where it agrees, and by what it differs where it does not.

Written from the behaviour and the documentation of version 1.40; no code of it is here.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.abnormal import tested_window as window_of
from eventstudy.arrays import EventBlock
from eventstudy.inference.grank import grank_t
from eventstudy.inference.sample import Sample
from eventstudy.models import ModelOptions, fit_model

from .cases import ESTIMATION, EVENT, WINDOWS, case, our_row, ours
from .statspai_case import CORRELATED, MODELS, SAME, long_returns, theirs

statspai = pytest.importorskip("statspai", reason="statspai, of the test extra, is not installed")


# Both solve least squares in double precision, by other algorithms.
RELATIVE = 1e-9
# Closes are read from one file by two readers whose last digit may differ.
SMALL = 1e-12
CASES = ("one date", "staggered", "holes")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CASES)
def test_each_event(name: str, model: str, window: tuple[int, int]) -> None:
    table = theirs(name, model, window).events.reset_index(drop=True)
    mine = ours(name, model).windows
    mine = mine[(mine["start"] == window[0]) & (mine["end"] == window[1])].reset_index(drop=True)
    assert mine["asset"].tolist() == table["id"].tolist()
    assert mine["session"].astype("datetime64[ns]").tolist() == table["event_day"].tolist()
    for column, other in (("car", "car"), ("car_se", "se"), ("scar", "scar")):
        np.testing.assert_allclose(mine[column], table[other], rtol=RELATIVE, atol=SMALL)
    np.testing.assert_allclose(mine["pvalue"], table["pvalue"], rtol=1e-8)
    np.testing.assert_array_equal(mine["df"], table["dof"])


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CASES)
def test_across_events(name: str, model: str, window: tuple[int, int]) -> None:
    tests = theirs(name, model, window).tests
    for other, key in SAME.items():
        row = our_row(name, model, window, key)
        assert row["statistic"] == pytest.approx(tests.loc[other, "statistic"], rel=RELATIVE), other
        assert row["pvalue"] == pytest.approx(tests.loc[other, "pvalue"], rel=1e-8), other
    # One day has one Patell form; on longer windows the published one leaves the cross-day term.
    same = tests.loc["patell", "statistic"]
    published = our_row(name, model, window, ("patell_z", "published"))["statistic"]
    assert (published == pytest.approx(same, rel=RELATIVE)) == (
        window == (0, 0) or model == "market_adjusted"
    )


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("model", MODELS)
def test_correlated_on_one_date(model: str, window: tuple[int, int]) -> None:
    found = theirs("one date", model, window)
    for other, key in CORRELATED.items():
        row = our_row("one date", model, window, key)
        assert row["rbar"] == pytest.approx(found.mean_correlation, rel=RELATIVE)
        assert row["statistic"] == pytest.approx(found.tests.loc[other, "statistic"], rel=RELATIVE)
        # Their corrected BMP takes the normal distribution, ours Student's with N - 1.
        p = 2.0 * (stats.t(19).sf if other == "kp" else stats.norm.sf)(abs(row["statistic"]))
        assert row["pvalue"] == pytest.approx(p, rel=RELATIVE)


def aligned_residuals(name: str) -> pd.DataFrame:
    """Estimation residuals of the market model by calendar day, one column an event."""
    returns = case(name).returns()
    columns = {}
    for row in case(name).events.itertuples():
        zero = returns.index.get_loc(row.timestamp)
        part = returns.iloc[zero + ESTIMATION[0] : zero + ESTIMATION[1] + 1]
        part = part[[row.asset, "SP500"]].dropna()
        x = np.column_stack([np.ones(len(part)), part["SP500"]])
        y = part[row.asset].to_numpy()
        e = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        columns[row.event_id] = pd.Series(e, index=part.index)
    return pd.DataFrame(columns)


@pytest.mark.parametrize("name", ["staggered", "holes"])
def test_mean_correlation_where_dates_differ(name: str) -> None:
    """Theirs is Pearson's on each pair's common days, centred there, and drops pairs without.

    Ours scales each series on its own window, and a pair without common days counts as 0.
    """
    e = aligned_residuals(name)
    z = e / np.sqrt((e**2).sum())
    pairs = list(itertools.combinations(e.columns, 2))
    ours_r = [float((z[a] * z[b]).sum()) for a, b in pairs]
    theirs_r = [e[a].corr(e[b], min_periods=3) for a, b in pairs]
    row = our_row(name, "market_model", (0, 0), ("adjusted_bmp_t", "published"))
    other = theirs(name, "market_model", (0, 0)).mean_correlation
    assert row["rbar"] == pytest.approx(np.mean(ours_r), rel=RELATIVE)
    assert other == pytest.approx(np.nanmean(theirs_r), rel=RELATIVE)
    assert row["rbar"] != pytest.approx(other, rel=0.01)


def sample_of(name: str) -> Sample:
    """The case as arrays, market model."""
    returns = case(name).returns()
    rows = case(name).events
    zero = np.array([returns.index.get_loc(t) for t in rows["timestamp"]])
    column = np.array([returns.columns.get_loc(a) for a in rows["asset"]])
    values = returns.to_numpy()
    market = values[:, returns.columns.get_loc("SP500")]
    days = returns.index.to_numpy().astype("datetime64[D]").astype(np.int64)
    parts = []
    for first, last in (ESTIMATION, EVENT):
        at = zero[:, None] + np.arange(first, last + 1)
        r = values[at, column[:, None]]
        parts.append((r, market[at][:, :, None], np.where(np.isfinite(r), 1.0, np.nan), days[at]))
    taus = [np.arange(first, last + 1) for first, last in (ESTIMATION, EVENT)]
    block = EventBlock(*parts[0], *parts[1], *taus)
    fit = fit_model("market_model", block, options=ModelOptions(factor_names=("SP500",)))
    return Sample(block, fit, block.days_evt[:, -EVENT[0]], 2)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ["one date", "holes"])
def test_grank_differs_by_the_scale_of_the_estimation_days(
    name: str, window: tuple[int, int]
) -> None:
    """Theirs ranks e/s, ours e/(s sqrt(1 - h)); without h the numbers are the same."""
    sample = sample_of(name)
    tested = window_of(sample.block, sample.fit, *window, policy="skip")
    mine = grank_t(sample, tested)
    row = our_row(name, "market_model", window, ("grank_t", "published"))
    assert row["statistic"] == pytest.approx(mine.statistic, rel=RELATIVE)
    flat = np.where(np.isfinite(sample.fit.leverage), 0.0, np.nan)
    plain = replace(sample, fit=replace(sample.fit, leverage=flat))
    other = theirs(name, "market_model", window).tests.loc["grank"]
    again = grank_t(plain, window_of(plain.block, plain.fit, *window, policy="skip"))
    assert again.statistic == pytest.approx(other["statistic"], rel=RELATIVE)
    assert again.pvalue == pytest.approx(other["pvalue"], rel=1e-8)
    assert mine.statistic != pytest.approx(other["statistic"], rel=1e-4)
    assert mine.statistic == pytest.approx(other["statistic"], abs=0.05)


def test_rows_that_are_not_there_move_their_event_days() -> None:
    """Without a row for a missing day they count sessions on what is left; we do not."""
    name = "one date"
    long = long_returns(name)
    asset, day = "XOM", pd.Timestamp("2022-02-14")
    short = long[~((long["id"] == asset) & (long["date"] == day))]
    events = case(name).events.rename(columns={"asset": "id", "timestamp": "event_date"})
    other = statspai.abnormal_returns(
        short, events[["id", "event_date"]], market="mkt", event_window=(-1, 1),
        estimation_window=ESTIMATION,
    )  # fmt: skip
    # Their day -1 is now 11 February, silently, and so on backwards through the estimation window.
    assert not other.skipped
    chosen = other.events[other.events["id"] == asset].index[0]
    own = short[short["id"] == asset].reset_index(drop=True)
    zero = int(np.flatnonzero(own["date"] == "2022-02-15")[0])
    window = own.iloc[zero + ESTIMATION[0] : zero + ESTIMATION[1] + 1]
    fit = stats.linregress(window["mkt"], window["ret"])
    friday = case(name).returns().loc["2022-02-11"]
    compressed = friday[asset] - fit.intercept - fit.slope * friday["SP500"]
    assert other.ar.loc[-1, chosen] == pytest.approx(compressed, rel=1e-9)
    prices = case(name).prices.copy()
    prices.loc[day, asset] = np.nan
    mine = es.run(
        events=case(name).events, prices=prices, benchmark="SP500", calendar="XNYS",
        estimation=ESTIMATION, window=EVENT, report=[(-1, 1)], missing="exclude",
    )  # fmt: skip
    left = mine.dropped[mine.dropped["asset"] == asset]
    assert len(left)
    mine_windows = mine.windows[(mine.windows["start"] == -1) & (mine.windows["end"] == 1)]
    value = mine_windows.loc[mine_windows["asset"] == asset, "car"]
    assert value.empty or math.isnan(value.iloc[0])
