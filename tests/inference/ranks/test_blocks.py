"""Block sums are studentised by the covariance of in-sample residuals, whatever the model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from eventstudy.arrays import EventBlock, FloatArray
from eventstudy.inference.grank import block_sums
from eventstudy.inference.sample import Sample
from eventstudy.inference.view import view
from eventstudy.models import ModelOptions, fit_model

from .samples import random_block, run, sample_of, window_of

CLOSE = 1e-11


def dense(x: FloatArray, y: FloatArray, spans: FloatArray, size: int, df: float) -> FloatArray:
    """Block sums over s times the root of 1'(Q - X(X'WX)^-1 X')1, by dense matrices."""
    on = np.isfinite(y)
    w = np.where(on, 1.0 / np.where(on, spans, 1.0), 0.0)
    xs, ys = np.where(on[:, None], x, 0.0), np.where(on, y, 0.0)
    inverse = np.linalg.inv(xs.T @ (xs * w[:, None])) if x.shape[1] else np.empty((0, 0))
    e = ys - xs @ (inverse @ (xs.T @ (w * ys)))
    s2 = float((w * e**2).sum()) / df
    cover = np.diag(np.where(on, spans, 0.0)) - xs @ inverse @ xs.T
    out = []
    for b in range(len(y) // size):
        c = np.zeros(len(y))
        c[b * size : (b + 1) * size] = 1.0
        variance = float(c @ cover @ c)
        out.append(float(c @ e) / math.sqrt(s2 * variance) if on @ c else math.nan)
    return np.array(out)


def spanning(block: EventBlock) -> EventBlock:
    """The same returns, some of them over two sessions after a missing day."""
    gaps = np.isnan(block.returns_est)
    spans = block.spans_est.copy()
    after = np.roll(gaps, 1, axis=1) & ~gaps
    after[:, 0] = False
    spans[after] = 2.0
    return replace(block, spans_est=spans)


@pytest.mark.parametrize("long_spans", [False, True])
def test_market_model(long_spans: bool) -> None:
    block = random_block(51, n=5, missing=0.07)
    block.returns_est[0, 10:15] = np.nan  # a whole block without returns
    block.spans_est[0, 10:15] = np.nan
    if long_spans:
        block = spanning(block)
    sample = sample_of(block)
    members = view(sample, window_of(sample)).members
    got = block_sums(members, 5)
    assert got.shape == (5, 12)
    for row, i in enumerate(members.index):
        x = np.column_stack([block.spans_est[i], block.factors_est[i, :, 0]])
        df = float(sample.fit.df[i])
        want = dense(x, block.returns_est[i], block.spans_est[i], 5, df)
        np.testing.assert_allclose(got[row], want, rtol=CLOSE)
    assert np.isnan(got).sum() >= 1


def test_other_designs() -> None:
    block = random_block(52, n=4)
    blank = replace(
        block,
        factors_est=np.empty((*block.returns_est.shape, 0)),
        factors_evt=np.empty((*block.returns_evt.shape, 0)),
    )
    ones = np.ones((60, 1))
    for name, given, options in (
        ("constant_mean", blank, ModelOptions()),
        ("capm", block, ModelOptions(factor_names=("M",), intercept=False)),
    ):
        fit = fit_model(name, given, options=options)
        sample = Sample(given, fit, given.days_evt[:, 3], fit.theta.shape[1])
        members = view(sample, window_of(sample)).members
        got = block_sums(members, 6)
        for row, i in enumerate(members.index):
            x = ones if name == "constant_mean" else block.factors_est[i]
            want = dense(x, block.returns_est[i], np.ones(60), 6, 59.0)
            np.testing.assert_allclose(got[row], want, rtol=CLOSE)


def test_nothing_fitted() -> None:
    block = random_block(53, n=4)
    sample = sample_of(block, model="market_adjusted")
    members = view(sample, window_of(sample)).members
    raw = (block.returns_est - block.factors_est[:, :, 0])[members.index]
    want = raw.reshape(4, 10, 6).sum(axis=2) / math.sqrt(6) / raw.std(axis=1, ddof=1)[:, None]
    np.testing.assert_allclose(block_sums(members, 6), want, rtol=CLOSE)


def test_models_of_the_variance_add_studentised_days() -> None:
    sample = sample_of(random_block(54, n=4))
    z = sample.fit.estimation_sar * 1.1
    own = replace(sample, fit=replace(sample.fit, standardised=z))
    members = view(own, window_of(own)).members
    sums = z[members.index].reshape(4, 12, 5).sum(axis=2)
    want = sums / math.sqrt(5 * (1 - 4 / 60))
    np.testing.assert_allclose(block_sums(members, 5), want, rtol=CLOSE)
    np.testing.assert_allclose(block_sums(members, 1), z[members.index], rtol=CLOSE)


def test_no_room_for_the_map() -> None:
    """With every estimation score at its mean, Z^2 is T' and the row says so."""
    block = random_block(55, n=3, t=60)
    sample = sample_of(block)
    flat = replace(sample, fit=replace(sample.fit, standardised=np.zeros((3, 60))))
    row = run(("sign_gsar_t", "published"), flat)
    assert math.isnan(row.statistic)
    assert row.note
