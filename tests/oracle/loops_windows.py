"""One event in one window, in loops: CAR, its variance, and the tests of a single event."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from .loops import Fit, Matrix, Maybe, Vector, _number, least_squares, solve

NAN = float("nan")


@dataclass
class Row:
    """One line of a table of tests."""

    statistic: float = NAN
    df: float = NAN
    pvalue: float = NAN
    estimate: float = NAN
    se: float = NAN
    distribution: str = ""
    n_events: int = 0
    n_clusters: int = 0
    rbar: float = NAN
    note: str = ""


def tail(statistic: float, df: float | None, alternative: str) -> float:
    """P-value of a t (with ``df``) or standard normal statistic."""
    law = stats.norm() if df is None else stats.t(df)
    if alternative == "greater":
        return float(law.sf(statistic))
    if alternative == "less":
        return float(law.cdf(statistic))
    return 2.0 * float(law.sf(abs(statistic)))


@dataclass
class Cell:
    """An event that enters a window. ``days`` are the columns of the window that count."""

    fit: Fit
    start: int
    end: int
    days: list[int]
    car: float
    variance: float
    spanned: float  # sessions spanned by the days that count: L_i
    bhar: float

    @property
    def se(self) -> float:
        """Standard error of CAR."""
        return math.sqrt(self.variance)

    @property
    def scar(self) -> float:
        """CAR over its forecast standard error."""
        return self.car / self.se

    @property
    def sum_of_sar(self) -> float:
        """Daily standardised abnormal returns, added up."""
        return math.fsum(_number(self.fit.sar[t]) for t in self.days)


def columns(fit: Fit, start: int, end: int) -> list[int]:
    """Columns of the event stretch inside a window."""
    return [i for i, tau in enumerate(fit.event.evt.taus) if start <= tau <= end]


def cell(fit: Fit, start: int, end: int, policy: str) -> Cell | None:
    """Return the event in the window, or None where it does not enter.

    ``exclude``: every session must be there. ``skip``: one is enough. ``trade_to_trade``: every
    session must lie in the span of a return inside the window; a last price that is missing, or a
    gap too long to be bridged, leaves a session uncovered.
    """
    inside = columns(fit, start, end)
    days = [t for t in inside if fit.ar[t] is not None]
    if not days or (policy == "exclude" and len(days) < len(inside)):
        return None
    evt = fit.event.evt
    if policy == "trade_to_trade":
        covered = {t - back for t in days for back in range(round(_number(evt.spans[t])))}
        if any(t not in covered for t in inside):
            return None
    return Cell(
        fit=fit,
        start=start,
        end=end,
        days=days,
        car=math.fsum(_number(fit.ar[t]) for t in days),
        variance=math.fsum(fit.covariance(t, u) for t in days for u in days),
        spanned=math.fsum(_number(evt.spans[t]) for t in days),
        bhar=math.prod(1.0 + _number(evt.returns[t]) for t in days)
        - math.prod(1.0 + _number(fit.expected[t]) for t in days),
    )


def exact_t(c: Cell, alternative: str) -> Row:
    """CAR over its forecast standard error, Student t."""
    return Row(
        statistic=c.scar,
        df=c.fit.df,
        pvalue=tail(c.scar, c.fit.df, alternative),
        estimate=c.car,
        se=c.se,
        distribution="t",
        n_events=1,
    )


def path_f(c: Cell) -> Row:
    """AR' V^-1 AR / L over the days that are there; needs two of them."""
    if len(c.days) < 2:
        return Row(note="needs two days")
    ar = [_number(c.fit.ar[t]) for t in c.days]
    v = [[c.fit.covariance(t, u) for u in c.days] for t in c.days]
    x = solve(v, ar)
    f = math.fsum(a * b for a, b in zip(ar, x, strict=True)) / len(ar)
    return Row(
        statistic=f,
        df=c.fit.df,
        pvalue=float(stats.f(len(ar), c.fit.df).sf(f)),
        distribution="F",
        n_events=1,
    )


@dataclass
class Placebo:
    """A stretch of the estimation window as long as the tested window."""

    total: float  # raw abnormal returns, added up
    studentised: float


def placebos(fit: Fit, length: float) -> list[Placebo]:
    """All overlapping runs of ``length`` estimation sessions that have a return each.

    The first return of a run may reach back over a gap before it; the studentised value stands
    over the scale of what is summed.
    """
    found: list[Placebo] = []
    size = round(length)
    for first in range(len(fit.est_ar) - size + 1):
        run = range(first, first + size)
        if any(fit.est_ar[t] is None for t in run):
            continue
        total = math.fsum(_number(fit.est_ar[t]) for t in run)
        spanned = math.fsum(_number(fit.event.est.spans[t]) for t in run)
        x = _sum_rows([fit.est_rows[t] for t in run], fit.k)
        found.append(Placebo(total, total / (fit.s * math.sqrt(spanned - fit.q_form(x)))))
    return found


def complete_sums(fit: Fit, length: float) -> list[float]:
    """Sums of raw abnormal returns over the runs whose returns span exactly ``length`` sessions."""
    sums: list[float] = []
    size = round(length)
    for first in range(len(fit.est_ar) - size + 1):
        run = [t for t in range(first, first + size) if fit.est_ar[t] is not None]
        if run and math.fsum(_number(fit.event.est.spans[t]) for t in run) == length:
            sums.append(math.fsum(_number(fit.est_ar[t]) for t in run))
    return sums


def _sum_rows(rows: Sequence[Vector | None], k: int) -> Vector:
    total = [0.0] * k
    for row in rows:
        assert row is not None
        total = [a + b for a, b in zip(total, row, strict=True)]
    return total


def placebo_sq(c: Cell, variant: str, alternative: str, level: float = 0.05) -> Row:
    """Rank of the event among placebo stretches of the estimation window, add-one p."""
    observed = c.car if variant == "published" else c.scar
    if c.fit.n_obs < 10 * c.spanned:
        return Row(note="T < 10 L")
    drawn = placebos(c.fit, c.spanned)
    if 1.0 / (len(drawn) + 1) > level:
        return Row(note="cannot reject by construction")
    values = [p.total if variant == "published" else p.studentised for p in drawn]
    if alternative == "greater":
        beyond = sum(1 for v in values if v >= observed)
    elif alternative == "less":
        beyond = sum(1 for v in values if v <= observed)
    else:
        beyond = sum(1 for v in values if abs(v) >= abs(observed))
    return Row(
        statistic=observed,
        pvalue=(1 + beyond) / (len(values) + 1),
        estimate=c.car,
        distribution="placebo",
        n_events=1,
        note="T < 20 L" if c.spanned > 1 and c.fit.n_obs < 20 * c.spanned else "",
    )


def _quadratic(rows: Matrix, u: Vector, sigma: Matrix, k: int) -> float:
    """P where the block is shorter than the parameters, S otherwise."""
    if len(u) < k or k == 0:
        return math.fsum(v * v for v in u)
    weighted = solve(sigma, u)
    score = [math.fsum(rows[t][a] * weighted[t] for t in range(len(u))) for a in range(k)]
    each = [solve(sigma, [row[a] for row in rows]) for a in range(k)]
    info = [
        [math.fsum(rows[t][a] * each[b][t] for t in range(len(u))) for b in range(k)]
        for a in range(k)
    ]
    x = solve(info, score)
    return math.fsum(a * b for a, b in zip(score, x, strict=True))


def andrews_s(c: Cell, alternative: str, level: float = 0.05) -> Row:
    """End-of-sample stability of the mean equation: the block after T against all blocks before.

    Returns are taken per root session. Sigma is the mean outer product of the blocks' residuals,
    the tested block's among them, of the regression on all days together. A block is a run of as
    many estimation sessions as days are tested, none missing; its parameters leave out the first
    half of it, rounded up. One-sided: the plain sums.
    """
    f, size = c.fit, len(c.days)
    evt, spans = f.event.evt, f.event.est.spans
    used = {t: i for i, t in enumerate(t for t, v in enumerate(f.est_root) if v is not None)}
    rows = [_scale(f.est_rows[t], spans[t]) for t in used]
    e = [_number(f.est_root[t]) for t in used]
    roots = [math.sqrt(_number(spans[t])) for t in used]
    u = [_number(f.ar_root[t]) for t in c.days]
    star = [_scale(f.evt_rows[t], evt.spans[t]) for t in c.days]
    firsts = [
        used[t]
        for t in range(len(f.est_root) - size + 1)
        if all(t + step in used for step in range(size))
    ]
    if 1.0 / (len(firsts) + 1) > level:
        return Row(note="too few blocks")
    blocks = []
    for first in firsts:
        moved = _leave_out(rows, e, range(first, first + math.ceil(size / 2)), f.k)
        at = range(first, first + size)
        res = [e[t] - math.fsum(a * b for a, b in zip(rows[t], moved, strict=True)) for t in at]
        blocks.append(([rows[t] for t in at], res, [roots[t] for t in at]))
    if alternative == "two-sided":
        sigma = _block_sigma(rows, e, star, u, firsts) if f.k and size >= f.k else []
        observed = _quadratic(star, u, sigma, f.k)
        values = [_quadratic(x, res, sigma, f.k) for x, res, _ in blocks]
    else:
        sign = 1.0 if alternative == "greater" else -1.0
        observed = sign * c.car
        values = [
            sign * math.fsum(a * b for a, b in zip(res, q, strict=True)) for _, res, q in blocks
        ]
    return Row(
        statistic=observed if alternative != "less" else -observed,
        pvalue=(1 + sum(1 for v in values if v >= observed)) / (len(values) + 1),
        n_events=1,
    )


def _block_sigma(rows: Matrix, e: Vector, star: Matrix, u: Vector, firsts: Sequence[int]) -> Matrix:
    """Mean outer product of the residuals of the joint regression, block by block."""
    size = len(u)
    y = [*e, *u]
    theta, _, _ = least_squares([*rows, *star], y)
    joint = [
        v - math.fsum(a * b for a, b in zip(row, theta, strict=True))
        for v, row in zip(y, [*rows, *star], strict=True)
    ]
    runs = [joint[first : first + size] for first in firsts] + [joint[len(e) :]]
    return [
        [math.fsum(run[i] * run[j] for run in runs) / len(runs) for j in range(size)]
        for i in range(size)
    ]


def _scale(row: Vector | None, span: Maybe) -> Vector:
    assert row is not None
    return [v / math.sqrt(_number(span)) for v in row]


def _leave_out(rows: Matrix, e: Vector, left_out: range, k: int) -> Vector:
    """Coefficients of the residuals on the regressors without some rows: theta moves by these."""
    if not k:
        return []
    kept = [t for t in range(len(e)) if t not in left_out]
    cross = [[math.fsum(rows[t][a] * rows[t][b] for t in kept) for b in range(k)] for a in range(k)]
    return solve(cross, [math.fsum(rows[t][a] * e[t] for t in kept) for a in range(k)])
