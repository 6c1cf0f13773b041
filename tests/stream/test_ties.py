"""Rounded returns: equal returns have equal abnormal returns, whoever fits them.

The held engine fits by a decomposition of the design, numpy and numba by two forms of the line.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from eventstudy.inference.statistic import Statistic
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.linefit import line_fit
from eventstudy.stream.numpy_backend import fitted
from eventstudy.stream.run import STREAMED, run_stream
from tests.stream.worlds import World, held_tests, world

# Sums of the same numbers in another order. A tie that breaks moves a rank by a half and a
# statistic by 1e-4 or more.
RELATIVE, ABSOLUTE = 1e-11, 1e-12
# Ranked within an event by its returns as they are. Studentised days, and sums over windows, that
# are equal but for rounding may round apart in one backend and together in the other.
NAMES = [key for key in STREAMED if key[0] in ("corrado_rank_z", "corrado_zivney_sign_z")]
MODELS = ("constant_mean", "market_adjusted", "market_model")


def rounded(model: str) -> World:
    """Returns in steps of 0.003, which no float holds exactly; the market in finer ones.

    In equal steps some slope would be a small fraction, and residuals equal but for rounding.
    """
    w = world(n=150, model=model, seed=5)
    return replace(
        w,
        returns=np.round(w.returns / 0.003) * 0.003,
        factors=np.round(w.factors / 0.0011) * 0.0011,
    )


def holes_before(data: StreamData) -> StreamData:
    """Some estimation days of some assets purged, event days whole."""
    gone = data.returns.copy()
    gone[:, ::17] = np.nan
    return replace(data, estimation_returns=gone)


def differences(ours: Statistic, theirs: Statistic) -> list[str]:
    out = []
    for f in fields(Statistic):
        a, b = getattr(ours, f.name), getattr(theirs, f.name)
        if isinstance(a, float) and not math.isnan(a):
            if not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
                out.append(f"{ours.name}/{ours.variant} {f.name}: {a!r} is not {b!r}")
        elif not isinstance(a, float) and a != b:
            out.append(f"{ours.name}/{ours.variant} {f.name}: {a!r} is not {b!r}")
    return out


def _distinct_pairs(y: np.ndarray, x: np.ndarray, e: np.ndarray) -> tuple[int, int]:
    """Distinct (return, regressor) pairs of a row, and distinct residuals of them."""
    on = np.isfinite(e)
    pairs = np.column_stack([y[on], x[on]])
    both = np.column_stack([y[on], x[on], e[on]])
    return len(np.unique(pairs, axis=0)), len(np.unique(both, axis=0))


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_equal_returns_have_equal_residuals(model: str, gaps: bool) -> None:
    data = rounded(model).data()
    block, fit = fitted(holes_before(data) if gaps else data, 0, data.n)
    line = line_fit(block, model)
    assert line is not None
    ties = 0
    for found in (fit, line):
        for i in range(data.n):
            y = np.r_[block.returns_est[i], block.returns_evt[i]]
            x = np.zeros(len(y))
            if model != "constant_mean":
                x = np.r_[block.factors_est[i, :, 0], block.factors_evt[i, :, 0]]
            given, made = _distinct_pairs(y, x, np.r_[found.residuals[i], found.ar[i]])
            assert made == given
            ties += len(y) - given
    assert ties > data.n, "too few ties: the test says nothing"


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_backends_agree_on_ties(model: str, gaps: bool) -> None:
    pytest.importorskip("numba")
    data = rounded(model).data()
    data = holes_before(data) if gaps else data
    ours, theirs = (run_stream(data, NAMES, backend=b) for b in ("numba", "numpy"))
    found: list[str] = []
    for one, two in zip(ours.tests, theirs.tests, strict=True):
        for a, b in zip(one.statistics, two.statistics, strict=True):
            found += differences(a, b)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("model", ["constant_mean", "market_adjusted"])
def test_the_held_engine_agrees_on_ties(model: str) -> None:
    w = rounded(model)
    held = held_tests(w, NAMES)
    found: list[str] = []
    for tests in run_stream(w.data(), NAMES, backend="numpy").tests:
        for a, b in zip(tests.statistics, held[tests.start, tests.end][0], strict=True):
            found += differences(a, b)
    assert not found, "\n".join(found)
