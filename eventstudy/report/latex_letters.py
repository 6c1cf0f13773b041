r"""Text for LaTeX: what steers it is escaped, what an engine may lack goes through one command.

pdfLaTeX knows the letters of the encodings that are loaded, XeLaTeX and LuaLaTeX those of the font.
What is missing must neither stop the run nor vanish, so letters beyond Latin are given to
``\eventstudyletters``, which prints their code points where they can't be set.
"""

from __future__ import annotations

import re
import unicodedata

from eventstudy.report.format import one_line

__all__ = ["MACROS", "cell_text", "latex_text", "longest_piece", "needs_macros"]

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\symbol{34}",
    "`": r"\textasciigrave{}", "\u2212": r"$-$", "\u00a0": "~", "\u2013": "--",
    "\u2014": "---", "\u201c": "``", "\u201d": "''", "\u2018": "`", "\u2019": "'",
    "\u2026": r"\dots{}", "\u00b1": r"$\pm$", "\u00d7": r"$\times$", "\u2264": r"$\leq$",
    "\u2265": r"$\geq$", "\u00b7": r"$\cdot$", "\u2009": r"\,", "\u202f": r"\,",
    "\u200b": r"\hspace{0pt}", "\u00b2": r"$^2$", "\u00b3": r"$^3$", "\u00b0": r"$^\circ$",
    "\u00b5": r"$\mu$", "\u03c7": r"$\chi$", "\u03c3": r"$\sigma$", "\u2192": r"$\rightarrow$",
    "\u20ac": r"\texteuro{}", "\u00a3": r"\pounds{}", "\u00ab": r"\guillemotleft{}",
    "\u00bb": r"\guillemotright{}", "\u2022": r"\textbullet{}", "\u2116": r"\textnumero{}",
    "\u2122": r"\texttrademark{}", "\u00ae": r"\textregistered{}", "\u00a9": r"\copyright{}",
    # A bracket after the end of a row would be read as its option.
    "[": "{[}", "]": "{]}",
}  # fmt: skip
# Signs that LaTeX joins to a dash or a quotation mark.
_JOINED = re.compile(r"([-',<>])(?=\1)")
_LONG_WORD = re.compile(r"(\S{12}|(?<=\S{4})[/_;:])(?=\S{3})")
_MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")
_NUMBER = re.compile(r"\d(?:[\d.,:]*\d)?")
_RIGHT = ("R", "AL")

MACROS = r"""% Letters that the engine or the font lacks are printed as their code points. To set
% them, use xelatex or lualatex, and name a font before this file is read, such as
% \newfontfamily\eventstudyfont{Noto Sans CJK SC}.
\ifdefined\eventstudyletters\else
  \ifdefined\eventstudyfont\else\let\eventstudyfont\relax\fi
  \protected\def\eventstudycodes#1{\eventstudyleft{\tiny\ttfamily#1}\penalty0\hspace{.1em}}
  \protected\def\eventstudyletter#1#2#3{%
    \eventstudyletters{#1}{#1}{#2}{#3}\penalty0\hspace{0pt}}
  % Text, its first letter, the number of that, all codes.
  \ifdefined\Umathchar
    \protected\def\eventstudyletters#1#2#3#4{{%
      \iffontchar\font#3\relax\else\eventstudyfont\fi
      \iffontchar\font#3\relax#1\else\eventstudycodes{#4}\fi}}
  \else
    \protected\def\eventstudyletters#1#2#3#4{%
      \ifcsname u8:\detokenize{#2}\endcsname#1\else\eventstudycodes{#4}\fi}
  \fi
  \ifdefined\directlua
    \protected\def\eventstudyright#1{{\textdirection1 #1}}
    \protected\def\eventstudyleft#1{{\textdirection0 #1}}
  \else
    \TeXXeTstate=1
    \protected\def\eventstudyright#1{\beginR#1\endR}
    \protected\def\eventstudyleft#1{\beginL#1\endL}
  \fi
\fi
"""


def latex_text(text: object) -> str:
    r"""Return text that LaTeX prints as it is.

    Examples
    --------
    >>> print(latex_text("R&D_1 \\input{x} 5 %"))
    R\&D\_1 \textbackslash{}input\{x\} 5 \%
    """
    return _escaped(unicodedata.normalize("NFC", _line(text)))


def cell_text(text: object) -> str:
    """Return text for a cell in which a long word may break: a hash, a path."""
    return _escaped(_broken(text))


def longest_piece(text: object) -> int:
    """Return how many letters of a cell at most can't be parted."""
    return max(map(len, re.split(r"[\s\u200b]", _broken(text))))


def _broken(text: object) -> str:
    return _LONG_WORD.sub("\\1\u200b", unicodedata.normalize("NFC", _line(text)))


def needs_macros(text: str) -> bool:
    """Say whether LaTeX text uses the commands of :data:`MACROS`."""
    return r"\eventstudyletter" in text


def _line(text: object) -> str:
    """Return text on one line; the no-break spaces that hold a number to its unit stay."""
    parts = str(text).split("\u00a0")
    if len(parts) == 1:
        return one_line(text)
    return "\u00a0".join(one_line(p) for p in parts)


def _escaped(plain: str) -> str:
    out = []
    for right, piece in _pieces(plain):
        text = "".join(_letters(run, turned=right) for run in _runs(piece))
        out.append(rf"\eventstudyright{{{text}}}" if right else text)
    return "".join(out)


def _pieces(plain: str) -> list[tuple[bool, str]]:
    """Split text where its direction turns; what stands between words from right to left is theirs.

    A sign at the end of a text that begins from right to left is theirs as well.
    """
    kinds = [unicodedata.bidirectional(c) for c in plain]
    turned = [i for i, kind in enumerate(kinds) if kind in _RIGHT]
    if not turned:
        return [(False, plain)]
    strong = next(k for k in kinds if k in (*_RIGHT, "L"))
    out: list[tuple[bool, str]] = []
    start, at = 0, 0
    while at < len(turned):
        first = last = turned[at]
        while at < len(turned) and "L" not in kinds[last : turned[at]]:
            last = turned[at]
            at += 1
        end = last + 1
        if strong in _RIGHT and "L" not in kinds[end:]:
            end = len(plain)
        out += [(False, plain[start:first]), (True, plain[first:end])]
        start = end
    return [p for p in (*out, (False, plain[start:])) if p[1]]


def _runs(piece: str) -> list[str]:
    """Split text into Latin runs and runs of one script; Chinese and Japanese letter by letter."""
    runs: list[str] = []
    last = ""
    for letter in piece:
        script = _script(letter)
        if runs and script in ("joined", last) and last != "alone":
            runs[-1] += letter
        elif script != "joined":
            runs.append(letter)
            last = script
    return runs


def _script(letter: str) -> str:
    """Return the script of a letter: empty for what LaTeX knows, or ``alone`` or ``joined``."""
    if ord(letter) < 0x180 or letter in _SPECIAL:
        return ""
    kind = unicodedata.category(letter)
    if kind in ("Cf", "Mn", "Mc", "Me"):
        return "joined"
    if "\u2e80" <= letter <= "\u9fff" or letter >= "\U00020000" or kind in ("So", "Sk"):
        return "alone"
    return unicodedata.name(letter, "alone").split()[0]


def _letters(run: str, *, turned: bool) -> str:
    """Return a run of one script; numbers keep their direction where the text is turned."""
    if not _script(run[0]):
        text = _JOINED.sub("\\1\u0000", run.translate(_MIRRORED) if turned else run)
        text = "".join("{}" if c == "\u0000" else _SPECIAL.get(c, c) for c in text)
        return _NUMBER.sub(r"\\eventstudyleft{\g<0>}", text) if turned else text
    if _script(run[0]) == "alone" and len(run) == 1:
        return rf"\eventstudyletter{{{run}}}{{{ord(run)}}}{{{ord(run):04X}}}"
    codes = " ".join(f"{ord(c):04X}" for c in run)
    return rf"\eventstudyletters{{{run}}}{{{run[0]}}}{{{ord(run[0])}}}{{{codes}}}"
