"""The groups of sums written from their formulas: one event at a time, one value at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.reduce.leaf import Leaf, Scales


def rank(x: float, among: list[float]) -> float:
    """Mid-rank of a value that is one of ``among``."""
    values = np.array(among)
    return float((values < x).sum() + ((values == x).sum() + 1) / 2.0)


def sign(x: float) -> float:
    return float(x > 0) - float(x < 0)


def median(values: list[float]) -> float:
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2.0


def enters(leaf: Leaf, w: int, i: int) -> bool:
    window = leaf.windows[w]
    return bool(
        window.members[i] and math.isfinite(window.car[i]) and math.isfinite(window.car_se[i])
    )


def there(row: FloatArray) -> list[int]:
    return [t for t, x in enumerate(row) if math.isfinite(x)]


def scores(panel: FloatArray, kind: str) -> tuple[FloatArray, FloatArray]:
    """Total and count by column of rank scores or of signs about the median."""
    total, count = np.zeros(panel.shape[1]), np.zeros(panel.shape[1])
    for row in panel:
        on = there(row)
        values = [float(row[t]) for t in on]
        middle = median(values) if kind == "signs" else 0.0
        for t in on:
            count[t] += 1
            if kind == "signs":
                total[t] += sign(row[t] - middle)
            else:
                total[t] += rank(row[t], values) / (len(values) + 1) - 0.5
    return total, count


def raw_panel(leaf: Leaf) -> FloatArray:
    event = [
        [a / math.sqrt(q) if math.isfinite(a) else math.nan for a, q in zip(x, s, strict=True)]
        for x, s in zip(leaf.fit.ar, leaf.block.spans_evt, strict=True)
    ]
    return np.concatenate([leaf.fit.residuals, np.array(event)], axis=1)


def days(leaf: Leaf) -> FloatArray:
    """Studentised estimation days."""
    fit = leaf.fit
    if fit.standardised is not None:
        return fit.standardised
    return fit.residuals / (fit.sigma[:, None] * np.sqrt(1.0 - fit.leverage))


def equalised_panel(leaf: Leaf, sar_sd: FloatArray) -> FloatArray:
    event = np.full(leaf.fit.ar.shape, np.nan)
    for t, sd in enumerate(sar_sd):
        if sd > 0:
            event[:, t] = leaf.fit.ar[:, t] / leaf.fit.ar_se[:, t] / sd
    return np.concatenate([days(leaf), event], axis=1)


def base(values: FloatArray, rows: list[int]) -> tuple[FloatArray, FloatArray]:
    total, count = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for i in rows:
        on = there(values[i])
        own = [float(values[i, t]) for t in on]
        for t in on:
            total[t] += rank(values[i, t], own) / (len(own) + 2)
            count[t] += 1
    return total, count


def entered(
    values: FloatArray, entry: dict[int, float]
) -> tuple[float, FloatArray, FloatArray, float]:
    """Score, what the entry pushes, signs of the days and sign of the entry, over the events."""
    score, entry_sign = 0.0, 0.0
    pushed, signs = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for i, e in entry.items():
        on = there(values[i])
        own = [float(values[i, t]) for t in on]
        n = len(own)
        score += rank(e, [*own, e]) / (n + 2) - 0.5
        middle = median([*own, e])
        entry_sign += sign(e - middle)
        for t in on:
            pushed[t] += (0.5 + sign(values[i, t] - e) / 2.0) / (n + 2)
            signs[t] += sign(values[i, t] - middle)
    return score, pushed, signs, entry_sign


def entries(leaf: Leaf, scales: Scales, w: int, *, cross: bool) -> dict[int, float]:
    factor = scales.root[w] if cross else 1.0
    return {
        i: leaf.windows[w].scar[i] / scales.scar_sd[w] * factor
        for i in range(leaf.n)
        if enters(leaf, w, i)
    }


def blocks(leaf: Leaf, length: int) -> FloatArray:
    """Studentised block sums, by the covariance of the in-sample residuals."""
    fit, block = leaf.fit, leaf.block
    out = np.full((leaf.n, leaf.n_est // length), np.nan)
    k, factors = fit.theta.shape[1], block.factors_est.shape[2]
    known = fit.standardised is None and (k == 0 or k in (factors, factors + 1))
    z = days(leaf)
    for i in range(leaf.n):
        for b in range(out.shape[1]):
            span = range(b * length, (b + 1) * length)
            if not known:
                on = [t for t in span if math.isfinite(z[i, t])]
                q = len(on)
                if q:
                    scale = q * (1 - (q - 1) / len(there(z[i])))
                    out[i, b] = sum(z[i, t] for t in on) / math.sqrt(scale)
                continue
            on = [t for t in span if math.isfinite(fit.residuals[i, t])]
            if not on:
                continue
            total = sum(fit.residuals[i, t] * math.sqrt(block.spans_est[i, t]) for t in on)
            q = sum(block.spans_est[i, t] for t in on)
            x = [sum(block.factors_est[i, t, f] for t in on) for f in range(factors)]
            x = [] if k == 0 else x if k == factors else [q, *x]
            v = np.array(x)
            fitted = v @ fit.covariance.parameters[i] @ v if k else 0.0
            out[i, b] = total / math.sqrt(q * fit.sigma[i] ** 2 - fitted)
    return out


def share(values: list[float]) -> float:
    above, below = sum(x > 0 for x in values), sum(x < 0 for x in values)
    return above / (above + below) if above + below else math.nan


def signs(leaf: Leaf) -> dict[str, Any]:
    """The fields of SignCounts."""
    width = len(leaf.windows)
    names = "wins nonzero daily_used daily_wins daily_share window_used window_wins window_share"
    out = {name: np.zeros(width) for name in names.split()}
    e, spans = leaf.fit.residuals, leaf.block.spans_est
    for w, window in enumerate(leaf.windows):
        for i in range(leaf.n):
            if not enters(leaf, w, i) or window.car[i] == 0:
                continue
            win = window.car[i] > 0
            out["nonzero"][w] += 1
            out["wins"][w] += win
            daily = share([x for x in e[i] if math.isfinite(x)])
            length = int(window.n_days[i])
            runs = []
            for low in range(leaf.n_est - length + 1):
                on = [t for t in range(low, low + length) if math.isfinite(e[i, t])]
                if sum(spans[i, t] for t in on) == length:
                    runs.append(sum(e[i, t] * math.sqrt(spans[i, t]) for t in on))
            long = daily if length == 1 else share(runs)
            for name, value in (("daily", daily), ("window", long)):
                if math.isfinite(value):
                    out[f"{name}_used"][w] += 1
                    out[f"{name}_wins"][w] += win
                    out[f"{name}_share"][w] += value
    return out
