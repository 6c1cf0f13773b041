"""Exact t and path F against dummies in one regression, and against what they must be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.arrays import EventBlock
from eventstudy.inference.sample import Sample
from eventstudy.inference.single import minimum_detectable_effect, single_event

from .cases import fitted, make_block, make_sample, sided, window_of

# One regression with a dummy a day against forecast errors: two routes in double precision.
ROUTES = 1e-9
GOLDEN = 1e-10
T_AND_F = [("exact_t", "published"), ("path_f", "published")]


def dummy_regression(sample: Sample, row: int) -> tuple[sm.regression.linear_model.OLS, int]:
    """Both windows in one regression with one dummy for each event day that has a return."""
    block = sample.block
    y = np.concatenate([block.returns_est[row], block.returns_evt[row]])
    x = np.concatenate([block.factors_est[row], block.factors_evt[row]])
    dummies = np.concatenate(
        [
            np.zeros((block.returns_est.shape[1], block.returns_evt.shape[1])),
            np.eye(block.returns_evt.shape[1]),
        ]
    )
    seen = np.isfinite(y)
    keep = np.isfinite(block.returns_evt[row])
    design = np.column_stack([np.ones(y.size), x, dummies[:, keep]])
    return sm.OLS(y[seen], design[seen]).fit(), int(keep.sum())


@pytest.mark.parametrize("model", ["constant_mean", "market_model"])
@pytest.mark.parametrize("holes", [0.0, 0.1])
def test_equals_event_day_dummies(model: str, holes: float) -> None:
    sample = make_sample(model, seed=5, n=4, length=60, holes=holes)
    window = window_of(sample, 0, 10)
    table = single_event(sample, window, names=T_AND_F)
    path = table.row("path_f", "published")
    for i in range(4):
        outside, days = dummy_regression(sample, i)
        first = outside.params.size - days
        sums = np.zeros(outside.params.size)
        sums[first:] = 1.0
        t = outside.t_test(sums)
        assert table.statistic[i] == pytest.approx(t.tvalue.item(), rel=ROUTES)
        assert table.pvalue[i] == pytest.approx(t.pvalue.item(), rel=ROUTES)
        assert table.df[i] == outside.df_resid
        low, high = t.conf_int()[0]
        assert (table.ci_low[i], table.ci_high[i]) == pytest.approx((low, high), rel=ROUTES)
        f = outside.f_test(np.eye(outside.params.size)[first:])
        assert path.statistic[i] == pytest.approx(float(f.fvalue), rel=ROUTES)
        assert path.pvalue[i] == pytest.approx(float(f.pvalue), rel=ROUTES)
        assert (path.df_numerator[i], path.df[i]) == (f.df_num, f.df_denom)


def golden_sample() -> Sample:
    k = np.arange(1, 24)
    returns, market = [], []
    for i in range(4):
        m = 0.010 * np.sin(1.3 * k + 0.7 * i) + 0.004 * np.cos(0.37 * k**2 + i)
        u = 0.012 * np.sin(2.1 * k + 1.9 * i**2) + 0.006 * np.cos(0.53 * k**2 - 0.8 * i)
        r = 0.0003 * (i + 1) + (0.6 + 0.3 * i) * m + u
        r[21] += 0.02 * (1 + 0.25 * i)
        returns.append(r)
        market.append(m)
    r, m = np.array(returns), np.array(market)[:, :, None]
    one, day = np.ones_like(r), np.tile(k, (4, 1))
    return fitted(
        "market_model",
        EventBlock(
            r[:, :20],
            m[:, :20],
            one[:, :20],
            day[:, :20],
            r[:, 20:],
            m[:, 20:],
            one[:, 20:],
            day[:, 20:],
            np.arange(-21, -1),
            np.arange(-1, 2),
        ),
    )


def test_golden_vector(shared_reference: Path) -> None:
    golden = json.loads((shared_reference / "golden.json").read_text())
    sample = golden_sample()
    table = single_event(sample, window_of(sample, -1, 1), names=T_AND_F)
    assert table.pvalue[0] == pytest.approx(golden["car_pvalue_of_event_0"], rel=GOLDEN)
    v = np.array(golden["v_over_sigma2_of_event_0"]) * golden["sigma"][0] ** 2
    ar = np.array(golden["ar"][0])
    expected = ar @ np.linalg.inv(v) @ ar / 3.0
    assert table.row("path_f", "published").statistic[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["exact_t", "path_f"])
@pytest.mark.parametrize("span", [(0, 1), (0, 10), (3, 7)])
def test_uniform_under_normal_errors(name: str, span: tuple[int, int]) -> None:
    sample = make_sample(seed=20, n=4000, length=40)
    p = single_event(sample, window_of(sample, *span), names=T_AND_F).row(name, "published").pvalue
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert ((p >= 0) & (p <= 1)).all()


def test_one_sided_p_uses_the_sign() -> None:
    sample = make_sample(seed=2, n=50)
    window = window_of(sample, 0, 2)
    up, down, both = (
        single_event(sided(sample, a), window, names=T_AND_F).pvalue
        for a in ("greater", "less", "two-sided")
    )
    assert up + down == pytest.approx(np.ones(50))
    assert np.minimum(up, down) * 2 == pytest.approx(both)
    positive = window.car > 0
    assert (up[positive] < 0.5).all()
    assert (up[~positive] > 0.5).all()


def test_path_f_says_that_it_has_no_direction() -> None:
    sample = make_sample(n=2)
    window = window_of(sample, 0, 2)
    plain = single_event(sample, window, names=T_AND_F).row("path_f", "published")
    row = single_event(sided(sample, "less"), window, names=T_AND_F).row("path_f", "published")
    assert set(row.notes) == {"F has no direction"}
    assert set(plain.notes) == {""}
    np.testing.assert_array_equal(row.pvalue, plain.pvalue)


def test_far_tail_is_not_rounded_to_zero() -> None:
    block = make_block(np.random.default_rng(3), 2)
    block.returns_evt[:, 0] = 0.9
    sample = fitted("market_model", block)
    p = single_event(sample, window_of(sample), names=T_AND_F).pvalue
    assert ((p > 0) & (p < 1e-20)).all()


def test_path_f_of_one_day_says_where_to_look() -> None:
    sample = make_sample(n=3)
    row = single_event(sample, window_of(sample), names=T_AND_F).row("path_f", "published")
    assert np.isnan(row.pvalue).all()
    assert set(row.notes) == {"one day: see exact_t"}


def test_event_outside_the_window_has_no_number() -> None:
    block = make_block(np.random.default_rng(4), 3)
    block.returns_evt[1, :2] = np.nan
    block.spans_evt[1, :2] = np.nan
    sample = fitted("market_model", block)
    table = single_event(sample, window_of(sample, 0, 1), names=None)
    for row in table.rows:
        assert np.isnan(row.pvalue[1])
        assert np.isnan(row.statistic[1])
        assert "does not enter" in row.notes[1]
        assert np.isfinite(row.pvalue[[0, 2]]).all()
    assert np.isnan([table.mde[1], table.ci_low[1], table.placebo_low[1]]).all()


def test_nearly_collinear_day_variances_keep_path_f_finite() -> None:
    sample = make_sample(n=2, length=12, event=11)
    table = single_event(sample, window_of(sample, 0, 10), names=T_AND_F)
    assert np.isfinite(table.row("path_f", "published").statistic).all()


@pytest.mark.parametrize("df", [1.0, 3.0, 18.0, 118.0, 1e4])
def test_detectable_effect_has_eighty_percent_power(df: float) -> None:
    shift = minimum_detectable_effect(np.array([1.0]), np.array([df]))[0]
    critical = stats.t.isf(0.025, df)
    power = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
    assert power == pytest.approx(0.8, abs=1e-8)


def test_detectable_effect_is_nan_without_scale() -> None:
    out = minimum_detectable_effect(np.array([np.nan, 0.01]), np.array([100.0, np.nan]))
    assert np.isnan(out).all()


def test_unknown_name_is_refused() -> None:
    sample = make_sample(n=2)
    with pytest.raises(ValueError, match="exact_z"):
        single_event(sample, window_of(sample), names=[("exact_z", "published")])
    with pytest.raises(KeyError):
        single_event(sample, window_of(sample), names=T_AND_F).row("andrews_s", "published")


def test_rows_stand_in_canonical_order() -> None:
    sample = make_sample(n=2)
    names = [("andrews_s", "published"), ("placebo_sq", "filtered"), ("exact_t", "published")]
    rows = single_event(sample, window_of(sample), names=names).rows
    assert [(r.name, r.variant) for r in rows] == [names[2], names[1], names[0]]


@pytest.mark.parametrize("model", ["market_model", "market_adjusted", "ewma", "ar1"])
def test_order_and_blocks_change_nothing(model: str) -> None:
    names = [
        *T_AND_F,
        *[("placebo_sq", v) for v in ("published", "studentised", "filtered")],
        ("andrews_s", "published"),
        ("bootstrap_prediction", "published"),
    ]
    sample = make_sample(model, seed=9, n=5, holes=0.0 if model == "ar1" else 0.03)
    window = window_of(sample, 0, 2)
    whole = single_event(sample, window, names=names)
    for pick in (np.array([3]), np.array([4, 2, 0])):
        part = Sample(sample.block.take(pick), sample.fit.take(pick), sample.cluster[pick], 2)
        again = single_event(part, window_of(part, 0, 2), names=names)
        for one, other in zip(whole.rows, again.rows, strict=True):
            np.testing.assert_allclose(other.pvalue, one.pvalue[pick], rtol=1e-12)
            assert other.notes == tuple(one.notes[i] for i in pick)


def test_scale_of_returns_changes_no_p() -> None:
    block = make_block(np.random.default_rng(6), 4)
    hundred = EventBlock(
        *(
            100.0 * getattr(block, name) if "returns" in name or "factors" in name else value
            for name, value in vars(block).items()
            if not name.endswith("_gap")
            for value in [getattr(block, name)]
        )
    )
    a, b = fitted("market_model", block), fitted("market_model", hundred)
    for one, other in zip(
        single_event(a, window_of(a, 0, 4), names=None).rows,
        single_event(b, window_of(b, 0, 4), names=None).rows,
        strict=True,
    ):
        np.testing.assert_allclose(one.pvalue, other.pvalue, rtol=1e-9)


def test_no_scale_and_no_freedom_have_no_number() -> None:
    sample = make_sample(n=3)
    window = replace(window_of(sample), car_se=np.array([0.0, 0.01, 0.01]))
    df = sample.fit.df.copy()
    df[1] = 0.0
    table = single_event(replace(sample, fit=replace(sample.fit, df=df)), window, names=T_AND_F)
    assert np.isnan(table.pvalue).tolist() == [True, True, False]
    assert np.isnan(table.mde).tolist() == [True, True, False]
    assert table.rows[0].notes[:2] == ("refused: the forecast error has no scale",) * 2
    df[1] = 1.0
    one = single_event(replace(sample, fit=replace(sample.fit, df=df)), window, names=T_AND_F)
    assert np.isfinite(one.pvalue[1])
