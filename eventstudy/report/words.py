"""Sentences made from the numbers.

The rules: a move is called unusual only next to its p-value and the adjusted one; "not unusual"
never stands without the smallest effect that the design could have seen; a headline is never said
to have caused anything; other headlines in the window are named.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, is_missing, one_line
from eventstudy.report.panel_words import lead_reason, panel_answer

__all__ = ["answer", "headline_answer", "lead_reason", "question", "reaction_sentence"]

LEVEL = 0.05
_BASE = {
    "constant_mean": "its own average",
    "market_adjusted": "its benchmark",
    "market_model": "what its benchmark's move explains",
    "capm": "what the market's move explains",
    "matched": "its matched portfolio",
    "synthetic_control": "its synthetic control",
}
# Names of indices that English gives an article: "the S&P 500 rose", but "Chevron rose".
_ARTICLE = re.compile(
    r"(S&P|DAX|MDAX|CAC|FTSE|MOEX|RTS|Nasdaq|NASDAQ|Dow|Nikkei|TOPIX|Hang Seng|Euro Stoxx|"
    r"EURO STOXX|STOXX|IBEX|SMI|AEX|OMX|Russell|MSCI|VIX)\b|.*\bindex$"
)
_PLURAL = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def small_number(n: int) -> str:
    """Write a small count as a word.

    Examples
    --------
    >>> small_number(4), small_number(20)
    ('four', '20')
    """
    return _PLURAL.get(n, str(n))


def subject(title: str) -> str:
    """Return an asset's title as a sentence takes it.

    Examples
    --------
    >>> subject("S&P 500"), subject("Chevron")
    ('the S&P 500', 'Chevron')
    """
    return f"the {title}" if _ARTICLE.match(title) else title


def join(parts: list[str]) -> str:
    """Join words with commas and a last "and".

    Examples
    --------
    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def verb(value: Any, fmt: Format) -> str:
    """Say which way a return went and how far."""
    if is_missing(value):
        return "has no return"
    size = fmt.size(value)
    if not any(c in "123456789" for c in size):
        return "did not move"
    return f"{'rose' if value > 0 else 'fell'} {size}"


def _when(row: Any, fmt: Format) -> str:
    day = fmt.long_date(row["session"])
    length = int(row["end"]) - int(row["start"]) + 1
    if length == 1:
        return (
            f"on {day}" if row["start"] == 0 else f"on day {fmt.window(row['start'], row['end'])}"
        )
    if row["start"] == 0:
        return f"over the {small_number(length)} sessions from {day}"
    return f"over the window {fmt.window(row['start'], row['end'])} around {day}"


def _above(row: Any, fmt: Format) -> str:
    base = _BASE.get(str(row["model"]), "what its model expects")
    points = fmt.percent(abs(row["car"]), sign=False, unit=False)
    side = "above" if row["car"] >= 0 else "below"
    return f"{points} percentage points {side} {base}"


def lead_is_placebo(row: Any) -> bool:
    """Say whether the placebo test is the one that leads for this row."""
    return str(row.get("lead_name", "")) == "placebo_sq"


def p_words(row: Any, fmt: Format) -> str:
    """Write both p-values, the leading one first."""
    exact, placebo = (
        f"exact p{fmt.gap}{fmt.pvalue(row['pvalue'])}",
        f"placebo p{fmt.gap}{fmt.pvalue(row['placebo_pvalue'])}",
    )
    if is_missing(row["placebo_pvalue"]):
        return f"{exact}, no placebo p"
    if not lead_is_placebo(row):
        return f"{exact}, {placebo}"
    why = one_line(row.get("lead_reason"))
    because = f", which leads because {why}" if why else ", which leads"
    if str(row.get("lead_variant", "")) == "filtered":
        filtered = f"filtered placebo p{fmt.gap}{fmt.pvalue(row['lead_p'])}"
        return f"{filtered}{because}; {exact}, {placebo}"
    return f"{placebo}{because}; {exact}"


def placebo_count(row: Any) -> str:
    """Count the earlier days that moved at least as far, where the p-value gives that count.

    Examples
    --------
    >>> placebo_count({"start": 0, "end": 0, "placebo_pvalue": 14 / 121, "n_estimation": 120})
    '13 of the 120 days of the estimation window moved at least as far'
    """
    if int(row["start"]) != int(row["end"]) or is_missing(row["placebo_pvalue"]):
        return ""
    n = row.get("n_estimation")
    if is_missing(n):
        return ""
    raw = float(row["placebo_pvalue"]) * (int(n) + 1) - 1
    if abs(raw - round(raw)) > 1e-6 or raw < -0.5:
        return ""
    count = "none" if round(raw) == 0 else str(round(raw))
    return f"{count} of the {int(n)} days of the estimation window moved at least as far"


def verdict(row: Any, fmt: Format, level: float = LEVEL) -> str:
    """Say how unusual a move of that size is, by the p-value that leads, adjusted where it must."""
    percent = fmt.percent(level, 0, sign=False)
    if is_missing(row["lead_p"]):
        note = str(row.get("note", "") or "")
        return "its p-value does not exist" + (f" ({note})" if note else "")
    length = int(row["end"]) - int(row["start"]) + 1
    days = "one day" if length == 1 else f"{small_number(length)} sessions"
    if row["lead_p"] >= level:
        return f"a move of that size in {days} is not unusual at the {percent} level"
    alone = f"taken alone, a move of that size in {days} is unusual at the {percent} level"
    adjusted = row.get("lead_adjusted")
    if is_missing(adjusted):
        return f"{alone}, but it has not been adjusted for the other tests of the table"
    if adjusted < level:
        return f"{alone}, and it stays so when all tests of the table are allowed for"
    return f"{alone}, but not when all tests of the table are allowed for"


def disagree(row: Any, level: float = LEVEL) -> bool:
    """Say whether the exact and the placebo p-value fall on different sides of the level."""
    pair = (row["pvalue"], row["placebo_pvalue"])
    if any(is_missing(p) for p in pair):
        return False
    return bool((pair[0] < level) != (pair[1] < level))


def reaction_sentence(row: Any, fmt: Format = HTML) -> str:
    """Tell one asset's reaction in two sentences: what it did, and how sure one can be.

    Parameters
    ----------
    row : Series or mapping
        One row of :func:`eventstudy.report.facts.reactions`.
    fmt : Format

    Returns
    -------
    str
    """
    moved = f"{subject(row['title'])} {verb(row['return'], fmt)} {_when(row, fmt)}"
    moved = moved.replace("the ", "The ", 1) if moved.startswith("the ") else moved
    if not is_missing(row["car"]):
        moved += f", {_above(row, fmt)}"
    count = placebo_count(row)
    numbers = p_words(row, fmt)
    if row["lead_p"] < LEVEL and not is_missing(row.get("lead_adjusted")):
        numbers += f", adjusted p{fmt.gap}{fmt.pvalue(row['lead_adjusted'])}"
    numbers += f"; {count}" if count else ""
    second = f"{verdict(row, fmt)} ({numbers})"
    if disagree(row):
        second += ", and the two p-values fall on different sides of that level"
    return f"{moved}. {second[0].upper()}{second[1:]}; {_seen(row, fmt)}."


def _seen(row: Any, fmt: Format) -> str:
    span = "one-day effect" if int(row["start"]) == int(row["end"]) else "effect over this window"
    if is_missing(row["mde"]):
        return f"the smallest {span} that this design could have seen is not known"
    power = fmt.percent(0.8, 0, sign=False)
    return (
        f"the smallest {span} that this design could have seen with {power} power is "
        f"{fmt.size(row['mde'])}"
    )


def headline_answer(result: facts.ResultLike, event_id: str, fmt: Format = HTML) -> str:
    """Answer for one headline in two sentences over its main assets.

    Parameters
    ----------
    result : ResultLike
    event_id : str
    fmt : Format

    Returns
    -------
    str
        Empty where the headline was not estimated.
    """
    table = facts.reactions(result, event_id=event_id)
    if table.empty:
        return ""
    mains = facts.main_assets(table)
    shown = mains[: facts.MOST_TOLD]
    rows = table[table["asset"].isin(shown)].drop_duplicates("asset")
    if len(rows) == 1:
        return reaction_sentence(rows.iloc[0], fmt)
    parts = []
    for _, same in rows.groupby(["session", "start", "end"], sort=False):
        told = [f"{subject(r['title'])} {verb(r['return'], fmt)}" for _, r in same.iterrows()]
        when = _when(same.iloc[0], fmt)
        parts.append(f"{when} {join(told)}")
    first = "; ".join(parts)
    text = f"{first[0].upper()}{first[1:]}. {_many_verdicts(rows, fmt)}"
    more = len(mains) - len(shown)
    return f"{text} The table has {more} further assets." if more else text


def _many_verdicts(rows: pd.DataFrame, fmt: Format) -> str:
    """Say which of several moves are unusual, and what could have been seen."""
    level = fmt.percent(LEVEL, 0, sign=False)
    small, rest = rows[rows["lead_p"] < LEVEL], rows[rows["lead_p"] >= LEVEL]
    none = rows[rows["lead_p"].isna()]
    tail = f"; no p-value exists for {join(list(none['title']))}" if len(none) else ""
    split = [
        f"{subject(r['title'])} (exact {fmt.pvalue(r['pvalue'])}, "
        f"placebo {fmt.pvalue(r['placebo_pvalue'])})"
        for _, r in rows.iterrows()
        if disagree(r)
    ]
    if split:
        tail += (
            f"; the exact and the placebo p fall on different sides of that level for {join(split)}"
        )
    if small.empty:
        if rest.empty:
            return f"No p-value exists for {join(list(none['title']))}."
        return (
            f"None of these moves is unusual at the {level} level ({_p_range(rest, fmt)}); "
            f"{_detectable(rest, fmt)}{tail}."
        )
    out = join([_alone(r, fmt) for _, r in small.iterrows()])
    plural = len(small) > 1
    text = (
        f"Taken alone, the move{'s' * plural} of {out} {'are' if plural else 'is'} unusual at "
        f"the {level} level{_kept(small)}"
    )
    if len(rest):
        others = (
            "the others are" if len(rest) > 1 else f"that of {subject(rest['title'].iloc[0])} is"
        )
        text += f"; {others} not ({_p_range(rest, fmt)}), and {_detectable(rest, fmt)}"
    return f"{text}{tail}."


def _p_range(rows: pd.DataFrame, fmt: Format) -> str:
    low, high = fmt.pvalue(rows["lead_p"].min()), fmt.pvalue(rows["lead_p"].max())
    return f"p{fmt.gap}{low}" if low == high else f"p from {low} to {high}"


def _detectable(rows: pd.DataFrame, fmt: Format) -> str:
    """Tell the smallest effects that could have been seen: each, or from the least to the most."""
    power = fmt.percent(0.8, 0, sign=False)
    known = rows[rows["mde"].notna()]
    start = "the smallest effect that this design could have seen"
    if known.empty:
        return f"{start} is not known"
    if len(known) <= 2:
        told = join(
            [f"{fmt.size(r['mde'])} for {subject(r['title'])}" for _, r in known.iterrows()]
        )
        return f"{start} with {power} power is {told}"
    ordered = known.sort_values("mde", kind="stable")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    return (
        f"{start} with {power} power is between {fmt.size(low['mde'])} ({low['title']}) and "
        f"{fmt.size(high['mde'])} ({high['title']})"
    )


def _alone(row: Any, fmt: Format) -> str:
    adjusted = row.get("lead_adjusted")
    word = "not adjusted" if is_missing(adjusted) else f"adjusted {fmt.pvalue(adjusted)}"
    return f"{subject(row['title'])} (p{fmt.gap}{fmt.pvalue(row['lead_p'])}, {word})"


def _kept(small: pd.DataFrame) -> str:
    """Say how many of the unusual moves are left once the other tests are allowed for."""
    kept = int((small["lead_adjusted"].astype("float64") < LEVEL).sum())
    if kept == len(small):
        return ", also when all tests of the table are allowed for"
    if kept == 0:
        return ", but not when all tests of the table are allowed for"
    return f"; {small_number(kept)} of them also when all tests of the table are allowed for"


def quoted(text: str) -> str:
    """Quote a headline; one that runs from right to left is kept apart from the sentence.

    Examples
    --------
    >>> quoted("a"), len(quoted("\u05d0"))
    ('“a”', 5)
    """
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return f"“\u2068{text}\u2069”"
    return f"“{text}”"


def short(text: str, length: int = 56) -> str:
    """Cut a headline at a word.

    Examples
    --------
    >>> short("one two three", 9)
    'one two…'
    """
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + "…"


def question(result: facts.ResultLike) -> str:
    """Ask, in words, what the study asks."""
    texts = facts.headlines(result)
    ids = facts.headline_ids(result)
    if len(ids) == 1:
        if facts.untitled(result, ids[0]):
            return f"What did prices do around {facts.stamp(result, ids[0])}?"
        return f"What did prices do when it was reported: {quoted(texts.get(ids[0], ids[0]))}?"
    if not ids:
        return "What did prices do around the headlines of this study?"
    when = HTML.date_range(result.events["session"].min(), result.events["session"].max())
    if not facts.is_panel_study(result):
        return f"What did prices do around {small_number(len(ids))} headlines, {when}?"
    assets = result.events["asset"].nunique()
    return f"What did the prices of {assets} assets do around {len(ids)} headlines, {when}?"


def answer(result: facts.ResultLike, fmt: Format = HTML) -> list[tuple[str, str]]:
    """Answer the study's question.

    Parameters
    ----------
    result : ResultLike
    fmt : Format

    Returns
    -------
    list of (label, text)
        One entry for each headline (the label is the headline, empty where there is only one),
        then one for each panel with tests across its events.
    """
    if result.events.empty:
        return [("", "No headline could be estimated; the list of what was left out says why.")]
    told: list[tuple[str, str]] = []
    if not facts.is_panel_study(result):
        texts, ids = facts.headlines(result), facts.headline_ids(result)
        for i in ids:
            label = texts.get(i, i) if len(ids) > 1 else ""
            told.append((label, headline_answer(result, i, fmt)))
    told += panel_answer(result, fmt)
    return [t for t in told if t[1]] or [("", "No window could be tested.")]
