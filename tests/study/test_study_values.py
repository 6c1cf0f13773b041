"""What a study holds when nothing is said, and what it makes of what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from eventstudy.errors import InputError
from eventstudy.names import MODELS
from eventstudy.study import Study, WindowsSettings
from eventstudy.studyfile import load_study, study_from_dict

LEAST: dict[str, Any] = {
    "events": {"list": [{"event_id": "a", "timestamp": "2022-02-15"}]},
    "prices": {"source": "bundled"},
    "model": {"name": "constant_mean"},
}


def study(**sections: Any) -> Study:
    return study_from_dict({**LEAST, **sections})


def test_defaults_are_the_documented_ones() -> None:
    made = study()
    assert made.study.returns == "simple"
    assert made.events.policy == "next"
    assert made.windows.event == (-5, 5)
    assert made.windows.estimation == (-265, -16)
    assert made.windows.report == ((0, 0), (0, 1), (-1, 1))
    assert made.windows.min_observations == 30
    assert made.tests.names == "recommended"
    assert made.tests.alternative == "two-sided"
    assert made.tests.multiplicity == "holm"
    assert made.model.benchmark_lags == (0,)
    assert made.schema_version == 1


@pytest.mark.parametrize(
    ("event", "estimation"),
    [((-10, 10), (-270, -21)), ((0, 0), (-260, -11)), ((-1, 3), (-261, -12))],
)
def test_estimation_is_250_sessions_that_end_10_before(
    event: tuple[int, int], estimation: tuple[int, int]
) -> None:
    made = WindowsSettings(event=event)
    assert made.estimation == estimation
    start, end = made.estimation
    assert end - start + 1 == 250
    assert event[0] - end - 1 == 10


def test_default_reports_are_those_that_fit() -> None:
    assert WindowsSettings(event=(0, 3)).report == ((0, 0), (0, 1))
    assert WindowsSettings(event=(2, 4)).report == ((2, 4),)


@pytest.mark.parametrize(
    ("kind", "given", "resolved"),
    [
        ("prices", None, "trade_to_trade"),
        ("returns", None, "exclude"),
        ("prices", "skip", "skip"),
        ("returns", "skip", "skip"),
    ],
)
def test_missing_follows_from_the_prices(kind: str, given: str | None, resolved: str) -> None:
    prices = {"source": "file", "file": "p.csv", "kind": kind}
    section = {} if given is None else {"missing": given}
    assert study(prices=prices, study=section).study.missing == resolved


def test_an_asset_has_its_own_model_benchmark_and_panel() -> None:
    made = study(
        model={"name": "market_model", "benchmark": "SP500", "also": ["constant_mean"]},
        assets={
            "DAX": {"model": "constant_mean", "panel": "Europe"},
            "XOM": {"benchmark": ["SP500", "WTI"]},
            "CVX": {"model": "dimson"},
        },
    )
    assert made.models_for("KO") == ("market_model", "constant_mean")
    assert made.models_for("DAX") == ("constant_mean",)
    assert made.benchmark_for("KO", "market_model") == ("SP500",)
    assert made.benchmark_for("KO", "constant_mean") == ()
    assert made.benchmark_for("XOM", "market_model") == ("SP500", "WTI")
    assert made.benchmark_lags_for("CVX", "dimson") == (0, 1)
    assert made.benchmark_lags_for("KO", "market_model") == (0,)
    assert made.panel_for("DAX", "constant_mean") == "Europe"
    assert made.panel_for("KO", "market_model") != made.panel_for("XOM", "market_model")
    assert made.panel_for("KO", "market_model") != made.panel_for("KO", "constant_mean")


def test_an_asset_left_without_a_benchmark_is_an_error() -> None:
    made = study(model={"name": "market_model"}, assets={"DAX": {"benchmark": "SP500"}})
    assert made.benchmark_for("DAX", "market_model") == ("SP500",)
    with pytest.raises(InputError, match=r"asset KO .*\[assets\.KO\] benchmark"):
        made.benchmark_for("KO", "market_model")


def test_symbols_are_gathered_from_the_assets() -> None:
    made = study(prices={"source": "yahoo", "symbols": {"WTI": "CL=F"}},
                 assets={"SP500": {"symbol": "^GSPC"}})  # fmt: skip
    assert made.prices.symbols == {"WTI": "CL=F", "SP500": "^GSPC"}


@pytest.mark.parametrize("name", [m for m in MODELS if m not in ("matched", "synthetic_control")])
def test_every_model_of_the_list_can_be_named(name: str) -> None:
    bare = name in ("constant_mean", "ar1")
    model = {"name": name} if bare else {"name": name, "benchmark": "SP500"}
    assert study(model=model).model.name == name


def test_nothing_can_be_changed() -> None:
    made = study()
    with pytest.raises(ValidationError):
        made.windows.min_observations = 5  # type: ignore[misc]


def test_the_record_is_json_and_makes_the_same_study_again() -> None:
    made = study(
        prices={"source": "file", "file": "p.csv"},
        model={"name": "market_model", "benchmark": ["A", "B"]},
        assets={"X": {"calendar": "XETR", "close": "17:30 Europe/Berlin"}},
    )
    record = json.loads(json.dumps(made.to_dict()))
    assert record["schema_version"] == 1
    assert record["study"]["missing"] == "trade_to_trade"
    assert record["windows"]["estimation"] == [-265, -16]
    del record["events"]["file"]
    assert study_from_dict(record) == made


def test_the_bundled_studies_are_ordinary_files() -> None:
    from eventstudy.resources import data_dir

    files = sorted((data_dir() / "studies").glob("*.toml"))
    assert files
    for file in files:
        assert load_study(file).study.name == file.stem


def test_the_example_of_the_interface_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("event_id,timestamp\na,2022-02-15\n")
    (tmp_path / "prices.csv").write_text("date,SP500,DAX\n2022-02-15,1,2\n")
    file = tmp_path / "study.toml"
    file.write_text(EXAMPLE, encoding="utf-8-sig")
    made = load_study(file)
    assert made.assets["DAX"].model == ("constant_mean",)
    assert made.windows.report == ((0, 0), (-1, 1), (0, 5))
    assert made.prices.file == Path("prices.csv")


EXAMPLE = """
schema_version = 1
[study]
name = "partial-withdrawal"
returns = "simple"
missing = "trade_to_trade"
[events]
file = "events.csv"
policy = "next"
[prices]
source = "file"
file = "prices.csv"
kind = "prices"
[assets.DAX]
calendar = "XETR"
close = "17:30 Europe/Berlin"
model = "constant_mean"
panel = "Europe"
market = "Frankfurt"
[model]
name = "market_model"
benchmark = "SP500"
benchmark_lags = [0]
also = ["constant_mean"]
[windows]
estimation = [-260, -11]
event = [-10, 10]
report = [[0, 0], [-1, 1], [0, 5]]
min_observations = 120
[tests]
names = "recommended"
alternative = "two-sided"
"""
