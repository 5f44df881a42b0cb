"""A provider that miscounts: our own bound replaces nonsense, and what is more than was held is posted and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateways import Gateway, gateway_over
from tollhouse.money import verify
from tollhouse.testing import answer, chunk, head, reply

CAP = 100
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture
async def stored_gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        yield it


def counted(prompt: Any, completion: Any) -> dict[str, Any]:
    """A usage object that says so."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt}


NONSENSE: dict[str, Any] = {
    "negative": counted(-5, 10),
    "both negative": counted(-5, -5),
    "beyond any call": counted(10**12, 10**12),
    "made beyond what the call could": counted(100, 10 * CAP + 1),
    "read beyond what was sent": counted(100_000, 5),
    "beyond any integer": counted(10**30, 1),
    "fractions": counted(1.5, 2.5),
    "words": counted("many", "few"),
    "nothing at all": counted(0, 0),
    "a list": [1, 2],
}


async def lie(gateway: Gateway, usage: Any, *, stream: bool) -> Any:
    """One call whose answer of five words is counted like this; its row."""
    head_of = {"id": "c", "created": 1, "model": "acme-1"}
    text = "One two three four five."
    if stream:
        said = {**head_of, "object": "chat.completion.chunk"}
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        events = [{**said, "choices": [choice]}, {**said, "choices": [end]}, {**said, "choices": [], "usage": usage}]
        lines = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events]
        gateway.provider.always(
            head(headers={"content-type": "text/event-stream"}), chunk(b"".join([*lines, b"data: [DONE]\n\n"]))
        )
    else:
        message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        gateway.provider.always(
            reply(json={**head_of, "object": "chat.completion", "choices": [message], "usage": usage})
        )
    response = await gateway.chat(stream=stream, max_tokens=CAP)
    assert response.status_code == 200
    return await gateway.row(response)


@STREAM
@pytest.mark.parametrize("usage", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_charged_by_our_own_bound(gateway: Gateway, usage: Any, stream: bool):
    await gateway.budget("1")
    row = await lie(gateway, usage, stream=stream)
    assert row["cost_status"] == "estimated"
    assert row["input_tokens"] >= 1
    assert 5 <= row["output_tokens"] <= CAP
    (hold,) = await gateway.holds(row)
    assert 0 < row["input_cost"] + row["output_cost"] <= hold["usd"]
    await the_books_are_right(gateway)


@STREAM
async def test_more_than_was_held_is_posted_told_and_stops_the_next_call(stored_gateway: Gateway, stream: bool):
    gateway = stored_gateway
    await gateway.budget("0.005")
    row = await lie(gateway, counted(100, 10 * CAP), stream=stream)
    (hold,) = await gateway.holds(row)
    cost = row["input_cost"] + row["output_cost"]
    assert (row["cost_status"], cost) == ("exact", 100 * 2_500 + 10 * CAP * 10_000)
    await gateway.house.store.join(lambda batch, items: items, None)
    budget = await gateway.balance()
    assert Decimal(budget.posted) * 10**9 == cost
    assert Decimal(budget.overage) * 10**9 == cost - hold["usd"]
    assert (budget.open, budget.available, budget.exceeded) == ("0", "0", True)
    gateway.provider.always(answer())
    assert (await gateway.chat(max_tokens=1)).status_code == 429
    await the_books_are_right(gateway)


async def the_books_are_right(gateway: Gateway) -> None:
    await gateway.house.store.join(lambda batch, items: items, None)
    now = gateway.house.clock.now()
    assert await gateway.house.store.read(lambda tx: [*verify.differences(tx, now, verify.Checked())]) == []
