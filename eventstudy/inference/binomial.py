"""Exact binomial p-values, also of a million trials in microseconds."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy import special

from eventstudy.names import Alternative

__all__ = ["binomial_p"]

# Probabilities this close are those of equally likely outcomes: the tolerance of scipy's binomtest.
_EQUAL = math.log1p(1e-7)


def _stirling_error(n: float) -> float:
    """Return ``log n! - log(sqrt(2 pi n) (n/e)^n)``."""
    if n < 16.0:
        half = 0.5 * math.log(2.0 * math.pi * n)
        return math.lgamma(n + 1.0) - n * math.log(n) + n - half
    square = n * n
    inner = 1 / 1260 - (1 / 1680 - (1 / 1188) / square) / square
    return (1 / 12 - (1 / 360 - inner / square) / square) / n


def _deviance(x: float, mean: float) -> float:
    """Return ``x log(x/mean) + mean - x`` without cancellation."""
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    v = (x - mean) / (x + mean)
    total, term, power = (x - mean) * v, 2.0 * x * v, 1
    while True:
        term *= v * v
        power += 2
        more = total + term / power
        if more == total:
            return total
        total = more


def _log_probability(x: int, n: int, share: float) -> float:
    if x == 0:
        return n * math.log1p(-share)
    if x == n:
        return n * math.log(share)
    rest = float(n - x)
    errors = _stirling_error(float(n)) - _stirling_error(float(x)) - _stirling_error(rest)
    deviance = _deviance(float(x), n * share) + _deviance(rest, n * (1.0 - share))
    return errors - deviance + 0.5 * math.log(n / (2.0 * math.pi * x * rest))


def _at_most(x: int, n: int, share: float) -> float:
    """P(X <= x)."""
    if x < 0:
        return 0.0
    return 1.0 if x >= n else float(special.betaincc(x + 1, n - x, share))


def _more_than(x: int, n: int, share: float) -> float:
    """P(X > x)."""
    if x < 0:
        return 1.0
    return 0.0 if x >= n else float(special.betainc(x + 1, n - x, share))


def _boundary(wins: int, n: int, share: float) -> int:
    """Return the outcome beyond the mean that is the first no likelier than ``wins``.

    ``n + 1`` or ``-1`` where there is none. The probabilities fall on the way out.
    """
    way = 1 if wins < n * share else -1
    near = math.ceil(n * share) if way > 0 else math.floor(n * share)
    last = n if way > 0 else 0
    bound = _log_probability(wins, n, share) + _EQUAL

    def rare(steps: int) -> bool:
        return _log_probability(near + way * steps, n, share) <= bound

    reach = abs(last - near)
    if not rare(reach):
        return last + way
    # Steps from ``near``: common below ``low``, rare at ``high``; the mirror image is close.
    low, high, stride = 0, reach, 1
    guess = min(max(abs(round(2.0 * n * share) - wins - near), 0), reach)
    if rare(guess):
        high = guess
        while high - stride >= low and rare(high - stride):
            high -= stride
            stride *= 2
        low = max(low, high - stride + 1)
    else:
        low = guess + 1
        while low + stride < high and not rare(low + stride):
            low += stride + 1
            stride *= 2
        high = min(high, low + stride)
    while low < high:
        middle = (low + high) // 2
        if rare(middle):
            high = middle
        else:
            low = middle + 1
    return near + way * high


@lru_cache(maxsize=4096)
def binomial_p(wins: int, n: int, share: float, alternative: Alternative = "two-sided") -> float:
    """Return the exact p-value of ``wins`` among ``n`` trials.

    Parameters
    ----------
    wins, n : int
    share : float
        Probability of a win under the null, above 0 and below 1.
    alternative : {"two-sided", "less", "greater"}
        Two-sided adds the probabilities of all outcomes no likelier than ``wins``, the convention
        of ``scipy.stats.binomtest``.

    Notes
    -----
    Probabilities by the saddle-point form of Loader (2000, "Fast and accurate computation of
    binomial probabilities", from memory of the literature), tails by the incomplete beta function.

    Examples
    --------
    >>> round(binomial_p(8, 10, 0.5), 6), round(binomial_p(8, 10, 0.5, "greater"), 6)
    (0.109375, 0.054688)
    """
    if alternative == "less":
        return _at_most(wins, n, share)
    if alternative == "greater":
        return _more_than(wins - 1, n, share)
    if wins == share * n:
        return 1.0
    other = _boundary(wins, n, share)
    if wins < share * n:
        return min(1.0, _at_most(wins, n, share) + _more_than(other - 1, n, share))
    return min(1.0, _at_most(other, n, share) + _more_than(wins - 1, n, share))
