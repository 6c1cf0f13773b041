"""Headlines that are near in time and words on the same assets: one story, proposed as a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.events.catalogue import Catalogue
from eventstudy.events.extras import need

__all__ = [
    "HOURS", "PROPOSAL_COLUMNS", "THRESHOLD", "count_stories", "propose_stories", "with_groups",
]  # fmt: skip

THRESHOLD = 80.0
HOURS = 24.0
PROPOSAL_COLUMNS = [
    "story", "event_id", "timestamp", "asset", "headline", "like", "score", "hours", "stated",
]  # fmt: skip
_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class _Headline:
    event_id: str
    stamp: np.datetime64
    words: str
    assets: frozenset[str]
    group: str
    place: int


@dataclass
class _Story:
    name: str
    stated: bool
    members: list[_Headline] = field(default_factory=list)


@dataclass(frozen=True)
class _Match:
    story: _Story
    member: _Headline
    score: float


def propose_stories(
    catalogue: Catalogue, *, threshold: float = THRESHOLD, hours: float = HOURS
) -> pd.DataFrame:
    """Propose groups of headlines that report one story.

    Parameters
    ----------
    catalogue : Catalogue
    threshold : float
        Least likeness, 0 to 100: the mean of rapidfuzz's token sort and token set ratios.
    hours : float
        A headline joins a story that began at most so long before it, or stands so near to a
        member of a group that the catalogue states. A bare date counts as its noon, UTC.

    Returns
    -------
    DataFrame
        One row a headline of a proposed story of two or more that is not stated as it is: story,
        event_id, timestamp, asset, headline, ``like`` (the member that it is nearest to in words),
        score, hours (since that member), stated (whether the catalogue gave the group). Rows by
        story, in order of time; a story that the catalogue states in full has none.

    Notes
    -----
    Two groups that the catalogue states are never merged. A story cannot grow without end: what
    counts is the time since its first headline.

    Examples
    --------
    >>> from eventstudy.events import read_catalogue
    >>> rows = [{"event_id": "a", "timestamp": "2022-02-15T08:00Z", "headline": "Units go back"},
    ...         {"event_id": "b", "timestamp": "2022-02-15T09:00Z", "headline": "Units go back!"}]
    >>> propose_stories(read_catalogue(rows))["event_id"].tolist()
    ['a', 'b']
    """
    fuzz = need("rapidfuzz.fuzz", "comparing headlines")
    clean: Callable[[str], str] = need("rapidfuzz.utils", "comparing headlines").default_process
    headlines = _headlines(catalogue.frame, clean)
    stories = _stated(headlines)
    reach = np.timedelta64(round(hours * 3600), "s")
    found: dict[str, _Match] = {}

    def likeness(a: _Headline, b: _Headline) -> float:
        ratios = fuzz.token_sort_ratio(a.words, b.words), fuzz.token_set_ratio(a.words, b.words)
        return float(sum(ratios)) / 2.0

    open_stories: list[_Story] = []
    for headline in headlines:
        if headline.group:
            continue
        open_stories = [s for s in open_stories if headline.stamp - s.members[0].stamp <= reach]
        candidates = [*_near(stories, headline, reach), *open_stories]
        match = _best(headline, candidates, reach, likeness) if headline.words else None
        if match is not None and match.score >= threshold:
            match.story.members.append(headline)
            found[headline.event_id] = match
        else:
            story = _Story(f"story-{headline.event_id}", stated=False, members=[headline])
            open_stories.append(story)
            stories.append(story)
    return _table(stories, found, catalogue.frame)


def _headlines(frame: pd.DataFrame, clean: Callable[[str], str]) -> list[_Headline]:
    stamp = frame["timestamp"].dt.tz_convert(None).fillna(frame["date"] + pd.Timedelta(hours=12))
    out = []
    assets = frame.groupby("event_id", sort=False)["asset"].agg(frozenset)
    for place, (_, row) in enumerate(frame.drop_duplicates("event_id").iterrows()):
        event_id = str(row["event_id"])
        out.append(
            _Headline(
                event_id,
                stamp.loc[row.name].to_datetime64(),
                clean(str(row["headline"])),
                assets[row["event_id"]],
                str(row["group"]),
                place,
            )
        )
    return sorted(out, key=lambda h: (h.stamp, h.place))


def _stated(headlines: list[_Headline]) -> list[_Story]:
    groups: dict[str, _Story] = {}
    for headline in headlines:
        if headline.group:
            story = groups.setdefault(headline.group, _Story(headline.group, stated=True))
            story.members.append(headline)
    return list(groups.values())


def _near(stories: list[_Story], headline: _Headline, reach: np.timedelta64) -> list[_Story]:
    return [
        s
        for s in stories
        if s.stated and any(m.group and abs(m.stamp - headline.stamp) <= reach for m in s.members)
    ]


def _best(
    headline: _Headline,
    stories: list[_Story],
    reach: np.timedelta64,
    likeness: Callable[[_Headline, _Headline], float],
) -> _Match | None:
    best: _Match | None = None
    for story in stories:
        for member in story.members:
            if abs(member.stamp - headline.stamp) > reach or not _shared(member, headline):
                continue
            score = likeness(member, headline)
            if best is None or score > best.score:
                best = _Match(story, member, score)
    return best


def _shared(a: _Headline, b: _Headline) -> bool:
    return "" in a.assets or "" in b.assets or bool(a.assets & b.assets)


def _table(stories: list[_Story], found: dict[str, _Match], frame: pd.DataFrame) -> pd.DataFrame:
    first = frame.drop_duplicates("event_id").set_index("event_id")
    rows: list[dict[str, Any]] = []
    for story in stories:
        if not any(m.event_id in found for m in story.members):
            continue
        for member in sorted(story.members, key=lambda h: (h.stamp, h.place)):
            match = found.get(member.event_id)
            apart = np.nan if match is None else (member.stamp - match.member.stamp) / _HOUR
            rows.append(
                {
                    "story": story.name,
                    "event_id": member.event_id,
                    "timestamp": _written(first, member.event_id),
                    "asset": ", ".join(sorted(member.assets - {""})),
                    "headline": str(first.loc[member.event_id, "headline"]),
                    "like": "" if match is None else match.member.event_id,
                    "score": np.nan if match is None else round(match.score, 1),
                    "hours": round(float(apart), 2),
                    "stated": bool(member.group),
                }
            )
    return pd.DataFrame(rows, columns=PROPOSAL_COLUMNS)


def _written(first: pd.DataFrame, event_id: str) -> str:
    stamp: Any = first.loc[event_id, "timestamp"]
    date: Any = first.loc[event_id, "date"]
    return f"{date:%Y-%m-%d}" if stamp is pd.NaT else f"{stamp:%Y-%m-%dT%H:%M:%SZ}"


def with_groups(catalogue: Catalogue, proposals: pd.DataFrame) -> Catalogue:
    """Return the catalogue with the proposed stories as groups; stated groups stay."""
    names = dict(zip(proposals["event_id"], proposals["story"], strict=True))
    frame = catalogue.frame.copy()
    new = frame["event_id"].map(names)
    frame["group"] = frame["group"].where((frame["group"] != "") | new.isna(), new)
    return Catalogue(frame, catalogue.origin)


def count_stories(catalogue: Catalogue) -> int:
    """Return the number of stories: groups, and headlines that stand alone."""
    frame = catalogue.frame.drop_duplicates("event_id")
    alone = int((frame["group"] == "").sum())
    return alone + int(frame.loc[frame["group"] != "", "group"].nunique())
