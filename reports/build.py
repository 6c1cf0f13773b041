"""Build the samples in this folder: ``python reports/build.py``.

The page and the charts of the bundled study need nothing else. ``partial-withdrawal-europe.md``
needs the file of European prices, found through ``EVENTSTUDY_TEST_DATA``; only its table of results
is stored, no prices.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import eventstudy as es
from eventstudy.report.chartfiles import write_charts
from eventstudy.report.html import render_html
from eventstudy.report.markdown import render_markdown
from eventstudy.resources import data_dir

HERE = Path(__file__).resolve().parent
PANEL = "flagship_panel_2021_2022.csv"
SOURCES = """
## Sources of the prices

Closes of the S&P 500 (skfolio, BSD-3-Clause), DAX (Charlin-D-S/extreme_risk_statistics,
Apache-2.0), CAC 40 (adam-elbernoussi/projet-DS-ENSAE-S3, CC0), FTSE 100
(tahzeer/index-trading-strategy, MIT) and MOEX Russia index
(Data-Wrangling-and-Visualisation/Stock-Market-Visualization, MIT); spot prices of Brent and WTI
(US Energy Information Administration, public domain). The spot prices are of the oil and not of a
future. No price series is stored here.
"""


def europe_study(folder: Path) -> es.Study:
    """Return the European study with its prices from the file instead of a vendor."""
    ours = es.load_study(data_dir() / "studies" / "partial-withdrawal-europe.toml").to_dict()
    assets = {
        name: {k: v for k, v in own.items() if v is not None and k != "symbol"}
        for name, own in ours["assets"].items()
        if name not in ("BRENT", "WTI")
    }
    assets["BRENT_SPOT_EIA"] = {
        "title": "Brent spot", "market": "Brent", "close": "16:30 Europe/London", "panel": "Brent"
    }  # fmt: skip
    assets["WTI_SPOT_EIA"] = {
        "title": "WTI spot", "market": "WTI", "close": "14:30 America/New_York", "panel": "WTI"
    }  # fmt: skip
    return es.Study.model_validate(
        {
            "study": {"name": "partial-withdrawal-europe"},
            "events": {
                "file": data_dir() / "events" / "ukraine-2022.csv",
                "include": ["withdrawal"],
            },
            "prices": {"source": "file", "file": folder / PANEL, "assets": list(assets)},
            "model": {"name": "constant_mean"},
            "assets": assets,
            "windows": {k: ours["windows"][k] for k in ("estimation", "event", "report")},
        }
    )


def bundled() -> dict[str, bytes]:
    """Return the page and the charts of the bundled study, by file name."""
    result = es.run()
    out = {"partial-withdrawal.html": render_html(result).encode()}
    with tempfile.TemporaryDirectory() as name:
        for chart in write_charts(result, Path(name)):
            if chart.startswith(("withdrawal-announced", "US-stocks")):
                out[f"charts/{chart}"] = (Path(name) / chart).read_bytes()
    return out


def europe(folder: Path) -> bytes:
    """Return the table of results of the European study."""
    return (render_markdown(europe_study(folder).run()) + SOURCES).encode()


def main() -> None:
    """Write every sample that can be built here."""
    files = bundled()
    folder = Path(os.environ.get("EVENTSTUDY_TEST_DATA", HERE.parent.parent / "shared" / "data"))
    if (folder / PANEL).is_file():
        files["partial-withdrawal-europe.md"] = europe(folder)
    for name, data in files.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(data)
        sys.stdout.write(f"{name} {len(data)}\n")


if __name__ == "__main__":
    main()
