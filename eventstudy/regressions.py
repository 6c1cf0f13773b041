"""Regressions of each panel's CARs on columns of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError, nearest
from eventstudy.estimate import DROPPED_COLUMNS, PanelRun, run_window
from eventstudy.events.catalogue import Catalogue
from eventstudy.inference.regression import CarRegression, car_regression
from eventstudy.settings import RegressionSettings
from eventstudy.study import Study

__all__ = ["COLUMNS", "build_regressions", "regressor_values"]

COLUMNS = [
    "panel", "model", "start", "end", "term", "coefficient", "se", "statistic", "df", "pvalue",
    "ci_low", "ci_high", "n_events", "n_clusters", "covariance", "r_squared", "note",
]  # fmt: skip
# Columns of the catalogue that hold no number an event could be explained by.
NO_REGRESSOR = frozenset({"event_id", "timestamp", "date", "asset", "headline", "source", "url",
                          "group", "line"})  # fmt: skip

Values = Mapping[tuple[str, str], FloatArray]


def regressor_values(
    catalogue: Catalogue, names: Sequence[str]
) -> dict[tuple[str, str], FloatArray]:
    """Return (event_id, asset) -> the values of the named columns, NaN where a cell is empty.

    A row without an asset stands under ``(event_id, "")`` and serves every asset.

    Raises
    ------
    InputError
        If a column is not there, or a cell holds no number; names the line.
    """
    frame = catalogue.frame
    known = [str(c) for c in frame.columns if c not in NO_REGRESSOR]
    columns = []
    for name in names:
        if name not in known:
            raise InputError(
                f"[regression] on: the catalogue has no column '{name}' of numbers"
                f"{nearest(name, known)}"
            )
        columns.append(_numbers(frame[name], frame["line"], name, catalogue.origin))
    table = np.column_stack(columns)
    keys = zip(frame["event_id"].astype(str), frame["asset"].astype(str), strict=True)
    return {key: table[i] for i, key in enumerate(keys)}


def _numbers(column: pd.Series[Any], lines: pd.Series[Any], name: str, origin: str) -> FloatArray:
    out = np.full(len(column), np.nan)
    for i, (value, line) in enumerate(zip(column, lines, strict=True)):
        empty = value is None or value is pd.NA or value is pd.NaT
        if empty or (isinstance(value, str) and not value.strip()):
            continue
        try:
            out[i] = float(value)
        except (TypeError, ValueError):
            raise InputError(
                f"{origin}, line {line}: {name} is {value!r} and no number, and [regression] on "
                "names it"
            ) from None
        if np.isinf(out[i]):
            raise InputError(f"{origin}, line {line}: {name} is infinite")
    return out


def build_regressions(
    study: Study, runs: Sequence[PanelRun], catalogue: Catalogue
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Regress the CARs of every panel and model as ``[regression]`` says.

    Returns
    -------
    regressions : DataFrame
        One row a term; none where the study has no ``[regression]``.
    dropped : DataFrame
        Events that lack a regressor.
    """
    settings = study.regression
    if settings is None:
        return _empty(), pd.DataFrame(columns=DROPPED_COLUMNS)
    values = regressor_values(catalogue, settings.on)
    parts, dropped = [], []
    for run in runs:
        table, lacking = _regression(study, settings, run, values)
        parts.append(table)
        dropped.append(lacking)
    left = pd.concat(dropped, ignore_index=True) if dropped else None
    return (
        pd.concat(parts, ignore_index=True) if parts else _empty(),
        pd.DataFrame(columns=DROPPED_COLUMNS) if left is None else left,
    )


def _regression(
    study: Study, settings: RegressionSettings, run: PanelRun, values: Values
) -> tuple[pd.DataFrame, pd.DataFrame]:
    start, end = settings.window
    window = run_window(study, run, start, end)
    ids = run.rows["event_id"].astype(str)
    assets = run.rows["asset"].astype(str)
    nothing = np.full(len(settings.on), np.nan)
    z = np.array(
        [values.get((e, a), values.get((e, ""), nothing)) for e, a in zip(ids, assets, strict=True)]
    )
    fit = car_regression(
        window.car,
        z,
        names=settings.on,
        cluster=run.sample.cluster,
        level=run.sample.settings.level,
        alternative=study.tests.alternative,
    )
    lacking = ~np.isfinite(z).all(axis=1)
    rows = [
        (e, a, "window", f"left out of the regression under {run.model}", f"no value of {what}")
        for e, a, what in zip(
            ids[lacking], assets[lacking], _missing_names(z[lacking], settings.on), strict=True
        )
    ]
    return _table(run, start, end, fit), pd.DataFrame(rows, columns=DROPPED_COLUMNS)


def _missing_names(z: FloatArray, names: Sequence[str]) -> list[str]:
    return [
        ", ".join(n for n, ok in zip(names, row, strict=True) if not ok) for row in np.isfinite(z)
    ]


def _table(run: PanelRun, start: int, end: int, fit: CarRegression) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "panel": run.panel,
            "model": run.model,
            "start": start,
            "end": end,
            "term": list(fit.terms),
            "coefficient": fit.coefficient,
            "se": fit.se,
            "statistic": fit.statistic,
            "df": fit.df,
            "pvalue": fit.pvalue,
            "ci_low": fit.ci_low,
            "ci_high": fit.ci_high,
            "n_events": fit.n_events,
            "n_clusters": fit.n_clusters,
            "covariance": fit.covariance,
            "r_squared": fit.r_squared,
            "note": fit.note,
        }
    )[COLUMNS]


def _empty() -> pd.DataFrame:
    text = ("panel", "model", "term", "covariance", "note")
    whole = ("start", "end", "n_events", "n_clusters")
    kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(text, "object")
    kinds |= dict.fromkeys(whole, "int64")
    return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in COLUMNS})
