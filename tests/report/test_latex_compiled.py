"""The LaTeX files set by LaTeX: no error, no table over the margin, no letter and no number lost.

Needs a TeX (``apt-get install texlive-latex-base texlive-latex-recommended``); XeLaTeX and LuaLaTeX
are tried where they are there. Without them the tests are skipped, and say so.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from eventstudy.report import facts
from eventstudy.report.latex import LATEX, table_latex
from eventstudy.report.tables import Cell, Column, Table
from eventstudy.report.writers import write_reports
from eventstudy.results import StudyResult

pypdf = pytest.importorskip("pypdf")

# Points that a line may stand over the margin: TeX's own \hfuzz is a tenth of it.
OVER = 1.0
PACKAGES = {"pdflatex": "texlive-latex-base", "xelatex": "texlive-xetex",
            "lualatex": "texlive-luatex"}  # fmt: skip
DOCUMENT = r"""\documentclass{article}
%s
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{booktabs,longtable,array,graphicx}
\begin{document}
\input{report.tex}
\bibliographystyle{plain}
\bibliography{report}
\end{document}
"""


def need(engine: str) -> None:
    if shutil.which(engine) is None:
        more = " texlive-latex-recommended"
        pytest.skip(f"needs {engine}: apt-get install {PACKAGES[engine]}{more}")


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, log[-1500:]


def compiled(folder: Path, engine: str, preamble: str = "", *, references: bool = True) -> str:
    """Compile what stands in a folder; return the text of its pages without white space."""
    first = r"\usepackage[T1]{fontenc}" if engine == "pdflatex" else ""
    (folder / "doc.tex").write_text(DOCUMENT % (first + preamble), encoding="utf-8")
    once = (engine, "-interaction=nonstopmode", "-halt-on-error", "doc.tex")
    run(folder, *once)
    if references:
        run(folder, "bibtex", "doc")
        assert "Warning" not in (folder / "doc.blg").read_text()
        run(folder, *once)
        run(folder, *once)
    log = (folder / "doc.log").read_text(encoding="utf-8", errors="replace")
    over = [float(n) for n in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(over, default=0.0) <= OVER, log
    faults = ["Missing character", "Float too large", "multiply defined"]
    for fault in [*faults, *["undefined references"] * references]:
        assert fault not in log
    pages = pypdf.PdfReader(io.BytesIO((folder / "doc.pdf").read_bytes())).pages
    return squeezed("".join(page.extract_text() for page in pages))


def squeezed(text: str) -> str:
    """Text without white space and hyphens, dashes and quotation marks in one form each."""
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub("[\u2018\u2019]", "'", re.sub("[\u201c\u201d]", '"', plain))
    return re.sub(r"[\s\u00ad\u2010-]+", "", plain)


@pytest.mark.parametrize(
    ("engine", "which"),
    [("pdflatex", "one"), ("pdflatex", "many"), *((engine, "nasty") for engine in PACKAGES)],
)
def test_a_paper_with_the_report_is_set(
    engine: str, which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    need(engine)
    result: StudyResult = request.getfixturevalue(which)
    write_reports(result, tmp_path, ["tex"])
    text = compiled(tmp_path, engine)
    for _, row in facts.reactions(result).iterrows():
        ends = LATEX.interval(row["ci_low"], row["ci_high"])
        numbers = (LATEX.percent(row["return"]), LATEX.percent(row["car"]), ends)
        assert squeezed("".join([*numbers, LATEX.pvalue(row["pvalue"])])) in text
    assert "References" in text
    assert squeezed("Boehmer") in text
    if which == "nasty":
        for piece in ("<script>alert(1)</script>", '"quoted"', "&|pipe|*star*[bold]x[/bold]$x_1$",
                      "=cmd()"):  # fmt: skip
            assert squeezed(piece) in text


@pytest.mark.parametrize("engine", PACKAGES)
def test_letters_that_the_font_lacks_are_told_by_their_codes(
    one: StudyResult, engine: str, tmp_path: Path
) -> None:
    need(engine)
    headline = "\u4e2d\u56fd \u05d0\u05d1 \U0001f680 \u0416"
    write_reports(replace(one, pinned=one.pinned.assign(headline=headline)), tmp_path, ["tex"])
    # Some languages of babel make the quotation mark a command.
    active = r"\AtBeginDocument{\catcode34=13 }" + "\n"
    text = compiled(tmp_path, engine, active, references=False)
    for code in ("4E2D", "56FD", "05D0", "1F680", "0416"):
        assert code in text


def test_a_single_table_stands_alone(one: StudyResult, tmp_path: Path) -> None:
    need("pdflatex")
    prices = [dict(p) | {"title": f"100 % \u4e2d & {p['asset']}"} for p in one.run["prices"]]
    result = replace(one, run=dict(one.run) | {"prices": prices})
    (tmp_path / "report.tex").write_text(result.paper().to_latex(), encoding="utf-8")
    text = compiled(tmp_path, "pdflatex", references=False)
    assert squeezed("100 % 4E2D & INDEX") in text


def test_a_font_of_the_paper_sets_them(one: StudyResult, tmp_path: Path) -> None:
    need("xelatex")
    family = "Noto Sans CJK SC"
    listed = shutil.which("fc-list") and subprocess.run(
        ["fc-list", family], capture_output=True, text=True, check=True
    )
    if not listed or not listed.stdout.strip():
        pytest.skip(f"needs {family}: apt-get install fonts-noto-cjk fontconfig")
    headline = "\u4e2d\u56fd\u4eba\u6c11\u94f6\u884c"
    write_reports(replace(one, pinned=one.pinned.assign(headline=headline)), tmp_path, ["tex"])
    font = rf"\usepackage{{fontspec}}\newfontfamily\eventstudyfont{{{family}}}"
    text = compiled(tmp_path, "xelatex", font, references=False)
    assert headline in text
    assert "4E2D" not in text


def test_any_table_fits_the_line(tmp_path: Path) -> None:
    need("pdflatex")
    words = "a sentence of words that goes on for a while and then ends"
    number = "\u221212.34\u00a0% to +12.34\u00a0%"
    columns = (*(Column(f"Text {i}") for i in range(3)), *(Column("Number", True),) * 6)
    row = [*(Cell(words) for _ in range(3)), *(Cell(number) for _ in range(6))]
    hashes = Table("h", "Hashes", (Column("Input"), Column("SHA-256")),
                   [[Cell("folder/" * 9 + "file.csv"), Cell("0123456789abcdef" * 4)]])  # fmt: skip
    few = Table("few", "100 % & more_or_less #1 [x]", columns, [row] * 3, note="A note: 5 %.")
    bare = Table("bare", "Windows", columns[:1], [[Cell("[\u22121, +1]")], [Cell("* star")]] * 40)
    tables = [table_latex(t, f"tab:{t.name}") for t in (hashes, few, bare)]
    assert r"\begin{longtable}" in tables[2]
    (tmp_path / "report.tex").write_text("\n\n".join(tables), encoding="utf-8")
    text = compiled(tmp_path, "pdflatex", references=False)
    assert squeezed("100 % & more_or_less #1 [x]") in text
    assert text.count(squeezed("* star")) == 40
    assert squeezed("0123456789abcdef" * 4) in text
