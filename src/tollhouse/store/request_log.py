"""What somebody looks for in the request log: which rows that is, and a page of them.

A page costs the same however long the log is and however little of it matches. What an index finds is found by it. Of
what none finds, a page looks at so many rows and no more: then it has fewer than were asked for, or none, and says how
far it has looked.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, literal_column, or_, select

from tollhouse import ids
from tollhouse.store.conversation_tables import run
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page
from tollhouse.store.tables import request
from tollhouse.store.types import to_micros

ROWS_MOST = 20_000
"""So many rows that lie side by side are looked at in a few hundredths of a second."""

ENTRIES_MOST = 40_000
"""The same for entries of an index, without the rows."""

FOUND_MOST = 4_000
"""The same for rows that an index finds, each by itself."""

AT_ONCE = 500
"""So many ids are asked for in a statement."""

Where: TypeAlias = tuple[ColumnElement[bool], ...]

HAS_FAILED = request.c.outcome != literal_column("'succeeded'")
"""Spelled out, as the index of what has failed is: a database cannot know that a parameter is always that."""


class Looked(NamedTuple):
    """A page as it was read, with one row more where there is one; and the last id that was looked at, where the page
    ends because it has looked at enough."""

    rows: list[Any]
    end: str | None


def look(
    tx: Reading, page: Page, *, since: datetime | None = None, until: datetime | None = None, **filters: Any
) -> Looked:
    """A page of the log, by id, which is by time; `filters` as for `matching`."""
    return _read(tx, select(request), page, _between(since, until), filters)


def count(
    tx: Reading, page: Page, *, since: datetime | None = None, until: datetime | None = None, **filters: Any
) -> tuple[int, bool]:
    """How many rows such a page has, and whether there may be more."""
    rows, end = _read(tx, select(request.c.id), page, _between(since, until), filters)
    return min(len(rows), page.limit), len(rows) > page.limit or end is not None


def matching(
    *,
    user_id: str | None = None,
    workspace_id: str | None = None,
    token_id: str | None = None,
    status: int | None = None,
    outcome: str | None = None,
    failed: bool | None = None,
    provider: str | None = None,
    model: str | None = None,
    tag: str | None = None,
    run_id: str | None = None,
    conversation_id: str | None = None,
    cost_status: str | None = None,
) -> Where:
    """What a row is that is asked for: everything that is said holds of it."""
    said = {
        "user_id": user_id,
        "workspace_id": workspace_id,
        "token_id": token_id,
        "status": status,
        "outcome": outcome,
        "provider": provider,
        "tag": tag,
        "run_id": run_id,
        "cost_status": cost_status,
    }
    where = [request.c[name] == value for name, value in said.items() if value is not None]
    if model is not None:
        where.append(_is_model(model))
    if conversation_id is not None:
        where.append(request.c.run_id.in_(select(run.c.id).where(run.c.conversation_id == conversation_id)))
    if failed is not None:
        where.append(HAS_FAILED if failed else ~HAS_FAILED)
    return tuple(where)


def indexed(**filters: Any) -> Where:
    """What of it an index has in the order of time."""
    said = {name: value for name, value in filters.items() if value is not None}
    way = _way(said.keys(), has_failed=False)
    return matching(**{name: said[name] for name in way.names})


def _is_model(name: str) -> ColumnElement[bool]:
    """Whether it is this model, as its provider calls it, which may have a slash itself, or as `provider/model`."""
    provider, _, model = name.partition("/")
    return or_(request.c.model == name, and_(request.c.provider == provider, request.c.model == model))


def _implies_failure(status: int | None, outcome: str | None) -> bool:
    """Whether only what has failed can be like that: then the index of it finds it."""
    return (status is not None and status != 200) or (outcome is not None and outcome != "succeeded")


def _read(tx: Reading, query: Select[Any], page: Page, between: Where, filters: dict[str, Any]) -> Looked:
    """The page of a query of the log, found the quickest way there is, and no further than so far."""
    said = {name: value for name, value in filters.items() if value is not None}
    if _implies_failure(said.get("status"), said.get("outcome")):
        said["failed"] = True
    way, most = _way(said.keys(), has_failed=said.get("failed", False)), page.limit + 1

    def like(names: Set[str]) -> Where:
        return matching(**{name: said[name] for name in names})

    def within(query: Select[Any], names: Set[str], end: str | None) -> Select[Any]:
        """What is like that, in the page's order, from where it begins to an end."""
        query = page.first(page.beyond(query.where(*like(names), *between), request.c.id), request.c.id)
        if end is None:
            return query
        return query.where(request.c.id >= end if page.is_read_descending else request.c.id <= end)

    def end_of(names: Set[str], number: int) -> str | None:
        """The id of the last of the first so many, if there are so many."""
        return tx.execute(within(select(request.c.id), names, None).limit(1).offset(number - 1)).scalar()

    if not way.told:
        is_all = way.names == said.keys()
        end = None if is_all else end_of(way.names, FOUND_MOST if way.names else ROWS_MOST)
        rows = list(tx.execute(within(query, said.keys(), end).limit(most)).mappings())
        return Looked(rows, None if len(rows) == most else end)

    rest = like(said.keys() - way.told)
    # Ids first: SQLite reads a row before it looks at what else its index tells, unless nothing but that is asked for.
    if way.names == way.told:
        end, found = None, _of_conversation(tx, page, said["conversation_id"], between)
    else:
        end = end_of(way.names, ENTRIES_MOST)
        places = within(select(request.c.id), way.told, end)
        found = list(tx.execute(places.limit(FOUND_MOST if rest else most)).scalars())
    if len(found) == FOUND_MOST:
        end = found[-1]
    if not rest:
        del found[most:]
    rows = []
    for start in range(0, len(found), AT_ONCE):
        some = query.where(request.c.id.in_(found[start : start + AT_ONCE]), *rest)
        rows += tx.execute(page.first(some, request.c.id).limit(most - len(rows))).mappings()
        if len(rows) == most:
            return Looked(rows, None)
    return Looked(rows, end)


def _of_conversation(tx: Reading, page: Page, conversation_id: str, between: Where) -> list[str]:
    """The ids of a conversation's requests, run by run: PostgreSQL would read the index of all runs, or all of the log,
    to have a few of them in order."""
    runs = list(tx.execute(select(run.c.id).where(run.c.conversation_id == conversation_id)).scalars())
    found: list[str] = []
    for start in range(0, len(runs), AT_ONCE):
        by_run = select(request.c.id).where(request.c.run_id.in_(runs[start : start + AT_ONCE]), *between)
        found += tx.execute(page.beyond(by_run, request.c.id)).scalars()
    return sorted(found, reverse=page.is_read_descending)[:FOUND_MOST]


class Way(NamedTuple):
    """How rows are found.

    Attributes:
        names: what of the filters all have in common that are looked at, in the order of their ids.
        told: what is looked for without a row being read, before everything else.
    """

    names: Set[str]
    told: Set[str] = frozenset()


def _way(said: Set[str], *, has_failed: bool) -> Way:
    """The index that finds the fewest, as far as one can say; else the log itself."""
    if "run_id" in said:
        return Way({"run_id"})
    if "conversation_id" in said:
        return Way({"conversation_id"}, told={"conversation_id"})
    if "tag" in said:
        return Way({"tag"})
    if "token_id" in said:
        return Way({"user_id"}, told={"user_id", "token_id"})
    if "user_id" in said:
        return Way({"user_id"})
    if has_failed and "outcome" in said:
        return Way({"failed"}, told={"failed", "outcome"})
    return Way({"failed"}) if has_failed else Way(set())


def _between(since: datetime | None, until: datetime | None) -> Where:
    """The span of the key that is this span of time."""
    where = []
    if since is not None:
        where.append(request.c.id >= ids.since("req", to_micros(since) * 1_000))
    if until is not None:
        where.append(request.c.id < ids.since("req", to_micros(until) * 1_000))
    return tuple(where)
