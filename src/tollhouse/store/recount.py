"""What `verify` reads: every entry, bucket, hold and request row, as they were at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select

from tollhouse.store.engine import Reading
from tollhouse.store.tables import audit, bucket, budget, entry, hold, process, request

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


def buckets(tx: Reading) -> Iterator[Any]:
    """Every bucket with its budget's mode and limit."""
    query = (
        select(bucket, budget.c.mode, budget.c.amount)
        .join(budget, budget.c.id == bucket.c.budget_id, isouter=True)
        .order_by(bucket.c.id)
    )
    return _stream(tx, query)


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
    """Of every request with a hold or a row: what its holds were settled for, what its row says, and whether it is still
    under way (`pending`). `id` is None without a row, `request_id` without a hold."""
    settled = (
        select(entry.c.hold_id, func.sum(entry.c.usd).label("usd"))
        .where(entry.c.kind == "settle")
        .group_by(entry.c.hold_id)
        .subquery()
    )
    held = (
        select(hold.c.request_id, func.sum(settled.c.usd).label("usd"), func.count(hold.c.skeleton).label("pending"))
        .join(settled, settled.c.hold_id == hold.c.id, isouter=True)
        .group_by(hold.c.request_id)
        .subquery()
    )
    query = select(
        request.c.id, request.c.input_cost, request.c.output_cost, held.c.request_id, held.c.usd, held.c.pending
    ).join(held, held.c.request_id == request.c.id, full=True)
    return _stream(tx, query)


def count_holds(tx: Reading) -> int:
    return tx.execute(select(func.count()).select_from(hold)).scalar_one()


def oldest_request(tx: Reading) -> str | None:
    """The oldest row that retention has left."""
    return tx.execute(select(func.min(request.c.id))).scalar_one()


def processes(tx: Reading) -> dict[str, int]:
    """Boot id -> last heartbeat, in microseconds since 1970, of every process that was not cleared away."""
    return {boot_id: beat_at for boot_id, beat_at in tx.execute(select(process.c.boot_id, process.c.beat_at))}


def changed_budgets(tx: Reading) -> set[str]:
    """Budgets that were changed after they were made."""
    return set(tx.execute(select(audit.c.subject).where(audit.c.deed == "budget.change")).scalars())


def _stream(tx: Reading, query: Select[Any]) -> Iterator[Any]:
    return iter(tx.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).mappings())
