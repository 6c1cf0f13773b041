"""Which p-value of one event is the headline, and why.

The exact t is exact for normal errors of one variance. Fat tails or few observations ask for the
placebo test, a variance at the event far from its usual one for the filtered placebo. All of them
stay in the table; this only says which one to read first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.inference import diagnostics, placebo
from eventstudy.inference.sample import Sample, Window

__all__ = ["Leading", "leading"]


@dataclass(frozen=True)
class Leading:
    """Which (name, variant) leads for each event, and why in words; N entries each."""

    tests: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]


def leading(sample: Sample, window: Window | None = None) -> Leading:
    """Say which single-event p is the headline for each event.

    Parameters
    ----------
    sample : Sample
    window : Window, optional
        With it, an event whose estimation window is too short for a placebo of that window falls
        back on the exact t, and the reason says so.

    Returns
    -------
    Leading

    Notes
    -----
    A variance forecast outside half to twice its long-run value: the filtered placebo. Else the
    exact t with 120 observations or more and an excess kurtosis below 1 in absolute value, and
    the studentised placebo otherwise. A volatility model's reference is the filtered placebo, a
    robust fit's the studentised one.

    Examples
    --------
    >>> Leading((("exact_t", "published"),), ("120 observations",)).tests[0][0]
    'exact_t'
    """
    state = diagnostics.volatility_state(sample)
    kurtosis = diagnostics.excess_kurtosis(sample.fit)
    linear = placebo.mean_equation(sample).least_squares
    # An instrumented beta is linear too, though not least squares.
    linear = linear | (sample.block.factors_est.shape[2] == 3 and sample.fit.theta.shape[1] == 2)
    tests, reasons = [], []
    for i in range(sample.block.n):
        chosen, why = _choice(
            n_obs=int(sample.fit.n_obs[i]),
            kurtosis=float(kurtosis[i]),
            state=float(state[i]),
            linear=bool(linear[i]),
            forecast=sample.fit.standardised is not None,
        )
        if chosen and window is not None and not _placebo_room(sample, window, i):
            chosen, why = "", f"{why}, but too few sessions for a placebo of this window"
        tests.append(("placebo_sq", chosen) if chosen else ("exact_t", "published"))
        reasons.append(why)
    return Leading(tuple(tests), tuple(reasons))


def _choice(
    *, n_obs: int, kurtosis: float, state: float, linear: bool, forecast: bool
) -> tuple[str, str]:
    """Return the placebo variant that leads (empty: the exact t) and the reason."""
    if forecast:
        return "filtered", "the model forecasts the variance"
    if not diagnostics.CALM <= state <= diagnostics.STORMY:
        return "filtered", f"the variance at the event is {state:.2f} times its usual value"
    if not linear:
        return "studentised", "a robust fit leaves the tails in the errors"
    if n_obs < diagnostics.FEW_OBSERVATIONS:
        return "studentised", f"{n_obs} estimation returns, fewer than 120"
    if not abs(kurtosis) < diagnostics.FAT_TAILS:
        return "studentised", f"the residuals have an excess kurtosis of {kurtosis:.1f}"
    return "", f"{n_obs} estimation returns, excess kurtosis {kurtosis:.1f}"


def _placebo_room(sample: Sample, window: Window, row: int) -> bool:
    days = window.n_days[row]
    count = placebo.placebo_count(sample, row, int(days)) if np.isfinite(days) else 0
    return bool(
        sample.fit.n_obs[row] >= placebo.REFUSED * days
        and sample.settings.level * (count + 1.0) >= 1.0
    )
