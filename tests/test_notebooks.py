"""Every notebook runs from its first cell to its last and is stored with its outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
sys.path.insert(0, str(FOLDER))

BOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.enable_socket  # the kernel talks over loopback
@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path: Path) -> None:
    from build import execute

    book = execute(path)
    code = [c for c in book.cells if c.cell_type == "code"]
    assert code
    assert any(o.get("data", {}).get("image/png") for c in code for o in c.outputs)


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_notebook_is_stored_with_its_charts(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    assert any(o.get("data", {}).get("image/png") for o in outputs)
    assert not [o for o in outputs if o.output_type == "error"]
