"""A study as the text of a study file: what a prompt and a notebook show of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from eventstudy.study import Study

__all__ = ["study_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def study_text(study: Study) -> str:
    """Return a study as TOML, without the keys that have their default.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        A study file that gives the same study, but for headlines and prices handed over as frames,
        which no file can hold.

    Examples
    --------
    >>> print(study_text(Study(events={"file": "e.csv"}, prices={"source": "bundled"},
    ...                        model={"name": "constant_mean"})))
    [study]
    missing = "trade_to_trade"
    <BLANKLINE>
    [events]
    file = "e.csv"
    <BLANKLINE>
    [prices]
    source = "bundled"
    <BLANKLINE>
    [model]
    name = "constant_mean"
    <BLANKLINE>
    """
    plain = study.model_dump(mode="python", by_alias=True, exclude_defaults=True, exclude_none=True)
    order = ["study", "events", "prices", "assets", "factors", "model"]
    names = [*(n for n in order if n in plain), *(n for n in plain if n not in order)]
    lines = [f"{n} = {_value(plain[n])}" for n in names if not isinstance(plain[n], Mapping)]
    for name in (n for n in names if isinstance(plain[n], Mapping)):
        lines += _section(name, plain[name])
    return "\n".join(lines).lstrip("\n") + "\n"


def _section(name: str, keys: Mapping[str, Any]) -> list[str]:
    if name == "assets":
        return [line for k, v in keys.items() for line in _section(f"assets.{_key(k)}", v)]
    tables = {k: v for k, v in keys.items() if _is_tables(v)}
    lines = ["", f"[{name}]"]
    lines += [f"{_key(k)} = {_value(v)}" for k, v in keys.items() if k not in tables]
    for key, rows in tables.items():
        for row in rows:
            told = {k: v for k, v in row.items() if v is not None}
            lines += ["", f"[[{name}.{_key(key)}]]"]
            lines += [f"{_key(k)} = {_value(v)}" for k, v in told.items()]
    return lines


def _is_tables(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(v, Mapping) for v in value)
    )


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(k))} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, PurePath):
        return json.dumps(value.as_posix())
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_value, value)) + "]"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(str(value))
