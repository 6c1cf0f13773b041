"""What else was in the news inside a tested window, and the tests without the events it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy.arrays import BoolArray
from eventstudy.estimate import PanelRun
from eventstudy.inference.leads import leads
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Window
from eventstudy.inference.statistic import Statistic
from eventstudy.plan import AssetPlan
from eventstudy.windows import EventTime

__all__ = ["COLUMNS", "Near", "contamination_table", "near_headlines", "window_marks"]

#: (event_id, asset) -> the other headlines on the asset: distance in sessions and event_id.
Near = Mapping[tuple[str, str], Sequence[tuple[int, str]]]

COLUMNS = [
    "panel", "model", "start", "end", "name", "variant", "n_events", "estimate", "statistic",
    "pvalue", "n_contaminated", "n_clean", "estimate_clean", "statistic_clean", "pvalue_clean",
    "note",
]  # fmt: skip


def near_headlines(
    pinned: pd.DataFrame, plans: Mapping[str, AssetPlan], time: EventTime
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Return for each (event_id, asset) the headlines of other stories inside its event window.

    Parameters
    ----------
    pinned : DataFrame
        All pinned headlines, studied or not.
    plans : mapping of str to AssetPlan
    time : EventTime

    Returns
    -------
    dict
        Distances in sessions of the asset and event ids, in order of time. A headline of the
        event's own group is no other story; one on the same session has the distance 0.
    """
    out: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for asset, rows in pinned.groupby("asset", sort=False):
        sessions = plans[str(asset)].calendar.sessions
        days = rows["session"].to_numpy().astype("datetime64[D]")
        positions = np.searchsorted(sessions, days)
        order = np.argsort(positions, kind="stable")
        placed = positions[order]
        names = rows["event_id"].astype(str).to_numpy()
        groups = rows["group"].astype(str).to_numpy()
        first = np.searchsorted(placed, positions + time.event[0], side="left")
        last = np.searchsorted(placed, positions + time.event[1], side="right")
        for i in range(len(rows)):
            out[(names[i], str(asset))] = [
                (int(positions[j] - positions[i]), str(names[j]))
                for j in order[first[i] : last[i]]
                if j != i and not (groups[i] and groups[j] == groups[i])
            ]
    return out


def window_marks(run: PanelRun, window: Window, near: Near) -> list[str]:
    """Return for each event the other headlines whose day 0 lies inside the window, or ``""``."""
    keys = zip(run.rows["event_id"].astype(str), run.rows["asset"].astype(str), strict=True)
    return [
        "; ".join(
            other for distance, other in near.get(key, ()) if window.start <= distance <= window.end
        )
        for key in keys
    ]


def contamination_table(run: PanelRun, windows: Sequence[Window], near: Near) -> pd.DataFrame:
    """Return the leading tests of each window with and without the events that others touch.

    Parameters
    ----------
    run : PanelRun
        As the tests across events see it.
    windows : sequence of Window
        The reported ones, over the events of ``run``.
    near : mapping
        From :func:`near_headlines`.

    Returns
    -------
    DataFrame
        No rows for fewer than two events. The tests are those that lead with all events, so that
        the two sides differ in the events alone; a test that no longer applies has no statistic.
    """
    rows: list[dict[str, object]] = []
    for window in windows:
        chosen = leads(run.sample, window)
        touched = np.array([bool(mark) for mark in window_marks(run, window, near)], dtype=bool)
        touched &= window.members
        every = cross_event(run.sample, window, chosen.tests)
        clean = every
        if touched.any():
            clean = cross_event(run.sample, _without(window, touched), chosen.tests)
        rows += [
            _row(run, window, a, b, int(touched.sum())) for a, b in zip(every, clean, strict=True)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _without(window: Window, touched: BoolArray) -> Window:
    """Return the window without some events."""
    members = window.members & ~touched
    gone = np.where(members, 0.0, np.nan)
    return replace(
        window,
        members=members,
        selector=np.where(members[:, None], window.selector, 0.0),
        car=window.car + gone,
        car_se=window.car_se + gone,
        scar=window.scar + gone,
        n_days=window.n_days + gone,
        bhar=window.bhar + gone,
    )


def _row(
    run: PanelRun, window: Window, every: Statistic, clean: Statistic, touched: int
) -> dict[str, object]:
    note = clean.note if touched else every.note
    return {
        "panel": run.panel,
        "model": run.model,
        "start": window.start,
        "end": window.end,
        "name": every.name,
        "variant": every.variant,
        "n_events": every.n_events,
        "estimate": every.estimate,
        "statistic": every.statistic,
        "pvalue": every.pvalue,
        "n_contaminated": touched,
        "n_clean": clean.n_events,
        "estimate_clean": clean.estimate,
        "statistic_clean": clean.statistic,
        "pvalue_clean": clean.pvalue,
        "note": note,
    }
