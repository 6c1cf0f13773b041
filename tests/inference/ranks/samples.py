"""Samples to test on: hand-made scores, random returns from a seed, stored references."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.inference import grank, ranks, signs, wilcoxon
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import Alternative, MissingPolicy

Test = Callable[..., Statistic]

FUNCTIONS: dict[str, Test] = {
    "corrado_rank_z": ranks.corrado_rank_z,
    "corrado_zivney_rank_z": ranks.corrado_zivney_rank_z,
    "sign_z": signs.sign_z,
    "generalized_sign_z": signs.generalized_sign_z,
    "corrado_zivney_sign_z": signs.corrado_zivney_sign_z,
    "wilcoxon_signed_rank": wilcoxon.wilcoxon_signed_rank,
    "grank_t": grank.grank_t,
    "grank_z": grank.grank_z,
    "sign_gsar_t": grank.sign_gsar_t,
}
VARIANTS: dict[str, tuple[str, ...]] = {
    "corrado_rank_z": ("published", "finite_population", "estimation_scale"),
    "corrado_zivney_rank_z": ("published",),
    "sign_z": ("published", "exact"),
    "generalized_sign_z": ("published", "window_phat", "exact"),
    "corrado_zivney_sign_z": ("published",),
    "wilcoxon_signed_rank": ("published", "normal_approximation"),
    "grank_t": ("published", "cross_correlation", "block"),
    "grank_z": ("published", "cross_correlation"),
    "sign_gsar_t": ("published",),
}
KEYS = tuple((name, variant) for name, variants in VARIANTS.items() for variant in variants)


def run(
    key: tuple[str, str],
    sample: Sample,
    start: int = 0,
    end: int = 0,
    *,
    policy: MissingPolicy = "exclude",
) -> Statistic:
    """One statistic of one window."""
    window = tested_window(sample.block, sample.fit, start, end, policy=policy)
    return FUNCTIONS[key[0]](sample, window, variant=key[1])


def window_of(sample: Sample, start: int = 0, end: int = 0) -> Window:
    return tested_window(sample.block, sample.fit, start, end, policy="skip")


def scores_sample(
    residuals: Any, ar: Any, *, taus: Any = None, alternative: Alternative = "two-sided"
) -> Sample:
    """A sample whose residuals and abnormal returns are given: nothing fitted, scale 1."""
    e, a = np.array(residuals, dtype=np.float64), np.array(ar, dtype=np.float64)
    n, t = e.shape
    length = a.shape[1]
    day = np.arange(n, dtype=np.int64)[:, None] * 1000
    block = EventBlock(
        returns_est=e,
        factors_est=np.empty((n, t, 0)),
        spans_est=np.where(np.isfinite(e), 1.0, np.nan),
        days_est=day + np.arange(t),
        returns_evt=a,
        factors_evt=np.empty((n, length, 0)),
        spans_evt=np.where(np.isfinite(a), 1.0, np.nan),
        days_evt=day + t + np.arange(length),
        est_taus=np.arange(-t, 0),
        taus=np.arange(length) if taus is None else np.array(taus),
    )
    ones = np.ones(n)
    fit = ModelFit(
        names=(),
        theta=np.empty((n, 0)),
        residuals=e,
        leverage=np.where(np.isfinite(e), 0.0, np.nan),
        sigma=ones,
        df=ones * (t - 1),
        n_obs=np.isfinite(e).sum(axis=1).astype(np.int64),
        r_squared=ones * np.nan,
        expected=np.zeros_like(a),
        ar=a,
        covariance=ForecastCovariance(
            np.where(np.isfinite(a), 1.0, np.nan), np.empty((n, length, 0)), np.empty((n, 0, 0))
        ),
        failure=("",) * n,
        volatility_state=ones * np.nan,
    )
    return Sample(block, fit, day[:, 0] + t, 1, Settings(alternative=alternative))


def random_block(
    seed: int,
    *,
    n: int = 12,
    t: int = 60,
    length: int = 7,
    missing: float = 0.0,
    effect: float = 0.0,
    common: bool = False,
) -> EventBlock:
    """Market-model returns with fat-tailed shocks; event days -3 .. length - 4."""
    rng = np.random.default_rng(seed)
    shape = (n, t + length)
    market = rng.normal(0.0004, 0.01, shape[1:] if common else shape)
    market = np.broadcast_to(market, shape)
    shock = rng.standard_t(4, shape) * rng.uniform(0.005, 0.02, (n, 1))
    if common:
        shock = shock + rng.normal(0.0, 0.008, shape[1])
    returns = 0.0003 + rng.uniform(0.5, 1.5, (n, 1)) * market + shock
    returns[:, t + 3] += effect
    returns[rng.random(shape) < missing] = np.nan
    first = 15000 + (np.zeros(n, dtype=np.int64) if common else np.arange(n) * 37)
    days = first[:, None] + np.arange(t + length)
    spans = np.where(np.isfinite(returns), 1.0, np.nan)
    return EventBlock(
        returns[:, :t],
        market[:, :t, None].copy(),
        spans[:, :t],
        days[:, :t],
        returns[:, t:],
        market[:, t:, None].copy(),
        spans[:, t:],
        days[:, t:],
        np.arange(-t - 3, -3),
        np.arange(length) - 3,
    )


def sample_of(
    block: EventBlock, *, alternative: Alternative = "two-sided", model: str = "market_model"
) -> Sample:
    """Fit a block."""
    fit = fit_model(model, block, options=ModelOptions(factor_names=("M",)))
    day0 = block.days_evt[:, int(np.flatnonzero(block.taus == 0)[0])]
    return Sample(block, fit, day0, fit.theta.shape[1], Settings(alternative=alternative))


def golden_sample() -> Sample:
    """Four events, 20 estimation days and 3 event days from sines and cosines."""
    i, k = np.arange(4.0)[:, None], np.arange(1.0, 24.0)[None, :]
    m = 0.010 * np.sin(1.3 * k + 0.7 * i) + 0.004 * np.cos(0.37 * k**2 + i)
    u = 0.012 * np.sin(2.1 * k + 1.9 * i**2) + 0.006 * np.cos(0.53 * k**2 - 0.8 * i)
    r = 0.0003 * (i + 1) + (0.6 + 0.3 * i) * m + u
    r[:, 21] += 0.02 * (1 + 0.25 * np.arange(4.0))
    days = np.broadcast_to(np.arange(23), r.shape)
    ones = np.ones_like(r)
    block = EventBlock(
        r[:, :20],
        m[:, :20, None],
        ones[:, :20],
        days[:, :20],
        r[:, 20:],
        m[:, 20:, None],
        ones[:, 20:],
        days[:, 20:],
        np.arange(-21, -1),
        np.arange(-1, 2),
    )
    return sample_of(block)


def reference_sample(stored: Mapping[str, Any]) -> Sample:
    """The events of a stored reference on the bundled closes."""
    from eventstudy.prices.bundled import load_bundled

    assets = sorted({e["asset"] for e in stored["events"]})
    close = load_bundled([*assets, "SP500"]).close
    move = close.pct_change(fill_method=None)
    for asset, day in stored.get("holes", []):
        move.loc[day, asset] = math.nan
    dates = move.index.to_numpy().astype("datetime64[D]").astype(np.int64)
    zero = np.array([move.index.get_loc(e["session"]) for e in stored["events"]])
    column = np.array([move.columns.get_loc(e["asset"]) for e in stored["events"]])
    table: FloatArray = move.to_numpy()
    market = table[:, move.columns.get_loc("SP500")]
    est = np.arange(stored["estimation"][0], stored["estimation"][1] + 1)
    evt = np.arange(stored["event"][0], stored["event"][1] + 1)
    parts = []
    for taus in (est, evt):
        rows = zero[:, None] + taus
        returns = table[rows, column[:, None]]
        spans = np.where(np.isfinite(returns), 1.0, np.nan)
        parts.append((returns, market[rows][:, :, None], spans, dates[rows]))
    return sample_of(EventBlock(*parts[0], *parts[1], est, evt))
