"""Tables of a result as cells of text, once for every writer.

A cell carries the text a person reads and the value that sorts; the writers only lay it out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, is_missing, one_line
from eventstudy.report.panel_words import estimate_text, interval_text

__all__ = [
    "Cell",
    "Column",
    "Table",
    "pinned_table",
    "reaction_table",
    "reported_at",
    "tests_table",
    "windows_table",
]

MAX_ROWS = 200
_SHOWN_ASSETS = 6


@dataclass(frozen=True)
class Cell:
    """One cell: what is read, what sorts it, and how it stands out.

    Attributes
    ----------
    text : str
    sort : float, str or None
        None sorts last.
    strong, muted : bool
    bar : tuple of float or None
        Low end, middle and high end of an interval that a writer may draw.
    """

    text: str
    sort: float | str | None = None
    strong: bool = False
    muted: bool = False
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Column:
    """A column's label, whether it holds numbers, and what the label means."""

    label: str
    numeric: bool = False
    help: str = ""
    nowrap: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption, and a note on what it leaves out."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)
    note: str = ""

    def tidy(self) -> Table:
        """Return the table without the columns in which no row has any text."""
        keep = [
            i for i in range(len(self.columns)) if i == 0 or any(row[i].text for row in self.rows)
        ]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in keep),
            rows=[[row[i] for i in keep] for row in self.rows],
        )

    def clipped(self, limit: int = MAX_ROWS, where: str = "") -> Table:
        """Return the first rows, and say that there are more."""
        if len(self.rows) <= limit:
            return self
        more = f"The first {limit} of {len(self.rows)} rows" + (
            f"; all are in {where}." * bool(where) or "."
        )
        return replace(self, rows=self.rows[:limit], note=f"{self.note} {more}".strip())


def num(value: Any, write: Callable[..., str], **how: Any) -> Cell:
    """Return a numeric cell."""
    missing = is_missing(value)
    return Cell(write(value, **how), None if missing else float(value), muted=missing)


def txt(value: Any, *, strong: bool = False, muted: bool = False) -> Cell:
    """Return a text cell on one line."""
    text = one_line(value)
    return Cell(text, text.casefold(), strong=strong, muted=muted)


RETURN = Column("Return", True, "What the price did over the window")
ABNORMAL = Column("Abnormal", True, "Return less what the model expects")
INTERVAL = Column("95 % interval", True, "Interval of the abnormal return, from the exact t")
PLACEBO_INTERVAL = Column("95 % placebo", True, "Interval by the placebo quantiles")
LEADS = Column("Leads", nowrap=True, help="Which p leads, by the estimation residuals")
EXACT = Column("Exact p", True, "t with the forecast-error variance of the estimation window")
PLACEBO = Column("Placebo p", True, "Share of ordinary days or windows that moved at least as far")
ADJUSTED = Column("Adj. p", True, "The leading p, adjusted for all tests of the table")
MDE = Column("Detectable", True, "Smallest effect that could be seen with 80 % power at 5 %")
MODEL = Column("Model", nowrap=True)


def _numbers(row: Any, fmt: Format) -> list[Cell]:
    ends = (row["ci_low"], row["car"], row["ci_high"])
    bar = (
        None
        if any(is_missing(v) for v in ends)
        else (float(row["ci_low"]), float(row["car"]), float(row["ci_high"]))
    )
    low = None if is_missing(row["ci_low"]) else float(row["ci_low"])
    return [
        num(row["return"], fmt.percent),
        replace(num(row["car"], fmt.percent), strong=True),
        Cell(fmt.interval(row["ci_low"], row["ci_high"]), low, bar=bar),
        num(row["pvalue"], fmt.pvalue),
        num(row["placebo_pvalue"], fmt.pvalue),
        txt(_lead(row, fmt)),
        num(row["lead_adjusted"], fmt.pvalue),
        num(row["mde"], fmt.percent, sign=False),
    ]


def _lead(row: Any, fmt: Format) -> str:
    """Name the p-value that leads; give it where no column does."""
    if str(row.get("lead_name", "")) != "placebo_sq":
        return "exact"
    if str(row.get("lead_variant", "")) == "filtered":
        return f"filtered {fmt.pvalue(row['lead_p'])}"
    return "placebo"


def reaction_table(
    rows: pd.DataFrame, fmt: Format = HTML, *, caption: str = "", headline: bool = False
) -> Table:
    """Return the table of reactions: one row an asset (and model).

    A model or window that all rows share stands in the caption and not in a column.

    Parameters
    ----------
    rows : DataFrame
        Of :func:`eventstudy.report.facts.reactions`.
    fmt : Format
    caption : str
    headline : bool
        Whether the event's id is shown.
    """
    models = list(dict.fromkeys(rows["model"]))
    spans = list(dict.fromkeys(zip(rows["start"], rows["end"], strict=True)))
    columns = [Column("Asset")]
    columns += [Column("Headline")] if headline else []
    columns += [MODEL] if len(models) > 1 else []
    columns += [Column("Window", nowrap=True)] if len(spans) > 1 else []
    columns += [RETURN, ABNORMAL, INTERVAL, EXACT, PLACEBO, LEADS, ADJUSTED, MDE]
    body = []
    for _, row in rows.iterrows():
        cells = [txt(row["title"], strong=True)]
        cells += [txt(row["event_id"])] if headline else []
        cells += [txt(fmt.model(row["model"]))] if len(models) > 1 else []
        if len(spans) > 1:
            cells.append(Cell(fmt.window(row["start"], row["end"]), float(row["start"])))
        body.append(cells + _numbers(row, fmt))
    shared = [caption] if caption else []
    shared += [fmt.model(models[0])] if len(models) == 1 else []
    shared += [_span_words(*spans[0], fmt)] if len(spans) == 1 else []
    return Table("reactions", ", ".join(shared), tuple(columns), body)


def _span_words(start: Any, end: Any, fmt: Format) -> str:
    return "day 0" if start == end == 0 else f"window {fmt.window(start, end)}"


def _in_order(result: facts.ResultLike, rows: pd.DataFrame) -> pd.DataFrame:
    """Sort rows of windows by asset, model and window, as the study names them."""
    places = {w: i for i, w in enumerate(facts.reported(result))}
    order = {
        (str(a), str(m)): i
        for i, (a, m) in enumerate(
            result.windows[["asset", "model"]].drop_duplicates().itertuples(index=False, name=None)
        )
    }
    return rows.assign(
        _who=[order[(str(a), str(m))] for a, m in zip(rows["asset"], rows["model"], strict=True)],
        _span=[places[(int(a), int(b))] for a, b in zip(rows["start"], rows["end"], strict=True)],
    ).sort_values(["_who", "_span"], kind="stable")


def windows_table(
    result: facts.ResultLike,
    fmt: Format = HTML,
    *,
    event_id: str | None = None,
    assets: list[str] | None = None,
    caption: str = "",
) -> Table:
    """Return the reported windows (not every single day) of some or all events."""
    report = facts.reported(result)
    parts = [facts.reactions(result, event_id=event_id, window=w) for w in report]
    parts = [p for p in parts if len(p)]
    columns = [Column("Asset"), MODEL, Column("Window", nowrap=True), RETURN, ABNORMAL, INTERVAL]
    columns += [PLACEBO_INTERVAL, EXACT, PLACEBO, LEADS, ADJUSTED, MDE]
    if not parts:
        return Table("windows", caption, tuple(columns))
    rows = pd.concat(parts, ignore_index=True)
    if assets is not None:
        rows = rows[rows["asset"].isin(assets)]
    rows = _in_order(result, rows)
    models = list(dict.fromkeys(rows["model"]))
    body = []
    for _, r in rows.iterrows():
        numbers = _numbers(r, fmt)
        numbers.insert(3, _interval(r.get("placebo_low"), r.get("placebo_high"), fmt))
        head = [
            txt(r["title"], strong=True),
            txt(fmt.model(r["model"]) if len(models) > 1 else ""),
            Cell(fmt.window(r["start"], r["end"]), float(r["start"])),
        ]
        body.append([*head, *numbers])
    shared = f"{caption}, {fmt.model(models[0])}" if len(models) == 1 else caption
    return Table("windows", shared.lstrip(", "), tuple(columns), body).tidy()


def _interval(low: Any, high: Any, fmt: Format) -> Cell:
    return Cell(fmt.interval(low, high), None if is_missing(low) else float(low))


def asset_list(names: list[str], limit: int = _SHOWN_ASSETS) -> str:
    """Name some assets, and count the rest.

    Examples
    --------
    >>> asset_list(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def reported_at(row: Any, fmt: Format) -> str:
    """Say when a headline was reported, and how well that is known."""
    if is_missing(row["timestamp_utc"]):
        return "date only"
    wide = row.get("uncertainty_minutes")
    known = "" if is_missing(wide) or not wide else f" ± {fmt.number(wide, 0)} min"
    return fmt.instant(row["timestamp_utc"]) + known


def pinned_table(
    result: facts.ResultLike,
    fmt: Format = HTML,
    *,
    caption: str = "",
    event_id: str | None = None,
) -> Table:
    """Return what was pinned where and why; assets with the same answer share a row.

    Of one headline only, its text and instant are no columns.
    """
    frame = result.pinned
    if event_id is not None:
        frame = frame[frame["event_id"].astype(str) == event_id]
    titles = facts.asset_titles(result)
    columns = [] if event_id is not None else [Column("Headline"), Column("Reported", nowrap=True)]
    columns += [Column("Assets"), Column("Calendar", nowrap=True), Column("Day 0", nowrap=True)]
    columns += [Column("Came", nowrap=True), Column("Why")]
    body = []
    keys = ["event_id", "calendar", "session", "position", "reason"]
    for key, part in frame.groupby(keys, sort=False, dropna=False):
        first = part.iloc[0]
        named = [titles.get(str(a), str(a)) for a in part["asset"]]
        head = [txt(first.get("headline") or key[0], strong=True), txt(reported_at(first, fmt))]
        cells = [
            txt(asset_list(named)),
            txt(key[1]),
            Cell(fmt.date(key[2]), fmt.date(key[2]), strong=True),
            txt(fmt.position(key[3])),
            txt(key[4]),
        ]
        body.append(cells if event_id is not None else head + cells)
    return Table("pinned", caption, tuple(columns), body)


def tests_table(rows: pd.DataFrame, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return tests across events, those that lead first, those that assume independence last.

    What all rows share (window, events, dates, a remark) stands in the caption.

    Parameters
    ----------
    rows : DataFrame
        Of :func:`eventstudy.report.facts.cross_tests`.
    fmt : Format
    caption : str
    """
    spans = list(dict.fromkeys(zip(rows["start"], rows["end"], strict=True)))
    shared = [caption] if caption else []
    shared += [_span_words(*spans[0], fmt)] if len(spans) == 1 else []
    counts = rows[["n_events", "n_clusters"]].drop_duplicates()
    remark = _shared_remark(rows["note"])
    if len(counts) == 1:
        n, g = (int(v) for v in counts.iloc[0])
        shared.append(f"{n} events on {g} date{'s' * (g != 1)}")
        remark = "descriptive" if remark.startswith("descriptive") else remark
    shared += [remark] if remark else []
    columns = [Column("Window", nowrap=True)] if len(spans) > 1 else []
    columns += [Column("Test"), Column("Role", nowrap=True)]
    columns += [] if len(counts) == 1 else [Column("N", True), Column("Dates", True)]
    columns += [Column(c, True) for c in ("Mean", "95 % interval", "Statistic", "df", "p")]
    columns += [ADJUSTED, Column("Note")]
    body = []
    for _, row in rows.iterrows():
        cells = [Cell(fmt.window(row["start"], row["end"]), float(row["start"]))]
        cells = cells if len(spans) > 1 else []
        body.append(cells + _test_cells(row, fmt, counted=len(counts) == 1))
    return Table("tests", ", ".join(shared), tuple(columns), body).tidy()


def _shared_remark(notes: pd.Series[Any]) -> str:
    """Return the first remark if every row carries it."""
    told = [str(n).split("; ") for n in notes.fillna("")]
    common = [p for p in told[0] if p and all(p in t for t in told)] if told else []
    return common[0] if common else ""


def _test_cells(row: Any, fmt: Format, *, counted: bool) -> list[Cell]:
    leads = bool(row["leads"]) and not is_missing(row["leads"])
    silent = is_missing(row["pvalue"])
    alone = bool(row.get("independent", False)) and not leads
    role = "leads" if leads else ("assumes independence" if alone else "")
    role = "does not apply" if silent else role
    note = "; ".join(
        p for p in one_line(row["note"]).split("; ") if not p.startswith("descriptive")
    )
    low = None if is_missing(row["ci_low"]) else float(row["ci_low"])
    mean = None if is_missing(row["estimate"]) else float(row["estimate"])
    counts = [num(row["n_events"], fmt.count), num(row["n_clusters"], fmt.count)]
    cells = [
        txt(row.get("title") or row["name"], strong=leads),
        txt(role, strong=leads),
        *([] if counted else counts),
        Cell(estimate_text(row, "estimate", fmt), mean),
        Cell(interval_text(row, fmt), low),
        num(row["statistic"], fmt.number, sign=True),
        num(row["df"], fmt.df),
        num(row["pvalue"], fmt.pvalue),
        num(row["pvalue_adjusted"], fmt.pvalue),
        txt(note),
    ]
    return [replace(c, muted=True) for c in cells] if alone or silent else cells
