"""On which line of a TOML text a key stands.

``tomllib`` gives values without their places. This scanner walks a text that ``tomllib`` has
accepted and notes the line of every key, table and array element.
"""

from __future__ import annotations

import re
import tomllib

__all__ = ["KeyPath", "key_lines", "line_of"]

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LITERAL = re.compile(r"'[^']*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of each key path of a valid TOML text.

    Parameters
    ----------
    text : str
        TOML that ``tomllib`` accepts.

    Returns
    -------
    dict
        Path -> line; elements of arrays have their number in the path.

    Examples
    --------
    >>> lines = key_lines('[a]\\nb.c = [1,\\n 2]\\n')
    >>> lines[("a", "b", "c")], lines[("a", "b", "c", 1)]
    (2, 3)
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a path, or of the nearest table or array that holds it.

    Examples
    --------
    >>> line_of({("a",): 3}, ("a", "b"))
    3
    """
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _Scanner:
    """Recursive descent over one text; ``at`` is the position of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}
        self._line = 1
        self._counted = 0

    def line(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no TOML at line {self.line()}")
        self.at = found.end()
        return found.group()

    def note(self, path: KeyPath, line: int) -> None:
        """Note the first line of a path and of the tables that it opens."""
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)

    def document(self) -> None:
        prefix: KeyPath = ()
        self.skip(_SPACE)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                prefix = self.header()
            else:
                self.pair(prefix)
            self.skip(_SPACE)

    def header(self) -> KeyPath:
        line = self.line()
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        path = self.resolve(self.key())
        self.at += 2 if several else 1
        if several:
            number = self.counts.get(path, 0)
            self.counts[path] = number + 1
            self.note(path, line)
            path = (*path, number)
        # A header is a better place for a table than a sub-table that came before it.
        self.note(path, line)
        self.lines[path] = line
        return path

    def resolve(self, names: list[str]) -> KeyPath:
        """Enter the last element of every array of tables on the way, but not of the last name."""
        path: KeyPath = ()
        for i, name in enumerate(names):
            path = (*path, name)
            if i < len(names) - 1 and path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def key(self) -> list[str]:
        names = []
        while True:
            self.skip(_BLANK)
            names.append(self.name())
            self.skip(_BLANK)
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return names
            self.at += 1

    def name(self) -> str:
        quote = self.text[self.at]
        if quote == '"':
            return str(tomllib.loads(f"k = {self.skip(_BASIC)}")["k"])
        return self.skip(_LITERAL)[1:-1] if quote == "'" else self.skip(_BARE)

    def pair(self, prefix: KeyPath) -> None:
        line = self.line()
        path = (*prefix, *self.key())
        self.note(path, line)
        self.at += 1
        self.skip(_BLANK)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline(path)
        elif first == '"':
            long = self.text.startswith('"""', self.at)
            self.skip(_LONG_BASIC if long else _BASIC)
        elif first == "'":
            self.skip(_LONG_LITERAL if self.text.startswith("'''", self.at) else _LITERAL)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        number = 0
        self.skip(_SPACE)
        while self.text[self.at] != "]":
            self.note((*path, number), self.line())
            self.value((*path, number))
            number += 1
            self.skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_SPACE)
        self.at += 1

    def inline(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_SPACE)
        while self.text[self.at] != "}":
            self.pair(path)
            self.skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_SPACE)
        self.at += 1
