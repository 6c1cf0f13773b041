"""Frames of single events: each tested window, and each statistic of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.estimate import PanelRun
from eventstudy.inference.sample import Window
from eventstudy.inference.single import SingleEventTable, leading, single_event
from eventstudy.names import SINGLE_EVENT
from eventstudy.study import Study

__all__ = ["SingleTables", "build_single_tables", "wanted_single"]


@dataclass(frozen=True, eq=False)
class SingleTables:
    """Rows of ``windows`` and ``event_tests`` for one run, with the column ``order``."""

    windows: pd.DataFrame
    event_tests: pd.DataFrame


def wanted_single(study: Study) -> list[tuple[str, str]]:
    """Return the single-event statistics of the study, in canonical order."""
    names = study.tests.names
    if names == "all":
        return [(s.name, s.variant) for s in SINGLE_EVENT]
    own = [s for s in SINGLE_EVENT if names != "recommended" and s.name in names]
    chosen = own or [s for s in SINGLE_EVENT if s.recommended]
    return [(s.name, s.variant) for s in chosen]


def build_single_tables(study: Study, run: PanelRun, windows: list[Window]) -> SingleTables:
    """Test every event of a run on its own, in every window.

    A list of names without any single-event test keeps the recommended ones: the exact and the
    placebo p are columns of ``windows`` in every study.
    """
    wanted = wanted_single(study)
    window_parts, test_parts = [], []
    for window in windows:
        table = single_event(run.sample, window, names=wanted)
        lead = leading(run.sample, window)
        window_parts.append(_window_columns(run, window, table))
        test_parts += _test_columns(window, table, lead.tests, lead.reasons)
    return SingleTables(_frame(run, window_parts), _frame(run, test_parts))


def _frame(run: PanelRun, parts: list[dict[str, Any]]) -> pd.DataFrame:
    """Join parts of as many rows as the run has; one frame, since frames are slow to make."""
    rows = run.rows

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([_spread(part[name], len(rows)) for part in parts])

    # The windows of a run have the same events in the same order.
    head = {
        name: np.tile(rows[name].to_numpy(), len(parts))
        for name in ("order", "event_id", "asset", "session")
    }
    both = {"panel": run.panel, "model": run.model}
    return pd.DataFrame({**head, **both, **{name: column(name) for name in parts[0]}})


def _spread(values: Any, count: int) -> npt.NDArray[Any]:
    """Return a column: a scalar is repeated, words stay objects."""
    if isinstance(values, str):
        return np.full(count, values, dtype=object)
    return np.full(count, values) if np.ndim(values) == 0 else np.asarray(values)


def _window_columns(run: PanelRun, window: Window, table: SingleEventTable) -> dict[str, Any]:
    placebo = [r for r in table.rows if (r.name, r.variant) == ("placebo_sq", "studentised")]
    exact = [r for r in table.rows if r.name == "exact_t"]
    notes = [
        "; ".join(dict.fromkeys(n for n in pair if n))
        for pair in zip(
            exact[0].notes if exact else [""] * len(run.rows),
            placebo[0].notes if placebo else [""] * len(run.rows),
            strict=True,
        )
    ]
    days = np.where(window.members, window.n_days, np.nan)
    return {
        "start": window.start,
        "end": window.end,
        "n_days": days,
        "car": window.car,
        "car_se": window.car_se,
        "scar": window.scar,
        "statistic": table.statistic,
        "df": table.df,
        "pvalue": table.pvalue,
        "placebo_pvalue": table.placebo_pvalue,
        "ci_low": table.ci_low,
        "ci_high": table.ci_high,
        "placebo_low": table.placebo_low,
        "placebo_high": table.placebo_high,
        "mde": table.mde,
        "bhar": window.bhar,
        "note": np.array(notes, dtype=object),
    }


def _test_columns(
    window: Window,
    table: SingleEventTable,
    leads: tuple[tuple[str, str], ...],
    reasons: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Return the columns of each statistic."""
    parts = []
    for row in table.rows:
        lead = np.array([key == (row.name, row.variant) for key in leads])
        parts.append(
            {
                "start": window.start,
                "end": window.end,
                "name": row.name,
                "variant": row.variant,
                "statistic": row.statistic,
                "distribution": row.distribution,
                "df": row.df,
                "df_numerator": row.df_numerator,
                "pvalue": row.pvalue,
                "leads": lead,
                "lead_reason": np.where(lead, np.array(reasons, dtype=object), ""),
                "note": np.array(row.notes, dtype=object),
            }
        )
    return parts
