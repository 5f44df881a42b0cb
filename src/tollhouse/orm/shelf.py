"""The worker's shelf over SQLAlchemy: takes what is due, and puts values into rows that are still what they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, Update, delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from tollhouse.columns import content, order
from tollhouse.columns.field import Field
from tollhouse.columns.shelf import Made, Name, Task, Trouble
from tollhouse.money.amounts import Nanodollars
from tollhouse.orm import states
from tollhouse.orm.entity import Entity
from tollhouse.orm.states import state_table
from tollhouse.orm.units import Units

RELEASED: Final[Mapping[str, Any]] = {"lease": None, "lease_until": None}


class Shelf:
    """Rows of an application's tables, and the states of their columns."""

    def __init__(self, units: Units, entities: Iterable[Entity]) -> None:
        """Over entities of one database. Raises ValueError for none."""
        self._units = units
        self._entities = {entity.name: entity for entity in entities}
        if not self._entities:
            raise ValueError("no model has generated or embedded columns: mix `AIModel` in, before the base")
        self.fields: Mapping[Name, Field] = {
            (entity.name, name): field for entity in self._entities.values() for name, field in entity.fields.items()
        }
        self._first = next(iter(self._entities.values()))
        self._states: Table = state_table(self._first.table.metadata)

    async def take(self, *, now: datetime, until: datetime, lease: str, limit: int) -> Sequence[Task]:
        return await self._units.do(lambda session: self._take(session, now, until, lease, limit))

    async def renew(self, tasks: Collection[Task], until: datetime) -> None:
        leases = {task.lease for task in tasks}
        renewed = update(self._states).where(self._states.c.lease.in_(leases)).values(lease_until=until)
        await self._units.do(lambda session: self._on(session).execute(renewed))

    async def put(self, task: Task, made: Made | None, now: datetime) -> bool:
        return await self._units.do(lambda session: self._put(session, task, made, now))

    async def put_off(self, task: Task, trouble: Trouble, *, due_at: datetime | None, now: datetime) -> None:
        table = self._states
        said: dict[str, Any] = {
            "error_code": trouble.code,
            "error": trouble.message,
            **RELEASED,
        }
        said |= {"status": "failed"} if due_at is None else {"due_at": due_at}
        if not trouble.counts:
            said["attempts"] = table.c.attempts - 1
        if trouble.wasted:
            said["answers"] = table.c.answers + 1

        def work(session: Session) -> None:
            on = self._on(session)
            self._note_cost(on, task, trouble.cost)
            on.execute(self._if_held(task).values(said))

        await self._units.do(work)

    async def forget(self, task: Task) -> None:
        gone = delete(self._states).where(self._is(task))
        await self._units.do(lambda session: self._on(session).execute(gone))

    def _take(self, session: Session, now: datetime, until: datetime, lease: str, limit: int) -> Sequence[Task]:
        table, on = self._states, self._on(session)
        key = (table.c.entity, table.c.pk, table.c.field)
        due = (
            select(*key)
            .where(
                table.c.status == "pending",
                table.c.due_at <= now,
                or_(table.c.lease_until.is_(None), table.c.lease_until < now),
                tuple_(table.c.entity, table.c.field).in_(list(self.fields)),
            )
            .order_by(table.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken = (
            update(table)
            .where(tuple_(*key).in_(due))
            .values(lease=lease, lease_until=until, attempts=table.c.attempts + 1)
            .returning(table)
        )
        rows = on.execute(taken).mappings().all()
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for name in {row["entity"] for row in rows}:
            entity = self._entities[name]
            pks = {row["pk"] for row in rows if row["entity"] == name}
            found |= {(name, pk): sources for pk, sources in sources_of(on, entity, pks).items()}
        return [_task(row, lease, found.get((row["entity"], row["pk"]))) for row in rows]

    def _put(self, session: Session, task: Task, made: Made | None, now: datetime) -> bool:
        on, entity, field = self._on(session), self._entities[task.entity], self.fields[task.name]
        # First the row and then its state, as in the transactions of those who change it: else both could wait.
        on.execute(select(*entity.key).where(entity.is_row(task.pk)).with_for_update())
        if made is not None:
            self._note_cost(on, task, made.cost)
        # On SQLite this takes the lock, so that the row is read as nobody can change it any more.
        held = on.execute(self._if_held(task).values(lease=task.lease))
        if held.rowcount == 0:
            return False
        sources = sources_of(on, entity, [task.pk]).get(task.pk)
        if sources is None:
            on.execute(delete(self._states).where(self._is(task)))
            return False
        fingerprint = task.fingerprint if made is None else made.fingerprint
        if content.fingerprint(field, sources) != fingerprint:
            # A statement has changed it that no session saw.
            again = {"due_at": now, "attempts": 0, "answers": 0, **RELEASED}
            on.execute(self._if_held(task).values(again))
            return False
        done: dict[str, Any] = {"status": "fresh", **RELEASED}
        done |= {"attempts": 0, "answers": 0, "error_code": None, "error": None}
        if made is not None:
            done |= {"fingerprint": fingerprint, "model": field.model, "request_id": made.request_id, "made_at": now}
            filled = update(entity.table).where(entity.is_row(task.pk))
            on.execute(filled.values({entity.columns[task.field]: made.value}))
        on.execute(self._if_held(task).values(done))
        behind = order.ready(entity.fields, order.touched(entity.fields, {task.field}))
        states.wish(on, self._states, [states.wished(entity, task.pk, name, now) for name in behind])
        return True

    def _note_cost(self, on: Connection, task: Task, cost: Nanodollars | None) -> None:
        """What was paid is noted, whatever becomes of the value."""
        if cost:
            spent = self._states.c.spent_nanodollars + cost
            on.execute(update(self._states).where(self._is(task)).values(spent_nanodollars=spent))

    def _is(self, task: Task) -> ColumnElement[bool]:
        table = self._states
        return (table.c.entity == task.entity) & (table.c.pk == task.pk) & (table.c.field == task.field)

    def _if_held(self, task: Task) -> Update:
        """A change of the state, if nobody has taken the lease and no change of the row has ended it."""
        return update(self._states).where(self._is(task), self._states.c.lease == task.lease)

    def _on(self, session: Session) -> Connection:
        return states.connection(session, self._first)


def sources_of(on: Connection, entity: Entity, pks: Collection[str]) -> dict[str, dict[str, Any]]:
    """What the columns of rows are made of, by the rows' names; those that are gone are left out."""
    sources = [entity.columns[name].label(f"source_{name}") for name in entity.sources]
    query = select(*entity.key, *sources).where(or_(*(entity.is_row(pk) for pk in pks)))
    width = len(entity.key)
    return {
        entity.pk(row[:width]): dict(zip(entity.sources, row[width:], strict=True)) for row in on.execute(query).all()
    }


def _task(row: Mapping[Any, Any], lease: str, sources: Mapping[str, Any] | None) -> Task:
    return Task(
        entity=row["entity"],
        pk=row["pk"],
        field=row["field"],
        version=row["version"],
        lease=lease,
        attempts=row["attempts"],
        answers=row["answers"],
        complaint=row["error"] if row["error_code"] == "malformed" else None,
        fingerprint=row["fingerprint"],
        sources=sources,
    )
