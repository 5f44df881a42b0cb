"""What the provider billed, beside what the ledger charged: call by call."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from proofs.clients import Told
from proofs.installation import Site
from tollhouse.money import verify
from tollhouse.money.amounts import price_from_usd_per_million
from tollhouse.money.prices import Price, cost_of
from tollhouse.store.engine import Reading
from tollhouse.store.tables import bucket, budget, hold, request
from tollhouse.testing.remote import RemoteProvider

PRICE = Price(input=price_from_usd_per_million("2.50"), output=price_from_usd_per_million("10.00"))


RECOVERED_WITHIN_S = 30
"""A process is dead when its heartbeat has lapsed, after fifteen seconds; somebody looks every few."""


@dataclass
class Call:
    """One call as all sides saw it; amounts in nanodollars."""

    seen: int = 0
    billed: int = 0
    settled: int = 0
    unconfirmed: int = 0
    outcome: str | None = None
    cost_status: str | None = None


@dataclass
class Books:
    """The result of a comparison.

    Attributes:
        drift: nanodollars by which balances differ from entries, or charges from bills, or 1 for each other difference.
        seen: calls that the provider saw.
        leaked: holds that are still open although their processes are long dead.
        unconfirmed: holds whose outcome is unknown; `unconfirmed_usd` what they keep charged, in nanodollars.
        surplus: nanodollars charged above the bill by estimates, marked so.
        findings: sentences, for people; empty when all is well.
    """

    calls: int = 0
    seen: int = 0
    drift: int = 0
    leaked: int = 0
    unconfirmed: int = 0
    unconfirmed_usd: int = 0
    surplus: int = 0
    findings: list[str] = field(default_factory=list)

    def find(self, what: str, drift: int = 1) -> None:
        self.drift += drift
        self.findings.append(what)


async def compare(site: Site, provider: RemoteProvider, told: Told) -> Books:
    """Compare everything with everything, when nobody is served any more."""
    books = Books()
    async with site.opened("web") as house:
        for _ in range(RECOVERED_WITHIN_S):
            if not await house.store.read(_open_holds):
                break
            await asyncio.sleep(1)
        now = house.clock.now()
        checked = verify.Checked()
        for difference in await house.store.read(lambda tx: [*verify.differences(tx, now, checked)]):
            books.find(f"{difference.subject}: {difference.what}")
        calls, books.leaked, books.unconfirmed = await house.store.read(_read)
    names = {asked.number: asked.json["messages"][0]["content"] for asked in provider.requests}
    for name in names.values():
        calls[name].seen += 1
    for billed in provider.billed:
        calls[names[billed.request]].billed += cost_of(billed.usage, PRICE)
    for name, call in calls.items():
        for what, drift in _differences(name, call, told):
            books.find(what, drift)
        if call.cost_status == "estimated":
            books.surplus += max(0, call.settled - call.billed)
    books.calls = len(calls)
    books.seen = sum(call.seen for call in calls.values())
    books.unconfirmed_usd = sum(call.unconfirmed for call in calls.values())
    return books


def _read(tx: Reading) -> tuple[defaultdict[str, Call], int, int]:
    """Every call by its name, how many holds are open, and how many unconfirmed."""
    calls: defaultdict[str, Call] = defaultdict(Call)
    names: dict[str, str] = {}
    for row in tx.execute(select(request)).mappings():
        names[row["id"]] = name = row["client_request_id"] or row["id"]
        call = calls[name]
        call.outcome, call.cost_status = row["outcome"], row["cost_status"]
        call.settled += (row["input_cost"] or 0) + (row["output_cost"] or 0)
    leaked = unconfirmed = 0
    for row in tx.execute(select(hold).where(hold.c.state.in_(["open", "unconfirmed"]))).mappings():
        if row["state"] == "open":
            leaked += 1
        else:
            unconfirmed += 1
            calls[names.get(row["request_id"], row["request_id"])].unconfirmed += row["usd"]
    return calls, leaked, unconfirmed


def _open_holds(tx: Reading) -> int:
    return tx.execute(select(func.count()).select_from(hold).where(hold.c.state == "open")).scalar_one()


def overspent(tx: Reading) -> int:
    """Nanodollars by which any strict budget is exceeded now, except by what a provider billed above its bound."""
    taken = bucket.c.posted + bucket.c.open + bucket.c.unconfirmed
    over = func.max(taken - bucket.c.overage - budget.c.amount)
    query = (
        select(over)
        .select_from(bucket.join(budget, budget.c.id == bucket.c.budget_id))
        .where(budget.c.mode == "strict", budget.c.unit == "usd")
    )
    return max(0, tx.execute(query).scalar() or 0)


def _differences(name: str, call: Call, told: Told) -> Iterator[tuple[str, int]]:
    """What is wrong with one call, and by how many nanodollars."""
    if call.outcome is None:
        yield f"{name}: the provider saw it {call.seen} times, and it has no row", 1
    if call.billed > call.settled + call.unconfirmed:
        missing = call.billed - call.settled - call.unconfirmed
        yield f"{name}: the provider billed {missing} nanodollars more than were charged", missing
    if not call.unconfirmed and call.cost_status == "exact" and call.settled != call.billed:
        surplus = call.settled - call.billed
        yield f"{name}: {call.settled} nanodollars were charged as exact, and {call.billed} billed", abs(surplus)
    if name in told.answered and call.outcome not in ("succeeded", "gateway_stopped"):
        yield f"{name}: its client was answered, and its row says {call.outcome}", 1
