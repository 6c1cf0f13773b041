"""An Excel workbook of a result: a front page, then one sheet a table with live numbers."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.report import citations, facts, words
from eventstudy.report.caveats import caveats
from eventstudy.report.format import Format, is_missing, one_line
from eventstudy.results import TABLES

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format as CellFormat
    from xlsxwriter.worksheet import Worksheet

__all__ = ["EXCEL", "MOST_ROWS", "number_format", "render_xlsx"]

EXCEL = Format()
MOST_ROWS = 1_048_000
"""Rows that fit on a sheet; the front page says where a table was cut."""
_LONGEST = 32_767
# Excel counts its days from 1900; an earlier date is text.
FIRST_YEAR = 1901
# Any fixed instant: the file must not know when it was made.
_MADE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)

_PERCENT = frozenset(
    {
        "return", "expected", "ar", "ar_se", "aar", "aar_se", "caar", "caar_se", "car", "car_se",
        "bhar", "mde", "sigma", "alpha", "car_low", "car_high", "car_sup_low", "car_sup_high",
        "sup_low", "sup_high", "placebo_low", "placebo_high", "caar_low", "caar_high",
        "caar_sup_low", "caar_sup_high", "zero_share",
    }
)  # fmt: skip
_COUNTS = frozenset(
    {
        "start",
        "end",
        "tau",
        "n_days",
        "n_events",
        "n_clusters",
        "n_estimation",
        "purged",
        "clean_end",
        "line",
        "shift",
        "n_assets",
        "estimation_start",
        "estimation_end",
    }
)
_WHAT = {
    "pinned": "one headline on one asset: its session, and why",
    "events": "one headline on one asset that was estimated",
    "abnormal_returns": "one event, one day",
    "windows": "one event, one tested window",
    "event_tests": "one statistic of one event and window",
    "tests": "one statistic across events for one window",
    "paths": "one panel and event day: mean abnormal returns with bands",
    "control": "the first window again on dates without a headline",
    "dropped": "one headline on one asset, or one day, that was left out",
    "quality": "one finding in the prices",
    "series": "one price around an event",
    "sensitivity": "one event that could have another day 0",
    "regressions": "one term of a regression of CARs",
    "specification": "one choice of model, windows and test",
    "pending": "one window that is not complete yet",
    "changes": "one thing that is not as in the last report",
}


def number_format(column: str) -> str:
    """Return the Excel number format of a column.

    Examples
    --------
    >>> number_format("car"), number_format("pvalue"), number_format("n_events")
    ('0.00%', '0.0000', '0')
    """
    if column in _PERCENT:
        return "0.00%"
    if column in _COUNTS:
        return "0"
    if column.endswith("pvalue") or column == "pvalue_adjusted":
        # Four decimals: three would show 0.0496 as 0.050.
        return "0.0000"
    return "General" if column in ("price", "close", "value") else "0.0000"


def render_xlsx(
    result: facts.ResultLike,
    *,
    extra: Mapping[str, pd.DataFrame] | None = None,
    notes: Sequence[str] = (),
) -> bytes:
    """Return a result as an Excel workbook.

    Numbers are numbers (decimals, shown in percent where they are returns), dates are dates,
    instants are UTC. A missing number is an empty cell. Text is text: a headline that begins like
    a formula is not one.

    Parameters
    ----------
    result : StudyResult
    extra : mapping of str to DataFrame, optional
        Further tables, each with a sheet of its own before the others.
    notes : sequence of str
        Sentences of the front page.

    Returns
    -------
    bytes
        The same result gives the same bytes.

    Raises
    ------
    InputError
        If xlsxwriter is not installed.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise InputError(
            "an Excel report needs xlsxwriter; pip install 'market-eventstudy[report]'"
        ) from None
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"}  # fmt: skip
    book = Workbook(buffer, options)
    name = one_line(facts.setting(result, "study", "name", "study"))
    book.set_properties({"title": name[:255], "created": _MADE, "comments": "eventstudy"})
    tables = dict(extra or {}) | {
        n: getattr(result, n) for n in TABLES if isinstance(getattr(result, n, None), pd.DataFrame)
    }
    styles = _styles(book)
    _front(book.add_worksheet("answer"), result, tables, notes, styles)
    for table, frame in tables.items():
        _sheet(book.add_worksheet(table[:31]), frame, styles)
    book.close()
    return buffer.getvalue()


class _Styles(dict[str, "CellFormat"]):
    """Cell formats by number format, made once each."""

    def __init__(self, book: Workbook) -> None:
        super().__init__()
        self._book = book

    def __missing__(self, key: str) -> CellFormat:
        self[key] = self._book.add_format({"num_format": key, "align": "right"})
        return self[key]


def _styles(book: Workbook) -> _Styles:
    styles = _Styles(book)
    styles["title"] = book.add_format({"bold": True, "font_size": 15, "text_wrap": True,
                                       "valign": "top"})  # fmt: skip
    styles["strong"] = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    styles["wrap"] = book.add_format({"text_wrap": True, "valign": "top"})
    styles["head"] = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    styles["text"] = book.add_format({"num_format": "@"})
    styles["quoted"] = book.add_format({"num_format": "@", "quote_prefix": True})
    return styles


def _front(
    sheet: Worksheet,
    result: facts.ResultLike,
    tables: Mapping[str, pd.DataFrame],
    notes: Sequence[str],
    styles: _Styles,
) -> None:
    """Write the question, the answer and what each sheet holds."""
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    sheet.hide_gridlines(2)
    rows: list[tuple[str, str, str]] = [
        ("title", one_line(facts.setting(result, "study", "name", "study")), ""),
        ("strong", "Question", words.question(result)),
    ]
    told = words.answer(result, EXCEL)
    rows += [("strong", label or "Answer", text) for label, text in told]
    rows += [("strong", "Read with care" if k == 0 else "", text)
             for k, text in enumerate([*caveats(result, EXCEL), *notes])]  # fmt: skip
    for k, text in enumerate(citations.methods(result, EXCEL)):
        rows.append(("strong", "Methods" if k == 0 else "", text))
    at = 0
    for style, label, text in rows:
        _text(sheet, at, 0, label, styles[style])
        _text(sheet, at, 1, text, styles["wrap"])
        if text:
            sheet.set_row(at, 15.0 * (1 + len(text) // 95))
        at += 1
    _text(sheet, at + 1, 0, "Sheet", styles["head"])
    _text(sheet, at + 1, 1, "A row is", styles["head"])
    for k, (name, frame) in enumerate(tables.items(), at + 2):
        cut = f"; the first {MOST_ROWS} of {len(frame)} rows" if len(frame) > MOST_ROWS else ""
        sheet.write_url(k, 0, f"internal:'{name[:31]}'!A1", string=name)
        _text(sheet, k, 1, f"{_WHAT.get(name, '')} ({len(frame)} rows{cut})", styles["wrap"])
    _text(sheet, at + 3 + len(tables), 1, "Returns are decimals shown in percent; an empty cell is "
          "a number that does not exist; instants are UTC.", styles["wrap"])  # fmt: skip
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _sheet(sheet: Worksheet, frame: pd.DataFrame, styles: _Styles) -> None:
    shown = frame.iloc[:MOST_ROWS]
    for j, name in enumerate(map(str, shown.columns)):
        _text(sheet, 0, j, name, styles["head"])
        width = _column(sheet, j, name, shown.iloc[:, j], styles)
        sheet.set_column(j, j, min(max(width, len(name)) + 2, 48))
    sheet.freeze_panes(1, 0)
    if len(shown.columns):
        sheet.autofilter(0, 0, max(len(shown), 1), len(shown.columns) - 1)


def _column(sheet: Worksheet, j: int, name: str, column: pd.Series[Any], styles: _Styles) -> int:
    """Write one column by its kind; return the width that it needs."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _dates(sheet, j, column, styles)
    if pd.api.types.is_bool_dtype(column.dtype):
        for i, value in enumerate(column.tolist(), 1):
            sheet.write_boolean(i, j, value)
        return 6
    if pd.api.types.is_numeric_dtype(column.dtype):
        style = styles[number_format(name)]
        for i, number in enumerate(column.to_numpy(dtype=float), 1):
            if np.isfinite(number):
                sheet.write_number(i, j, float(number), style)
        return 10
    width = 0
    for i, value in enumerate(column.tolist(), 1):
        if not is_missing(value):
            width = max(width, _mixed(sheet, i, j, name, value, styles))
    return width


def _mixed(sheet: Worksheet, i: int, j: int, name: str, value: Any, styles: _Styles) -> int:
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(i, j, bool(value))
        return 6
    if isinstance(value, int | float | np.number):
        sheet.write_number(i, j, float(value), styles[number_format(name)])
        return 10
    text = str(value)
    _text(sheet, i, j, text, styles["quoted" if text[:1] in "=+-@" else "text"])
    return len(text)


def _dates(sheet: Worksheet, j: int, column: pd.Series[Any], styles: _Styles) -> int:
    stamps = pd.to_datetime(column)
    instants = stamps.dt.tz is not None
    naive = stamps.dt.tz_convert("UTC").dt.tz_localize(None) if instants else stamps
    style = styles["yyyy-mm-dd hh:mm:ss" if instants else "yyyy-mm-dd"]
    for i, value in enumerate(naive, 1):
        if is_missing(value):
            continue
        if value.year < FIRST_YEAR:
            _text(sheet, i, j, value.isoformat(), styles["text"])
        else:
            # Excel holds milliseconds; what lies below them is cut, not rounded into the next.
            sheet.write_datetime(i, j, value.floor("ms").to_pydatetime(), style)
    return 19 if instants else 10


def _text(sheet: Worksheet, i: int, j: int, text: str, style: CellFormat) -> None:
    """Write text as text, whatever it looks like; an empty one leaves the cell empty."""
    if text:
        sheet.write_string(i, j, text[:_LONGEST], style)
