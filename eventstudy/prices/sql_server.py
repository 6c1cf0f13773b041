"""How a database is reached: its address, reading alone, and errors without secrets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.errors import InputError, nearest

if TYPE_CHECKING:
    import sqlalchemy as sa

    from eventstudy.prices import PriceSettings

__all__ = ["columns_of", "open_engine", "out_of_reach", "words_of"]

CONNECT_SECONDS = 20
DRIVERS = {"postgresql": "psycopg", "sqlite": None, "duckdb": None}
INSTALL = "pip install 'market-eventstudy[sql]'"


def open_engine(settings: PriceSettings, folder: Path) -> sa.Engine:
    """Return an engine for the database of a study.

    Raises
    ------
    InputError
        No address, one that is malformed, a kind of database that is not known to be read-only,
        or a driver that is not installed.
    """
    try:
        import sqlalchemy as sa
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise InputError(f'source = "sql" needs SQLAlchemy: {INSTALL}.') from None
    url = _url(settings)
    dialect = url.get_backend_name()
    if dialect not in DRIVERS:
        raise InputError(
            f"[prices] url: databases of the kind '{dialect}' are not read; known: "
            f"{', '.join(sorted(DRIVERS))}."
        )
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if dialect == "postgresql":
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    else:
        url, arguments = _local(url, dialect, folder)
        options["connect_args"] = arguments
    try:
        return sa.create_engine(url, **options)
    except (ImportError, sa.exc.NoSuchModuleError):
        raise InputError(
            f"The driver for '{url.drivername}' is not installed: {INSTALL}."
        ) from None
    except (sa.exc.ArgumentError, TypeError, ValueError):
        raise InputError("[prices] url: this is no address of a database.") from None


def _url(settings: PriceSettings) -> sa.URL:
    import sqlalchemy as sa

    variable = getattr(settings, "url_env", None)
    text = getattr(settings, "url", None)
    where = "[prices] url"
    if variable is not None:
        where = f"The environment variable {variable}"
        text = os.environ.get(variable)
        if not text:
            raise InputError(
                f"The environment variable {variable}, which is to hold the address of the "
                "database, is not set."
            )
    try:
        return sa.make_url(text or "")
    except (sa.exc.ArgumentError, ValueError, TypeError):
        # The message of the library repeats the address.
        raise InputError(
            f"{where} is no address of a database; it looks like postgresql://user@host:5432/name."
        ) from None


def _local(url: sa.URL, dialect: str, folder: Path) -> tuple[sa.URL, dict[str, Any]]:
    """Find the file of an embedded database, and open it for reading alone."""
    if not url.database or url.database == ":memory:":
        raise InputError(f"[prices] url: a {dialect} database needs the name of its file.")
    path = folder / url.database
    if not path.is_file():
        raise InputError(f"[prices] url: there is no database file {path}.")
    if dialect == "duckdb":
        return url.set(database=str(path)), {"read_only": True}
    # SQLite takes the mode in a URI of its own.
    quoted = path.resolve().as_uri()
    return url.set(database=quoted, query={"mode": "ro", "uri": "true"}), {}


def words_of(error: Exception, engine: sa.Engine) -> str:
    """Return the first line of what a driver says, without the address and its password."""
    origin = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(origin).splitlines() if line.strip()]
    text = lines[0] if lines else type(origin).__name__
    password = engine.url.password
    if password:
        text = text.replace(str(password), "***")
    return re.sub(r"\b[a-z+]+://\S+", "the address", text)[:300].rstrip(".")


def out_of_reach(error: Exception, dialect: str) -> bool:
    """Return whether trying again may help: SQLite calls every fault operational."""
    import sqlalchemy as sa

    if not isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError):
        return False
    if dialect != "sqlite":
        return True
    return any(word in str(error).casefold() for word in ("locked", "busy", "unable to open"))


def columns_of(
    connection: sa.Connection, name: str, schema: str | None, whole: str
) -> dict[str, Any]:
    """Return the columns of a table or view with their types.

    Raises
    ------
    InputError
        No such table; the message gives the nearest.
    """
    import sqlalchemy as sa

    if connection.dialect.name == "duckdb":
        found, near = _duckdb_columns(connection, name, schema)
    else:
        inspector = sa.inspect(connection)
        try:
            found = {c["name"]: c["type"] for c in inspector.get_columns(name, schema=schema)}
        except sa.exc.NoSuchTableError:
            found = {}
        tables = inspector.get_table_names(schema=schema)
        near = [] if found else [*tables, *inspector.get_view_names(schema=schema)]
    if not found:
        hint = nearest(name, near)
        hint = hint if hint.startswith("; did") else ""
        raise InputError(f"[prices] table: the database has no table '{whole}'{hint}.")
    return found


def _duckdb_columns(
    connection: sa.Connection, name: str, schema: str | None
) -> tuple[dict[str, Any], list[str]]:
    """Ask DuckDB itself: its dialect looks for tables of PostgreSQL that it does not have."""
    import sqlalchemy as sa

    rows = connection.execute(
        sa.text(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = :schema ORDER BY table_name, ordinal_position"
        ),
        {"schema": schema or "main"},
    ).all()
    found = {column: _duckdb_type(kind) for table, column, kind in rows if table == name}
    return found, [str(row[0]) for row in rows]


def _duckdb_type(kind: str) -> Any:
    import sqlalchemy as sa

    if kind == "DATE":
        return sa.Date()
    if kind.startswith("TIMESTAMP"):
        return sa.DateTime()
    return sa.Integer() if kind.endswith(("INT", "INTEGER")) else sa.String()
