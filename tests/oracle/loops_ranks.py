"""Rank and sign tests across events in loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .loops import Maybe, Vector, _number, mean, median, midranks, sample_sd
from .loops_means import Key, rbar_published, referred
from .loops_windows import Cell, Row, complete_sums

# One list an event, one entry a day: first the estimation columns, then the event columns.
Panel = list[list[Maybe]]


def ranked(panel: Panel) -> Panel:
    """Mid-rank of each value among those of its event over (their number + 1), minus a half."""
    out: Panel = []
    for series in panel:
        there = [t for t, v in enumerate(series) if v is not None]
        ranks = midranks([_number(series[t]) for t in there])
        row: list[Maybe] = [None] * len(series)
        for t, rank in zip(there, ranks, strict=True):
            row[t] = rank / (len(there) + 1) - 0.5
        out.append(row)
    return out


def signs_about_median(panel: Panel) -> Panel:
    """1, 0 or -1 as a value stands above, at or below the median of its event."""
    out: Panel = []
    for series in panel:
        middle = median([v for v in series if v is not None])
        out.append([None if v is None else float((v > middle) - (v < middle)) for v in series])
    return out


def daily(panel: Panel) -> tuple[list[float], list[int]]:
    """Sums over the events by day, and how many have the day."""
    sums, counts = [], []
    for t in range(len(panel[0])):
        there = [_number(series[t]) for series in panel if series[t] is not None]
        sums.append(math.fsum(there))
        counts.append(len(there))
    return sums, counts


def _tested(cells: Sequence[Cell], offset: int) -> list[int]:
    taus = cells[0].fit.event.evt.taus
    return [offset + i for i, tau in enumerate(taus) if cells[0].start <= tau <= cells[0].end]


def window_z(cells: Sequence[Cell], panel: Panel, *, scale_until: int | None = None) -> Row:
    """Sum of sqrt(n_t) times the daily mean over the root of L times its mean square.

    ``scale_until`` keeps only the first so many columns in the mean square. Days that no event
    has count nowhere. Gives the statistic and, as ``df``, nothing; ``note`` holds M and L.
    """
    sums, counts = daily(panel)
    root = {t: sums[t] / math.sqrt(counts[t]) for t in range(len(sums)) if counts[t] > 0}
    pool = [v * v for t, v in root.items() if scale_until is None or t < scale_until]
    window = [root[t] for t in _tested(cells, len(cells[0].fit.est_ar)) if t in root]
    scale = math.sqrt(len(window) * mean(pool))
    return Row(statistic=math.fsum(window) / scale, note=f"{len(root)} {len(window)}")


def abnormal_panel(cells: Sequence[Cell]) -> Panel:
    """Raw abnormal returns, a return over q sessions by the root of q."""
    return [[*c.fit.est_root, *c.fit.ar_root] for c in cells]


def corrado(cells: Sequence[Cell], alternative: str) -> dict[Key, Row]:
    """Corrado's rank test and its two variants."""
    panel = ranked(abnormal_panel(cells))
    z = window_z(cells, panel)
    m, length = (int(v) for v in z.note.split())
    fpc = math.sqrt((m - 1) / (m - length))
    est = window_z(cells, panel, scale_until=len(cells[0].fit.est_ar)).statistic
    return {
        ("corrado_rank_z", "published"): referred(z.statistic, None, cells, alternative),
        ("corrado_rank_z", "finite_population"): referred(
            z.statistic * fpc, None, cells, alternative
        ),
        ("corrado_rank_z", "estimation_scale"): referred(est, None, cells, alternative),
    }


def corrado_zivney_rank(cells: Sequence[Cell], alternative: str) -> Row:
    """Ranks of standardised values, event days divided by their cross-sectional sd."""
    width = len(cells[0].fit.ar)
    sd: list[Maybe] = []
    for t in range(width):
        there = [_number(c.fit.sar[t]) for c in cells if c.fit.sar[t] is not None]
        sd.append(sample_sd(there) if len(there) > 1 else None)
    panel: Panel = []
    for c in cells:
        scaled: list[Maybe] = [
            None if v is None or sd[t] is None else v / _number(sd[t])
            for t, v in enumerate(c.fit.sar)
        ]
        panel.append([*c.fit.est_scaled, *scaled])
    return referred(window_z(cells, ranked(panel)).statistic, None, cells, alternative)


def corrado_zivney_sign(cells: Sequence[Cell], alternative: str) -> Row:
    """Signs about the median of all days."""
    panel = signs_about_median(abnormal_panel(cells))
    return referred(window_z(cells, panel).statistic, None, cells, alternative)


# signs


def binomial_p(wins: int, n: int, p: float, alternative: str) -> float:
    """Exact p. Two-sided: the total probability of the outcomes no likelier than this one
    (the small-likelihood convention, as in scipy.stats.binomtest, with its tolerance 1e-7)."""
    mass = [math.comb(n, j) * p**j * (1.0 - p) ** (n - j) for j in range(n + 1)]
    if alternative == "greater":
        return min(1.0, math.fsum(mass[wins:]))
    if alternative == "less":
        return min(1.0, math.fsum(mass[: wins + 1]))
    return min(1.0, math.fsum(m for m in mass if m <= mass[wins] * (1.0 + 1e-7)))


def daily_share(c: Cell) -> Maybe:
    """Share of positive among the nonzero estimation abnormal returns."""
    there = [v for v in c.fit.est_ar if v is not None and v != 0.0]
    return sum(1 for v in there if v > 0.0) / len(there) if there else None


def window_share(c: Cell) -> Maybe:
    """The same among overlapping sums over as many sessions as the event's window has."""
    if c.spanned == 1:
        return daily_share(c)
    sums = [v for v in complete_sums(c.fit, c.spanned) if v != 0.0]
    return sum(1 for v in sums if v > 0.0) / len(sums) if sums else None


def _share_rows(
    cells: Sequence[Cell], shares: Sequence[Maybe], alternative: str
) -> tuple[Row, Row]:
    """Score and exact test against the mean share; no sign or no share leaves an event out."""
    kept = [(c, p) for c, p in zip(cells, shares, strict=True) if c.car != 0.0 and p is not None]
    n, wins = len(kept), sum(1 for c, _ in kept if c.car > 0.0)
    p = mean([share for _, share in kept])
    z = referred((wins - n * p) / math.sqrt(n * p * (1 - p)), None, cells, alternative)
    exact = Row(
        statistic=float(wins),
        pvalue=binomial_p(wins, n, p, alternative),
        distribution="binomial",
        n_events=n,
        n_clusters=z.n_clusters,
    )
    z.n_events = n
    return z, exact


def sign_rows(cells: Sequence[Cell], alternative: str) -> dict[Key, Row]:
    """Sign tests against a half and against the estimation window's share."""
    half = _share_rows(cells, [0.5 for _ in cells], alternative)
    day = _share_rows(cells, [daily_share(c) for c in cells], alternative)
    window = _share_rows(cells, [window_share(c) for c in cells], alternative)
    return {
        ("sign_z", "published"): half[0],
        ("sign_z", "exact"): half[1],
        ("generalized_sign_z", "published"): day[0],
        ("generalized_sign_z", "window_phat"): window[0],
        ("generalized_sign_z", "exact"): day[1],
    }


def signed_rank_counts(n: int) -> list[int]:
    """How many of the 2^n sign patterns give each rank sum, by adding one rank after another."""
    counts = [1]
    for rank in range(1, n + 1):
        longer = [0] * (len(counts) + rank)
        for total, ways in enumerate(counts):
            longer[total] += ways
            longer[total + rank] += ways
        counts = longer
    return counts


def wilcoxon(cells: Sequence[Cell], alternative: str) -> dict[Key, Row]:
    """Signed rank: exact without ties up to 50 events, and the normal approximation."""
    x = [c.car for c in cells if c.car != 0.0]
    n, size = len(x), [abs(v) for v in x]
    ranks = midranks(size)
    w = math.fsum(r for r, v in zip(ranks, x, strict=True) if v > 0.0)
    ties = [size.count(v) for v in set(size)]
    variance = n * (n + 1) * (2 * n + 1) / 24.0 - sum(t**3 - t for t in ties) / 48.0
    z = referred((w - n * (n + 1) / 4.0) / math.sqrt(variance), None, cells, alternative)
    z.n_events = n
    exact = Row(
        statistic=w,
        pvalue=z.pvalue,
        distribution="normal",
        n_events=n,
        n_clusters=z.n_clusters,
    )
    if n <= 50 and max(ties) == 1:
        counts, total = signed_rank_counts(n), 2**n
        above = sum(counts[round(w) :]) / total
        below = sum(counts[: round(w) + 1]) / total
        both = min(1.0, 2.0 * min(above, below))
        exact.pvalue = {"greater": above, "less": below}.get(alternative, both)
        exact.distribution = "exact"
    return {
        ("wilcoxon_signed_rank", "published"): exact,
        ("wilcoxon_signed_rank", "normal_approximation"): z,
    }


# generalized ranks


def _generalized(cells: Sequence[Cell], days: Panel, scar: Vector) -> Panel:
    """Estimation entries and the event as one more entry, the last."""
    return [[*series, value] for series, value in zip(days, scar, strict=True)]


def block_grank(cells: Sequence[Cell], scar: Vector, length: int, alternative: str) -> Row:
    """The event among the blocks; ten of them at least."""
    columns = [blocks(c, length) for c in cells]
    if len(columns[0]) < 10:
        return Row(note="fewer than 10 blocks")
    return to_t(cells, ranked(_generalized(cells, columns, scar)), alternative)


def to_t(cells: Sequence[Cell], panel: Panel, alternative: str) -> Row:
    """Z of the last entry sent to Student t(T' - 2), T' the entries that some event has."""
    sums, counts = daily(panel)
    there = [t for t in range(len(sums)) if counts[t] > 0]
    size = len(there)
    n0 = counts[-1]
    square = mean([counts[t] / n0 * (sums[t] / counts[t]) ** 2 for t in there])
    z = sums[-1] / n0 / math.sqrt(square)
    room = size - 1 - z * z
    if size < 3 or room <= 0.0:
        return Row(note="no room")
    return referred(z * math.sqrt((size - 2) / room), size - 2, cells, alternative)


def blocks(c: Cell, length: int) -> list[Maybe]:
    """Studentised sums of the estimation returns over floor(T/length) blocks from the start."""
    f = c.fit
    out: list[Maybe] = []
    for b in range(len(f.est_ar) // length):
        run = [t for t in range(b * length, (b + 1) * length) if f.est_ar[t] is not None]
        if not run:
            out.append(None)
            continue
        x = [math.fsum(_number_row(f.est_rows[t])[a] for t in run) for a in range(f.k)]
        spanned = math.fsum(_number(f.event.est.spans[t]) for t in run)
        total = math.fsum(_number(f.est_ar[t]) for t in run)
        out.append(total / (f.s * math.sqrt(spanned - f.q_form(x))))
    return out


def _number_row(row: Vector | None) -> Vector:
    assert row is not None
    return row


def grank_rows(cells: Sequence[Cell], alternative: str) -> dict[Key, Row]:
    """GRANK t and Z, the block form and the sign form."""
    scar = [c.scar for c in cells]
    spread = sample_sd(scar)
    star = [v / spread for v in scar]
    r = rbar_published(cells)
    tight = [v * math.sqrt(1.0 - r) for v in star]
    est = [c.fit.est_scaled for c in cells]
    length = cells[0].end - cells[0].start + 1
    plain = _generalized(cells, est, star)
    adjusted = _generalized(cells, est, tight)
    rows = {
        ("grank_t", "published"): to_t(cells, ranked(plain), alternative),
        ("grank_t", "cross_correlation"): to_t(cells, ranked(adjusted), alternative),
        ("grank_t", "block"): block_grank(cells, tight, length, alternative),
        ("grank_z", "published"): grank_z(cells, plain, alternative),
        ("grank_z", "cross_correlation"): grank_z(cells, adjusted, alternative),
        ("sign_gsar_t", "published"): to_t(cells, signs_about_median(plain), alternative),
    }
    for key in (
        ("grank_t", "cross_correlation"),
        ("grank_t", "block"),
        ("grank_z", "cross_correlation"),
    ):
        if not rows[key].note:
            rows[key].rbar = r
    return rows


def grank_z(cells: Sequence[Cell], panel: Panel, alternative: str) -> Row:
    """The event's mean rank over its standard deviation for independent uniform ranks."""
    event_rank = [_number(series[-1]) for series in ranked(panel)]
    sizes = [sum(1 for v in series if v is not None) for series in panel]
    variance = math.fsum((m - 1) / (12.0 * (m + 1)) for m in sizes)
    return referred(math.fsum(event_rank) / math.sqrt(variance), None, cells, alternative)
