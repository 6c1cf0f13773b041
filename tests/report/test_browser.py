"""The page in a browser: no request, no error, tables sort, nothing overflows, axe is content.

Needs Chromium (``apt-get install chromium``) and playwright; without them the tests are skipped,
and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, chromium, opened

from eventstudy.report import render_html
from eventstudy.results import StudyResult

pytest.importorskip(
    "playwright.sync_api", reason="needs a driver of browsers: pip install playwright"
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    # The browser driver's own event loop leaves pipes to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory,
    one: StudyResult,
    twenty: StudyResult,
    many: StudyResult,
    nasty: StudyResult,
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    out = {}
    for name, result in (("one", one), ("twenty", twenty), ("many", many), ("nasty", nasty)):
        out[name] = folder / f"{name}.html"
        out[name].write_text(render_html(result, charts=2), "utf-8")
    return out


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["one", "twenty", "many", "nasty"])
def test_no_request_no_error_no_overflow(
    browser: Any, files: dict[str, Path], name: str, width: int
) -> None:
    page, faults = opened(browser, files[name], width)
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["twenty", "nasty"])
def test_axe_finds_nothing(
    browser: Any, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, _ = opened(browser, files[name], width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_tables_sort_by_keyboard(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["twenty"], 1440)
    table = page.locator("table[data-sortable]", has_text="shares, market model").first
    head = table.locator("thead th", has_text="Abnormal")
    column = "t => Array.from(t.tBodies[0].rows).map(r => parseFloat(r.cells[2].dataset.v))"
    for state, sign in (("ascending", 1), ("descending", -1)):
        head.locator("button").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == state
        values = table.evaluate(column)
        assert len(values) == 20
        assert values == sorted(values, key=lambda v, s=sign: s * v)
    page.close()


def test_it_prints_without_cut_charts(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    cut = page.evaluate(
        "Array.from(document.querySelectorAll('svg.chart')).filter(s => "
        "s.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length"
    )
    assert cut == 0
    page.close()
