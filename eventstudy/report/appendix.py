"""Tables that stand at the end of a report: what was left out, data quality, sources, hashes."""

from __future__ import annotations

import re

import pandas as pd

from eventstudy.names import CROSS_EVENT, SINGLE_EVENT
from eventstudy.report import facts, robustness
from eventstudy.report.format import HTML, Format, one_line
from eventstudy.report.panel_words import estimate_text
from eventstudy.report.tables import Cell, Column, Table, asset_list, num, txt

_STAGES = {
    "grouping": "merged into another headline",
    "context": "not studied",
    "window": "one window",
    "day": "one day",
}
_FLAGS = {
    "ambiguous": "may have come before or after the price was measured",
    "date-only": "the day is known, the hour is not",
    "roll": "the future's contract changes on the day given",
    "missing_days": "days of the event window without a return",
    "purged": "days of other headlines taken out of the estimation window",
    "few_observations": "fewer than 120 estimation returns",
    "autocorrelated": "estimation residuals follow their own past",
    "arch": "the size of estimation residuals follows its own past",
    "fat_tails": "estimation residuals have fat tails, so the placebo p leads",
    "thin_trading": "many estimation returns are exactly zero",
    "high_volatility": "volatility at the event was above twice its usual level",
    "low_volatility": "volatility at the event was below half its usual level",
    "leverage": "the benchmark's move lies far outside those of the estimation window",
    "benchmark_measured_later": "the benchmark is measured after the asset",
}

__all__ = [
    "closing_tables",
    "confounder_table",
    "control_table",
    "dropped_table",
    "flag_table",
    "hash_table",
    "quality_table",
    "source_table",
]


def dropped_table(result: facts.ResultLike, *, caption: str = "", names: int = 6) -> Table:
    """Return what was left out; rows that differ in the asset alone are told together."""
    columns = (
        Column("Headline"),
        Column("Assets"),
        Column("Stage"),
        Column("Reason"),
        Column("Detail"),
    )
    frame = result.dropped
    titles = facts.asset_titles(result)
    body = []
    if len(frame):
        filled = frame.fillna({"asset": "", "detail": "", "reason": "", "stage": ""})
        keys = ["event_id", "stage", "reason"]
        for key, part in filled.groupby(keys, sort=False, dropna=False):
            named = [titles.get(str(a), str(a)) for a in part["asset"].unique() if a]
            details = part["detail"].unique()
            body.append(
                [
                    txt(key[0], strong=True),
                    txt(asset_list(named, names) or "every asset"),
                    txt(_STAGES.get(str(key[1]), key[1])),
                    txt(key[2]),
                    # A detail that names one asset is not told of many.
                    txt(details[0] if len(details) == 1 else ""),
                ]
            )
    return Table("dropped", caption, columns, body).tidy()


def quality_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the findings of the data gate, the severe ones first."""
    columns = (
        Column("Asset"),
        Column("Session", nowrap=True),
        Column("Check"),
        Column("Severity"),
        Column("Value", True),
        Column("Detail"),
        Column("What was done"),
    )
    frame = result.quality
    titles = facts.asset_titles(result)
    if frame.empty:
        return Table("quality", caption, columns)
    order = {"error": 0, "severe": 0, "warning": 1, "note": 2, "info": 3}
    rank = frame["severity"].map(lambda s: order.get(str(s), 4))
    body = []
    for i in rank.sort_values(kind="stable").index:
        row = frame.loc[i]
        body.append(
            [
                txt(titles.get(str(row["asset"]), row["asset"]), strong=True),
                Cell(fmt.date(row["session"]), fmt.date(row["session"])),
                txt(row["check"]),
                txt(row["severity"]),
                num(row["value"], fmt.number, digits=4),
                txt(row["detail"]),
                txt(row["action"]),
            ]
        )
    return Table("quality", caption, columns, body).tidy()


def confounder_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the other headlines of the study inside each headline's window."""
    columns = (
        Column("Headline"),
        Column("Also in its window"),
        Column("On day"),
        Column("Assets", True),
    )
    texts = facts.headlines(result)
    body = []
    for _, row in facts.confounders(result).iterrows():
        low, high = int(row["tau_low"]), int(row["tau_high"])
        days = fmt.window(low, high)[1:-1].replace(", ", fmt.to)
        body.append(
            [
                txt(texts.get(str(row["event_id"]), row["event_id"]), strong=True),
                txt(row["headline"]),
                Cell(days, float(low)),
                num(row["n_assets"], fmt.count),
            ]
        )
    return Table("confounders", caption, columns, body)


def flag_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the flags that events carry, what they mean, and on which assets.

    Other headlines in the window are told by :func:`confounder_table`.
    """
    columns = (
        Column("Flag", nowrap=True),
        Column("Meaning"),
        Column("Events", True),
        Column("Where"),
    )
    if result.events.empty or "flags" not in result.events:
        return Table("flags", caption, columns)
    titles = facts.asset_titles(result)
    flags = result.events.drop_duplicates(["event_id", "asset", "flags"])
    seen = pd.DataFrame(
        [
            (f, r["event_id"], titles.get(str(r["asset"]), str(r["asset"])))
            for _, r in flags.iterrows()
            for f in facts.split_flags(r["flags"])
            if not f.startswith("other_headline")
        ],
        columns=["flag", "event_id", "title"],
    )
    body = []
    for flag, part in seen.groupby("flag", sort=False):
        code, _, rest = (t.strip() for t in str(flag).partition(":"))
        number = bool(re.fullmatch(r"[+-]?\d+", rest))
        meaning = _FLAGS.get(code, "") + (f": {rest}" if rest and not number else "")
        body.append(
            [
                txt(code.replace("_", " ") + (f" {rest}" if number else ""), strong=True),
                txt(meaning.lstrip(": ")),
                num(len(part.drop_duplicates()), fmt.count),
                txt(asset_list(list(dict.fromkeys(part["title"])))),
            ]
        )
    return Table("flags", caption, columns, body)


def control_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return the negative control: the leading tests on earlier dates without a headline."""
    columns = (
        Column("Panel"),
        Column("Model", nowrap=True),
        Column("First day 0", nowrap=True),
        Column("Sessions earlier", True),
        Column("Test"),
        Column("Events", True),
        Column("Mean", True),
        Column("p", True),
    )
    titles = {(str(s.name), str(s.variant)): s.title for s in (*CROSS_EVENT, *SINGLE_EVENT)}
    body = []
    for _, row in result.control.iterrows():
        key = (str(row["name"]), str(row["variant"]))
        body.append(
            [
                txt(row["panel"], strong=True),
                txt(fmt.model(row["model"])),
                Cell(fmt.date(row["session"]), fmt.date(row["session"])),
                num(-row["shift"], fmt.count),
                txt(titles.get(key, key[0])),
                num(row["n_events"], fmt.count),
                Cell(estimate_text(row, "estimate", fmt)),
                num(row["pvalue"], fmt.pvalue),
            ]
        )
    return Table("control", caption, columns, body)


def source_table(result: facts.ResultLike, fmt: Format = HTML, *, caption: str = "") -> Table:
    """Return where the prices of each asset come from, and on which clock they are measured."""
    columns = (
        Column("Asset"),
        Column("Symbol", nowrap=True),
        Column("Source"),
        Column("Calendar", nowrap=True),
        Column("Measured at"),
        Column("Currency", nowrap=True),
        Column("First", nowrap=True),
        Column("Last", nowrap=True),
    )
    body = [
        [
            txt(entry.get("title") or entry["asset"], strong=True),
            txt(entry["asset"]),
            txt(entry.get("source")),
            txt(entry.get("calendar")),
            txt(entry.get("close") or fmt.dash),
            txt(entry.get("currency") or fmt.dash),
            txt(entry.get("first")),
            txt(entry.get("last")),
        ]
        for entry in result.run.get("prices", [])
    ]
    return Table("sources", caption, columns, body).tidy()


def hash_table(result: facts.ResultLike, *, caption: str = "") -> Table:
    """Return the SHA-256 of every input, in the order of their names."""
    columns = (Column("Input"), Column("SHA-256"))
    body = [
        [txt(name, strong=True), Cell(one_line(value), one_line(value))]
        for name, value in sorted(result.run.get("hashes", {}).items())
    ]
    return Table("hashes", caption, columns, body)


def closing_tables(result: facts.ResultLike) -> dict[str, Table]:
    """Return the tables of a page's last sections, by name."""
    return {
        "control": control_table(
            result, caption="The study's first window on dates without a headline"
        ).clipped(60, "control.csv"),
        "contamination": robustness.contamination_table(
            result, caption="Leading tests with all events, and without those it touches"
        ).clipped(60, "contamination.csv"),
        "sensitivity": robustness.sensitivity_table(
            result, caption="Ambiguous headlines, for each session that could be day 0"
        ).clipped(60, "sensitivity.csv"),
        "regressions": robustness.regression_table(
            result, caption="Cumulated abnormal returns on columns of the catalogue"
        ).clipped(60, "regressions.csv"),
        "dropped": dropped_table(result, caption="Left out, at which stage, and why").clipped(
            where="dropped.csv"
        ),
        "quality": quality_table(result, caption="Findings in the prices").clipped(
            100, "quality.csv"
        ),
        "flags": flag_table(result, caption="Flags that events carry"),
        "confounders": confounder_table(
            result, caption="Headlines of this study inside each other's windows"
        ).clipped(60),
        "sources": source_table(result, caption="Prices: source, calendar and clock"),
        "hashes": hash_table(result, caption="Inputs and their SHA-256"),
    }
