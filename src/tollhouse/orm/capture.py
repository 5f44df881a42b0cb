"""Notices in every flush what is to be filled, and writes it down in the transaction of the change.

A statement that changes many rows at once (`update(Post)…`) passes by here; `backfill` finds what it changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from tollhouse.clock import Clock
from tollhouse.columns import order
from tollhouse.orm import states
from tollhouse.orm.entity import Entity
from tollhouse.orm.states import Wish, state_table

CLOCK: Final = "tollhouse_clock"
"""The key in a session's `info` of a clock that is not the system's."""

_SYSTEM: Final = Clock()


def listen() -> None:
    """Notice flushes of all sessions, from now on."""
    if not event.contains(Session, "after_flush", note):
        event.listen(Session, "after_flush", note)


def note(session: Session, _: Any) -> None:
    """Write down what a flush has made stale, what persons have written themselves, and what is gone."""
    now = session.info.get(CLOCK, _SYSTEM).now()
    wishes: dict[Entity, list[Wish]] = defaultdict(list)
    edits: dict[Entity, list[tuple[str, str, str]]] = defaultdict(list)
    for entity, instance, is_new in _changed(session):
        changed = _changes(instance, entity, is_new)
        if not changed:
            continue
        pk = entity.pk_of(instance)
        asked = order.touched(entity.fields, changed)
        for name in changed & entity.fields.keys():
            if getattr(instance, name) is not None:
                edits[entity].append((entity.name, pk, name))
                asked.discard(name)
            else:
                asked.add(name)
        for name in order.ready(entity.fields, asked):
            wishes[entity].append(states.wished(entity, pk, name, now, anew=name in changed))
    for entity, names in edits.items():
        states.edited(states.connection(session, entity), state_table(entity.table.metadata), names, now)
    for entity, wished_for in wishes.items():
        states.wish(states.connection(session, entity), state_table(entity.table.metadata), wished_for)
    _note_deleted(session)


def _changed(session: Session) -> Iterator[tuple[Entity, Any, bool]]:
    for instances, is_new in ((session.new, True), (session.dirty, False)):
        for instance in instances:
            entity = Entity.of_mapper(inspect(instance).mapper)
            if entity.fields:
                yield entity, instance, is_new


def _changes(instance: Any, entity: Entity, is_new: bool) -> set[str]:
    """The attributes that have other values. Of a new row these are all that something is made of."""
    attributes = inspect(instance).attrs
    watched = {*entity.sources, *entity.fields}
    changed = {name for name in watched if attributes[name].history.has_changes()}
    if is_new:
        # Nobody has written what is none yet.
        changed = {name for name in changed if name not in entity.fields or attributes[name].value is not None}
        changed |= {*entity.sources} - entity.fields.keys()
    return changed


def _note_deleted(session: Session) -> None:
    gone: dict[Entity, list[str]] = defaultdict(list)
    for instance in session.deleted:
        entity = Entity.of_mapper(inspect(instance).mapper)
        if entity.fields:
            gone[entity].append(entity.pk_of(instance))
    for entity, pks in gone.items():
        states.forget(states.connection(session, entity), state_table(entity.table.metadata), entity.name, pks)
