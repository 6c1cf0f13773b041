"""The loops against programs of others and against identities, where no reference is stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from .cases import Case, random_cases
from .loops import Fit, _number, fit
from .loops_means import clustered, jackknife, precision_weighted, rbar_published
from .loops_ranks import wilcoxon
from .loops_series import gls, portfolio
from .loops_windows import Cell, cell, exact_t, path_f

# Two ways through double precision on samples of 60 days.
RELATIVE = 1e-10
SEED = 7


@pytest.fixture(scope="module")
def samples() -> dict[str, tuple[Case, list[Fit]]]:
    """One sample of each kind with its fits."""
    return {
        case.label.rsplit("-", 1)[0]: (case, [fit(e, case.model) for e in case.events])
        for case in random_cases(SEED)
    }


def cells_of(case: Case, fits: Sequence[Fit], start: int, end: int) -> list[Cell]:
    """Events that enter the window."""
    return [c for f in fits if (c := cell(f, start, end, case.policy)) is not None]


@pytest.mark.parametrize("kind", ["one-date", "factors-spans", "market-spans-late"])
def test_fit_is_weighted_least_squares(
    samples: dict[str, tuple[Case, list[Fit]]], kind: str
) -> None:
    _, fits = samples[kind]
    for f in fits:
        used = [t for t, row in enumerate(f.est_rows) if row is not None]
        x = np.array([f.est_rows[t] for t in used])
        y = np.array([f.event.est.returns[t] for t in used], dtype=float)
        q = np.array([f.event.est.spans[t] for t in used], dtype=float)
        other = sm.WLS(y, x, weights=1.0 / q).fit()
        assert f.theta == pytest.approx(list(other.params), rel=RELATIVE)
        assert f.s == pytest.approx(math.sqrt(other.scale), rel=RELATIVE)
        assert f.df == other.df_resid
        there = [t for t, row in enumerate(f.evt_rows) if row is not None]
        star = np.array([f.evt_rows[t] for t in there])
        spans = np.array([f.event.evt.spans[t] for t in there], dtype=float)
        want = np.diag(other.scale * spans) + star @ other.cov_params() @ star.T
        got = np.array([[f.covariance(t, u) for u in there] for t in there])
        assert got == pytest.approx(want, rel=1e-9, abs=1e-16)


def test_one_event_is_a_regression_with_dummies(
    samples: dict[str, tuple[Case, list[Fit]]],
) -> None:
    case, fits = samples["one-date"]
    f = fits[0]
    one = cell(f, -1, 1, case.policy)
    assert one is not None
    est, evt = f.event.est, f.event.evt
    days = [t for t, tau in enumerate(evt.taus) if -1 <= tau <= 1]
    y = [*est.returns, *(evt.returns[t] for t in days)]
    x = [[1.0, _number(v[0]), 0.0, 0.0, 0.0] for v in est.factors]
    x += [
        [1.0, _number(evt.factors[t][0]), *(float(i == j) for j in range(3))]
        for i, t in enumerate(days)
    ]
    dummies = sm.OLS(np.array(y, dtype=float), np.array(x)).fit()
    joint = dummies.f_test(np.eye(5)[2:])
    assert path_f(one).statistic == pytest.approx(float(joint.fvalue), rel=1e-9)
    assert path_f(one).pvalue == pytest.approx(float(joint.pvalue), rel=1e-9)
    total = dummies.t_test(np.array([[0.0, 0.0, 1.0, 1.0, 1.0]]))
    assert exact_t(one, "two-sided").statistic == pytest.approx(total.tvalue.item(), rel=1e-9)
    assert exact_t(one, "two-sided").pvalue == pytest.approx(float(total.pvalue), rel=1e-9)


@pytest.mark.parametrize("kind", ["one-date", "staggered-skip", "clusters-late"])
def test_precision_weights_are_hartung_knapp(
    samples: dict[str, tuple[Case, list[Fit]]], kind: str
) -> None:
    case, fits = samples[kind]
    cells = cells_of(case, fits, -4, 5)
    # a common shift of the small and the large makes tau^2 positive
    for scale in (1.0, 3.0):
        spread = [
            Cell(c.fit, c.start, c.end, c.days, scale * c.car, c.variance, c.spanned, c.bhar)
            for c in cells
        ]
        other = combine_effects(
            np.array([c.car for c in spread]),
            np.array([c.variance for c in spread]),
            method_re="chi2",
        )
        got = precision_weighted(spread, "two-sided")
        if other.tau2 <= 0.0:
            continue
        assert got.estimate == pytest.approx(other.mean_effect_re, rel=RELATIVE)
        assert got.se == pytest.approx(math.sqrt(other.var_hksj_re), rel=RELATIVE)


@pytest.mark.parametrize("kind", ["clusters-late", "overlap-exclude"])
def test_clusters_are_cr1(samples: dict[str, tuple[Case, list[Fit]]], kind: str) -> None:
    case, fits = samples[kind]
    cells = cells_of(case, fits, 0, 1)
    x = [c.scar for c in cells]
    dates = sorted({c.fit.event.day0 for c in cells})
    groups = np.array([dates.index(c.fit.event.day0) for c in cells])
    other = sm.OLS(np.array(x), np.ones(len(x))).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    assert clustered(x, cells, "two-sided").se == pytest.approx(float(other.bse[0]), rel=RELATIVE)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("kind", ["one-date", "ties", "overlap-exclude"])
def test_wilcoxon(
    samples: dict[str, tuple[Case, list[Fit]]],
    kind: str,
    alternative: Literal["two-sided", "less", "greater"],
) -> None:
    case, fits = samples[kind]
    cells = cells_of(case, fits, 0, 0)
    x = [c.car for c in cells if c.car != 0.0]
    rows = wilcoxon(cells, alternative)
    exact = len({abs(v) for v in x}) == len(x)
    assert rows["wilcoxon_signed_rank", "published"].distribution == (
        "exact" if exact else "normal"
    )
    want = stats.wilcoxon(x, alternative=alternative, method="approx", correction=False)
    got = rows["wilcoxon_signed_rank", "normal_approximation"].pvalue
    assert got == pytest.approx(want.pvalue, rel=RELATIVE)
    if exact:
        want = stats.wilcoxon(x, alternative=alternative, method="exact", correction=False)
        got = rows["wilcoxon_signed_rank", "published"].pvalue
        assert got == pytest.approx(want.pvalue, rel=RELATIVE)


def test_rbar_is_the_pearson_mean_where_windows_coincide(
    samples: dict[str, tuple[Case, list[Fit]]],
) -> None:
    case, fits = samples["one-date"]
    cells = cells_of(case, fits, 0, 0)
    matrix = np.corrcoef(np.array([c.fit.est_centred for c in cells], dtype=float))
    n = len(cells)
    want = (matrix.sum() - n) / (n * (n - 1))
    assert rbar_published(cells) == pytest.approx(want, rel=RELATIVE)


def test_gls_of_one_event_is_its_exact_t(samples: dict[str, tuple[Case, list[Fit]]]) -> None:
    case, fits = samples["one-date"]
    one = cells_of(case, fits[:1], -1, 1)
    got, want = gls(one, case.model, "less"), exact_t(one[0], "less")
    assert got.statistic == pytest.approx(want.statistic, rel=RELATIVE)
    assert got.df == want.df
    assert got.pvalue == pytest.approx(want.pvalue, rel=RELATIVE)


def test_portfolio_of_copies_is_the_event(samples: dict[str, tuple[Case, list[Fit]]]) -> None:
    case, fits = samples["market-spans-late"]
    one = cells_of(case, fits[:1], -1, 1)
    got = portfolio([*one, *one, *one], case.model, "greater")
    want = exact_t(one[0], "greater")
    assert got.statistic == pytest.approx(want.statistic, rel=RELATIVE)
    assert got.pvalue == pytest.approx(want.pvalue, rel=RELATIVE)


def test_jackknife_without_trimming_is_the_plain_t(
    samples: dict[str, tuple[Case, list[Fit]]],
) -> None:
    case, fits = samples["one-date"]
    cells = cells_of(case, fits, 0, 0)[:9]
    x = [c.car for c in cells]
    want = stats.ttest_1samp(x, 0.0)
    got = jackknife(x, cells, "two-sided")
    assert got.statistic == pytest.approx(want.statistic, rel=RELATIVE)
    assert got.pvalue == pytest.approx(want.pvalue, rel=RELATIVE)
