"""The headlines and the prices of a new study: found, read, and looked into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from eventstudy.cli.assetkinds import has_a_market, kind_of
from eventstudy.cli.draft import Draft, Span
from eventstudy.cli.events_commands import Source
from eventstudy.cli.oneoff import names_of, reworded
from eventstudy.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "default_events",
    "default_prices",
    "file_names",
    "take_assets",
    "take_database",
    "take_events",
    "take_prices",
    "take_zone",
    "unreached",
]

BUNDLED = ("SP500", "WTI")
SOURCES = ("bundled", "yahoo", "sql")
PRICE_FILES = (".csv", ".parquet")
# A file of more columns than this is taken as a whole.
FEW = 8
# Daily returns are this small in the middle, and prices are not of both signs.
SMALL = 0.2


def default_events(draft: Draft) -> str:
    """Return ``events.csv`` where the study's folder has one, else the bundled headline."""
    here = draft.found("events.csv")
    return "2022-02-15T08:00Z" if here is None else "events.csv"


def default_prices(draft: Draft) -> str:
    """Return ``prices.csv`` where the study's folder has one, else the bundled prices."""
    return "bundled" if draft.found("prices.csv") is None else "prices.csv"


def file_names(what: str) -> Callable[[Draft], list[str]]:
    """Return what may be answered where a file is asked for: what lies beside the study file."""

    def names(draft: Draft) -> list[str]:
        from eventstudy.events.readers import FORMATS

        # A TOML file is a study more often than it is a catalogue.
        events = [kind for kind in FORMATS if kind != ".toml"]
        kinds = PRICE_FILES if what == "prices" else events
        folder = draft.folder
        here = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
        found = [draft.relative(p) for p in here if p.suffix.lower() in kinds]
        return [*(SOURCES if what == "prices" else ()), *found]

    return names


def take_events(draft: Draft, text: str) -> Draft:
    """Take a file of headlines, the address of a feed, or one instant or date."""
    from eventstudy.events.feeds import is_address
    from eventstudy.events.readers import FORMATS

    blank = replace(
        draft, events_file=None, events_url=None, stamp=None, named=(), days=(), unnamed=True
    )
    if is_address(text):
        return replace(blank, events_url=text, instants=True, needs_zone=False)
    path = draft.found(text)
    dot = text.rfind(".")
    if path is None and (dot < 0 or text[dot:].lower() not in FORMATS):
        if draft.columns:
            raise InputError("--column is for a file of headlines; leave it out")
        return _read(replace(blank, stamp=text))
    if path is None:
        hint = nearest(text, file_names("events")(draft))
        raise InputError(f"--events: there is no file {text}"
                         f"{hint if hint.startswith('; did') else ''}")  # fmt: skip
    if path.resolve() == draft.file.resolve():
        raise InputError(f"--events: {text} is the study file itself; name another file")
    return _read(replace(blank, events_file=str(path)))


def take_zone(draft: Draft, text: str) -> Draft:
    """Take the zone of the instants that carry no offset."""
    from eventstudy.calendars.clock import check_zone

    zone = check_zone(text, "--timezone")
    return replace(draft, zone=zone) if draft.events_url else _read(replace(draft, zone=zone))


def _read(draft: Draft) -> Draft:
    """Read the headlines; a lack of offsets alone is mended by the next question."""
    try:
        return _with_facts(draft, draft.zone)
    except InputError as error:
        first = error
    try:
        if draft.zone is None:
            return replace(_with_facts(draft, "UTC"), needs_zone=True)
    except InputError:
        pass
    raise reworded(first, "--events")


def _with_facts(draft: Draft, zone: str | None) -> Draft:
    frame = _catalogue(draft, zone)
    stamps = frame["timestamp"].dt.tz_localize(None).fillna(frame["date"])
    return replace(
        draft,
        named=tuple(dict.fromkeys(str(a) for a in frame["asset"] if a)),
        unnamed=bool((frame["asset"] == "").any()),
        instants=bool(frame["timestamp"].notna().any()),
        days=tuple(sorted({stamp.date() for stamp in stamps})),
    )


def _catalogue(draft: Draft, zone: str | None) -> pd.DataFrame:
    from eventstudy.events.readers import read_catalogue

    if draft.stamp is not None:
        if not draft.stamp[:1].isdigit():
            raise InputError(
                f"--events: '{draft.stamp}' is neither a file of headlines nor an instant such as "
                "2022-02-15T08:00Z"
            )
        row = {"event_id": "event-1", "timestamp": draft.stamp}
        return read_catalogue([row], timezone=zone).frame
    pairs = [f"{ours}={theirs}" for ours, theirs in draft.columns.items()]
    return Source(draft.events_file or "", zone, pairs).read().frame


def take_prices(draft: Draft, text: str) -> Draft:
    """Take the source of the prices: ``bundled``, ``yahoo``, ``sql``, or the name of a file."""
    blank = replace(draft, prices_file=None, database=None, have=(), spans={}, kind="prices",
                    seems_returns=False)  # fmt: skip
    path = draft.found(text)
    if text in SOURCES:
        if text == "bundled" and draft.named:
            from eventstudy.prices.bundled import load_bundled

            load_bundled(draft.named)
        return _with_assets(replace(blank, source=text))
    if "://" in text:
        return _with_assets(take_database(replace(blank, source="sql"), text))
    if text == "file":
        raise InputError("--prices: name the file itself, such as prices.csv")
    if text == "futures":
        raise InputError("--prices: futures need contracts, which the page on prices of the "
                         'documentation tells; take another source, and write source = "futures" '
                         "into the file")  # fmt: skip
    if path is None and not any(c in text for c in "*?["):
        known = file_names("prices")(draft)
        raise InputError(f"--prices: there is no file or source '{text}'{nearest(text, known)}")
    return _file(blank, text if path is None else str(path))


def _file(draft: Draft, text: str) -> Draft:
    from eventstudy.prices.files import load_file

    close = load_file(text).close
    have = tuple(str(name) for name in close.columns)
    lacking = [a for a in draft.named if a not in have]
    if lacking:
        raise InputError(
            f"--prices: {text} has no column '{lacking[0]}', an asset of the headlines"
            f"{nearest(lacking[0], have)}"
        )
    drawn = replace(draft, source="file", prices_file=text, have=have, spans=_spans(close),
                    seems_returns=_seem_returns(close))  # fmt: skip
    return _with_assets(drawn)


def _seem_returns(close: pd.DataFrame) -> bool:
    import numpy as np

    values = close.to_numpy()
    values = values[np.isfinite(values)]
    return bool(values.size) and bool((values < 0).any() and np.median(np.abs(values)) < SMALL)


def _spans(close: pd.DataFrame) -> dict[str, Span]:
    known = {str(n): close[n].dropna().index for n in close.columns}
    return {n: (days[0].date(), days[-1].date()) for n, days in known.items() if len(days)}


def _with_assets(draft: Draft) -> Draft:
    """Return the draft with the assets that are likely to be meant."""
    if not draft.unnamed:
        return replace(draft, assets=draft.named)
    usual = {"bundled": BUNDLED, "yahoo": ("^GSPC",), "sql": ("SP500",)}
    base = _columns(draft) if draft.source == "file" else usual[draft.source]
    assets = tuple(dict.fromkeys([*base, *draft.named]))
    return replace(draft, assets=assets if draft.source != "file" or len(assets) <= FEW else ())


def _columns(draft: Draft) -> tuple[str, ...]:
    """Return the columns of a file, without the index that its shares are held against."""
    index = next((a for a in draft.have if kind_of(a) == "index"), None)
    rest = tuple(a for a in draft.have if a != index)
    return rest if index is not None and any(has_a_market(a) for a in rest) else draft.have


def take_assets(draft: Draft, text: str) -> Draft:
    """Take the assets; ``all`` are the columns of a file but those that serve as benchmark."""
    if text == "all" and draft.source == "file" and "all" not in draft.have:
        return replace(draft, assets=())
    names = tuple(names_of("--assets", text))
    unknown = [n for n in names if draft.have and n not in draft.have]
    if unknown:
        hint = nearest(unknown[0], draft.have)
        raise InputError(f"--assets: {draft.prices_file} has no column '{unknown[0]}'{hint}")
    if draft.source == "bundled":
        from eventstudy.prices.bundled import load_bundled

        close = load_bundled(list(dict.fromkeys([*names, *draft.named]))).close
        return replace(draft, assets=names, spans=_spans(close))
    return replace(draft, assets=names)


def take_database(draft: Draft, text: str) -> Draft:
    """Take the address of a database, or the environment variable that holds it."""
    from pydantic import ValidationError

    from eventstudy.pricesettings import PlaceSettings

    key = "url" if "://" in text else "url_env"
    try:
        place = PlaceSettings.model_validate({"source": "sql", "table": "prices", key: text})
    except ValidationError as error:
        raise InputError(f"--database: {error.errors()[0]['msg']}") from None
    file = place.database
    if file is not None and not (draft.folder / file).exists():
        raise InputError(f"--database: there is no file {draft.folder / file}")
    return replace(draft, database=text)


def unreached(draft: Draft) -> str | None:
    """Return a sentence on the first asset whose prices reach no headline; None where all do."""
    for asset in draft.everyone if draft.days else ():
        first, last = draft.spans.get(asset, (draft.days[0], draft.days[0]))
        if not any(first <= day <= last for day in draft.days):
            return (
                f"the prices of {asset} go from {first} to {last}, and {_told(draft.days)} not "
                "inside: a run leaves that out"
            )
    return None


def _told(days: Sequence[date]) -> str:
    if len(days) == 1:
        return f"the headline of {days[0]} is"
    return f"the headlines from {days[0]} to {days[-1]} are"
