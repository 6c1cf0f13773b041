"""Writers of a result: HTML page, screen, Markdown, notebook; they read its tables, nothing else.

The names are looked up when they are used, so that importing this package loads no template
engine and no plotting library.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "print_result",
    "render_html",
    "render_markdown",
    "repr_html",
    "repr_text",
    "write_html",
]

_ROOMS = {
    "print_result": "screen",
    "render_html": "html",
    "render_markdown": "markdown",
    "repr_html": "notebook",
    "repr_text": "notebook",
    "write_html": "html",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
