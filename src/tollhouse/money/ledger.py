"""hold, settle, void, expire, correct. Nobody else writes entries.

    open ──> settled        the provider counted, or we did: the true amount is posted, never refused
         ├─> voided         proven not billed: everything is given back
         └─> unconfirmed    it may have billed: everything stays charged, until late truth settles or voids it
                            or an administrator releases it

Every step is an item of the writer's next batch, so concurrent requests share one transaction. A hold resolves once:
the state of its row decides, under the batch's lock, whoever comes second changes nothing. What was posted wrongly is
corrected by a further entry, never by changing one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from tollhouse.clock import Clock
from tollhouse.errors import BudgetExhausted, Conflict
from tollhouse.money.amounts import MAX_NANODOLLARS, Nanodollars
from tollhouse.money.budgets import (
    Ask,
    Balance,
    Budget,
    Refusal,
    budget_id_of,
    decide,
    unit_of,
)
from tollhouse.money.refusals import refusal_error, shown
from tollhouse.money.rules import Rules
from tollhouse.store import ledger as sql
from tollhouse.store.engine import Reading, Unsure
from tollhouse.store.machinery import ADD_NOTE, Note
from tollhouse.store.statements import Batch
from tollhouse.store.types import to_micros

Deed: TypeAlias = Literal["settle", "void", "expire", "release"]

STATE_AFTER: dict[Deed, str] = {
    "settle": "settled",
    "void": "voided",
    "expire": "unconfirmed",
    "release": "released",
}
STATE_BEFORE: dict[Deed, tuple[str, ...]] = {
    "settle": ("open", "unconfirmed"),
    "void": ("open", "unconfirmed"),
    "expire": ("open",),
    "release": ("unconfirmed",),
}


Put: TypeAlias = Callable[[Any, Any], None]
"""Takes a handler and its item (`Store.put`)."""


class Writer(Protocol):
    """What the ledger needs of the store."""

    def join(self, handler: Any, item: Any) -> asyncio.Future[Any]: ...

    def put(self, handler: Any, item: Any) -> None: ...


class NewHold(msgspec.Struct, frozen=True, kw_only=True):
    """Set aside what one attempt may cost.

    Attributes:
        deadline: microseconds since 1970; a hold still open then is swept.
        skeleton: what the request's row needs if the process dies; kept until the request ends.
    """

    id: str
    request_id: str
    boot_id: str
    provider: str
    model: str
    price_version: str
    deadline: int
    ask: Ask
    skeleton: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Money is set aside, durably; the call may be sent.

    Attributes:
        usd: what was set aside.
        cap: the output cap that must be written into the request; None leaves it as it is.
        remaining_usd: the least left in any dollar budget; None without one.
        available_usd: the least that was left before.
    """

    id: str
    usd: Nanodollars
    cap: int | None
    remaining_usd: Nanodollars | None
    available_usd: Nanodollars | None


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """How a hold ends.

    Attributes:
        usd, tokens: the true amounts of a settlement.
        ends_request: no attempt follows, so the skeleton is not needed any more.
        note: who wants it so, for the audit, written with it or not at all.
    """

    hold_id: str
    deed: Deed
    usd: int = 0
    tokens: int = 0
    ends_request: bool = True
    note: Note | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """An administrator knows better than the log what a bucket should have posted.

    Attributes:
        id: names the entry, in the place of a hold.
        amount: in the bucket's unit, not 0: a credit gives so much back, a charge, below 0, posts so much more.
        note: who wants it so, for the audit, written with it or not at all.
    """

    id: str
    bucket: str
    amount: int
    note: Note | None = None


class Forgotten(msgspec.Struct, frozen=True):
    """The request has its row: what this hold remembers of it is not needed any more."""

    hold_id: str


Item: TypeAlias = NewHold | Resolution | Correction | Forgotten


class Ledger:
    """The ledger of one process."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._rules = Rules()

    async def hold(self, new: NewHold) -> Held:
        """Set aside, in every budget the call belongs to, what it may cost; durable on return.

        Raises:
            BudgetExhausted: it does not fit; nothing is set aside.
            Unavailable: the store does not answer, so nothing may be sent.
        """
        future = self._writer.join(self._apply, new)
        try:
            held: Held = await future
        except (asyncio.CancelledError, Unsure):
            # Nothing was sent: whoever asked is gone, or is told no. Yet the hold may be in a batch, even in one whose
            # commit nobody heard of.
            self.resolve(Resolution(hold_id=new.id, deed="void"))
            raise
        return held

    def resolve(self, resolution: Resolution, put: Put | None = None) -> None:
        """End a hold in the next batch. No await, so no cancellation can lose it; the store tries until it can.

        Args:
            put: who takes it instead of the writer, and owes it then.
        """
        (put or self._writer.put)(self._apply, resolution)

    async def resolved(self, resolution: Resolution) -> bool:
        """End a hold, and wait until it is; false when it had ended before, another way. Raises Unavailable."""
        counted: bool = await self._writer.join(self._apply, resolution)
        return counted

    async def release(self, hold_id: str, note: Note | None = None) -> None:
        """Give back an unconfirmed hold: an administrator knows that the provider did not bill it.

        Raises:
            Conflict: it is not unconfirmed.
        """
        if not await self.resolved(Resolution(hold_id=hold_id, deed="release", note=note)):
            raise Conflict(f"hold {hold_id} is not unconfirmed, so there is nothing to release")

    async def correct(self, correction: Correction) -> None:
        """Enter a credit or a charge. Like a settlement, a charge is never refused for lack of money.

        Raises:
            Conflict: more would be given back than is posted, or posted than an account can hold.
            Unavailable: the store does not answer.
        """
        await self._writer.join(self._apply, correction)

    def end_request(self, hold_ids: Iterable[str], put: Put | None = None) -> None:
        """The request of these holds has its row: holds that ended before it need not remember it."""
        for hold_id in hold_ids:
            (put or self._writer.put)(self._apply, Forgotten(hold_id))

    async def request_ended(self, hold_ids: Iterable[str]) -> None:
        """As `end_request`, and wait until it is durable. Raises Unavailable."""
        await asyncio.gather(*(self._writer.join(self._apply, Forgotten(hold_id)) for hold_id in hold_ids))

    def pending(self, tx: Reading, boot_ids: Sequence[str]) -> list[Any]:
        """Holds of these processes whose request never ended: id, request_id, state, skeleton."""
        return sql.pending_holds(tx, boot_ids)

    def forsaken(self, tx: Reading) -> list[str]:
        """Boot ids of processes that are known no more, but have holds whose request never ended."""
        return sql.forsaken_processes(tx)

    def held(self, tx: Reading) -> int:
        """Nanodollars in open holds, of all processes."""
        return sql.open_usd(tx)

    def overdue(self, tx: Reading) -> list[str]:
        """Ids of open holds past their deadline."""
        return sql.overdue_holds(tx, to_micros(self._clock.now()))

    def _apply(self, batch: Batch, items: list[Item]) -> list[Any]:
        return LedgerBatch(batch, self._rules, self._clock.now()).apply(items)


class LedgerBatch:
    """All items of one batch: read what they touch once, decide in order, write what changed once. Rows of holds are
    locked before buckets, each in the order of their keys, so that processes never wait for one another in a circle."""

    def __init__(self, batch: Batch, rules: Rules, now: datetime) -> None:
        self._batch = batch
        self._rules = rules
        self._now = now
        self._at = to_micros(now)
        self._buckets: dict[str, list[tuple[Budget, str]]] = {}
        self._balances: dict[str, Balance] = {}
        self._touched: set[str] = set()
        self._holds: dict[str, tuple[str, dict[str, int]]] = {}
        self._new_holds: list[tuple[Any, ...]] = []
        self._states: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._forgotten: list[tuple[str]] = []
        self._entries: list[tuple[Any, ...]] = []
        self._notes: list[tuple[Any, ...]] = []

    def apply(self, items: list[Item]) -> list[Any]:
        """One outcome for each item: `Held` or BudgetExhausted for a hold; for a resolution, whether it counted; None
        or Conflict for a correction, None for what is forgotten."""
        self._load(items)
        asks = [(position, item) for position, item in enumerate(items) if isinstance(item, NewHold)]
        ends = [(position, item) for position, item in enumerate(items) if isinstance(item, Resolution)]
        # What ends gives money back before what begins asks for it; only a hold may begin and end in one batch.
        earlier = [(position, end) for position, end in ends if end.hold_id in self._holds]
        of_this_batch = [(position, end) for position, end in ends if end.hold_id not in self._holds]
        outcomes: list[Any] = [None] * len(items)
        for position, end in earlier:
            outcomes[position] = self._resolve(end)
        if len(asks) + len(ends) < len(items):
            corrections = [(position, item) for position, item in enumerate(items) if isinstance(item, Correction)]
            for position, correction in corrections:
                outcomes[position] = self._correct(correction)
            self._forgotten = [(item.hold_id,) for item in items if isinstance(item, Forgotten)]
        for position, ask in asks:
            outcomes[position] = self._hold(ask)
        for position, end in of_this_batch:
            outcomes[position] = self._resolve(end)
        self._store()
        return outcomes

    def _load(self, items: Iterable[Item]) -> None:
        asks = []
        hold_ids = set()
        wanted: dict[str, str] = {}
        for item in items:
            if isinstance(item, NewHold):
                asks.append(item)
            elif isinstance(item, Resolution | Forgotten):
                hold_ids.add(item.hold_id)
            else:
                wanted[item.bucket] = budget_id_of(item.bucket)
        revision, holds = sql.revision_and_holds(self._batch, sorted(hold_ids), asks=bool(asks))
        for id_, state, _, held, _ in holds:
            amounts = read_amounts(held)
            self._holds[id_] = (state, amounts)
            for key in amounts:
                wanted[key] = budget_id_of(key)
        if asks:
            owners = {owner for new in asks for owner in new.ask.owners}
            self._rules.learn(owners, revision, partial(sql.budgets_of, self._batch))
        for new in asks:
            self._buckets[new.id] = mine = [(rule.budget, rule.bucket(self._now)) for rule in self._rules.of(new.ask)]
            for budget, key in mine:
                wanted[key] = budget.id
        if wanted:
            for id_, posted, open_, unconfirmed, overage in sql.lock_buckets(self._batch, wanted):
                self._balances[id_] = Balance(posted, open_, unconfirmed, overage)

    def _hold(self, new: NewHold) -> Held | BudgetExhausted:
        mine = self._buckets[new.id]
        verdict = decide(new.ask, [(budget, self._balances[key]) for budget, key in mine])
        if isinstance(verdict, Refusal):
            return refusal_error(verdict, self._now)
        amounts = {key: amount for (_, key), amount in zip(mine, verdict.amounts, strict=True)}
        for key, amount in amounts.items():
            self._balances[key].open += amount
        self._touched.update(amounts)
        held = write_amounts(amounts)
        self._holds[new.id] = ("open", amounts)
        self._new_holds.append(
            (
                new.id,
                new.request_id,
                new.boot_id,
                new.provider,
                new.model,
                "open",
                verdict.usd,
                held,
                new.price_version,
                new.deadline,
                new.skeleton,
            )
        )
        self._entries.append((new.id, "hold", verdict.usd, held, self._at))
        return Held(
            id=new.id,
            usd=verdict.usd,
            cap=verdict.cap,
            remaining_usd=verdict.remaining_usd,
            available_usd=verdict.available_usd,
        )

    def _resolve(self, resolution: Resolution) -> bool:
        hold_id, deed = resolution.hold_id, resolution.deed
        state, held = self._holds.get(hold_id, ("", {}))
        if state not in STATE_BEFORE[deed]:
            return False
        actual: dict[str, int] = {}
        for key, amount in held.items():
            balance = self._balances[key]
            if state == "open":
                balance.open -= amount
            else:
                balance.unconfirmed -= amount
            if deed == "settle":
                actual[key] = true = _true_amount(key, amount, resolution)
                balance.posted += true
                balance.overage += max(0, true - amount)
            elif deed == "expire":
                balance.unconfirmed += amount
        self._touched.update(held)
        after = STATE_AFTER[deed]
        self._holds[hold_id] = (after, held)
        # It may have got another state in this batch already. The last one counts, and ends are written last.
        is_end = resolution.ends_request or hold_id in self._ends
        (self._ends if is_end else self._states)[hold_id] = after
        self._entries.append((hold_id, deed, resolution.usd, write_amounts(actual), self._at))
        if resolution.note is not None:
            self._notes.append(resolution.note)
        return True

    def _correct(self, correction: Correction) -> Conflict | None:
        key, amount = correction.bucket, correction.amount
        balance, unit = self._balances[key], unit_of(key)
        if amount > balance.posted:
            return Conflict(f"Only {shown(balance.posted, unit)} can be given back: more is not posted.")
        if balance.taken - amount > MAX_NANODOLLARS:
            return Conflict("No account can hold so much.")
        balance.posted -= amount
        # For a charge nothing had been held.
        balance.overage += max(0, -amount)
        self._touched.add(key)
        moved = abs(amount)
        usd = moved if unit == "usd" else 0
        kind = "credit" if amount > 0 else "charge"
        self._entries.append((correction.id, kind, usd, write_amounts({key: moved}), self._at))
        if correction.note is not None:
            self._notes.append(correction.note)
        return None

    def _store(self) -> None:
        if self._touched:
            self._batch.run(
                sql.BALANCE,
                [
                    (balance.posted, balance.open, balance.unconfirmed, balance.overage, key)
                    for key, balance in sorted((key, self._balances[key]) for key in self._touched)
                ],
            )
        if self._new_holds:
            self._batch.run(sql.NEW_HOLD, self._new_holds)
        if self._states:
            self._batch.run(sql.HOLD_STATE, [(state, hold_id) for hold_id, state in self._states.items()])
        if self._ends:
            self._batch.run(sql.HOLD_END, [(state, hold_id) for hold_id, state in self._ends.items()])
        if self._forgotten:
            self._batch.run(sql.FORGET_SKELETON, self._forgotten)
        if self._entries:
            self._batch.run(sql.ENTRY, self._entries)
        if self._notes:
            self._batch.run(ADD_NOTE, self._notes)


def _true_amount(key: str, held: int, resolution: Resolution) -> int:
    """What a settlement posts to one bucket, in its unit; a request is a request."""
    unit = unit_of(key)
    return resolution.usd if unit == "usd" else resolution.tokens if unit == "tokens" else held


# --- amounts by bucket, as one text: `bud_1:2026-11-22=5000 bud_2:total=1` --------------------------------------------


def write_amounts(amounts: dict[str, int]) -> str:
    """The amounts as the hold's row keeps them."""
    return " ".join(f"{key}={amount}" for key, amount in amounts.items())


def read_amounts(text: str) -> dict[str, int]:
    """The reverse of `write_amounts`."""
    pairs = (pair.rpartition("=") for pair in text.split())
    return {key: int(amount) for key, _, amount in pairs}
