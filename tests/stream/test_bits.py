"""Neither blocks nor threads nor the order of the input change a bit."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple

import numpy as np
import pytest

from eventstudy.stream import tasks
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.run import StreamOutcome, run_stream
from eventstudy.stream.tables import EventLabels, events_table, tests_table
from tests.stream.test_equality import holes
from tests.stream.worlds import World, world

WORLDS: dict[str, Callable[[], World]] = {
    "whole": lambda: world(n=200),
    "holes": lambda: holes(world(n=200), 0.01),
    "mean": lambda: world(n=200, model="constant_mean", dates=9),
}


@pytest.fixture(autouse=True)
def short_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LEAF", 16)


def bits(outcome: StreamOutcome) -> bytes:
    assert outcome.passed is not None
    events = outcome.passed.events
    rows = outcome.input_order()
    numbers = [astuple(s) for t in outcome.tests for s in t.statistics]
    columns = [c[rows].tobytes() for c in (events.theta, events.sigma, events.df, events.n_obs)]
    return repr(numbers).encode() + b"".join(columns)


@pytest.mark.parametrize("name", WORLDS)
def test_blocks_and_threads(name: str) -> None:
    data = WORLDS[name]().data()
    wanted = bits(run_stream(data, backend="numpy", threads=1))
    for block, threads in [(1, 2), (3, 2), (1000, 2), (2, 4), (1, 4)]:
        found = bits(run_stream(data, backend="numpy", block=block, threads=threads))
        assert found == wanted, f"block={block} threads={threads}"


@pytest.mark.parametrize("name", WORLDS)
def test_events_in_any_order(name: str) -> None:
    w = WORLDS[name]()
    order = np.random.default_rng(7).permutation(len(w.asset))
    labels = [f"e{i}" for i in range(len(order))]
    assets = [f"a{i}" for i in range(len(w.returns))]
    one = run_stream(w.data(), backend="numpy")
    two = run_stream(w.data(order), backend="numpy")
    left = tests_table(one, "all", w.model)
    assert left.equals(tests_table(two, "all", w.model))
    table = events_table(one, EventLabels(labels, assets, "all", w.model))
    mixed = events_table(
        two, EventLabels(np.array(labels, dtype=object)[order], assets, "all", w.model)
    )
    assert mixed["event_id"].tolist() == np.array(labels)[order].tolist()
    again = mixed.set_index("event_id").loc[table["event_id"]].reset_index()
    assert again[table.columns].equals(table)


class PicklingExecutor:
    """Sends everything through a pickle, as workers of another process would get it."""

    def map(self, function: Callable, shared: object, work: Iterable[object]) -> Iterator[object]:
        sent = pickle.loads(pickle.dumps(shared))
        for task in list(work):
            call, item = pickle.loads(pickle.dumps((function, task)))
            yield pickle.loads(pickle.dumps(call(sent, item)))


@pytest.mark.parametrize("name", WORLDS)
def test_tasks_can_be_sent(name: str) -> None:
    data: StreamData = WORLDS[name]().data()
    wanted = bits(run_stream(data, backend="numpy", threads=1))
    found = run_stream(data, backend="numpy", executor=PicklingExecutor(), block=2)
    assert bits(found) == wanted


def test_columns_on_disk_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WORLDS["holes"]().data()
    wanted = bits(run_stream(data, backend="numpy"))
    from eventstudy.stream import passes, spill

    made = []

    class OnDisk(spill.CarColumns):
        def __init__(self, n: int, windows: int) -> None:
            super().__init__(n, windows, limit=0)
            made.append(self.spilled)

    monkeypatch.setattr(passes, "CarColumns", OnDisk)
    assert bits(run_stream(data, backend="numpy")) == wanted
    assert any(made)


@pytest.mark.parametrize("executor", [1, 2, 4])
def test_an_error_in_a_task_comes_out(executor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a leaf broke")

    monkeypatch.setattr("eventstudy.stream.numpy_backend.gather_rows", broken)
    with pytest.raises(RuntimeError, match="a leaf broke"):
        run_stream(WORLDS["whole"]().data(), backend="numpy", threads=executor)
