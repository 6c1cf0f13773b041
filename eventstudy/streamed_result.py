"""The result of a streamed study: short tables at once, long ones when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from eventstudy.results import SCHEMA_VERSION, TABLES, StudyResult, rows_for_json

__all__ = ["StreamedResult"]

# Rows of a table above which JSON leaves it out.
LONGEST_JSON = 100_000

Blocks = Callable[[], Iterator[pd.DataFrame]]


class StreamedResult(StudyResult):
    """A :class:`~eventstudy.results.StudyResult` whose long tables are made when they are read.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        What stands.
    later : mapping of str to callable
        For each other table, what yields its rows block by block. A table that was read whole is
        kept.
    run : dict
        What ``run.json`` holds.
    """

    def __init__(
        self, tables: Mapping[str, pd.DataFrame], later: Mapping[str, Blocks], run: dict[str, Any]
    ) -> None:
        for name, value in (("_made", dict(tables)), ("_later", dict(later)), ("run", run)):
            object.__setattr__(self, name, value)

    def blocks(self, name: str) -> Iterator[pd.DataFrame]:
        """Yield the rows of a table in blocks, without keeping them."""
        made: dict[str, pd.DataFrame] = self.__dict__["_made"]
        if name in made:
            yield made[name]
        else:
            yield from self.__dict__["_later"][name]()

    def table(self, name: str) -> pd.DataFrame:
        """Return a table whole."""
        made: dict[str, pd.DataFrame] = self.__dict__["_made"]
        if name not in made:
            made[name] = pd.concat(list(self.blocks(name)), ignore_index=True)
        return made[name]

    def made(self, name: str) -> bool:
        """Whether a table stands already."""
        return name in self.__dict__["_made"]

    def to_json(self) -> dict[str, Any]:
        """Return the tables that stand as lists of rows for JSON: missing numbers are None.

        ``not_included`` names the others: those that are made when they are read, and tables of
        more than 100,000 rows. :meth:`save` writes them.
        """
        made: dict[str, pd.DataFrame] = self.__dict__["_made"]
        short = [name for name in TABLES if name in made and len(made[name]) <= LONGEST_JSON]
        out: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        out |= {name: rows_for_json(made[name], name) for name in short}
        out["not_included"] = [name for name in TABLES if name not in short]
        out["run"] = dict(self.run)
        return out

    def _repr_html_(self) -> str:
        from eventstudy.report.streamed import streamed_html

        return streamed_html(self)

    def __repr__(self) -> str:
        from eventstudy.report.streamed import streamed_text

        return streamed_text(self)


def _when_read(name: str) -> property:
    def read(self: StreamedResult) -> pd.DataFrame:
        return self.table(name)

    return property(read, doc=f"The table ``{name}``.")


for _name in TABLES:
    setattr(StreamedResult, _name, _when_read(_name))
