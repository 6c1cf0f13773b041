"""Charts that can be asked, in a browser: by mouse and by keys, light and dark, and without them.

Needs Chromium (``apt-get install chromium``), playwright and plotly; without them the tests are
skipped, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, chromium, opened
from test_live import charts_of, specified

from eventstudy.report import render_html
from eventstudy.results import StudyResult

pytest.importorskip("plotly", reason="pip install 'market-eventstudy[interactive]'")
pytest.importorskip(
    "playwright.sync_api", reason="needs a driver of browsers: pip install playwright"
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    # The browser driver's own event loop leaves pipes to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EVIL = "</script><script>alert(1)</script> <b>%{x}</b> <a href='javascript:alert(2)'>link</a> &amp;"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory, one: StudyResult, nasty: StudyResult
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("live")
    shown = specified(one)
    evil = replace(
        shown,
        pinned=shown.pinned.assign(headline=EVIL),
        specification=shown.specification.assign(event_id=[EVIL, "b"] * 3),
        run=dict(shown.run)
        | {"prices": [dict(p) | {"title": f"{p['asset']} {EVIL}"} for p in shown.run["prices"]]},
    )
    out = {}
    for name, result in (("one", shown), ("evil", evil), ("nasty", nasty)):
        out[name] = folder / f"{name}.html"
        out[name].write_text(render_html(result, charts=2, interactive=True), "utf-8")
    return out


def drawn(page: Any) -> int:
    """Bring every chart into view, so that all are drawn; return how many there are."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    boxes = page.locator(".live")
    for k in range(boxes.count()):
        boxes.nth(k).locator("xpath=..").scroll_into_view_if_needed()
        boxes.nth(k).locator(".main-svg").first.wait_for()
    return int(boxes.count())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["one", "evil"])
def test_no_request_no_error_no_overflow_and_axe_is_content(
    browser: Any, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, faults = opened(browser, files[name], width, scheme)
    assert drawn(page) == len(charts_of(files[name].read_text("utf-8")))
    box = page.locator(".live[data-chart=e0a0c]")
    box.focus()
    page.keyboard.press("End")
    box.locator(".hoverlayer text").first.wait_for()
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_what_is_drawn_is_what_the_page_holds(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    drawn(page)
    for name, chart in charts_of(files["one"].read_text("utf-8")).items():
        box = page.locator(f".live[data-chart={name}]")
        ys = box.evaluate("b => b.data.map(t => Array.from(t.y || []))")
        assert ys == [t.get("y", []) for t in chart["data"]]
        assert not page.locator(f".asked:has([data-chart={name}]) > svg.chart").is_visible()
    page.close()


def wait_for_label(page: Any, text: str) -> None:
    """Wait until the cumulated return shows a text; plotly.js draws it with a delay."""
    page.wait_for_function(
        "want => document.querySelector('[data-chart=e0a0c] .hoverlayer').textContent === want",
        arg=text,
    )


def test_mouse_and_keys_read_the_same_numbers(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    drawn(page)
    chart = charts_of(files["one"].read_text("utf-8"))["e0a0c"]
    box = page.locator(".live[data-chart=e0a0c]")
    box.scroll_into_view_if_needed()
    said = box.locator("xpath=..").locator(".told-point")
    for key, at in (("Home", 0), ("ArrowRight", 1), ("End", -1), ("ArrowLeft", -2)):
        box.focus()
        page.keyboard.press(key)
        lines = chart["says"][at]
        assert said.text_content() == ", ".join(lines)
        wait_for_label(page, "".join(lines))
    page.keyboard.press("Escape")
    assert said.text_content() == ""
    point = box.locator(".scatterlayer .trace").last.locator(".point").nth(3)
    spot = point.bounding_box()
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    wait_for_label(page, "".join(chart["says"][3]))
    assert any(line.startswith("Session ") for line in chart["says"][3])
    page.close()


def test_every_chart_can_be_reached_and_left_by_tab(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    count = drawn(page)
    page.evaluate("window.scrollTo(0, 0); document.activeElement.blur()")
    seen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "document.activeElement.dataset.chart || document.activeElement.tagName"
        )
        seen.append(name)
        if name == "BODY":
            break
    reached = [n for n in seen if n in charts_of(files["one"].read_text("utf-8"))]
    assert len(reached) == len(set(reached)) == count
    page.close()


def test_a_hostile_text_is_text(browser: Any, files: dict[str, Path]) -> None:
    page, faults = opened(browser, files["evil"], 1440)
    drawn(page)
    assert page.locator("script").count() == 4
    assert page.locator(".live a").count() == 0
    box = page.locator(".live[data-chart=t0b]")
    box.focus()
    page.keyboard.press("Home")
    label = box.locator(".hoverlayer text.nums")
    label.first.wait_for()
    text = "".join(label.all_text_contents())
    assert "</script><script>alert(1)</script>" in text.replace(" ", "")
    assert "<b>%{x}</b>" in text
    ticks = "".join(page.locator(".live[data-chart=spec0] .y2tick text").all_text_contents())
    assert "<script>" in ticks
    assert faults == []
    page.close()


def test_dark_follows_the_reader(browser: Any, files: dict[str, Path]) -> None:
    page, faults = opened(browser, files["one"], 1440)
    drawn(page)
    color = "document.querySelector('[data-chart=e0a0c]').layout.font.color"
    light = page.evaluate(color)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"was => {color} !== was", arg=light)
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    assert page.evaluate(color) == page.evaluate(ink)
    assert faults == []
    page.close()


def test_print_and_no_scripts_show_the_still_charts(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    count = drawn(page)
    page.emulate_media(media="print")
    assert page.locator("figure > svg.chart:visible").count() == count
    assert page.locator(".live:visible").count() == page.locator(".hint:visible").count() == 0
    page.close()
    page, _ = opened(browser, files["one"], 1440, java_script_enabled=False)
    for fold in page.locator("details").all():
        fold.locator("> summary").click()
    assert page.locator("figure > svg.chart:visible").count() == count
    assert page.locator(".live:visible").count() == page.locator(".hint:visible").count() == 0
    page.close()


def test_a_chart_zooms_and_goes_back(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["one"], 1440)
    drawn(page)
    box = page.locator(".live[data-chart=e0a0c]")
    box.scroll_into_view_if_needed()
    reach = "b => b.layout.xaxis.range.slice()"
    whole = box.evaluate(reach)
    place = box.locator(".nsewdrag").first.bounding_box()
    y = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, y, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "n => { const r = document.querySelector('[data-chart=e0a0c]').layout.xaxis.range;"
        " return r[1] - r[0] < n }",
        arg=0.5 * (whole[1] - whole[0]),
    )
    page.mouse.dblclick(place["x"] + place["width"] * 0.5, y)
    page.wait_for_function(
        "n => document.querySelector('[data-chart=e0a0c]').layout.xaxis.range[1] === n",
        arg=whole[1],
    )
    page.close()
