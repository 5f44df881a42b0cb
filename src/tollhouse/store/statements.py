"""Hot statements: SQL as text, made once, run on either database without a toolkit between.

A statement of the toolkit costs ten times what these cost in a batch. Only the ledger and the request log use them,
inside the writer's batch; everything else speaks SQLAlchemy Core. What is read is one `Query` with a list of keys. What
is written is a `Write` of many rows: SQLite executes it for each row, PostgreSQL once, over all of them in one JSON
text. An array for each column takes longer to send: the driver asks of each value whether it is an array.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from tollhouse.store.types import Flag

Row: TypeAlias = Sequence[Any]

_POSTGRES_TYPES: Final = {"text": "text", "big_integer": "bigint", "integer": "integer", "boolean": "boolean"}


class Query:
    """A SELECT for many keys, whose `IN (?)` stands last. The text after `/*pg*/` is for PostgreSQL only: row locks,
    which SQLite does not need, because it has one writer anyway."""

    __slots__ = ("postgresql", "sqlite")

    def __init__(self, text: str) -> None:
        common, _, locking = text.partition("/*pg*/")
        self.sqlite = common.strip()
        self.postgresql = common.replace("IN (?)", "= ANY($1)") + locking


class Write:
    """An INSERT or UPDATE of many rows; see `inserting` and `updating`.

    Attributes:
        table: the table's name.
        key: where in a row its id stands; None in a table whose rows are only ever added.
        sqlite: with a `?` for each value of a row.
    """

    __slots__ = ("_postgresql", "key", "sqlite", "table")

    def __init__(self, table: Table, names: Sequence[str], sqlite: str, postgresql: str) -> None:
        """`names` are those of a row's values; `postgresql` has `{}` where the rows come from."""
        self.table = table.name
        self.key = names.index("id") if "id" in names else None
        self.sqlite = sqlite
        values = (f"(it->>{at})::{_postgres_type(table.c[name].type)} AS {name}" for at, name in enumerate(names))
        self._postgresql = postgresql.format(
            f"(SELECT {', '.join(values)} FROM jsonb_array_elements({{}}) AS it) AS new"  # noqa: S608
        )

    def postgresql(self, number: int) -> str:
        """With all rows as one parameter of this number: an array of arrays, as JSON."""
        return self._postgresql.format(f"${number}::jsonb")


def inserting(table: Table, columns: Sequence[str], on_conflict: str = "") -> Write:
    """Insert rows of values in the order of `columns`; `on_conflict` is the clause of that name."""
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    return Write(
        table,
        columns,
        f"{into} VALUES ({', '.join('?' * len(columns))}) {on_conflict}",
        f"{into} SELECT * FROM {{}} {on_conflict}",  # noqa: S608
    )


def updating(table: Table, columns: Sequence[str], *, also: str = "") -> Write:
    """Set columns of rows: values in the order of `columns`, then the row's id. `also` is what is set in each."""
    name = table.name
    fixed = [also] if also else []
    return Write(
        table,
        (*columns, "id"),
        f"UPDATE {name} SET {', '.join([*(f'{each} = ?' for each in columns), *fixed])} WHERE id = ?",  # noqa: S608
        f"UPDATE {name} SET {', '.join([*(f'{each} = new.{each}' for each in columns), *fixed])}"  # noqa: S608
        f" FROM {{}} WHERE {name}.id = new.id",
    )


@lru_cache(maxsize=64)
def at_once(queries: tuple[Query, ...]) -> str:
    """Queries as one statement for PostgreSQL, with an array of keys each: one row, of all that each of them found."""
    parts = range(len(queries))
    texts = [query.postgresql.replace("$1", f"${number}") for number, query in enumerate(queries, 1)]
    found = ", ".join(f"found_{part} AS ({texts[part]})" for part in parts)
    return f"WITH {found} SELECT {', '.join(f'(SELECT array_agg(found_{part}) FROM found_{part})' for part in parts)}"  # noqa: S608


@lru_cache(maxsize=64)
def together(writes: tuple[Write, ...]) -> str:
    """Writes of different rows as one statement for PostgreSQL, with a parameter for the rows of each."""
    *others, last = (write.postgresql(number) for number, write in enumerate(writes, 1))
    if not others:
        return last
    return f"WITH {', '.join(f'write_{number} AS ({text})' for number, text in enumerate(others))} {last}"


class Batch(Protocol):
    """The open transaction of one batch."""

    def fetch(self, query: Query, keys: Sequence[Any]) -> list[Any]:
        """The rows whose key is one of `keys`."""
        ...

    def fetch_each(self, *asked: tuple[Query, Sequence[Any]]) -> list[list[Any]]:
        """What each query finds for its keys, nothing where there are none; in one round trip."""
        ...

    def run(self, write: Write, rows: list[tuple[Any, ...]]) -> None:
        """Write the rows, of which there is at least one: now, or at the latest before what is fetched next."""
        ...


class SqliteBatch:
    """A batch on the writer's own sqlite3 connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._expanded: dict[tuple[Query, int], str] = {}

    def fetch(self, query: Query, keys: Sequence[Any]) -> list[Any]:
        count = len(keys)
        text = self._expanded.get((query, count))
        if text is None:
            text = query.sqlite.replace("IN (?)", f"IN ({','.join('?' * count)})")
            if count <= 64:
                self._expanded[query, count] = text
        return self._cursor.execute(text, keys).fetchall()

    def fetch_each(self, *asked: tuple[Query, Sequence[Any]]) -> list[list[Any]]:
        return [self.fetch(query, keys) if keys else [] for query, keys in asked]

    def run(self, write: Write, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            self._cursor.execute(write.sqlite, rows[0])
        else:
            self._cursor.executemany(write.sqlite, rows)


def _postgres_type(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, Flag):
        return "boolean::integer"
    plain = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    return _POSTGRES_TYPES[plain.__visit_name__]
