"""Requests in the dialect of OpenAI's Responses: at a glance, rewritten, read and written."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialects.refusals import refusal
from tollhouse import errors
from tollhouse.dialects import chat, openai_responses
from tollhouse.dialects.glance import RequestGlance

HELLO = {"role": "user", "content": "Hello"}
READERS = pytest.mark.parametrize("read", [openai_responses.glance_request, openai_responses.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gpt-5.6", "input": [HELLO]} | fields).encode()


def reading(**fields: Any) -> chat.ChatRequest:
    return openai_responses.read_request(body(**fields))


def written(request: chat.ChatRequest) -> Any:
    return json.loads(openai_responses.write_request(request))


# At a glance.


def test_a_glance_tells_what_the_gateway_needs():
    asked = body(
        instructions="Be brief.",
        stream=True,
        max_output_tokens=50,
        tools=[{"type": "function", "name": "f"}, {"type": "web_search"}],
        service_tier="flex",
    )
    assert openai_responses.glance_request(asked) == RequestGlance(
        model="gpt-5.6",
        stream=True,
        include_usage=True,
        max_output_tokens=50,
        n=1,
        has_tools=True,
        tool_types=frozenset({"function", "web_search"}),
        message_count=2,
        service_tier="flex",
        media=False,
        searches=None,
    )


def test_an_input_of_one_string_is_one_message_of_words():
    glance = openai_responses.glance_request(body(input="Hello"))
    assert (glance.message_count, glance.media) == (1, False)


@pytest.mark.parametrize(
    "item",
    [
        {"role": "user", "content": [{"type": "input_image", "image_url": "https://example.com/cat.png"}]},
        {"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]},
        {"role": "user", "content": [{"type": "input_smell"}]},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": "data:,"}]},
        {"type": "item_reference", "id": "msg_1"},
        {"type": "compaction", "encrypted_content": "gAAAA"},
    ],
)
def test_what_is_not_words_is_media(item: dict[str, Any]):
    assert openai_responses.glance_request(body(input=[HELLO, item])).media


@pytest.mark.parametrize(
    "fields",
    [{"previous_response_id": "resp_1"}, {"conversation": {"id": "conv_1"}}, {"prompt": {"id": "pmpt_1"}}],
)
def test_what_the_provider_keeps_has_no_bytes_and_so_no_bound(fields: dict[str, Any]):
    assert openai_responses.glance_request(body(**fields)).media
    asked = json.dumps({"model": "m"} | fields).encode()
    assert openai_responses.glance_request(asked).message_count == 0


@READERS
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"n": 2}, "n"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 2.5}, "temperature"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"instructions": ["no"]}, "instructions"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
    ],
)
def test_a_field_that_cannot_be_is_named(read: Any, fields: dict[str, Any], param: str):
    assert refusal(read, body(**fields)).param == param


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"content": "Hi"}, "input[1].role"),
        ({"role": "robot", "content": "Hi"}, "input[1].role"),
        ({"role": "user"}, "input[1].content"),
        ({"role": "user", "content": [{"text": "Hi"}]}, "input[1].type"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[1].call_id"),
        ({"type": "function_call_output", "call_id": "c", "output": {}}, "input[1].output"),
        ({"type": "reasoning", "summary": "thought"}, "input[1].summary"),
    ],
)
def test_an_item_that_cannot_be_is_named(item: dict[str, Any], param: str):
    assert refusal(openai_responses.read_request, body(input=[HELLO, item])).param == param


def test_a_function_without_a_name_is_refused():
    assert refusal(openai_responses.read_request, body(tools=[{"type": "function"}])).param == "tools[0].name"


def test_a_rewritten_request_keeps_the_bytes_of_what_it_does_not_change():
    asked = b'{"model":"m","input":[ {"role":"user", "content":"\\u00e9"} ],"store":true,"max_output_tokens":9}'
    rewritten = openai_responses.rewrite_request(asked, model="other", include_usage=True, cap=None)
    assert rewritten == asked.replace(b'"m"', b'"other"')


def test_a_cap_is_written_where_the_dialect_has_it():
    rewritten = openai_responses.rewrite_request(body(), model="m", include_usage=False, cap=7)
    assert json.loads(rewritten)["max_output_tokens"] == 7


# Items and messages.


def test_thinking_words_and_calls_of_the_model_are_one_message():
    request = reading(
        input=[
            HELLO,
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "seal"},
            {"role": "assistant", "content": "Let me look."},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": "1"},
            {"type": "function_call_output", "call_id": "b", "output": "2"},
        ]
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "tool", "tool"]
    turn = request.messages[1]
    assert turn.parts == (
        chat.ReasoningPart("", sealed="seal", made_by="openai_responses", id="rs_1"),
        chat.TextPart("Let me look."),
    )
    assert [(call.id, call.name) for call in turn.tool_calls] == [("a", "f"), ("b", "g")]
    assert [message.tool_call_id for message in request.messages[2:]] == ["a", "b"]


def test_items_that_leave_the_order_begin_another_message_and_are_said_as_they_came():
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "reasoning", "summary": [], "id": "rs_2"},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": "One"},
        {"type": "message", "role": "assistant", "content": "Two"},
    ]
    request = reading(input=items)
    assert len(request.messages) == 4
    assert written(request)["input"] == items


def test_summaries_of_one_piece_of_thinking_are_one_text():
    summary = [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Second."}]
    (message,) = reading(input=[{"type": "reasoning", "id": "rs_1", "summary": summary}]).messages
    assert message.parts == (chat.ReasoningPart("First.\n\nSecond.", id="rs_1"),)


def test_raw_thinking_stands_in_when_there_is_no_summary():
    content = [{"type": "reasoning_text", "text": "Hm."}]
    (message,) = reading(input=[{"type": "reasoning", "summary": [], "content": content}]).messages
    assert message.parts == (chat.ReasoningPart("Hm."),)


def test_items_that_are_not_modelled_stand_where_they_stood():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}
    items = [HELLO | {"type": "message"}, search, {"type": "message", "role": "assistant", "content": "Found."}]
    request = reading(input=items)
    assert isinstance(request.messages[1].parts[0], chat.OtherPart)
    assert written(request)["input"] == items


def test_a_models_message_with_parts_unknown_is_kept_whole():
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_smell", "smell": "of roses"}]}
    request = reading(input=[item])
    assert request.messages[0].parts[0].type == "message"
    assert written(request)["input"] == [item]


def test_custom_calls_and_their_outputs_are_said_as_such():
    items = [
        {"type": "custom_tool_call", "call_id": "a", "name": "shell", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "README"},
    ]
    request = reading(input=items)
    assert request.messages[0].tool_calls == (chat.ToolCall("a", "shell", "ls", "custom"),)
    assert written(request)["input"] == items


def test_all_parts_of_a_users_message_are_read():
    parts = [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": "https://example.com/cat.png", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_image", "file_id": "file-2"},
    ]
    request = reading(input=[{"type": "message", "role": "user", "content": parts}])
    assert request.messages[0].parts[:5] == (
        chat.TextPart("Look"),
        chat.ImagePart("https://example.com/cat.png", "low"),
        chat.FilePart(data="data:application/pdf;base64,QQ==", filename="a.pdf"),
        chat.FilePart(url="https://example.com/a.pdf"),
        chat.FilePart(file_id="file-1"),
    )
    assert isinstance(request.messages[0].parts[5], chat.OtherPart)
    assert written(request)["input"][0]["content"] == parts


def test_annotations_of_earlier_words_are_citations():
    annotation = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 3}
    part = {"type": "output_text", "text": "Yes", "annotations": [annotation]}
    item = {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [part]}
    request = reading(input=[item])
    assert request.messages[0].parts[0].citations == (
        chat.Citation(url="https://a.example", title="A", start=0, end=3),
    )
    assert written(request)["input"] == [item]


def test_instructions_are_a_first_system_message():
    request = reading(instructions="Be brief.")
    assert request.messages[0] == chat.Message(role="system", parts=(chat.TextPart("Be brief."),))
    assert written(request)["instructions"] == "Be brief."
    assert len(written(request)["input"]) == 1


# Settings.


def test_what_is_modelled_is_read():
    request = reading(
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        text={"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}, "verbosity": "low"},
        max_output_tokens=99,
        temperature=0.5,
        top_p=0.9,
        top_logprobs=2,
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        reasoning={"effort": "low", "summary": "auto"},
        user="u",
        metadata={"a": "b"},
        store=False,
    )
    assert request.tools[0].name == "f"
    assert request.tools[0].strict
    assert request.tool_choice == ("function", "f")
    assert request.parallel_tool_calls is False
    assert request.response_format.name == "n"
    assert (request.max_output_tokens, request.temperature, request.top_p) == (99, 0.5, 0.9)
    assert (request.logprobs, request.top_logprobs) == (True, 2)
    assert (request.reasoning_effort, request.verbosity, request.user) == ("low", "low", "u")
    assert request.dialect == openai_responses.NAME
    assert set(request.extra) == {"include", "reasoning.summary", "metadata"}
    assert written(request)["reasoning"] == {"effort": "low", "summary": "auto"}
    assert written(request)["text"]["verbosity"] == "low"
    assert openai_responses.read_request(openai_responses.write_request(request)) == request


def test_hosted_tools_choices_among_them_and_unknown_formats_are_kept_as_they_came():
    asked = {
        "tools": [{"type": "web_search", "search_context_size": "low"}, {"type": "custom", "name": "c"}],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []},
        "text": {"format": {"type": "grammar", "syntax": "lark"}},
    }
    request = reading(**asked)
    assert request.tool_choice is None
    assert request.response_format is None
    assert {name: written(request)[name] for name in asked} == asked


def test_functions_of_a_namespace_are_tools_that_know_it():
    files = {
        "type": "namespace",
        "name": "mcp__files",
        "description": "Files.",
        "tools": [{"type": "function", "name": "read"}],
    }
    call = {"type": "function_call", "call_id": "a", "name": "read", "namespace": "mcp__files", "arguments": "{}"}
    request = reading(tools=[{"type": "function", "name": "read"}, files], input=[HELLO, call])
    assert [(tool.name, tool.namespace) for tool in request.tools] == [
        ("read", None),
        ("read", chat.Namespace("mcp__files", "Files.")),
    ]
    assert request.messages[1].tool_calls == (chat.ToolCall("a", "read", "{}", namespace="mcp__files"),)
    assert written(request)["tools"][1] == files
    assert written(request)["input"][1] == call


@pytest.mark.parametrize(
    "more",
    [
        {"tools": []},
        {"tools": [{"type": "custom", "name": "c"}]},
        {"tools": [{"type": "namespace", "name": "inner", "tools": [{"type": "function", "name": "f"}]}]},
        {"tools": [{"type": "function", "name": "f"}], "icon": "x"},
        {"tools": [{"type": "function", "name": "f"}], "strict": True},
        {},
    ],
)
def test_a_namespace_that_says_more_is_kept_as_it_came(more: dict[str, Any]):
    asked = {"type": "namespace", "name": "n"} | more
    request = reading(tools=[asked])
    assert [(tool.type, tool.namespace) for tool in request.tools] == [("namespace", None)]
    assert written(request)["tools"] == [asked]


def test_a_wrong_tool_of_a_namespace_is_named_by_its_place():
    refused = refusal(
        openai_responses.read_request, body(tools=[{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}])
    )
    assert refused.param == "tools[0].tools[0].name"


def test_what_a_provider_would_keep_is_not_forgotten():
    asked = {"store": True, "previous_response_id": "resp_1", "conversation": "conv_1", "background": True}
    request = reading(**asked)
    assert set(request.extra) == set(asked)
    assert {name: written(request)[name] for name in asked} == asked


def test_a_provider_is_told_to_keep_nothing():
    assert written(reading())["store"] is False
    assert reading(store=False, background=False).extra == {}


# Laws.

TEXT = st.text(max_size=5)
NAME = st.text("abc", min_size=1, max_size=3)
WORDS = st.one_of(TEXT, st.lists(st.fixed_dictionaries({"type": st.just("input_text"), "text": TEXT}), max_size=2))
SAID = st.fixed_dictionaries({"type": st.just("output_text"), "text": TEXT, "annotations": st.just([])})
REFUSED = st.fixed_dictionaries({"type": st.just("refusal"), "refusal": TEXT})
MODELS_OWN = st.one_of(TEXT, st.lists(SAID | REFUSED, max_size=3))
ITEMS = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "developer"]), "content": WORDS}),
    st.fixed_dictionaries({"role": st.just("assistant"), "content": MODELS_OWN}, optional={"id": NAME}),
    st.fixed_dictionaries(
        {"type": st.just("reasoning"), "summary": st.just([])}, optional={"id": NAME, "encrypted_content": NAME}
    ),
    st.fixed_dictionaries(
        {"type": st.just("function_call"), "call_id": NAME, "name": NAME, "arguments": TEXT},
        optional={"id": NAME, "namespace": NAME},
    ),
    st.fixed_dictionaries({"type": st.just("function_call_output"), "call_id": NAME, "output": WORDS}),
    st.fixed_dictionaries({"type": st.just("item_reference"), "id": NAME}),
)
FUNCTION = st.fixed_dictionaries(
    {"type": st.just("function"), "name": NAME}, optional={"description": TEXT, "defer_loading": st.booleans()}
)
SPACE = st.fixed_dictionaries(
    {"type": st.just("namespace"), "name": NAME, "tools": st.lists(FUNCTION, max_size=2)},
    optional={"description": TEXT},
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "tools": st.lists(FUNCTION | SPACE | st.just({"type": "web_search"}), max_size=4),
        "instructions": TEXT,
        "stream": st.booleans(),
        "store": st.booleans(),
        "temperature": st.floats(0, 2),
        "tool_choice": st.sampled_from(["auto", "none", "required", {"type": "function", "name": "f"}]),
        "text": st.sampled_from([{}, {"format": {"type": "text"}}, {"format": {"type": "x"}}, {"verbosity": "low"}]),
        "reasoning": st.sampled_from([{}, {"effort": "low"}, {"effort": None, "summary": "auto"}]),
        "include": st.lists(st.sampled_from(["a", "message.output_text.logprobs"]), max_size=2, unique=True),
        "metadata": st.dictionaries(NAME, NAME, max_size=1),
        "background": st.booleans(),
    },
)


WORDLESS = {"role": "assistant", "content": "", "id": "a"}


@example(items=[WORDLESS, WORDLESS, {"type": "item_reference", "id": "a"}], settings={})
@given(st.lists(ITEMS, max_size=6), SETTINGS)
def test_a_request_written_and_read_is_the_same(items: list[Any], settings: dict[str, Any]):
    request = reading(input=items, **settings)
    assert openai_responses.read_request(openai_responses.write_request(request)) == request


@given(st.lists(ITEMS, max_size=6))
def test_no_item_is_lost_and_all_keep_their_order(items: list[Any]):
    items = [HELLO, *items]
    kinds = [item.get("type", "message") for item in items if item.get("content") not in ("", [])]
    said = written(reading(input=items, instructions="x"))["input"]
    assert [item["type"] for item in said if item.get("content") not in ("", [])] == kinds


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(junk: bytes):
    for read in (openai_responses.glance_request, openai_responses.read_request):
        with suppress(errors.InvalidRequest):
            read(junk)


FIELDS = ["type", "role", "content", "text", "name", "call_id", "output", "summary", "format", "arguments", "refusal"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "message", "assistant", "text"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["input", "tools", "text", "reasoning", "tool_choice", "include"]), JSON))
def test_json_of_any_shape_is_read_or_refused(fields: dict[str, Any]):
    wire = body(**fields)
    for read in (openai_responses.glance_request, openai_responses.read_request):
        with suppress(errors.InvalidRequest):
            read(wire)
    with suppress(errors.InvalidRequest):
        request = openai_responses.read_request(wire)
        assert msgspec.json.decode(openai_responses.write_request(request))
