"""A ledger over a real store, and what a test needs to spend through it: budgets, holds of exact amounts, balances."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select

from tollhouse import ids
from tollhouse.clock import Clock
from tollhouse.money import verify
from tollhouse.money.amounts import FemtodollarsPerToken, Nanodollars
from tollhouse.money.budgets import Ask, Balance, Budget, bucket_id
from tollhouse.money.ledger import Correction, Deed, Held, Ledger, NewHold, Resolution
from tollhouse.money.prices import Price
from tollhouse.money.rules import budget_of
from tollhouse.store import ledger as sql
from tollhouse.store import machinery, requests
from tollhouse.store.engine import Store, Writing
from tollhouse.store.machinery import Note
from tollhouse.store.requests import Ending, Finished, Skeleton
from tollhouse.store.tables import entry, hold
from tollhouse.store.types import to_micros
from tollhouse.testing import ManualClock

BOOT = "boot_test"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Books:
    """One process's ledger. `clock` is turned by hand, and shared by whoever else keeps books over the database."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self.store = store
        self.clock = clock or ManualClock(NOON)
        self.ledger = Ledger(store, self.clock)

    async def begin_process(self, boot_id: str = BOOT, kind: str = "web") -> None:
        """Have a row and a heartbeat."""
        now = self.clock.now()
        await self.store.write(lambda tx: machinery.begin_process(tx, boot_id=boot_id, kind=kind, pid=1, now=now))

    async def budget(self, limit: int, **values: Any) -> Budget:
        """A strict budget of dollars in total for `usr_1`, unless told otherwise."""
        row = {
            "id": ids.new("bud"),
            "owner": "usr_1",
            "model": None,
            "unit": "usd",
            "window": "total",
            "mode": "strict",
            "amount": limit,
            "time_zone": "UTC",
            "min_output_tokens": 1_024,
        } | values
        more = {"alert_at": [], "created_at": self.clock.now(), "removed_at": None}
        await self.store.write(lambda tx: sql.add_budget(tx, {**row, **more}))
        return budget_of(list(row.values()))

    async def change(self, budget: Budget, **values: Any) -> None:
        """Change a budget as an administrator does: `verify` reads from the audit that its limit was another one."""

        def work(tx: Writing) -> None:
            sql.change_budget(tx, budget.id, values)
            at = to_micros(self.clock.now())
            machinery.note_deed(tx, Note(ids.new("aud"), at, "test", "budget.change", budget.id, "{}"))

        await self.store.write(work)

    async def hold(self, amount: int, hold_id: str | None = None, **more: Any) -> Held:
        """Hold exactly so many nanodollars."""
        return await self.ledger.hold(self.new_hold(amount, hold_id, **more))

    def new_hold(
        self,
        amount: int,
        hold_id: str | None = None,
        *,
        owner: str = "usr_1",
        boot_id: str = BOOT,
        request_id: str | None = None,
        **ask: Any,
    ) -> NewHold:
        """A hold of a call that costs so much, whatever is said."""
        hold_id = hold_id or ids.new("hold")
        return NewHold(
            id=hold_id,
            request_id=request_id or f"req_{hold_id}",
            boot_id=boot_id,
            provider="acme",
            model="acme-1",
            price_version="test",
            deadline=to_micros(self.clock.now()) + 600_000_000,
            ask=asked(amount, owner=owner, **ask),
            skeleton=msgspec.json.encode(skeleton(request_id or f"req_{hold_id}", boot_id)).decode(),
        )

    async def end(self, held: Held | str, deed: Deed, usd: int = 0, tokens: int = 0) -> bool:
        """Resolve a hold and wait for it."""
        return await self.ledger.resolved(resolution(held, deed, usd, tokens))

    async def correct(self, budget: Budget, amount: int, correction_id: str | None = None) -> None:
        """Give back so much of what the bucket of now has posted; below 0, charge it."""
        bucket = bucket_id(budget, self.clock.now())
        await self.ledger.correct(Correction(id=correction_id or ids.new("cor"), bucket=bucket, amount=amount))

    async def fail(self, hold_id: str, deed: Deed) -> None:
        """End one attempt of a request that goes on."""
        await self.ledger.resolved(Resolution(hold_id=hold_id, deed=deed, ends_request=False))

    async def finish(self, hold_id: str, request_id: str, usd: int) -> None:
        """End a request well, as the gateway does: settlement and row in one batch."""
        self.ledger.resolve(resolution(hold_id, "settle", usd=usd))
        ending = Ending(status=200, outcome="succeeded", input_cost=usd, output_cost=0, cost_status="exact", attempts=1)
        await self.store.join(requests.finish, Finished(skeleton(request_id), ending))

    async def balance(self, budget: Budget, at: datetime | None = None) -> Balance:
        """The bucket of now, or of another moment."""
        bucket = bucket_id(budget, at or self.clock.now())
        row = (await self.store.read(lambda tx: sql.balances(tx, [bucket]))).get(bucket)
        return Balance() if row is None else Balance(row["posted"], row["open"], row["unconfirmed"], row["overage"])

    async def row(self, request_id: str) -> Any:
        """A request's row, or None."""
        return await self.store.read(lambda tx: requests.row(tx, request_id))

    async def state(self, hold_id: str) -> str | None:
        """A hold's state; None when there is no such hold."""
        return await self.store.read(
            lambda tx: tx.execute(select(hold.c.state).where(hold.c.id == hold_id)).scalar_one_or_none()
        )

    async def entries(self, hold_id: str) -> list[str]:
        """The kinds of a hold's entries, in order."""
        query = select(entry.c.kind).where(entry.c.hold_id == hold_id).order_by(entry.c.id)
        return await self.store.read(lambda tx: list(tx.execute(query).scalars()))

    async def differences(self) -> list[verify.Difference]:
        """What `tollhouse verify` finds."""
        now = self.clock.now()
        return await self.store.read(lambda tx: [*verify.differences(tx, now, verify.Checked())])


def asked(amount: int, *, owner: str = "usr_1", **more: Any) -> Ask:
    """A call that costs exactly `amount` nanodollars, whatever is said; `more` are fields of `Ask`."""
    price = Price(input=FemtodollarsPerToken(0), output=FemtodollarsPerToken(0), per_request=Nanodollars(amount))
    told = {"owners": (owner,), "models": frozenset({"acme/acme-1"}), "input_bound": 400, "input_estimate": 100}
    return Ask(**{**told, "price": price, "cap": 500, **more})


def skeleton(request_id: str, boot_id: str = BOOT) -> Skeleton:
    """What is known of a request before anything is sent."""
    return Skeleton(
        id=request_id,
        created_at=to_micros(NOON),
        user_id="usr_1",
        workspace_id="ws_1",
        token_id="tok_1",
        boot_id=boot_id,
        surface="chat",
        asked_model="acme/acme-1",
        stream=False,
        ip=None,
        user_agent=None,
        client_request_id=None,
        tag=None,
    )


def resolution(held: Held | str, deed: Deed, usd: int = 0, tokens: int = 0) -> Resolution:
    return Resolution(hold_id=held if isinstance(held, str) else held.id, deed=deed, usd=usd, tokens=tokens)
