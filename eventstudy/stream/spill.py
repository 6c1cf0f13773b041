"""The CARs of all events, one window a row, in memory or in a temporary file."""

from __future__ import annotations

import tempfile

import numpy as np

from eventstudy.arrays import FloatArray

__all__ = ["CarColumns"]

# Bytes above which the columns go to a temporary file.
IN_MEMORY = 512 << 20


class CarColumns:
    """CARs of ``n`` events in ``windows`` windows, written leaf by leaf, read window by window.

    Parameters
    ----------
    n, windows : int
    limit : int
        Bytes above which a temporary file holds them; it is gone with the object.

    Examples
    --------
    >>> columns = CarColumns(2, 1)
    >>> columns.put(0, np.array([[0.1], [0.2]]))
    >>> columns.row(0).tolist()
    [0.1, 0.2]
    """

    def __init__(self, n: int, windows: int, *, limit: int = IN_MEMORY) -> None:
        shape = (windows, n)
        self.spilled = 8 * windows * n > limit
        if self.spilled:
            # The mapping outlives the file's handle, and the file has no name.
            with tempfile.TemporaryFile(prefix="eventstudy-") as file:
                self._values: FloatArray = np.memmap(file, np.float64, mode="w+", shape=shape)
        else:
            self._values = np.empty(shape)

    def put(self, low: int, car: FloatArray) -> None:
        """Store the CARs (m, W) of the events from ``low`` on."""
        self._values[:, low : low + len(car)] = car.T

    def row(self, window: int) -> FloatArray:
        """Return the CARs of one window, (n,)."""
        return np.asarray(self._values[window])
