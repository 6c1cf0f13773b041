"""Market-reaction event studies: from a headline to an answer that says how sure one can be.

``run`` does a study, from a study file or from frames; ``load`` reads a saved result back.
Names load when they are used, so that ``import eventstudy`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventstudy.version import __version__

if TYPE_CHECKING:
    from eventstudy.api import Study, load_study, pin, run, specification
    from eventstudy.errors import (
        EventStudyError,
        EventStudyWarning,
        InputError,
        LockedError,
        QualityError,
        SourceError,
    )
    from eventstudy.progressbar import progress
    from eventstudy.results import StudyResult, load

__all__ = [
    "EventStudyError",
    "EventStudyWarning",
    "InputError",
    "LockedError",
    "QualityError",
    "SourceError",
    "Study",
    "StudyResult",
    "__version__",
    "load",
    "load_study",
    "pin",
    "progress",
    "run",
    "specification",
]

_HOMES = {
    "EventStudyError": "errors",
    "EventStudyWarning": "errors",
    "InputError": "errors",
    "LockedError": "errors",
    "QualityError": "errors",
    "SourceError": "errors",
    "Study": "api",
    "StudyResult": "results",
    "load": "results",
    "load_study": "api",
    "pin": "api",
    "progress": "progressbar",
    "run": "api",
    "specification": "api",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'eventstudy' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"eventstudy.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
