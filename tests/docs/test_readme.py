"""What the README promises: two commands of one line, output as it is printed, links that lead."""

from __future__ import annotations

import io
import re
from pathlib import Path

from eventstudy.results import StudyResult

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    return [line for line in TEXT.splitlines() if line.startswith("python3 -m venv .venv")]


def test_two_commands_that_do_all_their_set_up() -> None:
    run, suite = commands()
    assert run.endswith("eventstudy run")
    assert "pytest" in suite


def test_ci_calls_the_second_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert re.search(r"grep -m1 .*pytest", script)


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_screen_shown_is_the_screen_printed(flagship: StudyResult) -> None:
    from rich.console import Console

    from eventstudy.report.screen import print_result

    shown = re.search(r"<!-- screen: begin -->\n```text\n(.*?)\n```\n<!-- screen: end -->", TEXT,
                      re.DOTALL)  # fmt: skip
    assert shown is not None
    console = Console(width=80, record=True, file=io.StringIO(), color_system=None)
    print_result(flagship, console)
    printed = [line.rstrip() for line in console.export_text().splitlines()]
    excerpt = [line.rstrip() for line in shown.group(1).splitlines()]
    parts = "\n".join(excerpt).split("\n[...]\n")
    whole = "\n".join(printed)
    for part in parts:
        assert part in whole
