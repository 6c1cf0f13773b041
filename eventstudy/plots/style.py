"""The house style: quiet, one accent, readable in grey; applied through ``rc_context`` only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ACCENT",
    "BAND",
    "BAND_WIDE",
    "GRID",
    "INK",
    "MARK",
    "MUTED",
    "SOFT",
    "house",
    "percent_axis",
    "plain",
    "start",
]

# Luminances are far enough apart that the chart survives a grey printer; the reports replace
# these colours by variables, so that they follow a dark page.
INK = "#1a1f26"
MUTED = "#5f6873"
GRID = "#dfe3e8"
ACCENT = "#1d4f91"
BAND = "#b9cbe2"
BAND_WIDE = "#e1e9f3"
MARK = "#b3400f"
SOFT = "#f6e9e1"

SIZE = (4.8, 2.7)


RC: dict[str, Any] = {
    "figure.figsize": SIZE,
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.0,
    "text.color": INK,
    "text.parse_math": False,
    "text.usetex": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.use_locale": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.7,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "eventstudy",
    "svg.image_inline": True,
    "path.simplify": True,
    "figure.max_open_warning": 0,
}
"""The settings of the house style."""


@contextmanager
def house() -> Iterator[None]:
    """Draw in the house style within the block; global settings are as before afterwards."""
    from matplotlib import rc_context

    with rc_context(RC):  # type: ignore[arg-type]
        yield


def start(ax: Axes | None, size: tuple[float, float] = SIZE) -> Axes:
    """Return the axes to draw on: the given ones, dressed, or those of a new figure.

    Call it within :func:`house`.
    """
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(figsize=size, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(colors=MUTED)
    ax.grid(visible=True, axis="y", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def percent_axis(ax: Axes, axis: str = "y") -> None:
    """Label an axis that holds decimals in percent, with a proper minus."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: int) -> str:
        number = f"{100.0 * value:.6g}"
        return number.replace("-", "\u2212") + " %"

    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_formatter(FuncFormatter(text))


def plain(text: Any) -> str:
    """Return a label without control characters; it is never read as mathematics.

    Examples
    --------
    >>> plain("A$B\\n")
    'A$B'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
