"""Chromium for the tests that look at a page: what it asks for, what goes wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update"]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        made = driver.chromium.launch(
            executable_path=CHROMIUM, args=SWITCHES, chromium_sandbox=False
        )
        yield made
        made.close()


def opened(
    browser: Any, path: Path, width: int, scheme: str = "light", **more: Any
) -> tuple[Any, list[str]]:
    """Open a page; return it with what it asked the network for and what went wrong."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.on("request", lambda r: faults.append(r.url) if r.url != path.as_uri() else None)
    page.on("dialog", lambda d: (faults.append(d.message), d.dismiss()))
    page.goto(path.as_uri())
    return page, faults
