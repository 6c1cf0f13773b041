"""What is inside the built packages: data, page templates, and no more than 3 MB."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return out


def test_the_wheel_carries_data_and_templates(built: Path) -> None:
    wheel = next(built.glob("*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.stat().st_size <= 3 * MEGABYTE
    for wanted in (
        "eventstudy/_data/prices/us-stocks.csv.gz",
        "eventstudy/_data/prices/wti-futures.csv.gz",
        "eventstudy/_data/prices/ecb-rates.csv.gz",
        "eventstudy/_data/events/ukraine-2022.csv",
        "eventstudy/_data/studies/partial-withdrawal.toml",
        "eventstudy/_data/studies/partial-withdrawal-europe.toml",
        "eventstudy/_data/calendars/corrections.csv",
        "eventstudy/_data/NOTICE",
        "eventstudy/py.typed",
    ):
        assert wanted in names, wanted
    templates = {p.name for p in (ROOT / "eventstudy" / "report" / "templates").iterdir()}
    assert {f"eventstudy/report/templates/{t}" for t in templates} <= names
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.startswith("market_eventstudy")} == {"eventstudy"}


def test_the_source_archive_can_be_built_from(built: Path) -> None:
    archive = next(built.glob("*.tar.gz"))
    with tarfile.open(archive) as file:
        names = {"/".join(n.split("/")[1:]) for n in file.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "data/NOTICE", "data/build_prices.py"}
    assert wanted <= names
    assert any(n.startswith("tests/oracle/") for n in names)
    assert not any("flagship_panel" in n or ".venv" in n for n in names)
