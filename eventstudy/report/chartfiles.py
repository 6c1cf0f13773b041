"""The charts of a result as SVG files: main assets one by one, then the panels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.plots import Plot
from eventstudy.plots.svg import draw, save_svg
from eventstudy.report import facts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "write_charts"]

# More assets than this make a folder that nobody opens; their numbers are in the tables.
MOST = 24


def _file_name(*parts: str) -> str:
    safe = [re.sub(r"[^A-Za-z0-9^=.-]+", "-", p).strip("-.") or "x" for p in parts]
    return "_".join(safe) + ".svg"


def _car(result: facts.ResultLike, event: str, asset: str, model: str) -> Figure:
    return draw(lambda ax: Plot(result).car(event, asset=asset, model=model, ax=ax))


def _price(result: facts.ResultLike, event: str, asset: str) -> Figure:
    return draw(lambda ax: Plot(result).price(event, asset=asset, ax=ax))


def _caar(result: facts.ResultLike, panel: str, model: str) -> Figure:
    return draw(lambda ax: Plot(result).caar(panel, model=model, ax=ax))


def write_charts(result: facts.ResultLike, folder: Path, *, most: int = MOST) -> list[str]:
    """Write the charts of a result into a folder and return their names, in order.

    Price and cumulated abnormal return of each headline on each asset that is told one by one (at
    most ``most``), and the mean path of each panel of two events or more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    table = facts.reactions(result)
    mains = set(facts.main_assets(table))
    rows = table[table["asset"].isin(mains)] if len(table) else table
    for row in rows.head(most).itertuples(index=False):
        event, asset, model = str(row.event_id), str(row.asset), str(row.model)
        path = folder / _file_name(event, asset, model, "car")
        save_svg(_car(result, event, asset, model), path)
        names.append(path.name)
        prices = result.series
        own = prices[(prices["event_id"] == event) & (prices["asset"] == asset)]
        price = folder / _file_name(event, asset, "price")
        if own["price"].notna().any() and price.name not in names:
            save_svg(_price(result, event, asset), price)
            names.append(price.name)
    panels = result.tests[["panel", "model"]].drop_duplicates()
    for panel, model in panels.itertuples(index=False, name=None):
        path = folder / _file_name(str(panel), str(model), "caar")
        save_svg(_caar(result, str(panel), str(model)), path)
        names.append(path.name)
    return names
