"""The readable screen of ``eventstudy run``: proof above, answer last, where the eye ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.report import appendix, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.format import SCREEN, one_line
from eventstudy.report.notebook import repr_text
from eventstudy.report.panel_words import control_sentence
from eventstudy.report.screen_tables import (
    brief_windows,
    comparison,
    core_table,
    lead_table,
    other_windows,
    summary_table,
    thin_panels,
    windows_of,
)
from eventstudy.report.tables import Cell, Table, pinned_table, reported_at

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
_PANEL = ["panel", "model"]
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

    for part in Text(text).wrap(console, max(20, min(console.width, _WIDE) - indent)):
        console.print(Text(" " * indent + part.plain.rstrip(), style=style), highlight=False)


def _rule(console: Console, title: str) -> None:
    console.print()
    line(console, title, "bold")
    line(console, "─" * (min(console.width, _WIDE) - 2), "dim")


def print_result(result: facts.ResultLike, console: Console, *, full: bool = False) -> None:
    """Print a result: sessions, reactions, windows, tests, what was left out, the answer.

    Parameters
    ----------
    result : StudyResult
    console : rich.console.Console
        80 columns suffice.
    full : bool
        Print every asset of large panels, and windows and tests as whole tables.
    """
    name = one_line(facts.setting(result, "study", "name", "study"))
    asked = words.question(result)
    line(console, f"{name}: {asked}", "bold")
    if facts.is_panel_study(result):
        _print_many(result, console, full=full)
    else:
        texts = facts.headlines(result)
        for event_id in facts.headline_ids(result):
            title = texts.get(event_id, event_id)
            # A headline that the question has repeated needs no title of its own.
            _print_event(
                result, event_id, "" if f"“{title}”" in asked else title, console, full=full
            )
    told = words.answer(result, SCREEN)
    _print_tests(result, console, told={label for label, _ in told}, full=full)
    print_left_out(result, console)
    _rule(console, "Answer")
    for i, (label, text) in enumerate(told):
        if i:
            console.print()
        if label:
            line(console, label, "bold")
        line(console, text)
    console.print()
    for caveat in caveats(result, SCREEN):
        line(console, f"* {caveat}", "dim")


def _print_event(
    result: facts.ResultLike, event_id: str, title: str, console: Console, *, full: bool
) -> None:
    if not title or facts.untitled(result, event_id):
        console.print()
    else:
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
    brief = None if full else brief_windows(result, event_id, mains, lead, console.width)
    windows = brief or windows_of(result, event_id, mains, lead)
    if windows.rows:
        console.print()
        if brief:
            line(console, "Other windows: abnormal return (p that leads)", "dim")
        print_table(windows, console, limit=None if full else 24)


def print_reactions(rows: pd.DataFrame, console: Console) -> None:
    """Print reactions, the models as blocks of their own where a column would not fit."""
    models = list(dict.fromkeys(rows["model"]))
    if len(models) == 1 or console.width >= _WIDE:
        print_table(core_table(rows, console.width, model=len(models) > 1), console)
    else:
        for model in models:
            line(console, SCREEN.model(model), "dim")
            print_table(core_table(rows[rows["model"] == model], console.width), console)
    filtered = rows[rows["lead_variant"].astype(str) == "filtered"].head(_WIDE // 10)
    if len(filtered):
        told = ", ".join(
            f"{r['title']} {SCREEN.pvalue(r['lead_p'])}" for _, r in filtered.iterrows()
        )
        line(console, f"The filtered placebo p leads (unusual volatility): {told}.", "dim")


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


def _print_tests(result: facts.ResultLike, console: Console, *, told: set[str], full: bool) -> None:
    """Print the leading tests of every panel, and name those that assume independence.

    The reason why they lead stands in the answer; it stands here for panels that are not told.
    """
    tests = facts.cross_tests(result)
    control = control_sentence(result, SCREEN)
    if tests.empty and not control:
        return
    thin = [part["n_events"].max() < 5 for _, part in tests.groupby(_PANEL, sort=False)]
    if not all(thin):
        _rule(console, "Tests across events")
    for (panel, model), part in tests.groupby(_PANEL, sort=False):
        if part["n_events"].max() < 5:
            continue
        line(console, f"{one_line(panel)}, {SCREEN.model(model)}", "bold")
        day = part[(part["start"] == 0) & (part["end"] == 0)]
        day = day if len(day) else part
        print_table(lead_table(part if full else day), console)
        if one_line(panel) not in told:
            line(console, words.lead_reason(day, SCREEN))
        for aside in ("" if full else other_windows(part.drop(index=day.index)), comparison(part)):
            if aside:
                line(console, aside, "dim")
        console.print()
    if all(thin):
        console.print()
    if any(thin):
        line(console, thin_panels(tests), "dim")
    if control:
        line(console, control)


def _left_rows(table: Table) -> list[str]:
    """Write what was left out, headlines that share assets, stage and reason on one line."""
    groups: dict[tuple[str, ...], list[list[Cell]]] = {}
    for row in table.rows:
        groups.setdefault(tuple(c.text for c in row[1:4]), []).append(row)
    out = []
    for (assets, _, reason), rows in groups.items():
        named = [r[0].text for r in rows]
        some = named if len(named) <= 4 else [*named[:4], f"{len(named) - 4} more"]
        detail = rows[0][4].text if len(rows) == 1 and len(rows[0]) > 4 else ""
        about = "; ".join(t for t in (reason, detail) if t)
        out.append(f"{', '.join(some)} ({assets}): {about}")
    return out


def print_left_out(result: facts.ResultLike, console: Console) -> None:
    """Print what was left out or merged, the run's warnings and the state of the data."""
    rows = _left_rows(appendix.dropped_table(result, names=3))
    left, merged = facts.left_out(result), facts.merged(result)
    told = f"{left} pair{'s' * (left != 1)} of headline and asset" if left else "Nothing"
    tail = f"; {merged} merged with an earlier headline of the same story" if merged else ""
    if rows or left:
        _rule(console, "Left out")
        line(console, f"{told}{tail}.")
    else:
        line(console, "Nothing was left out.")
    for row in rows[:_LEFT_OUT]:
        line(console, f"* {row}", "" if left else "dim")
    if len(rows) > _LEFT_OUT:
        line(console, f"... and {len(rows) - _LEFT_OUT} more, in dropped.csv", "dim")
    for warning in result.run.get("warnings", []):
        line(console, f"warning: {one_line(warning)}", "yellow")
    if len(result.quality):
        counts = result.quality["severity"].astype(str).value_counts(sort=False)
        found = ", ".join(f"{n} {s}{'s' * (n != 1 and s != 'info')}" for s, n in counts.items())
        line(console, f"Data quality: {found}; see the table quality.", "dim")
