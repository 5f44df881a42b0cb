"""What is written in OpenAI's chat dialect is read again: laws over whatever a request may hold."""

from __future__ import annotations

import json
import string
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat, openai_chat


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | fields).encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = texts.filter(bool)
names = st.text(string.ascii_lowercase, min_size=1, max_size=8)
raws = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, st.lists, max_leaves=4).map(
    lambda value: Raw(msgspec.json.encode(value))
)
extras = st.dictionaries(names.map("x_".__add__), raws, max_size=2)
call_proofs = st.just((None, None)) | texts.map(lambda signature: (signature, "gemini"))
calls = st.builds(
    lambda proof, *fields: chat.ToolCall(*fields, *proof),
    call_proofs,
    texts,
    texts,
    texts,
    st.sampled_from(["function", "custom"]),
    extras,
)
citations = st.builds(
    chat.Citation,
    url=st.none() | words,
    title=st.none() | words,
    quote=st.none() | texts,
    start=st.integers(0, 99),
    end=st.none() | st.integers(0, 99),
)
parts = st.one_of(
    st.builds(chat.TextPart, texts, extras),
    st.builds(chat.ImagePart, texts, st.none() | texts, extras),
    st.builds(chat.AudioPart, texts, texts, extras),
    st.builds(chat.FilePart, st.none() | texts, st.none() | texts, st.none() | texts, extras),
    st.builds(chat.RefusalPart, words),
    extras.map(lambda extra: chat.OtherPart("x_part", Raw(msgspec.json.encode({"type": "x_part"} | extra)))),
)
spoken = st.builds(chat.SpokenPart, id=words)
plain_thoughts = st.lists(st.builds(chat.ReasoningPart, words), max_size=1)
proofs = st.sampled_from(["anthropic_messages", "gemini"]).map(lambda maker: {"signature": "s", "made_by": maker}) | (
    st.sampled_from(["anthropic_messages", "openai_responses"]).map(lambda maker: {"sealed": "x", "made_by": maker})
)
proven = st.builds(
    lambda text, name, proof: chat.ReasoningPart(text, id=name, **proof), texts, st.none() | texts, proofs
)
thoughts = plain_thoughts | st.tuples(st.lists(proven, min_size=1, max_size=2), plain_thoughts).map(
    lambda lists: [*lists[0], *lists[1]]
)
cited = st.builds(
    lambda text, rests_on: chat.TextPart(text, citations=tuple(rests_on)), words, st.lists(citations, max_size=2)
)
all_parts = st.tuples(
    thoughts,
    st.lists(parts, max_size=3),
    st.lists(cited, max_size=1),
    st.lists(spoken, max_size=1),
).map(lambda lists: tuple(part for each in lists for part in each))
messages = st.builds(
    chat.Message,
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
    parts=all_parts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    tool_call_id=st.none() | texts,
    name=st.none() | texts,
    extra=extras,
)
schemas = extras.map(msgspec.json.encode).map(Raw)
tools = st.one_of(
    st.builds(
        chat.Tool,
        name=words,
        description=st.none() | texts,
        parameters=st.none() | schemas,
        strict=st.none() | st.booleans(),
        extra=extras,
    ),
    names.map(lambda name: chat.Tool(type=f"x_{name}", raw=Raw(msgspec.json.encode({"type": f"x_{name}"})))),
)
formats = st.sampled_from([chat.ResponseFormat(type="text"), chat.ResponseFormat(type="json_object")]) | st.builds(
    chat.ResponseFormat,
    type=st.just("json_schema"),
    name=st.none() | texts,
    description=st.none() | texts,
    schema=st.none() | schemas,
    strict=st.none() | st.booleans(),
)
optional_bools = st.none() | st.booleans()
requests = st.builds(
    chat.ChatRequest,
    model=names,
    messages=st.lists(messages, min_size=1, max_size=3).map(tuple),
    tools=st.lists(tools, max_size=2).map(tuple),
    tool_choice=st.none() | st.sampled_from(["auto", "none", "required"]) | names.map(lambda name: ("function", name)),
    parallel_tool_calls=optional_bools,
    response_format=st.none() | formats,
    max_output_tokens=st.none() | st.integers(1, 2**31 - 1),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(1, 100),
    presence_penalty=st.none() | st.floats(-2, 2),
    frequency_penalty=st.none() | st.floats(-2, 2),
    stop=st.lists(texts, max_size=2).map(tuple),
    n=st.integers(1, 128),
    seed=st.none() | st.integers(-(2**63), 2**63 - 1),
    logprobs=optional_bools,
    top_logprobs=st.none() | st.integers(0, 20),
    reasoning_effort=st.none() | texts,
    verbosity=st.none() | texts,
    user=st.none() | texts,
    stream=st.booleans(),
    include_usage=st.booleans(),
    dialect=st.just(openai_chat.NAME),
    extra=extras,
).map(lambda request: replace(request, top_logprobs=request.top_logprobs if request.logprobs else None))


@given(requests, st.sampled_from(["max_tokens", "max_completion_tokens"]))
def test_what_is_written_is_read_again(request, cap_field):
    assert openai_chat.read_request(openai_chat.write_request(request, cap_field=cap_field)) == request


@given(requests)
def test_a_glance_and_a_reading_agree(request):
    glance = openai_chat.glance_request(openai_chat.write_request(request))
    assert (glance.model, glance.stream, glance.include_usage) == (request.model, request.stream, request.include_usage)
    assert (glance.n, glance.max_output_tokens) == (request.n, request.max_output_tokens)
    assert glance.tool_types == {tool.type for tool in request.tools}
    heard = (chat.TextPart, chat.RefusalPart, chat.ReasoningPart, chat.SpokenPart)
    assert glance.media == any(not isinstance(part, heard) for message in request.messages for part in message.parts)


FIELDS = st.sampled_from(
    ["model", "messages", "role", "content", "type", "text", "image_url", "url", "tools", "function", "name", "audio"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("read", [openai_chat.glance_request, openai_chat.read_request])
@given(
    st.binary(max_size=100)
    | json_values.map(lambda value: json.dumps(value).encode())
    | json_values.map(lambda value: body(messages=[{"role": "user", "content": value}]))
    | st.dictionaries(FIELDS, json_values).map(lambda fields: body(messages=[{"role": "user"} | fields]))
    | json_values.map(lambda value: body(tools=value))
)
def test_any_body_is_read_or_refused(read, wire):
    with suppress(errors.InvalidRequest):
        read(wire)
