"""Which prices a study needs, over which dates, and what is odd about those it got."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.events.catalogue import Catalogue
from eventstudy.plan import AssetPlan, asset_names, needed_columns
from eventstudy.prices.gather import Demand, gather_prices
from eventstudy.prices.panel import PricePanel
from eventstudy.prices.quality import hole_findings, quality_findings
from eventstudy.study import Study

__all__ = ["last_day", "study_demand", "study_prices", "study_quality", "study_range"]

# Sessions beside the windows: lags of the benchmark, a return over a gap, headlines that move on.
SPARE = 30
# Calendar days in which every market has at least so many sessions, and the longest closures.
DAYS_A_SESSION = 1.5
CLOSURE_DAYS = 30


def study_demand(
    study: Study,
    catalogue: Catalogue,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None = None,
    offline: bool = False,
) -> Demand:
    """Return what the study asks of its places of prices."""
    named = [str(a) for a in catalogue.frame["asset"].unique() if a]
    start, end = study_range(study, catalogue)
    return Demand(
        study=study,
        needed=lambda columns: needed_columns(study, asset_names(study, columns, named)),
        start=start,
        end=end,
        folder=folder,
        frame=(frames or {}).get("prices"),
        offline=offline,
    )


def study_prices(
    study: Study,
    catalogue: Catalogue,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None = None,
    offline: bool = False,
) -> PricePanel:
    """Load the prices of a study, from every place that it names."""
    return gather_prices(
        study_demand(study, catalogue, folder=folder, frames=frames, offline=offline)
    )


def study_range(study: Study, catalogue: Catalogue) -> tuple[date | None, date | None]:
    """Return the dates that a study looks at, with room for the negative control before them.

    The negative control does the study again one estimation window earlier, so twice that window
    is asked for. Calendar days are counted generously: no market has fewer than two sessions in
    three days for long.
    """
    first, last = _day(catalogue, "min"), _day(catalogue, "max")
    if first is None or last is None:
        return None, None
    windows = study.windows
    back = 2 * -windows.estimation[0] + max(windows.event[1], 0) + SPARE
    ahead = max(windows.event[1], 0) + SPARE
    return (
        first - timedelta(days=round(DAYS_A_SESSION * back) + CLOSURE_DAYS),
        last + timedelta(days=round(DAYS_A_SESSION * ahead) + CLOSURE_DAYS),
    )


def last_day(catalogue: Catalogue) -> date | None:
    """Return the date of the last headline, so that calendars reach beyond it."""
    return _day(catalogue, "max")


def _day(catalogue: Catalogue, which: str) -> date | None:
    frame = catalogue.frame
    stamps = pd.concat([frame["timestamp"].dt.tz_localize(None), frame["date"]]).dropna()
    if stamps.empty:
        return None
    found: date = (stamps.min() if which == "min" else stamps.max()).date()
    return found


def study_quality(
    study: Study, panel: PricePanel, plans: Mapping[str, AssetPlan], pinned: pd.DataFrame
) -> pd.DataFrame:
    """Examine the prices, and the factors, over the days that the study uses."""
    first, last = [], []
    for asset, days in pinned.groupby("asset", sort=False)["session"]:
        sessions = plans[str(asset)].calendar.sessions
        at = np.searchsorted(sessions, days.to_numpy().astype("datetime64[D]"))
        first.append(sessions[max(int(at.min()) + study.windows.estimation[0] - 1, 0)])
        last.append(sessions[min(int(at.max()) + study.windows.event[1], len(sessions) - 1)])
    if not first:
        return quality_findings(panel, {})
    sessions_of = {a: p.calendar.sessions for a, p in plans.items()}
    start, end = min(first), max(last)
    found = quality_findings(panel, sessions_of, start=start, end=end)
    holes = hole_findings(panel, _sessions_of_factors(panel, plans, start, end))
    return pd.concat([found, holes], ignore_index=True) if len(holes) else found


def _sessions_of_factors(
    panel: PricePanel, plans: Mapping[str, AssetPlan], start: np.datetime64, end: np.datetime64
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.datetime64]]]:
    """Return the sessions on which each factor is needed: those of the assets that it serves."""
    out: dict[str, np.ndarray[tuple[int], np.dtype[np.datetime64]]] = {}
    for plan in plans.values():
        used = {f.column for m in plan.models for f in m.factors}
        used |= {m.risk_free for m in plan.models if m.risk_free is not None}
        sessions = plan.calendar.sessions
        inside = sessions[(sessions >= start) & (sessions <= end)]
        for name in sorted(used & panel.return_columns):
            out[name] = np.union1d(out[name], inside) if name in out else inside
    return out
