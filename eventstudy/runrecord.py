"""What ``run.json`` holds: enough to do the study again, and the only place with a clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.events.catalogue import Catalogue
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.results import NOT_LEFT_OUT, SCHEMA_VERSION
from eventstudy.study import Study
from eventstudy.version import __version__

__all__ = ["counts_of", "run_record"]


def run_record(
    *,
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    counts: Mapping[str, int],
    folder: Path,
    started: datetime,
    seconds: float,
) -> dict[str, Any]:
    """Return the record of a run as plain values for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "study": study.to_dict(),
        "hashes": _hashes(study, panel, folder),
        "prices": [_asset(panel, plan) for plan in plans.values()],
        "counts": dict(counts),
        "warnings": _warnings(study, panel, plans),
        "seed": study.study.seed,
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": round(seconds, 3),
    }


def counts_of(catalogue: Catalogue, tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Return how many headlines came to what."""
    dropped = tables["dropped"]
    return {
        "headlines": int(catalogue.frame["event_id"].nunique()),
        "pinned": len(tables["pinned"]),
        "events": len(tables["events"].drop_duplicates(["event_id", "asset"])),
        "grouped": int((dropped["stage"] == "grouping").sum()),
        "left_out": int((~dropped["stage"].isin(NOT_LEFT_OUT)).sum()),
        "tests": len(tables["tests"]),
    }


def _hashes(study: Study, panel: PricePanel, folder: Path) -> dict[str, str]:
    out = dict(sorted(panel.hashes.items()))
    if study.events.file is not None:
        with (folder / study.events.file).open("rb") as file:
            out[study.events.file.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


def _asset(panel: PricePanel, plan: AssetPlan) -> dict[str, Any]:
    info = panel.assets[plan.asset]
    dates = panel.close.index[panel.close[plan.asset].notna()]
    return {
        "asset": plan.asset,
        "title": plan.title,
        "source": info.source,
        "calendar": plan.calendar.name,
        "close": info.close or "",
        "currency": info.currency,
        "first": str(dates[0].date()) if len(dates) else "",
        "last": str(dates[-1].date()) if len(dates) else "",
        "benchmarks": sorted({f.column for m in plan.models for f in m.factors}),
    }


def _warnings(study: Study, panel: PricePanel, plans: Mapping[str, AssetPlan]) -> list[str]:
    told = {a for a, own in study.assets.items() if own.calendar or own.market}
    observed = {a for a, p in plans.items() if p.calendar.name == "observed"} - told
    differing = [a for a in panel.dates_differ() if a in observed]
    if not differing:
        return list(panel.notes)
    return [
        *panel.notes,
        f"{', '.join(differing)}: some dates of the source have no price, and neither calendar "
        "nor market is given; such a date counts as a missing day. Give [assets.<name>] calendar "
        "or market where the markets have sessions of their own.",
    ]
