"""Open the store that a database URL names, with its schema in order."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import cast

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from tollhouse.errors import CannotStart
from tollhouse.store import schema
from tollhouse.store.engine import Locked, Store, is_busy
from tollhouse.store.writer import SqliteStore

PATIENCE_S = 15.0
"""A start waits so long for another process's write: a migration, a copy, whatever a person does with the file."""

PAUSE_S = 0.05


async def open_store(*, database_url: str, may_migrate: bool, synchronous: str = "NORMAL") -> Store:
    """Open `sqlite:///path` or `postgresql://…`, inside a running event loop.

    Args:
        database_url: where.
        may_migrate: bring an older schema up to date; an empty database always gets its tables.
        synchronous: SQLite's own setting, NORMAL (safe against a killed process) or FULL (also against power loss).

    Raises:
        CannotStart: no such kind of database, its schema is not this version's, or another process does not let it go.
    """
    url, loop = _read(database_url), asyncio.get_running_loop()
    began_s = loop.time()
    while True:
        try:
            store = _open(url.get_backend_name(), database_url, url.database, synchronous)
            try:
                await store.write(lambda tx: schema.prepare(cast(Connection, tx), may_migrate=may_migrate))
            except BaseException:
                await store.aclose()
                raise
        except (Locked, sqlite3.OperationalError) as error:
            if not isinstance(error, Locked) and not is_busy(error):
                raise
            if loop.time() - began_s >= PATIENCE_S:
                raise CannotStart(
                    f"another process writes to {url.database} and does not finish: wait for it, or end it"
                    f" (`fuser {url.database}` tells which), then start again"
                ) from error
            await asyncio.sleep(PAUSE_S)
        else:
            return store


def _read(database_url: str) -> URL:
    try:
        return make_url(database_url)
    except (ArgumentError, ValueError):
        # Neither quoted nor chained: it may hold a password.
        raise CannotStart("the database must be sqlite:///path or postgresql://user:password@host/database") from None


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
