"""Where there is no number there is a reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from eventstudy.abnormal import tested_window as window_of
from eventstudy.errors import InputError
from eventstudy.inference.registry import MODULES, cross_event, statistic_function
from eventstudy.inference.statistic import p_value
from eventstudy.inference.view import base_row, finish, view
from eventstudy.names import CROSS_EVENT

from .samples import ROWS, draw, given, one, rows, sample_of


def _no_number(row: object) -> bool:
    values = [getattr(row, k) for k in ("statistic", "pvalue", "df", "se", "ci_low", "ci_high")]
    return all(math.isnan(v) for v in values) and bool(row.note)  # type: ignore[attr-defined]


def test_every_name_of_the_list_has_a_function() -> None:
    assert {s.name for s in CROSS_EVENT} == set(MODULES)
    for name in MODULES:
        assert statistic_function(name).__name__ == name


@pytest.mark.parametrize("kept", [0, 1])
def test_fewer_than_two_events(kept: int) -> None:
    block, dates = draw(1, 3)
    s = sample_of(block, dates)
    w = window_of(s.block, s.fit, 0, 0)
    members = np.arange(3) < kept
    w = replace(w, members=members, car=np.where(members, w.car, np.nan))
    for row in cross_event(s, w, [(x.name, x.variant) for x in CROSS_EVENT]):
        assert _no_number(row), row
        assert row.n_events == kept


@pytest.mark.parametrize("value", [0.0, 0.013])
def test_values_that_do_not_vary(value: float) -> None:
    s, w = given(np.full(12, value), cluster=np.repeat([1, 20, 40, 60], 3))
    spread = {
        "cross_sectional_t", "skewness_adjusted_t", "bmp_t", "adjusted_bmp_t", "jackknife_t",
        "precision_weighted_t", "bootstrap_t", "cluster_t", "date_mean_t",
        "wild_cluster_bootstrap_t", "bhar_skewness_adjusted_t",
    }  # fmt: skip
    for name, variant in ROWS:
        if name in spread and variant != "model_sigma":
            row = one(s, w, name, variant)
            assert _no_number(row), row
            assert "zero scale" in row.note


def test_descriptive_label() -> None:
    s, w = given(np.array([0.01, 0.02, 0.04]))
    assert one(s, w, "bmp_t").note == "descriptive: 3 events, 3 dates"
    s, w = given(np.arange(8) * 0.01, cluster=np.full(8, 5))
    assert one(s, w, "bmp_t").note == "descriptive: 1 date"
    s, w = given(np.arange(8) * 0.01)
    assert one(s, w, "bmp_t").note == ""


def test_patell_needs_more_than_four_degrees_of_freedom() -> None:
    for sessions, applies in ((6, False), (7, True)):
        block, dates = draw(2, 6, sessions=sessions)
        got = rows(sample_of(block, dates), 0, 1)
        for key, row in got.items():
            if key[0] in {"patell_z", "adjusted_patell_z"}:
                assert _no_number(row) != applies, (sessions, row)
                if not applies:
                    assert "4 residual degrees of freedom" in row.note


def test_correlation_at_its_bounds() -> None:
    block, dates = draw(3, 2)
    mirrored = replace(
        block, returns_est=block.returns_est[[0, 0]], factors_est=block.factors_est[[0, 0]]
    )
    opposed = replace(mirrored, returns_est=mirrored.returns_est * np.array([[1.0], [-1.0]]))
    for changed in (mirrored, opposed):
        got = rows(sample_of(changed, dates), 0, 0)
        assert _no_number(got["adjusted_bmp_t", "published"])
    assert "not positive" in got["adjusted_bmp_t", "published"].note
    assert "not positive" in got["adjusted_patell_z", "published"].note
    assert got["adjusted_patell_z", "overlap"].rbar == 0.0


def test_one_date_has_no_tests_between_dates() -> None:
    block, dates = draw(4, 8)
    got = rows(sample_of(block, dates), 0, 0)
    for key in (
        ("cluster_t", "published"),
        ("cluster_t", "car"),
        ("date_mean_t", "published"),
        ("wild_cluster_bootstrap_t", "published"),
        ("bootstrap_t", "clustered"),
    ):
        assert _no_number(got[key])
        assert "one date" in got[key].note


def test_too_few_draws_cannot_reject() -> None:
    block, dates = draw(5, 12, starts=np.arange(12) * 20)
    got = rows(sample_of(block, dates, draws=18), 0, 0)
    for key in (
        ("bootstrap_t", "published"),
        ("bootstrap_t", "clustered"),
        ("bhar_skewness_adjusted_t", "bootstrap"),
        ("wild_cluster_bootstrap_t", "published"),
    ):
        assert _no_number(got[key])
        assert "cannot reject by construction" in got[key].note
    got = rows(sample_of(block, dates, draws=19), 0, 0)
    assert math.isfinite(got["bootstrap_t", "published"].pvalue)


def test_two_dates_resample_without_spread() -> None:
    s, w = given(np.array([0.01, 0.012, 0.03, 0.02]), cluster=np.array([1, 1, 9, 9]))
    row = one(s, w, "bootstrap_t", "clustered")
    # Half of the resamples draw one date twice; 4,999 draws, four standard errors.
    assert row.pvalue >= 0.5 - 0.028
    assert math.isnan(row.ci_low)


def test_bhar_bootstrap_needs_resamples_of_two() -> None:
    for n, applies in ((7, False), (8, True)):
        s, w = given(np.random.default_rng(n).normal(size=n))
        assert _no_number(one(s, w, "bhar_skewness_adjusted_t", "bootstrap")) != applies


def test_calendar_time_needs_five_sessions() -> None:
    block, dates = draw(6, 6, starts=np.arange(6))
    s = sample_of(block, dates)
    assert "at least 5 sessions" in rows(s, 0, 3)["calendar_time_t", "published"].note
    assert math.isfinite(rows(s, -1, 3)["calendar_time_t", "published"].pvalue)


def _gls_note(block: object, dates: object, *, start: int = 0, end: int = 1) -> str:
    return rows(sample_of(block, dates), start, end)["gls_t", "published"].note  # type: ignore[arg-type]


def test_gls_says_why_not() -> None:
    block, dates = draw(7, 6)
    assert "one common date" in _gls_note(*draw(7, 6, starts=np.arange(6)))
    other = block.factors_est.copy()
    other[2, 5] += 0.001
    assert "regressors" in _gls_note(replace(block, factors_est=other), dates)
    moved = block.days_est.copy()
    moved[1] += 1
    assert "calendar days" in _gls_note(replace(block, days_est=moved), dates)
    assert "N < T/3" in _gls_note(*draw(7, 20))
    assert "N < T/3" not in _gls_note(*draw(7, 19))
    hole = block.spans_evt.copy()
    hole[3, 3] = np.nan
    gone = block.returns_evt.copy()
    gone[3, 3] = np.nan
    holed = replace(block, spans_evt=hole, returns_evt=gone)
    assert "same days" in _gls_note(holed, dates)
    twins = replace(block, returns_est=block.returns_est[[0, 0, 2, 3, 4, 5]])
    assert "singular" in _gls_note(twins, dates)


def test_gls_uses_the_sessions_that_all_events_have() -> None:
    block, dates = draw(8, 5)
    lost = block.returns_est.copy()
    lost[2, 7] = lost[4, 30] = np.nan
    span = np.where(np.isfinite(lost), 1.0, np.nan)
    got = rows(sample_of(replace(block, returns_est=lost, spans_est=span), dates), 0, 1)
    keep = np.delete(np.arange(60), [7, 30])
    cut = replace(
        block,
        returns_est=block.returns_est[:, keep],
        factors_est=block.factors_est[:, keep],
        spans_est=block.spans_est[:, keep],
        days_est=block.days_est[:, keep],
        est_taus=block.est_taus[keep],
    )
    want = rows(sample_of(cut, dates), 0, 1)["gls_t", "published"]
    assert got["gls_t", "published"].statistic == pytest.approx(want.statistic, rel=1e-10)
    assert got["gls_t", "published"].df == 58 - 2 - 5 + 1


def test_gls_needs_a_scale_on_the_common_sessions() -> None:
    # One event moves only on a session that another one lacks.
    block, dates = draw(17, 3)
    r = block.returns_est.copy()
    r[0] = 0.001 + block.factors_est[0, :, 0]
    r[0, 5] += 0.1
    r[1, 5] = np.nan
    span = np.where(np.isfinite(r), 1.0, np.nan)
    assert "zero scale" in _gls_note(replace(block, returns_est=r, spans_est=span), dates)


def test_calendar_time_needs_sessions_that_differ() -> None:
    block, dates = draw(18, 2)
    s = sample_of(block, dates)
    fit = replace(s.fit, ar=np.full_like(s.fit.ar, 0.01) * s.fit.ar_se / s.fit.ar_se[:, :1])
    s = replace(s, fit=fit)
    w = window_of(s.block, s.fit, -3, 3)
    assert "zero scale" in one(s, w, "calendar_time_t").note


def test_correlation_of_one_event() -> None:
    block, dates = draw(19, 1)
    s = sample_of(block, dates)
    v = view(s, window_of(s.block, s.fit, 0, 0))
    assert math.isnan(v.rbar)
    assert math.isnan(v.rbar_overlap)


def test_a_statistic_that_is_no_number_is_refused() -> None:
    s, w = given(np.array([0.01, 0.02, 0.04]))
    v = view(s, w)
    row = finish(v, base_row(v, "bmp_t", "published", statistic=math.inf, distribution="t", df=2))
    assert _no_number(row)
    assert "zero scale" in row.note


def test_perfect_portfolio_fit_is_refused() -> None:
    block, dates = draw(9, 2)
    mirror = block.returns_est[:1] * np.array([[1.0], [-1.0]])
    got = rows(sample_of(replace(block, returns_est=mirror), dates, model="market_model"), 0, 0)
    assert "zero scale" in got["portfolio_t", "published"].note


def test_unknown_names_say_the_nearest() -> None:
    s, w = given(np.array([0.01, 0.02, 0.03]))
    with pytest.raises(InputError, match="bmp_t"):
        cross_event(s, w, [("bpm_t", "published")])
    with pytest.raises(InputError, match="has no variant 'publised'; did you mean 'published'"):
        cross_event(s, w, [("bmp_t", "publised")])
    with pytest.raises(InputError, match="did you mean 'patell_z'"):
        statistic_function("patel_z")


def test_events_without_a_scale_do_not_enter() -> None:
    s, w = given(np.array([0.01, 0.02, 0.03, 0.05]))
    w = replace(w, car_se=np.array([0.02, np.nan, 0.02, 0.02]))
    assert view(s, w).n == 3


def test_rows_stand_in_canonical_order_and_once() -> None:
    s, w = given(np.array([0.01, 0.02, 0.03, 0.05]))
    got = cross_event(s, w, [*ROWS[::-1], ROWS[0]])
    assert [(r.name, r.variant) for r in got] == ROWS


def test_p_of_nothing_is_nothing() -> None:
    assert math.isnan(p_value(math.nan, "normal", math.nan, "two-sided"))
    assert math.isnan(p_value(1.0, "t", 0.0, "two-sided"))
