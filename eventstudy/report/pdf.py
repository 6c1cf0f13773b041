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
# Sizes in points that a table may take, the largest that fits first.
_SIZES = (7.6, 7.0, 6.5, 6.0)
# Width of the line in points, of the space between columns, and of a letter in its own size.
_LINE, _GAP, _LETTER = 498.0, 5.4, 0.60
_WORD, _WIDE_CELL, _MOST_WIDTH = 14, 22, 60


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
        str(template),
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
    need = [
        max([len(c.label), *(len(row[i].text) for row in table.rows)])
        for i, c in enumerate(table.columns)
    ]
    text = [not (c.numeric or c.nowrap) for c in table.columns]
    widths, size = _fitted(need, text)
    return {
        "caption": _line(table.caption),
        "note": _line(table.note),
        "columns": [{"label": c.label, "numeric": c.numeric} for c in table.columns],
        "rows": [
            [
                {"text": _cell(c.text, keep=not t), "strong": c.strong, "muted": c.muted}
                for c, t in zip(row, text, strict=True)
            ]
            for row in table.rows
        ],
        "widths": widths,
        "size": size,
    }


def _cell(text: str, *, keep: bool) -> str:
    """Return a number on one line, and text in which a long word may break: a hash, a path."""
    plain = _line(text)
    if keep and len(plain) <= _MOST_WIDTH:
        return plain.replace(" ", "\u00a0")
    return re.sub(r"(\S{24})(?=\S)", "\\1\u200b", plain)


def _fitted(need: list[int], text: list[bool]) -> tuple[list[int], float]:
    """Return the columns' widths and the size of the letters.

    A column is 0 where it is as wide as its text; the text columns of a table that is too wide
    share what the others leave, by the length of their text.
    """
    for size in _SIZES:
        room = (_LINE - _GAP * len(need)) / (_LETTER * size)
        if sum(need) <= room:
            return [0] * len(need), size
        # A column of words may break, but not below the longest ones.
        least = sum(min(n, _WIDE_CELL) if t else n for n, t in zip(need, text, strict=True))
        if least <= room and any(text):
            break
    kept = [min(n, _MOST_WIDTH) if t and n > _WORD else 0 for n, t in zip(need, text, strict=True)]
    return kept if any(kept) else [int(n == max(need)) for n in need], size


def _figure(figure: Figure) -> dict[str, Any]:
    """Return a chart whose colours are colours again: a page knows variables, a PDF does not."""
    svg = _VARIABLE.sub(lambda m: _COLORS.get(m.group(1), INK), figure.svg)
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    svg = svg.replace("<svg ", head, 1).replace("<text ", '<text font-family="DejaVu Sans" ')
    return {"svg": svg, "caption": _line(figure.caption)}
