"""Blocks made for the tests of models."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import EventBlock


def block_of(
    returns: np.ndarray,
    factors: np.ndarray,
    length: int,
    *,
    gap: int = 0,
    spans: np.ndarray | None = None,
) -> EventBlock:
    """Cut (n, total) returns and (n, total, F) factors into estimation, gap and event window."""
    n, total = returns.shape
    if spans is None:
        spans = np.where(np.isfinite(returns), 1.0, np.nan)
    days = np.tile(np.arange(total), (n, 1))
    est, between, evt = slice(0, length), slice(length, length + gap), slice(length + gap, total)
    return EventBlock(
        returns[:, est].copy(),
        factors[:, est].copy(),
        spans[:, est].copy(),
        days[:, est],
        returns[:, evt].copy(),
        factors[:, evt].copy(),
        spans[:, evt].copy(),
        days[:, evt],
        np.arange(-length - gap, -gap),
        np.arange(total - length - gap),
        returns[:, between].copy() if gap else None,
        factors[:, between].copy() if gap else None,
    )


def market_block(
    seed: int,
    n: int = 3,
    length: int = 120,
    event: int = 5,
    *,
    factors: int = 1,
    gap: int = 0,
    fat: bool = False,
) -> EventBlock:
    """Returns that follow ``factors`` columns, with normal or t3 shocks."""
    rng = np.random.default_rng(seed)
    total = length + gap + event
    f = rng.normal(0.0004, 0.01, (n, total, factors))
    e = rng.standard_t(3, (n, total)) * 0.01 if fat else rng.normal(0, 0.015, (n, total))
    r = 0.0003 + np.einsum("ntf,nf->nt", f, rng.uniform(0.5, 1.5, (n, factors))) + e
    return block_of(r, f, length, gap=gap)


def garch_returns(seed: int, total: int) -> np.ndarray:
    """One path of GARCH(1,1) returns with (A, B) = (.1, .85) and a daily scale of 1 %."""
    z = np.random.default_rng(seed).normal(size=total + 200)
    h, out = 1e-4, []
    for value in z:
        out.append(0.0003 + np.sqrt(h) * value)
        h = 5e-6 + 0.10 * h * value**2 + 0.85 * h
    return np.array(out[200:])
