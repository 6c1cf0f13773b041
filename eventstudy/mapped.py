"""Arrays that go to a temporary file when they are large."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["IN_MEMORY", "is_large", "roomy", "row_runs", "standing_on"]

# Bytes above which an array goes to a temporary file.
IN_MEMORY = 512 << 20
# Cells of a matrix that are worked on at a time.
CELLS = 1 << 22


def is_large(shape: tuple[int, ...], dtype: npt.DTypeLike, limit: int | None = None) -> bool:
    """Whether an array goes to a temporary file.

    Examples
    --------
    >>> is_large((3, 4), np.float64), is_large((3, 4), np.float64, limit=95)
    (False, True)
    """
    bound = IN_MEMORY if limit is None else limit
    return math.prod(shape) * np.dtype(dtype).itemsize > bound


def roomy(
    shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64, *, limit: int | None = None
) -> npt.NDArray[Any]:
    """Return an array of arbitrary content, in memory or in a temporary file.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    limit : int, optional
        Bytes above which a file in the folder for temporary files (``TMPDIR``) holds it; the
        system then keeps in memory as much of it as there is room for. The file has no name, and
        is gone with the array.

    Examples
    --------
    >>> made = roomy((2, 3), limit=0)
    >>> made[:] = 1.0
    >>> float(made.sum())
    6.0
    """
    if not is_large(shape, dtype, limit) or not math.prod(shape):
        return np.empty(shape, dtype)
    # The mapping outlives the file's handle.
    with tempfile.TemporaryFile(prefix="eventstudy-") as file:
        return np.memmap(file, dtype, mode="w+", shape=shape).view(np.ndarray)


def row_runs(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield runs of the rows of a matrix that hold few enough cells to be copied.

    Examples
    --------
    >>> list(row_runs((3, 1 << 21)))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    step = max(CELLS // max(shape[1], 1), 1)
    for low in range(0, shape[0], step):
        yield slice(low, min(low + step, shape[0]))


def standing_on(
    row: npt.NDArray[np.integer[Any]], shape: tuple[int, ...]
) -> Iterator[tuple[slice, npt.NDArray[np.int64] | slice]]:
    """Yield runs of rows as :func:`row_runs`, each with the places of those that stand on them.

    Parameters
    ----------
    row : (n,) int
        Row of the matrix of each.
    shape : (int, int)

    Examples
    --------
    >>> [(r, p) for r, p in standing_on(np.array([1, 0]), (2, 5))]
    [(slice(0, 2, None), slice(None, None, None))]
    """
    runs = list(row_runs(shape))
    if len(runs) == 1:
        yield runs[0], slice(None)
        return
    order = np.argsort(row, kind="stable")
    sorted_rows = row[order]
    for run in runs:
        low, high = np.searchsorted(sorted_rows, [run.start, run.stop])
        if high > low:
            yield run, np.asarray(order[low:high])
