"""The request log's SQL: one row for every authenticated request, written when it ends, and added to what was spent.

Until then a hold carries its skeleton, so that a killed process leaves its rows too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, delete, func, select

from tollhouse.store import machinery, spend
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.statements import Batch, Query, inserting
from tollhouse.store.tables import request, request_body
from tollhouse.telemetry import Journey

WHOLE_SINCE_DAY = "requests.whole_since_day"

LOST = "gateway_stopped"
"""The outcome of a request whose process died under it."""


class Skeleton(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request before anything is sent. `created_at` is in microseconds since 1970."""

    id: str
    created_at: int
    user_id: str
    workspace_id: str
    token_id: str
    boot_id: str
    surface: str
    asked_model: str | None
    stream: bool
    ip: str | None
    user_agent: str | None
    client_request_id: str | None
    tag: str | None
    run_id: str | None = None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a request ended. Costs are nanodollars, None when the price is unknown; `*_us` are microseconds."""

    status: int
    outcome: str
    error_code: str | None = None
    error_message: str | None = None
    provider: str | None = None
    model: str | None = None
    credential_id: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    input_cached_tokens: int | None = None
    input_cache_write_tokens: int | None = None
    output_tokens: int | None = None
    output_reasoning_tokens: int | None = None
    input_cost: int | None = None
    output_cost: int | None = None
    cost_status: str | None = None
    attempts: int = 0
    attempt_log: str | None = None
    cache: str | None = None
    guards: str | None = None
    response_time_us: int = 0
    first_token_us: int | None = None
    upstream_us: int = 0


class Finished(msgspec.Struct):
    """A row.

    Attributes:
        journey: what goes along for its trace, and is not kept.
        was_tried: it was in a batch before, of which nobody knows whether it was committed.
    """

    skeleton: Skeleton
    ending: Ending
    journey: Journey | None = None
    was_tried: bool = False


COLUMNS = (*Skeleton.__struct_fields__, *Ending.__struct_fields__)
INSERT = inserting(
    request,
    COLUMNS,
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in Ending.__struct_fields__)}"
    f" WHERE request.outcome = '{LOST}'",
)
KNOWN = Query(f"SELECT id FROM request WHERE outcome <> '{LOST}' AND id IN (?)")  # noqa: S608
BODY = inserting(
    request_body, ("request_id", "request", "response", "size_bytes"), "ON CONFLICT (request_id) DO NOTHING"
)

values_of = msgspec.structs.astuple


def finish(batch: Batch, rows: list[Finished]) -> Sequence[None]:
    """Write rows. One that is there stays, unless the process that says now how it ended had been taken for dead."""
    tried = [row.skeleton.id for row in rows if row.was_tried]
    known = {id_ for (id_,) in batch.fetch(KNOWN, tried)} if tried else ()
    new = [row for row in rows if row.skeleton.id not in known]
    if new:
        batch.run(INSERT, [values_of(row.skeleton) + values_of(row.ending) for row in new])
        spend.add(batch, [amounts_of(row) for row in new if row.ending.outcome != LOST])
    for row in new:
        row.was_tried = True
    return [None] * len(rows)


def amounts_of(row: Finished) -> spend.Amounts:
    """What a row adds to its day. One whose process died adds nothing: what it cost is unknown."""
    skeleton, ending = row.skeleton, row.ending
    day = skeleton.created_at // spend.DAY_US
    return (
        (day, skeleton.token_id, ending.provider or "", ending.model or "", skeleton.tag or ""),
        (skeleton.user_id, skeleton.workspace_id),
        (
            1,
            ending.cost_status == "unpriced",
            ending.cost_status == "estimated",
            ending.input_tokens or 0,
            ending.input_cached_tokens or 0,
            ending.output_tokens or 0,
            (ending.input_cost or 0) + (ending.output_cost or 0),
        ),
    )


def keep_bodies(batch: Batch, bodies: list[tuple[str, str | None, str | None, int]]) -> Sequence[None]:
    """Keep what was said, apart from the rows: (request id, request, response, size in bytes)."""
    batch.run(BODY, bodies)
    return [None] * len(bodies)


# --- for people, never on the hot path -------------------------------------------------------------------------------


def rows(tx: Reading, page: Page) -> list[Any]:
    """A page of all of the log, by id, which is by time; what somebody looks for in it, `request_log` finds."""
    return list(tx.execute(page.of(select(request), request.c.id)).mappings())


def row(tx: Reading, request_id: str, *, user_id: str | None = None) -> Any | None:
    """One row by our id or the client's own (the newest of these); of this user only when given."""
    column = request.c.id if request_id.startswith("req_") else request.c.client_request_id
    query = select(request).where(column == request_id).order_by(request.c.id.desc())
    if user_id is not None:
        query = query.where(request.c.user_id == user_id)
    return tx.execute(query).mappings().first()


def body(tx: Reading, request_id: str) -> Any | None:
    return tx.execute(select(request_body).where(request_body.c.request_id == request_id)).mappings().first()


def present(tx: Reading, ids: Sequence[str]) -> set[str]:
    """Those of the requests that have a row."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        found.update(tx.execute(select(request.c.id).where(request.c.id.in_(ids[start : start + 500]))).scalars())
    return found


def drop_rows_before(tx: Writing, created_at: int, *, limit: int = 5_000) -> int:
    """Forget old rows and their bodies, a bounded number at a time; gives how many went.

    Neither the ledger nor what was spent is ever cut.
    """
    old = select(request.c.id, request.c.created_at).where(request.c.created_at < created_at)
    return _drop(tx, old.order_by(request.c.id).limit(limit))


def drop_rows_beyond(tx: Writing, most: int, *, limit: int = 5_000) -> int:
    """Forget the oldest rows above a number, and their bodies, a bounded number at a time; gives how many went."""
    surplus = tx.execute(select(func.count()).select_from(request)).scalar_one() - most
    if surplus <= 0:
        return 0
    return _drop(tx, select(request.c.id, request.c.created_at).order_by(request.c.id).limit(min(surplus, limit)))


def whole_since_day(tx: Reading) -> int:
    """The first day, counted from 1970 in UTC, of which no row was ever forgotten."""
    return int(machinery.get_fact(tx, WHOLE_SINCE_DAY) or 0)


def _drop(tx: Writing, query: Select[Any]) -> int:
    going = list(tx.execute(query))
    if not going:
        return 0
    whole_since = max(created_at for _, created_at in going) // spend.DAY_US + 1
    machinery.set_fact(tx, WHOLE_SINCE_DAY, max(whole_since, whole_since_day(tx)))
    for start in range(0, len(going), 500):
        some = [id_ for id_, _ in going[start : start + 500]]
        tx.execute(delete(request_body).where(request_body.c.request_id.in_(some)))
        tx.execute(delete(request).where(request.c.id.in_(some)))
    return len(going)


def bodies_size_bytes(tx: Reading) -> int:
    return int(tx.execute(select(func.coalesce(func.sum(request_body.c.size_bytes), 0))).scalar_one())


def drop_oldest_bodies(tx: Writing, surplus_bytes: int) -> int:
    """Forget the oldest bodies until `surplus_bytes` are freed; gives how many went."""
    freed, ids = 0, []
    for id_, size in tx.execute(
        select(request_body.c.request_id, request_body.c.size_bytes).order_by(request_body.c.request_id)
    ):
        if freed >= surplus_bytes:
            break
        freed += size
        ids.append(id_)
    for start in range(0, len(ids), 500):
        tx.execute(delete(request_body).where(request_body.c.request_id.in_(ids[start : start + 500])))
    return len(ids)
