"""The stages of a study in order; the only module that knows them all."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.asof import seen_catalogue, seen_panel
from eventstudy.calendars.sessions import SessionCalendar
from eventstudy.contamination import near_headlines
from eventstudy.context import neighbours
from eventstudy.errors import EventStudyWarning, InputError, nearest
from eventstudy.estimate import DROPPED_COLUMNS, PanelRun, estimate, event_time
from eventstudy.events.catalogue import Catalogue
from eventstudy.events.pinned import pin_catalogue
from eventstudy.events.readers import read_catalogue
from eventstudy.events.stories import count_stories, propose_stories, with_groups
from eventstudy.family import romano_wolf_tables
from eventstudy.plan import AssetPlan, asset_names, benchmark_hints, make_plan
from eventstudy.prices.panel import PricePanel
from eventstudy.pseudo import negative_control
from eventstudy.regressions import build_regressions, regressor_values
from eventstudy.results import StudyResult
from eventstudy.runrecord import counts_of, run_record
from eventstudy.sensitivity import sensitivity_table, sensitivity_words
from eventstudy.series import price_series
from eventstudy.signed import check_signs
from eventstudy.specifications import specification_table
from eventstudy.stream.executor import Resources
from eventstudy.streamed import Units, filed_headlines, place_units, streams, why_in_memory
from eventstudy.streamed_tables import run_units
from eventstudy.study import Study
from eventstudy.study_prices import last_day, study_prices, study_quality
from eventstudy.tables import build_tables

__all__ = ["Progress", "Stages", "complete", "prepare", "read_headlines", "run_study"]

Progress = Callable[[str, int, int], None]
NOT_STREAMED = (
    "executor, threads, backend and scheduler are not used: the study is not streamed, as it is "
    "small or needs every event in memory; [study] streamed = true says why"
)
STAGES = ("headlines", "prices", "pinning", "models", "tests", "results")


@dataclass(frozen=True, eq=False)
class _Opened:
    """A study with its headlines, its prices and what is to be estimated."""

    study: Study
    catalogue: Catalogue
    panel: PricePanel
    plans: Mapping[str, AssetPlan]


@dataclass(frozen=True, eq=False)
class Stages:
    """A study up to the pinned events: what the models and the tests start from."""

    study: Study
    catalogue: Catalogue
    panel: PricePanel
    plans: Mapping[str, AssetPlan]
    pinned_all: pd.DataFrame
    pinned: pd.DataFrame
    dropped: pd.DataFrame
    warnings: tuple[str, ...] = ()


def _no_progress(stage: str, done: int, total: int) -> None:
    """Take no notice."""


def prepare(
    study: Study,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None = None,
    progress: Progress = _no_progress,
    as_of: date | None = None,
    offline: bool = False,
) -> Stages:
    """Read headlines and prices, and pin every headline on every asset it concerns.

    With ``as_of`` no headline and no price after that date is seen; ``offline`` takes prices from
    files and the store alone.
    """
    opened = _open(
        study, folder=folder, frames=frames, progress=progress, as_of=as_of, offline=offline
    )
    return _pinned(opened)


def _filed(
    study: Study,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None,
    progress: Progress,
    offline: bool,
) -> Units | None:
    """Place the headlines of a large study that can stay in their file; None where they can't."""
    progress(STAGES[0], 0, len(STAGES))
    filed = filed_headlines(study, folder)
    if filed is None:
        return None
    few = filed.sketch()
    opened = _open(
        study, folder=folder, frames=frames, progress=progress, offline=offline, catalogue=few
    )
    if why_in_memory(study, few, opened.plans):
        return None
    return place_units(study, filed, opened.panel, opened.plans)


def _open(
    study: Study,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None,
    progress: Progress,
    as_of: date | None = None,
    offline: bool = False,
    catalogue: Catalogue | None = None,
) -> _Opened:
    frames = frames or {}
    progress(STAGES[0], 0, len(STAGES))
    catalogue = _catalogue(study, folder, frames) if catalogue is None else catalogue
    _check_include(study, catalogue)
    catalogue = catalogue if as_of is None else seen_catalogue(catalogue, as_of)
    progress(STAGES[1], 1, len(STAGES))
    named = [a for a in catalogue.frame["asset"].unique() if a]
    panel = study_prices(study.widest(), catalogue, folder=folder, frames=frames, offline=offline)
    panel = panel if as_of is None else seen_panel(panel, as_of)
    assets = asset_names(study, [str(c) for c in panel.close.columns], named)
    if not assets:
        raise InputError(
            "the study has no asset: name them in [prices] assets, in [assets.<name>] tables or "
            "in the events' asset column"
        )
    progress(STAGES[2], 2, len(STAGES))
    return _Opened(
        study, catalogue, panel, make_plan(study, panel, assets, last=last_day(catalogue))
    )


def _pinned(opened: _Opened) -> Stages:
    study, panel, plans = opened.study, opened.panel, opened.plans
    calendars = {a: p.calendar for a, p in plans.items()}
    catalogue, told = _merged(study, opened.catalogue, calendars)
    outcome = pin_catalogue(catalogue, calendars, policy=study.events.policy)
    pinned, context = _split(study, catalogue, outcome.pinned)
    if study.events.signed:
        check_signs(pinned)
    dropped = _studied_drops(study, catalogue, outcome.dropped)
    left = pd.concat([dropped, context], ignore_index=True)[DROPPED_COLUMNS]
    return Stages(study, catalogue, panel, plans, outcome.pinned, pinned, left, told)


def _merged(
    study: Study, catalogue: Catalogue, calendars: Mapping[str, SessionCalendar]
) -> tuple[Catalogue, tuple[str, ...]]:
    """Group headlines that are alike where the study asks for it, and say what that does to N."""
    settings = study.events
    if not settings.group_similar:
        return catalogue, ()
    found = propose_stories(
        catalogue, threshold=settings.group_threshold, hours=settings.group_hours
    )
    merged = with_groups(catalogue, found)
    before, after = (
        len(pin_catalogue(c, calendars, policy=settings.policy).pinned) for c in (catalogue, merged)
    )
    words = (
        f"headlines alike in words within {settings.group_hours:g} hours count as one story: "
        f"{count_stories(catalogue)} stories became {count_stories(merged)}, and "
        f"{before} (headline, asset) pairs became {after}"
    )
    return merged, (words,)


def run_study(
    study: Study,
    *,
    folder: Path,
    frames: Mapping[str, pd.DataFrame] | None = None,
    progress: Progress | None = None,
    offline: bool = False,
    resources: Resources | None = None,
) -> StudyResult:
    """Run a study from its headlines to its tables.

    Parameters
    ----------
    study : Study
        Validated settings.
    folder : Path
        Folder against which the study's relative paths are read.
    frames : mapping, optional
        ``events`` and ``prices`` frames where the study takes them from Python.
    progress : callable, optional
        Called with the stage's name, the number of stages done and their total.
    offline : bool
        Ask no network: prices come from files and from the store.
    resources : Resources, optional
        Who computes, where the study is streamed; a warning says so where it is not.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        What the user can mend, in one sentence.
    SourceError, ClusterError
        A price source, or a cluster, that is out of reach.
    """
    tell = progress or _no_progress
    begun = datetime.now(UTC), time.perf_counter()
    units = _filed(study, folder=folder, frames=frames, progress=tell, offline=offline)
    if units is not None:
        return run_units(units, folder=folder, progress=tell, begun=begun, resources=resources)
    opened = _open(study, folder=folder, frames=frames, progress=tell, offline=offline)
    if streams(study, opened.catalogue, opened.plans):
        units = place_units(study, opened.catalogue, opened.panel, opened.plans)
        if units is not None:
            return run_units(units, folder=folder, progress=tell, begun=begun, resources=resources)
    if resources is not None:
        warnings.warn(NOT_STREAMED, EventStudyWarning, stacklevel=2)
    return complete(_pinned(opened), folder=folder, progress=tell, begun=begun)


def complete(
    stages: Stages,
    *,
    folder: Path,
    progress: Progress = _no_progress,
    begun: tuple[datetime, float] | None = None,
) -> StudyResult:
    """Estimate and test what :func:`prepare` pinned.

    Parameters
    ----------
    stages : Stages
        The pinned headlines may be fewer than :func:`prepare` gave.
    folder : Path
        As in :func:`run_study`.
    progress : callable
    begun : (datetime, float), optional
        When the run began, on the wall clock and on the counter; now, if not given.
    """
    tell, study = progress, stages.study
    started, clock = begun or (datetime.now(UTC), time.perf_counter())
    tell(STAGES[3], 3, len(STAGES))
    runs, dropped = estimate(
        study, stages.panel, stages.plans, stages.pinned, news=stages.pinned_all
    )
    tell(STAGES[4], 4, len(STAGES))
    tables = _tables(stages, runs, dropped)
    tell(STAGES[5], 5, len(STAGES))
    record = run_record(
        study=study,
        panel=stages.panel,
        plans=stages.plans,
        counts=counts_of(stages.catalogue, tables),
        folder=folder,
        started=started,
        seconds=time.perf_counter() - clock,
    )
    record["warnings"] += [*stages.warnings, *sensitivity_words(tables["sensitivity"])]
    tell(STAGES[5], len(STAGES), len(STAGES))
    return StudyResult(run=record, **tables)


def _tables(stages: Stages, runs: list[PanelRun], dropped: pd.DataFrame) -> dict[str, pd.DataFrame]:
    study = stages.study
    others = neighbours(stages.pinned_all, stages.plans, event_time(study))
    hints = benchmark_hints(study, stages.panel, stages.plans)
    near = near_headlines(stages.pinned_all, stages.plans, event_time(study))
    tables = build_tables(study, stages.panel, runs, stages.pinned, others, hints, near)
    if study.tests.multiplicity == "romano_wolf":
        tables["tests"], tables["event_tests"] = romano_wolf_tables(
            study,
            stages.panel,
            stages.plans,
            stages.pinned_all,
            stages.pinned,
            tables["tests"],
            tables["event_tests"],
        )
    regressions, lacking = build_regressions(study, runs, stages.catalogue)
    left = pd.concat([stages.dropped, dropped, tables.pop("dropped"), lacking], ignore_index=True)
    return {
        "pinned": stages.pinned,
        **tables,
        "sensitivity": sensitivity_table(study, stages.panel, stages.plans, stages.pinned),
        "regressions": regressions,
        **_specification(stages),
        "dropped": left[DROPPED_COLUMNS].drop_duplicates(ignore_index=True),
        "control": negative_control(
            study, stages.panel, stages.plans, stages.pinned_all, stages.pinned
        ),
        "quality": study_quality(study, stages.panel, stages.plans, stages.pinned),
        "series": price_series(stages.panel, stages.plans, stages.pinned, event_time(study)),
    }


def read_headlines(study: Study, folder: Path) -> Catalogue:
    """Read the headlines of a study from where it says that they are."""
    return _catalogue(study, folder, {})


def _specification(stages: Stages) -> dict[str, pd.DataFrame]:
    if stages.study.specification is None:
        return {}
    return {
        "specification": specification_table(
            stages.study, stages.panel, stages.plans, stages.pinned, stages.pinned_all
        )
    }


def _catalogue(study: Study, folder: Path, frames: Mapping[str, pd.DataFrame]) -> Catalogue:
    settings = study.events
    if settings.frame:
        source: Any = frames["events"]
    elif settings.url is not None:
        source = settings.url
    elif settings.file is not None:
        source = folder / settings.file
    else:
        source = [dict(row) for row in settings.rows]
    return read_catalogue(source, timezone=settings.timezone, columns=settings.columns or None)


def _check_include(study: Study, catalogue: Catalogue) -> None:
    frame = catalogue.frame
    if study.events.include is not None:
        known = {str(v) for v in (*frame["event_id"], *frame["group"]) if str(v)}
    for name in study.events.include or ():
        if name not in known:
            raise InputError(
                f"[events] include names '{name}', which is no event_id and no group of the "
                f"catalogue{nearest(name, known)}"
            )
    if study.regression is not None:
        regressor_values(catalogue, study.regression.on)


def _included(study: Study, frame: pd.DataFrame) -> pd.Series[bool]:
    wanted = study.events.include
    if wanted is None:
        return pd.Series(data=True, index=frame.index)
    return frame["event_id"].isin(wanted) | frame["group"].isin(wanted)


def _split(
    study: Study, catalogue: Catalogue, pinned: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pinned headlines that are studied, and a dropped row for each of the others."""
    chosen = set(catalogue.frame.loc[_included(study, catalogue.frame), "event_id"])
    keep = pinned["event_id"].isin(chosen)
    rest = catalogue.frame[~catalogue.frame["event_id"].isin(chosen)].drop_duplicates("event_id")
    why = "not in [events] include; windows that reach it are flagged"
    rows = [
        (e, "", "context", why, h) for e, h in zip(rest["event_id"], rest["headline"], strict=True)
    ]
    return (
        pinned[keep].reset_index(drop=True),
        pd.DataFrame(rows, columns=DROPPED_COLUMNS, dtype=object),
    )


def _studied_drops(study: Study, catalogue: Catalogue, dropped: pd.DataFrame) -> pd.DataFrame:
    chosen = set(catalogue.frame.loc[_included(study, catalogue.frame), "event_id"])
    return dropped[dropped["event_id"].isin(chosen)]
