"""The page on study files names every key with its default, and its examples are right."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from eventstudy.names import MODELS
from eventstudy.pricesettings import FactorsSettings, MorePrices, PricesSettings
from eventstudy.settings import (
    AssetSettings,
    EventsSettings,
    ModelSettings,
    RegressionSettings,
    Section,
    SpecificationSettings,
    StudySection,
    TestsSettings,
    WindowsSettings,
)
from eventstudy.studyfile import study_from_dict

PAGE = Path(__file__).resolve().parents[2] / "docs" / "study-file.md"
SECTIONS: dict[str, type[Section]] = {
    "[study]": StudySection,
    "[events]": EventsSettings,
    "[prices]": PricesSettings,
    "[[prices.more]]": MorePrices,
    "[factors]": FactorsSettings,
    "[assets.<name>]": AssetSettings,
    "[model]": ModelSettings,
    "[windows]": WindowsSettings,
    "[tests]": TestsSettings,
    "[regression]": RegressionSettings,
    "[specification]": SpecificationSettings,
}


def part(section: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"## `{section}`\n")[1].split("\n## ")[0]


def first_cells(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_told_and_no_other(section: str) -> None:
    fields = SECTIONS[section].model_fields.items()
    keys = {f.alias or name for name, f in fields if not f.exclude}
    assert first_cells(part(section)) == keys


def examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(examples())))
def test_every_example_is_a_study(number: int) -> None:
    assert study_from_dict(tomllib.loads(examples()[number])).schema_version == 1


def test_every_model_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", part("[model]")))
    assert set(MODELS) <= told
