"""What a reader must hold against the answer: other headlines, clocks, no proof of cause."""

from __future__ import annotations

from typing import Any

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format
from eventstudy.report.words import join, quoted, short, subject

__all__ = ["caveats"]


def caveats(result: facts.ResultLike, fmt: Format = HTML) -> list[str]:
    """List what a reader must hold against the answer: other headlines, no proof of cause, clocks.

    Parameters
    ----------
    result : ResultLike
    fmt : Format

    Returns
    -------
    list of str
    """
    out = [
        "The study measures what prices did around a headline and not why: other news of the same "
        "sessions works in the same prices."
    ]
    if facts.is_panel_study(result):
        n = facts.confounders(result)["event_id"].nunique()
        if n:
            out.append(
                f"{n} of {len(facts.headline_ids(result))} headlines have another headline "
                "of the same asset in their window."
            )
        return out
    texts = facts.headlines(result)
    for event_id, part in facts.confounders(result).groupby("event_id", sort=False):
        told = [f"{quoted(short(r['headline']))} on {_days(r, fmt)}" for _, r in part.iterrows()]
        head = quoted(short(texts.get(str(event_id), str(event_id))))
        out.append(
            f"The window of {head} also holds {join(told)}; "
            "sums that reach those days belong to both."
        )
    return [*out, *_clocks(result, texts)]


_CLOCKS = {
    "in-session": "came while {assets} traded: day 0 also holds the hours before it",
    "date-only": "has a date and no hour: the window of day 0 and the next session leads",
    "ambiguous": "may have come before or after the price of {assets} was measured: the window "
    "that covers both sessions leads",
}


def _clocks(result: facts.ResultLike, texts: dict[str, str]) -> list[str]:
    """Say where the clock of a headline weakens day 0."""
    titles = facts.asset_titles(result)
    out = []
    told = set(facts.headline_ids(result))
    pinned = result.pinned[result.pinned["event_id"].astype(str).isin(told)]
    for (event_id, position), part in pinned.groupby(["event_id", "position"], sort=False):
        if position in _CLOCKS:
            named = [subject(titles.get(str(a), str(a))) for a in part["asset"]]
            some = join(named) if len(named) <= 3 else f"{named[0]} and {len(named) - 1} others"
            head = quoted(short(texts.get(str(event_id), str(event_id))))
            out.append(f"{head} {_CLOCKS[str(position)].format(assets=some)}.")
    return out


def _days(row: Any, fmt: Format) -> str:
    low, high = int(row["tau_low"]), int(row["tau_high"])
    first = fmt.number(low, 0, sign=True) if low else "0"
    if low == high:
        return f"day {first}"
    return f"day {first} to {fmt.number(high, 0, sign=True) if high else '0'}, by asset"
