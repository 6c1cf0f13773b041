"""``--open``: show the page that was written."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from eventstudy.cli.guard import say
from eventstudy.errors import InputError

__all__ = ["check_open", "open_page"]


def check_open(formats: Sequence[str], option: str) -> None:
    """Refuse to open a page that is not going to be written.

    Raises
    ------
    InputError
        Naming the option that says which reports are written.
    """
    if "html" not in formats:
        raise InputError(f"--open needs a page to open; add html to {option}")


def open_page(page: Path) -> None:
    """Open a page in the user's browser; where there is none, say where the page is."""
    address = page.resolve().as_uri()
    with _chatter_on_stderr():
        try:
            opened = webbrowser.open(address)
        except (webbrowser.Error, OSError):
            opened = False
    if not opened:
        say(f"no browser could be opened; the page is {address}")


@contextmanager
def _chatter_on_stderr() -> Iterator[None]:
    """Keep what a browser prints away from stdout, which may be read by a program."""
    kept = -1
    with suppress(OSError):
        kept = os.dup(1)
        os.dup2(2, 1)
    try:
        yield
    finally:
        if kept >= 0:
            os.dup2(kept, 1)
            os.close(kept)
