"""What a docstring and a page of the methods must say, by reflection; examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import eventstudy
from eventstudy.inference.registry import statistic_function
from eventstudy.models import FITTERS
from eventstudy.names import CROSS_EVENT, MODELS, SINGLE_EVENT

ROOT = Path(__file__).resolve().parent.parent
METHODS = ROOT / "docs" / "methods"
# The one module whose import runs the program.
PROGRAMS = {"eventstudy.__main__"}
# name -> module whose docstring holds the rules of a test of one event.
SINGLE_MODULES = {
    "exact_t": "single",
    "path_f": "single",
    "placebo_sq": "placebo",
    "andrews_s": "andrews",
    "bootstrap_prediction": "prediction_bootstrap",
}
DOI = re.compile(r"10\.\d{4,}/[^\s\])>,;]+(?:\([^\s)]*\)[^\s\])>,;]*)*")


def modules() -> list[str]:
    found = pkgutil.walk_packages(eventstudy.__path__, "eventstudy.")
    return sorted({"eventstudy", *(m.name for m in found)} - PROGRAMS)


def load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:  # an extra that is not installed
        pytest.skip(f"{name} needs {error.name}")


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Functions and classes that a module offers and defines, and the classes' methods."""
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for key, value in vars(thing).items():
                if not key.startswith("_") and inspect.isfunction(value):
                    yield f"{name}.{key}", value


def rooms() -> list[str]:
    """The front door and the rooms that others build on."""
    doors = {"eventstudy", "eventstudy.api", "eventstudy.abnormal", "eventstudy.arrays"}
    inner = tuple(f"eventstudy.{r}." for r in ("inference", "models", "simulation", "calendars"))
    return [m for m in modules() if m in doors or m.startswith(inner)]


@pytest.mark.parametrize("name", rooms())
def test_signatures_name_every_argument(name: str) -> None:
    for label, function in public(load(name)):
        kinds = [p.kind for p in inspect.signature(function).parameters.values()]
        assert inspect.Parameter.VAR_POSITIONAL not in kinds, label
        assert inspect.Parameter.VAR_KEYWORD not in kinds, label


@pytest.mark.parametrize("name", modules())
def test_what_is_public_says_what_it_does(name: str) -> None:
    module = load(name)
    for label in getattr(module, "__all__", ()):
        thing = getattr(module, label)
        if getattr(thing, "__module__", None) == module.__name__ and callable(thing):
            assert inspect.getdoc(thing), label


@pytest.mark.parametrize("name", modules())
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(load(name), optionflags=flags)
    assert not failed


# --- statistics --------------------------------------------------------------------------------

NAMES = tuple(dict.fromkeys(s.name for s in CROSS_EVENT))


def variants(name: str) -> list[str]:
    return [s.variant for s in (*CROSS_EVENT, *SINGLE_EVENT) if s.name == name]


@pytest.mark.parametrize("name", NAMES)
def test_docstring_of_a_statistic(name: str) -> None:
    text = inspect.getdoc(statistic_function(name)) or ""
    assert "Null:" in text
    assert ".. math::" in text
    assert re.search(r"\\sim|Distribution:|Reference|resampled", text), "distribution"
    assert re.search(r"No\s+statistic|NaN rule:", text), "NaN rule"
    assert "References\n----------" in text
    sources = text.split("References\n----------")[1]
    assert re.search(r"checked|derived|engine's own", sources), "whether the paper was seen"
    for variant in variants(name):
        assert f'"{variant}"' in text, variant


@pytest.mark.parametrize("name", SINGLE_MODULES)
def test_docstring_of_a_test_of_one_event(name: str) -> None:
    module = importlib.import_module(f"eventstudy.inference.{SINGLE_MODULES[name]}")
    text = inspect.getdoc(module) or ""
    assert re.search(r"[Nn]ull", text)
    assert "NaN rule:" in text
    assert "References\n----------" in text
    assert re.search(r"checked|[Ff]rom\s+memory", text)
    if SINGLE_MODULES[name] == "single":
        assert f"``{name}``" in text
    else:
        assert ".. math::" in text
    for variant in variants(name):
        assert f"``{variant}``" in text or variants(name) == ["published"], variant


def test_every_test_of_one_event_has_a_module() -> None:
    assert set(SINGLE_MODULES) == {s.name for s in SINGLE_EVENT}


@pytest.mark.parametrize("name", sorted(set(FITTERS)))
def test_docstring_of_a_model(name: str) -> None:
    module = importlib.import_module(f"eventstudy.models.{FITTERS[name][0]}")
    text = inspect.getdoc(module) or ""
    assert "References\n----------" in text
    assert inspect.getdoc(getattr(module, FITTERS[name][1]))


# --- pages -------------------------------------------------------------------------------------


def sections(page: str) -> dict[str, str]:
    parts = re.split(r"^### ", (METHODS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    out = {}
    for part in parts[1:]:
        head, _, body = part.partition("\n")
        out[head.strip()] = re.split(r"^## ", body, flags=re.MULTILINE)[0]
    return out


PAGES = {
    "tests-across-events.md": CROSS_EVENT,
    "one-event.md": SINGLE_EVENT,
}


@pytest.mark.parametrize("page", PAGES)
def test_every_name_and_variant_is_explained(page: str) -> None:
    found = sections(page)
    assert set(found) == {s.name for s in PAGES[page]}
    for name, text in found.items():
        assert "Null" in text or "is the mean CAR zero" in text, name
        assert "$" in text, name
        assert re.search(r"\d{4}|plain t test|binomial distribution|forecast test", text), (
            f"{name}: a source"
        )
        said = set(re.findall(r"`(\w+)`", text))
        for variant in variants(name):
            assert variant in said, f"{name} {variant}"


@pytest.mark.parametrize("name", NAMES)
def test_pages_and_docstrings_cite_the_same(name: str) -> None:
    page = (METHODS / "tests-across-events.md").read_text(encoding="utf-8")
    for doi in DOI.findall(inspect.getdoc(statistic_function(name)) or ""):
        assert doi.rstrip(".") in page, doi


def test_every_model_is_on_its_page() -> None:
    said = set(re.findall(r"`(\w+)`", (METHODS / "models.md").read_text(encoding="utf-8")))
    assert set(MODELS) <= said


def test_which_test_names_what_exists() -> None:
    known = {s.name for s in (*CROSS_EVENT, *SINGLE_EVENT)}
    words = {s.variant for s in (*CROSS_EVENT, *SINGLE_EVENT)}
    page = (ROOT / "docs" / "which-test.md").read_text(encoding="utf-8")
    said = set(re.findall(r"(?<!\})`([a-z]+(?:_[a-z0-9]+)*)`", page))
    columns = {"lead_reason", "leads", "pvalue_adjusted", "mde"}
    assert said <= known | words | columns
    assert {s.name for s in (*CROSS_EVENT, *SINGLE_EVENT) if s.recommended} - said <= {
        "cluster_t", "path_f", "andrews_s",
    }  # fmt: skip
