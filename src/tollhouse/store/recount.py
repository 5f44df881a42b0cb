"""What `verify` reads: every entry, bucket, hold and request row, as they were at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select, text

from tollhouse.store.engine import Reading
from tollhouse.store.requests import LOST
from tollhouse.store.spend import DAY_US, KEYS, SUMS
from tollhouse.store.tables import audit, bucket, budget, entry, hold, request, spend
from tollhouse.store.tables import carried as carried_forward

ROWS_AT_ONCE = 10_000


def stand_still(tx: Reading) -> None:
    """From here on all of this read sees one moment, while others go on writing. Must come first."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("BEGIN")
    else:
        tx.execution_options(isolation_level="REPEATABLE READ")


def entries(tx: Reading) -> Iterator[Any]:
    """Every entry in the order it was written, with its hold's row; that is all None when there is none."""
    query = (
        select(entry, hold.c.held, hold.c.state, hold.c.usd.label("held_usd"))
        .join(hold, hold.c.id == entry.c.hold_id, isouter=True)
        .order_by(entry.c.id)
    )
    return _stream(tx, query)


def carried(tx: Reading) -> Iterator[Any]:
    """What entries came to that are there no more, by bucket."""
    return _stream(tx, select(carried_forward).order_by(carried_forward.c.bucket))


def buckets(tx: Reading) -> Iterator[Any]:
    """Every bucket."""
    return _stream(tx, select(bucket).order_by(bucket.c.id))


def strict_limits(tx: Reading) -> dict[str, int]:
    """Budget -> limit, of strict budgets that are as they were made: what was spent under an earlier limit or mode says
    nothing about the present one."""
    changed = select(audit.c.subject).where(audit.c.deed == "budget.change")
    query = select(budget.c.id, budget.c.amount).where(budget.c.mode == "strict", budget.c.id.not_in(changed))
    return {row.id: row.amount for row in tx.execute(query)}


def unresolved_holds(tx: Reading) -> Iterator[Any]:
    """Holds that are open or unconfirmed, with the id of their request's row as `ended`, when it has one."""
    query = (
        select(hold, request.c.id.label("ended"))
        .join(request, request.c.id == hold.c.request_id, isouter=True)
        .where(hold.c.state.in_(("open", "unconfirmed")))
        .order_by(hold.c.id)
    )
    return _stream(tx, query)


def holds_without_entry(tx: Reading) -> Iterator[str]:
    """Holds that were never entered."""
    query = (
        select(hold.c.id)
        .join(entry, (entry.c.hold_id == hold.c.id) & (entry.c.kind == "hold"), isouter=True)
        .where(entry.c.id.is_(None))
        .order_by(hold.c.id)
    )
    return iter(tx.execute(query).scalars())


def charged(tx: Reading) -> Iterator[Any]:
    """Every request row: what it says it cost, and what its holds were settled for."""
    settled = (
        select(hold.c.request_id, func.sum(entry.c.usd).label("usd"))
        .join(entry, (entry.c.hold_id == hold.c.id) & (entry.c.kind == "settle"))
        .group_by(hold.c.request_id)
        .subquery()
    )
    query = (
        select(request.c.id, request.c.input_cost, request.c.output_cost, settled.c.usd)
        .join(settled, settled.c.request_id == request.c.id, isouter=True)
        .order_by(request.c.id)
    )
    return _stream(tx, query)


def spent_by_requests(tx: Reading, since_day: int) -> Iterator[Any]:
    """What the rows of the log since a day come to: the columns of `spend.KEYS` and `spend.SUMS`."""
    texts = [func.coalesce(column, "") for column in (request.c.provider, request.c.model, request.c.tag)]
    keys = ((request.c.created_at // DAY_US).label("day"), request.c.token_id, *texts)
    tokens = (request.c.input_tokens, request.c.input_cached_tokens, request.c.output_tokens)
    query = (
        select(
            *keys,
            func.count(),
            func.count().filter(request.c.cost_status == "unpriced"),
            func.count().filter(request.c.cost_status == "estimated"),
            *[func.sum(func.coalesce(column, 0)) for column in tokens],
            func.sum(func.coalesce(request.c.input_cost, 0) + func.coalesce(request.c.output_cost, 0)),
        )
        .where(request.c.outcome != LOST, request.c.created_at >= since_day * DAY_US)
        .group_by(text("1, 2, 3, 4, 5"))
    )
    return iter(tx.execute(query))


def spent(tx: Reading, since_day: int) -> Iterator[Any]:
    """What was added up as it happened, in the same columns."""
    query = select(*[spend.c[name] for name in (*KEYS, *SUMS)]).where(spend.c.day >= since_day)
    return iter(tx.execute(query))


def requests_without_row(tx: Reading) -> Iterator[str]:
    """Requests that have holds and have ended, but have no row.

    Those that retention dropped are not among them: rows go from the oldest on, so one missing among younger was lost.
    """
    query = (
        select(hold.c.request_id)
        .join(request, request.c.id == hold.c.request_id, isouter=True)
        .where(request.c.id.is_(None), hold.c.request_id > select(func.min(request.c.id)).scalar_subquery())
        .group_by(hold.c.request_id)
        .having(func.count(hold.c.skeleton) == 0)
        .order_by(hold.c.request_id)
    )
    return iter(tx.execute(query).scalars())


def count_holds(tx: Reading) -> int:
    """How many holds there are."""
    return tx.execute(select(func.count()).select_from(hold)).scalar_one()


def _stream(tx: Reading, query: Select[Any]) -> Iterator[Any]:
    return iter(tx.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).mappings())
