"""An article as a title and sentences, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["Sentence", "plain_text", "sentences"]

# After these a full stop ends no sentence.
_SHORT = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "sen", "rep", "gov", "lt", "col",
    "sgt", "no", "nos", "vs", "etc", "inc", "ltd", "co", "corp", "dept", "est", "approx", "jan",
    "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "a.m", "p.m",
    "u.s", "u.k", "e.g", "i.e", "bzw", "ca", "nr", "usw", "z.b", "u.a", "d.h", "art", "m", "mm",
    "mme", "mlle", "p.ex", "sra", "srta",
})  # fmt: skip
_CLOSING = "\"'”\u2019»)\\]"
_END = re.compile(rf"[.!?…]+[{_CLOSING}]*(?=\s|$)")
_BREAK = re.compile(r"\n[ \t]*\n+")
LONGEST_TITLE = 200


@dataclass(frozen=True)
class Sentence:
    """One sentence, or the title.

    Attributes
    ----------
    text : str
        As it stands, without the white space around it.
    start : int
        Place of its first character in the text.
    line : int
        Line on which it begins.
    title : bool
    """

    text: str
    start: int
    line: int
    title: bool = False


class _Words(HTMLParser):
    """Keeps titles and paragraphs of a page, one block a line apart."""

    _BLOCKS = frozenset({"p", "h1", "h2", "h3", "li", "blockquote", "div", "br", "title", "tr"})
    _SILENT = frozenset({"script", "style", "nav", "footer", "noscript", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self._SILENT))
        if tag in self._BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(markup: str) -> str:
    """Return the words of a page of HTML, a blank line between its blocks.

    Examples
    --------
    >>> plain_text("<h1>News</h1><p>One &amp; two.</p>")
    'News\\n\\nOne & two.'
    """
    parser = _Words()
    parser.feed(markup)
    parser.close()
    blocks = (block.strip() for block in "".join(parser.parts).split("\n\n"))
    return "\n\n".join(block for block in blocks if block)


def sentences(text: str) -> list[Sentence]:
    """Split a text into its title, where it has one, and sentences.

    The title is the first block where it is one line that ends without a full stop.

    Examples
    --------
    >>> [s.text for s in sentences("Units go back\\n\\nOn Tuesday Mr. Smith spoke. It rained.")]
    ['Units go back', 'On Tuesday Mr. Smith spoke.', 'It rained.']
    """
    out: list[Sentence] = []
    at = 0
    blocks = [*(m.span() for m in _BREAK.finditer(text)), (len(text), len(text))]
    for begin, after in blocks:
        block = text[at:begin]
        if not out and _is_title(block):
            out.append(_sentence(text, at, begin, title=True))
        else:
            out += _split(text, at, begin)
        at = after
    return [s for s in out if s.text]


def _is_title(block: str) -> bool:
    words = block.strip()
    one_line = bool(words) and "\n" not in words and len(words) <= LONGEST_TITLE
    return one_line and words[-1] not in ".!"


def _split(text: str, begin: int, end: int) -> list[Sentence]:
    out = []
    at = begin
    for match in _END.finditer(text, begin, end):
        if _goes_on(text, match, end):
            continue
        out.append(_sentence(text, at, match.end()))
        at = match.end()
    out.append(_sentence(text, at, end))
    return out


def _goes_on(text: str, match: re.Match[str], end: int) -> bool:
    """Return whether a full stop belongs to an abbreviation, or a small letter follows."""
    rest = text[match.end() : end].lstrip()
    if rest and (rest[0].islower() or rest[0] in ",;:"):
        return True
    if match.group()[0] != ".":
        return False
    before = re.search(r"[\w.]+$", text[max(0, match.start() - 12) : match.start()])
    word = before.group().lower() if before else ""
    # "z.B.", an initial, and an ordinal ("10. Februar") end no sentence either.
    return word in _SHORT or bool(re.fullmatch(r"[^\W\d]|(?:\w\.)+\w|\d{1,2}", word))


def _sentence(text: str, begin: int, end: int, *, title: bool = False) -> Sentence:
    raw = text[begin:end]
    start = begin + len(raw) - len(raw.lstrip())
    return Sentence(raw.strip(), start, text.count("\n", 0, start) + 1, title)
