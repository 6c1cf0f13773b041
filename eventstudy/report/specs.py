"""The specification table of a result as cells, and its chart."""

from __future__ import annotations

from functools import partial
from html import escape

import pandas as pd

from eventstudy.names import CROSS_EVENT, SINGLE_EVENT
from eventstudy.plots.specification import curve, specification
from eventstudy.plots.svg import draw, inline_svg
from eventstudy.report import facts
from eventstudy.report.charts import Figure
from eventstudy.report.format import HTML, Format, one_line
from eventstudy.report.live import Live, lines_of, specification_live
from eventstudy.report.outline import Part
from eventstudy.report.panel_words import estimate_text
from eventstudy.report.tables import Cell, Column, Table, num, txt

__all__ = ["specification_part", "specification_rows"]

_SIZE = (5.4, 4.0)
_TITLES = {(str(s.name), str(s.variant)): s.title for s in (*CROSS_EVENT, *SINGLE_EVENT)}


def specification_rows(frame: pd.DataFrame, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return a specification table as cells.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`eventstudy.specification`.
    fmt : Format
    caption : str
    """
    columns: tuple[Column, ...] = (
               Column("Panel"), Column("Model", nowrap=True), Column("Estimated on", nowrap=True),
               Column("Window", nowrap=True), Column("Headline"), Column("Asset"), Column("Test"),
               Column("Events", True), Column("Mean abnormal", True), Column("Estimate", True),
               Column("p", True), Column("Adj. p", True, "Holm over every row of the table"),
               Column("Note"))  # fmt: skip
    notes = dict.fromkeys(map(one_line, frame["note"])) if len(frame) else {}
    shared = next(iter(notes)) if len(notes) == 1 else ""
    body = []
    for row in frame.to_dict("records"):
        key = (str(row["name"]), str(row["variant"]))
        body.append(
            [
                txt(row["panel"], strong=True),
                txt(fmt.model(row["model"])),
                Cell(fmt.window(row["estimation_start"], row["estimation_end"]),
                     float(row["estimation_start"])),
                Cell(fmt.window(row["start"], row["end"]), float(row["start"])),
                txt(row["event_id"]),
                txt(row["asset"]),
                txt(_TITLES.get(key, " ".join(key))),
                num(row["n_events"], fmt.count),
                num(row["mean_car"], fmt.percent),
                Cell(estimate_text(row, "estimate", fmt)),
                num(row["pvalue"], fmt.pvalue),
                num(row["pvalue_adjusted"], fmt.pvalue),
                txt("" if shared else row["note"]),
            ]
        )  # fmt: skip
    panels = list(dict.fromkeys(map(one_line, frame["panel"])))
    only = panels[0] if len(panels) == 1 else ""
    told = f"{caption}, {only}" if only and only not in caption else caption
    if only:
        columns, body = columns[1:], [row[1:] for row in body]
    return Table("specification", told, columns, body, note=shared).tidy()


def specification_part(
    result: facts.ResultLike, fmt: Format = HTML, *, charts: int = 4
) -> Part | None:
    """Return the section on specifications; None where the study asks for none.

    It says how many were tried and how many stay below 5 % once all are allowed for, never the one
    that came out best.
    """
    frame = getattr(result, "specification", None)
    if not isinstance(frame, pd.DataFrame) or frame.empty or "pvalue" not in frame:
        return None
    known = frame["pvalue"].notna()
    small = int((frame["pvalue"] < 0.05).sum())
    kept = int((frame["pvalue_adjusted"] < 0.05).sum())
    level = fmt.percent(0.05, 0, sign=False)
    text = (
        f"{fmt.count(len(frame))} combinations of model, estimation window, event window and test "
        f"were run, {fmt.count(int(known.sum()))} with a p-value. {fmt.count(small)} of these lie "
        f"below {level} taken alone, as {fmt.count(round(0.05 * int(known.sum())))} would by "
        f"chance; {fmt.count(kept)} when all of them are allowed for (Holm).",
    )
    table = specification_rows(frame, fmt, caption="Every specification that was run")
    figures: list[Figure] = []
    for k, panel in enumerate(dict.fromkeys(map(str, frame["panel"]))):
        rows = frame[(frame["panel"] == panel) & frame["mean_car"].notna()]
        if k < charts and len(rows) > 1:
            caption = (
                f"{one_line(panel)}: mean abnormal return under every specification; filled: "
                f"adjusted p below {level}, ringed: p below {level} taken alone."
            )
            made = specification_rows(rows, fmt, caption=f"Numbers: {caption}")
            drawn = draw(lambda ax, p=panel: specification(frame, p, ax=ax), _SIZE)  # type: ignore[misc]
            svg = inline_svg(drawn, f"spec{k}", escape(caption, quote=True))
            live = partial(_live, frame, panel, fmt)
            figures.append(Figure(svg, caption, made.clipped(60), f"spec{k}", live))
    return Part("specification", "Specifications", text,
                (table.clipped(60, "specification.csv"),), tuple(figures))  # fmt: skip


def _live(frame: pd.DataFrame, panel: str, fmt: Format) -> Live:
    rows = curve(frame, panel)
    return specification_live(rows, lines_of(specification_rows(rows, fmt)))
