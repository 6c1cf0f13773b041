"""The quality gate: what is odd about the prices of a study, said before any statistic.

Nothing is repaired. A finding names the asset, the first session that it concerns, what was seen
and what was done about it, which is mostly nothing: the reader decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.prices.panel import PricePanel

__all__ = [
    "CHECKS",
    "QUALITY_COLUMNS",
    "QualityRules",
    "gate_failed",
    "hole_findings",
    "quality_findings",
]

QUALITY_COLUMNS = ("asset", "session", "check", "severity", "value", "detail", "action")

# name: (severity, what is done about it)
CHECKS = {
    "no_prices": ("error", "the asset has no return"),
    "non_positive": ("error", "no return on this session and the next"),
    "hundredfold": ("error", "kept"),
    "below_minus_one": ("error", "kept"),
    "split": ("warning", "kept"),
    "jump": ("warning", "kept"),
    "stale": ("warning", "kept"),
    "missing": ("warning", "left missing"),
    "off_calendar": ("warning", "not used: no session of the calendar"),
    "carried_forward": ("warning", "not used: no session of the calendar"),
    "no_base": ("warning", "price left out"),
    "after_expiry": ("warning", "kept"),
    "factor_hole": ("warning", "these sessions have no return"),
    "ends": ("info", "left missing"),
    "revised": ("warning", "the new value is used; the old one stays in the store"),
    "suspected_roll": ("info", "kept"),
    "fx_lag": ("info", "kept"),
}
SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50)
# Scale of the median absolute deviation to the standard deviation of a normal.
MAD_TO_SIGMA = 1.482602218505602
# A series that stops this many sessions before the others has ended; fewer is a late delivery.
LATE_SESSIONS = 5
FLAGGED = ("no_base", "after_expiry", "revised", "suspected_roll", "fx_lag")

Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class QualityRules:
    """Thresholds of the gate.

    Attributes
    ----------
    jump : float
        A return further from the median than this many robust standard deviations (1.4826 times
        the median absolute deviation) is a jump. Returns have fat tails: 10 leaves the crash days
        of a century and typing errors.
    stale : int
        This many equal prices in a row are stale.
    split_tolerance : float
        Distance of the log price ratio from that of a split, in log points.
    hundredfold_tolerance : float
        Distance of the log price ratio from log 100, in log points.
    """

    jump: float = 10.0
    stale: int = 5
    split_tolerance: float = 0.03
    hundredfold_tolerance: float = 0.15


@dataclass(frozen=True)
class _Series:
    """One asset's known prices and the returns on them."""

    dates: Dates
    values: FloatArray
    returns: FloatArray
    ratios: FloatArray
    is_price: bool


_Row: TypeAlias = tuple[np.datetime64, str, float, str]


def quality_findings(
    panel: PricePanel,
    sessions: Mapping[str, Dates],
    *,
    rules: QualityRules | None = None,
    start: np.datetime64 | None = None,
    end: np.datetime64 | None = None,
) -> pd.DataFrame:
    """List what is odd about prices.

    Parameters
    ----------
    panel : PricePanel
        Prices or returns.
    sessions : mapping of str to (D,) datetime64[D]
        Sessions of each asset's calendar, ascending; an asset without an entry is not examined.
    rules : QualityRules, optional
        Thresholds.
    start, end : datetime64 or None
        Findings outside are left out; thresholds always come from the whole series.

    Returns
    -------
    DataFrame
        Columns asset, session, check, severity (info, warning, error), value, detail, action;
        ordered by asset as in the panel, then session. A run (missing or stale sessions) is one
        row at its first session, with its length as ``value``.

    Notes
    -----
    ``missing``: sessions between the asset's first and last price without one. ``off_calendar``:
    a price on a day that is no session; ``carried_forward`` where it repeats the price before,
    as an index does that stands still while its market is shut. ``stale``, ``jump``,
    ``non_positive`` by :class:`QualityRules`; ``hundredfold``: a ratio near 100 or 1/100 (pence
    for pounds, a lost decimal point); ``split``: a jump whose ratio is near that of a split.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2022-02-14", "2022-02-16"])
    >>> panel = PricePanel(pd.DataFrame({"A": [10.0, 10.1]}, index=days))
    >>> sessions = np.arange("2022-02-14", "2022-02-17", dtype="datetime64[D]")
    >>> quality_findings(panel, {"A": sessions})[["check", "value"]].to_numpy().tolist()
    [['missing', 1.0]]
    """
    limits = rules or QualityRules()
    rows: list[tuple[object, ...]] = []
    for name in panel.close.columns:
        if name not in sessions:
            continue
        found = [*_examine(panel, str(name), sessions[name], limits), *_flagged(panel, str(name))]
        found = [row for row in found if _inside(row[0], start, end)]
        found.sort(key=lambda row: (row[0], list(CHECKS).index(row[1])))
        rows.extend(_row(str(name), row) for row in found)
    return _table(rows)


def _table(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(QUALITY_COLUMNS))
    kinds = dict.fromkeys(QUALITY_COLUMNS, "object") | {
        "session": "datetime64[ns]",
        "value": "float64",
    }
    return frame.astype(kinds)


def hole_findings(panel: PricePanel, sessions: Mapping[str, Dates]) -> pd.DataFrame:
    """List the sessions on which a factor, or the risk-free return, has no value.

    Parameters
    ----------
    panel : PricePanel
        With columns of returns beside its prices.
    sessions : mapping of str to (D,) datetime64[D]
        For each factor the sessions of the windows that need it.

    Returns
    -------
    DataFrame
        As :func:`quality_findings`; one row a run of sessions. Archives end some weeks before
        today, so an event window may lie beyond them.
    """
    index = panel.close.index.to_numpy().astype("datetime64[D]")
    rows = []
    for name, needed in sessions.items():
        known = index[panel.close[name].notna().to_numpy()]
        for first, last in _runs(~_among(needed, known)):
            count = last - first + 1
            detail = f"no value of the factor on {count} sessions, {needed[first]}..{needed[last]}"
            rows.append(_row(name, (needed[first], "factor_hole", float(count), detail)))
    return _table(rows)


def gate_failed(findings: pd.DataFrame) -> bool:
    """Return whether a finding is an error, so that ``--strict`` must stop.

    Examples
    --------
    >>> gate_failed(pd.DataFrame({"severity": ["warning", "info"]}))
    False
    """
    return bool((findings["severity"] == "error").any())


def _row(asset: str, row: _Row) -> tuple[object, ...]:
    session, check, value, detail = row
    severity, action = CHECKS[check]
    return (asset, session, check, severity, value, detail, action)


def _inside(day: np.datetime64, start: np.datetime64 | None, end: np.datetime64 | None) -> bool:
    return bool((start is None or day >= start) and (end is None or day <= end))


def _examine(panel: PricePanel, name: str, sessions: Dates, rules: QualityRules) -> Iterator[_Row]:
    series = _series(panel, name)
    if series.dates.size == 0:
        if sessions.size:
            yield sessions[0], "no_prices", 0.0, "the source has no price of it"
        return
    yield from _missing(series.dates, sessions)
    yield from _ends(series.dates, sessions, panel.close.index[-1].to_datetime64())
    yield from _off_calendar(series, sessions)
    yield from _stale(series, rules)
    if series.is_price:
        yield from _non_positive(series)
    else:
        yield from _below_minus_one(series)
    yield from _jumps(series, rules)


def _series(panel: PricePanel, name: str) -> _Series:
    column = panel.close[name].to_numpy(dtype=np.float64)
    known = np.flatnonzero(~np.isnan(column))
    dates = panel.close.index.to_numpy().astype("datetime64[D]")[known]
    values = column[known]
    if panel.kind == "returns":
        return _Series(dates, values, values, 1.0 + values, is_price=False)
    before = np.full(values.shape, np.nan)
    before[1:] = values[:-1]
    if panel.base is not None:
        base = panel.base[name].to_numpy(dtype=np.float64)[known]
        before = np.where(np.isnan(base), before, base)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.where((values > 0) & (before > 0), values / before, np.nan)
    return _Series(dates, values, ratios - 1.0, ratios, is_price=True)


def _runs(mask: BoolArray) -> Iterator[tuple[int, int]]:
    """Yield first and last position of each run of True."""
    padded = np.concatenate([[False], mask, [False]]).astype(np.int8)
    change = np.diff(padded)
    starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    yield from zip(starts.tolist(), stops.tolist(), strict=True)


def _among(days: Dates, ascending: Dates) -> BoolArray:
    """Return which days stand in an ascending list."""
    if not len(ascending):
        return np.zeros(len(days), dtype=bool)
    at = np.minimum(np.searchsorted(ascending, days), len(ascending) - 1)
    return np.asarray(ascending[at] == days)


def _missing(dates: Dates, sessions: Dates) -> Iterator[_Row]:
    inside = sessions[(sessions >= dates[0]) & (sessions <= dates[-1])]
    for first, last in _runs(~_among(inside, dates)):
        count = last - first + 1
        detail = (
            "no price on a session"
            if count == 1
            else f"no price on {count} sessions, {inside[first]}..{inside[last]}"
        )
        yield inside[first], "missing", float(count), detail


def _ends(dates: Dates, sessions: Dates, until: np.datetime64) -> Iterator[_Row]:
    """Say that a series stops well before the panel does."""
    after = sessions[(sessions > dates[-1]) & (sessions <= until)]
    if after.size >= LATE_SESSIONS:
        detail = f"no price after {dates[-1]}, while other assets have prices until {after[-1]}"
        yield after[0], "ends", float(after.size), detail


def _off_calendar(series: _Series, sessions: Dates) -> Iterator[_Row]:
    if not sessions.size:
        return
    inside = (series.dates >= sessions[0]) & (series.dates <= sessions[-1])
    for day in np.flatnonzero(inside & ~_among(series.dates, sessions)).tolist():
        value = float(series.values[day])
        still = series.is_price and day > 0 and series.values[day] == series.values[day - 1]
        if still:
            detail = "the market was shut, and the price repeats the one before"
            yield series.dates[day], "carried_forward", value, detail
        else:
            yield series.dates[day], "off_calendar", value, "a price on a day that is no session"


def _stale(series: _Series, rules: QualityRules) -> Iterator[_Row]:
    if series.values.size < 2:
        return
    if series.is_price:
        still = series.values[1:] == series.values[:-1]
        length, what = 1, "the price stood still"
    else:
        still = series.values == 0.0
        length, what = 0, "the return was exactly zero"
    for first, last in _runs(still):
        count = last - first + 1 + length
        if count >= rules.stale:
            until = series.dates[last + length]
            detail = f"{what} on {count} days, {series.dates[first]}..{until}"
            yield series.dates[first], "stale", float(count), detail


def _non_positive(series: _Series) -> Iterator[_Row]:
    for day in np.flatnonzero(series.values <= 0.0).tolist():
        word = "zero" if series.values[day] == 0.0 else "negative"
        value = float(series.values[day])
        yield series.dates[day], "non_positive", value, f"the price is {word}"


def _below_minus_one(series: _Series) -> Iterator[_Row]:
    for day in np.flatnonzero(series.values <= -1.0).tolist():
        value = float(series.values[day])
        detail = "a return of -100 % or less: are these percentages, or prices?"
        yield series.dates[day], "below_minus_one", value, detail


def _jumps(series: _Series, rules: QualityRules) -> Iterator[_Row]:
    known = ~np.isnan(series.returns)
    if int(known.sum()) < 3:
        return
    center = float(np.median(series.returns[known]))
    scale = MAD_TO_SIGMA * float(np.median(np.abs(series.returns[known] - center)))
    if scale == 0.0:
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.abs(series.returns - center) / scale
        logs = np.log(series.ratios)
    for day in _beyond(distance, rules.jump):
        value = float(series.returns[day])
        check, why = _likely(float(logs[day]), rules, is_price=series.is_price)
        detail = f"{100 * value:+.2f} %, {distance[day]:.0f} robust standard deviations{why}"
        yield series.dates[day], check, value, detail


def _beyond(distance: FloatArray, limit: float) -> list[int]:
    out: IntArray = np.flatnonzero(np.nan_to_num(distance, nan=0.0) > limit)
    return [int(day) for day in out]


def _likely(log_ratio: float, rules: QualityRules, *, is_price: bool) -> tuple[str, str]:
    """Say what a jump looks like."""
    if not is_price:
        return "jump", ""
    if abs(abs(log_ratio) - np.log(100.0)) < rules.hundredfold_tolerance:
        return "hundredfold", ": a factor of 100, as between pence and pounds"
    for ratio in SPLITS:
        if abs(abs(log_ratio) - np.log(ratio)) < rules.split_tolerance:
            words = f"1 to {ratio}" if log_ratio < 0 else f"{ratio} to 1 (reverse)"
            return "split", f": near an unadjusted split of {words}"
    return "jump", ""


def _flagged(panel: PricePanel, name: str) -> Iterator[_Row]:
    """Take over what the source itself found."""
    if panel.flags.empty:
        return
    own = panel.flags[(panel.flags["asset"] == name) & panel.flags["flag"].isin(FLAGGED)]
    for day, flag, detail in zip(own["date"], own["flag"], own["detail"], strict=True):
        yield np.datetime64(day, "D"), str(flag), float("nan"), str(detail)
