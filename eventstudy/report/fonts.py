"""Letters of a PDF: the font that comes along, then the machine's, then a box that says which.

DejaVu Sans comes with matplotlib and holds Latin, Greek, Cyrillic, Arabic, Hebrew and signs. A text
that needs no more gives the same bytes on every machine. For what it lacks (Chinese, Japanese,
Korean, most emoji) fonts of the machine are taken. What no font has is drawn as a box with its code
point, from a small font that is made on the spot: each letter has a glyph of its own there, so that
the text can still be searched and copied.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

__all__ = ["BASE", "Face", "Fonts", "fonts_for", "machine_faces", "package_for", "stand_in"]

BASE, STAND_IN = "DejaVu Sans", "Eventstudy Stand-in"
_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
# Fonts in which every letter is a box, so that they would hide what is missing.
_BOXES = ("last resort", "lastresort", "unicode bmp fallback", "adobe blank", "notdef")
# Chinese, Japanese and Korean: letters, signs, and wide forms.
_EAST = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F),
         (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))  # fmt: skip
_EM = 2048


@dataclass(frozen=True)
class Face:
    """One face of a font file of the machine."""

    family: str
    weight: int
    path: str
    index: int = 0


@dataclass(frozen=True)
class Fonts:
    """What a document is set in.

    Attributes
    ----------
    families : tuple of str
        In the order in which a letter is looked for.
    folder : Path
        Holds all their files.
    missing : frozenset of str
        Letters that stand as boxes.
    """

    families: tuple[str, ...]
    folder: Path
    missing: frozenset[str]


@contextmanager
def fonts_for(text: str) -> Iterator[Fonts]:
    """Give the fonts that a text needs, in a folder that lasts as long as the block."""
    shipped = [_shipped() / name for name in _FILES]
    regular, bold = (_coverage(str(path), 0) for path in shipped)
    letters = {c for c in set(text) if _is_drawn(c)}
    lacking = letters - (regular & bold)
    faces = _chosen(lacking, machine_faces()) if lacking else []
    for face in faces:
        lacking -= _coverage(face.path, face.index)
    families = dict.fromkeys([BASE, *(f.family for f in faces)])
    with TemporaryDirectory(prefix="eventstudy-fonts-") as name:
        folder = Path(name)
        for k, path in enumerate([*map(str, shipped), *dict.fromkeys(f.path for f in faces)]):
            (folder / f"{k:03d}{Path(path).suffix}").symlink_to(path)
        if lacking:
            (folder / "stand-in.ttf").write_bytes(stand_in("".join(sorted(lacking))))
            families[STAND_IN] = None
        yield Fonts(tuple(families), folder, frozenset(lacking - regular))


def _shipped() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def _is_drawn(letter: str) -> bool:
    """Say whether a letter leaves ink: no space, joiner, variation selector or control."""
    if letter.isspace() or "\ufe00" <= letter <= "\ufe0f" or "\U000e0000" <= letter <= "\U000e0fff":
        return False
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


@cache
def machine_faces() -> tuple[Face, ...]:
    """Return the upright faces of this machine's fonts, in an order that does not change."""
    import typst

    found = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts()
    faces = {
        Face(f.family, int(f.weight), str(f.path), int(f.index))
        for f in found
        if f.path and f.style == "normal" and not f.family.casefold().startswith(_BOXES)
    }
    return tuple(sorted(faces, key=lambda f: (f.family, f.weight, f.path, f.index)))


@cache
def _coverage(path: str, index: int) -> frozenset[str]:
    """Return the letters of a face; none where the file can't be read."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=index, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap() or ()))
    except (OSError, TTLibError, KeyError, ValueError, AssertionError):
        return frozenset()


def _chosen(letters: set[str], faces: Sequence[Face]) -> list[Face]:
    """Return regular and bold faces of the fewest families that have the letters, best first."""
    by_family: dict[str, list[Face]] = {}
    for face in faces:
        by_family.setdefault(face.family, []).append(face)
    kana = any("\u3040" <= c <= "\u30ff" for c in letters)
    rest, out = set(letters), []
    for family in sorted(by_family, key=lambda name: _rank(name, japanese=kana)):
        weights = {min((300, 400, 700), key=lambda w: abs(w - f.weight)): f
                   for f in by_family[family]}  # fmt: skip
        pair = [weights[w] for w in (400, 700) if w in weights] or by_family[family][:1]
        has = frozenset.intersection(*(_coverage(f.path, f.index) for f in pair))
        if rest & has:
            rest -= has
            out += pair
        if not rest:
            break
    return out


def _rank(family: str, *, japanese: bool) -> tuple[int, str]:
    """Put plain fonts before serifs and typewriters, and a script's usual shapes first."""
    name = family.casefold()
    if any(word in name for word in ("mono", "serif", "code", "condensed", "math", "ui")):
        return 3, name
    if "cjk" in name:
        return (0 if name.endswith("jp" if japanese else "sc") else 1), name
    if name.startswith("noto"):
        return (0 if "sans" in name or "emoji" in name else 2), name
    return (1 if "sans" in name or "gothic" in name or "emoji" in name else 2), name


def package_for(letters: frozenset[str]) -> str:
    """Return the Debian package whose fonts have these letters, by their script.

    Examples
    --------
    >>> package_for(frozenset("\\u4e2d")), package_for(frozenset("\\U0001f680"))
    ('fonts-noto-cjk', 'fonts-noto-color-emoji')
    """
    wanted = {
        "fonts-noto-cjk" if any(low <= ord(c) <= high for low, high in _EAST)
        else "fonts-noto-color-emoji" if unicodedata.category(c) in ("So", "Sk")
        else "fonts-noto-core"
        for c in letters
    }  # fmt: skip
    return " ".join(sorted(wanted))


def stand_in(letters: str) -> bytes:
    """Return a font for some letters: the shape that DejaVu has, or else a box with the code.

    The same letters give the same bytes.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import TTFont

    with TTFont(_shipped() / _FILES[0]) as source:
        shapes, cmap = source.getGlyphSet(), source.getBestCmap()
        names = {c: f"u{ord(c):04X}" for c in letters}
        made = {".notdef": _box(shapes, cmap, "")}
        for letter, name in names.items():
            plain = cmap.get(ord(letter))
            made[name] = _copied(shapes, plain) if plain else _box(shapes, cmap, name[1:])
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder(list(made))
    builder.setupCharacterMap({ord(c): n for c, n in names.items()})
    builder.setupGlyf({n: glyph for n, (glyph, _) in made.items()})
    builder.setupHorizontalMetrics({n: (width, 0) for n, (_, width) in made.items()})
    builder.setupHorizontalHeader(ascent=1901, descent=-483)
    builder.setupOS2(sTypoAscender=1556, sTypoDescender=-492, usWinAscent=1901, usWinDescent=483)
    builder.setupNameTable({"familyName": STAND_IN, "styleName": "Regular", "version": "1",
                            "uniqueFontIdentifier": STAND_IN, "fullName": STAND_IN,
                            "psName": STAND_IN.replace(" ", "")})  # fmt: skip
    builder.setupPost()
    # The clock of the file stands still, so that the bytes repeat.
    builder.font["head"].created = builder.font["head"].modified = 3_600_000_000
    builder.font.recalcTimestamp = False
    data = io.BytesIO()
    builder.save(data)
    return data.getvalue()


def _copied(shapes: Mapping[str, Any], name: str) -> tuple[Any, int]:
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    flat, pen = DecomposingRecordingPen(shapes), TTGlyphPen(None)
    shapes[name].draw(flat)
    flat.replay(pen)
    return pen.glyph(), int(shapes[name].width)


def _box(shapes: Mapping[str, Any], cmap: Mapping[int, str], code: str) -> tuple[Any, int]:
    """Draw a frame with the digits of a code point in two rows."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    columns, step, scale = max(2, (len(code) + 1) // 2), 600, 0.46
    left, low, high = 110, -240, 1560
    right = left + 170 + columns * step
    pen = TTGlyphPen(None)
    for inset, turn in ((0, 1), (70, -1)):
        a, b, c, d = left + inset, low + inset, right - inset, high - inset
        corners = [(a, b), (a, d), (c, d), (c, b)][::turn]
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    for k, sign in enumerate(code.rjust(2 * columns, "0") if code else ""):
        row, column = divmod(k, columns)
        x = left + 85 + column * step
        flat = DecomposingRecordingPen(shapes)
        shapes[cmap[ord(sign)]].draw(flat)
        flat.replay(TransformPen(pen, (scale, 0, 0, scale, x, 760 - 800 * row)))
    return pen.glyph(), right + left
