"""Every notebook runs from its first cell to its last and is stored with its outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
sys.path.insert(0, str(FOLDER))

BOOKS = sorted(FOLDER.glob("*.ipynb"))
# Seconds of processor time; the others take six or less.
LONG = {"04_does_my_test_work": 13, "06_scheduled_reports": 19}
RUN = [pytest.param(p, marks=pytest.mark.slow) if p.stem in LONG else p for p in BOOKS]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.enable_socket  # the kernel talks over loopback
@pytest.mark.parametrize("path", RUN, ids=lambda p: p.stem)
def test_notebook_runs(path: Path) -> None:
    from build import execute

    stored = nbformat.read(path, as_version=4)
    code = [c for c in execute(path).cells if c.cell_type == "code"]
    assert any(o.get("data", {}).get("image/png") for c in code for o in c.outputs)
    # What is shown on a code host is what the cells give now, charts and last digits aside.
    then = [c for c in stored.cells if c.cell_type == "code"]
    assert [kinds(c) for c in code] == [kinds(c) for c in then], "run python notebooks/build.py"


def kinds(cell: nbformat.NotebookNode) -> list[str]:
    """Return what a cell shows, and the words of what it prints."""
    return [
        o.text
        if o.output_type == "stream" and o.name == "stdout"
        else ",".join(sorted(o.get("data", {})))
        for o in cell.outputs
        if o.get("name") != "stderr"
    ]


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_notebook_is_stored_with_its_charts(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    assert any(o.get("data", {}).get("image/png") for o in outputs)
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert " at 0x" not in path.read_text(encoding="utf-8")
