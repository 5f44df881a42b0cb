"""Hot statements: SQL as text, written once, run on either database without a toolkit between.

A statement of the toolkit costs ten times what these cost in a batch. Only the ledger and the request
log use them, inside the writer's batch; everything else speaks SQLAlchemy Core.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Sequence[Any]


class Sql(str):
    """One statement with `?` for each parameter, in order; at most one `IN (?)` stands for a list of keys, and last.

    The text after `/*pg*/` is for PostgreSQL only (row locks: SQLite has one writer anyway).
    """

    __slots__ = ("postgresql", "sqlite")

    def __init__(self, text: str) -> None:
        common, _, locking = text.partition("/*pg*/")
        self.sqlite = common.strip()
        numbers = itertools.count(1)
        pieces = (common.replace("IN (?)", "= ANY(?)") + locking).split("?")
        self.postgresql = pieces[0] + "".join(f"${next(numbers)}{piece}" for piece in pieces[1:])


class Batch(Protocol):
    """The open transaction of one batch."""

    def fetch(self, statement: Sql, keys: Sequence[Any]) -> list[Any]:
        """The rows whose key is one of `keys`, for a statement with one `IN (?)`."""
        ...

    def run(self, statement: Sql, rows: list[tuple[Any, ...]]) -> None:
        """Execute once for each tuple of parameters."""
        ...


class SqliteBatch:
    """A batch on the writer's own sqlite3 connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._expanded: dict[tuple[Sql, int], str] = {}

    def fetch(self, statement: Sql, keys: Sequence[Any]) -> list[Any]:
        count = len(keys)
        text = self._expanded.get((statement, count))
        if text is None:
            text = statement.sqlite.replace("IN (?)", f"IN ({','.join('?' * count)})")
            if count <= 64:
                self._expanded[statement, count] = text
        return self._cursor.execute(text, keys).fetchall()

    def run(self, statement: Sql, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            self._cursor.execute(statement.sqlite, rows[0])
        else:
            self._cursor.executemany(statement.sqlite, rows)
