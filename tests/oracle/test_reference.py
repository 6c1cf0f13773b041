"""The loop implementation against stored references: golden vector and two real samples."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from scipy import stats

from .cases import Case, golden, real
from .loops import Fit, fit, midranks
from .loops_ranks import binomial_p, signed_rank_counts
from .loops_table import table
from .loops_windows import cell, exact_t

# What the references promise: every number was computed in double precision by other loops.
RELATIVE = 1e-10


def close(got: float, want: float | None) -> bool:
    """Equal to the promised accuracy; a missing number only to a missing number."""
    if want is None:
        return math.isnan(got)
    return math.isclose(got, want, rel_tol=RELATIVE, abs_tol=1e-14)


def compare_tests(stored: Sequence[dict[str, Any]], fits: Sequence[Fit], case: Case) -> int:
    """Hold every stored row against the loops; returns how many rows were compared."""
    wrong, rows = [], 0
    for window in stored:
        got = table(fits, case.model, window["start"], window["end"], case.policy)
        where = (case.label, window["start"], window["end"])
        if "rbar" in window:
            assert close(got["adjusted_bmp_t", "published"].rbar, window["rbar"]), where
            assert close(got["cross_sectional_t", "published"].estimate, window["caar"]), where
        assert got["bmp_t", "published"].n_events == window["n_events"], where
        for want in window["statistics"]:
            row = got[want["name"], want["variant"]]
            rows += 1
            wrong += [
                (where, want["name"], want["variant"], field)
                for field in ("statistic", "df", "pvalue")
                if field in want and not close(getattr(row, field), want[field])
            ]
    assert not wrong
    return rows


def test_golden_vector(shared_reference: Path) -> None:
    stored, case = json.loads((shared_reference / "golden.json").read_text()), golden()
    fits = [fit(e, case.model) for e in case.events]
    cells = [cell(f, -1, 1, case.policy) for f in fits]
    for i, (f, c) in enumerate(zip(fits, cells, strict=True)):
        assert c is not None
        pairs = itertools.chain(
            zip(f.theta, stored["alpha_beta"][i], strict=True),
            zip(f.ar, stored["ar"][i], strict=True),
            [
                (f.s, stored["sigma"][i]),
                (c.car, stored["car"][i]),
                (c.se, stored["car_se"][i]),
                (c.scar, stored["scar"][i]),
                (f.sar[1], stored["sar_day_0"][i]),
            ],
        )
        assert all(got is not None and close(got, want) for got, want in pairs)
    v = [[fits[0].covariance(t, u) / fits[0].s ** 2 for u in range(3)] for t in range(3)]
    for got, want in zip(v, stored["v_over_sigma2_of_event_0"], strict=True):
        assert all(close(a, b) for a, b in zip(got, want, strict=True))
    first = cells[0]
    assert first is not None
    assert close(exact_t(first, "two-sided").pvalue, stored["car_pvalue_of_event_0"])
    rbar = table(fits, case.model, 0, 0, case.policy)["adjusted_bmp_t", "published"].rbar
    assert close(rbar, stored["rbar"])
    assert compare_tests(stored["tests"], fits, case) == 31


@pytest.mark.parametrize("name", ["case_a", "case_d"])
def test_real_samples(shared_reference: Path, name: str) -> None:
    stored, case = real(shared_reference / f"{name}.json")
    fits = [fit(e, case.model) for e in case.events]
    for f, want in zip(fits, stored["events"], strict=True):
        assert (f.n_obs, f.df) == (want["n_estimation"], want["df"])
        got = [*f.theta, f.s, *f.ar, *f.sar]
        there = [*want["coefficients"], want["sigma"], *want["ar"], *want["sar"]]
        for a, b in zip(got, there, strict=True):
            assert (a is None) == (b is None)
            assert a is None or close(a, b)
    assert compare_tests(stored["tests"], fits, case) == 18 * 14


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("p", [0.5, 0.47, 0.9])
def test_binomial_convention(
    p: float, alternative: Literal["two-sided", "less", "greater"]
) -> None:
    for wins in range(12):
        want = stats.binomtest(wins, 11, p, alternative=alternative).pvalue
        assert binomial_p(wins, 11, p, alternative) == pytest.approx(want, rel=RELATIVE)


def test_signed_rank_counting_by_enumeration() -> None:
    n = 9
    counts = [0] * (n * (n + 1) // 2 + 1)
    for pattern in itertools.product([0, 1], repeat=n):
        counts[sum(rank for rank, on in zip(range(1, n + 1), pattern, strict=True) if on)] += 1
    assert signed_rank_counts(n) == counts


def test_midranks() -> None:
    assert midranks([3.0, 1.0, 3.0, -2.0]) == [3.5, 2.0, 3.5, 1.0]
