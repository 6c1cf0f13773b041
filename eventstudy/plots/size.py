"""Rejection rates of tests with their Monte Carlo errors, against the nominal level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["size"]


def size(rates: pd.DataFrame, *, nominal: float = 0.05, ax: Axes | None = None) -> Axes:
    """Draw one dot a test at its rejection rate, with a 95 % Monte Carlo interval.

    Parameters
    ----------
    rates : DataFrame
        ``label``, ``rate`` and ``error`` (Monte Carlo standard error), one row a test.
    nominal : float
        Level that a right test rejects at under the null.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    with style.house():
        axes = style.start(ax)
        places = np.arange(len(rates))[::-1]
        rate = rates["rate"].to_numpy(dtype=float)
        half = 1.96 * rates["error"].to_numpy(dtype=float)
        axes.axvline(nominal, color=style.MARK, linewidth=0.8, linestyle="--")
        axes.errorbar(
            rate,
            places,
            xerr=[np.minimum(half, rate), np.minimum(half, 1.0 - rate)],
            fmt="o",
            color=style.ACCENT,
            markersize=3,
            elinewidth=0.8,
            capsize=1.5,
        )
        axes.set_yticks(places, rates["label"].tolist())
        axes.set_ylim(-0.7, len(rates) - 0.3)
        axes.set_xlim(left=0.0)
        axes.set_xlabel(f"share of rejections at a nominal {nominal:.0%}")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return axes
