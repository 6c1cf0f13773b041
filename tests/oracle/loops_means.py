"""Tests across events in loops: means of CAR and SCAR, correlation, clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .loops import Fit, mean, sample_sd
from .loops_windows import NAN, Cell, Row, tail

Key = tuple[str, str]


def t_row(
    estimate: float, se: float, df: float | None, cells: Sequence[Cell], alternative: str
) -> Row:
    """A row whose statistic is the estimate over its standard error."""
    return referred(estimate / se, df, cells, alternative, estimate=estimate, se=se)


def referred(
    statistic: float,
    df: float | None,
    cells: Sequence[Cell],
    alternative: str,
    *,
    estimate: float = NAN,
    se: float = NAN,
    rbar: float = NAN,
) -> Row:
    """A row with its p-value; ``df`` None means the normal distribution."""
    return Row(
        statistic=statistic,
        df=NAN if df is None else df,
        pvalue=tail(statistic, df, alternative),
        estimate=estimate,
        se=se,
        distribution="normal" if df is None else "t",
        n_events=len(cells),
        n_clusters=len({c.fit.event.day0 for c in cells}),
        rbar=rbar,
    )


# correlation of residuals


def _unit_residuals(f: Fit) -> dict[int, float]:
    """Estimation residuals by calendar day, scaled to unit sum of squares."""
    norm = math.sqrt(math.fsum(v * v for v in f.est_centred if v is not None))
    days = f.event.est.days
    return {days[t]: v / norm for t, v in enumerate(f.est_centred) if v is not None}


def pair_correlations(cells: Sequence[Cell]) -> dict[tuple[int, int], float]:
    """r_ij of every pair over the calendar days that both have; 0 where there are none."""
    z = [_unit_residuals(c.fit) for c in cells]
    return {
        (i, j): math.fsum(v * z[j][d] for d, v in z[i].items() if d in z[j])
        for i in range(len(z))
        for j in range(i)
    }


def window_days(c: Cell) -> set[int]:
    """Calendar days of the tested window, missing or not."""
    evt = c.fit.event.evt
    return {evt.days[i] for i, tau in enumerate(evt.taus) if c.start <= tau <= c.end}


def rbar_published(cells: Sequence[Cell]) -> float:
    """Signed mean over all pairs."""
    return mean(list(pair_correlations(cells).values()))


def rbar_overlap(cells: Sequence[Cell]) -> float:
    """Each pair times the share of the tested window that both have; the mean floored at 0."""
    length = cells[0].end - cells[0].start + 1
    days = [window_days(c) for c in cells]
    pairs = pair_correlations(cells)
    shared = [len(days[i] & days[j]) / length * r for (i, j), r in pairs.items()]
    return max(0.0, mean(shared))


# one number per event


def cross_sectional(x: Sequence[float], cells: Sequence[Cell], alternative: str) -> Row:
    """Mean over sd / sqrt(n), t(n - 1)."""
    return t_row(mean(x), sample_sd(x) / math.sqrt(len(x)), len(x) - 1, cells, alternative)


def skewness_adjusted(
    x: Sequence[float], cells: Sequence[Cell], alternative: str, *, cubic: bool
) -> Row:
    """Hall's transformation, or without its cubic term."""
    n, m = len(x), mean(x)
    biased = math.sqrt(math.fsum((v - m) ** 2 for v in x) / n)
    g = math.fsum((v - m) ** 3 for v in x) / (n * biased**3)
    ratio = m / sample_sd(x)
    inside = ratio + g * ratio**2 / 3.0 + g / (6.0 * n)
    if cubic:
        inside += g**2 * ratio**3 / 27.0
    return referred(math.sqrt(n) * inside, n - 1, cells, alternative, estimate=m)


def jackknife(x: Sequence[float], cells: Sequence[Cell], alternative: str) -> Row:
    """Pseudo-values of the mean trimmed by a tenth at each end."""

    def trimmed(values: Sequence[float]) -> float:
        cut = math.floor(len(values) / 10)
        ordered = sorted(values)
        return mean(ordered[cut : len(values) - cut])

    n, whole = len(x), trimmed(x)
    pseudo = [n * whole - (n - 1) * trimmed([*x[:i], *x[i + 1 :]]) for i in range(n)]
    return t_row(mean(pseudo), sample_sd(pseudo) / math.sqrt(n), n - 1, cells, alternative)


def precision_weighted(cells: Sequence[Cell], alternative: str) -> Row:
    """Random-effects mean: DerSimonian-Laird tau^2, Hartung-Knapp variance."""
    x, v = [c.car for c in cells], [c.variance for c in cells]
    w = [1.0 / a for a in v]
    fixed = math.fsum(a * b for a, b in zip(w, x, strict=True)) / math.fsum(w)
    q = math.fsum(a * (b - fixed) ** 2 for a, b in zip(w, x, strict=True))
    scale = math.fsum(w) - math.fsum(a * a for a in w) / math.fsum(w)
    tau2 = max(0.0, (q - (len(x) - 1)) / scale)
    w = [1.0 / (a + tau2) for a in v]
    centre = math.fsum(a * b for a, b in zip(w, x, strict=True)) / math.fsum(w)
    spread = math.fsum(a * (b - centre) ** 2 for a, b in zip(w, x, strict=True))
    se = math.sqrt(spread / ((len(x) - 1) * math.fsum(w)))
    return t_row(centre, se, len(x) - 1, cells, alternative)


def by_date(x: Sequence[float], cells: Sequence[Cell]) -> dict[int, list[float]]:
    """Values gathered by the date of day 0."""
    groups: dict[int, list[float]] = {}
    for value, c in zip(x, cells, strict=True):
        groups.setdefault(c.fit.event.day0, []).append(value)
    return groups


def clustered(x: Sequence[float], cells: Sequence[Cell], alternative: str) -> Row:
    """CR1 by date, t(G - 1)."""
    groups, m = by_date(x, cells), mean(x)
    g = len(groups)
    if g < 2:
        return Row(note="one date")
    outer = math.fsum(math.fsum(v - m for v in values) ** 2 for values in groups.values())
    return t_row(m, math.sqrt(g / (g - 1) * outer) / len(x), g - 1, cells, alternative)


def date_means(x: Sequence[float], cells: Sequence[Cell], alternative: str) -> Row:
    """t of the means by date, t(G - 1)."""
    means = [mean(values) for values in by_date(x, cells).values()]
    if len(means) < 2:
        return Row(note="one date")
    se = sample_sd(means) / math.sqrt(len(means))
    return t_row(mean(means), se, len(means) - 1, cells, alternative)


# standardised tests


def patell(x: Sequence[float], cells: Sequence[Cell], alternative: str, rbar: float) -> Row:
    """Sum over the root of the summed t variances; ``rbar`` 0 is the plain test."""
    n = len(x)
    if any(c.fit.df <= 4 for c in cells):
        return Row(note="df")
    variance = math.fsum(c.fit.df / (c.fit.df - 2.0) for c in cells)
    inflated = 1.0 + (n - 1) * rbar
    if inflated <= 0.0:
        return Row(note="1 + (N-1) r <= 0")
    se = math.sqrt(variance * inflated) / n
    return t_row(mean(x), se, None, cells, alternative)


def bmp(x: Sequence[float], cells: Sequence[Cell], alternative: str, rbar: float) -> Row:
    """Standardised cross-sectional t; ``rbar`` 0 is the plain test."""
    n = len(x)
    inflated = 1.0 + (n - 1) * rbar
    if inflated <= 0.0:
        return Row(note="1 + (N-1) r <= 0")
    se = sample_sd(x) / math.sqrt(n) / math.sqrt((1.0 - rbar) / inflated)
    return t_row(mean(x), se, n - 1, cells, alternative)


def standardised_rows(cells: Sequence[Cell], alternative: str) -> dict[Key, Row]:
    """Patell, BMP and their versions adjusted for correlation."""
    scar = [c.scar for c in cells]
    daily = [c.sum_of_sar / math.sqrt(len(c.days)) for c in cells]
    plain = [c.car / (c.fit.s * math.sqrt(c.spanned)) for c in cells]
    pub, over = rbar_published(cells), rbar_overlap(cells)
    rows = {
        ("patell_z", "published"): patell(daily, cells, alternative, 0.0),
        ("patell_z", "forecast_covariance"): patell(scar, cells, alternative, 0.0),
        ("adjusted_patell_z", "published"): patell(daily, cells, alternative, pub),
        ("adjusted_patell_z", "forecast_covariance"): patell(scar, cells, alternative, pub),
        ("adjusted_patell_z", "overlap"): patell(scar, cells, alternative, over),
        ("bmp_t", "published"): bmp(scar, cells, alternative, 0.0),
        ("bmp_t", "model_sigma"): bmp(plain, cells, alternative, 0.0),
        ("adjusted_bmp_t", "published"): bmp(scar, cells, alternative, pub),
        ("adjusted_bmp_t", "overlap"): bmp(scar, cells, alternative, over),
    }
    for (name, variant), row in rows.items():
        if name.startswith("adjusted"):
            row.rbar = over if variant == "overlap" else pub
    normal = bmp(scar, cells, alternative, 0.0)
    rows["bmp_t", "normal"] = referred(
        normal.statistic, None, cells, alternative, estimate=normal.estimate, se=normal.se
    )
    return rows
