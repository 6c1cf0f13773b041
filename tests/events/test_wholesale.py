"""Large frames are read by columns, with what the rows give; the rows judge what is not plain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.events.catalogue import build_catalogue
from eventstudy.events.readers import frame_records, read_catalogue
from eventstudy.events.wholesale import WHOLESALE_FROM, catalogue_from_columns

DAYS = pd.date_range("2001-01-01", periods=400)
ROWS = 60


def plain(**more: Any) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(ROWS)],
            "timestamp": DAYS[rng.integers(0, 400, ROWS)],
            "asset": np.array(["A", "B", ""], dtype=object)[rng.integers(0, 3, ROWS)],
        }
    )
    return frame.assign(**more)


PLAIN = {
    "bare dates": plain(),
    "dates as text": plain(timestamp=[str(d.date()) for d in DAYS[:ROWS]]),
    "instants with a zone": plain(
        timestamp=pd.date_range("2022-02-15T08:01:07", periods=ROWS, freq="17h", tz="Asia/Tokyo")
    ),
    "numbers": plain(
        sign=1, surprise=np.linspace(-1, 1, ROWS), uncertainty_minutes=[3.5, np.nan] * 30
    ),
    "texts": plain(headline="Déjà vu", source=None, url=["http://x", None] * 30, group="g"),
    "whole numbers as ids": plain(event_id=np.arange(ROWS)),
    "categories": plain(asset=pd.Categorical(["A", "B"] * 30)),
    "other columns": plain(beta_x=1.5, word="w", k=3, line="theirs", nothing=[None, "a"] * 30),
    "no id": plain().drop(columns="event_id"),
    "one id on two assets": pd.concat([plain(asset="A"), plain(asset="B")], ignore_index=True),
    "an index of its own": plain().set_index(pd.Index(range(100, 100 + ROWS))),
}

# What only the rows can judge: by the name of the fault, the frame and the words of the error.
STRANGE: dict[str, tuple[pd.DataFrame, str]] = {
    "empty id": (plain(event_id=["", *(f"e{i}" for i in range(1, ROWS))]), "event_id is empty"),
    "id twice": (plain(event_id="same", asset="A"), "stands already at"),
    "two stamps": (
        pd.concat([plain(asset="A"), plain(asset="B", timestamp=DAYS[7])], ignore_index=True),
        "has another timestamp",
    ),
    "a time without a zone": (plain(timestamp=pd.Timestamp("2022-02-15T08:00")), "has no offset"),
    "no such date": (plain(timestamp="2022-02-30"), "there is no such date"),
    "no date": (plain(timestamp=[pd.NaT] * ROWS), "timestamp"),
    "a long time ago": (plain(timestamp=pd.Timestamp("1677-12-01").as_unit("s")), "timestamp"),
    "sign": (plain(sign=2), "it is -1, 0 or 1"),
    "uncertainty": (plain(uncertainty_minutes=-1.0), "half-width"),
    "surprise": (plain(surprise=np.inf), "a finite number"),
    "text for a number": (plain(surprise="high"), "no number"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_columns_give_what_rows_give(name: str) -> None:
    frame = PLAIN[name]
    whole = catalogue_from_columns(frame, origin="frame")
    assert whole is not None
    rows = build_catalogue(frame_records(frame, "frame"), origin="frame")
    pd.testing.assert_frame_equal(whole.frame, rows.frame)


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_wrong_is_left_to_the_rows(name: str) -> None:
    frame, words = STRANGE[name]
    assert catalogue_from_columns(frame, origin="frame") is None
    many = pd.concat([frame] * (WHOLESALE_FROM // len(frame) + 1), ignore_index=True)
    with pytest.raises(InputError, match=words):
        read_catalogue(many)


@pytest.mark.parametrize(
    "frame",
    [
        plain(asset=[" A"] * ROWS),
        plain(timestamp=["2022-02-15T08:00Z"] * ROWS),
        plain(event_id=[1.5 + i for i in range(ROWS)]),
        plain(asset=[1, "A"] * 30),
    ],
    ids=["blanks", "instants as text", "fractions as ids", "mixed kinds"],
)
def test_what_is_not_plain_is_left_to_the_rows(frame: pd.DataFrame) -> None:
    assert catalogue_from_columns(frame, origin="frame") is None


def test_columns_under_other_names() -> None:
    frame = plain().rename(columns={"timestamp": "published"}).assign(asset="A")
    names = {"timestamp": "published"}
    whole = catalogue_from_columns(frame, origin="frame", columns=names)
    rows = build_catalogue(frame_records(frame, "frame"), origin="frame", columns=names)
    assert whole is not None
    pd.testing.assert_frame_equal(whole.frame, rows.frame)
    assert catalogue_from_columns(frame, origin="frame", columns={"timestamp": "gone"}) is None
    assert catalogue_from_columns(frame, origin="frame") is None


def test_large_frames_are_read_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    many = pd.concat(
        [
            plain(event_id=[f"{k}-{i}" for i in range(ROWS)])
            for k in range(WHOLESALE_FROM // ROWS + 1)
        ],
        ignore_index=True,
    )

    def broken(*_: object, **__: object) -> None:
        raise AssertionError("the rows were read")

    monkeypatch.setattr("eventstudy.events.readers.build_catalogue", broken)
    assert len(read_catalogue(many)) == len(many)
