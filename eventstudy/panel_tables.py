"""Frames of panels: every statistic across events in every window, and the mean path with bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventstudy.bands import panel_path
from eventstudy.estimate import PanelRun
from eventstudy.inference.leads import Leads, leads
from eventstudy.inference.multiplicity import benjamini_hochberg, holm
from eventstudy.inference.power import design_effect, minimum_detectable_effect
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import view
from eventstudy.names import CROSS_EVENT, SINGLE_EVENT
from eventstudy.study import Study

__all__ = [
    "PATH_COLUMNS",
    "TESTS_COLUMNS",
    "adjusted",
    "build_panel_tables",
    "build_tests",
    "concat",
    "wanted_cross",
]

TESTS_COLUMNS = [
    "panel", "model", "start", "end", "name", "variant", "leads", "n_events", "n_clusters",
    "rbar", "estimate", "se", "ci_low", "ci_high", "statistic", "distribution", "df", "pvalue",
    "pvalue_adjusted", "alternative", "note", "title", "independent", "lead_reason",
    "mde", "design_effect",
]  # fmt: skip
PATH_COLUMNS = [
    "panel", "model", "tau", "n_events", "aar", "aar_se", "caar", "caar_se", "caar_low",
    "caar_high", "caar_sup_low", "caar_sup_high",
]  # fmt: skip


def wanted_cross(study: Study) -> list[tuple[str, str]] | None:
    """Return the statistics across events that the study names, None for the recommended ones."""
    names = study.tests.names
    if names == "recommended":
        return None
    if names == "all":
        return [(s.name, s.variant) for s in CROSS_EVENT]
    return [(s.name, s.variant) for s in CROSS_EVENT if s.name in names]


def build_panel_tables(
    study: Study, run: PanelRun, windows: list[Window]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the statistics across the events of a run, and its mean path.

    Returns
    -------
    tests, paths : DataFrame
        No rows where the panel has one event and the recommended tests were asked for: then the
        tests of one event are all there is.
    """
    if run.sample.block.n < 2 and wanted_cross(study) is None:
        return concat([], TESTS_COLUMNS), concat([], PATH_COLUMNS)
    return build_tests(study, run, windows), panel_path(run)


def build_tests(study: Study, run: PanelRun, windows: Sequence[Window]) -> pd.DataFrame:
    """Compute the statistics across the events of a run in every window."""
    wanted = wanted_cross(study)
    rows: list[dict[str, object]] = []
    for window in windows:
        chosen = leads(run.sample, window)
        names = wanted if wanted is not None else _recommended(chosen)
        detectable = _detectable(run, window, chosen)
        rows += [
            _row(run, window, statistic, chosen, detectable)
            for statistic in cross_event(run.sample, window, names)
        ]
    return concat([pd.DataFrame(rows)], TESTS_COLUMNS)


def _detectable(run: PanelRun, window: Window, chosen: Leads) -> tuple[float, float]:
    """Return the smallest mean CAR found with 80 % power, and the design effect behind it."""
    v = view(run.sample, window)
    if v.n < 2:
        return np.nan, np.nan
    rho = 0.0 if chosen.design == "distinct" else max(v.rbar_overlap, 0.0)
    spread = float(v.sums.car.sd[0])
    level = run.sample.settings.level
    if not spread > 0.0:
        return np.nan, design_effect(v.n, rho)
    return (
        minimum_detectable_effect(spread, n=v.n, rho=rho, level=level),
        design_effect(v.n, rho),
    )


def _recommended(chosen: Leads) -> list[tuple[str, str]]:
    usual = [(s.name, s.variant) for s in CROSS_EVENT if s.recommended]
    return list(dict.fromkeys([*chosen.tests, *usual]))


_NAMES = {(s.name, s.variant): s for s in (*CROSS_EVENT, *SINGLE_EVENT)}


def _row(
    run: PanelRun,
    window: Window,
    statistic: Statistic,
    chosen: Leads,
    detectable: tuple[float, float],
) -> dict[str, object]:
    key = (statistic.name, statistic.variant)
    leading = key in chosen.tests and np.isfinite(statistic.pvalue)
    return {
        "panel": run.panel,
        "model": run.model,
        "start": window.start,
        "end": window.end,
        "name": statistic.name,
        "variant": statistic.variant,
        "leads": bool(leading),
        "n_events": statistic.n_events,
        "n_clusters": statistic.n_clusters,
        "rbar": statistic.rbar,
        "estimate": statistic.estimate,
        "se": statistic.se,
        "ci_low": statistic.ci_low,
        "ci_high": statistic.ci_high,
        "statistic": statistic.statistic,
        "distribution": statistic.distribution,
        "df": statistic.df,
        "pvalue": statistic.pvalue,
        "pvalue_adjusted": np.nan,
        "alternative": statistic.alternative,
        "note": statistic.note,
        "title": _NAMES[key].title,
        "independent": key in chosen.assume_independence,
        "lead_reason": chosen.reason if leading else "",
        "mde": detectable[0] if leading else np.nan,
        "design_effect": detectable[1] if leading else np.nan,
    }


def concat(frames: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Put frames below each other with the given columns, also where there is none."""
    full = [f for f in frames if len(f)]
    if not full:
        return pd.DataFrame({c: pd.Series(dtype=_dtype(c)) for c in columns})
    return pd.concat(full, ignore_index=True)[columns]


INTEGERS = frozenset(
    {"start", "end", "n_events", "n_clusters", "tau", "n_estimation", "n_contaminated", "n_clean"}
)
FLAGS = frozenset({"leads", "independent"})
TEXT = frozenset(
    {
        "panel", "model", "name", "variant", "distribution", "alternative", "note", "title",
        "lead_reason", "event_id", "asset", "flags", "stage", "reason", "detail",
        "other_headlines",
    }
)  # fmt: skip


def _dtype(column: str) -> str:
    if column in INTEGERS:
        return "int64"
    if column in FLAGS:
        return "bool"
    if column == "session":
        return "datetime64[ns]"
    return "object" if column in TEXT else "float64"


def adjusted(frame: pd.DataFrame, method: str) -> pd.DataFrame:
    """Fill ``pvalue_adjusted`` over the family of the table: its leading rows that have a p."""
    out = frame.copy()
    family = out["leads"].to_numpy(dtype=bool) & np.isfinite(out["pvalue"].to_numpy(dtype=float))
    values = np.full(len(out), np.nan)
    # Romano-Wolf needs the study on other dates: its p-values are filled in later.
    if family.any() and method not in ("none", "romano_wolf"):
        adjust = benjamini_hochberg if method == "benjamini_hochberg" else holm
        values[family] = adjust(out.loc[family, "pvalue"].to_numpy(dtype=float))
    out["pvalue_adjusted"] = values
    return out
