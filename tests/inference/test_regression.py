"""Regression of CARs: statsmodels as the oracle, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.inference.regression import CR1, HC3, car_regression

# Both solve the same small least-squares problem; the rest is rounding of two orders of summation.
RTOL = 1e-10


def _data(n: int, dates: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2)) * [1.0, 50.0] + [0.0, 1000.0]
    cluster = np.sort(rng.integers(0, dates, n)) if dates < n else np.arange(n)
    shock = rng.normal(size=dates)[cluster] if dates < n else 0.0
    y = 0.01 + 0.02 * z[:, 0] + 0.03 * (1 + np.abs(z[:, 0])) * rng.normal(size=n) + 0.02 * shock
    return y, z, cluster


def _same(fit, oracle) -> None:
    np.testing.assert_allclose(fit.coefficient, oracle.params, rtol=RTOL)
    np.testing.assert_allclose(fit.se, oracle.bse, rtol=RTOL)
    np.testing.assert_allclose(fit.statistic, oracle.tvalues, rtol=RTOL)
    np.testing.assert_allclose(fit.pvalue, oracle.pvalues, rtol=1e-8)
    low, high = oracle.conf_int().T
    np.testing.assert_allclose(fit.ci_low, low, rtol=1e-8)
    np.testing.assert_allclose(fit.ci_high, high, rtol=1e-8)
    np.testing.assert_allclose(fit.r_squared, oracle.rsquared, rtol=RTOL)


@pytest.mark.parametrize("n", [15, 60])
def test_hc3(n: int) -> None:
    import statsmodels.api as sm

    y, z, cluster = _data(n, n)
    fit = car_regression(y, z, names=("surprise", "size"), cluster=cluster)
    _same(fit, sm.OLS(y, sm.add_constant(z)).fit(cov_type="HC3", use_t=True))
    assert (fit.covariance, fit.df, fit.n_clusters, fit.note) == (HC3, n - 3, n, "")


def test_clustered_by_date() -> None:
    import statsmodels.api as sm

    y, z, cluster = _data(120, 40)
    fit = car_regression(y, z, names=("surprise", "size"), cluster=cluster)
    oracle = sm.OLS(y, sm.add_constant(z)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True
    )
    _same(fit, oracle)
    groups = len(np.unique(cluster))
    assert (fit.covariance, fit.df, fit.n_clusters) == (CR1, groups - 1, groups)


def test_the_mean_alone_agrees_with_the_cluster_test() -> None:
    from eventstudy.inference.clusters import cluster_scale

    y, _, cluster = _data(60, 12)
    _, of = np.unique(cluster, return_inverse=True)
    fit = car_regression(y, np.empty((60, 0)), names=(), cluster=cluster)
    np.testing.assert_allclose(fit.se[0], cluster_scale(y, of, of.max() + 1), rtol=RTOL)
    np.testing.assert_allclose(fit.coefficient[0], y.mean(), rtol=RTOL)


def test_events_without_a_value_do_not_enter() -> None:
    y, z, cluster = _data(40, 40)
    full = car_regression(y[5:], z[5:], names=("a", "b"), cluster=cluster[5:])
    z[:4, 0], y[4] = np.nan, np.nan
    fit = car_regression(y, z, names=("a", "b"), cluster=cluster)
    assert fit.n_events == 35
    np.testing.assert_array_equal(fit.coefficient, full.coefficient)


def test_one_sided() -> None:
    y, z, cluster = _data(60, 60)
    both, more, less = (
        car_regression(y, z, names=("a", "b"), cluster=cluster, alternative=side).pvalue
        for side in ("two-sided", "greater", "less")
    )
    np.testing.assert_allclose(more + less, 1.0)
    np.testing.assert_allclose(2 * np.minimum(more, less), both)


def _refused(y, z, cluster) -> str:
    fit = car_regression(y, z, names=("a", "b"), cluster=cluster)
    for values in (fit.coefficient, fit.se, fit.statistic, fit.pvalue, fit.ci_low, fit.ci_high):
        assert np.isnan(values).all()
    assert np.isnan(fit.r_squared)
    return fit.note


def test_what_is_refused() -> None:
    y, z, cluster = _data(40, 40)
    assert _refused(y[:14], z[:14], cluster[:14]) == (
        "14 events for 3 coefficients: at least 15 are needed"
    )
    assert "b does not vary" in _refused(y, np.column_stack([z[:, 0], np.full(40, 2.0)]), cluster)
    assert "b does not vary, or is a combination" in _refused(
        y, np.column_stack([z[:, 0], 3 * z[:, 0] - 1]), cluster
    )
    lone = np.column_stack([z[:, 0], np.eye(40)[0]])
    assert _refused(y, lone, cluster) == "one event alone decides a coefficient: HC3 is undefined"
    assert "all events share one date" in _refused(y, z, np.zeros(40, dtype=np.int64))
    assert "3 dates for 3 coefficients" in _refused(y, z, np.arange(40) % 3)


def test_few_dates_are_called_so() -> None:
    y, z, _ = _data(40, 40)
    few = car_regression(y, z[:, :1], names=("a",), cluster=np.arange(40) % 4)
    assert few.note == "descriptive: 4 dates"
    some = car_regression(y, z[:, :1], names=("a",), cluster=np.arange(40) % 20)
    assert some.note == "20 dates: the reference t(19) is approximate"
