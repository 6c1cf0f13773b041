"""The streamed study says what the engine that holds its events says, test by test.

Both share the statistic functions; gathering, fitting, cutting into leaves, merging, sets of
windows and the scales of the second pass are written twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from eventstudy.inference.statistic import Statistic
from eventstudy.stream import backend as choosing
from eventstudy.stream import numpy_backend
from eventstudy.stream.backend import BackendName
from eventstudy.stream.run import STREAMED, run_stream
from tests.stream.worlds import World, held_tests, world

# Sums of the same numbers in another order: a few units of 1e-16 for each, more where a statistic
# is a small difference of large sums, which the absolute part stands for.
RELATIVE, ABSOLUTE = 1e-12, 1e-13


def holes(w: World, share: float, seed: int = 3) -> World:
    rng = np.random.default_rng(seed)
    returns = w.returns.copy()
    returns[rng.random(returns.shape) < share] = np.nan
    return replace(w, returns=returns)


def only_before(w: World) -> World:
    """Holes on estimation days that no event window touches."""
    returns = holes(w, 0.05).returns
    for a, p in zip(w.asset, w.position, strict=True):
        returns[a, p - 3 : p + 4] = w.returns[a, p - 3 : p + 4]
    return replace(w, returns=returns)


def one_each(w: World) -> World:
    """A hole in the event window of every event."""
    returns = w.returns.copy()
    days = np.random.default_rng(5).integers(-3, 4, len(w.asset))
    returns[w.asset, w.position + days] = np.nan
    return replace(w, returns=returns)


def nobody_on_the_last_day(w: World) -> World:
    returns = w.returns.copy()
    returns[w.asset, w.position + 3] = np.nan
    return replace(w, returns=returns)


def outside(w: World) -> World:
    """Event windows that reach beyond the last day, estimation windows before the first."""
    position = w.position.copy()
    position[:4] = w.returns.shape[1] - np.array([1, 2, 3, 4])
    position[4:8] = np.array([45, 50, 60, 69])
    return replace(w, position=position)


def spanned(w: World) -> World:
    """Holes, each closed by a return over the sessions since the last one."""
    out = holes(w, 0.04)
    spans = np.ones_like(out.returns)
    for row, values in zip(spans, out.returns, strict=True):
        for d in range(1, len(row)):
            if not math.isfinite(values[d - 1]):
                row[d] = row[d - 1] + 1
    spans[~np.isfinite(out.returns)] = np.nan
    return replace(out, spans=spans, missing="trade_to_trade")


def purged(w: World) -> World:
    mask = np.zeros(w.returns.shape, dtype=bool)
    for a, p in zip(w.asset, w.position, strict=True):
        mask[a, max(p - 3, 0) : p + 4] = True
    return replace(w, purged=mask)


WORLDS: dict[str, Callable[[], World]] = {
    "market model": world,
    "constant mean": lambda: world(model="constant_mean"),
    "market-adjusted": lambda: world(model="market_adjusted"),
    "two factors": lambda: world(model="factor", factors=2),
    "no intercept": lambda: world(model="capm", options={"intercept": False}),
    "half-life": lambda: world(options={"half_life": 30.0}),
    "autoregressive": lambda: world(n=24, model="ar1", factors=0),
    "few dates": lambda: world(dates=6),
    "one date": lambda: world(n=12, assets=20, dates=1),
    "distinct dates": lambda: world(n=30, distinct=True),
    "duplicates": lambda: world(n=40, assets=2, dates=5),
    "two events": lambda: world(n=2),
    "one event": lambda: world(n=1),
    "holes before": lambda: only_before(world()),
    "holes before, adjusted": lambda: only_before(world(model="market_adjusted")),
    "holes before, mean": lambda: only_before(world(model="constant_mean")),
    "holes, left out": lambda: holes(world(), 0.03),
    "holes, passed over": lambda: replace(holes(world(), 0.03), missing="skip"),
    "holes, two factors": lambda: holes(world(model="factor", factors=2), 0.03),
    "spans": lambda: spanned(world()),
    "spans, adjusted": lambda: spanned(world(model="market_adjusted")),
    "purged": lambda: purged(world(n=25, assets=20)),
    "nobody on the last day": lambda: nobody_on_the_last_day(world(n=30)),
    "beyond the data": lambda: outside(world()),
    "beyond the data, passed over": lambda: replace(outside(world()), missing="skip"),
    "everyone has a hole": lambda: one_each(world(n=20)),
}


def wrong(ours: Statistic, theirs: Statistic) -> list[str]:
    out = []
    for f in fields(Statistic):
        a, b = getattr(ours, f.name), getattr(theirs, f.name)
        if isinstance(a, float):
            same = (math.isnan(a) and math.isnan(b)) or math.isclose(
                a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE
            )
        else:
            same = a == b
        if not same:
            out.append(f"{ours.name}/{ours.variant} {f.name}: {a!r} is not {b!r}")
    return out


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@pytest.mark.parametrize("name", WORLDS)
def test_every_test_of_every_window(
    name: str, backend: BackendName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``auto`` takes the compiled kernels where they are installed and serve."""
    monkeypatch.setattr(choosing, "COMPILED_FROM", 0)
    w = WORLDS[name]()
    theirs = held_tests(w, STREAMED)
    outcome = run_stream(w.data(), backend=backend, threads=1)
    assert not [d for d in outcome.dropped if d.stage == "estimation"]
    assert [(t.start, t.end) for t in outcome.tests] == list(theirs)
    found = []
    for tests in outcome.tests:
        rows, leading = theirs[tests.start, tests.end]
        assert tests.leads == leading
        for ours, row in zip(tests.statistics, rows, strict=True):
            found += [f"[{tests.start}, {tests.end}] {x}" for x in wrong(ours, row)]
    assert not found, "\n".join(found)


def test_many_leaves_and_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves of a few events, worked on in pieces of fewer, with holes in some of them."""
    monkeypatch.setattr("eventstudy.stream.tasks.LEAF", 16)
    monkeypatch.setattr(numpy_backend, "ROWS", 7)
    w = holes(world(n=120), 0.004)
    theirs = held_tests(w, STREAMED)
    found = []
    for tests in run_stream(w.data(), backend="numpy", threads=2).tests:
        for ours, row in zip(tests.statistics, theirs[tests.start, tests.end][0], strict=True):
            found += wrong(ours, row)
    assert not found, "\n".join(found)
