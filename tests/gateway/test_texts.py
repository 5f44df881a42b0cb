"""Embeddings and moderations on the one path: held, sent, settled and logged like every call."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateways import ACME_KEY, Gateway, gateway_over, over_both_peers, provider_table
from tollhouse.api.live import Patience
from tollhouse.testing import answer, bill, cut, expect, reply, reset, say, stall, status
from tollhouse.testing.openai_texts import vector_of

Open = Callable[..., Awaitable[Gateway]]

EMBEDDINGS = "/v1/embeddings"
MODERATIONS = "/v1/moderations"
PATHS = (EMBEDDINGS, MODERATIONS)

OPENAI = """
[providers.openai]
base_url = "{base_url}"
allow_private_address = true
api_key = "sk-openai"
share = true
"""
GOOGLE = """
[providers.google]
base_url = "{base_url}"
allow_private_address = true
api_key = "google-key"
share = true
"""
WORDS = "The quick brown fox jumps over the lazy dog, again and again. " * 100
"""6,200 bytes, and about a quarter as many tokens."""


async def ask(
    gateway: Gateway, path: str = EMBEDDINGS, *, headers: Mapping[str, str] | None = None, **fields: Any
) -> httpx2.Response:
    """Ask about a text; `fields` override those of a small request."""
    body = {"model": "acme/acme-1", "input": "Hello there"} | fields
    return await gateway.client.post(path, headers=gateway.person.headers | dict(headers or {}), json=body)


def held(response: httpx2.Response) -> Decimal:
    return Decimal(response.headers["x-tollhouse-hold-usd"])


# --- as every call ------------------------------------------------------------------------------------------------


@over_both_peers
async def test_texts_are_embedded_and_charged_by_what_the_provider_counts(gateway: Gateway):
    gateway.provider.script(expect(path="/v1/embeddings", model="acme-1"), answer(usage=(12, 0)))
    response = await ask(gateway, input=["Hello", "there"])
    assert [one["embedding"] for one in response.json()["data"]] == [vector_of("Hello"), vector_of("there")]
    row = await gateway.row(response)
    assert (row["surface"], row["status"], row["outcome"], row["asked_model"]) == (
        "embeddings",
        200,
        "succeeded",
        "acme/acme-1",
    )
    assert (row["input_tokens"], row["output_tokens"], row["cost_status"]) == (12, 0, "exact")
    assert (row["input_cost"], row["output_cost"]) == (12 * 2_500, 0)
    assert response.headers["x-tollhouse-cost-usd"] == "0.00003"
    assert (response.headers["x-tollhouse-provider"], response.headers["x-tollhouse-attempts"]) == ("acme", "1")
    (billed,) = gateway.provider.billed
    assert (billed.usage.input_tokens, billed.usage.output_tokens) == (12, 0)
    (request,) = gateway.provider.requests
    assert request.headers["authorization"] == f"Bearer {ACME_KEY}"


async def test_what_is_asked_passes_as_it_came(gateway: Gateway):
    gateway.provider.script(answer())
    body = b'{"model":"acme/acme-1","input":[[1, 2],[3]],"dimensions":4,"encoding_format":"base64","user":"ada"}'
    response = await gateway.client.post(EMBEDDINGS, headers=gateway.person.headers, content=body)
    (request,) = gateway.provider.requests
    assert request.body == body.replace(b"acme/acme-1", b"acme-1")
    said = [base64.b64decode(one["embedding"]) for one in response.json()["data"]]
    assert said == [struct.pack("<4f", *vector_of(tokens, 4)) for tokens in ([1, 2], [3])]


async def test_only_what_may_be_read_is_held(gateway: Gateway):
    """The bytes of the request, what frames each text, and what the provider may add; no output."""
    gateway.provider.always(answer(usage=(5, 0)))
    one = held(await ask(gateway, input="a" * 1_000))
    more = held(await ask(gateway, input="a" * 2_000))
    assert more - one == 1_000 * Decimal("0.0000025")
    assert one < 1_300 * Decimal("0.0000025")


async def test_each_text_has_a_window_of_its_own(open_gateway: Open):
    table = '\n[providers.small]\ndialect = "openai_chat"\nbase_url = "{base_url}"\nallow_private_address = true\n'
    table += 'api_key = "sk-small"\nshare = true\n[providers.small.models.m]\ncontext_tokens = 100\n'
    gateway = await open_gateway(extra=table + 'input_usd_per_million = "1"\noutput_usd_per_million = "1"\n')
    gateway.provider.always(answer(usage=(5, 0)))
    texts = ["a" * 1_000] * 3
    responses = [await ask(gateway, model="small/m", input=texts[:count]) for count in (1, 2, 3)]
    assert [held(response) for response in responses] == [count * Decimal("0.0001") for count in (1, 2, 3)]


@pytest.mark.parametrize("path", PATHS)
async def test_a_provider_that_does_not_count_is_charged_by_our_own(gateway: Gateway, path: str):
    gateway.provider.script(answer(usage=None))
    response = await ask(gateway, path)
    row = await gateway.row(response)
    assert (row["cost_status"], row["output_tokens"]) == ("estimated", 0)
    assert Decimal(row["input_cost"]) / 10**9 == held(response)


async def test_what_a_vendor_says_that_it_costs_is_charged(open_gateway: Open):
    gateway = await open_gateway(of_provider="tells_cost = true")
    usage = {"prompt_tokens": 5, "total_tokens": 5, "cost": 0.000000123}
    data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
    gateway.provider.script(reply(json={"object": "list", "data": data, "model": "acme-1", "usage": usage}))
    row = await gateway.row(await ask(gateway))
    assert (row["input_cost"], row["output_cost"], row["cost_status"]) == (123, 0, "exact")


async def test_without_a_price_it_is_unpriced_and_refused_under_a_strict_budget(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    gateway.provider.script(answer(usage=(5, 0)))
    row = await gateway.row(await ask(gateway, model="openai/text-embedding-of-tomorrow"))
    assert (row["cost_status"], row["input_cost"], row["input_tokens"]) == ("unpriced", None, 5)
    await gateway.budget("1")
    refused = await ask(gateway, model="openai/text-embedding-of-tomorrow")
    assert (refused.json()["error"]["code"], gateway.provider.asked) == ("unknown_price", 1)


async def test_openais_models_are_known_by_their_bare_names_and_published_prices(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    gateway.provider.script(expect(model="text-embedding-3-small"), answer(usage=(1_000, 0)))
    row = await gateway.row(await ask(gateway, model="text-embedding-3-small"))
    assert (row["input_cost"], row["cost_status"], row["provider"]) == (1_000 * 20, "exact", "openai")


async def test_an_alias_leads_on_to_who_answers(open_gateway: Open):
    routes = '\n[routes.vectors]\ncandidates = ["acme/acme-1", "other/vendor/acme-1"]\n'
    table = provider_table("other", "{base_url}").replace("models.m]", 'models."vendor/acme-1"]')
    gateway = await open_gateway(extra=table + routes)
    gateway.provider.when(model="acme-1").always(status(503))
    gateway.provider.when(model="vendor/acme-1").always(answer(usage=(5, 0)))
    response = await ask(gateway, model="vectors")
    assert (response.status_code, response.headers["x-tollhouse-provider"]) == (200, "other")
    row = await gateway.row(response)
    assert (row["asked_model"], row["attempts"], row["provider"]) == ("vectors", 2, "other")
    assert [one["state"] for one in await gateway.holds(row)] == ["voided", "settled"]


async def test_an_alias_whose_vectors_could_not_be_compared_is_refused(open_gateway: Open):
    routes = '\n[routes.any]\ncandidates = ["acme/acme-1", "other/m"]\n'
    gateway = await open_gateway(extra=provider_table("other", "{base_url}") + routes)
    gateway.provider.always(answer())
    response = await ask(gateway, model="any")
    error = response.json()["error"]
    assert (response.status_code, error["param"], gateway.provider.asked) == (400, "model", 0)
    assert "`acme-1` and `m` are different models" in error["message"]
    assert (await gateway.chat(model="any")).status_code == 200
    # Whom to judge by is another matter.
    assert (await ask(gateway, MODERATIONS, model="any")).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("steps", "code", "state"),
    [
        ((say("Hello"), cut()), "provider_incomplete", "unconfirmed"),
        ((bill(9, 0), reset()), "provider_incomplete", "unconfirmed"),
        ((reply(body=b"<html>"),), "provider_incomplete", "unconfirmed"),
        ((reply(json={"data": [], "results": []}),), "provider_incomplete", "unconfirmed"),
        ((status(400, "No such size", code="too_large"),), "too_large", "voided"),
        ((status(429),), "provider_rate_limited", "voided"),
        ((status(401),), "provider_auth_failed", "voided"),
    ],
)
async def test_a_failure_is_told_and_its_hold_resolved(
    open_gateway: Open, path: str, steps: tuple[Any, ...], code: str, state: str
):
    gateway = await open_gateway(toml="attempts = 1\n")
    gateway.provider.script(*steps)
    response = await ask(gateway, path)
    assert response.json()["error"]["code"] == code
    assert ACME_KEY not in response.text
    row = await gateway.row(response)
    assert row["status"] == response.status_code >= 400
    (hold,) = await gateway.holds(row)
    assert hold["state"] == state


async def test_what_a_client_does_not_wait_for_stays_charged(open_gateway: Open):
    """The provider was still silent, and may bill."""
    gateway = await open_gateway(patience=Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=0))
    gateway.provider.always(stall(), answer())
    asked = asyncio.create_task(ask(gateway))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    asked.cancel()
    row = await gateway.only_row()
    assert row["outcome"] == "client_left"
    (hold,) = await gateway.holds(row)
    assert hold["state"] == "unconfirmed"


async def test_what_is_asked_twice_under_a_key_is_done_once(gateway: Gateway):
    gateway.provider.script(answer(usage=(5, 0)))
    key = {"idempotency-key": "order-66"}
    first, second = await ask(gateway, headers=key), await ask(gateway, headers=key)
    assert (first.content, second.headers["idempotency-replayed"]) == (second.content, "true")
    other = await ask(gateway, headers=key, input="Something else")
    assert other.status_code == 422
    assert gateway.provider.asked == 1


# --- budgets ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def stored_gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    """On both databases."""
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        yield it


@pytest.mark.parametrize("path", PATHS)
async def test_a_strict_budget_is_never_overspent(stored_gateway: Gateway, path: str):
    """Forty at once, of which five fit, and a provider that is silent until all others are refused."""
    gateway = stored_gateway
    gateway.provider.always(stall(), answer(usage=(20, 0)))
    await gateway.budget("100")
    trial = asyncio.create_task(ask(gateway, path))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    gateway.provider.release()
    first = await trial
    spent = Decimal(first.headers["x-tollhouse-cost-usd"])
    await gateway.budget(str(spent + 5 * held(first)))
    asked = [asyncio.create_task(ask(gateway, path)) for _ in range(40)]
    async with asyncio.timeout(30):
        while sum(one.done() for one in asked) + gateway.provider.stalled < 40:
            await asyncio.sleep(0.005)
    balance = await gateway.balance()
    assert Decimal(balance.posted) + Decimal(balance.open) <= Decimal(balance.limit)
    gateway.provider.release()
    responses = await asyncio.gather(*asked)
    assert sorted(response.status_code for response in responses) == [200] * 5 + [429] * 35
    # All that waits is written with the next batch.
    await gateway.house.store.join(lambda batch, items: items, None)
    balance = await gateway.balance()
    told = sum(Decimal(one.headers.get("x-tollhouse-cost-usd", "0")) for one in (first, *responses))
    assert (Decimal(balance.posted), balance.open, balance.unconfirmed, balance.overage) == (told, "0", "0", "0")
    assert len(await gateway.rows()) == 41


async def test_texts_that_fit_by_their_tokens_are_not_refused_for_their_bytes(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    gateway.provider.always(answer(usage=(1_300, 0)))
    await gateway.budget("0.00004")
    response = await ask(gateway, model="openai/text-embedding-3-small", input=[WORDS])
    assert response.status_code == 200, response.text
    assert held(response) <= Decimal("0.00004")
    assert (await gateway.balance()).overage == "0"


@pytest.mark.parametrize("mode", ["strict", "estimate"])
async def test_a_budget_of_tokens_counts_them(gateway: Gateway, mode: str):
    gateway.provider.always(answer(usage=(40, 0)))
    await gateway.budget(300, unit="tokens", mode=mode)
    assert (await ask(gateway)).status_code == 200
    assert (await gateway.balance()).posted == 40
    refused = await ask(gateway, input="a" * 2_000)
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "insufficient_quota")


async def test_a_budget_of_requests_counts_them(gateway: Gateway):
    gateway.provider.always(answer())
    await gateway.budget(2, unit="requests")
    statuses = [(await ask(gateway, path)).status_code for path in (*PATHS, EMBEDDINGS)]
    assert statuses == [200, 200, 429]


# --- who is asked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
async def test_who_does_not_do_it_is_not_asked(open_gateway: Open, path: str):
    table = '\n[providers.claude]\ndialect = "anthropic_messages"\nbase_url = "{base_url}"\n'
    gateway = await open_gateway(extra=table + "allow_private_address = true\nfree = true\n")
    response = await ask(gateway, path, model="claude/claude-opus")
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (400, "unsupported", "model")
    assert error["message"].startswith(f"claude is not asked for {path.removeprefix('/v1/')} here.")
    assert (await gateway.row(response))["outcome"] == "unsupported"
    assert gateway.provider.asked == 0


async def test_a_route_leads_on_to_who_does_it(open_gateway: Open):
    table = '\n[providers.claude]\ndialect = "anthropic_messages"\nbase_url = "{base_url}"\n'
    table += "allow_private_address = true\nfree = true\n"
    routes = '[routes.vectors]\ncandidates = ["claude/claude-opus", "acme/acme-1"]\n'
    gateway = await open_gateway(extra=table + routes)
    gateway.provider.script(expect(model="acme-1"), answer())
    response = await ask(gateway, model="vectors")
    assert (response.status_code, response.headers["x-tollhouse-attempts"]) == (200, "1")


async def test_nobody_is_asked_with_models_that_nothing_is_held_for(open_gateway: Open):
    table = '\n[providers.openrouter]\nbase_url = "{base_url}"\nallow_private_address = true\n'
    gateway = await open_gateway(extra=table + 'api_key = "sk-router"\nshare = true\n')
    gateway.provider.always(answer())
    refused = await ask(gateway, model="openrouter/openai/text-embedding-3-small", models=["dear/model"])
    assert (refused.status_code, refused.json()["error"]["param"], gateway.provider.asked) == (400, "models", 0)
    assert (await ask(gateway, model="openrouter/openai/text-embedding-3-small")).status_code == 200


async def test_a_model_that_does_not_embed_fails_as_its_provider_says(gateway: Gateway):
    gateway.provider.script(status(404, "This is not an embedding model", code="model_not_found"))
    response = await ask(gateway)
    assert (response.status_code, response.json()["error"]["message"]) == (404, "This is not an embedding model")
    (hold,) = await gateway.holds(await gateway.row(response))
    assert hold["state"] == "voided"


GOOGLES = {"embeddings": [{"values": [0.25, -1.5]}, {"values": [1, 2]}]}


@pytest.mark.parametrize("encoding", ["float", "base64", None])
async def test_google_embeds_for_clients_of_openai(open_gateway: Open, encoding: str | None):
    gateway = await open_gateway(extra=GOOGLE)
    counted = {"usageMetadata": {"promptTokenCount": 4}}
    gateway.provider.script(bill(4, 0), reply(json=GOOGLES | counted))
    response = await ask(
        gateway,
        model="google/gemini-embedding-001",
        input=["a", "b"],
        dimensions=2,
        user="ada",
        encoding_format=encoding,
    )
    (request,) = gateway.provider.requests
    assert request.path.endswith("/models/gemini-embedding-001:batchEmbedContents")
    assert [one["outputDimensionality"] for one in request.json["requests"]] == [2, 2]
    assert request.headers["x-goog-api-key"] == "google-key"
    said = response.json()
    vectors = [one["embedding"] for one in said["data"]]
    if encoding == "base64":
        vectors = [list(struct.unpack("<2f", base64.b64decode(one))) for one in vectors]
    assert vectors == [[0.25, -1.5], [1, 2]]
    assert (said["object"], said["model"]) == ("list", "gemini-embedding-001")
    assert said["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert response.headers["x-tollhouse-lossy"] == "user"
    row = await gateway.row(response)
    assert (row["input_tokens"], row["input_cost"], row["cost_status"]) == (4, 4 * 150, "exact")


async def test_what_google_does_not_count_is_charged_and_told_by_our_own_count(open_gateway: Open):
    gateway = await open_gateway(extra=GOOGLE)
    gateway.provider.script(reply(json=GOOGLES))
    response = await ask(gateway, model="google/gemini-embedding-001", input=["a", "b"])
    row = await gateway.row(response)
    assert (row["cost_status"], response.json()["usage"]["prompt_tokens"]) == ("estimated", row["input_tokens"])


@pytest.mark.parametrize(("fields", "param"), [({"input": [[1, 2]]}, "input"), ({"input_type": "query"}, "input_type")])
async def test_what_google_cannot_be_told_is_refused(open_gateway: Open, fields: dict[str, Any], param: str):
    gateway = await open_gateway(extra=GOOGLE)
    response = await ask(gateway, model="google/gemini-embedding-001", **fields)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert gateway.provider.asked == 0


async def test_a_vector_that_is_none_is_not_passed_on(open_gateway: Open):
    gateway = await open_gateway(extra=GOOGLE, toml="attempts = 1\n")
    gateway.provider.script(reply(json={"embeddings": [{"values": ["no"]}]}))
    response = await ask(gateway, model="google/gemini-embedding-001", encoding_format="base64")
    assert (response.status_code, response.json()["error"]["code"]) == (502, "provider_incomplete")


# --- moderations --------------------------------------------------------------------------------------------------


async def test_openai_judges_for_nothing_and_there_is_a_row(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    await gateway.budget("0.000000001")
    gateway.provider.script(expect(path="/v1/moderations", model="omni-moderation-latest"), answer())
    body = {"input": ["Hello", "there"]}
    response = await gateway.client.post(MODERATIONS, headers=gateway.person.headers, json=body)
    assert [one["flagged"] for one in response.json()["results"]] == [False, False]
    assert (held(response), response.headers["x-tollhouse-cost-usd"]) == (0, "0")
    row = await gateway.row(response)
    assert (row["surface"], row["asked_model"], row["provider"]) == ("moderations", "omni-moderation-latest", "openai")
    assert (row["input_cost"], row["cost_status"]) == (0, "exact")
    (hold,) = await gateway.holds(row)
    assert hold["state"] == "settled"


async def test_a_model_is_free_for_moderations_alone(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    gateway.provider.always(answer(usage=(10, 10)))
    messages = [{"role": "user", "content": "Hi"}]
    chat = await gateway.chat(model="openai/gpt-4o-mini", messages=messages)
    judged = await ask(gateway, MODERATIONS, model="openai/gpt-4o-mini")
    assert held(chat) > 0 == held(judged)


async def test_pictures_are_judged_too(gateway: Gateway):
    gateway.provider.script(answer())
    parts = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    response = await ask(gateway, MODERATIONS, input=parts)
    assert response.status_code == 200
    assert json.loads(gateway.provider.requests[0].body)["input"] == parts
