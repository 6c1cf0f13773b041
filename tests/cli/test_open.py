"""``--open``: a browser of our own is called with the page, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from eventstudy.cli import guard

ROOT = Path(guard.__file__).resolve().parents[2]


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that notes what it is asked to show, and talks."""
    script = tmp_path / "browser.sh"
    script.write_text('#!/bin/sh\necho chatter\nprintf "%s\\n" "$@" >> "$0.log"\n')
    script.chmod(0o755)
    return script


def shown(browser: Path) -> list[Path]:
    log = browser.with_name(f"{browser.name}.log")
    lines = log.read_text().splitlines() if log.exists() else []
    assert all(line.startswith("file:///") for line in lines)
    return [Path(unquote(urlparse(line).path)) for line in lines]


def call(*arguments: str, cwd: Path, browser: Path | str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    # Without a path no other browser of the machine is found.
    environment |= {"PYTHONPATH": str(ROOT), "BROWSER": str(browser), "PATH": "/nonexistent"}
    code = "from eventstudy.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, env=environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip


def test_the_page_of_a_run_is_opened(folder: Path, browser: Path) -> None:
    out = "a folder"
    result = call("run", "study.toml", "--out", out, "--open", "--json", cwd=folder,
                  browser=browser)  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert shown(browser) == [(folder / out / "report.html").resolve()]
    assert shown(browser)[0].read_text().startswith("<!DOCTYPE html>")
    json.loads(result.stdout)
    assert "chatter" in result.stderr


def test_the_exit_code_of_a_headline_left_out_stays(folder: Path, browser: Path) -> None:
    events = folder / "events.csv"
    events.write_text(events.read_text() + "early,2021-01-15,AAA,too early\n")
    result = call("run", "study.toml", "--out", "o", "--open", "-q", cwd=folder, browser=browser)
    assert result.returncode == 3
    assert len(shown(browser)) == 1


@pytest.mark.parametrize("browser_named", ["", "/nonexistent/browser"])
def test_without_a_browser_the_address_is_told(folder: Path, browser_named: str) -> None:
    result = call("run", "study.toml", "--out", "o", "--open", "-q", cwd=folder,
                  browser=browser_named)  # fmt: skip
    assert result.returncode == 0
    page = (folder / "o" / "report.html").resolve().as_uri()
    assert result.stderr == f"no browser could be opened; the page is {page}\n"


def test_the_page_of_one_report_and_the_index_of_several(folder: Path, browser: Path) -> None:
    one = call("report", "study.toml", "--open", "-q", cwd=folder, browser=browser)
    assert one.returncode == 0, one.stderr
    again = call("report", "study.toml", "--open", "-q", cwd=folder, browser=browser)
    assert again.returncode == 0, again.stderr
    (folder / "other.toml").write_text((folder / "study.toml").read_text())
    both = call("report", "study.toml", "other.toml", "--open", "-q", cwd=folder, browser=browser)
    assert both.returncode == 0, both.stderr
    first, second, third = shown(browser)
    assert first == second
    assert first.name == "report.html"
    assert first.parent.parent == (folder / "reports" / "study").resolve()
    assert third == (folder / "reports" / "index.html").resolve()
    assert third.exists()


def test_a_report_that_failed_opens_nothing(folder: Path, browser: Path) -> None:
    result = call("report", "nosuch.toml", "--open", "-q", cwd=folder, browser=browser)
    assert result.returncode == 2
    assert shown(browser) == []
    assert "nothing was written that could be opened" in result.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["run", "study.toml", "--open"], "--open needs --out"),
        (["run", "--open"], "--open needs --out"),
        (["run", "study.toml", "--open", "--out", "o", "--no-report"], "--no-report writes none"),
        (["run", "study.toml", "--open", "--out", "o", "--report-format", "md,xlsx"],
         "add html to --report-format"),
        (["report", "study.toml", "--open", "--format", "md"], "add html to --format"),
    ],
)  # fmt: skip
def test_without_a_page_it_is_2_in_one_sentence(
    folder: Path, command, monkeypatch, given: list[str], told: str
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    result = command(*given)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: --open")
    assert told in result.err
    assert result.err.count("\n") == 1
    assert sorted(folder.rglob("*")) == before
