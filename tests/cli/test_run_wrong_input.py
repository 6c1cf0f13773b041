"""Wrong input ends with exit code 2 and one clear sentence, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    """Replace the first place of a text that must be there."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def cell(row: int, column: int, value: str) -> Edit:
    """Set a cell of a CSV; row 1 is the header."""

    def edit(text: str) -> str:
        lines = text.split("\n")
        cells = lines[row - 1].split(",")
        cells[column] = value
        lines[row - 1] = ",".join(cells)
        return "\n".join(lines)

    return edit


def line(row: int, text_of: Callable[[list[str]], str]) -> Edit:
    """Insert a line after a row; row 1 is the header."""

    def edit(text: str) -> str:
        lines = text.split("\n")
        lines.insert(row, text_of(lines))
        return "\n".join(lines)

    return edit


def drop(name: str) -> Edit:
    """Stand for a file that is not there."""
    return lambda _: f"drop {name}"


# what is wrong: (file, edit, words that the message must have)
FAULTS: dict[str, tuple[str, Edit, list[str]]] = {
    "unknown key": (
        "study.toml",
        swap("benchmark", "benchmrk"),
        ["study.toml", "line 8", "benchmrk", "did you mean 'benchmark'"],
    ),
    "wrong type": (
        "study.toml",
        swap("[-2, 2]", '"-2,2"'),
        ["study.toml", "line 11", "[windows] event", '"-2,2"'],
    ),
    "unknown model": (
        "study.toml",
        swap("market_model", "market_modle"),
        ["line 7", '"market_modle"', "did you mean 'market_model'"],
    ),
    "unknown test": (
        "study.toml",
        swap("[windows]", '[tests]\nnames = ["bmp"]\n[windows]'),
        ["line 10", '"bmp"', "did you mean 'bmp_t'"],
    ),
    "unknown asset": (
        "events.csv",
        swap("AAA", "AAB"),
        ["AAB", "did you mean 'AAA'"],
    ),
    "unknown listed asset": (
        "study.toml",
        swap('file = "prices.csv"', 'file = "prices.csv"\nassets = ["BBB", "AAC"]'),
        ["AAC", "did you mean 'AAA'"],
    ),
    "unknown benchmark": (
        "study.toml",
        swap("MKT", "MKTT"),
        ["MKTT", "did you mean 'MKT'"],
    ),
    "no study file": ("study.toml", drop("study.toml"), ["study.toml"]),
    "no events file": ("events.csv", drop("events.csv"), ["line 2", "[events] file", "events.csv"]),
    "no prices file": ("prices.csv", drop("prices.csv"), ["line 5", "[prices] file", "prices.csv"]),
    "no timestamp column": (
        "events.csv",
        swap("timestamp", "timestmp"),
        ["events.csv", "timestamp", "timestmp"],
    ),
    "no date column": ("prices.csv", swap("date", "day of trade"), ["prices.csv", "date"]),
    "naive timestamp": (
        "events.csv",
        swap("2021-06-15", "2021-06-15T10:00"),
        ["events.csv", "line 2", "2021-06-15T10:00", "offset", "timezone"],
    ),
    "date that does not exist": (
        "events.csv",
        swap("2021-06-15", "2021-06-31"),
        ["events.csv", "line 2", "2021-06-31"],
    ),
    "price date that does not exist": (
        "prices.csv",
        cell(3, 0, "2021-02-30"),
        ["prices.csv", "line 3", "2021-02-30"],
    ),
    "estimation overlaps the event": (
        "study.toml",
        swap("[-70, -11]", "[-70, -1]"),
        ["line 10", "[windows] estimation", "[-70, -1]", "[-2, 2]"],
    ),
    "pair given twice": (
        "events.csv",
        lambda text: text + "one,2021-06-15,AAA,again\n",
        ["events.csv", "line 4", "one", "AAA"],
    ),
    "text among the prices": (
        "prices.csv",
        cell(9, 2, "closed"),
        ["prices.csv", "line 9", "AAA", "closed"],
    ),
    "infinity among the prices": ("prices.csv", cell(9, 2, "inf"), ["prices.csv", "line 9", "AAA"]),
    "two rows of one date": (
        "prices.csv",
        line(5, lambda lines: lines[4]),
        ["prices.csv", "2021-01-07"],
    ),
    "an instant without hours": (
        "events.csv",
        swap("2021-06-15", "2021-06-15T10:00Z"),
        ["AAA", "close"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_sentence_and_nothing_left(folder: Path, command, fault: str) -> None:
    name, edit, words = FAULTS[fault]
    path = folder / name
    text = edit(path.read_text())
    if text.startswith("drop "):
        path.unlink()
    else:
        path.write_text(text)
    before = sorted(folder.iterdir())
    result = command("run", folder / "study.toml", "--out", folder / "deep" / "out")
    assert result.code == 2, result.err
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1, "one sentence on one line"
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, result.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("fault", ["unknown key", "text among the prices"])
def test_an_output_folder_keeps_what_it_had(folder: Path, command, fault: str) -> None:
    name, edit, _ = FAULTS[fault]
    (folder / name).write_text(edit((folder / name).read_text()))
    out = folder / "out"
    out.mkdir()
    (out / "tests.csv").write_text("of yesterday")
    assert command("run", folder / "study.toml", "--out", out).code == 2
    assert [p.name for p in out.iterdir()] == ["tests.csv"]
    assert (out / "tests.csv").read_text() == "of yesterday"


def test_out_never_overwrites_the_events(folder: Path, command) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    result = command("run", folder / "study.toml", "--out", folder)
    assert result.code == 2
    assert "events.csv" in result.err
    assert "overwrite" in result.err
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_out_never_overwrites_through_a_link(folder: Path, command) -> None:
    (folder / "link").symlink_to(folder, target_is_directory=True)
    result = command("run", folder / "study.toml", "--out", folder / "link")
    assert result.code == 2
    assert "overwrite" in result.err


def test_out_never_overwrites_prices_in_a_folder_of_prices(folder: Path, command) -> None:
    study = (folder / "study.toml").read_text()
    (folder / "prices.csv").rename(folder / "windows.csv")
    (folder / "study.toml").write_text(study.replace("prices.csv", "windows.csv"))
    (folder / "events.csv").rename(folder / "headlines.csv")
    study = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(study.replace("events.csv", "headlines.csv"))
    result = command("run", folder / "study.toml", "--out", folder)
    assert result.code == 2
    assert "windows.csv" in result.err


def test_out_is_a_file(folder: Path, command) -> None:
    (folder / "taken").write_text("x")
    result = command("run", folder / "study.toml", "--out", folder / "taken")
    assert result.code == 2
    assert "taken is a file" in result.err
    assert (folder / "taken").read_text() == "x"


def test_out_below_a_file(folder: Path, command) -> None:
    (folder / "taken").write_text("x")
    result = command("run", folder / "study.toml", "--out", folder / "taken" / "out")
    assert result.code == 2
    assert "Traceback" not in result.err
    assert "--out" in result.err


OPTIONS: dict[str, tuple[list[str], list[str]]] = {
    "no asset": (["--event", "2021-06-15"], ["--assets"]),
    "no event": (["--assets", "XOM"], ["--assets", "--event"]),
    "empty asset": (["--event", "2021-06-15", "--assets", "XOM,,CVX"], ["--assets", "XOM,,CVX"]),
    "unknown asset": (
        ["--event", "2022-02-15", "--assets", "XOMM", "--source", "bundled"],
        ["XOMM", "did you mean 'XOM'"],
    ),
    "unknown benchmark": (
        ["--event", "2022-02-15", "--assets", "XOM", "--benchmark", "SP50", "--source", "bundled"],
        ["SP50", "did you mean 'SP500'"],
    ),
    "unknown model": (
        ["--event", "2022-02-15", "--assets", "XOM", "--model", "constantmean"],
        ["--model", "did you mean 'constant_mean'"],
    ),
    "unknown test": (
        ["--event", "2022-02-15", "--assets", "XOM", "--tests", "exact"],
        ["--tests", "did you mean 'exact_t'"],
    ),
    "unknown source": (
        ["--event", "2022-02-15", "--assets", "XOM", "--source", "yaho"],
        ["--source", "did you mean 'yahoo'"],
    ),
    "unknown calendar": (
        ["--event", "2022-02-15", "--assets", "XOM", "--calendar", "XNYZ", "--source", "bundled"],
        ["XNYZ", "did you mean"],
    ),
    "window backwards": (
        ["--event", "2022-02-15", "--assets", "XOM", "--window", "1,-1"],
        ["--window", "[1, -1]", "[-1, 1]"],
    ),
    "window of words": (
        ["--event", "2022-02-15", "--assets", "XOM", "--window", "one"],
        ["--window", "'one'", "-1,1"],
    ),
    "estimation overlaps": (
        ["--event", "2022-02-15", "--assets", "XOM", "--estimation", "-100,-5"],
        ["--estimation", "[-100, -5]", "overlaps"],
    ),
    "naive instant": (
        ["--event", "2022-02-15T08:00", "--assets", "XOM"],
        ["--event", "2022-02-15T08:00", "offset", "--timezone"],
    ),
    "no such date": (
        ["--event", "2022-02-30", "--assets", "XOM", "--source", "bundled"],
        ["--event", "2022-02-30"],
    ),
    "no such file": (
        ["--event", "2022-02-15", "--assets", "XOM", "--file", "nowhere.csv"],
        ["nowhere.csv"],
    ),
    "no such format": (["--format", "parket"], ["--format", "did you mean 'parquet'"]),
    "file beside options": (["study.toml", "--assets", "XOM"], ["--assets", "study.toml"]),
}


@pytest.mark.parametrize("fault", OPTIONS)
def test_options_that_are_wrong(folder: Path, command, monkeypatch, fault: str) -> None:
    monkeypatch.chdir(folder)
    arguments, words = OPTIONS[fault]
    result = command("run", *arguments, "--out", "made")
    assert result.code == 2, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, result.err
    assert not (folder / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], ["'rnu'", "'run'"]),
        (["pni"], ["'pni'", "'pin'"]),
        (["run", "--otu", "x"], ["--otu", "--out"]),
        (["run", "a.toml", "b.toml"], ["b.toml"]),
        (["pin"], ["EVENTS_OR_TIMESTAMP"]),
        (["pin", "2022-02-15"], ["--calendar"]),
        (["pin", "2022-02-15", "--calendar", "XNYS", "--uncertainty", "soon"], ["--uncertainty"]),
    ],
)
def test_usage_errors_are_2(command, arguments: list[str], words: list[str]) -> None:
    result = command(*arguments)
    assert result.code == 2
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err
