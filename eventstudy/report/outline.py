"""The parts of a paged report in order: what the PDF and the LaTeX writer set, each in its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eventstudy.report import appendix, citations, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.charts import Figure, event_figures, panel_figures
from eventstudy.report.format import HTML, Format, one_line
from eventstudy.report.tables import (
    Table,
    pinned_table,
    reaction_table,
    reported_at,
    tests_table,
    windows_table,
)

__all__ = ["MOST_CHARTS", "Outline", "Part", "outline"]

MOST_CHARTS = 12
_ROWS = 120


@dataclass(frozen=True)
class Part:
    """One section: paragraphs, then tables, then charts.

    Attributes
    ----------
    id : str
        Letters, digits and hyphens; unique in an outline.
    title : str
    text : tuple of str
        Plain paragraphs.
    tables : tuple of Table
    figures : tuple of Figure
    level : int
        1 for a section, 2 for a part of the section before it.
    """

    id: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    level: int = 1


@dataclass(frozen=True)
class Outline:
    """A whole report.

    Attributes
    ----------
    name, question : str
    meta : tuple of str
        Short facts for the line below the title.
    answers : tuple of (label, text)
        The label is empty where there is one headline.
    caveats : tuple of str
    parts : tuple of Part
    references : tuple of str
        Keys of :data:`eventstudy.report.citations.REFERENCES`.
    footer : str
    first : tuple of Part
        What stands before the answer.
    """

    name: str
    question: str
    meta: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    caveats: tuple[str, ...]
    parts: tuple[Part, ...]
    references: tuple[str, ...]
    footer: str
    first: tuple[Part, ...] = field(default=())


def outline(
    result: facts.ResultLike,
    fmt: Format = HTML,
    *,
    charts: int = MOST_CHARTS,
    first: Sequence[Part] = (),
    notes: Sequence[str] = (),
) -> Outline:
    """Lay out the report of a result.

    Parameters
    ----------
    result : StudyResult
    fmt : Format
        How numbers are written.
    charts : int
        Assets that get charts; 0 draws none.
    first : sequence of Part
        Parts that stand before the answer.
    notes : sequence of str
        Sentences that stand with the caveats.

    Returns
    -------
    Outline
        The same result gives the same outline.
    """
    parts = [*_sessions(result, fmt)]
    parts += (
        _many(result, fmt, charts) if facts.is_panel_study(result) else _each(result, fmt, charts)
    )
    parts += _across(result, fmt, charts)
    parts += _specifications(result, fmt, charts)
    parts += _rest(result, fmt)
    return Outline(
        name=one_line(facts.setting(result, "study", "name", "study")),
        question=words.question(result),
        meta=_meta(result, fmt),
        answers=tuple(words.answer(result, fmt)),
        caveats=(*caveats(result, fmt), *notes),
        parts=tuple(parts),
        references=tuple(citations.references(result)),
        footer=f"Made by eventstudy {result.run.get('version', '')} from the tables of the run; "
        f"seed {result.run.get('seed', fmt.dash)}.",
        first=tuple(first),
    )


def _meta(result: facts.ResultLike, fmt: Format) -> tuple[str, ...]:
    n, assets = len(facts.headline_ids(result)), 0
    out = [f"{fmt.count(n)} headline{'s' * (n != 1)}"]
    if len(result.events):
        assets = result.events["asset"].nunique()
        days = (result.events["session"].min(), result.events["session"].max())
        out += [f"{fmt.count(assets)} asset{'s' * (assets != 1)}"]
        out += [f"day 0: {fmt.date_range(*days)}"]
    left = facts.left_out(result)
    return (*out, f"{fmt.count(left)} left out" if left else "nothing left out")


def _sessions(result: facts.ResultLike, fmt: Format) -> list[Part]:
    if result.pinned.empty:
        return []
    text = ("Day 0 of each asset is the first session whose measured price can know the headline.",)
    if facts.is_panel_study(result):
        made = [pinned_table(result, fmt, caption="Headlines and their sessions")]
    else:
        texts = facts.headlines(result)
        made = [
            pinned_table(
                result,
                fmt,
                event_id=str(row["event_id"]),
                caption=f"{texts[str(row['event_id'])]}, reported {reported_at(row, fmt)}",
            )
            for _, row in result.pinned.drop_duplicates("event_id").iterrows()
        ]
    tables = tuple(t.clipped(_ROWS, "pinned.csv") for t in made)
    return [Part("pinned", "What was pinned where, and why", text, tables)]


def _each(result: facts.ResultLike, fmt: Format, charts: int) -> list[Part]:
    """Tell the headlines one by one: reactions, windows, charts of the main assets."""
    out: list[Part] = []
    ids, texts = facts.headline_ids(result), facts.headlines(result)
    share, extra = divmod(max(charts, 0), max(len(ids), 1))
    for k, event_id in enumerate(ids):
        rows = facts.reactions(result, event_id=event_id)
        mains = facts.main_assets(rows)
        told = rows[rows["asset"].isin(mains)]
        tables = [reaction_table(told, fmt, caption="Reaction").clipped(_ROWS, "windows.csv")]
        for panel, part in rows[~rows["asset"].isin(mains)].groupby("panel", sort=False):
            for model, same in part.groupby("model", sort=False):
                caption = f"{one_line(panel)}, {fmt.model(model)}"
                made = reaction_table(same, fmt, caption=caption)
                tables.append(made.clipped(_ROWS, "windows.csv"))
        windows = windows_table(
            result, fmt, event_id=event_id, assets=mains, caption="The reported windows"
        )
        tables.append(windows.clipped(_ROWS, "windows.csv"))
        first = told.drop_duplicates("asset").head(share + (k < extra))
        figures = [
            f
            for j, (_, row) in enumerate(first.iterrows())
            for f in event_figures(result, row, f"e{k}a{j}", fmt)
        ]
        title = texts.get(event_id, event_id)
        out.append(Part(f"event-{k + 1}", title, (), _filled(tables), tuple(figures)))
    return out


def _many(result: facts.ResultLike, fmt: Format, charts: int) -> list[Part]:
    """Tell many headlines: one table of all, charts of the first few."""
    rows = facts.reactions(result)
    table = reaction_table(rows, fmt, headline=True, caption="Every event at its leading window")
    few = rows.drop_duplicates(["event_id", "asset"]).head(min(charts, 4))
    figures = [
        f
        for j, (_, row) in enumerate(few.iterrows())
        for f in event_figures(result, row, f"s{j}", fmt)
    ]
    tables = _filled([table.clipped(_ROWS, "windows.csv")])
    return [Part("reactions", "Every event", (), tables, tuple(figures))]


def _across(result: facts.ResultLike, fmt: Format, charts: int) -> list[Part]:
    rows = facts.cross_tests(result)
    if rows.empty:
        return []
    out = [Part("across", "Tests across events")]
    for k, ((panel, model), part) in enumerate(rows.groupby(["panel", "model"], sort=False)):
        title = f"{one_line(panel)}, {fmt.model(model)}"
        zero = part[(part["start"] == 0) & (part["end"] == 0)]
        zero = zero if len(zero) else part
        rest = part.drop(index=zero.index)
        tables = [tests_table(zero, fmt, caption=title).clipped(_ROWS, "tests.csv")]
        if len(rest := rest[rest["rank"] == 0]):
            caption = "Other windows: the tests that lead; the others are in tests.csv"
            tables.append(tests_table(rest, fmt, caption=caption).clipped(_ROWS, "tests.csv"))
        drawn = charts > 0 and k < MOST_CHARTS
        figures = panel_figures(result, str(panel), str(model), f"t{k}", fmt) if drawn else []
        text = words.lead_reason(part, fmt)
        told = (text,) if text else ()
        out.append(Part(f"panel-{k + 1}", title, told, _filled(tables), tuple(figures), 2))
    return out


def _specifications(result: facts.ResultLike, fmt: Format, charts: int) -> list[Part]:
    # That module makes a part of its own, so it imports this one.
    from eventstudy.report.specs import specification_part

    made = specification_part(result, fmt, charts=min(charts, 4))
    return [] if made is None else [made]


def _rest(result: facts.ResultLike, fmt: Format) -> list[Part]:
    control = appendix.control_table(
        result, fmt, caption="The first window on dates without a headline"
    )
    quality = appendix.quality_table(result, fmt, caption="Findings in the prices")
    dropped = appendix.dropped_table(result, caption="Left out, at which stage, and why")
    others = appendix.confounder_table(
        result, fmt, caption="Headlines of this study inside each other's windows"
    )
    flags = appendix.flag_table(result, fmt, caption="Flags that events carry")
    nothing = "Every headline was estimated on every asset that it names."
    found = "The checks of the prices found nothing."
    alone = (
        "No other headline of this study falls into an event window. News that the study does not "
        "list may do so."
    )
    parts = [
        Part("control", "Negative control", (), _filled([control.clipped(60, "control.csv")])),
        Part("left-out", "What was left out", () if dropped.rows else (nothing,),
             _filled([dropped.clipped(_ROWS, "dropped.csv")])),
        Part("quality", "Data quality", () if quality.rows else (found,),
             _filled([quality.clipped(60, "quality.csv"), flags])),
        Part("confounders", "Other headlines in the windows", () if others.rows else (alone,),
             _filled([others.clipped(60)])),
        Part("methods", "Methods", tuple(citations.methods(result, fmt))),
        Part("data", "Data and inputs",
             tuple(one_line(w) for w in result.run.get("warnings", [])),
             _filled([appendix.source_table(result, fmt, caption="Prices: source and clock"),
                      appendix.hash_table(result, caption="Inputs and their SHA-256")])),
    ]  # fmt: skip
    return [p for p in parts if p.text or p.tables]


def _filled(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return the tables that have rows, without columns in which nothing stands."""
    return tuple(replace(t.tidy(), note=t.note) for t in tables if t.rows)
