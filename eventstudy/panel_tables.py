"""Frames of panels: every statistic across events in every window, and the mean path with bands."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np
import pandas as pd

from eventstudy.bands import panel_path
from eventstudy.estimate import PanelRun
from eventstudy.inference.multiplicity import benjamini_hochberg, holm
from eventstudy.inference.power import design_effect, minimum_detectable_effect
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.view import view
from eventstudy.inference.windowtests import WindowTests, window_tests
from eventstudy.names import CROSS_EVENT
from eventstudy.study import Study

__all__ = [
    "PATH_COLUMNS",
    "TESTS_COLUMNS",
    "adjusted",
    "build_panel_tables",
    "build_tests",
    "concat",
    "tests_frame",
    "wanted_cross",
]

TESTS_COLUMNS = [
    "panel", "model", "start", "end", "name", "variant", "leads", "n_events", "n_clusters",
    "rbar", "estimate", "se", "ci_low", "ci_high", "statistic", "distribution", "df", "pvalue",
    "pvalue_adjusted", "alternative", "note", "title", "independent", "lead_reason",
    "mde", "design_effect",
]  # fmt: skip
# Columns of ``tests`` that are fields of a statistic, and those that its window gives.
OF_STATISTIC_NAMES = (
    "name", "variant", "n_events", "n_clusters", "rbar", "estimate", "se", "ci_low", "ci_high",
    "statistic", "distribution", "df", "pvalue", "alternative", "note",
)  # fmt: skip
OF_STATISTIC = attrgetter(*OF_STATISTIC_NAMES)
OF_WINDOW_NAMES = (
    "start", "end", "title", "independent", "leads", "lead_reason", "mde", "design_effect",
)  # fmt: skip
TITLES = {(s.name, s.variant): s.title for s in CROSS_EVENT}
NOTHING = (np.nan, np.nan)
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
    names = wanted_cross(study)
    found = [window_tests(run.sample, window, names) for window in windows]
    return tests_frame(run.sample, found, run.panel, run.model)


def tests_frame(
    sample: Sample, found: Sequence[WindowTests], panel: str, model: str
) -> pd.DataFrame:
    """Return a row for each window and statistic, as they come.

    Parameters
    ----------
    sample : Sample
        That the statistics were computed of.
    found : sequence of WindowTests
    panel, model : str

    Returns
    -------
    DataFrame
        ``pvalue_adjusted`` is NaN: see :func:`adjusted`.
    """
    rows: list[tuple[object, ...]] = []
    for tests in found:
        independent = frozenset(tests.leads.assume_independence)
        leading = [
            (s.name, s.variant) in tests.leads.tests and bool(np.isfinite(s.pvalue))
            for s in tests.statistics
        ]
        smallest = _detectable(sample, tests) if any(leading) else NOTHING
        for s, lead in zip(tests.statistics, leading, strict=True):
            key = (s.name, s.variant)
            said = (lead, tests.leads.reason, *smallest) if lead else (lead, "", *NOTHING)
            rows.append(
                (*OF_STATISTIC(s), tests.start, tests.end, TITLES[key], key in independent, *said)
            )
    if not rows:
        return concat([], TESTS_COLUMNS)
    columns: dict[str, object] = dict(
        zip((*OF_STATISTIC_NAMES, *OF_WINDOW_NAMES), zip(*rows, strict=True), strict=True)
    )
    columns |= {"panel": panel, "model": model, "pvalue_adjusted": np.nan}
    return pd.DataFrame({name: columns[name] for name in TESTS_COLUMNS})


# The name begins like a test's; pytest must not collect it where it is imported.
tests_frame.__test__ = False  # type: ignore[attr-defined]


def _detectable(sample: Sample, tests: WindowTests) -> tuple[float, float]:
    """Return the smallest mean CAR found with 80 % power, and the design effect behind it."""
    v = view(sample, tests.window)
    if v.n < 2:
        return NOTHING
    rho = 0.0 if tests.leads.design == "distinct" else max(v.rbar_overlap, 0.0)
    spread, effect = float(v.sums.car.sd[0]), design_effect(v.n, rho)
    if not spread > 0.0:
        return np.nan, effect
    level = sample.settings.level
    return minimum_detectable_effect(spread, n=v.n, rho=rho, level=level), effect


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
