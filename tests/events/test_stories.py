"""Headlines near in time and words become one story; a catalogue is written as it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eventstudy.calendars import exchange_calendar
from eventstudy.errors import InputError
from eventstudy.events import Catalogue, pin_catalogue, read_catalogue
from eventstudy.events.pinned import by_first_reaction
from eventstudy.events.stories import count_stories, propose_stories, with_groups
from eventstudy.events.writers import WRITERS, catalogue_bytes, catalogue_rows


def _catalogue(*rows: tuple[str, str, str], **more: list[Any]) -> Catalogue:
    table = [{"event_id": e, "timestamp": t, "headline": h} for e, t, h in rows]
    for name, values in more.items():
        for row, value in zip(table, values, strict=True):
            row[name] = value
    return read_catalogue(table)


STORY = (
    ("a", "2022-02-15T08:00Z", "Russia: units go back to base"),
    ("b", "2022-02-15T09:30Z", "Units go back to base, Russia says"),
    ("c", "2022-02-15T10:00Z", "Oil falls by three percent"),
    ("d", "2022-02-18T08:00Z", "Russia: units go back to base"),
)


def test_near_in_time_and_words() -> None:
    found = propose_stories(_catalogue(*STORY))
    assert found["event_id"].tolist() == ["a", "b"]
    assert found["story"].unique().tolist() == ["story-a"]
    assert found["like"].tolist() == ["", "a"]
    assert found["hours"].iloc[1] == 1.5
    assert 80 <= found["score"].iloc[1] <= 100


def test_hours_and_threshold() -> None:
    catalogue = _catalogue(*STORY)
    assert propose_stories(catalogue, hours=1).empty
    assert propose_stories(catalogue, threshold=99.9).empty
    assert propose_stories(catalogue, hours=100)["event_id"].tolist() == ["a", "b", "d"]


def test_a_story_does_not_grow_without_end() -> None:
    rows = [(str(i), f"2022-02-{15 + i}T08:00Z", "Shares rise again") for i in range(6)]
    found = propose_stories(_catalogue(*rows), hours=36)
    assert found.groupby("story")["event_id"].agg(list).tolist() == [
        ["0", "1"], ["2", "3"], ["4", "5"],
    ]  # fmt: skip


def test_only_on_the_same_assets() -> None:
    apart = _catalogue(*STORY[:2], asset=["XOM", "CVX"])
    assert propose_stories(apart).empty
    every = _catalogue(*STORY[:2], asset=["XOM", ""])
    assert len(propose_stories(every)) == 2


def test_stated_groups_stay_and_grow() -> None:
    catalogue = _catalogue(*STORY[:3], group=["", "withdrawal", ""])
    found = propose_stories(catalogue)
    assert found[["event_id", "story", "stated"]].to_numpy().tolist() == [
        ["a", "withdrawal", False], ["b", "withdrawal", True],
    ]  # fmt: skip
    two = _catalogue(*STORY[:2], group=["g", "h"])
    assert propose_stories(two).empty


def test_groups_change_what_counts() -> None:
    catalogue = _catalogue(*STORY)
    merged = with_groups(catalogue, propose_stories(catalogue))
    assert merged.frame["group"].tolist() == ["story-a", "story-a", "", ""]
    assert (count_stories(catalogue), count_stories(merged)) == (4, 3)
    assert catalogue.frame["group"].tolist() == [""] * 4


def test_no_words_are_like_no_words() -> None:
    rows = [(str(i), "2022-02-15T08:00Z", "") for i in range(3)]
    assert propose_stories(_catalogue(*rows)).empty


def test_the_order_of_the_file_does_not_matter() -> None:
    turned = propose_stories(_catalogue(*reversed(STORY)))
    pd.testing.assert_frame_equal(turned, propose_stories(_catalogue(*STORY)))


FULL = [
    {"event_id": "a", "timestamp": "2022-02-15T08:00:00.25Z", "asset": "XOM",
     "headline": 'Say "no"', "uncertainty_minutes": 2.5, "source": "a; b", "url": "http://x/y",
     "group": "g", "sign": -1, "surprise": 0.125, "desk": "oil, gas"},
    {"event_id": "b", "timestamp": "2022-02-16", "asset": "", "headline": "=SUM(1)\nL\\n'é",
     "desk": "rates"},
]  # fmt: skip


@pytest.mark.parametrize("ending", WRITERS)
def test_a_written_catalogue_reads_the_same(tmp_path: Path, ending: str) -> None:
    catalogue = read_catalogue(FULL)
    if ending == ".ics":  # whole seconds are all that iCalendar has
        catalogue.frame["timestamp"] = catalogue.frame["timestamp"].dt.floor("s")
    path = tmp_path / f"out{ending}"
    path.write_bytes(catalogue_bytes(catalogue, path))
    again = read_catalogue(path)
    pd.testing.assert_frame_equal(
        again.frame.drop(columns="line"), catalogue.frame.drop(columns="line"), check_dtype=False
    )
    assert catalogue_rows(again) == catalogue_rows(catalogue)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    catalogue = read_catalogue(FULL)
    with pytest.raises(InputError, match="not written as"):
        catalogue_bytes(catalogue, tmp_path / "x.rss")
    odd = Catalogue(catalogue.frame.rename(columns={"desk": "De sk"}))
    with pytest.raises(InputError, match="cannot hold the column 'De sk'"):
        catalogue_bytes(odd, tmp_path / "x.ics")


def test_one_headline_on_markets_of_the_world() -> None:
    """US, European and Asian shares, oil, currencies, and an asset that never rests."""
    names = {"SP500": "XNYS", "NIKKEI": "XTKS", "DAX": "XETR", "BTC": "24/7", "WTI": "CME_ENERGY",
             "EURUSD": "TARGET"}  # fmt: skip
    start, end = pd.Timestamp("2022-01-03").date(), pd.Timestamp("2022-06-30").date()
    calendars = {asset: exchange_calendar(mic, start, end) for asset, mic in names.items()}
    # 20:15 in New York: Tokyo trades, Europe sleeps, oil's next trade date has begun.
    rows = [{"event_id": "e", "timestamp": "2022-02-15T20:15-05:00"},
            {"event_id": "d", "timestamp": "2022-02-16"}]  # fmt: skip
    table = by_first_reaction(pin_catalogue(read_catalogue(rows), calendars).pinned)
    first = table[table["event_id"] == "e"]
    assert first["asset"].tolist() == ["NIKKEI", "EURUSD", "WTI", "BTC", "DAX", "SP500"]
    assert first["session"].dt.strftime("%m-%d").tolist() == ["02-16"] * 6
    moments = first["first_reaction_utc"].dt.strftime("%d %H:%M").tolist()
    assert moments == ["16 01:15"] * 4 + ["16 08:00", "16 14:30"]
    assert first["position"].tolist()[:4] == ["in-session"] * 4
    # A bare date has no instant: the order is that of the measured prices, Tokyo first.
    dates = table[table["event_id"] == "d"]
    assert dates["first_reaction_utc"].isna().all()
    assert dates["asset"].tolist()[0] == "NIKKEI"
    assert dates["measured_utc"].is_monotonic_increasing
