"""The ledger's SQL: budgets, buckets, holds, entries. Only `money.ledger` calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from tollhouse import ids
from tollhouse.store import machinery
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.statements import Batch, Query, inserting, updating
from tollhouse.store.tables import bucket, budget, entry, hold, process, token, user

BUDGETS = Query(
    'SELECT id, owner, model, unit, "window", mode, amount, time_zone, min_output_tokens'
    " FROM budget WHERE removed_at IS NULL AND owner IN (?)"
)
REVISION = Query("SELECT value FROM fact WHERE name IN (?)")
NEW_BUCKET = inserting(
    bucket, ("id", "budget_id", "posted", "open", "unconfirmed", "overage"), "ON CONFLICT (id) DO NOTHING"
)
# All of them or none: who locks some, and makes the others then, locks out of order.
BUCKETS = Query(
    "SELECT id, posted, open, unconfirmed, overage FROM bucket WHERE id IN (?)"
    " /*pg*/ AND (SELECT count(*) FROM bucket WHERE id = ANY($1)) = cardinality($1) ORDER BY id FOR UPDATE"
)
BALANCE = updating(bucket, ("posted", "open", "unconfirmed", "overage"))
HOLDS = Query("SELECT id, state, usd, held, price_version FROM hold WHERE id IN (?) /*pg*/ ORDER BY id FOR UPDATE")
NEW_HOLD = inserting(
    hold,
    (
        "id",
        "request_id",
        "boot_id",
        "provider",
        "model",
        "state",
        "usd",
        "held",
        "price_version",
        "deadline",
        "skeleton",
    ),
)
HOLD_STATE = updating(hold, ("state",), also="skeleton = NULLIF(skeleton, '')")
HOLD_END = updating(hold, ("state",), also="skeleton = NULL")
# An open hold has to be found as long as it is open: of its skeleton an empty text is left.
FORGET_SKELETON = updating(hold, (), also="skeleton = CASE WHEN state = 'open' THEN '' END")
ENTRY = inserting(entry, ("hold_id", "kind", "usd", "moves", "at"))


def revision_and_holds(batch: Batch, hold_ids: Sequence[str], *, asks: bool) -> tuple[Any, list[Any]]:
    """What tells whether a budget was changed, when somebody `asks` for money; and the holds, as tuples in the order of
    `HOLDS`, which nobody else changes until the batch ends. `hold_ids` are sorted."""
    revision, holds = batch.fetch_each((REVISION, [machinery.BUDGETS_REVISION] if asks else []), (HOLDS, hold_ids))
    return (revision[0][0] if revision else None), holds


def budgets_of(batch: Batch, owners: Sequence[str]) -> list[Any]:
    """The rules of these owners, as tuples in the order of `BUDGETS`."""
    return batch.fetch(BUDGETS, owners)


def lock_buckets(batch: Batch, budgets: Mapping[str, str]) -> list[Any]:
    """Balances of the buckets, which nobody else changes until the batch ends. What is new is made.

    Everybody makes and locks in the order of the ids, so nobody waits in a circle.

    Args:
        budgets: bucket -> its budget.
    """
    ids = sorted(budgets)
    rows = batch.fetch(BUCKETS, ids)
    if len(rows) < len(ids):
        batch.run(NEW_BUCKET, [(id_, budgets[id_], 0, 0, 0, 0) for id_ in ids])
        rows = batch.fetch(BUCKETS, ids)
    return rows


# --- for people, never on the hot path -------------------------------------------------------------------------------


def add_budget(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(budget).values(**values))
    machinery.set_fact(tx, machinery.BUDGETS_REVISION, ids.new("rev"))


def change_budget(tx: Writing, budget_id: str, values: dict[str, Any]) -> bool:
    changed = tx.execute(update(budget).where(budget.c.id == budget_id, budget.c.removed_at.is_(None)).values(**values))
    machinery.set_fact(tx, machinery.BUDGETS_REVISION, ids.new("rev"))
    return changed.rowcount == 1


def budget_rows(tx: Reading, page: Page, *, owner: str | None = None, within: str | None = None) -> list[Any]:
    """Budgets in force; those `within` a workspace are its own, its users' and their tokens'."""
    query = select(budget).where(budget.c.removed_at.is_(None))
    if within is not None:
        users = select(user.c.id).where(user.c.workspace_id == within)
        tokens = select(token.c.id).where(token.c.user_id.in_(users))
        query = query.where(or_(budget.c.owner == within, budget.c.owner.in_(users), budget.c.owner.in_(tokens)))
    if owner is not None:
        query = query.where(budget.c.owner == owner)
    return list(tx.execute(page.of(query, budget.c.id)).mappings())


def budget_row(tx: Reading, budget_id: str) -> Any | None:
    """A budget, if it is in force."""
    query = select(budget).where(budget.c.id == budget_id, budget.c.removed_at.is_(None))
    return tx.execute(query).mappings().first()


def balances(tx: Reading, ids: Sequence[str]) -> dict[str, Any]:
    """Bucket id -> its row; buckets never used have none."""
    return {row["id"]: row for row in tx.execute(select(bucket).where(bucket.c.id.in_(ids))).mappings()}


def unconfirmed_holds(tx: Reading, page: Page) -> list[Any]:
    """Holds of calls whose outcome is unknown."""
    return list(tx.execute(page.of(select(hold).where(hold.c.state == "unconfirmed"), hold.c.id)).mappings())


def open_usd(tx: Reading) -> int:
    """Nanodollars that open holds set aside. Of these there are never many: they are indexed by their skeletons."""
    query = select(func.coalesce(func.sum(hold.c.usd), 0)).where(hold.c.skeleton.is_not(None), hold.c.state == "open")
    return int(tx.execute(query).scalar_one())


def overdue_holds(tx: Reading, now: int) -> list[str]:
    """Open holds past their deadline (microseconds), whoever made them."""
    query = select(hold.c.id).where(hold.c.skeleton.is_not(None), hold.c.state == "open", hold.c.deadline < now)
    return list(tx.execute(query).scalars())


def pending_holds(tx: Reading, boot_ids: Sequence[str]) -> list[Any]:
    """Holds of these processes that are open, or whose request never ended: id, request_id, state, skeleton; in order
    of attempts. The skeleton is empty when the request has its row."""
    query = (
        select(hold.c.id, hold.c.request_id, hold.c.state, hold.c.skeleton)
        .where(hold.c.skeleton.is_not(None), hold.c.boot_id.in_(boot_ids))
        .order_by(hold.c.id)
    )
    return list(tx.execute(query).mappings())


def forsaken_processes(tx: Reading) -> list[str]:
    """Boot ids that pending holds name, and no process has."""
    query = (
        select(hold.c.boot_id)
        .distinct()
        .where(hold.c.skeleton.is_not(None), hold.c.boot_id.not_in(select(process.c.boot_id)))
    )
    return list(tx.execute(query).scalars())


def hold_row(tx: Reading, hold_id: str) -> Any | None:
    return tx.execute(select(hold).where(hold.c.id == hold_id)).mappings().first()
