"""Nonsense at every command: one sentence that says what is wrong and where, and exit code 2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventstudy.cli.app import app
from tests.cli.conftest import Outcome

# What one screen of a usual terminal holds.
LINES, COLUMNS = 40, 80
# A sentence may fill three lines of a terminal, and a list of names as many again.
LONGEST = 6 * COLUMNS
HEADLINE = (
    "Russia's defence ministry says that units of its southern and western military districts "
    "return to base after drills"
)
ONE = ["--event", "2022-02-15T08:00Z", "--assets", "XOM"]


def refused(command, arguments: list[str], told: str) -> Outcome:
    result = command(*arguments)
    assert result.code == 2, result.err
    assert result.out == ""
    assert re.search(told, result.err), result.err
    assert re.match(r"(error|Error): \S", result.err.splitlines()[-1])
    assert len(result.err) < LONGEST
    assert "\x1b" not in result.err
    return result


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        ("nonsense", "'nonsense' is not ISO 8601; write it as 2022-02-15T08:00Z"),
        ("", "timestamp is empty"),
        ("15/02/2022", "is not ISO 8601"),
        ("2022-2-5", "is not ISO 8601"),
        ("20220215", "is not ISO 8601"),
        ("2022-W07-2", "is not ISO 8601"),
        ("T08:00Z", "is not ISO 8601"),
        ("-1", "is not ISO 8601"),
        ("\N{UNICORN FACE}", "is not ISO 8601"),
        ("\x1b[31m2022", "is not ISO 8601"),
        ("2022-02-15T08:00 CET", "is not ISO 8601"),
        ("2022-02-15T08:00Europe/Paris", "is not ISO 8601"),
        ("2022-02-30", "there is no such date"),
        ("2022-02-15T24:00Z", "no such time of day"),
        ("2022-02-15T08:00+25:00", "no such time of day or offset"),
        ("2022-02-15T08:00", "has no offset; .* or give --timezone Europe/Paris"),
        ("0000-01-01", "no such date"),
        ("1500-01-01", "years from 1678"),
        ("x" * 5000, "--event is too long"),
    ],
)
def test_an_event_that_is_none(command, stamp: str, told: str) -> None:
    arguments = ["run", f"--event={stamp}", "--assets", "XOM", "--source", "bundled"]
    assert refused(command, arguments, told).err.startswith("error: --event")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--event", "2022-02-15"], "--event needs --assets"),
        (["--assets", "XOM"], "--assets needs --event"),
        (["--headline", "x"], "--headline needs --event"),
        (["--event", "2022-02-15", "--assets", ""], "--assets '' has an empty name"),
        (["--event", "2022-02-15", "--assets", "XOM,,CVX"], "has an empty name"),
        (["--event", "2022-02-15", "--assets", "XOM CVX"], "write names with commas"),
        (["--event", "2022-02-15", "--assets", "XOM;CVX"], "write names with commas"),
        (["--event", "2022-02-15", "--assets", "XOM,XOM"], '--assets: has "XOM" twice'),
        (["--event", "2022-02-15", "--assets", "XON", "--source", "bundled"],
         r"'XON' is not among the bundled assets; did you mean 'XOM'\?$"),
        ([*ONE, "--event", "2022-02-15T08:00Z"], "--event 2022-02-15T08:00Z is given twice"),
        ([*ONE, "--benchmark", "XOM"], "--benchmark: XOM is one of --assets"),
        ([*ONE, "--benchmark", "SP50", "--source", "bundled"], "did you mean 'SP500'"),
        ([*ONE, "--model", "markt_model"], "--model: .* did you mean 'market_model'"),
        ([*ONE, "--model", "market_model"], "name one, or take --model constant_mean"),
        ([*ONE, "--model", "constant_mean", "--benchmark", "SP500"], "so leave it out"),
        ([*ONE, "--model", "ar1,ar1"], '--model: has "ar1" twice; give it once'),
        ([*ONE, "--model", "capm", "--benchmark", "SP500"], "eventstudy new --model capm"),
        ([*ONE, "--model", "fama_french_3"], "needs the .factors. of a study file"),
        ([*ONE, "--window", "5"], "--window must be two whole numbers such as -1,1, not '5'"),
        ([*ONE, "--window", ""], "--window must be two whole numbers"),
        ([*ONE, "--window", "5,1"], r"--window: \[5, 1\] starts after it ends"),
        ([*ONE, "--window", "0,99999"], r"^error: --window: \[0, 99999\] reaches .*\n$"),
        ([*ONE, "--estimation", ""], "--estimation must be two whole numbers"),
        ([*ONE, "--estimation", "-5,5"], "--estimation: .* overlaps"),
        ([*ONE, "--source", "bundeld"], "--source 'bundeld' is unknown; did you mean 'bundled'"),
        ([*ONE, "--source", "sql"], "--source sql needs a study file; eventstudy new writes one"),
        ([*ONE, "--source", "file"], "--source file needs it, such as --file prices.csv"),
        ([*ONE, "--file", ""], "--file: must not be empty"),
        ([*ONE, "--file", "prices.csv"], "knows no hours; give --calendar"),
        ([*ONE, "--calendar", "XNYZ"], "calendar 'XNYZ' is unknown; did you mean"),
        ([*ONE, "--calendar", "observed"], "--event: .* knows no hours; give --calendar"),
        ([*ONE, "--timezone", "Paris"], "--timezone: .* did you mean 'Europe/Paris'"),
        ([*ONE, "--timezone", "New York"], "did you mean 'America/New_York'"),
        ([*ONE, "--tests", "bmp"], "--tests: .* did you mean 'bmp_t'"),
        ([*ONE, "--tests", "all,bmp_t"], '--tests: has "all" among other names; write it alone'),
        ([*ONE, "--returns", "logs"], "--returns: .* did you mean 'log'"),
    ],
)  # fmt: skip
def test_a_study_of_options_that_is_wrong(
    folder: Path, command, monkeypatch, given: list[str], told: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "prices.csv").write_text((folder / "prices.csv").read_text().replace("AAA", "XOM"))
    refused(command, ["run", *given], told)


def test_who_asked_yahoo_is_told_why(command, monkeypatch) -> None:
    from eventstudy import pipeline
    from eventstudy.errors import SourceError

    def away(*_: object, **__: object) -> None:
        raise SourceError("Yahoo can't be reached.")

    monkeypatch.setattr(pipeline, "run_study", away)
    for given, told in (
        (["--assets", "xom"], "'xom' is not bundled (did you mean 'XOM'?), so Yahoo was asked: "),
        (["--assets", "SAP.DE"], "'SAP.DE' is not bundled, so Yahoo was asked: "),
        (["--assets", "SAP.DE", "--source", "yahoo"], ""),
    ):
        result = command("run", "--event", "2022-02-15", *given)
        assert result.code == 4
        assert result.err == f"error: {told}Yahoo can't be reached.\n"
    late = command("run", "--event", "2025-02-15", "--assets", "XOM")
    assert late.err.startswith("error: the bundled prices end before the headline, so Yahoo")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pin", "", "--calendar", "XNYS"], "'' is neither a file of headlines nor a stamp"),
        (["pin", "/", "--calendar", "XNYS"], "'/' is neither a file of headlines nor a stamp"),
        (["pin", "2022-02-15T08:00Z", "--calendar", "XNYS", "--clock", "25:00"],
         "--clock: '25:00' is no clock"),
        (["pin", "2022-02-15T08:00", "--calendar", "XNYS", "--timezone", "London"],
         "--timezone: .* did you mean 'Europe/London'"),
        (["events", "check", "/"], "'/' is no file of headlines; name one, such as events.csv"),
        (["events", "check", "LICENSE"], "there is no such file|whose name has no ending"),
        (["report", "x.toml", "--out", "/dev/null"], "--out /dev/null is a file; name a folder"),
        (["simulate", "size", "--level", "nan"], "--level must lie between 0 and 1, not nan"),
        (["simulate", "size", "--same-date"], "--same-date needs --returns"),
        (["simulate", "size", "--benchmark", "SP500"], "--benchmark needs --returns"),
        (["simulate", "size", "--design", "z"], "--design 'z' is unknown"),
        (["simulate", "size", "--tests", "bmp"], "--tests 'bmp' .* did you mean 'bmp_t'"),
        (["simulate", "power", "--effect", "nan"], "--effect 'nan' must be numbers from -1 to 1"),
        (["simulate", "power", "--effect", "1e9"], "must be numbers from -1 to 1"),
        (["simulate", "power", "--effect", "0.01,0.02"], "a design takes one effect; several need"),
        (["rn"], "No such command 'rn'"),
        (["run", "--evnt", "x"], "No such option"),
    ],
)  # fmt: skip
def test_the_other_commands(command, arguments: list[str], told: str) -> None:
    refused(command, arguments, told)


def test_a_table_of_rates_fits_80_columns(command, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    result = command("simulate", "size", "--design", "a,b", "--tests", "adjusted_patell_z,gls_t",
                     "-n", "4", "--workers", "1")  # fmt: skip
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert [line for line in lines if "…" in line] == []
    assert sum(line.startswith("design ") for line in lines) == 2
    assert "adjusted_patell_z forecast_covariance" in result.out


@pytest.mark.parametrize(
    "given",
    [
        ["--assets", "XOM"],
        ["--assets", "XOM,CVX", "--benchmark", "^GSPC", "--window", "-1,1"],
        ["--assets", "XOM,CVX,AAPL,JPM", "--benchmark", "SP500", "--headline", HEADLINE],
        ["--assets", "XOM,CVX", "--benchmark", "SP500", "--model", "market_model,constant_mean"],
        ["--assets", "SP500,WTI", "--headline", HEADLINE],
    ],
)
def test_the_answer_to_one_question_fits_one_screen(given: list[str]) -> None:
    result = CliRunner().invoke(
        app, ["run", "--event", "2022-02-15T08:00Z", *given], env={"COLUMNS": str(COLUMNS)}
    )
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) <= LINES
    assert "Answer" in lines
    told = " ".join(result.stdout.split())
    assert told.count("return to base after drills") == ("--headline" in given)
