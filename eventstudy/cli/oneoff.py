"""A study from options instead of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from eventstudy.errors import InputError
from eventstudy.study import Study
from eventstudy.studyfile import study_from_dict
from eventstudy.tomllines import KeyPath

__all__ = ["OneOff", "build_study", "reworded"]

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
_ENTRY = re.compile(r"^\[\[events\.list\]\], entry \d+: ")
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
        return [f"--{name}" for name, value in vars(self).items() if value]


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
    assets = _names("--assets", options.assets)
    if not assets:
        raise InputError("--event needs --assets, such as --assets XOM,CVX")
    benchmark = _names("--benchmark", options.benchmark)
    models = _names("--model", options.model)
    models = models or ["market_model" if benchmark else "constant_mean"]
    source = _source(options, [*assets, *benchmark])
    data: dict[str, Any] = {
        "study": _given(name="one-off", returns=options.returns),
        "events": _given(list=_rows(options), timezone=options.timezone),
        "prices": _given(source=source, file=options.file, assets=assets),
        "model": _given(name=models[0], also=models[1:] or None, benchmark=benchmark or None),
        "windows": _windows(options),
        "tests": _given(names=_tests(options.tests), alternative=options.alternative),
    }
    if options.calendar:
        data["assets"] = {a: {"calendar": options.calendar} for a in assets}
    return study_from_dict(data, where="the command line", labels=LABELS)


def reworded(error: InputError, option: str) -> InputError:
    """Return an error of the catalogue in the words of the command line.

    Examples
    --------
    >>> str(reworded(InputError("[[events.list]], entry 1: timestamp 'x' is none"), "--event"))
    "--event: timestamp 'x' is none"
    """
    text = _ENTRY.sub(f"{option}: ", str(error))
    return InputError(text.replace(_ZONE, "give --timezone Europe/Paris"))


def _given(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _rows(options: OneOff) -> list[dict[str, str]]:
    headline = options.headline or ""
    return [
        {"event_id": str(i), "timestamp": stamp, "headline": headline}
        for i, stamp in enumerate(options.event or (), start=1)
    ]


def _names(option: str, text: str | None) -> list[str]:
    if text is None:
        return []
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(f"{option} '{text}' has an empty name; write names with commas, A,B")
    return names


def _tests(text: str | None) -> str | list[str] | None:
    return text if text in (None, "recommended", "all") else _names("--tests", text)


def _pair(option: str, text: str) -> list[int]:
    parts = text.strip().removeprefix("[").removesuffix("]").split(",")
    try:
        start, end = (int(part) for part in parts)
    except ValueError:
        raise InputError(f"{option} must be two whole numbers such as -1,1, not '{text}'") from None
    return [start, end]


def _windows(options: OneOff) -> dict[str, object]:
    """Report the windows asked for; the event window is the usual one, made to hold them."""
    report = [_pair("--window", w) for w in options.window or ()]
    first = min([EVENT_WINDOW[0], *(w[0] for w in report if w[0] <= w[1])])
    last = max([EVENT_WINDOW[1], *(w[1] for w in report if w[0] <= w[1])])
    estimation = _pair("--estimation", options.estimation) if options.estimation else None
    return _given(event=[first, last], report=report or None, estimation=estimation)


def _source(options: OneOff, names: Sequence[str]) -> str:
    """Return the source asked for; else a file, the bundled prices if they do, or Yahoo."""
    if options.source:
        return options.source
    if options.file:
        return "file"
    return "bundled" if _are_bundled(names, options.event or ()) else "yahoo"


def _are_bundled(names: Sequence[str], stamps: Sequence[str]) -> bool:
    from eventstudy.prices.bundled import load_bundled

    try:
        close = load_bundled(list(names)).close
        last = max(date.fromisoformat(stamp[:10]) for stamp in stamps)
    except ValueError:
        # An asset that is not bundled, or a stamp that the catalogue will find fault with.
        return False
    return all(close[name].dropna().index[-1].date() >= last for name in close.columns)
