"""Which tests lead for which overlap of the events."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.abnormal import tested_window as window_of
from eventstudy.inference.leads import Leads, leading, leads
from eventstudy.names import CROSS_EVENT

from .samples import draw, sample_of

KNOWN = {(s.name, s.variant): s for s in CROSS_EVENT}
BMP, GRANK = ("bmp_t", "published"), ("grank_t", "published")
CORRADO = ("corrado_rank_z", "finite_population")
GRANK_CC, PORTFOLIO = ("grank_t", "cross_correlation"), ("portfolio_t", "published")
KP, KP_OVERLAP = ("adjusted_bmp_t", "published"), ("adjusted_bmp_t", "overlap")
DATES = ("date_mean_t", "published")


def chosen(starts: list[int], start: int, end: int) -> Leads:
    block, dates = draw(1, len(starts), length=11, starts=np.array(starts))
    s = sample_of(block, dates)
    return leads(s, window_of(s.block, s.fit, start, end))


@pytest.mark.parametrize(
    ("starts", "window", "design", "tests"),
    [
        ([0], (0, 0), "none", ()),
        ([0, 30, 60], (0, 0), "distinct", (BMP, GRANK)),
        ([0, 30, 60], (-1, 1), "distinct", (BMP, CORRADO)),
        # Windows [-1, 1] three sessions apart are next to each other, two apart share a session.
        ([0, 3, 60], (-1, 1), "distinct", (BMP, CORRADO)),
        ([0, 2, 60], (-1, 1), "overlapping", (KP_OVERLAP, GRANK_CC, PORTFOLIO)),
        ([0, 2, 60], (0, 0), "distinct", (BMP, GRANK)),
        ([5] * 6, (0, 0), "one date", (KP, GRANK_CC, PORTFOLIO)),
        ([5] * 6, (-2, 2), "one date", (KP, GRANK_CC, PORTFOLIO)),
        ([0, 0, 30, 60], (0, 0), "shared", (KP_OVERLAP, GRANK_CC, PORTFOLIO)),
        ([0, 0, 30, 30, 60, 60, 90, 90], (0, 0), "shared", (KP_OVERLAP, GRANK_CC, PORTFOLIO)),
        (sorted([0, 30, 60, 90, 120] * 2), (0, 0), "few dates", (DATES, KP_OVERLAP)),
        (sorted([0, 30, 60, 90, 120] * 2), (-2, 2), "few dates", (DATES, KP_OVERLAP)),
        (
            sorted([0, 3, 60, 90, 120] * 2),
            (-2, 2),
            "overlapping",
            (KP_OVERLAP, GRANK_CC, PORTFOLIO),
        ),
    ],
)
def test_designs(
    starts: list[int], window: tuple[int, int], design: str, tests: tuple[object, ...]
) -> None:
    got = chosen(starts, *window)
    assert (got.design, got.tests) == (design, tests)
    assert got.reason.endswith(".")
    assert got.reason.count(". ") == 0  # one sentence
    assert got.tests == leading(got.design, one_day=window[0] == window[1])


def test_only_events_that_enter_count() -> None:
    block, dates = draw(2, 3, starts=np.array([0, 0, 40]))
    block.returns_evt[1, 3] = np.nan
    s = sample_of(block, dates)
    assert leads(s, window_of(s.block, s.fit, 0, 0)).design == "distinct"
    assert leads(s, window_of(s.block, s.fit, 1, 1)).design == "shared"


def test_leading_tests_do_not_assume_what_the_sample_breaks() -> None:
    for starts in ([5] * 6, sorted([0, 30, 60, 90, 120] * 2), [0, 2, 60], [0, 30, 60]):
        for window in ((0, 0), (-2, 2)):
            got = chosen(starts, *window)
            clean = got.tests[:1] if got.design == "overlapping" else got.tests
            assert not set(clean) & set(got.assume_independence)
            assert set(got.assume_independence) <= set(KNOWN)
            for key in got.tests:
                assert KNOWN[key].recommended


def test_marks() -> None:
    assert chosen([0, 30, 60], 0, 0).assume_independence == ()
    one_date = chosen([5] * 6, 0, 0).assume_independence
    assert set(one_date) == {k for k, s in KNOWN.items() if s.independent}
    assert ("cluster_t", "published") not in one_date
    overlapping = chosen([0, 2, 4], -2, 2).assume_independence
    assert set(one_date) < set(overlapping)
    assert {DATES, PORTFOLIO, GRANK_CC, CORRADO} <= set(overlapping)
    assert KP_OVERLAP not in overlapping
    assert ("calendar_time_t", "published") not in overlapping
    order = [list(KNOWN).index(k) for k in overlapping]
    assert order == sorted(order)


def test_few_dates_are_said() -> None:
    assert "fewer than five dates" in chosen([0, 0, 30, 60], 0, 0).reason
    assert "fewer than five" not in chosen([0, 0, 30, 60, 90, 120], 0, 0).reason
    assert "share a date" in chosen([0, 0, 30, 60], 0, 0).reason
    assert "windows of different dates overlap" in chosen([0, 2, 60], -2, 2).reason


def test_events_of_two_calendars_overlap_in_calendar_time() -> None:
    # Day 0 on different dates, sessions interleaved without one in common.
    block, _ = draw(3, 2)
    block.days_est[0] = block.days_est[0] * 2
    block.days_evt[0] = block.days_evt[0] * 2
    block.days_est[1] = block.days_est[1] * 2 + 1
    block.days_evt[1] = block.days_evt[1] * 2 + 1
    s = sample_of(block, block.days_evt[:, 3])
    assert leads(s, window_of(s.block, s.fit, -1, 1)).design == "overlapping"
    assert leads(s, window_of(s.block, s.fit, 0, 0)).design == "distinct"
