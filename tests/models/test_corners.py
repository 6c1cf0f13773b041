"""Corners of the models: a gap without benchmark, resamples of which one has no scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.models import ModelOptions, fit_model
from eventstudy.models.filtering import gap_errors, gap_residuals
from eventstudy.models.robust import _huber

from .cases import market_block


def test_a_gap_without_its_benchmark_is_no_gap() -> None:
    block = replace(market_block(3, gap=4), factors_gap=None)
    fit = fit_model("market_model", block, options=ModelOptions(factor_names=("M",)))
    assert gap_residuals(block, fit).shape == (3, 0)
    # The constant mean needs none.
    bare = replace(market_block(3, gap=4, factors=0), factors_gap=None)
    mean = fit_model("constant_mean", bare)
    assert bare.returns_gap is not None
    want = bare.returns_gap - mean.theta
    np.testing.assert_allclose(gap_errors(bare, mean.names, theta=mean.theta), want, rtol=1e-12)


def test_a_resample_without_a_scale_stays_alone() -> None:
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    good = x @ [0.1, 0.7] + rng.normal(size=40)
    flat = np.zeros(40)
    found = _huber(x, np.stack([flat, good]))
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], _huber(x, good[None])[0])
