"""`ai_field_state`: what is to be filled, what has been, and what could not. One row for each row and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, String, Table, Text, delete, select
from sqlalchemy.orm import Session, object_session

from tollhouse.columns.field import Generated
from tollhouse.columns.shelf import Status
from tollhouse.money.amounts import Nanodollars
from tollhouse.orm.entity import Entity
from tollhouse.store.types import UPSERTS, Instant

TABLE: Final = "ai_field_state"


def state_table(metadata: MetaData) -> Table:
    """The table, in an application's metadata."""
    known = metadata.tables.get(TABLE if metadata.schema is None else f"{metadata.schema}.{TABLE}")
    if known is not None:
        return known
    return Table(
        TABLE,
        metadata,
        Column("entity", String(255), primary_key=True),
        Column("pk", Text, primary_key=True),
        Column("field", String(255), primary_key=True),
        Column("status", String(16), nullable=False),
        Column("version", BigInteger, nullable=False, server_default="1"),
        Column("fingerprint", String(64)),
        Column("model", Text),
        Column("request_id", Text),
        Column("due_at", Instant, nullable=False),
        Column("made_at", Instant),
        Column("lease", String(64)),
        Column("lease_until", Instant),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("answers", Integer, nullable=False, server_default="0"),
        Column("error_code", Text),
        Column("error", Text),
        Column("spent_nanodollars", BigInteger, nullable=False, server_default="0"),
        Index("ai_field_state_due", "status", "due_at"),
    )


@dataclass(frozen=True, kw_only=True)
class FieldState:
    """What is known of one column of one row.

    Attributes:
        status: `pending` until it is filled, `fresh`, `failed`, or `edited` by a person, whose value is kept.
        is_stale: it has a value, made of what the row was before.
        error_code, error: why it is not filled yet, or will not be.
        due_at: when it is tried, while it is pending.
        spent: what all its answers cost, as far as their prices are known.
    """

    status: Status
    is_stale: bool
    model: str | None
    request_id: str | None
    made_at: datetime | None
    due_at: datetime
    attempts: int
    error_code: str | None
    error: str | None
    spent: Nanodollars


class RowStates:
    """The states of one object's columns, each by its name, as its session reads them."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    def __getattr__(self, field: str) -> FieldState | None:
        if field.startswith("__"):
            raise AttributeError(field)
        session = object_session(self._instance)
        if session is None:
            raise ValueError("the object belongs to no session, so its states cannot be read: use `Kit.state`")
        return state_of(session, self._instance, field)


def state_of(session: Session, instance: Any, field: str) -> FieldState | None:
    """The state of a column of a row; None for one that nobody has asked for. Raises AttributeError."""
    entity = Entity.of(type(instance))
    if field not in entity.fields:
        raise AttributeError(f"{type(instance).__name__}.{field} is not generated or embedded")
    table = state_table(entity.table.metadata)
    query = select(table).where(
        table.c.entity == entity.name, table.c.pk == entity.pk_of(instance), table.c.field == field
    )
    row = connection(session, entity).execute(query).mappings().first()
    return None if row is None else read(row)


def read(row: Mapping[Any, Any]) -> FieldState:
    """A row as a value."""
    return FieldState(
        status=row["status"],
        is_stale=row["status"] != "fresh" and row["fingerprint"] is not None,
        model=row["model"],
        request_id=row["request_id"],
        made_at=row["made_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        error_code=row["error_code"],
        error=row["error"],
        spent=row["spent_nanodollars"],
    )


@dataclass(frozen=True, kw_only=True)
class Wish:
    """That a column of a row is filled.

    Attributes:
        anew: also when nothing has changed that it is made of.
        over_edits: also when a person has written the value.
    """

    entity: str
    pk: str
    field: str
    due_at: datetime
    anew: bool = False
    over_edits: bool = False


def wished(entity: Entity, pk: str, field: str, now: datetime, *, anew: bool = False) -> Wish:
    """The wish that one column of a row is filled after it has rested; a wish for another value is over edits."""
    definition = entity.fields[field]
    return Wish(
        entity=entity.name,
        pk=pk,
        field=field,
        due_at=now + timedelta(seconds=definition.debounce_s),
        anew=anew,
        over_edits=anew or not isinstance(definition, Generated) or definition.on_edit == "regenerate",
    )


def wish(on: Connection, table: Table, wishes: Iterable[Wish]) -> None:
    """Write down what is to be filled; whoever is at work on it works in vain."""
    groups: dict[tuple[bool, bool], list[dict[str, Any]]] = {}
    for one in wishes:
        named = {"entity": one.entity, "pk": one.pk, "field": one.field, "due_at": one.due_at}
        groups.setdefault((one.anew, one.over_edits), []).append({**named, "status": "pending"})
    for (anew, over_edits), rows in groups.items():
        fresh: dict[str, Any] = {"attempts": 0, "answers": 0, "error_code": None, "error": None}
        if anew:
            fresh["fingerprint"] = None
        _upsert(on, table, rows, fresh, None if over_edits else table.c.status != "edited")


def edited(on: Connection, table: Table, names: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Note that persons have written values of their own."""
    rows = [{"entity": entity, "pk": pk, "field": field} for entity, pk, field in names]
    common = {"status": "edited", "due_at": now}
    _upsert(on, table, [{**row, **common} for row in rows], {"fingerprint": None, "error_code": None, "error": None})


def forget(on: Connection, table: Table, entity: str, pks: Iterable[str]) -> None:
    """Forget all that is known of rows that are deleted."""
    on.execute(delete(table).where(table.c.entity == entity, table.c.pk.in_(list(pks))))


def connection(session: Session, entity: Entity) -> Connection:
    """The session's connection to where an entity's rows are, in its transaction."""
    return session.connection(bind_arguments={"mapper": entity.mapper})


def _upsert(
    on: Connection, table: Table, rows: list[dict[str, Any]], fresh: Mapping[str, Any], where: Any = None
) -> None:
    if not rows:
        return
    insert = UPSERTS.get(on.dialect.name)
    if insert is None:
        raise ValueError(f"generated columns are for SQLite and PostgreSQL, not for {on.dialect.name}")
    statement = insert(table)
    changes = {name: statement.excluded[name] for name in ("status", "due_at")}
    released = {"version": table.c.version + 1, "lease": None, "lease_until": None}
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.entity, table.c.pk, table.c.field], set_={**changes, **released, **fresh}, where=where
    )
    on.execute(statement, cast(Any, rows))
