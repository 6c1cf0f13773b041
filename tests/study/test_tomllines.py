"""Lines of TOML keys, against texts whose lines are known because the test wrote them."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.tomllines import key_lines, line_of

TEXT = '''# a comment with = and [brackets]
top = 1
[study]  # trailing
name = "a = b # no comment"
"quoted key" = 'lit # eral'
dotted . inner = 2

[assets."S&P 500"]
close = """
17:30
"quoted" \\"""
""" # after
calendar = 2022-02-15T08:00:00Z

[windows]
report = [ # pairs
  [0, 0],

  [-1, # inner comment
   1],
]
[assets]
inline = { calendar = "XETR", deep = {x = [1, {y = 2}]} }

[[events.list]]
id = "one"
[[events.list]]
id = "two"
[events.list.extra]
z = \'\'\'
[not a header]
\'\'\'
'''

EXPECTED = {
    ("top",): 2,
    ("study",): 3,
    ("study", "name"): 4,
    ("study", "quoted key"): 5,
    ("study", "dotted"): 6,
    ("study", "dotted", "inner"): 6,
    ("assets", "S&P 500"): 8,
    ("assets", "S&P 500", "close"): 9,
    ("assets", "S&P 500", "calendar"): 13,
    ("windows",): 15,
    ("windows", "report"): 16,
    ("windows", "report", 0): 17,
    ("windows", "report", 1): 19,
    ("windows", "report", 1, 1): 20,
    ("assets",): 22,
    ("assets", "inline"): 23,
    ("assets", "inline", "deep", "x", 1, "y"): 23,
    ("events", "list"): 25,
    ("events", "list", 0, "id"): 26,
    ("events", "list", 1): 27,
    ("events", "list", 1, "id"): 28,
    ("events", "list", 1, "extra", "z"): 30,
}


@pytest.mark.parametrize("path", EXPECTED, ids=str)
def test_every_way_of_writing_a_key(path: tuple[str | int, ...]) -> None:
    assert key_lines(TEXT)[path] == EXPECTED[path]


def test_windows_line_ends_count_once() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_a_path_that_is_not_there_has_the_line_of_its_table() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("windows", "report", 7)) == 16
    assert line_of(lines, ("model", "name")) is None


def paths(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [p for k, v in items for p in ((*at, k), *paths(v, (*at, k)))]


def test_no_key_is_forgotten() -> None:
    assert set(key_lines(TEXT)) == set(paths(tomllib.loads(TEXT)))


KEY = st.text("abcé .\"'#=[]\\\t", min_size=1, max_size=6)
WORD = st.text("ab\"'#,]}=\\ ", max_size=8)
VALUE = st.recursive(
    st.integers() | st.booleans() | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=6,
)


def basic(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return basic(value)
    if isinstance(value, list):
        return "[\n" + "".join(f"{written(v)}, # ]\n" for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{basic(k)} = {written(v)}" for k, v in value.items()) + "}"
    return str(value)


def flat(value: object) -> bool:
    """Say whether no list stands within an inline table, where TOML 1.0 forbids line ends."""
    if isinstance(value, dict):
        return not any(isinstance(v, list) or not flat(v) for v in value.values())
    return all(flat(v) for v in value) if isinstance(value, list) else True


@given(st.dictionaries(KEY, VALUE.filter(flat), max_size=4))
def test_any_document(document: dict[str, object]) -> None:
    text = "".join(f"{basic(k)} = {written(v)}\n" for k, v in document.items())
    assert tomllib.loads(text) == document
    lines = key_lines(text)
    assert set(lines) == set(paths(document))
    rows = text.split("\n")
    for key in document:
        assert rows[lines[(key,)] - 1].startswith(basic(key))
