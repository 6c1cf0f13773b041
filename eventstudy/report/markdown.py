"""Markdown for a mail or a pull request: the answer and the table of results, no price series."""

from __future__ import annotations

from eventstudy.report import appendix, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.format import Format, one_line
from eventstudy.report.tables import Table, pinned_table, reaction_table, tests_table

__all__ = ["MARKDOWN", "render_markdown"]

MARKDOWN = Format(gap=" ")
_SPECIAL = "\\`*_{}[]<>|#~$&"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no new column.

    Examples
    --------
    >>> print(escaped("a|b <script> *x*"))
    a\\|b \\<script\\> \\*x\\*
    """
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in one_line(text))


def table_text(table: Table) -> list[str]:
    """Return a table as lines of Markdown, numbers aligned right."""
    if not table.rows:
        return []
    lines = ["| " + " | ".join(escaped(c.label) for c in table.columns) + " |"]
    lines.append("|" + "|".join("---:" if c.numeric else ":---" for c in table.columns) + "|")
    lines += ["| " + " | ".join(escaped(c.text) for c in row) + " |" for row in table.rows]
    return [*lines, *(["", f"_{escaped(table.note)}_"] if table.note else [])]


def render_markdown(result: facts.ResultLike, *, tests: bool = True, pinned: bool = True) -> str:
    """Return a result as Markdown: answer, table of results, tests, left out, sources.

    There is no price series in it, so that it may be passed on where prices may not.

    Parameters
    ----------
    result : StudyResult
    tests, pinned : bool
        Whether the tests across events and the pinned sessions are told.

    Returns
    -------
    str
        Ends with a newline; the same result gives the same text.
    """
    name = facts.setting(result, "study", "name", "study")
    lines = [f"# {escaped(name)}", "", f"**{escaped(words.question(result))}**", ""]
    for label, text in words.answer(result, MARKDOWN):
        lines += [f"**{escaped(label)}.** {escaped(text)}" if label else escaped(text), ""]
    lines += [f"- {escaped(c)}" for c in caveats(result, MARKDOWN)] + [""]
    lines += _results(result)
    if pinned:
        table = pinned_table(result, MARKDOWN).clipped(60, "pinned.csv")
        lines += _section("Sessions", table)
    if tests and len(result.tests):
        lines += _tests(result)
    lines += _section("Left out", appendix.dropped_table(result).clipped(60))
    lines += _section("Sources", appendix.source_table(result, MARKDOWN))
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, table: Table) -> list[str]:
    return [f"## {title}", "", *table_text(table), ""] if table.rows else []


def _results(result: facts.ResultLike) -> list[str]:
    lines = ["## Results", ""]
    texts = facts.headlines(result)
    report = facts.reported(result)
    if facts.is_panel_study(result):
        table = reaction_table(facts.reactions(result), MARKDOWN, headline=True)
        return [*lines, *table_text(table.clipped(where="windows.csv")), ""]
    for event_id in facts.headline_ids(result):
        rows = facts.reactions(result, event_id=event_id)
        lines += [f"### {escaped(texts.get(event_id, event_id))}", ""]
        lines += [*table_text(reaction_table(rows, MARKDOWN).clipped(where="windows.csv")), ""]
        others = [w for w in report if (int(w[0]), int(w[1])) != (0, 0)]
        mains = facts.main_assets(rows)
        for start, end in others:
            more = facts.reactions(result, event_id=event_id, window=(int(start), int(end)))
            more = more[more["asset"].isin(mains)]
            if len(more):
                lines += [f"Window {escaped(MARKDOWN.window(start, end))}", ""]
                lines += [*table_text(reaction_table(more, MARKDOWN)), ""]
    return lines


def _tests(result: facts.ResultLike) -> list[str]:
    lines = ["## Tests across events", ""]
    for (panel, model), part in facts.cross_tests(result).groupby(["panel", "model"], sort=False):
        if part["n_events"].max() < 2:
            continue
        lines += [f"### {escaped(one_line(panel))}, {MARKDOWN.model(model)}", ""]
        lines += [escaped(words.lead_reason(part, MARKDOWN)), ""]
        lines += [*table_text(tests_table(part, MARKDOWN).clipped(where="tests.csv")), ""]
    return lines if len(lines) > 2 else []
