"""The index over all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from eventstudy.report.format import HTML, one_line
from eventstudy.report.writers import FORMATS
from eventstudy.schedule.folders import newest, read_state

__all__ = ["index_page", "states_of"]

_CSS = """
:root{color-scheme:light dark;--ink:#1a1f26;--muted:#5f6873;--rule:#c9cfd6;--soft:#f3f5f8;
--accent:#1d4f91;--ground:#fff;--bad:#8f3208}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--muted:#a3acb7;--rule:#3a424c;
--soft:#1e242b;--accent:#8db4e6;--ground:#14181d;--bad:#f0a07c}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:66rem;
margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}a{color:var(--accent)}
.muted,.note{color:var(--muted)}.bad{color:var(--bad)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;
border-bottom:1px solid var(--rule)}
.n{text-align:right;white-space:nowrap}.d,.run{white-space:nowrap}.run{font-weight:400}
@media print{body{max-width:none}}
""".strip()


def _page(title: str, body: Sequence[str]) -> bytes:
    lines = [
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        'style-src \'unsafe-inline\'">',
        f"<title>{escape(title)}</title>", f"<style>{_CSS}</style>", "</head>", "<body>", "<main>",
        *body, "</main>", "</body>", "</html>",
    ]  # fmt: skip
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def states_of(out: Path) -> dict[str, dict[str, Any]]:
    """Return what the newest report of each study says of itself, by the folder of the study."""
    found = {}
    for folder in sorted(p for p in out.iterdir() if p.is_dir() and not p.name.startswith(".")):
        run = newest(folder)
        state = read_state(run)
        if run is not None and state:
            found[folder.name] = state | {"run": run.name}
    return found


def index_page(
    states: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str], family: str
) -> bytes:
    """Return the page over all reports.

    Parameters
    ----------
    states : mapping
        Of :func:`states_of`.
    failed : mapping of str to str
        Study -> why its last run failed.
    family : str
        One sentence on the family of the adjusted p-values of the last call.
    """
    n = len(states)
    body = ["<h1>Event studies</h1>",
            f'<p class="muted">{n} report{"s" * (n != 1)}. {escape(family)}</p>']  # fmt: skip
    if failed:
        body.append("<h2>Failed in the last call</h2><ul>")
        body += [f'<li class="bad"><strong><bdi>{escape(one_line(k))}</bdi></strong>: '
                 f"{escape(one_line(v))}</li>" for k, v in sorted(failed.items())]  # fmt: skip
        body.append("</ul><p>Their last good reports, where there are any, stand below.</p>")
    body.append('<div class="scroll" role="group" tabindex="0" aria-label="Reports"><table>')
    body.append("<thead><tr>" + "".join(f'<th scope="col">{h}</th>' for h in
                ("Study", "Answer", "Prices to", "Pending", "Changes", "Adjusted over", "Files"))
                + "</tr></thead><tbody>")  # fmt: skip
    body += [_row(slug, state) for slug, state in states.items()]
    body.append("</tbody></table></div>")
    return _page("Event studies: reports", body)


def _row(slug: str, state: Mapping[str, Any]) -> str:
    base = f"{slug}/{state['run']}"
    files = [file for name in state.get("formats", []) for file in FORMATS.get(name, ())]
    first = "report.html" if "report.html" in files else (files or ["run.json"])[0]
    links = [f'<a href="{escape(base)}/{f}">{f.rpartition(".")[2]}</a>' for f in files]
    links.append(f'<a href="{escape(base)}/changes.json">changes</a>')
    family = "this study" if state.get("family") == "study" else "all studies of the call"
    cells = [
        f'<th scope="row"><a href="{escape(base)}/{first}"><bdi>{escape(one_line(state["study"]))}'
        f'</bdi></a><br><span class="muted run">{escape(state["run"])}</span></th>',
        f"<td><bdi>{escape(one_line(state.get('answer', '')))}</bdi></td>",
        f'<td class="d">{escape(str(state.get("prices_to", "")))}</td>',
        f'<td class="n">{HTML.count(state.get("pending", 0))}</td>',
        f"<td>{escape(one_line(state.get('changed', '')))}</td>",
        f"<td>{family}</td>",
        f"<td>{' '.join(links)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"
