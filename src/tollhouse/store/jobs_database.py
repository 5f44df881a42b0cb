"""Where the job engine keeps its tables: a SQLite file of its own, or a schema of its own in our PostgreSQL database.

On SQLite it must not be the ledger's file: the engine begins each transaction as a writer, and whoever writes beside it
waits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, create_engine, event, make_url

BUSY_TIMEOUT_MS = 30_000
SCHEMA = "tollhouse_jobs"


class JobsDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two.

    Attributes:
        path: of the SQLite file; None for PostgreSQL, which `url` then names.
    """

    path: Path | None = None
    url: str | None = None
    schema: str = SCHEMA
    pool_size: int = 8

    @contextmanager
    def opened(self) -> Iterator[tuple[str, Engine | None]]:
        """Its address, and for SQLite the connections that are to be used."""
        if self.path is None:
            yield make_url(self.url or "").set(drivername="postgresql").render_as_string(hide_password=False), None
            return
        engine = sqlite_engine(self.path)
        try:
            yield f"sqlite:///{self.path}", engine
        finally:
            engine.dispose()


def jobs_beside(database_url: str) -> JobsDatabase:
    """The place that belongs to a store's: `jobs.db` in the same folder, or the same PostgreSQL database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return JobsDatabase(path=Path(url.database or "").with_name("jobs.db"))
    return JobsDatabase(url=database_url)


def sqlite_engine(path: Path) -> Engine:
    """Connections in WAL mode, whose transactions begin as writers: five times as quick as the engine's own."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine
