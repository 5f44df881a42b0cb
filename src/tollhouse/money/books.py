"""The books written anew, entry by entry: what every bucket comes to, and what does not follow from what was before.

Nothing here is shared with the code that moves money, so that no error in that can hide itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.budgets import Balance, unit_of
from tollhouse.money.ledger import STATE_AFTER, STATE_BEFORE, read_amounts


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not as the entries say. `subject` names it: a bucket, a hold or a request, with its id."""

    subject: str
    what: str


class Books:
    """The ledger written anew, entry by entry.

    Attributes:
        unresolved: holds that are open or unconfirmed so far.
        holds: how many were entered.
    """

    def __init__(self, limits: Mapping[str, int], carried: Mapping[str, Balance]) -> None:
        """Begin with what earlier entries came to, by bucket; `limits` were never to be exceeded, by budget."""
        self._limits = limits
        self.balances = {key: msgspec.structs.replace(balance) for key, balance in carried.items()}
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
                taken, strict = shown(balance.taken, unit), shown(limit, unit)
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
            yield Difference(f"bucket {key}", f"{row['hold_id']} gave back {shown(-balance.posted, unit)} too much")

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


def shown(amount: int, unit: str) -> str:
    """An amount as people read it."""
    return f"${usd_text(Nanodollars(amount))}" if unit == "usd" else f"{amount} {unit}"
