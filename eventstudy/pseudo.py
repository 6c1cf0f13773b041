"""The same study on dates without news: pseudo-dates, the negative control, and their bookkeeping.

All events of a study move by one number of sessions, so events that shared a date still share one
and the cross-section stays together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from eventstudy.arrays import IntArray
from eventstudy.estimate import PanelRun, estimate, event_time, run_window
from eventstudy.inference.leads import leads
from eventstudy.inference.registry import cross_event
from eventstudy.inference.single import single_event
from eventstudy.inference.statistic import Statistic
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.study import Study
from eventstudy.windows import EventTime

__all__ = ["CONTROL_COLUMNS", "negative_control", "pseudo_shifts", "shifted"]

CONTROL_COLUMNS = [
    "panel", "model", "start", "end", "name", "variant", "n_events", "shift", "session",
    "estimate", "statistic", "distribution", "df", "pvalue", "note",
]  # fmt: skip


def _positions(pinned: pd.DataFrame, plans: Mapping[str, AssetPlan]) -> IntArray:
    days = pinned["session"].to_numpy().astype("datetime64[D]")
    out = np.empty(len(pinned), dtype=np.int64)
    for i, (asset, day) in enumerate(zip(pinned["asset"], days, strict=True)):
        out[i] = np.searchsorted(plans[str(asset)].calendar.sessions, day)
    return out


def _moved(
    pinned: pd.DataFrame, plans: Mapping[str, AssetPlan], shifts: IntArray
) -> dict[str, IntArray]:
    """Return for each asset the new positions of its events, (shifts, events of the asset).

    Sessions are counted on the calendar of the earliest event; an event on another calendar keeps
    its distance, in its own sessions, from that event's date, so that dates which were shared stay
    shared where both markets are open.
    """
    days = pinned["session"].to_numpy().astype("datetime64[D]")
    first = int(np.argmin(days))
    ruler = plans[str(pinned["asset"].iloc[first])].calendar.sessions
    origin = int(np.searchsorted(ruler, days[first]))
    inside = (origin + shifts >= 0) & (origin + shifts < len(ruler))
    dates = ruler[np.clip(origin + shifts, 0, len(ruler) - 1)]
    at = _positions(pinned, plans)
    out = {}
    for asset in dict.fromkeys(pinned["asset"].astype(str)):
        sessions = plans[asset].calendar.sessions
        mine = at[(pinned["asset"] == asset).to_numpy()]
        anchor = int(np.searchsorted(sessions, days[first]))
        there = np.searchsorted(sessions, dates)
        places = there[:, None] + (mine - anchor)[None, :]
        lost = ~inside[:, None] | (places < 0) | (places >= len(sessions))
        out[asset] = np.where(lost, -1, places).astype(np.int64)
    return out


def shifted(pinned: pd.DataFrame, plans: Mapping[str, AssetPlan], shift: int) -> pd.DataFrame:
    """Return the pinned events with every day 0 moved by ``shift`` sessions.

    Raises
    ------
    ValueError
        Where an event would leave its calendar.
    """
    out = pinned.copy()
    days = np.empty(len(pinned), dtype="datetime64[ns]")
    for asset, places in _moved(pinned, plans, np.array([shift])).items():
        if (places < 0).any():
            raise ValueError(f"a shift of {shift} sessions leaves the calendar of {asset}")
        mine = (pinned["asset"] == asset).to_numpy()
        days[mine] = plans[asset].calendar.sessions[places[0]].astype("datetime64[ns]")
    out["session"] = days
    return out


def pseudo_shifts(
    pinned: pd.DataFrame,
    pinned_all: pd.DataFrame,
    plans: Mapping[str, AssetPlan],
    panel: PricePanel,
    time: EventTime,
) -> list[int]:
    """Return the shifts (negative, in sessions) that reach no headline, nearest first.

    A shift is allowed where every event's pseudo estimation window begins after its asset's first
    price, and no pseudo event window holds or touches the event window of a headline on the same
    asset.
    """
    if pinned.empty:
        return []
    days = pinned["session"].to_numpy().astype("datetime64[D]")
    ruler = plans[str(pinned["asset"].iloc[int(np.argmin(days))])].calendar.sessions
    shifts = -np.arange(1, int(np.searchsorted(ruler, days.min())) + 1, dtype=np.int64)
    allowed = np.ones(len(shifts), dtype=bool)
    news = _positions(pinned_all, plans)
    width = time.event[1] - time.event[0] + 1
    for asset, places in _moved(pinned, plans, shifts).items():
        first = panel.close.index[panel.close[asset].notna()]
        if not len(first):
            return []
        sessions = plans[asset].calendar.sessions
        start = int(np.searchsorted(sessions, first[0].to_datetime64().astype("datetime64[D]")))
        # The first price has no return yet.
        allowed &= (places + time.estimation[0] > start).all(axis=1)
        for other in news[(pinned_all["asset"] == asset).to_numpy()]:
            allowed &= (np.abs(places - other) >= width).all(axis=1)
    return [int(s) for s in shifts[allowed]]


def negative_control(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    pinned_all: pd.DataFrame,
    pinned: pd.DataFrame,
) -> pd.DataFrame:
    """Do the study's first window again on the nearest earlier dates without a headline.

    Returns
    -------
    DataFrame
        One row a panel, model and leading test (the exact t where a panel has one event); no
        rows where no earlier date without news has room for the estimation window.
    """
    time = event_time(study)
    # A whole estimation window back if there is room: then no day is in both studies.
    shifts = pseudo_shifts(pinned, pinned_all, plans, panel, time)
    wanted = time.estimation[0] - time.event[1] - 1
    if not shifts:
        return pd.DataFrame(columns=CONTROL_COLUMNS)
    far = [s for s in shifts if s <= wanted]
    shift = far[0] if far else shifts[-1]
    moved = shifted(pinned, plans, shift)
    runs, _ = estimate(study, panel, plans, moved, news=pinned_all)
    start, end = (int(v) for v in study.windows.report[0])
    rows = [row for run in runs for row in _rows(study, run, start, end, shift)]
    return pd.DataFrame(rows, columns=CONTROL_COLUMNS)


def _rows(study: Study, run: PanelRun, start: int, end: int, shift: int) -> list[dict[str, object]]:
    sample = run.sample
    window = run_window(study, run, start, end)
    head = {
        "panel": run.panel,
        "model": run.model,
        "start": start,
        "end": end,
        "shift": shift,
        "session": run.rows["session"].min(),
    }
    if sample.block.n < 2:
        table = single_event(sample, window, names=[("exact_t", "published")])
        row = table.row("exact_t", "published")
        return [
            head
            | {
                "name": row.name,
                "variant": row.variant,
                "n_events": 1,
                "estimate": float(window.car[0]),
                "statistic": float(row.statistic[0]),
                "distribution": row.distribution,
                "df": float(row.df[0]),
                "pvalue": float(row.pvalue[0]),
                "note": row.notes[0],
            }
        ]
    found: list[Statistic] = cross_event(sample, window, leads(sample, window).tests)
    return [
        head
        | {
            "name": s.name,
            "variant": s.variant,
            "n_events": s.n_events,
            "estimate": s.estimate,
            "statistic": s.statistic,
            "distribution": s.distribution,
            "df": s.df,
            "pvalue": s.pvalue,
            "note": s.note,
        }
        for s in found
    ]
