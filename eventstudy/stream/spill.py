"""The CARs of all events, one window a row, in memory or in a temporary file."""

from __future__ import annotations

from eventstudy.arrays import FloatArray
from eventstudy.mapped import IN_MEMORY, is_large, roomy

__all__ = ["CarColumns"]


class CarColumns:
    """CARs of ``n`` events in ``windows`` windows, written leaf by leaf, read window by window.

    Parameters
    ----------
    n, windows : int
    limit : int
        Bytes above which a temporary file holds them; it is gone with the object.

    Examples
    --------
    >>> import numpy as np
    >>> columns = CarColumns(2, 1)
    >>> columns.put(0, np.array([[0.1], [0.2]]))
    >>> columns.row(0).tolist()
    [0.1, 0.2]
    """

    def __init__(self, n: int, windows: int, *, limit: int = IN_MEMORY) -> None:
        shape = (windows, n)
        self.spilled = is_large(shape, float, limit)
        self._values: FloatArray = roomy(shape, limit=limit)

    def put(self, low: int, car: FloatArray) -> None:
        """Store the CARs (m, W) of the events from ``low`` on."""
        self._values[:, low : low + len(car)] = car.T

    def row(self, window: int) -> FloatArray:
        """Return the CARs of one window, (n,)."""
        row: FloatArray = self._values[window]
        return row
