"""The events that enter a tested window, in canonical order, and what several tests share.

Every statistic looks at a :class:`View`. Its rows are sorted by the events' own data (date, scale,
abnormal returns), so a result does not depend on the order of the catalogue, not even in its last
bit; shared quantities are computed once per set of members.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, IntArray, ModelFit
from eventstudy.inference.correlation import (
    mean_correlation,
    overlap_correlation,
    unit_residuals,
)
from eventstudy.inference.sample import Sample, Settings, Window
from eventstudy.inference.statistic import (
    Distribution,
    Statistic,
    not_applicable,
    with_reference,
)

__all__ = [
    "MemberSet",
    "View",
    "base_row",
    "degenerate",
    "finish",
    "refuse",
    "resampled_p",
    "too_few",
    "view",
]

T = TypeVar("T")

FEW = 5  # fewer events or dates than this: the row is called descriptive
# Below this share of its largest value the spread of a sample is rounding.
SPREAD_TOLERANCE = 1e-12
# Two resampled statistics closer than this are the same number computed in two orders.
TIE_TOLERANCE = 1e-12


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
        if self.sample.n_parameters > 0:
            return raw
        on = np.isfinite(raw)
        root = np.where(on, np.sqrt(np.where(on, self.block.spans_est, 1.0)), 0.0)
        mean = (np.where(on, raw, 0.0) * root).sum(axis=1) / (root**2).sum(axis=1)
        return np.asarray(raw - mean[:, None] * np.where(on, root, np.nan))

    @cached_property
    def unit(self) -> FloatArray:
        """Residuals of unit sum of squares on their own estimation window, (n, T)."""
        return unit_residuals(self.residuals)

    @cached_property
    def rbar(self) -> float:
        """Signed mean residual correlation by calendar date."""
        return mean_correlation(self.unit, self.block.days_est)


@dataclass(frozen=True, eq=False)
class View:
    """One tested window over the events that enter it.

    Attributes
    ----------
    members : MemberSet
    window : Window
        All events of the sample; the properties below hold the members only.
    """

    members: MemberSet
    window: Window

    @property
    def sample(self) -> Sample:
        """Sample that the view belongs to."""
        return self.members.sample

    @property
    def settings(self) -> Settings:
        """Choices of the tests."""
        return self.members.sample.settings

    @property
    def index(self) -> IntArray:
        """Rows of the sample, (n,)."""
        return self.members.index

    @property
    def n(self) -> int:
        """Number of events that enter."""
        return len(self.members.index)

    @property
    def length(self) -> int:
        """Sessions of the window, ``end - start + 1``."""
        return self.window.end - self.window.start + 1

    @cached_property
    def columns(self) -> BoolArray:
        """Event columns inside the window, (L,)."""
        taus = self.sample.block.taus
        return np.asarray((taus >= self.window.start) & (taus <= self.window.end))

    @cached_property
    def selector(self) -> FloatArray:
        """1 on the days that count, (n, L)."""
        return self.window.selector[self.index]

    @cached_property
    def car(self) -> FloatArray:
        """Cumulative abnormal returns, (n,)."""
        return self.window.car[self.index]

    @cached_property
    def car_se(self) -> FloatArray:
        """Forecast standard errors of the CARs, (n,)."""
        return self.window.car_se[self.index]

    @cached_property
    def scar(self) -> FloatArray:
        """CARs over their forecast standard errors, (n,)."""
        return self.window.scar[self.index]

    @cached_property
    def n_days(self) -> FloatArray:
        """Sessions that count, (n,)."""
        return self.window.n_days[self.index]

    @cached_property
    def bhar(self) -> FloatArray:
        """Buy-and-hold abnormal returns, (n,)."""
        return self.window.bhar[self.index]

    @property
    def rbar(self) -> float:
        """Mean residual correlation, signed."""
        return self.members.rbar

    @cached_property
    def rbar_overlap(self) -> float:
        """Mean residual correlation weighted by the common tested sessions, floored at 0."""
        days = self.members.block.days_evt[:, self.columns]
        return overlap_correlation(self.members.unit, self.members.block.days_est, days)

    @cached_property
    def dates_overlap(self) -> bool:
        """Whether tested windows of different day-0 dates share calendar time."""
        days = self.members.block.days_evt[:, self.columns]
        first = np.where(days >= 0, days, np.iinfo(np.int64).max).min(axis=1)
        last = days.max(axis=1)
        groups = range(self.members.n_clusters)
        low = np.array([first[self.members.date_of == g].min() for g in groups])
        high = np.array([last[self.members.date_of == g].max() for g in groups])
        order = np.argsort(low, kind="stable")
        reached = np.maximum.accumulate(high[order])
        return bool((low[order][1:] <= reached[:-1]).any())

    def rng(self, name: str, variant: str) -> np.random.Generator:
        """Return the generator of one statistic: seeded by what the draws belong to."""
        word = zlib.crc32(f"{name}/{variant}".encode())
        parts = (*self.settings.key, self.window.start, self.window.end, word)
        return np.random.default_rng([self.settings.seed, *(part % 2**32 for part in parts)])


def _canonical(sample: Sample) -> IntArray:
    """Order of the events by their own data."""
    ar = np.where(np.isfinite(sample.fit.ar), sample.fit.ar, 0.0)
    return np.asarray(np.lexsort((ar.sum(axis=1), sample.fit.sigma, sample.cluster)))


def view(sample: Sample, window: Window) -> View:
    """Return the view of a window, computed once per (sample, window).

    Parameters
    ----------
    sample : Sample
    window : Window
        Over the same events.

    Returns
    -------
    View
        Of the events that enter and have a finite CAR and standard error.
    """
    # As functools.cached_property does, what is derived is kept in the frozen object's __dict__.
    kept: View | None = vars(window).get("_view")
    if kept is not None and kept.sample is sample:
        return kept
    store: dict[str, Any] = vars(sample).setdefault("_shared", {})
    if "order" not in store:
        store["order"] = _canonical(sample)
        store["members"] = {}
    enters = window.members & np.isfinite(window.car) & np.isfinite(window.car_se)
    index = store["order"][enters[store["order"]]]
    key = index.tobytes()
    if key not in store["members"]:
        store["members"][key] = MemberSet(sample, index)
    fresh = View(store["members"][key], window)
    vars(window)["_view"] = fresh
    return fresh


def base_row(
    v: View,
    name: str,
    variant: str,
    *,
    statistic: float = np.nan,
    distribution: Distribution = "",
    df: float = np.nan,
    estimate: float = np.nan,
    se: float = np.nan,
    rbar: float = np.nan,
) -> Statistic:
    """Return a row without p-value, with the counts of the view."""
    return Statistic(
        name=name,
        variant=variant,
        estimate=float(estimate),
        se=float(se),
        statistic=float(statistic),
        distribution=distribution,
        df=float(df),
        n_events=v.n,
        n_clusters=v.members.n_clusters,
        rbar=float(rbar),
        alternative=v.settings.alternative,
    )


def _descriptive(v: View) -> str:
    what = []
    if v.n < FEW:
        what.append(f"{v.n} events")
    if v.members.n_clusters < FEW:
        g = v.members.n_clusters
        what.append(f"{g} date" if g == 1 else f"{g} dates")
    return f"descriptive: {', '.join(what)}" if what else ""


def finish(
    v: View,
    row: Statistic,
    *,
    pvalue: float | None = None,
    interval: bool = True,
    ci: tuple[float, float] | None = None,
    note: str = "",
) -> Statistic:
    """Fill in p, interval and note.

    Parameters
    ----------
    v : View
    row : Statistic
        From :func:`base_row`.
    pvalue : float, optional
        Where the reference is not t or normal; no interval then unless ``ci`` is given.
    interval : bool
        False where ``estimate +- quantile x se`` is not what the test inverts to.
    ci : (float, float), optional
        Bounds of the interval.
    note : str
        Put before the label "descriptive".
    """
    if not np.isfinite(row.statistic):
        return refuse(v, row.name, row.variant, note or "zero scale: the statistic is undefined")
    if pvalue is None:
        row = with_reference(row, level=v.settings.level, interval=interval)
    else:
        row = replace(row, pvalue=float(pvalue))
    if ci is not None:
        row = replace(row, ci_low=float(ci[0]), ci_high=float(ci[1]))
    return replace(row, note="; ".join(part for part in (note, _descriptive(v)) if part))


def refuse(v: View, name: str, variant: str, reason: str) -> Statistic:
    """Return the row of a statistic that does not apply, with the reason in ``note``."""
    return not_applicable(base_row(v, name, variant), reason)


def too_few(v: View, name: str, variant: str) -> Statistic | None:
    """Return a refusing row when fewer than two events enter the window, else None."""
    if v.n >= 2:
        return None
    count = "one event enters" if v.n == 1 else "no event enters"
    return refuse(v, name, variant, f"{count} the window: tests across events need two")


def degenerate(x: FloatArray) -> bool:
    """Whether the values do not vary beyond rounding, so that their spread is no scale.

    Examples
    --------
    >>> import numpy as np
    >>> degenerate(np.array([0.1, 0.1, 0.1])), degenerate(np.array([0.1, 0.2]))
    (True, False)
    """
    return bool(np.ptp(x) <= SPREAD_TOLERANCE * np.abs(x).max())


def resampled_p(observed: float, draws: FloatArray, alternative: str) -> float:
    """Return the add-one p-value ``(1 + #{at least as extreme}) / (B + 1)``.

    Draws that tie with the observed value up to rounding count as extreme; so do undefined (NaN)
    draws.

    References
    ----------
    Davison and Hinkley (1997) (from memory of the literature, book not checked).

    Examples
    --------
    >>> import numpy as np
    >>> resampled_p(2.0, np.array([1.0, -2.5, 0.3]), "two-sided")
    0.5
    """
    edge = TIE_TOLERANCE * max(abs(observed), 1.0)
    if alternative == "greater":
        beyond = draws >= observed - edge
    elif alternative == "less":
        beyond = draws <= observed + edge
    else:
        beyond = np.abs(draws) >= abs(observed) - edge
    return float((1.0 + (beyond | np.isnan(draws)).sum()) / (len(draws) + 1.0))
