"""Fitted samples to the tidy frames of a result: one row an event, a day, a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from eventstudy.bands import event_paths
from eventstudy.contamination import COLUMNS as CONTAMINATION_COLUMNS
from eventstudy.contamination import Near, contamination_table, window_marks
from eventstudy.context import event_flags
from eventstudy.estimate import DROPPED_COLUMNS, PanelRun, run_window
from eventstudy.inference.diagnostics import Diagnostics, diagnose
from eventstudy.inference.sample import Window
from eventstudy.models.thin_trading import dimson_beta
from eventstudy.panel_tables import (
    PATH_COLUMNS,
    TESTS_COLUMNS,
    adjusted,
    build_panel_tables,
    concat,
)
from eventstudy.prices.panel import PricePanel
from eventstudy.signed import event_signs, sign_drops, signed_run, signed_windows
from eventstudy.single_tables import build_single_tables
from eventstudy.study import Study

__all__ = ["EMPTY", "abnormal_rows", "build_tables", "model_rank", "window_drops", "window_list"]


def window_list(study: Study) -> list[tuple[int, int]]:
    """Return every tested window, in order: the single days of the event window and the report's.

    Examples
    --------
    >>> s = Study(events={"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
    ...           prices={"source": "bundled"}, model={"name": "constant_mean"},
    ...           windows={"event": [-1, 1], "report": [[-1, 1]]})
    >>> window_list(s)
    [(-1, -1), (-1, 1), (0, 0), (1, 1)]
    """
    first, last = study.windows.event
    days = {(d, d) for d in range(first, last + 1)}
    return sorted(days | {(int(a), int(b)) for a, b in study.windows.report})


EMPTY = {
    "events": ["event_id", "asset", "session", "panel", "model", "n_estimation", "df", "sigma",
               "alpha", "beta", "r_squared", "flags"],
    "abnormal_returns": ["event_id", "asset", "panel", "model", "session", "tau", "return",
                         "expected", "ar", "ar_se", "sar"],
    "windows": ["event_id", "asset", "session", "panel", "model", "start", "end", "n_days", "car",
                "car_se", "scar", "statistic", "df", "pvalue", "placebo_pvalue", "ci_low",
                "ci_high", "mde", "bhar", "note", "other_headlines"],
    "event_tests": ["event_id", "asset", "session", "panel", "model", "start", "end", "name",
                    "variant", "statistic", "distribution", "df", "pvalue", "leads", "note"],
    "dropped": DROPPED_COLUMNS,
}  # fmt: skip


def build_tables(
    study: Study,
    panel: PricePanel,
    runs: list[PanelRun],
    pinned: pd.DataFrame,
    others: Mapping[tuple[str, str], list[str]],
    hints: Mapping[str, tuple[str, ...]],
    near: Near,
) -> dict[str, pd.DataFrame]:
    """Compute every window and test of every run, and lay the numbers out in frames.

    Returns
    -------
    dict of DataFrame
        events, abnormal_returns, windows, event_tests, tests, paths, contamination, dropped.
    """
    spans = window_list(study)
    parts: dict[str, list[pd.DataFrame]] = {
        k: [] for k in ("events", "abnormal_returns", "windows", "event_tests", "dropped")
    }
    across: dict[str, list[pd.DataFrame]] = {k: [] for k in ("tests", "paths", "contamination")}
    for run in runs:
        windows = [run_window(study, run, a, b) for a, b in spans]
        found = diagnose(run.sample)
        flags = event_flags(run, panel, pinned, others, hints, found.flags)
        parts["events"].append(_events(run, found, flags))
        parts["abnormal_returns"].append(abnormal_rows(run))
        single = build_single_tables(study, run, windows)
        marks = [mark for window in windows for mark in window_marks(run, window, near)]
        parts["windows"].append(single.windows.assign(other_headlines=marks))
        parts["event_tests"].append(single.event_tests)
        parts["dropped"].append(window_drops(run, windows))
        parts["dropped"].append(_across(study, run, windows, pinned, near, across))
    rank = model_rank(study, [r.model for r in runs])
    out = {name: _ordered(frames, rank, EMPTY[name]) for name, frames in parts.items()}
    out["event_tests"] = adjusted(out["event_tests"], study.tests.multiplicity)
    out["tests"] = adjusted(concat(across["tests"], TESTS_COLUMNS), study.tests.multiplicity)
    out["paths"] = concat(across["paths"], PATH_COLUMNS)
    out["contamination"] = concat(across["contamination"], CONTAMINATION_COLUMNS)
    return out


def _across(
    study: Study,
    run: PanelRun,
    windows: list[Window],
    pinned: pd.DataFrame,
    near: Near,
    tables: dict[str, list[pd.DataFrame]],
) -> pd.DataFrame:
    """Add what is computed across the events of a run; return the events that a sign leaves out."""
    left = pd.DataFrame()
    if study.events.signed:
        sign = event_signs(run, pinned)
        left = sign_drops(run, sign)
        turned = signed_run(run, sign)
        if turned is None:
            return left
        run, windows = turned, signed_windows(windows, sign)
    table, path = build_panel_tables(study, run, windows)
    tables["tests"].append(table)
    tables["paths"].append(path)
    reported = [w for w in windows if (w.start, w.end) in study.windows.report]
    tables["contamination"].append(contamination_table(run, reported, near))
    return left


def model_rank(study: Study, fitted: Iterable[str]) -> dict[str, int]:
    """Return the place of each model as the study names them, others that were fitted behind."""
    names = [study.model.name, *study.model.also]
    names += [m for a in study.assets.values() for m in a.model or ()]
    names += fitted
    return {m: i for i, m in enumerate(dict.fromkeys(names))}


def _ordered(frames: list[pd.DataFrame], rank: dict[str, int], columns: list[str]) -> pd.DataFrame:
    """Put rows in the order of the catalogue, then of the study's models, then as they came."""
    full = [f for f in frames if len(f)]
    if not full:
        return concat([], columns)
    frame = pd.concat(full, ignore_index=True)
    frame["_model"] = frame["model"].map(rank)
    frame = frame.sort_values(["order", "_model"], kind="stable", ignore_index=True)
    return frame.drop(columns=["order", "_model"])


def _repeat(run: PanelRun, column: str, times: int) -> np.typing.NDArray[np.generic]:
    return np.repeat(run.rows[column].to_numpy(), times)


def _events(run: PanelRun, found: Diagnostics, flags: list[str]) -> pd.DataFrame:
    fit = run.sample.fit
    columns: dict[str, object] = {
        "order": run.rows["order"],
        "event_id": run.rows["event_id"],
        "asset": run.rows["asset"],
        "session": run.rows["session"],
        "panel": run.panel,
        "model": run.model,
        "n_estimation": fit.n_obs,
        "df": fit.df.astype(np.int64),
        "sigma": fit.sigma,
        "alpha": np.nan,
        "beta": np.nan,
        "r_squared": fit.r_squared,
    }
    for i, name in enumerate(fit.names):
        columns[name] = fit.theta[:, i]
    if run.model == "dimson":
        columns["beta"] = dimson_beta(fit)
    columns |= {
        "volatility_state": found.volatility_state,
        "excess_kurtosis": found.kurtosis,
        "skewness": found.skewness,
        "zero_share": found.zero_share,
        "leverage": found.leverage,
        "ljung_box_pvalue": found.ljung_box,
        "arch_pvalue": found.arch_lm,
        "jarque_bera_pvalue": found.jarque_bera,
    }
    columns["purged"] = run.rows["purged"]
    columns["unpurged"] = run.rows["unpurged"]
    columns["flags"] = flags
    return pd.DataFrame(columns)


def _session_of(run: PanelRun) -> np.typing.NDArray[np.datetime64]:
    days = run.sample.block.days_evt
    stamps = days.astype("datetime64[D]")
    stamps[days < 0] = np.datetime64("NaT")
    return stamps.astype("datetime64[ns]").ravel()


def abnormal_rows(run: PanelRun) -> pd.DataFrame:
    """Return a row for each event and day of a run, with the column ``order``."""
    block, fit = run.sample.block, run.sample.fit
    n, width = fit.ar.shape
    path = event_paths(run.sample)
    return pd.DataFrame(
        {
            "order": _repeat(run, "order", width),
            "event_id": _repeat(run, "event_id", width),
            "asset": _repeat(run, "asset", width),
            "panel": run.panel,
            "model": run.model,
            "session": _session_of(run),
            "tau": np.tile(block.taus, n),
            "return": block.returns_evt.ravel(),
            "expected": fit.expected.ravel(),
            "ar": fit.ar.ravel(),
            "ar_se": np.where(np.isfinite(fit.ar), fit.ar_se, np.nan).ravel(),
            "sar": fit.sar.ravel(),
            **{name: values.ravel() for name, values in path.items()},
        }
    )


def window_drops(run: PanelRun, windows: list[Window]) -> pd.DataFrame:
    """Return a row for each event that leaves a tested window, with the days that are missing."""
    rows = []
    missing = ~np.isfinite(run.sample.fit.ar)
    taus = run.sample.block.taus
    for i, event in enumerate(run.rows.itertuples(index=False)):
        if not missing[i].any():
            continue
        left = [f"[{w.start}, {w.end}]" for w in windows if not w.members[i]]
        days = ", ".join(f"{t:+d}" for t in taus[missing[i]])
        detail = (
            f"no return on session {days}"
            if missing[i].sum() == 1
            else (f"no return on sessions {days}")
        )
        stage = "window" if left else "day"
        what = f"left out of {', '.join(left)} under {run.model}" if left else "day passed over"
        rows.append((event.order, event.event_id, event.asset, run.model, stage, what, detail))
    return pd.DataFrame(rows, columns=["order", "event_id", "asset", "model", *DROPPED_COLUMNS[2:]])
