"""``[prices]``, ``[[prices.more]]`` and ``[factors]``: where the numbers of a study come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, Field
from pydantic import model_validator as checks

from eventstudy.checks import (
    Columns,
    FactorsFile,
    Integer,
    Names,
    PricesFile,
    Text,
    fail,
    one_of,
    shown,
)
from eventstudy.errors import nearest
from eventstudy.settings import Section

__all__ = ["FACTOR_SETS", "FactorsSettings", "MorePrices", "PlaceSettings", "PricesSettings"]

PriceSource = Literal["bundled", "file", "yahoo", "sql", "futures", "frame"]
SOURCES = ("bundled", "file", "yahoo", "sql", "futures")
HAVE_FILE = ("file", "futures")
BEFORE = 3
# Which keys stand with which source; the others are at home everywhere.
OWN_KEYS = {
    "file": HAVE_FILE,
    "url": ("sql",),
    "url_env": ("sql",),
    "table": ("sql",),
    "query": ("sql",),
    "columns": ("file", "sql", "futures"),
    "roll": ("futures",),
    "before": ("futures",),
}
SECRETS = ("password", "passwd", "pwd", "secret", "token", "motherduck_token", "sslpassword")
FACTOR_SETS = (
    "us_3", "us_5", "us_momentum", "europe_3", "europe_5", "europe_momentum", "developed_3",
    "developed_5", "developed_momentum",
)  # fmt: skip


def _database(value: object) -> str:
    """Take the address of a database, and never repeat one that holds a password."""
    if not isinstance(value, str) or not value.strip():
        fail('must be the address of a database in quotes, such as "postgresql://host/name"')
    try:
        parts = urlsplit(value)
        secret = parts.password is not None
    except ValueError:
        fail("is no address of a database; write it like postgresql://user@host:5432/name")
    secret = secret or any(k.casefold() in SECRETS for k, _ in parse_qsl(parts.query))
    # Whatever is left before an @ might be a password that the address mangles.
    secret = secret or "@" in parts.path or "@" in parts.fragment
    if secret:
        fail(
            "holds a password, which a study file must not; put the whole address into an "
            'environment variable and name it: url_env = "MY_DATABASE", or use the driver\'s own '
            "file (~/.pgpass)"
        )
    if not re.fullmatch(r"[a-z][a-z0-9+_]*", parts.scheme) or "://" not in value:
        fail("is no address of a database; write it like postgresql://user@host:5432/name")
    return value


def _variable(value: object) -> str:
    # A password that was written here by mistake is not repeated.
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        fail('must be the name of an environment variable, such as "MY_DATABASE"')
    return value


def _query(value: object) -> str:
    if not isinstance(value, str) or not re.match(r"\s*(select|with)\b", value, re.IGNORECASE):
        fail("must be one SELECT in quotes, with columns date, asset and close")
    text = value.strip().removesuffix(";").strip()
    if ";" in text or "\x00" in text:
        fail("must be a single SELECT, without a semicolon inside")
    return text


Query = Annotated[str, BeforeValidator(_query)]
DatabaseUrl = Annotated[str, BeforeValidator(_database)]
Variable = Annotated[str, BeforeValidator(_variable)]


class PlaceSettings(Section):
    """One place of prices: what ``[prices]`` and each ``[[prices.more]]`` table have in common.

    Attributes
    ----------
    source : {"bundled", "file", "yahoo", "sql", "futures", "frame"}
        ``frame`` is for Python alone.
    name : str or None
        What ``[assets.<name>] source`` calls the place; the source's name by default.
    file : Path or None
        Of the sources ``file`` and ``futures``, relative to the study file.
    kind : {"prices", "returns"}
        What the source holds; returns are in decimals.
    symbols : dict
        Asset -> the source's own symbol.
    columns : dict
        Our name of a column -> its name in the file or table.
    url : str or None
        SQLAlchemy address of a database, without a password.
    url_env : str or None
        Environment variable that holds the address, with a password if need be.
    table : str or None
        Table or ``schema.table`` of a database.
    query : str or None
        In place of a table: one SELECT with ``:assets``, ``:start`` and ``:end``.
    roll : {"volume", "open_interest", "sessions", "days"} or None
        When a chain of futures leaves a contract; by what the file has if not given.
    before : int
        Sessions or days before the last trading day on which a contract is left at the latest.
    """

    source: Annotated[PriceSource, one_of(*SOURCES, silent=("frame",))]
    name: Text | None = None
    file: PricesFile | None = None
    kind: Annotated[Literal["prices", "returns"], one_of("prices", "returns")] = "prices"
    symbols: Columns = Field(default_factory=dict)
    columns: Columns = Field(default_factory=dict)
    url: DatabaseUrl | None = Field(default=None, repr=False)
    url_env: Variable | None = None
    table: Text | None = None
    query: Query | None = None
    roll: (
        Annotated[
            Literal["volume", "open_interest", "sessions", "days"],
            one_of("volume", "open_interest", "sessions", "days"),
        ]
        | None
    ) = None
    before: Integer = Field(default=BEFORE, ge=0, le=60)

    @property
    def label(self) -> str:
        """What messages and ``[assets.<name>] source`` call the place."""
        return self.name or self.source

    @property
    def database(self) -> Path | None:
        """File of an embedded database, relative to the study file; None for a server."""
        found = re.fullmatch(r"(?:sqlite|duckdb)(?:\+\w+)?:///([^?]+)(?:\?.*)?", self.url or "")
        return Path(found.group(1)) if found else None

    @checks(mode="after")
    def _fits_source(self) -> PlaceSettings:
        if self.source in HAVE_FILE and self.file is None:
            fail(
                f'is missing; source = "{self.source}" needs it, such as file = "prices.csv"',
                "file",
            )
        for key, sources in OWN_KEYS.items():
            if self.source not in sources and getattr(self, key) not in (None, {}, BEFORE):
                only = " and ".join(f'"{s}"' for s in sources)
                fail(f'is only for source = {only}, and the source is "{self.source}"', key)
        if self.kind == "returns" and self.source in ("bundled", "yahoo", "futures"):
            fail(f'"returns" cannot be; the source "{self.source}" has prices', "kind")
        if self.source == "sql":
            self._fits_database()
        return self

    def _fits_database(self) -> None:
        if (self.url is None) == (self.url_env is None):
            both = "stands beside url_env; keep one of the two"
            none = 'is missing; give url_env = "MY_DATABASE" or an address without a password'
            fail(none if self.url is None else both, "url")
        if (self.table is None) == (self.query is None):
            both = "stands beside query; keep one of the two"
            fail("is missing; give a table or a query" if self.table is None else both, "table")


class MorePrices(PlaceSettings):
    """``[[prices.more]]``: a further place of prices, asked after those before it."""


class PricesSettings(PlaceSettings):
    """``[prices]``: where the prices come from.

    Attributes
    ----------
    assets : tuple of str or None
        The assets that an event without an asset concerns, in this order.
    more : tuple of MorePrices
        Further places. An asset is taken from the place that its table names, else from the first
        one, in this order, that has it.
    """

    assets: Names = None
    more: tuple[MorePrices, ...] = ()

    @property
    def places(self) -> tuple[PlaceSettings, ...]:
        """Every place, in the order in which they are asked."""
        return (self, *self.more)

    @checks(mode="after")
    def _places_differ(self) -> PricesSettings:
        labels = [place.label for place in self.places]
        for i, place in enumerate(self.more):
            if labels.index(place.label) != i + 1:
                fail(
                    f"{shown(place.label)} is the name of two places; give each a name",
                    "more",
                    i,
                    "name",
                )
            if place.kind != self.kind:
                fail(f"differs from [prices] kind = {shown(self.kind)}", "more", i, "kind")
            if "frame" in (place.source, self.source):
                fail("can't stand beside a frame", "more", i)
        return self


class FactorsSettings(Section):
    """``[factors]``: regressors that are returns, and the risk-free return.

    Attributes
    ----------
    source : {"french", "file"}
        ``french``: Kenneth French's daily archives; ``file``: a table of your own.
    dataset : tuple of str or None
        Of ``french``: archives by name, fetched through the store.
    file : Path or None
        Of ``french``: an archive that was saved; of ``file``: ``.csv`` or ``.parquet``.
    unit : {"decimal", "percent"}
        Of ``file``; the archives are in percent.
    columns : dict
        Our name of a factor -> its name in the source.
    """

    source: Annotated[Literal["french", "file"], one_of("french", "file")] = "french"
    dataset: Names = None
    file: FactorsFile | None = None
    unit: Annotated[Literal["decimal", "percent"], one_of("decimal", "percent")] = "decimal"
    columns: Columns = Field(default_factory=dict)

    @checks(mode="after")
    def _one_place(self) -> FactorsSettings:
        for i, name in enumerate(self.dataset or ()):
            if name not in FACTOR_SETS:
                fail(f"{shown(name)} is no archive{nearest(name, FACTOR_SETS)}", "dataset", i)
        if self.source == "file":
            if self.file is None or self.file.suffix.casefold() not in (".csv", ".parquet"):
                fail('is missing; source = "file" needs a .csv or a .parquet', "file")
            if self.dataset is not None:
                fail('is only for source = "french"', "dataset")
        elif (self.file is None) == (self.dataset is None):
            word = "is missing" if self.dataset is None else "stands beside file; keep one"
            fail(f'{word}; give dataset = "us_3" or the file of a saved archive', "dataset")
        if self.source == "french" and self.unit != "decimal":
            fail('is only for source = "file"; the archives are turned into decimals', "unit")
        return self
