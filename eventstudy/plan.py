"""What is to be estimated: for each asset its calendar, its models, their regressors, its panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from eventstudy.calendars.sessions import SessionCalendar, exchange_calendar, observed_calendar
from eventstudy.errors import InputError, nearest
from eventstudy.prices.panel import PricePanel
from eventstudy.returns import Factor
from eventstudy.study import FACTORS, Study

__all__ = [
    "AssetPlan",
    "ModelPlan",
    "asset_names",
    "benchmark_hints",
    "make_plan",
    "needed_columns",
]

# Columns that hold returns even where the other columns are prices.
RETURN_COLUMNS = frozenset(c for names in FACTORS.values() for c in names)
# Scholes and Williams estimate on the previous, the same and the next session.
SCHOLES_WILLIAMS = (1, 0, -1)
# Columns of the prices that are looked at together.
COLUMNS_AT_ONCE = 256


@dataclass(frozen=True)
class ModelPlan:
    """One model of one asset.

    Attributes
    ----------
    model, panel : str
    factors : tuple of Factor
        Regressors; empty for the constant mean.
    risk_free : str or None
        Column of the risk-free return, for models of excess returns.
    """

    model: str
    panel: str
    factors: tuple[Factor, ...]
    risk_free: str | None = None


@dataclass(frozen=True)
class AssetPlan:
    """How one asset is pinned and estimated."""

    asset: str
    title: str
    calendar: SessionCalendar
    models: tuple[ModelPlan, ...]
    hints: tuple[str, ...] = ()


def _model_plans(
    study: Study, asset: str, return_columns: frozenset[str] = frozenset()
) -> tuple[ModelPlan, ...]:
    returns = RETURN_COLUMNS | return_columns
    plans = []
    for model in study.models_for(asset):
        names = study.benchmark_for(asset, model)
        lags = study.benchmark_lags_for(asset, model) if names else ()
        if model == "scholes_williams":
            lags = SCHOLES_WILLIAMS
        factors = tuple(Factor(n, lag, is_return=n in returns) for n in names for lag in lags)
        plans.append(
            ModelPlan(model, study.panel_for(asset, model), factors, study.risk_free_for(model))
        )
    return tuple(plans)


def asset_names(study: Study, columns: Sequence[str], named: Sequence[str]) -> list[str]:
    """Return the assets of the study, in order.

    The assets that ``[prices] assets`` lists; else every column of a file or frame, and the
    ``[assets]`` tables of any other source. A benchmark counts only where an event names it or
    its table gives it a model of its own. ``named`` (assets that events name) always count.
    """
    listed = study.prices.assets
    if listed is not None:
        base = list(listed)
    else:
        pool = list(columns) if study.prices.source in ("file", "frame") else list(study.assets)
        served = {f for a in (*pool, *named) for f in _served(study, a)}
        base = [a for a in pool if a not in served or _has_model(study, a)]
    return list(dict.fromkeys([*base, *(n for n in named if n)]))


def _served(study: Study, asset: str) -> list[str]:
    models = study.models_for(asset)
    names = [n for m in models for n in study.benchmark_for(asset, m)]
    return [*names, *(r for m in models if (r := study.risk_free_for(m)) is not None)]


def _has_model(study: Study, asset: str) -> bool:
    own = study.assets.get(asset)
    return own is not None and own.model is not None


def needed_columns(study: Study, assets: Sequence[str]) -> list[str]:
    """Return every column of the prices that the assets and their models need."""
    return list(dict.fromkeys([*assets, *(f for a in assets for f in _served(study, a))]))


def _observed(panel: PricePanel, mates: Sequence[str], clock: str | None) -> SessionCalendar:
    known = np.zeros(len(panel.close), dtype=bool)
    # Some columns at a time: all of them would be a copy of the prices.
    for low in range(0, len(mates), COLUMNS_AT_ONCE):
        some = panel.close[list(mates[low : low + COLUMNS_AT_ONCE])]
        known |= some.notna().any(axis=1).to_numpy()
    dates = panel.close.index[known]
    return observed_calendar(dates.to_numpy().astype("datetime64[D]"), clock=clock)


def _span(panel: PricePanel, last: date | None) -> tuple[date, date]:
    index = pd.DatetimeIndex(panel.close.index)
    end = max(index[-1].date(), last or index[-1].date())
    return index[0].date(), end + timedelta(days=30)


def make_plan(
    study: Study, panel: PricePanel, assets: Sequence[str], *, last: date | None = None
) -> dict[str, AssetPlan]:
    """Resolve calendar, models and panel of every asset.

    Parameters
    ----------
    study : Study
    panel : PricePanel
        With every needed column.
    assets : sequence of str
    last : date, optional
        The last headline's date, so that calendars reach beyond it.

    Returns
    -------
    dict of str to AssetPlan
        In the order of ``assets``.

    Raises
    ------
    InputError
        For an asset or a benchmark that the prices lack, naming the nearest that is there.
    """
    missing = [c for c in needed_columns(study, assets) if c not in panel.close.columns]
    if missing:
        what = "asset" if missing[0] in assets else "benchmark"
        raise InputError(
            f"{what} '{missing[0]}' is not in the prices"
            f"{nearest(missing[0], [str(c) for c in panel.close.columns])}"
        )
    start, end = _span(panel, last)
    names = {str(c) for c in panel.close.columns}
    markets = {a: _market(study, panel, a) for a in sorted(names)}
    # Assets of one market and clock share one calendar: what is done by calendar is done once.
    observed: dict[tuple[str, str | None], SessionCalendar] = {}
    plans = {}
    for asset in assets:
        own, info = study.assets.get(asset), panel.assets.get(asset)
        mic = (own.calendar if own else None) or (info.calendar if info else None) or "observed"
        clock = (own.close if own else None) or (info.close if info else None)
        if mic != "observed":
            calendar = exchange_calendar(mic, start, end, clock=clock)
        elif (key := (markets[asset], clock)) in observed:
            calendar = observed[key]
        else:
            mates = [a for a, m in markets.items() if m == markets[asset]]
            calendar = observed[key] = _observed(panel, mates, clock)
        title = (own.title if own else None) or (info.title if info else None) or asset
        models = _model_plans(study, asset, panel.return_columns)
        plans[asset] = AssetPlan(asset, title, calendar, models)
    return plans


def _market(study: Study, panel: PricePanel, asset: str) -> str:
    own, info = study.assets.get(asset), panel.assets.get(asset)
    market = (own.market if own else None) or (info.market if info else None)
    return market or (f"source {info.source}" if info else "source")


def benchmark_hints(
    study: Study, panel: PricePanel, plans: Mapping[str, AssetPlan]
) -> dict[str, tuple[str, ...]]:
    """Return the flag of each asset whose benchmark is measured after it on the same date.

    The same-date benchmark then holds news that the asset's price can't, so its beta is biased
    towards zero and later news leaks into the abnormal return.
    """
    out: dict[str, tuple[str, ...]] = {}
    clocks: dict[str, SessionCalendar | None] = {}
    for asset, plan in plans.items():
        late = []
        for model in plan.models:
            if len({f.lag for f in model.factors}) > 1:
                continue
            for name in dict.fromkeys(f.column for f in model.factors):
                if name not in clocks:
                    clocks[name] = _clock_of(study, panel, plans, name)
                other = clocks[name]
                if other is not None and _measured_later(plan.calendar, other):
                    late.append(name)
        if late:
            names = ", ".join(dict.fromkeys(late))
            out[asset] = (f"benchmark_measured_later: {names}, consider benchmark_lags",)
    return out


def _clock_of(
    study: Study, panel: PricePanel, plans: Mapping[str, AssetPlan], name: str
) -> SessionCalendar | None:
    if name in plans:
        return plans[name].calendar
    own, info = study.assets.get(name), panel.assets.get(name)
    mic = (own.calendar if own else None) or (info.calendar if info else None) or "observed"
    clock = (own.close if own else None) or (info.close if info else None)
    if mic == "observed":
        if clock is None:
            return None
        dates = panel.close.index[panel.close[name].notna()]
        return observed_calendar(dates.to_numpy().astype("datetime64[D]"), clock=clock)
    return exchange_calendar(mic, *_span(panel, None), clock=clock)


def _measured_later(asset: SessionCalendar, benchmark: SessionCalendar) -> bool:
    """Return whether the benchmark's price is usually measured after the asset's on one date."""
    common, i, j = np.intersect1d(asset.sessions, benchmark.sessions, return_indices=True)
    if not len(common):
        return False
    own, other = asset.measured_until[i], benchmark.measured_until[j]
    known = ~(np.isnat(own) | np.isnat(other))
    return bool(known.any() and np.mean(other[known] > own[known]) > 0.5)
