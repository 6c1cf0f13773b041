"""Tests across events in loops that look along time: daily averages, portfolios, calendar time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from .loops import Event, Matrix, Maybe, Stretch, _number, fit, mean, sample_sd, solve
from .loops_means import _unit_residuals, t_row
from .loops_windows import Cell, Row, cell


def time_series(cells: Sequence[Cell], alternative: str) -> Row:
    """Sum of CAR over the root of the summed L_i s_i^2."""
    n = len(cells)
    se = math.sqrt(math.fsum(c.spanned * c.fit.s**2 for c in cells)) / n
    return t_row(mean([c.car for c in cells]), se, None, cells, alternative)


def average_by_day(series: Sequence[Sequence[Maybe]]) -> list[Maybe]:
    """Mean of what is there, column by column; None where nothing is."""
    out: list[Maybe] = []
    for t in range(len(series[0])):
        there = [s[t] for s in series if s[t] is not None]
        out.append(mean([_number(v) for v in there]) if there else None)
    return out


def crude_dependence(cells: Sequence[Cell], alternative: str, *, model_df: bool) -> Row:
    """Sum of the daily averages over sd of the estimation averages times root of the days."""
    est = [_number(v) for v in average_by_day([c.fit.est_ar for c in cells]) if v is not None]
    evt = average_by_day([c.fit.ar for c in cells])
    inside = [
        _number(evt[i])
        for i, tau in enumerate(cells[0].fit.event.evt.taus)
        if cells[0].start <= tau <= cells[0].end and evt[i] is not None
    ]
    m = mean(est)
    lost = max(cells[0].fit.k, 1) if model_df else 1
    df = len(est) - lost
    sd = math.sqrt(math.fsum((v - m) ** 2 for v in est) / df)
    total = math.fsum(inside)
    return t_row(total, sd * math.sqrt(len(inside)), df, cells, alternative)


def _average_stretch(stretches: Sequence[Stretch], needs_factors: bool) -> Stretch:
    """Returns, regressors and spans averaged by relative day over the events that have the day."""
    first = stretches[0]
    out = Stretch(first.taus, first.days, [], [], [])
    for t in range(len(first.taus)):
        there = [
            s for s in stretches if (s.usable(t) if needs_factors else s.returns[t] is not None)
        ]
        if not there:
            out.returns.append(None)
            out.spans.append(None)
            out.factors.append([None] * len(first.factors[t]))
            continue
        out.returns.append(mean([_number(s.returns[t]) for s in there]))
        out.spans.append(mean([_number(s.spans[t]) for s in there]))
        out.factors.append(
            [mean([_number(s.factors[t][j]) for s in there]) for j in range(len(first.factors[t]))]
            if needs_factors
            else [None] * len(first.factors[t])
        )
    return out


def portfolio(cells: Sequence[Cell], model: str, alternative: str) -> Row:
    """Fit the averaged returns on the averaged regressors; exact t of the portfolio's CAR."""
    events = [c.fit.event for c in cells]
    needs = model != "constant_mean"
    merged = Event(
        "portfolio",
        events[0].day0,
        _average_stretch([e.est for e in events], needs),
        _average_stretch([e.evt for e in events], needs),
    )
    one = cell(fit(merged, model), cells[0].start, cells[0].end, "skip")
    assert one is not None
    return t_row(one.car, one.se, one.fit.df, cells, alternative)


def _common_sessions(events: Sequence[Event], needs_factors: bool) -> list[Event]:
    """The events with only those estimation sessions that all have, over the same spans."""
    keep = [
        all(
            (e.est.usable(t) if needs_factors else e.est.returns[t] is not None)
            and e.est.spans[t] == events[0].est.spans[t]
            for e in events
        )
        for t in range(len(events[0].est.returns))
    ]
    return [
        replace(
            e,
            est=replace(
                e.est,
                returns=[r if on else None for r, on in zip(e.est.returns, keep, strict=True)],
                spans=[q if on else None for q, on in zip(e.est.spans, keep, strict=True)],
            ),
        )
        for e in events
    ]


def _no_common_design(cells: Sequence[Cell], events: Sequence[Event]) -> str:
    """Why the events do not stand in one multivariate regression; empty where they do."""
    first, head = cells[0], events[0].est
    if len({e.day0 for e in events}) > 1:
        return "several dates"
    if any(e.est.days != head.days for e in events):
        return "several calendars"
    common = [t for t, r in enumerate(head.returns) if r is not None]
    if any(e.est.factors[t] != head.factors[t] for e in events for t in common):
        return "estimation regressors differ"
    window = [(first.fit.evt_rows[t], first.fit.event.evt.spans[t]) for t in first.days]
    for c in cells:
        if c.days != first.days:
            return "days of the window differ"
        if [(c.fit.evt_rows[t], c.fit.event.evt.spans[t]) for t in c.days] != window:
            return "regressors of the window differ"
    return "" if len(cells) < len(common) / 3.0 else "N is not below T/3"


def gls(cells: Sequence[Cell], model: str, alternative: str) -> Row:
    """Generalised least squares mean of effects on one date, t(nu - N + 1)."""
    n = len(cells)
    events = _common_sessions([c.fit.event for c in cells], model != "constant_mean")
    if why := _no_common_design(cells, events):
        return Row(note=why)
    fits = [fit(e, model) for e in events]
    first = fits[0]
    nu = first.df
    e = [[v for v in f.est_centred if v is not None] for f in fits]
    sigma: Matrix = [
        [math.fsum(a * b for a, b in zip(e[i], e[j], strict=True)) / nu for j in range(n)]
        for i in range(n)
    ]
    days = cells[0].days
    c0 = math.fsum(first.covariance(t, u) for t in days for u in days) / first.s**2
    gamma = [math.fsum(_number(f.ar[t]) for t in days) for f in fits]
    weights = solve(sigma, [1.0] * n)
    centre = math.fsum(w * g for w, g in zip(weights, gamma, strict=True)) / math.fsum(weights)
    d = [g - centre for g in gamma]
    q = math.fsum(a * b for a, b in zip(d, solve(sigma, d), strict=True)) / c0
    df = nu - n + 1
    se = math.sqrt(c0 / math.fsum(weights) * (1.0 + q / nu) * nu / df)
    return t_row(centre, se, df, cells, alternative)


def calendar_time(cells: Sequence[Cell], alternative: str) -> Row:
    """Each session's portfolio over its own forecast sd, then a t over the sessions.

    The forecast sd takes the correlation of the members' estimation residuals, paired by calendar
    day: with unit-norm residuals z_i the variance is |sum_i sd_i z_i|^2 / m^2.
    """
    if cells[0].end - cells[0].start + 1 < 5:
        return Row(note="windows of at least 5 sessions")
    z = [_unit_residuals(c.fit) for c in cells]
    sessions: dict[int, list[tuple[int, int]]] = {}
    for i, c in enumerate(cells):
        for t in c.days:
            sessions.setdefault(c.fit.event.evt.days[t], []).append((i, t))
    standardised = []
    for day in sorted(sessions):
        held = sessions[day]
        joint: dict[int, float] = {}
        for i, t in held:
            sd = math.sqrt(cells[i].fit.covariance(t, t))
            for d, v in z[i].items():
                joint[d] = joint.get(d, 0.0) + sd * v
        total = math.fsum(_number(cells[i].fit.ar[t]) for i, t in held)
        standardised.append(total / math.sqrt(math.fsum(v * v for v in joint.values())))
    p = len(standardised)
    if p < 2:
        return Row(note="one session")
    se = sample_sd(standardised) / math.sqrt(p)
    return t_row(mean(standardised), se, p - 1, cells, alternative)
