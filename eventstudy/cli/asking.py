"""Ask for one thing after the other: a question, a line of help, a default, and again if wrong."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from eventstudy.cli.guard import clean, say
from eventstudy.errors import InputError

__all__ = ["ask", "prepare"]

WIDTH = 80
ENDED = "the answers ended before the questions; nothing was written (--yes takes every default)"


def prepare() -> None:
    """Take bytes that are no text for a wrong answer and not for a fault."""
    stdin: Any = sys.stdin
    if hasattr(stdin, "reconfigure"):
        stdin.reconfigure(errors="surrogateescape")


def ask(
    title: str,
    help_: str,
    default: str,
    take: Callable[[str], None],
    *,
    names: Sequence[str] = (),
    files: bool = False,
) -> None:
    """Ask until an answer is taken; what is said goes to stderr.

    Parameters
    ----------
    title, help_ : str
        The question and the line below it.
    default : str
        What an empty line stands for.
    take : callable
        Given the answer; an :class:`InputError` of it is shown and the question asked again.
    names : sequence of str
        What ``?`` lists and the tabulator completes.
    files : bool
        True completes names of files too.

    Raises
    ------
    InputError
        Where there is no further line to be read.
    """
    say("")
    say(title)
    say(_wrapped(help_))
    while True:
        try:
            answer = _line(f"  [{clean(default)}] > ", names, files=files).strip()
        except KeyboardInterrupt:
            say("")
            raise
        if answer == "?":
            say(_wrapped(", ".join(names) or help_))
            continue
        if not answer.isprintable():
            say("  error: an answer is one line of printable text")
            continue
        try:
            take(answer or default)
        except InputError as error:
            # One sentence is enough to go on with.
            say(_wrapped(f"error: {str(error).splitlines()[0]}"))
        else:
            return


def _wrapped(text: str) -> str:
    lines = (textwrap.fill(line, WIDTH - 2, break_on_hyphens=False) for line in text.splitlines())
    return textwrap.indent("\n".join(lines), "  ")


def _line(prompt: str, names: Sequence[str], *, files: bool) -> str:
    """Read one line, with an editor where somebody sits at a terminal."""
    editor = _editor()
    if editor is None:
        print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201
        line = sys.stdin.readline()
        if not line:
            say("")
            raise InputError(ENDED)
        if not sys.stdin.isatty():
            # Where the answer is not typed, what is asked and what is said need a line each.
            say("")
        return line
    editor.set_completer(_completer(names, files=files))
    try:
        return input(prompt)
    except EOFError:
        say("")
        raise InputError(ENDED) from None


def _editor() -> ModuleType | None:
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return None
    try:
        import readline
    except ImportError:
        return None
    readline.set_completer_delims(" ,")
    readline.parse_and_bind("tab: complete")
    return readline


def _completer(names: Sequence[str], *, files: bool) -> Callable[[str, int], str | None]:
    def complete(text: str, state: int) -> str | None:
        found = [n for n in names if n.startswith(text)]
        if files:
            found += _paths(text)
        return found[state] if state < len(found) else None

    return complete


def _paths(text: str) -> list[str]:
    head, _, tail = text.rpartition("/")
    folder = Path(f"{head}/") if head or text.startswith("/") else Path()
    with suppress(OSError, ValueError):
        here = sorted(p for p in folder.iterdir() if p.name.startswith(tail))
        start = text[: len(text) - len(tail)]
        return [f"{start}{p.name}{'/' if p.is_dir() else ''}" for p in here]
    return []
