"""The family of adjusted p-values: one study, or all studies of a call."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.inference.multiplicity import holm
from eventstudy.results import StudyResult

__all__ = ["FAMILIES", "Member", "adjust_call", "leading_p", "with_adjusted"]

FAMILIES = ("study", "call")
_TABLES = ("tests", "event_tests")


@dataclass(frozen=True, eq=False)
class Member:
    """The leading p-values of one study, by table, in the order of its rows.

    Attributes
    ----------
    name : str
    pvalues : dict of str to (m,) float
        Of ``tests`` and ``event_tests``; all finite.
    """

    name: str
    pvalues: dict[str, FloatArray]

    def digest(self) -> str:
        """Return the SHA-256 of the values."""
        made = hashlib.sha256()
        for table in _TABLES:
            made.update(np.ascontiguousarray(self.pvalues[table], dtype="<f8").tobytes() + b"|")
        return made.hexdigest()


def _leading(frame: pd.DataFrame) -> np.typing.NDArray[np.bool_]:
    if frame.empty:
        return np.zeros(len(frame), dtype=bool)
    finite = np.isfinite(frame["pvalue"].to_numpy(dtype=float))
    return np.asarray(frame["leads"].to_numpy(dtype=bool) & finite)


def leading_p(result: StudyResult, name: str) -> Member:
    """Return the p-values by which a study enters the family of a call."""
    values = {}
    for table in _TABLES:
        frame: pd.DataFrame = getattr(result, table)
        chosen = frame.loc[_leading(frame), "pvalue"] if len(frame) else pd.Series(dtype=float)
        values[table] = chosen.to_numpy(dtype=float)
    return Member(name, values)


def adjust_call(members: Sequence[Member]) -> list[Member]:
    """Return the members with Holm's adjusted p-values over all of them, a family a table.

    Examples
    --------
    >>> none = np.array([])
    >>> a = Member("a", {"tests": np.array([0.01]), "event_tests": none})
    >>> b = Member("b", {"tests": np.array([0.04, 0.03]), "event_tests": none})
    >>> [m.pvalues["tests"].tolist() for m in adjust_call([a, b])]
    [[0.03], [0.06, 0.06]]
    """
    parts: dict[str, list[FloatArray]] = {}
    for table in _TABLES:
        every = np.concatenate([m.pvalues[table] for m in members] or [np.array([])])
        cuts = np.cumsum([len(m.pvalues[table]) for m in members])[:-1]
        parts[table] = np.split(holm(every), cuts) if len(members) else []
    return [
        Member(m.name, {table: parts[table][i] for table in _TABLES}) for i, m in enumerate(members)
    ]


def with_adjusted(result: StudyResult, adjusted: Member) -> StudyResult:
    """Return a result whose adjusted p-values are those of the call."""
    frames = {}
    for table in _TABLES:
        frame: pd.DataFrame = getattr(result, table)
        if frame.empty:
            continue
        values = np.full(len(frame), np.nan)
        values[_leading(frame)] = adjusted.pvalues[table]
        frames[table] = frame.assign(pvalue_adjusted=values)
    return replace(result, **frames)  # type: ignore[arg-type]
