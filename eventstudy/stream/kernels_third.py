"""Compiled second pass: what the sorted keys of a slice add to the sums of the rank tests.

Events without missing days are counted in whole numbers, as they share the number of their days;
the others are weighted by their own.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from eventstudy.stream.kernels import entry, hot, inner
from eventstudy.stream.kernels_rank import push_ties, scatter, settle, sign_of_entry, tied_ranks
from eventstudy.stream.kernels_second import SecondRoom

__all__ = ["BLOCKS", "CORRADO", "GRANK", "ZIVNEY", "RankRoom", "Ranks", "consume"]

# Places in the array of what is needed.
CORRADO, ZIVNEY, GRANK, BLOCKS = range(4)


class Ranks(NamedTuple):
    """Sums that are added to; ``_whole`` of events without missing days, in whole numbers.

    ``corrado``, ``corrado_whole`` (T + L,), ``zivney``, ``zivney_whole`` (T + m,) of ranks, the
    whole ones doubled; ``sign`` (T + L,); ``day_count`` (T + 1,) usable days of the events with
    missing days, and their number last; ``base``, ``base_whole`` (T,). Entries, plain then cross:
    ``score``, ``score_whole`` (2 W,); ``pushed``, ``pushed_whole`` (2 W, T); ``sign_base`` (T,)
    signs about the median of the days alone, ``sign_moves`` (W, T) what the entries change;
    ``sign_entry`` (W,); ``variance`` (1,). Blocks, in the columns of ``SecondRoom.blocks``:
    ``block_base``, ``block_whole``, ``block_count`` (C,); ``block_score`` (W,); ``block_pushed``
    (W, C).
    """

    corrado: Any
    corrado_whole: Any
    zivney: Any
    zivney_whole: Any
    sign: Any
    day_count: Any
    base: Any
    base_whole: Any
    score: Any
    score_whole: Any
    pushed: Any
    pushed_whole: Any
    sign_base: Any
    sign_moves: Any
    sign_entry: Any
    variance: Any
    block_base: Any
    block_whole: Any
    block_count: Any
    block_score: Any
    block_pushed: Any


class RankRoom(NamedTuple):
    """Scratch: ``places`` (ROWS, T + m + 2 W or more) small unsigned integers, the places of the
    days and, behind them, how many days the entries exceed; ``counts`` (Tp,) of the same kind;
    ``order``, ``column``, ``twice``, ``upto`` (width,) int32; ``listed`` (ROWS,) int.
    """

    places: Any
    counts: Any
    order: Any
    column: Any
    twice: Any
    upto: Any
    listed: Any


@inner
def _add_ranks(twice: Any, width: int, n: int, days: int, gone: Any, exact: Any, weighted: Any,
               extra: float, centre: float) -> None:  # fmt: skip
    """Add the ranks of an event, halved, over ``n + extra``, minus ``centre``; NaN has none."""
    if n == width:
        for t in range(width):
            exact[t] += twice[t]
        return
    weight = 0.5 / (n + extra)
    for t in range(days):
        weighted[t] += twice[t] * weight - centre if gone[t] == gone[t] else 0.0
    for t in range(days, width):
        weighted[t] += twice[t] * weight - centre


@inner
def _add_signs(values: Any, median: float, sign: Any) -> None:
    for t in range(values.shape[0]):
        sign[t] += (1 if values[t] > median else 0) - (1 if values[t] < median else 0)


@hot
def _raw(space: SecondRoom, room: RankRoom, out: Ranks, row: int, days: int) -> None:
    """Rank the abnormal returns of an event, and take their signs about its median."""
    keys, values, width = space.raw_keys[row], space.raw[row], space.raw.shape[1]
    bits, mask = space.bits, (1 << space.bits) - 1
    n, twice = space.size[row] + width - days, room.twice
    if settle(keys, n, values, bits, width, width):
        tied_ranks(keys, n, values, mask, width, twice, room.upto)
    else:
        for p in range(n):
            twice[keys[p] & mask] = 2 * (p + 1)
    _add_ranks(twice, width, n, days, values, out.corrado_whole, out.corrado, 1.0, 0.5)
    low, high = values[keys[(n - 1) // 2] & mask], values[keys[n // 2] & mask]
    _add_signs(values, (low + high) / 2.0, out.sign)


@inner
def _add_base_signs(places: Any, n: int, sign: Any) -> None:
    """Add the signs of the days about their own median, as if none were equal."""
    lower, upper = n // 2, (n + 1) // 2 + 1
    for t in range(sign.shape[0]):
        rank = places[t]
        sign[t] += (1 if rank >= upper else 0) - (1 if 0 < rank <= lower else 0)


@hot
def _signs(
    values: Any, n: int, joint: int, places: Any, room: RankRoom, out: Ranks, tied: bool
) -> None:
    """Add the signs of the plain entries, and what they change in those of the days.

    Without ties an entry moves the median by one place at most: it takes the sign of the middle
    day that becomes the median, or gives one to the day that no longer is.
    """
    column, middle, moves = room.column, n // 2, out.sign_moves
    even, lower, upper = n % 2 == 0, column[n // 2], column[n // 2 + 1]
    # The middle day of an odd number may be rounded together with its neighbours.
    plain = not tied
    if not even and plain:
        day = values[upper]
        one = values[lower] if middle > 0 else -math.inf
        two = values[column[middle + 2]] if middle + 2 <= n else math.inf
        plain = one < (one + day) / 2.0 < day and day < (day + two) / 2.0 < two
        plain = plain or n == 1
    for w in range(moves.shape[0]):
        less, value = np.int64(places[joint + w]), values[joint + w]
        if value != value:
            continue
        close = False
        if not even and (less == middle or less == middle + 1):
            half = (value + values[upper]) / 2.0
            close = half == value or half == values[upper]
        if not plain or close:
            first = (room.twice[joint + w] - _equal(room, joint + w)) // 2 if tied else less
            out.sign_entry[w] += sign_of_entry(column, n, values, first, value, moves[w])
        elif even:
            moves[w, lower] += 1 if less < middle else 0
            moves[w, upper] -= 1 if less > middle else 0
            out.sign_entry[w] += (1 if less > middle else 0) - (1 if less < middle else 0)
        else:
            above = 1 if less > middle else -1
            moves[w, upper] -= above
            out.sign_entry[w] += above


@hot
def _equal(room: RankRoom, at: int) -> Any:
    """Days that equal an entry, from what :func:`tied_ranks` wrote."""
    return 2 * np.int64(room.upto[at]) - room.twice[at]


@inner
def _tied_entries(values: Any, n: int, days: int, joint: int, places: Any, room: RankRoom,
                  pushed: Any) -> None:  # fmt: skip
    """Let the places of the entries count the days that equal them, half of them pushed up."""
    for c in range(pushed.shape[0]):
        if values[joint + c] == values[joint + c]:
            places[joint + c] = room.upto[joint + c]
            if _equal(room, joint + c) > 0:
                push_ties(values, days, values[joint + c], 1.0 / (n + 2.0), pushed[c])


@hot
def _entries(
    space: SecondRoom, room: RankRoom, out: Ranks, row: int, days: int, tied: bool
) -> None:
    """Rank an event's days, and its entries among them; ``twice`` holds the ranks of ties."""
    values, n, joint = space.days[row], space.size[row], days + space.usable.shape[0]
    places, twice, entries = room.places[row], room.twice, out.score.shape[0]
    if not tied:
        for t in range(twice.shape[0]):
            twice[t] = 2 * np.int32(places[t])
    _add_ranks(twice, days, n, days, values, out.base_whole, out.base, 2.0, 0.0)
    _add_base_signs(places, n, out.sign_base)
    out.variance[0] += n / (12.0 * (n + 2.0))
    if n == days:
        for c in range(entries):
            out.score_whole[c] += twice[joint + c]
    else:
        weight = 1.0 / (n + 2.0)
        for c in range(entries):
            out.score[c] += (0.5 * twice[joint + c] + 1.0) * weight - 0.5
    _signs(values, n, joint, places, room, out, tied)
    if tied:
        _tied_entries(values, n, days, joint, places, room, out.pushed)
    for c in range(entries):
        if space.multiplier[c] != space.multiplier[c]:
            places[joint + c] = n


@hot
def _days(
    space: SecondRoom, room: RankRoom, out: Ranks, row: int, days: int, zivney: bool, grank: bool
) -> None:
    """Rank the studentised days of an event."""
    keys, values, keyed = space.day_keys[row], space.days[row], space.keyed[row, 0]
    n, joint, mask = space.size[row], days + space.usable.shape[0], (1 << space.bits) - 1
    places, order, twice = room.places[row], room.order, room.twice
    tied = settle(keys, keyed, values, space.bits, days, joint)
    scatter(keys, keyed, mask, days, joint, places, order, room.column)
    if zivney:
        if tied:
            tied_ranks(keys, keyed, values, mask, joint, twice, room.upto)
        else:
            for t in range(joint):
                twice[t] = 2 * order[t]
        size = n + joint - days
        _add_ranks(twice, joint, size, days, values, out.zivney_whole, out.zivney, 1.0, 0.5)
    if grank:
        if tied:
            tied_ranks(keys, keyed, values, mask, days, twice, room.upto)
        _entries(space, room, out, row, days, tied)


@inner
def _push_whole(room: RankRoom, total: Any, at: int, number: int) -> None:
    """Count, by day, the listed events whose day stands above the entry in column ``at``."""
    counts, places, listed = room.counts, room.places, room.listed
    days = counts.shape[0]
    for t in range(days):
        counts[t] = 0
    for k in range(0, number - 3, 4):
        i, j, p, q = listed[k], listed[k + 1], listed[k + 2], listed[k + 3]
        one, two, three, four = places[i], places[j], places[p], places[q]
        a, b, c, d = one[at], two[at], three[at], four[at]
        for t in range(days):
            counts[t] += (
                (1 if one[t] > a else 0) + (1 if two[t] > b else 0)
                + (1 if three[t] > c else 0) + (1 if four[t] > d else 0)
            )  # fmt: skip
    for k in range(number // 4 * 4, number):
        one = places[listed[k]]
        a = one[at]
        for t in range(days):
            counts[t] += 1 if one[t] > a else 0
    for t in range(total.shape[0]):
        total[t] += counts[t]


@inner
def _push(space: SecondRoom, room: RankRoom, out: Ranks, rows: int, days: int) -> None:
    """Add what the entries of a slice add to the scores of the days."""
    listed, number, joint = room.listed, 0, days + space.usable.shape[0]
    for row in range(rows):
        if space.size[row] == days:
            listed[number] = row
            number += 1
    for c in range(out.score.shape[0]):
        if number > 0:
            _push_whole(room, out.pushed_whole[c], joint + c, number)
        total = out.pushed[c]
        for row in range(rows if number < rows else 0):
            n, places = space.size[row], room.places[row]
            if n < days:
                edge, weight = places[joint + c], 1.0 / (n + 2.0)
                for t in range(days):
                    total[t] += weight if places[t] > edge else 0.0


@hot
def _blocks(space: SecondRoom, room: RankRoom, out: Ranks, row: int, u: int) -> None:
    """Rank an event's cross entries among its blocks of one length."""
    low, high, own = space.first[u], space.first[u + 1], space.own[u]
    keys, values = space.block_keys[row, low:high], space.blocks[row, low:high]
    keyed, mask, twice, upto = space.keyed[row, 1 + u], (1 << space.bits) - 1, room.twice, room.upto
    if settle(keys, keyed, values, space.bits, own, own):
        tied_ranks(keys, keyed, values, mask, own, twice, upto)
        scatter(keys, keyed, mask, own, own, room.order, room.order, room.column)
    else:
        scatter(keys, keyed, mask, own, own, upto, room.order, room.column)
        for t in range(high - low):
            twice[t] = 2 * upto[t]
    n = 0
    for b in range(own):
        n += 1 if values[b] == values[b] else 0
        out.block_count[low + b] += 1.0 if values[b] == values[b] else 0.0
    _add_ranks(
        twice, own, n, own, values, out.block_whole[low:high], out.block_base[low:high], 2.0, 0.0
    )
    weight, order = 1.0 / (n + 2.0), room.order
    for c in range(own, high - low):
        if values[c] == values[c]:
            w, edge = space.window[low + c], upto[c]
            out.block_score[w] += (0.5 * twice[c] + 1.0) * weight - 0.5
            pushed = out.block_pushed[w, low:high]
            for b in range(own):
                pushed[b] += weight if order[b] > edge else 0.0
            if _equal(room, c) > 0:
                push_ties(values, own, values[c], weight, pushed)


@entry
def consume(space: SecondRoom, room: RankRoom, out: Ranks, rows: int, needs: Any) -> None:
    """Add a slice, whose keys are sorted, to the sums."""
    days = out.base.shape[0]
    for row in range(rows):
        if space.size[row] < days:
            out.day_count[days] += 1.0
            for t in range(days):
                out.day_count[t] += 1.0 if space.days[row, t] == space.days[row, t] else 0.0
        if needs[CORRADO] > 0:
            _raw(space, room, out, row, days)
        if needs[ZIVNEY] + needs[GRANK] > 0:
            _days(space, room, out, row, days, needs[ZIVNEY] > 0, needs[GRANK] > 0)
        if needs[BLOCKS] > 0:
            for u in range(space.length.shape[0]):
                _blocks(space, room, out, row, u)
    if needs[GRANK] > 0:
        _push(space, room, out, rows, days)
