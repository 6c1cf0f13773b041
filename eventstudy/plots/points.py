"""The numbers of each chart, picked once for every way to draw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.plots.select import Charted, event_rows, panel_rows

__all__ = [
    "BoxPoints",
    "PricePoints",
    "box_points",
    "caar_points",
    "car_points",
    "largest_panel",
    "price_points",
]

_GOLDEN = 2.399963
"""Angle in radians by which neighbours are put apart, so that no chance is needed."""


@dataclass(frozen=True, eq=False)
class PricePoints:
    """Prices around a headline.

    Attributes
    ----------
    rows : DataFrame
        Of ``series``, by event day.
    move : DataFrame
        What the return of day 0 measures: its price, and before it the last one there is; empty
        where day 0 has none.
    rolls : DataFrame
        Days on which a future's contract changes.
    """

    rows: pd.DataFrame
    move: pd.DataFrame
    rolls: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BoxPoints:
    """CARs of one window.

    Attributes
    ----------
    window : (int, int)
        First and last day in sessions.
    rows : DataFrame
        Of ``windows``; one an event, none without a CAR.
    places : ndarray of shape (n_events,)
        Where the dots stand, from the window's own place.
    box : dict
        Quartiles ``q1``, ``med``, ``q3`` and ends of the whiskers ``whislo``, ``whishi``.
    """

    window: tuple[int, int]
    rows: pd.DataFrame
    places: FloatArray
    box: dict[str, Any]


def price_points(result: Charted, event_id: str | None, asset: str | None) -> PricePoints:
    """Return the prices of one headline on one asset; the first there is unless given."""
    rows = event_rows(result.series, event_id, asset).sort_values("tau", kind="stable")
    zero = rows[(rows["tau"] == 0) & rows["price"].notna()]
    before = rows[(rows["tau"] < 0) & rows["price"].notna()].tail(1)
    move = pd.concat([before, zero]) if len(zero) else zero
    rolls = rows[rows["flag"].astype(str) == "roll"] if "flag" in rows else rows.iloc[:0]
    return PricePoints(rows, move, rolls)


def car_points(
    result: Charted, event_id: str | None, asset: str | None, model: str | None
) -> pd.DataFrame:
    """Return the abnormal returns of one event by day; the first there is unless given."""
    rows = event_rows(result.abnormal_returns, event_id, asset, model)
    return rows.sort_values("tau", kind="stable")


def caar_points(
    result: Charted, panel: str | None = None, model: str | None = None
) -> pd.DataFrame:
    """Return the mean cumulated abnormal return of a panel, day by day, with its bands.

    Parameters
    ----------
    result : StudyResult
    panel, model : str, optional
        The panel with the most events, and its first model, unless given.

    Returns
    -------
    DataFrame
        The rows of ``paths`` of that panel and model, by event day.
    """
    paths = result.paths
    if panel is None and len(paths):
        panel = largest_panel(paths)
    rows, _, _ = panel_rows(paths, panel, model)
    return rows.sort_values("tau", kind="stable")


def largest_panel(paths: pd.DataFrame) -> str:
    """Return the panel with the most events."""
    return str(paths["panel"].iloc[int(paths["n_events"].to_numpy(dtype=float).argmax())])


def box_points(result: Charted, panel: str | None, model: str | None) -> list[BoxPoints]:
    """Return the CARs of a panel for each reported window in which there is any."""
    from matplotlib.cbook import boxplot_stats

    rows, _, _ = panel_rows(result.windows, panel, model)
    out = []
    for start, end in _reported(result):
        here = rows[(rows["start"] == start) & (rows["end"] == end) & rows["car"].notna()]
        if len(here):
            (box,) = boxplot_stats(here["car"].to_numpy(dtype=float))
            places = 0.28 * np.sin(np.arange(len(here)) * _GOLDEN)
            out.append(BoxPoints((start, end), here, places, box))
    return out


def _reported(result: Charted) -> list[tuple[int, int]]:
    study = (result.run.get("study") or {}).get("windows") or {}
    report = [(int(a), int(b)) for a, b in study.get("report") or []]
    return report or [(0, 0)]
