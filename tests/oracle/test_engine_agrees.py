"""The engine against the loops: every number of every event and every row of every window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from eventstudy import abnormal
from eventstudy.arrays import FloatArray
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.single import single_event
from eventstudy.names import CROSS_EVENT, Alternative, MissingPolicy

from .bridge import sample_of
from .cases import Case, random_cases
from .loops import Fit, Maybe, fit
from .loops_table import table
from .loops_windows import Cell, Row, andrews_s, cell, exact_t, path_f, placebo_sq

# Both add in double precision, in different orders, over at most a few thousand terms.
RELATIVE = 1e-10
# Values near 0 are differences of numbers of size 1e-2 (returns) or 1 (ratios) with the rounding
# of those.
ABSOLUTE = 1e-14
NEAR_ZERO = 1e-12
SEEDS = (1, 2)
KINDS = [case.label.rsplit("-", 1)[0] for case in random_cases(SEEDS[0])]
# One-sided p-values are looked at on one day and one longer window of the first seed.
ONE_SIDED = ((0, 0), (-2, 2))
SIDES: tuple[Alternative, ...] = ("two-sided", "less", "greater")


@cache
def _cases() -> dict[str, Case]:
    return {case.label: case for seed in SEEDS for case in random_cases(seed)}


@cache
def _fits(label: str) -> list[Fit]:
    case = _cases()[label]
    return [fit(e, case.model) for e in case.events]


@cache
def _sample(label: str, alternative: Alternative) -> Sample:
    return sample_of(_cases()[label], alternative)


@cache
def _window(label: str, start: int, end: int) -> Window:
    sample = _sample(label, "two-sided")
    policies: dict[str, MissingPolicy] = {
        "exclude": "exclude",
        "skip": "skip",
        "trade_to_trade": "trade_to_trade",
    }
    policy = policies[_cases()[label].policy]
    return abnormal.tested_window(sample.block, sample.fit, start, end, policy=policy)


def _cells(label: str, start: int, end: int) -> list[Cell | None]:
    case = _cases()[label]
    return [cell(f, start, end, case.policy) for f in _fits(label)]


def _sides(label: str, start: int, end: int) -> tuple[Alternative, ...]:
    one_sided = (start, end) in ONE_SIDED and label.endswith(f"-{SEEDS[0]}")
    return SIDES if one_sided else SIDES[:1]


def _array(rows: Sequence[Sequence[Maybe]] | Sequence[Maybe]) -> FloatArray:
    return np.array(rows, dtype=np.float64)  # None becomes NaN


def agree(got: FloatArray, want: FloatArray, what: object) -> None:
    """The same numbers, and missing in the same places."""
    np.testing.assert_allclose(got, want, rtol=RELATIVE, atol=ABSOLUTE, err_msg=str(what))


def each(kind: str, seeds: Sequence[int] = SEEDS) -> Iterator[tuple[str, int, int]]:
    """Every sample of a kind in every window."""
    for seed in seeds:
        label = f"{kind}-{seed}"
        for start, end in _cases()[label].windows:
            yield label, start, end


@pytest.mark.parametrize("kind", KINDS)
def test_fits(kind: str) -> None:
    for seed in SEEDS:
        label = f"{kind}-{seed}"
        fits, got = _fits(label), _sample(label, "two-sided").fit
        agree(got.theta, _array([f.theta for f in fits]).reshape(got.theta.shape), label)
        agree(got.sigma, _array([f.s for f in fits]), label)
        agree(got.df, _array([f.df for f in fits]), label)
        agree(got.residuals, _array([f.est_root for f in fits]), label)
        agree(got.estimation_sar, _array([f.est_scaled for f in fits]), label)
        agree(got.expected, _array([f.expected for f in fits]), label)
        agree(got.ar, _array([f.ar for f in fits]), label)
        agree(got.sar, _array([f.sar for f in fits]), label)
        v = got.covariance.matrix()
        for i, f in enumerate(fits):
            there = [t for t, a in enumerate(f.ar) if a is not None]
            want = _array([[f.covariance(t, u) for u in there] for t in there])
            np.testing.assert_allclose(
                v[i][np.ix_(there, there)], want, rtol=RELATIVE, atol=RELATIVE * f.s**2
            )


@pytest.mark.parametrize("kind", KINDS)
def test_windows(kind: str) -> None:
    entered = 0
    for label, start, end in each(kind):
        cells, got = _cells(label, start, end), _window(label, start, end)
        where = (label, start, end)
        assert [c is not None for c in cells] == got.members.tolist(), where
        entered += int(got.members.sum())
        agree(got.car, _array([c.car if c else None for c in cells]), where)
        agree(got.car_se, _array([c.se if c else None for c in cells]), where)
        agree(got.scar, _array([c.scar if c else None for c in cells]), where)
        agree(got.n_days, _array([c.spanned if c else None for c in cells]), where)
        agree(got.bhar, _array([c.bhar if c else None for c in cells]), where)
    assert entered


SINGLE = (
    ("exact_t", "published"),
    ("path_f", "published"),
    ("placebo_sq", "published"),
    ("placebo_sq", "studentised"),
    ("andrews_s", "published"),
)


def _single(c: Cell | None, name: str, variant: str, side: Alternative) -> Row:
    if c is None:
        return Row()
    if name == "exact_t":
        return exact_t(c, side)
    if name == "path_f":
        return path_f(c)
    return andrews_s(c, side) if name == "andrews_s" else placebo_sq(c, variant, side)


# At an exact tie the count of placebos hangs on the last bit of a quotient.
UNTIED = [kind for kind in KINDS if not kind.startswith("ties")]


@pytest.mark.parametrize("kind", UNTIED)
def test_single_events(kind: str) -> None:
    found = dict.fromkeys(SINGLE, 0)
    for label, start, end in each(kind, SEEDS[:1]):
        cells, window = _cells(label, start, end), _window(label, start, end)
        for side in _sides(label, start, end):
            got = single_event(_sample(label, side), window, names=SINGLE)
            for name, variant in SINGLE:
                row = got.row(name, variant)
                want = [_single(c, name, variant, side) for c in cells]
                where = (label, start, end, name, variant, side)
                agree(row.statistic, _array([r.statistic for r in want]), where)
                agree(row.pvalue, _array([r.pvalue for r in want]), where)
                agree(row.df, _array([r.df for r in want]), where)
                found[name, variant] += int(np.isfinite(row.pvalue).sum())
    assert all(found.values()), found


# Everything that is not resampled.
ROWS = [
    (s.name, s.variant)
    for s in CROSS_EVENT
    if "bootstrap" not in s.name and s.variant != "bootstrap"
]
FIELDS = ("estimate", "se", "statistic", "df", "pvalue", "rbar")


def _differences(label: str, start: int, end: int, side: Alternative) -> list[str]:
    case = _cases()[label]
    want = table(_fits(label), case.model, start, end, case.policy, side)
    got = cross_event(_sample(label, side), _window(label, start, end), ROWS)
    assert [(row.name, row.variant) for row in got] == ROWS
    assert set(want) == set(ROWS)
    wrong = []
    for row in got:
        other = want[row.name, row.variant]
        where = f"{label} [{start}, {end}] {side} {row.name} {row.variant}"
        assert math.isnan(row.statistic) == bool(row.note and math.isnan(other.statistic)), where
        if math.isnan(other.statistic):
            continue
        assert (row.n_events, row.n_clusters) == (other.n_events, other.n_clusters), where
        assert row.distribution == other.distribution, where
        for field in FIELDS:
            a, b = getattr(row, field), getattr(other, field)
            if not (math.isnan(a) and math.isnan(b)) and not math.isclose(
                a, b, rel_tol=RELATIVE, abs_tol=NEAR_ZERO
            ):
                wrong.append(f"{where} {field}: {a!r} against {b!r}")
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_across_events(kind: str) -> None:
    wrong = [
        line
        for label, start, end in each(kind)
        for side in _sides(label, start, end)
        for line in _differences(label, start, end, side)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_row_is_compared_somewhere() -> None:
    """A row that is refused in every sample would agree without having been looked at."""
    seen = set()
    for kind in ("one-date", "clusters-late"):
        label = f"{kind}-{SEEDS[0]}"
        case = _cases()[label]
        rows = table(_fits(label), case.model, -2, 2, case.policy)
        seen |= {key for key, row in rows.items() if not math.isnan(row.statistic)}
    assert seen == set(ROWS)


def test_one_event_alone_has_no_row_across_events() -> None:
    label = f"one-date-{SEEDS[0]}"
    alone = replace(_cases()[label], events=_cases()[label].events[:1])
    sample = sample_of(alone)
    window = abnormal.tested_window(sample.block, sample.fit, 0, 1, policy="exclude")
    rows = cross_event(sample, window, ROWS)
    assert all(math.isnan(row.statistic) and row.note for row in rows)
