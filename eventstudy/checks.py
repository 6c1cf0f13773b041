"""Checks of single settings: types that say in one sentence what is wrong with a value.

Each name is an annotated type for the models of :mod:`eventstudy.study`. A check raises a
``PydanticCustomError`` whose message completes the sentence "<file>, line <n>: <key> ...".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from eventstudy.errors import InputError, nearest
from eventstudy.names import MODELS, statistic_names

__all__ = [
    "EVENT_FILES",
    "MOST_SESSIONS",
    "PRICE_FILES",
    "Address",
    "Clock",
    "Columns",
    "Currency",
    "EventsFile",
    "FactorsFile",
    "Flag",
    "Integer",
    "Lags",
    "ModelOf",
    "Models",
    "Names",
    "Positive",
    "PricesFile",
    "Regressors",
    "Statistics",
    "Text",
    "TimeZone",
    "Window",
    "Windows",
    "fail",
    "one_of",
    "shown",
]

EVENT_FILES = (
    ".csv", ".xlsx", ".json", ".jsonl", ".ndjson", ".toml", ".parquet", ".ics", ".rss", ".atom",
    ".xml",
)  # fmt: skip
PRICE_FILES = (".csv", ".parquet")
FACTOR_FILES = (".csv", ".txt", ".zip", ".parquet")
NOT_YET = {
    "synthetic_control": "is a known model that this version does not have yet",
    "matched": "is a known model that this version does not have yet",
}
# No study needs more; a slip of the keyboard must not ask for terabytes.
MOST_SESSIONS = 20_000


def fail(message: str, *key: str | int) -> NoReturn:
    """Raise a validation error whose place is ``key``, relative to the model that checks."""
    raise PydanticCustomError("study", "{message}", {"message": message, "key": key})


def shown(value: object) -> str:
    """Return a value as a TOML author would write it, cut to a readable length.

    Examples
    --------
    >>> shown("abc"), shown(True), shown([0, 1])
    ('"abc"', 'true', '[0, 1]')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = '"' + value.replace("\n", "\\n") + '"'
    elif isinstance(value, Mapping):
        text = "a table"
    elif isinstance(value, Sequence):
        text = "[" + ", ".join(shown(v) for v in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _integer(value: object) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        fail(f"must be a whole number, not {shown(value)}")
    return operator.index(value)


def _positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(f"must be a number, not {shown(value)}")
    if not math.isfinite(value) or value <= 0:
        fail(f"must be a number above 0, not {shown(value)}")
    return float(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        fail(f"must be true or false, not {shown(value)}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        fail(f"must be text in quotes, not {shown(value)}")
    if not value.strip():
        fail("must not be empty")
    if not value.isprintable():
        fail(f"must be one line of printable text, not {value!r}")
    return value


def one_of(*names: str, silent: Sequence[str] = ()) -> BeforeValidator:
    """Return a check that a value is one of ``names``; the message lists or corrects them.

    The ``silent`` ones are taken too, and no message offers them.
    """

    def check(value: object) -> object:
        text = _text(value)
        if text not in (*names, *silent):
            allowed = ", ".join(f'"{n}"' for n in names)
            fail(f"must be one of {allowed}, not {shown(text)}{_near(text, names)}")
        return text

    return BeforeValidator(check)


def _near(name: str, known: Sequence[str]) -> str:
    hint = nearest(name, known)
    return hint if hint.startswith("; did") else ""


def _model(value: object) -> str:
    name = _text(value)
    if name in NOT_YET:
        fail(f"{shown(name)} {NOT_YET[name]}; take another one")
    if name not in MODELS:
        fail(f"{shown(name)} is no model{nearest(name, [m for m in MODELS if m not in NOT_YET])}")
    return name


def _listed(value: object, what: str) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        fail(f"must be a list of {what}, not {shown(value)}")
    return list(value)


def _once(values: Sequence[object]) -> None:
    for i, value in enumerate(values):
        if value in values[:i]:
            fail(f"has {shown(value)} twice; give it once")


def _models(value: object) -> tuple[str, ...]:
    names = tuple(
        _model(v) for v in ([value] if isinstance(value, str) else _listed(value, "models"))
    )
    _once(names)
    return names


def _names(value: object) -> tuple[str, ...] | None:
    """One column or a list of columns, as a tuple; nothing stays nothing."""
    if value is None:
        return None
    items = [value] if isinstance(value, str) else _listed(value, "column names")
    if not items:
        fail("must not be empty; leave the key out instead")
    names = tuple(_text(v) for v in items)
    _once(names)
    return names


def _statistics(value: object) -> str | tuple[str, ...]:
    if value in ("recommended", "all"):
        return str(value)
    known = statistic_names()
    items = [value] if isinstance(value, str) else _listed(value, "statistics")
    if not items:
        fail('must not be empty; "recommended" and "all" are possible too')
    for item in items:
        if item in ("recommended", "all"):
            fail(f"has {shown(item)} among other names; write it alone")
        if _text(item) not in known:
            close = _near(str(item), [*known, "recommended", "all"])
            fail(f"{shown(item)} is no statistic{close or nearest(str(item), known)}")
    _once(items)
    return tuple(str(i) for i in items)


def _window(value: object) -> tuple[int, int]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        fail(f"must be a pair [start, end] of sessions, not {shown(value)}")
    start, end = (_integer(v) for v in value)
    if start > end:
        fail(f"[{start}, {end}] starts after it ends; write [{end}, {start}]")
    for bound in (start, end):
        if abs(bound) > MOST_SESSIONS:
            fail(f"[{start}, {end}] reaches beyond {MOST_SESSIONS} sessions from the event")
    return start, end


def _windows(value: object) -> tuple[tuple[int, int], ...]:
    items = _listed(value, "pairs [start, end]")
    if not items:
        fail("must have at least one window; leave the key out for the default")
    windows = tuple(_window(v) for v in items)
    _once([list(w) for w in windows])
    return windows


def _lags(value: object) -> tuple[int, ...]:
    lags = tuple(_integer(v) for v in _listed(value, "whole numbers"))
    if not lags:
        fail("must not be empty; [0] is the benchmark's own session")
    for lag in lags:
        if abs(lag) > 20:
            fail(f"{lag} is out of range; a lag is between -20 (a lead) and 20 sessions")
    _once(lags)
    return lags


def _timezone(value: object) -> str:
    from eventstudy.calendars.clock import check_zone

    try:
        return check_zone(_text(value), "zone")
    except InputError as error:
        fail(str(error).removeprefix("zone: "))


def _clock(value: object) -> str:
    from eventstudy.calendars.clock import parse_clock

    text = _text(value)
    try:
        parse_clock(text, "close")
    except InputError as error:
        fail(str(error).removeprefix("close: "))
    return text


def _file(*suffixes: str) -> BeforeValidator:
    def check(value: object) -> Path:
        text = _text(value.as_posix() if isinstance(value, Path) else value)
        suffix = Path(text).suffix.lower()
        if suffix and suffix not in suffixes:
            fail(f"{shown(text)} is of no known kind; known: {', '.join(suffixes)}")
        return Path(text)

    return BeforeValidator(check)


def _address(value: object) -> str:
    text = _text(value)
    if not text.lower().startswith(("http://", "https://")):
        fail(f"must be an address that begins with https://, not {shown(text)}")
    return text


def _regressors(value: object) -> tuple[str, ...]:
    names = _names(value) or ()
    if not names:
        fail('must name at least one column, such as ["surprise"]')
    if "intercept" in names:
        fail('has "intercept", which every regression has anyway')
    return names


def _currency(value: object) -> str:
    text = _text(value)
    if len(text) != 3 or not (text.isascii() and text.isalpha() and text.isupper()):
        fail(f'must be the three capital letters of a currency, such as "EUR", not {shown(text)}')
    return text


def _columns(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        fail(f'must be a table such as {{timestamp = "published"}}, not {shown(value)}')
    return {_text(k): _text(v) for k, v in value.items()}


Text = Annotated[str, BeforeValidator(_text)]
Integer = Annotated[int, BeforeValidator(_integer)]
Positive = Annotated[float, BeforeValidator(_positive)]
Flag = Annotated[bool, BeforeValidator(_flag)]
ModelOf = Annotated[str, BeforeValidator(_model)]
Models = Annotated[tuple[str, ...], BeforeValidator(_models)]
Names = Annotated[tuple[str, ...] | None, BeforeValidator(_names)]
Statistics = Annotated[str | tuple[str, ...], BeforeValidator(_statistics)]
Window = Annotated[tuple[int, int], BeforeValidator(_window)]
Windows = Annotated[tuple[tuple[int, int], ...], BeforeValidator(_windows)]
Lags = Annotated[tuple[int, ...], BeforeValidator(_lags)]
TimeZone = Annotated[str, BeforeValidator(_timezone)]
Clock = Annotated[str, BeforeValidator(_clock)]
Address = Annotated[str, BeforeValidator(_address)]
Regressors = Annotated[tuple[str, ...], BeforeValidator(_regressors)]
EventsFile = Annotated[Path, _file(*EVENT_FILES)]
FactorsFile = Annotated[Path, _file(*FACTOR_FILES)]
Currency = Annotated[str, BeforeValidator(_currency)]
PricesFile = Annotated[Path, _file(*PRICE_FILES)]
Columns = Annotated[dict[str, str], BeforeValidator(_columns)]
