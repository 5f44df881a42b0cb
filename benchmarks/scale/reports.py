"""Reports of what a million requests have cost, from the sums that are kept by day, token and model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from benchmarks.ground import Ground
from benchmarks.plan import Plan
from benchmarks.postgres import Server
from benchmarks.progress import tell
from benchmarks.scale.points import Report
from tollhouse.admin import reports
from tollhouse.app import House, open_house
from tollhouse.settings import Settings
from tollhouse.store.engine import Writing
from tollhouse.store.spend import DAY_US
from tollhouse.store.tables import spend
from tollhouse.store.types import to_micros

REQUESTS = 10**6
DAYS, USERS, TOKENS_EACH, MODELS = 365, 20, 2, 2
QUICK_DAYS = 30
ROWS_AT_ONCE = 5_000
MONTH = timedelta(days=30)
REPEATS = 15


def measure(ground: Ground, database: Server | None, plan: Plan) -> Iterator[Report]:
    """How long each report takes, in the process that serves it."""
    title = "PostgreSQL" if database else "SQLite"
    tell(f"scale: reports on {title}")
    url = database.new_database() if database else None
    days = QUICK_DAYS if plan.is_quick else DAYS
    yield from asyncio.run(measured(ground.folder / f"reports-{title}", url, title, days))


async def measured(folder: Path, url: str | None, title: str, days: int) -> list[Report]:
    """Each of the reports over so many days of use."""
    folder.mkdir(mode=0o700)
    settings = Settings.load(data=folder, overrides={"database_url": url})
    async with open_house(settings, may_migrate=True, may_create_key=True) as house:
        rows = spent(house, days)
        await house.store.write(lambda tx: fill(tx, rows))
        since = house.clock.now() - MONTH
        asked: dict[str, Callable[[], Awaitable[object]]] = {
            **{f"by {by}": lambda by=by: reports.spend(house.desk, by) for by in ("user", "token", "model", "day")},  # type: ignore[misc]
            "by model, thirty days": lambda: reports.spend(house.desk, "model", since=since),
            "forecast": lambda: reports.forecast(house.desk),
        }
        return [
            Report(database=title, name=name, rows=len(rows), ms=await taken_ms(ask)) for name, ask in asked.items()
        ]


async def taken_ms(ask: Callable[[], Awaitable[object]]) -> float:
    """The median of some, the first left out: it brings the rows into memory."""
    await ask()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - began) * 1_000)
    return median(times)


def spent(house: House, days: int) -> list[dict[str, Any]]:
    """What a million requests leave, each token with each model on every day."""
    today = to_micros(house.clock.now()) // DAY_US
    keys = [
        (today - day, f"tok_{number:026}", f"usr_{number // TOKENS_EACH:026}", f"model-{model}")
        for day in range(days)
        for number in range(USERS * TOKENS_EACH)
        for model in range(MODELS)
    ]
    each = REQUESTS // len(keys)
    sums = {
        "requests": each,
        "unpriced": 0,
        "estimated": 0,
        "input_tokens": 19 * each,
        "input_cached_tokens": 0,
        "output_tokens": 10 * each,
        "cost": 147_500 * each,
    }
    return [
        {"day": day, "token_id": token, "user_id": user, "workspace_id": "ws", "provider": "bench", "model": model}
        | {"tag": "", **sums}
        for day, token, user, model in keys
    ]


def fill(tx: Writing, rows: list[dict[str, Any]]) -> None:
    """Write them, some at a time."""
    for first in range(0, len(rows), ROWS_AT_ONCE):
        tx.execute(insert(spend), rows[first : first + ROWS_AT_ONCE])
