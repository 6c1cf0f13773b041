"""Letters of every script in the PDF: drawn, or a box that says which, and always in the text."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import replace

import pytest

pytest.importorskip("typst", reason="pip install 'market-eventstudy[report]'")
pypdf = pytest.importorskip("pypdf")

from fontTools.ttLib import TTFont  # noqa: E402

from eventstudy.errors import EventStudyWarning  # noqa: E402
from eventstudy.report import fonts  # noqa: E402
from eventstudy.report.outline import Part, outline  # noqa: E402
from eventstudy.report.pdf import render_pdf  # noqa: E402
from eventstudy.results import StudyResult  # noqa: E402

HEADLINES = {
    "fonts-noto-cjk": (
        "\u4e2d\u56fd\u4eba\u6c11\u94f6\u884c\u4e0b\u8c03\u5229\u7387\uff0c\u964d\u606f 25 \u4e2a",
        "\u65e5\u672c\u9280\u884c\u304c\u5229\u4e0a\u3052\u300c\u30b5\u30d7\u30e9\u30a4\u30ba\u300d",
        "\ud55c\uad6d\uc740\ud589 \uae08\ub9ac \uc778\uc0c1",
    ),
    "fonts-noto-color-emoji": ("Rocket \U0001f680 and bank \U0001f3e6",),
}
EAST = HEADLINES["fonts-noto-cjk"]
ARABIC = (
    "\u0627\u0644\u062c\u064a\u0634 \u064a\u0646\u0633\u062d\u0628 \u0645\u0646 "
    "\u0627\u0644\u0645\u062f\u064a\u0646\u0629\u060c 2022."
)
HEBREW = "\u05d4\u05e6\u05d1\u05d0 \u05e0\u05e1\u05d5\u05d2 (\u05e2\u05d3\u05db\u05d5\u05df)"


def told(result: StudyResult, headline: str) -> StudyResult:
    return replace(result, pinned=result.pinned.assign(headline=headline))


def made(result: StudyResult) -> bytes:
    return render_pdf(result, content=outline(result, charts=0))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u2068\u2069]+", "", text)


def text_of(data: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return squeezed(unicodedata.normalize("NFKC", "".join(p.extract_text() for p in pages)))


def used(data: bytes) -> set[str]:
    """Names of the fonts that the pages use, without the mark of a subset."""
    found: set[str] = set()
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        for font in page["/Resources"]["/Font"].values():
            name = str(font.get_object().get("/BaseFont", "/drawn"))
            found.add(name.rpartition("+")[2].lstrip("/"))
    return found


@pytest.mark.parametrize(
    ("package", "headline"), [(p, h) for p, hs in HEADLINES.items() for h in hs]
)
def test_the_machine_draws_what_the_bundled_font_lacks(
    one: StudyResult, package: str, headline: str
) -> None:
    has = [fonts._coverage(f.path, f.index) for f in fonts.machine_faces()]
    if not all(any(c in letters for letters in has) for c in headline if ord(c) > 0x2000):
        pytest.skip(f"needs a font for {headline}: apt-get install {package}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = made(told(one, headline))
    assert squeezed(unicodedata.normalize("NFKC", headline)) in text_of(data)
    assert any(not name.startswith("DejaVuSans") for name in used(data))
    assert not any("Stand-in" in name for name in used(data))
    assert made(told(one, headline)) == data


@pytest.mark.parametrize("package", HEADLINES)
def test_what_no_font_has_is_a_box_and_is_said(
    one: StudyResult, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "machine_faces", tuple)
    for headline in HEADLINES[package]:
        with pytest.warns(EventStudyWarning) as caught:
            data = made(told(one, headline))
        (warning,) = caught
        sentence = str(warning.message)
        assert f"of '{headline}'" in sentence
        assert sentence.endswith(f"apt-get install {package}")
        text = text_of(data)
        assert squeezed(unicodedata.normalize("NFKC", headline)) in text
        assert squeezed("stand as boxes with their code point") in text
        assert any("Stand-in" in name for name in used(data))


def test_a_plain_report_never_asks_for_the_fonts_of_the_machine(
    one: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> None:
        raise AssertionError("the bytes would depend on the machine")

    monkeypatch.setattr(fonts, "machine_faces", asked)
    assert used(made(told(one, ARABIC))) == {"DejaVuSans", "DejaVuSans-Bold"}
    assert used(render_pdf(one)) == {"DejaVuSans", "DejaVuSans-Bold"}


def places(data: bytes) -> list[tuple[float, float, str]]:
    """Every piece of text with where it begins, from the left and from the bottom of its page."""
    found: list[tuple[float, float, str]] = []

    def see(text: str, user: list[float], here: list[float], *_: object) -> None:
        if text.strip():
            found.append((here[4] * user[0] + user[4], here[5] * user[3] + user[5], text.strip()))

    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        page.extract_text(visitor_text=see)
    return found


@pytest.mark.parametrize("headline", [ARABIC, HEBREW])
def test_right_to_left_text_keeps_its_letters(one: StudyResult, headline: str) -> None:
    there = Counter(text_of(made(told(one, headline))))
    assert all(there[c] >= n for c, n in Counter(headline).items() if c.isalpha())


@pytest.mark.parametrize("words", ["\u0627\u0644\u062c\u064a\u0634", "\u05d4\u05e6\u05d1\u05d0"])
def test_right_to_left_text_stands_as_one_piece(one: StudyResult, words: str) -> None:
    headline = f"{words} IBM"
    result = told(one, headline)
    part = Part("p", "Part", (f"Before {headline} after.",))
    data = render_pdf(result, content=outline(result, charts=0, first=[part]))
    found = places(data)
    line = next(y for _, y, text in found if text == "Before")
    at = {text: x for x, y, text in found if y == line}
    assert at["Before"] < at["IBM"] < at[next(t for t in at if words[0] in t)] < at["after."]


def test_a_sign_that_the_bold_font_lacks_is_taken_from_the_regular_one(
    one: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    smile = "\U0001f600"
    monkeypatch.setattr(fonts, "machine_faces", tuple)
    data = made(told(one, f"Smile {smile}"))
    assert squeezed(f"Smile {smile}") in text_of(data)
    with TTFont(fonts._shipped() / "DejaVuSans.ttf") as plain:
        name = plain.getBestCmap()[ord(smile)]
        wanted = plain["glyf"][name].getCoordinates(plain["glyf"])[0]
        copy = TTFont(io.BytesIO(fonts.stand_in(smile)))
        drawn = copy["glyf"][f"u{ord(smile):04X}"].getCoordinates(copy["glyf"])[0]
    assert list(drawn) == list(wanted)


def test_every_box_is_its_own_and_the_bytes_repeat() -> None:
    letters = "\u4e2d\u4e2e\U0001f680"
    data = fonts.stand_in(letters)
    assert fonts.stand_in(letters) == data
    font = TTFont(io.BytesIO(data))
    names = font.getBestCmap()
    assert {chr(c) for c in names} == set(letters)
    shapes = {tuple(font["glyf"][n].getCoordinates(font["glyf"])[0]) for n in names.values()}
    assert len(shapes) == len(letters)


@pytest.mark.parametrize(("japanese", "first"), [(True, "JP"), (False, "SC")])
def test_plain_families_come_first_and_a_script_has_its_usual_shapes(
    japanese: bool, first: str
) -> None:
    families = ["Noto Serif CJK SC", "Noto Sans Mono CJK SC", "Noto Sans CJK SC",
                "Noto Sans CJK JP"]  # fmt: skip
    ranked = sorted(families, key=lambda name: fonts._rank(name, japanese=japanese))
    assert ranked[0] == f"Noto Sans CJK {first}"
    assert set(ranked[2:]) == set(families[:2])
