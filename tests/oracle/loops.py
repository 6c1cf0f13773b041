"""Event-study arithmetic in plain Python loops: data, least squares, the fits of one event.

Nothing here is imported from the package under test, and no array library is used: a number is
a float, a missing number is None, a sum is a loop. Slow on purpose, easy to check by eye.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Maybe = float | None
Vector = list[float]
Matrix = list[list[float]]


@dataclass
class Stretch:
    """Consecutive sessions of one asset: estimation stretch or event stretch."""

    taus: list[int]
    days: list[int]  # calendar day numbers
    returns: list[Maybe]
    factors: list[list[Maybe]]  # one list of regressors a session, without the intercept
    spans: list[Maybe]  # sessions that the return spans; None where the return is missing

    def usable(self, t: int) -> bool:
        """Return, span and every regressor are there."""
        return (
            self.returns[t] is not None
            and self.spans[t] is not None
            and all(f is not None for f in self.factors[t])
        )


@dataclass
class Event:
    """One headline on one asset."""

    asset: str
    day0: int
    est: Stretch
    evt: Stretch


@dataclass
class Fit:
    """What the estimation stretch says, and the forecast errors of the event stretch.

    ``est_ar`` are raw abnormal returns (over the whole span), ``est_root`` the same per root
    session, ``est_scaled`` the latter over ``s sqrt(1 - h)``, ``est_centred`` the residuals that
    have mean zero (they differ from ``est_root`` only where nothing is fitted).
    """

    theta: Vector
    k: int
    n_obs: int
    df: int
    s: float
    est_ar: list[Maybe]
    est_root: list[Maybe]
    est_scaled: list[Maybe]
    est_centred: list[Maybe]
    est_rows: list[Vector | None]  # regressors as they are, with the intercept's q
    evt_rows: list[Vector | None]
    inverse: Matrix  # (X'WX)^-1
    expected: list[Maybe]
    ar: list[Maybe]
    ar_root: list[Maybe]
    sar: list[Maybe]
    event: Event

    def q_form(self, x: Vector) -> float:
        """x' (X'WX)^-1 x."""
        return math.fsum(
            x[a] * self.inverse[a][b] * x[b] for a in range(self.k) for b in range(self.k)
        )

    def covariance(self, t: int, u: int) -> float:
        """V[t, u] of two event days that are there."""
        xt, xu = self.evt_rows[t], self.evt_rows[u]
        assert xt is not None and xu is not None
        cross = math.fsum(
            xt[a] * self.inverse[a][b] * xu[b] for a in range(self.k) for b in range(self.k)
        )
        own = _number(self.event.evt.spans[t]) if t == u else 0.0
        return self.s**2 * (own + cross)


def _number(value: Maybe) -> float:
    assert value is not None
    return value


def mean(x: Sequence[float]) -> float:
    """Arithmetic mean."""
    return math.fsum(x) / len(x)


def sample_sd(x: Sequence[float]) -> float:
    """Standard deviation with divisor n - 1."""
    m = mean(x)
    return math.sqrt(math.fsum((v - m) ** 2 for v in x) / (len(x) - 1))


def median(x: Sequence[float]) -> float:
    """Middle value, or the mean of the two in the middle."""
    s = sorted(x)
    half = len(s) // 2
    return s[half] if len(s) % 2 else (s[half - 1] + s[half]) / 2.0


def midranks(x: Sequence[float]) -> Vector:
    """Ranks from 1, ties share their mean rank."""
    return [
        sum(1 for other in x if other < v) + (sum(1 for other in x if other == v) + 1) / 2.0
        for v in x
    ]


def gram_schmidt(rows: Sequence[Vector]) -> tuple[Matrix, Matrix]:
    """Columns of Q and the triangle R of X = QR, orthogonalised twice for accuracy."""
    k = len(rows[0])
    columns = [[row[j] for row in rows] for j in range(k)]
    triangle = [[0.0] * k for _ in range(k)]
    basis: Matrix = []
    for j in range(k):
        v = columns[j]
        for _ in range(2):
            for i, q in enumerate(basis):
                dot = math.fsum(a * b for a, b in zip(q, v, strict=True))
                triangle[i][j] += dot
                v = [b - dot * a for a, b in zip(q, v, strict=True)]
        length = math.sqrt(math.fsum(b * b for b in v))
        triangle[j][j] = length
        basis.append([b / length for b in v])
    return basis, triangle


def invert_triangle(r: Matrix) -> Matrix:
    """Inverse of an upper triangle."""
    k = len(r)
    inv = [[0.0] * k for _ in range(k)]
    for j in range(k):
        inv[j][j] = 1.0 / r[j][j]
        for i in range(j - 1, -1, -1):
            inv[i][j] = -math.fsum(r[i][m] * inv[m][j] for m in range(i + 1, j + 1)) / r[i][i]
    return inv


def solve(a: Sequence[Sequence[float]], b: Sequence[float]) -> Vector:
    """Solve a linear system by elimination with the largest pivot."""
    n = len(b)
    m = [[*row, value] for row, value in zip(a, b, strict=True)]
    for c in range(n):
        pivot = max(range(c, n), key=lambda row: abs(m[row][c]))
        m[c], m[pivot] = m[pivot], m[c]
        for row in range(c + 1, n):
            factor = m[row][c] / m[c][c]
            for col in range(c, n + 1):
                m[row][col] -= factor * m[c][col]
    x = [0.0] * n
    for c in range(n - 1, -1, -1):
        x[c] = (m[c][n] - math.fsum(m[c][j] * x[j] for j in range(c + 1, n))) / m[c][c]
    return x


def least_squares(rows: Sequence[Vector], y: Sequence[float]) -> tuple[Vector, Matrix, Vector]:
    """Coefficients, (X'X)^-1 and leverages."""
    basis, triangle = gram_schmidt(rows)
    k = len(triangle)
    inv = invert_triangle(triangle)
    dots = [math.fsum(a * b for a, b in zip(q, y, strict=True)) for q in basis]
    theta = [math.fsum(inv[i][j] * dots[j] for j in range(k)) for i in range(k)]
    cross = [
        [math.fsum(inv[i][m] * inv[j][m] for m in range(k)) for j in range(k)] for i in range(k)
    ]
    leverage = [math.fsum(q[t] ** 2 for q in basis) for t in range(len(y))]
    return theta, cross, leverage


Design = Callable[[Stretch, int], Vector]


def _constant(stretch: Stretch, t: int) -> Vector:
    return [_number(stretch.spans[t])]


def _factors(stretch: Stretch, t: int) -> Vector:
    return [_number(stretch.spans[t]), *(_number(f) for f in stretch.factors[t])]


def _nothing(stretch: Stretch, t: int) -> Vector:
    return []


DESIGNS: dict[str, Design] = {
    "constant_mean": _constant,
    "market_adjusted": _nothing,
    "market_model": _factors,
    "factor": _factors,
}


def _known_part(model: str, stretch: Stretch, t: int) -> float:
    """The part of the expected return that is not estimated: the benchmark's own return."""
    return _number(stretch.factors[t][0]) if model == "market_adjusted" else 0.0


def _there(model: str, stretch: Stretch, t: int) -> bool:
    if model == "constant_mean":
        return stretch.returns[t] is not None and stretch.spans[t] is not None
    return stretch.usable(t)


def fit(event: Event, model: str) -> Fit:
    """Estimate on one stretch, forecast on the other. Rows weigh 1/sqrt(q) where q are spanned."""
    est, design = event.est, DESIGNS[model]
    days = [t for t in range(len(est.returns)) if _there(model, est, t)]
    rows = {t: design(est, t) for t in days}
    y = {t: _number(est.returns[t]) - _known_part(model, est, t) for t in days}
    root = {t: math.sqrt(_number(est.spans[t])) for t in days}
    k = len(rows[days[0]])
    inverse: Matrix
    if k:
        theta, inverse, lev = least_squares(
            [[v / root[t] for v in rows[t]] for t in days], [y[t] / root[t] for t in days]
        )
        raw = {
            t: y[t] - math.fsum(a * b for a, b in zip(rows[t], theta, strict=True)) for t in days
        }
        centred = {t: raw[t] / root[t] for t in days}
        df = len(days) - k
    else:
        # nothing is fitted: the abnormal returns stand as they are, their variance is taken
        # about their mean per session
        theta, inverse, lev = [], [], [0.0] * len(days)
        raw = y
        drift = math.fsum(y[t] for t in days) / math.fsum(_number(est.spans[t]) for t in days)
        centred = {t: (y[t] - drift * _number(est.spans[t])) / root[t] for t in days}
        df = len(days) - 1
    s = math.sqrt(math.fsum(v**2 for v in centred.values()) / df)
    everywhere = range(len(est.returns))
    hat = dict(zip(days, lev, strict=True))
    out = Fit(
        theta=theta,
        k=k,
        n_obs=len(days),
        df=df,
        s=s,
        est_ar=[raw.get(t) for t in everywhere],
        est_root=[raw[t] / root[t] if t in raw else None for t in everywhere],
        est_scaled=[
            raw[t] / root[t] / (s * math.sqrt(1.0 - hat[t])) if t in raw else None
            for t in everywhere
        ],
        est_centred=[centred.get(t) for t in everywhere],
        est_rows=[rows.get(t) for t in everywhere],
        evt_rows=[],
        inverse=inverse,
        expected=[],
        ar=[],
        ar_root=[],
        sar=[],
        event=event,
    )
    _forecast(out, model, design)
    return out


def _forecast(out: Fit, model: str, design: Design) -> None:
    evt = out.event.evt
    for t in range(len(evt.returns)):
        if not _there(model, evt, t):
            out.evt_rows.append(None)
            for column in (out.expected, out.ar, out.ar_root, out.sar):
                column.append(None)
            continue
        row = design(evt, t)
        expected = _known_part(model, evt, t) + math.fsum(
            a * b for a, b in zip(row, out.theta, strict=True)
        )
        ar = _number(evt.returns[t]) - expected
        out.evt_rows.append(row)
        out.expected.append(expected)
        out.ar.append(ar)
        out.ar_root.append(ar / math.sqrt(_number(evt.spans[t])))
        out.sar.append(ar / math.sqrt(out.covariance(t, t)))
