"""A PDF of a result: set by typst from data, so that no text is ever read as markup."""

from __future__ import annotations

import json
import re
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventstudy.errors import EventStudyWarning, InputError
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
_BOXES = (
    "Letters that no font of the machine had when this document was set stand as boxes with their "
    "code point; the text can be searched and copied all the same."
)


def render_pdf(result: facts.ResultLike, *, content: Outline | None = None) -> bytes:
    """Return a result as a PDF.

    The font is one that comes with matplotlib. Letters that it lacks, such as Chinese or emoji, are
    set in fonts of this machine; those that no font has are boxes with the code point. Without such
    letters the bytes are the same on every machine.

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

    Warns
    -----
    EventStudyWarning
        If letters stand as boxes: of which headline, and what to install.
    """
    try:
        import typst
    except ImportError:
        raise InputError(
            "a PDF report needs typst; pip install 'market-eventstudy[report]'"
        ) from None
    from eventstudy.report.fonts import fonts_for

    document = _isolated(_document(content or outline(result, HTML)), _right_to_left(result))
    template = Path(__file__).resolve().parent / "typst" / "report.typ"
    with fonts_for("".join(_strings(document))) as fonts:
        if fonts.missing:
            warnings.warn(_boxes(result, fonts.missing), EventStudyWarning, stacklevel=2)
            document["caveats"].append(_BOXES)
        _set_fonts(document, fonts.families)
        data = typst.compile(
            str(template),
            format="pdf",
            font_paths=[str(fonts.folder)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(document, ensure_ascii=False, sort_keys=True)},
            timestamp=0,
        )
    return bytes(data if isinstance(data, bytes | bytearray) else b"".join(data or []))


def _strings(value: Any) -> Iterator[str]:
    """Give every text of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _right_to_left(result: facts.ResultLike) -> re.Pattern[str] | None:
    """Return what finds headlines and names in a script that runs from right to left."""
    titles = [one_line(t) for t in facts.reactions(result)["title"]] if len(result.windows) else []
    names = {
        text
        for text in (*facts.headlines(result).values(), *titles)
        if any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)
    }
    ordered = sorted(names, key=lambda t: (-len(t), t))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _isolated(value: Any, names: re.Pattern[str] | None) -> Any:
    """Set names from right to left apart, so that they do not turn the words around them."""
    if names is None:
        return value
    if isinstance(value, str):
        return names.sub(lambda m: f"\u2068{m.group()}\u2069", value)
    if isinstance(value, dict):
        return {k: v if k == "svg" else _isolated(v, names) for k, v in value.items()}
    return [_isolated(v, names) for v in value] if isinstance(value, list) else value


def _boxes(result: facts.ResultLike, missing: frozenset[str]) -> str:
    """Say which headline has letters that no font draws, and what to install."""
    from eventstudy.report.fonts import package_for

    hit = [t for t in facts.headlines(result).values() if missing & set(t)]
    where = f"of '{hit[0]}'" if hit else "of its names"
    where += f" and of {len(hit) - 1} more headlines" if len(hit) > 2 else ""
    where += " and of another headline" if len(hit) == 2 else ""
    first = [c for c in dict.fromkeys(hit[0]) if c in missing] if hit else sorted(missing)
    shown = " ".join(first[:8]) + (" ..." if len(missing) > len(first[:8]) else "")
    return (
        f"the PDF shows letters {where} as boxes with their code, since no font of this machine "
        f"has {shown}; install one, on Debian: apt-get install {package_for(missing)}"
    )


def _set_fonts(document: dict[str, Any], families: tuple[str, ...]) -> None:
    document["fonts"] = list(families)
    names = ", ".join(f"'{name}'" for name in families)
    for part in (*document["first"], *document["parts"]):
        for figure in part["figures"]:
            figure["svg"] = figure["svg"].replace("<svg ", f'<svg font-family="{names}" ', 1)


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
    return {"svg": svg.replace("<svg ", head, 1), "caption": _line(figure.caption)}
