"""The pages build, and no warning is left: every page is in the contents, every link leads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("sphinx", reason="needs the docs extra: pip install market-eventstudy[docs]")
for name in ("furo", "myst_parser", "numpydoc"):
    pytest.importorskip(name, reason="needs the docs extra: pip install market-eventstudy[docs]")


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), str(ROOT / "docs"), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "reference.html").read_text(encoding="utf-8")
    for name in ("eventstudy.run", "eventstudy.StudyResult", "eventstudy.plots.Plot.car"):
        assert f'id="{name}"' in page
