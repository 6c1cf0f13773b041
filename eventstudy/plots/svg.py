"""SVG with bytes that repeat: as a file of its own, or to stand inside a page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "inline_svg", "save_svg", "svg_text"]

_VARIABLES = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.GRID: "grid",
    style.ACCENT: "accent",
    style.BAND: "band",
    style.BAND_WIDE: "band-wide",
    style.MARK: "mark",
    style.SOFT: "soft",
}


def draw(chart: Callable[[Axes], object], size: tuple[float, float] = style.SIZE) -> Figure:
    """Draw a chart on a figure that no window manager knows, and return the figure."""
    from matplotlib.figure import Figure

    with style.house():
        figure = Figure(figsize=size, layout="constrained")
        chart(figure.add_subplot())
    return figure


def svg_text(figure: Figure) -> str:
    """Return a figure as SVG: no date, no random ids, text as text, so that it stays small."""
    buffer = io.StringIO()
    with style.house(), warnings.catch_warnings():
        # A label in a script that the font lacks is drawn by the reader's own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def save_svg(figure: Figure, path: Path | str) -> None:
    """Write a figure to an SVG file with bytes that repeat, on a white ground."""
    text = svg_text(figure)
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    text = re.sub(r"(<svg [^>]*>)", lambda m: m.group(1) + "\n " + ground, text, count=1)
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def inline_svg(figure: Figure, prefix: str, label: str) -> str:
    """Return a figure as an ``<svg>`` element for a page.

    Ids get a prefix, so that several charts can stand on one page; house colours become CSS
    variables, so that they follow a dark page; nothing in it points outside.

    Parameters
    ----------
    figure : Figure
    prefix : str
        Letters and digits, unique on the page.
    label : str
        What a screen reader says; already escaped for an attribute.
    """
    text = svg_text(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]*)"', text)
    body = re.sub(r"^<svg [^>]*>", "", text, count=1)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    for color, name in _VARIABLES.items():
        body = body.replace(color, f"var(--{name})")
    body = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1", body)
    body = re.sub(r"\n\s*", "\n", body)
    shape = f' viewBox="{box.group(1)}"' if box else ""
    return f'<svg class="chart" role="img" aria-label="{label}"{shape}>{body.strip()}'
