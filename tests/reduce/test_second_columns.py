"""One window's CARs sorted once, against scipy's ranks and the jackknife written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.arrays import FloatArray
from eventstudy.reduce.columns import column_pieces

# Sums of up to some thousand terms; the loop below loses digits where n times a mean cancels.
CLOSE = 1e-11


def trimmed(ordered: list[float], cut: int) -> float:
    kept = ordered[cut : len(ordered) - cut]
    return math.fsum(kept) / len(kept)


def pseudo_values(values: FloatArray) -> list[float]:
    ordered = sorted(values.tolist())
    n = len(ordered)
    cut = n // 10
    whole = trimmed(ordered, cut)
    return [
        n * whole - (n - 1) * trimmed(ordered[:i] + ordered[i + 1 :], cut) for i in range(n)
    ]  # fmt: skip


def columns() -> dict[str, FloatArray]:
    rng = np.random.default_rng(3)
    smooth = rng.standard_t(3, 211) * 0.02 + 0.004
    return {
        "smooth": smooth,
        "a multiple of ten": smooth[:200],
        "nothing to trim": smooth[:9],
        "two": smooth[:2],
        "ties among one sign": np.abs(np.round(smooth, 2)) + 0.001,
        "ties, zeros, both signs": np.round(smooth, 2),
        "mirror images": np.concatenate([smooth[:20], -smooth[:20]]),
        "with NaN": np.where(rng.random(211) < 0.2, np.nan, smooth),
        "all positive": np.abs(smooth),
        "all negative": -np.abs(smooth),
        "zeros alone": np.zeros(5),
        "no two alike but zeros": np.concatenate([smooth[:30], np.zeros(4), [-0.0]]),
    }


COLUMNS = columns()


@pytest.mark.parametrize("name", COLUMNS)
def test_signed_ranks(name: str) -> None:
    values = COLUMNS[name]
    got = column_pieces(values)
    there = values[np.isfinite(values)]
    nonzero = there[there != 0.0]
    size = np.abs(nonzero)
    groups = np.unique(size, return_counts=True)[1]
    assert (got.n, got.nonzero) == (len(there), len(nonzero))
    assert got.w_plus == stats.rankdata(size)[nonzero > 0].sum()
    assert got.tie_term == (groups.astype(float) ** 3 - groups).sum()
    assert got.tied == bool((groups > 1).any())


@pytest.mark.parametrize("name", COLUMNS)
def test_pseudo_values(name: str) -> None:
    got = column_pieces(COLUMNS[name])
    want = np.array(pseudo_values(COLUMNS[name][np.isfinite(COLUMNS[name])]))
    scale = max(1e-300, float(np.abs(want).max()))
    found = [got.pseudo_mean, got.pseudo_sd, got.pseudo_low, got.pseudo_high]
    expected = [want.mean(), want.std(ddof=1), want.min(), want.max()]
    np.testing.assert_allclose(np.array(found) / scale, np.array(expected) / scale, atol=CLOSE)


def test_too_few_for_a_jackknife() -> None:
    for values in ([], [0.3], [np.nan, 0.3]):
        got = column_pieces(np.array(values, dtype=np.float64))
        assert got.n == len(values) - sum(map(math.isnan, values))
        assert math.isnan(got.pseudo_mean)
        assert math.isnan(got.pseudo_sd)


def test_the_order_changes_nothing() -> None:
    values = COLUMNS["ties, zeros, both signs"]
    shuffled = np.random.default_rng(0).permutation(values)
    assert column_pieces(values) == column_pieces(shuffled)


def test_large_columns_count_exactly() -> None:
    """W+ of half a million values: beyond what a sum of rounded halves would keep."""
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(0.0001, 0.02, 500_000), 5)
    got = column_pieces(values)
    nonzero = values[values != 0.0]
    ranks = stats.rankdata(np.abs(nonzero))
    twice = (2.0 * ranks[nonzero > 0]).astype(np.int64).sum()
    assert 2.0 * got.w_plus == float(twice)
