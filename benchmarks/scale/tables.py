"""Full tables and many users, on SQLite and on PostgreSQL: each size is an installation of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from benchmarks import cost, postgres
from benchmarks.filling import add_requests
from benchmarks.gateways.tollhouse import Installation, install, serve
from benchmarks.ground import Ground
from benchmarks.medians import median_of
from benchmarks.plan import Plan
from benchmarks.postgres import Server
from benchmarks.progress import tell
from benchmarks.scale.points import Point
from benchmarks.shapes import SMALL
from tollhouse.app import House

ROWS, QUICK_ROWS = (10**3, 10**5, 10**6), (10**3, 10**4)
USERS, QUICK_USERS = (1, 10**3, 10**5), (1, 10**3)


def rows(ground: Ground, database: Server | None, plan: Plan) -> Iterator[Point]:
    """A point for each number of requests in the log and the ledger."""
    for count in QUICK_ROWS if plan.is_quick else ROWS:

        async def fill(house: House, count: int = count) -> None:
            await add_requests(house, count)

        tell(f"scale: filling {title(database)} with {count:,} requests")
        installed = install(ground, database_url=new_database(database), fill=fill)
        yield measure(ground, installed, database, count, plan)


def users(ground: Ground, database: Server | None, plan: Plan) -> Iterator[Point]:
    """A point for each number of users, who all ask in turn: with many, nearly every request is by a stranger."""
    for count in QUICK_USERS if plan.is_quick else USERS:
        tell(f"scale: filling {title(database)} with {count:,} users")
        installed = install(ground, database_url=new_database(database), users=count)
        yield measure(ground, installed, database, count, plan)


def measure(ground: Ground, installed: Installation, database: Server | None, count: int, plan: Plan) -> Point:
    """What a request costs over this installation."""
    size_bytes = settled_size_bytes(installed)
    with ground.speaking(), serve(ground, installed, database=database) as gateway:
        doors = [replace(gateway.door, headers={"Authorization": f"Bearer {token}"}) for token in installed.tokens]
        cost.sample(ground, SMALL, gateway, doors[:1], min(cost.WARM_UP_S, plan.seconds))
        samples = []
        for number in range(1, plan.rounds + 1):
            tell(f"scale: {title(database)} with {count:,}, round {number} of {plan.rounds}")
            # Each round begins with others, who are not remembered from the one before.
            at = len(doors) * (number - 1) // plan.rounds
            samples.append(cost.sample(ground, SMALL, gateway, doors[at:] + doors[:at], plan.seconds))
    return Point(database=title(database), count=count, cost=median_of(samples), size_bytes=size_bytes)


def settled_size_bytes(installed: Installation) -> int:
    """What the store takes on disk, once it is in order: freshly filled, PostgreSQL still has that to do."""
    if installed.database_url is None:
        return sum(file.stat().st_size for file in installed.data.glob("tollhouse.db*"))
    asyncio.run(postgres.ask(installed.database_url, "VACUUM ANALYZE"))
    asyncio.run(postgres.ask(installed.database_url, "CHECKPOINT"))
    return int(asyncio.run(postgres.ask(installed.database_url, "SELECT pg_database_size(current_database())")))


def title(database: Server | None) -> str:
    return "PostgreSQL" if database else "SQLite"


def new_database(database: Server | None) -> str | None:
    return database.new_database() if database else None
