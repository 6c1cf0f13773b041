"""Placing gives the sessions that pinning gives."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import exchange_calendar, observed_calendar
from eventstudy.calendars.pinning import POSITIONS, DatePolicy
from eventstudy.errors import InputError
from eventstudy.events.pinned import pin_catalogue
from eventstudy.events.placing import place_catalogue
from eventstudy.events.readers import read_catalogue

START, END = dt.date(2021, 1, 1), dt.date(2022, 12, 31)
CALENDARS = {
    "NY": exchange_calendar("XNYS", START, END),
    "FFM": exchange_calendar("XETR", START, END),
    "NY2": exchange_calendar("XNYS", START, END),
}


def catalogue(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    # Some lie before the first or after the last session of the calendars.
    minutes = rng.integers(-20_000, 1_080_000, n)
    stamps = pd.Timestamp("2021-01-04", tz="UTC") + pd.to_timedelta(minutes, unit="min")
    bare = rng.random(n) < 0.4
    text = [str(s.date()) if b else s.isoformat() for s, b in zip(stamps, bare, strict=True)]
    return pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(n)],
            "timestamp": text,
            "asset": np.array(["NY", "FFM", "NY2", ""], dtype=object)[rng.integers(0, 4, n)],
        }
    )


@pytest.mark.parametrize("policy", ["next", "previous", "exclude"])
def test_the_sessions_are_those_of_pinning(policy: DatePolicy) -> None:
    events = read_catalogue(catalogue())
    placed = place_catalogue(events, CALENDARS, policy=policy)
    outcome = pin_catalogue(events, CALENDARS, policy=policy)
    names = list(CALENDARS)
    found = pd.DataFrame(
        {
            "event_id": events.frame["event_id"].to_numpy()[placed.row],
            "asset": np.array(names, dtype=object)[placed.owner],
            "session": [
                CALENDARS[names[o]].sessions[s] if s >= 0 else np.datetime64("NaT", "D")
                for o, s in zip(placed.owner, placed.session, strict=True)
            ],
            "position": np.array(POSITIONS, dtype=object)[placed.position],
        }
    )
    kept = found[~placed.lost].reset_index(drop=True)
    kept["session"] = kept["session"].astype("datetime64[ns]")
    columns = ["event_id", "asset", "session", "position"]
    pd.testing.assert_frame_equal(kept[columns], outcome.pinned[columns], check_dtype=False)
    assert placed.lost.sum() == len(outcome.dropped) > 0


def test_the_same_errors() -> None:
    events = read_catalogue(catalogue())
    with pytest.raises(InputError, match="is not among the assets"):
        place_catalogue(events, {"NY": CALENDARS["NY"]})
    with pytest.raises(InputError, match="policy is 'error'"):
        place_catalogue(events, CALENDARS, policy="error")
    hourless = {name: observed_calendar(["2022-02-14", "2022-02-15"]) for name in CALENDARS}
    with pytest.raises(InputError, match="knows no hours"):
        place_catalogue(events, hourless)
