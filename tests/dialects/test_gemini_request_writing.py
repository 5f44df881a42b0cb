"""Requests in Google's dialect, written: for clients of other dialects, and as they were read."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import carry, chat, gemini
from tollhouse.dialects.gemini.parts import INVALID_ARGUMENTS, UNCHECKED

HELLO = {"role": "user", "parts": [{"text": "Hello"}]}
PIXEL = base64.b64encode(b"\xff\xfe\xfd").decode()


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gemini-2.5-flash", "contents": [HELLO]} | fields).encode()


def written(request: chat.ChatRequest) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(gemini.write_request(request))
    return wire


def said(*messages: chat.Message, **fields: Any) -> dict[str, Any]:
    """What a client of another dialect asks, as Google reads it."""
    return written(chat.ChatRequest(model="gemini-3-flash-preview", messages=messages, dialect="openai_chat", **fields))


def user_turn(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def user(text: str = "Hello") -> chat.Message:
    return chat.Message(role="user", parts=(chat.TextPart(text),))


def test_system_messages_stand_before_the_conversation():
    system = chat.Message(role="system", parts=(chat.TextPart("a"),))
    late = chat.Message(role="developer", parts=(chat.TextPart("b"),))
    wire = said(system, user(), late)
    assert wire["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert wire["contents"] == [HELLO]


def test_the_last_words_of_a_system_that_speaks_alone_are_the_users():
    first, last = (chat.Message(role="system", parts=(chat.TextPart(text),)) for text in "ab")
    wire = said(first, last)
    assert wire == {"systemInstruction": {"parts": [{"text": "a"}]}, "contents": [user_turn("b")]}


def test_a_choice_among_no_tools_is_not_said():
    assert "toolConfig" not in said(user(), tool_choice="auto")
    assert "toolConfig" in said(user(), tools=(chat.Tool(name="f"),), tool_choice="auto")


@pytest.mark.parametrize(("seed", "told"), [(0, 0), (2**31 - 1, 2**31 - 1), (2**40 + 7, 7), (-1, 2**31 - 1)])
def test_a_seed_fits_into_32_bits(seed, told):
    assert said(user(), seed=seed)["generationConfig"] == {"seed": told}


def test_alternatives_are_asked_for_only_beside_log_probabilities():
    alone = gemini.read_request(body(generationConfig={"logprobs": 5}))
    assert carry.losses(alone, {}, gemini.HINTS) == ("generationConfig.logprobs",)
    assert (alone.top_logprobs, written(alone)["generationConfig"]) == (None, {"logprobs": 5})
    beside = gemini.read_request(body(generationConfig={"logprobs": 5, "responseLogprobs": True}))
    assert (beside.top_logprobs, carry.losses(beside, gemini.CARRIES, gemini.HINTS)) == (5, ())


def test_answers_of_tools_share_a_turn_and_are_called_by_the_calls_name():
    calls = tuple(chat.ToolCall(f"c{number}", name, "{}") for number, name in enumerate("fg"))
    wire = said(
        user(),
        chat.Message(role="assistant", tool_calls=calls),
        chat.Message(role="tool", tool_call_id="c1", parts=(chat.TextPart("sunny"),)),
        chat.Message(role="tool", tool_call_id="c0", parts=(chat.TextPart('{"a": 1}'),), is_error=True),
        user("And?"),
    )
    assert wire["contents"][2:] == [
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "g", "id": "c1", "response": {"output": "sunny"}}},
                {"functionResponse": {"name": "f", "id": "c0", "response": {"error": '{"a": 1}'}}},
            ],
        },
        {"role": "user", "parts": [{"text": "And?"}]},
    ]


def test_the_texts_of_a_tool_are_lines():
    texts = tuple(map(chat.TextPart, ("one", "two")))
    wire = said(chat.Message(role="tool", tool_call_id="c0", name="f", parts=texts))
    assert wire["contents"][0]["parts"][0]["functionResponse"]["response"] == {"output": "one\ntwo"}


def test_what_a_tool_shows_goes_with_its_answer():
    picture = chat.ImagePart(f"data:image/png;base64,{PIXEL}")
    wire = said(chat.Message(role="tool", tool_call_id="c0", name="f", parts=(chat.TextPart("here"), picture)))
    (part,) = wire["contents"][0]["parts"]
    assert part["functionResponse"]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"output": "x"}', {"output": '{"output": "x"}'}),
        ("[1]", {"output": "[1]"}),
        ("{", {"output": "{"}),
        ("", {"output": ""}),
        ('{"a":' * 60 + "1" + "}" * 60, {"output": '{"a":' * 60 + "1" + "}" * 60}),
    ],
)
def test_a_tools_words_are_said_as_an_object_and_read_again_as_they_were(text, response):
    answered = chat.Message(role="tool", tool_call_id="c0", name="f", parts=(chat.TextPart(text),))
    wire = said(answered)
    assert wire["contents"][0]["parts"][0]["functionResponse"]["response"] == response
    assert gemini.read_request(body(**wire)).messages[0].parts[0].text.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ("", {}),
        (" ", {}),
        ('{"a":1}', {"a": 1}),
        ('\n{"a":1} ', {"a": 1}),
        ('{"a":1e400}', {INVALID_ARGUMENTS: '{"a":1e400}'}),
        ('{"a"', {INVALID_ARGUMENTS: '{"a"'}),
        ("[1]", {INVALID_ARGUMENTS: "[1]"}),
    ],
)
def test_arguments_that_are_no_object_are_said_inside_one(arguments, args):
    call = chat.ToolCall("c0", "f", arguments)
    (content,) = said(chat.Message(role="assistant", tool_calls=(call,)))["contents"]
    assert content["parts"][0]["functionCall"]["args"] == args


def test_the_first_call_of_another_providers_turn_is_marked_as_unchecked():
    calls = (chat.ToolCall("c0", "f", "{}"), chat.ToolCall("c1", "f", "{}"))
    first, second = said(chat.Message(role="assistant", tool_calls=calls))["contents"][0]["parts"]
    assert first["thoughtSignature"] == UNCHECKED
    assert base64.b64decode(UNCHECKED) == b"skip_thought_signature_validator"
    assert "thoughtSignature" not in second


def test_googles_own_signatures_come_back_to_it_by_way_of_another_dialect_and_no_others_do():
    thoughts = (
        chat.ReasoningPart("hm", "s1", made_by="gemini"),
        chat.ReasoningPart("", "s2", made_by="gemini"),
        chat.ReasoningPart("so", "s3", made_by="anthropic_messages"),
        chat.ReasoningPart("well"),
    )
    calls = (
        chat.ToolCall("c0", "f", "{}", signature="s4", made_by="gemini"),
        chat.ToolCall("c1", "f", "{}", signature="s5", made_by="other"),
    )
    (content,) = said(chat.Message(role="assistant", parts=thoughts, tool_calls=calls))["contents"]
    assert content["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "", "thoughtSignature": "s2"},
        {"functionCall": {"id": "c0", "name": "f", "args": {}}, "thoughtSignature": "s4"},
        {"functionCall": {"id": "c1", "name": "f", "args": {}}},
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (chat.ImagePart(f"data:image/png;base64,{PIXEL}", "high"), {"mimeType": "image/png", "data": PIXEL}),
        (chat.AudioPart(PIXEL, "wav"), {"mimeType": "audio/wav", "data": PIXEL}),
        (chat.FilePart(data=f"data:application/pdf;base64,{PIXEL}"), {"mimeType": "application/pdf", "data": PIXEL}),
        (chat.FilePart(data="data:text/plain,a%20b"), {"mimeType": "text/plain", "data": "YSBi"}),
        (chat.FilePart(data=PIXEL), {"mimeType": "application/octet-stream", "data": PIXEL}),
    ],
)
def test_what_is_sent_along_is_inline_data(part, expected):
    (content,) = said(chat.Message(role="user", parts=(part,)))["contents"]
    assert content["parts"] == [{"inlineData": expected}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (chat.ImagePart("https://example.com/a.JPG?x=1"), {"mimeType": "image/jpeg"}),
        (chat.ImagePart("https://example.com/a"), {}),
        (chat.FilePart(url="https://example.com/a.pdf"), {"mimeType": "application/pdf"}),
    ],
)
def test_what_is_to_be_fetched_is_file_data(part, expected):
    (content,) = said(chat.Message(role="user", parts=(part,)))["contents"]
    assert content["parts"] == [{"fileData": expected | {"fileUri": part.url}}]


@pytest.mark.parametrize(
    ("model", "fields", "thinking"),
    [
        ("gemini-2.5-flash", {"reasoning_effort": "low"}, {"thinkingBudget": 1024}),
        ("models/gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        ("gemini-3-flash-preview", {"reasoning_effort": "none"}, {"thinkingLevel": "LOW"}),
        ("gemini-4-argon", {"reasoning_effort": "xhigh"}, {"thinkingLevel": "HIGH"}),
        ("gemini-4-argon", {"reasoning_effort": "some_new_word"}, {"thinkingLevel": "MEDIUM"}),
        ("gemini-2.5-pro", {"reasoning_budget_tokens": 0}, {"thinkingBudget": 0}),
        ("gemini-2.5-pro", {"reasoning_budget_tokens": 500}, {"thinkingBudget": 500, "includeThoughts": True}),
        ("gemini-4-argon", {"reasoning_budget_tokens": 0}, {"thinkingLevel": "LOW"}),
        ("gemini-4-argon", {"reasoning_budget_tokens": 20_000}, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-4-argon", {"reasoning_budget_tokens": -1}, {"includeThoughts": True}),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(model, fields, thinking):
    request = chat.ChatRequest(model=model, messages=(user(),), dialect="openai_chat", **fields)
    assert written(request)["generationConfig"]["thinkingConfig"] == thinking


def test_what_only_another_dialect_knows_is_not_said():
    wire = said(
        chat.Message(
            role="user",
            parts=(
                chat.TextPart("Hello", {"cache_control": Raw(b"{}")}),
                chat.OtherPart("container", Raw(b'{"type":"container"}')),
            ),
            extra={"weight": Raw(b"1")},
        ),
        tools=(chat.Tool(type="web_search", raw=Raw(b'{"type":"web_search"}')),),
        extra={"logit_bias": Raw(b"{}")},
    )
    assert wire == {"contents": [HELLO]}


def test_a_message_that_says_nothing_is_left_out():
    assert said(user(), chat.Message(role="assistant"), user())["contents"] == [HELLO, HELLO]


# Everything that can be said is read again as it was.

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text("abcdefg_", min_size=1, max_size=6)
objects = st.dictionaries(names, texts | st.integers(-5, 5) | st.none(), max_size=3)
raws = objects.map(lambda value: Raw(msgspec.json.encode(value)))
extras = st.dictionaries(st.sampled_from(["videoMetadata", "partMetadata"]), raws, max_size=1)
data = st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode())
signatures = st.none() | names
thoughts = st.one_of(
    st.builds(chat.ReasoningPart, texts.filter(bool), signatures),
    st.builds(chat.ReasoningPart, st.just(""), names),
).map(lambda part: part if part.signature is None else msgspec.structs.replace(part, made_by="gemini"))
parts = st.one_of(
    st.builds(chat.TextPart, texts, extras),
    data.map(lambda each: chat.ImagePart(f"data:image/png;base64,{each}")),
    st.builds(chat.AudioPart, data, st.sampled_from(["wav", "mp3", "L16;rate=24000"]), extras),
    data.map(lambda each: chat.FilePart(data=f"data:application/pdf;base64,{each}")),
    st.sampled_from(["a.png", "b", "c.webp"]).map(
        lambda each: chat.ImagePart(
            f"https://example.com/{each}", extra={} if "." in each else {"mimeType": Raw(b'"image/png"')}
        )
    ),
    names.map(lambda each: chat.FilePart(url=f"https://example.com/{each}.pdf")),
    raws.map(lambda raw: chat.OtherPart("executableCode", Raw(b'{"executableCode":' + bytes(raw) + b"}"))),
)
calls = st.builds(
    chat.ToolCall,
    id=names,
    name=names,
    arguments=objects.map(lambda value: msgspec.json.encode(value).decode()),
    signature=signatures,
).map(lambda call: call if call.signature is None else msgspec.structs.replace(call, made_by="gemini"))


@st.composite
def turns(draw: st.DrawFn) -> list[chat.Message]:
    """What the user says, what the model says, and what its tools answer."""
    asked = chat.Message(role="user", parts=tuple(draw(st.lists(parts, min_size=1, max_size=3))))
    called = tuple(draw(st.lists(calls, max_size=2, unique_by=lambda call: call.id)))
    spoken = draw(st.lists(parts | thoughts, min_size=0 if called else 1, max_size=3))
    answers = [
        chat.Message(
            role="tool",
            parts=(chat.TextPart(draw(texts | raws.map(lambda raw: bytes(raw).decode()))),),
            tool_call_id=call.id,
            name=call.name,
            is_error=draw(st.booleans()),
        )
        for call in called
    ]
    return [asked, chat.Message(role="assistant", parts=tuple(spoken), tool_calls=called), *answers]


@st.composite
def requests(draw: st.DrawFn) -> chat.ChatRequest:
    """Requests in canonical form, as the module's docstrings declare it."""
    system = chat.Message(role="system", parts=tuple(draw(st.lists(st.builds(chat.TextPart, texts), min_size=1))))
    conversation = [message for turn in draw(st.lists(turns(), min_size=1, max_size=2)) for message in turn]
    functions = st.builds(
        chat.Tool, name=names, description=st.none() | texts, parameters=st.none() | raws, extra=st.just({})
    )
    others = st.just(chat.Tool(type="googleSearch", raw=Raw(b'{"googleSearch":{}}')))
    form = draw(
        st.none()
        | st.just(chat.ResponseFormat(type="json_object"))
        | st.builds(chat.ResponseFormat, type=st.just("json_schema"), schema=raws)
    )
    stream = draw(st.booleans())
    fractions = st.none() | st.floats(0, 1, allow_nan=False)
    whole = st.none() | st.integers(1, 20)
    logprobs = draw(st.none() | st.booleans())
    return chat.ChatRequest(
        model="gemini-2.5-flash",
        messages=(*draw(st.sampled_from([(), (system,)])), *conversation),
        tools=(*draw(st.lists(functions, max_size=2)), *draw(st.lists(others, max_size=1))),
        tool_choice=draw(st.sampled_from([None, "auto", "none", "required", ("function", "f")])),
        response_format=form,
        max_output_tokens=draw(whole),
        temperature=draw(fractions),
        top_p=draw(fractions),
        top_k=draw(whole),
        presence_penalty=draw(fractions),
        frequency_penalty=draw(fractions),
        stop=tuple(draw(st.lists(texts, max_size=2))),
        n=draw(st.integers(1, 4)),
        seed=draw(whole),
        logprobs=logprobs,
        top_logprobs=draw(whole) if logprobs else None,
        reasoning_effort=draw(st.sampled_from([None, "minimal", "low", "medium", "high"])),
        reasoning_budget_tokens=draw(st.none() | st.integers(-1, 99)),
        stream=stream,
        include_usage=stream,
        dialect="gemini",
        extra=draw(
            st.dictionaries(
                st.sampled_from(["safetySettings", "generationConfig.speechConfig", "toolConfig.retrievalConfig"]), raws
            )
        ),
    )


@settings(max_examples=50)
@given(requests())
def test_a_written_request_is_read_as_the_same(request):
    wire = msgspec.json.decode(gemini.write_request(request), type=dict[str, Raw])
    assert (
        gemini.read_request(msgspec.json.encode({"model": request.model, "stream": request.stream} | wire)) == request
    )


# Whatever comes.

FIELDS = st.sampled_from(
    [
        *("contents", "parts", "text", "role", "functionCall", "functionResponse", "name", "args", "response"),
        *("inlineData", "mimeType", "data", "fileData", "fileUri", "thought_signature", "systemInstruction"),
        *("generationConfig", "thinkingConfig", "maxOutputTokens", "tools", "functionDeclarations", "toolConfig"),
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
bodies = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(FIELDS, json_values).map(lambda fields: body(**fields))
    | st.lists(st.dictionaries(FIELDS, json_values), min_size=1).map(lambda each: body(contents=[{"parts": each}]))
)


@settings(max_examples=50)
@given(bodies)
def test_any_bytes_are_a_request_or_refused(wire):
    with suppress(errors.InvalidRequest):
        gemini.glance_request(wire)
        gemini.rewrite_request(wire, model="m", include_usage=True, cap=5)
    with suppress(errors.InvalidRequest):
        gemini.write_request(gemini.read_request(wire))
