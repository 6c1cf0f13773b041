"""Tables on how far the answer hangs on a choice: other headlines, the session, regressors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eventstudy.names import CROSS_EVENT
from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, one_line
from eventstudy.report.panel_words import estimate_text
from eventstudy.report.tables import Cell, Column, Table, num, txt

__all__ = ["contamination_table", "regression_table", "sensitivity_table"]

_TITLES = {(str(s.name), str(s.variant)): s.title for s in CROSS_EVENT}
FEW_EVENTS = 5


def _frame(result: facts.ResultLike, name: str) -> pd.DataFrame:
    """Return a table of the result that older results do not have."""
    frame = getattr(result, name, None)
    return frame if isinstance(frame, pd.DataFrame) else pd.DataFrame()


def contamination_table(
    result: facts.ResultLike, fmt: Format = HTML, *, caption: str = ""
) -> Table:
    """Return the leading tests with and without events whose windows hold another headline.

    Only windows that such a headline touches, of panels of five events or more.
    """
    columns = (
        Column("Panel"),
        Column("Model", nowrap=True),
        Column("Window", nowrap=True),
        Column("Test"),
        Column("Events", True),
        Column("Mean", True),
        Column("p", True),
        Column("Clean events", True),
        Column("Mean, clean", True),
        Column("p, clean", True),
        Column("Note"),
    )
    frame = _frame(result, "contamination")
    if frame.empty or "n_contaminated" not in frame:
        return Table("contamination", caption, columns)
    rows = frame[(frame["n_contaminated"] > 0) & (frame["n_events"] >= FEW_EVENTS)]
    none = rows[rows["n_clean"] == 0].drop_duplicates(["panel", "start", "end"])
    lost = [
        f"{one_line(r['panel'])} {fmt.window(r['start'], r['end'])}" for _, r in none.iterrows()
    ]
    note = f"Every event of the window holds another headline: {', '.join(lost)}." if lost else ""
    rows = rows[rows["n_clean"] > 0]
    body = []
    for _, r in rows.iterrows():
        key = (str(r["name"]), str(r["variant"]))
        body.append(
            [
                txt(r["panel"], strong=True),
                txt(fmt.model(r["model"])),
                Cell(fmt.window(r["start"], r["end"]), float(r["start"])),
                txt(_TITLES.get(key, key[0])),
                num(r["n_events"], fmt.count),
                Cell(estimate_text(r, "estimate", fmt)),
                num(r["pvalue"], fmt.pvalue),
                num(r["n_clean"], fmt.count),
                Cell(estimate_text(r, "estimate_clean", fmt)),
                num(r["pvalue_clean"], fmt.pvalue),
                txt(_remark(r["note"])),
            ]
        )
    return Table("contamination", caption, columns, body, note).tidy()


def _remark(note: Any) -> str:
    return "; ".join(p for p in one_line(note).split("; ") if not p.startswith("descriptive"))


def sensitivity_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the abnormal returns of ambiguous headlines for each session that could be day 0."""
    columns = (
        Column("Headline"),
        Column("Asset"),
        Column("Model", nowrap=True),
        Column("Window", nowrap=True),
        Column("Day 0", nowrap=True),
        Column("Abnormal", True),
        Column("Exact p", True),
        Column("", nowrap=True),
    )
    frame = _frame(result, "sensitivity")
    texts, titles = facts.headlines(result), facts.asset_titles(result)
    body = []
    for _, r in frame.iterrows():
        event_id, asset = str(r["event_id"]), str(r["asset"])
        body.append(
            [
                txt(texts.get(event_id, event_id), strong=True),
                txt(titles.get(asset, asset)),
                txt(fmt.model(r["model"])),
                Cell(fmt.window(r["start"], r["end"]), float(r["start"])),
                Cell(fmt.date(r["session"]), fmt.date(r["session"])),
                num(r["car"], fmt.percent),
                num(r["pvalue"], fmt.pvalue),
                txt("of the study" if bool(r["chosen"]) else ""),
            ]
        )
    return Table("sensitivity", caption, columns, body).tidy()


def regression_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the regressions of abnormal returns on columns of the catalogue."""
    columns = (
        Column("Panel"),
        Column("Model", nowrap=True),
        Column("Window", nowrap=True),
        Column("Term"),
        Column("Coefficient", True, "Percent of abnormal return for one unit of the term"),
        Column("95 % interval", True),
        Column("t", True),
        Column("df", True),
        Column("p", True),
        Column("Events", True),
        Column("Dates", True),
        Column("R\u00b2", True),
        Column("Note"),
    )
    frame = _frame(result, "regressions")
    body = []
    for _, r in frame.iterrows() if "term" in frame else ():
        body.append(
            [
                txt(r["panel"], strong=True),
                txt(fmt.model(r["model"])),
                Cell(fmt.window(r["start"], r["end"]), float(r["start"])),
                txt(r["term"]),
                num(r["coefficient"], fmt.percent),
                Cell(fmt.interval(r["ci_low"], r["ci_high"])),
                num(r["statistic"], fmt.number, sign=True),
                num(r["df"], fmt.df),
                num(r["pvalue"], fmt.pvalue),
                num(r["n_events"], fmt.count),
                num(r["n_clusters"], fmt.count),
                num(r["r_squared"], fmt.number),
                txt(r["note"]),
            ]
        )
    return Table("regressions", caption, columns, body).tidy()
