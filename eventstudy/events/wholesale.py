"""Validate a large frame of headlines column by column.

The same catalogue as :func:`eventstudy.events.catalogue.build_catalogue` makes row by row, for the
plain kinds of columns that large catalogues have. Whatever is not plain, or wrong, is left to the
rows: they name every fault with its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from eventstudy.events.catalogue import COLUMNS, ORDER, Catalogue

__all__ = ["WHOLESALE_FROM", "catalogue_from_columns"]

# Rows from which a frame is read by columns; below, the rows cost nothing.
WHOLESALE_FROM = 1000
_TEXT = ("event_id", "asset", "headline", "source", "url", "group")
_NUMBERS = ("uncertainty_minutes", "sign", "surprise")
_FIRST, _LAST = np.datetime64("1700-01-01"), np.datetime64("2261-01-01")
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_LONGEST = 60 * 24 * 366.0


class _NotPlainError(Exception):
    """A column that the rows have to look at."""


def catalogue_from_columns(
    frame: pd.DataFrame, *, origin: str, columns: Mapping[str, str] | None = None
) -> Catalogue | None:
    """Return the catalogue of a frame of plain columns, or None where rows have to be looked at.

    Parameters
    ----------
    frame : DataFrame
        Text columns of ``str``, a timestamp column of dates at midnight or of instants with a
        zone, float or integer numbers.
    origin : str
        For messages and the result.
    columns : mapping, optional
        Our name of a column -> its name in the frame.

    Examples
    --------
    >>> days = pd.to_datetime(["2022-02-15", "2022-02-16"])
    >>> plain = pd.DataFrame({"event_id": ["a", "b"], "timestamp": days, "asset": "XOM"})
    >>> len(catalogue_from_columns(plain, origin="frame"))
    2
    >>> catalogue_from_columns(plain.assign(event_id=["a", " "]), origin="frame") is None
    True
    """
    names = [str(name) for name in frame.columns]
    mapping = dict(columns or {})
    if len(set(names)) != len(names) or not set(mapping.values()) <= set(names):
        return None
    if not set(mapping) <= set(COLUMNS):
        return None
    taken = set(mapping.values())
    mapping |= {c: c for c in COLUMNS if c in names and c not in mapping and c not in taken}
    given = {ours: frame.iloc[:, names.index(theirs)] for ours, theirs in mapping.items()}
    try:
        data = _columns(given, len(frame))
    except _NotPlainError:
        return None
    out = pd.DataFrame(data, columns=list(ORDER), copy=False)
    for name in names:
        if name not in mapping.values():
            key = name if name not in out.columns else f"{name}_given"
            values = frame.iloc[:, names.index(name)]
            out[key] = np.array([*values.tolist(), None], dtype=object)[:-1]
            out[key] = out[key].infer_objects()
    return Catalogue(out, origin)


def _columns(given: Mapping[str, pd.Series[Any]], n: int) -> dict[str, Any]:
    if "timestamp" not in given or n == 0:
        raise _NotPlainError
    data: dict[str, Any] = {name: _text(given.get(name), n) for name in _TEXT}
    if "event_id" in given:
        if (data["event_id"] == "").any():
            raise _NotPlainError
    else:
        data["event_id"] = pd.Series([str(i) for i in range(1, n + 1)]).array
    data["timestamp"], data["date"] = _stamps(given["timestamp"], n)
    for name in _NUMBERS:
        data[name] = _numbers(given.get(name), name, n)
    stamp = data["date"] if np.isnat(data["timestamp"][0]) else data["timestamp"]
    _check_unique(data["event_id"], data["asset"], stamp)
    data["timestamp"] = pd.DatetimeIndex(data["timestamp"]).tz_localize("UTC")
    data["line"] = np.arange(1, n + 1)
    return data


def _text(column: pd.Series[Any] | None, n: int) -> Any:
    """Return text as the array that a frame holds it in, ``""`` where there is none."""
    if column is None or column.isna().all():
        return pd.Series([""]).array.take(np.zeros(n, dtype=np.int64))
    if isinstance(column.dtype, pd.CategoricalDtype):
        kinds = pd.Series([*_text(pd.Series(column.cat.categories), 0), ""]).array
        codes = column.cat.codes.to_numpy().astype(np.int64)
        return kinds.take(np.where(codes < 0, len(kinds) - 1, codes))
    if pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any():
        return pd.Series(list(map(str, column.tolist()))).array
    try:
        text = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise _NotPlainError from None
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        raise _NotPlainError
    if pc.any(pc.not_equal(pc.utf8_trim_whitespace(text), text)).as_py():
        raise _NotPlainError
    return (column.fillna("") if text.null_count else column).array


def _stamps(
    column: pd.Series[Any], n: int
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """Return instants in UTC and bare dates; one of the two is NaT throughout."""
    none = np.full(n, np.datetime64("NaT"), dtype="datetime64[ns]")
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        days = values
    elif pd.api.types.is_datetime64_dtype(column.dtype):
        values = column.to_numpy()
        days = values.astype("datetime64[D]")
        if not (days == values).all():
            raise _NotPlainError
    else:
        values = days = _dates(column)
    if np.isnat(values).any() or not ((days >= _FIRST) & (days < _LAST)).all():
        raise _NotPlainError
    stamps = values.astype("datetime64[ns]")
    return (stamps, none) if isinstance(column.dtype, pd.DatetimeTZDtype) else (none, stamps)


def _dates(column: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    """Return dates written as 2022-02-15."""
    try:
        text = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise _NotPlainError from None
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        raise _NotPlainError
    if text.null_count or not pc.all(pc.match_substring_regex(text, _DATE)).as_py():
        raise _NotPlainError
    try:
        return column.to_numpy(dtype="U10").astype("datetime64[D]")
    except ValueError:  # there is no such date
        raise _NotPlainError from None


def _numbers(column: pd.Series[Any] | None, name: str, n: int) -> npt.NDArray[np.float64]:
    if column is None:
        return np.full(n, 0.0 if name == "uncertainty_minutes" else np.nan)
    kind = column.dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "fiu":
        raise _NotPlainError
    values = column.to_numpy(dtype=np.float64)
    if np.isinf(values).any():
        raise _NotPlainError
    if name == "uncertainty_minutes":
        if (values < 0).any() or (values > _LONGEST).any():
            raise _NotPlainError
        return np.where(np.isnan(values), 0.0, values)
    if name == "sign" and not np.isin(values[~np.isnan(values)], (-1.0, 0.0, 1.0)).all():
        raise _NotPlainError
    return values


def _check_unique(
    ids: Any,
    assets: Any,
    stamps: npt.NDArray[np.datetime64],
) -> None:
    """See that a pair of event_id and asset is given once, and an event_id has one timestamp."""
    codes, kinds = pd.factorize(ids)
    if len(kinds) == len(ids):
        return
    on, markets = pd.factorize(assets)
    pairs = codes.astype(np.int64) * len(markets) + on
    if len(pd.unique(pairs)) != len(pairs):
        raise _NotPlainError
    first = np.empty(len(kinds), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(ids))[::-1]
    if not (stamps == stamps[first[codes]]).all():
        raise _NotPlainError
