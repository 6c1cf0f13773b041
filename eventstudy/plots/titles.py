"""Titles of charts that stand alone: what is drawn, of which asset or panel, under which model.

Charts on a report's page have captions instead, so the functions that draw set no title.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.names import model_words
from eventstudy.plots import style
from eventstudy.plots.select import Charted, event_rows, panel_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["event_title", "panel_title", "titled"]


def titled(ax: Axes, text: str) -> Axes:
    """Set a short title at the left edge, broken into lines that fit the axes."""
    with style.house():
        size = 9.0
        room = ax.get_window_extent().width / ax.figure.dpi * 72.0
        wide = max(24, int(room / (0.53 * size)))
        ax.set_title(
            "\n".join(textwrap.wrap(style.plain(text), wide)),
            loc="left",
            fontsize=size,
            fontweight="bold",
            color=style.INK,
        )
    return ax


def event_title(
    result: Charted,
    frame: pd.DataFrame,
    what: str,
    event_id: str | None,
    asset: str | None,
    model: str | None = None,
) -> str:
    """Return the title of a chart of one event: ``WTI crude oil: price``."""
    first = event_rows(frame, event_id, asset, model).iloc[0]
    tail = f", {model_words(str(first['model']))}" if "model" in first else ""
    return f"{_short_title(result, str(first['asset']))}: {what}{tail}"


def panel_title(
    frame: pd.DataFrame, what: str, panel: str | None, model: str | None, events: str = ""
) -> str:
    """Return the title of a chart of one panel: ``US stocks: mean ..., market model``."""
    rows, name, model = panel_rows(frame, panel, model)
    n = f", {int(rows[events].max())} events" if events else ""
    return f"{name}: {what}, {model_words(model)}{n}"


def _short_title(result: Charted, asset: str) -> str:
    """Return what charts call an asset: its title up to a comma or bracket."""
    for entry in result.run.get("prices", []):
        if str(entry["asset"]) == asset:
            title = style.plain(entry.get("title") or asset)
            return re.split(r"\s*[,(\[]", title)[0] or title
    return asset
