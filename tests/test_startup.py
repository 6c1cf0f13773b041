"""Which heavy libraries a command loads: what none needs, none waits for.

Modules and not seconds, which depend on the machine: ``python -m benchmarks.run`` takes those.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "exchange_calendars", "yfinance",
    "pyarrow", "pydantic", "jinja2", "rich", "numba", "dask", "distributed", "sqlalchemy",
    "duckdb", "plotly", "arch", "openpyxl", "xlsxwriter", "typst", "fontTools", "requests",
    "curl_cffi", "dateparser", "feedparser", "rapidfuzz", "icalendar",
)  # fmt: skip
PIN = {"numpy", "pandas", "pyarrow", "pydantic", "exchange_calendars", "rich"}
RUN = (PIN | {"scipy"}) - {"rich"}
COMMANDS: list[tuple[list[str], set[str]]] = [
    (["--help"], set()),
    (["--version"], set()),
    # typer looks for pydantic when it reads a command's own options.
    (["events", "--help"], {"pydantic"}),
    (["simulate", "--help"], {"pydantic"}),
    (["run", "--help"], {"pydantic"}),
    (["pin", "2022-02-15T08:00Z", "--calendar", "XNYS"], PIN),
    (["run", "--quiet"], RUN),
]
PROGRAM = """
import json, sys
arguments, heavy = map(json.loads, sys.argv[1:])
sys.argv = ["eventstudy", *arguments]
from eventstudy.cli.app import main
try:
    main()
except SystemExit as leaving:
    code = leaving.code
print(json.dumps([code, [h for h in heavy if h in sys.modules]]), file=sys.stderr)
"""


def loaded(program: str, *arguments: str) -> list[object]:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[object] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.mark.parametrize(("arguments", "allowed"), COMMANDS, ids=[" ".join(c) for c, _ in COMMANDS])
def test_a_command_loads_what_it_needs(arguments: list[str], allowed: set[str]) -> None:
    code, found = loaded(PROGRAM, json.dumps(arguments), json.dumps(HEAVY))
    assert not code
    assert set(found) <= allowed, "a heavy library moved to the top of a module"


def test_a_report_loads_what_draws_and_writes_it(tmp_path: Path) -> None:
    arguments = ["run", "--quiet", "--out", str(tmp_path / "out")]
    code, found = loaded(PROGRAM, json.dumps(arguments), json.dumps(HEAVY))
    assert not code
    assert set(found) <= RUN | {"matplotlib", "jinja2", "fontTools"}


def test_the_import_loads_nothing_heavy() -> None:
    program = (
        "import json, sys, eventstudy; heavy = json.loads(sys.argv[1]); "
        "print(json.dumps([h for h in heavy if h in sys.modules]), file=sys.stderr)"
    )
    assert loaded(program, json.dumps(HEAVY)) == []
