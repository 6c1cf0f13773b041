"""Pinned events to fitted samples: one sample a panel and model, and a row for what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.abnormal import tested_window
from eventstudy.arrays import BoolArray, EventBlock, IntArray
from eventstudy.errors import InputError
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.models import ModelOptions, fit_model
from eventstudy.plan import AssetPlan, ModelPlan
from eventstudy.prices.panel import PricePanel
from eventstudy.returns import AssetReturns, asset_returns
from eventstudy.study import Study
from eventstudy.windows import MISSING_SHARE, EventTime, gather, purge_mask, session_positions

__all__ = [
    "DROPPED_COLUMNS", "PanelRun", "estimate", "event_time", "model_options",
    "run_window",
]  # fmt: skip

DROPPED_COLUMNS = ["event_id", "asset", "stage", "reason", "detail"]


@dataclass(frozen=True, eq=False)
class PanelRun:
    """One panel under one model.

    Attributes
    ----------
    panel, model : str
    rows : DataFrame
        One row an event of the sample, in its order: event_id, asset, session, order, purged
        (estimation days left out for other headlines), unpurged (such days that were kept).
    sample : Sample
    """

    panel: str
    model: str
    rows: pd.DataFrame
    sample: Sample


@dataclass(frozen=True)
class _Unit:
    """Everything of one (panel, model): the assets' returns and the events on them."""

    plan: ModelPlan
    returns: list[AssetReturns]
    rows: list[dict[str, object]]


def event_time(study: Study) -> EventTime:
    """Return the study's ranges in event time."""
    return EventTime(study.windows.estimation, study.windows.event)


def run_window(study: Study, run: PanelRun, start: int, end: int) -> Window:
    """Return one tested window of a run, by the study's rule for missing days and its returns."""
    return tested_window(
        run.sample.block,
        run.sample.fit,
        start,
        end,
        policy=study.study.missing or "exclude",
        log_returns=study.study.returns == "log",
    )


def estimate(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    pinned: pd.DataFrame,
    *,
    news: pd.DataFrame | None = None,
) -> tuple[list[PanelRun], pd.DataFrame]:
    """Fit every model of every pinned event.

    Parameters
    ----------
    study : Study
    panel : PricePanel
    plans : mapping of str to AssetPlan
    pinned : DataFrame
        One row a headline and asset, with ``session``.
    news : DataFrame, optional
        Every pinned headline, studied or not: what the estimation windows are purged of. Default
        ``pinned``.

    Returns
    -------
    runs : list of PanelRun
        Ordered by panel and model.
    dropped : DataFrame
        Events that could not be estimated, with the reason.
    """
    time = event_time(study)
    units = _units(study, panel, plans, pinned)
    runs, dropped = [], []
    for key in sorted(units):
        unit = units[key]
        run, left = _fit_unit(study, unit, time, pinned if news is None else news)
        dropped.extend(left)
        if run is not None:
            runs.append(run)
    frame = pd.DataFrame(dropped, columns=DROPPED_COLUMNS)
    return runs, frame.drop_duplicates(ignore_index=True)


def _units(
    study: Study, panel: PricePanel, plans: Mapping[str, AssetPlan], pinned: pd.DataFrame
) -> dict[tuple[str, str], _Unit]:
    units: dict[tuple[str, str], _Unit] = {}
    places: dict[tuple[str, str], dict[str, int]] = {}
    for order, row in enumerate(pinned.itertuples(index=False)):
        asset = plans[str(row.asset)]
        for plan in asset.models:
            key = (plan.panel, plan.model)
            unit = units.setdefault(key, _Unit(plan, [], []))
            _check_same_regressors(unit.plan, plan)
            place = places.setdefault(key, {})
            if asset.asset not in place:
                place[asset.asset] = len(unit.returns)
                unit.returns.append(_returns(study, panel, asset, plan))
            unit.rows.append(
                {
                    "event_id": str(row.event_id),
                    "asset": asset.asset,
                    "session": row.session,
                    "order": order,
                    "owner": place[asset.asset],
                }
            )
    return units


def _check_same_regressors(first: ModelPlan, other: ModelPlan) -> None:
    if len(first.factors) != len(other.factors):
        raise InputError(
            f"panel '{first.panel}' pools assets with {len(first.factors)} and "
            f"{len(other.factors)} regressors under {first.model}; give them panels of their own"
        )


def _returns(study: Study, panel: PricePanel, asset: AssetPlan, plan: ModelPlan) -> AssetReturns:
    return asset_returns(
        panel,
        asset.asset,
        factors=plan.factors,
        sessions=asset.calendar.sessions,
        kind=study.study.returns,
        missing=study.study.missing or "exclude",
        risk_free=plan.risk_free,
    )


def _fit_unit(
    study: Study, unit: _Unit, time: EventTime, news: pd.DataFrame
) -> tuple[PanelRun | None, list[dict[str, object]]]:
    rows = pd.DataFrame(unit.rows)
    owner = rows["owner"].to_numpy(dtype=np.int64)
    days = rows["session"].to_numpy().astype("datetime64[D]").astype(np.int64)
    positions = _positions(unit.returns, owner, days)
    block = gather(unit.returns, owner, positions, time)
    masked, rows["unpurged"] = None, 0
    if study.windows.purge:
        masked = _purged(unit, owner, positions, news, time)
        kept_whole = _too_dense(block.returns_est, masked, study.windows.min_observations)
        rows["unpurged"] = np.where(kept_whole, masked.sum(axis=1), 0)
        masked[kept_whole] = False
        block = _masked(block, masked)
    counts = _counts(unit, owner, positions, block.returns_est, masked, time)
    reasons = [_not_enough(study, unit, counts, i) for i in range(len(rows))]
    rows["purged"] = 0 if masked is None else masked.sum(axis=1)
    dropped = _dropped(rows, reasons, "estimation")
    kept = np.flatnonzero([not r for r in reasons])
    if not len(kept):
        return None, dropped
    block = block.take(kept)
    fit = fit_model(unit.plan.model, block, options=model_options(study, unit.plan))
    dropped += _dropped(rows.iloc[kept], [(f, "") for f in fit.failure], "model")
    good = np.flatnonzero([not f for f in fit.failure])
    if not len(good):
        return None, dropped
    chosen = kept[good]
    sample = Sample(
        block=block.take(good),
        fit=fit.take(good),
        cluster=days[chosen],
        n_parameters=fit.theta.shape[1],
        settings=Settings(alternative=study.tests.alternative, seed=study.study.seed),
    )
    return PanelRun(
        unit.plan.panel, unit.plan.model, rows.iloc[chosen].reset_index(drop=True), sample
    ), dropped


def model_options(study: Study, plan: ModelPlan) -> ModelOptions:
    """Return the options of a model as the study sets them."""
    settings = study.model
    return ModelOptions(
        factor_names=tuple(f.label for f in plan.factors),
        half_life=settings.half_life,
        intercept=settings.intercept or plan.model != "capm",
        draws=settings.draws,
        seed=study.study.seed,
        distribution=settings.distribution,
    )


def _positions(returns: list[AssetReturns], owner: IntArray, days: IntArray) -> IntArray:
    positions = np.full(len(owner), -1, dtype=np.int64)
    for which, asset in enumerate(returns):
        mine = owner == which
        positions[mine] = session_positions(asset, days[mine])
    return positions


def _purged(
    unit: _Unit, owner: IntArray, positions: IntArray, news: pd.DataFrame, time: EventTime
) -> BoolArray:
    out = np.zeros((len(owner), len(time.est_taus)), dtype=bool)
    names = news["asset"].astype(str).to_numpy()
    days = news["session"].to_numpy().astype("datetime64[D]").astype(np.int64)
    for which, asset in enumerate(unit.returns):
        mine = owner == which
        found = session_positions(asset, days[names == asset.asset])
        out[mine] = purge_mask(positions[mine], found[found >= 0], len(asset.sessions), time)
    return out


def _too_dense(
    returns: npt.NDArray[np.float64], masked: BoolArray, least: int
) -> npt.NDArray[np.bool_]:
    """Return which events would lose their estimation window to other headlines, (n,).

    Where headlines come so densely that purging leaves fewer returns than an estimate needs, no
    part of the window is quieter than another: it is kept whole and the event says so.
    """
    there = np.isfinite(returns)
    left = (there & ~masked).sum(axis=1)
    return np.asarray((left < least) & (there.sum(axis=1) >= least) & masked.any(axis=1))


def _masked(block: EventBlock, masked: BoolArray) -> EventBlock:
    return replace(
        block,
        returns_est=np.where(masked, np.nan, block.returns_est),
        spans_est=np.where(masked, np.nan, block.spans_est),
    )


@dataclass(frozen=True)
class _Counts:
    """What the estimation window of each event holds, (n,) each.

    ``used`` returns that are estimated on; ``listed`` sessions since the asset's first return,
    less the purged ones; ``within`` returns inside the event window.
    """

    owner: IntArray
    positions: IntArray
    used: IntArray
    listed: IntArray
    within: IntArray
    width: int


def _counts(
    unit: _Unit,
    owner: IntArray,
    positions: IntArray,
    returns_est: npt.NDArray[np.float64],
    masked: BoolArray | None,
    time: EventTime,
) -> _Counts:
    n = len(owner)
    listed, within = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for which, asset in enumerate(unit.returns):
        mine = np.flatnonzero(owner == which)
        known = np.isfinite(asset.values)
        size = len(known)
        total = np.concatenate([[0], np.cumsum(known)])
        first = int(np.argmax(known)) if known.any() else size
        at = positions[mine]
        low = np.clip(at + time.estimation[0], first, size)
        high = np.clip(at + time.estimation[1] + 1, first, size)
        listed[mine] = high - low
        start = np.clip(at + time.event[0], 0, size)
        within[mine] = total[np.clip(at + time.event[1] + 1, 0, size)] - total[start]
    if masked is not None:
        listed -= masked.sum(axis=1)
    used = np.isfinite(returns_est).sum(axis=1).astype(np.int64)
    return _Counts(owner, positions, used, listed, within, len(time.est_taus))


def _not_enough(study: Study, unit: _Unit, counts: _Counts, i: int) -> tuple[str, str] | None:
    """Return the reason why an event can't be estimated, or None."""
    used, listed = int(counts.used[i]), int(counts.listed[i])
    if counts.positions[i] < 0:
        return ("day 0 is not a session of the prices' calendar", "")
    if used < study.windows.min_observations:
        return (
            "too few estimation returns",
            f"{used} of {counts.width} sessions, min_observations is "
            f"{study.windows.min_observations}",
        )
    if listed - used > MISSING_SHARE * listed:
        return (
            "too many missing estimation days",
            f"{listed - used} of {listed} sessions have no return, more than {MISSING_SHARE:.0%}",
        )
    if counts.within[i] == 0:
        asset = unit.returns[counts.owner[i]]
        known = asset.sessions[np.isfinite(asset.values)]
        span = f"returns reach from {known[0]} to {known[-1]}" if len(known) else "no return at all"
        return ("no return in the event window", span)
    return None


def _dropped(
    rows: pd.DataFrame, reasons: list[tuple[str, str] | None], stage: str
) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for (_, row), reason in zip(rows.iterrows(), reasons, strict=True):
        if reason is not None and reason[0]:
            out.append(
                {
                    "event_id": row["event_id"],
                    "asset": row["asset"],
                    "stage": stage,
                    "reason": reason[0],
                    "detail": reason[1],
                }
            )
    return out
