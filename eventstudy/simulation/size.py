r"""Rejection rates of the tests across events: their size under no effect, their power under one.

Every replication goes through the engine itself: the design draws an event block, the model is
fitted, the windows are summed, and the registry computes the statistics.

References
----------
Brown and Warner (1980), Journal of Financial Economics 8, 205-258,
doi:10.1016/0304-405X(80)90002-1; (1985), 14, 3-31, doi:10.1016/0304-405X(85)90042-X.
Bibliographic entries checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pandas as pd

from eventstudy.abnormal import tested_window
from eventstudy.arrays import IntArray
from eventstudy.errors import InputError
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Settings
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import CROSS_EVENT, MissingPolicy, ModelName
from eventstudy.simulation.designs import DESIGNS, Design, parametric_design

__all__ = ["COLUMNS", "DEFAULT_SEED", "default_names", "rejection_rates", "simulate_size"]

DEFAULT_SEED = 20240501
DAY_AND_WINDOW = ((0, 0), (-5, 5))
COLUMNS = (
    "design",
    "name",
    "variant",
    "start",
    "end",
    "effect",
    "level",
    "replications",
    "undefined",
    "rejections",
    "rate",
    "se",
    "seed",
)

Key = tuple[str, str]
Progress = Callable[[int, int], None]


def default_names() -> tuple[Key, ...]:
    """All tests across events but the resampled ones, which cost thousands of draws a sample.

    Examples
    --------
    >>> ("bmp_t", "published") in default_names(), ("bootstrap_t", "published") in default_names()
    (True, False)
    """
    return tuple((s.name, s.variant) for s in CROSS_EVENT if s.distribution != "resampled")


@dataclass(frozen=True)
class _Task:
    """What a worker needs besides the numbers of its replications."""

    design: Design
    names: tuple[Key, ...]
    windows: tuple[tuple[int, int], ...]
    seed: int
    effect: float
    level: float
    model: ModelName
    policy: MissingPolicy
    draws: int


def _replication(task: _Task, number: int) -> IntArray:
    """Rejections and undefined p-values of one replication, (2, windows, names)."""
    block = task.design.draw(task.seed, number, effect=task.effect)
    names = tuple(f"F{j}" for j in range(block.factors_est.shape[2]))
    fit = fit_model(task.model, block, options=ModelOptions(factor_names=names))
    stand = np.array([not reason for reason in fit.failure])
    if not stand.all():
        block, fit = block.take(stand), fit.take(stand)
    day0 = block.days_evt[:, int(np.flatnonzero(block.taus == 0)[0])]
    settings = Settings(draws=task.draws, seed=task.seed, key=(number,), level=task.level)
    sample = Sample(block, fit, day0, fit.theta.shape[1], settings)
    counts = np.zeros((2, len(task.windows), len(task.names)), dtype=np.int64)
    place = {key: column for column, key in enumerate(task.names)}
    for row, (start, end) in enumerate(task.windows):
        window = tested_window(block, fit, start, end, policy=task.policy)
        for found in cross_event(sample, window, task.names):
            column = place[found.name, found.variant]
            counts[0, row, column] = found.pvalue <= task.level
            counts[1, row, column] = np.isnan(found.pvalue)
    return counts


def _count(task: _Task, first: int, stop: int) -> IntArray:
    return np.asarray(sum(_replication(task, number) for number in range(first, stop)))


def _blocks(replications: int, size: int) -> Iterator[tuple[int, int]]:
    for first in range(0, replications, size):
        yield first, min(first + size, replications)


def _run(task: _Task, replications: int, size: int, workers: int, report: Progress) -> IntArray:
    total = np.zeros((2, len(task.windows), len(task.names)), dtype=np.int64)
    blocks = list(_blocks(replications, size))
    if workers <= 1:
        for first, stop in blocks:
            total += _count(task, first, stop)
            report(stop, replications)
        return total
    # Fresh processes: a fork of a threaded parent may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_count, task, first, stop) for first, stop in blocks]
        for (_, stop), future in zip(blocks, futures, strict=True):
            total += future.result()
            report(stop, replications)
    return total


def _frame(task: _Task, counts: IntArray, replications: int) -> pd.DataFrame:
    rows = []
    for w, (start, end) in enumerate(task.windows):
        for c, (name, variant) in enumerate(task.names):
            rejections, undefined = int(counts[0, w, c]), int(counts[1, w, c])
            valid = replications - undefined
            rate = rejections / valid if valid else float("nan")
            se = float(np.sqrt(rate * (1.0 - rate) / valid)) if valid else float("nan")
            rows.append(
                (
                    task.design.name,
                    name,
                    variant,
                    start,
                    end,
                    task.effect,
                    task.level,
                    replications,
                    undefined,
                    rejections,
                    rate,
                    se,
                    task.seed,
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def rejection_rates(
    design: Design,
    names: Sequence[Key] | None = None,
    *,
    windows: Sequence[tuple[int, int]] = DAY_AND_WINDOW,
    replications: int = 5000,
    seed: int = DEFAULT_SEED,
    effect: float = 0.0,
    level: float = 0.05,
    model: ModelName = "market_model",
    policy: MissingPolicy = "exclude",
    draws: int = 999,
    workers: int = 1,
    block_size: int = 50,
    progress: Progress | None = None,
) -> pd.DataFrame:
    r"""Count how often each test rejects in repeated samples of a design.

    Parameters
    ----------
    design : Design
        Parametric, or resampling of real returns.
    names : sequence of (name, variant), optional
        Tests across events; all but the resampled ones by default.
    windows : sequence of (start, end)
        Tested windows in sessions relative to day 0.
    replications, seed : int
        The sample of a replication depends on the seed, the design and its own number alone.
    effect : float
        Added to each return of day 0, in decimals; 0 gives the size.
    level : float
        Two-sided level.
    model : str
        Model of expected returns.
    policy : str
        What a missing day in a window does.
    draws : int
        Resamples of the bootstrap tests, where they are asked for.
    workers, block_size : int
        Processes, and replications that one is handed at a time; they change no number.
    progress : callable, optional
        Called with (replications done, replications).

    Returns
    -------
    DataFrame
        One row a window and test: ``rate`` is the share of rejections (p <= level) among the
        replications in which the test gave a p, ``se`` its Monte Carlo standard error
        ``sqrt(rate (1 - rate)/R)``, ``undefined`` the number of replications without a p.

    Raises
    ------
    InputError
        For an unknown test, window or number.

    Examples
    --------
    >>> from eventstudy.simulation.designs import parametric_design
    >>> table = rejection_rates(parametric_design("a"), [("bmp_t", "published")], replications=4)
    >>> table[["design", "start", "end", "replications", "undefined"]].values.tolist()
    [['a', 0, 0, 4, 0], ['a', -5, 5, 4, 0]]
    """
    if replications < 1:
        raise InputError(f"replications must be at least 1, not {replications}")
    if not 0.0 < level < 1.0:
        raise InputError(f"level must lie between 0 and 1, not {level:g}")
    chosen = default_names() if names is None else tuple(dict.fromkeys(names))
    task = _Task(design, chosen, tuple(windows), seed, float(effect), level, model, policy, draws)
    taus = design.draw(seed, 0).taus
    for start, end in task.windows:
        if not taus[0] <= start <= end <= taus[-1]:
            raise InputError(
                f"window [{start}, {end}] is not inside the design's event days "
                f"[{taus[0]}, {taus[-1]}]"
            )
    counts = _run(task, replications, max(1, block_size), workers, progress or _silent)
    return _frame(task, counts, replications)


def _silent(done: int, total: int) -> None:
    """Report nothing."""


def simulate_size(
    designs: Sequence[str] = tuple(DESIGNS),
    names: Sequence[Key] | None = None,
    *,
    windows: Sequence[tuple[int, int]] = DAY_AND_WINDOW,
    replications: int = 5000,
    seed: int = DEFAULT_SEED,
    effect: float = 0.0,
    level: float = 0.05,
    draws: int = 999,
    workers: int = 1,
    block_size: int = 50,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Size (or, with an effect, power) of the tests under the parametric designs.

    50 events, 250 estimation days followed by 11 event days, market model: (a) normal shocks,
    (b) t(3) shocks, (c) doubled variance on the event days, (d) common dates with correlation
    0.2, (e) both, (f) skewed shocks.

    Parameters
    ----------
    designs : sequence of str
        Letters ``a`` to ``f``.
    names, windows, replications, seed, effect, level, draws, workers, block_size
        As in :func:`rejection_rates`.
    progress : callable, optional
        Called with (replications done, replications) over all designs.

    Returns
    -------
    DataFrame
        The rows of :func:`rejection_rates`, design by design.

    Raises
    ------
    InputError
        For an unknown design, test or window.

    Examples
    --------
    >>> table = simulate_size(["a"], [("sign_z", "exact")], windows=[(0, 0)], replications=10)
    >>> float(table["rate"].iloc[0]) <= 0.4
    True
    """
    chosen = [parametric_design(name) for name in dict.fromkeys(designs)]
    if not chosen:
        raise InputError("no design was asked for")
    report = progress or _silent
    total = replications * len(chosen)
    parts = []
    for place, design in enumerate(chosen):

        def over_all(done: int, _: int, *, before: int = place * replications) -> None:
            report(before + done, total)

        parts.append(
            rejection_rates(
                design,
                names,
                windows=windows,
                replications=replications,
                seed=seed,
                effect=effect,
                level=level,
                draws=draws,
                workers=workers,
                block_size=block_size,
                progress=over_all,
            )
        )
    return pd.concat(parts, ignore_index=True)
