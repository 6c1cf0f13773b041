"""What a prompt shows of a study is a study file that gives the same study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.api import flagship
from eventstudy.prices.bundled import load_bundled

EVENT = {"event_id": "a", "timestamp": "2022-02-15T08:00Z", "headline": 'He said "no"\n\x7fto\\it'}
STUDIES: list[dict[str, Any]] = [
    {},
    {"events": {"list": [EVENT, {"event_id": "b", "timestamp": "2022-02-24", "sign": -1.0}]}},
    {"assets": {"^GSPC": {"calendar": "XNYS", "close": "16:00 America/New_York"}, "XOM": {}}},
    {"prices": {"source": "file", "file": "sub/p.csv", "columns": {"close": "PX LAST"},
                "more": [{"source": "yahoo"}]}},
    {"regression": {"on": ["surprise"], "window": [0, 2]}, "tests": {"names": ["bmp_t"]}},
    {"specification": {"models": ["ar1"], "estimation": [[-60, -11]]}, "study": {"seed": 7}},
    {"model": {"name": "market_model", "benchmark": "SP500", "half_life": 12.5,
               "also": ["constant_mean"]}},
]  # fmt: skip


@pytest.mark.parametrize("given", STUDIES, ids=lambda g: "+".join(g) or "least")
def test_the_text_gives_the_study_back(given: dict[str, Any], tmp_path: Path) -> None:
    least: dict[str, Any] = {
        "events": {"list": [EVENT]}, "prices": {"source": "bundled"},
        "model": {"name": "constant_mean"},
    }  # fmt: skip
    study = es.Study(**(least | given))
    path = tmp_path / "study.toml"
    path.write_text(repr(study), encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "p.csv").write_text("date,XOM\n")
    assert es.load_study(path).to_dict() == study.to_dict()


def test_the_flagship_reads_like_its_file(tmp_path: Path) -> None:
    study = es.load_study(flagship())
    path = tmp_path / "partial-withdrawal.toml"
    text = repr(study)
    assert "[model]" in text
    path.write_text(
        text.replace("file = ", "# file = ").replace(
            "[events]", '[events]\nlist = [{event_id="a", timestamp="2022-02-15"}]'
        )
    )
    again = es.load_study(path).to_dict()
    assert again | {"events": 0} == study.to_dict() | {"events": 0}
    assert study._repr_html_().startswith("<pre>[study]")


def test_a_notebook_escapes_what_a_study_says() -> None:
    study = es.Study(events={"list": [EVENT | {"headline": "<script>"}]},
                     prices={"source": "bundled"}, model={"name": "constant_mean"})  # fmt: skip
    assert "&lt;script&gt;" in study._repr_html_()


def test_a_panel_of_prices_says_what_it_holds() -> None:
    panel = load_bundled(["SP500", "XOM"], start=pd.Timestamp("2022-01-03").date(),
                         end=pd.Timestamp("2022-12-28").date())  # fmt: skip
    assert repr(panel).startswith("PricePanel: prices of 2 assets, ")
    assert len(repr(panel).splitlines()) < 10
    assert panel._repr_html_().count("<tr") <= 8
