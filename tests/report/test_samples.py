"""The samples in ``reports/`` are what the program makes today."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "reports"
AGAIN = "run python reports/build.py"


@pytest.fixture(scope="module")
def build() -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / "build.py"))


def read(data: bytes) -> str:
    """Return what a reader sees, without what another release of a library draws otherwise.

    Curves of charts and the unrounded values that sort a table are left out; every number and word
    that is read stays.
    """
    text = data.decode("utf-8")
    text = re.sub(r'<svg class="(?:chart|bar)".*?</svg>', "", text, flags=re.DOTALL)
    if text.startswith("<?xml"):
        return "\n".join(re.findall(r"<text[^>]*>([^<]*)</text>", text))
    return re.sub(r' data-v="[^"]*"', "", text)


def test_the_page_and_the_charts_are_what_is_made_now(build: dict[str, Any]) -> None:
    bundled: Callable[[], dict[str, bytes]] = build["bundled"]
    made = bundled()
    assert "partial-withdrawal.html" in made
    assert sum(name.endswith(".svg") for name in made) >= 6
    for name, data in made.items():
        assert read((FOLDER / name).read_bytes()) == read(data), f"{name} is old: {AGAIN}"
    stored = {p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("charts/*")}
    assert stored <= set(made), f"charts that nothing makes any more: {AGAIN}"


def test_the_table_of_europe_is_rebuilt(build: dict[str, Any], shared_data: Path) -> None:
    if not (shared_data / build["PANEL"]).is_file():
        pytest.skip(f"needs {build['PANEL']} in the folder of EVENTSTUDY_TEST_DATA")
    stored = (FOLDER / "partial-withdrawal-europe.md").read_bytes()
    assert build["europe"](shared_data) == stored, AGAIN
