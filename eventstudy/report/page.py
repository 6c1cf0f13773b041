"""What a page says, part by part, before it is laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.report import appendix, citations, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.charts import Figure, event_figures, panel_figures
from eventstudy.report.format import HTML, one_line
from eventstudy.report.panel_words import control_sentence, panel_answer
from eventstudy.report.specs import specification_part
from eventstudy.report.tables import (
    Table,
    pinned_table,
    reaction_table,
    reported_at,
    tests_table,
    windows_table,
)

if TYPE_CHECKING:
    from eventstudy.report.outline import Part

__all__ = ["figures_of", "page_of"]

FEW_EVENTS = 5
"""Panels with fewer events are descriptive at best, and folded."""

_PANEL = ["panel", "model"]
_EMPTY = Table("empty", "", ())


def page_of(
    result: facts.ResultLike, charts: int, first: Sequence[Part], notes: Sequence[str]
) -> dict[str, Any]:
    """Return everything that the template lays out.

    Parameters
    ----------
    result : StudyResult
    charts : int
        Assets that get charts.
    first : sequence of Part
        Sections before the answer.
    notes : sequence of str
        Sentences that stand with the caveats.
    """
    page = _page(result, charts)
    page["first"] = list(first)
    page["specifications"] = _specifications(result, min(charts, 4))
    page["caveats"] = [*page["caveats"], *(one_line(n) for n in notes)]
    page["sections"] = [*((p.id, p.title) for p in first), *_with_specifications(page)]
    return page


def figures_of(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every chart of a page in the order of reading."""
    for asset in (*(a for e in page["events"] for a in e["assets"]), *page["samples"]):
        yield from asset["figures"]
    for panel in page["panels"]:
        yield from panel["figures"]
    if page["specifications"]:
        yield from page["specifications"]["figures"]


def _specifications(result: facts.ResultLike, charts: int) -> dict[str, Any] | None:
    part = specification_part(result, charts=charts)
    if part is None:
        return None
    return {"part": part, "figures": [_safe(f) for f in part.figures]}


def _with_specifications(page: dict[str, Any]) -> list[tuple[str, str]]:
    sections: list[tuple[str, str]] = page["sections"]
    if page["specifications"] is None:
        return sections
    at = next(i for i, (key, _) in enumerate(sections) if key in ("control", "left-out"))
    return [*sections[:at], ("specification", "Specifications"), *sections[at:]]


def _page(result: facts.ResultLike, charts: int) -> dict[str, Any]:
    many = facts.is_panel_study(result)
    events = [] if many else _events(result, charts)
    left = charts - sum(len(e["assets"]) for e in events)
    panels = _panels(result)
    page = appendix.closing_tables(result) | {
        "title": one_line(facts.setting(result, "study", "name", "study")),
        "question": words.question(result),
        "meta": _meta(result),
        "answers": _answers(result),
        "caveats": caveats(result),
        "pinned": _pinned(result, many=many),
        "events": events,
        "panels": panels,
        "many": many,
        "positions": _positions(result) if many else "",
        "left_out": _left_out(result),
        "warnings": [one_line(w) for w in result.run.get("warnings", [])],
        "said_control": control_sentence(result, HTML),
        "methods": citations.methods(result),
        "references": [citations.REFERENCES[k] for k in citations.references(result)],
        "footer": f"Made by eventstudy {result.run.get('version', '')} from the tables of the run; "
        f"seed {result.run.get('seed', HTML.dash)}.",
        "reactions": _EMPTY,
        "samples": [],
        "cut": "",
    }
    if many:
        _add_many(page, result, max(left, 0))
    page["sections"] = _sections(page)
    return page


def _sections(page: dict[str, Any]) -> list[tuple[str, str]]:
    out = [("answer", "Answer")]
    across = [("across", "Tests across events")] if page["panels"] else []
    out += across if page["many"] else []
    out += [("pinned", "Pinned")]
    out += [(e["id"], e["nav"]) for e in page["events"]]
    out += [("reactions", "Every event")] if page["reactions"].rows else []
    out += across if not page["many"] else []
    out += [("regressions", "Regressions")] if page["regressions"].rows else []
    out += [("control", "Negative control")] if page["control"].rows else []
    return [
        *out,
        ("left-out", "Left out"),
        ("quality", "Data quality"),
        ("confounders", "Other headlines"),
        ("methods", "Methods"),
        ("data", "Data"),
    ]


def _meta(result: facts.ResultLike) -> list[str]:
    ids = facts.headline_ids(result)
    n = result.events["asset"].nunique() if len(result.events) else 0
    out = [f"{len(ids)} headline{'s' * (len(ids) != 1)}", f"{n} asset{'s' * (n != 1)}"]
    if len(result.events):
        first, last = result.events["session"].min(), result.events["session"].max()
        days = HTML.date(first) if first == last else f"{HTML.date(first)} to {HTML.date(last)}"
        out.append(f"day 0: {days}")
    dropped, merged = facts.left_out(result), facts.merged(result)
    out.append(f"{dropped} left out" if dropped else "nothing left out")
    return [*out, f"{merged} merged"] if merged else out


def _positions(result: facts.ResultLike) -> str:
    """Count where in the day the headlines came."""
    counts = result.pinned["position"].value_counts(sort=False)
    told = ", ".join(f"{HTML.count(n)} {HTML.position(p)}" for p, n in counts.items())
    return f" Of {HTML.count(len(result.pinned))} pairs of headline and asset: {told}."


def _left_out(result: facts.ResultLike) -> str:
    left, merged = facts.left_out(result), facts.merged(result)
    out = (
        f"{HTML.count(left)} pair{'s' * (left != 1)} of headline and asset could not be estimated."
        if left
        else "Every headline was estimated on every asset that it names."
    )
    if merged:
        out += (
            f" {HTML.count(merged)} were merged with an earlier headline of the same story on the "
            "same asset and session: they count once."
        )
    return out


def _pinned(result: facts.ResultLike, *, many: bool) -> list[Table]:
    """Return one table a headline, or one for all where there are many."""
    if many:
        made = pinned_table(result, caption="Headlines, their sessions and the reason")
        return [made.clipped(60, "pinned.csv")]
    first = result.pinned.drop_duplicates("event_id")
    texts = facts.headlines(result)
    return [
        pinned_table(
            result,
            event_id=str(row["event_id"]),
            caption=f"{texts[str(row['event_id'])]}, reported {reported_at(row, HTML)}",
        ).clipped(60, "pinned.csv")
        for _, row in first.iterrows()
    ]


def _answers(result: facts.ResultLike) -> list[dict[str, Any]]:
    """Return the answer for each headline with its tiles, then for each panel."""
    out: list[dict[str, Any]] = []
    if not facts.is_panel_study(result):
        ids, texts = facts.headline_ids(result), facts.headlines(result)
        for i in ids:
            text = words.headline_answer(result, i)
            label = texts.get(i, i) if len(ids) > 1 else ""
            if text:
                out.append({"label": label, "text": text, "tiles": _tiles(result, i)})
    told = panel_answer(result, HTML)
    out += [{"label": a, "text": b, "tiles": []} for a, b in told]
    return out or [{"label": a, "text": b, "tiles": []} for a, b in words.answer(result)]


def _tiles(result: facts.ResultLike, event_id: str) -> list[dict[str, str]]:
    table = facts.reactions(result, event_id=event_id)
    mains = facts.main_assets(table)[: facts.MOST_TOLD]
    rows = table[table["asset"].isin(mains)].drop_duplicates("asset")
    return [
        {
            "name": r["title"],
            "value": HTML.percent(r["return"]),
            "abnormal": HTML.percent(r["car"]),
            "p": HTML.pvalue(r["pvalue"]),
            "q": HTML.pvalue(r["placebo_pvalue"]),
            "mde": HTML.size(r["mde"]),
        }
        for _, r in rows.iterrows()
    ]


def _events(result: facts.ResultLike, charts: int) -> list[dict[str, Any]]:
    texts, ids = facts.headlines(result), facts.headline_ids(result)
    # Every headline gets its share of the charts, the first ones what is left over.
    share, extra = divmod(max(charts, 0), max(len(ids), 1))
    return [_event(result, i, k, texts.get(i, i), share + (k < extra)) for k, i in enumerate(ids)]


def _event(
    result: facts.ResultLike, event_id: str, k: int, title: str, charts: int
) -> dict[str, Any]:
    table = facts.reactions(result, event_id=event_id)
    mains = facts.main_assets(table)
    told = table[table["asset"].isin(mains)]
    first = told.drop_duplicates("asset")
    assets = [
        _asset(result, r, f"e{k}a{j}") for j, (_, r) in enumerate(first.iterrows()) if j < charts
    ]
    cut = (
        f"Charts of the first {charts} of {len(first)} assets are shown."
        if len(first) > charts
        else ""
    )
    open_, more = _panel_tables(table[~table["asset"].isin(mains)], k)
    windows = windows_table(
        result, event_id=event_id, assets=mains, caption="The reported windows"
    ).clipped(where="windows.csv")
    label = " and ".join(dict.fromkeys(m for m, _ in more))
    return {
        "id": f"event-{k + 1}",
        "nav": _short(title),
        "title": title,
        "assets": assets,
        "cut": cut,
        "main": reaction_table(told, caption="Reaction").clipped(60, "windows.csv"),
        "panels": open_,
        "more": [t for _, t in more],
        "more_label": label,
        "windows": windows,
    }


def _short(title: str, length: int = 28) -> str:
    return title if len(title) <= length else title[: length - 1].rsplit(" ", 1)[0] + "…"


def _panel_tables(rows: pd.DataFrame, k: int) -> tuple[list[Table], list[tuple[str, Table]]]:
    """Return the tables of the large panels: the first model in the open, others folded."""
    open_: list[Table] = []
    more: list[tuple[str, Table]] = []
    for panel, part in rows.groupby("panel", sort=False):
        for j, (model, same) in enumerate(part.groupby("model", sort=False)):
            name = HTML.model(model)
            made = reaction_table(same, caption=one_line(panel))
            made = replace(made.clipped(60, "windows.csv"), name=f"panel{k}")
            if j == 0:
                open_.append(made)
            else:
                more.append((name, made))
    return open_, more


def _asset(result: facts.ResultLike, row: Any, prefix: str) -> dict[str, Any]:
    figures: list[Figure] = event_figures(result, row, prefix)
    return {
        "id": prefix,
        "title": row["title"],
        "text": words.reaction_sentence(row),
        "figures": [_safe(f) for f in figures],
    }


def _safe(figure: Figure) -> dict[str, Any]:
    """Hand the SVG to the template as markup: matplotlib and our own escaping made it."""
    from markupsafe import Markup

    return {"svg": Markup(figure.svg), "caption": figure.caption, "numbers": figure.numbers,
            "id": figure.id, "live": figure.live}  # fmt: skip


def _panels(result: facts.ResultLike) -> list[dict[str, Any]]:
    rows = facts.cross_tests(result)
    if rows.empty:
        return []
    groups = (((str(p), str(m)), part) for (p, m), part in rows.groupby(_PANEL, sort=False))
    out = []
    for k, ((panel, model), part) in enumerate(groups):
        first = part[(part["start"] == 0) & (part["end"] == 0)]
        first = first if len(first) else part
        rest = part.drop(index=first.index)
        out.append(
            {
                "id": f"panel-{k + 1}",
                "title": f"{one_line(panel)}, {HTML.model(model)}",
                "few": int(part["n_events"].max()) < FEW_EVENTS,
                "text": words.lead_reason(first, HTML),
                "figures": [_safe(f) for f in panel_figures(result, panel, model, f"t{k}")],
                "tests": tests_table(first, caption="Tests across events"),
                "rest": tests_table(rest, caption="Other windows").clipped(where="tests.csv")
                if len(rest)
                else _EMPTY,
            }
        )
    return out


def _add_many(page: dict[str, Any], result: facts.ResultLike, charts: int) -> None:
    """Tell a study of many headlines: one table of all events, charts of the first few."""
    table = facts.reactions(result)
    first = table.drop_duplicates(["event_id", "asset"])
    page["reactions"] = reaction_table(
        table, headline=True, caption="Reaction of every event at its leading window"
    ).clipped(where="windows.csv")
    shown = first.head(charts)
    texts = facts.headlines(result)
    for j, (_, row) in enumerate(shown.iterrows()):
        made = _asset(result, row, f"s{j}")
        made["title"] = f"{row['title']}: {texts.get(str(row['event_id']), row['event_id'])}"
        page["samples"].append(made)
    if len(first) > len(shown):
        page["cut"] = (
            f"Charts of the first {len(shown)} of {len(first)} events are shown; the "
            "tables of the run hold all."
        )
