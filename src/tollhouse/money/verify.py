"""Recompute every balance from the entries, and compare ledger, holds, buckets, request log and what was spent.

The entries are the truth and are never changed, so whatever disagrees with them has drifted. It is all one read of one
moment, so it may run while the gateway serves. Memory grows with the buckets and the unresolved holds, not with the
entries. Nothing here is shared with the code that moves money, so that no error in that can hide itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.budgets import Balance, unit_of
from tollhouse.money.ledger import STATE_AFTER, STATE_BEFORE, read_amounts
from tollhouse.store import machinery, recount, requests
from tollhouse.store.engine import Reading
from tollhouse.store.spend import KEYS, SUMS
from tollhouse.store.types import to_micros

ALIVE_S = 15.0
OVERDUE_S = 60.0
TOLD_EVERY = 10_000


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not as the entries say. `subject` names it: a bucket, a hold or a request, with its id."""

    subject: str
    what: str


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
    books = _Books(recount.strict_limits(tx))
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


class _Books:
    """The ledger written anew, entry by entry. `limits` are those that were never to be exceeded, by budget."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self.balances: dict[str, Balance] = {}
        self.unresolved: dict[str, str] = {}
        self.holds = 0

    def enter(self, row: Any) -> Iterator[Difference]:
        """Follow one entry, in the order they were written; what it cannot follow is a difference."""
        subject = f"hold {row['hold_id']}"
        if row["kind"] in ("credit", "charge"):
            yield from self._correct(row)
        elif row["state"] is None:
            yield Difference(subject, f"has a {row['kind']} entry but no row")
        elif min(row["usd"], row["held_usd"], *read_amounts(f"{row['held']} {row['moves']}").values()) < 0:
            yield Difference(subject, f"has a {row['kind']} entry of less than nothing")
        elif row["kind"] == "hold":
            yield from self._hold(subject, row)
        elif row["kind"] in STATE_BEFORE:
            yield from self._resolve(subject, row)
        else:
            yield Difference(subject, f"has an entry of an unknown kind, {row['kind']}")

    def _hold(self, subject: str, row: Any) -> Iterator[Difference]:
        if row["hold_id"] in self.unresolved:
            yield Difference(subject, "was entered twice")
            return
        if (row["usd"], row["moves"]) != (row["held_usd"], row["held"]):
            yield Difference(subject, f"holds {row['held']!r}, but {row['moves']!r} was entered for it")
        self.holds += 1
        self.unresolved[row["hold_id"]] = "open"
        for key, amount in read_amounts(row["moves"]).items():
            balance = self._balance(key)
            balance.open += amount
            limit = self._limits.get(key.partition(":")[0])
            if limit is not None and balance.taken > limit + balance.overage:
                unit = unit_of(key)
                taken, strict = _shown(balance.taken, unit), _shown(limit, unit)
                yield Difference(f"bucket {key}", f"{taken} were taken of a strict {strict} with {row['hold_id']}")

    def _resolve(self, subject: str, row: Any) -> Iterator[Difference]:
        kind, before = row["kind"], self.unresolved.pop(row["hold_id"], "resolved")
        if before not in STATE_BEFORE[kind]:
            yield Difference(subject, f"has a {kind} entry when it was already {before}")
            if before != "resolved":
                self.unresolved[row["hold_id"]] = before
            return
        after = STATE_AFTER[kind]
        if after == "unconfirmed":
            self.unresolved[row["hold_id"]] = after
        elif row["state"] != after:
            yield Difference(subject, f"is {row['state']}, but its entries say {after}")
        held, moves = read_amounts(row["held"]), read_amounts(row["moves"])
        if kind == "settle" and not _fits(held, moves, row["usd"]):
            yield Difference(subject, f"holds {row['held']!r}, but {row['moves']!r} was settled for it")
        for key, amount in held.items():
            _move(self._balance(key), before, kind, amount, moves.get(key, 0))

    def _correct(self, row: Any) -> Iterator[Difference]:
        """A correction has no hold: it moves what is posted in one bucket."""
        kind, moves = row["kind"], read_amounts(row["moves"])
        if len(moves) != 1 or min(moves.values()) <= 0:
            yield Difference(f"correction {row['hold_id']}", f"is a {kind} of {row['moves']!r}")
            return
        ((key, amount),) = moves.items()
        unit, balance = unit_of(key), self._balance(key)
        if row["usd"] != (amount if unit == "usd" else 0):
            yield Difference(f"correction {row['hold_id']}", f"moves {row['moves']!r}, but {row['usd']} was entered")
        if kind == "charge":
            balance.posted += amount
            balance.overage += amount
            return
        balance.posted -= amount
        if balance.posted < 0:
            yield Difference(f"bucket {key}", f"{row['hold_id']} gave back {_shown(-balance.posted, unit)} too much")

    def _balance(self, key: str) -> Balance:
        return self.balances.setdefault(key, Balance())


def _move(balance: Balance, before: str, kind: str, held: int, actual: int) -> None:
    if before == "open":
        balance.open -= held
    else:
        balance.unconfirmed -= held
    if kind == "expire":
        balance.unconfirmed += held
    if kind == "settle":
        balance.posted += actual
        balance.overage += max(0, actual - held)


def _fits(held: dict[str, int], moves: dict[str, int], usd: int) -> bool:
    """A settlement posts to every bucket of its hold: dollars as entered, requests as held."""
    fixed = {key: usd if unit_of(key) == "usd" else amount for key, amount in held.items() if unit_of(key) != "tokens"}
    return moves.keys() == held.keys() and all(moves[key] == amount for key, amount in fixed.items())


def _compare_buckets(tx: Reading, balances: dict[str, Balance], checked: Checked) -> Iterator[Difference]:
    for row in recount.buckets(tx):
        checked.buckets += 1
        subject, unit = f"bucket {row['id']}", unit_of(row["id"])
        true = balances.pop(row["id"], None) or Balance()
        for column in Balance.__struct_fields__:
            found, expected = _shown(row[column], unit), _shown(getattr(true, column), unit)
            if found != expected:
                yield Difference(subject, f"{column} is {found}, but its entries come to {expected}")
    for key in balances:
        yield Difference(f"bucket {key}", "has entries but no row")


def _compare_holds(tx: Reading, books: _Books, now: datetime) -> Iterator[Difference]:
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
                f"its row says {_shown(logged, 'usd')}, but its holds were settled for {_shown(settled, 'usd')}",
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


def _shown(amount: int, unit: str) -> str:
    return f"${usd_text(Nanodollars(amount))}" if unit == "usd" else f"{amount} {unit}"
