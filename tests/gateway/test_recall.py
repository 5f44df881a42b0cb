"""Answers that are given again: for nothing, to whom they belong, and only when they ended well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from clients import DIALECTS, Client, text_of
from gateways import CHAT, CONTEXT, Gateway, asking, gateway_over, provider_table
from houses import Person, make_person, served
from raw_http import connected, request
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.api.live import Patience
from tollhouse.app import open_house
from tollhouse.dialects import anthropic_messages, gemini, openai_chat
from tollhouse.store.tables import kept_answer
from tollhouse.testing import (
    ManualClock,
    answer,
    cut,
    done,
    expect,
    finish,
    refuse,
    reset,
    say,
    stall,
    status,
    think,
    tool_call,
    usage,
    wait,
)

Open = Callable[..., Awaitable[Gateway]]

ON = '[cache]\nmode = "exact"\n'
SAID = "x-tollhouse-cache"

either_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
each_store = pytest.mark.parametrize("toml", ["database", "memory", "redis"], indirect=True)
each_client = pytest.mark.parametrize(
    "client", [Client(dialect) for dialect in DIALECTS], ids=lambda it: it.dialect.NAME
)


async def ask(gateway: Gateway, person: Person | None = None, **fields: Any) -> httpx2.Response:
    """Ask what chance has no part in, as somebody."""
    headers = (person or gateway.person).headers | fields.pop("headers", {})
    return await gateway.chat(headers=headers, **({"temperature": 0} | fields))


def steady(client: Client) -> dict[str, Any]:
    """A temperature of 0, in the words of a client's dialect."""
    return {"generationConfig": {"temperature": 0}} if client.dialect is gemini else {"temperature": 0}


def said(response: httpx2.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def result(response: httpx2.Response) -> str:
    return response.headers[SAID].partition(";")[0]


# --- a hit is free ---------------------------------------------------------------------------------------------------


@each_store
async def test_what_is_asked_again_is_answered_for_nothing(open_gateway: Open, toml: str) -> None:
    gateway = await open_gateway(toml=toml)
    await gateway.budget("1")
    gateway.provider.script(answer("Rome", usage=(19, 10)))
    first, again = await ask(gateway), await ask(gateway)
    assert (result(first), result(again)) == ("miss", "hit")
    assert (said(first), said(again)) == ("Rome", "Rome")
    assert again.json()["usage"]["prompt_tokens"] == 19
    assert (again.headers["x-tollhouse-cost-usd"], again.headers["x-tollhouse-attempts"]) == ("0", "0")
    assert again.headers["x-tollhouse-provider"] == "acme"
    row = await gateway.row(again)
    assert (row["status"], row["outcome"], row["cache"], row["attempts"]) == (200, "succeeded", "hit", 0)
    assert (row["provider"], row["model"], row["credential_id"]) == ("acme", "acme-1", None)
    assert (row["input_tokens"], row["output_tokens"], row["cost_status"]) == (0, 0, "exact")
    assert (row["input_cost"], row["output_cost"]) == (0, 0)
    assert await gateway.holds(row) == []
    assert (await gateway.row(first))["cache"] == "miss"
    balance = await gateway.balance()
    assert (balance.posted, balance.open) == ("0.0001475", "0")
    assert len(gateway.provider.requests) == 1


async def test_a_spent_budget_does_not_keep_an_answer_from_whom_it_belongs_to(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(answer("Rome"))
    await ask(gateway)
    await gateway.budget("0.000001")
    assert (await ask(gateway, max_tokens=7)).status_code == 429
    assert said(await ask(gateway)) == "Rome"


async def test_a_hit_still_counts_against_the_callers_limits(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    await access.set_limits(gateway.house.desk, COMMAND_LINE, gateway.person.id, requests_per_minute=2)
    gateway.provider.script(answer())
    assert [(await ask(gateway)).status_code for _ in range(3)] == [200, 200, 429]


async def test_lookups_are_counted(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.always(answer())
    for fields in ({}, {}, {}, {"temperature": 1}):
        await gateway.row(await ask(gateway, **fields))
    page = gateway.house.metrics.render().decode()
    for count, what in ((1, "miss"), (2, "hit"), (1, "bypass")):
        assert f'tollhouse_cache_lookups_total{{result="{what}"}} {count}' in page


async def test_nothing_is_told_of_a_cache_that_is_off(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    responses = [await ask(gateway) for _ in range(2)]
    assert [SAID in response.headers for response in responses] == [False, False]
    assert [(await gateway.row(response))["cache"] for response in responses] == [None, None]
    assert len(gateway.provider.requests) == 2


# --- in every dialect and form ---------------------------------------------------------------------------------------


@each_client
@pytest.mark.parametrize("upstream", [openai_chat.NAME, anthropic_messages.NAME])
async def test_each_client_is_answered_again_in_either_form(open_gateway: Open, client: Client, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream, toml=ON)
    for turn, first_as_stream in enumerate((False, True)):
        question = f"Question {turn}"
        gateway.provider.script(answer("Hello to you", usage=(19, 10)))
        first = await client.ask(gateway, question, stream=first_as_stream, **steady(client))
        assert (result(first), text_of(client.hear(first))) == ("miss", "Hello to you")
        for stream in (False, True):
            again = await client.ask(gateway, question, stream=stream, **steady(client))
            heard = client.hear(again)
            assert (result(again), text_of(heard), heard.choices[0].finish_reason) == ("hit", "Hello to you", "stop")
            assert heard.usage is not None
            assert (heard.usage.input_tokens, heard.usage.output_tokens) == (19, 10)
            assert (await gateway.row(again))["stream"] is stream
    assert len(gateway.provider.requests) == 2


async def test_what_a_client_of_one_dialect_asked_answers_one_of_another(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(answer("Hello to you"))
    chat, messages = Client(openai_chat), Client(anthropic_messages)
    first = await chat.ask(gateway, temperature=0, max_completion_tokens=100)
    again = await messages.ask(gateway, temperature=0)
    assert (result(first), result(again), text_of(messages.hear(again))) == ("miss", "hit", "Hello to you")
    assert "answer.choices[].message.refusal" not in again.headers.get("x-tollhouse-lossy", "")


async def test_thinking_is_told_again(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(think("Hm. "), say("Rome"), finish(), usage(5, 5), done())
    await ask(gateway, stream=True)
    again = await ask(gateway)
    assert (result(again), said(again)) == ("hit", "Rome")
    assert again.json()["choices"][0]["message"]["reasoning_content"] == "Hm. "


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_stream_tells_usage_and_cost_to_whom_wants_to_know(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(toml=ON, peer=peer)
    gateway.provider.script(answer(usage=(19, 10)))
    await ask(gateway)
    counted = await ask(gateway, stream=True, stream_options={"include_usage": True})
    plain = await ask(gateway, stream=True)
    assert counted.content.count(b'"cost_usd":"0"') == 1
    assert b'"prompt_tokens":19' in counted.content
    assert b'"usage":{' not in plain.content
    assert plain.content.endswith(b"data: [DONE]\n\n")


async def test_the_original_answer_is_given_again(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(answer("Rome", usage=(19, 10)))
    body = asking(options={"temperature": 0})
    first, again = [await gateway.client.post("/api/chat", headers=gateway.person.headers, json=body) for _ in range(2)]
    assert first.json()["content"] == again.json()["content"] == "Rome"
    assert again.json()["usage"] == {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}
    assert again.json()["cost"] == {"input_cost": "0", "output_cost": "0", "total_cost": "0"}


# --- whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "calls"), [("user", 3), ("workspace", 2), ("public", 1)], ids=["user", "workspace", "public"]
)
async def test_an_answer_is_shared_only_with_whom_the_operator_says(open_gateway: Open, scope: str, calls: int) -> None:
    gateway = await open_gateway(toml=ON + f'scope = "{scope}"\n')
    elsewhere = await access.create_workspace(gateway.house.desk, COMMAND_LINE, name="elsewhere")
    colleague = await make_person(gateway.house, "bob")
    stranger = await make_person(gateway.house, "eve", workspace=elsewhere.id)
    gateway.provider.always(answer())
    for person in (gateway.person, colleague, stranger):
        for _ in range(2):
            assert (await ask(gateway, person)).status_code == 200
    assert len(gateway.provider.requests) == calls


async def test_who_waits_for_the_same_waits_for_no_one_elses(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    other = await make_person(gateway.house, "bob")
    gateway.provider.always(wait(0.2), answer())
    await asyncio.gather(ask(gateway), ask(gateway, other))
    assert len(gateway.provider.requests) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": "Ho"}]},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]},
        {"max_tokens": 5},
        {"top_p": 0.5},
        {"seed": 7},
        {"stop": ["x"]},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "low"},
        {"some_field_of_a_vendor": 1},
        {"model": "other/m"},
    ],
    ids=str,
)
async def test_whatever_may_make_another_answer_of_it_is_asked_anew(
    open_gateway: Open, fields: Mapping[str, Any]
) -> None:
    gateway = await open_gateway(toml=ON, extra=provider_table("other", "{base_url}"))
    gateway.provider.always(answer())
    await ask(gateway)
    assert result(await ask(gateway, **fields)) == "miss"


@pytest.mark.parametrize("fields", [{"stream": True}, {"user": "u-1"}, {"metadata": {"trace": "1"}}], ids=str)
async def test_what_no_model_hears_of_makes_no_difference(open_gateway: Open, fields: Mapping[str, Any]) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(answer())
    await ask(gateway)
    assert result(await ask(gateway, **fields)) == "hit"


# --- what is not kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"temperature": None}, "sampled"),
        ({"temperature": 0.7}, "sampled"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"n": 2}, "choices"),
        ({"logprobs": True}, "logprobs"),
        ({"store": False}, "store"),
        ({"headers": {"cache-control": "no-store"}}, "private"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
                    }
                ]
            },
            "media",
        ),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
async def test_what_is_not_looked_for_says_why(open_gateway: Open, fields: dict[str, Any], why: str) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.always(answer())
    responses = [await ask(gateway, **fields) for _ in range(2)]
    assert [response.headers[SAID] for response in responses] == [f"bypass; reason={why}"] * 2
    assert (await gateway.row(responses[0]))["cache"] == "bypass"
    assert len(gateway.provider.requests) == 2


NOT_KEPT = {
    "cut off by its cap": (say("Ro"), finish("length"), usage(1, 1), done()),
    "filtered": (say("Ro"), finish("content_filter"), usage(1, 1), done()),
    "a refusal": (refuse("I cannot say that."), finish(), usage(1, 1), done()),
    "empty": (say("\n"), finish(), usage(1, 1), done()),
}


@either_way
@pytest.mark.parametrize("script", NOT_KEPT.values(), ids=NOT_KEPT)
async def test_only_words_that_ended_by_themselves_are_kept(
    open_gateway: Open, script: tuple[Any, ...], stream: bool
) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(*script)
    first = await ask(gateway, stream=stream)
    assert first.status_code == 200
    gateway.provider.script(answer("Rome"))
    second = await ask(gateway)
    assert (result(second), said(second)) == ("miss", "Rome")


@pytest.mark.parametrize("ending", [cut(), reset()], ids=["cut", "reset"])
async def test_a_stream_that_breaks_off_is_not_kept(open_gateway: Open, ending: Any) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(say("Ro"), ending)
    await ask(gateway, stream=True)
    gateway.provider.script(answer("Rome"))
    again = await ask(gateway)
    assert (result(again), said(again)) == ("miss", "Rome")


async def test_what_its_client_did_not_stay_for_is_not_kept(open_gateway: Open) -> None:
    patience = Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=0)
    gateway = await open_gateway(toml=ON, patience=patience)
    gateway.provider.script(say("Ro"), stall())
    body = b'{"model":"acme/acme-1","temperature":0,"stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    async with connected(gateway.port) as client:
        await client.send(request(body=body, token=gateway.person.token))
        await client.head()
        await client.chunk()
    assert (await gateway.only_row())["outcome"] == "client_left"
    gateway.provider.script(answer("Rome"))
    assert result(await ask(gateway)) == "miss"


async def test_an_error_is_not_kept(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(status(400, {"error": {"message": "no"}}))
    assert (await ask(gateway)).status_code == 400
    gateway.provider.script(answer("Rome"))
    assert said(await ask(gateway)) == "Rome"


async def test_who_answers_in_place_of_another_is_not_kept(open_gateway: Open) -> None:
    route = '[routes.smart]\ncandidates = ["acme/acme-1", "other/m"]\n'
    gateway = await open_gateway(toml=ON, extra=provider_table("other", "{base_url}") + route)
    gateway.provider.script(status(500))
    gateway.provider.script(answer("from the other"))
    assert (await ask(gateway, model="smart")).headers["x-tollhouse-provider"] == "other"
    gateway.provider.script(expect(model="acme-1"), answer("from the first"))
    again = await ask(gateway, model="smart")
    assert (result(again), said(again)) == ("miss", "from the first")


async def test_an_answer_that_is_too_large_is_not_kept(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON + "max_answer_bytes = 2000\n")
    for stream in (False, True):
        for words, then in (("a" * 500, "hit"), ("a" * 3_000, "miss"), ("a" * 300_000, "miss")):
            gateway.provider.always(answer(words))
            question = [{"role": "user", "content": f"{len(words)} {stream}"}]
            await ask(gateway, messages=question, stream=stream)
            assert result(await ask(gateway, messages=question)) == then


# --- what the caller and the operator say ----------------------------------------------------------------------------


async def test_no_cache_brings_a_new_answer_that_is_kept_in_place_of_the_old(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(answer("Rome"))
    await ask(gateway)
    gateway.provider.script(answer("Roma"))
    new = await ask(gateway, headers={"Cache-Control": "no-cache"})
    assert (result(new), said(new)) == ("miss", "Roma")
    again = await ask(gateway)
    assert (result(again), said(again)) == ("hit", "Roma")


@each_store
async def test_an_answer_is_given_again_until_its_time_is_over(tmp_path: Path, toml: str) -> None:
    clock = ManualClock()
    async with gateway_over(tmp_path / "data", toml=toml + "ttl_seconds = 60\n", clock=clock) as gateway:
        gateway.provider.always(answer())
        await ask(gateway)
        clock.advance(seconds=59)
        again = await ask(gateway)
        assert again.headers[SAID] == "hit; age=59"
        clock.advance(seconds=1)
        assert result(await ask(gateway)) == "miss"


async def test_a_caller_may_want_it_younger_and_kept_for_less(tmp_path: Path) -> None:
    clock = ManualClock()
    async with gateway_over(tmp_path / "data", toml=ON, clock=clock) as gateway:
        gateway.provider.always(answer())
        await ask(gateway, headers={"x-tollhouse-cache-ttl": "30"})
        clock.advance(seconds=20)
        assert result(await ask(gateway, headers={"Cache-Control": "max-age=10"})) == "miss"
        assert result(await ask(gateway, seed=1, headers={"x-tollhouse-cache-ttl": "30"})) == "miss"
        clock.advance(seconds=31)
        assert result(await ask(gateway)) == "hit"
        assert result(await ask(gateway, seed=1)) == "miss"


async def test_who_says_how_long_it_may_be_kept_takes_what_chance_had_a_part_in(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.always(answer())
    wish = {"x-tollhouse-cache-ttl": "60"}
    assert [result(await ask(gateway, temperature=1, headers=wish)) for _ in range(2)] == ["miss", "hit"]
    assert result(await ask(gateway, temperature=1)) == "bypass"


async def test_what_cannot_be_meant_is_refused(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    for headers in ({"x-tollhouse-cache-ttl": "1h"}, {"Cache-Control": "max-age=-1"}):
        response = await ask(gateway, headers=headers)
        assert response.status_code == 400
        assert "whole number of seconds" in response.json()["error"]["message"]


async def test_a_route_may_say_otherwise(open_gateway: Open) -> None:
    routes = '[routes.kept]\ncandidates = ["acme/acme-1"]\ncache = "exact"\n'
    gateway = await open_gateway(extra=routes)
    gateway.provider.always(answer())
    assert [result(await ask(gateway, model="kept")) for _ in range(2)] == ["miss", "hit"]
    assert (await ask(gateway)).headers[SAID] == "bypass; reason=off"


async def test_what_only_its_provider_can_read_passes_as_ever(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.always(answer())
    response = await gateway.client.post(
        "/v1/embeddings", headers=gateway.person.headers, json={"model": "acme/acme-1", "input": "Hi"}
    )
    assert (response.status_code, response.headers[SAID]) == (200, "bypass; reason=operation")


# --- at the same time ------------------------------------------------------------------------------------------------


@either_way
async def test_many_who_ask_the_same_at_once_are_one_call(open_gateway: Open, stream: bool) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(say("Ro"), wait(0.2), say("me"), finish(), usage(2, 2), done())
    responses = await asyncio.gather(*(ask(gateway, stream=stream) for _ in range(10)))
    assert sorted(map(result, responses)) == ["hit"] * 9 + ["miss"]
    assert {text_of(Client(openai_chat).hear(response)) for response in responses} == {"Rome"}
    assert len(gateway.provider.requests) == 1


async def test_when_the_first_fails_one_of_those_who_wait_asks_for_all(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="attempts = 1\n" + ON)
    gateway.provider.script(wait(0.2), status(400, {"error": {"message": "no"}}))
    gateway.provider.always(wait(0.2), answer("Rome"))
    responses = await asyncio.gather(*(ask(gateway) for _ in range(5)))
    assert sorted(response.status_code for response in responses) == [200] * 4 + [400]
    assert len(gateway.provider.requests) == 2


async def test_nobody_waits_in_line_for_what_is_not_given_again(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=ON)
    gateway.provider.always(wait(0.3), say("Ro"), finish("length"), usage(1, 1), done())
    began_s = asyncio.get_running_loop().time()
    await asyncio.gather(*(ask(gateway) for _ in range(5)))
    assert asyncio.get_running_loop().time() - began_s < 1.2


# --- where it is kept ------------------------------------------------------------------------------------------------


async def test_in_the_database_answers_are_locked_and_every_process_gives_them_again(
    tmp_path: Path, database_url: str
) -> None:
    async with gateway_over(tmp_path / "data", toml=ON, database_url=database_url) as gateway:
        gateway.provider.script(answer("a canary of an answer"))
        await ask(gateway)
        async with asyncio.timeout(30):
            while not (rows := await gateway.house.store.read(lambda tx: tx.execute(select(kept_answer)).all())):
                await asyncio.sleep(0.005)
        assert "canary" not in str(rows)
        settings = gateway.house.settings
        async with open_house(settings) as house, served(house) as url, httpx2.AsyncClient(verify=CONTEXT) as client:
            response = await client.post(url + CHAT, headers=gateway.person.headers, json=asking(temperature=0))
        assert (result(response), said(response)) == ("hit", "a canary of an answer")


async def test_tool_calls_are_never_given_again(open_gateway: Open) -> None:
    """Not even by a provider that calls what nobody has offered."""
    gateway = await open_gateway(toml=ON)
    gateway.provider.script(tool_call("f", {}), finish("tool_calls"), usage(1, 1), done())
    await ask(gateway)
    gateway.provider.script(answer("Rome"))
    assert result(await ask(gateway)) == "miss"
