r"""LaTeX tables of a result (booktabs), to be taken into a paper by ``\input``."""

from __future__ import annotations

import re
import unicodedata

from eventstudy.report import citations, facts
from eventstudy.report.format import Format, one_line
from eventstudy.report.outline import Outline, Part, outline
from eventstudy.report.tables import Table

__all__ = ["LATEX", "latex_text", "render_latex", "table_latex"]

LATEX = Format(minus="\u2212", gap="\u00a0")
_LONG_TABLE = 45
"""A table of more rows may break across pages."""
_WIDE_CELL = 26
"""A column with a longer cell is set as paragraphs."""
_LINE = 118.0
"""Roughly the small letters of one line; paragraph columns share what the others leave."""

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "-": "-", "\u2212": r"$-$", "\u00a0": "~", "\u2013": "--",
    "\u2014": "---", "\u201c": "``", "\u201d": "''", "\u2018": "`", "\u2019": "'",
    "\u2026": r"\dots{}", "\u00b1": r"$\pm$", "\u00d7": r"$\times$", "\u2264": r"$\leq$",
    "\u2265": r"$\geq$", "\u00b7": r"$\cdot$", "\u2009": r"\,", "\u202f": r"\,",
}  # fmt: skip
_HEAD = r"""% Tables of an event study, made by eventstudy {version}.
% Needs \usepackage{{booktabs,longtable,array}}; the references stand in report.bib.
% Letters beyond Latin need lualatex or xelatex and a font that has them.
"""


def latex_text(text: object) -> str:
    r"""Return text that LaTeX prints as it is.

    Examples
    --------
    >>> print(latex_text("R&D_1 \\input{x} 5 %"))
    R\&D\_1 \textbackslash{}input\{x\} 5 \%
    """
    plain = unicodedata.normalize("NFC", _line(text))
    return "".join(_SPECIAL.get(letter, letter) for letter in plain)


def _line(text: object) -> str:
    """Return text on one line; the no-break spaces that hold a number to its unit stay."""
    parts = str(text).split("\u00a0")
    if len(parts) == 1:
        return one_line(text)
    return "\u00a0".join(one_line(p) for p in parts)


def table_latex(table: Table, label: str) -> str:
    """Return a table as a LaTeX environment: ``table`` with ``tabular``, or ``longtable``.

    Parameters
    ----------
    table : Table
    label : str
        What ``\\ref`` calls it.
    """
    spec, head = _columns(table), " & ".join(latex_text(c.label) for c in table.columns)
    body = [" & ".join(latex_text(c.text) for c in row) + r" \\" for row in table.rows]
    caption = rf"\caption{{{latex_text(table.caption)}}}\label{{{label}}}"
    note = [rf"\par\smallskip {latex_text(table.note)}"] if table.note else []
    if len(table.rows) > _LONG_TABLE:
        lines = [
            r"{\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\begin{{longtable}}{{{spec}}}",
            rf"{caption}\\",
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
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        caption,
        rf"\begin{{tabular}}{{{spec}}}",
        r"\toprule", rf"{head} \\", r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *note,
        r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines)


def _columns(table: Table) -> str:
    """Return the column types: numbers right, short words left, long ones as paragraphs."""
    widths = [
        max([len(c.label), *(len(row[i].text) for row in table.rows)])
        for i, c in enumerate(table.columns)
    ]
    wide = [w > _WIDE_CELL and not c.numeric for w, c in zip(widths, table.columns, strict=True)]
    taken = sum(w for w, is_wide in zip(widths, wide, strict=True) if not is_wide)
    room = max(0.30, 1.0 - taken / _LINE - 0.012 * len(widths))
    total = sum(min(w, 90) for w, is_wide in zip(widths, wide, strict=True) if is_wide) or 1
    kinds = [
        rf">{{\raggedright\arraybackslash}}p{{{room * min(w, 90) / total:.2f}\linewidth}}"
        if is_wide
        else ("r" if column.numeric else "l")
        for w, is_wide, column in zip(widths, wide, table.columns, strict=True)
    ]
    return "".join(kinds)


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
        _HEAD.format(version=result.run.get("version", "")),
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
    return "\n".join(lines).rstrip() + "\n"


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
