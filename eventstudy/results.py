"""What a study found: tidy frames, how to save them, and how to get them back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError

if TYPE_CHECKING:
    from eventstudy.plots.accessor import Plot
    from eventstudy.report.paper import PaperTable

__all__ = ["SCHEMA_VERSION", "TABLES", "StudyResult", "left_out", "load"]

SCHEMA_VERSION = 1
# Name of each table, with the columns that hold dates and the ones that hold instants.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pinned": (
        ("session", "alternative_session"),
        (
            "timestamp_utc",
            "session_open_utc",
            "session_close_utc",
            "measured_utc",
            "first_reaction_utc",
        ),
    ),
    "events": (("session",), ()),
    "abnormal_returns": (("session",), ()),
    "windows": (("session",), ()),
    "event_tests": (("session",), ()),
    "tests": ((), ()),
    "paths": ((), ()),
    "control": (("session",), ()),
    "contamination": ((), ()),
    "sensitivity": (("session",), ()),
    "regressions": ((), ()),
    "specification": ((), ()),
    "dropped": ((), ()),
    "quality": (("session",), ()),
    "series": (("session",), ()),
}
# A headline that was merged into another, or a day, is not an event that was left out.
NOT_LEFT_OUT = ("grouping", "window", "day", "context")


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The outcome of a study; every frame is tidy, every number in decimals.

    Attributes
    ----------
    pinned, events, abnormal_returns, windows, event_tests, tests, dropped : DataFrame
        The result tables; a number that does not exist is NaN and never 0.
    paths : DataFrame
        Mean abnormal and cumulative returns of each panel and model by event day, with bands.
    control : DataFrame
        The negative control: the first window again on earlier dates without a headline.
    contamination : DataFrame
        The leading tests with and without the events whose windows hold another headline.
    sensitivity : DataFrame
        Abnormal returns of ambiguous headlines for each session that could be day 0.
    regressions : DataFrame
        Abnormal returns regressed on columns of the catalogue, where the study asks for it.
    specification : DataFrame
        The leading tests for every choice of ``[specification]``, where the study has one.
    quality : DataFrame
        Findings of the data quality gate.
    series : DataFrame
        Price levels around each event, for charts.
    run : dict
        What ``run.json`` holds: version, study as resolved, hashes, counts, warnings, times.

    Examples
    --------
    >>> import eventstudy as es
    >>> result = es.run()
    >>> result.tests["name"].isin(["bmp_t"]).any()
    np.True_
    """

    pinned: pd.DataFrame
    events: pd.DataFrame
    abnormal_returns: pd.DataFrame
    windows: pd.DataFrame
    event_tests: pd.DataFrame
    tests: pd.DataFrame
    dropped: pd.DataFrame
    paths: pd.DataFrame
    control: pd.DataFrame
    quality: pd.DataFrame
    series: pd.DataFrame
    run: dict[str, Any] = field(default_factory=dict)
    contamination: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["note"]))
    sensitivity: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["session"]))
    regressions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["note"]))
    specification: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["note"]))

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.run.get("study", {}).get("study", {}).get("name", "study"))

    @property
    def plot(self) -> Plot:
        """Charts of this result; each takes ``ax`` and returns axes."""
        from eventstudy.plots.accessor import Plot

        return Plot(self)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames by name, in the order in which they are written."""
        return {name: getattr(self, name) for name in TABLES}

    def blocks(self, name: str) -> Iterator[pd.DataFrame]:
        """Yield the rows of a table in blocks: one, unless the study was streamed."""
        yield getattr(self, name)

    def made(self, name: str) -> bool:  # noqa: ARG002
        """Whether a table stands already; only a streamed study makes some later."""
        return True

    def save(self, out: str | Path, *, format: str = "csv") -> Path:  # noqa: A002
        """Write the tables and ``run.json`` into a folder.

        Parameters
        ----------
        out : path
            Folder; made where it does not exist. Each file is written whole and then renamed.
        format : {"csv", "parquet"}
            ``parquet`` writes both.

        Returns
        -------
        Path
            The folder.
        """
        from eventstudy.saving import save_result

        return save_result(self, Path(out), format)

    def to_json(self) -> dict[str, Any]:
        """Return the tables as lists of rows for JSON: missing numbers are None."""
        out: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for name, frame in self.tables().items():
            out[name] = rows_for_json(frame, name)
        out["run"] = dict(self.run)
        return out

    def paper(self, rows: str | pd.DataFrame = "reactions", *, caption: str = "") -> PaperTable:
        """Return a table as a person reads it, to be copied into a paper, a mail or a sheet.

        Parameters
        ----------
        rows : str or DataFrame
            ``reactions``: each headline on each asset; the name of a table, of which the reported
            windows and the tests that apply are told; or a frame of this result, such as some rows
            and columns of ``result.tests``.
        caption : str
            What all rows share stands behind it.

        Returns
        -------
        PaperTable
            A notebook shows it; ``to_markdown``, ``to_latex``, ``to_html`` and ``to_tsv`` (for a
            spreadsheet) give texts.

        Raises
        ------
        InputError
            If there is no table of that name.

        Examples
        --------
        >>> import eventstudy as es
        >>> result = es.Study(events={"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
        ...                   prices={"source": "bundled", "assets": ["WTI"]},
        ...                   model={"name": "constant_mean"}).run()
        >>> day = result.windows.query("start == 0 and end == 0")
        >>> print(result.paper(day[["asset", "car", "pvalue"]]).to_markdown())
        | Asset | CAR | p |
        |:---|---:|---:|
        | WTI crude oil | -3.77 % | 0.088 |
        <BLANKLINE>
        """
        from eventstudy.report.paper import paper_table

        return paper_table(self, rows, caption=caption)

    def _repr_html_(self) -> str:
        from eventstudy.report.notebook import repr_html

        return repr_html(self)

    def __repr__(self) -> str:
        from eventstudy.report.screen import repr_text

        return repr_text(self)


def left_out(result: StudyResult) -> pd.DataFrame:
    """Return the rows of ``dropped`` by which a (headline, asset) left the study."""
    return result.dropped[~result.dropped["stage"].isin(NOT_LEFT_OUT)]


def text_columns(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with dates and instants as ISO 8601 text, empty where there is none."""
    dates, instants = TABLES[name]
    out = frame.copy()
    for column in dates:
        if column in out:
            stamp = pd.to_datetime(out[column])
            out[column] = stamp.dt.strftime("%Y-%m-%d").where(stamp.notna(), "")
    for column in instants:
        if column in out:
            stamp = pd.to_datetime(out[column], utc=True)
            out[column] = stamp.dt.strftime("%Y-%m-%dT%H:%M:%SZ").where(stamp.notna(), "")
    return out


def rows_for_json(frame: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """Return a table as a list of rows with plain values; NaN and empty dates become None."""
    text = text_columns(frame, name)
    stamps = set(TABLES[name][0] + TABLES[name][1])
    rows = text.to_dict(orient="records")
    return [
        {str(k): (None if k in stamps and v == "" else _plain(v)) for k, v in row.items()}
        for row in rows
    ]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return any frame as a list of rows with plain values; NaN becomes None."""
    return [{str(k): _plain(v) for k, v in r.items()} for r in frame.to_dict(orient="records")]


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if not math.isfinite(value) else float(value)
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    return None if value is None or value is pd.NaT else value


def load(folder: str | Path) -> StudyResult:
    """Read a saved result back.

    Parameters
    ----------
    folder : path
        Folder that :meth:`StudyResult.save` wrote.

    Returns
    -------
    StudyResult
        Equal to what was saved, to the last bit.

    Raises
    ------
    InputError
        Where a table or ``run.json`` is missing or can't be read.
    """
    base = Path(folder)
    try:
        run = json.loads((base / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{base} holds no saved result: run.json can't be read ({error}); "
            "name a folder that 'eventstudy run --out' wrote"
        ) from None
    return StudyResult(**{name: _read(base, name) for name in TABLES}, run=run)


def _read(base: Path, name: str) -> pd.DataFrame:
    path = base / f"{name}.csv"
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values={}, dtype=str)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}") from None
    dates, instants = TABLES[name]
    for column in frame.columns:
        if column in dates:
            stamps = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
            frame[column] = stamps.astype("datetime64[ns]")
        elif column in instants:
            stamps = pd.to_datetime(frame[column], utc=True, errors="coerce")
            frame[column] = stamps.astype("datetime64[ns, UTC]")
        elif column not in TEXT_COLUMNS:
            frame[column] = _number(frame[column])
    return frame


TEXT_COLUMNS = frozenset(
    {
        "event_id", "asset", "calendar", "position", "reason", "panel", "model", "flags", "name",
        "variant", "title", "distribution", "note", "alternative", "stage", "detail", "group",
        "headline", "lead_reason", "other_headlines", "term", "covariance", "check", "severity",
        "action", "flag", "source", "url", "market",
    }
)  # fmt: skip


def _number(column: pd.Series[str]) -> pd.Series[Any]:
    if column.isin(["True", "False"]).all() and len(column):
        return column == "True"
    # Python's float reads a repr back exactly, which pandas' fast parser does not promise.
    try:
        numbers = column.map(lambda text: float(text) if text else math.nan)
    except ValueError:
        return column.astype(object)
    whole = column.str.fullmatch(r"-?\d+").all() and len(column)
    return numbers.astype(np.int64) if whole else numbers.astype(np.float64)
