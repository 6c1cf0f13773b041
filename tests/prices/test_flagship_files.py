"""The founding case from files alone, and the flaws that real files have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from eventstudy.cli.app import app
from eventstudy.errors import InputError
from eventstudy.pipeline import run_study
from eventstudy.prices import load_prices
from eventstudy.pricesettings import PricesSettings
from eventstudy.resources import data_dir
from eventstudy.results import StudyResult
from eventstudy.studyfile import study_from_dict

# Close to close, as the newspapers and the exchanges have them; two decimals of a percent.
MOVES = {
    "SP500": 0.0158,
    "DAX": 0.0198,
    "CAC40": 0.0186,
    "FTSE100": 0.0103,
    "IMOEX": 0.0342,
    "WTI": -0.0355,
    "BRENT": -0.0318,
}
PERCENT = 0.00005
FILES = {
    "DAX": ("dax_daily_2000_2025.csv", "XETR"),
    "CAC40": ("cac40_daily_2015_2023.csv", "XPAR"),
    "FTSE100": ("ftse100_daily_2018_2023.csv", "XLON"),
    "IMOEX": ("imoex_daily_2014_2025.csv", "XMOS"),
}
BRENT = {"calendar": "observed", "close": "16:30 Europe/London", "market": "Brent"}


def plain(path: Path, folder: Path) -> str:
    """Write dates and closes alone, as a user would; return the file's name."""
    table = pd.read_csv(path)
    names = {name: name.strip().casefold() for name in table.columns}
    table = table.rename(columns=names)
    date = next(name for name in table.columns if name in ("date", "datetime"))
    days = table[date].astype(str).str.slice(0, 10)
    value = "close" if "close" in table.columns else "price"
    name = path.name
    pd.DataFrame({"date": days, "close": table[value]}).to_csv(folder / name, index=False)
    return name


@pytest.fixture(scope="module")
def flagship(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    folder = tmp_path_factory.mktemp("files")
    more: list[dict[str, Any]] = []
    assets: dict[str, Any] = {"SP500": {}, "WTI": {}}
    for asset, (file, calendar) in FILES.items():
        name = plain(shared_data / file, folder)
        more.append({"name": asset, "source": "file", "file": name, "symbols": {asset: "close"}})
        assets[asset] = {"source": asset, "calendar": calendar}
    name = plain(shared_data / "eia_brent_spot_daily.csv", folder)
    more.append({"name": "eia", "source": "file", "file": name, "symbols": {"BRENT": "close"}})
    assets["BRENT"] = {"source": "eia", **BRENT}
    study = study_from_dict(
        {
            "events": {
                "file": str(data_dir() / "events" / "ukraine-2022.csv"),
                "include": ["withdrawal"],
            },
            "prices": {"source": "bundled", "more": more},
            "assets": assets,
            "model": {"name": "constant_mean"},
            "windows": {"estimation": [-130, -11], "event": [-5, 30], "report": [[0, 0]]},
        }
    )
    return run_study(study, folder=folder)


def test_the_moves_are_those_of_the_newspapers(flagship: StudyResult) -> None:
    day = flagship.abnormal_returns.query("tau == 0").drop_duplicates("asset")
    got = dict(zip(day["asset"], day["return"], strict=True))
    assert got == {name: pytest.approx(move, abs=PERCENT) for name, move in MOVES.items()}


def test_the_gate_is_clean_but_for_what_is_there(flagship: StudyResult) -> None:
    table = flagship.quality
    assert set(table["severity"]) <= {"warning", "info"}
    moscow = table[table["asset"] == "IMOEX"]
    # The crash of 24 February and the moves around the closure; not one missing day, though no
    # share was traded from 28 February until 23 March.
    assert set(moscow["check"]) == {"jump", "off_calendar"}
    # The file has a price on Orthodox Christmas, on which the exchange was closed.
    odd = moscow[moscow["check"] == "off_calendar"]["session"]
    assert odd.dt.strftime("%Y-%m-%d").tolist() == ["2022-01-07"]
    assert "2022-02-24" in moscow["session"].dt.strftime("%Y-%m-%d").tolist()
    found = table[~table["asset"].isin(["IMOEX"])][["asset", "check"]]
    assert set(found.itertuples(index=False, name=None)) <= {
        ("FTSE100", "carried_forward"),
        ("WTI", "missing"),
        ("WTI", "jump"),
        ("BRENT", "jump"),
    }


def test_moscow_s_event_time_leaps_over_the_closure(flagship: StudyResult) -> None:
    rows = flagship.abnormal_returns.query("asset == 'IMOEX'").set_index("session")["tau"]
    days = pd.DatetimeIndex(rows.index)
    closed = days[(days > "2022-02-25") & (days < "2022-03-24")]
    assert closed.empty
    assert rows[pd.Timestamp("2022-03-24")] == rows[pd.Timestamp("2022-02-25")] + 1


def test_the_negative_day_fails_a_strict_run(shared_data: Path, tmp_path: Path) -> None:
    name = plain(shared_data / "eia_wti_spot_daily.csv", tmp_path)
    (tmp_path / "study.toml").write_text(
        '[events]\nlist = [{ event_id = "e", timestamp = "2020-04-20" }]\n'
        f'[prices]\nsource = "file"\nfile = "{name}"\nsymbols = {{ WTI = "close" }}\n'
        'assets = ["WTI"]\n[model]\nname = "constant_mean"\n'
    )
    result = CliRunner().invoke(app, ["run", str(tmp_path / "study.toml"), "--strict"])
    assert result.exit_code == 6
    assert "WTI failed the quality gate on 2020-04-20: the price is negative" in result.stderr
    lax = CliRunner().invoke(app, ["fetch", str(tmp_path / "study.toml"), "--json"])
    assert lax.exit_code == 0
    assert '"check": "non_positive"' in lax.stdout


@pytest.mark.parametrize("stem", ["CALM-1d-no-bad-divs", "EWG-1d-no-bad-divs"])
def test_a_history_that_is_too_short_is_left_out(
    shared_data: Path, tmp_path: Path, stem: str
) -> None:
    path = shared_data / "yahoo_csv" / f"yfinance_{stem}.csv"
    # As yfinance writes it, an instant with an offset: a price belongs to a session.
    raw = PricesSettings(source="file", file=path, columns={"date": "Datetime"})
    with pytest.raises(InputError, match="has a time zone: give the date of the session alone"):
        load_prices(raw, [])
    name = plain(path, tmp_path)
    study = study_from_dict(
        {
            "events": {"list": [{"event_id": "e", "timestamp": "2022-02-15T08:00Z"}]},
            "prices": {"source": "file", "file": name, "symbols": {"A": "close"}, "assets": ["A"]},
            "assets": {"A": {"calendar": "XNYS"}},
            "model": {"name": "constant_mean"},
        }
    )
    result = run_study(study, folder=tmp_path)
    assert result.events.empty
    assert result.dropped["asset"].tolist() == ["A"]
    assert "30" in result.dropped["detail"].iloc[0] + result.dropped["reason"].iloc[0]
