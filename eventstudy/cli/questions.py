"""What ``eventstudy new`` asks, in order; each answer is checked at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from eventstudy.cli.assetkinds import calendar_of, guess_benchmark, has_a_market
from eventstudy.cli.completion import CONTRACT, known_models
from eventstudy.cli.draft import Draft
from eventstudy.cli.draft_sources import (
    default_events,
    default_prices,
    file_names,
    take_assets,
    take_database,
    take_events,
    take_prices,
    take_zone,
)
from eventstudy.cli.draft_text import study_text
from eventstudy.cli.oneoff import (
    ARCHIVES,
    EVENT_WINDOW,
    LABELS,
    around,
    in_options,
    names_of,
    pair_of,
)
from eventstudy.errors import InputError, nearest
from eventstudy.names import statistic_names
from eventstudy.prices.yahoo_symbols import market_of
from eventstudy.settings import DEFAULT_REPORT
from eventstudy.study import MAY_HAVE_BENCHMARK, takes_benchmark
from eventstudy.studyfile import study_from_dict
from eventstudy.tomllines import KeyPath

__all__ = ["QUESTIONS", "Question", "settled"]

LABELS_HERE: dict[KeyPath, str] = LABELS | {
    ("events", "list"): "--events",
    ("events", "file"): "--events",
    ("events", "url"): "--events",
    ("events", "columns"): "--column",
    ("prices", "source"): "--prices",
    ("prices", "file"): "--prices",
    ("prices", "kind"): "--kind",
    ("prices", "url"): "--database",
    ("prices", "url_env"): "--database",
    ("prices", "table"): "--table",
    ("prices", "query"): "--table",
    ("windows", "event"): "--event-window",
}
HEADLINE = "Units of two military districts return to base after drills"
DEFAULT_STAMP = "2022-02-15T08:00Z"
NONE = "none"


@dataclass(frozen=True)
class Question:
    """One thing that is asked for.

    Attributes
    ----------
    option : str
        Its option, without the dashes.
    title, help : str
        What is asked, and the line below it.
    take : callable
        The draft with the answer in it; an ``InputError`` says what is wrong with the answer.
    default : callable
        The answer that an empty line stands for.
    applies : callable
        Whether it is asked.
    superfluous : str
        Why the option must not be given where it is not asked; empty where it may.
    names : callable
        What may be answered, where that can be listed.
    files : bool
        Whether a file may be answered.
    guessed : bool
        False where the default must not be taken unseen.
    """

    option: str
    title: str
    help: str
    take: Callable[[Draft, str], Draft]
    default: Callable[[Draft], str]
    applies: Callable[[Draft], bool] = lambda _: True
    superfluous: str = ""
    names: Callable[[Draft], Sequence[str]] = lambda _: ()
    files: bool = False
    guessed: bool = True


def settled(draft: Draft) -> Draft:
    """Return the draft if the study file that it makes is sound.

    Raises
    ------
    InputError
        In the words of the options.
    """
    data = tomllib.loads(study_text(draft))
    try:
        study_from_dict(data, where="the study", labels=LABELS_HERE)
    except InputError as error:
        raise in_options(error) from None
    return draft


def _name(draft: Draft, text: str) -> Draft:
    return replace(draft, name=text)


def _headline(draft: Draft, text: str) -> Draft:
    return replace(draft, headline="" if text == NONE else text)


def _table(draft: Draft, text: str) -> Draft:
    return replace(draft, table=text)


def _kind(draft: Draft, text: str) -> Draft:
    if draft.source not in ("file", "sql"):
        raise InputError(f"--kind is for a file or a database; {draft.source} has prices")
    return replace(draft, kind=text)


def _models(draft: Draft, text: str) -> Draft:
    models = tuple(names_of("--model", text))
    drawn = replace(draft, models=models, benchmark=())
    # Until the next answer a likely benchmark stands in, so that the study is whole.
    return replace(drawn, benchmark=(_market(draft) or "benchmark",)) if (
        _takes_benchmark(drawn)) else drawn  # fmt: skip


def _default_model(draft: Draft) -> str:
    """Return the market model where there are shares and a market, else the constant mean."""
    shares = any(has_a_market(a) for a in draft.everyone)
    return "market_model" if "benchmark" in draft.given or (shares and _market(draft)) else (
        "constant_mean")  # fmt: skip


def _market(draft: Draft) -> str | None:
    """Return the likely benchmark, unless it is all that the study is about."""
    found = guess_benchmark(draft.source, draft.everyone, draft.have)
    return None if found is None or set(draft.everyone) == {found} else found


def _takes_benchmark(draft: Draft) -> bool:
    return any((takes_benchmark(m) and m not in ARCHIVES) or m == "capm" for m in draft.models)


def _benchmark(draft: Draft, text: str) -> Draft:
    names = () if text == NONE else tuple(names_of("--benchmark", text))
    if not names and any(_must_have_one(m) for m in draft.models):
        model = next(m for m in draft.models if _must_have_one(m))
        raise InputError(f"--benchmark: {model} needs one; name an index of the prices")
    if names and set(draft.everyone) <= set(names):
        raise InputError(f"--benchmark: {names[0]} is the asset itself; name another one")
    unknown = [n for n in names if draft.have and n not in draft.have]
    if unknown:
        hint = nearest(unknown[0], draft.have)
        raise InputError(f"--benchmark: {draft.prices_file} has no column '{unknown[0]}'{hint}")
    if draft.source == "bundled" and names:
        from eventstudy.prices.bundled import load_bundled

        load_bundled(names)
    return replace(draft, benchmark=names)


def _must_have_one(model: str) -> bool:
    return takes_benchmark(model) and model not in MAY_HAVE_BENCHMARK and (
        model not in ARCHIVES or model == "capm")  # fmt: skip


def _without_hours(draft: Draft) -> list[str]:
    """Return the assets whose source does not say when their price is measured."""
    names = list(dict.fromkeys([*draft.everyone, *draft.benchmark]))
    if draft.source == "yahoo":
        return [a for a in names if market_of(a).calendar == "observed"]
    return names if draft.source in ("file", "sql") else []


def _default_calendar(draft: Draft) -> str:
    found = {a: calendar_of(a) for a in _without_hours(draft)}
    if len(set(found.values())) <= 1:
        return next(iter(found.values()), "XNYS")
    return ",".join(f"{asset}={name}" for asset, name in found.items())


def _calendar(draft: Draft, text: str) -> Draft:
    from eventstudy.calendars.library import resolve

    names = _without_hours(draft) or list(draft.everyone)
    found: dict[str, str] = {}
    for part in names_of("--calendar", text):
        asset, sign, calendar = (p.strip() for p in part.rpartition("="))
        if sign and asset not in names:
            raise InputError(f"--calendar: '{asset}' is no asset of the study"
                             f"{nearest(asset, names)}")  # fmt: skip
        if calendar != "observed":
            resolve(calendar)
        elif draft.instants:
            raise InputError("--calendar: 'observed' knows no hours, and a headline has a time of "
                             "day; name an exchange, such as XNYS")  # fmt: skip
        found |= {asset: calendar} if sign else {a: calendar for a in names if a not in found}
    lacking = [a for a in names if a not in found]
    if lacking and draft.instants:
        raise InputError(f"--calendar: {lacking[0]} has none; write {lacking[0]}=XNYS as well")
    return replace(draft, calendars=found)


def _report(draft: Draft, text: str) -> Draft:
    pairs = tuple(_pair("--window", part) for part in text.replace(";", " ").split())
    if not pairs:
        raise InputError("--window is empty; write windows such as 0,0 -1,1")
    return replace(draft, report=pairs, event=around(pairs))


def _default_report(draft: Draft) -> str:
    """Return the usual windows, as far as an event window that was given holds them."""
    first, last = EVENT_WINDOW
    if "event-window" in draft.given:
        first, last = _pair("--event-window", draft.given["event-window"])
    fitting = [(a, b) for a, b in DEFAULT_REPORT if first <= a and b <= last]
    return " ".join(f"{a},{b}" for a, b in fitting or [(first, last)])


def _event(draft: Draft, text: str) -> Draft:
    first, last = _pair("--event-window", text)
    for a, b in draft.report:
        if a < first or b > last:
            raise InputError(f"--event-window: {first},{last} does not hold {a},{b}, which is "
                             "tested")  # fmt: skip
    return replace(draft, event=(first, last))


def _estimation(draft: Draft, text: str) -> Draft:
    return replace(draft, estimation=_pair("--estimation", text))


def _pair(option: str, text: str) -> tuple[int, int]:
    start, end = pair_of(option, text)
    if start > end:
        raise InputError(f"{option}: {start},{end} starts after it ends; write {end},{start}")
    return start, end


def _tests(draft: Draft, text: str) -> Draft:
    names = tuple(names_of("--tests", text))
    return replace(draft, tests=names)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "name", "What is the study called?", "Reports and their folders carry this name.",
        _name, lambda d: d.file.stem,
    ),
    Question(
        "events", "Which headlines?",
        "A file of headlines, or the instant or date of one: 2022-02-15T08:00Z.",
        take_events, default_events, names=file_names("events"), files=True,
    ),
    Question(
        "timezone", "In which time zone are its instants?",
        "An instant without an offset is read in this zone, such as Europe/Paris.",
        take_zone, lambda _: "UTC", lambda d: d.needs_zone, guessed=False,
    ),
    Question(
        "headline", "What did it say?", "The words that tables and charts show.",
        _headline, lambda d: HEADLINE if d.stamp == DEFAULT_STAMP else NONE,
        lambda d: d.stamp is not None, "the headlines of a file have their own words",
    ),
    Question(
        "prices", "Where are the prices?",
        "bundled (US shares, S&P 500, WTI, euro rates), a file's name, yahoo, or sql.",
        take_prices, default_prices, names=file_names("prices"), files=True,
    ),
    Question(
        "database", "Which database?",
        "The environment variable with its address, or the address without a password.",
        take_database, lambda _: "DATABASE_URL", lambda d: d.source == "sql" and d.database is None,
        "only prices from sql have one",
    ),
    Question(
        "table", "Which table?", "One with date, asset and close; or a SELECT of these.",
        _table, lambda _: "prices", lambda d: d.source == "sql",
        "only prices from sql have one",
    ),
    Question(
        "kind", "What does the file hold?",
        "Its numbers are small and of both signs: prices, or returns in decimals.",
        _kind, lambda d: "returns" if d.seems_returns else "prices", lambda d: d.seems_returns,
        names=lambda _: ("prices", "returns"),
    ),
    Question(
        "assets", "Which assets?", "Names with commas between them; ? lists what there is.",
        take_assets, lambda d: ",".join(d.assets) or "all", names=lambda d: _assets(d),
    ),
    Question(
        "model", "By which model is the return expected?",
        "Shares: market_model. An index, oil, a currency: constant_mean. ? lists all.",
        _models, _default_model, names=lambda _: known_models(),
    ),
    Question(
        "benchmark", "Against which benchmark?",
        "The index that explains the returns; several are factors, A,B.",
        _benchmark, lambda d: _market(d) or NONE, _takes_benchmark,
        "the model takes none", names=lambda d: d.have,
    ),
    Question(
        "calendar", "On which exchange are they traded?",
        "Its code (MIC), since a time of day needs hours; or one each, A=XNYS,B=XETR.",
        _calendar, _default_calendar, lambda d: d.instants and bool(_without_hours(d)),
        "the prices bring their own, or need none for bare dates",
        names=lambda _: _calendars(),
    ),
    Question(
        "window", "Which windows are tested?",
        "First and last session, with blanks between windows; 0 is the headline's day.",
        _report, _default_report,
    ),
    Question(
        "event-window", "Around the headline, which days are shown?",
        "Charts show these, and each is tested for itself.",
        _event, lambda d: f"{d.event[0]},{d.event[1]}",
    ),
    Question(
        "estimation", "On which days is the model fitted?",
        "First and last session before the headline; 250 are usual.",
        _estimation, lambda d: f"{d.estimated[0]},{d.estimated[1]}",
    ),
    Question(
        "tests", "Which tests?", "recommended, all, or names of statistics, A,B; ? lists them.",
        _tests, lambda _: "recommended",
        names=lambda _: ("recommended", "all", *statistic_names()),
    ),
)  # fmt: skip


def _assets(draft: Draft) -> Sequence[str]:
    if draft.source != "bundled":
        return draft.have
    from eventstudy.prices.bundled import bundled_assets

    return [a for a in bundled_assets() if not a.startswith(CONTRACT)]


def _calendars() -> list[str]:
    from eventstudy.calendars.library import calendar_names

    return calendar_names()
