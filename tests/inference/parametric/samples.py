"""Small samples for the tests of the statistics: drawn, permuted, rescaled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock, FloatArray, IntArray
from eventstudy.inference.registry import MODULES, cross_event
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import CROSS_EVENT, MissingPolicy

MINE = {
    "parametric",
    "portfolio",
    "patell",
    "bmp",
    "weighted",
    "bootstrap",
    "clusters",
    "gls",
    "calendar_time",
    "longhorizon",
}
ROWS = [(s.name, s.variant) for s in CROSS_EVENT if MODULES[s.name] in MINE]
RESAMPLED = {s.name for s in CROSS_EVENT if s.distribution == "resampled"}


def sample_of(
    block: EventBlock, cluster: IntArray, *, model: str = "market_model", **settings: object
) -> Sample:
    """Fit and gather."""
    names = tuple(f"F{j}" for j in range(block.factors_est.shape[2]))
    fit = fit_model(model, block, options=ModelOptions(factor_names=names))
    assert not any(fit.failure)
    return Sample(block, fit, cluster, fit.theta.shape[1], Settings(**settings))  # type: ignore[arg-type]


def draw(
    seed: int | np.random.Generator,
    n: int,
    *,
    sessions: int = 60,
    length: int = 7,
    starts: IntArray | None = None,
    rho: float = 0.0,
    missing: float = 0.0,
    effect: float = 0.0,
    factors: int = 1,
    jump: float = 1.0,
) -> tuple[EventBlock, IntArray]:
    """Return a block and its clusters: one calendar, common shocks, event i from ``starts[i]`` on.

    Day 0 is the middle of the event window; ``jump`` multiplies the event window's variance.
    """
    rng = np.random.default_rng(seed)
    starts = np.zeros(n, dtype=np.int64) if starts is None else starts
    total = sessions + length
    days = starts[:, None] + np.arange(total)
    calendar = int(days.max()) + 1
    f = rng.normal(0.0004, 0.01, (calendar, factors))[days]
    common = rng.standard_normal(calendar)[days]
    own = rng.standard_normal((n, total))
    sigma = rng.uniform(0.01, 0.03, n)[:, None]
    u = sigma * (np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own)
    u[:, sessions:] *= np.sqrt(jump)
    r = u + (f * rng.uniform(0.5, 1.5, (n, 1, factors))).sum(axis=2)
    r[:, sessions + length // 2] += effect
    r = np.where(rng.random(r.shape) < missing, np.nan, r)
    span = np.where(np.isfinite(r), 1.0, np.nan)
    est, evt = slice(None, sessions), slice(sessions, None)
    block = EventBlock(
        r[:, est], f[:, est], span[:, est], days[:, est],
        r[:, evt], f[:, evt], span[:, evt], days[:, evt],
        np.arange(-sessions, 0) - length // 2, np.arange(length) - length // 2,
    )  # fmt: skip
    return block, days[:, sessions + length // 2]


def given(
    car: FloatArray, *, cluster: IntArray | None = None, car_se: float = 0.02
) -> tuple[Sample, Window]:
    """A sample and a one-day window whose CARs are exactly ``car``."""
    n = len(car)
    block, dates = draw(1, n, length=1, starts=np.arange(n) * 100)
    s = sample_of(block, dates if cluster is None else cluster)
    se = np.full(n, car_se)
    w = tested_window(s.block, s.fit, 0, 0)
    return s, replace(w, car=car, car_se=se, scar=car / se, bhar=car)


def rows(
    s: Sample, start: int, end: int, *, policy: MissingPolicy = "skip"
) -> dict[tuple[str, str], Statistic]:
    """All statistics of this part, by key."""
    w = tested_window(s.block, s.fit, start, end, policy=policy)
    return {(r.name, r.variant): r for r in cross_event(s, w, ROWS)}


def one(s: Sample, w: Window, name: str, variant: str = "published") -> Statistic:
    """One statistic."""
    return cross_event(s, w, [(name, variant)])[0]
