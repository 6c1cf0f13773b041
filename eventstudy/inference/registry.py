"""Which function computes which statistic across events; modules load when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from eventstudy.errors import InputError, nearest
from eventstudy.inference.rows import refuse
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import view
from eventstudy.names import CROSS_EVENT

__all__ = ["MODULES", "cross_event", "statistic_function"]

StatisticFunction = Callable[..., Statistic]

# name of the statistic -> module of eventstudy.inference that has a function of that name.
MODULES: dict[str, str] = {
    "cross_sectional_t": "parametric",
    "skewness_adjusted_t": "parametric",
    "time_series_t": "parametric",
    "crude_dependence_t": "parametric",
    "portfolio_t": "portfolio",
    "patell_z": "patell",
    "adjusted_patell_z": "patell",
    "bmp_t": "bmp",
    "adjusted_bmp_t": "bmp",
    "corrado_rank_z": "ranks",
    "corrado_zivney_rank_z": "ranks",
    "sign_z": "signs",
    "generalized_sign_z": "signs",
    "corrado_zivney_sign_z": "signs",
    "wilcoxon_signed_rank": "wilcoxon",
    "grank_t": "grank",
    "grank_z": "grank",
    "sign_gsar_t": "grank",
    "jackknife_t": "weighted",
    "precision_weighted_t": "weighted",
    "bootstrap_t": "bootstrap",
    "cluster_t": "clusters",
    "date_mean_t": "clusters",
    "wild_cluster_bootstrap_t": "clusters",
    "gls_t": "gls",
    "calendar_time_t": "calendar_time",
    "bhar_skewness_adjusted_t": "longhorizon",
}

# Statistics that need the events themselves; merged sums are not enough for them.
NEEDS_EVENTS = frozenset(
    {"bootstrap_t", "wild_cluster_bootstrap_t", "gls_t", "calendar_time_t",
     "bhar_skewness_adjusted_t"}
)  # fmt: skip
HELD = "needs every event in memory: the study is streamed; [study] streamed = false holds them"

_ORDER = {(s.name, s.variant): place for place, s in enumerate(CROSS_EVENT)}


def statistic_function(name: str) -> StatisticFunction:
    """Return the function of a statistic: ``f(sample, window, *, variant) -> Statistic``.

    Raises
    ------
    InputError
        For an unknown name, with the nearest right one.

    Examples
    --------
    >>> statistic_function("bmp_t").__name__
    'bmp_t'
    """
    if name not in MODULES:
        raise InputError(f"statistic '{name}' is not known{nearest(name, MODULES)}")
    path = f"eventstudy.inference.{MODULES[name]}"
    # Asked for once a row of a table, which import_module alone would take half the time of.
    found: StatisticFunction = getattr(sys.modules.get(path) or import_module(path), name)
    return found


def cross_event(
    sample: Sample, window: Window, names: Sequence[tuple[str, str]]
) -> list[Statistic]:
    """Compute statistics across events for one tested window.

    Parameters
    ----------
    sample : Sample
    window : Window
    names : sequence of (name, variant)
        Any order; doubles count once.

    Returns
    -------
    list of Statistic
        In the canonical order of :data:`eventstudy.names.CROSS_EVENT`. With fewer than two events
        every row has no statistic and its reason in ``note``.

    Raises
    ------
    InputError
        For a name or variant that is not in the closed list.
    """
    for name, variant in names:
        if (name, variant) not in _ORDER:
            known = [s.variant for s in CROSS_EVENT if s.name == name]
            if known:
                hint = nearest(variant, known)
                raise InputError(f"statistic '{name}' has no variant '{variant}'{hint}")
            raise InputError(f"statistic '{name}' is not known{nearest(name, MODULES)}")
    ordered = sorted(set(names), key=_ORDER.__getitem__)
    return [_statistic(sample, window, n, variant) for n, variant in ordered]


def _statistic(sample: Sample, window: Window, name: str, variant: str) -> Statistic:
    if sample.summarised and name in NEEDS_EVENTS:
        return refuse(view(sample, window), name, variant, HELD)
    return statistic_function(name)(sample, window, variant=variant)
