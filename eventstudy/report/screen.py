"""The readable screen of ``eventstudy run``: proof above, answer last, where the eye ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.report import appendix, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.format import SCREEN, one_line
from eventstudy.report.notebook import repr_text
from eventstudy.report.panel_words import estimate_text
from eventstudy.report.tables import Cell, Column, Table, num, pinned_table, reported_at, txt

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "core_table",
    "line",
    "print_left_out",
    "print_reactions",
    "print_result",
    "print_table",
    "repr_text",
]

_LEFT_OUT = 12
_WIDE = 100


def print_table(table: Table, console: Console, *, limit: int | None = None) -> None:
    """Print a table of cells, as wide as the console allows; nothing in it is read as markup."""
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = table.rows if limit is None else table.rows[:limit]
    if not shown:
        return
    rich = RichTable(
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
    )
    for i, column in enumerate(table.columns):
        rich.add_column(
            Text(column.label),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric or column.nowrap,
            overflow="fold",
            min_width=8 if i == 0 else None,
        )
    for row in shown:
        rich.add_row(
            *(Text(c.text, style="bold" if c.strong else "dim" if c.muted else "") for c in row)
        )
    console.print(rich)
    if len(shown) < len(table.rows):
        line(console, f"... and {len(table.rows) - len(shown)} more", "dim")


def line(console: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """Print one paragraph; nothing in it is read as markup, no line ends on spaces."""
    from rich.text import Text

    for part in Text(text).wrap(console, max(20, console.width - indent)):
        console.print(Text(" " * indent + part.plain.rstrip(), style=style), highlight=False)


def _rule(console: Console, title: str) -> None:
    console.print()
    line(console, title, "bold")
    line(console, "─" * min(console.width, 78), "dim")


def print_result(result: facts.ResultLike, console: Console, *, full: bool = False) -> None:
    """Print a result: sessions, reactions, windows, tests, what was left out, the answer.

    Parameters
    ----------
    result : StudyResult
    console : rich.console.Console
        80 columns suffice.
    full : bool
        Print every asset of large panels instead of a summary.
    """
    name = one_line(facts.setting(result, "study", "name", "study"))
    line(console, f"{name}: {words.question(result)}", "bold")
    if facts.is_panel_study(result):
        _print_many(result, console, full=full)
    else:
        texts = facts.headlines(result)
        for event_id in facts.headline_ids(result):
            _print_event(result, event_id, texts.get(event_id, event_id), console, full=full)
    _print_tests(result, console)
    print_left_out(result, console)
    _rule(console, "Answer")
    for label, text in words.answer(result, SCREEN):
        if label:
            line(console, label, "bold")
        line(console, text)
        console.print()
    for caveat in caveats(result, SCREEN):
        line(console, f"* {caveat}", "dim")


def _print_event(
    result: facts.ResultLike, event_id: str, title: str, console: Console, *, full: bool
) -> None:
    _rule(console, title)
    here = result.pinned[result.pinned["event_id"].astype(str) == event_id]
    line(console, f"Reported {reported_at(here.iloc[0], SCREEN)}")
    for row in pinned_table(result, SCREEN, event_id=event_id).rows:
        line(console, f"{row[2].text}  {row[3].text} ({row[1].text}): {row[0].text}")
        line(console, row[4].text, "dim", indent=4)
    table = facts.reactions(result, event_id=event_id)
    mains = set(facts.main_assets(table))
    told = table[table["asset"].isin(mains)]
    console.print()
    print_reactions(told, console)
    rest = table[~table["asset"].isin(mains)]
    if len(rest):
        console.print()
        if full:
            for (panel, model), part in rest.groupby(["panel", "model"], sort=False):
                line(console, f"{one_line(panel)}, {SCREEN.model(model)}", "bold")
                print_table(core_table(part, console.width), console)
        else:
            print_table(summary_table(rest), console)
    lead = {(str(r["asset"]), r["start"], r["end"]) for _, r in told.iterrows()}
    windows = _windows(result, event_id, mains, lead)
    if windows.rows:
        console.print()
        print_table(windows, console, limit=None if full else 24)


def _without(table: Table, *columns: int) -> Table:
    keep = [i for i in range(len(table.columns)) if i not in columns]
    return Table(
        table.name,
        table.caption,
        tuple(table.columns[i] for i in keep),
        [[row[i] for i in keep] for row in table.rows],
        table.note,
    )


def print_reactions(rows: pd.DataFrame, console: Console) -> None:
    """Print reactions, the models as blocks of their own where a column would not fit."""
    models = list(dict.fromkeys(rows["model"]))
    if len(models) == 1 or console.width >= _WIDE:
        print_table(core_table(rows, console.width, model=len(models) > 1), console)
        return
    for model in models:
        line(console, SCREEN.model(model), "dim")
        print_table(core_table(rows[rows["model"] == model], console.width), console)


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


def _windows(
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


def _print_many(result: facts.ResultLike, console: Console, *, full: bool) -> None:
    _rule(console, "Pinned")
    counts = result.pinned["position"].value_counts(sort=False)
    told = ", ".join(f"{n} {SCREEN.position(p)}" for p, n in counts.items())
    line(console, f"{len(result.pinned)} pairs of headline and asset: {told}.")
    _rule(console, "Reactions")
    table = facts.reactions(result)
    print_table(summary_table(table), console)
    console.print()
    shown = table if full else table.head(10)
    rows = shown.assign(title=shown["event_id"].astype(str) + " " + shown["title"])
    print_reactions(rows, console)
    if len(shown) < len(table):
        line(console, f"... and {len(table) - len(shown)} more, in windows.csv", "dim")


def _print_tests(result: facts.ResultLike, console: Console) -> None:
    """Print the leading tests of every panel, and name those that assume independence."""
    tests = facts.cross_tests(result)
    if tests.empty:
        return
    _rule(console, "Tests across events")
    thin: list[str] = []
    for (panel, model), part in tests.groupby(["panel", "model"], sort=False):
        label = f"{one_line(panel)}, {SCREEN.model(model)}"
        if part["n_events"].max() < 5:
            thin.append(label)
            continue
        line(console, label, "bold")
        print_table(_lead_table(part), console)
        day = part[(part["start"] == 0) & (part["end"] == 0)]
        line(console, words.lead_reason(day if len(day) else part, SCREEN))
        aside = _aside(part)
        if aside:
            line(console, aside, "dim")
        console.print()
    if thin:
        line(
            console,
            f"Fewer than five events, so descriptive at best and only in tests.csv: "
            f"{'; '.join(thin)}.",
            "dim",
        )


def _lead_table(part: pd.DataFrame) -> Table:
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


def _aside(part: pd.DataFrame) -> str:
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


def print_left_out(result: facts.ResultLike, console: Console) -> None:
    """Print what was left out or merged, the run's warnings and the state of the data."""
    table = appendix.dropped_table(result, names=3)
    _rule(console, "Left out")
    left, merged = facts.left_out(result), facts.merged(result)
    told = f"{left} pair{'s' * (left != 1)} of headline and asset" if left else "Nothing"
    tail = f"; {merged} merged with an earlier headline of the same story" if merged else ""
    line(console, f"{told}{tail}.")
    for row in table.rows[:_LEFT_OUT]:
        about = "; ".join(c.text for c in row[3:] if c.text)
        line(console, f"* {row[0].text} ({row[1].text}): {about}", "" if left else "dim")
    if len(table.rows) > _LEFT_OUT:
        line(console, f"... and {len(table.rows) - _LEFT_OUT} more, in dropped.csv", "dim")
    for warning in result.run.get("warnings", []):
        line(console, f"warning: {one_line(warning)}", "yellow")
    if len(result.quality):
        counts = result.quality["severity"].astype(str).value_counts(sort=False)
        found = ", ".join(f"{n} {s}" for s, n in counts.items())
        line(console, f"Data quality: {found}; see quality.csv.", "dim")
