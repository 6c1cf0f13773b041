"""Leaves on the workers of a dask cluster; results come in the order of the tasks.

A task is the same function of the same arrays wherever it runs, and results are added up in the
order of the tasks, so that neither the number of workers nor their order changes a bit.
"""

from __future__ import annotations

import logging
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import islice, takewhile
from typing import Any, NamedTuple, TypeVar

from eventstudy.errors import ClusterError, InputError
from eventstudy.version import __version__

__all__ = ["ClusterExecutor", "cluster_executor"]

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

# Seconds to reach a scheduler, and to wait for a worker when there is none.
REACH = 10.0
WORKERLESS = 60.0
# Seconds between two looks at whether there is a worker.
LOOK = 2.0
# Times in a row that work may be lost with its workers before the study gives up.
LOSSES = 5
# Packages that numbers depend on, by their names among distributions.
SAME = ("numpy", "scipy", "numba", "distributed")


class _Sent(NamedTuple):
    """A task and the future of its result."""

    task: Any
    future: Any


class _LostError(Exception):
    """Work was lost with its workers, and can be done again."""


def _versions() -> dict[str, str]:
    """Return what a worker runs, by package; empty where one is not installed."""
    found = {"python": platform.python_version(), "market-eventstudy": __version__}
    for name in SAME:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _same() -> dict[str, str]:
    """Return what every worker has to run."""
    return _versions()


def _need_distributed() -> None:
    if find_spec("distributed") is None:
        raise InputError(
            "executor 'dask' needs dask.distributed: pip install 'market-eventstudy[cluster]'"
        )


@contextmanager
def cluster_executor(
    scheduler: str | None = None, *, workers: int = 2
) -> Iterator[ClusterExecutor]:
    """Give an executor on a cluster, and leave the cluster at the end.

    Parameters
    ----------
    scheduler : str, optional
        Address of a scheduler, such as ``tcp://10.0.0.5:8786``. Without it a cluster of processes
        on this machine is started, and ended with the executor.
    workers : int
        Processes of the cluster on this machine.

    Yields
    ------
    ClusterExecutor

    Raises
    ------
    InputError
        Where dask.distributed is not installed, or the address is none.
    ClusterError
        Where the scheduler is out of reach, has no worker, or its workers run something else.
    """
    _need_distributed()
    with _quiet():
        if scheduler is None:
            with _local(workers) as client:
                yield ClusterExecutor(client, "the cluster on this machine")
            return
        client = _connected(scheduler)
        try:
            _check_workers(client, scheduler)
            yield ClusterExecutor(client, scheduler)
        finally:
            client.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client's own log off the screen: what matters of it comes as an error."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _connected(scheduler: str) -> Any:
    from distributed import Client

    try:
        return Client(scheduler, timeout=REACH, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ClusterError(
            f"the scheduler {scheduler} is out of reach ({_first_line(error)}); start it with "
            "'dask scheduler' and give the address that it prints"
        ) from None
    except ValueError as error:
        raise InputError(
            f"scheduler '{scheduler}' is no address ({_first_line(error)}); give one such as "
            "tcp://10.0.0.5:8786"
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check_workers(client: Any, scheduler: str) -> None:
    """Wait for a worker, and see that all of them run what this process runs."""
    try:
        client.wait_for_workers(1, timeout=REACH)
    except TimeoutError:
        raise ClusterError(
            f"the scheduler {scheduler} has no worker; start some with 'dask worker {scheduler}'"
        ) from None
    here = _same()
    for worker, found in sorted(client.run(_versions, on_error="return").items()):
        if isinstance(found, ImportError):
            raise _not_there(worker) from None
        if isinstance(found, Exception):
            continue  # it is gone already
        for name, own in here.items():
            theirs = found.get(name, "")
            if not _alike(name, own, theirs):
                raise ClusterError(
                    f"the worker {worker} has {name} {theirs or '(not installed)'}, this process "
                    f"{own or 'has none'}: numbers may differ, so install the same on both"
                )


def _not_there(worker: str) -> ClusterError:
    return ClusterError(
        f"{worker} can't import eventstudy {__version__}; install "
        f"'market-eventstudy=={__version__}' with the same Python on every worker"
    )


def _alike(name: str, one: str, two: str) -> bool:
    """Whether two versions give the same bits; of Python the first two numbers matter."""
    if name == "python":
        return one.split(".")[:2] == two.split(".")[:2]
    return one == two


class ClusterExecutor:
    """Works on the workers of a cluster (:class:`eventstudy.stream.executor.Executor`).

    What tasks share is sent once and kept by the workers. A task whose worker dies runs on
    another; where the shared data were lost with the workers, they are sent anew.

    Parameters
    ----------
    client : distributed.Client
    name : str
        What the cluster is called in errors.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self._shared: object = None
        self._kept: Any = None

    def map(self, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks, with few in flight at a time.

        Raises
        ------
        ClusterError
            Where the scheduler is lost, no worker is left, or workers die again and again.
        """
        waiting: deque[_Sent] = deque()
        source, losses = iter(tasks), 0
        try:
            while True:
                try:
                    self._send(function, shared, waiting, source)
                    results = self._ready(waiting)
                except _LostError:
                    losses += 1
                    if losses > LOSSES:
                        raise self._gave_up() from None
                    self._kept = None
                    continue
                if not results:
                    return
                losses = 0
                for _ in results:
                    waiting.popleft()
                yield from results
        finally:
            for sent in waiting:
                if sent.future is not None:
                    sent.future.release()

    def _send(
        self,
        function: Callable[[S, T], R],
        shared: S,
        waiting: deque[_Sent],
        source: Iterator[T],
    ) -> None:
        """Send what tasks share and those that are waited for, if need be, and some more."""
        with self._asking():
            if self._kept is None or self._shared is not shared:
                self._kept = None
                self._wait_for_worker()
                self._kept = self._client.scatter([shared], broadcast=True, hash=False)[0]
                self._shared = shared
                again = [sent.task for sent in waiting]
                waiting.clear()
                waiting.extend(_Sent(task, self._submit(function, task)) for task in again)
            # Twice as many as the workers have threads, so that none waits for the other.
            limit = 2 * max(sum(self._client.nthreads().values()), 1) + 1
            for task in islice(source, max(limit - len(waiting), 0)):
                waiting.append(_Sent(task, self._submit(function, task)))

    def _submit(self, function: Callable[[S, T], R], task: T) -> Any:
        return self._client.submit(function, self._kept, task, pure=False)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell a scheduler that is gone from a worker that is."""
        try:
            yield
        except (OSError, TimeoutError, CancelledError) as error:
            if self._client.status == "running":
                raise _LostError from error
            raise ClusterError(
                f"the connection to {self._name} was lost ({_first_line(error)}); see whether the "
                "scheduler still runs, and run the study again"
            ) from None

    def _wait_for_worker(self) -> None:
        deadline = time.monotonic() + WORKERLESS
        while not self._client.nthreads():
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{self._name} has had no worker for {WORKERLESS:.0f} seconds; start workers "
                    "and run the study again"
                )
            time.sleep(0.1)

    def _ready(self, waiting: deque[_Sent]) -> list[Any]:
        """Wait for the first result, and return it with those that are ready behind it."""
        from distributed import wait

        if not waiting:
            return []
        first = waiting[0].future
        with self._asking():
            while not first.done():
                # So that workers that are gone for good are noticed.
                with suppress(TimeoutError), self._client.as_current():
                    wait([first], timeout=LOOK)
                if not first.done():
                    self._wait_for_worker()
        if first.status == "error":
            raise self._failed(first.exception())
        with self._asking():
            ready = [s.future for s in takewhile(lambda s: s.future.status == "finished", waiting)]
            if not ready:
                raise _LostError
            gathered: list[Any] = self._client.gather(ready)
            return gathered

    def _failed(self, error: BaseException) -> BaseException:
        """Return what a task's error means."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return _LostError()
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("eventstudy"):
            return _not_there(f"a worker of {self._name}")
        return error

    def _gave_up(self) -> ClusterError:
        return ClusterError(
            f"workers of {self._name} died {LOSSES + 1} times in a row with the same leaves; see "
            "whether they have memory enough for the returns and the events, and their logs"
        )
