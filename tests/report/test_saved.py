"""CSV, Parquet and JSON read back by readers that know nothing of the package: the same result."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from eventstudy.results import TABLES, StudyResult

ALL = ["one", "many", "nasty", "holes", "nothing"]


def missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def moment(value: pd.Timestamp) -> pd.Timestamp:
    return value.tz_localize("UTC") if value.tzinfo is None else value.tz_convert("UTC")


def same(text: Any, value: Any) -> bool:
    """Say whether what a plain reader got is the value of a frame, to the last bit."""
    if missing(value) or value == "":
        return text in ("", None)
    if isinstance(value, bool | np.bool_):
        return text in (str(bool(value)), bool(value))
    if isinstance(value, pd.Timestamp):
        return moment(pd.Timestamp(text)) == moment(value)
    if isinstance(value, float | np.floating):
        return float(text) == float(value)
    if isinstance(value, int | np.integer):
        return int(text) == int(value)
    return text == value


@pytest.mark.parametrize("which", ALL)
def test_csv_reads_back(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result: StudyResult = request.getfixturevalue(which)
    result.save(tmp_path)
    for name in TABLES:
        frame = getattr(result, name)
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file)) or [[]]
        assert head == list(frame.columns)
        assert len(rows) == len(frame)
        for row, values in zip(rows, frame.itertuples(index=False, name=None), strict=True):
            for column, text, value in zip(head, row, values, strict=True):
                assert same(text, value), (name, column, text, value)


@pytest.mark.parametrize("which", ALL)
def test_json_reads_back(which: str, request: pytest.FixtureRequest) -> None:
    result: StudyResult = request.getfixturevalue(which)
    found = json.loads(json.dumps(result.to_json(), allow_nan=False))
    for name in TABLES:
        frame = getattr(result, name)
        assert len(found[name]) == len(frame)
        for row, values in zip(found[name], frame.itertuples(index=False, name=None), strict=True):
            for column, value in zip(frame.columns, values, strict=True):
                assert same(row[column], value), (name, column, row[column], value)


@pytest.mark.parametrize("which", ALL)
def test_parquet_reads_back(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result: StudyResult = request.getfixturevalue(which)
    result.save(tmp_path, format="parquet")
    for name in TABLES:
        frame = getattr(result, name)
        table = pq.read_table(tmp_path / f"{name}.parquet")
        assert table.column_names == list(frame.columns)
        assert table.num_rows == len(frame)
        for column in frame.columns:
            for got, value in zip(table[column].to_pylist(), frame[column], strict=True):
                if isinstance(value, float) and math.isnan(value):
                    assert got is None or math.isnan(got)
                else:
                    assert same(got, value), (name, column, got, value)
