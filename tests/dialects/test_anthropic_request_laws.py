"""Laws of requests in Anthropic's dialect: what is written is read as the same, and all else is read or refused."""

from __future__ import annotations

import base64
import json
import string
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, chat

NAME = anthropic_messages.NAME

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = texts.filter(bool)
names = st.text(string.ascii_lowercase, min_size=1, max_size=8)
raws = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, st.lists, max_leaves=4).map(
    lambda value: Raw(msgspec.json.encode(value))
)
extras = st.dictionaries(names.map("x_".__add__), raws, max_size=2)
objects = extras.map(lambda extra: Raw(msgspec.json.encode(extra)))
encoded = st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode())
citations = st.builds(
    lambda fields: chat.Citation(
        **{"url": None, "title": None, "quote": None} | fields, raw=Raw(msgspec.json.encode(_wire_citation(fields)))
    ),
    st.fixed_dictionaries({}, optional={"url": words, "title": words, "quote": texts}),
)


def _wire_citation(fields: dict[str, str]) -> dict[str, str]:
    said = {"url": "url", "title": "title", "quote": "cited_text"}
    return {"type": "web_search_result_location"} | {said[name]: value for name, value in fields.items()}


text_parts = st.builds(chat.TextPart, words, extras, st.lists(citations, max_size=1).map(tuple))
media_parts = st.one_of(
    st.builds(
        chat.ImagePart,
        names.map("https://example.com/".__add__) | encoded.map("data:image/png;base64,".__add__),
        st.none(),
        extras,
    ),
    st.builds(chat.FilePart, names, st.none(), st.none() | texts, extras),
    st.builds(chat.FilePart, st.none(), encoded.map("data:application/pdf;base64,".__add__), st.none() | texts, extras),
    st.builds(chat.FilePart, st.none(), st.none(), st.none() | texts, extras, names),
    extras.map(lambda extra: chat.OtherPart("x_block", Raw(msgspec.json.encode({"type": "x_block"} | extra)))),
)
proven_parts = st.builds(chat.ReasoningPart, texts, words, st.none(), st.just(NAME)) | st.builds(
    chat.ReasoningPart, st.just(""), st.none(), texts, st.just(NAME)
)
parts = text_parts | media_parts
calls = st.builds(
    chat.ToolCall, texts, texts, objects.map(lambda raw: bytes(raw).decode()), st.just("function"), extras
)
systems = st.builds(chat.Message, role=st.just("system"), parts=st.lists(text_parts, min_size=1, max_size=2).map(tuple))
users = st.builds(chat.Message, role=st.just("user"), parts=st.lists(parts, min_size=1, max_size=3).map(tuple))
results = st.builds(
    chat.Message,
    role=st.just("tool"),
    parts=st.lists(parts, max_size=2).map(tuple),
    tool_call_id=texts,
    is_error=st.booleans(),
    extra=extras,
)
assistants = st.builds(
    chat.Message,
    role=st.just("assistant"),
    parts=st.lists(parts | proven_parts, min_size=1, max_size=3).map(tuple),
    tool_calls=st.lists(calls, max_size=2).map(tuple),
)
conversations = st.tuples(
    st.lists(systems, max_size=1),
    st.just([chat.Message(role="user", parts=(chat.TextPart("Hi"),))]),
    st.lists(users | results | assistants | systems, max_size=4),
).map(lambda lists: tuple(message for each in lists for message in each))
tools = st.builds(
    chat.Tool,
    name=words,
    description=st.none() | texts,
    parameters=objects,
    strict=st.none() | st.booleans(),
    extra=extras,
) | names.map(
    lambda name: chat.Tool(
        type=f"x_{name}", name=name, raw=Raw(msgspec.json.encode({"type": f"x_{name}", "name": name}))
    )
)
choices = st.tuples(
    st.sampled_from(["auto", "required"]) | texts.map(lambda name: ("function", name)), st.none() | st.booleans()
) | st.sampled_from([(None, None), ("none", None)])
requests = st.builds(
    lambda choice, stream, **fields: chat.ChatRequest(
        **fields, tool_choice=choice[0], parallel_tool_calls=choice[1], stream=stream, include_usage=stream
    ),
    choice=choices,
    stream=st.booleans(),
    model=names,
    messages=conversations,
    tools=st.lists(tools, max_size=2).map(tuple),
    response_format=st.none()
    | st.builds(chat.ResponseFormat, type=st.just("json_schema"), schema=objects, strict=st.just(True)),
    max_output_tokens=st.integers(0, 2**31 - 1),
    temperature=st.none() | st.floats(0, 1),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(0, 100),
    stop=st.lists(texts, max_size=2).map(tuple),
    reasoning_effort=st.none() | st.sampled_from(["low", "medium", "high", "xhigh"]),
    reasoning_budget_tokens=st.none() | st.integers(-1, 100_000),
    user=st.none() | texts,
    dialect=st.just(NAME),
    extra=extras,
)


@given(requests)
def test_a_written_request_is_read_as_the_same(request):
    wire = anthropic_messages.write_request(request)
    assert anthropic_messages.read_request(wire) == request
    glance = anthropic_messages.glance_request(wire)
    assert (glance.model, glance.max_output_tokens) == (request.model, request.max_output_tokens)


# Whatever comes.


def body(**fields: Any) -> bytes:
    hello = {"role": "user", "content": "Hello"}
    return json.dumps({"model": "claude-opus-5-5", "max_tokens": 64, "messages": [hello]} | fields).encode()


FIELDS = st.sampled_from(
    [
        "type",
        "text",
        "source",
        "content",
        "tool_use_id",
        "id",
        "name",
        "input",
        "citations",
        "signature",
        "data",
        "role",
    ]
)
KINDS = st.sampled_from(["text", "image", "document", "thinking", "tool_use", "tool_result", "url", "base64", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | KINDS | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
blocks = st.dictionaries(FIELDS, json_values, max_size=4).flatmap(
    lambda block: KINDS.map(lambda kind: {"type": kind} | block)
)
bodies = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.lists(blocks, max_size=3).map(lambda content: body(messages=[{"role": "user", "content": content}]))
    | st.dictionaries(
        st.sampled_from(["system", "tools", "tool_choice", "thinking", "output_config", "metadata"]), json_values
    ).map(lambda fields: body(**fields))
)


@given(bodies)
def test_any_bytes_are_a_request_or_refused(wire):
    with suppress(errors.InvalidRequest):
        anthropic_messages.write_request(anthropic_messages.read_request(wire))
    with suppress(errors.InvalidRequest):
        anthropic_messages.glance_request(wire)
        rewritten = anthropic_messages.rewrite_request(wire, model="m", include_usage=False, cap=5)
        assert anthropic_messages.glance_request(rewritten).max_output_tokens == 5
