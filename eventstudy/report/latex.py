r"""LaTeX tables of a result (booktabs), to be taken into a paper by ``\input``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from eventstudy.report import citations, facts
from eventstudy.report.format import Format
from eventstudy.report.latex_letters import (
    MACROS,
    cell_text,
    latex_text,
    longest_piece,
    needs_macros,
)
from eventstudy.report.outline import Outline, Part, outline
from eventstudy.report.tables import Cell, Table

__all__ = ["LATEX", "render_latex", "table_latex"]

LATEX = Format(minus="\u2212", gap="\u00a0")
_LONG_TABLE = 45
"""A table of more lines may break across pages."""
_LINE, _GAP = 345.0, 5.0
"""Points of a line in the standard classes, and between two columns."""
_HEAD = r"""% Tables of an event study, made by eventstudy {version}.
% Needs \usepackage{{booktabs,longtable,array,graphicx}}, and \usepackage[T1]{{fontenc}} with
% pdflatex; the references stand in report.bib.
"""
# Many tables may wait for a page, and long words must not run over the margin.
_OPEN = r"\ifdefined\extrafloats\extrafloats{100}\fi\begingroup\emergencystretch=3em"
_CLOSE = r"\par\endgroup"


@dataclass(frozen=True)
class _Layout:
    """How a table is set: column types, size of the letters, and how many lines it takes."""

    columns: str
    size: str
    lines: int


@dataclass(frozen=True)
class _Way:
    """A way to set a table.

    Attributes
    ----------
    size : str
    letter : float
        Width of a letter in points.
    share : float
        Of the line that the table may take.
    limit : int
        A column with a longer cell is set as paragraphs.
    """

    size: str
    letter: float
    share: float = 0.97
    limit: int = 26


# A table that breaks must fit the line; another one is made smaller as a whole.
_LONG = (_Way("footnotesize", 4.5), _Way("scriptsize", 4.2), _Way("tiny", 3.7),
         _Way("tiny", 3.7, limit=10))  # fmt: skip
_SHORT = tuple(_Way("footnotesize", 4.5, share) for share in (0.97, 1.15, 1.3, 1.45, 1.6))


def table_latex(table: Table, label: str) -> str:
    """Return a table as a LaTeX environment: ``table`` with ``tabular``, or ``longtable``.

    A ``tabular`` that is wider than the line is made smaller until it fits.

    Parameters
    ----------
    table : Table
    label : str
        What ``\\ref`` calls it.
    """
    layout = _layout(table)
    head = " & ".join(latex_text(c.label) for c in table.columns)
    body = [_row(row) for row in table.rows]
    caption = rf"\caption{{{latex_text(table.caption)}}}\label{{{label}}}"
    note = [rf"\par\smallskip {latex_text(table.note)}"] if table.note else []
    if layout.lines > _LONG_TABLE:
        lines = [
            rf"{{\{layout.size}\setlength{{\tabcolsep}}{{2.5pt}}",
            rf"\begin{{longtable}}{{{layout.columns}}}",
            rf"{caption}\\[3pt]",
            r"\toprule", rf"{head} \\", r"\midrule", r"\endfirsthead",
            r"\toprule", rf"{head} \\", r"\midrule", r"\endhead",
            r"\bottomrule", r"\endfoot",
            *body,
            r"\end{longtable}",
            *note,
            "}",
        ]  # fmt: skip
        return "\n".join(lines)
    lines = [
        r"\begin{table}[htbp]",
        r"\centering\footnotesize\setlength{\tabcolsep}{2.5pt}",
        rf"{caption}\par\smallskip",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{layout.columns}}}",
        r"\toprule", rf"{head} \\", r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
        *note,
        r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines)


def _row(row: list[Cell]) -> str:
    """Return a row; a star at its beginning would be read as an option of the row before it."""
    text = " & ".join(cell_text(c.text) for c in row)
    return ("{}" if text.startswith("*") else "") + text + r" \\"


def _layout(table: Table) -> _Layout:
    """Choose how a table is set: whole if it fits a page, or else broken across pages."""
    short = _fitted(table, _SHORT, 28)
    return short if short.lines <= _LONG_TABLE else _fitted(table, _LONG, 16)


def _fitted(table: Table, ways: Sequence[_Way], comfort: int) -> _Layout:
    """Return the first of some ways in which columns of text are wide enough to be read.

    Numbers stand right and short words left; columns of long text are paragraphs that share what
    the others leave, and none is narrower than its longest word.
    """
    texts = [[c.label, *(row[i].text for row in table.rows)] for i, c in enumerate(table.columns)]
    need = [max(map(len, column)) for column in texts]
    word = [max(longest_piece(t) for t in column) for column in texts]
    plain = [i for i, c in enumerate(table.columns) if not c.numeric]
    for way in ways:
        wide = [i for i in plain if need[i] > way.limit]
        kept = sum(n * way.letter for i, n in enumerate(need) if i not in wide)
        room = way.share * _LINE - _GAP * len(need) - kept
        if room >= sum(max(word[i], min(need[i], comfort)) * way.letter for i in wide):
            break
    least = sum(word[i] * way.letter for i in wide)
    total = sum(min(need[i], 90) for i in wide)
    spare = max(room - least, 0.0)
    widths = {i: word[i] * way.letter + spare * min(need[i], 90) / total for i in wide}
    lines = sum(
        max([1, *(ceil(len(row[i].text) * way.letter / w) for i, w in widths.items())])
        for row in table.rows
    )
    kinds = [
        rf">{{\raggedright\arraybackslash}}p{{{widths[i] / _LINE:.3f}\linewidth}}"
        if i in widths
        else ("r" if c.numeric else "l")
        for i, c in enumerate(table.columns)
    ]
    return _Layout("".join(kinds), way.size, lines)


def render_latex(result: facts.ResultLike, *, content: Outline | None = None) -> str:
    """Return the tables of a result for a paper, with the answer and the methods paragraph.

    Parameters
    ----------
    result : StudyResult
    content : Outline, optional
        What is set; by default the outline of the result without charts.

    Returns
    -------
    str
        Ends with a newline; the same result gives the same text.
    """
    made = content or outline(result, LATEX, charts=0)
    slug = re.sub(r"[^A-Za-z0-9]+", "-", made.name).strip("-").lower() or "study"
    lines = [
        rf"\section*{{{latex_text(made.name)}}}",
        rf"\noindent\emph{{{latex_text(made.question)}}}",
        "",
    ]
    for part in made.first:
        lines += _part(part, slug)
    for label, text in made.answers:
        head = rf"\textbf{{{latex_text(label)}}} " if label else ""
        lines += [head + latex_text(text), ""]
    lines += [r"\begin{itemize}"]
    lines += [rf"\item {latex_text(c)}" for c in made.caveats]
    lines += [r"\end{itemize}", ""]
    for part in made.parts:
        lines += _part(part, slug)
    if made.references:
        lines += [rf"\nocite{{{','.join(made.references)}}}", ""]
        lines += _reference_notes(made)
    text = "\n".join(lines).rstrip()
    head = _HEAD.format(version=result.run.get("version", ""))
    head += MACROS if needs_macros(text) else ""
    return "\n".join([head, _OPEN, text, _CLOSE, ""])


def _part(part: Part, slug: str) -> list[str]:
    command = "subsection" if part.level == 1 else "subsubsection"
    lines = [rf"\{command}*{{{latex_text(part.title)}}}", ""]
    lines += [line for text in part.text for line in (latex_text(text), "")]
    for k, table in enumerate(part.tables, 1):
        lines += [table_latex(table, f"tab:{slug}-{part.id}-{k}"), ""]
    return lines


def _reference_notes(made: Outline) -> list[str]:
    """Say as comments which key is which reference, for a reader of the file."""
    return [
        f"% {key}: {citations.REFERENCES[key].encode('ascii', 'replace').decode()}"
        for key in made.references
    ]
