"""From errors to one sentence on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

import typer

from eventstudy.errors import EventStudyError, EventStudyWarning

__all__ = [
    "DONE",
    "FAULT",
    "INPUT",
    "INTERRUPTED",
    "LEFT_OUT",
    "SOURCE",
    "clean",
    "fault",
    "guarded",
    "say",
    "worst",
]

DONE, FAULT, INPUT, LEFT_OUT, SOURCE, LOCKED, QUALITY = range(7)
INTERRUPTED = 130
# When several codes meet, the first of these that holds is the one to leave with.
PRECEDENCE = (FAULT, INPUT, LOCKED, SOURCE, QUALITY, LEFT_OUT, DONE)


def worst(codes: Sequence[int]) -> int:
    """Return the exit code that leads when several meet.

    Examples
    --------
    >>> worst([3, 0, 6]), worst([4, 5]), worst([])
    (6, 5, 0)
    """
    return next((c for c in PRECEDENCE if c in codes), DONE)


def debugging() -> bool:
    """Return whether tracebacks are wanted."""
    return os.environ.get("EVENTSTUDY_DEBUG", "") not in ("", "0")


def clean(text: str) -> str:
    """Return a text with its control characters written out, so that it can't steer a terminal.

    Examples
    --------
    >>> clean("a" + chr(27) + "[31m")
    'a\\\\x1b[31m'
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode()
                   for c in text)  # fmt: skip


def say(text: str) -> None:
    """Write a line to stderr, made harmless by :func:`clean`."""
    # Where nobody listens on stderr the exit code still tells.
    with suppress(OSError):
        print(clean(text), file=sys.stderr)  # noqa: T201


def fault(error: BaseException) -> None:
    """Report a fault in the program in one line; the traceback only where it is asked for."""
    if debugging():
        traceback.print_exception(error)
    what = " ".join(str(error).split())[:300]
    say(
        f"eventstudy: fault in the program: {type(error).__name__}: {what}; "
        "set EVENTSTUDY_DEBUG=1 to see where, and please report it"
    )


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    if issubclass(category, EventStudyWarning):
        say(f"warning: {' '.join(str(message).split())}")
    elif debugging():
        say(f"{filename}:{lineno}: {category.__name__}: {message}")


@contextmanager
def guarded() -> Iterator[None]:
    """Run a command; leave by its exit code whatever happens.

    Warnings of ours become lines on stderr; those of libraries are for developers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.filterwarnings("always", category=EventStudyWarning)
            warnings.showwarning = _show
            yield
            sys.stdout.flush()
    except EventStudyError as error:
        if debugging():
            traceback.print_exception(error)
        say(f"error: {error}")
        raise typer.Exit(error.exit_code) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of stdout has had enough, as `head` has: no fault of anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(DONE) from None
    except Exception as error:
        fault(error)
        raise typer.Exit(FAULT) from None
