"""The yardstick's statistics: from columns of CARs and sums over the blocks to rows of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from benchmarks.data import FloatArray, IntArray

if TYPE_CHECKING:
    from benchmarks.sketch import Setup, Totals

__all__ = ["Rows", "finish"]

Rows = dict[tuple[str, str], tuple[FloatArray, FloatArray]]


def _t(value: FloatArray, df: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    return value, 2.0 * special.stdtr(df, -np.abs(value))


def _z(value: FloatArray) -> tuple[FloatArray, FloatArray]:
    return value, 2.0 * special.ndtr(-np.abs(value))


def finish(
    setup: Setup, out: Totals, names: tuple[str, ...], r: float, overlap: FloatArray
) -> Rows:
    """Compute the asked names, every variant of the list."""
    rows: Rows = {}
    rows |= _spread_tests(setup, out)
    rows |= _time_tests(setup, out)
    rows |= _standardised(setup, out, r, overlap)
    rows |= _dates(setup, out)
    if "jackknife_t" in names or "wilcoxon_signed_rank" in names:
        rows |= _ordered(out.car)
    if "corrado" in out.sums:
        rows |= _sign_tests(setup, out)
        rows |= _rank_tests(setup, out)
        rows |= _generalized(setup, out)
    return {key: rows[key] for key in rows if key[0] in names}


def _moments(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    return x.mean(axis=1), x.std(axis=1, ddof=1)


def _spread_tests(setup: Setup, out: Totals) -> Rows:
    """Tests from the spread of the CARs across the events."""
    n = setup.panel.n
    mean, sd = _moments(out.car)
    s = mean / sd
    cube = np.empty(len(mean))
    for w, car in enumerate(out.car):
        about = car - mean[w]
        cube[w] = np.einsum("i,i,i->", about, about, about) / n
    g = cube / (sd**2 * ((n - 1.0) / n)) ** 1.5
    johnson = s + g * s**2 / 3.0 + g / (6.0 * n)
    hall = johnson + g**2 * s**3 / 27.0
    rows: Rows = {
        ("cross_sectional_t", "published"): _t(np.sqrt(n) * s, n - 1),
        ("skewness_adjusted_t", "published"): _t(np.sqrt(n) * hall, n - 1),
        ("skewness_adjusted_t", "johnson"): _t(np.sqrt(n) * johnson, n - 1),
    }
    se = np.sqrt(setup.lengths * (out.sigma**2).sum()) / n
    rows["time_series_t", "published"] = _z(mean / se)
    weighted = [_random_effects(out.car[w], out, setup, w) for w in range(len(mean))]
    rows["precision_weighted_t", "published"] = _t(np.array(weighted), n - 1)
    return rows


def _random_effects(car: FloatArray, out: Totals, setup: Setup, w: int) -> float:
    """DerSimonian and Laird's tau^2, Hartung and Knapp's standard error."""
    n = len(car)
    variance = (out.sigma * setup.root[setup.date, w]) ** 2
    weight = 1.0 / variance
    total = weight.sum()
    mean = weight @ car / total
    q = weight @ (car - mean) ** 2
    tau2 = max(0.0, (q - (n - 1.0)) / (total - weight @ weight / total))
    weight = 1.0 / (tau2 + variance)
    total = weight.sum()
    mean = weight @ car / total
    return float(mean / np.sqrt(weight @ (car - mean) ** 2 / ((n - 1.0) * total)))


def _time_tests(setup: Setup, out: Totals) -> Rows:
    """Tests from averages over the events, by day relative to day 0."""
    n, t = setup.panel.n, setup.n_est
    count = np.bincount(setup.date)
    aar = out.sums["residual"] / n
    x = (count @ (setup.centred + setup.mean[:, None])) / n
    y = (count @ (setup.forecast + setup.mean[:, None])) / n
    returns, event = out.sums["returns"] / n, out.sums["event"] / n
    square = ((aar - aar.mean()) ** 2).sum()
    total = out.car.mean(axis=1)
    rows: Rows = {}
    for variant, df in (("published", t - 1), ("model_df", t - 2)):
        value = total / np.sqrt(square / df * setup.lengths)
        rows["crude_dependence_t", variant] = _t(value, df)
    centred = x - x.mean()
    sxx = centred @ centred
    beta = centred @ returns / sxx
    residual = returns - returns.mean() - beta * centred
    ar = (event - returns.mean() - beta * (y - x.mean())) @ setup.selector
    through = ((y - x.mean()) @ setup.selector) ** 2 / sxx
    variance = setup.lengths + setup.lengths**2 / t + through
    value = ar / np.sqrt(residual @ residual / (t - 2.0) * variance)
    rows["portfolio_t", "published"] = _t(value, t - 2)
    return rows


def _standardised(setup: Setup, out: Totals, r: float, overlap: FloatArray) -> Rows:
    """Patell and BMP, and their forms for correlated events."""
    n, t = setup.panel.n, setup.n_est
    root = np.sqrt(n * (t - 2.0) / (t - 4.0))
    mean, sd = _moments(out.scar)
    scaled = np.empty_like(out.scar)
    for w, length in enumerate(setup.lengths):
        np.divide(out.car[w], out.sigma * np.sqrt(length), out=scaled[w])
    rows: Rows = {}
    for variant, total in (
        ("published", out.sums["patell"] / np.sqrt(setup.lengths)),
        ("forecast_covariance", mean * n),
    ):
        rows["patell_z", variant] = _z(total / root)
        rows["adjusted_patell_z", variant] = _z(total / root / np.sqrt(1.0 + (n - 1.0) * r))
    wide = 1.0 + (n - 1.0) * overlap
    rows["adjusted_patell_z", "overlap"] = _z(mean * n / root / np.sqrt(wide))
    bmp = np.sqrt(n) * mean / sd
    rows["bmp_t", "published"] = _t(bmp, n - 1)
    rows["bmp_t", "normal"] = _z(bmp)
    mean, sd = _moments(scaled)
    rows["bmp_t", "model_sigma"] = _t(np.sqrt(n) * mean / sd, n - 1)
    factor = np.sqrt((1.0 - r) / (1.0 + (n - 1.0) * r))
    rows["adjusted_bmp_t", "published"] = _t(bmp * factor, n - 1)
    rows["adjusted_bmp_t", "overlap"] = _t(bmp * np.sqrt((1.0 - overlap) / wide), n - 1)
    return rows


def _dates(setup: Setup, out: Totals) -> Rows:
    """Tests whose independent units are the dates of day 0."""
    n = setup.panel.n
    starts = np.flatnonzero(np.r_[True, setup.date[1:] != setup.date[:-1]])
    size = np.diff(np.r_[starts, n])
    g = len(starts)
    rows: Rows = {}
    for variant, x in (("published", out.scar), ("car", out.car)):
        sums = np.add.reduceat(x, starts, axis=1)
        mean = x.mean(axis=1)
        inner = ((sums - mean[:, None] * size) ** 2).sum(axis=1)
        value = mean * n / np.sqrt(g / (g - 1.0) * inner)
        rows["cluster_t", variant] = _t(value, g - 1)
        if variant == "published":
            mean, sd = _moments(sums / size)
            rows["date_mean_t", "published"] = _t(np.sqrt(g) * mean / sd, g - 1)
    return rows


def _ordered(car: FloatArray) -> Rows:
    """Wilcoxon's signed rank and the jackknifed trimmed mean, from CARs sorted once."""
    w_plus, wilcoxon, jackknife = [], [], []
    for column in car:
        ordered = np.sort(column)
        w, z = _signed_rank(ordered)
        w_plus.append(w)
        wilcoxon.append(z)
        jackknife.append(_jackknife(ordered))
    value, p = _z(np.array(wilcoxon))
    return {
        ("wilcoxon_signed_rank", "published"): (np.array(w_plus), p),
        ("wilcoxon_signed_rank", "normal_approximation"): (value, p),
        ("jackknife_t", "trimmed_mean"): _t(np.array(jackknife), car.shape[1] - 1),
    }


def _signed_rank(ordered: FloatArray) -> tuple[float, float]:
    """W+ and its Z, for more than 50 events without ties."""
    zero = np.searchsorted(ordered, [0.0, np.nextafter(0.0, 1.0)])
    negative, positive = -ordered[: zero[0]][::-1], ordered[zero[1] :]
    n, above = len(negative) + len(positive), len(positive)
    w = above * (above + 1) / 2.0 + float(np.searchsorted(negative, positive).sum())
    variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0
    return w, (w - n * (n + 1.0) / 4.0) / np.sqrt(variance)


def _jackknife(ordered: FloatArray) -> float:
    n = len(ordered)
    cut = n // 10
    total = ordered[cut : n - cut].sum()
    # Leaving a trimmed value out moves the kept stretch by one.
    without = total - np.clip(ordered, ordered[cut], ordered[n - cut - 1])
    pseudo = n * (total / (n - 2 * cut)) - (n - 1.0) * (without / (n - 1 - 2 * cut))
    return float(np.sqrt(n) * pseudo.mean() / pseudo.std(ddof=1))


def _sign_tests(setup: Setup, out: Totals) -> Rows:
    wins = np.count_nonzero(out.car > 0.0, axis=1)
    n = np.count_nonzero(out.car, axis=1)
    distinct = np.unique(setup.lengths)
    daily = np.full(len(wins), out.share[0].mean())
    window = out.share.mean(axis=1)[np.searchsorted(distinct, setup.lengths)]
    half = np.full(len(wins), 0.5)
    rows: Rows = {}
    for name, variant, share in (
        ("sign_z", "published", half),
        ("generalized_sign_z", "published", daily),
        ("generalized_sign_z", "window_phat", window),
    ):
        rows[name, variant] = _z((wins - n * share) / np.sqrt(n * share * (1.0 - share)))
    rows["sign_z", "exact"] = _binomial(wins, n, half)
    rows["generalized_sign_z", "exact"] = _binomial(wins, n, daily)
    return rows


def _binomial(wins: IntArray, n: IntArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two-sided exact p: all outcomes that are no likelier than the one seen."""

    def likelihood(k: FloatArray) -> FloatArray:
        ways = special.gammaln(k + 1.0) + special.gammaln(n - k + 1.0)
        return np.asarray(special.xlogy(k, share) + special.xlog1py(n - k, -share) - ways)

    seen = likelihood(1.0 * wins) + 1e-10
    above = wins > n * share
    # On the other side of the mode the likelihood falls away from it: bisect for where it is
    # no higher than the one seen.
    inner, outer = np.floor(n * share), np.where(above, -1.0, n + 1.0)
    while (np.abs(outer - inner) > 1.0).any():
        probe = np.where(above, np.floor((inner + outer) / 2.0), np.ceil((inner + outer) / 2.0))
        low = likelihood(np.clip(probe, 0, n)) <= seen
        probe = np.where(np.abs(outer - inner) > 1.0, probe, inner)
        outer, inner = np.where(low, probe, outer), np.where(low, inner, probe)
    left, right = np.where(above, outer, wins), np.where(above, wins, outer)
    p = special.bdtr(left, n, share) + special.bdtrc(right - 1.0, n, share)
    return wins.astype(np.float64), np.minimum(p, 1.0)


def _rank_tests(setup: Setup, out: Totals) -> Rows:
    n, t, m = setup.panel.n, setup.n_est, setup.n_est + setup.n_event
    length = setup.lengths
    rows: Rows = {}

    def scores(key: str) -> FloatArray:
        return np.asarray(np.sqrt(n) * ((out.sums[key] / n + 1.0) / (m + 1.0) - 0.5))

    def tested(root: FloatArray, square: float) -> FloatArray:
        return (root[t:] @ setup.selector) / np.sqrt(length * square)

    root = scores("corrado")
    z = tested(root, float((root**2).mean()))
    rows["corrado_rank_z", "published"] = _z(z)
    rows["corrado_rank_z", "finite_population"] = _z(z * np.sqrt((m - 1.0) / (m - length)))
    rows["corrado_rank_z", "estimation_scale"] = _z(tested(root, float((root[:t] ** 2).mean())))
    for name, root in (
        ("corrado_zivney_rank_z", scores("zivney")),
        ("corrado_zivney_sign_z", out.sums["sign"] / np.sqrt(n)),
    ):
        rows[name, "published"] = _z(tested(root, float((root**2).mean())))
    return rows


def _student(days: FloatArray, entry: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Send the entry's mean score to Student t, (W,); days (W, T)."""
    means = np.concatenate([days, entry[:, None]], axis=1)
    size = means.shape[1]
    z = entry / np.sqrt((means**2).mean(axis=1))
    return _t(z * np.sqrt((size - 2.0) / (size - 1.0 - z**2)), size - 2.0)


def _generalized(setup: Setup, out: Totals) -> Rows:
    n, t = setup.panel.n, setup.n_est
    sums = out.sums
    base = (sums["base"] / n + 1.0) / (t + 2.0)
    rows: Rows = {}
    for word, variant in (("plain", "published"), ("cross", "cross_correlation")):
        entry = (sums[f"{word}_score"] / n + 1.0) / (t + 2.0) - 0.5
        days = base + sums[f"{word}_pushed"] / (n * (t + 2.0)) - 0.5
        rows["grank_t", variant] = _student(days, entry)
        rows["grank_z", variant] = _z(entry * n / np.sqrt(n * t / (12.0 * (t + 2.0))))
    rows["sign_gsar_t", "published"] = _student(sums["median_days"] / n, sums["median_entry"] / n)
    value, p = (a.copy() for a in rows["grank_t", "cross_correlation"])
    for w, length in enumerate(setup.lengths):
        count = t // length
        if length == 1:
            continue
        if count < 10:
            value[w] = p[w] = np.nan
            continue
        days = sums[f"block_{w}"][None] / (n * (count + 2.0)) - 0.5
        entry = sums[f"block_entry_{w}"] / (n * (count + 2.0)) - 0.5
        value[w], p[w] = (a[0] for a in _student(days, entry))
    rows["grank_t", "block"] = value, p
    return rows
