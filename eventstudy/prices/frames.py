"""A panel from a pandas frame that a notebook hands over, by the same rules as from a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError
from eventstudy.prices.panel import AssetInfo, PriceKind, PricePanel

__all__ = ["panel_from_frame"]


def panel_from_frame(frame: pd.DataFrame, *, kind: PriceKind = "prices") -> PricePanel:
    """Return the panel of a frame with a date index and one numeric column an asset.

    Parameters
    ----------
    frame : DataFrame
        Index of dates (a time of day of midnight, or ``datetime.date`` values, or ISO text);
        NaN where there is no price. The frame is not changed; its rows may be in any order.
    kind : {"prices", "returns"}
        What the numbers are; returns are simple returns in decimals.

    Returns
    -------
    PricePanel
        Without the dates on which no column has a price.

    Raises
    ------
    InputError
        For an index that is no date, a date twice, a column that is no number, or infinity.

    Examples
    --------
    >>> frame = pd.DataFrame({"A": [1.0, 1.1]}, index=["2022-02-14", "2022-02-15"])
    >>> panel_from_frame(frame).close.index[0]
    Timestamp('2022-02-14 00:00:00')
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"prices must be a frame with a date index, not {type(frame).__name__}; "
            "a series becomes one with .to_frame()"
        )
    dates = _dates(frame.index)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"the frame has two columns '{twice}'; every asset needs its own")
    columns = {name: _numbers(frame.iloc[:, k], name) for k, name in enumerate(names)}
    clean = pd.DataFrame(columns, index=dates, dtype=np.float64).sort_index(kind="stable")
    # A date twice is an error also where one of its rows is empty, so it is looked for first.
    if not clean.index.is_unique:
        twice = clean.index[clean.index.duplicated()][0]
        raise InputError(f"the frame has two rows of {twice:%Y-%m-%d}")
    infos = {name: AssetInfo(name, name, source="frame") for name in names}
    return PricePanel(clean[clean.notna().any(axis=1)], kind=kind, assets=infos)


def _dates(index: pd.Index) -> pd.DatetimeIndex:
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        raise InputError(
            "the frame's dates carry a time zone; a price belongs to a session date: use "
            "frame.tz_localize(None) if its midnights are the session dates"
        )
    if pd.api.types.is_numeric_dtype(index.dtype):
        raise InputError("the frame's index must hold dates: numbers are no dates")
    try:
        return pd.DatetimeIndex(pd.to_datetime(index))
    except (ValueError, TypeError) as error:
        raise InputError(f"the frame's index must hold dates: {error}") from None


def _numbers(column: pd.Series[float], name: str) -> FloatArray:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiu":
        return np.asarray(column.to_numpy(dtype=np.float64))
    bad: object = next((v for v in column if isinstance(v, (str, bool, np.bool_))), None)
    if bad is None:
        try:
            return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
        except (ValueError, TypeError):
            bad = column.iloc[0]
    raise InputError(f"column '{name}' of the frame holds {bad!r}, which is no number")
