"""The stored references, row by row."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from oracle.bridge import sample_of
from oracle.cases import golden, real

from eventstudy.abnormal import tested_window as window_of
from eventstudy.inference.registry import cross_event
from eventstudy.inference.view import view

from .samples import ROWS

# Double precision, other order of summation; golden.json prints some rows with eleven digits.
RELATIVE = 1e-10


def _check(stored: dict[str, object], got: object, where: str) -> None:
    for key in ("statistic", "df", "pvalue"):
        if key not in stored:
            continue
        want, value = stored[key], getattr(got, key)
        if want is None:
            assert math.isnan(value), (where, key)
        else:
            assert value == pytest.approx(want, rel=RELATIVE, abs=1e-14), (where, key)


@pytest.mark.parametrize("name", ["case_a", "case_d"])
def test_real_data(name: str, shared_reference: Path) -> None:
    stored, case = real(shared_reference / f"{name}.json")
    sample = sample_of(case)
    compared = 0
    for table in stored["tests"]:
        start, end = table["start"], table["end"]
        window = window_of(sample.block, sample.fit, start, end, policy="skip")
        v = view(sample, window)
        assert v.rbar == pytest.approx(table["rbar"], rel=RELATIVE, abs=1e-14)
        assert v.car.mean() == pytest.approx(table["caar"], rel=RELATIVE)
        for row in table["statistics"]:
            key = (row["name"], row["variant"])
            if key not in ROWS:
                continue
            (got,) = cross_event(sample, window, [key])
            _check(row, got, f"{name} {start} {end} {key}")
            assert got.n_events == table["n_events"]
            compared += 1
    assert compared == 10 * len(stored["tests"])


def test_golden_vector(shared_reference: Path) -> None:
    stored = json.loads((shared_reference / "golden.json").read_text())
    sample = sample_of(golden())
    compared = 0
    for table in stored["tests"]:
        window = window_of(sample.block, sample.fit, table["start"], table["end"])
        assert view(sample, window).rbar == pytest.approx(stored["rbar"], rel=RELATIVE)
        for row in table["statistics"]:
            key = (row["name"], row["variant"])
            if key in ROWS:
                _check(row, cross_event(sample, window, [key])[0], f"golden {key}")
                compared += 1
    assert compared == 18
