"""Formats by name: what is asked for, what is missing, and one number in every writer."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from eventstudy.errors import InputError
from eventstudy.report import writers
from eventstudy.report.outline import Part
from eventstudy.report.writers import FORMATS, Extras, check_formats, report_files, write_reports
from eventstudy.results import StudyResult


def test_formats_are_checked() -> None:
    assert check_formats(" MD,html ") == ("html", "md")
    assert check_formats(["xlsx"]) == ("xlsx",)
    with pytest.raises(InputError, match="did you mean 'xlsx'"):
        check_formats("xslx")
    with pytest.raises(InputError, match="no report format"):
        check_formats(",")


@pytest.mark.parametrize(("name", "library"), [("pdf", "typst"), ("xlsx", "xlsxwriter")])
def test_a_missing_library_is_named(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch, one: StudyResult, tmp_path: Path
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        writers.importlib.util, "find_spec", lambda n: None if n == library else real(n)
    )
    with pytest.raises(InputError, match=r"pip install 'market-eventstudy\[report\]'"):
        write_reports(one, tmp_path, [name])
    assert not list(tmp_path.iterdir())


def test_all_formats_are_written_and_repeat(one: StudyResult, tmp_path: Path) -> None:
    extras = Extras((Part("changes", "What changed", ("Nothing has.",)),), ("A note.",))
    files = write_reports(one, tmp_path / "a", list(FORMATS), extras=extras)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == sorted(files)
    assert files == report_files(list(FORMATS))
    again = write_reports(one, tmp_path / "b", ["tex", "md"], extras=extras)
    for file in again:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    for file in ("report.html", "report.md", "report.tex"):
        text = (tmp_path / "a" / file).read_text(encoding="utf-8")
        assert "What changed" in text
        assert "Nothing has." in text
        assert "A note." in text
