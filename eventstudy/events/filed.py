"""Very many headlines that stay in their Parquet file; only whole numbers of them are in memory.

For files of plain columns: names of headlines and assets as text, and dates or instants with a
zone. Whatever is not plain is left to :func:`eventstudy.events.readers.read_catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eventstudy.errors import InputError
from eventstudy.events.catalogue import COLUMNS, Catalogue, build_catalogue
from eventstudy.events.readers import frame_records
from eventstudy.events.repeats import Repeats
from eventstudy.events.wholesale import catalogue_from_columns

__all__ = ["FiledCatalogue", "filed_catalogue"]

# Rows that are read at a time.
BATCH = 1 << 17
# Columns that change where or how a headline counts: a file with one of them is read as usual.
NOT_PLAIN = frozenset({"uncertainty_minutes", "group"})
NEEDED = ("event_id", "timestamp", "asset")
DAY = 86_400_000_000_000
# Days from 1700-01-01 on and before 2261-01-01, as in other catalogues.
FIRST, LAST = (int(np.datetime64(d, "D").astype(np.int64)) for d in ("1700-01-01", "2261-01-01"))

Rows = npt.NDArray[np.integer[Any]]


class _NotPlainError(Exception):
    """A column that the usual reader has to look at."""


@dataclass(frozen=True, eq=False)
class FiledCatalogue:
    """Headlines in the order of their file.

    Attributes
    ----------
    path : Path
    columns : mapping
        Our name of a column -> its name in the file.
    asset_names : tuple of str
        Assets in the order in which they first appear.
    asset : (n,) int32
        Number of each row's asset.
    stamp : (n,) int
        Days (int32) or nanoseconds (int64, UTC) since 1970-01-01.
    bare : bool
        True where stamps are bare dates.
    headlines : int
        Distinct names of headlines.
    rows : int
    """

    path: Path
    columns: Mapping[str, str]
    asset_names: tuple[str, ...]
    asset: npt.NDArray[np.int32]
    stamp: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    bare: bool
    headlines: int
    rows: int
    _read: dict[str, tuple[int, pa.Table]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.rows

    @property
    def origin(self) -> str:
        """Name of the file."""
        return self.path.name

    def settled(self) -> FiledCatalogue:
        """Return the headlines without assets and stamps, for when they are pinned."""
        return replace(self, asset=self.asset[:0], stamp=self.stamp[:0])

    def sketch(self) -> Catalogue:
        """Return each asset at the first and at the last stamp: what a study needs prices for."""
        ends = [self.stamp.min(), self.stamp.max()]
        unit = "datetime64[D]" if self.bare else "datetime64[ns]"
        times = pd.DatetimeIndex(np.array(ends).astype(unit).astype("datetime64[ns]"))
        rows = [
            {"event_id": f"{name} {k}", "timestamp": time, "asset": name}
            for name in self.asset_names
            for k, time in enumerate(times if self.bare else times.tz_localize("UTC"))
        ]
        return _catalogue(pd.DataFrame(rows), self.origin, {})

    def ids(self, rows: Rows) -> pd.Series[str]:
        """Return the names of the headlines of some rows, (m,), numbered from 0."""
        return pd.Series(self._taken(rows, ids=True).column(0).to_pandas())

    def part(self, rows: Rows) -> Catalogue:
        """Return a catalogue of some rows with all columns of the file."""
        table = self._taken(rows, ids=False)
        place = table.column_names.index(self.columns["timestamp"])
        if pa.types.is_date(table.field(place).type):
            stamps = table.column(place).cast(pa.timestamp("ns"))
            table = table.set_column(place, self.columns["timestamp"], stamps)
        return _catalogue(table.to_pandas(ignore_metadata=True), self.origin, self.columns)

    def _taken(self, rows: Rows, *, ids: bool) -> pa.Table:
        """Read rows from the file, at their best in its order; the last row group is kept."""
        if len(rows) and bool((rows[1:] < rows[:-1]).any()):
            order = np.argsort(rows, kind="stable")
            back = np.empty(len(order), dtype=np.int64)
            back[order] = np.arange(len(order))
            return self._taken(rows[order], ids=ids).take(pa.array(back))
        with pq.ParquetFile(self.path) as file:
            meta = file.metadata
            sizes = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
            start = np.concatenate([[0], np.cumsum(sizes)])
            parts = []
            for group in np.unique(np.searchsorted(start, rows, side="right") - 1).tolist():
                low, high = np.searchsorted(rows, start[[group, group + 1]])
                table = self._group(file, group, ids=ids)
                parts.append(table.take(pa.array(rows[low:high] - start[group])))
            return pa.concat_tables(parts) if parts else self._group(file, 0, ids=ids).slice(0, 0)

    def _group(self, file: pq.ParquetFile, group: int, *, ids: bool) -> pa.Table:
        key = "ids" if ids else "all"
        if self._read.get(key, (-1, None))[0] != group:
            columns = [self.columns["event_id"]] if ids else None
            table = file.read_row_group(group, columns=columns)
            if ids:
                table = pa.table({"event_id": pc.cast(table.column(0), pa.large_string())})
            self._read[key] = group, table
        return self._read[key][1]


def _catalogue(frame: pd.DataFrame, origin: str, columns: Mapping[str, str]) -> Catalogue:
    whole = catalogue_from_columns(frame, origin=origin, columns=columns)
    if whole is not None:
        return whole
    return build_catalogue(frame_records(frame, origin), origin=origin, columns=columns)


def filed_catalogue(
    path: Path, *, columns: Mapping[str, str] | None = None, least: int = 0
) -> FiledCatalogue | None:
    """Return the headlines of a Parquet file, or None where the usual reader is to look at it.

    Every name of a headline is looked at: a pair of event_id and asset is given once, and an
    event_id has one timestamp. That is exact, and takes a number a row of memory.

    Parameters
    ----------
    path : Path
    columns : mapping, optional
        Our name of a column -> its name in the file.
    least : int
        Rows below which the usual reader serves.

    Raises
    ------
    InputError
        For the first row that lacks its name or its stamp, or repeats one, with its number.

    Examples
    --------
    >>> import tempfile
    >>> days = pd.to_datetime(["2022-02-15", "2022-02-16"])
    >>> frame = pd.DataFrame({"event_id": ["a", "b"], "timestamp": days, "asset": "XOM"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame.to_parquet(Path(folder) / "events.parquet")
    ...     found = filed_catalogue(Path(folder) / "events.parquet")
    ...     list(found.ids(np.array([1]))), found.asset_names
    (['b'], ('XOM',))
    """
    try:
        with pq.ParquetFile(path) as file:
            names = _names(file, dict(columns or {}))
            if names is None or file.metadata.num_rows < max(least, 1):
                return None
            return _read(path, file, names)
    except (_NotPlainError, OSError, pa.ArrowException, UnicodeDecodeError):
        # The usual reader finds what is wrong, and says it.
        return None


def _names(file: pq.ParquetFile, mapping: dict[str, str]) -> dict[str, str] | None:
    """Return our name -> the file's, or None for a file that is not plain."""
    schema = file.schema_arrow
    there = schema.names
    taken = set(mapping.values())
    if len(set(there)) != len(there) or not taken <= set(there) or not set(mapping) <= set(COLUMNS):
        return None
    mapping |= {c: c for c in COLUMNS if c in there and c not in mapping and c not in taken}
    if not set(NEEDED) <= set(mapping) or NOT_PLAIN & set(mapping):
        return None
    kinds = [_kind(schema.field(mapping[name]).type) for name in NEEDED]
    return mapping if kinds in (["text", "time", "text"], ["whole", "time", "text"]) else None


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_integer(kind):
        return "whole"
    return "time" if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else "other"


def _read(path: Path, file: pq.ParquetFile, names: dict[str, str]) -> FiledCatalogue:
    n, kind = file.metadata.num_rows, file.schema_arrow.field(names["timestamp"]).type
    bare = pa.types.is_date(kind) or kind.tz is None
    asset = np.empty(n, dtype=np.int32)
    stamp = np.empty(n, dtype=np.int32 if bare else np.int64)
    numbers: dict[str, int] = {}
    repeats = Repeats(n)
    for low, ids, stamps, assets in _batches(file, names):
        rows = slice(low, low + len(ids))
        stamp[rows] = _stamps(stamps, bare=bare, where=path.name, low=low)
        asset[rows] = _codes(assets, numbers)
        repeats.see(low, _text(ids, where=path.name, low=low))
    found = FiledCatalogue(path, names, tuple(numbers), asset, stamp, bare, n, n)
    again = ((low, _plain(ids)) for low, ids, _, _ in _batches(file, names))
    headlines = repeats.headlines(again, asset, stamp, found.asset_names, path.name)
    return FiledCatalogue(path, names, tuple(numbers), asset, stamp, bare, headlines, n)


def _batches(
    file: pq.ParquetFile, names: Mapping[str, str]
) -> Iterator[tuple[int, pa.Array, pa.Array, pa.Array]]:
    low = 0
    wanted = [names[name] for name in NEEDED]
    for batch in file.iter_batches(batch_size=BATCH, columns=wanted, use_threads=False):
        yield (low, *(batch.column(batch.schema.get_field_index(name)) for name in wanted))
        low += len(batch)


def _plain(ids: pa.Array) -> pa.Array:
    return pc.cast(ids, pa.large_string())


def _text(ids: pa.Array, *, where: str, low: int) -> pa.Array:
    text = _plain(ids)
    empty = pc.fill_null(pc.equal(text, ""), fill_value=True)
    if pc.any(empty).as_py():
        raise InputError(
            f"{where}, row {low + pc.index(empty, True).as_py() + 1}: event_id is empty"
        )
    if pc.any(pc.not_equal(pc.utf8_trim_whitespace(text), text)).as_py():
        raise _NotPlainError
    return text


def _stamps(values: pa.Array, *, bare: bool, where: str, low: int) -> npt.NDArray[Any]:
    if values.null_count:
        place = pc.index(pc.is_null(values), True).as_py()
        raise InputError(f"{where}, row {low + place + 1}: timestamp is empty")
    if pa.types.is_date(values.type):
        days = values.cast(pa.date32()).view(pa.int32()).to_numpy()
    else:
        stamps = values.cast(pa.timestamp("ns", values.type.tz)).view(pa.int64()).to_numpy()
        days, rest = np.divmod(stamps, DAY)
        if bare and rest.any():
            raise _NotPlainError
    if (days < FIRST).any() or (days >= LAST).any():
        raise _NotPlainError
    return np.asarray(days if bare else stamps)


def _codes(assets: pa.Array, numbers: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return the numbers of assets; new ones get the next."""
    if not pa.types.is_dictionary(assets.type):
        assets = assets.dictionary_encode()
    names = assets.dictionary.to_pylist()
    codes = assets.indices
    if codes.null_count:
        raise _NotPlainError
    local = codes.to_numpy().astype(np.int64)
    # A dictionary may hold names that no row has, and in another order than the rows.
    used, first = np.unique(local, return_index=True)
    number = np.full(len(names), -1, dtype=np.int32)
    for code in used[np.argsort(first)].tolist():
        name = names[code]
        if not name or name != name.strip():
            raise _NotPlainError
        number[code] = numbers.setdefault(name, len(numbers))
    return np.asarray(number[local])
