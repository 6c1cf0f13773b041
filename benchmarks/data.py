"""The data of every benchmark: a simulated panel, events over it, and the list of tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# The list: every name across events but the resampled ones, calendar_time_t, gls_t and BHAR.
PARAMETRIC = (
    "cross_sectional_t", "skewness_adjusted_t", "time_series_t", "crude_dependence_t",
    "portfolio_t", "patell_z", "adjusted_patell_z", "bmp_t", "adjusted_bmp_t",
    "precision_weighted_t", "cluster_t", "date_mean_t",
)  # fmt: skip
LIST = (
    *PARAMETRIC,
    "corrado_rank_z", "corrado_zivney_rank_z", "sign_z", "generalized_sign_z",
    "corrado_zivney_sign_z", "wilcoxon_signed_rank", "grank_t", "grank_z", "sign_gsar_t",
    "jackknife_t",
)  # fmt: skip

ESTIMATION = (-270, -21)
EVENT = (-10, 10)
REPORTED = ((-1, 1), (-5, 5), (-10, 10))
SEED = 20261122


@dataclass(frozen=True, eq=False)
class Panel:
    """Returns of A assets and the market over D sessions, and N events in canonical order.

    Attributes
    ----------
    returns : (A, D) float
    market : (D,) float
    days : (D,) int
        Days since 1970-01-01, weekdays.
    asset, position : (N,) int
        Row and column of day 0, sorted by position, then asset; no pair twice.
    """

    returns: FloatArray
    market: FloatArray
    days: IntArray
    asset: IntArray
    position: IntArray

    @property
    def n(self) -> int:
        """Number of events."""
        return len(self.asset)


def windows() -> tuple[tuple[int, int], ...]:
    """Every day of the event window, then the reported windows."""
    each = [(tau, tau) for tau in range(EVENT[0], EVENT[1] + 1)]
    return (*each, *REPORTED)


def make_panel(n_events: int, *, assets: int = 500, sessions: int = 7500) -> Panel:
    """Simulate a market model with t(5) shocks and draw distinct (asset, session) pairs."""
    rng = np.random.default_rng([SEED, assets, sessions])
    market = rng.normal(0.0004, 0.01, sessions)
    beta, sigma = rng.uniform(0.5, 1.5, (assets, 1)), rng.uniform(0.01, 0.03, (assets, 1))
    returns = rng.standard_t(5.0, (assets, sessions))
    returns *= sigma * np.sqrt(0.6)
    returns += beta * market
    first, last = -ESTIMATION[0], sessions - EVENT[1] - 1
    cells = (last - first + 1) * assets
    if n_events > cells:
        raise ValueError(f"{n_events} events do not fit into {cells} (asset, session) pairs")
    chosen = np.sort(np.random.default_rng([SEED, n_events]).permutation(cells)[:n_events])
    return Panel(
        returns=returns,
        market=market,
        days=_weekdays(sessions),
        asset=(chosen % assets).astype(np.int64),
        position=(first + chosen // assets).astype(np.int64),
    )


def _weekdays(count: int) -> IntArray:
    """Numbers of the first ``count`` weekdays from 1990-01-01 on, which was a Monday."""
    monday = np.datetime64("1990-01-01", "D").astype(np.int64)
    weeks, day = np.divmod(np.arange(count, dtype=np.int64), 5)
    return np.asarray(monday + 7 * weeks + day)
