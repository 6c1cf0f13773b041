"""Run a notebook's text form and store it with its charts: ``python notebooks/build.py``.

The notebooks are kept as ``.ipynb`` with outputs, so that a code host shows their charts. Their
outputs hold no clock and no counter, so a rebuild on the same inputs gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from eventstudy.progressbar import MARK

HERE = Path(__file__).resolve().parent


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook, run from its first cell to its last."""
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        cell.metadata = nbformat.NotebookNode()
        if cell.cell_type == "code":  # a bar is for who watches
            cell.outputs = [o for o in cell.outputs if MARK not in o.get("metadata", {})]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/plain" in data:  # an object's address is another one each time
                data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", data["text/plain"])
    book.metadata = nbformat.NotebookNode(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    return book


def main() -> None:
    """Rebuild the notebooks that are named, or all."""
    named = [Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.ipynb"))
    for path in named:
        nbformat.write(execute(path), path)
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
