"""The page: whole, self-contained, safe, accessible in its structure, and true to the tables."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parsed import Page

from eventstudy.report import facts, render_html, write_html
from eventstudy.report.format import HTML
from eventstudy.report.outline import Part
from eventstudy.report.tables import Cell, Column, Table
from eventstudy.results import StudyResult


@pytest.fixture(scope="module")
def page(one: StudyResult) -> str:
    return render_html(one)


def test_structure(page: str) -> None:
    parsed = Page(page)
    ids = Counter(a["id"] for _, a in parsed.tags if "id" in a)
    assert [i for i, n in ids.items() if n > 1] == []
    links = {a["href"][1:] for t, a in parsed.tags if t == "a"}
    assert links <= set(ids)
    named = {a["aria-labelledby"] for _, a in parsed.tags if "aria-labelledby" in a}
    assert named <= set(ids)
    assert sum(t == "h1" for t, _ in parsed.tags) == 1
    assert all("scope" in a for t, a in parsed.tags if t == "th")
    tables = sum(t == "table" for t, _ in parsed.tags)
    assert tables == sum(t == "caption" for t, _ in parsed.tags)
    charts = [a for t, a in parsed.tags if t == "svg" and a.get("role") == "img"]
    assert len(charts) >= 2
    assert all(a["aria-label"] for a in charts)


def test_headings_do_not_skip_a_level(page: str) -> None:
    levels = [int(t[1]) for t, _ in Page(page).tags if re.fullmatch("h[1-6]", t)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize("fixture", ["one", "many", "nasty"])
def test_nothing_points_outside(fixture: str, request: pytest.FixtureRequest) -> None:
    text = render_html(request.getfixturevalue(fixture), charts=2)
    assert "http" not in re.sub(r'<meta http-equiv="Content-Security-Policy"', "", text)
    for _, attributes in Page(text).tags:
        for name in ("src", "href", "srcset", "action", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith("#")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_a_hostile_headline_is_text(nasty: StudyResult) -> None:
    text = render_html(nasty)
    parsed = Page(text)
    assert sum(t == "script" for t, _ in parsed.tags) == 1
    assert "i" not in {t for t, _ in parsed.tags}
    assert "alert(1)" in "".join(parsed.text)
    assert "\U0001f680" in text
    assert "\u202e" not in text


def _reaction_tables(text: str) -> list[list[dict[str, str]]]:
    found = [t for t in Page(text).tables if t[0][0] == "Asset" and "Return" in t[0]]
    return [[dict(zip(t[0], row, strict=True)) for row in t[1:]] for t in found]


def test_numbers_read_back(one: StudyResult, page: str) -> None:
    rows = facts.reactions(one)
    told = _reaction_tables(page)[0]
    assert len(told) == len(rows)
    for cells, (_, row) in zip(told, rows.iterrows(), strict=True):
        assert cells["Asset"] == row["title"]
        assert cells["Return"] == HTML.percent(row["return"])
        assert cells["Abnormal"] == HTML.percent(row["car"])
        assert cells["95 % interval"] == HTML.interval(row["ci_low"], row["ci_high"])
        assert cells["Exact p"] == HTML.pvalue(row["pvalue"])
        assert cells["Placebo p"] == HTML.pvalue(row["placebo_pvalue"])
        assert cells["Adj. p"] == HTML.pvalue(row["lead_adjusted"])
        assert cells["Detectable"] == HTML.percent(row["mde"], sign=False)


def test_charts_have_their_numbers(one: StudyResult, page: str) -> None:
    days = one.abnormal_returns
    days = days[(days["asset"] == "INDEX") & (days["model"] == "constant_mean")]
    tables = [t for t in Page(page).tables if t[0][2:4] == ["Abnormal", "Cumulated"]]
    assert [r[3] for r in tables[0][1:]] == [HTML.percent(v) for v in days["car"]]


def test_many_events_say_what_is_not_shown(many: StudyResult) -> None:
    text = render_html(many, charts=3)
    assert "Charts of the first 3 of 60 events are shown" in text
    assert text.count('class="chart"') == 3 * 2 + 2
    assert 'class="chart"' not in render_html(many, charts=0).split('id="across"')[0]


def test_missing_numbers_are_dashes(holes: StudyResult) -> None:
    parsed = Page(render_html(holes))
    text = " ".join(parsed.text)
    assert "nan" not in text.lower().replace("finance", "").replace("financial", "")
    row = _reaction_tables(render_html(holes))[0][0]
    for column in ("Return", "Abnormal", "95 % interval", "Exact p", "Placebo p", "Detectable"):
        assert row[column] == HTML.dash


def test_nothing_estimated_is_a_whole_page(nothing: StudyResult) -> None:
    parsed = Page(render_html(nothing))
    assert "No headline could be estimated" in " ".join(parsed.text)


def test_bytes_repeat_across_hash_seeds_and_time_zones(page: str, tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path[:0] = [sys.argv[1]]\n"
        "from standin import small\n"
        "from eventstudy.report import render_html\n"
        "print(hashlib.sha256(render_html(small()).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    seen = {__import__("hashlib").sha256(page.encode()).hexdigest()}
    for seed, zone in (("1", "Asia/Tokyo"),):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(here.parents[1])}
        done = subprocess.run(
            [sys.executable, "-c", code, str(here)], env=env, capture_output=True, text=True,
            check=True, cwd=tmp_path,
        )  # fmt: skip
        seen.add(done.stdout.strip())
    assert len(seen) == 1


def test_writing_is_whole_or_not_at_all(
    one: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    write_html(one, target, charts=0)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert target.read_text("utf-8") == render_html(one, charts=0)

    def cut(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", cut)
    with pytest.raises(OSError, match="No space"):
        write_html(one, target, charts=1)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert target.read_text("utf-8") == render_html(one, charts=0)


def test_methods_cite_what_was_run_and_nothing_else(one: StudyResult) -> None:
    text = render_html(one, charts=0)
    methods = text.split('id="methods"')[1].split("</section>")[0]
    assert "Boehmer" in methods
    assert "Corrado" not in methods
    assert "10.1093/rfs/hhq072" in methods


def test_many_events_lead_with_the_tests(many: StudyResult, one: StudyResult) -> None:
    text = render_html(many, charts=0)
    assert text.index('id="across"') < text.index('id="pinned"') < text.index('id="reactions"')
    assert "60 before the open" in text
    text = render_html(one, charts=0)
    assert text.index('id="pinned"') < text.index('id="event-1"') < text.index('id="across"')


def test_the_negative_control_is_told(one: StudyResult) -> None:
    assert 'id="control"' not in render_html(one, charts=0)
    control = pd.DataFrame(
        {
            "panel": ["shares"], "model": ["market_model"], "start": [0], "end": [0],
            "name": ["bmp_t"], "variant": ["published"], "n_events": [3], "shift": [-138],
            "session": [pd.Timestamp("2021-07-30")], "estimate": [0.21], "statistic": [0.5],
            "distribution": ["t"], "df": [2.0], "pvalue": [0.6661], "note": [""],
        }
    )  # fmt: skip
    parsed = Page(render_html(replace(one, control=control), charts=0))
    row = next(t for t in parsed.tables if "Sessions earlier" in t[0])[1]
    assert row == ["shares", "market model", "2021-07-30", "138", "BMP t", "3", "+0.21\u00a0sd",
                   "0.666"]  # fmt: skip


def test_sections_before_the_answer_and_notes_after_it(one: StudyResult) -> None:
    table = Table("t", "Moved <b>", (Column("What"),), [[Cell("a & b")]])
    part = Part("changes", "What changed", ("Since <yesterday>.",), (table,))
    text = render_html(one, charts=0, first=[part], notes=["The family is all studies."])
    parsed = Page(text)
    assert "yesterday" not in {t for t, _ in parsed.tags}
    assert text.index('id="changes"') < text.index('id="answer"')
    assert 'href="#changes"' in text
    assert "Since <yesterday>." in "".join(parsed.text)
    assert "The family is all studies." in text.split('id="pinned"')[0]
    assert render_html(one, charts=0) == render_html(one, charts=0, first=(), notes=())


def test_other_headlines_sessions_and_regressors_are_told(one: StudyResult) -> None:
    bare = render_html(one, charts=0)
    for word in ("Clean events", "could be day 0", 'id="regressions"'):
        assert word not in bare
    key = {"panel": "shares", "model": "market_model", "start": 0, "end": 5}
    test = key | {"name": "portfolio_t", "variant": "published", "note": "", "n_events": 9,
                  "estimate": 0.0123, "pvalue": 0.04, "n_contaminated": 2, "n_clean": 7,
                  "estimate_clean": 0.0034, "pvalue_clean": 0.61}  # fmt: skip
    none = test | {"end": 7, "n_clean": 0, "estimate_clean": np.nan, "pvalue_clean": np.nan}
    moved = {"event_id": "H1", "asset": "INDEX", "model": "constant_mean", "start": 0, "end": 0,
             "session": pd.Timestamp("2021-10-01"), "car": 0.0222, "pvalue": 0.2,
             "chosen": True}  # fmt: skip
    term = key | {"term": "surprise", "coefficient": 0.0151, "ci_low": 0.001, "ci_high": 0.03,
                  "statistic": 2.1, "df": 30.0, "pvalue": 0.044, "n_events": 33, "n_clusters": 33,
                  "r_squared": 0.12, "note": ""}  # fmt: skip
    text = render_html(
        replace(
            one,
            contamination=pd.DataFrame([test, none]),
            sensitivity=pd.DataFrame([moved]),
            regressions=pd.DataFrame([term]),
        ),
        charts=0,
    )
    told = [" | ".join(row) for t in Page(text).tables for row in t]
    clean = "+1.23\u00a0% | 0.040 | 7 | +0.34\u00a0% | 0.610"
    assert any(clean in row for row in told)
    assert "Every event of the window holds another headline: shares [0, +7]." in text
    assert any("2021-10-01 | +2.22\u00a0% | 0.200 | of the study" in row for row in told)
    assert any("surprise | +1.51\u00a0%" in row for row in told)
