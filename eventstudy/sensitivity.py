"""How much the answer depends on the session of an ambiguous headline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.estimate import PanelRun, estimate, run_window
from eventstudy.inference.single import single_event
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.study import Study

__all__ = ["COLUMNS", "sensitivity_table", "sensitivity_words"]

COLUMNS = [
    "event_id", "asset", "model", "session", "position", "start", "end", "car", "car_se",
    "statistic", "pvalue", "chosen",
]  # fmt: skip


def sensitivity_table(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    pinned: pd.DataFrame,
) -> pd.DataFrame:
    """Run the study again for every admissible session of its ambiguous headlines.

    Admissible are all sessions from day 0 to ``alternative_session``. The k-th run moves each
    ambiguous headline to its k-th admissible session, or its last; headlines that are not
    ambiguous stay, so that estimation windows are purged as in the study.

    Parameters
    ----------
    study : Study
    panel : PricePanel
    plans : mapping of str to AssetPlan
    pinned : DataFrame
        The studied headlines.

    Returns
    -------
    DataFrame
        One row an event, model, reported window and admissible session: the exact t of
        ``windows`` for that session; ``chosen`` marks the session of the study. No rows where
        nothing is ambiguous.
    """
    choices = _choices(plans, pinned)
    if not choices:
        return _frame([])
    concerned = pinned[pinned["asset"].isin(pinned.loc[list(choices), "asset"])]
    parts = []
    for k in range(max(len(days) for days in choices.values())):
        moved = concerned.copy()
        for row, days in choices.items():
            moved.loc[row, "session"] = days[min(k, len(days) - 1)]
        wanted = {
            (str(pinned.loc[row, "event_id"]), str(pinned.loc[row, "asset"])): row
            for row, days in choices.items()
            if k < len(days)
        }
        runs, _ = estimate(study, panel, plans, moved)
        parts += [_rows(study, run, wanted, pinned, chosen=k == 0) for run in runs]
    return _frame(parts)


def _choices(plans: Mapping[str, AssetPlan], pinned: pd.DataFrame) -> dict[int, list[pd.Timestamp]]:
    """Return row -> its admissible sessions, day 0 first."""
    out = {}
    for row in pinned.index[pinned["alternative_session"].notna()]:
        sessions = plans[str(pinned.loc[row, "asset"])].calendar.sessions
        ends = pinned.loc[row, ["session", "alternative_session"]]
        first, last = np.searchsorted(sessions, [np.datetime64(end, "D") for end in ends])
        out[int(row)] = [pd.Timestamp(day) for day in sessions[first : last + 1]]
    return out


def _rows(
    study: Study,
    run: PanelRun,
    wanted: Mapping[tuple[str, str], int],
    pinned: pd.DataFrame,
    *,
    chosen: bool,
) -> pd.DataFrame:
    keys = zip(run.rows["event_id"].astype(str), run.rows["asset"].astype(str), strict=True)
    places = [wanted.get(key, -1) for key in keys]
    at = np.flatnonzero(np.array(places) >= 0)
    rows = pinned.loc[[places[i] for i in at]]
    parts = []
    for a, b in study.windows.report if len(at) else ():
        window = run_window(study, run, a, b)
        table = single_event(run.sample, window, names=[("exact_t", "published")])
        parts.append(
            pd.DataFrame(
                {
                    "event_id": rows["event_id"].to_numpy(),
                    "asset": rows["asset"].to_numpy(),
                    "model": run.model,
                    "session": run.rows["session"].to_numpy()[at],
                    "position": rows["position"].to_numpy(),
                    "start": a,
                    "end": b,
                    "car": window.car[at],
                    "car_se": window.car_se[at],
                    "statistic": table.statistic[at],
                    "pvalue": table.pvalue[at],
                    "chosen": chosen,
                    "_row": rows.index.to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _frame(parts: list[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if len(part)]
    if not full:
        text = ("event_id", "asset", "model", "position")
        kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(text, "object")
        kinds |= {"start": "int64", "end": "int64", "chosen": "bool", "session": "datetime64[ns]"}
        return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in COLUMNS})
    frame = pd.concat(full, ignore_index=True)
    models = {m: i for i, m in enumerate(dict.fromkeys(frame["model"]))}
    frame["_model"] = frame["model"].map(models)
    order = ["_row", "_model", "start", "end", "session"]
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    return frame[COLUMNS]


def sensitivity_words(table: pd.DataFrame) -> list[str]:
    """Return one sentence that says how far the answers of the sessions are apart, or nothing."""
    known = table[table["car"].notna()]
    if known.empty:
        return []
    keys = ["event_id", "asset", "model", "start", "end"]
    spans = known.groupby(keys, sort=False)["car"].agg(["min", "max"])
    where: Any = (spans["max"] - spans["min"]).idxmax()
    event_id, asset, model, start, end = where
    low, high = (float(spans[name][where]) for name in ("min", "max"))
    pairs = len(known.drop_duplicates(["event_id", "asset"]))
    who = "1 headline on an asset is" if pairs == 1 else f"{pairs} headlines on assets are"
    return [
        f"{who} ambiguous: two sessions could be day 0. Between them the abnormal return differs "
        f"most for '{event_id}' on {asset}, [{start}, {end}] under {model}: from {100 * low:+.2f} "
        f"to {100 * high:+.2f} percent; the table 'sensitivity' has them all."
    ]
