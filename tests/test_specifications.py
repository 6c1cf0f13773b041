"""Every choice side by side: the same numbers as single studies, one family, one chart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError
from eventstudy.inference.multiplicity import holm
from eventstudy.plots.specification import curve, specification
from eventstudy.plots.svg import draw, svg_text
from eventstudy.report.specs import specification_part
from eventstudy.specifications import COLUMNS

EVENTS = """event_id,timestamp,asset
one,2021-03-16,AAA
two,2021-04-20,BBB
three,2021-05-18,AAA
"""
STUDY = """[events]
file = "events.csv"
[prices]
source = "file"
file = "prices.csv"
[model]
name = "market_model"
benchmark = "MKT"
[windows]
estimation = [-42, -3]
event = [-1, 2]
report = [[0, 0], [0, 2]]
"""
SECTION = """[specification]
models = ["market_model", "constant_mean"]
estimation = [[-42, -3], [-35, -3]]
"""
# Two runs of the same arithmetic on the same arrays; only the order of sums may differ.
SAME = 1e-12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    days = pd.bdate_range("2021-01-04", "2021-06-30")
    moves = rng.normal(0.0, 0.01, (len(days), 3))
    moves[:, 1:] += moves[:, :1]
    levels = 100.0 * np.exp(moves.cumsum(axis=0))
    frame = pd.DataFrame(levels, index=days.strftime("%Y-%m-%d"), columns=["MKT", "AAA", "BBB"])
    (tmp_path / "prices.csv").write_text(frame.to_csv(index_label="date"))
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "study.toml").write_text(STUDY + SECTION)
    return tmp_path / "study.toml"


def test_rows_are_those_of_the_single_studies(path: Path) -> None:
    table = es.specification(path)
    assert list(table.columns) == COLUMNS
    assert len(table.drop_duplicates(["model", "estimation_start", "start", "end"])) == 8
    assert table["leads"].all()
    keys = ["model", "start", "end", "name", "variant"]
    for model, start in (("market_model", -42), ("constant_mean", -35)):
        text = STUDY.replace("[-42, -3]", f"[{start}, -3]")
        if model == "constant_mean":
            text = text.replace('"market_model"', '"constant_mean"').replace(
                'benchmark = "MKT"\n', ""
            )
            listed = 'file = "prices.csv"\nassets = ["AAA", "BBB"]'
            text = text.replace('file = "prices.csv"', listed)
        path.write_text(text)
        tests = es.run(path).tests
        alone = tests[tests["leads"]].merge(
            table[(table["model"] == model) & (table["estimation_start"] == start)], on=keys
        )
        assert len(alone) == (table["estimation_start"].eq(start) & table["model"].eq(model)).sum()
        np.testing.assert_allclose(alone["pvalue_x"], alone["pvalue_y"], rtol=SAME)
        np.testing.assert_allclose(alone["estimate_x"], alone["estimate_y"], rtol=SAME)


def test_everything_that_was_tried_is_one_family(path: Path) -> None:
    table = es.specification(path)
    wanted = holm(table["pvalue"].to_numpy())
    assert table["pvalue_adjusted"].tolist() == wanted.tolist()
    assert table["panel"].unique().tolist() == ["MKT"]


def test_a_run_has_the_same_table_and_tells_it(path: Path) -> None:
    result = es.run(path)
    pd.testing.assert_frame_equal(result.specification, es.specification(path))
    part = specification_part(result)
    assert part is not None
    assert f"{len(result.specification)} combinations" in part.text[0]
    assert len(part.tables[0].rows) == len(result.specification)
    assert len(part.figures) == 1
    path.write_text(STUDY)
    assert specification_part(es.run(path)) is None


def test_python_says_more_than_the_file(path: Path) -> None:
    table = es.specification(path, models=["ar1"], windows=[(0, 1)], tests=["bmp_t", "exact_t"])
    assert set(table["model"]) == {"ar1"}
    assert set(zip(table["start"], table["end"], strict=True)) == {(0, 1)}
    assert set(table["name"]) == {"bmp_t"}
    assert set(table["estimation_start"]) == {-42, -35}


def test_a_panel_of_one_event_enters_by_its_own_tests(path: Path) -> None:
    path.with_name("events.csv").write_text("event_id,timestamp,asset\none,2021-05-18,AAA\n")
    table = es.specification(path)
    assert set(table["event_id"]) == {"one"}
    result = es.run(path)
    windows = result.windows.set_index(["start", "end"])["car"]
    own = table[(table["model"] == "market_model") & (table["estimation_start"] == -42)]
    for row in own.itertuples():
        assert row.mean_car == pytest.approx(windows[(row.start, row.end)], rel=SAME)


def test_an_asset_keeps_its_own_model(path: Path) -> None:
    path.write_text(STUDY + '[assets.BBB]\nmodel = "constant_mean"\npanel = "B"\n' + SECTION)
    table = es.specification(path)
    assert set(table.loc[table["panel"] == "B", "model"]) == {"constant_mean"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("estimation = [[-42, 0]]", "overlaps the windows"),
        ("estimation = [[-20, -3]]", "fewer than min_observations"),
        ('models = ["markt_model"]', "did you mean 'market_model'"),
        ('modls = ["ar1"]', "did you mean 'models'"),
        ('tests = ["bmp"]', "bmp_t"),
    ],
)
def test_what_cannot_be_is_said(line: str, words: str, path: Path) -> None:
    path.write_text(f"{STUDY}[specification]\n{line}\n")
    with pytest.raises(InputError, match=words) as caught:
        es.load_study(path)
    assert "[specification]" in str(caught.value)
    assert "line 14" in str(caught.value) or "line 13" in str(caught.value)


def test_a_benchmark_that_only_a_specification_needs(path: Path) -> None:
    text = STUDY.replace('"market_model"', '"constant_mean"')
    path.write_text(text + '[specification]\nmodels = ["market_model", "constant_mean"]\n')
    assert set(es.specification(path)["model"]) == {"market_model", "constant_mean"}


def test_the_chart_has_a_dot_a_specification(path: Path) -> None:
    table = es.specification(path)
    rows = curve(table)
    assert rows["mean_car"].is_monotonic_increasing
    assert len(rows) == 8
    figure = draw(lambda ax: specification(table, ax=ax))
    axes = figure.axes[0]
    dots = axes.collections[1].get_offsets()
    np.testing.assert_allclose(np.asarray(dots)[:, 1], rows["mean_car"], rtol=SAME)
    marks = sum(len(c.get_offsets()) for c in axes.collections[2:])
    assert marks == 3 * len(rows)
    again = draw(lambda ax: specification(table, ax=ax))
    assert svg_text(figure) == svg_text(again)
    with pytest.raises(InputError, match="no panel 'X'"):
        curve(table, "X")
