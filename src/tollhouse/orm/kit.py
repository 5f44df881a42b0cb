"""The kit: binds models, sessions and whoever is asked, and makes workers."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

from tollhouse.clock import Clock
from tollhouse.columns import content, events
from tollhouse.columns.asking import Sender
from tollhouse.columns.estimate import Price
from tollhouse.columns.finding import Found
from tollhouse.columns.worker import Worker
from tollhouse.orm import states
from tollhouse.orm.backfill import backfill
from tollhouse.orm.entity import Entity
from tollhouse.orm.shelf import Shelf
from tollhouse.orm.similarity import Similar, field_of, similar
from tollhouse.orm.states import FieldState, state_table
from tollhouse.orm.units import Sessions, Units

QUESTIONS_KEPT: Final = 256
"""Vectors of questions that are remembered, so that the pages of one search are embedded once."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A column of a row that could not be filled, and is not tried any more."""

    entity: str
    pk: str
    field: str
    code: str
    message: str


class Kit:
    """An application's generated and embedded columns."""

    def __init__(
        self,
        base: type[DeclarativeBase],
        sessions: Sessions,
        sender: Sender,
        *,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
        listener: events.Listener = events.log,
    ) -> None:
        """Look through the models of a base.

        Args:
            sessions: a `sessionmaker` or an `async_sessionmaker`, of one database.
            sender: answers, as `tollhouse.client.AsyncClient` does; `Threaded` makes one of a `Client`.
            listener: is told what became of each column.

        Raises:
            ValueError: no model of the base has such columns.
        """
        self._units = Units(sessions)
        self._entities = Entity.all_of(base.registry.mappers)
        self._shelf = Shelf(self._units, self._entities)
        self._states = state_table(base.metadata)
        self._sender, self._listener = sender, listener
        self._clock, self._chance = clock or Clock(), chance
        self._questions: dict[tuple[str, int, str], tuple[float, ...]] = {}

    def worker(self, **options: Any) -> Worker:
        """One more worker: `await worker.run()` in a process or task of its own. `options` are those of `Worker`."""
        made: dict[str, Any] = {"clock": self._clock, "chance": self._chance, "listener": self._listener}
        return Worker(shelf=self._shelf, sender=self._sender, **(made | options))

    async def similar(self, column: InstrumentedAttribute[Any], text: str) -> Similar:
        """How alike rows are to a text, which is embedded now, or was lately. Raises ClientError."""
        field = field_of(column)
        asked = (field.model, field.dims, text)
        vector = self._questions.get(asked)
        if vector is None:
            answer = await self._sender.send(content.embedding(field, [text]))
            while len(self._questions) >= QUESTIONS_KEPT:
                del self._questions[next(iter(self._questions))]
            vector = self._questions[asked] = answer.vectors[0]
        return similar(column, vector, text)

    async def backfill(
        self,
        what: type[Any] | InstrumentedAttribute[Any],
        *,
        dry_run: bool = False,
        price: Price | None = None,
    ) -> Found:
        """Ask for what is missing or stale of a model or of one of its columns, or only count it and its price."""
        entity, fields = _meant(what)
        return await backfill(self._units, entity, fields, dry_run=dry_run, price=price, now=self._clock.now())

    async def state(self, instance: Any, field: str) -> FieldState | None:
        """The state of a column of a row; None for one that nobody has asked for."""
        return await self._units.do(lambda session: states.state_of(session, instance, field))

    async def refresh(self, instance: Any, field: str) -> None:
        """Ask for another value, also over a person's own. Raises AttributeError."""
        entity, now = Entity.of(type(instance)), self._clock.now()
        if field not in entity.fields:
            raise AttributeError(f"{type(instance).__name__}.{field} is not generated or embedded")
        wished = states.wished(entity, entity.pk_of(instance), field, now, anew=True)
        await self._units.do(lambda session: states.wish(states.connection(session, entity), self._states, [wished]))

    async def failed(self, limit: int = 100) -> list[Failure]:
        """Columns that are not tried any more, and why."""
        table = self._states
        query = select(table).where(table.c.status == "failed").order_by(table.c.due_at).limit(limit)
        rows = await self._units.do(lambda session: self._on(session).execute(query).mappings().all())
        return [
            Failure(
                entity=row["entity"], pk=row["pk"], field=row["field"], code=row["error_code"], message=row["error"]
            )
            for row in rows
        ]

    async def retry(self, failures: Iterable[Failure]) -> int:
        """Let columns be tried anew; gives how many."""
        by_name = {entity.name: entity for entity in self._entities}
        now = self._clock.now()
        wishes = [
            states.wished(by_name[one.entity], one.pk, one.field, now) for one in failures if one.entity in by_name
        ]
        await self._units.do(lambda session: states.wish(self._on(session), self._states, wishes))
        return len(wishes)

    def _on(self, session: Session) -> Any:
        return states.connection(session, self._entities[0])


def _meant(what: type[Any] | InstrumentedAttribute[Any]) -> tuple[Entity, Collection[str]]:
    if not isinstance(what, InstrumentedAttribute):
        entity = Entity.of(what)
        return entity, list(entity.fields)
    entity = Entity.of_attribute(what)
    if what.key not in entity.fields:
        raise ValueError(f"{what} is not generated or embedded")
    return entity, [what.key]
