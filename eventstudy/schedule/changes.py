"""What changed since the last report: headlines, day 0, prices, numbers, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, is_missing, one_line
from eventstudy.results import StudyResult, left_out, rows_for_json

__all__ = ["COLUMNS", "KINDS", "LEVEL", "Changes", "Names", "compare", "leading_tests", "shown"]

LEVEL = 0.05
COLUMNS = [
    "kind", "event_id", "asset", "panel", "model", "start", "end", "name", "variant", "what",
    "old", "new",
]  # fmt: skip
_EVENT = ["event_id", "asset"]
_WINDOW = [*_EVENT, "model", "start", "end"]
_PANEL = ["panel", "model", "start", "end", "name", "variant"]


@dataclass(frozen=True)
class Kind:
    """A kind of change: how one and how many are told, and by what they are counted."""

    one: str
    many: str
    unit: tuple[str, ...] = ()


KINDS = {
    "new_event": Kind("1 new headline", "{n} new headlines", ("event_id",)),
    "gone_event": Kind("1 headline is gone", "{n} headlines are gone", ("event_id",)),
    "assets": Kind("1 headline on other assets", "{n} headlines on other assets", ("event_id",)),
    "day_0": Kind("day 0 of 1 headline moved", "day 0 of {n} headlines moved", ("event_id",)),
    "revised_price": Kind(
        "prices of 1 asset were revised", "prices of {n} assets were revised", ("asset",)
    ),
    "completed": Kind(
        "1 window is complete now", "{n} windows are complete now", (*_EVENT, "start", "end")
    ),
    "crossed": Kind(
        f"1 test crossed the {100 * LEVEL:.0f} % level",
        f"{{n}} tests crossed the {100 * LEVEL:.0f} % level",
        (*_EVENT, *_PANEL),
    ),
    "moved": Kind("1 number moved", "{n} numbers moved"),
    "left_out": Kind("1 headline newly left out", "{n} headlines newly left out", ("event_id",)),
    "settings": Kind("1 setting changed", "{n} settings changed"),
}


@dataclass(frozen=True)
class Names:
    """What a reader calls things, of this report and of the last.

    Attributes
    ----------
    headlines : dict of str to str
        Event id -> text.
    assets : dict of str to str
        Symbol -> title.
    tests : dict of (str, str) to str
        Name and variant of a test across events -> title.
    """

    headlines: dict[str, str] = field(default_factory=dict)
    assets: dict[str, str] = field(default_factory=dict)
    tests: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Changes:
    """What is not as in the last report.

    Attributes
    ----------
    previous : str
        The run that was compared with; empty for a first report.
    rows : DataFrame
        One row a change; ``old`` and ``new`` are values as they stand in the tables.
    names : Names
    """

    previous: str
    rows: pd.DataFrame
    names: Names = field(default_factory=Names)

    def counts(self) -> dict[str, int]:
        """Return how much changed of each kind that occurs, in the order of telling.

        A headline counts once, on however many assets; so does an asset with its prices, and a test
        with its p and its adjusted p.
        """
        out = {}
        for name, kind in KINDS.items():
            rows = self.rows[self.rows["kind"] == name]
            if len(rows):
                out[name] = len(rows.drop_duplicates(list(kind.unit)) if kind.unit else rows)
        return out

    def sentence(self) -> str:
        """Say in one sentence what changed."""
        if not self.previous:
            return "This is the first report of this study."
        if self.rows.empty:
            return f"Nothing in the tables changed since report {self.previous}."
        told = [
            KINDS[k].one if n == 1 else KINDS[k].many.format(n=n) for k, n in self.counts().items()
        ]
        return f"Since report {self.previous}: {'; '.join(told)}."

    def to_json(self) -> dict[str, Any]:
        """Return the changes as plain values."""
        return {
            "schema_version": 1,
            "previous": self.previous or None,
            "counts": self.counts(),
            "changes": rows_for_json(self.rows, "tests"),
        }


def shown(what: str, value: Any, fmt: Format) -> str:
    """Return a value as the report writes it; a dash where there is none."""
    if is_missing(value) or value == "":
        return fmt.dash
    if isinstance(value, str):
        return one_line(value)
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
    waited, waits = pending or (pd.DataFrame(columns=_EVENT), pd.DataFrame(columns=_EVENT))
    rows = [
        *_events(_known(old, waited), _known(new, waits), new),
        *_prices(old, new, *prices),
        *_completed(new, waited, waits),
        *_windows(old, new),
        *_verdicts(old, new),
        *_left_out(old, new),
        *_settings(old, new),
    ]
    order = {k: i for i, k in enumerate(KINDS)}
    rows.sort(key=lambda r: order[r["kind"]])
    blank = dict.fromkeys(COLUMNS, "") | {"start": np.nan, "end": np.nan}
    frame = pd.DataFrame([blank | r for r in rows], columns=COLUMNS)
    frame = frame.astype({"old": object, "new": object})
    return Changes(previous, frame, _names(old, new, waited, waits))


def _names(old: StudyResult, new: StudyResult, *pending: pd.DataFrame) -> Names:
    headlines: dict[str, str] = {}
    tests: dict[tuple[str, str], str] = {}
    for frame in pending:
        if "headline" in frame:
            headlines |= {str(i): one_line(t) for i, t in zip(frame["event_id"], frame["headline"],
                                                              strict=True)}  # fmt: skip
    for result in (old, new):
        headlines |= facts.headlines(result)
        if "title" in result.tests:
            keys = zip(result.tests["name"], result.tests["variant"], strict=True)
            tests |= dict(zip(keys, result.tests["title"].astype(str), strict=True))
    return Names(headlines, facts.asset_titles(old) | facts.asset_titles(new), tests)


def _known(result: StudyResult, pending: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    """Return day 0 of each (headline, asset) that a report tells of; empty where it waits."""
    out = {key: HTML.date(row["session"]) for key, row in _keyed(result.pinned, _EVENT).items()}
    return out | {key: "" for key in _keyed(pending, _EVENT) if key not in out}


def _keyed(frame: pd.DataFrame, keys: list[str]) -> dict[tuple[Any, ...], Any]:
    if frame.empty:
        return {}
    parts = [frame[k].tolist() for k in keys]
    return dict(zip(zip(*parts, strict=True), frame.to_dict("records"), strict=True))


def _events(
    before: Mapping[tuple[Any, ...], str], now: Mapping[tuple[Any, ...], str], new: StudyResult
) -> list[dict[str, Any]]:
    """Tell headlines that came, went, or stand elsewhere; what waited before is not new."""
    out = []
    ids = {key[0] for key in before}, {key[0] for key in now}
    for key, day in now.items():
        head = {"event_id": key[0], "asset": key[1], "what": "day 0"}
        if key not in before:
            kind = "assets" if key[0] in ids[0] else "new_event"
            out.append({"kind": kind, **head, "new": day or "pending"})
        elif day != before[key] and day and before[key]:
            out.append({"kind": "day_0", **head, "old": before[key], "new": day})
    listed = _keyed(new.dropped, _EVENT)
    out += [
        {"kind": "assets" if key[0] in ids[1] else "gone_event", "event_id": key[0],
         "asset": key[1], "what": "day 0", "old": day or "pending"}
        for key, day in before.items() if key not in now and key not in listed
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


def _completed(new: StudyResult, waited: pd.DataFrame, waits: pd.DataFrame) -> list[dict[str, Any]]:
    """Tell the windows that were pending and are not any more; who is gone completes nothing."""
    keys = [*_EVENT, "start", "end"]
    there, open_ = _keyed(new.events, _EVENT), _keyed(waits, keys)
    cars = _keyed(new.windows.drop_duplicates(keys), keys)
    out = []
    for key in _keyed(waited, keys):
        if key in open_ or key[:2] not in there:
            continue
        head = {"kind": "completed", **dict(zip(keys, key, strict=True)), "old": "pending"}
        row = cars.get(key)
        # The event window as a whole is waited for also where it is not tested.
        told = {"what": "event window", "new": "complete"}
        if row is not None:
            number = row["car"]
            if is_missing(number):
                number = f"no number: {row['note']}" if row["note"] else "no number"
            told = {"what": "abnormal return", "model": row["model"], "new": number}
        out.append(head | told)
    return out


def _moved(head: Mapping[str, Any], what: str, old: Any, new: Any) -> list[dict[str, Any]]:
    if shown(what, old, HTML) == shown(what, new, HTML):
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
