"""Who works on the leaves: this thread, or a few; results come in the order of the tasks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from eventstudy.errors import InputError

__all__ = ["Executor", "SerialExecutor", "ThreadExecutor", "default_executor"]

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


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
