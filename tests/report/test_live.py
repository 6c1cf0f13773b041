"""Charts that can be asked: the same numbers, plotly.js once, nothing that ends a script."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from parsed import Page

pytest.importorskip("plotly", reason="pip install 'market-eventstudy[interactive]'")

from eventstudy.errors import InputError
from eventstudy.report import facts, render_html, write_html, writers
from eventstudy.report.live import library, script_json
from eventstudy.report.writers import check_formats, write_reports
from eventstudy.results import StudyResult

MARK = "plotly.js v"
# The page carries numbers as JSON, which keeps every digit of a double.
EXACT = 0.0


def specified(result: StudyResult) -> StudyResult:
    """The same result with a specification table of two models and three windows."""
    rows = [
        {"panel": "shares", "model": model, "estimation_start": -130, "estimation_end": -11,
         "start": start, "end": end, "event_id": "", "asset": "", "name": "portfolio_t",
         "variant": "published", "n_events": 3, "mean_car": 0.01 * k, "estimate": 0.01 * k,
         "ci_low": 0.01 * k - 0.02, "ci_high": 0.01 * k + 0.02, "pvalue": 0.02 * k,
         "pvalue_adjusted": 0.06 * k, "statistic": 1.0, "leads": True, "note": ""}
        for k, (model, (start, end)) in enumerate(
            (m, w) for m in ("market_model", "constant_mean") for w in ((0, 0), (-1, 1), (0, 5))
        )
    ]  # fmt: skip
    return replace(result, specification=pd.DataFrame(rows))


def charts_of(text: str) -> dict[str, dict[str, Any]]:
    found = re.search(
        r'<script type="application/json" id="charts">(.*?)</script>', text, re.DOTALL
    )
    assert found is not None
    return json.loads(found.group(1))


def first_panel(result: StudyResult) -> tuple[str, str]:
    first = facts.cross_tests(result).iloc[0]
    return str(first["panel"]), str(first["model"])


@pytest.fixture(scope="module")
def page(one: StudyResult) -> str:
    return render_html(specified(one), interactive=True)


@pytest.fixture(scope="module")
def charts(page: str) -> dict[str, dict[str, Any]]:
    return charts_of(page)


def test_the_library_is_taken_in_once(one: StudyResult, many: StudyResult, page: str) -> None:
    assert page.count(library()) == 1
    for result, count in ((one, 1), (many, 4)):
        assert render_html(result, charts=count, interactive=True).count(MARK) == 1
    assert MARK not in render_html(one, charts=1)
    assert 'class="live"' not in render_html(one, charts=1)


def test_a_page_without_charts_takes_no_library(nothing: StudyResult) -> None:
    assert render_html(nothing, interactive=True) == render_html(nothing)


def test_the_still_charts_stay(one: StudyResult, page: str) -> None:
    drawings = re.compile(r'<svg class="chart".*?</svg>', re.DOTALL)
    still = drawings.findall(render_html(specified(one)))
    assert drawings.findall(page) == still
    boxes = re.findall(r'<div class="live" data-chart="([^"]*)"', page)
    assert len(boxes) == len(set(boxes)) == len(still)
    assert page.count(" hidden></div>") == len(boxes)


def test_every_chart_has_its_numbers(page: str, charts: dict[str, dict[str, Any]]) -> None:
    assert set(charts) == set(re.findall(r'data-chart="([^"]*)"', page))
    for chart in charts.values():
        main = chart["data"][chart["main"]]
        assert len(main["x"]) == len(main["y"]) == len(chart["says"])


def test_a_path_and_its_bands_are_the_result(
    one: StudyResult, charts: dict[str, dict[str, Any]]
) -> None:
    days = one.abnormal_returns
    days = days[(days["asset"] == "INDEX") & (days["model"] == "constant_mean")]
    wide, band, path = charts["e0a0c"]["data"]
    assert path["x"] == days["tau"].tolist()
    assert path["y"] == pytest.approx(days["car"].tolist(), abs=EXACT)
    for shape, name in ((wide, "car_sup"), (band, "car")):
        ends = [*days[f"{name}_high"], *reversed(days[f"{name}_low"].tolist())]
        assert shape["y"] == pytest.approx(ends, abs=EXACT)
    panel, model = first_panel(one)
    rows = one.paths[(one.paths["panel"] == panel) & (one.paths["model"] == model)]
    mean = charts["t0m"]["data"][-1]
    assert mean["y"] == pytest.approx(rows["caar"].tolist(), abs=EXACT)


def test_prices_are_the_result(one: StudyResult, charts: dict[str, dict[str, Any]]) -> None:
    rows = one.series[one.series["asset"] == "INDEX"].sort_values("tau")
    path, move = charts["e0a0p"]["data"][:2]
    assert path["y"] == pytest.approx(rows["price"].tolist(), abs=EXACT)
    assert path["x"] == [str(d.date()) for d in rows["session"]]
    two = rows[rows["tau"].isin([-1, 0])]
    assert move["y"] == pytest.approx(two["price"].tolist(), abs=EXACT)


def test_boxes_are_the_quartiles_of_the_events(
    many: StudyResult, one: StudyResult, charts: dict[str, dict[str, Any]]
) -> None:
    for result, found in (
        (one, charts),
        (many, charts_of(render_html(many, charts=1, interactive=True))),
    ):
        panel, model = first_panel(result)
        rows = result.windows
        rows = rows[(rows["panel"] == panel) & (rows["model"] == model)]
        cars = rows[(rows["start"] == 0) & (rows["end"] == 0)]["car"]
        dots, box = found["t0b"]["data"]
        assert box["median"][0] == pytest.approx(np.median(cars), abs=EXACT)
        quartiles = tuple(np.percentile(cars, [25, 75]))
        assert (box["q1"][0], box["q3"][0]) == pytest.approx(quartiles, abs=EXACT)
        assert dots["y"][: len(cars)] == pytest.approx(cars.tolist(), abs=EXACT)


def test_what_a_point_says_is_what_the_table_says(
    page: str, charts: dict[str, dict[str, Any]]
) -> None:
    tables = [t for t in Page(page).tables if t[0][2:4] == ["Abnormal", "Cumulated"]]
    told = [[f"{h} {c}" for h, c in zip(tables[0][0], row, strict=True)] for row in tables[0][1:]]
    assert charts["e0a0c"]["says"] == told
    says = [" ".join(lines) for lines in charts["spec0"]["says"]]
    effects = charts["spec0"]["data"][0]["y"]
    assert len(says) == len(effects) == 6
    assert effects == sorted(effects)
    assert "constant mean" in says[-1]
    assert f"{100 * effects[-1]:+.2f}\u00a0%" in says[-1]


def test_a_gap_in_a_band_stays_a_gap(one: StudyResult) -> None:
    days = one.abnormal_returns
    middle = days["tau"] == 0
    hole = replace(one, abnormal_returns=days.assign(car_low=days["car_low"].mask(middle)))
    band = charts_of(render_html(hole, interactive=True))["e0a0c"]["data"][1]
    assert band["x"].count(None) == 1
    assert 0.0 not in band["x"]
    assert len(band["x"]) == len(band["y"])


def test_plotly_knows_every_attribute(charts: dict[str, dict[str, Any]]) -> None:
    """The package's own validator, which plotly.js is generated with, takes each chart."""
    objects = pytest.importorskip("plotly.graph_objects")
    for chart in charts.values():
        plain = json.loads(re.sub(r'"@[a-z-]+"', '"#123456"', json.dumps(chart)))
        objects.Figure(data=plain["data"], layout=plain["layout"])


@pytest.mark.parametrize("which", ["holes", "many", "nasty"])
def test_any_result_can_be_drawn(which: str, request: pytest.FixtureRequest) -> None:
    text = render_html(request.getfixturevalue(which), charts=3, interactive=True)
    parsed = Page(text)
    assert len(parsed.scripts) == 4
    json.loads(parsed.scripts[2], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "NaN" not in parsed.scripts[2]


def test_no_text_ends_the_script(one: StudyResult) -> None:
    evil = "</script><script>alert(1)</script><!-- ]]> & \u2028 %{x} <a href='javascript:1'>"
    result = replace(
        one,
        pinned=one.pinned.assign(headline=evil),
        run=dict(one.run) | {"prices": [dict(p) | {"title": evil} for p in one.run["prices"]]},
    )
    parsed = Page(render_html(result, interactive=True))
    assert len(parsed.scripts) == 4
    data = parsed.scripts[2]
    for sign in "<>&\u2028":
        assert sign not in data
    says = next(c["says"] for k, c in json.loads(data).items() if k.endswith("b"))
    assert "</script><script>alert(1)</script>" in " ".join(" ".join(s) for s in says)


def test_json_for_a_script_reads_back() -> None:
    value = {"a": ["</script>", "<!--", "&amp;", "\u2028\u2029", "\u05d0 \U0001f680", None, 0.1]}
    text = script_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)
    with pytest.raises(ValueError, match="JSON compliant"):
        script_json(float("nan"))


def test_bytes_repeat_across_hash_seeds(one: StudyResult, tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path[:0] = [sys.argv[1]]\n"
        "from standin import small\n"
        "from eventstudy.report import render_html\n"
        "print(hashlib.sha256(render_html(small(), interactive=True).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    env = os.environ | {
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "PYTHONPATH": str(here.parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(here)], env=env, capture_output=True, text=True,
        check=True, cwd=tmp_path,
    )  # fmt: skip
    text = render_html(one, interactive=True)
    assert done.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


def test_the_writers_pass_it_on(one: StudyResult, tmp_path: Path) -> None:
    write_reports(one, tmp_path, ["html", "md"], interactive=True)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count(MARK) == 1
    path = write_html(one, tmp_path / "page.html", interactive=True)
    assert path.read_text("utf-8") == text


def test_it_needs_a_page_and_plotly(
    one: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="html report alone; add html to pdf"):
        check_formats("pdf", interactive=True)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        writers.importlib.util, "find_spec", lambda n: None if n == "plotly" else real(n)
    )
    with pytest.raises(InputError, match=r"pip install 'market-eventstudy\[interactive\]'"):
        write_reports(one, tmp_path, ["html"], interactive=True)
    assert not list(tmp_path.iterdir())
    for name in [n for n in sys.modules if n.partition(".")[0] == "plotly"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(InputError, match=r"pip install 'market-eventstudy\[interactive\]'"):
        render_html(one, interactive=True)
