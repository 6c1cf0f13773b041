"""Adjusted p-values against statsmodels and against the definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from eventstudy.inference.multiplicity import (
    METHODS,
    adjust,
    benjamini_hochberg,
    benjamini_yekutieli,
    holm,
    romano_wolf,
)

OUTSIDE = {
    "holm": (holm, "holm"),
    "benjamini_hochberg": (benjamini_hochberg, "fdr_bh"),
    "benjamini_yekutieli": (benjamini_yekutieli, "fdr_by"),
}
ROUNDING = 1e-14  # the same few products in another order


@pytest.mark.parametrize("name", OUTSIDE)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(p=st.lists(st.floats(0.0, 1.0) | st.just(float("nan")), min_size=1, max_size=25))
def test_agrees_with_statsmodels(name: str, p: list[float]) -> None:
    function, method = OUTSIDE[name]
    raw = np.array(p)
    got = function(raw)
    known = np.isfinite(raw)
    assert np.isnan(got[~known]).all()
    if known.any():
        want = multipletests(raw[known], method=method)[1]
        np.testing.assert_allclose(got[known], want, rtol=ROUNDING, atol=0.0)
        assert (got[known] >= raw[known] * (1 - ROUNDING)).all()
    np.testing.assert_array_equal(adjust(raw, name), got)


def test_missing_tests_are_not_counted() -> None:
    assert holm(np.array([0.02, np.nan, np.nan])).tolist()[0] == 0.02
    assert np.isnan(holm(np.array([np.nan]))).all()
    assert len(holm(np.array([]))) == 0


def test_order_of_the_family_is_nothing() -> None:
    p = np.random.default_rng(1).uniform(size=12)
    turn = np.random.default_rng(2).permutation(12)
    for method in METHODS:
        np.testing.assert_array_equal(adjust(p, method)[turn], adjust(p[turn], method))


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        holm(np.ones((2, 2)))
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            holm(np.array([wrong]))
    with pytest.raises(ValueError, match="bonferroni"):
        adjust(np.array([0.1]), "bonferroni")
    with pytest.raises(ValueError, match="one column a statistic"):
        romano_wolf(np.array([1.0, 2.0]), np.ones((5, 3)))
    p = np.array([0.1, np.nan])
    assert adjust(p, "none") is not p
    np.testing.assert_array_equal(adjust(p, "none"), p)


def _romano_wolf_in_words(t: np.ndarray, draws: np.ndarray) -> np.ndarray:
    left = [i for i in range(len(t)) if np.isfinite(t[i])]
    out, before = np.full(len(t), np.nan), 0.0
    while left:
        top = max(left, key=lambda i: (abs(t[i]), -i))
        beyond = sum(max(abs(d[i]) for i in left) >= abs(t[top]) for d in draws)
        before = max(before, (1 + beyond) / (len(draws) + 1))
        out[top] = before
        left.remove(top)
    return out


def test_romano_wolf_is_its_definition() -> None:
    rng = np.random.default_rng(3)
    for m in (1, 2, 7):
        t = rng.normal(0.0, 2.0, m)
        draws = rng.standard_t(5, (199, m)) + rng.standard_normal((199, 1))
        if m == 7:
            t[2] = np.nan
        np.testing.assert_allclose(romano_wolf(t, draws), _romano_wolf_in_words(t, draws))
    assert np.isnan(romano_wolf(np.array([np.nan]), np.ones((9, 1)))).all()


def test_romano_wolf_uses_the_dependence() -> None:
    rng = np.random.default_rng(4)
    t = np.array([2.3, 2.2, 2.1, 2.0, 1.9])
    same = np.repeat(rng.standard_normal((4999, 1)), 5, axis=1)
    apart = rng.standard_normal((4999, 5))
    together, free = romano_wolf(t, same), romano_wolf(t, apart)
    # Perfectly dependent tests are one test; independent ones cost about five times as much.
    assert together[0] == pytest.approx(0.0214, abs=0.007)
    assert free[0] == pytest.approx(1 - (1 - 0.0214) ** 5, abs=0.02)


def test_romano_wolf_without_a_draw_is_extreme() -> None:
    draws = np.array([[np.nan, np.nan], [0.1, np.nan], [0.2, 0.1]])
    np.testing.assert_allclose(romano_wolf(np.array([1.0, 0.15]), draws), [0.5, 0.5])
