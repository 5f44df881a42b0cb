"""A thousand streams whose clients leave at any moment: each has a row, and is charged what the provider bills.

On each database, half of them are heard out, and half are cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from gateways import Gateway, asking, gateway_over
from raw_http import Connection, connected, request
from tollhouse.api.live import Patience
from tollhouse.money import verify
from tollhouse.money.amounts import price_from_usd_per_million
from tollhouse.money.prices import Price, cost_of
from tollhouse.testing import answer, wait
from tollhouse.testing.steps import Step

STREAMS = 500
AT_A_TIME = 40
POINTS = 14
"""Moments at which a client may leave: before the head, after it, and after each piece of the stream."""

PRICE = Price(input=price_from_usd_per_million("2.50"), output=price_from_usd_per_million("10.00"))

HEARD_OUT = Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=10)
CUT_OFF = Patience(sweep_s=0.01, watch_after_s=0.01, hear_out_s=0)


def spoken() -> list[Step]:
    """A stream of eight words, with a moment between any two."""
    return [part for step in answer("a b c d e f g h", usage=(12, 8)) for part in (step, wait(0.004))]


@pytest.fixture(params=[HEARD_OUT, CUT_OFF], ids=["heard out", "cut off"])
async def gateway(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", database_url=database_url, patience=request.param) as it:
        await it.budget("1000")
        it.provider.always(*spoken())
        yield it


@pytest.mark.slow
async def test_every_aborted_stream_has_a_row_and_is_charged_what_was_billed(gateway: Gateway):
    names = {f"stream-{number}" for number in range(STREAMS)}
    await abort_all(gateway, names, Random(64))
    rows = await rows_of_all(gateway, names)
    seen, billed = bills(gateway)
    assert seen <= rows.keys() <= names
    exact = [name for name, row in rows.items() if row["cost_status"] == "exact"]
    for name, row in rows.items():
        (hold,) = await gateway.holds(row)
        charged = cost(row) + (hold["usd"] if hold["state"] == "unconfirmed" else 0)
        assert hold["state"] != "open"
        assert charged >= billed.get(name, 0)
        if row["cost_status"] == "exact":
            assert charged == billed[name]
    assert len(exact) > STREAMS / 20
    assert {row["outcome"] for row in rows.values()} == {"client_left", "succeeded"}
    balance = await gateway.balance()
    assert (balance.open, balance.overage) == ("0", "0")
    now = gateway.house.clock.now()
    assert await gateway.house.store.read(lambda tx: [*verify.differences(tx, now, verify.Checked())]) == []


async def abort_all(gateway: Gateway, names: set[str], chance: Random) -> None:
    """Ask under each name, and leave at a random moment, politely or not."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def abort(name: str, point: int, *, rudely: bool) -> None:
        body = msgspec.json.encode(asking(stream=True, max_tokens=100, messages=[{"role": "user", "content": name}]))
        extra = f"connection: close\r\nx-request-id: {name}\r\n".encode()
        async with places, connected(gateway.port) as client:
            await client.send(request(body=body, token=gateway.person.token, extra=extra))
            await listen(client, point, chance.random() / 20)
            (client.reset if rudely else client.hang_up)()

    await asyncio.gather(
        *(abort(name, chance.randrange(POINTS), rudely=chance.random() < 0.5) for name in sorted(names))
    )


async def listen(client: Connection, point: int, at_first_s: float) -> None:
    """Until the head and so many pieces came, or all of them; at point 0 for a moment only."""
    if not point:
        await asyncio.sleep(at_first_s)
        return
    await client.head()
    for _ in range(point - 1):
        if not await client.chunk():
            return


async def rows_of_all(gateway: Gateway, names: set[str]) -> Mapping[str, Any]:
    """Each request's row by its name, when nothing is under way any more."""
    async with asyncio.timeout(30):
        while gateway.server.server_state.tasks or await gateway.in_flight():
            await asyncio.sleep(0.02)
    await gateway.provider.until(lambda: gateway.provider.answering == 0)
    await gateway.house.store.join(lambda batch, items: items, None)
    rows = await gateway.rows()
    by_name = {row["client_request_id"]: row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


def bills(gateway: Gateway) -> tuple[set[str], dict[str, int]]:
    """The names that the provider heard, and what it bills for each, in nanodollars."""
    asked = {one.number: one.json["messages"][0]["content"] for one in gateway.provider.requests}
    return set(asked.values()), {asked[bill.request]: cost_of(bill.usage, PRICE) for bill in gateway.provider.billed}


def cost(row: Mapping[str, Any]) -> int:
    return int((row["input_cost"] or 0) + (row["output_cost"] or 0))
