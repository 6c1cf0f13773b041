"""The one place where numbers, dates and names become text.

Every writer (screen, HTML, Markdown, workbook) formats through :class:`Format`, so that a number
reads the same everywhere. Units: returns come in as decimals and leave as percent. A missing
value becomes a dash, never a zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.names import model_words

__all__ = ["HTML", "PLAIN", "SCREEN", "Format", "is_missing", "one_line"]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_POSITIONS = {
    "pre-open": "before the open",
    "in-session": "in session",
    "after-close": "after the close",
    "non-session": "no session",
    "date-only": "date only",
    "ambiguous": "ambiguous",
}


def is_missing(value: Any) -> bool:
    """Say whether a cell holds nothing: None, NaN or NaT (infinity counts as nothing too).

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(None), is_missing(0.0), is_missing("")
    (True, True, False, False)
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, float | np.floating):
        return not math.isfinite(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return False


def one_line(text: Any) -> str:
    """Return text on one line, control characters taken out, nothing else changed.

    Escape sequences in a headline could otherwise move a terminal's cursor.

    Examples
    --------
    >>> one_line("a\\n b\\x1b[31m")
    'a b[31m'
    """
    if is_missing(text):
        return ""
    kept = "".join(
        c if c.isprintable() or c in "\u200d\u200e\u200f" else " " for c in str(text) if c != "\x1b"
    )
    return " ".join(kept.split())


@dataclass(frozen=True)
class Format:
    """How one kind of output writes numbers.

    Attributes
    ----------
    minus : str
        Sign of a negative number: ASCII where people copy it, U+2212 where they read it.
    gap : str
        What stands between a number and its unit.
    dash : str
        A value that does not exist.
    to : str
        Between the two ends of an interval.

    Examples
    --------
    >>> SCREEN.percent(0.01576), SCREEN.percent(-0.0355), PLAIN.percent(float("nan"))
    ('+1.58 %', '-3.55 %', '')
    >>> SCREEN.pvalue(0.0831), SCREEN.pvalue(0.00004), SCREEN.interval(-0.0023, 0.0335)
    ('0.083', '<0.001', '-0.23 to +3.35 %')
    """

    minus: str = "-"
    gap: str = " "
    dash: str = "\u2013"
    to: str = " to "

    def _signed(self, text: str) -> str:
        """Replace the sign, and take it off where only zeros are left."""
        if not any(c in "123456789" for c in text):
            return text.lstrip("+-")
        return self.minus + text[1:] if text.startswith("-") else text

    def percent(self, value: Any, digits: int = 2, *, sign: bool = True, unit: bool = True) -> str:
        """Write a decimal as percent, with its sign unless ``sign=False``."""
        if is_missing(value):
            return self.dash
        number = f"{100.0 * float(value):{'+' if sign else ''},.{digits}f}"
        return self._signed(number) + (f"{self.gap}%" if unit else "")

    def size(self, value: Any, digits: int = 2) -> str:
        """Write the absolute value of a decimal as percent without a sign."""
        return self.dash if is_missing(value) else self.percent(abs(value), digits, sign=False)

    def interval(self, low: Any, high: Any, digits: int = 2) -> str:
        """Write the two ends of an interval of decimals as percent."""
        if is_missing(low) or is_missing(high):
            return self.dash
        ends = [self.percent(v, digits, unit=False) for v in (low, high)]
        return f"{self.to.join(ends)}{self.gap}%"

    def pvalue(self, value: Any) -> str:
        """Write a p-value with three decimals; more where they would hide its side of 5 %."""
        if is_missing(value):
            return self.dash
        p = float(value)
        if p < 0.001:
            return "<0.001"
        digits = 3
        while p != 0.05 and digits < 9 and round(p, digits) == 0.05:
            digits += 1
        return f"{p:.{digits}f}"

    def number(self, value: Any, digits: int = 2, *, sign: bool = False) -> str:
        """Write a plain number: statistics, coefficients."""
        if is_missing(value):
            return self.dash
        return self._signed(f"{float(value):{'+' if sign else ''},.{digits}f}")

    def price(self, value: Any) -> str:
        """Write a price level with as many decimals as its size asks for."""
        if is_missing(value):
            return self.dash
        digits = 4 if abs(float(value)) < 10 else 2
        return self.number(value, digits)

    def count(self, value: Any) -> str:
        """Write a whole number."""
        return self.dash if is_missing(value) else self._signed(f"{round(float(value)):,d}")

    def df(self, value: Any) -> str:
        """Write degrees of freedom: whole where they are whole."""
        if is_missing(value):
            return self.dash
        return self.count(value) if float(value).is_integer() else self.number(value, 1)

    def date(self, value: Any) -> str:
        """Write a date as ``2022-02-15``."""
        return self.dash if is_missing(value) else str(pd.Timestamp(value).date())

    def long_date(self, value: Any) -> str:
        """Write a date as ``Tuesday 15 February 2022``, in English whatever the locale."""
        if is_missing(value):
            return self.dash
        day = pd.Timestamp(value)
        return f"{_DAYS[day.dayofweek]} {day.day} {_MONTHS[day.month - 1]} {day.year}"

    def date_range(self, first: Any, last: Any) -> str:
        """Write two dates as ``15 to 24 February 2022``, saying each part once."""
        if is_missing(first) or is_missing(last):
            return self.dash
        a, b = pd.Timestamp(first), pd.Timestamp(last)
        end = f"{b.day} {_MONTHS[b.month - 1]} {b.year}"
        if a == b:
            return end
        year = f" {a.year}" if a.year != b.year else ""
        month = f" {_MONTHS[a.month - 1]}{year}" if (a.year, a.month) != (b.year, b.month) else ""
        return f"{a.day}{month} to {end}"

    def instant(self, value: Any) -> str:
        """Write an instant as ``2022-02-15 08:00 UTC``; seconds only where there are any."""
        if is_missing(value) or value == "":
            return self.dash
        stamp = pd.Timestamp(value)
        stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
        clock = f"{stamp.hour:02d}:{stamp.minute:02d}" + (
            f":{stamp.second:02d}" * (stamp.second != 0)
        )
        return f"{stamp.date()} {clock} UTC"

    def window(self, start: Any, end: Any) -> str:
        """Write a window of event time as ``[0]`` or ``[-1, +1]``."""
        if is_missing(start) or is_missing(end):
            return self.dash
        ends = [self._signed(f"{int(v):+d}") for v in (start, end)]
        return f"[{ends[0]}]" if int(start) == int(end) else f"[{ends[0]}, {ends[1]}]"

    def position(self, value: Any) -> str:
        """Write where in the day a headline came, in words."""
        return self.dash if is_missing(value) else _POSITIONS.get(str(value), one_line(value))

    def model(self, value: Any) -> str:
        """Write a model's name as people say it."""
        if is_missing(value):
            return self.dash
        return one_line(model_words(str(value)))


SCREEN = Format()
HTML = Format(minus="\u2212", gap="\u00a0", to=" to ")
PLAIN = Format(dash="")
