"""Large studies: the same tests from events that are reduced leaf by leaf.

``tests`` and ``events`` are made at once; the tables with a row for every event and day or window
are made when they are asked for, or written block by block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.errors import InputError
from eventstudy.estimate import model_options
from eventstudy.events.catalogue import Catalogue
from eventstudy.events.filed import FiledCatalogue, filed_catalogue
from eventstudy.events.placing import Placed, place_catalogue
from eventstudy.mapped import roomy, standing_on
from eventstudy.plan import AssetPlan, ModelPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.returns import asset_returns, given_matrix
from eventstudy.stream.inputs import StreamData, stream_data
from eventstudy.study import LEAST_SQUARES, Study
from eventstudy.tables import window_list

__all__ = [
    "STREAM_FROM",
    "Unit",
    "Units",
    "filed_headlines",
    "place_units",
    "streams",
    "why_in_memory",
]

# (headline, asset) pairs from which a study is streamed.
STREAM_FROM = 10_000


def why_in_memory(study: Study, catalogue: Catalogue, plans: Mapping[str, AssetPlan]) -> str:
    """Return what a study asks for that needs every event at once, empty where nothing does."""
    models = {m.model for p in plans.values() for m in p.models}
    other = sorted(models - LEAST_SQUARES)
    calendars = {id(p.calendar) for p in plans.values()}
    checks = {
        "[events] signed": study.events.signed,
        "[events] include": study.events.include is not None,
        "[events] group_similar": study.events.group_similar,
        "[regression]": study.regression is not None,
        "[specification]": study.specification is not None,
        "[tests] multiplicity 'romano_wolf'": study.tests.multiplicity == "romano_wolf",
        "[model] half_life": study.model.half_life is not None,
        f"[model] {', '.join(other)}": bool(other),
        "groups of headlines": bool((catalogue.frame["group"] != "").any()),
        "assets on different calendars": len(calendars) > 1,
    }
    return ", ".join(what for what, asked in checks.items() if asked)


def streams(study: Study, catalogue: Catalogue, plans: Mapping[str, AssetPlan]) -> bool:
    """Return whether a study is streamed.

    Raises
    ------
    InputError
        Where the study wants to be, and asks for something that needs every event at once.
    """
    wanted = study.study.streamed
    if wanted is False:
        return False
    if wanted is None:
        every = int((catalogue.frame["asset"] == "").sum())
        if len(catalogue) + every * (len(plans) - 1) < STREAM_FROM:
            return False
    reason = why_in_memory(study, catalogue, plans)
    if reason and wanted:
        raise InputError(
            f"[study] streamed = true does not go with {reason}: it needs every event in memory; "
            "leave it out, or set streamed = false"
        )
    return not reason


def filed_headlines(study: Study, folder: Path) -> FiledCatalogue | None:
    """Return the headlines of a study that stay in their Parquet file, or None.

    They do where the study is streamed whatever else it turns out to be, and the file is plain.
    """
    events = study.events
    plain = events.file is not None and events.url is None and not events.frame
    if not plain or study.study.streamed is False or events.policy == "error":
        return None
    path = folder / str(events.file)
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return None
    empty = Catalogue(pd.DataFrame({"group": []}))
    if why_in_memory(study, empty, {}):
        return None
    least = 0 if study.study.streamed else STREAM_FROM
    return filed_catalogue(path, columns=events.columns, least=least)


@dataclass(frozen=True, eq=False)
class Unit:
    """One panel under one model, ready to be streamed.

    Attributes
    ----------
    plan : ModelPlan
    assets : tuple of str
        Rows of the returns.
    data : StreamData
    pair : (N,) int
        Row of ``Placed`` of each event that was handed to ``data``, in input order.
    others : (N,) int
        Other headlines on the asset inside the event window, in input order.
    """

    plan: ModelPlan
    assets: tuple[str, ...]
    data: StreamData
    pair: npt.NDArray[np.integer[Any]]
    others: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Matrix:
    """Returns (A, D), common regressors (F, D) and sessions of a unit."""

    returns: FloatArray
    factors: FloatArray
    sessions: npt.NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Units:
    """A study up to its pinned headlines, as arrays.

    Attributes
    ----------
    study, catalogue, panel, plans
    placed : Placed
    units : tuple of Unit
        Ordered by panel and model.
    """

    study: Study
    catalogue: Catalogue | FiledCatalogue
    panel: PricePanel
    plans: Mapping[str, AssetPlan]
    placed: Placed
    units: tuple[Unit, ...]


def place_units(
    study: Study,
    catalogue: Catalogue | FiledCatalogue,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
) -> Units | None:
    """Pin the headlines and stack the returns, or return None where a return spans sessions.

    Such a return's regressors span them too, so that they are not common to all assets.
    """
    calendars = {a: p.calendar for a, p in plans.items()}
    placed = place_catalogue(catalogue, calendars, policy=study.events.policy)
    names = list(plans)
    units: dict[tuple[str, str], tuple[ModelPlan, list[str]]] = {}
    present = np.zeros(len(names), dtype=bool)
    present[placed.owner] = True
    for asset in (n for n, there in zip(names, present, strict=True) if there):
        for plan in plans[asset].models:
            units.setdefault((plan.panel, plan.model), (plan, []))[1].append(asset)
    out = []
    for key in sorted(units):
        plan, assets = units[key]
        assets = sorted(assets)
        if any(_regressors(plans[a], plan) != _regressors(plans[assets[0]], plan) for a in assets):
            return None
        matrix = _matrix(study, panel, plans, plan, assets)
        if matrix is None:
            return None
        out.append(_unit(study, plan, tuple(assets), names, matrix, placed))
    if isinstance(catalogue, FiledCatalogue):
        catalogue = catalogue.settled()
    return Units(study, catalogue, panel, plans, placed, tuple(out))


def _regressors(asset: AssetPlan, plan: ModelPlan) -> tuple[object, ...]:
    own = next(m for m in asset.models if (m.panel, m.model) == (plan.panel, plan.model))
    return (own.factors, own.risk_free)


def _matrix(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    plan: ModelPlan,
    assets: list[str],
) -> _Matrix | None:
    sessions = plans[assets[0]].calendar.sessions
    if panel.kind == "returns":
        return _Matrix(
            *given_matrix(panel, assets, plan.factors, sessions, plan.risk_free), sessions
        )
    shape = len(assets), len(sessions)
    values, common = roomy(shape), np.full((len(plan.factors), shape[1]), np.nan)
    for row, asset in enumerate(assets):
        part = asset_returns(
            panel,
            asset,
            factors=plan.factors,
            sessions=sessions,
            kind=study.study.returns,
            missing=study.study.missing or "exclude",
            risk_free=plan.risk_free,
        )
        if bool((part.spans > 1.0).any()):
            return None
        values[row] = part.values
        common = np.where(np.isnan(common), part.factors.T, common)
    return _Matrix(values, common, sessions)


def _busy(
    study: Study, owner: IntArray, position: IntArray, shape: tuple[int, int]
) -> tuple[BoolArray, npt.NDArray[np.int32]]:
    """Return which days lie in an event window of the asset, and each event's other headlines."""
    first, last = study.windows.event
    width = shape[1] + 1
    inside = roomy(shape, np.bool_)
    inside[:] = False
    others = np.empty(len(owner), dtype=np.int32)
    for run, some in standing_on(owner, shape):
        when, count = position[some], run.stop - run.start
        at = (owner[some] - run.start) * width
        start = at + np.clip(when + first, 0, shape[1])
        stop = at + np.clip(when + last + 1, 0, shape[1])
        size = count * width
        step = np.bincount(start, minlength=size) - np.bincount(stop, minlength=size)
        inside[run] = np.cumsum(step.reshape(count, width), axis=1)[:, :-1] > 0
        days = np.bincount(at + when, minlength=size)
        before = np.concatenate([[0], np.cumsum(days)])
        others[some] = before[stop] - before[start] - 1
    return inside, others


def _unit(
    study: Study,
    plan: ModelPlan,
    assets: tuple[str, ...],
    names: list[str],
    matrix: _Matrix,
    placed: Placed,
) -> Unit:
    row_of = np.full(len(names), -1, dtype=np.int64)
    number = {name: i for i, name in enumerate(names)}
    row_of[[number[a] for a in assets]] = np.arange(len(assets))
    pair = np.flatnonzero((row_of[placed.owner] >= 0) & ~placed.lost)
    owner, position = row_of[placed.owner[pair]], placed.session[pair].astype(np.int64)
    pair = pair.astype(placed.row.dtype)
    inside, others = _busy(study, owner, position, matrix.returns.shape)
    data = stream_data(
        matrix.returns,
        matrix.sessions,
        owner,
        position,
        estimation=study.windows.estimation,
        event=study.windows.event,
        model=plan.model,
        factors=matrix.factors,
        options=model_options(study, plan),
        missing="skip" if study.study.missing == "skip" else "exclude",
        min_observations=study.windows.min_observations,
        purged=inside if study.windows.purge else None,
        log_returns=study.study.returns == "log",
    ).with_windows(window_list(study))
    return Unit(plan, assets, data, pair, others)
