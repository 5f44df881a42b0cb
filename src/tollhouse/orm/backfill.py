"""Goes through tables for columns that are missing or stale: rows from before, and those that statements changed.

What a session flushes is seen at once (`capture`); this is for truth, and for new columns and new prompts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, tuple_, update

from tollhouse.columns import estimate, finding, order
from tollhouse.columns.finding import Found
from tollhouse.orm import states
from tollhouse.orm.entity import Entity
from tollhouse.orm.shelf import sources_of
from tollhouse.orm.states import state_table
from tollhouse.orm.units import Units

ROWS = 500
"""Rows of one transaction."""


async def backfill(
    units: Units,
    entity: Entity,
    fields: Collection[str],
    *,
    dry_run: bool,
    price: estimate.Price | None,
    now: datetime,
) -> Found:
    """Write down what is to be filled, in many small transactions; with `dry_run` only count it."""
    counted: Counter[str] = Counter()
    after: Sequence[Any] | None = None
    while True:
        start = after

        def page(session: Any, start: Sequence[Any] | None = start) -> tuple[Counter[str], Sequence[Any] | None]:
            on = states.connection(session, entity)
            return _page(on, entity, fields, start, None if dry_run else now)

        found, after = await units.do(page)
        counted += found
        if after is None:
            break
    counted["gone"] += await _forget_gone(units, entity, dry_run=dry_run)
    return finding.found(counted, price)


def _page(
    on: Connection, entity: Entity, fields: Collection[str], after: Sequence[Any] | None, now: datetime | None
) -> tuple[Counter[str], Sequence[Any] | None]:
    """What a page of rows comes to, and the key after which it goes on; wishes are made where `now` is told."""
    counted: Counter[str] = Counter()
    values = [entity.columns[name] for name in fields]
    query = select(*entity.key, *(value.is_not(None) for value in values)).where(entity.is_of_class)
    query = query.order_by(*entity.key).limit(ROWS)
    if after is not None:
        query = query.where(_behind(entity, after))
    rows = on.execute(query).all()
    width = len(entity.key)
    has_value = {entity.pk(row[:width]): dict(zip(fields, row[width:], strict=True)) for row in rows}
    known = _known(on, entity, fields, has_value)
    wishes: list[states.Wish] = []
    for pk, sources in (sources_of(on, entity, has_value) if rows else {}).items():
        wanted: set[str] = set()
        for name in fields:
            field, state = entity.fields[name], known.get((pk, name))
            if finding.count(counted, field, sources, state, has_value=has_value[pk][name]):
                wanted.add(name)
                if now is not None and finding.is_of_another_space(field, state):
                    on.execute(update(entity.table).where(entity.is_row(pk)).values({entity.columns[name]: None}))
        if now is not None:
            wishes += [states.wished(entity, pk, name, now) for name in order.ready(entity.fields, wanted)]
    states.wish(on, state_table(entity.table.metadata), wishes)
    return counted, rows[-1][:width] if len(rows) == ROWS else None


def _behind(entity: Entity, after: Sequence[Any]) -> ColumnElement[bool]:
    behind: ColumnElement[bool] = tuple_(*entity.key) > tuple_(*after)
    return behind


def _known(
    on: Connection, entity: Entity, fields: Collection[str], pks: Collection[str]
) -> dict[tuple[str, str], Mapping[Any, Any]]:
    table = state_table(entity.table.metadata)
    query = select(table).where(
        table.c.entity == entity.name, table.c.pk.in_(list(pks)), table.c.field.in_(list(fields))
    )
    return {(row["pk"], row["field"]): row for row in on.execute(query).mappings()}


async def _forget_gone(units: Units, entity: Entity, *, dry_run: bool) -> int:
    table = state_table(entity.table.metadata)
    gone, after = 0, ""

    def page(session: Any, after: str) -> tuple[list[str], set[str]]:
        on = states.connection(session, entity)
        query = select(table.c.pk).distinct().where(table.c.entity == entity.name, table.c.pk > after)
        pks = list(on.execute(query.order_by(table.c.pk).limit(ROWS)).scalars())
        missing = {*pks} - sources_of(on, entity, pks).keys() if pks else set()
        if missing and not dry_run:
            states.forget(on, table, entity.name, missing)
        return pks, missing

    while True:
        start = after
        pks, missing = await units.do(lambda session, start=start: page(session, start))  # type: ignore[misc]
        gone += len(missing)
        if len(pks) < ROWS:
            return gone
        after = pks[-1]
