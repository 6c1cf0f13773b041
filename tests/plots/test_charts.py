"""Charts: they draw where they are told, change nothing global, and show what the tables hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import Plot, single, style
from eventstudy.plots.svg import draw, inline_svg, save_svg, svg_text
from eventstudy.results import StudyResult

NAMES = ["price", "car", "ar", "caar", "box", "heatmap", "pvalues", "qq"]


@pytest.fixture(autouse=True)
def _no_figures_left():
    pyplot.close("all")
    yield
    pyplot.close("all")


def chart(result: StudyResult, name: str) -> Callable[..., object]:
    return getattr(Plot(result), name)


@pytest.mark.parametrize("name", NAMES)
def test_draws_on_the_axes_that_it_is_given(drawn: StudyResult, name: str) -> None:
    before = dict(mpl.rcParams)
    ax = Figure().add_subplot()
    assert chart(drawn, name)(ax=ax) is ax
    assert ax.has_data()
    assert pyplot.get_fignums() == []
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", NAMES)
def test_without_axes_it_makes_one_figure_and_shows_nothing(
    drawn: StudyResult, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyplot, "show", lambda *_, **__: pytest.fail("shown"))
    before = dict(mpl.rcParams)
    ax = chart(drawn, name)()
    assert len(pyplot.get_fignums()) == 1
    assert ax.figure.number == pyplot.get_fignums()[0]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", NAMES)
def test_svg_repeats_and_points_nowhere(drawn: StudyResult, name: str) -> None:
    first, second = (draw(lambda ax: chart(drawn, name)(ax=ax)) for _ in range(2))
    assert svg_text(first) == svg_text(second)
    text = inline_svg(first, "c1", "a chart")
    assert "http" not in text
    assert "<metadata" not in text
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    assert ids
    assert all(i.startswith("c1-") for i in ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids
    assert 'aria-label="a chart"' in text


def test_saved_svg_has_a_ground(drawn: StudyResult, tmp_path: Path) -> None:
    save_svg(draw(lambda ax: Plot(drawn).car(ax=ax)), tmp_path / "car.svg")
    text = (tmp_path / "car.svg").read_text("utf-8")
    assert text.startswith("<?xml")
    assert '<rect width="100%"' in text


def test_price_marks_the_move_of_day_zero(plain: StudyResult) -> None:
    ax = Plot(plain).price(ax=Figure().add_subplot())
    rows = plain.series[plain.series["asset"] == "INDEX"].set_index("tau")["price"]
    marked = [line for line in ax.lines if line.get_color() == style.MARK]
    stretch = next(line for line in marked if len(line.get_ydata()) == 2 and
                   line.get_linewidth() > 2)  # fmt: skip
    assert list(stretch.get_ydata()) == [rows[-1], rows[0]]
    assert [t.get_text() for t in ax.get_xticklabels() if t.get_color() == style.MARK] == [
        f"{d.day} {d:%b %Y}" for d in plain.series.loc[plain.series["tau"] == 0, "session"].iloc[:1]
    ]


def test_car_shows_the_table(plain: StudyResult) -> None:
    ax = Plot(plain).car("H1", asset="A02", model="market_model", ax=Figure().add_subplot())
    rows = plain.abnormal_returns
    rows = rows[(rows["asset"] == "A02") & (rows["model"] == "market_model")]
    line = next(line for line in ax.lines if line.get_color() == style.ACCENT)
    assert np.array_equal(line.get_ydata(), rows["car"])
    assert np.array_equal(line.get_xdata(), rows["tau"])
    assert len(ax.collections) == 2  # both bands


def test_caar_shows_the_paths(plain: StudyResult) -> None:
    ax = Plot(plain).caar("shares", model="constant_mean", ax=Figure().add_subplot())
    rows = plain.paths[
        (plain.paths["panel"] == "shares") & (plain.paths["model"] == "constant_mean")
    ]
    line = next(line for line in ax.lines if line.get_color() == style.ACCENT)
    assert np.array_equal(line.get_ydata(), rows["caar"])


def test_bars_have_the_intervals(plain: StudyResult) -> None:
    ax = Plot(plain).ar(ax=Figure().add_subplot())
    heights = [p.get_height() for p in ax.patches]
    rows = plain.abnormal_returns
    rows = rows[(rows["asset"] == "INDEX")]
    assert heights == rows["ar"].tolist()


def test_heatmap_writes_its_values(plain: StudyResult) -> None:
    ax = Plot(plain).heatmap(ax=Figure().add_subplot())
    told = {t.get_text() for t in ax.texts}
    first = plain.abnormal_returns.iloc[0]["ar"]
    assert f"{100 * first:.1f}".replace("-", "\u2212") in told
    assert "\u22120.0" not in told


@pytest.mark.parametrize("name", ["car", "ar", "box", "heatmap", "pvalues", "qq", "price"])
def test_missing_numbers_leave_gaps(plain: StudyResult, name: str) -> None:
    ar = plain.abnormal_returns.copy()
    ar.loc[ar["tau"] == 1, ["return", "ar", "sar", "car", "car_low", "car_high"]] = np.nan
    series = plain.series.assign(price=plain.series["price"].where(plain.series["tau"] != -1))
    windows = plain.windows.assign(car=np.nan, pvalue=np.nan)
    result = replace(plain, abnormal_returns=ar, series=series, windows=windows)
    svg_text(draw(lambda ax: chart(result, name)(ax=ax)))


def test_an_unknown_name_is_told_with_the_nearest(plain: StudyResult) -> None:
    with pytest.raises(InputError, match=r"no asset named 'A2'.*did you mean 'A02'"):
        Plot(plain).car(asset="A2")
    with pytest.raises(InputError, match="no event named 'H9'"):
        Plot(plain).price("H9")
    with pytest.raises(InputError, match=r"no panel named 'share'.*'shares'"):
        Plot(plain).caar("share")


def test_nothing_to_draw_is_an_error_in_words(plain: StudyResult) -> None:
    empty = replace(plain, abnormal_returns=plain.abnormal_returns.iloc[:0])
    with pytest.raises(InputError, match="nothing to draw"):
        Plot(empty).car()


def test_colours_differ_in_grey() -> None:
    def luminance(color: str) -> float:
        rgb = np.array(mpl.colors.to_rgb(color))
        return float(rgb @ [0.2126, 0.7152, 0.0722])

    ordered = [style.INK, style.ACCENT, style.BAND, style.BAND_WIDE]
    steps = np.diff([luminance(c) for c in ordered])
    assert (steps > 0.1).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_that_stands_alone_has_a_title(drawn: StudyResult, name: str) -> None:
    ax = chart(drawn, name)(ax=Figure().add_subplot())
    assert ax.get_title("left")
    assert ax.get_title() == ""


def test_titles_name_asset_and_model(plain: StudyResult) -> None:
    ax = Plot(plain).car(asset="A02", model="market_model", ax=Figure().add_subplot())
    told = " ".join(ax.get_title("left").split())
    assert told.endswith(": cumulated abnormal return, market model")
    ax = Plot(plain).caar("shares", ax=Figure(figsize=(9, 3)).add_subplot())
    assert ax.get_title("left").startswith("shares: mean cumulated abnormal return")
    assert single.car(plain, ax=Figure().add_subplot()).get_title("left") == ""
