"""The backend that needs nothing but numpy: every model, every rule for missing days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from eventstudy.abnormal import tested_window
from eventstudy.arrays import EventBlock, FloatArray, ForecastCovariance, IntArray, ModelFit
from eventstudy.inference.sample import Window
from eventstudy.models import fit_model
from eventstudy.reduce import first, second
from eventstudy.reduce.groups import Group
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.stream.backend import NO_ROWS, FirstLeaf, SecondLeaf
from eventstudy.stream.gathering import Dates, dates_of, gather_rows
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.linefit import fits_line, line_fit
from eventstudy.stream.merging import Adder
from eventstudy.stream.room import Fresh, Room
from eventstudy.stream.wholefit import fit_whole, whole_tracks

__all__ = ["NumpyBackend", "fitted", "leaf_windows", "no_fit"]

# Events reduced at a time: enough to make light of the calls, few enough for the shared cache.
ROWS = 2048
ROOM = Room()
# Models that run through the sessions between the estimation and the event window.
THROUGH_GAP = ("ewma", "garch", "gjr_garch", "egarch", "ar1")

FIRST_GROUPS: dict[str, Callable[[Leaf], Group]] = {
    "sums": first.window_sums,
    "signs": second.sign_counts,
    "precision": first.precision_sums,
    "dates": first.date_sums,
    "selected": first.selected_days,
    "day_means": first.day_means,
    "sar_spread": first.sar_spread,
}


def fitted(
    data: StreamData, low: int, high: int, *, gap: bool = False
) -> tuple[EventBlock, ModelFit]:
    """Gather and fit the events ``low:high``; fits that fail carry their reason.

    The block has the sessions between the two windows where ``gap`` is true or the model runs
    through them.
    """
    found = _fitted(data, low, high, Fresh(), gap=gap)
    return found.block, found.fit


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Fitted events; ``per_sigma`` (n, W), the windows' standard errors over sigma, where whole."""

    block: EventBlock
    fit: ModelFit
    dates: Dates
    per_sigma: FloatArray | None = None


def _fitted(data: StreamData, low: int, high: int, room: Fresh, *, gap: bool = False) -> _Fitted:
    dates = dates_of(data, low, high)
    gap = gap or data.model in THROUGH_GAP
    block = gather_rows(data, low, high, gap=gap, dates=dates, room=room)
    if data.spans is None and fits_line(data.model, data.options, len(data.factors)):
        whole = fit_whole(data, block, dates, room)
        if whole is not None:
            return _Fitted(block, whole.fit, dates, whole.per_sigma)
        fit = line_fit(block, data.model)
        if fit is not None:
            return _Fitted(block, fit, dates)
    return _Fitted(block, fit_model(data.model, block, options=data.options), dates)


def _summed(values: FloatArray, data: StreamData) -> FloatArray:
    """Add up event days (n, L, ...) over every tested window, (n, W, ...)."""
    begin = data.event[0]
    out = np.empty((values.shape[0], len(data.windows), *values.shape[2:]))
    for w, (start, end) in enumerate(data.windows):
        if start == end:
            out[:, w] = values[:, start - begin]
        else:
            values[:, start - begin : end - begin + 1].sum(axis=1, out=out[:, w])
    return out


def _parameter_part(data: StreamData, fit: ModelFit) -> FloatArray:
    """Return ``x'Px`` of every window, x the sum of its regressors, (n, W)."""
    design, p = fit.covariance.design, fit.covariance.parameters
    k = design.shape[2]
    if k == 0:
        return np.zeros((design.shape[0], len(data.windows)))
    x = _summed(design, data)
    if k > 2:
        return np.asarray(((x @ p) * x).sum(axis=2))
    out = p[:, :1, 0] * x[:, :, 0] ** 2
    if k == 2:
        slope = x[:, :, 1]
        out += slope * (2.0 * p[:, :1, 1] * x[:, :, 0] + p[:, 1:, 1] * slope)
    return np.asarray(out)


def _made_at_once(
    data: StreamData, car: FloatArray, se: FloatArray, taus: IntArray
) -> tuple[Window, ...]:
    """Return the windows of events that have all days, without buy-and-hold returns."""
    n = len(car)
    scar = car / se
    enters, nothing = np.broadcast_to(True, n), np.broadcast_to(np.nan, n)
    out = []
    for w, (a, b) in enumerate(data.windows):
        days = np.where((taus >= a) & (taus <= b), 1.0, 0.0)
        selector, n_days = np.broadcast_to(days, (n, len(taus))), np.broadcast_to(b - a + 1.0, n)
        out.append(Window(a, b, enters, selector, car[:, w], se[:, w], scar[:, w], n_days, nothing))
    return tuple(out)


def leaf_windows(data: StreamData, block: EventBlock, fit: ModelFit) -> tuple[Window, ...]:
    """Return every tested window of a few events.

    Where all of them have all days, each over one session, the windows are made at once and
    without buy-and-hold returns.
    """
    plain = data.spans is None or bool((block.spans_evt == 1.0).all())
    if plain and fit.covariance.innovation.ndim == 2 and np.isfinite(fit.ar).all():
        inner = _summed(fit.covariance.innovation, data)
        se = np.sqrt(inner + _parameter_part(data, fit))
        return _made_at_once(data, _summed(fit.ar, data), se, block.taus)
    return tuple(
        tested_window(block, fit, a, b, policy=data.missing, log_returns=data.log_returns)
        for a, b in data.windows
    )


def _leaf(data: StreamData, low: int, found: _Fitted) -> Leaf:
    """Return the leaf of fitted events, with its windows."""
    block, fit = found.block, found.fit
    if found.per_sigma is None:
        windows = leaf_windows(data, block, fit)
    else:
        se = fit.sigma[:, None] * found.per_sigma
        windows = _made_at_once(data, _summed(fit.ar, data), se, block.taus)
    cluster = data.days[data.position[low : low + block.n]]
    return Leaf(block, fit, cluster, fit.theta.shape[1], data.days, windows)


def _first_groups(
    data: StreamData, leaf: Leaf, found: _Fitted, needs: frozenset[str]
) -> dict[str, Group]:
    out = {name: make(leaf) for name, make in FIRST_GROUPS.items() if name in needs}
    if "tracks" in needs:
        whole = found.per_sigma is not None
        out["tracks"] = (
            whole_tracks(data, leaf.block, leaf.fit, found.dates) if whole else first.tracks(leaf)
        )
    return out


def _pieces(low: int, high: int) -> list[tuple[int, int]]:
    return [(a, min(a + ROWS, high)) for a in range(low, high, ROWS)]


class NumpyBackend:
    """Reduces leaves by the functions of :mod:`eventstudy.reduce`."""

    name = "numpy"

    def first(self, data: StreamData, low: int, high: int, needs: frozenset[str]) -> FirstLeaf:
        """Fit the events ``low:high`` and reduce them to the groups of the first pass."""
        adder = Adder()
        columns: list[dict[str, Any]] = []
        failed: list[IntArray] = []
        for a, b in _pieces(low, high):
            found = _fitted(data, a, b, ROOM)
            columns.append(_columns(found.fit))
            bad = np.flatnonzero([bool(f) for f in found.fit.failure])
            if len(bad):
                failed.append(bad + (a - low))
            if failed or not needs:
                continue
            leaf = _leaf(data, a, found)
            adder.add(_first_groups(data, leaf, found, needs))
            if "columns" in needs:
                columns[-1]["car"] = np.column_stack([w.car for w in leaf.windows])
        groups: dict[str, Any] = {} if failed else adder.total()
        return FirstLeaf(
            **_stacked(columns),
            names=found.fit.names,
            failed=np.concatenate(failed) if failed else NO_ROWS,
            **groups,
        )

    def second(
        self, data: StreamData, low: int, high: int, scales: Scales, needs: frozenset[str]
    ) -> SecondLeaf:
        """Reduce the events ``low:high`` to the groups of the second pass."""
        adder = Adder()
        for a, b in _pieces(low, high):
            leaf = _leaf(data, a, _fitted(data, a, b, ROOM))
            adder.add(_second_groups(leaf, scales, needs))
        return SecondLeaf(**adder.total())


def _stacked(columns: list[dict[str, Any]]) -> dict[str, Any]:
    names = [n for n in columns[0] if all(n in part for part in columns)]
    return {n: np.concatenate([part[n] for part in columns]) for n in names}


def _columns(fit: ModelFit) -> dict[str, Any]:
    return {
        "theta": fit.theta,
        "sigma": fit.sigma,
        "df": fit.df,
        "r_squared": fit.r_squared,
        "n_obs": fit.n_obs,
    }


def _second_groups(leaf: Leaf, scales: Scales, needs: frozenset[str]) -> dict[str, Group]:
    found = second.ranked(leaf, scales, needs)
    out = {f.name: getattr(found, f.name) for f in fields(found)}
    if "random_effects" in needs:
        out["random_effects"] = first.random_effects(leaf, scales)
    return {name: group for name, group in out.items() if group is not None}


def no_fit(block: EventBlock, names: tuple[str, ...]) -> ModelFit:
    """Return the fit of no events under a model with these parameters."""
    t, length, k = block.returns_est.shape[1], len(block.taus), len(names)
    days, nothing = np.empty((0, length)), np.empty(0)
    return ModelFit(
        names=names,
        theta=np.empty((0, k)),
        residuals=np.empty((0, t)),
        leverage=np.empty((0, t)),
        sigma=nothing,
        df=nothing,
        n_obs=np.empty(0, dtype=np.int64),
        r_squared=nothing,
        expected=days,
        ar=days,
        covariance=ForecastCovariance(days, np.empty((0, length, k)), np.empty((0, k, k))),
        failure=(),
        volatility_state=nothing,
    )
