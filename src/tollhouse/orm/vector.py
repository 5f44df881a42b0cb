"""The column type of vectors: float32 in a blob on SQLite, pgvector's or an array of real numbers on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    REAL,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Text,
    cast,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Engine
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from tollhouse.columns.vectors import likeness, pack, unit, unpack
from tollhouse.columns.words import share

SQLITE_FUNCTION = "tollhouse_likeness"
SQLITE_WORDS = "tollhouse_words"


class Vector(TypeDecorator[tuple[float, ...]]):
    """A vector of so many numbers, brought to length one when it is written."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, dims: int, *, pgvector: bool = True) -> None:
        """Args: pgvector: as for `tollhouse.orm.embedded`."""
        super().__init__()
        self.dims = dims
        self.pgvector = pgvector

    def __repr__(self) -> str:
        # As Alembic writes it into a migration.
        return f"Vector({self.dims}, pgvector={self.pgvector})"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(LargeBinary())
        return dialect.type_descriptor(PgVector(self.dims) if self.pgvector else ARRAY(REAL))

    def process_bind_param(self, value: Sequence[float] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        vector = unit(value, self.dims)
        if dialect.name != "postgresql":
            return pack(vector)
        return msgspec.json.encode(vector).decode() if self.pgvector else list(vector)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[float, ...] | None:
        if value is None:
            return None
        if isinstance(value, bytes):
            return unpack(value)
        return msgspec.json.decode(value, type=tuple[float, ...]) if isinstance(value, str) else tuple(value)


def is_pgvector(column: ColumnElement[Any]) -> bool:
    """On PostgreSQL, the extension keeps the vectors of a column."""
    return isinstance(column.type, Vector) and column.type.pgvector


class PgVector(UserDefinedType[str]):
    """pgvector's type, said and read as text, so that no driver needs to know it."""

    cache_ok = True

    def __init__(self, dims: int) -> None:
        self.dims = dims

    def get_col_spec(self, **_: Any) -> str:
        return f"vector({self.dims})"

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[str]:
        # Drivers that describe a statement first would ask for a value of a type that they do not know.
        return cast(cast(bindparam, Text), self)


@event.listens_for(Engine, "connect")
def _teach_sqlite(dbapi_connection: Any, _: Any) -> None:
    """Let SQLite compare vectors, and words, on every connection."""
    create_function = getattr(dbapi_connection, "create_function", None)
    if create_function is not None:
        create_function(SQLITE_FUNCTION, 2, likeness, deterministic=True)
        create_function(SQLITE_WORDS, 2, share, deterministic=True)


@event.listens_for(Column, "after_parent_attach")
def _need_extension(column: Column[Any], table: Any) -> None:
    """Where the table is created, the extension is too: who may not is told by PostgreSQL what is missing."""
    kind = column.type
    if isinstance(kind, Vector) and kind.pgvector:
        event.listen(table, "before_create", _create_extension)


def _create_extension(_: Any, connection: Connection, **options: Any) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
