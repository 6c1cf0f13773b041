"""Charts of a report: each as inline SVG, with its caption and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.plots import across, single
from eventstudy.plots.points import box_points, caar_points, car_points, price_points
from eventstudy.plots.svg import draw, inline_svg
from eventstudy.report import facts
from eventstudy.report.format import HTML, Format
from eventstudy.report.live import Live, box_live, caar_live, car_live, lines_of, price_live
from eventstudy.report.tables import Cell, Column, Table, num

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Figure", "event_figures", "panel_figures"]


@dataclass(frozen=True)
class Figure:
    """A chart, what it shows in words, and its numbers.

    Attributes
    ----------
    svg : str
    caption : str
    numbers : Table
    id : str
        Letters and digits; unique on a page.
    live : callable or None
        Makes the chart that can be asked, from the same points.
    """

    svg: str
    caption: str
    numbers: Table
    id: str = ""
    live: Callable[[], Live] | None = None


def _figure(
    chart: Callable[[Axes], object],
    prefix: str,
    caption: str,
    numbers: Table,
    live: Callable[[], Live],
) -> Figure:
    svg = inline_svg(draw(chart), prefix, escape(caption, quote=True))
    return Figure(svg, caption, numbers, prefix, live)


def event_figures(
    result: facts.ResultLike, row: Any, prefix: str, fmt: Format = HTML
) -> list[Figure]:
    """Return the charts of one headline on one asset: price and cumulated abnormal return.

    Parameters
    ----------
    result : ResultLike
    row : Series
        Of :func:`eventstudy.report.facts.reactions`.
    prefix : str
        Unique on the page.
    fmt : Format
    """
    made = (_price_figure(result, row, prefix, fmt), _car_figure(result, row, prefix, fmt))
    return [figure for figure in made if figure is not None]


def _price_figure(result: facts.ResultLike, row: Any, prefix: str, fmt: Format) -> Figure | None:
    event_id, asset = str(row["event_id"]), str(row["asset"])
    here = result.series
    if len(here):
        here = here[(here["event_id"] == row["event_id"]) & (here["asset"] == row["asset"])]
    if here.empty or here["price"].isna().all():
        return None
    day = fmt.date(row["session"])
    caption = f"{row['title']}: price, with the move of day 0 ({day}) marked."
    numbers = _price_numbers(here, caption, fmt)

    def live() -> Live:
        points = price_points(result, event_id, asset)
        return price_live(points, single.currency(result, asset), lines_of(numbers))

    return _figure(
        lambda ax: single.price(result, event_id, asset=asset, ax=ax),
        f"{prefix}p",
        caption,
        numbers,
        live,
    )


def _car_figure(result: facts.ResultLike, row: Any, prefix: str, fmt: Format) -> Figure | None:
    event_id, asset, model = str(row["event_id"]), str(row["asset"]), str(row["model"])
    days = result.abnormal_returns
    days = days[
        (days["event_id"] == row["event_id"])
        & (days["asset"] == row["asset"])
        & (days["model"] == row["model"])
    ]
    if days.empty:
        return None
    bands = "95 % band of each day" + (", light: of all days at once" * _has_wide(days))
    caption = f"{row['title']}: cumulated abnormal return, {fmt.model(model)}; {bands}."
    numbers = _car_numbers(days, caption, fmt)
    return _figure(
        lambda ax: single.car(result, event_id, asset=asset, model=model, ax=ax),
        f"{prefix}c",
        caption,
        numbers,
        lambda: car_live(car_points(result, event_id, asset, model), lines_of(numbers)),
    )


def _has_wide(days: pd.DataFrame) -> bool:
    return "car_sup_low" in days and bool(days["car_sup_low"].notna().any())


def _day(tau: Any, fmt: Format) -> Cell:
    return Cell(fmt.window(tau, tau)[1:-1].replace("+0", "0"), float(tau))


def _price_numbers(rows: pd.DataFrame, caption: str, fmt: Format) -> Table:
    columns = (Column("Session", nowrap=True), Column("Day", True), Column("Price", True))
    body = [
        [
            Cell(fmt.date(r["session"]), fmt.date(r["session"])),
            _day(r["tau"], fmt),
            num(r["price"], fmt.price),
        ]
        for _, r in rows.sort_values("tau", kind="stable").iterrows()
    ]
    return Table("price", f"Numbers: {caption}", columns, body)


def _car_numbers(rows: pd.DataFrame, caption: str, fmt: Format) -> Table:
    wide = _has_wide(rows)
    columns = [
        Column("Session", nowrap=True),
        Column("Day", True),
        Column("Abnormal", True),
        Column("Cumulated", True),
        Column("95 % interval", True),
    ]
    columns += [Column("95 %, all days", True)] if wide else []
    body = []
    for _, r in rows.sort_values("tau", kind="stable").iterrows():
        cells = [
            Cell(fmt.date(r["session"]), fmt.date(r["session"])),
            _day(r["tau"], fmt),
            num(r["ar"], fmt.percent),
            num(r["car"], fmt.percent),
            Cell(fmt.interval(r["car_low"], r["car_high"])),
        ]
        if wide:
            cells.append(Cell(fmt.interval(r["car_sup_low"], r["car_sup_high"])))
        body.append(cells)
    return Table("car", f"Numbers: {caption}", tuple(columns), body)


def panel_figures(
    result: facts.ResultLike, panel: str, model: str, prefix: str, fmt: Format = HTML
) -> list[Figure]:
    """Return the charts of one panel: the mean path with its bands, and the box of CARs."""
    paths = result.paths
    path = paths[(paths["panel"] == panel) & (paths["model"] == model)]
    if path.empty or not path["n_events"].max() >= 2:
        return []
    n = int(path["n_events"].max())
    caption = (
        f"Mean cumulated abnormal return of {n} events; dark: 95 % band of each day, light: "
        "of all days at once."
    )
    columns = (
        Column("Day", True),
        Column("Events", True),
        Column("Mean cumulated", True),
        Column("95 % interval", True),
        Column("95 %, all days", True),
    )
    body = [
        [
            _day(r["tau"], fmt),
            num(r["n_events"], fmt.count),
            num(r["caar"], fmt.percent),
            Cell(fmt.interval(r["caar_low"], r["caar_high"])),
            Cell(fmt.interval(r["caar_sup_low"], r["caar_sup_high"])),
        ]
        for _, r in path.sort_values("tau", kind="stable").iterrows()
    ]
    numbers = Table("caar", f"Numbers: {caption}", columns, body)
    mean = _figure(
        lambda ax: across.caar(result, panel, model=model, ax=ax),
        f"{prefix}m",
        caption,
        numbers,
        lambda: caar_live(caar_points(result, panel, model), lines_of(numbers)),
    )
    spread = _box(result, panel, model, prefix, fmt) if n <= 2000 else None
    return [mean, spread] if spread else [mean]


def _box(
    result: facts.ResultLike, panel: str, model: str, prefix: str, fmt: Format
) -> Figure | None:
    w = result.windows
    rows = w[(w["panel"] == panel) & (w["model"] == model)]
    body = []
    for start, end in facts.reported(result):
        cars = rows.loc[(rows["start"] == start) & (rows["end"] == end), "car"].dropna()
        if len(cars):
            marks = cars.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
            body.append(
                [
                    Cell(fmt.window(start, end)),
                    num(len(cars), fmt.count),
                    *(num(v, fmt.percent) for v in marks),
                ]
            )
    if not body:
        return None
    caption = (
        "Spread of the events' abnormal returns by window: quartiles, median, reach, and "
        "each event as a dot."
    )
    columns = (
        Column("Window", nowrap=True),
        Column("Events", True),
        Column("Least", True),
        Column("Quarter", True),
        Column("Median", True),
        Column("Three quarters", True),
        Column("Most", True),
    )
    return _figure(
        lambda ax: across.box(result, panel, model=model, ax=ax),
        f"{prefix}b",
        caption,
        Table("box", f"Numbers: {caption}", columns, body),
        lambda: box_live(box_points(result, panel, model), _names(result), fmt.percent),
    )


def _names(result: facts.ResultLike) -> dict[tuple[str, str], list[str]]:
    """Return the headline of each event, in lines that fit beside a dot, and its asset."""
    texts, titles = facts.headlines(result), facts.asset_titles(result)
    keys = result.windows[["event_id", "asset"]].drop_duplicates()
    return {
        (str(e), str(a)): [*wrap(texts.get(str(e), str(e)), 44, max_lines=3, placeholder=" ..."),
                           titles.get(str(a), str(a))]
        for e, a in keys.itertuples(index=False, name=None)
    }  # fmt: skip
