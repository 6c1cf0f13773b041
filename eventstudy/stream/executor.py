"""Who works on the leaves: this thread, or a few; results come in the order of the tasks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, get_args

from eventstudy.errors import InputError, nearest
from eventstudy.stream.backend import BackendName

__all__ = [
    "EXECUTORS",
    "CountedExecutor",
    "Executor",
    "Resources",
    "SerialExecutor",
    "ThreadExecutor",
    "default_executor",
    "given_resources",
]

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

EXECUTORS = ("threads", "serial", "dask")
BACKENDS: tuple[str, ...] = get_args(BackendName)


class Executor(Protocol):
    """Runs one function over many tasks.

    ``function(shared, task)`` and its arguments can be pickled; ``shared`` is one large object,
    the same in every call of a study, that may be sent once.
    """

    def map(self, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks, with few in flight at a time."""
        ...


class SerialExecutor:
    """Works in the calling thread."""

    def map(self, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks."""
        for task in tasks:
            yield function(shared, task)


class ThreadExecutor:
    """Works in several threads; numpy and the compiled kernels let each other run.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int = 2) -> None:
        if threads < 1:
            raise InputError(f"threads: at least one is needed, got {threads}.")
        self.threads = threads

    def map(self, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks, twice as many in flight as threads."""
        waiting: deque[Future[R]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for task in tasks:
                    waiting.append(pool.submit(function, shared, task))
                    if len(waiting) >= 2 * self.threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def default_executor(threads: int | None = 2) -> Executor:
    """Return the executor of so many threads; None takes as many as there are processors."""
    count = (os.cpu_count() or 1) if threads is None else threads
    return SerialExecutor() if count == 1 else ThreadExecutor(count)


class CountedExecutor:
    """Tells how many tasks are done.

    Parameters
    ----------
    executor : Executor
        Does the work.
    tell : callable
        Called after each task with the share of all work that is done, from 0 to 1: as nobody
        knows how many rounds of tasks there are, each takes half of what is left.
    """

    def __init__(self, executor: Executor, tell: Callable[[float], None]) -> None:
        self._executor, self._tell, self._done = executor, tell, 0.0

    def map(self, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks."""
        work = list(tasks)
        step = (1.0 - self._done) / 2.0 / max(len(work), 1)
        for result in self._executor.map(function, shared, work):
            self._done += step
            self._tell(self._done)
            yield result


@dataclass(frozen=True)
class Resources:
    """Who computes a streamed study; of its results only the last digits depend on the backend.

    Attributes
    ----------
    executor : {"threads", "serial", "dask"}
    threads : int
        Threads of this process; processes of the cluster that ``dask`` starts without a scheduler.
    backend : {"auto", "numpy", "numba"}
    scheduler : str or None
        Address of a dask scheduler.

    Raises
    ------
    InputError
        For an unknown executor, a scheduler without dask, or less than one thread.

    Examples
    --------
    >>> with Resources("serial").opened() as executor:
    ...     list(executor.map(lambda shared, task: shared + task, 1, [1, 2]))
    [2, 3]
    """

    executor: str = "threads"
    threads: int = 2
    backend: BackendName = "auto"
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise InputError(
                f"executor '{self.executor}' is not known{nearest(self.executor, EXECUTORS)}"
            )
        if self.backend not in BACKENDS:
            raise InputError(
                f"backend '{self.backend}' is not known{nearest(self.backend, BACKENDS)}"
            )
        if self.threads < 1:
            raise InputError(f"threads: at least one is needed, got {self.threads}.")
        if self.scheduler is not None and self.executor != "dask":
            raise InputError(
                f"the scheduler {self.scheduler} is of use to executor 'dask' alone, and "
                f"'{self.executor}' is asked for"
            )

    @property
    def block(self) -> int:
        """Leaves of a task: one costs a worker ten milliseconds, sending it one or two."""
        return 4 if self.executor == "dask" else 1

    @contextmanager
    def opened(self) -> Iterator[Executor]:
        """Give the executor, and close at the end what it was opened for.

        Raises
        ------
        InputError, ClusterError
            As :func:`eventstudy.stream.cluster.cluster_executor`.
        """
        if self.executor == "dask":
            from eventstudy.stream.cluster import cluster_executor

            with cluster_executor(self.scheduler, workers=self.threads) as executor:
                yield executor
        else:
            yield default_executor(1 if self.executor == "serial" else self.threads)


def given_resources(
    executor: str | None = None,
    threads: int | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
) -> Resources | None:
    """Return what is asked for, with defaults for the rest; None where nothing is.

    Parameters
    ----------
    executor, threads, backend, scheduler
        As in :class:`Resources`.

    Raises
    ------
    InputError
        As :class:`Resources`.

    Examples
    --------
    >>> given_resources(threads=4)
    Resources(executor='threads', threads=4, backend='auto', scheduler=None)
    >>> given_resources() is None
    True
    """
    asked = {
        "executor": executor, "threads": threads, "backend": backend, "scheduler": scheduler
    }  # fmt: skip
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    return Resources(**given) if given else None
