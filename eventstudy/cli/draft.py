"""A study file that is being written: what is known of it so far."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from eventstudy.cli.assetkinds import has_a_market
from eventstudy.cli.oneoff import EVENT_WINDOW
from eventstudy.settings import DEFAULT_REPORT, ESTIMATION_SESSIONS, GAP
from eventstudy.study import takes_benchmark

__all__ = ["Draft", "Pair", "Span"]

Pair = tuple[int, int]
Span = tuple[date, date]


@dataclass(frozen=True)
class Draft:
    """Answers so far, and what the files behind them say; what is not answered has its default.

    Attributes
    ----------
    file : Path
        The study file.
    name : str
        What the study is called.
    events_file, events_url, stamp, headline
        The headlines: a file as it is seen from here, an address, or one instant or date with its
        words.
    columns : mapping of str to str
        Our name of a column of the headlines -> its name in the file.
    zone : str or None
        Zone of instants without an offset.
    needs_zone, instants : bool
        Whether a stamp lacks its offset, and whether one is an instant.
    named : tuple of str
        Assets that headlines name.
    unnamed : bool
        Whether a headline names none, and so concerns all.
    days : tuple of date
        Dates of the headlines.
    source, prices_file, kind, database, table
        The prices; ``prices_file`` is seen from here, ``database`` is an address or the name of an
        environment variable, ``table`` a table or a SELECT.
    have : tuple of str
        Columns of a file of prices; empty where they are not known.
    spans : mapping of str to (date, date)
        First and last price of each asset, where they are known.
    seems_returns : bool
        Whether the numbers of a file look like returns.
    assets : tuple of str
        The assets; empty for every column of a file.
    models, benchmark : tuple of str
        Models, the leading one first, and what they explain returns by.
    given : mapping of str to str
        The options that were given, for defaults of questions that come before them.
    calendars : mapping of str to str
        Calendar of each asset whose source brings none.
    event, estimation, report
        Windows.
    tests : tuple of str
        ``("recommended",)``, ``("all",)`` or names of statistics.
    """

    file: Path
    name: str = "study"
    events_file: str | None = None
    events_url: str | None = None
    stamp: str | None = "2022-02-15T08:00Z"
    headline: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    needs_zone: bool = False
    instants: bool = True
    named: tuple[str, ...] = ()
    unnamed: bool = True
    days: tuple[date, ...] = ()
    source: str = "bundled"
    prices_file: str | None = None
    kind: str = "prices"
    database: str | None = None
    table: str = "prices"
    have: tuple[str, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)
    seems_returns: bool = False
    assets: tuple[str, ...] = ("SP500", "WTI")
    models: tuple[str, ...] = ("constant_mean",)
    benchmark: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    event: Pair = EVENT_WINDOW
    estimation: Pair | None = None
    report: Sequence[Pair] = DEFAULT_REPORT
    tests: tuple[str, ...] = ("recommended",)

    @property
    def folder(self) -> Path:
        """The folder of the study file; what it names is relative to it."""
        return self.file.parent

    @property
    def everyone(self) -> tuple[str, ...]:
        """Every asset of the study: those that are listed, and those that headlines name."""
        listed = self.assets or tuple(a for a in self.have if a not in self.benchmark)
        return tuple(dict.fromkeys([*listed, *self.named]))

    @property
    def own_mean(self) -> tuple[str, ...]:
        """Assets that are held against their own mean while the others have a benchmark."""
        if not any(takes_benchmark(m) for m in self.models):
            return ()
        shares = any(has_a_market(a) for a in self.everyone)
        return tuple(
            a for a in self.everyone if a in self.benchmark or (shares and not has_a_market(a))
        )

    @property
    def own_panel(self) -> tuple[str, ...]:
        """Assets that are tested for themselves: an index and oil are no sample of one thing."""
        if len(self.everyone) == 1:
            return ()
        return tuple(a for a in self.everyone if not has_a_market(a))

    @property
    def estimated(self) -> Pair:
        """The estimation window: the one that was given, else the usual one."""
        end = min(self.event[0] - GAP - 1, -1)
        return self.estimation or (end - ESTIMATION_SESSIONS + 1, end)

    def found(self, text: str) -> Path | None:
        """Return the file that somebody means, seen from here or from the study file."""
        try:
            path = Path(text).expanduser()
            return next((p for p in (path, self.folder / path) if p.exists()), None)
        except (OSError, ValueError, RuntimeError):
            return None

    def relative(self, path: str | Path) -> str:
        """Return a path as the study file has it: relative to its own folder, unless absolute."""
        path = Path(path)
        if path.is_absolute():
            return path.as_posix()
        there = Path(os.path.realpath(path.parent)) / path.name
        return Path(os.path.relpath(there, os.path.realpath(self.folder))).as_posix()
