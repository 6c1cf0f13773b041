"""Ambiguous sessions, other headlines, signed events and surprises: through the whole study."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError

# The same numbers by another route through the same arithmetic.
RTOL = 1e-9
ASSETS = ["AAA", "BBB", "CCC", "DDD"]


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.bdate_range("2020-01-01", "2022-12-30")
    moves = rng.normal(0.0, 0.01, (len(days), 5))
    moves[:, 1:] += moves[:, :1]
    return pd.DataFrame(100 * np.exp(moves.cumsum(axis=0)), index=days, columns=["MKT", *ASSETS])


def _dates(count: int, step: int = 25) -> list[str]:
    return [str(d.date()) for d in pd.bdate_range("2020-09-01", periods=count * step)[::step]]


def _study(rows: list[dict[str, Any]], frame: pd.DataFrame, /, **more: Any) -> Any:
    """Run a study of the market model with extra sections."""
    from eventstudy.pipeline import run_study
    from eventstudy.studyfile import study_from_dict

    sections = {
        "events": {"frame": True, **more.pop("events", {})},
        "prices": {"source": "frame"},
        "model": {"name": "market_model", "benchmark": "MKT"},
        "windows": {"estimation": [-90, -11], "event": [-3, 5], "report": [[0, 0], [0, 1], [0, 5]]},
    }
    study = study_from_dict(sections | more)
    frames = {"events": pd.DataFrame(rows), "prices": frame}
    return run_study(study, folder=Path(), frames=frames)


def _events(count: int = 16, **columns: Any) -> list[dict[str, Any]]:
    rows = [
        {"event_id": f"e{i:02d}", "timestamp": day, "asset": ASSETS[i % 4]}
        for i, day in enumerate(_dates(count))
    ]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


# --- other headlines -----------------------------------------------------------------------------


def test_windows_name_the_other_headlines_inside_them(prices: pd.DataFrame) -> None:
    first, second, third = (str(d.date()) for d in pd.bdate_range("2021-03-01", periods=9)[::4])
    events = [
        {"event_id": "a", "timestamp": first, "asset": "AAA", "group": "g"},
        {"event_id": "b", "timestamp": second, "asset": "AAA"},
        {"event_id": "c", "timestamp": second, "asset": "BBB"},
        {"event_id": "d", "timestamp": first, "asset": "BBB", "group": "h"},
        {"event_id": "e", "timestamp": second, "asset": "AAA", "group": "g"},
        {"event_id": "f", "timestamp": third, "asset": "AAA"},
    ]
    windows = _study(events, prices).windows
    marks = windows.set_index(["event_id", "start", "end"])["other_headlines"]
    # Its own group is no other headline; the one four sessions later is inside [0, 5] alone.
    assert marks["a", 0, 5] == "b"
    assert marks["a", 4, 4] == "b"
    assert marks["a", 0, 1] == ""
    assert marks["d", 0, 5] == "c"
    # On one session with it, and four sessions later.
    assert marks["b", 0, 0] == "e"
    assert marks["b", 0, 5] == "e; f"
    assert marks["f", 0, 5] == ""


def test_the_flagship_reaches_the_days_that_followed() -> None:
    result = es.run()
    marks = result.windows.set_index(["asset", "model", "start", "end"])["other_headlines"]
    own = marks.sort_index().loc["SP500", "constant_mean"]
    assert own[0, 1] == ""
    assert own[0, 5] == "recognition"
    assert own[6, 6] == "invasion"
    table = result.contamination
    stocks = table[(table["panel"] == "US stocks") & (table["end"] == 5)]
    assert set(stocks["n_contaminated"]) == {20}
    assert set(stocks["n_clean"]) == {0}
    assert stocks["statistic_clean"].isna().all()
    assert stocks["note"].str.contains("no event enters").all()


def test_with_and_without_the_contaminated_events(prices: pd.DataFrame) -> None:
    """The clean side is the leading test of a study of the untouched events alone."""
    events = _events()
    near = [
        {"event_id": f"n{i}", "timestamp": str((pd.Timestamp(e["timestamp"])
         + pd.offsets.BDay(4)).date()), "asset": e["asset"]}
        for i, e in enumerate(events[:4])
    ]  # fmt: skip
    ids = [e["event_id"] for e in events]
    whole = _study([*events, *near], prices, events={"include": ids})
    table = whole.contamination.set_index(["start", "end", "name"])
    day = table.loc[(0, 0)]
    assert set(day["n_contaminated"]) == {0}
    np.testing.assert_array_equal(day["statistic"], day["statistic_clean"])
    wide = table.loc[(0, 5)]
    assert (set(wide["n_events"]), set(wide["n_clean"])) == ({16}, {12})
    # The near headlines stay in the other study too, so that estimation windows are the same.
    alone = _study([*events, *near], prices, events={"include": ids[4:]})
    tests = alone.tests[(alone.tests["start"] == 0) & (alone.tests["end"] == 5)].set_index("name")
    for name, row in wide.iterrows():
        want = tests.loc[[name]].query("variant == @row.variant").iloc[0]
        np.testing.assert_allclose(row["statistic_clean"], want["statistic"], rtol=RTOL)
        np.testing.assert_allclose(row["pvalue_clean"], want["pvalue"], rtol=RTOL)
        np.testing.assert_allclose(row["estimate_clean"], want["estimate"], rtol=RTOL)


# --- sensitivity ---------------------------------------------------------------------------------


def test_each_admissible_session_is_tried(prices: pd.DataFrame) -> None:
    stamps = {
        "sure": "2021-03-10T15:00:00-05:00",
        "close": "2021-05-12T15:55:00-04:00",
        "friday": "2021-07-09T15:50:00-04:00",
    }
    events = [
        {"event_id": e, "timestamp": t, "asset": "AAA", "uncertainty_minutes": 10 * (e != "sure")}
        for e, t in stamps.items()
    ]
    assets = {"AAA": {"calendar": "XNYS"}}
    index = es.pin("2020-01-02", calendar="XNYS")  # the calendar's own sessions, by its prices
    assert len(index) == 1
    result = _study(events, prices, assets=assets)
    table = result.sensitivity
    assert table["event_id"].unique().tolist() == ["close", "friday"]
    friday = table[(table["event_id"] == "friday") & (table["end"] == 0)]
    assert friday["session"].dt.strftime("%m-%d").tolist() == ["07-09", "07-12"]
    assert friday["chosen"].tolist() == [True, False]
    assert set(table["position"]) == {"ambiguous"}
    # The chosen rows are those of `windows`.
    keys = ["event_id", "asset", "model", "start", "end"]
    both = table[table["chosen"]].merge(result.windows, on=keys, suffixes=("", "_windows"))
    assert len(both) == 6
    for name in ("car", "car_se", "statistic", "pvalue"):
        np.testing.assert_allclose(both[name], both[f"{name}_windows"], rtol=RTOL)
    # The other rows are those of a study whose headlines come after the close.
    late = [dict(e, timestamp=e["timestamp"].replace("T15", "T17")) for e in events[1:]]
    other = _study([events[0], *late], prices, assets=assets).windows
    moved = table[~table["chosen"]].merge(other, on=keys, suffixes=("", "_windows"))
    assert len(moved) == 6
    np.testing.assert_allclose(moved["car"], moved["car_windows"], rtol=RTOL)
    np.testing.assert_allclose(moved["pvalue"], moved["pvalue_windows"], rtol=RTOL)
    (words,) = [w for w in result.run["warnings"] if "ambiguous" in w]
    assert words.startswith("2 headlines on assets are ambiguous")


def test_no_row_where_nothing_is_ambiguous(prices: pd.DataFrame) -> None:
    result = _study(_events(4), prices)
    assert result.sensitivity.empty
    assert not any("ambiguous" in w for w in result.run["warnings"])


# --- signed events -------------------------------------------------------------------------------


def test_signed_events_are_those_of_turned_prices(prices: pd.DataFrame) -> None:
    """Minus one on every event: estimates and statistics change sign, two-sided p do not."""
    plain = _study(_events(), prices, tests={"names": "all"})
    turned = _study(
        _events(sign=[-1] * 16), prices, events={"signed": True}, tests={"names": "all"}
    )
    keys = ["panel", "model", "start", "end", "name", "variant"]
    both = plain.tests.merge(turned.tests, on=keys, suffixes=("", "_turned"))
    assert len(both) == len(plain.tests) == len(turned.tests)
    symmetric = both[
        both["distribution"].isin(["t", "normal"]) & ~both["name"].isin(["calendar_time_t"])
    ]
    # Counts of signs are not symmetric where a phat is estimated; ranks have mid-ranks.
    symmetric = symmetric[~symmetric["name"].str.contains("bhar")]
    # Some statistics here are zero but for rounding.
    np.testing.assert_allclose(
        symmetric["statistic_turned"], -symmetric["statistic"], rtol=1e-6, atol=1e-9
    )
    pd.testing.assert_frame_equal(plain.windows, turned.windows)


def test_a_mixed_sample_pools_good_and_bad_news(prices: pd.DataFrame) -> None:
    moved = prices.copy()
    events = _events(sign=[1, -1] * 8)
    for e in events:
        at = moved.index.get_loc(pd.Timestamp(e["timestamp"]))
        moved.iloc[at:, moved.columns.get_loc(e["asset"])] *= 1 + 0.03 * e["sign"]
    lead = {}
    for signed in (False, True):
        tests = _study(events, moved, events={"signed": signed}).tests
        day = tests[(tests["start"] == 0) & (tests["end"] == 0) & tests["leads"]]
        lead[signed] = day.set_index("name").loc["bmp_t"]
    assert lead[True]["pvalue"] < 1e-6 < 0.3 < lead[False]["pvalue"]


def test_without_a_sign_an_event_leaves_the_tests_across_events(prices: pd.DataFrame) -> None:
    signs = [0, np.nan, *[1] * 14]
    result = _study(_events(sign=signs), prices, events={"signed": True})
    assert set(result.tests["n_events"]) == {14}
    left = result.dropped[result.dropped["stage"] == "window"]
    assert left[["event_id", "detail"]].to_numpy().tolist() == [
        ["e00", "sign is 0"], ["e01", "no sign is given"],
    ]  # fmt: skip
    assert len(result.windows["event_id"].unique()) == 16
    with pytest.raises(InputError, match="no headline has a sign"):
        _study(_events(), prices, events={"signed": True})


# --- regressions ---------------------------------------------------------------------------------


def test_regression_on_surprise_and_a_column_of_ones_own(prices: pd.DataFrame) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    surprise, size = rng.normal(size=40), rng.uniform(1, 9, 40)
    events = _events(24, surprise=surprise[:24], size=[f"{v:.3f}" for v in size[:24]])
    section = {"on": ["surprise", "size"], "window": [0, 1]}
    result = _study(events, prices, regression=section)
    table = result.regressions
    assert table["term"].tolist() == ["intercept", "surprise", "size"]
    cars = result.windows.query("start == 0 and end == 1").set_index("event_id")["car"]
    z = sm.add_constant(np.column_stack([surprise[:24], [float(e["size"]) for e in events]]))
    oracle = sm.OLS(cars[[e["event_id"] for e in events]], z).fit(cov_type="HC3", use_t=True)
    np.testing.assert_allclose(table["coefficient"], oracle.params, rtol=RTOL)
    np.testing.assert_allclose(table["se"], oracle.bse, rtol=RTOL)
    np.testing.assert_allclose(table["pvalue"], oracle.pvalues, rtol=1e-7)
    assert set(table["covariance"]) == {"HC3"}
    assert set(table["df"]) == {21.0}


def test_dates_that_repeat_are_clustered(prices: pd.DataFrame) -> None:
    events = [
        {"event_id": f"e{i}", "timestamp": day, "asset": "", "surprise": float(i % 5)}
        for i, day in enumerate(_dates(12))
    ]
    source = {"source": "frame", "assets": ASSETS}
    table = _study(events, prices, regression={"on": ["surprise"]}, prices=source).regressions
    assert set(table["covariance"]) == {"CR1 by date"}
    assert set(table["n_events"]) == {48}
    assert set(table["n_clusters"]) == {12}
    assert set(table["df"]) == {11.0}


def test_events_without_the_regressor_are_listed(prices: pd.DataFrame) -> None:
    events = _events(surprise=[np.nan, *range(15)])
    result = _study(events, prices, regression={"on": ["surprise"]})
    assert set(result.regressions["n_events"]) == {15}
    (row,) = result.dropped.to_dict(orient="records")
    assert (row["event_id"], row["stage"]) == ("e00", "window")
    assert row["detail"] == "no value of surprise"


def test_too_few_events_have_no_regression(prices: pd.DataFrame) -> None:
    events = _events(9, surprise=range(9))
    table = _study(events, prices, regression={"on": ["surprise"]}).regressions
    assert table["coefficient"].isna().all()
    assert set(table["note"]) == {"9 events for 2 coefficients: at least 10 are needed"}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"on": ["surprize"]}, "no column 'surprize' of numbers; did you mean 'surprise'"),
        ({"on": ["headline"]}, "no column 'headline' of numbers"),
        ({"on": ["desk"]}, "desk is 'oil' and no number"),
        ({"on": ["surprise"], "window": [0, 9]}, "not inside the event window"),
        ({"on": []}, "must not be empty"),
        ({"on": ["intercept"]}, "every regression has anyway"),
        ({}, "missing"),
    ],
)
def test_regressions_that_are_wrong(
    prices: pd.DataFrame, section: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        _study(_events(4, desk=["oil"] * 4), prices, regression=section)
    assert words in str(caught.value)


# --- grouping, saving, real headlines ------------------------------------------------------------


def test_a_study_can_ask_for_groups(prices: pd.DataFrame) -> None:
    words = ["Oil: output is cut", "Output is cut, oil exporters say", "Shares rise", "Bonds fall"]
    events = [
        {"event_id": str(i), "timestamp": "2021-03-10", "asset": "AAA", "headline": w}
        for i, w in enumerate(words)
    ]
    assert len(_study(events, prices).pinned) == 4
    result = _study(events, prices, events={"group_similar": True})
    assert result.pinned["event_id"].tolist() == ["0", "2", "3"]
    assert result.dropped["stage"].tolist() == ["grouping"]
    (told,) = [w for w in result.run["warnings"] if "alike" in w]
    assert "4 stories became 3, and 4 (headline, asset) pairs became 3" in told
    strict = _study(events, prices, events={"group_similar": True, "group_threshold": 100})
    assert len(strict.pinned) == 4


def test_the_new_tables_are_saved_and_shown(prices: pd.DataFrame, tmp_path: Path) -> None:
    events = _events(12, surprise=range(12), headline=["one"] * 12)
    result = _study(events, prices, regression={"on": ["surprise"]})
    again = es.load(result.save(tmp_path / "out"))
    for name in ("contamination", "sensitivity", "regressions"):
        want = getattr(result, name)
        pd.testing.assert_frame_equal(getattr(again, name), want, check_dtype=len(want) > 0)
    assert again.windows["other_headlines"].tolist() == result.windows["other_headlines"].tolist()
    assert [r["term"] for r in result.to_json()["regressions"]] == ["intercept", "surprise"]


def test_499_real_headlines_on_the_share_that_they_are_about(shared_data: Path) -> None:
    share, index = (
        pd.read_csv(io.StringIO((shared_data / name).read_text()), index_col="date",
                    parse_dates=True)
        for name in ("airliquide_AI.PA_daily_2015_2023.csv", "cac40_daily_2015_2023.csv")
    )  # fmt: skip
    prices = pd.DataFrame({"AI": share["adj_close"], "CAC40": index["close"]}).loc[share.index]
    text = (shared_data / "airliquide_headlines_paris_time.csv").read_text(encoding="utf-8")
    events = pd.read_csv(io.StringIO(text), dtype=str).rename(
        columns={"date": "timestamp", "title": "headline"}
    )
    result = _study(
        events.assign(asset="AI").to_dict(orient="records"),
        prices,
        events={"timezone": "Europe/Paris", "group_similar": True},
        model={"name": "market_model", "benchmark": "CAC40"},
        assets={"AI": {"calendar": "XPAR"}},
        windows={"event": [0, 1], "report": [[0, 1]], "purge": False},
    )
    assert result.run["counts"]["headlines"] == 499
    assert result.run["counts"]["grouped"] > 50
    estimated = result.events["event_id"].nunique()
    assert estimated > 380
    left = result.dropped[~result.dropped["stage"].isin(["grouping", "window", "day"])]
    assert estimated + len(left) + result.run["counts"]["grouped"] == 499
    day = result.tests.query("start == 0 and end == 1 and leads")
    assert (day["n_events"] > 380).all()
    assert (result.windows["other_headlines"] != "").any()
    wide = result.contamination.iloc[0]
    assert 0 < wide["n_clean"] < wide["n_events"]
