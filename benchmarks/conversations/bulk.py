"""Rows by the million, as each database takes them quickest: COPY, or prepared rows in few transactions.

References are not checked, and indices are made when all is there; what stands in the database in the end is the same.
The index of search is built at once, where years of talking would have it grow and be merged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.schema import CreateIndex

from benchmarks import postgres
from tollhouse.store.conversation_tables import FTS5, GIN, conversation, message, run, searchable

Row: TypeAlias = tuple[Any, ...]

TABLES = (conversation, message, run, searchable)
INDICES = tuple(index for table in TABLES for index in table.indexes)


class Bulk(Protocol):
    """Takes rows: values as the database keeps them, in the order of the columns."""

    async def add(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None: ...


class SqliteBulk:
    """Through a connection of its own, whose writes nothing has to survive."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def add(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        places = ", ".join("?" * len(columns))
        self._connection.execute("BEGIN")
        self._connection.executemany(
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})",
            rows,
        )
        self._connection.execute("COMMIT")


class PostgresBulk:
    """Through a connection of its own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        await self._connection.copy_records_to_table(table.name, records=rows, columns=columns)


@asynccontextmanager
async def sqlite_bulk(path: Path) -> AsyncIterator[Bulk]:
    """Of the file of a store that does nothing meanwhile."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-262144", "wal_autocheckpoint=20000"):
            connection.execute(f"PRAGMA {pragma}")
        for index in INDICES:
            connection.execute(f"DROP INDEX {index.name}")
        connection.execute("DROP TRIGGER search_added")
        yield SqliteBulk(connection)
        for index in INDICES:
            connection.execute(str(CreateIndex(index).compile(dialect=sqlite_dialect.dialect())))
        connection.execute("INSERT INTO search_text (search_text) VALUES ('rebuild')")
        connection.execute(next(one for one in FTS5 if "search_added" in one))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


@asynccontextmanager
async def postgres_bulk(url: str) -> AsyncIterator[Bulk]:
    """Of a database that nobody else uses meanwhile."""
    connection = await postgres.connect(url)
    try:
        for setting in ("session_replication_role = replica", "synchronous_commit = off"):
            await connection.execute(f"SET {setting}")
        for index in INDICES:
            await connection.execute(f"DROP INDEX {index.name}")
        await connection.execute("DROP INDEX search_document, search_pieces")
        yield PostgresBulk(connection)
        for setting in ("maintenance_work_mem = '512MB'", "max_parallel_maintenance_workers = 2"):
            await connection.execute(f"SET {setting}")
        for index in INDICES:
            await connection.execute(str(CreateIndex(index).compile(dialect=postgresql_dialect.dialect())))
        for statement in GIN:
            await connection.execute(statement)
    finally:
        await connection.close()
