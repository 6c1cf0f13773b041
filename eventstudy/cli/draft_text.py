"""The text of a study file, with a comment for every key and every key that it could have."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Sequence

from eventstudy.cli.draft import Draft, Pair
from eventstudy.cli.oneoff import ARCHIVES
from eventstudy.names import model_words
from eventstudy.study import takes_benchmark

__all__ = ["study_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def study_text(draft: Draft) -> str:
    """Return the study file of a draft.

    Lines that begin with ``# `` are words; a key or a section behind a bare ``#`` can be used by
    taking the ``#`` away.

    Parameters
    ----------
    draft : Draft

    Examples
    --------
    >>> from pathlib import Path
    >>> import tomllib
    >>> tomllib.loads(study_text(Draft(Path("study.toml"))))["prices"]["source"]
    'bundled'
    """
    sections: tuple[Callable[[Draft], list[str]], ...] = (
        _head, _study, _events, _prices, _assets, _model, _windows, _tests, _further,
    )  # fmt: skip
    return "\n\n".join("\n".join(section(draft)) for section in sections) + "\n"


def _head(draft: Draft) -> list[str]:
    file = shlex.quote(draft.file.name)
    fetch = [f"#   eventstudy fetch {file}    get and keep the prices first"]
    return [
        "# An event study: what did headlines do to prices, how unusual was it, and how",
        "# sure can one be?",
        "#",
        f"#   eventstudy run {file}                  tables on the screen",
        f"#   eventstudy run {file} --out results    tables, charts and a page",
        *(fetch if draft.source in ("yahoo", "sql") else []),
        "#",
        "# A key or a section behind a # without a space is one that may be used: take",
        "# the # away. Files are relative to the folder of this one.",
        "",
        "schema_version = 1",
    ]


def _study(draft: Draft) -> list[str]:
    missing = "trade_to_trade" if draft.kind == "prices" else "exclude"
    return [
        "[study]",
        "# What reports and their folders are called.",
        f"name = {_quoted(draft.name)}",
        '# "simple" adds up across assets, "log" adds up over time.',
        'returns = "simple"',
        "# A day without a price: its return spans the gap (trade_to_trade), the day is",
        "# passed over (skip), or the event leaves that window (exclude).",
        f'#missing = "{missing}"',
        "# One currency for all returns; without it each asset stays in its own.",
        '#currency = "EUR"',
        "# Root of every random draw.",
        "#seed = 20220215",
    ]


def _events(draft: Draft) -> list[str]:
    lines = ["[events]"]
    if draft.events_file is not None:
        lines += [
            "# The headlines: event_id, timestamp, asset, headline; other columns are kept. A",
            "# timestamp with an offset or Z is an instant, a bare date the session of that",
            "# date. An empty asset concerns every asset of the study.",
            f"file = {_quoted(draft.relative(draft.events_file))}",
        ]
    elif draft.events_url is not None:
        lines += ["# The address of an RSS or Atom feed.", f"url = {_quoted(draft.events_url)}"]
    lines += [
        "# Zone of instants that carry no offset; without it such an instant is an error.",
        f"timezone = {_quoted(draft.zone)}" if draft.zone else '#timezone = "Europe/Paris"',
        '# Where a date goes that is no session: "next", "previous", "exclude", "error".',
        '#policy = "next"',
    ]
    lines += _columns(draft)
    if draft.stamp is None:
        lines += [
            "# Ids or groups that are studied; the other headlines then only flag windows.",
            '#include = ["event-1"]',
        ]
    lines += [
        "# true: an event of sign -1 enters the tests with minus its return.",
        "#signed = false",
        "# true: headlines near in time and words on the same assets are one story.",
        "#group_similar = false",
    ]
    return lines + (_one_event(draft) if draft.stamp is not None else [])


def _columns(draft: Draft) -> list[str]:
    if draft.stamp is not None:
        return []
    told = ", ".join(f"{_key(k)} = {_quoted(v)}" for k, v in draft.columns.items())
    key = f"columns = {{ {told} }}" if told else '#columns = { timestamp = "published" }'
    return ["# Our name of a column = its name in the file.", key]


def _one_event(draft: Draft) -> list[str]:
    headline = _quoted(draft.headline)
    return [
        "",
        "# A headline; more of these tables are more headlines. An instant has an offset",
        "# or Z; a bare date is the session of that date. In place of the tables may",
        '# stand, in [events]: file = "events.csv".',
        "[[events.list]]",
        'event_id = "event-1"',
        f"timestamp = {_quoted(draft.stamp or '')}",
        f"headline = {headline}" if draft.headline else '#headline = "Units return to base"',
        "# The one asset that it concerns; without it every asset of the study.",
        f"#asset = {_quoted(draft.everyone[0])}",
        "# Minutes either way of what is known of the instant.",
        "#uncertainty_minutes = 15",
        "# Headlines of one group are one story, and one event.",
        '#group = "story-1"',
    ]


def _prices(draft: Draft) -> list[str]:
    lines = [
        "[prices]",
        '# "bundled" (no network), "file", "yahoo", "sql", or "futures" (contracts).',
        f'source = "{draft.source}"',
    ]
    kind = [
        '# "returns" where it holds simple returns in decimals (0.01 is one percent).',
        f'kind = "{draft.kind}"',
        "# Our name of a column = its name there.",
        '#columns = { date = "date", close = "close" }',
    ]
    if draft.source == "file":
        lines += [
            "# Wide: date, then one column an asset; or long: date, asset, close.",
            f"file = {_quoted(draft.relative(draft.prices_file or ''))}",
            *kind,
        ]
    if draft.source == "sql":
        lines += [*_database(draft), *kind]
    return [*lines, *_listed(draft)]


def _database(draft: Draft) -> list[str]:
    place = draft.database or "DATABASE_URL"
    return [
        "# url: the address of the database, without a password; or url_env: the name of",
        "# an environment variable that holds it, with a password if need be.",
        f"{'url' if '://' in place else 'url_env'} = {_quoted(place)}",
        "# table, or query: one SELECT with :assets, :start and :end; date, asset, close.",
        f"{'query' if ' ' in draft.table else 'table'} = {_quoted(draft.table)}",
    ]


def _listed(draft: Draft) -> list[str]:
    words = "# The assets of headlines that name none."
    if not draft.assets:
        return [f"{words} Without this key: every column.", f"#assets = {_names(draft.have[:1])}"]
    lines = [words, f"assets = {_names(draft.assets)}"]
    if draft.source in ("yahoo", "sql"):
        name = draft.assets[0]
        lines += [
            "# Our name of an asset = the symbol of the source.",
            f"#symbols = {{ {_key(name)} = {_quoted(name)} }}",
        ]
    return lines


def _assets(draft: Draft) -> list[str]:
    lines = [
        "# What an asset needs beyond the other sections: calendar (the code of its",
        '# exchange, "XETR"; "24/7"; "observed": the days of its prices), close (when its',
        "# price is measured, where that is not the close), its own model, benchmark and",
        "# panel (assets whose events are tested together), title, symbol, currency.",
    ]
    if draft.own_panel or draft.own_mean:
        lines += [
            "# An index, oil or a currency has no market to be held against: its expected",
            "# return is its own mean, and it is tested for itself.",
        ]
    tables = [table for name in _tabled(draft) for table in ["", *_asset(draft, name)]][1:]
    spare = next((a for a in draft.everyone if a not in _tabled(draft)), None)
    if spare is not None:
        tables += [""] if tables else []
        tables += [f"#[assets.{_key(spare)}]", f"#title = {_quoted(spare)}"]
    return [*lines, *tables]


def _tabled(draft: Draft) -> list[str]:
    """Return the assets that have a table of their own."""
    needed = {*draft.own_mean, *draft.own_panel, *draft.calendars}
    return [a for a in (*draft.everyone, *_more(draft)) if a in needed]


def _more(draft: Draft) -> list[str]:
    return [b for b in draft.benchmark if b not in draft.everyone]


def _asset(draft: Draft, name: str) -> list[str]:
    lines = [f"[assets.{_key(name)}]"]
    if name in draft.calendars:
        lines.append(f"calendar = {_quoted(draft.calendars[name])}")
        lines.append('#close = "17:30 Europe/Berlin"')
    if name in draft.own_mean:
        lines.append('model = "constant_mean"')
    if name in draft.own_panel:
        lines.append(f"panel = {_quoted(name)}")
    return [*lines, f"#title = {_quoted(name)}"]


def _model(draft: Draft) -> list[str]:
    name, also = draft.models[0], draft.models[1:]
    takes = any(takes_benchmark(m) for m in draft.models)
    lines = [
        "[model]",
        "# The expected return. With a benchmark: market_model, market_adjusted, capm,",
        "# dimson, scholes_williams, huber, lad, theil_sen; with factors: factor,",
        "# fama_french_3, carhart_4, fama_french_5; without: constant_mean, ar1; garch,",
        "# gjr_garch, egarch and ewma go either way.",
        f'name = "{name}"',
    ]
    if draft.benchmark:
        one = len(draft.benchmark) == 1
        shown = _quoted(draft.benchmark[0]) if one else _names(draft.benchmark)
        lines += ["# A column of the prices, or a list of factors.", f"benchmark = {shown}"]
    if draft.benchmark and takes:
        lines += [
            "# [0, 1] adds its previous session, for an asset that closes before it does.",
            "#benchmark_lags = [0]",
        ]
    second = "ar1" if "constant_mean" in draft.models else "constant_mean"
    lines += [
        "# Further models, side by side.",
        f"also = {_names(also)}" if also else f'#also = ["{second}"]',
    ]
    return lines + _archives(draft)


def _archives(draft: Draft) -> list[str]:
    needed = dict.fromkeys(a for m in draft.models for a in ARCHIVES.get(m, ()))
    if not needed:
        return []
    words = " and ".join(model_words(m) for m in draft.models if m in ARCHIVES)
    return [
        "",
        f"# Factors for {words}:",
        "# Kenneth French's daily archives, fetched once and kept.",
        "[factors]",
        f"dataset = {_names(list(needed))}",
    ]


def _windows(draft: Draft) -> list[str]:
    return [
        "[windows]",
        "# In sessions of the asset; day 0 is the first that could know; both ends count.",
        "# The days for which abnormal returns are made; each is tested.",
        f"event = {_pair(draft.event)}",
        "# The days on which the model is fitted; they end before the event window.",
        f"estimation = {_pair(draft.estimated)}",
        "# Windows that are tested besides the single days; each lies inside event.",
        f"report = [{', '.join(_pair(w) for w in draft.report)}]",
        "# An event with fewer estimation returns is left out.",
        "#min_observations = 30",
        "# false: event windows of earlier headlines stay in the estimation returns.",
        "#purge = true",
    ]


def _tests(draft: Draft) -> list[str]:
    names = draft.tests
    word = len(names) == 1 and names[0] in ("recommended", "all")
    return [
        "[tests]",
        '# "recommended" (those that lead and their company), "all", or a list of names.',
        f"names = {_quoted(names[0]) if word else _names(names)}",
        '# "two-sided", "less" or "greater".',
        'alternative = "two-sided"',
        '# p-values of many tests: "holm", "benjamini_hochberg", "romano_wolf" or "none".',
        '#multiplicity = "holm"',
    ]


def _further(draft: Draft) -> list[str]:
    a, b = draft.event
    inside = _pair(draft.report[0])
    return [
        "# Abnormal returns explained by columns of numbers of the headlines.",
        "#[regression]",
        '#on = ["surprise"]',
        f"#window = {inside}",
        "",
        "# The study once more for every choice of these lists, side by side.",
        "#[specification]",
        f"#windows = [[0, 0], {_pair((min(a, 0), max(b, 0)))}]",
    ]


def _pair(pair: Pair) -> str:
    return f"[{pair[0]}, {pair[1]}]"


def _names(names: Iterable[str] | Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(n) for n in names) + "]"


def _quoted(text: str) -> str:
    # TOML takes JSON's escapes; it wants one more.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)
