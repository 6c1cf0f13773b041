"""The compiled first pass against loops over single numbers, and against the numpy backend."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from eventstudy.reduce.groups import Group, Moments, merge
from eventstudy.reduce.leaf import Leaf
from eventstudy.stream.backend import FIRST, FirstLeaf
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.numba_backend import NumbaBackend
from eventstudy.stream.numpy_backend import NumpyBackend
from tests.reduce import first_loops as loops
from tests.reduce import slow

from .kernel_cases import close, draw, leaf_of

# A few hundred additions in another order, of residuals by another algorithm.
CLOSE = 1e-12

CASES: dict[str, Callable[[], StreamData]] = {
    "mean": lambda: draw("constant_mean", 60),
    "market": lambda: draw("market_model", 64),
    "adjusted": lambda: draw("market_adjusted", 61),
    "market, holes": lambda: draw("market_model", 60, holes=0.1),
    "mean, holes": lambda: draw("constant_mean", 61, holes=0.1),
    "adjusted, holes": lambda: draw("market_adjusted", 60, holes=0.1, market_holes=True),
    "market misses a day": lambda: draw("market_model", 60, market_holes=True),
    "data begin late": lambda: draw("market_model", 60, early=True),
    "more days than a byte holds": lambda: draw("market_model", 270, n=9, holes=0.01),
    "one event": lambda: draw("market_model", 60, n=1),
    "windows longer than runs": lambda: draw("market_model", 6, n=5, report=((-3, 3), (-2, 2))),
    "steps": lambda: draw("market_adjusted", 60, steps=True, n=60),
    "steps, holes": lambda: draw("market_adjusted", 61, steps=True, n=60, holes=0.1),
}
ALL = frozenset(FIRST)


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[StreamData, FirstLeaf, Leaf]:
    data = CASES[request.param]()
    return data, NumbaBackend().first(data, 0, data.n, ALL), leaf_of(data)


def same_moments(got: Moments, want: list[dict[str, float]]) -> None:
    for name in ("n", "mean", "m2", "low", "high"):
        close(getattr(got, name), [m[name] for m in want], CLOSE)
    size = np.array([m["m2"] ** 1.5 for m in want]) + 1e-300
    assert (np.abs(got.m3 - [m["m3"] for m in want]) <= CLOSE * size + 1e-18).all()


def test_fit(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    assert not len(got.failed)
    assert got.names == leaf.fit.names
    for name in ("theta", "sigma", "df", "r_squared", "n_obs"):
        close(getattr(got, name), getattr(leaf.fit, name), CLOSE)
    close(got.car, np.column_stack([w.car for w in leaf.windows]), CLOSE)


def test_windows(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    want: list[dict[str, Any]] = [loops.window_sums(leaf, w) for w in range(len(leaf.windows))]
    assert got.sums is not None
    for name in ("car", "scar", "scaled"):
        same_moments(getattr(got.sums, name), [w[name] for w in want])
    for name in ("patell", "variance", "df_ratio", "df_low"):
        close(getattr(got.sums, name), [w[name] for w in want], CLOSE)


def test_precision(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    want = [loops.precision(leaf, w) for w in range(len(leaf.windows))]
    assert got.precision is not None
    for name in ("n", "mean", "m2"):
        close(getattr(got.precision.car, name), [w[0][name] for w in want], CLOSE)
    close(got.precision.squares, [w[1] for w in want], CLOSE)


def test_signs(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    for name, want in slow.signs(leaf).items():
        close(getattr(got.signs, name), want, CLOSE if name.endswith("share") else 0.0)


def test_dates_and_days(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    assert got.dates is not None
    assert got.selected is not None
    for w in range(len(leaf.windows)):
        want = loops.date_sums(leaf, w)
        assert got.dates.dates.tolist() == sorted(want)
        rows = np.array([want[day] for day in sorted(want)])
        for j, name in enumerate(("count", "car", "scar")):
            close(getattr(got.dates, name)[:, w], rows[:, j], CLOSE)
        total, held = loops.selected_days(leaf, w)
        close(got.selected.total[w], total, CLOSE)
        close(got.selected.held[w], held, 0.0)


def test_day_means(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    for name, want in loops.day_means(leaf).items():
        close(getattr(got.day_means, name), want, CLOSE)


def test_spread_of_event_days(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    _, got, leaf = case
    assert got.sar_spread is not None
    same_moments(got.sar_spread, [loops.moments(column) for column in leaf.fit.sar.T])


def test_tracks(case: tuple[StreamData, FirstLeaf, Leaf]) -> None:
    data, got, leaf = case
    assert got.tracks is not None
    tracks, want = got.tracks, loops.tracks(leaf)
    assert [tuple(key) for key in np.column_stack([tracks.date, tracks.days])] == sorted(want)
    for k, key in enumerate(sorted(want)):
        for name, part in (("sums", 0), ("squares", 1), ("count", 2)):
            dense = np.zeros(len(data.days))
            values = getattr(tracks, name)[k]
            dense[tracks.start[k] :][: len(values)] = values[: len(dense) - tracks.start[k]]
            by_day = [want[key][int(day)][part] if day in want[key] else 0.0 for day in data.days]
            close(dense, by_day, CLOSE)
        assert tracks.events[k] == (leaf.cluster == key[0]).sum()


def agree(got: Any, want: Any) -> None:
    """Groups of the same numbers."""
    for f in fields(want):
        one, two = getattr(got, f.name), getattr(want, f.name)
        if isinstance(two, Group):
            agree(one, two)
        else:
            for a, b in zip(one, two, strict=True) if isinstance(two, tuple) else ((one, two),):
                close(a, b, CLOSE)


@pytest.mark.parametrize("model", ["constant_mean", "market_adjusted", "market_model"])
def test_many_events_as_the_numpy_backend(model: str) -> None:
    data = draw(model, 40, n=1300, assets=20, holes=0.02)
    needs = ALL - {"tracks"}
    got = NumbaBackend().first(data, 7, data.n, needs)
    want = NumpyBackend().first(data, 7, data.n, needs)
    for name in needs - {"columns", "precision"}:
        agree(getattr(got, name), getattr(want, name))
    close(got.car, want.car, CLOSE)


def test_leaves_add_up() -> None:
    data = draw("market_model", 40, n=900, assets=20, holes=0.02)
    whole = NumbaBackend().first(data, 0, 900, ALL)
    parts = [NumbaBackend().first(data, a, a + 300, ALL) for a in (0, 300, 600)]
    for name in ALL - {"columns", "tracks"}:
        got = merge([getattr(part, name) for part in parts])
        if name == "precision":
            got, want = got.squares, whole.precision.squares  # type: ignore[union-attr]
            close(got, want, CLOSE)
        else:
            agree(got, getattr(whole, name))


def test_only_what_is_needed() -> None:
    data = draw("market_model", 60)
    whole = NumbaBackend().first(data, 0, data.n, ALL)
    for name in FIRST:
        alone = NumbaBackend().first(data, 0, data.n, frozenset([name]))
        for other in FIRST:
            field = "car" if other == "columns" else other
            assert (getattr(alone, field) is None) == (other != name)
        if name not in ("columns", "precision"):
            agree(getattr(alone, name), getattr(whole, name))


def test_failed_fits_are_named() -> None:
    data = draw("market_model", 60, n=12, assets=3)
    data.returns[1] = 0.002
    data.returns[2] = 0.5 * data.factors[0]
    got = NumbaBackend().first(data, 0, data.n, ALL)
    assert got.failed.tolist() == np.flatnonzero(data.asset > 0).tolist()
    assert got.sums is None
    data.factors[0] = 0.01
    assert len(NumbaBackend().first(data, 0, data.n, ALL).failed) == 12


def test_holes_in_event_windows_go_to_numpy() -> None:
    data = draw("market_model", 60)
    data.returns[data.asset[3], data.position[3] + 1] = np.nan
    got = NumbaBackend().first(data, 0, data.n, ALL)
    want = NumpyBackend().first(data, 0, data.n, ALL)
    assert np.array_equal(got.car, want.car, equal_nan=True)  # type: ignore[arg-type]


def test_without_numba() -> None:
    """The module can be imported, and says what to install."""
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from eventstudy.stream.numba_backend import NumbaBackend\n"
        "try:\n    NumbaBackend()\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.startswith("InputError backend 'numba' needs numba: pip install")
