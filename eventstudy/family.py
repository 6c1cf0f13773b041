"""Romano-Wolf p-values over the family of a table, from the study repeated on pseudo-dates.

Each draw moves the whole study to dates without a headline, so that the statistics of all assets,
models and windows are drawn together and keep the dependence between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError
from eventstudy.estimate import PanelRun, estimate, event_time, run_window
from eventstudy.inference.multiplicity import romano_wolf
from eventstudy.inference.registry import cross_event
from eventstudy.inference.single import single_event
from eventstudy.names import Alternative
from eventstudy.plan import AssetPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.pseudo import pseudo_shifts, shifted
from eventstudy.study import Study

__all__ = ["romano_wolf_tables"]

CROSS = ["panel", "model", "start", "end", "name", "variant"]
SINGLE = ["event_id", "asset", "model", "start", "end", "name", "variant"]
Key = tuple[object, ...]


def romano_wolf_tables(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    pinned_all: pd.DataFrame,
    pinned: pd.DataFrame,
    tests: pd.DataFrame,
    event_tests: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill ``pvalue_adjusted`` of the leading rows of both tables.

    Returns
    -------
    tests, event_tests : DataFrame
        Copies; each table is one family.

    Raises
    ------
    InputError
        Where fewer than 19 pseudo-dates have room: no p could reach 5 %.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73, 1237-1282 (from memory, paper not checked).
    """
    shifts = pseudo_shifts(pinned, pinned_all, plans, panel, event_time(study))
    if len(shifts) < 19:
        raise InputError(
            f'[tests] multiplicity = "romano_wolf" needs at least 19 pseudo-dates and the prices '
            f'have room for {len(shifts)}; give more history or take "holm"'
        )
    rng = np.random.default_rng(np.random.SeedSequence(study.study.seed))
    chosen = rng.permutation(np.array(shifts))[: study.tests.draws]
    families = [_family(tests, CROSS), _family(event_tests, SINGLE)]
    draws: list[list[FloatArray]] = [[], []]
    for shift in chosen:
        moved = shifted(pinned, plans, int(shift))
        runs, _ = estimate(study, panel, plans, moved, news=pinned_all)
        found = [_cross(study, runs, families[0]), _single(study, runs, families[1])]
        for kept, family, values in zip(draws, families, found, strict=True):
            kept.append(np.array([values.get(key, np.nan) for key in family], dtype=np.float64))
    side = study.tests.alternative
    return (
        _filled(tests, CROSS, families[0], draws[0], side),
        _filled(event_tests, SINGLE, families[1], draws[1], side),
    )


def _family(table: pd.DataFrame, columns: list[str]) -> dict[Key, float]:
    rows = table[table["leads"].astype(bool) & np.isfinite(table["statistic"].astype(float))]
    keys = rows[columns].itertuples(index=False, name=None)
    return dict(zip(keys, rows["statistic"].astype(float), strict=True))


def _windows(family: Iterable[Key], at: int) -> Sequence[tuple[int, int]]:
    return sorted({(int(k[at]), int(k[at + 1])) for k in family})  # type: ignore[call-overload]


def _cross(study: Study, runs: list[PanelRun], family: dict[Key, float]) -> dict[Key, float]:
    out: dict[Key, float] = {}
    for run in runs:
        own = [k for k in family if k[:2] == (run.panel, run.model)]
        for start, end in _windows(own, 2):
            names = [(str(k[4]), str(k[5])) for k in own if k[2:4] == (start, end)]
            window = run_window(study, run, start, end)
            for s in cross_event(run.sample, window, names):
                out[(run.panel, run.model, start, end, s.name, s.variant)] = s.statistic
    return out


def _single(study: Study, runs: list[PanelRun], family: dict[Key, float]) -> dict[Key, float]:
    out: dict[Key, float] = {}
    spans = _windows(family, 3)
    names = sorted({(str(k[5]), str(k[6])) for k in family})
    for run in runs:
        for start, end in spans:
            window = run_window(study, run, start, end)
            for row in single_event(run.sample, window, names=names).rows:
                for event, value in zip(
                    run.rows[["event_id", "asset"]].itertuples(index=False, name=None),
                    row.statistic,
                    strict=True,
                ):
                    out[(*event, run.model, start, end, row.name, row.variant)] = float(value)
    return out


def _filled(
    table: pd.DataFrame,
    columns: list[str],
    family: dict[Key, float],
    draws: list[FloatArray],
    side: Alternative,
) -> pd.DataFrame:
    out = table.copy()
    if not family:
        return out
    adjusted = romano_wolf(
        _sided(np.array(list(family.values())), side), _sided(np.stack(draws), side)
    )
    by_key = dict(zip(family, adjusted, strict=True))
    leads = out["leads"].astype(bool).to_numpy()
    keys = out[columns].itertuples(index=False, name=None)
    out["pvalue_adjusted"] = [
        by_key.get(key, np.nan) if lead else np.nan for key, lead in zip(keys, leads, strict=True)
    ]
    return out


def _sided(values: FloatArray, side: Alternative) -> FloatArray:
    """Return statistics whose size is evidence against the null: one side counts only there."""
    if side == "two-sided":
        return values
    return np.maximum(values if side == "greater" else -values, 0.0)
