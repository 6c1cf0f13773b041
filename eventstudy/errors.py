"""One tree of errors and warnings: what is wrong, where, and what to do.

Every error that a user can cause derives from :class:`EventStudyError` and carries the exit
code that the command line leaves with. Anything else that escapes is a fault in the program.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ClusterError",
    "EventStudyError",
    "EventStudyWarning",
    "InputError",
    "LockedError",
    "QualityError",
    "SourceError",
    "UnknownAssetError",
    "nearest",
]


class EventStudyError(Exception):
    """Base of all errors that are raised on purpose; the message is one sentence for the user."""

    exit_code = 1


class InputError(EventStudyError, ValueError):
    """The command, the study file or an input file is wrong (exit code 2)."""

    exit_code = 2


class UnknownAssetError(InputError):
    """A price source lacks assets; another one may have them.

    Attributes
    ----------
    assets : tuple of str
        All that are lacking, as the source calls them.
    """

    def __init__(self, message: str, assets: Iterable[str]) -> None:
        super().__init__(message)
        self.assets = tuple(assets)


class SourceError(EventStudyError):
    """A price source is out of reach or limits the rate (exit code 4)."""

    exit_code = 4


class ClusterError(EventStudyError):
    """A cluster is out of reach, or its workers can't do the work (exit code 4)."""

    exit_code = 4


class LockedError(EventStudyError):
    """Another run holds the lock (exit code 5)."""

    exit_code = 5


class QualityError(EventStudyError):
    """The data failed the quality gate under ``--strict`` (exit code 6)."""

    exit_code = 6


class EventStudyWarning(UserWarning):
    """Something the user should know and that did not stop the run."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, else the list of known names.

    Examples
    --------
    >>> nearest("markt_model", ["market_model", "capm"])
    "; did you mean 'market_model'?"
    >>> nearest("zzz", ["b", "a"])
    '; known: a, b'
    """
    names = sorted(set(known))
    match = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not match:
        folded = {n.casefold(): n for n in names}
        match = [folded[name.casefold()]] if name.casefold() in folded else []
    if match:
        return f"; did you mean '{match[0]}'?"
    shown = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    return f"; known: {shown}" if names else ""
