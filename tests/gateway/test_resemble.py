"""Answers to what only resembles what is asked: compared at first, given once that is proven, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from gateways import Gateway
from houses import make_admin, make_person
from tollhouse.store import likeness_trials
from tollhouse.store.likeness_trials import Trial
from tollhouse.testing import answer, finish, say, status

Open = Callable[..., Awaitable[Gateway]]

ASKED, ALIKE, OTHER = "How do I reset a password?", "how can I reset the password, please", "How do I reset a token?"
NAME = "acme/acme-1"


def toml(mode: str, **more: Any) -> str:
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    return f'[cache]\nmode = "exact"\n[cache.semantic]\nmode = "{mode}"\n{lines}'


async def ask(gateway: Gateway, question: str, *, system: str | None = None, **fields: Any) -> httpx2.Response:
    messages = [{"role": "system", "content": system}] if system else []
    return await gateway.chat(
        **({"temperature": 0, "messages": [*messages, {"role": "user", "content": question}]} | fields)
    )


def result(response: httpx2.Response) -> str:
    return response.headers["x-tollhouse-cache"].partition(";")[0]


def said(response: httpx2.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


async def proven(gateway: Gateway, compared: int, wrong: int = 0) -> None:
    """So many comparisons were made before."""
    for number in range(compared):
        trial = Trial(
            id=f"req_{number}",
            name=NAME,
            likeness=900,
            is_wrong=number < wrong,
            created_at=gateway.house.clock.time_ns() // 1_000,
        )
        gateway.house.store.put(likeness_trials.note, trial)
    await gateway.rows()


async def evidence(gateway: Gateway) -> tuple[int, int]:
    """How many were compared, and how many of them were wrong."""
    await gateway.rows()
    found = await gateway.house.store.read(lambda tx: likeness_trials.counts(tx, 0))
    return found.get(NAME, (0, 0))


async def test_in_shadow_the_model_answers_and_is_compared(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("shadow"))
    await proven(gateway, 1_000)
    gateway.provider.script(answer("Open the settings."))
    gateway.provider.script(answer("open the settings"))
    gateway.provider.script(answer("Ask an administrator."))
    responses = [await ask(gateway, question) for question in (ASKED, ALIKE, ALIKE + "!!")]
    assert [result(response) for response in responses] == ["miss"] * 3
    assert said(responses[2]) == "Ask an administrator."
    assert await evidence(gateway) == (1_002, 1)


async def test_what_is_proven_is_given_for_nothing(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await gateway.budget("1")
    await proven(gateway, 400)
    gateway.provider.script(answer("Open the settings.", usage=(19, 10)))
    first, again = await ask(gateway, ASKED), await ask(gateway, ALIKE, stream=True)
    assert (result(first), result(again)) == ("miss", "similar")
    assert b"Open the settings." in again.content
    assert "; likeness=0." in again.headers["x-tollhouse-cache"]
    assert again.headers["x-tollhouse-cost-usd"] == "0"
    row = await gateway.row(again)
    assert (row["cache"], row["outcome"], row["attempts"], row["input_cost"]) == ("similar", "succeeded", 0, 0)
    assert await gateway.holds(row) == []
    assert (await gateway.balance()).posted == "0.0001475"
    assert 'cache_lookups_total{result="similar"} 1' in gateway.house.metrics.render().decode()
    assert await evidence(gateway) == (400, 0)


@pytest.mark.parametrize(("compared", "wrong"), [(0, 0), (300, 0), (400, 2)], ids=str)
async def test_what_is_not_proven_is_only_compared(open_gateway: Open, compared: int, wrong: int) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await proven(gateway, compared, wrong)
    gateway.provider.always(answer("Open the settings."))
    await ask(gateway, ASKED)
    assert result(await ask(gateway, ALIKE)) == "miss"
    assert await evidence(gateway) == (compared + 1, wrong)


async def test_a_share_is_verified_and_wrong_answers_end_it(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("serve", verify=0.5))
    await proven(gateway, 400)
    gateway.provider.script(answer("Open the settings."))
    await ask(gateway, ASKED)
    gateway.chance = lambda: 0.4
    for number in range(2):
        gateway.provider.script(answer(f"Something else, {number}."))
        assert result(await ask(gateway, ALIKE + "!" * (number + 1))) == "miss"
    assert await evidence(gateway) == (402, 2)
    gateway.chance = lambda: 0.9
    gateway.provider.script(answer("Ask somebody."))
    assert result(await ask(gateway, ALIKE)) == "miss"


@pytest.mark.parametrize(
    "fields",
    [
        {"question": OTHER},
        {"question": "How do I not reset a password?"},
        {"question": "How do I reset my password?"},
        {"question": ALIKE, "system": "Answer in French."},
        {"question": ALIKE, "max_tokens": 5},
        {"question": ALIKE, "temperature": 1},
        {"question": ALIKE + " a" * 600},
        {"question": ALIKE, "headers": {"Cache-Control": "no-cache"}},
        {"question": ALIKE, "headers": {"Cache-Control": "no-store"}},
    ],
    ids=str,
)
async def test_another_question_is_asked_of_the_model(open_gateway: Open, fields: dict[str, Any]) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await proven(gateway, 400)
    gateway.provider.always(answer("Open the settings."))
    await ask(gateway, ASKED)
    headers = gateway.person.headers | fields.get("headers", {})
    assert result(await ask(gateway, **(fields | {"headers": headers}))) in ("miss", "bypass")
    assert await evidence(gateway) == (400, 0)


async def test_nobody_is_answered_with_what_another_asked(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await proven(gateway, 400)
    gateway.provider.always(answer("Open the settings."))
    await ask(gateway, ASKED)
    other = await make_person(gateway.house, "bob")
    assert result(await ask(gateway, ALIKE, headers=other.headers)) == "miss"


async def test_what_was_cleared_is_not_found_by_what_resembles_it(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await proven(gateway, 400)
    gateway.provider.always(answer("Open the settings."))
    await ask(gateway, ASKED)
    await gateway.rows()
    root = await make_admin(gateway.house)
    assert (await gateway.client.delete("/api/cache", headers=root.headers)).status_code == 204
    assert result(await ask(gateway, ALIKE)) == "miss"
    assert await evidence(gateway) == (400, 0)


async def test_an_answer_that_is_none_is_not_compared(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="attempts = 1\n" + toml("shadow"))
    gateway.provider.script(answer("Open the settings."))
    await ask(gateway, ASKED)
    gateway.provider.script(status(500))
    assert (await ask(gateway, ALIKE)).status_code == 502
    gateway.provider.script(say("Op"), finish("length"))
    await ask(gateway, ALIKE)
    assert await evidence(gateway) == (0, 0)


async def test_many_who_ask_alike_at_once_are_each_answered(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=toml("serve"))
    await proven(gateway, 400)
    gateway.provider.script(answer("Open the settings."))
    await ask(gateway, ASKED)
    responses = await asyncio.gather(*(ask(gateway, ALIKE) for _ in range(5)))
    assert {result(response) for response in responses} == {"similar"}
    assert len(gateway.provider.requests) == 1


async def test_a_route_may_say_otherwise_and_what_is_known_of_it_is_shown(open_gateway: Open) -> None:
    route = '[routes.faq]\ncandidates = ["acme/acme-1"]\nsemantic = "shadow"\n'
    gateway = await open_gateway(toml='[cache]\nmode = "exact"\n', extra=route)
    gateway.provider.always(answer("Open the settings."))
    for model in ("faq", NAME):
        for question in (ASKED + f" {model}", ALIKE + f" {model}"):
            await ask(gateway, question, model=model)
    await gateway.rows()
    root = await make_admin(gateway.house)
    shown = await gateway.client.get("/api/cache/trials", headers=root.headers)
    (one,) = shown.json()["data"]
    assert one == {"name": "faq", "compared": 1, "wrong": 0, "share": 0.0, "low": 0.0, "high": 0.975}
