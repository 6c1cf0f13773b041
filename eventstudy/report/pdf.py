"""A PDF of a result: set by typst from data, so that no text is ever read as markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from eventstudy.errors import InputError
from eventstudy.plots.style import ACCENT, BAND, BAND_WIDE, GRID, INK, MARK, MUTED, SOFT
from eventstudy.report import citations, facts
from eventstudy.report.charts import Figure
from eventstudy.report.format import HTML, one_line
from eventstudy.report.outline import Outline, Part, outline
from eventstudy.report.tables import Table

__all__ = ["render_pdf"]

_COLORS = {
    "ink": INK, "muted": MUTED, "grid": GRID, "accent": ACCENT, "band": BAND,
    "band-wide": BAND_WIDE, "mark": MARK, "soft": SOFT,
}  # fmt: skip
_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")
# Letters of the table's text size that one line of the page holds.
_LINE = 130
_WIDE_CELL = 24
_MOST_WIDTH = 60


def render_pdf(result: facts.ResultLike, *, content: Outline | None = None) -> bytes:
    """Return a result as a PDF.

    The fonts are those that come with matplotlib and typst, never the machine's, so that the bytes
    repeat elsewhere; a letter that they lack is an empty box.

    Parameters
    ----------
    result : StudyResult
    content : Outline, optional
        What is set; by default the outline of the result.

    Returns
    -------
    bytes
        The same result gives the same bytes.

    Raises
    ------
    InputError
        If typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise InputError(
            "a PDF report needs typst; pip install 'market-eventstudy[report]'"
        ) from None
    import matplotlib

    made = content or outline(result, HTML)
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    template = Path(__file__).resolve().parent / "typst" / "report.typ"
    data = typst.compile(
        template.read_bytes(),
        format="pdf",
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_document(made), ensure_ascii=False, sort_keys=True)},
        timestamp=0,
    )
    return bytes(data if isinstance(data, bytes | bytearray) else b"".join(data or []))


def _document(made: Outline) -> dict[str, Any]:
    return {
        "name": made.name,
        "question": _line(made.question),
        "meta": list(made.meta),
        "answers": [{"label": _line(a), "text": _line(b)} for a, b in made.answers],
        "caveats": [_line(c) for c in made.caveats],
        "first": [_part(p) for p in made.first],
        "parts": [_part(p) for p in made.parts],
        "references": [citations.REFERENCES[k] for k in made.references],
        "footer": made.footer,
    }


def _line(text: str) -> str:
    """Return text without what would steer a reader; no-break spaces stay."""
    return "\u00a0".join(one_line(p) for p in text.split("\u00a0")) if text else ""


def _part(part: Part) -> dict[str, Any]:
    return {
        "title": _line(part.title) or "Untitled",
        "level": part.level,
        "text": [_line(t) for t in part.text],
        "tables": [_table(t) for t in part.tables],
        "figures": [_figure(f) for f in part.figures],
    }


def _table(table: Table) -> dict[str, Any]:
    widths = _widths(table)
    return {
        "caption": _line(table.caption),
        "note": _line(table.note),
        "columns": [{"label": c.label, "numeric": c.numeric} for c in table.columns],
        "rows": [
            [{"text": _breakable(c.text), "strong": c.strong, "muted": c.muted} for c in row]
            for row in table.rows
        ],
        "widths": widths,
        "size": 7.0 if len(table.columns) > 8 else 7.6,
    }


def _breakable(text: str) -> str:
    """Return text in which a long word may break: a hash, a path, a list of flags."""
    plain = _line(text)
    return re.sub(r"(\S{24})(?=\S)", "\\1\u200b", plain)


def _widths(table: Table) -> list[int]:
    """Return 0 for a column as wide as its text, else the share of what is left."""
    need = [
        max([len(c.label), *(len(row[i].text) for row in table.rows)])
        for i, c in enumerate(table.columns)
    ]
    wide = [n > _WIDE_CELL and not c.numeric for n, c in zip(need, table.columns, strict=True)]
    if not any(wide) and sum(need) > _LINE:
        wide = [n == max(need) for n in need]
    if not any(wide):
        # A short table is set as wide as it is; a wide one is spread over the line.
        return [0] * len(need)
    return [min(n, _MOST_WIDTH) if is_wide else 0 for n, is_wide in zip(need, wide, strict=True)]


def _figure(figure: Figure) -> dict[str, Any]:
    """Return a chart whose colours are colours again: a page knows variables, a PDF does not."""
    svg = _VARIABLE.sub(lambda m: _COLORS.get(m.group(1), INK), figure.svg)
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    svg = svg.replace("<svg ", head, 1).replace("<text ", '<text font-family="DejaVu Sans" ')
    return {"svg": svg, "caption": _line(figure.caption)}
