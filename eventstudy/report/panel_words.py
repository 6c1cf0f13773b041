"""Sentences about the tests across events: the mean, the test that leads, and why it leads."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eventstudy.report import facts
from eventstudy.report.format import Format, is_missing, one_line

__all__ = ["control_sentence", "estimate_is_return", "lead_reason", "panel_answer", "panel_mean"]

LEVEL = 0.05
# Tests whose mean is one of standardised values; that of all others is a return.
_STANDARDISED = {
    "patell_z",
    "adjusted_patell_z",
    "bmp_t",
    "adjusted_bmp_t",
    "cluster_t",
    "date_mean_t",
    "wild_cluster_bootstrap_t",
    "bootstrap_t",
    "calendar_time_t",
}


def estimate_is_return(name: str, variant: str) -> bool:
    """Say whether a test's estimate is a return in decimals.

    Examples
    --------
    >>> estimate_is_return("portfolio_t", "published"), estimate_is_return("bmp_t", "published")
    (True, False)
    """
    return name not in _STANDARDISED or (name, variant) == ("cluster_t", "car")


def estimate_text(row: Any, column: str, fmt: Format) -> str:
    """Write an estimate in its own unit: percent, standard deviations, or a plain number."""
    value = row[column]
    if is_missing(value):
        return fmt.dash
    if estimate_is_return(str(row["name"]), str(row["variant"])):
        return fmt.percent(value)
    return f"{fmt.number(value, 2, sign=True)}{fmt.gap}sd"


def interval_text(row: Any, fmt: Format) -> str:
    """Write the interval of an estimate in its own unit."""
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return fmt.dash
    if estimate_is_return(str(row["name"]), str(row["variant"])):
        return fmt.interval(row["ci_low"], row["ci_high"])
    low, high = (fmt.number(row[c], 2, sign=True) for c in ("ci_low", "ci_high"))
    return f"{low}{fmt.to}{high}{fmt.gap}sd"


def lead_reason(rows: pd.DataFrame, fmt: Format) -> str:
    """Say in one sentence which tests lead for one panel, model and window, and why.

    Parameters
    ----------
    rows : DataFrame
        The rows of ``tests`` of that panel, model and window.
    fmt : Format

    Returns
    -------
    str
    """
    lead = rows[rows["leads"].fillna(False).astype(bool)]
    if lead.empty:
        return "No test across events leads here: each says in its note why it does not apply."
    names = list(dict.fromkeys(_title(r) for _, r in lead.iterrows()))
    told = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return f"{told} lead{'s' if len(names) == 1 else ''}: {_why(rows, fmt)}."


def _title(row: Any) -> str:
    title = row.get("title")
    return one_line(title) if not is_missing(title) and title else f"{row['name']}"


def _why(rows: pd.DataFrame, fmt: Format) -> str:
    """Return the reason that the run gives, and how far dependence widens the mean's variance."""
    lead = rows[rows["leads"].fillna(False).astype(bool)]
    told = [one_line(t) for t in lead.get("lead_reason", pd.Series(dtype=str)).unique() if t]
    reason = (told[0] if told else "as the run decided").rstrip(".")
    reason = reason[0].lower() + reason[1:]
    deff = lead["design_effect"].max() if "design_effect" in lead else float("nan")
    if is_missing(deff) or deff <= 1.005:
        return reason
    return f"{reason} ({_inflates(deff, fmt)})"


def _inflates(deff: float, fmt: Format) -> str:
    return f"the variance of the mean is {fmt.number(deff, 1)} times that of independent events"


def panel_mean(result: facts.ResultLike, key: tuple[Any, ...]) -> tuple[float, int]:
    """Return the mean CAR of one panel, model and window, and over how many events."""
    w = result.windows
    cars = w.loc[
        (w["panel"] == key[0])
        & (w["model"] == key[1])
        & (w["start"] == key[2])
        & (w["end"] == key[3]),
        "car",
    ].dropna()
    return (float(cars.mean()), len(cars)) if len(cars) else (float("nan"), 0)


def control_sentence(result: facts.ResultLike, fmt: Format) -> str:
    """Tell the negative control in one sentence; empty where the study has none.

    Panels of two to four events are left out of the count, as their tests are descriptive.
    """
    rows = result.control
    if rows.empty:
        return ""
    thin = rows["n_events"].between(2, 4)
    rows = rows[~thin & rows["pvalue"].notna()]
    if rows.empty:
        return ""
    low, high = fmt.pvalue(rows["pvalue"].min()), fmt.pvalue(rows["pvalue"].max())
    span = f"p{fmt.gap}{low}" if len(rows) == 1 else f"p from {low} to {high}"
    below = int((rows["pvalue"] < LEVEL).sum())
    shifts = sorted({abs(int(s)) for s in rows["shift"]})
    earlier = fmt.count(shifts[0]) if len(shifts) == 1 else f"{shifts[0]} to {shifts[-1]}"
    level = fmt.percent(LEVEL, 0, sign=False)
    aside = "; panels of fewer than five events aside" if thin.any() else ""
    return (
        f"Negative control: the same tests {earlier} sessions earlier, on dates without a headline "
        f"of the catalogue: {span}; {below} of {len(rows)} below {level}{aside}."
    )


def _lead_window(part: pd.DataFrame) -> tuple[int, int]:
    spans = list(dict.fromkeys(zip(part["start"], part["end"], strict=True)))
    return (0, 0) if (0, 0) in spans else (int(spans[0][0]), int(spans[0][1]))


def panel_answer(result: facts.ResultLike, fmt: Format) -> list[tuple[str, str]]:
    """Answer for each panel that was tested across events, its models side by side.

    Where the headlines are told one by one, a panel is told only if it adds to that: at least
    five events, and more assets than are told singly.

    Returns
    -------
    list of (label, text)
    """
    tests = facts.cross_tests(result)
    if tests.empty:
        return []
    single = not facts.is_panel_study(result)
    mains = set(facts.main_assets(facts.reactions(result))) if single else set()
    told = []
    for panel, part in tests.groupby("panel", sort=False):
        assets = set(result.windows.loc[result.windows["panel"] == panel, "asset"].astype(str))
        n = part["n_events"].max()
        if n < 2 or (single and (n < 5 or assets <= mains)):
            continue
        told.append((one_line(panel), _panel_text(result, str(panel), part, fmt)))
    return told


def _panel_text(result: facts.ResultLike, panel: str, part: pd.DataFrame, fmt: Format) -> str:
    start, end = _lead_window(part)
    rows = part[(part["start"] == start) & (part["end"] == end)]
    when = "on day 0" if start == end == 0 else f"over {fmt.window(start, end)}"
    n, g = int(rows["n_events"].max()), int(rows["n_clusters"].max())
    models = [str(m) for m in rows["model"].unique()]
    means = [
        f"{fmt.percent(panel_mean(result, (panel, m, start, end))[0])} ({fmt.model(m)})"
        for m in models
    ]
    told = [
        f"Over {n} events on {'one date' if g == 1 else f'{g} dates'} the mean abnormal return "
        f"{when} is {' and '.join(means)}."
    ]
    for model in models:
        same = rows[rows["model"] == model]
        lead = same[same["leads"].fillna(False).astype(bool) & same["pvalue"].notna()]
        name = f"{fmt.model(model)[0].upper()}{fmt.model(model)[1:]}"
        if lead.empty:
            told.append(f"{name}: no test leads.")
            continue
        ps = _p_values(lead, fmt)
        told.append(f"{name}: {_verdict(lead, fmt)} ({ps}); {_seen(same, fmt)}.")
    if n < 5 or g < 5:
        few = "events" if n < 5 else "dates"
        told.append(f"With fewer than five {few} this is descriptive.")
    return " ".join([*told, lead_reason(rows, fmt)])


def _p_values(lead: pd.DataFrame, fmt: Format) -> str:
    """Tell the leading p-values: each where one is small or alone, else from least to most."""
    if len(lead) == 1 or (lead["pvalue"] < LEVEL).any():
        return "; ".join(_p(r, fmt) for _, r in lead.iterrows())
    low, high = fmt.pvalue(lead["pvalue"].min()), fmt.pvalue(lead["pvalue"].max())
    span = low if low == high else f"from {low} to {high}"
    return f"p of the {len(lead)} tests that lead {span}"


def _p(row: Any, fmt: Format) -> str:
    text = f"{_title(row)} p{fmt.gap}{fmt.pvalue(row['pvalue'])}"
    if is_missing(row["pvalue_adjusted"]):
        return text
    return f"{text}, adjusted {fmt.pvalue(row['pvalue_adjusted'])}"


def _verdict(lead: pd.DataFrame, fmt: Format) -> str:
    """Weigh the leading tests: all, some or none below the level, adjusted p where there is one."""
    level = fmt.percent(LEVEL, 0, sign=False)
    raw = lead["pvalue"] < LEVEL
    kept = lead["pvalue_adjusted"].fillna(1.0) < LEVEL
    one = len(lead) == 1
    if not raw.any():
        return f"not unusual at the {level} level"
    which = (
        "by the test that leads"
        if one
        else (
            "by all tests that lead" if raw.all() else "by some of the tests that lead, not by all"
        )
    )
    if kept.all():
        return f"unusual at the {level} level {which}, adjusted p included"
    tail = (
        ", but not all adjusted p stay below it"
        if kept.any()
        else ", but not when the other tests are allowed for"
    )
    return f"unusual at the {level} level taken alone {which}{tail}"


def _seen(rows: pd.DataFrame, fmt: Format) -> str:
    known = rows["mde"].dropna() if "mde" in rows else pd.Series(dtype=float)
    if known.empty:
        return "the smallest mean that could have been seen is not known"
    power = fmt.percent(0.8, 0, sign=False)
    return (
        f"the smallest mean that could have been seen with {power} power is "
        f"{fmt.size(known.iloc[0])}"
    )
