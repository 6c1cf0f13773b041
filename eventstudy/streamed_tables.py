"""Run a streamed study, and lay its numbers out in the frames of a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import IntArray
from eventstudy.bands import path_frame
from eventstudy.calendars.pinning import POSITIONS
from eventstudy.estimate import DROPPED_COLUMNS, PanelRun, run_window
from eventstudy.events.filed import FiledCatalogue
from eventstudy.events.pinned import pin_catalogue
from eventstudy.inference.sample import Settings
from eventstudy.panel_tables import PATH_COLUMNS, TESTS_COLUMNS, adjusted, concat, wanted_cross
from eventstudy.plan import benchmark_hints
from eventstudy.results import NOT_LEFT_OUT, TABLES
from eventstudy.runrecord import run_record
from eventstudy.single_tables import build_single_tables
from eventstudy.stream.executor import CountedExecutor, Resources
from eventstudy.stream.run import StreamOutcome, run_stream
from eventstudy.stream.screening import partition
from eventstudy.stream.tables import EventLabels, events_table, tests_table
from eventstudy.streamed import Unit, Units
from eventstudy.streamed_result import StreamedResult
from eventstudy.study_prices import study_quality
from eventstudy.tables import EMPTY, abnormal_rows, model_rank, window_drops, window_list

__all__ = ["run_units"]

# Events whose long rows are made at a time.
BLOCK = 2048
# What a streamed study leaves out, and says so.
NOT_MADE = ("control", "contamination", "sensitivity", "regressions", "specification", "series")
Progress = Callable[[str, int, int], None]
Objects = npt.NDArray[np.object_]


class _Run:
    """One unit with its outcome, and the rows that its events stand for."""

    def __init__(self, units: Units, unit: Unit, outcome: StreamOutcome) -> None:
        self.units, self.unit, self.outcome = units, unit, outcome
        self.names: Objects = np.array(list(units.plans), dtype=object)

    @property
    def panel(self) -> str:
        return self.unit.plan.panel

    @property
    def model(self) -> str:
        return self.unit.plan.model

    def pairs(self, rows: IntArray) -> IntArray:
        """Return the place among all pairs of some events of the outcome."""
        return np.asarray(self.unit.pair[self.outcome.data.order[rows]])

    def rows(self, rows: IntArray) -> pd.DataFrame:
        """Return what every table says of some events."""
        data, placed = self.outcome.data, self.units.placed
        pair = self.pairs(rows)
        sessions = data.days[data.position[rows]].astype("datetime64[D]")
        screened = self.outcome.screened
        return pd.DataFrame(
            {
                "event_id": self.units.catalogue.ids(placed.row[pair]),
                "asset": self.names[placed.owner[pair]],
                "session": sessions.astype("datetime64[ns]"),
                "order": pair,
                "purged": screened.purged[rows],
                "unpurged": screened.unpurged[rows],
            }
        )

    def runs(self) -> Iterator[PanelRun]:
        """Fit the events anew, some at a time, in the order of the catalogue."""
        for rows, sample in self.outcome.samples(BLOCK):
            yield PanelRun(self.panel, self.model, self.rows(rows), sample)


def run_units(
    units: Units,
    *,
    folder: Path,
    progress: Progress,
    begun: tuple[datetime, float] | None = None,
    resources: Resources | None = None,
) -> StreamedResult:
    """Estimate and test what was placed.

    Parameters
    ----------
    units : Units
    folder : Path
        Folder of the study, for the record of its inputs.
    progress : callable
    begun : (datetime, float), optional
        When the run began, on the wall clock and on the counter; now, if not given.
    resources : Resources, optional
        Who computes.
    """
    started, clock = begun or (datetime.now(UTC), time.perf_counter())
    study = units.study
    progress("models", 3, 6)
    runs = _runs(units, resources or Resources(), progress)
    progress("results", 5, 6)
    dropped = _dropped(units, runs)
    tests = [tests_table(run.outcome, run.panel, run.model) for run in runs]
    tables = {
        "tests": adjusted(concat(tests, TESTS_COLUMNS), study.tests.multiplicity),
        "dropped": dropped,
        **{name: pd.DataFrame(columns=["session"]) for name in NOT_MADE},
    }
    if not isinstance(units.catalogue, FiledCatalogue):
        tables["events"] = next(_event_rows(units, runs, step=len(units.placed.row)))
    record = run_record(
        study=study,
        panel=units.panel,
        plans=units.plans,
        counts=_counts(units, runs, tables),
        folder=folder,
        started=started,
        seconds=time.perf_counter() - clock,
    )
    record["warnings"] += [_said(runs)]
    progress("results", 6, 6)
    later = {name: partial(_LATER[name], units, runs) for name in TABLES if name not in tables}
    return StreamedResult(tables, later, record)


def _said(runs: list[_Run]) -> str:
    backends = ", ".join(sorted({run.outcome.backend for run in runs}))
    return (
        f"the study is large and was streamed ({backends}): {', '.join(NOT_MADE)} are not made, "
        "events carries no diagnostics, and event_tests is adjusted for no family; [study] "
        "streamed = false makes them, with every event in memory"
    )


def _counts(units: Units, runs: list[_Run], tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    stage = tables["dropped"]["stage"]
    estimated = np.zeros(len(units.placed.row), dtype=bool)
    for run in runs:
        estimated[run.pairs(np.arange(run.outcome.data.n))] = True
    return {
        "headlines": units.catalogue.headlines,
        "pinned": int((~units.placed.lost).sum()),
        "events": int(estimated.sum()),
        "grouped": 0,
        "left_out": int((~stage.isin(NOT_LEFT_OUT)).sum()),
        "tests": len(tables["tests"]),
    }


def _runs(units: Units, resources: Resources, progress: Progress) -> list[_Run]:
    study, out = units.study, []
    settings = Settings(alternative=study.tests.alternative, seed=study.study.seed)
    with resources.opened() as executor:
        for place, unit in enumerate(units.units):
            tell = partial(_tell, progress, place, len(units.units))
            outcome = run_stream(
                unit.data,
                wanted_cross(study),
                settings=settings,
                threads=resources.threads,
                backend=resources.backend,
                block=resources.block,
                executor=CountedExecutor(executor, tell),
            )
            out.append(_Run(units, unit, outcome))
    return out


def _tell(progress: Progress, unit: int, units: int, share: float) -> None:
    """Tell how far the models have come, which are two of six stages."""
    progress("models", 300 + round(200 * (unit + share) / units), 600)


def _ordered(frames: list[pd.DataFrame], runs: list[_Run]) -> pd.DataFrame:
    """Put rows in the order of the catalogue, then of the study's models."""
    full = [f for f in frames if len(f)]
    if not full:
        return concat([], EMPTY["events"])
    if len(full) == 1:
        return full[0].drop(columns="order")
    rank = model_rank(runs[0].units.study, [r.model for r in runs])
    frame = pd.concat(full, ignore_index=True)
    order = np.lexsort((frame["model"].map(rank).to_numpy(), frame["order"].to_numpy()))
    return frame.take(order).drop(columns="order").reset_index(drop=True)


def _event_rows(units: Units, runs: list[_Run], step: int = 100_000) -> Iterator[pd.DataFrame]:
    rows = [run.outcome.input_order() for run in runs]
    every = [run.pairs(r) for run, r in zip(runs, rows, strict=True)]
    for low in range(0, max(len(units.placed.row), 1), max(step, 1)):
        parts = []
        for run, own, pair in zip(runs, rows, every, strict=True):
            some = slice(*np.searchsorted(pair, [low, low + step]))
            parts.append(_events(run, own[some], pair[some]))
        yield _ordered(parts, runs)


def _events(run: _Run, rows: IntArray, pair: IntArray) -> pd.DataFrame:
    if not len(rows):
        return pd.DataFrame()
    ids = run.units.catalogue.ids(run.units.placed.row[pair])
    labels = EventLabels(ids, run.unit.assets, panel=run.panel, model=run.model)
    flags = _flags(run, pair, rows).tolist()
    return events_table(run.outcome, labels, rows=rows, flags=flags).assign(order=pair)


def _flags(run: _Run, pair: IntArray, rows: IntArray) -> Objects:
    """Return the flags of each event; equal combinations are written once."""
    units, screened = run.units, run.outcome.screened
    hints = benchmark_hints(units.study, units.panel, units.plans)
    told = [name in hints for name in run.names]
    owner = units.placed.owner[pair]
    parts = np.column_stack(
        [
            units.placed.position[pair].astype(np.int64),
            screened.purged[rows],
            screened.unpurged[rows],
            run.unit.others[run.outcome.data.order[rows]],
            np.where(np.array(told, dtype=bool)[owner], owner, -1),
        ]
    )
    code = np.zeros(len(parts), dtype=np.int64)
    for column in parts.T:
        code = code * (int(column.max(initial=0)) + 2) + column + 1
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    texts = []
    for position, purged, unpurged, others, asset in parts[first].tolist():
        word = POSITIONS[position]
        flags = [word] if word in ("ambiguous", "date-only") else []
        flags += [f"purged:{purged}"] if purged else []
        flags += [f"unpurged:{unpurged}"] if unpurged else []
        flags += list(hints[run.names[asset]]) if asset >= 0 else []
        flags += [f"other_headlines:{others}"] if others else []
        texts.append("; ".join(flags))
    return np.array(texts, dtype=object)[place.reshape(-1)]


def _dropped(units: Units, runs: list[_Run]) -> pd.DataFrame:
    """Return what was not pinned or not estimated, and the days that events lack."""
    parts = []
    lost = units.placed.lost
    if lost.any():
        part = units.catalogue.part(np.unique(units.placed.row[lost]))
        calendars = {a: p.calendar for a, p in units.plans.items()}
        parts.append(pin_catalogue(part, calendars, policy=units.study.events.policy).dropped)
    for run in runs:
        pair = run.unit.pair[[d.order for d in run.outcome.dropped]]
        parts.append(
            pd.DataFrame(
                {
                    "event_id": units.catalogue.ids(units.placed.row[pair]),
                    "asset": run.names[units.placed.owner[pair]],
                    "stage": [d.stage for d in run.outcome.dropped],
                    "reason": [d.reason for d in run.outcome.dropped],
                    "detail": [d.detail for d in run.outcome.dropped],
                }
            )
        )
        parts.append(_missing_days(run))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return concat([frame.astype(object)], DROPPED_COLUMNS).drop_duplicates(ignore_index=True)


def _missing_days(run: _Run) -> pd.DataFrame:
    rows = partition(run.outcome.data).holes
    rows = rows[np.argsort(run.outcome.data.order[rows])]
    parts = []
    for chosen, sample in run.outcome.samples(BLOCK, rows):
        part = PanelRun(run.panel, run.model, run.rows(chosen), sample)
        study = run.units.study
        windows = [run_window(study, part, a, b) for a, b in window_list(study)]
        parts.append(window_drops(part, windows)[DROPPED_COLUMNS])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _pinned_rows(units: Units, runs: list[_Run]) -> Iterator[pd.DataFrame]:  # noqa: ARG001
    calendars = {a: p.calendar for a, p in units.plans.items()}
    step = 100_000
    for low in range(0, len(units.catalogue), step):
        part = units.catalogue.part(np.arange(low, min(low + step, len(units.catalogue))))
        yield pin_catalogue(part, calendars, policy=units.study.events.policy).pinned


def _abnormal_rows(units: Units, runs: list[_Run]) -> Iterator[pd.DataFrame]:  # noqa: ARG001
    for run in runs:
        for part in run.runs():
            yield abnormal_rows(part).drop(columns="order")


def _single_rows(which: str, units: Units, runs: list[_Run]) -> Iterator[pd.DataFrame]:
    study = units.study
    for run in runs:
        for part in run.runs():
            windows = [run_window(study, part, a, b) for a, b in window_list(study)]
            single = build_single_tables(study, part, windows)
            frame: pd.DataFrame = getattr(single, which)
            frame = frame.sort_values("order", kind="stable", ignore_index=True)
            if which == "windows":
                frame["other_headlines"] = ""
            else:
                frame["pvalue_adjusted"] = np.nan
            yield frame.drop(columns="order")


def _path_rows(units: Units, runs: list[_Run]) -> Iterator[pd.DataFrame]:  # noqa: ARG001
    for run in runs:
        if run.outcome.sample is None:
            yield concat([], PATH_COLUMNS)
            continue
        samples = (sample for _, sample in run.outcome.samples(BLOCK))
        yield path_frame(run.panel, run.model, run.outcome.sample.settings, samples)


def _quality_rows(units: Units, runs: list[_Run]) -> Iterator[pd.DataFrame]:  # noqa: ARG001
    placed = units.placed
    keep = np.flatnonzero(~placed.lost)
    owner = placed.owner[keep]
    names = np.array(list(units.plans), dtype=object)
    sessions = next(iter(units.plans.values())).calendar.sessions
    days = sessions[placed.session[keep]].astype("datetime64[ns]")
    pinned = pd.DataFrame({"asset": names[owner], "session": days})
    yield study_quality(units.study, units.panel, units.plans, pinned)


_LATER: dict[str, Callable[[Units, list[_Run]], Iterator[pd.DataFrame]]] = {
    "events": _event_rows,
    "pinned": _pinned_rows,
    "abnormal_returns": _abnormal_rows,
    "windows": partial(_single_rows, "windows"),
    "event_tests": partial(_single_rows, "event_tests"),
    "paths": _path_rows,
    "quality": _quality_rows,
}
