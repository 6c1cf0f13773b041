"""Stored reference numbers: the golden vector, and two samples of real prices."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from .samples import FUNCTIONS, KEYS, golden_sample, reference_sample, run

# Both programs add in double precision; the stored numbers have 13 digits or more.
RELATIVE = 1e-10


def test_golden_vector(shared_reference: Path) -> None:
    stored = json.loads((shared_reference / "golden.json").read_text())
    sample = golden_sample()
    seen = set()
    for table in stored["tests"]:
        for row in table["statistics"]:
            key = (row["name"], row["variant"])
            if key not in KEYS:
                continue
            got = run(key, sample, table["start"], table["end"])
            assert got.statistic == pytest.approx(row["statistic"], rel=RELATIVE), key
            assert got.n_events == table["n_events"]
            seen.add(key)
    assert len(seen) == 7
    adjusted = run(("grank_t", "cross_correlation"), sample)
    assert adjusted.rbar == pytest.approx(stored["rbar"], rel=RELATIVE)


@pytest.mark.parametrize("case", ["case_a", "case_d"])
def test_real_prices(shared_reference: Path, case: str) -> None:
    stored = json.loads((shared_reference / f"{case}.json").read_text())
    sample = reference_sample(stored)
    seen = 0
    for table in stored["tests"]:
        for row in table["statistics"]:
            if row["name"] not in FUNCTIONS:
                continue
            got = run(
                (row["name"], row["variant"]), sample, table["start"], table["end"], policy="skip"
            )
            where = (case, table["start"], table["end"], row["name"], row["variant"])
            assert got.statistic == pytest.approx(row["statistic"], rel=RELATIVE), where
            assert got.pvalue == pytest.approx(row["pvalue"], rel=RELATIVE), where
            assert math.isnan(got.df) if row["df"] is None else got.df == row["df"], where
            assert got.estimate == pytest.approx(table["caar"], rel=RELATIVE), where
            assert got.n_events == table["n_events"], where
            seen += 1
    assert seen == 14 * 8  # windows x rows of these tests
