"""Prices from where they are, behind one contract.

A source is a function that takes the settings and the assets and gives a :class:`PricePanel`.
:func:`load_prices` finds it by name; each source is imported only when it is used.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
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
        offline: bool = False,
    ) -> PricePanel:
        """Return the panel of these assets from ``start`` to ``end``, both included.

        ``offline``: ask no network, and replay what the store has. An asset that the source does
        not have is an ``UnknownAssetError``, which names all of them.
        """


_SOURCES = {
    "bundled": "eventstudy.prices.bundled",
    "file": "eventstudy.prices.files",
    "futures": "eventstudy.prices.futures_files",
    "sql": "eventstudy.prices.sql",
    "yahoo": "eventstudy.prices.yahoo_source",
}
# Sources that say by themselves which assets they have, so that all of them can be asked for.
WHOLE = ("file", "futures")
# Sources that are asked for a range of dates only; the others are read whole, for they are at hand.
RANGED = ("yahoo", "sql")


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
    offline: bool = False,
) -> PricePanel:
    """Load prices from one source.

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
    offline : bool
        Ask no network: replay what the store has. ``EVENTSTUDY_OFFLINE=1`` says the same.

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
    if not wanted and settings.source not in WHOLE:
        raise InputError(f"[prices] source '{settings.source}' needs the names of the assets.")
    asked = list(dict.fromkeys(symbols.get(name, name) for name in wanted))
    load = cast("Callable[..., PricePanel]", importlib.import_module(module).load)
    where = Path.cwd() if folder is None else folder
    offline = offline or os.environ.get("EVENTSTUDY_OFFLINE", "") not in ("", "0")
    panel = load(settings, asked, start=start, end=end, folder=where, offline=offline)
    if not wanted:
        taken = {*symbols, *symbols.values()}
        wanted = [*symbols, *(name for name in panel.assets if name not in taken)]
    return panel.relabel({name: symbols.get(name, name) for name in wanted})
