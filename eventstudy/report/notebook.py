"""What a notebook and a prompt show for a result: its headline figures, and where the rest is."""

from __future__ import annotations

import io
from html import escape

from eventstudy.report import facts, words
from eventstudy.report.format import HTML, one_line
from eventstudy.report.tables import Table, reaction_table

__all__ = ["repr_html", "repr_text"]

_MAX = 30
_CELL = "padding:.2em .8em .2em 0;vertical-align:top;text-align:{};white-space:{}"
_LONG = 40
"""Letters from which on the cells of a column may break into lines."""


def repr_html(result: facts.ResultLike) -> str:
    """Return a fragment of HTML for a notebook: no script, no outside address, no style sheet.

    Parameters
    ----------
    result : StudyResult

    Returns
    -------
    str
    """
    told = words.answer(result)[:4]
    parts = ["<div>"]
    for label, text in told:
        head = f"<strong>{escape(label)}</strong><br>" if label else ""
        parts.append(f'<p style="max-width:46em">{head}{escape(text)}</p>')
    rows = facts.reactions(result)
    table = (
        reaction_table(rows.head(_MAX), headline=len(rows["event_id"].unique()) > 1)
        if len(rows)
        else Table("reactions", "", ())
    )
    parts.append(table_html(table))
    if len(rows) > _MAX:
        parts.append(
            f"<p>The first {_MAX} of {len(rows)} rows; all are in <code>result.windows</code>.</p>"
        )
    left = facts.left_out(result)
    if left:
        parts.append(f"<p>{HTML.count(left)} left out: <code>result.dropped</code></p>")
    return "\n".join([*parts, "</div>"])


def table_html(table: Table) -> str:
    """Return a table of cells as plain HTML, escaped."""
    if not table.rows:
        return ""
    longest = [max(len(row[k].text) for row in table.rows) for k in range(len(table.columns))]
    styles = [
        _CELL.format("right" if c.numeric else "left", "normal" if n > _LONG else "nowrap")
        for c, n in zip(table.columns, longest, strict=True)
    ]
    head = "".join(
        f'<th scope="col" style="{style}">{escape(c.label)}</th>'
        for c, style in zip(table.columns, styles, strict=True)
    )
    body = []
    for row in table.rows:
        cells = []
        for cell, style in zip(row, styles, strict=True):
            text = f"<strong>{escape(cell.text)}</strong>" if cell.strong else escape(cell.text)
            cells.append(f'<td style="{style}">{text}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def repr_text(result: facts.ResultLike, *, width: int = 80) -> str:
    """Return the result as plain text: what a prompt shows for ``result``.

    Parameters
    ----------
    result : StudyResult
    width : int
        Columns.

    Returns
    -------
    str
        No colour codes.
    """
    from rich.console import Console

    from eventstudy.report import screen

    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,  # in a notebook rich would show each line by itself
        legacy_windows=False,
    )
    screen.line(console, f"StudyResult: {_count(result)}")
    table = facts.reactions(result)
    if table.empty:
        screen.print_left_out(result, console)
        return _stripped(buffer)
    shown = table.head(_MAX)
    texts = facts.headlines(result)
    if facts.is_panel_study(result):
        named = shown.assign(title=shown["event_id"].astype(str) + " " + shown["title"])
        screen.print_reactions(named, console)
    else:
        for event_id, part in shown.groupby("event_id", sort=False):
            screen.line(console, f"\n{texts.get(str(event_id), str(event_id))}")
            screen.print_reactions(part, console)
    if len(shown) < len(table):
        screen.line(console, f"... and {len(table) - len(shown)} more in result.windows")
    return _stripped(buffer)


def _stripped(buffer: io.StringIO) -> str:
    return "\n".join(row.rstrip() for row in buffer.getvalue().rstrip().splitlines()) + "\n"


def _count(result: facts.ResultLike) -> str:
    ids = len(facts.headline_ids(result))
    n = len(result.events["asset"].unique()) if len(result.events) else 0
    out = f"{ids} headline{'s' * (ids != 1)}, {n} asset{'s' * (n != 1)}"
    name = facts.setting(result, "study", "name")
    return f"{f'{one_line(name)}, ' if name else ''}{out}, {facts.left_out(result)} left out"
