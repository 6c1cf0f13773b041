"""``eventstudy new``: the file it writes loads, runs, and says what a hand-written one says."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from eventstudy.cli import guard
from eventstudy.cli.app import app
from eventstudy.cli.assetkinds import INDICES, YAHOO_INDEX, guess_benchmark, kind_of
from eventstudy.cli.draft import Draft
from eventstudy.cli.draft_text import study_text
from eventstudy.prices.bundled import load_bundled
from eventstudy.studyfile import load_study
from tests.cli.conftest import Outcome

# A terminal of 80 columns shows a line of this many characters whole.
COLUMNS = 80
# Seconds that a process at a terminal may take for an answer; a machine under load is slow.
PATIENCE = 60
ROOT = Path(guard.__file__).resolve().parents[2]
HEADLINES = """event_id,timestamp,asset,headline
announced,2022-02-15T08:00Z,,units return
spoken,2022-02-16T20:30:00+01:00,XOM,"a president, speaking"
"""


@pytest.fixture(scope="session")
def real_prices() -> str:
    """A CSV of real prices: a market, two shares and oil."""
    close = load_bundled(["SP500", "XOM", "CVX", "WTI"]).close.loc["2020":"2022-06"]
    return str(close.rename_axis("date").to_csv())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments: str, answers: str | None = None) -> Outcome:
    result = CliRunner().invoke(app, ["new", *arguments], input=answers, prog_name="eventstudy")
    return Outcome(result.exit_code, result.stdout, result.stderr)


def written(path: str = "study.toml") -> dict:
    return tomllib.loads(Path(path).read_text("utf-8"))


def tables(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.csv"))}


def test_every_default_makes_a_study_that_runs(here: Path, command) -> None:
    result = new("--yes")
    assert (result.code, result.out) == (0, ""), result.err
    assert result.err == "written to study.toml; run it with: eventstudy run study.toml\n"
    study = load_study(here / "study.toml")
    assert study.study.name == "study"
    assert study.prices.assets == ("SP500", "WTI")
    assert study.models_for("WTI") == ("constant_mean",)
    run = command("run", "study.toml", "--out", "out", "--no-report")
    assert run.code == 0, run.err


def test_enter_to_every_question_is_the_same_as_yes(here: Path) -> None:
    assert new("a.toml", "--yes", "--name", "x").code == 0
    result = new("b.toml", "--name", "x", answers="\n" * 20)
    assert result.code == 0, result.err
    one, two = (Path(f).read_text().replace(f, "") for f in ("a.toml", "b.toml"))
    assert one == two


def test_the_same_answers_give_the_same_bytes(here: Path) -> None:
    for name in ("a", "b"):
        Path(name).mkdir()
        assert new(f"{name}/study.toml", "--yes").code == 0
    assert Path("a/study.toml").read_bytes() == Path("b/study.toml").read_bytes()


BY_HAND = """[study]
name = "mine"
[events]
file = "events.csv"
[prices]
source = "file"
file = "prices.csv"
assets = ["XOM", "CVX", "WTI"]
[assets]
XOM = { calendar = "XNYS" }
CVX = { calendar = "XNYS" }
SP500 = { calendar = "XNYS" }
WTI = { calendar = "CME_ENERGY", model = "constant_mean", panel = "WTI" }
[model]
name = "market_model"
benchmark = "SP500"
[windows]
estimation = [-200, -21]
report = [[0, 0], [0, 9]]
event = [-5, 9]
"""


def test_a_file_of_prices_from_end_to_end(here: Path, command, real_prices: str) -> None:
    Path("events.csv").write_text(HEADLINES)
    Path("prices.csv").write_text(real_prices)
    Path("by-hand.toml").write_text(BY_HAND)
    answers = ["mine", "", "", "", "", "", "", "0,0 0,9", "", "-200,-21", "", ""]
    result = new(answers="\n".join(answers))
    assert result.code == 0, result.err
    for file, out in (("by-hand.toml", "one"), ("study.toml", "two")):
        run = command("run", file, "--out", out, "--no-report", "--quiet")
        assert run.code == 0, run.err
    assert tables(here / "one") == tables(here / "two")
    assert len(tables(here / "one")) >= 7


def test_bare_dates_need_no_calendar(here: Path, command, real_prices: str) -> None:
    Path("prices.csv").write_text(real_prices)
    assert new("--yes", "--events", "2022-02-15").code == 0
    assert "calendar" not in written()["assets"]["WTI"]
    assert command("run", "study.toml", "--quiet").code == 0


def test_returns_are_told_from_prices(here: Path, command, real_prices: str) -> None:
    frame = load_bundled(["SP500", "XOM"]).close.loc["2020":"2022-06"].pct_change().iloc[1:]
    frame.rename_axis("date").to_csv("returns.csv")
    assert new("--yes", "--prices", "returns.csv").code == 0
    assert written()["prices"]["kind"] == "returns"
    assert command("run", "study.toml", "--quiet").code == 0


def test_a_database(here: Path, command, real_prices: str) -> None:
    pytest.importorskip("sqlalchemy")
    import io
    import sqlite3

    import pandas as pd

    long = pd.read_csv(io.StringIO(real_prices)).melt("date", var_name="asset", value_name="close")
    with sqlite3.connect("p.db") as connection:
        long.to_sql("prices", connection, index=False)
    connection.close()
    result = new("--yes", "--prices", "sqlite:///p.db", "--assets", "XOM,WTI")
    assert result.code == 0, result.err
    assert written()["prices"]["url"] == "sqlite:///p.db"
    assert command("run", "study.toml", "--quiet").code == 0


def test_yahoo_has_its_own_symbols(here: Path) -> None:
    assert new("--yes", "--prices", "yahoo", "--assets", "BMW.DE,EURUSD=X").code == 0
    found = written()
    assert found["model"]["benchmark"] == "^GDAXI"
    assert found["assets"] == {
        "EURUSD=X": {"calendar": "24/5", "model": "constant_mean", "panel": "EURUSD=X"}
    }
    load_study(here / "study.toml")


def test_a_study_in_another_folder(here: Path, command, real_prices: str) -> None:
    Path("events.csv").write_text(HEADLINES)
    Path("data").mkdir()
    Path("data/prices.csv").write_text(real_prices)
    assert new("new/one.toml", "--yes", "--prices", "data/prices.csv").code == 0
    found = written("new/one.toml")
    assert found["prices"]["file"] == "../data/prices.csv"
    assert found["events"]["file"] == "../events.csv"
    assert command("run", "new/one.toml", "--quiet").code == 0


def test_columns_and_a_zone(here: Path, command) -> None:
    Path("news.csv").write_text("id,when,headline\nx,2022-02-15T09:00,units return\n")
    given = ["--yes", "--events", "news.csv", "--column", "timestamp=when", "--column",
             "event_id=id"]  # fmt: skip
    result = new(*given)
    assert result.code == 2
    assert result.err.startswith("error: --timezone is needed")
    assert new(*given, "--timezone", "Europe/Paris").code == 0
    assert written()["events"]["timezone"] == "Europe/Paris"
    run = command("run", "study.toml", "--json")
    assert json.loads(run.out)["pinned"][0]["timestamp_utc"].startswith("2022-02-15T08:00")


def keys_to_use() -> list[tuple[str, list[str]]]:
    """Each part of a file that stands behind a #, with the file that it belongs to."""
    drafts = {
        "one": Draft(Path("study.toml")),
        "file": Draft(Path("study.toml"), events_file="events.csv", stamp=None, source="file",
                      prices_file="prices.csv", have=("SP500", "XOM", "WTI"), assets=("XOM", "WTI"),
                      models=("market_model",), benchmark=("SP500",),
                      calendars={"XOM": "XNYS", "WTI": "CME_ENERGY", "SP500": "XNYS"}),
        "sql": Draft(Path("study.toml"), source="sql", database="DATABASE_URL",
                     table="select date, asset, close from p", assets=("XOM", "BRK.B")),
        "yahoo": Draft(Path("study.toml"), source="yahoo", models=("carhart_4", "capm"),
                       assets=("XOM",), benchmark=("^GSPC",)),
    }  # fmt: skip
    found = []
    for name, draft in drafts.items():
        lines = study_text(draft).splitlines()
        for i, line in enumerate(lines):
            if line.startswith("#[") and not lines[i - 1].startswith("#["):
                end = next(
                    (j for j in range(i, len(lines)) if not re.match(r"#\S", lines[j])), len(lines)
                )
                found.append((f"{name}: {line}", with_used(lines, range(i, end))))
            elif re.match(r"#[a-z_]+ = ", line) and not in_section(lines, i):
                found.append((f"{name}: {line}", with_used(lines, range(i, i + 1))))
    return found


def in_section(lines: list[str], i: int) -> bool:
    """Whether a line belongs to a section that is behind a # itself."""
    while lines[i].startswith("#") and not lines[i].startswith("# "):
        if lines[i].startswith("#["):
            return True
        i -= 1
    return False


def with_used(lines: list[str], used: range) -> list[str]:
    return [line.removeprefix("#") if i in used else line for i, line in enumerate(lines)]


@pytest.mark.parametrize(("what", "lines"), keys_to_use(), ids=[k for k, _ in keys_to_use()])
def test_every_key_behind_a_mark_can_be_used(here: Path, what: str, lines: list[str]) -> None:
    Path("events.csv").write_text(HEADLINES)
    Path("prices.csv").write_text("date,XOM\n2022-02-15,1\n")
    Path("study.toml").write_text("\n".join(lines) + "\n")
    load_study(here / "study.toml")


def test_a_file_shows_what_could_be_asked_of_a_study() -> None:
    draft = Draft(Path("s.toml"), models=("market_model",), benchmark=("SP500",), assets=("XOM",))
    text = study_text(draft)
    parts = {part.split("]")[0]: part for part in re.split(r"^#?\[+", text, flags=re.M)}
    shown = {
        "study": ["name", "returns", "missing", "currency", "seed"],
        "events": ["timezone", "policy", "signed", "group_similar"],
        "events.list": ["timestamp", "asset", "uncertainty_minutes", "group"],
        "prices": ["source", "assets"],
        "model": ["name", "benchmark", "benchmark_lags", "also"],
        "windows": ["event", "estimation", "report", "min_observations", "purge"],
        "tests": ["names", "alternative", "multiplicity"],
        "regression": ["on", "window"],
        "specification": ["windows"],
    }
    for section, keys in shown.items():
        for key in keys:
            found = re.search(rf"^#?{key} = ", parts[section], re.M)
            assert found, f"{section} {key}"
            before = parts[section][: found.start()].splitlines()
            head = len(before) <= 1 or key in ("timestamp", "window", "on", "windows")
            assert head or before[-1].startswith("# ") or before[-2].startswith("# "), key


def test_a_terminal_of_80_columns_holds_it(here: Path, real_prices: str) -> None:
    Path("events.csv").write_text(HEADLINES)
    Path("prices.csv").write_text(real_prices)
    result = new(answers="\n" * 20)
    assert result.code == 0
    assert max(map(len, result.err.splitlines())) <= COLUMNS
    assert max(map(len, Path("study.toml").read_text().splitlines())) <= COLUMNS


WRONG = [
    ("name", [" \x07bell"], "one line of printable text"),
    ("events", ["nosuch.csv", "15.2.2022", "2022-02-30", "tomorrow"],
     "there is no file|neither a file|no such date|not ISO 8601"),
    ("prices", ["bundeld", "oil.csv", "file", "futures", "sqlite:///no.db",
                "postgresql://u:secret@h/d"],
     "did you mean 'bundled'|no file|name the file|contracts|password"),
    ("assets", ["XOM,CVY", "XOM,,CVX", "XOM,XOM", "XOM CVX"],
     "did you mean 'CVX'|empty name|twice|not among"),
    ("model", ["markt_model", "matched", "a,b"], "did you mean 'market_model'|not have yet|no mod"),
    ("benchmark", ["SP50", "XOM,CVX", "none"], "did you mean 'SP500'|the asset itself|needs one"),
    ("window", ["5", "1,0", "0,99999", "a,b", "0,0 0,0"],
     "two whole numbers|write 0,1|reaches beyond|twice"),
    ("event-window", ["0", "3,-3", "0,0"], "two whole numbers|write -3,3|does not hold"),
    ("estimation", ["-5,5", "-20,-16", "x"], "overlaps|fewer than|two whole numbers"),
    ("tests", ["bmp", "all,bmp_t", ","], "did you mean 'bmp_t'|write it alone|empty name"),
]  # fmt: skip
ORDER = ["name", "events", "headline", "prices", "assets", "model", "benchmark", "window",
         "event-window", "estimation", "tests"]  # fmt: skip


@pytest.mark.parametrize(("question", "wrong", "told"), WRONG, ids=[q for q, _, _ in WRONG])
def test_a_wrong_answer_is_one_sentence_and_asked_again(
    here: Path, question: str, wrong: list[str], told: str
) -> None:
    usual = {"assets": "XOM,CVX"}
    before = [usual.get(q, "") for q in ORDER[: ORDER.index(question)]]
    rest = [usual.get(q, "") for q in ORDER[ORDER.index(question) :]]
    result = new(answers="\n".join([*before, *wrong, *rest]) + "\n")
    assert result.code == 0, result.err
    # A sentence that is wider than a terminal goes on below, until the question comes again.
    found = re.findall(r"^  error: (.*?)(?=^  \[)", result.err, re.M | re.S)
    errors = [" ".join(error.split()) for error in found]
    assert len(errors) == len(wrong), result.err
    for error in errors:
        assert re.search(told, error), error
        assert not error.startswith("--"), "no option is named where none was given"
    assert "secret" not in result.err.replace("u:secret", "")
    load_study(here / "study.toml")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--events", "nosuch.csv"], "--events: there is no file nosuch.csv"),
        (["--prices", "bundeld"], "--prices: .* did you mean 'bundled'"),
        (["--assets", "XON"], "did you mean 'XOM'"),
        (["--model", "markt_model"], "--model: .* did you mean 'market_model'"),
        (["--benchmark", "SP50"], "did you mean 'SP500'"),
        (["--model", "constant_mean", "--benchmark", "SP500"], "--benchmark is superfluous"),
        (["--assets", "SP500", "--benchmark", "SP500"], "--benchmark: SP500 is the asset itself"),
        (["--window", "5"], "--window must be two whole numbers"),
        (["--event-window", "0,0", "--window", "0,1"], "--event-window: 0,0 does not hold 0,1"),
        (["--estimation", "-5,5"], "--estimation: .* overlaps"),
        (["--tests", "bmp"], "--tests: .* did you mean 'bmp_t'"),
        (["--table", "x"], "--table is superfluous: only prices from sql"),
        (["--kind", "returns"], "--kind is for a file or a database"),
        (["--calendar", "XNYS"], "--calendar is superfluous"),
        (["--column", "a=b"], "--column is for a file of headlines"),
        (["--column", "a"], "--column must be OURS=THEIRS"),
        (["--name", ""], "--name: must not be empty"),
        (["--name", "a\nb"], "--name must be one line of printable text"),
        (["--prices", "sql", "--database", "my db"], "--database: must be the name of an env"),
        (["--prices", "sql", "--table", "DROP TABLE x"], "--table: must be one SELECT"),
    ],
)
def test_a_wrong_option_is_2_and_nothing_is_written(
    here: Path, given: list[str], told: str
) -> None:
    result = new("--yes", *given)
    assert (result.code, result.out) == (2, "")
    assert re.match(f"error: .*{told}" if told.startswith("did") else f"error: {told}", result.err)
    assert result.err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_nothing_is_written_over(here: Path) -> None:
    Path("study.toml").write_text("mine")
    result = new("--yes")
    assert result.code == 2
    assert result.err == (
        "error: study.toml exists; name another file, or write over it with --force\n"
    )
    assert Path("study.toml").read_text() == "mine"
    assert new("--yes", "--force").code == 0
    assert written()["schema_version"] == 1


def test_nor_a_file_that_came_while_questions_were_asked(here: Path, monkeypatch) -> None:
    from eventstudy.cli import questions

    def slow(draft: Draft, text: str) -> Draft:
        Path("study.toml").write_text("of somebody else")
        return draft

    last = questions.QUESTIONS[-1]
    changed = questions.Question(last.option, last.title, last.help, slow, last.default)
    monkeypatch.setattr(questions, "QUESTIONS", (*questions.QUESTIONS[:-1], changed))
    assert new("--yes").code == 2
    assert Path("study.toml").read_text() == "of somebody else"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("study", "a study file ends in .toml; write study.toml"),
        (".", ". is a folder; name a file in it, such as study.toml"),
        ("events.toml", "events.toml is the study file itself"),
    ],
)
def test_a_name_that_can_not_be(here: Path, file: str, told: str) -> None:
    Path("events.toml").write_text('[[events]]\ntimestamp = "2022-02-15"\n')
    before = sorted(here.rglob("*"))
    result = new(file, "--yes", "--force", "--events", "events.toml")
    assert result.code == 2
    assert told in result.err
    assert sorted(here.rglob("*")) == before
    assert Path("events.toml").read_text().startswith("[[events]]")


def test_answers_that_end_too_early(here: Path) -> None:
    for lines in range(9):
        result = new(answers="\n" * lines)
        assert (result.code, result.out) == (2, "")
        assert "the answers ended before the questions; nothing was written" in result.err
        assert list(here.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(here: Path, monkeypatch) -> None:
    def full(self: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = new("--yes")
    assert result.code == 2
    assert "No space left on device" in result.err
    assert list(here.iterdir()) == []


def test_json_alone_is_on_stdout(here: Path) -> None:
    result = new("--json", answers="\n" * 20)
    assert json.loads(result.out) == {"schema_version": 1, "file": "study.toml"}
    assert "What is the study called?" in result.err
    quiet = new("other.toml", "--yes", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_what_an_option_says_is_not_asked(here: Path) -> None:
    given = ["--name", "oil", "--events", "2022-02-15", "--headline", "back", "--prices",
             "bundled", "--assets", "WTI", "--model", "ar1", "--window", "0,0", "--window", "0,1",
             "--event-window", "-2,2", "--estimation", "-100,-10", "--tests", "all"]  # fmt: skip
    result = new(*given)
    assert result.code == 0, result.err
    assert "?" not in result.err.split("Ctrl-C")[1]
    found = written()
    assert found["study"]["name"] == "oil"
    assert found["events"]["list"] == [
        {"event_id": "event-1", "timestamp": "2022-02-15", "headline": "back"}
    ]
    assert found["prices"] == {"source": "bundled", "assets": ["WTI"]}
    assert found["windows"] == {
        "event": [-2, 2],
        "estimation": [-100, -10],
        "report": [[0, 0], [0, 1]],
    }
    assert found["tests"]["names"] == "all"


def test_a_question_mark_lists_what_may_be_answered(here: Path) -> None:
    result = new("--prices", "bundled", answers="\n\n\n?\n" + "\n" * 20)
    assert result.code == 0
    assert "WTI_EXPIRY" in result.err
    assert "CL_2022H" not in result.err


def test_prices_that_do_not_reach_are_told(here: Path) -> None:
    result = new("--yes", "--events", "2025-02-15")
    assert result.code == 0
    assert re.match(r"warning: the prices of SP500 go from 1990-01-02 to 2022-12-28", result.err)


def test_an_asset_of_the_headlines_that_the_prices_lack(here: Path, real_prices: str) -> None:
    Path("events.csv").write_text(HEADLINES.replace("XOM", "XON"))
    Path("prices.csv").write_text(real_prices)
    for prices in ("prices.csv", "bundled"):
        result = new("--yes", "--prices", prices)
        assert result.code == 2
        assert "did you mean 'XOM'?" in result.err


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_words_come_back(name: str, headline: str) -> None:
    draft = Draft(Path("study.toml"), name=name, headline=headline, source="yahoo",
                  assets=(name,))  # fmt: skip
    try:
        found = tomllib.loads(study_text(draft))
    except UnicodeEncodeError:
        return
    assert found["study"]["name"] == name
    assert found["events"]["list"][0]["headline"] == headline
    assert found["prices"]["assets"] == [name]


def test_kinds_name_calendars_and_indices_that_there_are() -> None:
    from eventstudy.calendars.library import calendar_names
    from eventstudy.prices.yahoo_symbols import INDICES as YAHOO

    assert set(INDICES.values()) <= set(calendar_names())
    assert set(YAHOO_INDEX) <= set(calendar_names())
    assert set(YAHOO_INDEX.values()) <= set(YAHOO)


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        ("XOM", "equity"), ("BRK.B", "equity"), ("S&P 500", "index"), ("^GDAXI", "index"),
        ("MKT", "index"), ("market index", "index"), ("MARKEL", "equity"), ("WTI", "future"),
        ("CL_2022H", "future"), ("CL=F", "future"), ("EURUSD", "currency"), ("GBP/USD", "currency"),
        ("EURUSD=X", "currency"), ("BTC-USD", "coin"), ("GOOGLE", "equity"),
    ],
)  # fmt: skip
def test_kinds(asset: str, kind: str) -> None:
    assert kind_of(asset) == kind


def test_a_benchmark_of_the_same_exchange_comes_first() -> None:
    columns = ["SP500", "DAX", "BMW.DE"]
    assert guess_benchmark("file", ["BMW.DE"], columns) == "DAX"
    assert guess_benchmark("file", ["XOM"], columns) == "SP500"
    assert guess_benchmark("file", ["XOM"], ["XOM", "CVX"]) is None


class Terminal:
    """The command at a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.own, other = pty.openpty()
        code = "from eventstudy.cli.app import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", "COLUMNS": "80"},
            stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=take_terminal,
        )  # fmt: skip
        os.close(other)
        self.seen = ""
        self.at = 0

    def wait_for(self, text: str, *, press: str = "") -> None:
        """Read until a text has come after the one that was waited for before.

        ``press`` is typed until then, twice a second.
        """
        end, again = time.monotonic() + PATIENCE, time.monotonic()
        while text not in self.seen[self.at :]:
            assert time.monotonic() < end, self.seen
            if press and time.monotonic() >= again:
                self.type(press)
                again = time.monotonic() + 0.5
            if select.select([self.own], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.own, 4096).decode("utf-8", "replace")
                except OSError:
                    break
        assert text in self.seen[self.at :], self.seen
        self.at = self.seen.index(text, self.at) + len(text)

    def type(self, text: str) -> None:
        os.write(self.own, text.encode())

    def leave(self) -> int:
        code = self.process.wait(PATIENCE)
        os.close(self.own)
        return code


def take_terminal() -> None:
    """Make the terminal the process's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_ctrl_c_leaves_nothing(here: Path) -> None:
    terminal = Terminal(here, "new")
    terminal.wait_for("[study] > ")
    terminal.type("mine\r")
    terminal.wait_for("] > ")
    # A signal between the prompt and the read that follows it is heard with the next key.
    terminal.wait_for("interrupted", press="\x03")
    assert terminal.leave() == 130
    assert list(here.iterdir()) == []


def test_the_tabulator_completes_names_and_files(here: Path, real_prices: str) -> None:
    pytest.importorskip("readline")
    Path("own-prices.csv").write_text(real_prices)
    terminal = Terminal(here, "new", "--events", "2022-02-15", "--name", "x", "--headline", "y")
    terminal.wait_for("[bundled] > ")
    terminal.type("own\t\r")
    terminal.wait_for("Which assets?")
    terminal.wait_for("] > ")
    terminal.type("XOM,CV\t\r")
    for _ in range(6):
        terminal.wait_for("] > ")
        terminal.type("\r")
    terminal.wait_for("written to study.toml")
    assert terminal.leave() == 0
    assert written()["prices"]["file"] == "own-prices.csv"
    assert written()["prices"]["assets"] == ["XOM", "CVX"]
