"""What could be seen on a date: headlines and prices up to it, and nothing after it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.events.catalogue import Catalogue
from eventstudy.prices.panel import PricePanel

__all__ = ["NothingYetError", "catalogue_hash", "panel_hash", "seen_catalogue", "seen_panel"]


class NothingYetError(InputError):
    """No headline, or no price, was out by the date."""


def seen_catalogue(catalogue: Catalogue, as_of: date) -> Catalogue:
    """Return the headlines that were out by the end of a date, UTC.

    Parameters
    ----------
    catalogue : Catalogue
    as_of : date
        An instant counts up to 24:00 UTC of this date, a bare date up to itself.

    Raises
    ------
    NothingYetError
        If none was.

    Examples
    --------
    >>> from eventstudy.events.readers import read_catalogue
    >>> rows = [{"event_id": "a", "timestamp": "2022-02-15T08:00Z"},
    ...         {"event_id": "b", "timestamp": "2022-02-16"}]
    >>> seen_catalogue(read_catalogue(rows), date(2022, 2, 15)).frame["event_id"].tolist()
    ['a']
    """
    frame = catalogue.frame
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    instants = frame["timestamp"].dt.tz_convert("UTC").dt.tz_localize(None)
    seen = (instants < end) | (frame["date"] < end)
    if not seen.any():
        raise NothingYetError(f"no headline was out by {as_of}")
    return replace(catalogue, frame=frame[seen].reset_index(drop=True))


def seen_panel(panel: PricePanel, as_of: date) -> PricePanel:
    """Return the prices of the dates up to ``as_of``, that date included."""
    last = pd.Timestamp(as_of)
    keep = panel.close.index <= last
    if not keep.any():
        raise NothingYetError(f"there was no price by {as_of}")
    return replace(
        panel,
        close=panel.close[keep],
        base=None if panel.base is None else panel.base[keep],
        flags=panel.flags[panel.flags["date"] <= last].reset_index(drop=True),
    )


def catalogue_hash(catalogue: Catalogue) -> str:
    """Return the SHA-256 of what a catalogue says; the lines on which it says it do not count."""
    frame = catalogue.frame.drop(columns="line")
    return hashlib.sha256(frame.to_csv(index=False).encode("utf-8", "backslashreplace")).hexdigest()


def panel_hash(panel: PricePanel, columns: list[str] | None = None) -> str:
    """Return the SHA-256 of dates, numbers and clocks of a panel, or of some of its columns.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2022-02-14", "2022-02-15"])
    >>> one = PricePanel(pd.DataFrame({"A": [1.0, 2.0]}, index=days))
    >>> panel_hash(one) == panel_hash(seen_panel(one, date(2022, 2, 14)))
    False
    """
    names = [str(c) for c in panel.close.columns] if columns is None else columns
    digest = hashlib.sha256(panel.kind.encode())
    digest.update(panel.close.index.to_numpy().astype("datetime64[D]").astype("<i8").tobytes())
    for name in names:
        digest.update(repr((name, panel.assets[name])).encode())
        digest.update(np.ascontiguousarray(panel.close[name].to_numpy(dtype="<f8")).tobytes())
        if panel.base is not None:
            digest.update(np.ascontiguousarray(panel.base[name].to_numpy(dtype="<f8")).tobytes())
    flags = panel.flags[panel.flags["asset"].isin(names)]
    digest.update(flags.to_csv(index=False).encode())
    return digest.hexdigest()
