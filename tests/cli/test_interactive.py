"""``--interactive``: charts of the page that can be asked, from ``run`` and from ``report``."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from eventstudy.report import writers

MARK = "plotly.js v"


@pytest.fixture
def plotly() -> None:
    pytest.importorskip("plotly", reason="pip install 'market-eventstudy[interactive]'")


@pytest.mark.usefixtures("plotly")
def test_run_writes_a_page_that_can_be_asked(folder: Path, command) -> None:
    found = []
    for name in ("a", "b"):
        done = command(
            "run", folder / "study.toml", "--out", folder / name, "--interactive", "--quiet"
        )
        assert (done.code, done.err) == (0, "")
        found.append((folder / name / "report.html").read_bytes())
    assert found[0] == found[1]
    assert found[0].decode().count(MARK) == 1


@pytest.mark.usefixtures("plotly")
def test_report_tells_an_interactive_page_from_a_still_one(folder: Path, command) -> None:
    out = folder / "reports"
    counts = []
    for options in (["--interactive"], ["--interactive"], []):
        done = command("report", folder / "study.toml", "--out", out, *options)
        assert done.code == 0, done.err
        (latest,) = out.glob("*/latest/report.html")
        text = latest.read_text("utf-8")
        counts.append((done.out.split()[0], text.count(MARK)))
    assert counts == [("new", 1), ("unchanged", 1), ("new", 0)]


@pytest.mark.parametrize("verb", ["run", "report"])
def test_without_plotly_one_sentence_says_how_to_get_it(
    verb: str, folder: Path, command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        writers.importlib.util, "find_spec", lambda n: None if n == "plotly" else real(n)
    )
    done = command(verb, folder / "study.toml", "--out", folder / "out", "--interactive")
    assert done.code == 2
    assert done.err == (
        "error: an interactive report needs plotly; pip install 'market-eventstudy[interactive]'\n"
    )
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["run"], "--interactive needs --out"),
        (["run", "--out", "o", "--no-report"], "--no-report writes none"),
        (["run", "--out", "o", "--report-format", "md,tex"], "add html to md, tex"),
        (["report", "--out", "o", "--format", "pdf"], "add html to pdf"),
    ],
)
def test_it_needs_a_page(options: list[str], said: str, folder: Path, command) -> None:
    verb, *rest = options
    done = command(verb, folder / "study.toml", "--interactive", *rest)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
