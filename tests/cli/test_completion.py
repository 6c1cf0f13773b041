"""Shell completion: the script of each shell that is here, asked as the shell asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eventstudy.calendars.library import calendar_names
from eventstudy.cli import completion, guard
from eventstudy.names import MODELS, statistic_names
from eventstudy.prices.bundled import bundled_assets
from eventstudy.report.writers import FORMATS

ROOT = Path(guard.__file__).resolve().parents[2]
# The shell calls the function that the script has defined, with the words of the line so far.
BASH = """source <(eventstudy --show-completion)
while IFS= read -r line; do
  IFS=$'\\t' read -ra COMP_WORDS <<< "$line"
  [[ "$line" == *$'\\t' ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _eventstudy_completion eventstudy
  echo "${COMPREPLY[*]}"
done
"""
ZSH = """compdef() { :; }; _arguments() { print -r -- "$@"; }; _files() { print files; }
eval "$(eventstudy --show-completion)"
for line in eventstudy\\ ru eventstudy\\ run\\ --mod eventstudy\\ run\\ --model\\ market_; do
  words=(${=line}); CURRENT=${#words}; _eventstudy_completion
done
"""
FISH = """eventstudy --show-completion | source
complete -C "eventstudy ru"
complete -C "eventstudy run --mod"
complete -C "eventstudy run --model market_"
"""


@pytest.fixture
def shell(tmp_path: Path):
    """Run a script in a shell that knows the command."""
    command = tmp_path / "bin" / "eventstudy"
    command.parent.mkdir()
    code = "from eventstudy.cli.app import main; main()"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
    command.chmod(0o755)

    def run(name: str, *arguments: str, given: str = "") -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"there is no {name} here")
        environment = os.environ | {
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
        }  # fmt: skip
        result = subprocess.run(
            [found, *arguments], input=given, env=environment, cwd=tmp_path,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        return result.stdout

    return run


ASKED = {
    "ru": ["run"],
    "ne": ["new"],
    "run\t--mod": ["--model"],
    "run\t--op": ["--open"],
    "run\t--model\tmarket_": ["market_adjusted", "market_model"],
    "run\t--model\tconstant_mean,g": ["constant_mean,garch", "constant_mean,gjr_garch"],
    "run\t--tests\tbmp": ["bmp_t"],
    "run\t--calendar\tXNY": ["XNYS"],
    "run\t--assets\tXO": ["XOM"],
    "run\t--benchmark\tSP": ["SP500"],
    "run\t--report-format\thtml,p": ["html,pdf"],
    "run\t--format\t": ["csv", "parquet"],
    "run\tstu": [],
    "new\t--prices\t": ["bundled", "yahoo", "sql"],
    "pin\tx\t--timezone\tEurope/Pa": ["Europe/Paris"],
    "report\t--format\tx": ["xlsx"],
    "simulate\tsize\t--tests\tgr": ["grank_t", "grank_z"],
    "events\tgroup\t--calendar\tXPA": ["XPAR"],
}


def test_bash_completes(shell) -> None:
    lines = "".join(f"eventstudy\t{line}\n" for line in ASKED)
    found = shell("bash", "--norc", "-c", BASH, given=lines)
    assert [line.split() for line in found.splitlines()] == list(ASKED.values())


def test_zsh_completes(shell) -> None:
    one, two, three = shell("zsh", "-f", "-c", ZSH).split("*: :")[1:]
    assert one.startswith('(("run":"Run a study')
    assert '"--model":' in two
    assert three.split() == ['(("market_adjusted"', '"market_model"))']


def test_fish_completes(shell) -> None:
    found = [line.split("\t")[0] for line in shell("fish", "--no-config", "-c", FISH).splitlines()]
    assert found == ["run", "--model", "market_adjusted", "market_model"]


@pytest.mark.parametrize(
    ("name", "file", "options"),
    [
        ("bash", ".bash_completions/eventstudy.sh", ["--norc"]),
        ("zsh", ".zfunc/_eventstudy", ["-f"]),
        ("fish", ".config/fish/completions/eventstudy.fish", ["--no-config"]),
    ],
)
def test_the_script_is_installed(
    shell, tmp_path: Path, name: str, file: str, options: list[str]
) -> None:
    # A second command, since a shell that has only one gives its place to it.
    told = shell(name, *options, "-c", "eventstudy --install-completion; true")
    assert f"{name} completion installed" in told
    assert "_EVENTSTUDY_COMPLETE" in (tmp_path / file).read_text()


def test_what_is_offered_is_what_there_is() -> None:
    assert set(completion.models("")) < set(MODELS)
    assert completion.statistics("")[:2] == ["recommended", "all"]
    assert completion.statistics("")[2:] == list(statistic_names())
    assert completion.calendars("") == calendar_names()
    assert set(completion.assets("") + completion.assets("CL_")) == set(bundled_assets())
    assert completion.report_formats("") == list(FORMATS)
    assert completion.report_formats("html,pdf,") == ["html,pdf,xlsx", "html,pdf,tex",
                                                      "html,pdf,md"]  # fmt: skip


def test_what_is_offered_is_taken(folder: Path, command) -> None:
    """No model is offered that the study file refuses."""
    from eventstudy.studyfile import study_from_dict

    for model in completion.models(""):
        benchmark = {} if model in ("constant_mean", "ar1") else {"benchmark": "MKT"}
        study_from_dict({"events": {"file": "e.csv"}, "prices": {"source": "bundled"},
                         "model": {"name": model} | benchmark})  # fmt: skip


def test_no_list_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys, eventstudy, eventstudy.cli.app; "
        "print([m for m in ('pandas', 'scipy', 'pydantic', 'webbrowser', 'readline', "
        "'eventstudy.cli.questions', 'eventstudy.prices') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.stdout.strip() == "[]"
