"""Where the bundled data lies: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_dir"]


def data_dir() -> Path:
    """Return the folder of the bundled data.

    Examples
    --------
    >>> (data_dir() / "events" / "ukraine-2022.csv").exists()
    True
    """
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"
