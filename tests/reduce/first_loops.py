"""The groups of the first pass from their formulas: one event, one day, one number at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.reduce.leaf import Leaf

Values = Sequence[float]


def finite(x: float) -> bool:
    return math.isfinite(x)


def enters(leaf: Leaf, w: int) -> list[int]:
    window = leaf.windows[w]
    return [
        i
        for i in range(leaf.n)
        if window.members[i] and finite(window.car[i]) and finite(window.car_se[i])
    ]


def moments(values: Values, weights: Values | None = None) -> dict[str, float]:
    weights = [1.0] * len(values) if weights is None else weights
    n = math.fsum(weights)
    mean = math.fsum(w * x for w, x in zip(weights, values, strict=True)) / n if n else 0.0
    return {
        "n": n,
        "mean": mean,
        "m2": math.fsum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True)),
        "m3": math.fsum(w * (x - mean) ** 3 for w, x in zip(weights, values, strict=True)),
        "low": min(values, default=math.inf),
        "high": max(values, default=-math.inf),
    }


def chosen(leaf: Leaf, w: int, i: int) -> list[int]:
    return [t for t, on in enumerate(leaf.windows[w].selector[i]) if on > 0]


def window_sums(leaf: Leaf, w: int) -> dict[str, object]:
    window, fit = leaf.windows[w], leaf.fit
    on = enters(leaf, w)
    daily = []
    for i in on:
        days = chosen(leaf, w, i)
        daily.append(math.fsum(fit.sar[i, t] for t in days) / math.sqrt(len(days)))
    return {
        "car": moments([window.car[i] for i in on]),
        "scar": moments([window.car[i] / window.car_se[i] for i in on]),
        "scaled": moments(
            [window.car[i] / (fit.sigma[i] * math.sqrt(window.n_days[i])) for i in on]
        ),
        "patell": math.fsum(daily),
        "variance": math.fsum(window.n_days[i] * fit.sigma[i] ** 2 for i in on),
        "df_ratio": math.fsum(fit.df[i] / (fit.df[i] - 2.0) for i in on),
        "df_low": min((fit.df[i] for i in on), default=math.inf),
    }


def precision(leaf: Leaf, w: int) -> tuple[dict[str, float], float]:
    window = leaf.windows[w]
    on = enters(leaf, w)
    weights = [1.0 / window.car_se[i] ** 2 for i in on]
    return moments([window.car[i] for i in on], weights), math.fsum(x * x for x in weights)


def random_effects(leaf: Leaf, w: int, tau2: float, centre: float) -> list[float]:
    window = leaf.windows[w]
    on = enters(leaf, w)
    weights = [1.0 / (tau2 + window.car_se[i] ** 2) for i in on]
    away = [window.car[i] - centre for i in on]
    return [
        math.fsum(x * a**power for x, a in zip(weights, away, strict=True)) for power in (0, 1, 2)
    ]


def date_sums(leaf: Leaf, w: int) -> dict[int, list[float]]:
    window = leaf.windows[w]
    out = {int(day): [0.0, 0.0, 0.0] for day in leaf.cluster}
    for i in enters(leaf, w):
        row = out[int(leaf.cluster[i])]
        row[0] += 1.0
        row[1] += window.car[i]
        row[2] += window.car[i] / window.car_se[i]
    return out


def selected_days(leaf: Leaf, w: int) -> tuple[FloatArray, FloatArray]:
    total, held = np.zeros(leaf.fit.ar.shape[1]), np.zeros(leaf.fit.ar.shape[1])
    for i in enters(leaf, w):
        for t in chosen(leaf, w, i):
            total[t] += leaf.fit.ar[i, t]
            held[t] += 1.0
    return total, held


def day_means(leaf: Leaf) -> dict[str, FloatArray]:
    block, size = leaf.block, leaf.n_est + len(leaf.block.taus)
    f = block.factors_est.shape[2]
    out = {name: np.zeros(size) for name in ("returns", "spans", "count")}
    out |= {"factors": np.zeros((size, f))}
    out |= {name: np.zeros(leaf.n_est) for name in ("residual", "residual_count")}
    for i in range(leaf.n):
        for t in range(size):
            est = t < leaf.n_est
            u = t if est else t - leaf.n_est
            r = (block.returns_est if est else block.returns_evt)[i, u]
            q = (block.spans_est if est else block.spans_evt)[i, u]
            x = (block.factors_est if est else block.factors_evt)[i, u]
            if finite(r) and finite(q) and all(finite(v) for v in x):
                out["returns"][t] += r
                out["spans"][t] += q
                out["count"][t] += 1.0
                out["factors"][t] += x
            if est and finite(leaf.fit.residuals[i, u]):
                out["residual"][t] += leaf.fit.residuals[i, u] * math.sqrt(q)
                out["residual_count"][t] += 1.0
    return out


def unit(leaf: Leaf, i: int) -> dict[int, float]:
    """Residuals of unit sum of squares by day; about their mean where nothing is fitted."""
    raw = {t: float(e) for t, e in enumerate(leaf.fit.residuals[i]) if finite(e)}
    if leaf.n_parameters == 0:
        q = {t: float(leaf.block.spans_est[i, t]) for t in raw}
        mean = math.fsum(e * math.sqrt(q[t]) for t, e in raw.items()) / math.fsum(q.values())
        raw = {t: e - mean * math.sqrt(q[t]) for t, e in raw.items()}
    norm = math.sqrt(math.fsum(e * e for e in raw.values()))
    return {int(leaf.block.days_est[i, t]): e / norm for t, e in raw.items()}


def tracks(leaf: Leaf) -> dict[tuple[int, ...], dict[int, list[float]]]:
    """(date, event days) -> calendar day -> sum, square sum, number of the unit residuals."""
    out: dict[tuple[int, ...], dict[int, list[float]]] = {}
    for i in range(leaf.n):
        key = (int(leaf.cluster[i]), *(int(d) for d in leaf.block.days_evt[i]))
        days = out.setdefault(key, defaultdict(lambda: [0.0, 0.0, 0.0]))
        for day, z in unit(leaf, i).items():
            days[day][0] += z
            days[day][1] += z * z
            days[day][2] += 1.0
    return out


def correlations(leaf: Leaf, columns: list[int]) -> tuple[float, float]:
    """Mean over all ordered pairs of r, and of r times the share of common tested sessions."""
    z = [unit(leaf, i) for i in range(leaf.n)]
    days = [{int(leaf.block.days_evt[i, t]) for t in columns} - {-1} for i in range(leaf.n)]
    plain, shared = [], []
    for i in range(leaf.n):
        for j in range(leaf.n):
            if i != j:
                r = math.fsum(z[i][d] * z[j][d] for d in z[i].keys() & z[j].keys())
                plain.append(r)
                shared.append(r * len(days[i] & days[j]) / len(columns))
    return math.fsum(plain) / len(plain), max(0.0, math.fsum(shared) / len(shared))


def meet(leaf: Leaf, columns: list[int]) -> bool:
    """Whether the calendar stretches of the windows of two dates share a day."""
    stretch: dict[int, list[int]] = {}
    for i in range(leaf.n):
        days = [int(leaf.block.days_evt[i, t]) for t in columns if leaf.block.days_evt[i, t] >= 0]
        if days:
            stretch.setdefault(int(leaf.cluster[i]), []).extend(days)
    ends = [(min(d), max(d)) for d in stretch.values()]
    return any(a[0] <= b[1] and b[0] <= a[1] for k, a in enumerate(ends) for b in ends[k + 1 :])
