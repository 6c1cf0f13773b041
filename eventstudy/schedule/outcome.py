"""What the job is asked for, and what became of each study."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

__all__ = ["DONE", "FAULT", "LEFT_OUT", "JobOptions", "Outcome"]

DONE, FAULT, LEFT_OUT = 0, 1, 3


@dataclass(frozen=True)
class JobOptions:
    """What is to be written, and what may be seen.

    Attributes
    ----------
    out : Path
    formats : tuple of str
        Of :data:`eventstudy.report.writers.FORMATS`.
    as_of : date or None
        No headline and no price after it is seen.
    keep : int or None
        Runs that are kept of each study; None keeps all.
    family : {"study", "call"}
        Over what p-values are adjusted.
    strict : bool
        A study whose prices fail the quality gate fails.
    offline : bool
        Prices come from files and the store alone.
    interactive : bool
        Charts of the page can be asked.
    """

    out: Path
    formats: tuple[str, ...] = ("html",)
    as_of: date | None = None
    keep: int | None = None
    family: str = "study"
    strict: bool = False
    offline: bool = False
    interactive: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """What is to be written, for the hash of a report."""
        return (*self.formats, *(["interactive"] if self.interactive else []))


@dataclass(frozen=True)
class Outcome:
    """What became of one study.

    Attributes
    ----------
    study : str
        File.
    name : str
    status : {"new", "unchanged", "waiting", "failed"}
    code : int
        Exit code that this study alone would leave with.
    message : str
    run : str
        Folder of the newest good report, relative to ``out``; empty where there is none.
    pending, left_out : int
    changes : dict of str to int
    trace : str
        Where a fault in the program lies.
    """

    study: str
    name: str
    status: str
    code: int = DONE
    message: str = ""
    run: str = ""
    pending: int = 0
    left_out: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    trace: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {k: v for k, v in asdict(self).items() if k != "trace"}
