"""Tables and lines of the screen: what 80 columns have room for."""

from __future__ import annotations

import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import SCREEN, one_line
from eventstudy.report.panel_words import estimate_text
from eventstudy.report.tables import Cell, Column, Table, num, txt

__all__ = [
    "brief_windows",
    "comparison",
    "core_table",
    "lead_table",
    "other_windows",
    "summary_table",
    "thin_panels",
    "windows_of",
]

_PANEL = ["panel", "model"]


def core_table(rows: pd.DataFrame, width: int, *, model: bool = False) -> Table:
    """Return the table of reactions for a console: the core columns, more where there is room."""
    spans = rows[["start", "end"]].drop_duplicates()
    show_window = len(spans) > 1 or not spans.eq(0).all(axis=None)
    columns = [Column("Asset")]
    columns += [Column("Model", nowrap=True)] if model else []
    columns += [Column("Window", nowrap=True)] if show_window else []
    columns += [Column(name, True) for name in ("Return", "Abnormal", "95 % interval")]
    columns += [Column("exact p", True), Column("placebo p", True)]
    room = width >= 90 + 16 * model + 10 * show_window
    columns += [Column("detectable", True)] if room else []
    body = []
    for _, r in rows.iterrows():
        cells = [txt(r["title"], strong=True)]
        cells += [txt(SCREEN.model(r["model"]))] if model else []
        cells += [Cell(SCREEN.window(r["start"], r["end"]))] if show_window else []
        cells += [
            num(r["return"], SCREEN.percent),
            num(r["car"], SCREEN.percent),
            Cell(SCREEN.interval(r["ci_low"], r["ci_high"])),
            num(r["pvalue"], SCREEN.pvalue),
            num(r["placebo_pvalue"], SCREEN.pvalue),
        ]
        cells += [num(r["mde"], SCREEN.percent, sign=False)] if room else []
        body.append(cells)
    return Table("reactions", "", tuple(columns), body)


def summary_table(rows: pd.DataFrame) -> Table:
    """Summarise large panels: how many rose beyond their model, the mean, the extremes.

    Parameters
    ----------
    rows : DataFrame
        Of :func:`eventstudy.report.facts.reactions`.
    """
    columns = (
        Column("Panel"),
        Column("N", True),
        Column("above 0", True),
        Column("mean", True),
        Column("p<0.05", True),
        Column("lowest and highest"),
    )
    body = []
    for (panel, model), part in rows.groupby(["panel", "model"], sort=False):
        cars = part["car"].dropna()
        if cars.empty:
            continue
        ordered = part[part["car"].notna()].sort_values("car", kind="stable")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        ends = (
            f"{one_line(low['asset'])} {SCREEN.percent(low['car'])}, "
            f"{one_line(high['asset'])} {SCREEN.percent(high['car'])}"
        )
        body.append(
            [
                txt(f"{one_line(panel)}, {SCREEN.model(model)}", strong=True),
                num(len(cars), SCREEN.count),
                num(int((cars > 0).sum()), SCREEN.count),
                num(cars.mean(), SCREEN.percent),
                num(int((part["lead_p"] < 0.05).sum()), SCREEN.count),
                Cell(ends),
            ]
        )
    return Table("summary", "", columns, body)


def brief_windows(
    result: facts.ResultLike,
    event_id: str,
    mains: set[str],
    lead: set[tuple[str, int, int]],
    width: int,
) -> Table | None:
    """Return the other windows with a column each, or None where they do not fit the width."""
    report = facts.reported(result)
    parts = [facts.reactions(result, event_id=event_id, window=w) for w in report]
    parts = [p[p["asset"].isin(mains)] for p in parts if len(p)]
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    keys = zip(rows["asset"].astype(str), rows["start"], rows["end"], strict=True)
    rows = rows[[k not in lead for k in keys]]
    spans = [w for w in report if ((rows["start"] == w[0]) & (rows["end"] == w[1])).any()]
    models = len(rows["model"].unique()) > 1
    if not spans or 28 + 14 * models + 18 * len(spans) > width + 2:
        return None
    body = []
    for (_, model), part in rows.groupby(["asset", "model"], sort=False):
        by = {(int(r["start"]), int(r["end"])): r for _, r in part.iterrows()}
        head = [txt(part["title"].iloc[0], strong=True)]
        body.append(
            [
                *head,
                *([txt(SCREEN.model(model))] if models else []),
                *(_brief(by.get(w)) for w in spans),
            ]
        )
    columns = [Column("Asset"), *([Column("Model", nowrap=True)] if models else [])]
    columns += [Column(SCREEN.window(*w), True) for w in spans]
    return Table("windows", "", tuple(columns), body)


def _brief(row: pd.Series | None) -> Cell:
    if row is None:
        return Cell(SCREEN.dash, muted=True)
    return Cell(f"{SCREEN.percent(row['car'])} ({SCREEN.pvalue(row['lead_p'])})")


def windows_of(
    result: facts.ResultLike, event_id: str, mains: set[str], lead: set[tuple[str, int, int]]
) -> Table:
    """Return the reported windows of the main assets besides the ones that lead."""
    columns = (
        Column("Asset"),
        Column("Model", nowrap=True),
        Column("Window", nowrap=True),
        Column("Abnormal", True),
        Column("95 % interval", True),
        Column("exact p", True),
        Column("placebo p", True),
    )
    body = []
    w = result.windows
    w = w[(w["event_id"].astype(str) == event_id) & w["asset"].isin(mains)]
    report = facts.reported(result)
    titles = facts.asset_titles(result)
    for (asset, model), part in w.groupby(["asset", "model"], sort=False):
        for start, end in report:
            here = part[(part["start"] == start) & (part["end"] == end)]
            if here.empty or (str(asset), start, end) in lead:
                continue
            r = here.iloc[0]
            body.append(
                [
                    txt(titles.get(str(asset), asset)),
                    txt(SCREEN.model(model)),
                    Cell(SCREEN.window(start, end)),
                    num(r["car"], SCREEN.percent),
                    Cell(SCREEN.interval(r["ci_low"], r["ci_high"])),
                    num(r["pvalue"], SCREEN.pvalue),
                    num(r["placebo_pvalue"], SCREEN.pvalue),
                ]
            )
    made = Table("windows", "", columns, body)
    return made if len(w["model"].unique()) > 1 else _without(made, 1)


def _without(table: Table, *columns: int) -> Table:
    keep = [i for i in range(len(table.columns)) if i not in columns]
    return Table(
        table.name,
        table.caption,
        tuple(table.columns[i] for i in keep),
        [[row[i] for i in keep] for row in table.rows],
        table.note,
    )


def thin_panels(tests: pd.DataFrame) -> str:
    """Name the panels that have too few events for tests across them."""
    few = [
        f"{one_line(panel)}, {SCREEN.model(model)}"
        for (panel, model), part in tests.groupby(_PANEL, sort=False)
        if part["n_events"].max() < 5
    ]
    return (
        f"Tests across fewer than five events are descriptive at best and stand in tests.csv only: "
        f"{'; '.join(few)}."
    )


def other_windows(part: pd.DataFrame) -> str:
    """Tell the p of the leading tests over the other windows, from least to most."""
    lead = part[part["leads"].fillna(False).astype(bool) & part["pvalue"].notna()]
    told = []
    for (start, end), rows in lead.groupby(["start", "end"], sort=False):
        low, high = SCREEN.pvalue(rows["pvalue"].min()), SCREEN.pvalue(rows["pvalue"].max())
        span = low if low == high else f"{low} to {high}"
        told.append(f"{SCREEN.window(start, end)} {span}")
    if not told:
        return ""
    least = SCREEN.pvalue(lead["pvalue_adjusted"].min())
    return f"p of the same over other windows: {', '.join(told)}; least adjusted p {least}."


def lead_table(part: pd.DataFrame) -> Table:
    """Return the table of the leading tests of a panel."""
    columns = (
        Column("Window", nowrap=True),
        Column("Test"),
        Column("N", True),
        Column("mean", True),
        Column("statistic", True),
        Column("p", True),
        Column("adj. p", True),
    )
    lead = part[part["leads"].fillna(False).astype(bool)]
    body = [
        [
            Cell(SCREEN.window(r["start"], r["end"])),
            txt(r.get("title") or r["name"]),
            num(r["n_events"], SCREEN.count),
            Cell(estimate_text(r, "estimate", SCREEN)),
            num(r["statistic"], SCREEN.number, sign=True),
            num(r["pvalue"], SCREEN.pvalue),
            num(r["pvalue_adjusted"], SCREEN.pvalue),
        ]
        for _, r in lead.iterrows()
    ]
    return Table("tests", "", columns, body)


def comparison(part: pd.DataFrame) -> str:
    """Tell the day-0 p-values of tests that assume independent events, set apart."""
    if "independent" not in part:
        return ""
    rows = part[
        (part["start"] == 0)
        & (part["end"] == 0)
        & part["pvalue"].notna()
        & part["independent"].fillna(False).astype(bool)
        & ~part["leads"].fillna(False).astype(bool)
    ]
    if rows.empty:
        return ""
    told = ", ".join(
        f"{one_line(r.get('title') or r['name'])} {SCREEN.pvalue(r['pvalue'])}"
        for _, r in rows.iterrows()
    )
    return f"Assuming independent events, for comparison (p on day 0): {told}."
