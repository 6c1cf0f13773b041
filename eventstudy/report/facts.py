"""What every writer tells of a result, taken from its tables once.

Nothing is estimated here: the frames of the result are joined, and the window and the p-value
that lead are picked by the columns that say so.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from eventstudy.report.format import HTML, is_missing, one_line
from eventstudy.results import NOT_LEFT_OUT

__all__ = [
    "FEW",
    "MOST_TOLD",
    "ResultLike",
    "asset_titles",
    "confounders",
    "cross_tests",
    "full_titles",
    "headline_ids",
    "headlines",
    "is_panel_study",
    "left_out",
    "main_assets",
    "merged",
    "reactions",
    "reported",
    "setting",
    "split_flags",
    "stamp",
    "untitled",
]

MOST_TOLD = 8
"""Main assets that the answer names one by one."""

FEW = 6
"""Up to so many headlines are told one by one; more are told as panels."""

_OTHER = re.compile(r"other_headline:([+-]\d+) (.+)")
_KEY = ["event_id", "asset"]
_MODEL_KEY = [*_KEY, "model"]


class ResultLike(Protocol):
    """The frames and the run record that presentation reads."""

    @property
    def pinned(self) -> pd.DataFrame: ...
    @property
    def events(self) -> pd.DataFrame: ...
    @property
    def abnormal_returns(self) -> pd.DataFrame: ...
    @property
    def windows(self) -> pd.DataFrame: ...
    @property
    def event_tests(self) -> pd.DataFrame: ...
    @property
    def tests(self) -> pd.DataFrame: ...
    @property
    def dropped(self) -> pd.DataFrame: ...
    @property
    def paths(self) -> pd.DataFrame: ...
    @property
    def control(self) -> pd.DataFrame: ...
    @property
    def quality(self) -> pd.DataFrame: ...
    @property
    def series(self) -> pd.DataFrame: ...
    @property
    def specification(self) -> pd.DataFrame: ...
    @property
    def run(self) -> dict[str, Any]: ...


def setting(result: ResultLike, section: str, key: str, default: Any = None) -> Any:
    """Return one key of the study as it was resolved, or the default."""
    part = (result.run.get("study") or {}).get(section) or {}
    value = part.get(key)
    return default if value is None else value


def full_titles(result: ResultLike) -> dict[str, str]:
    """Return each asset's title as its source gives it; its symbol where there is none."""
    known = {
        str(p["asset"]): one_line(p.get("title") or p["asset"])
        for p in result.run.get("prices", [])
    }
    for asset in result.pinned["asset"].unique() if "asset" in result.pinned else ():
        known.setdefault(str(asset), one_line(asset))
    return known


def asset_titles(result: ResultLike) -> dict[str, str]:
    """Return what sentences call each asset: its title up to a comma or bracket.

    Two assets that would share a short title keep their long ones.
    """
    full = full_titles(result)
    cut = {a: re.split(r"\s*[,(\[]", t)[0] or t for a, t in full.items()}
    counts = Counter(cut.values())
    return {a: t if counts[t] == 1 else full[a] for a, t in cut.items()}


def headlines(result: ResultLike) -> dict[str, str]:
    """Return the text of each headline: the pinned ones, then those that serve as context."""
    out: dict[str, str] = {}
    if len(result.pinned):
        first = result.pinned.drop_duplicates("event_id")
        texts = first["headline"] if "headline" in first else first["event_id"]
        out = {str(i): one_line(t) or str(i) for i, t in zip(first["event_id"], texts, strict=True)}
    if len(result.dropped):
        rows = result.dropped[result.dropped["stage"] == "context"]
        for event_id, text in zip(rows["event_id"], rows["detail"], strict=True):
            out.setdefault(str(event_id), one_line(text) or str(event_id))
    return out


def untitled(result: ResultLike, event_id: str) -> bool:
    """Say whether a headline has no words, only its id."""
    rows = result.pinned[result.pinned["event_id"].astype(str) == event_id]
    return rows.empty or "headline" not in rows or not one_line(rows["headline"].iloc[0])


def stamp(result: ResultLike, event_id: str) -> str:
    """Return when a pinned headline was reported: its instant, or its date."""
    row = result.pinned[result.pinned["event_id"].astype(str) == event_id].iloc[0]
    if is_missing(row["timestamp_utc"]) or row["timestamp_utc"] == "":
        return HTML.date(row["session"])
    return HTML.instant(row["timestamp_utc"])


def left_out(result: ResultLike) -> int:
    """Return how many pairs of headline and asset left the study."""
    return int((~result.dropped["stage"].isin(NOT_LEFT_OUT)).sum()) if len(result.dropped) else 0


def merged(result: ResultLike) -> int:
    """Return how many pairs of headline and asset were merged with another headline."""
    return int((result.dropped["stage"] == "grouping").sum()) if len(result.dropped) else 0


def headline_ids(result: ResultLike) -> list[str]:
    """Return the ids of the headlines that were estimated on at least one asset, in order."""
    return [str(i) for i in result.events["event_id"].unique()] if len(result.events) else []


def is_panel_study(result: ResultLike) -> bool:
    """Say whether the study has too many headlines to be told one by one."""
    return len(headline_ids(result)) > FEW


def split_flags(flags: Any) -> list[str]:
    """Split the flags of one event; they are separated by semicolons.

    Examples
    --------
    >>> split_flags("roll:+2; fat_tails")
    ['roll:+2', 'fat_tails']
    """
    return [] if is_missing(flags) else [p.strip() for p in str(flags).split(";") if p.strip()]


def _wanted_end(pinned: pd.DataFrame) -> pd.DataFrame:
    """Return the last day of the shortest window that each pinned headline allows."""
    clean = pinned["clean_end"] if "clean_end" in pinned else pd.Series(0, index=pinned.index)
    end = clean.fillna(0).astype("int64")
    floor = np.where(pinned["position"].eq("date-only"), 1, 0)
    out = pinned[[*_KEY, "position"]].copy()
    out["wanted"] = np.maximum(end.to_numpy(), floor)
    for column in ("timestamp_utc", "calendar"):
        out[column] = pinned[column]
    return out.drop_duplicates(_KEY)


def _window_returns(result: ResultLike, chosen: pd.DataFrame) -> pd.Series:
    """Return over each chosen window: compounded if simple, summed if log; NaN if none is left."""
    days = result.abnormal_returns
    keys = _MODEL_KEY if "model" in days else _KEY
    joined = chosen[[*_MODEL_KEY, "start", "end"]].reset_index(names="row").merge(days, on=keys)
    inside = joined[joined["tau"].between(joined["start"], joined["end"])].dropna(subset="return")
    log = setting(result, "study", "returns", "simple") == "log"
    logs = inside["return"] if log else np.log1p(inside["return"].where(inside["return"] > -1.0))
    total = logs.groupby(inside["row"]).sum(min_count=1)
    total = total if log else np.expm1(total)
    # One day needs no arithmetic: the number stays the one of the table, bit for bit.
    single = inside.groupby("row")["return"].agg(["size", "first"])
    total = total.where(single["size"] != 1, single["first"])
    return total.reindex(chosen.index)


def _leading_p(result: ResultLike) -> pd.DataFrame:
    """Return the leading single-event test of each event, model and window."""
    tests = result.event_tests
    added = ["lead_name", "lead_variant", "lead_p", "lead_adjusted", "lead_reason"]
    columns = [*_MODEL_KEY, "start", "end", *added]
    if tests.empty:
        return pd.DataFrame(columns=columns)
    lead = tests[tests["leads"].fillna(False).astype(bool)] if "leads" in tests else tests
    names = {
        "name": "lead_name",
        "variant": "lead_variant",
        "pvalue": "lead_p",
        "pvalue_adjusted": "lead_adjusted",
    }
    if "lead_reason" not in lead:
        lead = lead.assign(lead_reason="")
    return lead.rename(columns=names)[columns].drop_duplicates([*_MODEL_KEY, "start", "end"])


def _chosen(
    result: ResultLike, table: pd.DataFrame, window: tuple[int, int] | None
) -> pd.DataFrame:
    """Return the row of ``windows`` that leads for each event and model, or the one asked for."""
    order = table[_MODEL_KEY].drop_duplicates().reset_index(drop=True)
    joined = table.merge(_wanted_end(result.pinned), on=_KEY, how="left")
    if window is not None:
        covers = (joined["start"] == window[0]) & (joined["end"] == window[1])
    else:
        covers = (joined["start"] <= 0) & (joined["end"] >= joined["wanted"].fillna(0))
    joined = joined[covers].assign(length=lambda d: d["end"] - d["start"])
    joined = joined.sort_values(["length", "start"], ascending=[True, False], kind="stable")
    return order.merge(joined.drop_duplicates(_MODEL_KEY), on=_MODEL_KEY)


def reactions(
    result: ResultLike, *, event_id: str | None = None, window: tuple[int, int] | None = None
) -> pd.DataFrame:
    """Return one row for each estimated (headline, asset, model) at the window that leads.

    The leading window is day 0; for a bare date or an ambiguous stamp it is the shortest tested
    window that covers every candidate day.

    Parameters
    ----------
    result : ResultLike
    event_id : str, optional
        Only this headline.
    window : tuple of int, optional
        This window instead of the leading one.

    Returns
    -------
    DataFrame
        Columns of ``windows``, then return, title, position, timestamp_utc, calendar,
        n_estimation, flags, lead_name, lead_variant, lead_p, lead_adjusted, lead_reason.
        Decimals; NaN stays.
    """
    rows = _kept_reactions(result, window)
    if event_id is not None:
        rows = rows[rows["event_id"].astype(str) == event_id].reset_index(drop=True)
    return rows.copy()


# Reactions of results that are still in use: a report asks for them many times.
_KEPT: WeakKeyDictionary[Any, dict[Any, pd.DataFrame]] = WeakKeyDictionary()
_KEPT_ROWS = 20_000
"""Rows of ``windows`` up to which they are kept; those of a large study are made each time."""


def _kept_reactions(result: ResultLike, window: tuple[int, int] | None) -> pd.DataFrame:
    try:
        kept = _KEPT.setdefault(result, {})
    except TypeError:  # a stand-in that can't be a key
        kept = {}
    if len(result.windows) > _KEPT_ROWS:
        return _made_reactions(result, window)
    if window not in kept:
        kept[window] = _made_reactions(result, window)
    return kept[window]


def _made_reactions(result: ResultLike, window: tuple[int, int] | None) -> pd.DataFrame:
    table = result.windows
    if table.empty:
        return pd.DataFrame(columns=[*table.columns, "return", "title", "lead_p"])
    chosen = _chosen(result, table, window)
    facts = result.events[[*_MODEL_KEY, "n_estimation", "flags"]].drop_duplicates(_MODEL_KEY)
    chosen = chosen.merge(facts, on=_MODEL_KEY, how="left")
    chosen = chosen.merge(_leading_p(result), on=[*_MODEL_KEY, "start", "end"], how="left")
    chosen["lead_p"] = chosen["lead_p"].astype("float64").fillna(chosen["pvalue"])
    chosen["return"] = _window_returns(result, chosen)
    titles = asset_titles(result)
    chosen["title"] = [titles.get(str(a), str(a)) for a in chosen["asset"]]
    return chosen.drop(columns=["length", "wanted"])


def main_assets(table: pd.DataFrame) -> list[str]:
    """Return the assets that are told one by one: those of panels with at most four assets."""
    if table.empty:
        return []
    sizes = table.groupby("panel", sort=False)["asset"].nunique()
    if sizes.empty:
        return [str(a) for a in table["asset"].unique()]
    small = table[table["panel"].map(sizes) <= 4]
    chosen = small if len(small) else table
    return [str(a) for a in chosen["asset"].unique()]


def reported(result: ResultLike) -> list[tuple[int, int]]:
    """Return the windows that the study reports, in its order."""
    return [(int(a), int(b)) for a, b in setting(result, "windows", "report", [[0, 0]])]


def cross_tests(result: ResultLike) -> pd.DataFrame:
    """Return the tests across events over the reported windows, the leading ones first.

    Panels and models stand in the order of the events, windows in that of the study. Within each
    the tests that assume independent events stand last, and
    those that do not apply after them; otherwise the order of the table is kept. Panels with one
    event are left out. The column ``rank`` says which: 0 leads, 1 beside, 2 assumes independence,
    3 does not apply.
    """
    table = result.tests
    if table.empty:
        return table.assign(rank=0)
    spans = pd.Series(list(zip(table["start"], table["end"], strict=True)), index=table.index)
    table = table[spans.isin(reported(result)) & (table["n_events"] >= 2)]
    rank = np.where(table["leads"].fillna(False).astype(bool), 0, 1)
    if "independent" in table:
        rank = np.where(table["independent"].fillna(False).astype(bool) & (rank == 1), 2, rank)
    rank = np.where(table["pvalue"].isna(), 3, rank)
    spans = pd.Series(list(zip(table["start"], table["end"], strict=True)), index=table.index)
    places = {span: i for i, span in enumerate(reported(result))}
    also = [str(m) for m in setting(result, "model", "also", [])]
    models = [str(setting(result, "model", "name", "")), *also, *_seen(result.events["model"])]
    keys = [_place(table["panel"], _seen(result.events["panel"])), _place(table["model"], models)]
    order = np.lexsort((np.arange(len(table)), rank, spans.map(places), keys[1], keys[0]))
    return table.iloc[order].assign(rank=rank[order])


def _seen(values: pd.Series[Any]) -> list[str]:
    return [str(v) for v in values.unique()]


def _place(values: pd.Series[Any], first: list[str]) -> pd.Series[Any]:
    """Return the place of each value in an order, the unknown ones last."""
    known = {v: i for i, v in reversed(list(enumerate(first)))}
    return values.astype(str).map(known).fillna(len(first))


def confounders(result: ResultLike) -> pd.DataFrame:
    """Return the other headlines that fall into an event's window, as the flags of events say.

    Returns
    -------
    DataFrame
        event_id, other_id, tau_low, tau_high, n_assets, headline: one row for each pair of
        headlines, over the assets that they share; a tau of 0 is the event's own day. The
        headline is the id where the study knows no text.
    """
    columns = ["event_id", "other_id", "tau_low", "tau_high", "n_assets", "headline"]
    met = [
        (str(r["event_id"]), found.group(2), int(found.group(1)), str(r["asset"]))
        for _, r in result.events.iterrows()
        for flag in split_flags(r.get("flags"))
        if (found := _OTHER.match(flag))
    ]
    if not met:
        return pd.DataFrame(columns=columns)
    frame = pd.DataFrame(met, columns=["event_id", "other_id", "tau", "asset"])
    grouped = frame.groupby(["event_id", "other_id"], sort=False)
    out = grouped.agg(
        tau_low=("tau", "min"), tau_high=("tau", "max"), n_assets=("asset", "nunique")
    ).reset_index()
    texts = headlines(result)
    out["headline"] = [texts.get(i, i.replace("-", " ")) for i in out["other_id"]]
    return out[columns]
