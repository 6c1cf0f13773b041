"""What a streamed result shows of itself: counts and leading tests, no table of single events."""

from __future__ import annotations

from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from eventstudy.report import facts
from eventstudy.report.format import SCREEN, one_line
from eventstudy.report.notebook import table_html
from eventstudy.report.panel_words import lead_reason
from eventstudy.report.screen import line, print_table
from eventstudy.report.screen_tables import comparison, lead_table
from eventstudy.report.tables import Table
from eventstudy.results import left_out

if TYPE_CHECKING:
    from rich.console import Console

    from eventstudy.streamed_result import StreamedResult

__all__ = ["print_streamed", "streamed_html", "streamed_text"]

_PANEL = ["panel", "model"]
LATER = (
    "abnormal_returns, windows, event_tests and pinned are made when they are read; "
    "save() writes them block by block."
)


def _counts(result: StreamedResult) -> str:
    counts = result.run["counts"]
    left = counts["left_out"]
    told = (
        f"{SCREEN.count(counts['headlines'])} headlines, "
        f"{SCREEN.count(counts['pinned'])} pairs of headline and asset pinned, "
        f"{SCREEN.count(counts['events'])} estimated"
    )
    return f"{told}, {SCREEN.count(left)} left out." if left else f"{told}, nothing left out."


def _left_out(result: StreamedResult) -> list[str]:
    reasons = left_out(result)["reason"].astype(str).value_counts(sort=False)
    return [f"{SCREEN.count(n)}: {reason}" for reason, n in reasons.items()]


def _panels(result: StreamedResult) -> list[tuple[str, Table, str, str]]:
    """Return heading, leading tests, why they lead, and those that assume independence."""
    tests = facts.cross_tests(result)
    out = []
    for (panel, model), part in tests.groupby(_PANEL, sort=False):
        day = part[(part["start"] == 0) & (part["end"] == 0)]
        day = day if len(day) else part
        head = f"{one_line(panel)}, {SCREEN.model(model)}"
        out.append((head, lead_table(part), lead_reason(day, SCREEN), comparison(part)))
    return out


def print_streamed(result: StreamedResult, console: Console) -> None:
    """Print counts, leading tests of every panel, what was left out, and the warnings."""
    line(console, f"{one_line(result.name)}: {_counts(result)}", "bold")
    for head, table, reason, aside in _panels(result):
        console.print()
        line(console, head, "bold")
        print_table(table, console)
        line(console, reason)
        if aside:
            line(console, aside, "dim")
    left = _left_out(result)
    if left:
        console.print()
        line(console, "Left out", "bold")
        for row in left:
            line(console, f"* {row}")
    console.print()
    for warning in result.run.get("warnings", []):
        line(console, f"warning: {one_line(warning)}", "yellow")
    line(console, LATER, "dim")


def streamed_text(result: StreamedResult, *, width: int = 80) -> str:
    """Return the result as plain text."""
    from rich.console import Console

    out = StringIO()
    print_streamed(result, Console(file=out, width=width, no_color=True, highlight=False))
    return out.getvalue().rstrip("\n")


def streamed_html(result: StreamedResult) -> str:
    """Return the result as a table in a notebook."""
    parts = [f"<p><strong>{escape(result.name)}</strong>: {escape(_counts(result))}</p>"]
    for head, table, reason, _ in _panels(result):
        parts += [f"<p><strong>{escape(head)}</strong></p>", table_html(table)]
        parts.append(f'<p style="max-width:46em">{escape(reason)}</p>')
    parts += [f"<p>Left out, {escape(row)}</p>" for row in _left_out(result)]
    parts.append(f'<p style="opacity:.7">{escape(LATER)}</p>')
    return f"<div>{''.join(parts)}</div>"
