"""Open the store that a database URL names, with its schema in order."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from sqlalchemy import Connection, make_url

from tollhouse.errors import CannotStart
from tollhouse.store import schema
from tollhouse.store.engine import Store
from tollhouse.store.writer import SqliteStore


async def open_store(*, database_url: str, may_migrate: bool, synchronous: str = "NORMAL") -> Store:
    """Open `sqlite:///path` or `postgresql://…`, inside a running event loop.

    Args:
        database_url: where.
        may_migrate: bring an older schema up to date; an empty database always gets its tables.
        synchronous: SQLite's own setting, NORMAL (safe against a killed process) or FULL (also against power loss).

    Raises:
        CannotStart: no such kind of database, or its schema is not this version's.
    """
    url = make_url(database_url)
    store = _open(url.get_backend_name(), database_url, url.database, synchronous)
    try:
        await store.write(lambda tx: schema.prepare(cast(Connection, tx), may_migrate=may_migrate))
    except BaseException:
        await store.aclose()
        raise
    return store


def _open(backend: str, url: str, path: str | None, synchronous: str) -> Store:
    if backend == "sqlite" and path:
        return SqliteStore(Path(path), synchronous=synchronous)
    if backend == "postgresql":
        try:
            # Late import: asyncpg is an extra, and 15 MiB that a SQLite installation does not need.
            from tollhouse.store.postgres import PostgresStore
        except ImportError as error:
            raise CannotStart("PostgreSQL needs an extra: pip install 'tollhouse[postgres]'") from error
        return PostgresStore(url)
    raise CannotStart(f"the database must be sqlite:///path or postgresql://…, not {backend}:")
