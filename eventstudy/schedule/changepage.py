"""The first sections of a scheduled report: what changed, and what is pending, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from eventstudy.report.format import HTML, Format, is_missing, one_line
from eventstudy.report.outline import Part
from eventstudy.report.tables import Cell, Column, Table, asset_list, txt
from eventstudy.schedule.changes import LEVEL, Changes, Names, shown

__all__ = ["changes_part", "pending_part"]

_HEADLINE, _ASSET, _ASSETS = Column("Headline"), Column("Asset"), Column("Assets")
_MODEL, _WINDOW = Column("Model", nowrap=True), Column("Window", nowrap=True)
_PENDING_ROWS = 40

Row = Mapping[str, Any] | pd.Series


def changes_part(changes: Changes, fmt: Format = HTML, limit: int = 12) -> Part:
    """Return the changes as the first section of a report.

    Parameters
    ----------
    changes : Changes
    fmt : Format
    limit : int
        Rows of each table; the rest is in ``changes.json``.
    """
    tables = []
    for kind, make in _TABLES.items():
        rows = changes.rows[changes.rows["kind"] == kind]
        if len(rows):
            tables += [
                table.tidy().clipped(limit, "changes.json")
                for table in make(rows, changes.names, fmt)
                if table.rows
            ]
    return Part(
        "changes", "What changed since the last report", (changes.sentence(),), tuple(tables)
    )


def pending_part(pending: pd.DataFrame, titles: Mapping[str, str], fmt: Format = HTML) -> Part:
    """Return the windows that wait for prices as a section of a report.

    Parameters
    ----------
    pending : DataFrame
        Of :func:`eventstudy.schedule.pending.hold`; not empty.
    titles : mapping of str to str
        Asset -> its title.
    fmt : Format
    """
    n = pending["event_id"].nunique()
    text = (
        f"{n} headline{'s have' if n > 1 else ' has'} windows that prices do not reach yet. "
        "A later report finishes them."
    )
    columns = (_HEADLINE, _ASSETS, Column("Day 0", nowrap=True), _WINDOW,
               Column("Complete on", nowrap=True), Column("Why"))  # fmt: skip
    keys = ["event_id", "headline", "session", "start", "end", "complete_on", "reason"]
    body = [
        [
            txt(one_line(key["headline"]) or key["event_id"], strong=True),
            txt(asset_list([titles.get(a, a) for a in assets])),
            Cell(fmt.date(key["session"])),
            Cell(fmt.window(key["start"], key["end"]), float(key["start"])),
            Cell(one_line(key["complete_on"]) or fmt.dash),
            txt(key["reason"]),
        ]
        for key, assets in _shared(pending, keys)
    ]
    table = Table("pending", "Windows that are not complete yet", columns, body)
    return Part("pending", "Pending", (text,), (table.clipped(_PENDING_ROWS, "pending.csv"),))


def _shared(rows: pd.DataFrame, keys: list[str]) -> Iterable[tuple[dict[str, Any], list[str]]]:
    """Part rows that differ by their asset alone; they stand in one line."""
    for key, part in rows.groupby(keys, sort=False, dropna=False):
        yield dict(zip(keys, key, strict=True)), [str(a) for a in part["asset"]]


def _who(key: Row, names: Names) -> Cell:
    event_id = str(key["event_id"])
    return txt(names.headlines.get(event_id) or event_id, strong=True)


def _assets(found: Sequence[str], names: Names) -> Cell:
    return txt(asset_list([names.assets.get(a, a) for a in found]))


def _window(row: Row, fmt: Format) -> Cell:
    return Cell(fmt.window(row["start"], row["end"]), float(row["start"]))


def _day_0(
    kind: str, title: str, *sides: tuple[str, str]
) -> Callable[[pd.DataFrame, Names, Format], list[Table]]:
    """Return the maker of a table of headlines whose day 0 is told, in one column or two."""

    def make(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
        columns = (_HEADLINE, _ASSETS, *(Column(label, nowrap=True) for _, label in sides))
        body = [
            [
                _who(key, names),
                _assets(found, names),
                *(Cell(shown("day 0", key[side], fmt)) for side, _ in sides),
            ]
            for key, found in _shared(rows, ["event_id", "old", "new"])
        ]
        return [Table(kind, title, columns, body)]

    return make


def _revised(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
    columns = (_ASSET, Column("Day", nowrap=True), Column("Before", True), Column("Now", True))
    body = []
    for _, row in rows.iterrows():
        far = is_missing(row["new"]) or row["new"] == ""
        numbers = ["", ""] if far else [shown("price", row[k], fmt) for k in ("old", "new")]
        day = "days far from any headline" if far else row["what"].removeprefix("price of ")
        name = names.assets.get(row["asset"], row["asset"])
        body.append([txt(name, strong=True), txt(day), *map(Cell, numbers)])
    return [Table("revised_price", "Prices that were revised", columns, body)]


def _completed(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
    columns = (_HEADLINE, _ASSET, _MODEL, _WINDOW, Column("Abnormal return", True))
    body = [
        [
            _who(row, names),
            _assets([row["asset"]], names),
            txt(fmt.model(row["model"]) if row["model"] else ""),
            _window(row, fmt),
            Cell(shown(row["what"], row["new"], fmt)),
        ]
        for _, row in rows.iterrows()
    ]
    return [Table("completed", "Windows that are complete now", columns, body)]


def _crossed(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
    title = f"Tests that crossed the {100 * LEVEL:.0f} % level"
    return [_changed("crossed", title, rows, ("p", "adjusted p"), names, fmt)]


def _moved(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
    single = rows["event_id"] != ""
    return [
        _changed("moved", "Numbers of headlines that moved", rows[single],
                 ("abnormal return", "exact p", "placebo p"), names, fmt),
        _changed("moved_tests", "Tests across events that moved", rows[~single], ("p",), names,
                 fmt),
    ]  # fmt: skip


def _changed(
    table: str, title: str, rows: pd.DataFrame, kinds: Sequence[str], names: Names, fmt: Format
) -> Table:
    """Return one row a window or test, with what each kind of number was and is."""
    of = {bool(i): "Headline" if i else "Panel" for i in sorted(rows["event_id"], reverse=True)}
    columns = [Column(" or ".join(of.values()).capitalize()), _ASSET, _MODEL, _WINDOW]
    columns.append(Column("Test"))
    for kind in kinds:
        label = kind if kind == "p" else kind.capitalize()
        columns += [Column(f"{label} before", True), Column("now", True)]
    keys = ["event_id", "asset", "panel", "model", "start", "end", "name", "variant"]
    body = []
    for key, part in rows.groupby(keys, sort=False, dropna=False):
        row: dict[str, Any] = dict(zip(keys, key, strict=True))
        told = {r["what"]: r for _, r in part.iterrows()}
        cells = [
            _who(row, names) if row["event_id"] else txt(row["panel"], strong=True),
            _assets([row["asset"]], names) if row["asset"] else Cell(""),
            txt(fmt.model(row["model"])),
            _window(row, fmt),
            txt(names.tests.get((row["name"], row["variant"])) or _single(row)),
        ]
        for kind in kinds:
            both = [shown(kind, told[kind][k], fmt) for k in ("old", "new")] if kind in told else []
            cells += [Cell(text) for text in both or ("", "")]
        body.append(cells)
    return Table(table, title, tuple(columns), body)


def _single(row: Row) -> str:
    """Name a test of one event as the tables of reactions do."""
    if str(row["name"]) != "placebo_sq":
        return "exact" if row["name"] else ""
    return "filtered placebo" if row["variant"] == "filtered" else "placebo"


def _left_out(rows: pd.DataFrame, names: Names, fmt: Format) -> list[Table]:
    columns = (_HEADLINE, _ASSETS, Column("Stage", nowrap=True), Column("Why"))
    body = [
        [
            _who(key, names),
            _assets(found, names),
            *(txt(shown("", key[k], fmt)) for k in ("new", "what")),
        ]
        for key, found in _shared(rows, ["event_id", "new", "what"])
    ]
    return [Table("left_out", "Newly left out", columns, body)]


def _settings(rows: pd.DataFrame, _: Names, fmt: Format) -> list[Table]:
    columns = (Column("Setting"), Column("Before"), Column("Now"))
    body = [
        [txt(row["what"], strong=True), *(txt(shown("", row[k], fmt)) for k in ("old", "new"))]
        for _, row in rows.iterrows()
    ]
    return [Table("settings", "Settings that changed", columns, body)]


_TABLES: dict[str, Callable[[pd.DataFrame, Names, Format], list[Table]]] = {
    "new_event": _day_0("new_event", "New headlines", ("new", "Day 0")),
    "gone_event": _day_0("gone_event", "Headlines that are gone", ("old", "Day 0 was")),
    "assets": _day_0("assets", "Headlines on other assets", ("old", "Day 0 was"),
                     ("new", "Day 0 is")),
    "day_0": _day_0("day_0", "Day 0 that moved", ("old", "Before"), ("new", "Now")),
    "revised_price": _revised,
    "completed": _completed,
    "crossed": _crossed,
    "moved": _moved,
    "left_out": _left_out,
    "settings": _settings,
}  # fmt: skip
