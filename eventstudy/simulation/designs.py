"""Samples drawn under a known truth: parametric designs, and resampling of real returns.

A design draws the sample of one replication from a seed and the replication's number alone, so
results do not depend on how replications are spread over blocks or workers.

References
----------
Brown and Warner (1980), Journal of Financial Economics 8, 205-258,
doi:10.1016/0304-405X(80)90002-1; (1985), 14, 3-31, doi:10.1016/0304-405X(85)90042-X.
Boehmer, Musumeci and Poulsen (1991), JFE 30, 253-272, doi:10.1016/0304-405X(91)90032-F (event
days of larger variance). Bibliographic entries checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray
from eventstudy.errors import InputError, nearest

__all__ = ["DESIGNS", "Design", "ParametricDesign", "ResamplingDesign", "parametric_design"]

Noise = Literal["normal", "t3", "chi_square"]


class Design(Protocol):
    """What a simulation asks of a design."""

    @property
    def name(self) -> str:
        """Short name, the key of the result's rows."""
        ...

    @property
    def title(self) -> str:
        """What the design is, in words."""
        ...

    def draw(self, seed: int, replication: int, *, effect: float = 0.0) -> EventBlock:
        """Draw the sample of one replication, with ``effect`` added to each day 0."""
        ...


@dataclass(frozen=True)
class ParametricDesign:
    r"""Returns from a market model with shocks of a known law.

    .. math::
       r_{it} = \beta_i m_{it} + \sigma_i u_{it}, \quad \beta_i \sim U(0.5, 1.5), \quad
       \sigma_i \sim U(0.01, 0.03), \quad m \sim N(0.0004, 0.01^2)

    Attributes
    ----------
    name, title : str
    number : int
        Mixed into the seed: designs are independent of each other.
    noise : {"normal", "t3", "chi_square"}
        Law of ``u``, scaled to unit variance: normal, Student t(3), centred chi-square(4)
        (skewness 1.41).
    variance : float
        Factor on the variance of ``u`` over all event days.
    correlation : float or None
        None: each event has dates and a market path of its own. A number: all events share their
        dates and the market, and the shocks of a day have this correlation.
    n_events, estimation, first, last : int
        Events N, estimation days T, which the event days ``first .. last`` follow directly.
    """

    name: str
    title: str
    number: int
    noise: Noise = "normal"
    variance: float = 1.0
    correlation: float | None = None
    n_events: int = 50
    estimation: int = 250
    first: int = -5
    last: int = 5

    def draw(self, seed: int, replication: int, *, effect: float = 0.0) -> EventBlock:
        """Draw the sample of one replication.

        Parameters
        ----------
        seed, replication : int
            All that the draws depend on, besides the design.
        effect : float
            Added to the return of day 0, in decimals. The draws are the same for every effect.

        Returns
        -------
        EventBlock
            Without missing returns; one factor, the market.

        Examples
        --------
        >>> block = parametric_design("a").draw(1, 0)
        >>> block.returns_est.shape, block.returns_evt.shape
        ((50, 250), (50, 11))
        """
        key = np.random.SeedSequence(seed, spawn_key=(self.number, replication))
        rng = np.random.default_rng(key)
        taus = np.arange(self.first, self.last + 1)
        n, t = self.n_events, self.estimation
        days = t + len(taus)
        beta, sigma = rng.uniform(0.5, 1.5, (n, 1)), rng.uniform(0.01, 0.03, (n, 1))
        paths = n if self.correlation is None else 1
        market = np.broadcast_to(rng.normal(0.0004, 0.01, (paths, days)), (n, days))
        shocks = self._shocks(rng, (n, days))
        shocks[:, t:] *= np.sqrt(self.variance)
        returns = beta * market + sigma * shocks
        returns[:, t + int(np.flatnonzero(taus == 0)[0])] += effect
        # Twice the sessions of an event: events with dates of their own have nothing in common,
        # and the calendar of the sample stays short.
        apart = 2 * days if self.correlation is None else 0
        calendar = np.arange(n, dtype=np.int64)[:, None] * apart + np.arange(days)
        ones = np.ones((n, days))
        return EventBlock(
            returns[:, :t],
            market[:, :t, None],
            ones[:, :t],
            calendar[:, :t],
            returns[:, t:],
            market[:, t:, None],
            ones[:, t:],
            calendar[:, t:],
            np.arange(self.first - t, self.first),
            taus,
        )

    def _shocks(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        if self.noise == "t3":
            own = rng.standard_t(3.0, shape) / np.sqrt(3.0)
        elif self.noise == "chi_square":
            own = (rng.chisquare(4.0, shape) - 4.0) / np.sqrt(8.0)
        else:
            own = rng.standard_normal(shape)
        if not self.correlation:
            return np.asarray(own)
        common = rng.standard_normal((1, shape[1]))
        return np.asarray(
            np.sqrt(self.correlation) * common + np.sqrt(1.0 - self.correlation) * own
        )


DESIGNS: dict[str, ParametricDesign] = {
    d.name: d
    for d in (
        ParametricDesign("a", "normal returns", 0),
        ParametricDesign("b", "heavy tails: t(3) shocks", 1, noise="t3"),
        ParametricDesign("c", "event variance doubled", 2, variance=2.0),
        ParametricDesign("d", "common dates, correlation 0.2", 3, correlation=0.2),
        ParametricDesign(
            "e", "common dates and doubled variance", 4, variance=2.0, correlation=0.2
        ),
        ParametricDesign("f", "skewed: chi-square(4) shocks", 5, noise="chi_square"),
    )
}


def parametric_design(name: str) -> ParametricDesign:
    """Return a parametric design by its letter.

    Raises
    ------
    InputError
        For an unknown letter.

    Examples
    --------
    >>> parametric_design("c").variance
    2.0
    """
    if name not in DESIGNS:
        raise InputError(
            f"design '{name}' is not known{nearest(name, DESIGNS)}: "
            f"the parametric designs are {', '.join(DESIGNS)}"
        )
    return DESIGNS[name]


@dataclass(frozen=True, eq=False)
class ResamplingDesign:
    """Samples of random (asset, pseudo-date) pairs from real returns (Brown and Warner).

    Attributes
    ----------
    name, title : str
    returns : (S, A) float
        Returns of A assets over S sessions, in decimals; NaN where there is none.
    factors : (S, F) float
        Regressors of the mean, ``F`` may be 0.
    days : (S,) int
        Calendar day of each session, ascending, as days since 1970-01-01.
    n_events, estimation, gap, first, last : int
        Events N a sample, estimation days T that end ``gap`` sessions before day ``first``.
    least : int
        Estimation returns that a pair must have; its event days must all be there.
    variance : float
        Factor on the variance of the event days: an independent demeaned return of the same asset,
        drawn from its estimation window and scaled by ``sqrt(variance - 1)``, is added to each.
    same_date : bool
        True draws one pseudo-date a sample and its assets without replacement.
    number : int
        Mixed into the seed.
    """

    name: str
    title: str
    returns: FloatArray
    factors: FloatArray
    days: IntArray
    n_events: int = 50
    estimation: int = 250
    gap: int = 0
    first: int = -5
    last: int = 5
    least: int = 120
    variance: float = 1.0
    same_date: bool = False
    number: int = 100

    @cached_property
    def eligible(self) -> BoolArray:
        """Pairs that may be drawn: (S, A), True where day 0 may stand."""
        sessions = len(self.returns)
        known = np.asarray(np.isfinite(self.factors).all(axis=1))
        usable = np.isfinite(self.returns) & known[:, None]
        running = np.vstack([np.zeros((1, usable.shape[1])), usable.cumsum(axis=0)])
        zero = np.arange(sessions)
        begin = zero + self.first - self.gap - self.estimation
        inside = (begin >= 0) & (zero + self.last < sessions)
        at = zero[inside]
        end = at + self.first - self.gap
        estimation = running[end] - running[begin[inside]]
        event = running[at + self.last + 1] - running[at + self.first]
        found = np.zeros(self.returns.shape, dtype=bool)
        found[inside] = (estimation >= self.least) & (event == self.last - self.first + 1)
        return found

    def _pairs(self, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
        """Sessions and assets of a sample."""
        if self.same_date:
            dates = np.flatnonzero(self.eligible.sum(axis=1) >= self.n_events)
            if not len(dates):
                raise InputError(
                    f"no session has {self.n_events} assets with {self.least} returns before it: "
                    "ask for fewer events or a shorter estimation window"
                )
            zero = int(rng.choice(dates))
            assets = rng.choice(np.flatnonzero(self.eligible[zero]), self.n_events, replace=False)
            return np.full(self.n_events, zero, dtype=np.int64), assets.astype(np.int64)
        pool = np.flatnonzero(self.eligible)
        if not len(pool):
            raise InputError(
                f"no asset has {self.least} returns before a complete event window: ask for a "
                "shorter estimation window"
            )
        drawn = rng.choice(pool, self.n_events)
        return drawn // self.returns.shape[1], drawn % self.returns.shape[1]

    def draw(self, seed: int, replication: int, *, effect: float = 0.0) -> EventBlock:
        """Draw the sample of one replication.

        Parameters
        ----------
        seed, replication : int
            All that the draws depend on, besides the design.
        effect : float
            Added to the return of day 0, in decimals.

        Returns
        -------
        EventBlock
            Missing estimation returns stay missing.

        Raises
        ------
        InputError
            Where no pair has enough returns.
        """
        key = np.random.SeedSequence(seed, spawn_key=(self.number, replication))
        rng = np.random.default_rng(key)
        zero, assets = self._pairs(rng)
        taus = np.arange(self.first, self.last + 1)
        begin = self.first - self.gap - self.estimation
        est_taus = np.arange(begin, self.first - self.gap)
        rows, rows_evt = zero[:, None] + est_taus, zero[:, None] + taus
        returns = self.returns[rows, assets[:, None]]
        event = self.returns[rows_evt, assets[:, None]]
        if self.variance > 1.0:
            extra = _demeaned_draws(rng, returns, len(taus))
            event = np.asarray(event + np.sqrt(self.variance - 1.0) * extra)
        event[:, taus == 0] += effect
        between = zero[:, None] + np.arange(self.first - self.gap, self.first)
        return EventBlock(
            returns,
            self.factors[rows],
            np.where(np.isfinite(returns), 1.0, np.nan),
            self.days[rows],
            event,
            self.factors[rows_evt],
            np.ones_like(event),
            self.days[rows_evt],
            est_taus,
            taus,
            self.returns[between, assets[:, None]],
            self.factors[between],
        )


def _demeaned_draws(rng: np.random.Generator, returns: FloatArray, length: int) -> FloatArray:
    """Draw ``length`` returns of each row at random, less the row's mean, (n, length)."""
    out = np.empty((len(returns), length))
    for i, row in enumerate(returns):
        there = row[np.isfinite(row)]
        out[i] = rng.choice(there, length) - there.mean()
    return out
