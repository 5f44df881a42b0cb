"""Ids of calls that come twice, or not at all: every client can tell them apart, and every provider is told which."""

from __future__ import annotations

import json
from itertools import product
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import anthropic_messages, call_ids, carry, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from tollhouse.dialects.retell import retell

DIALECTS = (anthropic_messages, gemini, openai_chat, openai_responses)
HELLO = chat.Message(role="user", parts=(chat.TextPart("Hello"),))
TOLD_IDS = st.lists(st.sampled_from(["", "call_0", "call_0_2", "functions.read:0", "x" * 50]), min_size=1, max_size=4)


def calling(ids: list[str], number: int = 0) -> chat.Answer:
    """An answer that calls a tool by each of these ids, and says which it is."""
    calls = tuple(chat.ToolCall(name, f"tool_{at}", f'{{"at":"{number}.{at}"}}') for at, name in enumerate(ids))
    message = chat.Message(role="assistant", tool_calls=calls)
    choice = chat.Choice(index=0, message=message, finish_reason="tool_calls", said="tool_calls")
    usage = chat.Usage(input_tokens=1, output_tokens=1)
    return chat.Answer(id=f"answer_{number}", model="m", created=1, choices=(choice,), usage=usage)


def whole(dialect: ModuleType, answer: chat.Answer) -> chat.Answer:
    """The answer, said in one piece and read."""
    read: chat.Answer = dialect.read_answer(dialect.write_answer(answer))
    return read


def streamed(dialect: ModuleType, answer: chat.Answer) -> chat.Answer:
    """The answer, said as a stream and heard."""
    writer, reader, frames = (
        dialect.Writer(answer.id, answer.model, answer.created, True),
        dialect.Reader(),
        sse.Reader(),
    )
    found = [*frames.feed(b"".join(map(writer.write, retell(answer)))), sse.END]
    return collect([event for frame in found for event in reader.read(frame)])


def ids_of(answer: chat.Answer) -> list[str]:
    return [call.id for call in answer.choices[0].message.tool_calls]


def asked(client: ModuleType, provider: ModuleType, messages: list[chat.Message]) -> tuple[chat.Message, ...]:
    """What a provider is told of a conversation of a client."""
    request = chat.ChatRequest(model="m", messages=tuple(messages), dialect=client.NAME)
    body = provider.write_request(client.read_request(_with_model(client.write_request(request))))
    read: chat.ChatRequest = provider.read_request(_with_model(body))
    return read.messages


def _with_model(body: bytes) -> bytes:
    """Google's clients name it in the address."""
    return msgspec.json.encode({"model": "m"} | json.loads(body))


@given(st.sampled_from(DIALECTS), TOLD_IDS)
def test_calls_of_an_answer_are_read_by_names_of_their_own_the_same_whole_and_streamed(
    provider: ModuleType, ids: list[str]
) -> None:
    answer = calling(ids)
    heard = ids_of(whole(provider, answer))
    assert heard == ids_of(streamed(provider, answer))
    assert len(set(heard)) == len(ids)
    assert "" not in heard
    # Who tells ids that can be told apart is understood by the letter.
    assert all(heard[at] == name for at, name in enumerate(ids) if name and name not in [*ids[:at], "call_0_2"])


@given(st.lists(TOLD_IDS, min_size=1, max_size=3))
@pytest.mark.parametrize(
    ("client", "provider"), [pair for pair in product(DIALECTS, DIALECTS) if pair[0] is not pair[1]]
)
def test_each_answer_of_a_tool_finds_its_call_whatever_a_provider_has_called_them(
    client: ModuleType, provider: ModuleType, turns: list[list[str]]
) -> None:
    messages = [HELLO]
    for number, ids in enumerate(turns):
        answer = carry.bare_answer(whole(provider, calling(ids, number)))
        heard = whole(client, answer).choices[0].message.tool_calls
        assert ids_of(streamed(client, answer)) == [call.id for call in heard] == ids_of(answer)
        messages.append(chat.Message(role="assistant", tool_calls=heard))
        messages += [
            chat.Message(role="tool", parts=(chat.TextPart(json.loads(call.arguments)["at"]),), tool_call_id=call.id)
            for call in heard
        ]
    told = asked(client, provider, messages)
    called = {call.id: json.loads(call.arguments)["at"] for message in told for call in message.tool_calls}
    assert len(called) == sum(map(len, turns))
    assert all(0 < len(name) <= 128 for name in called)
    answered = {message.tool_call_id: _words(message) for message in told if message.role == "tool"}
    assert answered == called


def _words(message: chat.Message) -> str:
    return "".join([part.text for part in message.parts if isinstance(part, chat.TextPart)])


def test_google_is_told_the_name_of_the_tool_that_was_called_and_not_of_a_later_one() -> None:
    calls = [chat.ToolCall("call_0", name, "{}") for name in ("read", "write")]
    messages = [
        HELLO,
        *[
            each
            for call in calls
            for each in (
                chat.Message(role="assistant", tool_calls=(call,)),
                chat.Message(role="tool", parts=(chat.TextPart("done"),), tool_call_id="call_0"),
            )
        ],
    ]
    told = json.loads(
        gemini.write_request(chat.ChatRequest(model="m", messages=tuple(messages), dialect="openai_chat"))
    )
    answers = [
        part["functionResponse"] for turn in told["contents"] for part in turn["parts"] if "functionResponse" in part
    ]
    assert [(each["name"], each["id"]) for each in answers] == [("read", "call_0"), ("write", "call_0_2")]


@pytest.mark.parametrize(("provider", "most"), [(openai_chat, 40), (openai_responses, 64), (anthropic_messages, 128)])
def test_ids_are_as_long_as_the_provider_takes_them(provider: ModuleType, most: int) -> None:
    ids = ["a" * 200, "a" * 200 + "b", "a" * most]
    calls = tuple(chat.ToolCall(name, "f", "{}") for name in ids)
    messages = [HELLO, chat.Message(role="assistant", tool_calls=calls)]
    request = chat.ChatRequest(model="m", messages=tuple(messages), dialect="another")
    told = [
        call.id
        for message in provider.read_request(provider.write_request(request)).messages
        for call in message.tool_calls
    ]
    assert len(set(told)) == 3
    assert told[2] == ids[2]
    assert {len(name) for name in told} == {most}


def test_a_conversation_in_order_is_not_touched() -> None:
    messages = (HELLO, chat.Message(role="assistant", tool_calls=(chat.ToolCall("call_1", "f", "{}"),)))
    assert call_ids.fitted(messages, 40) is messages


def test_an_id_that_is_made_is_one_that_every_provider_takes() -> None:
    made = call_ids.Ids("gen:1/2." + "a" * 60, 3).name(None)
    assert len(made) == 40
    assert not call_ids.UNUSUAL.search(made)


# Streams of chat completions that tell calls by the same number.


def pieces(*told: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and arguments of the calls that these pieces make."""
    chunks = [{"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]} for piece in told]
    frames = sse.Reader().feed(b"".join(sse.frame(json.dumps(each).encode()) for each in chunks) + b"data: [DONE]\n\n")
    reader = openai_chat.Reader()
    (choice,) = collect([event for frame in frames for event in reader.read(frame)]).choices
    assert len({call.id for call in choice.message.tool_calls}) == len(choice.message.tool_calls)
    return [(call.name, call.arguments) for call in choice.message.tool_calls]


def piece(name: str | None, arguments: str, call_id: str | None = None, index: int | None = 0) -> dict[str, Any]:
    return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize("index", [0, None])
@pytest.mark.parametrize("call_id", ["", "call_0", None])
def test_a_call_of_the_same_number_and_id_is_another_when_the_one_before_is_whole(
    call_id: str | None, index: int | None
) -> None:
    first, second = piece("f", '{"a":1}', call_id, index), piece("f", '{"a":2}', call_id, index)
    assert pieces(first, second) == [("f", '{"a":1}'), ("f", '{"a":2}')]


def test_a_call_of_the_same_number_by_another_name_is_another_when_the_one_before_has_no_arguments() -> None:
    assert pieces(piece("f", ""), piece("g", '{"a":2}')) == [("f", ""), ("g", '{"a":2}')]


def test_who_repeats_name_and_id_with_each_piece_goes_on_with_the_same_call() -> None:
    told = [piece("f", part, "call_0") for part in ("", '{"a"', ":1}", "")]
    assert pieces(*told) == [("f", '{"a":1}')]


def test_an_id_that_comes_late_names_no_other_call() -> None:
    assert pieces(piece("f", ""), piece(None, "{}", "call_0")) == [("f", "{}")]
