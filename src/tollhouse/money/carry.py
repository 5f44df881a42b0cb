"""Old entries are carried forward: what they came to stays, in one row for each bucket, and they go.

An entry may go with its hold when that has ended, and the log tells of its request no more. The ledger is cut at one of
its entries, in the order in which they were written: every hold that has ended by then goes, every other one stays with
all of its entries. So the books that begin with what was carried forward come, at that entry, to what they came to
before, and from there on every law that `verify` knows is looked at as ever. A bucket's own row is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tollhouse.errors import TollhouseError
from tollhouse.money.books import Books
from tollhouse.money.budgets import Balance
from tollhouse.money.ledger import STATE_AFTER, read_amounts
from tollhouse.store import carrying as sql
from tollhouse.store.carrying import Sum
from tollhouse.store.engine import Writing

AT_ONCE: Final = 100
"""Entries of one step: some milliseconds, for which nobody else can write to SQLite."""

CORRECTIONS: Final = ("credit", "charge")


class Drifted(TollhouseError):
    """Old entries do not follow from one another, so that nothing is carried forward: `tollhouse verify` tells more."""

    code = "ledger_drifted"


def carry(tx: Writing, before_us: int, most: int = AT_ONCE) -> int:
    """One step: some entries that are older than an instant, from the oldest on; all of it or nothing.

    Returns:
        How many entries were passed; 0 when there is nothing to do just now.

    Raises:
        Drifted: something is not as it should be, and stays so that it can be seen.
    """
    passed = sql.passed(tx)
    rows = _cut(sql.next_entries(tx, passed, most), before_us, sql.oldest_request(tx))
    if not rows:
        return 0
    ended = {row["hold_id"] for row in rows if _is_end(row)}
    begun = {row["hold_id"] for row in rows if row["kind"] == "hold"}
    earlier = sql.earlier_entries(tx, passed, sorted(ended - begun))
    going = [*earlier, *(row for row in rows if row["hold_id"] in ended or row["kind"] in CORRECTIONS)]
    _carry(tx, going)
    _drop(tx, going, ended)
    sql.pass_on(tx, rows[-1]["id"])
    return len(rows)


def _cut(rows: Sequence[Any], before_us: int, oldest_request: str | None) -> list[Any]:
    """The entries up to the first that must stay, and be looked at again."""
    old: list[Any] = []
    for row in rows:
        if row["at"] >= before_us:
            break
        if row["kind"] not in CORRECTIONS:
            if row["state"] is None:
                raise Drifted(f"hold {row['hold_id']} has a {row['kind']} entry but no row")
            # The log still tells what it cost, or will: that is compared with what was settled.
            if oldest_request is None or row["request_id"] >= oldest_request:
                break
            if _is_end(row) and row["skeleton"] is not None:
                break
        old.append(row)
    return old


def _is_end(row: Any) -> bool:
    """Whether nothing can follow this entry of its hold."""
    return row["kind"] in STATE_AFTER and row["kind"] != "expire"


def _carry(tx: Writing, going: Sequence[Any]) -> None:
    """Write down what these entries come to, beside what was carried before."""
    moved = [[*read_amounts(f"{row['held'] or ''} {row['moves']}")] for row in going]
    before = sql.sums(tx, {key for keys in moved for key in keys})
    books = Books({}, {key: Balance(posted=sum_.posted, overage=sum_.overage) for key, sum_ in before.items()})
    for row in going:
        for difference in books.enter(row):
            raise Drifted(f"{difference.subject} {difference.what}")
    counts = dict.fromkeys(books.balances, 0)
    for keys in moved:
        for key in {*keys}:
            counts[key] += 1
    now = {}
    for key, balance in books.balances.items():
        if balance.open or balance.unconfirmed:
            raise Drifted(f"bucket {key} has more or less held than was given back")
        had = before[key].entries if key in before else 0
        now[key] = Sum(key, balance.posted, balance.overage, had + counts[key])
    sql.replace_sums(tx, now)


def _drop(tx: Writing, going: Sequence[Any], ended: set[str]) -> None:
    if not going:
        return
    dropped = sql.drop(tx, [row["id"] for row in going], sorted(ended))
    if dropped != (len(going), len(ended)):
        raise Drifted(f"{len(going)} entries of {len(ended)} holds were to go, and {dropped} would have")
