"""The official OpenAI SDK keeps conversations here: what it gets is exactly of its types, and nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel, TypeAdapter

from gateways import Gateway, over_both_peers
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.conversations.messages import items

TURNS: list[Any] = [
    {"type": "message", "role": "developer", "content": "Be brief."},
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "high"},
            {"type": "input_image", "file_id": "file_1", "detail": "auto"},
            {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        ],
    },
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Let me look."}],
        "encrypted_content": "c2VhbGVk",
    },
    {
        "type": "message",
        "role": "assistant",
        "content": [
            {
                "type": "output_text",
                "text": "A picture, says example.com.",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url": "https://example.com",
                        "title": "Example",
                        "start_index": 16,
                        "end_index": 27,
                    }
                ],
                "logprobs": [],
            },
            {"type": "refusal", "refusal": "More I will not say."},
        ],
    },
    {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"closely": true}'},
    {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": [{"type": "input_text", "text": "A heart"}, {"type": "input_image", "image_url": "https://a/b"}],
    },
    {"type": "custom_tool_call", "call_id": "call_2", "name": "grep", "input": "a+b"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "aab"},
]


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with sdk_of(gateway, max_retries=0) as it:
        yield it


def said(item: BaseModel) -> dict[str, Any]:
    """An item without what a server adds."""
    return item.model_dump(exclude_none=True, exclude={"id", "status"})


@over_both_peers
async def test_a_conversation_is_made_changed_and_deleted(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(metadata={"ticket": "42"})
    assert_exact(made)
    assert (made.object, made.metadata) == ("conversation", {"ticket": "42"})
    assert await client.conversations.retrieve(made.id) == made
    changed = await client.conversations.update(made.id, metadata={"ticket": "43"})
    assert changed.metadata == {"ticket": "43"}
    gone = await client.conversations.delete(made.id)
    assert_exact(gone)
    assert (gone.id, gone.deleted) == (made.id, True)
    with pytest.raises(openai.NotFoundError):
        await client.conversations.retrieve(made.id)


async def test_items_come_back_as_they_were_sent(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(items=TURNS[:3])
    added = await client.conversations.items.create(made.id, items=TURNS[3:], include=[items.SEALED])
    assert_exact(added)
    page = await client.conversations.items.list(made.id, order="asc", include=[items.SEALED])
    assert len(page.data) == len(TURNS)
    assert page.data[3:] == added.data
    for item, sent in zip(page.data, TURNS, strict=True):
        TypeAdapter(type(item)).validate_json(item.to_json(), strict=True)
        expected = {name: value for name, value in sent.items() if name != "id"}
        shown = said(item)
        if isinstance(expected.get("content"), str):
            expected["content"] = [{"type": "input_text", "text": expected["content"]}]
        if sent["type"] == "function_call_output":
            expected["output"] = [sent["output"][0], sent["output"][1] | {"detail": "auto"}]
        assert shown == expected
        assert item.id
        assert (
            await client.conversations.items.retrieve(item.id, conversation_id=made.id, include=[items.SEALED]) == item
        )
    plain = await client.conversations.items.list(made.id, order="asc")
    assert "encrypted_content" not in said(plain.data[2]), "a seal is shown to who asks for it"


async def test_pages_of_items_turn_in_both_directions(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(items=TURNS)
    forwards = [item.id async for item in client.conversations.items.list(made.id, order="asc", limit=1)]
    assert len(forwards) == len(set(forwards)) == len(TURNS)
    assert [item.id async for item in client.conversations.items.list(made.id, limit=3)] == forwards[::-1]
    page = await client.conversations.items.list(made.id, order="asc", after=forwards[3], limit=3)
    assert ([item.id for item in page.data], page.has_more) == (forwards[4:7], True)


async def test_an_item_that_is_deleted_is_gone_and_the_others_keep_their_names(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    made = await client.conversations.create(items=TURNS)
    names = [item.id async for item in client.conversations.items.list(made.id, order="asc")]
    for name in (names[3], names[1]):
        assert (await client.conversations.items.delete(name, conversation_id=made.id)).id == made.id
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.delete(name, conversation_id=made.id)
    left = [item async for item in client.conversations.items.list(made.id, order="asc")]
    assert [item.id for item in left] == [names[0], names[2], *names[4:]]
    found = await gateway.client.get("/api/search?q=example.com", headers=gateway.person.headers)
    assert found.json()["data"] == []


async def test_the_same_conversation_is_there_in_both_shapes(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    made = await client.conversations.create(items=TURNS[:2], metadata={"a": "b"})
    response = await gateway.client.get(f"/api/conversations/{made.id}", headers=gateway.person.headers)
    view = response.json()
    assert (view["id"], view["metadata"], view["title"]) == (made.id, {"a": "b"}, "What is this?")
    response = await gateway.client.get(f"/api/conversations/{made.id}/messages", headers=gateway.person.headers)
    first, second = response.json()["data"]
    assert (first["role"], second["role"]) == ("developer", "user")
    assert [part["type"] for part in second["content"]] == ["text", "image", "other", "file", "file"]
    listed = await client.conversations.items.list(made.id, order="asc")
    assert [item.id for item in listed.data] == [f"{first['id']}_0", f"{second['id']}_0"]


async def test_what_cannot_be_kept_is_refused_in_openais_words(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create()
    hello: Any = {"type": "message", "role": "user", "content": "Hello"}
    refused = {
        "items": client.conversations.items.create(made.id, items=[hello] * 21),
        "items[0].role": client.conversations.items.create(made.id, items=[hello | {"role": "critic"}]),
        "metadata.a": client.conversations.create(metadata={"a": "x" * 513}),
        "limit": client.conversations.items.list(made.id, limit=101),
        "order": client.conversations.items.list(made.id, order="sideways"),  # type: ignore[arg-type]  # wrong on purpose
        "include": client.conversations.items.list(made.id, include=["all"]),  # type: ignore[list-item]  # wrong on purpose
    }
    for param, asking in refused.items():
        with pytest.raises(openai.BadRequestError) as error:
            await asking
        assert error.value.param == param
    for name in ("msg_1", "msg_00000000000000000000000000_0", made.id):
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.retrieve(name, conversation_id=made.id)
    with pytest.raises(openai.NotFoundError):
        await client.conversations.items.list(made.id, after="msg_00000000000000000000000000_0")


@over_both_peers
async def test_addresses_that_name_nothing_are_not_found(gateway: Gateway) -> None:
    for method, path in (
        ("GET", "/v1/conversations/"),
        ("GET", "/v1/conversations/%00"),
        ("GET", "/v1/conversations/conv_1/items/%00"),
        ("GET", "/v1/conversationsx"),
        ("GET", "/v1/conversations/conv_1"),
    ):
        response = await gateway.client.request(method, path, headers=gateway.person.headers)
        assert (response.status_code, response.json()["error"]["type"]) == (404, "invalid_request_error"), path
    assert (await gateway.client.get("/v1/conversations/conv_1")).status_code == 401


async def test_what_is_made_twice_under_one_key_is_made_once(gateway: Gateway) -> None:
    headers = gateway.person.headers | {"Idempotency-Key": "once"}
    first, second = [await gateway.client.post("/v1/conversations", headers=headers, json={}) for _ in range(2)]
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
