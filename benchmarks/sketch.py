"""The yardstick: the same list of tests as a careful person would write it in plain numpy.

Gathered blocks, no loop over events, no compiled code; scipy gives the p-values. It knows complete
returns, one factor and a market model, and no ties in the ranks through time; it shares no code
with the package, so its numbers are a check of the package's as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.data import LIST, FloatArray, IntArray, Panel
from benchmarks.sketch_finish import Rows, finish

BLOCK = 1024  # the quickest of 512 to 16384 where it was written
Ranks = npt.NDArray[np.integer]
Sums = dict[str, FloatArray]


@dataclass(eq=False)
class Setup:
    """What depends on the session of day 0 alone: the regressors' part of every fit."""

    panel: Panel
    estimation: tuple[int, int]
    event: tuple[int, int]
    windows: tuple[tuple[int, int], ...]
    date: IntArray = field(init=False)  # (N,) row of the arrays below
    mean: FloatArray = field(init=False)
    centred: FloatArray = field(init=False)
    sxx: FloatArray = field(init=False)
    forecast: FloatArray = field(init=False)  # market of the event days less its mean
    root_est: FloatArray = field(init=False)  # sqrt(1 - h)
    root: FloatArray = field(init=False)  # sqrt(c'Vc)/s of each window
    selector: FloatArray = field(init=False)
    block_root: dict[int, FloatArray] = field(init=False)  # the same of estimation blocks

    def __post_init__(self) -> None:
        first = int(self.panel.position.min())
        self.date = self.panel.position - first
        zero = np.arange(first, int(self.panel.position.max()) + 1)
        x = sliding_window_view(self.panel.market, self.n_est)[zero + self.estimation[0]]
        y = sliding_window_view(self.panel.market, self.n_event)[zero + self.event[0]]
        self.mean = x.mean(axis=1)
        self.centred = x - self.mean[:, None]
        self.sxx = (self.centred**2).sum(axis=1)
        self.forecast = y - self.mean[:, None]
        leverage = 1.0 / self.n_est + self.centred**2 / self.sxx[:, None]
        self.root_est = np.sqrt(1.0 - leverage)
        self.selector = np.array(
            [[float(a <= t <= b) for t in self.taus] for a, b in self.windows]
        ).T
        length = self.lengths.astype(np.float64)
        through = (self.forecast @ self.selector) ** 2 / self.sxx[:, None]
        self.root = np.sqrt(length + length**2 / self.n_est + through)
        self.block_root = {
            w: self._block_root(days)
            for w, days in enumerate(self.lengths.tolist())
            if days > 1 and self.n_est // days >= 10
        }

    def _block_root(self, days: int) -> FloatArray:
        """Scale of the residual sum of each disjoint block of ``days`` estimation days."""
        count = self.n_est // days
        x = self.centred[:, : count * days].reshape(-1, count, days).sum(axis=2)
        return np.asarray(np.sqrt(days - days**2 / self.n_est - x**2 / self.sxx[:, None]))

    @property
    def n_est(self) -> int:
        """Estimation days T."""
        return self.estimation[1] - self.estimation[0] + 1

    @property
    def n_event(self) -> int:
        """Event days L."""
        return self.event[1] - self.event[0] + 1

    @property
    def taus(self) -> range:
        """Event days relative to day 0."""
        return range(self.event[0], self.event[1] + 1)

    @property
    def lengths(self) -> IntArray:
        """Days of each window."""
        return np.array([b - a + 1 for a, b in self.windows])


@dataclass(eq=False)
class Fit:
    """One block of events, fitted."""

    returns: FloatArray
    event: FloatArray
    alpha: FloatArray
    beta: FloatArray
    sigma: FloatArray
    residuals: FloatArray
    ar: FloatArray


def fit(setup: Setup, rows: slice) -> Fit:
    """Gather the returns of a block and fit the market model."""
    asset, position = setup.panel.asset[rows], setup.panel.position[rows]
    date = setup.date[rows]
    cells = sliding_window_view(setup.panel.returns, setup.n_est, axis=1)
    returns = cells[asset, position + setup.estimation[0]]
    cells = sliding_window_view(setup.panel.returns, setup.n_event, axis=1)
    event = cells[asset, position + setup.event[0]]
    mean = returns.mean(axis=1)
    x = setup.centred[date]
    beta = np.einsum("it,it->i", returns, x) / setup.sxx[date]
    residuals = returns - mean[:, None]
    x *= beta[:, None]
    residuals -= x
    square = np.einsum("it,it->i", residuals, residuals)
    sigma = np.sqrt(square / (setup.n_est - 2.0))
    ar = event - mean[:, None] - beta[:, None] * setup.forecast[date]
    return Fit(returns, event, mean - beta * setup.mean[date], beta, sigma, residuals, ar)


@dataclass(eq=False)
class Totals:
    """What the blocks fill in or add to."""

    alpha: FloatArray
    beta: FloatArray
    sigma: FloatArray
    r_squared: FloatArray
    car: FloatArray  # (W, N)
    scar: FloatArray
    share: FloatArray  # (S, N) positive share of estimation sums, by length
    sums: Sums

    @classmethod
    def empty(cls, n: int, w: int, lengths: int) -> Totals:
        """Return room for ``n`` events and ``w`` windows."""
        columns = (np.empty(n) for _ in range(4))
        return cls(*columns, np.empty((w, n)), np.empty((w, n)), np.empty((lengths, n)), {})


def first_pass(setup: Setup, rows: slice, out: Totals, *, signs: bool) -> Sums:
    """CARs and moments of a block; returns what adds up over blocks."""
    f = fit(setup, rows)
    date = setup.date[rows]
    square = f.sigma**2 * (setup.n_est - 2.0)
    out.alpha[rows], out.beta[rows], out.sigma[rows] = f.alpha, f.beta, f.sigma
    out.r_squared[rows] = 1.0 - square / (
        np.einsum("it,it->i", f.returns, f.returns) - setup.n_est * f.returns.mean(axis=1) ** 2
    )
    car = f.ar @ setup.selector
    scar = car / (f.sigma[:, None] * setup.root[date])
    out.car[:, rows], out.scar[:, rows] = car.T, scar.T
    if signs:
        out.share[:, rows] = _shares(f.residuals, setup.lengths)
    sar = scar[:, : setup.n_event]
    starts = np.flatnonzero(np.r_[True, date[1:] != date[:-1]])
    unit = f.residuals / np.sqrt(square)[:, None]
    return {
        "residual": f.residuals.sum(axis=0),
        "returns": f.returns.sum(axis=0),
        "event": f.event.sum(axis=0),
        "patell": (sar @ setup.selector).sum(axis=0),
        "dates": date[starts].astype(np.float64),
        "unit": np.add.reduceat(unit, starts, axis=0),
    }


def _shares(residuals: FloatArray, lengths: IntArray) -> FloatArray:
    """Share of positive sums over every run of days, for each distinct length."""
    n, t = residuals.shape
    running = np.zeros((n, t + 1))
    np.cumsum(residuals, axis=1, out=running[:, 1:])
    out = []
    for length in np.unique(lengths):
        positive = running[:, length:] > running[:, :-length] if length > 1 else residuals > 0.0
        out.append(np.count_nonzero(positive, axis=1) / (t - length + 1.0))
    return np.array(out)


def ranks(values: FloatArray) -> tuple[Ranks, IntArray]:
    """Ranks from 0 along the rows and the order that gives them; ties are not looked for."""
    order = np.argsort(values, axis=1)
    small = np.uint8 if values.shape[1] <= 256 else np.int16
    out = np.empty(values.shape, dtype=small)
    np.put_along_axis(out, order, np.arange(values.shape[1], dtype=small)[None], axis=1)
    return out, order


def second_pass(setup: Setup, rows: slice, out: Totals, scale: FloatArray, cross: float) -> Sums:
    """Sum the ranks and signs of a block; ``scale`` is the spread of each window's SCARs."""
    f = fit(setup, rows)
    t = setup.n_est
    raw, _ = ranks(np.concatenate([f.residuals, f.ar], axis=1))
    middle = (raw.shape[1] - 1) / 2.0
    sums = {
        "corrado": raw.sum(axis=0, dtype=np.int64).astype(np.float64),
        "sign": 1.0 * _count(raw > middle) - _count(raw < middle),
    }
    entry = np.ascontiguousarray((out.scar[:, rows] / scale[:, None]).T)
    sums |= _blocks(setup, rows, f, entry * cross)
    f.residuals /= f.sigma[:, None] * setup.root_est[setup.date[rows]]
    panel = np.concatenate([f.residuals, entry[:, : setup.n_event]], axis=1)
    sums["zivney"] = ranks(panel)[0].sum(axis=0, dtype=np.int64).astype(np.float64)
    base, order = ranks(f.residuals)
    sums["base"] = base.sum(axis=0, dtype=np.int64).astype(np.float64)
    ascending = np.take_along_axis(f.residuals, order, axis=1)
    for word, values in (("plain", entry), ("cross", entry * cross)):
        below = _below(ascending, values)
        sums[f"{word}_score"] = below.sum(axis=0).astype(np.float64)
        beyond = [_count(base >= k[:, None]) for k in below.T.astype(base.dtype)]
        sums[f"{word}_pushed"] = np.array(beyond, dtype=np.float64)
        if word == "plain":
            sums |= _median_signs(base, order, below, t)
    return sums


def _count(mask: npt.NDArray[np.bool_]) -> IntArray:
    """Count the true values of each column: bytes add up faster than a mask does."""
    out = np.zeros(mask.shape[1], dtype=np.int64)
    for low in range(0, len(mask), 255):
        out += mask[low : low + 255].view(np.uint8).sum(axis=0, dtype=np.uint8)
    return out


def _below(ascending: FloatArray, values: FloatArray) -> IntArray:
    """How many of each row's ascending values lie below each of ``values`` (n, K), by bisection."""
    n, t = ascending.shape
    width = 1 << t.bit_length()
    padded = np.full((n, width), np.inf)
    padded[:, :t] = ascending
    flat, start = padded.ravel(), (np.arange(n) * width)[:, None] - 1
    found = np.zeros(values.shape, dtype=np.int64)
    step = width // 2
    while step:
        found += step * (flat.take(start + found + step) < values)
        step //= 2
    return found


def _median_signs(base: Ranks, order: IntArray, below: IntArray, t: int) -> Sums:
    """Signs about the median of the T days and the entry, T even: one of three middle values."""
    half = t // 2
    sums = 1.0 * _count(base >= half) - _count(base < half)
    low, high = below < half, below > half
    days = np.array(
        [
            np.bincount(order[a, half - 1], minlength=t) - np.bincount(order[b, half], minlength=t)
            for a, b in zip(low.T, high.T, strict=True)
        ]
    )
    entry = (1.0 * high - low).sum(axis=0)
    return {"median_days": sums + days, "median_entry": entry}


def _blocks(setup: Setup, rows: slice, f: Fit, entry: FloatArray) -> Sums:
    """Ranks of each longer window's entry among the disjoint estimation blocks of its length."""
    running = np.zeros((len(f.sigma), setup.n_est + 1))
    np.cumsum(f.residuals, axis=1, out=running[:, 1:])
    out = {}
    for w, root in setup.block_root.items():
        length = setup.lengths[w]
        total = np.diff(running[:, ::length][:, : root.shape[1] + 1], axis=1)
        total /= f.sigma[:, None] * root[setup.date[rows]]
        above = total > entry[:, w][:, None]
        out[f"block_{w}"] = (ranks(total)[0] + (1.0 + above)).sum(axis=0)
        out[f"block_entry_{w}"] = np.array([(~above).sum() + 1.0 * len(above)])
    return out


def _slices(n: int, size: int) -> Iterator[slice]:
    for low in range(0, n, size):
        yield slice(low, min(low + size, n))


def _each(work: Callable[[slice], Sums], n: int, size: int, threads: int) -> Iterable[Sums]:
    """Run ``work`` over the blocks; results come in their order."""
    if threads == 1:
        yield from map(work, _slices(n, size))
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, _slices(n, size))


def run_sketch(
    panel: Panel,
    *,
    estimation: tuple[int, int],
    event: tuple[int, int],
    windows: tuple[tuple[int, int], ...],
    names: tuple[str, ...] = LIST,
    threads: int = 1,
    block: int = BLOCK,
) -> tuple[Rows, Sums]:
    """Test every window; the days of the event window come first in ``windows``.

    Returns
    -------
    rows : {(name, variant): (statistic, p)}
        Each of shape (W,); NaN where a form does not exist.
    events : dict of arrays
        Columns of the table of events.
    """
    setup = Setup(panel, estimation, event, windows)
    through_time = any(name.split("_")[0] in ("corrado", "grank", "sign") for name in names)
    out = Totals.empty(panel.n, len(windows), len(np.unique(setup.lengths)))

    def work(function: Callable[..., Sums], **more: Any) -> Iterable[Sums]:
        return _each(lambda rows: function(setup, rows, out, **more), panel.n, block, threads)

    unit = np.zeros((len(setup.sxx), setup.n_est))
    for part in work(first_pass, signs=through_time):
        unit[part.pop("dates").astype(np.int64)] += part.pop("unit")
        _add(out.sums, part)
    r, overlap = _correlations(setup, unit)
    if through_time:
        scale = out.scar.std(axis=1, ddof=1)
        for part in work(second_pass, scale=scale, cross=float(np.sqrt(1.0 - r))):
            _add(out.sums, part)
    events = {k: getattr(out, k) for k in ("alpha", "beta", "sigma", "r_squared", "car", "scar")}
    return finish(setup, out, names, r, overlap), events


def _add(sums: Sums, part: Sums) -> None:
    for key, value in part.items():
        sums[key] = sums[key] + value if key in sums else value


def _correlations(setup: Setup, unit: FloatArray) -> tuple[float, FloatArray]:
    """Mean residual correlation over all pairs, and weighted by the days that windows share.

    ``unit`` holds, by date of day 0, the summed residuals of unit length; two dates k sessions
    apart share ``L - k`` days of a window of L.
    """
    n, (dates, t) = setup.panel.n, unit.shape
    by_day = np.zeros(dates + t)
    for j in range(t):
        by_day[j : j + dates] += unit[:, j]
    r = float((by_day @ by_day - n) / (n * (n - 1.0)))
    longest = int(setup.lengths.max())
    products = np.zeros(longest)
    for k in range(min(longest, dates)):
        products[k] = np.einsum("dt,dt->", unit[: dates - k, k:], unit[k:, : t - k])
    overlap = []
    for length in setup.lengths:
        lag = np.arange(1, length)
        pairs = length * (products[0] - n) + 2.0 * ((length - lag) * products[1:length]).sum()
        overlap.append(max(0.0, pairs / (n * (n - 1.0) * length)))
    return r, np.array(overlap)
