"""Every kind of report by name: what is asked for is checked first, then written whole."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from eventstudy.errors import InputError, nearest
from eventstudy.report import facts
from eventstudy.report.live import NEEDS_PLOTLY
from eventstudy.report.outline import Part, outline
from eventstudy.saving import write_atomic

__all__ = ["FORMATS", "Extras", "check_formats", "report_files", "write_reports"]

FORMATS: dict[str, tuple[str, ...]] = {
    "html": ("report.html",),
    "pdf": ("report.pdf",),
    "xlsx": ("report.xlsx",),
    "tex": ("report.tex", "report.bib"),
    "md": ("report.md",),
}
"""Name of a format -> the files that it makes."""

_NEEDS = {"pdf": ("typst", "fontTools"), "xlsx": ("xlsxwriter",)}


@dataclass(frozen=True)
class Extras:
    """What a report says besides the result.

    Attributes
    ----------
    first : tuple of Part
        Sections before the answer.
    notes : tuple of str
        Sentences that stand with the caveats.
    tables : mapping of str to DataFrame
        Sheets of a workbook before the others.
    """

    first: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def check_formats(names: str | Sequence[str], *, interactive: bool = False) -> tuple[str, ...]:
    """Return the formats that are asked for, in the order of :data:`FORMATS`.

    Parameters
    ----------
    names : str or sequence of str
        Names, or one text with commas between them.
    interactive : bool
        Whether the page shall have charts that can be asked.

    Raises
    ------
    InputError
        For an unknown name, or one whose library is not installed; for an interactive report
        without a page, or without plotly.

    Examples
    --------
    >>> check_formats("md, html")
    ('html', 'md')
    """
    given = names.split(",") if isinstance(names, str) else list(names)
    wanted = [n.strip().lower() for n in given if n.strip()]
    if not wanted:
        raise InputError(f"no report format is named; known: {', '.join(FORMATS)}")
    for name in wanted:
        if name not in FORMATS:
            raise InputError(f"report format '{name}' is unknown{nearest(name, FORMATS)}")
        for library in _NEEDS.get(name, ()):
            if importlib.util.find_spec(library) is None:
                raise InputError(
                    f"report format '{name}' needs {library}; "
                    "pip install 'market-eventstudy[report]'"
                )
    if interactive and "html" not in wanted:
        raise InputError(
            f"interactive charts stand in the html report alone; add html to {', '.join(wanted)}"
        )
    if interactive and importlib.util.find_spec("plotly") is None:
        raise InputError(NEEDS_PLOTLY)
    return tuple(n for n in FORMATS if n in wanted)


def report_files(formats: Sequence[str]) -> list[str]:
    """Return the names of the files that some formats make."""
    return [file for name in formats for file in FORMATS[name]]


def write_reports(
    result: facts.ResultLike,
    folder: Path,
    formats: Sequence[str],
    *,
    extras: Extras | None = None,
    interactive: bool = False,
) -> list[str]:
    """Write the reports of a result into a folder; each file is whole or not there.

    Parameters
    ----------
    result : StudyResult
    folder : Path
    formats : sequence of str
        Of :data:`FORMATS`.
    extras : Extras, optional
    interactive : bool
        The charts of the page can be asked point by point and zoomed, by plotly.js inside it.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    InputError
        See :func:`check_formats`; nothing is written then.
    """
    more = extras or Extras()
    names = check_formats(formats, interactive=interactive)
    for name in names:
        make = partial(_html, interactive=interactive) if name == "html" else _MAKERS[name]
        for file, data in make(result, more).items():
            write_atomic(folder / file, data)
    return report_files(names)


def _html(
    result: facts.ResultLike, extras: Extras, *, interactive: bool = False
) -> dict[str, bytes]:
    from eventstudy.report.html import render_html

    page = render_html(result, first=extras.first, notes=extras.notes, interactive=interactive)
    return {"report.html": page.encode("utf-8")}


def _pdf(result: facts.ResultLike, extras: Extras) -> dict[str, bytes]:
    from eventstudy.report.pdf import render_pdf

    content = outline(result, first=extras.first, notes=extras.notes)
    return {"report.pdf": render_pdf(result, content=content)}


def _xlsx(result: facts.ResultLike, extras: Extras) -> dict[str, bytes]:
    from eventstudy.report.xlsx import render_xlsx

    return {"report.xlsx": render_xlsx(result, extra=extras.tables, notes=extras.notes)}


def _tex(result: facts.ResultLike, extras: Extras) -> dict[str, bytes]:
    from eventstudy.report.bibtex import bibtex
    from eventstudy.report.latex import LATEX, render_latex

    content = outline(result, LATEX, charts=0, first=extras.first, notes=extras.notes)
    text = render_latex(result, content=content)
    return {"report.tex": text.encode("utf-8"), "report.bib": bibtex(result).encode("utf-8")}


def _md(result: facts.ResultLike, extras: Extras) -> dict[str, bytes]:
    from eventstudy.report.markdown import escaped, render_markdown, table_text

    lines: list[str] = []
    for part in extras.first:
        lines += [f"## {escaped(part.title)}", ""]
        lines += [line for text in part.text for line in (escaped(text), "")]
        for table in part.tables:
            lines += [f"**{escaped(table.caption)}**", "", *table_text(table), ""]
    text = render_markdown(result)
    if lines:
        head, _, rest = text.partition("\n\n")
        text = "\n".join([head, "", *lines, ""]) + rest
    if extras.notes:
        text = "\n".join([text, "## Notes", "", *(f"- {escaped(n)}" for n in extras.notes), ""])
    return {"report.md": text.encode("utf-8")}


_MAKERS = {"pdf": _pdf, "xlsx": _xlsx, "tex": _tex, "md": _md}
