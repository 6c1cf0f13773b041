"""What changed since the last report: headlines, day 0, prices, numbers, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, is_missing
from eventstudy.report.outline import Part
from eventstudy.report.tables import Cell, Column, Table, txt
from eventstudy.results import StudyResult, left_out, rows_for_json

__all__ = ["COLUMNS", "LEVEL", "Changes", "compare", "leading_tests"]

LEVEL = 0.05
COLUMNS = [
    "kind", "event_id", "asset", "panel", "model", "start", "end", "name", "variant", "what",
    "old", "new",
]  # fmt: skip
KINDS = {
    "new_event": "New headlines",
    "gone_event": "Headlines that are gone",
    "day_0": "Day 0 that changed",
    "revised_price": "Prices that were revised",
    "completed": "Windows that are complete now",
    "crossed": f"Tests that crossed the {100 * LEVEL:.0f} % level",
    "moved": "Statistics that moved",
    "left_out": "Newly left out",
    "settings": "Settings that changed",
}
_EVENT = ["event_id", "asset"]
_WINDOW = [*_EVENT, "model", "start", "end"]
_PANEL = ["panel", "model", "start", "end", "name", "variant"]


@dataclass(frozen=True, eq=False)
class Changes:
    """What is not as in the last report.

    Attributes
    ----------
    previous : str
        The run that was compared with; empty for a first report.
    rows : DataFrame
        One row a change; ``old`` and ``new`` are values as they stand in the tables.
    """

    previous: str
    rows: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Return the number of changes of each kind that occurs, in the order of telling."""
        found = self.rows["kind"].value_counts()
        return {k: int(found[k]) for k in KINDS if k in found}

    def sentence(self) -> str:
        """Say in one sentence what changed."""
        if not self.previous:
            return "This is the first report of this study."
        if self.rows.empty:
            return f"Nothing in the tables changed since report {self.previous}."
        told = [f"{KINDS[k].lower()}: {n}" for k, n in self.counts().items()]
        return f"Since report {self.previous}: {'; '.join(told)}."

    def to_json(self) -> dict[str, Any]:
        """Return the changes as plain values."""
        return {
            "schema_version": 1,
            "previous": self.previous or None,
            "counts": self.counts(),
            "changes": rows_for_json(self.rows, "tests"),
        }

    def part(self, fmt: Format = HTML, limit: int = 12) -> Part:
        """Return the changes as the first section of a report."""
        tables = []
        for kind, title in KINDS.items():
            rows = self.rows[self.rows["kind"] == kind]
            if len(rows):
                made = _table(rows, title, kind, fmt)
                tables.append(made.clipped(limit, "changes.json"))
        return Part(
            "changes", "What changed since the last report", (self.sentence(),), tuple(tables)
        )


def _table(rows: pd.DataFrame, title: str, kind: str, fmt: Format) -> Table:
    columns = [Column("Headline"), Column("Asset or panel"), Column("Model"),
               Column("Window", nowrap=True), Column("What"), Column("Before", True),
               Column("Now", True)]  # fmt: skip
    body = []
    for _, row in rows.iterrows():
        who = row["asset"] or row["panel"]
        window = fmt.window(row["start"], row["end"]) if not is_missing(row["start"]) else ""
        test = " ".join(t for t in (row["name"], row["variant"]) if t)
        what = f"{row['what']} ({test})" if test else row["what"]
        body.append(
            [
                txt(row["event_id"], strong=True),
                txt(who),
                txt(fmt.model(row["model"]) if row["model"] else ""),
                Cell(window),
                txt(what),
                Cell(_shown(row["what"], row["old"], fmt)),
                Cell(_shown(row["what"], row["new"], fmt)),
            ]
        )
    return Table(kind, title, tuple(columns), body).tidy()


def _shown(what: str, value: Any, fmt: Format) -> str:
    if is_missing(value) or value == "":
        return fmt.dash
    if isinstance(value, str):
        return value
    if what in ("car", "estimate", "mean abnormal return", "abnormal return"):
        return fmt.percent(value)
    if what.startswith("price"):
        return fmt.price(value)
    return fmt.pvalue(value) if "p" in what.split() else fmt.number(value, sign=True)


def compare(
    old: StudyResult | None,
    new: StudyResult,
    *,
    previous: str = "",
    prices: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    pending: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> Changes:
    """Compare a result with that of the last report.

    Parameters
    ----------
    old : StudyResult or None
        None for a first report, which has no changes.
    new : StudyResult
    previous : str
        Name of the last report's run.
    prices : (mapping, mapping)
        For each asset the hash of the old prices, and that of the new ones over the same dates;
        where they differ a price was revised, also far from any event.
    pending : (DataFrame, DataFrame), optional
        What was pending then, and what is now.

    Returns
    -------
    Changes
        A number moved where it is shown otherwise, not where its last bits differ. Text and dates
        as ISO 8601.
    """
    if old is None:
        return Changes("", pd.DataFrame(columns=COLUMNS))
    rows = [
        *_events(old, new),
        *_prices(old, new, *prices),
        *_completed(new, *(pending or (pd.DataFrame(), pd.DataFrame()))),
        *_windows(old, new),
        *_verdicts(old, new),
        *_left_out(old, new),
        *_settings(old, new),
    ]
    order = {k: i for i, k in enumerate(KINDS)}
    rows.sort(key=lambda r: order[r["kind"]])
    blank = dict.fromkeys(COLUMNS, "") | {"start": np.nan, "end": np.nan}
    frame = pd.DataFrame([blank | r for r in rows], columns=COLUMNS)
    return Changes(previous, frame.astype({"old": object, "new": object}))


def _keyed(frame: pd.DataFrame, keys: list[str]) -> dict[tuple[Any, ...], Any]:
    if frame.empty:
        return {}
    parts = [frame[k].tolist() for k in keys]
    return dict(zip(zip(*parts, strict=True), frame.to_dict("records"), strict=True))


def _events(old: StudyResult, new: StudyResult) -> list[dict[str, Any]]:
    before, now = _keyed(old.pinned, _EVENT), _keyed(new.pinned, _EVENT)
    out = []
    for key, row in now.items():
        day = HTML.date(row["session"])
        head = {"event_id": key[0], "asset": key[1], "what": "day 0"}
        if key not in before:
            out.append({"kind": "new_event", **head, "new": day})
        elif HTML.date(before[key]["session"]) != day:
            out.append({"kind": "day_0", **head, "old": HTML.date(before[key]["session"]),
                        "new": day})  # fmt: skip
    out += [
        {"kind": "gone_event", "event_id": k[0], "asset": k[1], "what": "day 0",
         "old": HTML.date(row["session"])}
        for k, row in before.items() if k not in now
    ]  # fmt: skip
    return out


def _prices(
    old: StudyResult, new: StudyResult, was: Mapping[str, str], now: Mapping[str, str]
) -> list[dict[str, Any]]:
    out = []
    revised = [a for a in was if a in now and was[a] != now[a]]
    shown = _series(old).merge(_series(new), on=["asset", "session"], suffixes=("_old", "_new"))
    moved = shown[shown["price_old"] != shown["price_new"]]
    for asset in revised:
        days = moved[moved["asset"] == asset].sort_values("session", kind="stable")
        head = {"kind": "revised_price", "asset": asset}
        out += [
            {**head, "what": f"price of {HTML.date(day)}", "old": float(a), "new": float(b)}
            for day, a, b in zip(days["session"], days["price_old"], days["price_new"], strict=True)
        ]
        if days.empty:
            out.append({**head, "what": "prices outside of the charts"})
    return out


def _series(result: StudyResult) -> pd.DataFrame:
    frame = result.series[["asset", "session", "price"]].dropna()
    return frame.drop_duplicates(["asset", "session"])


def _windows(old: StudyResult, new: StudyResult) -> list[dict[str, Any]]:
    """Tell numbers of reported windows that are shown otherwise."""
    spans = set(facts.reported(new))
    before, now = _keyed(old.windows, _WINDOW), _keyed(new.windows, _WINDOW)
    out = []
    for key, row in now.items():
        if (key[3], key[4]) not in spans or key not in before:
            continue
        last = before[key]
        head = dict(zip(_WINDOW, key, strict=True))
        if is_missing(last["car"]) and not is_missing(row["car"]):
            continue
        for column, what in (("car", "abnormal return"), ("pvalue", "exact p"),
                             ("placebo_pvalue", "placebo p")):  # fmt: skip
            out += _moved(head, what, last[column], row[column])
    return out


def _completed(new: StudyResult, was: pd.DataFrame, now: pd.DataFrame) -> list[dict[str, Any]]:
    """Tell the windows that were pending and are not any more."""
    keys = [*_EVENT, "start", "end"]
    open_ = set(_keyed(now, keys))
    cars = _keyed(new.windows.drop_duplicates(keys), keys)
    out = []
    for key in _keyed(was, keys):
        if key not in open_:
            head = {"kind": "completed", **dict(zip(keys, key, strict=True))}
            row = cars.get(key)
            # The event window as a whole is waited for also where it is not tested.
            told = (
                {"what": "event window", "new": "complete"}
                if row is None
                else {"what": "abnormal return", "model": row["model"], "new": row["car"]}
            )
            out.append(head | told)
    return out


def _moved(head: Mapping[str, Any], what: str, old: Any, new: Any) -> list[dict[str, Any]]:
    if _shown(what, old, HTML) == _shown(what, new, HTML):
        return []
    return [{"kind": "moved", **head, "what": what, "old": old, "new": new}]


def leading_tests(result: StudyResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the leading tests of the reported windows: across events, and of single events."""
    spans = facts.reported(result)
    parts = []
    for frame in (result.tests, result.event_tests):
        if frame.empty:
            parts.append(frame)
            continue
        wanted = [(a, b) in spans for a, b in zip(frame["start"], frame["end"], strict=True)]
        parts.append(frame[frame["leads"].to_numpy(dtype=bool) & np.array(wanted, dtype=bool)])
    return parts[0], parts[1]


def _verdicts(old: StudyResult, new: StudyResult) -> list[dict[str, Any]]:
    """Tell the leading tests whose p, alone or adjusted, is on another side of the level."""
    out: list[dict[str, Any]] = []
    for was, now, keys in zip(
        leading_tests(old), leading_tests(new), (_PANEL, [*_WINDOW, "name", "variant"]), strict=True
    ):
        before = _keyed(was, keys)
        for key, row in _keyed(now, keys).items():
            if key not in before:
                continue
            head, last = dict(zip(keys, key, strict=True)), before[key]
            crossed = [
                {"kind": "crossed", **head, "what": what, "old": last[c], "new": row[c]}
                for c, what in (("pvalue", "p"), ("pvalue_adjusted", "adjusted p"))
                if _side(last[c]) is not None and _side(row[c]) is not None
                and _side(last[c]) != _side(row[c])
            ]  # fmt: skip
            out += crossed
            if keys is _PANEL and not crossed:
                out += _moved(head, "p", last["pvalue"], row["pvalue"])
    return out


def _side(p: Any) -> bool | None:
    return None if is_missing(p) else bool(p < LEVEL)


def _left_out(old: StudyResult, new: StudyResult) -> list[dict[str, Any]]:
    keys = ["event_id", "asset", "stage", "reason"]
    before = set(_keyed(left_out(old).fillna(""), keys))
    return [
        {"kind": "left_out", "event_id": key[0], "asset": key[1], "what": key[3], "new": key[2]}
        for key in _keyed(left_out(new).fillna(""), keys)
        if key not in before
    ]


def _settings(old: StudyResult, new: StudyResult) -> list[dict[str, Any]]:
    was, now = _flat(old.run.get("study", {})), _flat(new.run.get("study", {}))
    was["version"], now["version"] = (str(r.run.get("version", "")) for r in (old, new))
    return [
        {"kind": "settings", "what": key, "old": was.get(key, ""), "new": now.get(key, "")}
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key) and not key.startswith("events.list")
    ]


def _flat(value: Mapping[str, Any], head: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, part in value.items():
        name = f"{head}.{key}" if head else str(key)
        if isinstance(part, Mapping):
            out |= _flat(part, name)
        else:
            out[name] = "" if part is None else str(part)
    return out
