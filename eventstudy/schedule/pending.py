"""Windows that are not complete yet: held back, listed, and finished by a later run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy.pipeline import Stages
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.results import StudyResult
from eventstudy.study import Study

__all__ = ["LATE_DAYS", "PENDING_COLUMNS", "hold", "horizons", "without_pending"]

PENDING_COLUMNS = [
    "event_id", "asset", "session", "start", "end", "complete_on", "reason", "headline",
]  # fmt: skip
LATE_DAYS = 7
"""Days by which an asset's last price may lag the others and still count as late, not as gone."""

_AFTER = "after the last session"
_NOT_YET = "the headline came after the last price"


def horizons(panel: PricePanel, plans: Mapping[str, AssetPlan]) -> dict[str, np.datetime64]:
    """Return the last date up to which the abnormal return of each asset can be known.

    An asset that has no price any more while others have is not waited for, unless it lags by no
    more than :data:`LATE_DAYS`; a benchmark or a factor is always waited for.
    """
    close = panel.close
    edge = _last(close)
    out = {}
    for asset, plan in plans.items():
        own = _last(close[[asset]].dropna())
        gone = np.isnat(own) or edge - own > np.timedelta64(LATE_DAYS, "D")
        factors = dict.fromkeys(f.column for m in plan.models for f in m.factors)
        known = [_last(close[[name]].dropna()) for name in factors]
        out[asset] = min([edge if gone else own, *(d for d in known if not np.isnat(d))])
    return out


def _last(frame: pd.DataFrame) -> np.datetime64:
    days = frame.index.to_numpy().astype("datetime64[D]")
    return days[-1] if len(days) else np.datetime64("NaT", "D")


def _windows(study: Study) -> list[tuple[int, int]]:
    """Return the windows that are waited for: the reported ones, and the whole event window."""
    return list(dict.fromkeys([*((int(a), int(b)) for a, b in study.windows.report),
                               study.windows.event]))  # fmt: skip


def hold(stages: Stages) -> tuple[Stages, pd.DataFrame]:
    """Take out the events that have not happened yet in the prices, and list what is pending.

    With ``missing = "skip"`` an event waits until its whole event window is there, since a sum over
    the days that are there would change without a word.

    Parameters
    ----------
    stages : Stages

    Returns
    -------
    stages : Stages
        Without the events that wait as a whole, and without their rows in ``dropped``.
    pending : DataFrame
        One row a headline, asset and window; ``complete_on`` is the session whose price is needed,
        empty where the calendar does not reach so far.
    """
    last = horizons(stages.panel, stages.plans)
    ahead = _dates_ahead(stages)
    rows: list[tuple[object, ...]] = []
    keep = np.ones(len(stages.pinned), dtype=bool)
    for i, event in enumerate(stages.pinned.itertuples(index=False)):
        key = (str(event.event_id), str(event.asset))
        if key in ahead:
            # A policy of `previous` would pin it to a session before its own date.
            rows += _all_open(stages.study, key)
            keep[i] = False
            continue
        open_, waits = _open_windows(stages, key[1], event.session, last)
        rows += [(*key, event.session, *row) for row in open_]
        keep[i] = not waits
    left = stages.dropped
    early = left[
        [
            stage == "pinning" and (reason == _AFTER or (str(e), str(a)) in ahead)
            for e, a, stage, reason in left[["event_id", "asset", "stage", "reason"]].itertuples(
                index=False, name=None
            )
        ]
    ]
    for event in early.itertuples(index=False):
        rows += _all_open(stages.study, (str(event.event_id), str(event.asset)))
    held = replace(
        stages,
        pinned=stages.pinned[keep].reset_index(drop=True),
        dropped=stages.dropped.drop(index=early.index).reset_index(drop=True),
    )
    frame = pd.DataFrame(rows, columns=PENDING_COLUMNS[:-1])
    texts = stages.catalogue.frame.drop_duplicates("event_id").set_index("event_id")["headline"]
    frame["headline"] = frame["event_id"].map(texts).fillna("").astype(object)
    frame["session"] = pd.to_datetime(frame["session"])
    return held, frame.astype({"start": "int64", "end": "int64"})


def _all_open(study: Study, key: tuple[str, str]) -> list[tuple[object, ...]]:
    return [(*key, pd.NaT, a, b, "", _NOT_YET) for a, b in _windows(study)]


def _dates_ahead(stages: Stages) -> set[tuple[str, str]]:
    """Return the bare dates that lie after the last session of a calendar made from prices."""
    frame = stages.catalogue.frame
    out = set()
    for event_id, day, named in zip(frame["event_id"], frame["date"], frame["asset"], strict=True):
        if pd.isna(day):
            continue
        for asset in [named] if named else stages.plans:
            calendar = stages.plans[str(asset)].calendar
            if calendar.name == "observed" and np.datetime64(day, "D") > calendar.sessions[-1]:
                out.add((str(event_id), str(asset)))
    return out


def _open_windows(
    stages: Stages, asset: str, session: object, last: Mapping[str, np.datetime64]
) -> tuple[list[tuple[int, int, str, str]], bool]:
    """Return the windows that an event still waits for, and whether the event waits as a whole."""
    sessions = stages.plans[asset].calendar.sessions
    day = pd.Timestamp(str(session)).to_numpy().astype("datetime64[D]")
    zero = int(np.searchsorted(sessions, day))
    open_ = []
    for start, end in _windows(stages.study):
        at = zero + end
        needed = sessions[at] if at < len(sessions) else None
        if needed is None or needed > last[asset]:
            reason = f"prices reach to {last[asset]}"
            open_.append((start, end, "" if needed is None else str(needed), reason))
    first = zero + stages.study.windows.event[0]
    nothing = first >= len(sessions) or sessions[max(first, 0)] > last[asset]
    future = zero >= len(sessions) or sessions[zero] > last[asset]
    whole = bool(open_) and stages.study.study.missing == "skip"
    return open_, nothing or future or whole


def without_pending(
    result: StudyResult, pending: pd.DataFrame, last: Mapping[str, np.datetime64]
) -> StudyResult:
    """Return the result with pending windows called pending, not missing.

    Rows of ``dropped`` that only say that a pending window is not complete go, and so do findings
    on sessions that have not been; windows that wait get the note ``pending``.
    """
    if pending.empty:
        return result
    waiting = {(str(e), str(a)) for e, a in zip(pending["event_id"], pending["asset"], strict=True)}
    days = result.abnormal_returns
    ends = pd.to_datetime(days["asset"].map(lambda a: last.get(str(a), np.datetime64("NaT"))))
    gone = days[days["ar"].isna() & (days["session"] <= ends)]
    broken = set(zip(gone["event_id"].astype(str), gone["asset"].astype(str), strict=True))
    calm = waiting - broken

    def pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
        return list(zip(frame["event_id"].astype(str), frame["asset"].astype(str), strict=True))

    drop = [
        key in calm and stage in ("window", "day")
        for key, stage in zip(pairs(result.dropped), result.dropped["stage"], strict=True)
    ]
    quality = result.quality
    if len(quality):
        edge = pd.to_datetime(
            quality["asset"].map(lambda a: last.get(str(a), np.datetime64("NaT")))
        )
        quality = quality[~(quality["session"] > edge)].reset_index(drop=True)
    events = result.events.copy()
    if len(events):
        events["flags"] = [
            _unflagged(flags) if key in calm else flags
            for key, flags in zip(pairs(events), events["flags"], strict=True)
        ]
    return replace(
        result,
        events=events,
        windows=_noted(result.windows, calm),
        event_tests=_noted(result.event_tests, calm),
        dropped=result.dropped[~np.array(drop, dtype=bool)].reset_index(drop=True),
        quality=quality,
    )


def _unflagged(flags: object) -> str:
    kept = [f for f in str(flags).split("; ") if f and not f.startswith("missing_days")]
    return "; ".join(kept)


def _noted(frame: pd.DataFrame, calm: set[tuple[str, str]]) -> pd.DataFrame:
    """Write ``pending`` where an event waits and has no p-value."""
    if frame.empty:
        return frame
    mine = [
        key in calm
        for key in zip(frame["event_id"].astype(str), frame["asset"].astype(str), strict=True)
    ]
    open_ = np.array(mine, dtype=bool) & frame["pvalue"].isna().to_numpy()
    if "car" in frame:
        open_ &= frame["car"].isna().to_numpy()
    out = frame.copy()
    out["note"] = np.where(open_, "pending", out["note"].astype(object))
    return out
