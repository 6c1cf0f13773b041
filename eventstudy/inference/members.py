"""The events that enter a tested window, and what windows with the same events share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.inference.correlation import (
    Overlap,
    centred_residuals,
    common_days,
    track_correlation,
    unit_residuals,
)
from eventstudy.inference.sample import Sample
from eventstudy.reduce.groups import DayMeans, GrankBase, Group, Moments, Scores, Tracks, merge

if TYPE_CHECKING:
    from eventstudy.reduce.leaf import Leaf

__all__ = ["Equation", "MemberSet"]

T = TypeVar("T")
G = TypeVar("G", bound=Group)


@dataclass(frozen=True, eq=False)
class Equation:
    """Mean equation of a member set: what a fit of averages over its events needs.

    Attributes
    ----------
    fitted : bool
        False where the model subtracts its benchmark and estimates nothing.
    intercept : bool
    factors : int
        Regressors besides the intercept.
    est_taus, taus : (T,) and (L,) int
        Session numbers of the estimation and event columns.
    """

    fitted: bool
    intercept: bool
    factors: int
    est_taus: IntArray
    taus: IntArray


@dataclass(frozen=True, eq=False)
class MemberSet:
    """The events of a sample that enter a window; windows with the same members share it.

    Attributes
    ----------
    sample : Sample
    index : (n,) int
        Rows of the sample, in canonical order.
    """

    sample: Sample
    index: IntArray
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def cached(self, key: str, compute: Callable[[], T]) -> T:
        """Return the value stored under ``key``, computed at the first call."""
        if key not in self._cache:
            self._cache[key] = compute()
        stored: T = self._cache[key]
        return stored

    @cached_property
    def block(self) -> EventBlock:
        """Returns and regressors of the members."""
        return self.sample.block.take(self.index)

    @cached_property
    def fit(self) -> ModelFit:
        """Fits of the members."""
        return self.sample.fit.take(self.index)

    @cached_property
    def mean_parameters(self) -> int:
        """Parameters of the mean; 1 for market-adjusted returns, whose scale is about a mean."""
        return max(self.sample.n_parameters, 1)

    @cached_property
    def dates(self) -> IntArray:
        """Distinct day-0 dates, ascending, (G,)."""
        return np.unique(self.sample.cluster[self.index])

    @cached_property
    def date_of(self) -> IntArray:
        """Number of each event's date within ``dates``, (n,)."""
        found = np.searchsorted(self.dates, self.sample.cluster[self.index])
        return np.asarray(found, dtype=np.int64)

    @property
    def n_clusters(self) -> int:
        """Number of distinct day-0 dates."""
        return len(self.dates)

    @cached_property
    def residuals(self) -> FloatArray:
        """Estimation residuals per root session, centred where nothing was fitted, (n, T)."""
        raw = self.fit.residuals
        return raw if self.equation.fitted else centred_residuals(raw, self.block.spans_est)

    @cached_property
    def unit(self) -> FloatArray:
        """Residuals of unit sum of squares on their own estimation window, (n, T)."""
        return unit_residuals(self.residuals)

    @property
    def n_est(self) -> int:
        """Estimation columns T."""
        return int(self.sample.fit.residuals.shape[1])

    @cached_property
    def equation(self) -> Equation:
        """Mean equation; the intercept is a parameter ``alpha``, or there is no regressor."""
        block = self.sample.block
        factors = block.factors_est.shape[2]
        return Equation(
            fitted=self.sample.n_parameters > 0,
            intercept="alpha" in self.sample.fit.names or factors == 0,
            factors=factors,
            est_taus=block.est_taus,
            taus=block.taus,
        )

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The members in leaves, without windows; one without events where there is none."""
        from eventstudy.reduce.leaf import LEAF, Leaf

        cluster = self.sample.cluster[self.index]
        calendar = _distinct(self.block.days_est)
        pieces = [slice(low, low + LEAF) for low in range(0, max(len(self.index), 1), LEAF)]
        return tuple(
            Leaf(
                self.block.take(rows),  # type: ignore[arg-type]
                self.fit.take(rows),  # type: ignore[arg-type]
                cluster[rows],
                self.sample.n_parameters,
                calendar,
            )
            for rows in pieces
        )

    def _merged(self, reducer: Callable[[Leaf], G]) -> G:
        return merge([reducer(leaf) for leaf in self.leaves])

    @cached_property
    def day_means(self) -> DayMeans:
        """Sums by relative day of residuals, returns and regressors."""
        from eventstudy.reduce import first

        return self._merged(first.day_means)

    @cached_property
    def sar_spread(self) -> Moments:
        """Moments over the events of the standardised abnormal returns of each event day."""
        from eventstudy.reduce import first

        return self._merged(first.sar_spread)

    @cached_property
    def tracks(self) -> Tracks:
        """Unit residuals by calendar day of the events that share their event days."""
        from eventstudy.reduce import first

        return self._merged(first.tracks)

    @cached_property
    def corrado(self) -> Scores:
        """Rank scores of all days."""
        from eventstudy.reduce import second

        return self._merged(second.corrado)

    @cached_property
    def corrado_zivney(self) -> Scores:
        """Rank scores of the days after the event days were brought to equal spread."""
        from eventstudy.reduce import second
        from eventstudy.reduce.scales import day_spread

        spread = day_spread(self.sar_spread)
        return self._merged(lambda leaf: second.corrado_zivney(leaf, spread))

    @cached_property
    def corrado_zivney_sign(self) -> Scores:
        """Signs of the days about each event's median."""
        from eventstudy.reduce import second

        return self._merged(second.corrado_zivney_sign)

    @cached_property
    def grank_base(self) -> GrankBase:
        """Studentised estimation days ranked among themselves."""
        from eventstudy.reduce import second

        return self._merged(second.grank_base)

    @cached_property
    def rbar(self) -> float:
        """Signed mean residual correlation by calendar date."""
        return track_correlation(self.tracks)

    @cached_property
    def overlap(self) -> Overlap:
        """Products of the residuals of events whose event windows meet."""
        return common_days(self.tracks)


def _distinct(days: IntArray) -> IntArray:
    """Return the distinct days of an array, ascending, without the negative ones."""
    if not days.size:
        return np.empty(0, dtype=np.int64)
    low = max(int(days.min()), 0)
    there = np.zeros(max(int(days.max()) - low + 1, 0) + 1, dtype=bool)
    # Days before the start of the data are negative: they fall on the last place.
    there[np.where(days < 0, len(there) - 1, days - low)] = True
    return np.asarray(np.flatnonzero(there[:-1]) + low)
