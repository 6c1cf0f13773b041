"""A cluster changes no bit: whatever its workers, in whatever order, and when they die."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from eventstudy.errors import ClusterError, InputError
from eventstudy.stream import cluster, tasks
from eventstudy.stream.cluster import ClusterExecutor, cluster_executor
from eventstudy.stream.executor import CountedExecutor, Resources, SerialExecutor, given_resources
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.run import run_stream
from tests.stream.test_bits import bits
from tests.stream.test_equality import holes
from tests.stream.worlds import world

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.enable_socket,  # workers talk over loopback
    # The cluster's own sockets are closed by its own time.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def short_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LEAF", 16)


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """A cluster of one worker process, to be scaled up."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", memory_limit=0, silence_logs="CRITICAL",
    ) as made:  # fmt: skip
        yield made


def whole() -> StreamData:
    return world(n=300).data()


CASES = [
    ("numpy", holes(world(n=300), 0.005).data()),
    ("numpy", whole()),
    ("numba", whole()),
]


@pytest.mark.parametrize("workers", [1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_the_number_of_workers(local: Any, workers: int) -> None:
    local.scale(workers)
    with cluster_executor(local.scheduler_address) as executor:
        executor._client.wait_for_workers(workers)
        for backend, made in CASES:
            if backend == "numba":
                pytest.importorskip("numba")
            wanted = bits(run_stream(made, backend=backend, threads=1))
            assert bits(run_stream(made, backend=backend, threads=2)) == wanted
            found = run_stream(made, backend=backend, executor=executor, block=3)
            assert bits(found) == wanted, backend


class _Murder:
    """Kills all workers but those that are spared, after some results."""

    def __init__(self, executor: ClusterExecutor, after: int, spared: int) -> None:
        self.executor, self.left, self.spared, self.killed = executor, after, spared, 0

    def map(self, function: Any, shared: Any, work: Any) -> Iterator[Any]:
        for result in self.executor.map(function, shared, work):
            self.left -= 1
            if self.left == 0:
                pids = sorted(self.executor._client.run(os.getpid).values())
                for pid in pids[self.spared :]:
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1
            yield result


@pytest.mark.parametrize("spared", [1, 0])
def test_workers_that_die_change_nothing(local: Any, spared: int) -> None:
    local.scale(2)
    made = whole()
    wanted = bits(run_stream(made, backend="numpy", threads=1))
    with cluster_executor(local.scheduler_address) as executor:
        executor._client.wait_for_workers(2)
        murder = _Murder(executor, after=5, spared=spared)
        assert bits(run_stream(made, backend="numpy", executor=murder)) == wanted
    assert murder.killed == 2 - spared


def fails(shared: Any, task: int) -> int:
    if task == 3:
        raise OSError("the leaf's own fault")
    return task


def kills(shared: Any, task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def slow_first(shared: Any, task: int) -> int:
    time.sleep(0.3 if task == 0 else 0.0)
    return task * int(shared[0])


def test_results_come_in_the_order_of_the_tasks(local: Any) -> None:
    with cluster_executor(local.scheduler_address) as executor:
        found = list(executor.map(slow_first, np.array([2]), range(40)))
    assert found == [2 * i for i in range(40)]


def test_few_tasks_are_in_flight(local: Any) -> None:
    taken = []

    def source() -> Iterator[int]:
        for i in range(200):
            taken.append(i)
            yield i

    with cluster_executor(local.scheduler_address) as executor:
        threads = sum(executor._client.nthreads().values())
        results = executor.map(slow_first, np.array([2]), source())
        next(results)
        assert len(taken) <= 2 * threads + 1
        results.close()
        assert executor.map(slow_first, np.array([3]), [1]).__next__() == 3


def test_an_error_in_a_task_comes_out(local: Any) -> None:
    with (
        cluster_executor(local.scheduler_address) as executor,
        pytest.raises(OSError, match="the leaf's own fault"),
    ):
        list(executor.map(fails, np.array([1]), range(8)))


def test_what_kills_every_worker_is_given_up(local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOSSES", 0)
    with (
        cluster_executor(local.scheduler_address) as executor,
        pytest.raises(ClusterError, match="died 1 times in a row"),
    ):
        list(executor.map(kills, np.array([1]), range(2)))


def test_other_versions_are_told(local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = cluster._versions
    here = real() | {"numpy": "1.0"}
    monkeypatch.setattr(cluster, "_same", lambda: here)
    local.scale(1)
    with (
        pytest.raises(ClusterError, match=r"has numpy \d.*, this process 1\.0"),
        cluster_executor(local.scheduler_address),
    ):
        pass


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "REACH", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        pytest.raises(ClusterError, match=f"the scheduler tcp://127.0.0.1:{port} is out of reach"),
        cluster_executor(f"tcp://127.0.0.1:{port}"),
    ):
        pass


def test_an_address_that_is_none() -> None:
    with pytest.raises(InputError, match="is no address"), cluster_executor("nonsense://x:1"):
        pass


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "REACH", 0.5)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as empty,
        pytest.raises(ClusterError, match=r"has no worker; start some with 'dask worker tcp:"),
        cluster_executor(empty.scheduler_address),
    ):  # fmt: skip
        pass


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with (
        pytest.raises(InputError, match=r"pip install 'market-eventstudy\[cluster\]'"),
        cluster_executor(),
    ):
        pass


@pytest.mark.slow
def test_a_cluster_of_this_machine() -> None:
    made = whole()
    wanted = bits(run_stream(made, backend="numpy", threads=1))
    with Resources("dask", threads=2).opened() as executor:
        assert bits(run_stream(made, backend="numpy", executor=executor, block=4)) == wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"executor": "dusk"}, "executor 'dusk' is not known; did you mean 'dask'"),
        ({"backend": "numbat"}, "backend 'numbat' is not known; did you mean 'numba'"),
        ({"threads": 0}, "at least one is needed, got 0"),
        ({"scheduler": "tcp://x:1"}, "the scheduler tcp://x:1 is of use to executor 'dask' alone"),
    ],
)
def test_what_is_asked_for_wrongly(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        given_resources(**given)


def test_how_far_it_has_come() -> None:
    told: list[float] = []
    counted = CountedExecutor(SerialExecutor(), told.append)
    for _ in range(3):
        assert list(counted.map(lambda shared, task: task, None, range(4))) == [0, 1, 2, 3]
    assert told == sorted(told)
    assert told[3::4] == [0.5, 0.75, 0.875]
