"""A BibTeX file of the methods that a result used."""

from __future__ import annotations

import re
import unicodedata

from eventstudy.report import citations, facts

__all__ = ["bibtex", "entry"]

_PARTS = re.compile(r"^(?P<authors>.+?) \((?P<year>\d{4})\)\. (?P<title>.+?)\. (?P<where>.+)$")
_DOI = re.compile(r"\s*doi:(?P<doi>\S+?)\.?$")
_WHERE = re.compile(
    r"^(?P<journal>.+?) (?P<volume>\d+)(?:\((?P<number>[^)]+)\))?, (?P<pages>\d+(?:-\d+)?)\.?$"
)
_AUTHOR = re.compile(r"(?P<last>[^,]+), (?P<first>(?:[A-Z]\.(?:[ -]?))+)")
_SPECIAL = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "\\": r"\textbackslash{}"}
_ACCENTS = {
    "\u0308": '"', "\u0301": "'", "\u0300": "`", "\u0302": "^", "\u0303": "~", "\u030c": "v ",
    "\u0327": "c ",
}  # fmt: skip


def _tex(text: str) -> str:
    """Return text as old BibTeX takes it: accents as commands, special characters escaped."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        base = unicodedata.normalize("NFD", letter)
        if len(base) == 2 and base[1] in _ACCENTS:
            out.append(f"{{\\{_ACCENTS[base[1]]}{base[0]}}}")
        else:
            out.append(_SPECIAL.get(letter, letter))
    return "".join(out)


def entry(key: str, reference: str) -> str:
    """Return one reference as a BibTeX entry.

    Parameters
    ----------
    key : str
        Citation key.
    reference : str
        Authors (year). Title. Journal volume, pages. doi:...

    Returns
    -------
    str
        ``@article`` where journal, volume and pages are there, else ``@misc``.

    Examples
    --------
    >>> print(entry("holm_1979", citations.REFERENCES["holm_1979"]))
    @article{holm_1979,
      author = {Holm, S.},
      title = {{A simple sequentially rejective multiple test procedure}},
      journal = {Scandinavian Journal of Statistics},
      year = {1979},
      volume = {6},
      pages = {65--70},
    }
    """
    doi = _DOI.search(reference)
    found = _PARTS.match(_DOI.sub("", reference))
    if not found:
        return f"@misc{{{key},\n  note = {{{_tex(reference)}}},\n}}"
    names = [m.group(0).strip() for m in _AUTHOR.finditer(found["authors"].replace(" and ", ", "))]
    names = [re.sub(r"^,\s*", "", n) for n in names]
    fields = {
        "author": " and ".join(_tex(n) for n in names) or _tex(found["authors"]),
        "title": f"{{{_tex(found['title'])}}}",
    }
    where = _WHERE.match(found["where"].strip())
    kind = "article" if where else "misc"
    if where:
        fields["journal"] = _tex(where["journal"])
    fields["year"] = found["year"]
    if where:
        fields["volume"] = where["volume"]
        fields |= {"number": where["number"]} if where["number"] else {}
        fields["pages"] = where["pages"].replace("-", "--")
    else:
        fields["howpublished"] = _tex(found["where"].strip())
    if doi:
        fields["doi"] = doi["doi"]
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def bibtex(result: facts.ResultLike) -> str:
    """Return the references of the models and tests that were run, as a BibTeX file.

    Parameters
    ----------
    result : StudyResult

    Returns
    -------
    str
        Entries sorted by author; ends with a newline. Empty where there is none.
    """
    keys = citations.references(result)
    entries = [entry(k, citations.REFERENCES[k]) for k in keys]
    return "\n\n".join(entries) + "\n" if entries else ""
