"""Compiled second pass, second half: ranks from sorted keys, exact also among ties.

Sorted keys of an event give each value its place. Ranks are kept doubled, so that mid-ranks of ties
are whole numbers too, and their sums over events without missing days are exact. What is ranked
against others without being one of them (the entries) stands behind column ``own``.
"""

from __future__ import annotations

from typing import Any

from eventstudy.stream.kernels import inner

__all__ = ["push_ties", "scatter", "settle", "sign_of_entry", "tied_ranks"]


@inner
def _near(keys: Any, n: int, bits: int, days: int, own: int) -> bool:
    """Whether two values share a step whose order matters."""
    pairs, mask = 0, (1 << bits) - 1
    for p in range(1, n):
        one, two = keys[p - 1] & mask, keys[p] & mask
        matters = (min(one, two) < days) | (max(one, two) < own)
        pairs += 1 if matters & ((keys[p] ^ keys[p - 1]) >> bits == 0) else 0
    for p in range(2, n):
        pairs += 1 if (keys[p] ^ keys[p - 2]) >> bits == 0 else 0
    if pairs == 0:
        return False
    near, day, joint, entry = False, 1 << 40, 1 << 40, 1 << 40
    for p in range(n):
        at, step = keys[p] & mask, keys[p] >> bits
        if at < own:
            near = near or step == joint
            joint = step
        if at < days:
            near = near or step == entry
            day = step
        elif at >= own:
            near = near or step == day
            entry = step
    return near


@inner
def settle(keys: Any, n: int, values: Any, bits: int, days: int, own: int) -> bool:
    """Put keys that share a step in the order of their values, where that order matters.

    The order of the first ``days`` columns among all matters, and that of the first ``own`` among
    each other; an event day and an entry may well be the same number. Returns whether values are
    equal whose order matters.
    """
    if not _near(keys, n, bits, days, own):
        return False
    mask, tied = (1 << bits) - 1, False
    for p in range(1, n):
        j, key = p, keys[p]
        value = values[key & mask]
        while j > 0 and keys[j - 1] >> bits == key >> bits:
            if values[keys[j - 1] & mask] <= value:
                break
            keys[j] = keys[j - 1]
            j -= 1
        keys[j] = key
    held, joint, size = 0, 0, 0
    for p in range(n):
        at = keys[p] & mask
        if p == 0 or values[at] != values[keys[p - 1] & mask]:
            held, joint, size = 0, 0, 0
        held += 1 if at < days else 0
        joint += 1 if at < own else 0
        size += 1
        tied = tied or (held > 0 and size > 1) or joint > 1
    return tied


@inner
def scatter(keys: Any, n: int, mask: int, days: int, own: int, places: Any, order: Any,
            column: Any) -> None:  # fmt: skip
    """Write for each column its place among the first ``days``, and among the first ``own``.

    Places run from 1; columns that are not among them get the number below them; missing ones 0.
    ``column`` gets the column of each place among the days.
    """
    if n < keys.shape[0]:
        for t in range(keys.shape[0]):
            places[t] = 0
            order[t] = 0
    below, joint = 0, 0
    for p in range(n):
        at = keys[p] & mask
        day = 1 if at < days else 0
        below += day
        joint += 1 if at < own else 0
        places[at] = below
        order[at] = joint
        column[below * day] = at


@inner
def tied_ranks(keys: Any, n: int, values: Any, mask: int, own: int, twice: Any, upto: Any) -> None:
    """Write doubled mid-ranks among the first ``own`` columns.

    For columns behind them ``twice`` gets the doubled number below plus the number equal, ``upto``
    the number not above.
    """
    for t in range(values.shape[0]):
        twice[t] = 0
    p, less = 0, 0
    while p < n:
        value, end, equal = values[keys[p] & mask], p, 0
        while end < n and values[keys[end] & mask] == value:
            equal += 1 if keys[end] & mask < own else 0
            end += 1
        for q in range(p, end):
            at = keys[q] & mask
            twice[at] = 2 * less + equal + (1 if at < own else 0)
            upto[at] = less + equal
        less += equal
        p = end


@inner
def push_ties(values: Any, days: int, entry: float, weight: float, pushed: Any) -> None:
    """Add half a weight to the days that equal the entry."""
    for t in range(days):
        if values[t] == entry:
            pushed[t] += 0.5 * weight


@inner
def sign_of_entry(column: Any, n: int, values: Any, less: Any, value: float, moves: Any) -> int:
    """Add what an entry changes in the signs about the median; return the entry's own sign.

    ``column`` (n + 1,) holds the columns of the days in ascending order, from place 1; ``less``
    of them lie before the entry. The signs that change are those about the median of the days
    alone, as if no two were equal.
    """
    size, median = n + 1, 0.0
    for at in ((size - 1) // 2, size // 2):
        if at == less:
            median += value
        else:
            median += values[column[at + 1 if at < less else at]]
    median /= 2.0
    for p in range(n):
        day = values[column[p + 1]]
        sign = (1 if day > median else 0) - (1 if day < median else 0)
        own = (1 if 2 * p >= n else 0) - (1 if 2 * p + 1 < n else 0)
        moves[column[p + 1]] += sign - own
    return (1 if value > median else 0) - (1 if value < median else 0)
