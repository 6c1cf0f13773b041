"""Picks the rows that a chart is about, and says so clearly when there are none."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from eventstudy.errors import InputError, nearest

__all__ = ["Charted", "event_rows", "panel_rows", "pick"]


class Charted(Protocol):
    """The frames of a result that charts read."""

    @property
    def pinned(self) -> pd.DataFrame: ...
    @property
    def events(self) -> pd.DataFrame: ...
    @property
    def abnormal_returns(self) -> pd.DataFrame: ...
    @property
    def windows(self) -> pd.DataFrame: ...
    @property
    def tests(self) -> pd.DataFrame: ...
    @property
    def paths(self) -> pd.DataFrame: ...
    @property
    def series(self) -> pd.DataFrame: ...
    @property
    def specification(self) -> pd.DataFrame: ...
    @property
    def run(self) -> dict[str, Any]: ...


def pick(frame: pd.DataFrame, column: str, value: str | None, what: str) -> str:
    """Return ``value`` if the column has it, or the first value if none was asked for.

    Raises
    ------
    InputError
        There is no such value; the sentence names the nearest.
    """
    known = [str(v) for v in frame[column].unique()]
    if not known:
        raise InputError(f"there is nothing to draw: no {what} was estimated; see result.dropped")
    if value is None:
        return known[0]
    if value not in known:
        raise InputError(f"no {what} named '{value}' in this result{nearest(value, known)}")
    return value


def event_rows(
    frame: pd.DataFrame, event_id: str | None, asset: str | None, model: str | None = None
) -> pd.DataFrame:
    """Return the rows of one headline on one asset (and one model, where the frame has them).

    What is not named is the first that there is.
    """
    chosen = frame
    if asset is not None and event_id is None:
        asset = pick(frame, "asset", asset, "asset")
        chosen = frame[frame["asset"].astype(str) == asset]
    event_id = pick(chosen, "event_id", event_id, "event")
    chosen = chosen[chosen["event_id"].astype(str) == event_id]
    asset = pick(chosen, "asset", asset, "asset")
    chosen = chosen[chosen["asset"].astype(str) == asset]
    if "model" in chosen:
        model = pick(chosen, "model", model, "model")
        chosen = chosen[chosen["model"].astype(str) == model]
    return chosen


def panel_rows(
    frame: pd.DataFrame, panel: str | None, model: str | None
) -> tuple[pd.DataFrame, str, str]:
    """Return the rows of one panel and model, and their names.

    Without a name it is the panel with the most events.
    """
    if panel is None and len(frame) and "event_id" in frame:
        keys = frame.drop_duplicates(["event_id", "asset", "panel"])
        panel = str(keys.groupby("panel", sort=False).size().idxmax())
    panel = pick(frame, "panel", panel, "panel")
    chosen = frame[frame["panel"].astype(str) == panel]
    model = pick(chosen, "model", model, "model")
    return chosen[chosen["model"].astype(str) == model], panel, model
