"""What views make of the groups of many leaves: the statistics, correlations of many tracks."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from eventstudy.inference.correlation import (
    CHUNK,
    common_days,
    overlap_correlation,
    track_correlation,
    windows_overlap,
)
from eventstudy.inference.registry import NEEDS_EVENTS, cross_event
from eventstudy.inference.statistic import Statistic
from eventstudy.inference.view import view
from eventstudy.names import CROSS_EVENT
from eventstudy.reduce import first, leaf
from eventstudy.reduce.groups import Tracks

from . import first_loops as loops
from .first_cases import CASES, draw_leaf, piece, sample_of

# A few thousand additions of doubles in another order; sums of products cancel.
CLOSE = 1e-11
# Sums of signed products of many pairs, against 1.
PAIRS = 1e-14

NAMES = [(s.name, s.variant) for s in CROSS_EVENT if s.name not in NEEDS_EVENTS]


def table(case: str) -> dict[tuple[int, str, str], Statistic]:
    found = CASES[case](len(case))
    sample = sample_of(found)
    return {
        (w, row.name, row.variant): row
        for w in (3, 8, 9)
        for row in cross_event(sample, found.windows[w], NAMES)
    }


@pytest.mark.parametrize("case", ["three calendars", "many holes", "skip", "spans", "benchmark"])
def test_statistics_are_the_same_however_the_events_are_cut(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(case)
    monkeypatch.setattr(leaf, "LEAF", 7)
    for key, row in table(case).items():
        other = whole[key]
        assert (row.note, row.n_events, row.n_clusters) == (
            other.note, other.n_events, other.n_clusters,
        ), key  # fmt: skip
        for field in ("estimate", "se", "statistic", "df", "pvalue", "ci_low", "ci_high", "rbar"):
            want = getattr(other, field)
            assert getattr(row, field) == pytest.approx(want, rel=CLOSE, abs=1e-14, nan_ok=True), (
                key,
                field,
            )


# Seeds whose mean is not floored at 0.
@pytest.mark.parametrize(("markets", "dates", "seed"), [(1, 85, 14), (2, 60, 11)])
def test_correlations_of_more_tracks_than_fit_a_chunk(markets: int, dates: int, seed: int) -> None:
    found = draw_leaf(seed, n=150, dates=dates, markets=markets)
    v = view(sample_of(found), found.windows[8])
    assert len(v.members.tracks.date) > CHUNK
    inside = piece(found, v.index)
    plain, shared = loops.correlations(inside, np.flatnonzero(v.columns).tolist())
    assert v.rbar == pytest.approx(plain, abs=PAIRS)
    assert v.rbar_overlap == pytest.approx(shared, abs=PAIRS)
    assert shared > 0.0


def test_a_million_events_on_one_calendar_take_no_time() -> None:
    """7,200 dates, 21 event days and 24 windows: the cost grows with dates, not with pairs."""
    k, c, length = 7200, 250, 21
    rng = np.random.default_rng(5)
    at = np.arange(k) + 300
    sums = rng.standard_normal((k, c))
    tracks = Tracks(
        at, at[:, None] + np.arange(length) - 10, at - 260, sums, sums**2 * 0.4,
        np.full((k, c), 139.0), np.full(k, 139.0),
    )  # fmt: skip
    begin = time.process_time()
    overlap = common_days(tracks)
    windows = [np.arange(length) == j for j in range(length)]
    windows += [abs(np.arange(length) - 10) <= h for h in (1, 5, 10)]
    found = [overlap_correlation(overlap, w) for w in windows]
    assert all(windows_overlap(tracks, w) for w in windows[-3:])
    assert not windows_overlap(tracks, windows[0])
    track_correlation(tracks)
    # Measured at 0.08 s; a loop over the pairs of dates would take minutes.
    assert time.process_time() - begin < 1.0
    # The middle window from its definition: every session's sum over the tracks that have it.
    n, total = 139.0 * k, 0.0
    for day in range(at[0] - 5, at[-1] + 6):
        rows = np.flatnonzero(abs(at - day) <= 5)
        square = np.zeros(int(tracks.start[rows[-1]] - tracks.start[rows[0]]) + c)
        for row in rows:
            shift = int(tracks.start[row] - tracks.start[rows[0]])
            square[shift : shift + c] += sums[row]
        total += float((square**2).sum() - tracks.squares[rows].sum())
    want = total / (n * (n - 1.0) * 11)
    assert found[-2] == pytest.approx(want, rel=1e-9)
    assert math.isclose(found[0], overlap.own[0] / (n * (n - 1.0)), rel_tol=1e-12)


def test_the_pass_over_a_leaf_is_no_loop() -> None:
    """Groups of 4,096 events in a small part of what a loop over events would take."""
    found = draw_leaf(4, n=4096, dates=30)
    begin = time.process_time()
    for name in ("window_sums", "precision_sums", "date_sums", "selected_days", "day_means"):
        getattr(first, name)(found)
    first.sar_spread(found)
    first.tracks(found)
    # Measured at 0.01 s.
    assert time.process_time() - begin < 0.5
