"""Charts of one headline on one asset: the price, the abnormal returns, the cumulated path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.plots import style
from eventstudy.plots.points import car_points, price_points
from eventstudy.plots.select import Charted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ar", "band", "car", "currency", "event_axis", "price"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def price(
    result: Charted,
    event_id: str | None = None,
    *,
    asset: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the price around a headline, the pinned session's move marked.

    The marked stretch runs from the last price before the pinned session to the price of that
    session: what the return of day 0 measures. Days on which a future's contract changes carry a
    small tick.

    Parameters
    ----------
    result : StudyResult
    event_id, asset : str, optional
        The first of the result unless given.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    points = price_points(result, event_id, asset)
    rows, rolls = points.rows, points.rolls
    with style.house():
        ax = style.start(ax)
        ax.plot(_numbers(rows), rows["price"], color=style.INK, linewidth=1.3)
        if len(points.move):
            _mark(ax, points.move)
        if len(rolls):
            ax.plot(_numbers(rolls), rolls["price"], "|", color=style.MUTED, markersize=9)
        _date_axis(ax, rows)
        ax.set_ylabel(currency(result, str(rows["asset"].iloc[0])))
    return ax


def _mark(ax: Axes, move: pd.DataFrame) -> None:
    """Mark the move of day 0: a shaded span, a thick stroke, a dot and the word."""
    days, prices = _numbers(move), move["price"].to_list()
    day, value = days[-1], prices[-1]
    if len(move) > 1:
        ax.axvspan(days[0], day, color=style.SOFT, zorder=0)
        ax.plot(days, prices, color=style.MARK, linewidth=2.6)
    ax.axvline(day, color=style.MARK, linewidth=0.8, linestyle=(0, (3, 2)))
    ax.plot([day], [value], "o", color=style.MARK, markersize=5)
    ax.annotate(
        "day 0",
        (day, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-4, -1),
        textcoords="offset points",
        ha="right",
        va="top",
        color=style.MARK,
    )


def _date_axis(ax: Axes, rows: pd.DataFrame) -> None:
    """Label day 0 and every so many sessions before and after it, whatever the locale."""
    first, last = int(rows["tau"].min()), int(rows["tau"].max())
    step = next((s for s in (1, 2, 5, 10, 15, 20, 30, 60) if (last - first) / s <= 6), 120)
    shown = rows[(rows["tau"] % step == 0) & rows["session"].notna()].drop_duplicates("tau")
    days = [pd.Timestamp(d) for d in shown["session"]]
    labels = [
        f"{d.day} {_MONTHS[d.month - 1]}" + (f" {d.year}" if t == 0 else "")
        for d, t in zip(days, shown["tau"], strict=True)
    ]
    ax.set_xticks([float(_date_number(d)) for d in days], labels)
    for label, tau in zip(ax.get_xticklabels(), shown["tau"], strict=True):
        if tau == 0:
            label.set_color(style.MARK)


def _numbers(rows: pd.DataFrame) -> list[float]:
    return [_date_number(pd.Timestamp(d)) for d in rows["session"]]


def _date_number(day: pd.Timestamp) -> float:
    """Return matplotlib's number of a date: days since 1970."""
    return float(day.toordinal() - pd.Timestamp("1970-01-01").toordinal())


def currency(result: Charted, asset: str) -> str:
    """Return the currency of an asset's prices; empty where none is known."""
    for entry in result.run.get("prices", []):
        if str(entry["asset"]) == asset:
            return style.plain(entry.get("currency") or "")
    return ""


def car(
    result: Charted,
    event_id: str | None = None,
    *,
    asset: str | None = None,
    model: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the cumulated abnormal return of one event with its 95 % bands.

    The dark band holds each day by itself; the light band, where the result has one, holds the
    whole path at once. Both come from the forecast-error covariance.

    Parameters
    ----------
    result : StudyResult
    event_id, asset, model : str, optional
        The first of the result unless given.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    rows = car_points(result, event_id, asset, model)
    x = rows["tau"].to_numpy(dtype=float)
    with style.house():
        ax = style.start(ax)
        if {"car_sup_low", "car_sup_high"} <= set(rows):
            band(ax, x, rows["car_sup_low"], rows["car_sup_high"], style.BAND_WIDE)
        band(ax, x, rows["car_low"], rows["car_high"], style.BAND)
        ax.plot(x, rows["car"], color=style.ACCENT, marker="o", markersize=3)
        event_axis(ax, x)
    return ax


def band(ax: Axes, x: Any, low: pd.Series, high: pd.Series, color: str) -> None:
    """Fill between two series; nothing where all is missing."""
    if low.notna().any():
        ax.fill_between(
            x, low.to_numpy(dtype=float), high.to_numpy(dtype=float), color=color, linewidth=0.0
        )


def event_axis(ax: Axes, x: Any) -> None:
    """Label an axis of event time: whole sessions, zero line, day 0 marked."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.axhline(0.0, color=style.MUTED, linewidth=0.8)
    ax.axvline(0.0, color=style.MARK, linewidth=0.8, linestyle=(0, (3, 2)))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=11, integer=True))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{v:+.0f}".replace("-", "\u2212") if v else "0")
    )
    if len(x):
        ax.set_xlim(float(np.min(x)) - 0.6, float(np.max(x)) + 0.6)
    ax.set_xlabel("sessions from day 0")
    style.percent_axis(ax)


def ar(
    result: Charted,
    event_id: str | None = None,
    *,
    asset: str | None = None,
    model: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the abnormal return of every day with its 95 % interval.

    Parameters
    ----------
    result : StudyResult
    event_id, asset, model : str, optional
        The first of the result unless given.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    rows = car_points(result, event_id, asset, model)
    days = _single_days(result, rows)
    x, y = rows["tau"].to_numpy(dtype=float), rows["ar"].to_numpy(dtype=float)
    with style.house():
        ax = style.start(ax)
        colors = [style.MARK if t == 0 else style.ACCENT for t in x]
        ax.bar(x, y, width=0.62, color=colors)
        ends = np.abs(
            np.vstack(
                [
                    y - days["ci_low"].to_numpy(dtype=float),
                    days["ci_high"].to_numpy(dtype=float) - y,
                ]
            )
        )
        ax.errorbar(x, y, yerr=ends, fmt="none", ecolor=style.MUTED, elinewidth=0.9, capsize=2)
        event_axis(ax, x)
    return ax


def _single_days(result: Charted, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the one-day windows of the event that ``rows`` is about, one a day."""
    first = rows.iloc[0]
    w = result.windows
    days: pd.DataFrame = w[
        (w["event_id"] == first["event_id"])
        & (w["asset"] == first["asset"])
        & (w["model"] == first["model"])
        & (w["start"] == w["end"])
    ]
    days = days.drop_duplicates("start").set_index("start")
    return days.reindex(rows["tau"].to_numpy())
