"""A crowd of runs that wait: the urgent one goes before them, and another tenant's first does not wait behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import func, select

from proofs.deaths import Household
from proofs.installation import Site
from proofs.turns import Insisting, Told, Turn
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.store.conversation_tables import run
from tollhouse.store.engine import Reading
from tollhouse.testing import answer, wait
from tollhouse.testing.remote import RemoteProvider

AT_ONCE = 8
OVERTAKERS_MOST = 64
"""What two workers take in hand at once."""
PATIENCE_S = 240.0


@dataclass
class Order:
    """Who came first.

    Attributes:
        crowd: ordinary runs that waited when the urgent one came.
        overtakers: of these, how many began between its coming and its beginning.
        urgent_s, other_s: how long the urgent one waited, and another tenant's first.
    """

    crowd: int = 0
    overtakers: int = 0
    urgent_s: float = 0.0
    other_s: float = 0.0
    findings: list[str] = field(default_factory=list)


async def crowd(site: Site, household: Household, provider: RemoteProvider, count: int) -> Order:
    """Let one tenant ask for so many, then something urgent; then let another tenant ask."""
    provider.always(wait(0.5), *answer("Yes.", usage=(12, 1)))
    chance = Random(count)
    order = Order()
    async with site.opened() as house:
        one, other = [
            Insisting(token, lambda: household.webs, chance, Told())
            for token in (site.spenders[2].token, await _stranger(house))
        ]
        try:
            workers = len(household.workers)
            await household.rest()
            await _gather(one, count)
            order.crowd = await house.store.read(_waiting)
            await household.work(workers)
            order.urgent_s, urgent = await _begun(one, house, "urgent", priority=9)
            order.overtakers = await house.store.read(lambda tx: _between(tx, urgent))
            order.other_s, _ = await _begun(other, house, "another")
            if not await house.store.read(_waiting):
                order.findings.append("nobody was left of the crowd, so that nothing is proven by it")
        finally:
            await one.aclose()
            await other.aclose()
    if order.overtakers > OVERTAKERS_MOST:
        order.findings.append(f"{order.overtakers} ordinary runs began before an urgent one that waited")
    return order


async def _gather(person: Insisting, count: int) -> None:
    """Ask for so many, each in a conversation of its own, as fast as they are taken."""
    numbers = iter(range(count))

    async def ask() -> None:
        for number in numbers:
            made = await person.call("POST", "/api/conversations", json={"model": "acme/acme-1"})
            await person.ask(f"/api/conversations/{made['id']}", f"crowd-{number}")

    await asyncio.gather(*[ask() for _ in range(AT_ONCE)])


async def _begun(person: Insisting, house: House, name: str, **more: Any) -> tuple[float, Turn]:
    """Ask for one more, and wait until it begins; gives how long that took."""
    made = await person.call("POST", "/api/conversations", json={"model": "acme/acme-1"})
    turn = await person.ask(f"/api/conversations/{made['id']}", name, **more)
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        row = await house.store.read(lambda tx: _run(tx, turn.run))
        if row["started_at"] is not None:
            return (row["started_at"] - row["created_at"]).total_seconds(), turn
        await asyncio.sleep(0.02)
    return PATIENCE_S, turn


async def _stranger(house: House) -> str:
    """A token of somebody in a workspace of their own."""
    place = await access.create_workspace(house.desk, COMMAND_LINE, name="elsewhere")
    user = await access.create_user(house.desk, COMMAND_LINE, name="stranger", without_limits=True, workspace=place.id)
    return (await access.create_token(house.desk, COMMAND_LINE, user.id, name="proof")).token


def _run(tx: Reading, run_id: str) -> Any:
    return tx.execute(select(run).where(run.c.id == run_id)).mappings().one()


def _waiting(tx: Reading) -> int:
    return tx.execute(select(func.count()).where(run.c.status == "queued")).scalar_one()


def _between(tx: Reading, urgent: Turn) -> int:
    """Ordinary runs that were there before the urgent one came, and began after that and before it did."""
    row = _run(tx, urgent.run)
    began: Sequence[Any] = tx.execute(
        select(run.c.id).where(
            run.c.created_at < row["created_at"],
            run.c.started_at > row["created_at"],
            run.c.started_at < row["started_at"],
        )
    ).all()
    return len(began)
