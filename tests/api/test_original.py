"""POST /api/chat: the normalised answer, through the same path as every request that spends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from houses import Person, acme_toml, make_person, opened, served
from tollhouse.admin import request_log
from tollhouse.app import House
from tollhouse.testing import WireProvider, answer, done, expect, reply, say, status, tool_call
from tollhouse.testing import finish as finish_with

ASKED: dict[str, Any] = {"provider": "acme", "model": "acme-1", "messages": [{"role": "user", "content": "Hi"}]}


async def ask(house: House, person: Person, body: Any) -> httpx2.Response:
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
        return await http.post("/api/chat", headers=person.headers, json=body)


async def last_row(house: House) -> Any:
    (row,) = await request_log.list_requests(house.desk)
    return row


async def test_an_answer_is_normalised_and_exact_about_money(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(
            expect(model="acme-1", json={"temperature": 0.5, "max_tokens": 100}, stream=False),
            answer("Hello", usage=(19, 10)),
        )
        toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
        async with opened(tmp_path / "data", toml=toml) as house:
            ada = await make_person(house)
            response = await ask(house, ada, {**ASKED, "options": {"temperature": 0.5, "max_tokens": 100}})
            assert response.status_code == 200
            body = response.json()
            assert isinstance(body.pop("response_time_ms"), int)
            assert body.pop("request_id") == response.headers["x-request-id"]
            assert body == {
                "success": True,
                "provider": "acme",
                "model": "acme-1",
                "content": "Hello",
                "role": "assistant",
                "finish_reason": "stop",
                "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29},
                "cost": {"input_cost": "0.0000475", "output_cost": "0.0001", "total_cost": "0.0001475"},
            }
            assert response.headers["x-tollhouse-cost-usd"] == "0.0001475"
            row = await last_row(house)
            assert (row.surface, row.status, row.cost_usd, row.user) == ("api.chat", 200, "0.0001475", ada.id)


async def test_a_model_may_say_its_provider_itself(house: House):
    ada = await make_person(house)
    response = await ask(house, ada, {"model": "demo/echo", "messages": ASKED["messages"]})
    assert (response.json()["content"], response.json()["provider"]) == ("Hi", "demo")


async def test_a_tool_call_is_passed_on(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(tool_call("weather", {"city": "Graz"}), finish_with("tool_calls"))
        toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
        async with opened(tmp_path / "data", toml=toml) as house:
            body = (await ask(house, await make_person(house), ASKED)).json()
            assert (body["content"], body["finish_reason"]) == (None, "tool_calls")
            assert body["tool_calls"][0]["function"]["name"] == "weather"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"options": {"stream": True}}, "/options/stream"),
        ({"options": {"n": 5}}, "/options/n"),
        ({"options": {"model": "demo/lorem"}}, "/options/model"),
        ({"options": []}, "/options"),
        ({"model": 5}, "/model"),
        ({"messages": "Hi"}, "/messages"),
        ({"temperature": 0.5}, "/temperature"),
        ({"options": {"max_tokens": 0}}, "/options/max_tokens"),
    ],
)
async def test_what_would_make_another_request_of_it_is_refused(house: House, more: dict[str, Any], pointer: str):
    response = await ask(house, await make_person(house), {**ASKED, **more})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, pointer)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("said", "reason"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls"), ("content_filter", "content_filter")],
)
@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages", "gemini"])
async def test_why_it_ends_is_said_in_the_same_words_whichever_provider_says_it(
    tmp_path: Path, dialect: str, said: str, reason: str
):
    words = [tool_call("weather", {"city": "Graz"})] if said == "tool_calls" else [say("Hi")]
    async with WireProvider() as provider:
        provider.script([*words, finish_with(said), done()])
        toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True, dialect=dialect)
        async with opened(tmp_path / "data", toml=toml) as house:
            response = await ask(house, await make_person(house), ASKED)
            assert response.json()["finish_reason"] == reason


async def test_what_a_provider_finds_wrong_is_told_where_it_was_asked(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(reply(400, body=b'{"error":{"message":"Too hot","param":"temperature"}}'))
        toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
        async with opened(tmp_path / "data", toml=toml) as house:
            response = await ask(house, await make_person(house), {**ASKED, "options": {"temperature": 1.5}})
            assert response.json()["errors"] == [{"pointer": "/options/temperature", "detail": "Too hot"}]


@pytest.mark.parametrize("field", ["api_base", "base_url", "api_key", "organization", "extra_headers", "proxy"])
async def test_nobody_chooses_an_address_or_a_key_for_one_request(house: House, field: str):
    """A45."""
    response = await ask(house, await make_person(house), {**ASKED, field: "https://attacker.example"})
    assert response.status_code == 400
    assert (await last_row(house)).outcome == "invalid_request"


async def test_a_providers_refusal_is_a_problem_and_a_row(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(status(401, "Incorrect API key provided: sk-operator-key"))
        toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
        async with opened(tmp_path / "data", toml=toml) as house:
            response = await ask(house, await make_person(house), ASKED)
            assert (response.status_code, response.json()["code"]) == (502, "provider_auth_failed")
            assert "sk-operator-key" not in response.text
            assert (await last_row(house)).outcome == "provider_auth_failed"


async def test_a_stranger_leaves_no_row(house: House):
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
        response = await http.post("/api/chat", json=ASKED)
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    assert len(await request_log.list_requests(house.desk)) == 0
