"""Events as positions over a matrix of returns, checked and in canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from eventstudy.arrays import BoolArray, FloatArray, IntArray
from eventstudy.errors import InputError, nearest
from eventstudy.mapped import roomy, row_runs
from eventstudy.models import FITTERS, ModelOptions
from eventstudy.names import MissingPolicy
from eventstudy.windows import EventTime

__all__ = ["StreamData", "canonical_order", "stream_data"]

# Regressors of the models that take a fixed number of them.
REGRESSORS = {"constant_mean": 0, "market_adjusted": 1, "market_model": 1, "capm": 1}
LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class StreamData:
    """Returns of ``A`` assets on ``D`` days of one calendar, and ``N`` events on them.

    Events are in canonical order: by ``position``, then ``asset``, then order of the input.

    Attributes
    ----------
    returns : (A, D) float
        Decimals, C-contiguous; NaN where there is none.
    factors : (F, D) float
        Regressors besides the intercept, common to all assets; ``F`` may be 0.
    days : (D,) int
        Days since 1970-01-01, ascending.
    estimation_returns : (A, D) float
        ``returns`` itself, or a copy with NaN on days that no event may be estimated on.
    asset, position : (N,) int32
        Row of ``returns``; column of day 0.
    raw_estimation : (N,) bool
        Events that are estimated on ``returns`` after all; set by the screening.
    order : (N,) int
        Place of each event in the input.
    estimation, event : (int, int)
        First and last session relative to day 0, both included.
    windows : tuple of (int, int)
        Tested windows: the days of the event window, then the reported ones.
    model : str
    options : ModelOptions
    missing : {"exclude", "skip", "trade_to_trade"}
    min_observations : int
        Estimation returns below which an event is left out.
    spans : (A, D) float, optional
        Sessions that a return spans, NaN where it is missing; default 1 for every return.
    purged : (A, D) bool, optional
        Days that no event of the asset is estimated on.
    log_returns : bool
        True where returns are logarithmic.
    complete : bool
        True only where no return and no regressor is missing and every return spans one session.
    """

    returns: FloatArray
    factors: FloatArray
    days: IntArray
    estimation_returns: FloatArray
    asset: npt.NDArray[np.int32]
    position: npt.NDArray[np.int32]
    raw_estimation: BoolArray
    order: IntArray
    estimation: tuple[int, int]
    event: tuple[int, int]
    windows: tuple[tuple[int, int], ...]
    model: str
    options: ModelOptions
    missing: MissingPolicy
    min_observations: int
    spans: FloatArray | None = None
    purged: BoolArray | None = None
    log_returns: bool = False
    complete: bool = False

    @property
    def n(self) -> int:
        """Number of events."""
        return len(self.position)

    @property
    def time(self) -> EventTime:
        """The ranges around day 0."""
        return EventTime(self.estimation, self.event)

    @property
    def n_est(self) -> int:
        """Estimation sessions T."""
        return self.estimation[1] - self.estimation[0] + 1

    @property
    def length(self) -> int:
        """Sessions of the event window L."""
        return self.event[1] - self.event[0] + 1

    @property
    def n_parameters(self) -> int:
        """Mean parameters k of the least-squares models; 0 for ``market_adjusted``."""
        return 0 if self.model == "market_adjusted" else self.options.intercept + len(self.factors)

    @property
    def cluster(self) -> IntArray:
        """Day number of each event's day 0, (N,)."""
        return np.asarray(self.days[self.position])

    def take(self, index: npt.NDArray[np.generic]) -> StreamData:
        """Return the data with a subset of the events; ``index`` ascends or is a mask."""
        return replace(
            self,
            asset=self.asset[index],
            position=self.position[index],
            raw_estimation=self.raw_estimation[index],
            order=self.order[index],
        )

    def with_windows(self, windows: Sequence[tuple[int, int]]) -> StreamData:
        """Return the data with other tested windows."""
        return replace(self, windows=tuple(windows))


def _matrix(values: npt.ArrayLike, name: str, shape: tuple[int, int] | None = None) -> FloatArray:
    out = np.ascontiguousarray(values, dtype=np.float64)
    if out.ndim != 2:
        raise InputError(f"{name}: a matrix is needed, got {out.ndim} dimension(s).")
    if shape is not None and out.shape != shape:
        raise InputError(
            f"{name}: {out.shape[0]} x {out.shape[1]} values, the returns are "
            f"{shape[0]} x {shape[1]} (assets x days)."
        )
    for run in () if _finite(out) else row_runs(out.shape):
        infinite = np.argwhere(np.isinf(out[run]))
        if len(infinite):
            row, column = int(infinite[0, 0]) + run.start, int(infinite[0, 1])
            raise InputError(f"{name}: the value in row {row}, column {column} is infinite.")
    return out


def _without(values: FloatArray, mask: BoolArray | None) -> FloatArray:
    """Return the values with NaN where the mask is true."""
    if mask is None:
        return values
    out: FloatArray = roomy(values.shape)
    for run in row_runs(values.shape):
        out[run] = np.where(mask[run], np.nan, values[run])
    return out


def _whole(values: npt.ArrayLike, name: str) -> IntArray:
    out = np.asarray(values)
    if out.ndim != 1:
        raise InputError(f"{name}: one number an event is needed, got {out.ndim} dimension(s).")
    if not np.issubdtype(out.dtype, np.integer) and len(out):
        raise InputError(f"{name}: whole numbers are needed, got {out.dtype}.")
    return out.astype(np.int64, copy=False)


def _range(name: str, pair: tuple[int, int]) -> tuple[int, int]:
    first, last = int(pair[0]), int(pair[1])
    if first > last:
        raise InputError(f"{name}: [{first}, {last}] ends before it begins.")
    return first, last


def _calendar(days: npt.ArrayLike, width: int) -> IntArray:
    raw = np.asarray(days)
    if np.issubdtype(raw.dtype, np.datetime64):
        raw = raw.astype("datetime64[D]").astype(np.int64)
    out = _whole(raw, "days")
    if len(out) != width:
        raise InputError(f"days: {len(out)} days for {width} columns of returns.")
    late = np.flatnonzero(out[1:] <= out[:-1])
    if len(late):
        place = int(late[0]) + 1
        raise InputError(f"days: the day in column {place} does not follow the one before it.")
    return np.ascontiguousarray(out)


def _factors(
    values: npt.ArrayLike | None, names: Sequence[str], model: str, width: int
) -> tuple[FloatArray, tuple[str, ...]]:
    if values is None:
        out = np.empty((0, width))
    else:
        raw = np.asarray(values, dtype=np.float64)
        out = _matrix(raw[None] if raw.ndim == 1 else raw, "factors")
    if out.shape[1] != width:
        raise InputError(f"factors: {out.shape[1]} days, the returns have {width}.")
    wanted = REGRESSORS.get(model)
    if wanted is not None and len(out) != wanted:
        raise InputError(f"factors: {model} takes {wanted}, got {len(out)}.")
    labels = tuple(names) or tuple(f"x{i + 1}" for i in range(len(out)))
    if len(labels) != len(out):
        raise InputError(f"factor_names: {len(labels)} names for {len(out)} factors.")
    return out, labels


def canonical_order(asset: IntArray, position: IntArray, n_assets: int) -> IntArray:
    """Return the order by position, then asset, then place in the input, (N,).

    Parameters
    ----------
    asset, position : (N,) int
        Not negative.
    n_assets : int

    Examples
    --------
    >>> canonical_order(np.array([1, 0, 1]), np.array([7, 7, 3]), 2).tolist()
    [2, 1, 0]
    """
    n = len(position)
    key = position * np.int64(n_assets) + asset
    if n < 2 or bool((key[1:] >= key[:-1]).all()):
        return np.arange(n, dtype=np.int64)
    if int(position.max()) + 1 > LARGEST // n // n_assets:
        return np.asarray(np.argsort(key, kind="stable"), dtype=np.int64)
    # The place is the last digit of the key: sorting numbers is many times faster than sorting
    # places by their numbers.
    packed = np.sort(key * n + np.arange(n))
    return np.asarray(packed % n, dtype=np.int64)


def _tested(
    event: tuple[int, int], report: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    for start, end in report:
        if not event[0] <= start <= end <= event[1]:
            raise InputError(
                f"windows: [{start}, {end}] is not inside the event window "
                f"[{event[0]}, {event[1]}]."
            )
    days = [(t, t) for t in range(event[0], event[1] + 1)]
    return (*days, *((int(a), int(b)) for a, b in report))


def stream_data(
    returns: npt.ArrayLike,
    days: npt.ArrayLike,
    asset: npt.ArrayLike,
    position: npt.ArrayLike,
    *,
    estimation: tuple[int, int],
    event: tuple[int, int],
    report: Sequence[tuple[int, int]] = (),
    model: str = "market_model",
    factors: npt.ArrayLike | None = None,
    options: ModelOptions | None = None,
    missing: MissingPolicy = "exclude",
    min_observations: int = 30,
    spans: npt.ArrayLike | None = None,
    purged: npt.ArrayLike | None = None,
    log_returns: bool = False,
) -> StreamData:
    """Check events and returns, and put the events in canonical order.

    Parameters
    ----------
    returns : (A, D) array
        Decimals, NaN where missing. A C-contiguous float64 array is used as it is.
    days : (D,) int or datetime64
        Ascending; integers are days since 1970-01-01.
    asset, position : (N,) int
        Row of ``returns`` and column of day 0; positions outside of the columns have no day 0.
    estimation, event : (int, int)
        First and last session relative to day 0.
    report : sequence of (int, int)
        Tested windows besides the single days of the event window.
    model : str
        A model of :data:`eventstudy.models.FITTERS`.
    factors : (D,) or (F, D) array, optional
        The regressors, common to all assets.
    options : ModelOptions, optional
    missing : {"exclude", "skip", "trade_to_trade"}
    min_observations : int
    spans : (A, D) array, optional
        Needed by ``trade_to_trade``: sessions that each return spans.
    purged : (A, D) bool, optional
        Days that no event of the asset is estimated on.
    log_returns : bool

    Returns
    -------
    StreamData
        With every event, also those that :func:`eventstudy.stream.screening.screen` leaves out.

    Raises
    ------
    InputError
        For arrays that do not fit each other, infinite values, unknown names.

    Examples
    --------
    >>> data = stream_data(np.zeros((2, 9)), np.arange(9), [1, 0], [8, 7], estimation=(-6, -2),
    ...                    event=(-1, 1), report=[(-1, 1)], model="constant_mean")
    >>> data.position.tolist(), data.order.tolist(), data.windows
    ([7, 8], [1, 0], ((-1, -1), (0, 0), (1, 1), (-1, 1)))
    """
    values = _matrix(returns, "returns")
    shape = (values.shape[0], values.shape[1])
    if model not in FITTERS:
        raise InputError(f"model '{model}' is not known{nearest(model, FITTERS)}")
    _check_policy(missing, spans)
    before, around = _range("estimation", estimation), _range("event", event)
    if before[1] >= around[0]:
        raise InputError(
            f"windows: the estimation window ends on session {before[1]}, inside or after the "
            f"event window, which begins on {around[0]}."
        )
    chosen = options or ModelOptions()
    regressors, labels = _factors(factors, chosen.factor_names, model, shape[1])
    who, when = _events(asset, position, shape)
    mask = _mask(purged, shape)
    outside = (when < 0) | (when >= shape[1])
    # Those without a day 0 go behind all others.
    order = canonical_order(who, np.where(outside, shape[1], when), max(shape[0], 1))
    return StreamData(
        returns=values,
        factors=regressors,
        days=_calendar(days, shape[1]),
        estimation_returns=_without(values, mask),
        asset=who[order].astype(np.int32),
        position=np.where(outside, -1, when)[order].astype(np.int32),
        raw_estimation=np.zeros(len(order), dtype=bool),
        order=order,
        estimation=before,
        event=around,
        windows=_tested(around, report),
        model=model,
        options=replace(chosen, factor_names=labels),
        missing=missing,
        min_observations=int(min_observations),
        spans=None if spans is None else _matrix(spans, "spans", shape),
        purged=mask,
        log_returns=log_returns,
        complete=spans is None and _finite(values) and _finite(regressors),
    )


def _finite(values: FloatArray) -> bool:
    # A sum is finite only where every value is; it may overflow where all are, too.
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum()
    return bool(
        np.isfinite(total) or all(np.isfinite(values[run]).all() for run in row_runs(values.shape))
    )


def _check_policy(missing: str, spans: npt.ArrayLike | None) -> None:
    known = ("exclude", "skip", "trade_to_trade")
    if missing not in known:
        raise InputError(f"missing '{missing}' is not known{nearest(missing, known)}")
    if missing == "trade_to_trade" and spans is None:
        raise InputError("missing 'trade_to_trade' needs spans: the sessions of each return.")


def _events(
    asset: npt.ArrayLike, position: npt.ArrayLike, shape: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    who, when = _whole(asset, "asset"), _whole(position, "position")
    if len(who) != len(when):
        raise InputError(f"events: {len(who)} assets for {len(when)} positions.")
    strange = np.flatnonzero((who < 0) | (who >= shape[0]))
    if len(strange):
        first = int(strange[0])
        raise InputError(
            f"asset: event {first} is on row {who[first]}, the returns have {shape[0]} rows."
        )
    return who, when


def _mask(purged: npt.ArrayLike | None, shape: tuple[int, int]) -> BoolArray | None:
    if purged is None:
        return None
    mask = np.asarray(purged, dtype=bool)
    if mask.shape != shape:
        raise InputError(
            f"purged: {' x '.join(map(str, mask.shape))} values, the returns are "
            f"{shape[0]} x {shape[1]} (assets x days)."
        )
    return mask if mask.any() else None
