"""Read a study file; every fault is one sentence with file, line, key and the nearest right key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from eventstudy.checks import shown
from eventstudy.errors import InputError, nearest
from eventstudy.study import AssetSettings, Study
from eventstudy.tomllines import KeyPath, key_lines, line_of

__all__ = ["load_study", "study_files", "study_from_dict"]

# A study file is written by hand; more than this is some other file.
MOST_BYTES = 16 * 2**20
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)| \(at end of document\)")
_PATTERN = re.compile(r"[*?\[]")
_TWICE = re.compile(r"overwrite|declare|Duplicate|mutate|redefine", re.IGNORECASE)


@dataclass(frozen=True)
class _Problem:
    path: KeyPath
    message: str
    rank: int
    wanted: str = ""


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        TOML file. Files that it names are relative to its folder; they must exist.

    Returns
    -------
    Study
        With every default filled in; ``study.name`` is the file's stem where it gives none.

    Raises
    ------
    InputError
        With file, line, key and the nearest right key, for anything that is wrong with it. The
        first problem leads, further ones follow on lines of their own.
    """
    path = Path(path)
    text = _read(path)
    try:
        data = tomllib.loads(text)
        lines = _lines(text)
    except RecursionError:
        raise InputError(f"{path}: values are nested too deeply for a study file") from None
    except ValueError as error:
        raise InputError(_syntax(path, text, str(error))) from None
    section = data.setdefault("study", {})
    if isinstance(section, dict):
        section.setdefault("name", path.stem)
    study = study_from_dict(data, where=str(path), lines=lines)
    _refuse_frames(study, path, lines)
    for key, file in study_files(study, path.parent):
        if not _PATTERN.search(file.name):
            _check_exists(file, _place(str(path), key, lines), folders=key[0] == "prices")
    return study


def study_from_dict(
    data: Mapping[str, Any],
    *,
    where: str = "study",
    lines: Mapping[KeyPath, int] | None = None,
    labels: Mapping[KeyPath, str] | None = None,
) -> Study:
    """Build a study from nested mappings, as a study file has them.

    Parameters
    ----------
    data : mapping
        The sections of a study.
    where : str
        What messages call the origin.
    lines : mapping, optional
        Line of each key path.
    labels : mapping, optional
        What messages call a key path, and all below it, in place of file, line and key.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        For anything that is wrong.

    Examples
    --------
    >>> study_from_dict({"events": {"file": "e.csv"}, "prices": {"source": "bundled"},
    ...                  "model": {"nam": "constant_mean"}})
    Traceback (most recent call last):
    ...
    eventstudy.errors.InputError: study, [model] nam: is no key; did you mean 'name'?
    """
    try:
        return Study.model_validate(dict(data))
    except ValidationError as error:
        problems = _problems(error, lines or {})
    told = [f"{_place(where, p.path, lines or {}, labels or {})}: {p.message}" for p in problems]
    raise InputError("\n  also: ".join(told))


def study_files(study: Study, folder: Path) -> list[tuple[KeyPath, Path]]:
    """Return the input files that a study names, each with its key, resolved against a folder.

    Examples
    --------
    >>> s = study_from_dict({"events": {"file": "e.csv"}, "prices": {"source": "bundled"},
    ...                      "model": {"name": "constant_mean"}})
    >>> [(".".join(key), str(file)) for key, file in study_files(s, Path("folder"))]
    [('events.file', 'folder/e.csv')]
    """
    factors = study.factors.file if study.factors is not None else None
    named: tuple[tuple[KeyPath, Path | None], ...] = (
        (("events", "file"), study.events.file),
        (("prices", "file"), study.prices.file),
        (("prices", "url"), study.prices.database),
        *((("prices", "more", i, "file"), p.file) for i, p in enumerate(study.prices.more)),
        *((("prices", "more", i, "url"), p.database) for i, p in enumerate(study.prices.more)),
        (("factors", "file"), factors),
        (("study", "rates"), study.study.rates),
    )
    return [(key, folder / file) for key, file in named if file is not None]


def _read(path: Path) -> str:
    if not path.exists():
        beside = [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        hint = nearest(path.name, beside)
        raise InputError(f"there is no study file {path}{hint if hint.startswith('; did') else ''}")
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a study file such as study.toml")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is too large for a study file")
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {line}: is not UTF-8 text; save the file as UTF-8"
        ) from None


def _lines(text: str) -> dict[KeyPath, int]:
    """Return the lines of the keys; a text that the scanner can't follow has none."""
    try:
        return key_lines(text)
    except (ValueError, IndexError):
        return {}


def _syntax(path: Path, text: str, message: str) -> str:
    """Turn a message of tomllib into file, line and what is wrong."""
    found = _AT_LINE.search(message)
    plain = _AT_LINE.sub("", message)
    rows = text.replace("\r\n", "\n").split("\n")
    number = int(found.group(1)) if found and found.group(1) else len(rows)
    row = rows[min(number, len(rows)) - 1].strip()
    if _TWICE.search(plain):
        what = row if row.startswith("[") else row.split("=")[0].strip()
        return f"{path}, line {number}: {what} is given twice; keep one of them"
    # A line with an address is not repeated: it may hold a password.
    quoted = f" near {shown(row)}" if row and "://" not in row else ""
    return f"{path}, line {number}: is not valid TOML{quoted}: {plain[:1].lower()}{plain[1:]}"


def _place(
    where: str,
    path: KeyPath,
    lines: Mapping[KeyPath, int],
    labels: Mapping[KeyPath, str] = MappingProxyType({}),
) -> str:
    for end in range(len(path), 0, -1):
        if path[:end] in labels:
            return labels[path[:end]]
    line = line_of(dict(lines), path)
    at = f", line {line}" if line is not None else ""
    return f"{where}{at}, {_key(path)}"


def _key(path: KeyPath) -> str:
    """Write a path as the file does: [section] key, with the number of an element from 1."""
    names = [p for p in path if isinstance(p, str)]
    last = path[-1] if path and isinstance(path[-1], int) else None
    number = "" if last is None else f" (number {last + 1})"
    if not names:
        return "the file"
    if len(names) == 1:
        return f"[{names[0]}]{number}" if names[0] != "schema_version" else names[0]
    if names[0] == "assets":
        head = f"[assets.{names[1]}]"
        return f"{head} {'.'.join(names[2:])}{number}" if names[2:] else head
    return f"[{names[0]}] {'.'.join(names[1:])}{number}"


def _refuse_frames(study: Study, path: Path, lines: Mapping[KeyPath, int]) -> None:
    for key, given in (
        (("events", "frame"), study.events.frame),
        (("prices", "source"), study.prices.source == "frame"),
    ):
        if given:
            place = _place(str(path), key, lines)
            raise InputError(f"{place}: a frame can only be given in Python; name a file instead")


def _check_exists(file: Path, place: str, *, folders: bool) -> None:
    if not file.exists():
        beside = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
        hint = nearest(file.name, beside)
        hint = hint if hint.startswith("; did") else ""
        raise InputError(f"{place}: there is no file {file}{hint}")
    if not (file.is_file() or (folders and file.is_dir())):
        raise InputError(f"{place}: {file} is not a file")


def _problems(error: ValidationError, lines: Mapping[KeyPath, int]) -> list[_Problem]:
    """Return the problems, unknown keys first, then by line; each place once."""
    found: dict[KeyPath, _Problem] = {}
    for details in error.errors(include_url=False):
        problem = _problem(details)
        found.setdefault(problem.path, problem)
    meant = {(*p.path[:-1], p.wanted) for p in found.values() if p.wanted}
    kept = [p for p in found.values() if not (p.rank == 2 and p.path in meant)]
    return sorted(kept, key=lambda p: (p.rank, line_of(dict(lines), p.path) or 0))


def _problem(details: ErrorDetails) -> _Problem:
    path: KeyPath = tuple(details["loc"])
    kind = details["type"]
    if kind == "study":
        key = details.get("ctx", {}).get("key", ())
        return _Problem((*path, *key), details["msg"], 1)
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        what = "section" if len(path) == 1 else "key"
        return _Problem(path, f"this {what} is missing and required", 2)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return _Problem(path, f"must be a table, not {shown(details['input'])}", 1)
    if kind in ("greater_than_equal", "less_than", "less_than_equal", "greater_than"):
        limit = details["msg"].removeprefix("Input should be ")
        return _Problem(path, f"must be {limit}, not {shown(details['input'])}", 1)
    return _Problem(path, details["msg"], 1)


def _unknown(path: KeyPath) -> _Problem:
    """Name the nearest right key: of the same section, else the section that has the key."""
    name = str(path[-1])
    known = _known(path[:-1])
    if len(path) == 1:
        hint = nearest(name, known)
        kind = "is no section of a study file"
        inside = [s for s, keys in _sections() if name in keys]
        if inside and not hint.startswith("; did"):
            kind, hint = "stands outside of its section", f"; write it under [{inside[0]}]"
    else:
        kind, hint = "is no key", nearest(name, known)
        inside = [s for s, keys in _sections() if name in keys and s != path[0]]
        if inside:
            hint = f"; it belongs under [{inside[0]}]"
    match = re.fullmatch(r"; did you mean '(.+)'\?", hint)
    return _Problem(path, f"{kind}{hint}", 0, match.group(1) if match else "")


def _known(path: KeyPath) -> list[str]:
    if not path:
        return _names(Study)
    if path[0] == "assets":
        return _names(AssetSettings)
    return dict(_sections()).get(str(path[0]), [])


def _sections() -> Iterator[tuple[str, list[str]]]:
    for name, field in Study.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield ("assets.<name>" if name == "assets" else name), _names(kind)


def _names(model: type[BaseModel]) -> list[str]:
    """Return the keys that a file may have in a section."""
    fields = model.model_fields.items()
    return [field.alias or name for name, field in fields if not field.exclude]
