"""Whether names of headlines repeat, for more names than memory holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from eventstudy.errors import InputError

__all__ = ["Repeats"]

# Rows of names that may repeat and are compared at a time.
ROOM = 500_000


class Repeats:
    """Finds the names that stand on several rows, by 64-bit hashes first.

    Parameters
    ----------
    n : int
        Rows.

    Examples
    --------
    >>> repeats = Repeats(3)
    >>> names = pa.array(["a", "b", "a"])
    >>> repeats.see(0, names)
    >>> repeats.headlines([(0, names)], np.array([0, 0, 1]), np.array([7, 8, 7]), "XY", "e.parquet")
    2
    """

    def __init__(self, n: int) -> None:
        self._hashes = np.empty(n, dtype=np.uint64)

    def see(self, low: int, names: pa.Array) -> None:
        """Take note of the names of the rows from ``low`` on."""
        self._hashes[low : low + len(names)] = _hashed(names)

    def headlines(
        self,
        batches: Iterable[tuple[int, pa.Array]],
        asset: npt.NDArray[Any],
        stamp: npt.NDArray[Any],
        assets: Sequence[str],
        origin: str,
    ) -> int:
        """Return the number of distinct names; see that those that repeat may.

        Parameters
        ----------
        batches : iterable of (int, Array)
            First row and names, once more; not looked at where no hash repeats.
        asset, stamp : (n,) int
        assets : sequence of str
            Names of the assets.
        origin : str
            For the message.

        Raises
        ------
        InputError
            For the first row that gives a pair of name and asset again, or another stamp of a
            name.
        """
        n = len(self._hashes)
        self._hashes.sort()
        again = np.unique(self._hashes[1:][self._hashes[1:] == self._hashes[:-1]])
        rows = int(
            (
                np.searchsorted(self._hashes, again, "right") - np.searchsorted(self._hashes, again)
            ).sum()
        )
        self._hashes = np.empty(0, dtype=np.uint64)
        if not rows:
            return n
        distinct, faults = n - rows, []
        with tempfile.TemporaryDirectory(prefix="eventstudy-") as folder:
            for path in _spread(Path(folder), batches, again, -(-rows // ROOM)):
                with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                    table = reader.read_all()
                if not len(table):
                    continue
                place = table["row"].to_numpy()
                codes, kinds = pd.factorize(table["name"].to_numpy())
                distinct += len(kinds)
                fault = _fault(codes, asset[place], stamp[place])
                if fault is not None:
                    at, first, what = fault
                    faults.append((int(place[at]), int(place[first]), kinds[codes[at]], what))
        if faults:
            row, first, name, what = min(faults)
            raise InputError(_said(row, first, name, assets[asset[row]], what, origin))
        return distinct


def _hashed(names: pa.Array) -> npt.NDArray[np.uint64]:
    values = names.to_numpy(zero_copy_only=False)
    return np.asarray(pd.util.hash_array(values, categorize=False), dtype=np.uint64)


def _spread(
    folder: Path,
    batches: Iterable[tuple[int, pa.Array]],
    again: npt.NDArray[np.uint64],
    count: int,
) -> list[Path]:
    """Write the rows whose hash repeats into files, the same hash into the same file."""
    schema = pa.schema({"name": pa.large_string(), "row": pa.int64()})
    paths = [folder / f"{i}.arrow" for i in range(count)]
    writers = [pa.ipc.new_stream(str(path), schema) for path in paths]
    for low, names in batches:
        hashes = _hashed(names)
        place = np.minimum(np.searchsorted(again, hashes), len(again) - 1)
        some = np.flatnonzero(again[place] == hashes)
        # Ranks spread the hashes evenly, and each goes to one file whatever the batch.
        part = place[some] * count // len(again)
        for i in np.unique(part).tolist():
            mine = some[part == i]
            taken = names.take(pa.array(mine)).cast(pa.large_string())
            writers[i].write_batch(pa.record_batch([taken, pa.array(mine + low)], schema=schema))
    for writer in writers:
        writer.close()
    return paths


def _fault(
    codes: npt.NDArray[np.int64], asset: npt.NDArray[Any], stamp: npt.NDArray[Any]
) -> tuple[int, int, str] | None:
    """Return the first row that is wrong, the row that it repeats, and what it repeats."""
    found = []
    pair = codes * (int(asset.max()) + 1) + asset
    twice = np.flatnonzero(pd.Series(pair).duplicated())
    if len(twice):
        at = int(twice[0])
        found.append((at, int(np.argmax(pair == pair[at])), "pair"))
    first = np.empty(int(codes.max()) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    other = np.flatnonzero(stamp != stamp[first[codes]])
    if len(other):
        at = int(other[0])
        found.append((at, int(first[codes[at]]), "stamp"))
    return min(found) if found else None


def _said(row: int, first: int, name: str, asset: str, what: str, origin: str) -> str:
    where, there = f"{origin}, row {row + 1}", f"{origin}, row {first + 1}"
    if what == "pair":
        return (
            f"{where}: event_id {name!r} on asset {asset!r} stands already at {there}; a pair of "
            "event_id and asset is given once"
        )
    return (
        f"{where}: event_id {name!r} has another timestamp than at {there}; one event_id has one "
        "timestamp"
    )
