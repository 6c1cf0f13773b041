"""Working memory that a thread uses again for one leaf after another.

Fresh arrays of some megabytes come from the system page by page, which costs as much as what is
computed in them.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PIECE", "Fresh", "Room", "pieces"]

# Events whose returns are worked on at a time: they stay in the processor's own cache.
PIECE = 256


def pieces(n: int) -> list[slice]:
    """Cut ``n`` rows into runs of at most ``PIECE``."""
    return [slice(low, min(low + PIECE, n)) for low in range(0, n, PIECE)]


class Fresh:
    """Gives new arrays: for results that are kept."""

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> Any:
        """Return an array of arbitrary content."""
        del name
        return np.empty(shape, dtype)


class Room(threading.local, Fresh):
    """Gives each thread the same memory under the same name, call after call.

    Whoever takes a name gives up what it held before.
    """

    def __init__(self) -> None:
        self._held: dict[str, npt.NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> Any:
        """Return an array of arbitrary content."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size or held.dtype != np.dtype(dtype):
            held = self._held[name] = np.empty(size, dtype)
        return held[:size].reshape(shape)
