"""Products of tracks by the sessions between them, against a loop over pairs and days."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.inference.correlation import common_days
from eventstudy.reduce.groups import Tracks
from eventstudy.reduce.lagged import lag_products, pair_sums, session_places

# A few thousand products of unit size in another order.
CLOSE = 1e-12
# Sessions of the calendar and tracks on it: most sessions begin one, few do, in separate bunches.
CASES = {"dense": (150, 90), "sparse": (600, 60), "one": (90, 1), "more than a piece": (2500, 400)}


def draw(sessions: int, count: int, *, length: int = 5, early: bool = False) -> Tracks:
    """Tracks of a calendar with gaps; ``early``: estimation days of the first are cut off."""
    rng = np.random.default_rng(sessions + count)
    calendar = 100 + np.cumsum(rng.integers(1, 4, sessions))
    at = np.sort(
        rng.choice(np.arange(20 if early else 40, sessions - length), count, replace=False)
    )
    events = rng.integers(1, 4, count).astype(float)
    sums, squares = rng.normal(size=(2, count, 30))
    return Tracks(
        date=calendar[at],
        days=calendar[at[:, None] + np.arange(length)],
        start=np.maximum(at - 40, 0),
        sums=sums,
        squares=np.abs(squares),
        count=np.repeat(events[:, None], 30, axis=1),
        events=events,
    )


def slow_pairs(tracks: Tracks) -> np.ndarray:
    """By columns of the days that both of two tracks have: products over common sessions."""
    count, length = tracks.days.shape
    out = np.zeros((length, length))
    for i in range(count):
        for j in range(count):
            if tracks.days[j, 0] <= tracks.days[i, 0]:
                continue
            met = [
                (r, c)
                for r in range(length)
                for c in range(length)
                if tracks.days[i, r] == tracks.days[j, c]
            ]
            if not met:
                continue
            shift = tracks.start[j] - tracks.start[i]
            value = sum(
                tracks.sums[i, t] * tracks.sums[j, t - shift]
                for t in range(30)
                if 0 <= t - shift < 30
            )
            for r, c in met:
                out[r, c] += value
    return out


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_pairs_by_columns(name: str, early: bool) -> None:
    tracks = draw(*CASES[name], early=early)
    assert session_places(tracks.days) is not None
    found = common_days(tracks)
    wanted = slow_pairs(tracks)
    assert np.abs(found.pairs - wanted).max() <= CLOSE * max(np.abs(wanted).max(), 1.0)


def test_one_day_windows_meet_nobody() -> None:
    tracks = draw(150, 90, length=1)
    place = session_places(tracks.days)
    assert place is not None
    assert lag_products(tracks, place).tolist() == [0.0]


def test_own_pairs() -> None:
    tracks = draw(150, 90)
    wanted = [
        sum(
            s * s - q
            for s, q, c in zip(tracks.sums[k], tracks.squares[k], tracks.count[k], strict=True)
            if c >= 2
        )
        for k in range(90)
    ]
    np.testing.assert_allclose(pair_sums(tracks), wanted, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize(
    "days",
    [
        [[1, 2], [1, 2]],  # twice the same
        [[1, 3], [2, 3]],  # two calendars: one skips a day that the other has
        [[1, 2], [2, -1]],  # beyond the calendar
        [[5, 6], [1, 2]],  # not ascending
    ],
)
def test_no_places(days: list[list[int]]) -> None:
    assert session_places(np.array(days)) is None
