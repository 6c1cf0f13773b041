"""What the shell offers for the value of an option; each list is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = [
    "CONTRACT",
    "alternatives",
    "assets",
    "calendars",
    "known_models",
    "models",
    "one_of",
    "report_formats",
    "several",
    "statistics",
    "statistics_across",
    "zones",
]

CONTRACT = "CL_"
Offered = Callable[[str], list[str]]


def one_of(*names: str) -> Offered:
    """Return a completion of one name.

    Examples
    --------
    >>> one_of("simple", "log")("s")
    ['simple']
    """
    return _one(lambda: names)


def several(known: Callable[[], Sequence[str]], rare: str = "") -> Offered:
    """Return a completion of names with commas between them; what is given is not offered again.

    Parameters
    ----------
    known : callable
        The names.
    rare : str
        Names that begin with it are offered where it is typed.

    Examples
    --------
    >>> several(lambda: ["html", "pdf"])("html,")
    ['html,pdf']
    """

    def complete(incomplete: str) -> list[str]:
        """Return what is typed, its last name completed."""
        done, comma, begun = incomplete.rpartition(",")
        given = done.split(",")
        found = [n for n in known() if n.startswith(begun) and n not in given]
        if rare and not begun.startswith(rare):
            found = [n for n in found if not n.startswith(rare)]
        return [f"{done}{comma}{n}" for n in found]

    return complete


def _one(known: Callable[[], Sequence[str]]) -> Offered:
    def complete(incomplete: str) -> list[str]:
        """Return the names that begin with what is typed."""
        return [name for name in known() if name.startswith(incomplete)]

    return complete


def known_models() -> list[str]:
    """Return the names of the models that there are.

    Examples
    --------
    >>> known_models()[:2]
    ['constant_mean', 'market_adjusted']
    """
    from eventstudy.checks import NOT_YET
    from eventstudy.names import MODELS

    return [name for name in MODELS if name not in NOT_YET]


def _statistics() -> Sequence[str]:
    from eventstudy.names import statistic_names

    return ("recommended", "all", *statistic_names())


def _statistics_across() -> Sequence[str]:
    from eventstudy.names import CROSS_EVENT

    return ("all", *dict.fromkeys(s.name for s in CROSS_EVENT))


def _alternatives() -> Sequence[str]:
    from eventstudy.names import ALTERNATIVES

    return ALTERNATIVES


def _assets() -> Sequence[str]:
    from eventstudy.prices.bundled import bundled_assets

    return bundled_assets()


def _calendars() -> Sequence[str]:
    from eventstudy.calendars.library import calendar_names

    return calendar_names()


def _zones() -> Sequence[str]:
    from zoneinfo import available_timezones

    return sorted(available_timezones())


def _report_formats() -> Sequence[str]:
    from eventstudy.report.writers import FORMATS

    return list(FORMATS)


models, statistics = several(known_models), several(_statistics)
# One of the hundreds of contracts is meant only by who begins to write it.
assets = several(_assets, rare=CONTRACT)
statistics_across, report_formats = several(_statistics_across), several(_report_formats)
calendars, zones, alternatives = _one(_calendars), _one(_zones), _one(_alternatives)
