"""Fills a store as years of use would: users with tokens and budgets, and requests with their holds and entries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import CTE, BigInteger, ColumnElement, Row, Table, Text, cast, insert, literal, select

from tollhouse import ids, tokens
from tollhouse.app import House
from tollhouse.store.engine import Writing
from tollhouse.store.requests import Ending, Skeleton
from tollhouse.store.tables import budget, entry, hold, request, token, user, workspace
from tollhouse.store.types import to_micros

PEOPLE_AT_ONCE = 5_000
ROWS_AT_ONCE = 20_000
"""A statement must end well within the store's patience."""
NO_LIMIT = 2**31 - 1
BUDGET_NANODOLLARS = 10**6 * 10**9
SECOND_US = 1_000_000
BOOT_ID = f"boot_{'0' * 26}"
BUCKET = f"bud_{'0' * 26}:usd:2026-01"
ENDING = Ending(
    status=200,
    outcome="succeeded",
    provider="bench",
    model="bench-1",
    credential_id="shared:bench",
    finish_reason="stop",
    input_tokens=19,
    input_cached_tokens=0,
    input_cache_write_tokens=0,
    output_tokens=10,
    output_reasoning_tokens=0,
    input_cost=47_500,
    output_cost=100_000,
    cost_status="exact",
    attempts=1,
    response_time_us=1_500,
    first_token_us=1_400,
    upstream_us=1_000,
)


async def add_people(house: House, count: int) -> list[str]:
    """Users with limits, a strict budget of a million dollars a month and a token each; gives the tokens.

    The limits are there to be looked after and too wide to be met.
    """
    now, pepper = house.clock.now(), house.desk.pepper
    minted = [tokens.mint(pepper=pepper) for _ in range(count)]

    def work(tx: Writing) -> None:
        place = {"id": ids.new("ws"), "name": "bench", "created_at": now}
        tx.execute(insert(workspace), [place])
        for some in (minted[at : at + PEOPLE_AT_ONCE] for at in range(0, count, PEOPLE_AT_ONCE)):
            people = [ids.new("usr") for _ in some]
            tx.execute(insert(user), [_user(one, place["id"], now) for one in people])
            tx.execute(insert(token), [_token(*pair, now) for pair in zip(people, some, strict=True)])
            tx.execute(insert(budget), [_budget(one, now) for one in people])

    await house.store.write(work)
    return [one.text for one in minted]


def _user(user_id: str, workspace_id: str, now: datetime) -> dict[str, Any]:
    limits = dict.fromkeys(("requests_per_minute", "tokens_per_minute", "concurrent"), NO_LIMIT)
    known = {"id": user_id, "workspace_id": workspace_id, "name": user_id, "time_zone": "UTC", "created_at": now}
    return {**known, **limits}


def _token(user_id: str, minted: tokens.Minted, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.new("tok"),
        "lookup": minted.lookup,
        "user_id": user_id,
        "name": "bench",
        "digest": minted.digest,
        "scopes": ["inference", "conversations:read", "conversations:write"],
        "created_at": now,
    }


def _budget(user_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.new("bud"),
        "owner": user_id,
        "unit": "usd",
        "window": "month",
        "time_zone": "UTC",
        "mode": "strict",
        "amount": BUDGET_NANODOLLARS,
        "min_output_tokens": 1_024,
        "alert_at": [0.8, 1.0],
        "created_at": now,
    }


async def add_requests(house: House, count: int) -> None:
    """Requests that ended well, one a second until now, each with its settled hold and two entries of the ledger."""
    now_us = to_micros(house.clock.now())

    def work(tx: Writing) -> None:
        owner = tx.execute(select(user.c.id, user.c.workspace_id, token.c.id).join(token).limit(1)).one()
        for first in range(1, count + 1, ROWS_AT_ONCE):
            numbers = _numbers(first, min(first + ROWS_AT_ONCE - 1, count))
            at = now_us - (count - numbers.c.n) * SECOND_US
            for table, columns in _request_and_hold(numbers.c.n, at, owner):
                values = [value if isinstance(value, ColumnElement) else literal(value) for value in columns.values()]
                tx.execute(insert(table).from_select(list(columns), select(*values)))

    await house.store.write(work)


def _numbers(first: int, last: int) -> CTE:
    """A table of the numbers from first to last, made by the database itself."""
    start = select(cast(literal(first), BigInteger).label("n")).cte("numbers", recursive=True)
    return start.union_all(select(start.c.n + 1).where(start.c.n < last))


def _request_and_hold(
    n: ColumnElement[int], at: ColumnElement[int], owner: Row[tuple[str, str, str]]
) -> list[tuple[Table, dict[str, Any]]]:
    """Rows of request number n, as the gateway writes them."""
    skeleton = Skeleton(
        id="",
        created_at=0,
        user_id=owner[0],
        workspace_id=owner[1],
        token_id=owner[2],
        boot_id=BOOT_ID,
        surface="chat.completions",
        asked_model="bench/bench-1",
        stream=False,
        ip="127.0.0.1",
        user_agent="benchmark",
        client_request_id=None,
        tag=None,
    )
    request_id, hold_id = _id("req", n), _id("hold", n) + ".1"
    asked = {**structs.asdict(skeleton), "id": request_id, "created_at": at, "stream": 0}
    held = {"request_id": request_id, "boot_id": BOOT_ID, "provider": "bench", "model": "bench-1", "state": "settled"}
    spent = f"{BUCKET}={ENDING.input_cost}"
    return [
        (request, _known(asked | structs.asdict(ENDING))),
        (hold, {"id": hold_id, **held, "usd": 1_000_000, "held": spent, "price_version": "bench", "deadline": at}),
        (entry, {"hold_id": hold_id, "kind": "hold", "usd": 1_000_000, "moves": "", "at": at}),
        (entry, {"hold_id": hold_id, "kind": "settle", "usd": 147_500, "moves": spent, "at": at}),
    ]


def _id(prefix: str, n: ColumnElement[int]) -> ColumnElement[str]:
    """As long as a true one, and sorted before all of them."""
    return literal(f"{prefix}_{'0' * 16}") + cast(n + 10**9, Text)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
