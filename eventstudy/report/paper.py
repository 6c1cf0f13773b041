"""Any table of a result as a person reads it, to be copied into a paper, a mail or a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from eventstudy.errors import InputError, nearest
from eventstudy.names import CROSS_EVENT, SINGLE_EVENT
from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, one_line
from eventstudy.report.latex import LATEX, table_latex
from eventstudy.report.latex_letters import MACROS, needs_macros
from eventstudy.report.markdown import MARKDOWN, table_text
from eventstudy.report.notebook import table_html
from eventstudy.report.panel_words import estimate_text, interval_text
from eventstudy.report.tables import Cell, Column, Table, reaction_table

__all__ = ["PaperTable", "paper_table"]

TSV = Format(gap="", dash="")
"""How a sheet reads numbers: ``-1.25%`` is one, an empty cell is none."""

_TITLES = {(str(s.name), str(s.variant)): s.title for s in (*CROSS_EVENT, *SINGLE_EVENT)}
_KEYS = {title: key for key, title in _TITLES.items()}
_DAY_0 = ("pinned", "events", "sensitivity")
_TEST = ("panel", "model", "start", "end", "name", "variant", "title", "n_events")
_EVENT = ("event_id", "asset", "model")
# What a paper has room for; a frame with other columns shows those that it has.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "pinned": ("event_id", "asset", "calendar", "timestamp_utc", "session", "position"),
    "events": (*_EVENT, "session", "n_estimation", "alpha", "beta", "sigma", "r_squared", "flags"),
    "abnormal_returns": (*_EVENT, "session", "tau", "return", "expected", "ar", "ar_se", "car"),
    "windows": (*_EVENT, "start", "end", "car", "ci_low", "ci_high", "pvalue", "placebo_pvalue",
                "mde"),
    "event_tests": (*_EVENT, "start", "end", "name", "variant", "statistic", "df", "pvalue",
                    "pvalue_adjusted"),
    "tests": (*_TEST, "n_clusters", "estimate", "ci_low", "ci_high", "statistic", "df", "pvalue",
              "pvalue_adjusted"),
    "paths": ("panel", "model", "tau", "n_events", "aar", "aar_se", "caar", "caar_se"),
    "control": (*_TEST, "session", "estimate", "statistic", "pvalue"),
    "contamination": (*_TEST, "estimate", "pvalue", "n_clean", "estimate_clean", "pvalue_clean"),
    "regressions": ("panel", "model", "start", "end", "term", "coefficient", "se", "ci_low",
                    "ci_high", "statistic", "df", "pvalue", "n_events", "r_squared"),
    "specification": (*_TEST, "estimation_start", "estimation_end", "mean_car", "pvalue",
                      "pvalue_adjusted"),
}  # fmt: skip
_SHARED = ("Panel", "Headline", "Asset", "Model", "Window")
_PERCENT = {
    "return", "expected", "ar", "ar_se", "car", "car_se", "bhar", "mde", "alpha", "sigma", "aar",
    "aar_se", "caar", "caar_se", "mean_car", "coefficient",
}  # fmt: skip
_LABELS = {
    "event_id": "Headline", "name": "Test", "title": "Test", "n_events": "Events",
    "n_clusters": "Dates", "n_estimation": "Days", "n_clean": "Clean events",
    "timestamp_utc": "Reported", "position": "Came", "return": "Return", "ar": "AR", "car": "CAR",
    "aar": "AAR", "caar": "CAAR", "bhar": "BHAR", "sar": "SAR", "scar": "SCAR", "tau": "Day",
    "car_se": "SE of CAR", "ar_se": "SE of AR", "aar_se": "SE of AAR", "caar_se": "SE of CAAR",
    "se": "SE", "pvalue": "p", "pvalue_adjusted": "Adj. p", "placebo_pvalue": "Placebo p",
    "pvalue_clean": "p, clean", "estimate_clean": "Estimate, clean", "mde": "Detectable",
    "r_squared": "R\u00b2", "df": "df", "mean_car": "Mean CAR",
}  # fmt: skip
_PAIRS = {
    "start": ("end", "Window"),
    "estimation_start": ("estimation_end", "Estimated on"),
    "ci_low": ("ci_high", "95 % interval"),
    "placebo_low": ("placebo_high", "95 % placebo"),
    "car_low": ("car_high", "95 % band"),
    "car_sup_low": ("car_sup_high", "95 % band of the path"),
    "caar_low": ("caar_high", "95 % band"),
    "caar_sup_low": ("caar_sup_high", "95 % band of the path"),
}

_Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Field:
    column: Column
    write: Callable[[_Row, Format], str]


@dataclass(frozen=True, eq=False)
class PaperTable:
    """A table as a person reads it; a notebook shows it, and its texts go elsewhere.

    Attributes
    ----------
    make : callable
        Lays the table out in a format.
    name : str
        What it is called, for the label of LaTeX.
    """

    make: Callable[[Format], Table]
    name: str = "table"

    def to_markdown(self) -> str:
        """Return it for a mail, a pull request or a notebook's text."""
        table = self.make(MARKDOWN)
        head = [f"_{table.caption}_", ""] if table.caption else []
        return "\n".join([*head, *table_text(table)]) + "\n"

    def to_latex(self, label: str | None = None) -> str:
        r"""Return it for a paper: booktabs, with caption and ``\label``, by default tab:<name>.

        The preamble needs ``\usepackage{booktabs,longtable,array,graphicx}``. Letters beyond Latin
        go through a command that stands before the table then.
        """
        table = self.make(LATEX)
        text = table_latex(table, f"tab:{self.name}" if label is None else label)
        return (MACROS if needs_macros(text) else "") + text + "\n"

    def to_html(self) -> str:
        """Return it as a fragment of HTML without a style sheet."""
        table = self.make(HTML)
        caption = f"<p><em>{escape(table.caption)}</em></p>" if table.caption else ""
        note = f"<p>{escape(table.note)}</p>" if table.note else ""
        return f"<div>{caption}{table_html(table)}{note}</div>"

    def to_tsv(self) -> str:
        """Return it with tabs between the cells: what a spreadsheet takes by pasting."""
        table = self.make(TSV)
        rows = [[c.label for c in table.columns], *([c.text for c in row] for row in table.rows)]
        return "\n".join("\t".join(_calm(text) for text in row) for row in rows) + "\n"

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return self.to_markdown()


def _calm(text: str) -> str:
    """Return a cell that no sheet takes for a formula; numbers stay numbers."""
    text = one_line(text)
    risky = text[:1] in ("=", "@") or (text[:1] in ("+", "-") and not text[1:2].isdigit())
    return f"'{text}" if risky else text


def paper_table(
    result: facts.ResultLike, rows: str | pd.DataFrame = "reactions", *, caption: str = ""
) -> PaperTable:
    """Return a table of a result as a person reads it.

    Parameters
    ----------
    result : StudyResult
    rows : str or DataFrame
        ``reactions`` (each headline on each asset), the name of a table, of which the reported
        windows and the tests that apply are told, or a frame: some rows, some columns.
    caption : str
        What a column that is the same in every row says stands behind it.

    Raises
    ------
    InputError
        If there is no table of that name.
    """
    if isinstance(rows, str) and rows == "reactions":
        found = facts.reactions(result)
        many = len(found["event_id"].unique()) > 1
        return PaperTable(
            lambda fmt: reaction_table(found, fmt, caption=caption, headline=many), rows
        )
    if isinstance(rows, str):
        name, frame = rows, _named(result, rows)
    else:
        name, frame = _whole(result, rows), rows
    chosen = [c for c in frame.columns if _told(name, str(c))]
    order = _COLUMNS.get(name, ())
    chosen.sort(key=lambda c: next((i for i, w in enumerate(order) if _is(w, str(c))), len(order)))
    titles = facts.asset_titles(result)
    return PaperTable(
        lambda fmt: _table(name, frame[chosen], titles, fmt, caption), name or "table"
    )


def _is(wanted: str, column: str) -> bool:
    return column == wanted or (wanted == "beta" and column.startswith("beta_"))


def _told(name: str, column: str) -> bool:
    wanted = _COLUMNS.get(name)
    return wanted is None or any(_is(w, column) for w in wanted)


def _named(result: facts.ResultLike, name: str) -> pd.DataFrame:
    """Return a table by its name: the windows that the study reports, the tests that apply."""
    known = [*_COLUMNS, "sensitivity", "dropped", "quality", "series"]
    if name not in known:
        raise InputError(f"'{name}' is no table{nearest(name, ['reactions', *known])}")
    frame: pd.DataFrame = getattr(result, name)
    if {"start", "end"} <= set(frame.columns):
        spans = facts.reported(result)
        inside = [(a, b) in spans for a, b in zip(frame["start"], frame["end"], strict=True)]
        frame = frame[inside]
    if name in ("tests", "event_tests"):
        frame = frame[frame["pvalue"].notna()]
    return frame


def _whole(result: facts.ResultLike, frame: pd.DataFrame) -> str:
    """Name the table whose columns a frame has in full; a choice of columns has no name."""
    has = set(frame.columns)
    for name in _COLUMNS:
        own = set(getattr(result, name, pd.DataFrame()).columns)
        if own and own <= has and set(_COLUMNS[name][:3]) <= own:
            return name
    return ""


def _table(
    name: str, frame: pd.DataFrame, titles: Mapping[str, str], fmt: Format, caption: str
) -> Table:
    fields = list(_fields(name, frame, titles))
    records = frame.to_dict("records")
    told = [[f.write(row, fmt) for f in fields] for row in records]  # type: ignore[arg-type]
    shared, keep = [caption] if caption else [], []
    for k, field in enumerate(fields):
        texts = {row[k] for row in told}
        if field.column.label in _SHARED and len(texts) == 1 and len(told) > 1:
            text = next(iter(texts))
            shared.append(f"window {text}" if field.column.label == "Window" else text)
        else:
            keep.append(k)
    body = [[Cell(row[k]) for k in keep] for row in told]
    columns = tuple(fields[k].column for k in keep)
    return Table(name or "table", ", ".join(t for t in shared if t), columns, body).tidy()


def _fields(name: str, frame: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[_Field]:
    """Turn columns into what is read: pairs of ends are one column, codes are words."""
    columns = [str(c) for c in frame.columns]
    skip: set[str] = set()
    for column in columns:
        other, label = _PAIRS.get(column, ("", ""))
        if column in skip:
            continue
        if other in columns:
            skip.add(other)
            window = label in ("Window", "Estimated on")
            write = _window if window else _interval
            yield _Field(Column(label, not window, nowrap=True), write(column, other))
        elif column in ("name", "title") and {"name", "variant"} <= set(columns):
            skip |= {"name", "variant", "title"}
            yield _Field(Column("Test"), _test)
        else:
            label = "Day 0" if column == "session" and name in _DAY_0 else ""
            yield _plain(frame[column], column, titles, label)


def _window(low: str, high: str) -> Callable[[_Row, Format], str]:
    return lambda row, fmt: fmt.window(row[low], row[high])


def _interval(low: str, high: str) -> Callable[[_Row, Format], str]:
    def write(row: _Row, fmt: Format) -> str:
        if low != "ci_low" or not _across(row):
            return fmt.interval(row[low], row[high])
        test = _test_of(row)
        if test["name"]:
            return interval_text({**row, **test}, fmt)
        return fmt.to.join(fmt.number(row[c], 4, sign=True) for c in (low, high))

    return write


def _across(row: _Row) -> bool:
    """Whether a row is that of a test across events, whose estimate has a unit of its own."""
    return "estimate" in row or "title" in row


def _test_of(row: _Row) -> dict[str, str]:
    """Return name and variant of a row's test, also where only its title is there."""
    if "name" in row and "variant" in row:
        return {"name": str(row["name"]), "variant": str(row["variant"])}
    name, variant = _KEYS.get(str(row.get("title", "")), ("", ""))
    return {"name": name, "variant": variant}


def _test(row: _Row, _: Format) -> str:
    key = (str(row["name"]), str(row["variant"]))
    return one_line(row.get("title") or _TITLES.get(key) or " ".join(key))


def _plain(values: pd.Series[Any], column: str, titles: Mapping[str, str], label: str) -> _Field:
    label = label or _LABELS.get(column) or column.replace("_", " ").strip().capitalize()
    numeric = pd.api.types.is_numeric_dtype(values) and values.dtype != bool
    return _Field(
        Column(label, bool(numeric), nowrap=column in ("model", "session")),
        lambda row, fmt: _cell(column, row, fmt, titles),
    )


def _cell(column: str, row: _Row, fmt: Format, titles: Mapping[str, str]) -> str:
    value = row[column]
    if column == "asset":
        return titles.get(str(value), one_line(value))
    if column in ("model", "position"):
        return str(getattr(fmt, column)(value))
    if isinstance(value, bool):
        return "yes" if value else ""
    if column.endswith("_utc"):
        return fmt.instant(value)
    if isinstance(value, pd.Timestamp) or value is pd.NaT:
        return fmt.date(value)
    if isinstance(value, str) or value is None:
        return one_line(value)
    return _number(column, value, row, fmt)


def _number(column: str, value: Any, row: _Row, fmt: Format) -> str:
    if "pvalue" in column:
        return fmt.pvalue(value)
    if column.startswith("estimate"):
        test = _test_of(row)
        known = bool(test["name"])
        # Whether it is a return or a number of standard deviations is up to the test.
        return estimate_text({**row, **test}, column, fmt) if known else fmt.number(value, 4)
    if column in _PERCENT:
        return fmt.percent(value, sign=not column.endswith(("_se", "mde", "sigma")))
    if column in ("df", "df_numerator"):
        return fmt.df(value)
    if column == "tau":
        return fmt.window(value, value)[1:-1]
    if column.startswith("n_") or isinstance(value, int):
        return fmt.count(value)
    if column in ("price", "value"):
        return fmt.price(value)
    return fmt.number(value, sign=column in ("statistic", "t"))
