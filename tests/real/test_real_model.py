"""Real conversations with a real model: what it says arrives, and what it counts is what is charged."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest

from command_line import Gateway, run
from real.callers import Caller, cost_usd
from real.smollm import CONTEXT_TOKENS, SLOTS, Model
from real.surfaces import Messages, Question, Refused, Said, Surface
from real.ways import EACH_ONCE

pytestmark = [pytest.mark.real_model, pytest.mark.slow]

PARIS: Messages = [{"role": "user", "content": "Tell me about Paris in one sentence."}]
STORY: Messages = [{"role": "user", "content": "Tell me a very long story about a lighthouse."}]


async def test_usage_and_cost_are_what_the_model_itself_counted(surface: Surface, caller: Caller, model: Model):
    before = model.counted()
    said = await surface.ask(Question(messages=PARIS, call="paris"))
    counted = model.counted().since(before)
    assert (said.input_tokens, said.output_tokens) == counted == (model.tokens_of(PARIS), 24)
    row = await caller.row("paris")
    assert (row["surface"], row["stream"], row["status"], row["outcome"]) == (surface.name, False, 200, "succeeded")
    assert_charged(row, said)
    assert await caller.budget() == {"posted": cost_usd(*counted), "open": 0, "unconfirmed": 0}


async def test_a_streamed_answer_says_what_the_unstreamed_one_and_the_model_itself_say(
    surface: Surface, direct: Surface, caller: Caller
):
    itself = await direct.ask(Question(messages=PARIS, call="itself"))
    whole = await surface.ask(Question(messages=PARIS, call="whole"))
    *pieces, streamed = [piece async for piece in surface.stream(Question(messages=PARIS, call="streamed"))]
    assert itself == whole == streamed
    assert len(pieces) > 10
    assert "".join(map(str, pieces)) == itself.text
    rows = [await caller.row("whole"), await caller.row("streamed")]
    assert [row["stream"] for row in rows] == [False, True]
    for row in rows:
        assert_charged(row, itself)


@pytest.mark.parametrize("way", EACH_ONCE, ids=str, indirect=True)
async def test_a_conversation_of_several_turns(surface: Surface, direct: Surface, caller: Caller, model: Model):
    messages: Messages = [{"role": "system", "content": "You are a friendly guide who answers briefly."}]
    costs = []
    for turn, words in enumerate(["Hello! Where is the Louvre?", "What can I see there?", "And what does it cost?"]):
        messages = [*messages, {"role": "user", "content": words}]
        asked = Question(messages=messages, call=f"turn-{turn}", most_tokens=12)
        said = await surface.ask(asked) if turn % 2 else await whole(surface, asked)
        assert said == await direct.ask(asked)
        assert said.input_tokens == model.tokens_of(messages)
        assert_charged(await caller.row(asked.call), said)
        costs.append(cost_usd(said.input_tokens, said.output_tokens))
        messages = [*messages, {"role": "assistant", "content": said.text}]
    assert (await caller.budget())["posted"] == sum(costs)


async def test_a_question_that_is_too_long_is_refused_in_the_models_own_words_and_costs_nothing(
    surface: Surface, caller: Caller
):
    too_long: Messages = [{"role": "user", "content": "word " * CONTEXT_TOKENS}]
    with pytest.raises(Refused, match=f"exceeds the available context size .{CONTEXT_TOKENS} tokens") as refused:
        await surface.ask(Question(messages=too_long, call="too-long"))
    assert refused.value.status == 400
    row = await caller.row("too-long")
    assert (row["status"], row["error"]["code"], row["usage"]) == (400, "context_length_exceeded", None)
    assert await caller.budget() == {"posted": 0, "open": 0, "unconfirmed": 0}


async def test_a_client_that_leaves_shortly_before_the_end_pays_what_the_model_counted(
    surface: Surface, caller: Caller, model: Model
):
    before = model.counted()
    await leave(surface, Question(messages=PARIS, call="left", most_tokens=12), pieces=2)
    row = await caller.row("left")
    made = model.counted().since(before)
    assert_charged(row, Said(text="", is_cut=True, input_tokens=made.input_tokens, output_tokens=12))
    assert await caller.budget() == {"posted": cost_usd(*made), "open": 0, "unconfirmed": 0}


@pytest.mark.parametrize("way", EACH_ONCE, ids=str, indirect=True)
async def test_a_client_that_leaves_long_before_the_end_ends_the_generation_and_pays_for_it(
    surface: Surface, caller: Caller, model: Model
):
    before = model.counted()
    await leave(surface, endless("left"), pieces=5)
    row = await caller.row("left")
    made = model.counted().since(before)
    assert made.input_tokens == model.tokens_of(STORY)
    assert 5 <= made.output_tokens < endless("left").most_tokens
    assert (row["outcome"], row["stream"], row["cost_status"]) == ("client_left", True, "estimated")
    charged = await caller.budget()
    assert charged["open"] == 0
    assert charged["posted"] + charged["unconfirmed"] >= cost_usd(*made)


@pytest.mark.parametrize("way", EACH_ONCE, ids=str, indirect=True)
async def test_a_client_that_leaves_before_the_answer_pays_for_what_the_model_made_of_it(
    surface: Surface, caller: Caller, model: Model
):
    before = model.counted()
    asking = asyncio.create_task(surface.ask(endless("left", most_tokens=150)))
    await asyncio.to_thread(model.wait_until, lambda: model.busy() == 1)
    asking.cancel()
    await caller.row("left")
    # llama.cpp does not always look whether anybody still waits: it may make, and count, all of it.
    made = model.counted().since(before)
    assert made.input_tokens == model.tokens_of(STORY)
    charged = await caller.budget()
    assert charged["open"] == 0
    assert charged["posted"] + charged["unconfirmed"] >= cost_usd(*made)


@pytest.mark.parametrize("way", EACH_ONCE, ids=str, indirect=True)
async def test_eight_clients_at_once_of_which_two_leave(
    surface: Surface, caller: Caller, model: Model, gateway: Gateway
):
    before = model.counted()
    names = "Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal"
    asked = [
        Question(messages=[{"role": "user", "content": f"Write a letter to {name}."}], call=name, most_tokens=16)
        for name in names
    ]
    staying = [surface.ask(one) for one in asked[:3]] + [whole(surface, one) for one in asked[3:6]]
    leaving = [leave(surface, endless(name), pieces=5) for name in names[6:]]
    talking = asyncio.gather(*staying, *leaving)
    await asyncio.to_thread(model.wait_until, lambda: model.busy() == SLOTS)
    said = [one for one in await talking if one is not None]
    rows = {name: await caller.row(name) for name in names}
    made = model.counted().since(before)

    assert {name: row["outcome"] for name, row in rows.items()} == {
        name: "client_left" if name in names[6:] else "succeeded" for name in names
    }
    assert len(said) == 6
    for one, question in zip(said, asked, strict=False):
        assert one.input_tokens == model.tokens_of(question.messages)
        assert_charged(rows[question.call], one)
    charged = await caller.budget()
    assert charged["posted"] == sum(Decimal(row["cost_usd"]) for row in rows.values())
    assert charged["open"] == 0
    assert charged["posted"] + charged["unconfirmed"] >= cost_usd(*made)
    verified = run("verify", "--data", gateway.served["data"], "--json")
    assert verified.status == 0, verified.out


def assert_charged(row: dict[str, Any], said: Said) -> None:
    """The row holds the usage that the client heard, and its exact price."""
    usage = row["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (said.input_tokens, said.output_tokens)
    assert Decimal(row["cost_usd"]) == cost_usd(said.input_tokens, said.output_tokens)
    assert row["cost_status"] == "exact"


def endless(call: str, most_tokens: int = CONTEXT_TOKENS - 128) -> Question:
    """A question whose answer takes many seconds."""
    return Question(messages=STORY, call=call, most_tokens=most_tokens)


async def whole(surface: Surface, question: Question) -> Said:
    """The answer at the end of a stream."""
    said = [piece async for piece in surface.stream(question)][-1]
    assert isinstance(said, Said)
    return said


async def leave(surface: Surface, question: Question, *, pieces: int) -> None:
    """Listen to so many pieces of a stream, and hang up."""
    async with aclosing(surface.stream(question)) as stream:
        for _ in range(pieces):
            assert isinstance(await anext(stream), str)
