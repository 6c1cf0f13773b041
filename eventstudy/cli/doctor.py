"""``eventstudy doctor``: versions, calendars, cache, bundled data, network, what is missing."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from eventstudy.cli.guard import DONE, FAULT, SOURCE, worst
from eventstudy.cli.output import console, print_json
from eventstudy.errors import EventStudyError
from eventstudy.resources import data_dir

__all__ = ["Check", "doctor"]

State = Literal["ok", "optional", "missing", "unreachable"]
NEEDED = (
    "pandas", "numpy", "scipy", "statsmodels", "exchange_calendars", "yfinance", "matplotlib",
    "pyarrow", "pydantic", "typer", "rich", "jinja2", "platformdirs", "filelock", "openpyxl",
    "tzdata",
)  # fmt: skip
EXTRAS = {
    "arch": "garch", "ipykernel": "notebook", "jupytext": "notebook", "dateparser": "words",
    "rapidfuzz": "words", "feedparser": "words", "icalendar": "words",
    "sqlalchemy": "sql", "psycopg": "sql",
    "typst": "report", "fonttools": "report", "xlsxwriter": "report", "plotly": "interactive",
}  # fmt: skip
MARKS: dict[State, str] = {
    "ok": "ok", "optional": "--", "missing": "MISSING", "unreachable": "NO ANSWER",
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    area, name : str
        What was looked at.
    state : {"ok", "optional", "missing", "unreachable"}
        ``optional`` is not there and not needed.
    detail : str
        Version, place, or what to do.
    """

    area: str
    name: str
    state: State
    detail: str


def doctor(*, live: bool, json: bool) -> int:
    """Look at the installation and print what was found.

    Returns
    -------
    int
        0; 1 where something needed is missing or damaged; 4 where the network does not answer.
    """
    checks = [*_versions(), *_calendars(), *_cache(), *_bundled()]
    checks += _live() if live else []
    if json:
        print_json({"schema_version": 1, "checks": [asdict(c) for c in checks]})
    else:
        _print(checks, live=live)
    codes = {"missing": FAULT, "unreachable": SOURCE}
    return worst([codes.get(c.state, DONE) for c in checks])


def _versions() -> Iterator[Check]:
    from eventstudy.version import __version__

    yield Check("program", "eventstudy", "ok", __version__)
    yield Check("program", "python", "ok", platform.python_version())
    for name in NEEDED:
        yield _package(name, "library", "missing", "install market-eventstudy again")
    for name, extra in EXTRAS.items():
        advice = f"for the extra: pip install 'market-eventstudy[{extra}]'"
        yield _package(name, "extra", "optional", advice)


def _package(name: str, area: str, absent: State, advice: str) -> Check:
    try:
        return Check(area, name, "ok", version(name))
    except PackageNotFoundError:
        return Check(area, name, absent, advice)


def _calendars() -> Iterator[Check]:
    """Build a calendar that a wrong pair of pandas and exchange_calendars gets wrong."""
    from datetime import date

    from eventstudy.calendars.library import calendar_names
    from eventstudy.calendars.sessions import exchange_calendar

    try:
        names = calendar_names()
        found = len(exchange_calendar("XMOS", date(2021, 1, 1), date(2021, 12, 31)).sessions)
    except Exception as error:
        yield Check("calendars", "XMOS", "missing", f"can't be built: {error}")
        return
    yield Check("calendars", "known", "ok", f"{len(names)} names")
    right = found == MOSCOW_2021
    advice = "" if right else f"; {MOSCOW_2021} are right: install pandas below 3.1"
    yield Check(
        "calendars", "XMOS", "ok" if right else "missing", f"{found} sessions in 2021{advice}"
    )


MOSCOW_2021 = 255


def _cache() -> Iterator[Check]:
    from platformdirs import user_cache_path

    folder = user_cache_path("eventstudy")
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if os.access(there, os.W_OK):
        yield Check("cache", "folder", "ok", str(folder))
    else:
        yield Check("cache", "folder", "missing", f"{folder} can't be written to")


def _bundled() -> Iterator[Check]:
    """Hold every bundled file against the hash that stands in SOURCES.md."""
    try:
        expected = _hashes((data_dir() / "SOURCES.md").read_text(encoding="utf-8"))
    except OSError:
        yield Check("data", "SOURCES.md", "missing", "install market-eventstudy again")
        return
    for name, digest in expected.items():
        yield _file(data_dir() / name, name, digest)


def _hashes(text: str) -> dict[str, str]:
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if "|" in line]
    cells = [[c.strip() for c in row] for row in rows]
    return {c[0]: c[2] for c in cells if len(c) == 4 and len(c[2]) == 64}


def _file(path: Path, name: str, digest: str) -> Check:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return Check("data", name, "missing", f"can't be read: {error.strerror}")
    if found != digest:
        return Check("data", name, "missing", f"is damaged: its hash is {found[:12]}...")
    return Check("data", name, "ok", f"sha256 {digest[:12]}...")


def _live() -> list[Check]:
    """Ask the real services."""
    from eventstudy.cli.live import live_checks

    try:
        return [Check("network", name, state, detail) for name, state, detail in live_checks()]
    except (EventStudyError, ImportError) as error:
        return [Check("network", "yahoo", "unreachable", " ".join(str(error).split()))]


def _print(checks: list[Check], *, live: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        table.add_row(check.area, check.name, MARKS[check.state], check.detail)
    console().print(table)
    bad = [c for c in checks if c.state in ("missing", "unreachable")]
    last = f"{len(bad)} to mend" if bad else "all is well"
    console().print(last + ("" if live else "; the network was not tried (--live tries it)"))
