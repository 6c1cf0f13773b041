"""What else happened: other headlines inside an event's windows, rolls, clocks, quality of the fit.

Every finding is a short code in the ``flags`` column of ``events``, separated by ``"; "``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from eventstudy.estimate import PanelRun
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.windows import EventTime

__all__ = ["event_flags", "neighbours"]


def neighbours(
    pinned: pd.DataFrame, plans: Mapping[str, AssetPlan], time: EventTime
) -> dict[tuple[str, str], list[str]]:
    """Return for each (event_id, asset) the other headlines whose day 0 its event window reaches.

    Parameters
    ----------
    pinned : DataFrame
        All pinned headlines, studied or not.
    plans : mapping of str to AssetPlan
    time : EventTime

    Returns
    -------
    dict
        Codes such as ``"other_headline:+3 ukraine-invasion"``, nearest first.
    """
    out: dict[tuple[str, str], list[str]] = {}
    for asset in dict.fromkeys(pinned["asset"].astype(str)):
        group = pinned[pinned["asset"] == asset]
        sessions = plans[asset].calendar.sessions
        days = group["session"].to_numpy().astype("datetime64[D]")
        positions = np.searchsorted(sessions, days)
        names = group["event_id"].astype(str).to_numpy()
        order = np.argsort(positions, kind="stable")
        ranked = positions[order]
        low = np.searchsorted(ranked, positions + time.event[0], side="left")
        high = np.searchsorted(ranked, positions + time.event[1], side="right")
        for own, name, first, last in zip(positions, names, low, high, strict=True):
            near = np.sort(order[first:last])
            near = near[names[near] != name]
            distance = positions[near] - own
            nearest_first = np.argsort(np.abs(distance), kind="stable")
            out[(str(name), asset)] = [
                f"other_headline:{distance[k]:+d} {names[near[k]]}" for k in nearest_first
            ]
    return out


def event_flags(
    run: PanelRun,
    panel: PricePanel,
    pinned: pd.DataFrame,
    others: Mapping[tuple[str, str], list[str]],
    hints: Mapping[str, tuple[str, ...]],
    diagnosed: Sequence[tuple[str, ...]],
) -> list[str]:
    """Return the flags of each event of a sample, joined by ``"; "``."""
    position = {
        (str(r.event_id), str(r.asset)): str(r.position) for r in pinned.itertuples(index=False)
    }
    block, fit = run.sample.block, run.sample.fit
    rolls = _roll_days(panel)
    purged, unpurged = (run.rows[c].to_numpy(dtype=np.int64) for c in ("purged", "unpurged"))
    out = []
    for i, row in enumerate(run.rows.itertuples(index=False)):
        key = (str(row.event_id), str(row.asset))
        flags = [position[key]] if position.get(key) in ("ambiguous", "date-only") else []
        if purged[i]:
            flags.append(f"purged:{purged[i]}")
        if unpurged[i]:
            flags.append(f"unpurged:{unpurged[i]}")
        days = block.days_evt[i]
        own_rolls = rolls.get(key[1], set())
        if own_rolls:
            hit = [int(t) for t, d in zip(block.taus, days, strict=True) if int(d) in own_rolls]
            flags += [f"roll:{t:+d}" for t in hit]
        missing = ~np.isfinite(fit.ar[i])
        if missing.any():
            flags.append(f"missing_days:{int(missing.sum())}")
        flags += list(hints.get(key[1], ()))
        flags += others.get(key, [])
        flags += diagnosed[i]
        out.append("; ".join(flags))
    return out


def _roll_days(panel: PricePanel) -> dict[str, set[int]]:
    rolls = panel.flags[panel.flags["flag"] == "roll"]
    days = rolls["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    out: dict[str, set[int]] = {}
    for asset, day in zip(rolls["asset"], days, strict=True):
        out.setdefault(str(asset), set()).add(int(day))
    return out
