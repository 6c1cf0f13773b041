"""The examples of the docs: they parse, their commands run, their tables tell every option."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from small_studies import make_study
from typer.testing import CliRunner, Result

from eventstudy.cli.app import app
from eventstudy.report.writers import FORMATS
from eventstudy.schedule.folders import runs_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = DOCS / "examples"
PAGE = (DOCS / "scheduled-reports.md").read_text(encoding="utf-8")


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(EXAMPLES / "systemd" / name)
    return parser


def commands() -> list[list[str]]:
    """Every ``eventstudy report`` line of the pages and examples, as words."""
    texts = [PAGE, (DOCS / "writers.md").read_text(encoding="utf-8")]
    texts += [p.read_text(encoding="utf-8") for p in sorted(EXAMPLES.rglob("*")) if p.is_file()]
    found = re.findall(r"eventstudy report [^\n|`']*", "\n".join(texts))
    return [shlex.split(line.strip()) for line in found]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``study.toml`` and ``studies/``, and ``eventstudy`` on the path."""
    make_study(tmp_path / "studies", "night")
    make_study(tmp_path, "study")
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "eventstudy"
    # It writes down how it was called; the call itself is then made in this process.
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(place: Path, command: list[str]) -> Result:
    """Run a shell command, then make the call of ``eventstudy`` that it made, as Markdown."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    words = (place / "words").read_text().splitlines()
    words[words.index("--format") + 1] = "md"
    return CliRunner().invoke(app, words, prog_name="eventstudy")


def test_every_command_line_runs(place: Path) -> None:
    lines = {tuple(words) for words in commands() if "--out" in words}
    assert len(lines) >= 5
    for words in sorted(lines):
        plain = [w.replace("$STUDIES", "studies").replace("$REPORTS", "reports") for w in words]
        files = [str(p) for w in plain[2:3] for p in sorted(Path().glob(w))]
        kind = "html" if "--interactive" in plain else "md"  # which is quicker
        rest = [kind if plain[i - 1] == "--format" else w for i, w in enumerate(plain) if i > 2]
        rest += [] if "--format" in rest else ["--format", kind]
        made = CliRunner().invoke(app, ["report", *files, *rest], prog_name="eventstudy")
        assert made.exit_code == 0, (words, made.stderr)


def test_formats_of_the_command_lines_are_known() -> None:
    named = [w[i + 1] for w in commands() for i, x in enumerate(w[:-1]) if x == "--format"]
    assert {f for text in named for f in text.split(",")} <= set(FORMATS)


def test_the_script_of_cron(place: Path) -> None:
    (place / "bin" / "eventstudy").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m eventstudy "$@"\n'
    )
    shutil.copy(EXAMPLES / "cron" / "nightly.sh", place / "nightly.sh")
    done = subprocess.run(["./nightly.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(runs_of(place / "reports" / "night")) == 1
    assert '"event": "study_done"' in done.stderr


@pytest.mark.parametrize(("code", "left", "calls"), [(3, 0, 1), (5, 0, 1), (4, 4, 3), (2, 2, 1)])
def test_the_script_knows_the_exit_codes(code: int, left: int, calls: int, place: Path) -> None:
    (place / "bin" / "eventstudy").write_text(f"#!/bin/sh\necho x >> {place}/calls\nexit {code}\n")
    script = EXAMPLES / "cron" / "nightly.sh"
    env = os.environ | {"WAIT": "0"}
    assert subprocess.run([script], env=env, capture_output=True, check=False).returncode == left
    assert len((place / "calls").read_text().split()) == calls


def test_the_crontab() -> None:
    text = (EXAMPLES / "cron" / "eventstudy.crontab").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    assert len(jobs) == 1
    assert re.match(r"\d+ \d+ \* \* 1-5 +\S", jobs[0])
    assert "%" not in jobs[0]  # cron takes it for a new line
    assert "nightly.sh" in jobs[0]


def test_the_systemd_units(place: Path) -> None:
    service, timer = unit("eventstudy-report.service"), unit("eventstudy-report.timer")
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["SuccessExitStatus"].split() == ["3", "5"]
    assert service["Service"]["RestartForceExitStatus"] == "4"
    assert re.fullmatch(r"Mon\.\.Fri \d\d:\d\d", timer["Timer"]["OnCalendar"])
    words = shlex.split(service["Service"]["ExecStart"])
    assert words[:2] == ["/bin/sh", "-c"]
    made = called(place, words)
    assert made.exit_code == 0, made.stderr
    assert runs_of(place / "reports" / "night")


def test_the_workflow(place: Path) -> None:
    text = (EXAMPLES / "ci" / "event-study.yml").read_text()
    assert "\t" not in text
    assert re.search(r'cron: "\d+ \d+ \* \* 1-5"', text)
    extras = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
    assert "report" in extras["optional-dependencies"]
    assert f"{extras['name']}[report]" in text
    block = re.search(r"run: \|\n((?: {10}.*\n)+)", text)
    assert block is not None
    script = re.sub(r"(?m)^ {10}", "", block.group(1))
    made = called(place, ["sh", "-e", "-c", script])
    assert made.exit_code == 0, made.stderr
    assert "1 new" in made.stdout


def test_every_option_is_told() -> None:
    told = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, flags=re.MULTILINE))
    command = next(c for c in app.registered_commands if c.name == "report")
    assert command.callback is not None
    shown = CliRunner().invoke(app, ["report", "--help"], prog_name="eventstudy").stdout
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", shown)) - {"--help"} <= told | {"--out"}
    assert told <= set(re.findall(r"--[a-z][a-z-]+", shown))


def test_the_formats_of_the_page_are_all() -> None:
    text = (DOCS / "writers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", text, flags=re.MULTILINE)
    assert {n: tuple(re.findall(r"`([^`]+)`", files)) for n, files in rows} == FORMATS
