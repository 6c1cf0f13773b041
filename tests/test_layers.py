"""Data goes one way: nothing upstream imports anything downstream."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "eventstudy"

# Rooms from upstream to downstream; a module may import from its own level or from above it.
LEVELS: list[set[str]] = [
    {"errors", "names", "version", "resources", "arrays", "mapped", "progressbar"},
    {"calendars"},
    {"checks", "tomllines"},
    {"settings"},
    {"pricesettings"},
    {"study"},
    {"studyfile"},
    {"events", "prices"},
    {"returns", "asof", "given", "studytext"},
    {"windows"},
    {"models"},
    {"abnormal", "inference", "reduce"},
    {"plan"},
    {"study_prices"},
    {"estimate"},
    {"context", "series", "bands", "pseudo", "signed", "contamination", "sensitivity"},
    {"regressions"},
    {"single_tables", "panel_tables"},
    {"stream"},
    {"tables", "family", "specifications", "streamed"},
    {"saving"},
    {"results", "streamed_result"},
    {"runrecord"},
    {"pipeline", "pinpoint", "streamed_tables"},
    {"simulation"},
    {"api"},
    {"__init__"},
    {"plots"},
    {"report"},
    {"schedule"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: i for i, rooms in enumerate(LEVELS) for room in rooms}
# Doors that lead downstream on purpose: a result shows and saves itself, the package's front door.
DOORS = {
    ("results", "plots"),
    ("results", "report"),
    ("streamed_result", "report"),
    ("saving", "results"),
    ("calendars", "events"),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eventstudy"):
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("eventstudy.")}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = room(path)
    assert own in LEVEL, f"room '{own}' has no level: put it into the list"
    for other in imported_rooms(path):
        if other == own or (own, other) in DOORS or own == "__init__":
            continue
        assert LEVEL[other] < LEVEL[own] or other in LEVELS[LEVEL[own]], (
            f"{path.name} in '{own}' imports from '{other}', which is downstream of it"
        )


def test_numeric_rooms_know_no_frames_files_or_clocks() -> None:
    for name in ("models", "inference", "reduce", "arrays.py", "abnormal.py"):
        target = PACKAGE / name
        files = sorted(target.rglob("*.py")) if target.is_dir() else [target]
        for path in files:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [a.name for a in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                for imported in names:
                    top = imported.split(".")[0]
                    assert top not in {"pandas", "pathlib", "datetime", "time", "os"}, path


def test_presentation_is_not_imported_by_anything_but_the_doors() -> None:
    for path in modules():
        own = room(path)
        if own in {"plots", "report", "schedule", "cli", "__init__", "__main__"}:
            continue
        doors = {downstream for upstream, downstream in DOORS if upstream == own}
        assert not imported_rooms(path) & {"plots", "report", "schedule", "cli"} - doors, path
