"""The same study on dates without news: pseudo-dates, the negative control, and their bookkeeping.

All events of a study move by one number of sessions, so events that shared a date still share one
and the cross-section stays together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from eventstudy.abnormal import tested_window
from eventstudy.estimate import PanelRun, estimate, event_time
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


def _positions(pinned: pd.DataFrame, plans: Mapping[str, AssetPlan]) -> np.typing.NDArray[np.int64]:
    days = pinned["session"].to_numpy().astype("datetime64[D]")
    out = np.empty(len(pinned), dtype=np.int64)
    for i, (asset, day) in enumerate(zip(pinned["asset"], days, strict=True)):
        out[i] = np.searchsorted(plans[str(asset)].calendar.sessions, day)
    return out


def shifted(pinned: pd.DataFrame, plans: Mapping[str, AssetPlan], shift: int) -> pd.DataFrame:
    """Return the pinned events with every day 0 moved by ``shift`` sessions of its calendar."""
    out = pinned.copy()
    days = []
    for asset, at in zip(pinned["asset"], _positions(pinned, plans), strict=True):
        sessions = plans[str(asset)].calendar.sessions
        if not 0 <= at + shift < len(sessions):
            raise ValueError(f"a shift of {shift} sessions leaves the calendar of {asset}")
        days.append(sessions[at + shift])
    out["session"] = np.array(days, dtype="datetime64[ns]")
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
    at = _positions(pinned, plans)
    others = _positions(pinned_all, plans)
    width = time.event[1] - time.event[0] + 1
    room: list[int] = []
    blocked: set[int] = set()
    for asset in dict.fromkeys(pinned["asset"].astype(str)):
        mine = at[(pinned["asset"] == asset).to_numpy()]
        news = others[(pinned_all["asset"] == asset).to_numpy()]
        sessions = plans[asset].calendar.sessions
        first = panel.close.index[panel.close[asset].notna()]
        if not len(first):
            return []
        start = int(np.searchsorted(sessions, first[0].to_datetime64().astype("datetime64[D]")))
        room.append(int(mine.min() + time.estimation[0] - 1 - start))
        for position in mine:
            for other in news:
                near = other - position
                blocked.update(range(int(near) - width + 1, int(near) + width))
    return [-s for s in range(1, max(min(room), 0) + 1) if -s not in blocked]


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
    runs, _ = estimate(study, panel, plans, moved)
    start, end = (int(v) for v in study.windows.report[0])
    rows = [row for run in runs for row in _rows(study, run, start, end, shift)]
    return pd.DataFrame(rows, columns=CONTROL_COLUMNS)


def _rows(study: Study, run: PanelRun, start: int, end: int, shift: int) -> list[dict[str, object]]:
    sample = run.sample
    window = tested_window(
        sample.block, sample.fit, start, end, policy=study.study.missing or "exclude"
    )
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
