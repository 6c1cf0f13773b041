"""Charts of many events: the mean path, the box of CARs, the heat map, diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.plots import style
from eventstudy.plots.points import box_points, caar_points
from eventstudy.plots.select import Charted, event_rows, panel_rows, pick
from eventstudy.plots.single import band, event_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["VALUES", "box", "caar", "heatmap", "pvalues", "qq", "span"]

VALUES = {
    "ar": "Abnormal return",
    "sar": "Standardised abnormal return",
    "car": "Cumulated abnormal return",
    "return": "Return",
}
"""What a heat map can show, in words."""


def caar(
    result: Charted, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean cumulated abnormal return of a panel with its pointwise and whole-path bands.

    Parameters
    ----------
    result : StudyResult
    panel : str, optional
        The panel with the most events unless given.
    model : str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    path = caar_points(result, panel, model)
    x = path["tau"].to_numpy(dtype=float)
    with style.house():
        ax = style.start(ax)
        band(ax, x, path["caar_sup_low"], path["caar_sup_high"], style.BAND_WIDE)
        band(ax, x, path["caar_low"], path["caar_high"], style.BAND)
        ax.plot(x, path["caar"], color=style.ACCENT, marker="o", markersize=3)
        event_axis(ax, x)
    return ax


def box(
    result: Charted, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the spread of the CARs of a panel, one box a reported window, the events as dots.

    Parameters
    ----------
    result : StudyResult
    panel, model : str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    groups = box_points(result, panel, model)
    with style.house():
        ax = style.start(ax)
        for i, group in enumerate(groups):
            cars = group.rows["car"]
            ax.plot(i + group.places, cars, "o", color=style.BAND, markersize=2.5, zorder=1)
        if groups:
            ax.bxp(
                [g.box for g in groups],
                positions=range(len(groups)),
                widths=0.5,
                showfliers=False,
                **_box_style(),
            )
        ax.axhline(0.0, color=style.MUTED, linewidth=0.8)
        ax.set_xticks(range(len(groups)), [span(*g.window) for g in groups])
        ax.set_xlabel("window, sessions from day 0")
        style.percent_axis(ax)
    return ax


def _box_style() -> dict[str, Any]:
    line = {"color": style.ACCENT, "linewidth": 1.1}
    return {
        "medianprops": {"color": style.MARK, "linewidth": 1.8},
        "boxprops": line,
        "whiskerprops": line,
        "capprops": line,
    }


def span(start: int, end: int) -> str:
    """Return a window of sessions as ``[0]`` or ``[\u22121, +1]``."""
    ends = [f"{v:+d}".replace("-", "\u2212") if v else "0" for v in (start, end)]
    return f"[{ends[0]}]" if start == end else f"[{ends[0]}, {ends[1]}]"


def heatmap(
    result: Charted,
    event_id: str | None = None,
    *,
    model: str | None = None,
    value: str = "ar",
    ax: Axes | None = None,
) -> Axes:
    """Draw a map of one headline's abnormal returns, asset by day.

    Darker red is a fall, darker blue a rise; the scale is symmetric, so that colour 0 is zero.

    Parameters
    ----------
    result : StudyResult
    event_id, model : str, optional
    value : {"ar", "sar", "car", "return"}
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    rows = result.abnormal_returns
    event_id = pick(rows, "event_id", event_id, "event")
    rows = rows[rows["event_id"].astype(str) == event_id]
    if model is not None:
        model = pick(rows, "model", model, "model")
        rows = rows[rows["model"].astype(str) == model]
    rows = rows.drop_duplicates(["asset", "tau"])
    assets = [str(a) for a in rows["asset"].unique()]
    grid = rows.pivot_table(index="asset", columns="tau", values=value, sort=False)
    grid = grid.reindex(assets).sort_index(axis=1)
    with style.house():
        ax = style.start(ax, (4.8, max(1.6, 0.19 * len(assets) + 0.9)))
        _draw_map(ax, grid, value)
    return ax


def _draw_map(ax: Axes, grid: pd.DataFrame, value: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    values = grid.to_numpy(dtype=float)
    # One extreme day would wash out all others: the scale ends at the 98th percentile.
    top = float(np.nanquantile(np.abs(values), 0.98)) if np.isfinite(values).any() else 0.0
    top = top if top > 0.0 else 1.0
    colors = LinearSegmentedColormap.from_list("house", [style.MARK, "#f4f4f2", style.ACCENT])
    drawn = ax.pcolormesh(
        np.arange(grid.shape[1] + 1) - 0.5,
        np.arange(grid.shape[0] + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap=colors,
        vmin=-top,
        vmax=top,
        edgecolors="face",
        linewidth=0.2,
    )
    ax.grid(visible=False)
    ax.invert_yaxis()
    if values.size <= 400:
        _write_values(ax, values, top, value)
    ax.set_yticks(range(grid.shape[0]), [style.plain(a) for a in grid.index])
    step = max(1, grid.shape[1] // 11)
    ax.set_xticks(
        range(0, grid.shape[1], step), [span(int(t), int(t))[1:-1] for t in grid.columns[::step]]
    )
    ax.set_xlabel("sessions from day 0")
    bar = ax.figure.colorbar(drawn, ax=ax, fraction=0.04, pad=0.02)
    bar.outline.set_visible(False)
    if value != "sar":
        style.percent_axis(bar.ax)


def _write_values(ax: Axes, values: FloatArray, top: float, value: str) -> None:
    """Write each value into its cell, so that the map can be read in grey."""
    scale = 1.0 if value == "sar" else 100.0
    for (i, j), v in np.ndenumerate(values):
        if np.isfinite(v):
            text = f"{scale * v:.1f}".replace("-0.0", "0.0").replace("-", "\u2212")
            color = "#ffffff" if abs(v) > 0.62 * top else style.INK
            ax.text(j, i, text, ha="center", va="center", color=color, fontsize=5.5)


def pvalues(
    result: Charted, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the ordered p-values of day 0 against those of pure chance (the diagonal).

    Parameters
    ----------
    result : StudyResult
    panel, model : str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    rows, _, _ = panel_rows(result.windows, panel, model)
    day = rows[(rows["start"] == 0) & (rows["end"] == 0)]
    with style.house():
        ax = style.start(ax)
        ax.plot([0, 1], [0, 1], color=style.MUTED, linewidth=0.8)
        for column, color, mark in (
            ("pvalue", style.ACCENT, "o"),
            ("placebo_pvalue", style.MARK, "x"),
        ):
            p = np.sort(day[column].dropna().to_numpy(dtype=float))
            where = (np.arange(len(p)) + 0.5) / max(len(p), 1)
            name = "exact" if column == "pvalue" else "placebo"
            ax.plot(where, p, mark, color=color, markersize=3.5, label=name)
        ax.legend(loc="upper left")
        ax.set_xlabel("expected under chance")
        ax.set_ylabel("p-value of day 0")
    return ax


def qq(
    result: Charted,
    event_id: str | None = None,
    *,
    asset: str | None = None,
    model: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the standardised abnormal returns of a window against normal quantiles.

    Parameters
    ----------
    result : StudyResult
    event_id, asset, model : str, optional
        One event; without an event and an asset, all events of the result.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    from scipy import stats

    rows = result.abnormal_returns
    if event_id is not None or asset is not None:
        rows = event_rows(rows, event_id, asset, model)
    sar = np.sort(rows["sar"].dropna().to_numpy(dtype=float))
    normal = stats.norm.isf(1.0 - (np.arange(len(sar)) + 0.5) / max(len(sar), 1))
    with style.house():
        ax = style.start(ax)
        if len(sar):
            ax.plot(
                [normal[0], normal[-1]], [normal[0], normal[-1]], color=style.MUTED, linewidth=0.8
            )
        ax.plot(normal, sar, "o", color=style.ACCENT, markersize=3)
        ax.set_xlabel("normal quantile")
        ax.set_ylabel("standardised abnormal return")
    return ax
