"""Compiled first pass: a leaf of events whose event windows are complete, reduced to sums.

Events go through in slices. What belongs to a day of the event window or to a tested window is
kept transposed, events along the row, so that all later sums run over contiguous rows.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from eventstudy.stream.kernels import (
    CONSTANT_MEAN,
    LANES,
    MARKET_ADJUSTED,
    MARKET_MODEL,
    Room,
    Study,
    dot,
    entry,
    event_returns,
    fit,
    inner,
    total,
)
from eventstudy.stream.kernels_signs import ROUNDING, positive_share, run_share, running

__all__ = [
    "DATES", "DAY_MEANS", "PRECISION", "SAR_SPREAD", "SIGNS", "SLICE", "SUMS", "TRACKS",
    "FirstOut", "FirstRoom", "first_pass",
]  # fmt: skip

# Events of a slice: its rows stay in the second-level cache.
SLICE = 512
# Places in the array of what is needed.
SUMS, SIGNS, PRECISION, DATES, DAY_MEANS, SAR_SPREAD, TRACKS = range(7)


class FirstOut(NamedTuple):
    """What is written, for ``n`` events and ``G`` dates (runs of one position).

    ``fits`` (n, 4) alpha (or mean return), slope, sigma and R squared; ``n_obs`` (n,); ``car``
    (W, n); ``run`` (n,) number of the event's date, read only. ``date_car``, ``date_scar`` (W, G);
    ``track_sums``, ``track_squares``, ``track_count`` (G, T); ``residual``, ``residual_count``
    (T,); ``returns``, ``count``, ``factors`` (T + L,); ``day_total`` (2, L) sums of AR and SAR;
    ``moments`` (3 W + L, 6) of CAR, SCAR, scaled CAR and SAR: centre, three sums of powers about
    it, range; ``weights`` (W, 4) sums of w, wx, wx^2 and w^2 with x about the centre of the CARs;
    ``scale`` (3,) sums of sigma^2 and df/(df - 2), smallest df; ``signs`` (W, 4) CARs above zero,
    not zero, compared with a window share, of these above zero; ``shares`` (W, 2) sums of daily
    and of window shares.
    """

    fits: Any
    n_obs: Any
    car: Any
    run: Any
    date_car: Any
    date_scar: Any
    track_sums: Any
    track_squares: Any
    track_count: Any
    residual: Any
    residual_count: Any
    returns: Any
    count: Any
    factors: Any
    day_total: Any
    moments: Any
    weights: Any
    scale: Any
    signs: Any
    shares: Any


class FirstRoom(NamedTuple):
    """Scratch of a slice: rows over its events, zero beyond the last.

    ``ar``, ``sar`` (L, SLICE); ``car``, ``per_se`` (W, SLICE) with 1/se; ``per_sigma``, ``one``,
    ``two`` (SLICE,); ``share`` (U, SLICE) by distinct length; ``lengths`` (U,), the first 1;
    ``length_of`` (W,); ``sums``, ``held`` (T + 1,) of the days before each; ``powers`` (3, LANES).
    """

    ar: Any
    sar: Any
    car: Any
    per_se: Any
    per_sigma: Any
    one: Any
    two: Any
    share: Any
    lengths: Any
    length_of: Any
    sums: Any
    held: Any
    powers: Any


@inner
def _run_shares(room: Room, space: FirstRoom, days: int, df: int, column: int) -> None:
    """Write the positive shares of the sums over runs of each length."""
    e, sums, held = room.e[:days], space.sums, space.held
    if space.lengths.shape[0] < 2:
        return
    running(e, sums)
    counts = held[:0]
    if room.state[2] == 1:
        running(room.on[1], held)
        counts = held
    largest = room.fit[2] * math.sqrt(df) + abs(room.fit[4])
    edge = ROUNDING * days * days * largest
    for u in range(1, space.lengths.shape[0]):
        space.share[u, column] = run_share(e, sums, counts, space.lengths[u], edge)


@inner
def _add_days(study: Study, room: Room, out: FirstOut, event: int) -> None:
    """Add an event to the sums by relative day, but for what its date shares."""
    e, y, days = room.e, room.y, study.days
    for t in range(days):
        out.residual[t] += e[t]
    for t in range(days):
        out.returns[t] += y[t]
    first = study.position[event] + study.event
    part = study.returns[study.asset[event]][first : first + study.length]
    tail = out.returns[days:]
    for t in range(study.length):
        tail[t] += part[t]
    if room.state[2] == 1:
        on = room.on[1]
        for t in range(days):
            out.residual_count[t] += on[t]
            out.count[t] += on[t]
        if study.kind != CONSTANT_MEAN:
            for t in range(days):
                if on[t] > 0.0:
                    out.factors[t] += study.market[first - study.event + study.estimation + t]


@inner
def _add_track(study: Study, room: Room, out: FirstOut, run: int, df: int) -> None:
    z = room.d if study.kind == MARKET_ADJUSTED else room.e
    per_norm = 1.0 / (room.fit[2] * math.sqrt(df))
    sums, squares = out.track_sums[run], out.track_squares[run]
    for t in range(study.days):
        unit = z[t] * per_norm
        sums[t] += unit
        squares[t] += unit * unit
    if room.state[2] == 1:
        on, count = room.on[1], out.track_count[run]
        for t in range(study.days):
            count[t] += on[t]


@inner
def _add_date(study: Study, out: FirstOut, day0: int, run: int, whole: int, events: int) -> None:
    """Add what all events of a date share: the market, and counts of those without gaps."""
    first, days = day0 + study.estimation, study.days
    if whole > 0:
        for t in range(days):
            out.track_count[run, t] += whole
            out.residual_count[t] += whole
            out.count[t] += whole
        if study.kind != CONSTANT_MEAN:
            for t in range(days):
                out.factors[t] += whole * study.market[first + t]
    for t in range(study.length):
        out.count[days + t] += events
        if study.kind != CONSTANT_MEAN:
            out.factors[days + t] += events * study.market[day0 + study.event + t]


@inner
def _add_event(
    study: Study, room: Room, space: FirstRoom, out: FirstOut, low: int, i: int, j: int,
    needs: Any,
) -> None:  # fmt: skip
    """Fit event ``low + i``, column ``j`` of the slice."""
    fit(study, room, low + i)
    n = room.state[3]
    df = n - 2 if study.kind > MARKET_ADJUSTED else n - 1
    for c in range(4):
        out.fits[i, c] = room.fit[c]
    if study.kind == MARKET_MODEL:
        out.fits[i, 0] = room.fit[0] - room.fit[1] * room.market[room.state[2], 0]
    out.n_obs[i] = n
    sigma = room.fit[2]
    per_sigma = 1.0 / sigma
    space.per_sigma[j] = per_sigma
    out.scale[0] += sigma * sigma
    out.scale[1] += df / (df - 2.0)
    out.scale[2] = min(out.scale[2], df)
    slot = room.state[2]
    event_returns(study, room, low + i)
    for t in range(study.length):
        space.ar[t, j] = room.ar[t]
        space.sar[t, j] = room.ar[t] * (per_sigma / room.day_se[slot, t])
    for w in range(study.low.shape[0]):
        space.per_se[w, j] = per_sigma / room.window_se[slot, w]
    if needs[TRACKS]:
        _add_track(study, room, out, out.run[i], df)
    if needs[DAY_MEANS]:
        _add_days(study, room, out, low + i)
    if needs[SIGNS]:
        space.share[0, j] = positive_share(room.e[: study.days])
        _run_shares(room, space, study.days, df, j)


@inner
def _powers(x: Any, n: int, centre: float, powers: Any, row: Any) -> None:
    """Add the sums of three powers about ``centre`` and the range of a row to ``row``."""
    one, two, three = powers[0], powers[1], powers[2]
    for j in range(LANES):
        one[j] = two[j] = three[j] = 0.0
    for block in range((n + LANES - 1) // LANES):
        part = x[block * LANES : min((block + 1) * LANES, n)]
        for j in range(part.shape[0]):
            gap = part[j] - centre
            one[j] += gap
            two[j] += gap * gap
            three[j] += gap * gap * gap
    row[1] += total(one)
    row[2] += total(two)
    row[3] += total(three)
    low, high = powers[0], powers[1]
    for j in range(LANES):
        low[j], high[j] = math.inf, -math.inf
    for block in range((n + LANES - 1) // LANES):
        part = x[block * LANES : min((block + 1) * LANES, n)]
        for j in range(part.shape[0]):
            low[j] = part[j] if part[j] < low[j] else low[j]
            high[j] = part[j] if part[j] > high[j] else high[j]
    for j in range(LANES):
        row[4] = min(row[4], low[j])
        row[5] = max(row[5], high[j])


@inner
def _moments(x: Any, n: int, at_first: bool, space: FirstRoom, row: Any) -> None:
    """Add a slice to the moments; they are taken about the mean of the first slice."""
    if at_first:
        mean = total(x) / n
        row[0] = mean
    _powers(x, n, row[0], space.powers, row)


@inner
def _weighted(car: Any, per_se: Any, n: int, centre: float, space: FirstRoom,
              row: Any) -> None:  # fmt: skip
    one, two = space.one, space.two
    for j in range(SLICE):
        one[j] = per_se[j] * per_se[j]
        two[j] = 0.0
    row[0] += total(one)
    row[3] += dot(one, one)
    for j in range(n):
        two[j] = car[j] - centre
    row[1] += dot(one, two)
    for j in range(n):
        one[j] = one[j] * two[j]
    row[2] += dot(one, two)


@inner
def _signs(
    car: Any, daily: Any, window: Any, n: int, space: FirstRoom, counts: Any, shares: Any
) -> None:
    """Count the signs of a window's CARs, and add up the shares that they are compared with."""
    above, signed, used, wins = 0, 0, 0, 0
    one, two = space.one, space.two
    for j in range(n):
        above += 1 if car[j] > 0.0 else 0
        signed += 1 if car[j] != 0.0 else 0
    for j in range(n):
        there = car[j] != 0.0 and window[j] == window[j]
        used += 1 if there else 0
        wins += 1 if there and car[j] > 0.0 else 0
        one[j] = daily[j] if car[j] != 0.0 else 0.0
        two[j] = window[j] if there else 0.0
    for j in range(n, SLICE):
        one[j] = two[j] = 0.0
    counts[0] += above
    counts[1] += signed
    counts[2] += used
    counts[3] += wins
    shares[0] += total(one)
    shares[1] += total(two)


@inner
def _add_dates(values: Any, run: Any, n: int, row: Any) -> None:
    for j in range(n):
        row[run[j]] += values[j]


@inner
def _window(
    study: Study, space: FirstRoom, out: FirstOut, w: int, at: int, n: int, needs: Any
) -> None:
    """Add a slice of ``n`` events from leaf row ``at`` on to the sums of window ``w``."""
    car, per_se, values = space.car[w], space.per_se[w], space.two
    windows = study.low.shape[0]
    for t in range(study.low[w], study.high[w]):
        ar = space.ar[t]
        for j in range(n):
            car[j] = ar[j] if t == study.low[w] else car[j] + ar[j]
    kept = out.car[w][at : at + n]
    for j in range(n):
        kept[j] = car[j]
    if needs[DATES]:
        _add_dates(car, out.run[at:], n, out.date_car[w])
    if needs[SUMS] or needs[PRECISION]:
        _moments(car, n, at == 0, space, out.moments[w])
    if needs[PRECISION]:
        _weighted(car, per_se, n, out.moments[w, 0], space, out.weights[w])
    if needs[SIGNS]:
        window = space.share[space.length_of[w]]
        _signs(car, space.share[0], window, n, space, out.signs[w], out.shares[w])
    for j in range(SLICE):
        values[j] = car[j] * per_se[j]
    if needs[DATES]:
        _add_dates(values, out.run[at:], n, out.date_scar[w])
    if needs[SUMS]:
        _moments(values, n, at == 0, space, out.moments[windows + w])
        root = 1.0 / math.sqrt(study.high[w] - study.low[w])
        for j in range(SLICE):
            values[j] = car[j] * (space.per_sigma[j] * root)
        _moments(values, n, at == 0, space, out.moments[2 * windows + w])


@inner
def _clear(space: FirstRoom, n: int) -> None:
    """Set the rows of a slice to zero beyond its last event."""
    for j in range(n, SLICE):
        space.per_sigma[j] = 0.0
        for t in range(space.ar.shape[0]):
            space.ar[t, j] = space.sar[t, j] = 0.0
        for w in range(space.car.shape[0]):
            space.car[w, j] = space.per_se[w, j] = 0.0


@entry
def first_pass(
    study: Study, room: Room, space: FirstRoom, out: FirstOut, low: int, needs: Any
) -> None:
    """Reduce the events from ``low`` on, as many as ``out.run`` has."""
    events, windows = out.run.shape[0], study.low.shape[0]
    last, whole, since = -1, 0, 0
    for at in range(0, events, SLICE):
        n = min(SLICE, events - at)
        for j in range(n):
            i = at + j
            if out.run[i] != last:
                if last >= 0 and needs[DAY_MEANS] + needs[TRACKS] > 0:
                    _add_date(study, out, study.position[low + i - 1], last, whole, i - since)
                last, whole, since = out.run[i], 0, i
            _add_event(study, room, space, out, low, i, j, needs)
            whole += 1 if room.state[2] == 0 else 0
        _clear(space, n)
        for w in range(windows):
            _window(study, space, out, w, at, n, needs)
        for t in range(study.length):
            out.day_total[0, t] += total(space.ar[t])
            out.day_total[1, t] += total(space.sar[t])
            if needs[SAR_SPREAD]:
                _moments(space.sar[t], n, at == 0, space, out.moments[3 * windows + t])
    if needs[DAY_MEANS] + needs[TRACKS] > 0:
        _add_date(study, out, study.position[low + events - 1], last, whole, events - since)
