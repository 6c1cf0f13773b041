"""A progress bar for long work: in a notebook, and on stderr where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Protocol

__all__ = ["MARK", "Bar", "progress"]

MARK = "eventstudy-progress"
"""Key in the metadata of a notebook's output that is only a bar."""

PATIENCE = 2.0
"""Seconds of work before a bar is shown that nobody asked for."""
_PACE = 0.1


class _Screen(Protocol):
    def show(self, title: str, done: int, total: int) -> None: ...

    def close(self) -> None: ...


class _Terminal:
    """A bar of rich on stderr that leaves no trace when it is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<10}", markup=False), BarColumn(),
                   TimeElapsedColumn())  # fmt: skip
        self._bar = Progress(
            *columns, console=Console(stderr=True, force_jupyter=False), transient=True
        )
        self._task = self._bar.add_task("", total=1)
        self._bar.start()

    def show(self, title: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=title, completed=done, total=total)

    def close(self) -> None:
        self._bar.stop()


class _Notebook:
    """An output of HTML that is replaced as work goes on; it needs no widgets."""

    def __init__(self) -> None:
        from IPython.display import display

        show: Any = display  # IPython does not say its types
        self._handle = show(self._html(""), display_id=True, raw=True, metadata={MARK: True})

    @staticmethod
    def _html(text: str) -> dict[str, str]:
        return {"text/html": text}

    def show(self, title: str, done: int, total: int) -> None:
        share = f"{done} of {total}"
        text = (
            f'<label>{escape(title)} <progress value="{done}" max="{total}">{share}</progress> '
            f"{share}</label>"
        )
        self._handle.update(self._html(text), raw=True, metadata={MARK: True})

    def close(self) -> None:
        self._handle.update(self._html(""), raw=True, metadata={MARK: True})


def _in_notebook() -> bool:
    """Whether a kernel runs this, as that of Jupyter does; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _on_terminal() -> bool:
    return sys.stderr.isatty()


class Bar:
    """What a long function calls as it goes on.

    Parameters
    ----------
    title : str
        What is counted.
    show : bool or None
        True shows a bar at once, False never, None after two seconds of work.
    """

    def __init__(self, title: str = "", *, show: bool | None = None) -> None:
        self.title = title
        self._wanted = show is not False and (_in_notebook() or _on_terminal())
        self._from = time.monotonic() + (0.0 if show else PATIENCE)
        self._next = self._from
        self._screen: _Screen | None = None

    def count(self, done: int, total: int) -> None:
        """Tell how many of all are done."""
        self.stage(self.title, done, total)

    def stage(self, name: str, done: int, total: int) -> None:
        """Tell what is being done, and how many steps of all are."""
        now = time.monotonic()
        if not self._wanted or (now < self._next and (done < total or now < self._from)):
            return
        self._next = now + _PACE
        if self._screen is None:
            self._screen = _Notebook() if _in_notebook() else _Terminal()
        self._screen.show(name, done, total)

    def close(self) -> None:
        """Take the bar away."""
        if self._screen is not None:
            self._screen.close()
        self._screen, self._wanted = None, False


@contextmanager
def progress(title: str = "", *, show: bool | None = None) -> Iterator[Bar]:
    """Show how far some long work has come, in a notebook or on a terminal, and nowhere else.

    Parameters
    ----------
    title : str
        What is counted.
    show : bool or None
        True shows a bar at once, False never; None waits for two seconds of work.

    Yields
    ------
    Bar
        Give its ``count`` to a function that takes ``progress``. Where stderr is a file or a pipe
        it does nothing.

    Examples
    --------
    >>> with progress("samples") as bar:
    ...     for done in range(1, 4):
    ...         bar.count(done, 3)
    """
    bar = Bar(title, show=show)
    try:
        yield bar
    finally:
        bar.close()
