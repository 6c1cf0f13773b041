"""What is refused, in one clear sentence, and what is left out, with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy import estimate as held
from eventstudy.errors import InputError
from eventstudy.models import ModelOptions
from eventstudy.stream.inputs import canonical_order, stream_data
from eventstudy.stream.run import run_stream
from eventstudy.stream.screening import screen
from eventstudy.stream.tables import EventLabels, dropped_table, events_table, tests_table
from tests.stream.worlds import world

RETURNS = np.zeros((2, 50))
GOOD: dict[str, Any] = {
    "returns": RETURNS,
    "days": np.arange(50),
    "asset": [0, 1],
    "position": [40, 41],
    "estimation": (-30, -6),
    "event": (-2, 2),
    "model": "constant_mean",
}
INFINITE = RETURNS.copy()
INFINITE[1, 7] = np.inf
BACK = np.arange(50)
BACK[20] = 5

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "vector": ({"returns": np.zeros(50)}, r"returns: a matrix is needed, got 1 dimension"),
    "infinite": ({"returns": INFINITE}, r"returns: the value in row 1, column 7 is infinite"),
    "days": ({"days": np.arange(49)}, r"days: 49 days for 50 columns"),
    "order of days": ({"days": BACK}, r"days: the day in column 20 does not follow"),
    "asset": ({"asset": [0, 2]}, r"asset: event 1 is on row 2, the returns have 2 rows"),
    "fractions": ({"position": [40.5, 41.0]}, r"position: whole numbers are needed, got float64"),
    "lengths": ({"position": [40]}, r"events: 2 assets for 1 positions"),
    "model": ({"model": "constant_men"}, r"did you mean 'constant_mean'"),
    "missing": ({"missing": "exclud"}, r"did you mean 'exclude'"),
    "spans": ({"missing": "trade_to_trade"}, r"needs spans"),
    "factors": ({"model": "market_model"}, r"factors: market_model takes 1, got 0"),
    "too many": ({"factors": np.zeros(50)}, r"factors: constant_mean takes 0, got 1"),
    "width": (
        {"model": "market_model", "factors": np.zeros(49)}, r"factors: 49 days, the returns have 50"
    ),
    "names": (
        {
            "model": "factor",
            "factors": np.zeros((2, 50)),
            "options": ModelOptions(factor_names=("a",)),
        },
        r"factor_names: 1 names for 2 factors",
    ),
    "report": ({"report": [(-3, 0)]}, r"\[-3, 0\] is not inside the event window \[-2, 2\]"),
    "backwards": ({"event": (2, -2)}, r"event: \[2, -2\] ends before it begins"),
    "overlap": ({"estimation": (-30, -2)}, r"inside or after the event window"),
    "purged": ({"purged": np.zeros((2, 3))}, r"purged: 2 x 3 values, the returns are 2 x 50"),
    "span shape": ({"spans": np.ones((2, 3))}, r"spans: 2 x 3 values, the returns are 2 x 50"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    change, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        stream_data(**{**GOOD, **change})


def test_what_is_refused_when_it_runs() -> None:
    data = world().data()
    with pytest.raises(InputError, match="did you mean 'numpy'"):
        run_stream(data, backend="numpi")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"missing='exclude', not 'skip'; take 'numpy'"):
        run_stream(replace(data, missing="skip"), backend="numba")
    with pytest.raises(InputError, match="at least one leaf"):
        run_stream(data, block=0)
    with pytest.raises(InputError, match="threads: at least one"):
        run_stream(data, threads=0)
    with pytest.raises(InputError, match="did you mean 'bmp_t'"):
        run_stream(data, [("bmp_tt", "published")], backend="numpy")


def test_a_window_that_was_not_asked_for() -> None:
    sample = run_stream(world().data(), [("bmp_t", "published")], backend="numpy").sample
    assert sample is not None
    with pytest.raises(InputError, match=r"\[-2, 1\] was not summed up; take one of \[-3, -3\]"):
        sample.view(sample.window(-2, 1))


def test_statistics_that_need_the_events_say_so() -> None:
    names = [("bmp_t", "published"), ("bootstrap_t", "published"), ("gls_t", "published")]
    outcome = run_stream(world().data(), names, backend="numpy")
    for tests in outcome.tests:
        bmp, bootstrap, gls = tests.statistics
        assert np.isfinite(bmp.pvalue)
        assert np.isnan([bootstrap.pvalue, gls.pvalue]).all()
        assert bootstrap.note
        assert gls.note


@pytest.mark.parametrize("size", [0, 1, 2, 1000])
def test_canonical_order(size: int) -> None:
    rng = np.random.default_rng(size)
    asset, position = rng.integers(0, 4, size), rng.integers(0, 9, size)
    expected = sorted(range(size), key=lambda i: (position[i], asset[i], i))
    assert canonical_order(asset, position, 4).tolist() == expected


def test_canonical_order_where_the_keys_do_not_fit() -> None:
    position = np.array([2**62 // 5, 3, 2**62 // 5])
    assert canonical_order(np.array([3, 0, 1]), position, 5).tolist() == [1, 2, 0]


def test_input_is_not_touched() -> None:
    w = world()
    before = [a.copy() for a in (w.returns, w.factors, w.asset, w.position)]
    data = w.data()
    assert data.returns is w.returns
    run_stream(data, backend="numpy")
    for a, b in zip(before, (w.returns, w.factors, w.asset, w.position), strict=True):
        np.testing.assert_array_equal(a, b)


def test_screening_by_hand() -> None:
    rng = np.random.default_rng(0)
    returns = rng.normal(0, 0.01, (3, 120))
    returns[1, :70] = np.nan  # listed late: short, but nothing is missing
    returns[2, 40:60] = np.nan  # a third of the window is missing
    returns[0, 110:] = np.nan
    data = stream_data(
        returns, np.arange(120), [0, 1, 2, 0, 0, 1], [100, 112, 90, 115, -4, 85],
        estimation=(-60, -6), event=(-2, 2), model="constant_mean", min_observations=20,
    )  # fmt: skip
    found = screen(data)
    assert found.data.order.tolist() == [0, 1]
    assert [(d.order, d.reason, d.detail) for d in found.dropped] == [
        (2, "too many missing estimation days", "20 of 55 sessions have no return, more than 20%"),
        (3, "no return in the event window", "returns reach from 1970-01-01 to 1970-04-20"),
        (4, "day 0 is not a session of the prices' calendar", ""),
        (5, "too few estimation returns", "10 of 55 sessions, min_observations is 20"),
    ]


def brute(w: Any, data: Any) -> tuple[dict[int, str], dict[int, tuple[int, int]]]:
    """The screening by one event at a time."""
    out, marks = {}, {}
    for i, (a, p) in enumerate(zip(w.asset, w.position, strict=True)):
        known = np.isfinite(w.returns[a])
        first = int(np.argmax(known))
        est = [d for d in range(p - 70, p - 10) if 0 <= d < len(known)]
        used = [d for d in est if known[d]]
        masked = [d for d in est if w.purged is not None and w.purged[a, d]]
        kept = [d for d in used if d not in masked]
        dense = len(kept) < data.min_observations <= len(used)
        if not dense:
            used = kept
        marks[i] = (0, len(masked)) if dense else (len(masked), 0)
        listed = len([d for d in est if d >= first]) - (0 if dense else len(masked))
        within = [d for d in range(p - 3, p + 4) if 0 <= d < len(known) and known[d]]
        if len(used) < data.min_observations:
            out[i] = "too few estimation returns"
        elif listed - len(used) > held.MISSING_SHARE * listed:
            out[i] = "too many missing estimation days"
        elif not within:
            out[i] = "no return in the event window"
    return out, marks


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("purging", [False, True])
def test_screening_one_by_one(wide: bool, purging: bool) -> None:
    """Counted by gathering (many days, few events) and by running totals (the reverse)."""
    rng = np.random.default_rng(4)
    w = world(n=40 if wide else 900, assets=8, days=2_000 if wide else 300)
    w.position = rng.integers(20, w.returns.shape[1], len(w.asset))
    w.returns[rng.random(w.returns.shape) < 0.15] = np.nan
    w.returns[5, :150] = np.nan
    if purging:
        w.purged = rng.random(w.returns.shape) < rng.choice([0.02, 0.6], (8, 1))
    data = w.data()
    reasons, marks = brute(w, data)
    found = screen(data)
    assert {d.order: d.reason for d in found.dropped} == reasons
    assert len(found.dropped) + found.data.n == len(w.asset)
    for order, purged, kept in zip(found.data.order, found.purged, found.unpurged, strict=True):
        assert (purged, kept) == marks[int(order)]


def test_fits_that_fail_leave_and_the_rest_stands() -> None:
    w = world(n=80, assets=8)
    w.returns[3, :200] = 0.25  # a price that grows at one rate: no scale
    flat = (w.asset == 3) & (w.position < 210)
    assert 0 < flat.sum() < 20
    outcome = run_stream(w.data(), backend="numpy")
    assert {d.order for d in outcome.dropped} == set(np.flatnonzero(flat))
    assert {d.stage for d in outcome.dropped} == {"model"}
    assert all(d.reason.startswith("zero scale") for d in outcome.dropped)
    w.asset, w.position = w.asset[~flat], w.position[~flat]
    alone = run_stream(w.data(), backend="numpy")
    assert alone.tests == outcome.tests or str(alone.tests) == str(outcome.tests)


def test_nobody_is_left() -> None:
    w = world(n=3)
    w.returns[:] = np.nan
    outcome = run_stream(w.data(), backend="numpy")
    labels = EventLabels(None, [f"a{i}" for i in range(6)], "all", "market_model")
    assert outcome.tests == ()
    assert len(events_table(outcome, labels)) == len(tests_table(outcome, "all", "m")) == 0
    assert dropped_table(outcome, labels)["reason"].tolist() == ["too few estimation returns"] * 3


def test_no_events_at_all() -> None:
    data = stream_data(**{**GOOD, "asset": [], "position": []})
    outcome = run_stream(data, backend="numpy")
    labels = EventLabels([], ["x", "y"], "all", "constant_mean")
    assert isinstance(events_table(outcome, labels), pd.DataFrame)
    assert outcome.dropped == ()
