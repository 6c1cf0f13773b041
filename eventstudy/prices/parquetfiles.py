"""Parquet files of prices, streamed through Arrow: one file, a folder, or a pattern of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError, UnknownAssetError, nearest
from eventstudy.mapped import roomy
from eventstudy.prices.tables import Layout, find_layout, own_names, parse_session_date

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as arrow_dataset

__all__ = ["read_parquet"]

# A wide panel is read some columns at a time, so that the table and the matrix never both stand
# in memory; a long one some rows at a time.
COLUMNS_AT_ONCE = 256
ROWS_AT_ONCE = 262_144

Days = npt.NDArray[np.datetime64]
_NEVER = np.datetime64("1700-01-01", "D")


@dataclass(frozen=True)
class _Source:
    """A data set, its layout and its name in messages."""

    data: arrow_dataset.Dataset
    layout: Layout
    columns: list[str]
    label: str

    def fault(self, row: int, text: str) -> InputError:
        return InputError(f"{self.label}, row {row + 1}: {text}")


def read_parquet(
    paths: Sequence[Path],
    label: str,
    assets: Sequence[str] = (),
    *,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read Parquet files of one schema, keeping the assets asked for.

    The files are streamed, so files larger than memory can be read as long as the assets asked
    for fit. Dates are kept on which *any* asset of the files has a price.

    Parameters
    ----------
    paths : sequence of Path
        The files, in the order of their rows.
    label : str
        Name for messages.
    assets : sequence of str
        Names to keep, in this order; all of them if empty.
    columns : mapping of str to str, optional
        Our name of a column (``date``, ``asset``, ``close``) -> its name in the files.

    Returns
    -------
    DataFrame
        Ascending naive dates, one float64 column an asset, NaN where there is no price.

    Raises
    ------
    InputError
        A file that is no Parquet, files of different schema, text or infinity among the numbers,
        dates with a time zone or time of day, two rows of one date (and asset), an asset that
        the files lack.
    """
    import pyarrow as pa
    import pyarrow.dataset as arrow_dataset

    try:
        # Without the reader's own buffering, which would hold whole files.
        options = arrow_dataset.ParquetFragmentScanOptions(pre_buffer=False)
        kind = arrow_dataset.ParquetFileFormat(default_fragment_scan_options=options)
        data = arrow_dataset.dataset([str(path) for path in paths], format=kind)
        names = own_names(_column_names(data.schema), columns or {}, label)
        source = _Source(data, find_layout(names, label), names, label)
        _check_types(source)
        return _long(source, assets) if source.layout.shape == "long" else _wide(source, assets)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{label}: this can't be read as Parquet ({reason}).") from None
    finally:
        # What Arrow keeps for later is given back: the matrix needs the room.
        pa.default_memory_pool().release_unused()


def _column_names(schema: pa.Schema) -> list[str]:
    """Return the names; the index that pandas stored is the date if no column is called so."""
    import pyarrow as pa

    names = [str(name) for name in schema.names]
    if any(name.strip().casefold() == "date" for name in names):
        return names
    stored = (schema.pandas_metadata or {}).get("index_columns", [])
    for name in stored:
        if isinstance(name, str) and name in names:
            kind = schema.field(name).type
            if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
                names[names.index(name)] = "date"
                return names
    return names


def _check_types(source: _Source) -> None:
    import pyarrow as pa

    layout, schema = source.layout, source.data.schema
    for position in layout.values:
        name, kind = source.columns[position], schema.field(position).type
        numeric = (
            pa.types.is_floating(kind)
            or pa.types.is_integer(kind)
            or pa.types.is_decimal(kind)
            or pa.types.is_null(kind)
        )
        if not numeric:
            raise InputError(
                f"{source.label}: the column '{name}' holds {kind}, not numbers; keep prices alone."
            )
    kind = schema.field(layout.date).type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        raise InputError(
            f"{source.label}: the column 'date' has a time zone ({kind.tz}): give the date of the "
            "session alone."
        )


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _days(source: _Source, array: Any, offset: int) -> Days:
    """Return the dates of one batch as datetime64[D]."""
    import pyarrow as pa

    if array.null_count:
        row = int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0])
        raise source.fault(offset + row, "there is no date.")
    kind = array.type
    if _is_text(kind):
        coded = array if pa.types.is_dictionary(kind) else array.dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False)
        distinct = np.empty(len(coded.dictionary), dtype="datetime64[D]")
        for code, text in enumerate(coded.dictionary.to_pylist()):
            found = parse_session_date(text)
            if isinstance(found, str):
                row = int(np.flatnonzero(codes == code)[0])
                raise source.fault(offset + row, f"the date '{text}' {found}.")
            distinct[code] = np.datetime64(found, "D")
        return np.asarray(distinct[codes])
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise InputError(f"{source.label}: the column 'date' holds {kind}, not dates.")
    stamps = array.to_numpy(zero_copy_only=False)
    days: Days = stamps.astype("datetime64[D]")
    timed = days != stamps
    if timed.any():
        row = int(np.flatnonzero(timed)[0])
        raise source.fault(
            offset + row, f"the date {stamps[row]} has a time of day: give the date alone."
        )
    return days


def _numbers(array: Any) -> FloatArray:
    import pyarrow as pa

    return np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _wanted(source: _Source, known: Sequence[str], assets: Sequence[str]) -> list[str]:
    lacking = [name for name in assets if name not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        raise UnknownAssetError(f"{source.label}: there is no asset '{lacking[0]}'{hint}.", lacking)
    return list(dict.fromkeys(assets)) or list(known)


def _frame(matrix: FloatArray, days: Days, names: list[str]) -> pd.DataFrame:
    index = pd.DatetimeIndex(days.astype("datetime64[ns]"), name="date")
    return pd.DataFrame(matrix, index=index, columns=pd.Index(names, dtype=object), copy=False)


def _wide(source: _Source, assets: Sequence[str]) -> pd.DataFrame:
    layout = source.layout
    stored = {source.columns[k]: source.data.schema.names[k] for k in layout.values}
    names = _wanted(source, list(stored), assets)
    days = _all_days(source)
    order = np.argsort(days, kind="stable")
    _refuse_twice(source, days, order)
    # Column by column, as they are used, and in a temporary file where they are many.
    matrix: FloatArray = roomy((len(names), days.size)).T
    matrix[:] = np.nan
    slot = {name: position for position, name in enumerate(names)}
    observed = np.zeros(days.size, dtype=np.bool_)
    every = list(stored)
    for first in range(0, len(every), COLUMNS_AT_ONCE):
        chunk = every[first : first + COLUMNS_AT_ONCE]
        offset = 0
        for batch in source.data.to_batches(columns=[stored[name] for name in chunk]):
            rows = slice(offset, offset + batch.num_rows)
            for position, name in enumerate(chunk):
                column = _numbers(batch.column(position))
                _refuse_infinity(source, column, name, offset)
                observed[rows] |= ~np.isnan(column)
                if name in slot:
                    matrix[rows, slot[name]] = column
            offset += batch.num_rows
    order = order[observed[order]]
    if not order.size:
        raise InputError(f"{source.label}: there are no prices.")
    if not bool(np.array_equal(order, np.arange(days.size))):
        ordered: FloatArray = roomy((len(names), order.size))
        for column, row in zip(matrix.T, ordered, strict=True):
            row[:] = column[order]
        matrix = ordered.T
    return _frame(matrix, days[order], names)


def _all_days(source: _Source) -> Days:
    parts, offset = [], 0
    name = source.data.schema.names[source.layout.date]
    for batch in source.data.to_batches(columns=[name]):
        parts.append(_days(source, batch.column(0), offset))
        offset += batch.num_rows
    return np.concatenate([np.empty(0, dtype="datetime64[D]"), *parts])


def _refuse_twice(source: _Source, days: Days, order: IntArray) -> None:
    again = np.flatnonzero(days[order][1:] == days[order][:-1])
    if again.size:
        first, second = order[again[0]], order[again[0] + 1]
        raise InputError(
            f"{source.label}: two rows of {days[first]} (rows {first + 1} and {second + 1})."
        )


def _refuse_infinity(source: _Source, column: FloatArray, name: str, offset: int) -> None:
    infinite = np.isinf(column)
    if infinite.any():
        row = offset + int(np.flatnonzero(infinite)[0])
        raise source.fault(row, f"the price of '{name}' is infinite; leave a missing price empty.")


def _long(source: _Source, assets: Sequence[str]) -> pd.DataFrame:
    known, days = _long_axes(source)
    names = _wanted(source, known, assets)
    slot = {name: position for position, name in enumerate(names)}
    matrix: FloatArray = roomy((days.size * len(names),))
    matrix[:] = np.nan
    taken = roomy((matrix.size,), np.bool_)
    taken[:] = False
    offset = 0
    for stamps, labels, values in _long_batches(source):
        distinct = [slot.get(name, -1) for name in labels.dictionary.to_pylist()]
        slots = np.array(distinct, dtype=np.int64)[_codes(labels)]
        dates = _days(source, stamps, offset)
        rows = np.minimum(np.searchsorted(days, dates), days.size - 1)
        # A row without a price may stand on a date on which no asset has one.
        keep = np.flatnonzero((slots >= 0) & (days[rows] == dates))
        keys, numbers = slots[keep] * days.size + rows[keep], _numbers(values)[keep]
        again = taken[keys]
        if again.any() or not _distinct(keys):
            raise _twice(source, keys, again, names, days, offset, keep)
        infinite = np.flatnonzero(np.isinf(numbers))
        if infinite.size:
            first = int(infinite[0])
            name, row = names[int(keys[first]) // days.size], offset + int(keep[first])
            _refuse_infinity(source, numbers[first : first + 1], name, row)
        taken[keys] = True
        matrix[keys] = numbers
        offset += len(stamps)
    return _frame(matrix.reshape(len(names), days.size).T, days, names)


def _distinct(keys: IntArray) -> bool:
    # Files are mostly sorted, and then one look at the steps is enough.
    return bool(np.all(np.diff(keys) > 0)) or np.unique(keys).size == keys.size


def _codes(labels: Any) -> IntArray:
    return np.asarray(labels.indices.to_numpy(zero_copy_only=False)).astype(np.int64)


def _long_batches(source: _Source) -> Iterator[tuple[Any, Any, Any]]:
    """Yield dates, assets (dictionary-encoded) and numbers, little at a time."""
    import pyarrow as pa

    layout, names = source.layout, source.data.schema.names
    columns = [names[layout.date], names[layout.asset], names[layout.values[0]]]
    batches = source.data.to_batches(
        columns=columns,
        batch_size=ROWS_AT_ONCE,
        batch_readahead=1,
        fragment_readahead=1,
        use_threads=False,
    )
    for batch in batches:
        labels = batch.column(1)
        if not pa.types.is_dictionary(labels.type):
            labels = labels.cast(pa.string()).dictionary_encode()
        elif not _is_text(labels.type):
            labels = labels.cast(pa.dictionary(pa.int32(), pa.string()))
        if labels.null_count:
            raise InputError(f"{source.label}: a row has no asset.")
        yield batch.column(0), labels, batch.column(2)


def _long_axes(source: _Source) -> tuple[list[str], Days]:
    """Return the assets in order of appearance, and the dates on which one has a price."""
    known: dict[str, None] = {}
    days = np.empty(0, dtype="datetime64[D]")
    offset = 0
    for stamps, labels, values in _long_batches(source):
        distinct = labels.dictionary.to_pylist()
        used, first = np.unique(_codes(labels), return_index=True)
        for code in used[np.argsort(first, kind="stable")].tolist():
            known.setdefault(distinct[code], None)
        if "" in known:
            raise InputError(f"{source.label}: a row has no asset.")
        priced = _days(source, stamps, offset)[~np.isnan(_numbers(values))]
        days = np.union1d(days, priced[np.flatnonzero(np.diff(priced, prepend=_NEVER))])
        offset += len(stamps)
    if not days.size:
        raise InputError(f"{source.label}: there are no prices.")
    return list(known), days


def _twice(
    source: _Source,
    keys: IntArray,
    again: npt.NDArray[np.bool_],
    names: list[str],
    days: Days,
    offset: int,
    keep: IntArray,
) -> InputError:
    if again.any():
        place = int(np.flatnonzero(again)[0])
    else:
        order = np.argsort(keys, kind="stable")
        place = int(order[np.flatnonzero(np.diff(keys[order]) == 0)[0] + 1])
    name, day = divmod(int(keys[place]), days.size)
    return source.fault(
        offset + int(keep[place]), f"a second row of {days[day]} for '{names[name]}'."
    )
