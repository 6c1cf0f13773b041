"""Every fault of a study file is one sentence with file, line, key and the nearest right key."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from eventstudy.errors import InputError
from eventstudy.studyfile import load_study, study_from_dict

# Lines are counted from this text: [events] 1, [prices] 3, [model] 5.
BASE = """[events]
file = "events.csv"
[prices]
source = "bundled"
[model]
name = "market_model"
benchmark = "SP500"
"""
FILE_PRICES = 'source = "file"\nfile = "events.csv"'

# what is wrong: (text, words that the message must have)
FAULTS: dict[str, tuple[str, list[str]]] = {
    "unknown key": (
        BASE.replace("benchmark", "benchmrk"),
        ["line 7", "[model] benchmrk", "did you mean 'benchmark'"],
    ),
    "unknown section": (
        BASE.replace("[prices]", "[price]"),
        ["line 3", "[price]", "did you mean 'prices'"],
    ),
    "missing section": (
        BASE.replace('[prices]\nsource = "bundled"\n', ""),
        ["[prices]", "missing"],
    ),
    "missing key": (BASE.replace('name = "market_model"\n', ""), ["line 5", "[model] name"]),
    "key of another section": (
        BASE + 'missing = "skip"\n',
        ["line 8", "[model] missing", "[study]"],
    ),
    "key outside of sections": ('returns = "log"\n' + BASE, ["line 1", "returns", "[study]"]),
    "unknown key of an asset": (
        BASE + '[assets."S&P"]\nclosee = "17:30 Europe/Berlin"\n',
        ["line 9", "[assets.S&P] closee", "did you mean 'close'"],
    ),
    "unknown key of an inline asset": (
        BASE + '[assets]\nDAX = {\tcalender = "XETR" }\n',
        ["line 9", "[assets.DAX] calender", "did you mean 'calendar'"],
    ),
    "unknown model": (
        BASE.replace("market_model", "markt_model"),
        ["line 6", '"markt_model"', "did you mean 'market_model'"],
    ),
    "unknown further model": (
        BASE + 'also = ["constant_man"]\n',
        ["line 8", '"constant_man"', "did you mean 'constant_mean'"],
    ),
    "model of an asset": (
        BASE + '[assets.X]\nmodel = "dimsn"\n',
        ["line 9", "[assets.X] model", "did you mean 'dimson'"],
    ),
    "model that does not exist yet": (
        BASE.replace("market_model", "synthetic_control"),
        ["line 6", '"synthetic_control"', "does not have yet"],
    ),
    "matched does not exist yet": (
        BASE.replace("market_model", "matched"),
        ["line 6", '"matched"', "does not have yet"],
    ),
    "model twice": (BASE + 'also = ["market_model"]\n', ["line 8", '"market_model"']),
    "unknown test": (
        BASE + '[tests]\nnames = ["bmp_t",\n  "patel_z"]\n',
        ["line 9", "[tests] names", '"patel_z"', "did you mean 'patell_z'"],
    ),
    "unknown test set": (
        BASE + '[tests]\nnames = "recomended"\n',
        ["line 9", "did you mean 'recommended'"],
    ),
    "unknown alternative": (
        BASE + '[tests]\nalternative = "greatr"\n',
        ["line 9", "[tests] alternative", "did you mean 'greater'"],
    ),
    "unknown adjustment": (
        BASE + '[tests]\nmultiplicity = "romano_wolff"\n',
        ["line 9", "[tests] multiplicity", "did you mean 'romano_wolf'"],
    ),
    "unknown source": (
        BASE.replace("bundled", "yaho"),
        ["line 4", "[prices] source", "did you mean 'yahoo'"],
    ),
    "database without address": (BASE.replace("bundled", "sql"), ["[prices] url", "url_env"]),
    "frame in a file": (BASE.replace("bundled", "frame"), ["line 4", "Python"]),
    "source without file": (BASE.replace("bundled", "file"), ["line 3", "[prices] file"]),
    "file without need": (
        BASE.replace('"bundled"', '"bundled"\nfile = "events.csv"'),
        ["line 5", "[prices] file", '"bundled"'],
    ),
    "benchmark needed": (
        BASE.replace('benchmark = "SP500"\n', ""),
        ["line 5", "[model] benchmark", '"market_model"'],
    ),
    "benchmark superfluous": (
        BASE.replace("market_model", "constant_mean"),
        ["line 7", "[model] benchmark", "superfluous"],
    ),
    "benchmark of an asset superfluous": (
        BASE + '[assets.X]\nmodel = "constant_mean"\nbenchmark = "SP500"\n',
        ["line 10", "[assets.X] benchmark", "superfluous"],
    ),
    "own benchmark": (
        BASE + '[assets.SP500]\nmodel = "market_model"\nbenchmark = "SP500"\n',
        ["line 10", "[assets.SP500] benchmark", "itself"],
    ),
    "several benchmarks of one": (
        BASE.replace("market_model", "dimson").replace('"SP500"', '["SP500", "DAX"]'),
        ["line 7", '"dimson"', "one benchmark"],
    ),
    "benchmark twice": (BASE.replace('"SP500"', '["SP500", "SP500"]'), ["line 7", "twice"]),
    "lags without benchmark": (
        BASE.replace("market_model", "constant_mean").replace(
            'benchmark = "SP500"', "benchmark_lags = [0, 1]"
        ),
        ["line 7", "[model] benchmark_lags"],
    ),
    "half-life where it has no use": (
        BASE.replace("market_model", "lad") + "half_life = 60\n",
        ["line 8", "[model] half_life"],
    ),
    "estimation overlaps": (
        BASE + "[windows]\nestimation = [-260, -5]\nevent = [-10, 10]\n",
        ["line 9", "[windows] estimation", "[-260, -5]", "[-10, 10]", "-11"],
    ),
    "estimation touches": (
        BASE + "[windows]\nestimation = [-260, -10]\nevent = [-10, 10]\n",
        ["line 9", "overlaps"],
    ),
    "estimation after": (BASE + "[windows]\nestimation = [10, 200]\n", ["line 9", "lies after"]),
    "estimation too short": (
        BASE + "[windows]\nestimation = [-40, -11]\nmin_observations = 31\n",
        ["line 9", "30 sessions", "min_observations = 31"],
    ),
    "window runs backwards": (
        BASE + "[windows]\nevent = [5, -5]\n",
        ["line 9", "[windows] event", "[5, -5]", "[-5, 5]"],
    ),
    "report runs backwards": (
        BASE + "[windows]\nreport = [[1, 0]]\n",
        ["line 9", "[windows] report", "[1, 0]"],
    ),
    "report outside": (
        BASE + "[windows]\nreport = [[0, 0],\n  [0, 6]]\n",
        ["line 10", "[windows] report (number 2)", "[0, 6]", "[-5, 5]"],
    ),
    "window is no pair": (BASE + "[windows]\nevent = [1, 2, 3]\n", ["line 9", "pair"]),
    "window of text": (BASE + '[windows]\nevent = "-5,5"\n', ["line 9", "pair", '"-5,5"']),
    "window of fractions": (BASE + "[windows]\nevent = [-5.0, 5]\n", ["line 9", "-5.0"]),
    "window of the moon": (BASE + "[windows]\nevent = [-5, 9999999]\n", ["line 9", "20000"]),
    "number as text": (
        BASE + '[windows]\nmin_observations = "30"\n',
        ["line 9", "[windows] min_observations", "whole number", '"30"'],
    ),
    "number as truth": (BASE + "[windows]\nmin_observations = true\n", ["line 9", "true"]),
    "too few observations": (BASE + "[windows]\nmin_observations = 2\n", ["line 9", "not 2"]),
    "text as number": (BASE.replace('"market_model"', "3"), ["line 6", "text", "not 3"]),
    "section as value": ("tests = 3\n" + BASE, ["line 1", "[tests]", "table"]),
    "empty text": (BASE.replace('"SP500"', '""'), ["line 7", "empty"]),
    "trade to trade with returns": (
        BASE.replace('source = "bundled"', FILE_PRICES + '\nkind = "returns"')
        + '[study]\nmissing = "trade_to_trade"\n',
        ["line 11", "[study] missing", "needs prices"],
    ),
    "returns of a source of prices": (
        BASE.replace('"bundled"', '"bundled"\nkind = "returns"'),
        ["line 5", "[prices] kind"],
    ),
    "no events": (BASE.replace('file = "events.csv"\n', ""), ["line 1", "[events]", "file"]),
    "events twice": (
        BASE.replace("[prices]", '[[events.list]]\ntimestamp = "2022-02-15"\n[prices]'),
        ["line 2", "[events] file", "one of the two"],
    ),
    "event that is no table": (
        BASE.replace('file = "events.csv"', "list = [1]"),
        ["line 2", "[events] list (number 1)"],
    ),
    "kind of file": (BASE.replace("events.csv", "events.docx"), ["line 2", "events.docx", ".csv"]),
    "file that is not there": (
        BASE.replace("events.csv", "event.csv"),
        ["line 2", "[events] file", "event.csv", "did you mean 'events.csv'"],
    ),
    "file that is a folder": (BASE.replace("events.csv", "folder.csv"), ["line 2", "not a file"]),
    "time zone": (
        BASE.replace('"events.csv"', '"events.csv"\ntimezone = "Europe/Pari"'),
        ["line 3", "[events] timezone", "Europe/Pari", "did you mean 'Europe/Paris'"],
    ),
    "clock": (BASE + '[assets.X]\nclose = "half past five"\n', ["line 9", "[assets.X] close"]),
    "clock's zone": (
        BASE + '[assets.X]\nclose = "17:30 Europe/Berln"\n',
        ["line 9", "did you mean 'Europe/Berlin'"],
    ),
    "symbols that differ": (
        BASE.replace('"bundled"', '"yahoo"\nsymbols = { X = "a" }') + '[assets.X]\nsymbol = "b"\n',
        ["line 5", "[prices] symbols.X", '"b"'],
    ),
    "version": ("schema_version = 2\n" + BASE, ["line 1", "schema_version", "must be 1"]),
    "key twice": (BASE + 'name = "capm"\n', ["line 8", "name", "twice"]),
    "section twice": (BASE + '[model]\nname = "capm"\n', ["line 8", "[model]", "twice"]),
    "key twice in a row": (
        BASE + "[assets]\nX = {title = 'a', title = 'b'}\n",
        ["line 9", "twice"],
    ),
    "no TOML": (BASE + "x = = 1\n", ["line 8", "TOML"]),
    "quote left open": (BASE + 'x = "abc\n', ["line 8", "TOML"]),
    "date that does not exist": (BASE + "x = 2022-02-31\n", ["line 8", "2022-02-31"]),
    "bracket left open": (BASE + "[windows]\nevent = [1,\n", ["TOML"]),
}


def study_file(folder: Path, text: str | bytes) -> Path:
    (folder / "events.csv").write_text("event_id,timestamp\na,2022-02-15\n")
    (folder / "folder.csv").mkdir(exist_ok=True)
    path = folder / "study.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def message(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_text_that_the_faults_start_from_is_right(tmp_path: Path) -> None:
    assert load_study(study_file(tmp_path, BASE)).study.name == "study"


@pytest.mark.parametrize("fault", FAULTS)
def test_one_sentence_names_the_place(tmp_path: Path, fault: str) -> None:
    text, words = FAULTS[fault]
    told = message(study_file(tmp_path, text))
    first = told.split("\n")[0]
    assert "study.toml" in first
    for word in words:
        assert word in first, told
    assert "pydantic" not in told
    assert "Input should" not in told


def test_further_problems_follow_the_first(tmp_path: Path) -> None:
    text = BASE + '[windows]\nevnt = [0, 1]\nmin_observations = "x"\n[tests]\nnames = 3\n'
    lines = message(study_file(tmp_path, text)).split("\n")
    assert len(lines) == 3
    assert "evnt" in lines[0]
    assert "min_observations" in lines[1]
    assert "[tests] names" in lines[2]


def test_a_misspelt_required_key_is_told_once(tmp_path: Path) -> None:
    told = message(study_file(tmp_path, BASE.replace("name =", "nam =")))
    assert "\n" not in told
    assert "did you mean 'name'" in told


def test_no_such_study(tmp_path: Path) -> None:
    study_file(tmp_path, BASE)
    told = message(tmp_path / "studdy.toml")
    assert "studdy.toml" in told
    assert "did you mean 'study.toml'" in told
    assert "no study file" in message(tmp_path / "nowhere" / "study.toml")


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    assert "is not a file" in message(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    told = message(study_file(tmp_path, BASE.encode() + b'[study]\nname = "caf\xe9"\n'))
    assert "line 9" in told
    assert "UTF-8" in told


def test_nesting_without_end(tmp_path: Path) -> None:
    assert "nested" in message(study_file(tmp_path, "a = " + "[" * 20_000))


def test_control_letters_are_refused(tmp_path: Path) -> None:
    told = message(study_file(tmp_path, BASE + '[study]\nname = "a\\u001b[31m"\n'))
    assert "\x1b" not in told
    assert "line 9" in told


def test_a_pattern_or_a_folder_of_prices_is_for_the_source_to_read(tmp_path: Path) -> None:
    for file in ("*.csv", "folder.csv"):
        text = BASE.replace('source = "bundled"', f'source = "file"\nfile = "{file}"')
        assert load_study(study_file(tmp_path, text)).prices.file == Path(file)


def test_labels_stand_in_for_the_place() -> None:
    data = {
        "events": {"list": [{"timestamp": "2022-02-15"}]},
        "prices": {"source": "bundled"},
        "model": {"name": "mean"},
    }
    with pytest.raises(InputError, match=r"^--model: "):
        study_from_dict(data, labels={("model",): "--model"})


def test_mutilated_files_end_in_a_study_or_an_error_of_ours(tmp_path: Path) -> None:
    rng = random.Random(20220215)
    texts = [text for text, _ in FAULTS.values()] + [BASE]
    junk = "[]{}=\"'#.,\\\n\t 0-9azé\0"
    for _ in range(1500):
        text = list(rng.choice(texts))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 3)] = rng.choices(junk, k=rng.randint(0, 3))
        path = study_file(tmp_path, "".join(text))
        try:
            load_study(path)
        except InputError as error:
            assert str(error)
