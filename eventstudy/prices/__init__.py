"""Prices from where they are, behind one contract.

A source is a function that takes the settings and the assets and gives a :class:`PricePanel`.
:func:`load_prices` finds it by name; each source is imported only when it is used.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

from eventstudy.errors import InputError, nearest
from eventstudy.prices.panel import AssetInfo, PricePanel, join_panels

__all__ = [
    "AssetInfo",
    "PricePanel",
    "PriceSettings",
    "join_panels",
    "load_prices",
    "source_names",
]


class PriceSettings(Protocol):
    """What every source may ask of the settings; a source may know further ones of its own."""

    @property
    def source(self) -> str:
        """Name of the source."""

    @property
    def file(self) -> Path | str | None:
        """File of the prices, where the source has one."""

    @property
    def kind(self) -> str:
        """``prices`` or ``returns``."""


class PriceSource(Protocol):
    """The contract of a source: a module-level function ``load``."""

    def __call__(
        self,
        settings: PriceSettings,
        assets: Sequence[str],
        *,
        start: dt.date | None,
        end: dt.date | None,
        folder: Path,
    ) -> PricePanel:
        """Return the panel of these assets from ``start`` to ``end``, both included."""


_SOURCES = {
    "bundled": "eventstudy.prices.bundled",
    "file": "eventstudy.prices.files",
    "yahoo": "eventstudy.prices.yahoo_source",
}


def source_names() -> tuple[str, ...]:
    """Return the names of the sources.

    Examples
    --------
    >>> "bundled" in source_names()
    True
    """
    return tuple(_SOURCES)


def load_prices(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    folder: Path | None = None,
) -> PricePanel:
    """Load the prices of a study.

    Parameters
    ----------
    settings : PriceSettings
        The ``[prices]`` section of a study. Its ``symbols``, where it has them, say under which
        name the source knows an asset.
    assets : sequence of str
        Assets and benchmarks. Empty takes every asset of a file.
    start, end : date or None
        First and last date, both included; None leaves that side open.
    folder : Path, optional
        Folder of the study, which relative file names are relative to.

    Returns
    -------
    PricePanel
        One column an asset, under its own name, in the order asked for.

    Raises
    ------
    InputError
        An unknown source or asset, or a file that is wrong.
    SourceError
        A source that is out of reach or limits the rate.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> settings = SimpleNamespace(source="bundled", kind="prices", symbols={"OIL": "WTI"})
    >>> panel = load_prices(settings, ["OIL"], start=dt.date(2022, 2, 15))
    >>> panel.close.loc["2022-02-15", "OIL"].item()
    92.07
    """
    module = _SOURCES.get(settings.source)
    if module is None:
        hint = nearest(settings.source, _SOURCES)
        raise InputError(f"[prices] source: '{settings.source}' is unknown{hint}.")
    symbols: Mapping[str, str] = getattr(settings, "symbols", {})
    wanted = list(dict.fromkeys(assets))
    if not wanted and settings.source != "file":
        raise InputError(f"[prices] source '{settings.source}' needs the names of the assets.")
    asked = list(dict.fromkeys(symbols.get(name, name) for name in wanted))
    load = cast("Callable[..., PricePanel]", importlib.import_module(module).load)
    where = Path.cwd() if folder is None else folder
    panel = load(settings, asked, start=start, end=end, folder=where)
    if not wanted:
        taken = {*symbols, *symbols.values()}
        wanted = [*symbols, *(name for name in panel.assets if name not in taken)]
    return panel.relabel({name: symbols.get(name, name) for name in wanted})
