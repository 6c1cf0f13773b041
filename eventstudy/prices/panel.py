"""Prices of many assets on naive session dates, with where they came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Literal

import numpy as np
import pandas as pd

from eventstudy.errors import InputError, nearest

__all__ = ["AssetInfo", "PriceKind", "PricePanel", "empty_flags", "join_panels", "with_returns"]

PriceKind = Literal["prices", "returns"]
FLAG_COLUMNS = ("date", "asset", "flag", "detail")


@dataclass(frozen=True)
class AssetInfo:
    """What an asset brings with it besides its prices.

    Attributes
    ----------
    name : str
        The column's name in the panel.
    title : str
        A name for readers.
    calendar : str or None
        ISO 10383 MIC or another calendar's name; ``"observed"`` where the source knows none.
    close : str or None
        Clock of the measurement where it is not the calendar's close, e.g.
        ``"14:30 America/New_York"``.
    market : str or None
        Assets of one market share their observed sessions.
    currency : str
        Currency of the price, empty if unknown.
    source : str
        Where the prices come from, in words.
    """

    name: str
    title: str
    calendar: str | None = "observed"
    close: str | None = None
    market: str | None = None
    currency: str = ""
    source: str = ""


def empty_flags() -> pd.DataFrame:
    """Return a table of flags without rows: date, asset, flag, detail.

    Examples
    --------
    >>> list(empty_flags().columns)
    ['date', 'asset', 'flag', 'detail']
    """
    return flags_frame([])


def flags_frame(rows: Sequence[tuple[pd.Timestamp, str, str, str]]) -> pd.DataFrame:
    """Return flags as a frame, ordered by date, asset and flag."""
    frame = pd.DataFrame(rows, columns=list(FLAG_COLUMNS)).astype(
        {"date": "datetime64[ns]", "asset": object, "flag": object, "detail": object}
    )
    order = ["date", "asset", "flag"]
    return frame.sort_values(order, kind="stable").reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class PricePanel:
    """Daily prices (or returns) of assets, as they were measured.

    A missing price is NaN and stays NaN: nothing is filled, nothing is interpolated. Zero and
    negative prices are allowed here; what they are worth is for the quality gate to say.

    Attributes
    ----------
    close : DataFrame
        One row a session date (naive, ascending, unique; every date on which the *source* has a
        price, also of an asset that is not asked for), one column an asset, float64.
    base : DataFrame or None
        Same shape: the price that the return *on* that date is divided by, for instance the
        same contract's previous settlement. NaN means the previous close of the column.
    kind : {"prices", "returns"}
        What ``close`` holds; returns are simple returns in decimals.
    assets : mapping of str to AssetInfo
        One entry a column.
    flags : DataFrame
        Columns date, asset, flag, detail: roll days, prices on which no return stands.
    hashes : mapping of str to str
        SHA-256 of each file that was read, or of each stored snapshot, by its name.
    return_columns : frozenset of str
        Columns that hold simple returns beside prices: factors, a risk-free rate.
    notes : tuple of str
        What the reader of results must know about these prices, in whole sentences.

    Raises
    ------
    InputError
        A date that is not naive midnight, not ascending or not unique; a column twice; an
        infinite value; shapes that do not fit.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.DatetimeIndex(["2022-02-14", "2022-02-15"])
    >>> panel = PricePanel(pd.DataFrame({"SP500": [4401.67, 4471.07]}, index=days))
    >>> panel.assets["SP500"].calendar
    'observed'
    """

    close: pd.DataFrame
    base: pd.DataFrame | None = None
    kind: PriceKind = "prices"
    assets: Mapping[str, AssetInfo] = field(default_factory=dict)
    flags: pd.DataFrame = field(default_factory=empty_flags)
    hashes: Mapping[str, str] = field(default_factory=dict)
    return_columns: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        close = _checked(self.close, "close")
        object.__setattr__(self, "close", close)
        if self.base is not None:
            base = _checked(self.base, "base")
            if not (base.index.equals(close.index) and base.columns.equals(close.columns)):
                raise InputError("The base prices have other dates or assets than the prices.")
            object.__setattr__(self, "base", base)
        if self.kind not in ("prices", "returns"):
            raise InputError(
                f"The kind of a price panel is 'prices' or 'returns', {self.kind!r} is neither."
            )
        known = {
            str(name): self.assets.get(str(name), AssetInfo(str(name), str(name)))
            for name in close.columns
        }
        object.__setattr__(self, "assets", known)
        if tuple(self.flags.columns) != FLAG_COLUMNS:
            raise InputError(f"The flags of a price panel need the columns {FLAG_COLUMNS}.")

    def __repr__(self) -> str:
        """Return what the panel holds, and its last rows."""
        return f"{self._told()}\n{self.close.tail()}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._told())}</p>{self.close.tail().to_html(na_rep='')}"

    def _told(self) -> str:
        days, n = self.close.index, self.close.shape[1]
        span = f" from {days[0].date()} to {days[-1].date()}" if len(days) else ""
        return f"PricePanel: {self.kind} of {n} asset{'s' * (n != 1)}, {len(days)} dates{span}"

    def select(self, names: Iterable[str]) -> PricePanel:
        """Return the panel with these columns, in this order; every date stays.

        Raises
        ------
        InputError
            An asset that the panel lacks.
        """
        return self.relabel({name: name for name in names})

    def relabel(self, columns: Mapping[str, str]) -> PricePanel:
        """Return the panel with columns under new names (new name -> column), in this order.

        One column may stand under several names; columns that are not named are left out, and
        every date stays.

        Raises
        ------
        InputError
            A column that the panel lacks.
        """
        for name, column in columns.items():
            if column not in self.assets:
                whose = "" if name == column else f", the symbol of '{name}'"
                hint = nearest(column, self.assets)
                raise InputError(f"The prices have no column '{column}'{whose}{hint}.")
        if list(columns.items()) == [(name, name) for name in self.assets]:
            return self
        labels = pd.Index(list(columns), dtype=object)
        old = list(columns.values())
        flags = [
            (date, name, flag, detail)
            for name, column in columns.items()
            for date, asset, flag, detail in self.flags.itertuples(index=False, name=None)
            if asset == column
        ]
        return PricePanel(
            close=self.close[old].set_axis(labels, axis=1),
            base=None if self.base is None else self.base[old].set_axis(labels, axis=1),
            kind=self.kind,
            assets={
                name: _renamed(self.assets[column], column, name)
                for name, column in columns.items()
            },
            flags=flags_frame(flags),
            hashes=self.hashes,
            return_columns=frozenset(n for n, c in columns.items() if c in self.return_columns),
            notes=self.notes,
        )

    def between(self, start: dt.date | None, end: dt.date | None) -> PricePanel:
        """Return the panel from ``start`` to ``end``, both included; None leaves that side open."""
        if start is None and end is None:
            return self
        low = pd.Timestamp.min if start is None else pd.Timestamp(start)
        high = pd.Timestamp.max if end is None else pd.Timestamp(end)
        keep = (self.close.index >= low) & (self.close.index <= high)
        flagged = (self.flags["date"] >= low) & (self.flags["date"] <= high)
        return PricePanel(
            close=self.close.loc[keep],
            base=None if self.base is None else self.base.loc[keep],
            kind=self.kind,
            assets=self.assets,
            flags=self.flags[flagged].reset_index(drop=True),
            hashes=self.hashes,
            return_columns=self.return_columns,
            notes=self.notes,
        )

    def dates_differ(self) -> tuple[str, ...]:
        """Return the assets that lack a date which another asset of their source has.

        Dates before an asset's first and after its last price do not count: a listing or a
        delisting is no hole.
        """
        known = np.empty(self.close.shape, dtype=bool)
        # Column by column: a whole frame of them would be made twice.
        for column in range(known.shape[1]):
            known[:, column] = ~np.isnan(self.close.iloc[:, column].to_numpy())
        sources = np.array([self.assets[str(n)].source for n in self.close.columns], dtype=object)
        out = []
        for source in dict.fromkeys(sources.tolist()):
            mine = np.flatnonzero(sources == source)
            dates = known[:, mine].any(axis=1)
            for column in mine.tolist():
                days = np.flatnonzero(known[dates, column])
                if days.size and days[-1] - days[0] + 1 != days.size:
                    out.append(column)
        return tuple(str(self.close.columns[k]) for k in sorted(out))


def _renamed(info: AssetInfo, column: str, name: str) -> AssetInfo:
    """Return the asset under a new name; a title that was but the column's name goes with it."""
    return replace(info, name=name, title=name if info.title == column else info.title)


def _checked(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the frame as float64 on nanosecond dates, or raise; the frame itself stays."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None:
        raise InputError(f"The {what} prices need an index of naive dates.")
    if index.hasnans or not index.equals(index.normalize()):
        raise InputError(f"The {what} prices need plain dates without a time of day.")
    if not index.is_unique:
        twice = index[index.duplicated()][0].date()
        raise InputError(f"The {what} prices have two rows of {twice}.")
    if not index.is_monotonic_increasing:
        raise InputError(f"The {what} prices need ascending dates.")
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        twice_name = next(name for name in names if names.count(name) > 1)
        raise InputError(f"The {what} prices have two columns '{twice_name}'.")
    out = frame.astype(np.float64)
    infinite = np.isinf(out.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"The {what} price of '{names[column]}' on {index[row].date()} is infinite."
        )
    out.index = pd.DatetimeIndex(index.to_numpy().astype("datetime64[ns]"), name="date")
    out.columns = pd.Index(names, dtype=object)
    return out


def join_panels(panels: Sequence[PricePanel]) -> PricePanel:
    """Put the columns of several panels side by side, on the union of their dates.

    Raises
    ------
    InputError
        No panel at all, panels of different kinds, or one asset in two panels.

    Examples
    --------
    >>> import pandas as pd
    >>> def one(name, day):
    ...     return PricePanel(pd.DataFrame({name: [1.0]}, index=pd.DatetimeIndex([day])))
    >>> join_panels([one("A", "2022-02-14"), one("B", "2022-02-15")]).close.shape
    (2, 2)
    """
    if not panels:
        raise InputError("There are no prices to join.")
    if len({panel.kind for panel in panels}) > 1:
        raise InputError("Prices and returns can't stand in one study: give one kind for all.")
    if len(panels) == 1:
        return panels[0]
    close = pd.concat([panel.close for panel in panels], axis=1, sort=True)
    base = None
    if any(panel.base is not None for panel in panels):
        parts = [panel.base for panel in panels if panel.base is not None]
        base = pd.concat(parts, axis=1, sort=True).reindex(index=close.index, columns=close.columns)
    flags = pd.concat([panel.flags for panel in panels], ignore_index=True)
    return PricePanel(
        close=close,
        base=base,
        kind=panels[0].kind,
        assets={name: info for panel in panels for name, info in panel.assets.items()},
        flags=flags_frame(list(flags.itertuples(index=False, name=None))),
        hashes={name: value for panel in panels for name, value in panel.hashes.items()},
        return_columns=frozenset(name for panel in panels for name in panel.return_columns),
        notes=tuple(dict.fromkeys(note for panel in panels for note in panel.notes)),
    )


def with_returns(panel: PricePanel, factors: PricePanel) -> PricePanel:
    """Put columns of returns beside prices (or returns), over the dates that the prices span.

    Raises
    ------
    InputError
        A name that stands in both.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.DatetimeIndex(["2022-02-14", "2022-02-15"])
    >>> prices = PricePanel(pd.DataFrame({"A": [10.0, 10.1]}, index=days))
    >>> rate = PricePanel(pd.DataFrame({"RF": [0.0, 0.0001]}, index=days), kind="returns")
    >>> sorted(with_returns(prices, rate).return_columns)
    ['RF']
    """
    if panel.close.empty:
        return panel
    twice = [name for name in factors.assets if name in panel.assets]
    if twice:
        raise InputError(f"'{twice[0]}' stands among the prices and among the factors: name one.")
    first, last = panel.close.index[0].date(), panel.close.index[-1].date()
    inside = replace(factors.between(first, last), kind=panel.kind)
    joined = join_panels([panel, inside])
    return replace(joined, return_columns=panel.return_columns | frozenset(factors.assets))
