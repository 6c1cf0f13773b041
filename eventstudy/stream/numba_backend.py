"""The backend of compiled kernels: constant mean, market-adjusted returns, the market model."""

from __future__ import annotations

from importlib.util import find_spec

from eventstudy.errors import InputError
from eventstudy.reduce.leaf import Scales
from eventstudy.stream.backend import FirstLeaf, SecondLeaf
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.numpy_backend import NumpyBackend

__all__ = ["NumbaBackend"]


def _serves(data: StreamData, low: int, high: int) -> bool:
    """Whether every event of ``low:high`` has all days of its event window."""
    from eventstudy.stream.kernels import whole_windows

    rows = slice(low, high)
    return high > low and bool(
        whole_windows(
            data.returns, data.factors, data.asset[rows], data.position[rows], data.event[0],
            data.length,
        )
    )  # fmt: skip


class NumbaBackend:
    """Reduces leaves by compiled kernels; a leaf with holes in event windows goes to numpy.

    Raises
    ------
    InputError
        Where numba is not installed.
    """

    name = "numba"

    def __init__(self) -> None:
        if find_spec("numba") is None:
            raise InputError(
                "backend 'numba' needs numba: pip install 'market-eventstudy[fast]', "
                "or take backend 'numpy'."
            )

    def first(self, data: StreamData, low: int, high: int, needs: frozenset[str]) -> FirstLeaf:
        """Fit the events ``low:high`` and reduce them to the groups of the first pass."""
        if not _serves(data, low, high):
            return NumpyBackend().first(data, low, high, needs)
        from eventstudy.stream.numba_first import first_leaf

        return first_leaf(data, low, high, needs)

    def second(
        self, data: StreamData, low: int, high: int, scales: Scales, needs: frozenset[str]
    ) -> SecondLeaf:
        """Reduce the events ``low:high`` to the groups of the second pass."""
        if not _serves(data, low, high):
            return NumpyBackend().second(data, low, high, scales, needs)
        from eventstudy.stream.numba_second import second_leaf

        return second_leaf(data, low, high, scales, needs)
