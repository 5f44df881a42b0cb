"""Clients that insist: streamed or not, with a cap or without, and some of them hang up in the middle."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from proofs.installation import Gateway, Spender

HANG_UP_RATE = 0.1
ANSWER_MOST_S = 30.0


@dataclass
class Told:
    """What the clients saw.

    Attributes:
        calls: requests that were sent.
        statuses: how often each status was answered; 0 for none.
        answered: names of the calls that were answered whole.
        refusals: error bodies of budgets that were said to be spent.
    """

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    refusals: list[dict[str, Any]] = field(default_factory=list)


async def insist(
    site: str, gateways: Callable[[], list[Gateway]], spender: Callable[[], Spender], chance: Random, told: Told
) -> None:
    """Ask one thing after the other until cancelled, of whichever gateway runs."""
    while True:
        await asyncio.sleep(chance.uniform(0, 0.1))
        running = gateways()
        if not running:
            continue
        told.calls += 1
        name = f"{site}-{told.calls}"
        cap = 64 if chance.random() < 0.8 else None
        written = request(name, spender().token, stream=chance.random() < 0.5, max_tokens=cap)
        patience_s = chance.uniform(0, 0.08) if chance.random() < HANG_UP_RATE else ANSWER_MOST_S
        try:
            async with asyncio.timeout(patience_s):
                said = await exchange(chance.choice(running).port, written)
        except (OSError, TimeoutError):
            told.statuses[0] += 1
            continue
        note(name, said, told)


def request(name: str, token: str, *, stream: bool, max_tokens: int | None) -> bytes:
    """A request that both ends can be found by: the row by its id, the call by its prompt."""
    body: dict[str, Any] = {"model": "acme/acme-1", "messages": [{"role": "user", "content": name}]}
    if stream:
        body["stream"] = True
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    content = json.dumps(body).encode()
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n"
        b"content-type: application/json\r\nauthorization: Bearer %s\r\nx-request-id: %s\r\n"
        b"content-length: %d\r\n\r\n%s"
    ) % (token.encode(), name.encode(), len(content), content)


async def exchange(port: int, written: bytes) -> bytes:
    """Send, and read until the other side closes. Cancelled, it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(written)
        return await reader.read()
    finally:
        writer.close()


def note(name: str, said: bytes, told: Told) -> None:
    """What an answer was."""
    head, _, body = said.partition(b"\r\n\r\n")
    status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
    told.statuses[status] += 1
    if status == 200 and (b"\ndata: [DONE]" in body or body.endswith(b"}")):
        told.answered.add(name)
    if status == 429:
        error = json.loads(body)["error"]
        if error["type"] == "insufficient_quota":
            told.refusals.append(error)
