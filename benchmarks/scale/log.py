"""A page of a log of a million requests, whatever is looked for in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, insert, select, update

from benchmarks.filling import add_people, add_requests
from benchmarks.ground import Ground
from benchmarks.plan import Plan
from benchmarks.postgres import Server, ask
from benchmarks.progress import tell
from benchmarks.scale.points import Report
from benchmarks.scale.reports import taken_ms
from tollhouse import ids
from tollhouse.admin import request_log
from tollhouse.app import House, open_house
from tollhouse.settings import Settings
from tollhouse.store.engine import Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import request, token

REQUESTS, QUICK_REQUESTS = 10**6, 10**4
LIMIT = 50

ONE_IN: Mapping[int, Mapping[str, Any]] = {
    500: {"status": 502, "outcome": "provider_unavailable"},
    1_000: {"tag": "nightly"},
    100_003: {"model": "bench-2", "status": 429, "outcome": "provider_rate_limited", "tag": "monthly"},
}
"""So many requests are otherwise than all others, and how."""

SECOND_KEY_ONE_IN = 5_000

ASKED: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    "failed": {"failed": True},
    "an outcome that was seldom": {"outcome": "provider_rate_limited"},
    "an outcome that never was": {"outcome": "internal_error"},
    "a tag": {"tag": "nightly"},
    "a tag that never was": {"tag": "never"},
    "a model that was seldom asked": {"model": "bench-2"},
    "a provider that never was": {"provider": "nobody"},
    "a user's requests that never were": {"provider": "nobody", "user": None},
    "a key that was seldom used": {"token": None},
    "a key, and a tag": {"token": None, "tag": "nightly"},
    "a key, and what never was": {"token": None, "provider": "nobody"},
}
"""What is looked for; whose it is, is known when there is somebody."""


def measure(ground: Ground, database: Server | None, plan: Plan) -> Iterator[Report]:
    """How long one page takes for each, in the process that serves it."""
    title = "PostgreSQL" if database else "SQLite"
    count = QUICK_REQUESTS if plan.is_quick else REQUESTS
    tell(f"scale: a log of {count:,} requests on {title}")
    url = database.new_database() if database else None
    yield from asyncio.run(measured(ground.folder / f"log-{title}", url, title, count))


async def measured(folder: Path, url: str | None, title: str, count: int) -> list[Report]:
    """A page for each of what is asked."""
    folder.mkdir(mode=0o700)
    settings = Settings.load(data=folder, overrides={"database_url": url})
    async with open_house(settings, may_migrate=True, may_create_key=True) as house:
        await add_people(house, 1)
        await add_requests(house, count)
        owner, second = await house.store.write(vary)
        if url is not None:
            await ask(url, "VACUUM ANALYZE")
        whose = {"user": owner, "token": second}
        found = []
        for name, said in ASKED.items():
            filters = {key: whose.get(key) if value is None else value for key, value in said.items()}
            ms = await taken_ms(partial(one_page, house, filters))
            found.append(Report(database=title, name=name, rows=count, ms=ms))
    return found


async def one_page(house: House, filters: Mapping[str, Any]) -> object:
    return await request_log.list_requests(house.desk, Page(limit=LIMIT), **filters)


def vary(tx: Writing) -> tuple[str, str]:
    """Make some requests other than all others; gives their user and a second key of theirs, which asked a few."""
    first = tx.execute(select(token).limit(1)).mappings().one()
    second = dict(first) | {"id": ids.new("tok"), "lookup": "benchtwo"}
    tx.execute(insert(token), [second])
    for one_in, otherwise in ONE_IN.items():
        tx.execute(update(request).where(_is_each(one_in)).values(**otherwise))
    tx.execute(update(request).where(_is_each(SECOND_KEY_ONE_IN)).values(token_id=second["id"]))
    return str(first["user_id"]), str(second["id"])


def _is_each(one_in: int) -> ColumnElement[bool]:
    """Every so many-th of the requests, which are numbered by the ends of their ids."""
    return cast(func.substr(request.c.id, 21), BigInteger) % one_in == 0
