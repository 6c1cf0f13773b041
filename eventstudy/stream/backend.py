"""What a backend does with a leaf of events, and which backend serves."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, Protocol

import numpy as np

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError, nearest
from eventstudy.reduce.groups import (
    DateSums,
    DayMeans,
    GrankBase,
    GrankBlocks,
    GrankEntries,
    Moments,
    PrecisionSums,
    RandomEffects,
    Scores,
    SelectedDays,
    SignCounts,
    Tracks,
    WindowSums,
)
from eventstudy.reduce.leaf import Scales
from eventstudy.stream.inputs import StreamData

__all__ = [
    "FIRST",
    "NO_ROWS",
    "SECOND",
    "Backend",
    "BackendName",
    "FirstLeaf",
    "SecondLeaf",
    "choose_backend",
]

BackendName = Literal["auto", "numpy", "numba"]

# Groups of the first and of the second pass, by the names that ``needs`` takes. "columns" asks for
# the CAR of every event and window, "grank" for GrankBase and GrankEntries.
FIRST = (
    "sums", "signs", "precision", "dates", "selected", "day_means", "sar_spread", "tracks",
    "columns",
)  # fmt: skip
SECOND = (
    "corrado", "corrado_zivney", "corrado_zivney_sign", "grank", "grank_blocks", "random_effects",
)  # fmt: skip
# Events from which ``auto`` takes the compiled kernels: below, numpy alone is done before numba is
# loaded and its kernels are compiled.
COMPILED_FROM = 100_000
# Models that the compiled kernels fit.
COMPILED = ("constant_mean", "market_adjusted", "market_model")

NO_ROWS: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class FirstLeaf:
    """First pass over the events ``low:high``; groups that were not asked for are None.

    Attributes
    ----------
    theta : (n, k) float
        Mean parameters.
    sigma, df, r_squared : (n,) float
    n_obs : (n,) int
    failed : (f,) int
        Rows of the leaf that could not be fitted. Where there is any, the groups may be None: the
        events are removed and the leaves cut anew.
    car : (n, W) float or None
    names : tuple of str
        Names of the mean parameters, ``k`` of them.
    """

    theta: FloatArray
    sigma: FloatArray
    df: FloatArray
    r_squared: FloatArray
    n_obs: IntArray
    failed: IntArray
    car: FloatArray | None = None
    sums: WindowSums | None = None
    signs: SignCounts | None = None
    precision: PrecisionSums | None = None
    dates: DateSums | None = None
    selected: SelectedDays | None = None
    day_means: DayMeans | None = None
    sar_spread: Moments | None = None
    tracks: Tracks | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SecondLeaf:
    """Second pass over the events ``low:high``; groups that were not asked for are None."""

    corrado: Scores | None = None
    corrado_zivney: Scores | None = None
    corrado_zivney_sign: Scores | None = None
    grank_base: GrankBase | None = None
    grank_entries: GrankEntries | None = None
    grank_blocks: GrankBlocks | None = None
    random_effects: RandomEffects | None = None


class Backend(Protocol):
    """Reduces leaves; a backend can be pickled and called from several threads at once."""

    name: str

    def first(self, data: StreamData, low: int, high: int, needs: frozenset[str]) -> FirstLeaf:
        """Fit the events ``low:high`` and reduce them to the groups of the first pass."""
        ...

    def second(
        self, data: StreamData, low: int, high: int, scales: Scales, needs: frozenset[str]
    ) -> SecondLeaf:
        """Reduce the events ``low:high`` to the groups of the second pass."""
        ...


def _compiled_reason(data: StreamData) -> str:
    """Return why the compiled kernels can't take these data, empty where they can."""
    if data.model not in COMPILED:
        return f"it fits {', '.join(COMPILED)}, not {data.model}"
    if data.missing != "exclude":
        return f"it takes missing='exclude', not '{data.missing}'"
    if data.options.half_life is not None:
        return "it weighs all estimation days alike, and model.half_life is set"
    if not data.options.intercept:
        return "it fits with the intercept, and model.intercept is off"
    if find_spec("numba"):
        return ""
    return "numba is not installed: pip install 'market-eventstudy[fast]'"


def choose_backend(name: BackendName, data: StreamData) -> Backend:
    """Return the backend of a name; ``auto`` takes numba where it can do it and it pays.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
        ``auto`` takes numba from 100,000 events on, where it is installed and fits the model.
    data : StreamData

    Raises
    ------
    InputError
        For an unknown name, and for ``numba`` on data that it does not take, with the reason.

    Notes
    -----
    Numba takes about half a second to load with kernels compiled before, and some ten seconds to
    compile them where they are not: on the first study after an installation. It then saves about
    20 microseconds an event. Only the number of events decides, not whether compiled kernels are
    at hand: the backends agree to rounding, and the same study gives the same digits each time.
    """
    from eventstudy.stream.numpy_backend import NumpyBackend

    known = ("auto", "numba", "numpy")
    if name not in known:
        raise InputError(f"backend '{name}' is not known{nearest(name, known)}")
    if name == "numpy" or (name == "auto" and data.n < COMPILED_FROM):
        return NumpyBackend()
    reason = _compiled_reason(data)
    if not reason:
        from eventstudy.stream.numba_backend import NumbaBackend

        return NumbaBackend()
    if name == "numba":
        raise InputError(f"backend 'numba' can't serve this study: {reason}; take 'numpy'")
    return NumpyBackend()
