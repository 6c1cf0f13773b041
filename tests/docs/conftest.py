"""What the pages share: the bundled study, and every other study, runs once for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import eventstudy as es
from eventstudy import pipeline
from eventstudy.results import StudyResult
from eventstudy.study import Study
from eventstudy.studyfile import study_files


@pytest.fixture(scope="session")
def flagship() -> StudyResult:
    return es.run()


def _digest(study: Study, folder: Path) -> str:
    """Return the SHA-256 of all that a study without frames is made from."""
    made = hashlib.sha256(json.dumps(study.to_dict(), default=str).encode())
    for _, path in study_files(study, folder):
        made.update(path.read_bytes())
    return made.hexdigest()


@pytest.fixture(scope="session")
def remembered(flagship: StudyResult) -> Callable[..., StudyResult]:
    """``run_study`` that gives the same result for the same study and the same files."""
    known: dict[str, StudyResult] = {}
    real = pipeline.run_study
    bundled = es.load_study(es.api.flagship())  # type: ignore[attr-defined]
    known[_digest(bundled, bundled._folder)] = flagship

    def run_study(study: Study, *, folder: Path, **more: Any) -> StudyResult:
        if more.get("frames") or study.events.url or study.prices.source == "yahoo":
            return real(study, folder=folder, **more)
        key = _digest(study, folder)
        if key not in known:
            known[key] = real(study, folder=folder, **more)
        return known[key]

    return run_study
