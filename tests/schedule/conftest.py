"""A study in a folder, and the job that writes its reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import Job, make_study

from eventstudy.schedule import JobOptions, Outcome, run_job


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file with its inputs beside it."""
    return make_study(tmp_path / "in")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Run the job into ``tmp_path/out``, by default as Markdown, which is quick."""

    def call(*studies: Path, **options: object) -> list[Outcome]:
        given = {"out": tmp_path / "out", "formats": ("md",)} | options
        return run_job(list(studies), JobOptions(**given))  # type: ignore[arg-type]

    return call
