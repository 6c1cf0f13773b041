"""Charts that can be asked: what plotly.js draws, from the numbers that the still chart shows.

Each function takes the points of :mod:`eventstudy.plots.points` and the lines that its points say;
colours are names of the page's variables, so that a chart follows a dark page.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.plots.across import span
from eventstudy.plots.points import BoxPoints, PricePoints
from eventstudy.plots.specification import LEVEL, choices, whiskers
from eventstudy.report.tables import Table

__all__ = [
    "NEEDS_PLOTLY",
    "Live",
    "box_live",
    "caar_live",
    "car_live",
    "library",
    "lines_of",
    "price_live",
    "script_json",
    "specification_live",
]

NEEDS_PLOTLY = "an interactive report needs plotly; pip install 'market-eventstudy[interactive]'"
_CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Live:
    """One chart for plotly.js.

    Attributes
    ----------
    data : list of dict
        Traces.
    layout : dict
    main : int
        The trace whose points say something.
    says : list of list of str
        What each of its points says, line by line, as plain text.
    """

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    main: int
    says: list[list[str]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"data": self.data, "layout": self.layout, "main": self.main, "says": self.says}


def library() -> str:
    """Return plotly.js as the plotly package brings it.

    Raises
    ------
    InputError
        If plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise InputError(NEEDS_PLOTLY) from None
    code = str(get_plotlyjs())
    if "</script" in code.lower() or "<!--" in code:
        raise RuntimeError("plotly.js holds a text that would end its <script> element")
    return code


def script_json(value: object) -> str:
    r"""Return JSON that can stand inside a ``<script>`` element: no text in it ends the element.

    Examples
    --------
    >>> print(script_json({"a": "</script> & \u2028"}))
    {"a":"\u003c/script\u003e \u0026 \u2028"}
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def lines_of(table: Table) -> list[list[str]]:
    """Return what each row of a table says, one line a cell that has any text."""
    return [
        [f"{c.label} {cell.text}" for c, cell in zip(table.columns, row, strict=True) if cell.text]
        for row in table.rows
    ]


def _numbers(values: Iterable[Any]) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in np.asarray(list(values), dtype=float)]


def _axis(**more: Any) -> dict[str, Any]:
    plain = {"zeroline": False, "showgrid": False, "linecolor": "@muted",
             "tickfont": {"color": "@muted"}, "automargin": True}  # fmt: skip
    return plain | more


def _percent(**more: Any) -> dict[str, Any]:
    return _axis(showgrid=True, gridcolor="@grid", tickformat=".4~%", **more)


def _line(color: str, dash: str = "solid", **ends: Any) -> dict[str, Any]:
    return {"type": "line", "line": {"color": color, "width": 1, "dash": dash}} | ends


def _title(text: str) -> dict[str, Any]:
    return {"text": escape(text, quote=False), "font": {"color": "@muted", "size": 12}}


def _zero() -> dict[str, Any]:
    return _line("@muted", xref="paper", x0=0, x1=1, y0=0, y1=0)


def _event_time(days: Sequence[float | None]) -> dict[str, Any]:
    """Lay out a path over event time: whole sessions, zero line, day 0 marked."""
    known = [d for d in days if d is not None] or [0.0]
    reach = [min(known) - 0.6, max(known) + 0.6]
    return {
        "hovermode": "x",
        "xaxis": _axis(title=_title("sessions from day 0"), tickformat="d", range=reach, nticks=11),
        "yaxis": _percent(),
        "shapes": [_zero(), _line("@mark", "dash", x0=0, x1=0, yref="paper", y0=0, y1=1)],
    }


def _band(x: Sequence[float | None], low: pd.Series, high: pd.Series, color: str) -> dict[str, Any]:
    """Fill between two series, with a gap where one of them is missing."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    stretch: list[tuple[float | None, float, float]] = []
    for day, a, b in [*zip(x, _numbers(low), _numbers(high), strict=True), (None, None, None)]:
        if a is not None and b is not None:
            stretch.append((day, a, b))
        elif stretch:
            gap: list[float | None] = [None] if xs else []
            xs += gap + [s[0] for s in stretch] + [s[0] for s in reversed(stretch)]
            ys += gap + [s[2] for s in stretch] + [s[1] for s in reversed(stretch)]
            stretch = []
    return {"type": "scatter", "mode": "none", "x": xs, "y": ys, "fill": "toself",
            "fillcolor": color, "hoverinfo": "skip"}  # fmt: skip


def _path(x: list[float | None], y: pd.Series) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines+markers", "x": x, "y": _numbers(y),
            "line": {"color": "@accent", "width": 2},
            "marker": {"color": "@accent", "size": 6}}  # fmt: skip


def _banded(rows: pd.DataFrame, column: str, says: list[list[str]]) -> Live:
    x = _numbers(rows["tau"])
    data = []
    for name, color in ((f"{column}_sup", "@band-wide"), (column, "@band")):
        if {f"{name}_low", f"{name}_high"} <= set(rows):
            data.append(_band(x, rows[f"{name}_low"], rows[f"{name}_high"], color))
    return Live([*data, _path(x, rows[column])], _event_time(x), len(data), says)


def car_live(rows: pd.DataFrame, says: list[list[str]]) -> Live:
    """Return the cumulated abnormal return of one event with its bands.

    Parameters
    ----------
    rows : DataFrame
        Of :func:`eventstudy.plots.points.car_points`.
    says : list of list of str
        One a row.
    """
    return _banded(rows, "car", says)


def caar_live(rows: pd.DataFrame, says: list[list[str]]) -> Live:
    """Return the mean path of a panel with its bands; see :func:`car_live`."""
    return _banded(rows, "caar", says)


def price_live(points: PricePoints, currency: str, says: list[list[str]]) -> Live:
    """Return the price around a headline, the move of day 0 marked."""
    rows, move = points.rows, points.move

    def dots(part: pd.DataFrame, **look: Any) -> dict[str, Any]:
        days = [f"{day:%Y-%m-%d}" for day in part["session"]]
        return {"type": "scatter", "x": days, "y": _numbers(part["price"])} | look

    data = [dots(rows, mode="lines", line={"color": "@ink", "width": 1.6})]
    shapes: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    if len(move):
        ends = [f"{day:%Y-%m-%d}" for day in move["session"]]
        stroke = {"line": {"color": "@mark", "width": 3.2}, "marker": {"color": "@mark", "size": 8}}
        data.append(dots(move, mode="lines+markers", hoverinfo="skip", **stroke))
        shapes.append({"type": "rect", "layer": "below", "x0": ends[0], "x1": ends[-1],
                       "yref": "paper", "y0": 0, "y1": 1, "fillcolor": "@soft",
                       "line": {"width": 0}})  # fmt: skip
        day = {"x0": ends[-1], "x1": ends[-1], "yref": "paper", "y0": 0, "y1": 1}
        shapes.append(_line("@mark", "dash", **day))
        word = {"text": "day 0", "showarrow": False, "font": {"color": "@mark"}}
        marks.append({"x": ends[-1], "xanchor": "right", "yref": "paper", "y": 1,
                      "yanchor": "top"} | word)  # fmt: skip
    if len(points.rolls):
        tick = {"symbol": "line-ns-open", "color": "@muted", "size": 10}
        data.append(dots(points.rolls, mode="markers", marker=tick, hoverinfo="skip"))
    layout = {
        "hovermode": "x",
        "xaxis": _axis(type="date", tickformat="%-d %b<br>%Y", nticks=6),
        "yaxis": _axis(showgrid=True, gridcolor="@grid", title=_title(currency)),
        "shapes": shapes,
        "annotations": marks,
    }
    return Live(data, layout, 0, says)


def box_live(groups: Sequence[BoxPoints], names: Mapping[tuple[str, str], list[str]],
             write: Any) -> Live:  # fmt: skip
    """Return the spread of the CARs of a panel: a box a window, a dot an event.

    Parameters
    ----------
    groups : sequence of BoxPoints
    names : mapping of (event id, asset) to list of str
        What is said of an event before its number.
    write : callable
        Writes a CAR.
    """
    x: list[float | None] = []
    y: list[float | None] = []
    says: list[list[str]] = []
    for i, group in enumerate(groups):
        x += _numbers(i + group.places)
        y += _numbers(group.rows["car"])
        for event, asset, car in zip(
            group.rows["event_id"], group.rows["asset"], group.rows["car"], strict=True
        ):
            key = (str(event), str(asset))
            says.append([*names.get(key, list(key)), f"{span(*group.window)} {write(car)}"])
    dots = {"type": "scatter", "mode": "markers", "x": x, "y": y,
            "marker": {"color": "@band", "size": 6,
                       "line": {"color": "@accent", "width": 0.6}}}  # fmt: skip
    keys = {"q1": "q1", "median": "med", "q3": "q3", "lowerfence": "whislo", "upperfence": "whishi"}
    boxes = {name: _numbers(g.box[key] for g in groups) for name, key in keys.items()}
    box = {"type": "box", "x": list(range(len(groups))), "width": 0.5, "hoverinfo": "skip",
           "fillcolor": _CLEAR, "line": {"color": "@accent", "width": 1.6}} | boxes  # fmt: skip
    ticks = {"tickvals": list(range(len(groups))), "ticktext": [span(*g.window) for g in groups]}
    title, reach = _title("window, sessions from day 0"), [-0.6, len(groups) - 0.4]
    layout = {"hovermode": "closest", "yaxis": _percent(), "shapes": [_zero()],
              "xaxis": _axis(title=title, range=reach, **ticks)}  # fmt: skip
    return Live([dots, box], layout, 0, says)


def specification_live(rows: pd.DataFrame, says: list[list[str]]) -> Live:
    """Return the effect under every choice, in order, and below it which choice it was.

    Parameters
    ----------
    rows : DataFrame
        Of :func:`eventstudy.plots.specification.curve`.
    says : list of list of str
        One a row.
    """
    effect, p, kept = (
        rows[c].to_numpy(dtype=float) for c in ("mean_car", "pvalue", "pvalue_adjusted")
    )
    low, high = whiskers(rows)
    reach = {"type": "data", "symmetric": False, "array": _numbers(high - effect),
             "arrayminus": _numbers(effect - low), "color": "@band", "thickness": 3,
             "width": 0}  # fmt: skip
    with np.errstate(invalid="ignore"):
        face = np.where(kept < LEVEL, "@accent", _CLEAR).tolist()
        edge = np.where(p < LEVEL, "@accent", "@muted").tolist()
    x = list(range(len(rows)))
    dots = {"type": "scatter", "mode": "markers", "x": x, "y": _numbers(effect), "error_y": reach,
            "marker": {"size": 8, "color": face,
                       "line": {"color": edge, "width": 1.6}}}  # fmt: skip
    at_x: list[int] = []
    at_y: list[int] = []
    labels: list[str] = []
    for question, answers, at in choices(rows):
        labels.append(f"<b>{escape(question, quote=False)}</b>")
        at_x += x
        at_y += [-(len(labels) + int(k)) for k in at]
        labels += [escape(a.replace("-", "\u2212"), quote=False) for a in answers]
    share = min(0.62, 0.06 * len(labels) + 0.02) if labels else 0.0
    below = {"type": "scatter", "mode": "markers", "x": at_x, "y": at_y, "yaxis": "y2",
             "marker": {"size": 5, "color": "@ink"}, "hoverinfo": "skip"}  # fmt: skip
    room = {"domain": [0, max(share - 0.03, 0.01)], "range": [-len(labels) + 0.4, 0.6]}
    layout = {
        "hovermode": "x",
        "shapes": [_zero()],
        "xaxis": _axis(showticklabels=False, range=[-0.7, len(rows) - 0.3]),
        "yaxis": _percent(domain=[share, 1], title=_title("mean abnormal return")),
        "yaxis2": _axis(anchor="x", fixedrange=True, linecolor=_CLEAR, ticktext=labels,
                        tickvals=[-k for k in range(len(labels))], **room),
    }  # fmt: skip
    return Live([dots, below] if labels else [dots], layout, 0, says)
