"""Every Python and shell block of the pages runs; one that can't says why in a comment above it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventstudy import pipeline
from eventstudy.results import StudyResult

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [p for p in PAGES if "_build" not in p.parts]
FENCE = re.compile(
    r"(?:^<!-- (?P<remark>[^>]*?) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S
)
# 0: done; 3: done, and something was left out, which a page may show on purpose.
DONE = (0, 3)
STUDY = """[events]
file = "events.csv"
[prices]
source = "file"
file = "prices.csv"
assets = ["XOM"]
[model]
name = "market_model"
benchmark = "SP500"
"""
EVENTS = "event_id,timestamp,headline\ne1,2022-02-15,Units return to base\ne2,2022-02-24,Invasion\n"


@dataclass
class Page:
    """The blocks of one page, in order."""

    path: Path
    blocks: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).with_suffix("").as_posix()

    def commands(self) -> Iterator[list[str]]:
        for kind, body, remark in self.blocks:
            if kind in ("sh", "console") and not remark.startswith("not run: "):
                for line in body.replace("\\\n", " ").splitlines():
                    words = shlex.split(line.removeprefix("$ "), comments=True)
                    if words and words[0] == "eventstudy":
                        yield words[1:]


def read(path: Path) -> Page:
    found = FENCE.finditer(path.read_text(encoding="utf-8"))
    return Page(path, [(m["kind"], m["body"], m["remark"] or "") for m in found])


NEWS = """Units return to base after drills

The defence ministry said on Tuesday at 9 a.m. that units of two districts were going back to base.
The president confirmed it hours later, after talks that lasted three hours.
"""
# Files that a page writes itself, where it would otherwise find one.
WITHOUT = {"docs/headlines": ("events.csv",)}
# Commands that need nothing of a page's own: each runs on the first page that has it.
PLAIN = (["run"], ["doctor"])

# tests/schedule/test_examples.py runs the commands of these.
ELSEWHERE = ("docs/scheduled-reports", "docs/writers")

ALL = [page for page in map(read, PAGES) if page.name not in ELSEWHERE]
WITH_PYTHON = [p for p in ALL if any(kind == "python" for kind, _, _ in p.blocks)]
WITH_COMMANDS = [p for p in ALL if list(p.commands())]


@pytest.fixture(scope="session")
def prices() -> str:
    from eventstudy.prices.bundled import load_bundled

    close = load_bundled(["SP500", "XOM", "CVX"]).close.loc["2019":"2022-06"]
    return str(close.rename_axis("date").to_csv())


@pytest.fixture
def folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prices: str,
    remembered: Callable[..., StudyResult],
) -> Path:
    """A folder with what the pages take for granted: a study, its headlines, its prices."""
    import matplotlib as mpl

    mpl.use("agg")
    monkeypatch.setattr(pipeline, "run_study", remembered)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    files = {"study.toml": STUDY, "events.csv": EVENTS, "prices.csv": prices, "news.txt": NEWS}
    files["news.html"] = f"<html><body><p>{NEWS}</p></body></html>"
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def seen() -> set[tuple[str, ...]]:
    return set()


def write_files(page: Page, folder: Path) -> None:
    """Write the blocks that stand for files, so that the page works on what it shows."""
    for name in WITHOUT.get(page.name, ()):
        (folder / name).unlink()
    for _, body, remark in page.blocks:
        if remark.startswith("file: "):
            (folder / remark.removeprefix("file: ")).write_text(body, encoding="utf-8")


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda p: p.name)
def test_python_blocks_run(page: Page, folder: Path) -> None:
    from matplotlib import pyplot

    write_files(page, folder)
    names: dict[str, object] = {"__name__": "page"}
    for kind, body, remark in page.blocks:
        if kind == "python" and not remark.startswith("not run: "):
            exec(compile(body, page.name, "exec"), names)
    pyplot.close("all")


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda p: p.name)
def test_commands_run(page: Page, folder: Path, seen: set[tuple[str, ...]]) -> None:
    from eventstudy.cli.app import app

    write_files(page, folder)
    for words in page.commands():
        if words in PLAIN and tuple(words) in seen:
            continue
        seen.add(tuple(words))
        done = CliRunner().invoke(app, words)
        assert done.exit_code in DONE, f"{' '.join(words)}: {done.output}"


def test_what_is_not_run_says_why() -> None:
    for page in ALL:
        for _, _, remark in page.blocks:
            if remark.startswith("not run"):
                assert re.fullmatch(r"not run: \w.+", remark), page.name


def test_the_guides_are_there_and_hold_code() -> None:
    told = {p.name for p in WITH_PYTHON} | {p.name for p in WITH_COMMANDS}
    assert {"docs/start", "docs/guides/notebook", "docs/guides/command-line"} <= told
