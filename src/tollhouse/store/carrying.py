"""The SQL by which old entries of the ledger are carried forward. Only `money.carry` calls it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select

from tollhouse.store import machinery
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import carried, entry, fact, hold, request
from tollhouse.store.types import UPSERTS

PASSED = "ledger.passed"
"""The name of a fact: every entry up to this one has been looked at, and those that stay have a hold that is open, or
unconfirmed."""

COLUMNS = (
    entry,
    hold.c.held,
    hold.c.state,
    hold.c.usd.label("held_usd"),
    hold.c.request_id,
    hold.c.skeleton,
)


class Sum(NamedTuple):
    """What entries of one bucket came to, and how many they were."""

    bucket: str
    posted: int
    overage: int
    entries: int


def passed(tx: Writing) -> int:
    """The last entry that was looked at. Nobody else carries anything forward until this transaction ends."""
    first = UPSERTS[tx.dialect.name](fact).values(name=PASSED, value=0)
    tx.execute(first.on_conflict_do_nothing(index_elements=[fact.c.name]))
    return int(tx.execute(select(fact.c.value).where(fact.c.name == PASSED).with_for_update()).scalar_one())


def pass_on(tx: Writing, entry_id: int) -> None:
    """Every entry up to this one has been looked at."""
    machinery.set_fact(tx, PASSED, entry_id)


def next_entries(tx: Reading, after: int, most: int) -> list[Any]:
    """The oldest entries after one, each with its hold's row; never the newest, which tells what time it was."""
    query = (
        select(*COLUMNS)
        .join(hold, hold.c.id == entry.c.hold_id, isouter=True)
        .where(entry.c.id > after, entry.c.id < select(func.max(entry.c.id)).scalar_subquery())
        .order_by(entry.c.id)
        .limit(most)
    )
    return list(tx.execute(query).mappings())


def earlier_entries(tx: Reading, upto: int, hold_ids: Sequence[str]) -> list[Any]:
    """Entries of these holds that were passed before. Few are left there."""
    query = (
        select(*COLUMNS)
        .join(hold, hold.c.id == entry.c.hold_id)
        .where(entry.c.id <= upto, entry.c.hold_id.in_(hold_ids))
        .order_by(entry.c.id)
    )
    return list(tx.execute(query).mappings()) if hold_ids else []


def oldest_request(tx: Reading) -> str | None:
    """The oldest request that still has a row."""
    oldest: str | None = tx.execute(select(func.min(request.c.id))).scalar_one()
    return oldest


def sums(tx: Reading, buckets: Iterable[str]) -> dict[str, Sum]:
    """What was carried forward so far."""
    query = select(carried).where(carried.c.bucket.in_(sorted(buckets)))
    return {row["bucket"]: Sum(**row) for row in tx.execute(query).mappings()}


def replace_sums(tx: Writing, now: Mapping[str, Sum]) -> None:
    """Carry forward so much of these buckets."""
    if now:
        tx.execute(delete(carried).where(carried.c.bucket.in_(sorted(now))))
        tx.execute(insert(carried), [sum_._asdict() for sum_ in now.values()])


def drop(tx: Writing, entry_ids: Sequence[int], hold_ids: Sequence[str]) -> tuple[int, int]:
    """Remove these entries, and the rows of these holds; gives how many there were."""
    # Whoever resolves holds locks them in this order.
    tx.execute(select(hold.c.id).where(hold.c.id.in_(hold_ids)).order_by(hold.c.id).with_for_update())
    entries = tx.execute(delete(entry).where(entry.c.id.in_(entry_ids))).rowcount
    return entries, tx.execute(delete(hold).where(hold.c.id.in_(hold_ids))).rowcount
