"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, and no example fails because the machine is busy.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent


def _outside(folder: Path, what: str) -> Path:
    if not folder.is_dir():
        pytest.skip(f"{what} not found at {folder}: set EVENTSTUDY_TEST_DATA to the folder of it")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real prices and headlines that are not part of the project."""
    default = ROOT.parent / "shared" / "data"
    return _outside(Path(os.environ.get("EVENTSTUDY_TEST_DATA", default)), "test data")


@pytest.fixture(scope="session")
def shared_reference(shared_data: Path) -> Path:
    """Folder of golden vectors, beside the test data."""
    return _outside(shared_data.parent / "reference", "reference vectors")
