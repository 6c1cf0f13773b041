"""How often each test rejects on the user's own data when nothing happened.

The study is repeated on pseudo-dates: same assets, same models, same clustering of dates, no
headline of the catalogue in the windows. What is left is the size of each test on these data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.estimate import PanelRun, estimate, event_time, run_window
from eventstudy.inference.registry import cross_event
from eventstudy.inference.single import single_event
from eventstudy.names import CROSS_EVENT
from eventstudy.pipeline import Stages
from eventstudy.pseudo import pseudo_shifts, shifted
from eventstudy.study import Study

__all__ = ["PLACEBO_COLUMNS", "PlaceboSettings", "simulate_placebo"]

PLACEBO_COLUMNS = [
    "panel", "model", "start", "end", "name", "variant", "draws", "rejections", "rate", "mc_se",
    "nominal", "seed",
]  # fmt: skip
Key = tuple[str, str, int, int, str, str]
SINGLE = (("exact_t", "published"), ("placebo_sq", "studentised"))


@dataclass(frozen=True)
class PlaceboSettings:
    """Choices of a placebo run.

    Attributes
    ----------
    draws : int
        Pseudo-dates; no more than there are admissible ones.
    seed : int
        Named before the run; the draw is the same for any number of workers.
    level : float
        Nominal two-sided level.
    names : sequence of (name, variant), optional
        Statistics across events; default the recommended ones.
    workers : int
        Processes.
    """

    draws: int = 500
    seed: int = 20220215
    level: float = 0.05
    names: Sequence[tuple[str, str]] | None = None
    workers: int = 1


def _names(settings: PlaceboSettings) -> list[tuple[str, str]]:
    if settings.names is not None:
        return list(settings.names)
    return [(s.name, s.variant) for s in CROSS_EVENT if s.recommended]


def _one_run(
    study: Study, run: PanelRun, windows: Sequence[tuple[int, int]], names: list[tuple[str, str]]
) -> list[tuple[Key, float]]:
    out: list[tuple[Key, float]] = []
    sample = run.sample
    for start, end in windows:
        window = run_window(study, run, start, end)
        key = (run.panel, run.model, start, end)
        if sample.block.n >= 2:
            found = cross_event(sample, window, names)
            out += [((*key, s.name, s.variant), s.pvalue) for s in found]
        table = single_event(sample, window, names=list(SINGLE))
        for row in table.rows:
            out += [((*key, row.name, row.variant), float(p)) for p in row.pvalue]
    return out


def _one_shift(stages: Stages, names: list[tuple[str, str]], shift: int) -> list[tuple[Key, float]]:
    study = stages.study
    moved = shifted(stages.pinned, stages.plans, shift)
    runs, _ = estimate(study, stages.panel, stages.plans, moved, news=stages.pinned_all)
    windows = [(int(a), int(b)) for a, b in study.windows.report]
    return [pair for run in runs for pair in _one_run(study, run, windows, names)]


def simulate_placebo(
    stages: Stages,
    settings: PlaceboSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the rejection rate of each test on pseudo-dates of the user's own study.

    Parameters
    ----------
    stages : Stages
        The study, prepared.
    settings : PlaceboSettings
    progress : callable, optional
        Called with draws done and their total.

    Returns
    -------
    DataFrame
        One row a panel, model, window and test: draws with a p-value, rejections at the nominal
        level, their share and its Monte Carlo standard error. Pseudo-windows of neighbouring
        shifts overlap, so the error is a lower bound.

    Raises
    ------
    InputError
        Where no pseudo-date has room.
    """
    shifts = pseudo_shifts(
        stages.pinned, stages.pinned_all, stages.plans, stages.panel, event_time(stages.study)
    )
    if not shifts:
        raise InputError(
            "no pseudo-date has room: the prices begin too soon before the first headline; give "
            "more history or a shorter estimation window"
        )
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed))
    chosen = rng.permutation(np.array(shifts))[: settings.draws]
    names = _names(settings)
    job = partial(_one_shift, stages, names)
    counts: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for done, pairs in enumerate(_mapped(job, [int(s) for s in chosen], settings.workers), 1):
        for key, (total, rejected) in _counted(pairs, settings.level).items():
            counts[key].append((total, rejected))
        if progress is not None:
            progress(done, len(chosen))
    return _table(counts, settings)


def _mapped(
    job: Callable[[int], list[tuple[Key, float]]], shifts: list[int], workers: int
) -> list[list[tuple[Key, float]]] | map[list[tuple[Key, float]]]:
    if workers <= 1:
        return map(job, shifts)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(job, shifts, chunksize=max(len(shifts) // (8 * workers), 1)))


def _counted(pairs: list[tuple[Key, float]], level: float) -> dict[Key, tuple[int, int]]:
    out: dict[Key, tuple[int, int]] = {}
    for key, p in pairs:
        if np.isfinite(p):
            total, rejected = out.get(key, (0, 0))
            out[key] = (total + 1, rejected + int(p <= level))
    return out


def _table(counts: dict[Key, list[tuple[int, int]]], settings: PlaceboSettings) -> pd.DataFrame:
    rows = []
    for key, found in counts.items():
        total, rejected = np.array(found, dtype=np.float64).T
        draws, rejections = float(total.sum()), float(rejected.sum())
        rate = rejections / draws
        # Events of one pseudo-date are one draw: the error is that of the dates. The binomial one
        # with half a rejection added keeps the error of a rate of 0 or 1 from being 0.
        smooth = (rejections + 0.5) / (draws + 1.0)
        binomial = np.sqrt(smooth * (1.0 - smooth) / draws)
        dates = np.sqrt(((rejected - rate * total) ** 2).sum()) / draws
        error = float(max(dates, binomial))
        rows.append((*key, int(draws), int(rejections), rate, error, settings.level, settings.seed))
    return pd.DataFrame(rows, columns=PLACEBO_COLUMNS)
