"""The ledger's SQL: budgets, buckets, holds, entries. Only `money.ledger` calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.statements import Batch, Sql
from tollhouse.store.tables import bucket, budget, entry, hold, request

BUDGETS = Sql(
    'SELECT id, owner, model, unit, "window", mode, amount, time_zone, min_output_tokens'
    " FROM budget WHERE removed_at IS NULL AND owner IN (?)"
)
NEW_BUCKET = Sql(
    "INSERT INTO bucket (id, budget_id, posted, open, unconfirmed, overage) VALUES (?, ?, 0, 0, 0, 0)"
    " ON CONFLICT (id) DO NOTHING"
)
BUCKETS = Sql("SELECT id, posted, open, unconfirmed, overage FROM bucket WHERE id IN (?) /*pg*/ ORDER BY id FOR UPDATE")
BALANCE = Sql("UPDATE bucket SET posted = ?, open = ?, unconfirmed = ?, overage = ? WHERE id = ?")
HOLDS = Sql("SELECT id, state, usd, held, price_version FROM hold WHERE id IN (?) /*pg*/ ORDER BY id FOR UPDATE")
NEW_HOLD = Sql(
    "INSERT INTO hold (id, request_id, boot_id, provider, model, state, usd, held, price_version, deadline)"
    " VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, ?)"
)
HOLD_STATE = Sql("UPDATE hold SET state = ? WHERE id = ?")
ENTRY = Sql("INSERT INTO ledger_entry (hold_id, kind, usd, moves, at) VALUES (?, ?, ?, ?, ?)")


def budgets_of(batch: Batch, owners: Sequence[str]) -> list[Any]:
    """The rules of these owners, as tuples in the order of `BUDGETS`."""
    return batch.fetch(BUDGETS, owners)


def lock_buckets(batch: Batch, ids: Sequence[str], new: list[tuple[str, str]]) -> list[Any]:
    """Balances of the buckets, which nobody else changes until the batch ends. `ids` must be sorted: everybody locks in
    that order, so nobody waits in a circle. `new` are (bucket, budget) that may not exist yet."""
    if new:
        batch.run(NEW_BUCKET, new)
    return batch.fetch(BUCKETS, ids)


# --- for people, never on the hot path -------------------------------------------------------------------------------


def add_budget(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(budget).values(**values))


def change_budget(tx: Writing, budget_id: str, values: dict[str, Any]) -> bool:
    changed = tx.execute(update(budget).where(budget.c.id == budget_id, budget.c.removed_at.is_(None)).values(**values))
    return changed.rowcount == 1


def budget_rows(tx: Reading, *, owner: str | None = None, budget_id: str | None = None) -> list[Any]:
    """Budgets in force, oldest first."""
    query = select(budget).where(budget.c.removed_at.is_(None)).order_by(budget.c.id)
    if owner is not None:
        query = query.where(budget.c.owner == owner)
    if budget_id is not None:
        query = query.where(budget.c.id == budget_id)
    return list(tx.execute(query).mappings())


def balances(tx: Reading, ids: Sequence[str]) -> dict[str, Any]:
    """Bucket id -> its row; buckets never used have none."""
    return {row["id"]: row for row in tx.execute(select(bucket).where(bucket.c.id.in_(ids))).mappings()}


def holds_in(tx: Reading, state: str, *, boot_ids: Sequence[str] | None = None, past: int | None = None) -> list[Any]:
    """Unresolved holds of a state; of these processes only, or past their deadline (microseconds) only."""
    query = select(hold).where(hold.c.state == state).order_by(hold.c.id)
    if boot_ids is not None:
        query = query.where(hold.c.boot_id.in_(boot_ids))
    if past is not None:
        query = query.where(hold.c.deadline < past)
    return list(tx.execute(query).mappings())


def hold_row(tx: Reading, hold_id: str) -> Any | None:
    return tx.execute(select(hold).where(hold.c.id == hold_id)).mappings().first()


def all_entries(tx: Reading) -> Iterator[Any]:
    """Every entry in the order it was written, with what its hold had set aside."""
    query = (
        select(entry, hold.c.held, hold.c.state, hold.c.usd.label("hold_usd"))
        .join(hold, hold.c.id == entry.c.hold_id, isouter=True)
        .order_by(entry.c.id)
        .execution_options(yield_per=10_000)
    )
    return iter(tx.execute(query).mappings())


def all_buckets(tx: Reading) -> Iterator[Any]:
    query = (
        select(bucket, budget.c.unit, budget.c.mode, budget.c.amount)
        .join(budget, budget.c.id == bucket.c.budget_id, isouter=True)
        .order_by(bucket.c.id)
    )
    return iter(tx.execute(query).mappings())


def charged_by_request(tx: Reading) -> Iterator[Any]:
    """For every request with a hold: what its holds came to, and what its row says."""
    spent = (
        select(hold.c.request_id, func.sum(entry.c.usd).label("usd"))
        .join(hold, hold.c.id == entry.c.hold_id)
        .where(entry.c.kind == "settle")
        .group_by(hold.c.request_id)
        .subquery()
    )
    query = (
        select(request.c.id, request.c.input_cost, request.c.output_cost, request.c.cost_status, spent.c.usd)
        .join(spent, spent.c.request_id == request.c.id, full=True)
        .order_by(request.c.id)
        .execution_options(yield_per=10_000)
    )
    return iter(tx.execute(query).mappings())
