"""A71: whatever asks a provider for something is held, settled and logged. Every route that answers is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from gateways import Gateway
from tollhouse.app import application
from tollhouse.money.amounts import usd_text
from tollhouse.testing import answer

COUNTS = {"/v1/messages/count_tokens", "/v1/responses/input_tokens"}
"""Asks a provider for what costs nothing."""

MESSAGES = [{"role": "user", "content": "Hi"}]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/responses": {"input": "Hi"},
    "/v1/embeddings": {"input": "Hi"},
    "/v1/moderations": {"input": "Hi"},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 10},
    "/v1beta/models/acme/acme-1:generateContent": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "/api/chat": {"messages": MESSAGES},
}


async def test_every_route_is_looked_at(gateway: Gateway):
    routes = application(gateway.house).routes
    asking = {path for (method, path), route in routes.items() if (method, route.scope) == ("POST", "inference")}
    # Google's have the model in their path.
    assert asking - COUNTS == {path for path in BODIES if not path.startswith("/v1beta/")}


@pytest.mark.parametrize("path", BODIES)
async def test_what_is_asked_there_is_held_settled_and_logged(gateway: Gateway, path: str):
    gateway.provider.script(answer(usage=(20, 2)))
    await gateway.budget("1")
    body = BODIES[path] | ({} if path.startswith("/v1beta/") else {"model": "acme/acme-1"})
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert response.status_code == 200, response.text
    row = await gateway.row(response)
    (hold,) = await gateway.holds(row)
    cost = row["input_cost"] + row["output_cost"]
    assert (row["outcome"], hold["state"], await gateway.settled(row)) == ("succeeded", "settled", [cost])
    assert cost > 0
    assert (await gateway.balance()).posted == usd_text(cost)
