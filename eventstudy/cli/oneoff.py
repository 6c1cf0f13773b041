"""A study from options instead of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from eventstudy.checks import MOST_SESSIONS
from eventstudy.errors import InputError, nearest
from eventstudy.study import Study
from eventstudy.studyfile import study_from_dict
from eventstudy.tomllines import KeyPath

__all__ = [
    "ARCHIVES",
    "EVENT_WINDOW",
    "LABELS",
    "OneOff",
    "around",
    "build_study",
    "in_options",
    "names_of",
    "pair_of",
    "reworded",
]

LABELS: dict[KeyPath, str] = {
    ("study", "name"): "--name",
    ("study", "returns"): "--returns",
    ("events", "list"): "--event",
    ("events", "timezone"): "--timezone",
    ("prices", "source"): "--source",
    ("prices", "file"): "--file",
    ("prices", "kind"): "--source",
    ("prices", "assets"): "--assets",
    ("assets",): "--calendar",
    ("model", "name"): "--model",
    ("model", "also"): "--model",
    ("model", "benchmark"): "--benchmark",
    ("windows", "event"): "--window",
    ("windows", "report"): "--window",
    ("windows", "estimation"): "--estimation",
    ("tests", "names"): "--tests",
    ("tests", "alternative"): "--alternative",
}
EVENT_WINDOW = (-5, 5)
_HOURS = re.compile(r"^event .* is an instant \((.*)\), (but .*); give \[assets.*$")
_ENTRY = re.compile(r"^\[\[events\.list\]\], entry \d+: ")
# What a study file is told, and what the command line is told in its place.
_WORDS = {
    'give a column of the prices, or take name = "constant_mean"':
        "name one, or take --model constant_mean",
    "so remove the key": "so leave it out",
    ", which [model] name gives already": " twice; give it once",
    'source = "file" needs it, such as file = "prices.csv"':
        "--source file needs it, such as --file prices.csv",
}  # fmt: skip
SOURCES = ("bundled", "file", "yahoo")
# Models whose factors, or riskless return, come from Kenneth French's archives.
ARCHIVES = {
    "capm": ("us_3",),
    "fama_french_3": ("us_3",),
    "carhart_4": ("us_3", "us_momentum"),
    "fama_french_5": ("us_5",),
}
LONGEST = 80
_ZONE = 'give one zone for the whole file (timezone = "Europe/Paris")'


@dataclass(frozen=True)
class OneOff:
    """The options of ``eventstudy run --event``, as they were given; None where they were not."""

    event: Sequence[str] | None = None
    assets: str | None = None
    benchmark: str | None = None
    model: str | None = None
    window: Sequence[str] | None = None
    estimation: str | None = None
    source: str | None = None
    file: str | None = None
    calendar: str | None = None
    timezone: str | None = None
    headline: str | None = None
    returns: str | None = None
    tests: str | None = None
    alternative: str | None = None

    def given(self) -> list[str]:
        """Return the options that were given, as they are written."""
        return [f"--{name}" for name, value in vars(self).items() if value not in (None, [])]


def build_study(options: OneOff) -> Study:
    """Return the study that the options describe.

    Parameters
    ----------
    options : OneOff
        With ``event`` and ``assets``.

    Raises
    ------
    InputError
        Naming the option that is wrong or missing.

    Examples
    --------
    >>> study = build_study(OneOff(event=["2022-02-15T08:00Z"], assets="XOM,CVX",
    ...                            benchmark="^GSPC", window=["-1,1"]))
    >>> study.prices.source, study.prices.assets, study.model.name, study.windows.report
    ('bundled', ('XOM', 'CVX'), 'market_model', ((-1, 1),))
    """
    assets = names_of("--assets", options.assets)
    if not assets:
        raise InputError("--event needs --assets, such as --assets XOM,CVX")
    benchmark = names_of("--benchmark", options.benchmark)
    _check(options, assets, benchmark)
    models = names_of("--model", options.model)
    models = models or ["market_model" if benchmark else "constant_mean"]
    source = _source(options, [*assets, *benchmark])
    _check_source(source, [*assets, *benchmark], models)
    data: dict[str, Any] = {
        "study": _given(name="one-off", returns=options.returns),
        "events": _given(list=_rows(options), timezone=options.timezone),
        "prices": _given(source=source, file=options.file, assets=assets),
        "model": _given(name=models[0], also=models[1:] or None, benchmark=benchmark or None),
        "windows": _windows(options),
        "tests": _given(names=_tests(options.tests), alternative=options.alternative),
    }
    if options.calendar is not None:
        data["assets"] = {a: {"calendar": options.calendar} for a in assets}
    try:
        return study_from_dict(data, where="the command line", labels=LABELS)
    except InputError as error:
        raise in_options(error) from None


def in_options(error: InputError) -> InputError:
    """Return an error of a study in the words of the command line.

    Examples
    --------
    >>> str(in_options(InputError('--benchmark: "x" takes none, so remove the key')))
    '--benchmark: "x" takes none, so leave it out'
    """
    text = str(error)
    for file, option in _WORDS.items():
        text = text.replace(file, option)
    return InputError(text)


def reworded(error: InputError, option: str) -> InputError:
    """Return an error of the catalogue in the words of the command line.

    Examples
    --------
    >>> str(reworded(InputError("[[events.list]], entry 1: timestamp 'x' is none"), "--event"))
    "--event: timestamp 'x' is none"
    """
    text = _ENTRY.sub(f"{option}: ", str(error))
    text = _HOURS.sub(
        rf"{option}: \1 is an instant, \2; give --calendar, the code of its exchange, such as XNYS",
        text,
    )
    return InputError(text.replace(_ZONE, "give --timezone Europe/Paris"))


def _check(options: OneOff, assets: Sequence[str], benchmark: Sequence[str]) -> None:
    """Check what a study file could say and options can't, or not in this way."""
    if options.source is not None and options.source not in SOURCES:
        if options.source in ("sql", "futures"):
            raise InputError(f"--source {options.source} needs a study file; eventstudy new "
                             "writes one")  # fmt: skip
        raise InputError(f"--source '{options.source}' is unknown"
                         f"{nearest(options.source, SOURCES)}")  # fmt: skip
    both = [name for name in benchmark if name in assets]
    if both:
        raise InputError(f"--benchmark: {both[0]} is one of --assets; leave it out of one of them")
    stamps = list(options.event or ())
    if any(len(stamp) > LONGEST for stamp in stamps):
        raise InputError("--event is too long for an instant; write it as 2022-02-15T08:00Z")
    again = [stamp for i, stamp in enumerate(stamps) if stamp in stamps[:i]]
    if again:
        raise InputError(f"--event {again[0]} is given twice; give it once")


def _check_source(source: str, names: Sequence[str], models: Sequence[str]) -> None:
    """Check what a source can't have, before a network is asked for it."""
    odd = next((name for name in names if re.search(r"[\s;]", name)), None)
    if source == "yahoo" and odd is not None:
        raise InputError(f"'{odd}' is no symbol; write names with commas between them, A,B")
    factors = next((model for model in models if model in ARCHIVES), None)
    if source != "file" and factors is not None:
        raise InputError(
            f"--model {factors} needs the [factors] of a study file; "
            f"eventstudy new --model {factors} writes one"
        )


def _given(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _rows(options: OneOff) -> list[dict[str, str]]:
    headline = options.headline or ""
    return [
        {"event_id": str(i), "timestamp": stamp, "headline": headline}
        for i, stamp in enumerate(options.event or (), start=1)
    ]


def names_of(option: str, text: str | None) -> list[str]:
    """Return the names of an option, which stand with commas between them; none for None.

    Examples
    --------
    >>> names_of("--assets", "XOM, CVX")
    ['XOM', 'CVX']
    """
    if text is None:
        return []
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(f"{option} '{text}' has an empty name; write names with commas, A,B")
    return names


def _tests(text: str | None) -> str | list[str] | None:
    return text if text in (None, "recommended", "all") else names_of("--tests", text)


def pair_of(option: str, text: str) -> list[int]:
    """Return the two whole numbers of an option.

    Examples
    --------
    >>> pair_of("--window", "-1,1")
    [-1, 1]
    """
    parts = text.strip().removeprefix("[").removesuffix("]").split(",")
    try:
        start, end = (int(part) for part in parts)
    except ValueError:
        raise InputError(f"{option} must be two whole numbers such as -1,1, not '{text}'") from None
    return [start, end]


def _windows(options: OneOff) -> dict[str, object]:
    """Report the windows asked for; the event window is the usual one, made to hold them."""
    report = [pair_of("--window", w) for w in options.window or ()]
    given = options.estimation
    estimation = None if given is None else pair_of("--estimation", given)
    return _given(event=around(report), report=report or None, estimation=estimation)


def around(report: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Return the usual event window, made to hold windows that are tested.

    Examples
    --------
    >>> around([[0, 0], [0, 9]])
    (-5, 9)
    """
    # A window that is wrong is told by its own check, and once.
    sound = [(a, b) for a, b in report if a <= b and max(-a, b) <= MOST_SESSIONS]
    first = min([EVENT_WINDOW[0], *(a for a, _ in sound)])
    last = max([EVENT_WINDOW[1], *(b for _, b in sound)])
    return first, last


def _source(options: OneOff, names: Sequence[str]) -> str:
    """Return the source asked for; else a file, the bundled prices if they do, or Yahoo."""
    if options.source is not None:
        return options.source
    if options.file is not None:
        return "file"
    return "bundled" if _are_bundled(names, options.event or ()) else "yahoo"


def why_yahoo(options: OneOff) -> str:
    """Return why Yahoo was asked, to go before what it answered; empty where it was named."""
    if options.source is not None or options.file is not None:
        return ""
    from eventstudy.prices.bundled import bundled_assets, load_bundled

    for name in [
        *names_of("--assets", options.assets),
        *names_of("--benchmark", options.benchmark),
    ]:
        try:
            load_bundled([name])
        except InputError:
            hint = nearest(name, bundled_assets()).removeprefix("; ")
            meant = f" ({hint})" if hint.startswith("did") else ""
            return f"'{name}' is not bundled{meant}, so Yahoo was asked: "
    return "the bundled prices end before the headline, so Yahoo was asked: "


def _are_bundled(names: Sequence[str], stamps: Sequence[str]) -> bool:
    from eventstudy.prices.bundled import load_bundled

    try:
        close = load_bundled(list(names)).close
        last = max(date.fromisoformat(stamp[:10]) for stamp in stamps)
    except ValueError:
        # An asset that is not bundled, or a stamp that the catalogue will find fault with.
        return False
    return all(close[name].dropna().index[-1].date() >= last for name in close.columns)
