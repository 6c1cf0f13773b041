"""What a study is: the study file as one frozen, validated value.

Nothing here reads a file or computes a return. Every check that needs no data is made here, so
that a study which can be built is consistent in itself. :mod:`eventstudy.studyfile` turns a TOML
file into a :class:`Study` and every fault into one sentence with key and line.
"""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic import model_validator as checks

from eventstudy.checks import fail, shown
from eventstudy.errors import InputError, nearest
from eventstudy.pricesettings import FactorsSettings, PricesSettings
from eventstudy.settings import (
    AssetSettings,
    EventsSettings,
    ModelSettings,
    RegressionSettings,
    Section,
    SpecificationSettings,
    StudySection,
    TestsSettings,
    WindowsSettings,
)

__all__ = [
    "AssetSettings",
    "EventsSettings",
    "FactorsSettings",
    "ModelSettings",
    "PricesSettings",
    "RegressionSettings",
    "Study",
    "StudySection",
    "TestsSettings",
    "WindowsSettings",
    "takes_benchmark",
]

NO_BENCHMARK = frozenset({"constant_mean", "ar1"})
MAY_HAVE_BENCHMARK = frozenset({"ewma", "garch", "gjr_garch", "egarch"})
ONE_BENCHMARK = frozenset({"market_adjusted", "capm", "scholes_williams", "dimson"})
FACTORS = {
    "fama_french_3": ("Mkt-RF", "SMB", "HML"),
    "carhart_4": ("Mkt-RF", "SMB", "HML", "Mom"),
    "fama_french_5": ("Mkt-RF", "SMB", "HML", "RMW", "CMA"),
}
RISK_FREE = frozenset({"capm", "factor", *FACTORS})
WEIGHTED = frozenset({"market_model", *RISK_FREE})
LEAST_SQUARES = frozenset({"constant_mean", "market_adjusted", *WEIGHTED})
VOLATILITY = frozenset({"garch", "gjr_garch", "egarch"})


def takes_benchmark(model: str) -> bool:
    """Return whether a model explains returns by a benchmark or by factors.

    Examples
    --------
    >>> takes_benchmark("market_model"), takes_benchmark("constant_mean")
    (True, False)
    """
    return model not in NO_BENCHMARK


def _asset_tables(value: object) -> object:
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str) or not name.strip() or not name.isprintable():
                fail(f"{name!r} is no name of an asset", str(name))
    return value


class Study(Section):
    """A whole study, resolved: what the study file says, with the defaults filled in.

    Attributes
    ----------
    study, events, prices, assets, factors, model, windows, tests, regression,
    specification
        The sections of a study file; ``events``, ``prices`` and ``model`` are required.
    schema_version : int
        Version of the layout of study files, 1.

    Examples
    --------
    >>> s = Study(events={"list": [{"event_id": "e", "timestamp": "2022-02-15T08:00Z"}]},
    ...           prices={"source": "bundled"}, model={"name": "constant_mean"})
    >>> s.windows.estimation, s.study.missing, s.models_for("SP500")
    ((-265, -16), 'trade_to_trade', ('constant_mean',))
    """

    schema_version: Annotated[Literal[1], BeforeValidator(lambda v: _version(v))] = 1
    events: EventsSettings
    assets: Annotated[dict[str, AssetSettings], BeforeValidator(_asset_tables)] = Field(
        default_factory=dict
    )
    # The order matters: symbols are gathered from the assets, `missing` follows from the prices.
    prices: PricesSettings
    factors: FactorsSettings | None = None
    study: StudySection = Field(default_factory=StudySection)
    model: ModelSettings
    windows: WindowsSettings = Field(default_factory=WindowsSettings)
    tests: TestsSettings = Field(default_factory=TestsSettings)
    regression: RegressionSettings | None = None
    specification: SpecificationSettings | None = None

    @field_validator("prices", mode="after")
    @classmethod
    def _gather_symbols(cls, value: PricesSettings, info: ValidationInfo) -> PricesSettings:
        symbols = dict(value.symbols)
        for name, own in (info.data.get("assets") or {}).items():
            if own.symbol is None:
                continue
            if symbols.setdefault(name, own.symbol) != own.symbol:
                fail(f'differs from [assets.{name}] symbol = "{own.symbol}"', "symbols", name)
        return value.model_copy(update={"symbols": symbols})

    @field_validator("study", mode="after")
    @classmethod
    def _resolve_missing(cls, value: StudySection, info: ValidationInfo) -> StudySection:
        prices = info.data.get("prices")
        if prices is None:
            return value
        if value.missing == "trade_to_trade" and prices.kind == "returns":
            fail(
                '"trade_to_trade" needs prices, and [prices] kind is "returns"; '
                'write "skip" or "exclude"',
                "missing",
            )
        if value.missing is not None:
            return value
        default = "trade_to_trade" if prices.kind == "prices" else "exclude"
        return value.model_copy(update={"missing": default})

    @checks(mode="after")
    def _models_fit(self) -> Study:
        _check_model(self)
        for name in self.assets:
            _check_asset(self, name)
            _check_place(self, name)
        _check_superfluous(self)
        _check_regression(self)
        _check_specification(self)
        return self

    def models_for(self, asset: str) -> tuple[str, ...]:
        """Return the models of an asset, the leading one first."""
        own = self.assets.get(asset)
        if own is not None and own.model is not None:
            return own.model
        return (self.model.name, *self.model.also)

    def benchmark_for(self, asset: str, model: str) -> tuple[str, ...]:
        """Return the benchmark or the factors of an asset under a model; () if it needs none.

        Raises
        ------
        InputError
            Where the model needs a benchmark and neither the asset nor ``[model]`` has one.
        """
        if not takes_benchmark(model):
            return ()
        own = self.assets.get(asset)
        given = own.benchmark if own is not None and own.benchmark else self.model.benchmark
        given = given or FACTORS.get(model, ())
        if not given and _needs(model):
            raise InputError(
                f'asset {asset} has the model "{model}" and no benchmark; give [model] benchmark '
                f"or [assets.{asset}] benchmark"
            )
        return given

    def risk_free_for(self, model: str) -> str | None:
        """Return the column of the risk-free return; ``RF`` for CAPM and Fama-French models."""
        if model not in RISK_FREE:
            return None
        return self.model.risk_free or (None if model == "factor" else "RF")

    def benchmark_lags_for(self, asset: str, model: str) -> tuple[int, ...]:
        """Return the lags of the benchmark; Dimson's model has [0, 1] unless told otherwise."""
        own = self.assets.get(asset)
        lags = own.benchmark_lags if own is not None and own.benchmark_lags else None
        lags = lags or self.model.benchmark_lags
        return (0, 1) if model == "dimson" and lags == (0,) else lags

    def panel_for(self, asset: str, model: str) -> str:
        """Return the panel of an asset: its own, else one a model and benchmark.

        The default name is the benchmark's columns joined by `` + ``, or the model's name.
        """
        own = self.assets.get(asset)
        if own is not None and own.panel is not None:
            return own.panel
        return " + ".join(self.benchmark_for(asset, model)) or model

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved study as plain values for JSON, in the order of a study file."""
        plain = self.model_dump(mode="python", by_alias=True)
        order = ("schema_version", "study", "events", "prices", "assets", "model", "windows")
        out = {key: _plain(plain[key]) for key in (*order, "tests")}
        if self.factors is not None:
            out["factors"] = _plain(plain["factors"])
        if self.regression is not None:
            out["regression"] = _plain(plain["regression"])
        if self.specification is not None:
            out["specification"] = _plain(plain["specification"])
        return out

    def widest(self) -> Study:
        """Return the study with every model, and the longest windows, of its specifications.

        It says which prices are needed; without ``[specification]`` it is the study itself.
        """
        spec = self.specification
        if spec is None:
            return self
        models = dict.fromkeys([*self.model.also, *(spec.models or ())])
        models.pop(self.model.name, None)
        spans = (*(spec.windows or ()), self.windows.event)
        first = min(a for a, _ in (*(spec.estimation or ()), self.windows.estimation))
        windows = {
            "estimation": (first, self.windows.estimation[1]),
            "event": (min(a for a, _ in spans), max(b for _, b in spans)),
        }
        return self.model_copy(
            update={
                "model": self.model.model_copy(update={"also": tuple(models)}),
                "windows": self.windows.model_copy(update=windows),
            }
        )


def _needs(model: str) -> bool:
    return takes_benchmark(model) and model not in MAY_HAVE_BENCHMARK and model not in FACTORS


def _check_count(model: str, benchmark: tuple[str, ...], *key: str | int) -> None:
    if model in ONE_BENCHMARK and len(benchmark) > 1:
        fail(
            f'{shown(benchmark)} is a list, and "{model}" takes one benchmark; '
            'write one, or take the model "factor"',
            *key,
        )


def _check_model(study: Study) -> None:
    """Check that ``[model]`` has the benchmark that its models need."""
    settings = study.model
    for model in (settings.name, *settings.also):
        _check_count(model, settings.benchmark or (), "model", "benchmark")
        if settings.benchmark or not _needs(model):
            continue
        users = [a for n, a in study.assets.items() if model in study.models_for(n)]
        if not users or any(a.benchmark is None for a in users):
            fail(
                f'is missing, and the model "{model}" needs one; give a column of the prices, '
                'or take name = "constant_mean"',
                "model",
                "benchmark",
            )


def _check_asset(study: Study, name: str) -> None:
    """Check that the models of one asset and its benchmark fit each other."""
    own = study.assets[name]
    models = study.models_for(name)
    if own.benchmark is not None:
        if name in own.benchmark:
            fail("names the asset itself; take another column", "assets", name, "benchmark")
        if not any(takes_benchmark(m) for m in models):
            fail(
                f'is superfluous; "{models[0]}" takes none, so remove the key',
                "assets",
                name,
                "benchmark",
            )
    for model in models:
        _check_count(model, own.benchmark or (), "assets", name, "benchmark")
        if own.model is not None and _needs(model) and not (own.benchmark or study.model.benchmark):
            fail(
                f'"{model}" needs a benchmark; give [assets.{name}] benchmark or [model] benchmark',
                "assets",
                name,
                "model",
            )


def _check_place(study: Study, name: str) -> None:
    """Check that the place of an asset's prices is one that the study has."""
    source = study.assets[name].source
    labels = [place.label for place in study.prices.places]
    if source is not None and source not in labels:
        hint = nearest(source, labels)
        fail(f"{shown(source)} is no place of prices{hint}", "assets", name, "source")


def _check_superfluous(study: Study) -> None:
    """Check that no choice of ``[model]`` is left without a model that takes it."""
    settings = study.model
    used = {settings.name, *settings.also}
    used |= set((study.specification.models if study.specification else None) or ())
    for own in study.assets.values():
        used |= set(own.model or ())
    taken = any(takes_benchmark(m) for m in used)
    choices: tuple[tuple[str, bool, bool], ...] = (
        ("benchmark", settings.benchmark is not None, taken),
        ("benchmark_lags", settings.benchmark_lags != (0,), taken),
        ("risk_free", settings.risk_free is not None, bool(used & RISK_FREE)),
        ("half_life", settings.half_life is not None, bool(used & WEIGHTED)),
        ("intercept", not settings.intercept, "capm" in used),
        ("distribution", settings.distribution != "normal", bool(used & VOLATILITY)),
    )
    for key, given, possible in choices:
        if given and not possible:
            names = ", ".join(f'"{m}"' for m in (settings.name, *settings.also))
            fail(f"is superfluous; {names} takes none, so remove the key", "model", key)


def _check_regression(study: Study) -> None:
    """Check that the regression's window lies inside the event window."""
    if study.regression is None:
        return
    (a, b), (first, last) = study.regression.window, study.windows.event
    if a < first or b > last:
        fail(f"[{a}, {b}] is not inside the event window [{first}, {last}]", "regression", "window")


def _check_specification(study: Study) -> None:
    """Check that every specification could be a study of its own."""
    spec = study.specification
    if spec is None:
        return
    for i, model in enumerate(spec.models or ()):
        _check_count(model, study.model.benchmark or (), "specification", "models", i)
        if _needs(model) and not study.model.benchmark:
            fail(
                f'"{model}" needs a benchmark; give [model] benchmark', "specification", "models", i
            )
    first = min(study.windows.event[0], *(a for a, _ in spec.windows or (study.windows.event,)))
    for i, (a, b) in enumerate(spec.estimation or (study.windows.estimation,)):
        least = study.windows.min_observations
        key = ("specification", "estimation", i) if spec.estimation else ("specification",)
        if b >= first:
            fail(f"[{a}, {b}] overlaps the windows that are tested; end it before {first}", *key)
        if b - a + 1 < least:
            few = f"[{a}, {b}] has {b - a + 1} sessions"
            fail(f"{few}, fewer than min_observations = {least}", *key)


def _version(value: object) -> object:
    if value != 1 or isinstance(value, bool):
        fail(f"must be 1, the only version there is, not {shown(value)}")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value.as_posix() if isinstance(value, Path) else value
