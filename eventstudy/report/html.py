"""One self-contained HTML page from a result: the answer first, the proof below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.report import facts
from eventstudy.report.bars import scale_of
from eventstudy.report.live import library, script_json
from eventstudy.report.page import figures_of, page_of
from eventstudy.saving import write_atomic

if TYPE_CHECKING:
    from eventstudy.report.outline import Part

__all__ = ["MAX_CHARTS", "render_html", "write_html"]

MAX_CHARTS = 12
"""Assets with charts on one page; the page says how many there are more."""


def render_html(
    result: facts.ResultLike,
    *,
    charts: int = MAX_CHARTS,
    first: Sequence[Part] = (),
    notes: Sequence[str] = (),
    interactive: bool = False,
) -> str:
    """Return the report of a result as one HTML page that needs nothing outside itself.

    Parameters
    ----------
    result : StudyResult
    charts : int
        Assets that get charts; 0 for none.
    first : sequence of Part
        Sections before the answer, such as what changed since the last report.
    notes : sequence of str
        Plain sentences that stand with the caveats.
    interactive : bool
        Charts can be asked point by point and zoomed. The page takes plotly.js in, once, which adds
        some 5 MB; without scripts, and in print, it shows the still charts.

    Returns
    -------
    str
        The same result gives the same text; interactive, with the same release of plotly.

    Raises
    ------
    InputError
        If it shall be interactive and plotly is not installed.
    """
    page = page_of(result, charts, first, notes)
    live = _live(page) if interactive else None
    return str(_template().render(page=page, live=live, scale_of=scale_of))


def _live(page: dict[str, Any]) -> dict[str, Any] | None:
    """Return the scripts of a page whose charts can be asked; None where it has no chart."""
    from markupsafe import Markup

    specs = {f["id"]: f["live"]().to_json() for f in figures_of(page) if f["live"]}
    if not specs:
        return None
    return {"library": Markup(library()), "charts": Markup(script_json(specs)),
            "css": Markup(_read("live.css")), "js": Markup(_read("live.js"))}  # fmt: skip


def _read(name: str) -> str:
    return (Path(__file__).resolve().parent / "templates" / name).read_text("utf-8")


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"css": Markup(_read("style.css")), "js": Markup(_read("page.js"))}
    return environment.from_string(_read("page.html.j2"))


def write_html(
    result: facts.ResultLike,
    path: Path | str,
    *,
    charts: int = MAX_CHARTS,
    interactive: bool = False,
) -> Path:
    """Write the report of a result to a file; a reader never sees half a page.

    Parameters
    ----------
    result : StudyResult
    path : path
        In a folder that is made where it does not exist.
    charts : int
        Assets that get charts.
    interactive : bool
        See :func:`render_html`.

    Returns
    -------
    Path
    """
    target = Path(path)
    page = render_html(result, charts=charts, interactive=interactive)
    write_atomic(target, page.encode("utf-8"))
    return target
