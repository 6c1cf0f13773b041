"""The page on headlines names every format, column and command that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstudy.cli.events_app import events
from eventstudy.events.readers import FORMATS
from eventstudy.events.stories import HOURS, THRESHOLD
from eventstudy.settings import EventsSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "headlines.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_told(ending: str) -> None:
    assert f"`{ending}`" in PAGE


def test_every_command_is_told() -> None:
    names = [c.name or c.callback.__name__ for c in events.registered_commands if c.callback]
    assert sorted(names) == ["check", "convert", "from-article", "group"]
    commands = (DOCS / "cli.md").read_text(encoding="utf-8")
    for name in names:
        assert f"events {name}" in PAGE
        assert f"`events {name}" in commands


def test_defaults_are_those_of_the_study() -> None:
    fields = EventsSettings.model_fields
    assert fields["group_threshold"].default == THRESHOLD == 80
    assert fields["group_hours"].default == HOURS == 24
    assert "if it reaches 80" in PAGE
    assert "24 hours" in PAGE
