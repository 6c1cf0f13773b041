"""The sections of a study file as frozen, validated values; :mod:`eventstudy.study` joins them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic import model_validator as checks

from eventstudy.checks import (
    MOST_SESSIONS,
    Address,
    Clock,
    Columns,
    Currency,
    EventsFile,
    Flag,
    Integer,
    Lags,
    ModelOf,
    Models,
    Names,
    Positive,
    PricesFile,
    Regressors,
    Statistics,
    Text,
    TimeZone,
    Window,
    Windows,
    fail,
    one_of,
    shown,
)
from eventstudy.names import Alternative, MissingPolicy, ReturnKind

__all__ = [
    "AssetSettings",
    "EventsSettings",
    "ModelSettings",
    "RegressionSettings",
    "Section",
    "SpecificationSettings",
    "StudySection",
    "TestsSettings",
    "WindowsSettings",
]

ESTIMATION_SESSIONS = 250
GAP = 10
DEFAULT_REPORT = ((0, 0), (0, 1), (-1, 1))

DatePolicy = Literal["next", "previous", "exclude", "error"]
Multiplicity = Literal["holm", "benjamini_hochberg", "romano_wolf", "none"]


class Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, validate_by_name=True
    )


class StudySection(Section):
    """``[study]``: the name, and how returns are made.

    Attributes
    ----------
    name : str
        What the study is called; the stem of the study file where it gives none.
    returns : {"simple", "log"}
        Kind of returns, in decimals.
    missing : {"trade_to_trade", "skip", "exclude"}
        What happens to missing days. Within a :class:`Study` it is never None:
        ``trade_to_trade`` with prices, ``exclude`` with returns.
    seed : int
        Root of every random draw, at least 0.
    currency : str or None
        Common currency of all returns; None leaves each asset in its own.
    rates : Path or None
        File of exchange rates in place of the ECB's, relative to the study file.
    streamed : bool or None
        True reduces the events leaf by leaf and makes the long tables when they are asked for;
        False holds every event in memory; None streams large studies that allow it.
    """

    name: Text = "study"
    returns: Annotated[ReturnKind, one_of("simple", "log")] = "simple"
    missing: Annotated[MissingPolicy, one_of("trade_to_trade", "skip", "exclude")] | None = None
    seed: Integer = Field(default=20220215, ge=0, lt=2**63)
    currency: Currency | None = None
    rates: PricesFile | None = None
    streamed: Flag | None = None

    @checks(mode="after")
    def _rates_serve(self) -> StudySection:
        if self.rates is not None and self.currency is None:
            fail('is superfluous without a common currency; give currency = "EUR"', "rates")
        return self


class EventsSettings(Section):
    """``[events]``: where the headlines are and how their stamps are read.

    Attributes
    ----------
    file : Path or None
        Catalogue, relative to the study file.
    url : str or None
        Address of an RSS or Atom feed in place of a file.
    rows : tuple of dict
        The ``[[events.list]]`` tables in place of a file.
    frame : bool
        True where Python hands over a frame; not possible in a file.
    timezone : str or None
        Zone of instants without an offset.
    policy : {"next", "previous", "exclude", "error"}
        Where a bare date goes that is no session.
    columns : dict
        Our name of a column -> its name in the file.
    include : tuple of str or None
        Event ids or groups that are studied; the other headlines of the catalogue serve as
        context, and windows that reach them are flagged. None studies all.
    signed : bool
        True turns the returns of events with ``sign`` -1 around in the tests across events.
    group_similar : bool
        True merges headlines near in time and words on the same assets into one story.
    group_threshold : float
        Likeness of words, from 0 to 100, from which on two headlines are one story.
    group_hours : float
        Hours within which they must have come out.
    """

    file: EventsFile | None = None
    url: Address | None = None
    rows: tuple[dict[str, Any], ...] = Field(default=(), alias="list")
    frame: bool = Field(default=False, exclude=True)
    timezone: TimeZone | None = None
    policy: Annotated[DatePolicy, one_of("next", "previous", "exclude", "error")] = "next"
    columns: Columns = Field(default_factory=dict)
    include: Names = None
    signed: Flag = False
    group_similar: Flag = False
    group_threshold: Positive = Field(default=80.0, le=100.0)
    group_hours: Positive = 24.0

    @field_validator("rows", mode="before")
    @classmethod
    def _tables(cls, value: object) -> object:
        if isinstance(value, str) or not isinstance(value, Sequence):
            fail(f"must be [[events.list]] tables, not {shown(value)}")
        for i, row in enumerate(value):
            if not isinstance(row, dict):
                fail(f"must be a table of an event, not {shown(row)}", i)
        return tuple(value)

    @checks(mode="after")
    def _one_place(self) -> EventsSettings:
        given = (self.file is not None) + (self.url is not None) + bool(self.rows) + self.frame
        if given == 0:
            fail('says where no headline is; give file = "events.csv" or [[events.list]] tables')
        if given > 1 and self.url is not None:
            fail("stands beside another place of headlines; keep one of the two", "url")
        if given > 1:
            fail("stands beside [[events.list]]; keep one of the two", "file")
        return self


class AssetSettings(Section):
    """``[assets.<name>]``: what an asset needs beyond its prices and the common settings.

    Attributes
    ----------
    title : str or None
        What tables and charts call it.
    calendar : str or None
        ISO 10383 MIC, ``observed`` or ``24/7``.
    close : str or None
        When the daily price is measured, ``"17:30 Europe/Berlin"`` or a span of minutes.
    market : str or None
        Assets of one market share their observed sessions.
    symbol : str or None
        The price source's own name of it.
    model : tuple of str or None
        Its own model or models, in place of ``[model] name`` and ``also``.
    benchmark : tuple of str or None
        Its own benchmark or factors.
    benchmark_lags : tuple of int or None
        Its own lags of the benchmark.
    panel : str or None
        Assets whose events are pooled in tests.
    source : str or None
        The place of its prices: the name of ``[prices]`` or of a ``[[prices.more]]`` table.
    currency : str or None
        Currency of its price, where the source does not say it or says it wrong.
    """

    title: Text | None = None
    calendar: Text | None = None
    close: Clock | None = None
    market: Text | None = None
    symbol: Text | None = None
    model: Models | None = None
    benchmark: Names = None
    benchmark_lags: Lags | None = None
    panel: Text | None = None
    source: Text | None = None
    currency: Currency | None = None


class ModelSettings(Section):
    """``[model]``: models of expected returns.

    Attributes
    ----------
    name : str
        The model.
    benchmark : tuple of str or None
        Columns of the prices; one for most models, several are factors.
    benchmark_lags : tuple of int
        Sessions by which the benchmark is lagged; 0 is the same session, -1 a lead.
    also : tuple of str
        Further models, side by side.
    risk_free : str or None
        Column of the risk-free return a session, in decimals.
    half_life : float or None
        Sessions after which an estimation return counts half; None weighs all alike.
    intercept : bool
        False drops the intercept of ``capm``.
    distribution : {"normal", "t"}
        Innovations of the volatility models.
    draws : int
        Resamples behind the robust fits.
    """

    name: ModelOf
    benchmark: Names = None
    benchmark_lags: Lags = (0,)
    also: Models = ()
    risk_free: Text | None = None
    half_life: Positive | None = None
    intercept: Flag = True
    distribution: Annotated[Literal["normal", "t"], one_of("normal", "t")] = "normal"
    draws: Integer = Field(default=999, ge=99, le=1_000_000)

    @checks(mode="after")
    def _consistent(self) -> ModelSettings:
        if self.name in self.also:
            fail(f'has "{self.name}", which [model] name gives already', "also")
        return self


class WindowsSettings(Section):
    """``[windows]``: sessions relative to day 0, both ends included.

    Attributes
    ----------
    event : (int, int)
        Sessions for which abnormal returns are made; each is tested.
    estimation : (int, int)
        Sessions on which models are fitted; default 250 that end 10 before ``event`` begins.
    report : tuple of (int, int)
        Windows that are tested besides the single days; default [0, 0], [0, 1] and [-1, 1] where
        they fit into ``event``.
    min_observations : int
        An event with fewer estimation returns is left out.
    purge : bool
        True masks estimation days that lie in the event window of an earlier headline on the same
        asset.

    Examples
    --------
    >>> WindowsSettings().estimation
    (-265, -16)
    """

    event: Window = (-5, 5)
    min_observations: Integer = Field(default=30, ge=3)
    purge: Flag = True
    estimation: Window = Field(default=(0, 0))
    report: Windows = DEFAULT_REPORT

    @checks(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        """Derive what is not given from the event window, where that one is sound."""
        event = data.get("event", (-5, 5)) if isinstance(data, dict) else None
        if not isinstance(event, list | tuple) or [type(e) for e in event] != [int, int]:
            return data
        first, last = event
        if first > last or max(-first, last) > MOST_SESSIONS // 2:
            return data
        fitting = [w for w in DEFAULT_REPORT if first <= w[0] and w[1] <= last]
        end = min(first - GAP - 1, -1)
        derived = {
            "estimation": (end - ESTIMATION_SESSIONS + 1, end),
            "report": fitting or [tuple(event)],
        }
        return derived | {key: value for key, value in data.items() if value is not None}

    @checks(mode="after")
    def _consistent(self) -> WindowsSettings:
        (first, last), (start, end) = self.event, self.estimation
        if end >= first:
            how = "overlaps" if start <= last else "lies after"
            fail(
                f"[{start}, {end}] {how} the event window [{first}, {last}]; "
                f"end it at {first - 1} or earlier",
                "estimation",
            )
        if end - start + 1 < self.min_observations:
            fail(
                f"[{start}, {end}] has {end - start + 1} sessions, fewer than "
                f"min_observations = {self.min_observations}",
                "estimation",
            )
        for i, (a, b) in enumerate(self.report):
            if a < first or b > last:
                fail(f"[{a}, {b}] is not inside the event window [{first}, {last}]", "report", i)
        return self


class RegressionSettings(Section):
    """``[regression]``: CARs explained by columns of the catalogue.

    Attributes
    ----------
    on : tuple of str
        Columns of numbers: ``surprise``, ``sign``, or any further column.
    window : (int, int)
        Sessions of the CAR, inside ``[windows] event``.
    """

    on: Regressors
    window: Window = (0, 1)


class SpecificationSettings(Section):
    """``[specification]``: the study once more for every choice of these lists.

    Attributes
    ----------
    models : tuple of str or None
        Models in place of those of ``[model]``; an asset with a model of its own keeps it.
    estimation, windows : tuple of (int, int) or None
        Estimation windows, and windows that are tested; those of ``[windows]`` where not given.
    tests : "recommended", "all", tuple of str or None
        Statistics by name; None takes the ones that lead.
    """

    models: Models | None = None
    estimation: Windows | None = None
    windows: Windows | None = None
    tests: Statistics | None = None


class TestsSettings(Section):
    """``[tests]``: which statistics, and how many questions are asked at once.

    Attributes
    ----------
    names : "recommended", "all" or tuple of str
        Statistics by name.
    alternative : {"two-sided", "less", "greater"}
        Alternative hypothesis of every p-value.
    multiplicity : {"holm", "benjamini_hochberg", "romano_wolf", "none"}
        Adjustment over the family of a table; ``romano_wolf`` repeats the study on pseudo-dates.
    draws : int
        Pseudo-dates behind ``romano_wolf``.
    """

    __test__ = False  # pytest takes a class of this name for tests

    names: Statistics = "recommended"
    alternative: Annotated[Alternative, one_of("two-sided", "less", "greater")] = "two-sided"
    multiplicity: Annotated[
        Multiplicity, one_of("holm", "benjamini_hochberg", "romano_wolf", "none")
    ] = "holm"
    draws: Integer = Field(default=499, ge=19, le=100_000)
