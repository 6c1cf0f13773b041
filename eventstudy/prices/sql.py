"""The source ``sql``: a table or a query of a database, read and never written to.

Identifiers are quoted by SQLAlchemy and values are bound; nothing is pasted into a statement. The
address may come from the environment, and no message or record of ours repeats it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from eventstudy.errors import InputError, SourceError, UnknownAssetError, nearest
from eventstudy.prices.panel import AssetInfo, PriceKind, PricePanel
from eventstudy.prices.sql_rows import read_rows
from eventstudy.prices.sql_server import columns_of, open_engine, out_of_reach, words_of
from eventstudy.prices.store import PriceStore, Snapshot

if TYPE_CHECKING:
    import pandas as pd
    import sqlalchemy as sa

    from eventstudy.prices import PriceSettings

__all__ = ["load", "place_key"]

SOURCE = "sql"
NEEDED = ("date", "asset", "close")
FIRST, LAST = dt.date(1000, 1, 1), dt.date(9999, 12, 31)


def place_key(settings: PriceSettings, assets: Sequence[str]) -> str:
    """Return the name under which the store keeps what a database said.

    It is a hash of the place, the table or query, the columns and the assets; the address is part
    of it without its password, and cannot be read from it.
    """
    parts = {
        "url": getattr(settings, "url", None),
        "url_env": getattr(settings, "url_env", None),
        "table": getattr(settings, "table", None),
        "query": getattr(settings, "query", None),
        "columns": dict(getattr(settings, "columns", {})),
        "kind": settings.kind,
        "assets": sorted(assets),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def load(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,
    offline: bool = False,
) -> PricePanel:
    """Source ``sql``: prices of these assets, kept in the store as they came.

    Raises
    ------
    InputError
        A table or column that is not there, text among the numbers, two rows of one date and
        asset, a statement that the database refuses.
    UnknownAssetError
        Assets without a row in the range.
    SourceError
        The database can't be reached.
    """
    store, key = PriceStore(), place_key(settings, assets)
    if offline:
        snapshot = store.snapshot(SOURCE, key)
        if snapshot is None:
            raise InputError(
                "What the database said about these assets is not stored: run the study once "
                "with the database, or fetch it."
            )
        frame = store.read(SOURCE, key, snapshot.sha256)
        dialect = snapshot.meta.get("dialect", "")
    else:
        frame, dialect = _ask(settings, assets, start, end, folder)
        # Also what lacks an asset is kept: without the database the same assets are lacking.
        snapshot = store.write(frame, _note(key, start, end, dialect))
    lacking = [name for name in assets if name not in frame.columns]
    if lacking:
        what = getattr(settings, "table", None) or "the query"
        raise UnknownAssetError(
            f"{what}: the database has no price of '{lacking[0]}' from {start or 'the beginning'} "
            f"to {end or 'today'}.",
            lacking,
        )
    panel = _panel(settings, frame, dialect, snapshot.sha256)
    return panel.select(assets).between(start, end)


def _note(key: str, start: dt.date | None, end: dt.date | None, dialect: str) -> Snapshot:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Snapshot(SOURCE, key, "", str(start or FIRST), str(end or LAST), now,
                    {"dialect": dialect})  # fmt: skip


def _panel(settings: PriceSettings, frame: pd.DataFrame, dialect: str, sha256: str) -> PricePanel:
    what = getattr(settings, "table", None) or "a query"
    source = f"{dialect}, {what}"
    infos = {str(n): AssetInfo(str(n), str(n), source=source) for n in frame.columns}
    kind = cast("PriceKind", settings.kind)
    return PricePanel(close=frame, kind=kind, assets=infos, hashes={f"sql:{what}": sha256})


def _ask(
    settings: PriceSettings,
    assets: Sequence[str],
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,
) -> tuple[pd.DataFrame, str]:
    import sqlalchemy as sa

    engine = open_engine(settings, folder)
    dialect = str(engine.dialect.name)
    label = getattr(settings, "table", None) or "the query"
    try:
        with _reading(engine) as connection:
            rows, dates = _statements(connection, settings, assets, start, end)
            frame = read_rows(connection, rows, dates, assets, label, names=_result(settings))
    except sa.exc.NoSuchTableError:
        raise InputError(f"[prices] table: the database has no table '{label}'.") from None
    except sa.exc.SQLAlchemyError as error:
        if out_of_reach(error, dialect):
            raise SourceError(
                f"The database can't be reached or gave up ({words_of(error, engine)}): try again."
            ) from None
        raise InputError(f"The database refuses {label}: {words_of(error, engine)}.") from None
    finally:
        engine.dispose()
    return frame, dialect


def _result(settings: PriceSettings) -> dict[str, str]:
    """Return the names of the columns of a result, theirs -> ours."""
    columns: Mapping[str, str] = getattr(settings, "columns", {})
    if getattr(settings, "query", None) is None:
        return {name: name for name in NEEDED}
    return {columns.get(name, name).casefold(): name for name in NEEDED}


@contextmanager
def _reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a connection that can't write, and never commit."""
    import sqlalchemy as sa

    with engine.connect() as plain:
        connection = plain
        if engine.dialect.name == "postgresql":
            connection = plain.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
        elif engine.dialect.name == "sqlite":
            connection.execute(sa.text("PRAGMA query_only = ON"))
        try:
            yield connection
        finally:
            connection.rollback()


def _statements(
    connection: sa.Connection,
    settings: PriceSettings,
    assets: Sequence[str],
    start: dt.date | None,
    end: dt.date | None,
) -> tuple[sa.Executable, sa.Executable | None]:
    """Return the statement of the rows, and that of the dates of every asset if there is one."""
    for ours in getattr(settings, "columns", {}):
        if ours not in NEEDED:
            raise InputError(f"[prices] columns: '{ours}' is unknown{nearest(ours, NEEDED)}.")
    query = getattr(settings, "query", None)
    if query is not None:
        return _query(query, assets, start, end), None
    return _table(connection, settings, assets, start, end)


def _query(
    query: str, assets: Sequence[str], start: dt.date | None, end: dt.date | None
) -> sa.Executable:
    import sqlalchemy as sa

    text = sa.text(query)
    known: dict[str, sa.BindParameter[Any]] = {
        "assets": sa.bindparam("assets", list(assets), expanding=True),
        "start": sa.bindparam("start", start or FIRST, sa.Date()),
        "end": sa.bindparam("end", end or LAST, sa.Date()),
    }
    names = sorted(str(name) for name in text._bindparams)
    for name in names:
        if name not in known:
            raise InputError(f"[prices] query: ':{name}' is unknown{nearest(name, known)}.")
    return text.bindparams(*(known[name] for name in names))


def _table(
    connection: sa.Connection,
    settings: PriceSettings,
    assets: Sequence[str],
    start: dt.date | None,
    end: dt.date | None,
) -> tuple[sa.Executable, sa.Executable]:
    import sqlalchemy as sa

    whole = str(getattr(settings, "table", ""))
    schema, _, name = whole.rpartition(".")
    known = columns_of(connection, name, schema or None, whole)
    columns = getattr(settings, "columns", {})
    theirs = {ours: columns.get(ours, ours) for ours in NEEDED}
    for column in theirs.values():
        if column not in known:
            raise InputError(
                f"[prices] columns: the table '{whole}' has no column '{column}'"
                f"{nearest(column, known)}."
            )
    table = sa.table(
        name, *[sa.column(c, known[c]) for c in theirs.values()], schema=schema or None
    )
    date, asset, close = (table.c[theirs[n]] for n in NEEDED)
    span = _span(date, known[theirs["date"]], start, end)
    keys = _keys(assets, known[theirs["asset"]], whole)
    rows = sa.select(date.label("date"), asset.label("asset"), close.label("close"))
    rows = rows.where(asset.in_(keys), *span)
    return rows, sa.select(date.label("date")).where(close.is_not(None), *span).distinct()


def _span(
    column: sa.ColumnElement[Any], kind: Any, start: dt.date | None, end: dt.date | None
) -> list[sa.ColumnElement[bool]]:
    import sqlalchemy as sa

    out = []
    if start is not None:
        out.append(column >= _day(sa, kind, start))
    if end is not None:
        # Half-open, so that a column of instants at midnight keeps its last day.
        out.append(column < _day(sa, kind, end + dt.timedelta(days=1)))
    return out


def _day(sa: Any, kind: Any, day: dt.date) -> Any:
    if isinstance(kind, sa.DateTime):
        return dt.datetime.combine(day, dt.time())
    return day if isinstance(kind, sa.Date) else day.isoformat()


def _keys(assets: Sequence[str], kind: Any, whole: str) -> list[Any]:
    """Return the assets as the column writes them: CRSP's permno is a number."""
    import sqlalchemy as sa

    if not isinstance(kind, sa.Integer | sa.Numeric):
        return list(assets)
    bad = [name for name in assets if not (name.isascii() and name.isdigit())]
    if bad:
        raise UnknownAssetError(
            f"{whole}: the assets are numbers there, and '{bad[0]}' is none: give its number, "
            f'[assets."{bad[0]}"] symbol = "10107".',
            bad,
        )
    return [int(name) for name in assets]
