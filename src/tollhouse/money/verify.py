"""Recompute every balance from the entries, and compare ledger, holds, buckets, request log and what was spent.

The entries are the truth and are never changed, so whatever disagrees with them has drifted; what old ones came to is
carried forward (`money.carry`), and is where the books begin. It is all one read of one moment, so it may run while the
gateway serves. Memory grows with the buckets and the unresolved holds, not with the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tollhouse.money.books import Books, Difference, shown
from tollhouse.money.budgets import Balance, unit_of
from tollhouse.store import machinery, recount, requests
from tollhouse.store.engine import Reading
from tollhouse.store.spend import KEYS, SUMS
from tollhouse.store.types import to_micros

ALIVE_S = 15.0
OVERDUE_S = 60.0
TOLD_EVERY = 10_000


class Checked(msgspec.Struct):
    """How much was compared so far."""

    entries: int = 0
    buckets: int = 0
    holds: int = 0
    requests: int = 0


def differences(
    tx: Reading, now: datetime, checked: Checked, tell: Callable[[Checked], None] = lambda checked: None
) -> Iterator[Difference]:
    """Every difference, in the order in which they are found.

    Args:
        tx: a read that has not begun.
        now: to know which processes live.
        checked: is counted up on the way.
        tell: called now and then, for whoever waits.
    """
    recount.stand_still(tx)
    carried = {row["bucket"]: Balance(row["posted"], 0, 0, row["overage"]) for row in recount.carried(tx)}
    books = Books(recount.strict_limits(tx), carried)
    for row in recount.entries(tx):
        yield from books.enter(row)
        checked.entries += 1
        if checked.entries % TOLD_EVERY == 0:
            tell(checked)
    checked.holds = books.holds
    yield from _compare_buckets(tx, books.balances, checked)
    yield from _compare_holds(tx, books, now)
    yield from _compare_requests(tx, checked)
    yield from _compare_spend(tx)


def _compare_buckets(tx: Reading, balances: dict[str, Balance], checked: Checked) -> Iterator[Difference]:
    for row in recount.buckets(tx):
        checked.buckets += 1
        subject, unit = f"bucket {row['id']}", unit_of(row["id"])
        true = balances.pop(row["id"], None) or Balance()
        for column in Balance.__struct_fields__:
            found, expected = shown(row[column], unit), shown(getattr(true, column), unit)
            if found != expected:
                yield Difference(subject, f"{column} is {found}, but its entries come to {expected}")
    for key in balances:
        yield Difference(f"bucket {key}", "has entries but no row")


def _compare_holds(tx: Reading, books: Books, now: datetime) -> Iterator[Difference]:
    """What is still unresolved, against its row, its process and its request."""
    beats = {process["boot_id"]: process["beat_at"] for process in machinery.processes(tx)}
    is_served = max(beats.values(), default=0) > to_micros(now - timedelta(seconds=ALIVE_S))
    overdue = to_micros(now - timedelta(seconds=OVERDUE_S))
    entered = dict(books.unresolved)
    for row in recount.unresolved_holds(tx):
        subject, state = f"hold {row['id']}", row["state"]
        expected = entered.pop(row["id"], "resolved")
        if expected != state:
            yield Difference(subject, f"is {state}, but its entries say {expected}")
        if state != "open":
            continue
        if row["boot_id"] not in beats:
            yield Difference(subject, "is open, but its process is gone")
        if row["ended"] is not None:
            yield Difference(subject, f"is open, but request {row['ended']} has ended")
        if is_served and row["deadline"] < overdue:
            yield Difference(subject, "is open past its deadline, and nobody resolved it")
    for hold_id, state in entered.items():
        yield Difference(f"hold {hold_id}", f"is resolved, but its entries say {state}")
    if recount.count_holds(tx) != books.holds:
        for hold_id in recount.holds_without_entry(tx):
            yield Difference(f"hold {hold_id}", "has a row but no entry")


def _compare_requests(tx: Reading, checked: Checked) -> Iterator[Difference]:
    """The cost in each row, to the nanodollar, against what its holds were settled for."""
    for row in recount.charged(tx):
        checked.requests += 1
        logged = (row["input_cost"] or 0) + (row["output_cost"] or 0)
        settled = int(row["usd"] or 0)
        if logged != settled:
            yield Difference(
                f"request {row['id']}",
                f"its row says {shown(logged, 'usd')}, but its holds were settled for {shown(settled, 'usd')}",
            )
    for request_id in recount.requests_without_row(tx):
        yield Difference(f"request {request_id}", "has holds but no row")


def _compare_spend(tx: Reading) -> Iterator[Difference]:
    """What was added up day by day, against the rows of the log, as far back as that is whole."""
    since_day = requests.whole_since_day(tx)
    logged = _sums(recount.spent_by_requests(tx, since_day))
    for key, added in _sums(recount.spent(tx, since_day)).items():
        expected = logged.pop(key, (0,) * len(SUMS))
        for name, found, true in zip(SUMS, added, expected, strict=True):
            if found != true:
                yield Difference(f"spend of {key}", f"{name} is {found}, but the rows of the log come to {true}")
    for key in logged:
        yield Difference(f"spend of {key}", "has rows in the log, but was not added up")


def _sums(rows: Iterator[Any]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    return {tuple(row[: len(KEYS)]): tuple(map(int, row[len(KEYS) :])) for row in rows}
