"""Price levels around each event, for charts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.windows import EventTime

__all__ = ["BEFORE", "price_series"]

# Sessions before day 0 that a price chart shows.
BEFORE = 60
COLUMNS = ["event_id", "asset", "session", "tau", "price", "flag"]


def price_series(
    panel: PricePanel, plans: Mapping[str, AssetPlan], pinned: pd.DataFrame, time: EventTime
) -> pd.DataFrame:
    """Return the prices from 60 sessions before day 0 to the end of the event window.

    Returns
    -------
    DataFrame
        event_id, asset, session, tau, price, flag (``"roll"`` or empty); no rows where the study
        has returns only. A session without a price is NaN.
    """
    if panel.kind == "returns" or pinned.empty:
        return _empty()
    rolls = {
        (str(a), pd.Timestamp(d))
        for a, d, f in zip(
            panel.flags["asset"], panel.flags["date"], panel.flags["flag"], strict=True
        )
        if f == "roll"
    }
    parts = [
        _one(panel, plans[str(asset)], str(event_id), day, time, rolls)
        for event_id, asset, day in zip(
            pinned["event_id"],
            pinned["asset"],
            pinned["session"].to_numpy().astype("datetime64[D]"),
            strict=True,
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": pd.Series(dtype=object),
            "asset": pd.Series(dtype=object),
            "session": pd.Series(dtype="datetime64[ns]"),
            "tau": pd.Series(dtype=np.int64),
            "price": pd.Series(dtype=np.float64),
            "flag": pd.Series(dtype=object),
        }
    )


def _one(
    panel: PricePanel,
    plan: AssetPlan,
    event_id: str,
    day: np.datetime64,
    time: EventTime,
    rolls: set[tuple[str, pd.Timestamp]],
) -> pd.DataFrame:
    sessions = plan.calendar.sessions
    position = int(np.searchsorted(sessions, day))
    low = max(position - BEFORE, 0)
    high = min(position + time.event[1] + 1, len(sessions))
    dates = pd.DatetimeIndex(sessions[low:high].astype("datetime64[ns]"))
    return pd.DataFrame(
        {
            "event_id": event_id,
            "asset": plan.asset,
            "session": dates,
            "tau": np.arange(low, high, dtype=np.int64) - position,
            "price": panel.close[plan.asset].reindex(dates).to_numpy(dtype=np.float64),
            "flag": ["roll" if (plan.asset, d) in rolls else "" for d in dates],
        },
        columns=COLUMNS,
    )
