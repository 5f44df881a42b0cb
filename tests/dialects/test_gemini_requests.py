"""Requests in Google's dialect: at a glance, rewritten and read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec import Raw

from dialects.refusals import refusal
from tollhouse import errors
from tollhouse.dialects import carry, chat, gemini
from tollhouse.dialects.glance import RequestGlance

HELLO = {"role": "user", "parts": [{"text": "Hello"}]}
PIXEL = base64.b64encode(b"\xff\xfe\xfd").decode()
READERS = pytest.mark.parametrize("read", [gemini.glance_request, gemini.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gemini-2.5-flash", "contents": [HELLO]} | fields).encode()


def config(**fields: Any) -> bytes:
    return body(generationConfig=fields)


def read(*parts: dict[str, Any], role: str = "user") -> chat.Message:
    """The last message, of which these are the parts."""
    return gemini.read_request(body(contents=[{"role": role, "parts": parts}])).messages[-1]


def written(request: chat.ChatRequest) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(gemini.write_request(request))
    return wire


def user(text: str = "Hello") -> chat.Message:
    return chat.Message(role="user", parts=(chat.TextPart(text),))


# At a glance.


def test_a_glance_tells_what_the_gateway_needs():
    asked = body(
        stream=True,
        systemInstruction={"parts": [{"text": "Be brief."}]},
        generationConfig={"maxOutputTokens": 50, "candidateCount": 2},
        tools=[{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}],
        serviceTier="flex",
    )
    assert gemini.glance_request(asked) == RequestGlance(
        model="gemini-2.5-flash",
        stream=True,
        include_usage=True,
        max_output_tokens=50,
        n=2,
        has_tools=True,
        tool_types=frozenset({"function", "googleSearch"}),
        message_count=2,
        service_tier="flex",
        media=False,
        searches=None,
    )


@READERS
@pytest.mark.parametrize("name", ["maxOutputTokens", "max_output_tokens"])
@pytest.mark.parametrize("value", [0, -1, 10**18, "5", 5.5, True, [], {}])
def test_a_cap_that_makes_no_sense_is_refused(read, name, value):
    assert refusal(read, config(**{name: value})).param == "generationConfig.maxOutputTokens"


@READERS
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": "a\r\nX-Evil: 1"}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"contents": []}, "contents"),
        ({"contents": "Hello"}, "contents"),
        ({"contents": [HELLO] * 10_001}, "contents"),
        ({"contents": [5]}, "contents[0]"),
        ({"contents": [HELLO, {"parts": "Hi"}]}, "contents[1].parts"),
        ({"contents": [{"parts": ["Hi"]}]}, "contents[0].parts[0]"),
        ({"generationConfig": []}, "generationConfig"),
        ({"generationConfig": {"candidateCount": 0}}, "generationConfig.candidateCount"),
        ({"tools": "search"}, "tools"),
        ({"tools": ["search"]}, "tools[0]"),
    ],
)
def test_a_field_of_the_wrong_type_or_range_is_named(read, fields, param):
    assert refusal(read, body(**fields)).param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": [{"role": "robot", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "contents[0].parts[0].text"),
        (
            {"contents": [{"parts": [{"inlineData": {"data": "AA=="}}]}]},
            "contents[0].parts[0].inlineData.mimeType",
        ),
        (
            {"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": []}}]}]},
            "contents[0].parts[0].functionCall.args",
        ),
        ({"tools": [{"functionDeclarations": [{"name": ""}]}]}, "tools[0].functionDeclarations[0].name"),
        ({"generationConfig": {"temperature": 3}}, "generationConfig.temperature"),
        ({"generationConfig": {"topP": 2}}, "generationConfig.topP"),
        ({"generationConfig": {"stopSequences": "a"}}, "generationConfig.stopSequences"),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": "much"}}},
            "generationConfig.thinkingConfig.thinkingBudget",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"allowedFunctionNames": "f"}}},
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
    ],
)
def test_a_fault_inside_is_named_by_its_path(fields, param):
    assert refusal(gemini.read_request, body(**fields)).param == param


@READERS
@pytest.mark.parametrize("wire", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"model":"\xff"}', b"<html>"])
def test_what_is_no_request_is_refused(read, wire):
    refusal(read, wire)


@READERS
def test_a_name_that_no_field_can_have_is_refused(read):
    assert "generationConfig.temperature" in refusal(read, body(**{"generationConfig.temperature": 1})).message


@READERS
def test_both_spellings_of_a_field_are_taken_and_the_last_counts(read):
    assert read(body(generation_config={"max_output_tokens": 5})).max_output_tokens == 5
    assert read(config(maxOutputTokens=5, max_output_tokens=9)).max_output_tokens == 9
    assert read(config(max_output_tokens=9, maxOutputTokens=5)).max_output_tokens == 5


def test_an_only_element_may_stand_without_its_list():
    request = gemini.read_request(body(contents={"role": "USER", "parts": {"text": "Hi"}}))
    assert request.messages == (user("Hi"),)
    assert gemini.glance_request(body(contents={"parts": {"text": "Hi"}})).message_count == 1


@pytest.mark.parametrize(
    ("part", "media"),
    [
        ({"text": "inlineData"}, False),
        ({"text": "hm", "thought": True, "thought_signature": "s"}, False),
        ({"functionCall": {"name": "f"}}, False),
        ({"functionResponse": {"name": "f", "response": {}}}, False),
        ({"functionResponse": {"name": "f", "response": {}, "parts": [{"inlineData": {}}]}}, True),
        ({"executableCode": {"code": "1"}}, False),
        ({"inlineData": {"mimeType": "image/png", "data": PIXEL}}, True),
        ({"inline_data": {"mime_type": "image/png", "data": PIXEL}}, True),
        ({"fileData": {"fileUri": "https://example.com/a"}}, True),
        ({"toolResponse": {}}, True),
        ({"somethingNew": {}}, True),
    ],
)
def test_media_are_what_is_not_words(part, media):
    assert gemini.glance_request(body(contents=[HELLO, {"parts": [part]}])).media == media
    assert gemini.glance_request(body(systemInstruction={"parts": [part]})).media == media


@pytest.mark.parametrize(
    ("answer", "media"),
    [(b'{"name":"f","p\\u0061rts":[{"inlineData":{}}]}', True), (b'{"response":{"\\u00fc":"part"}}', False)],
)
def test_a_tool_shows_what_it_shows_in_whichever_letters(answer, media):
    asked = b'{"model":"m","contents":[{"parts":[{"functionResponse":%b}]}]}' % answer
    assert gemini.glance_request(asked).media == media


def test_what_google_has_in_its_cache_is_not_bounded_by_the_request():
    assert gemini.glance_request(body(cachedContent="cachedContents/1")).media


# Rewritten.


def rewrite(wire: bytes, **fields: Any) -> bytes:
    return gemini.rewrite_request(wire, **({"model": "other", "include_usage": True, "cap": None} | fields))


def test_model_and_stream_are_left_out_and_all_else_keeps_its_bytes():
    wire = b'{"model":"m","stream":true, "contents" : [ {"parts":[{"text":"\\u00e9"}]} ],"x":1e2}'
    assert rewrite(wire) == b'{"contents":[ {"parts":[{"text":"\\u00e9"}]} ],"x":1e2}'


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"maxOutputTokens": 7}),
        ({"maxOutputTokens": 9}, {"maxOutputTokens": 7}),
        ({"max_output_tokens": 9, "topK": 5}, {"maxOutputTokens": 7, "topK": 5}),
        (None, {"maxOutputTokens": 7}),
    ],
)
def test_a_cap_is_written_once_whichever_way_the_client_spells_it(asked, expected):
    fields = json.loads(rewrite(body(generation_config=asked), cap=7))
    assert fields == {"contents": [HELLO], "generationConfig": expected}


def test_a_field_that_comes_twice_is_said_once_as_it_was_looked_at():
    wire = b'{"model":"m","contents":[{}],"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}'
    assert gemini.glance_request(wire).max_output_tokens == 9
    assert json.loads(rewrite(wire))["generationConfig"] == {"maxOutputTokens": 9}


@pytest.mark.parametrize(
    ("model", "stream", "target"),
    [
        ("gemini-2.5-flash", False, b"/models/gemini-2.5-flash:generateContent"),
        ("gemini-2.5-flash", True, b"/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        ("models/gemini-2.5-flash", False, b"/models/gemini-2.5-flash:generateContent"),
        ("tunedModels/mine", False, b"/tunedModels/mine:generateContent"),
        ("../files?x=", False, b"/models/..%2Ffiles%3Fx%3D:generateContent"),
        ("models/../files", False, b"/models/models%2F..%2Ffiles:generateContent"),
    ],
)
def test_the_address_names_the_model_and_cannot_be_led_elsewhere(model, stream, target):
    assert gemini.target(model, stream=stream) == target
    assert gemini.count_target("m") == b"/models/m:countTokens"


# Read.


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"text": "Hi"}, [chat.TextPart("Hi")]),
        ({"text": ""}, [chat.TextPart("")]),
        (
            {"inlineData": {"mimeType": "image/png", "data": "_-8"}},
            [chat.ImagePart("data:image/png;base64,/+8=")],
        ),
        ({"inline_data": {"mime_type": "audio/mpeg", "data": PIXEL}}, [chat.AudioPart(PIXEL, "mp3")]),
        (
            {"inlineData": {"mimeType": "application/pdf", "data": PIXEL, "displayName": "a.pdf"}},
            [chat.FilePart(data=f"data:application/pdf;base64,{PIXEL}", filename="a.pdf")],
        ),
        ({"fileData": {"fileUri": "https://example.com/a.png"}}, [chat.ImagePart("https://example.com/a.png")]),
        (
            {"fileData": {"fileUri": "https://example.com/a", "mimeType": "image/png"}},
            [chat.ImagePart("https://example.com/a", extra={"mimeType": Raw(b'"image/png"')})],
        ),
        (
            {"fileData": {"fileUri": "https://example.com/a.pdf"}},
            [chat.FilePart(url="https://example.com/a.pdf")],
        ),
    ],
)
def test_each_kind_of_part_is_read(part, expected):
    assert list(read(part).parts) == expected


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "video/mp4", "data": PIXEL}},
        {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}},
        {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
        {"fileData": {"fileUri": "gs://bucket/a.png"}},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"toolCall": {"id": "1"}, "thoughtSignature": "s"},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "text": "both"},
        {"functionCall": {"name": "f"}},
    ],
)
def test_what_only_google_knows_is_kept_as_it_came_and_refused_by_others(part):
    request = gemini.read_request(body(contents=[{"parts": [part]}]))
    (other,) = request.messages[0].parts
    assert isinstance(other, chat.OtherPart)
    assert written(request)["contents"] == [{"role": "user", "parts": [part]}]
    with pytest.raises(errors.InvalidRequest):
        carry.losses(request, dict.fromkeys(carry.FEATURES, "lossless"), gemini.HINTS)


def test_signatures_are_googles_own_wherever_they_stand():
    message = read(
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "Hi", "thoughtSignature": "s2"},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s3"},
        role="model",
    )
    assert message.parts == (
        chat.ReasoningPart("hm", "s1", made_by="gemini"),
        chat.TextPart("Hi"),
        chat.ReasoningPart("", "s2", made_by="gemini"),
    )
    assert message.tool_calls == (chat.ToolCall("call_0", "f", '{"a":1}', signature="s3", made_by="gemini"),)


def test_calls_without_ids_are_named_by_their_place_and_answered_by_name_in_order():
    call, other = {"functionCall": {"name": "f"}}, {"functionCall": {"name": "g", "id": "g1"}}
    contents = [
        {"role": "model", "parts": [call, other, call]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"output": "1"}}},
                {"functionResponse": {"name": "g", "id": "g1", "response": {"error": "2"}}},
                {"functionResponse": {"name": "f", "response": {"b": [3]}}},
                {"text": "Go on."},
            ],
        },
        {"role": "model", "parts": [call]},
        {"role": "function", "parts": [{"functionResponse": {"name": "f", "response": {"output": "4", "c": 5}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "h", "response": {}}}]},
    ]
    messages = gemini.read_request(body(contents=contents)).messages
    assert [call.id for message in messages for call in message.tool_calls] == ["call_0", "g1", "call_2", "call_3"]
    assert [
        (message.tool_call_id, message.name, message.is_error, message.parts[0])
        for message in messages
        if message.role == "tool"
    ] == [
        ("call_0", "f", False, chat.TextPart("1")),
        ("g1", "g", True, chat.TextPart("2")),
        ("call_2", "f", False, chat.TextPart('{"b": [3]}')),
        ("call_3", "f", False, chat.TextPart('{"output": "4", "c": 5}')),
        (None, "h", False, chat.TextPart("{}")),
    ]
    assert messages[4] == user("Go on.")


def test_what_else_is_told_of_a_call_is_said_again():
    part = {"functionCall": {"name": "f", "args": {"a": 1}, "partialArgs": []}, "partMetadata": {"b": 2}}
    answer = {"functionResponse": {"name": "f", "response": {"output": "x"}, "willContinue": True}}
    contents = [{"role": "model", "parts": [part]}, {"role": "user", "parts": [answer]}]
    request = gemini.read_request(body(contents=contents))
    assert written(request)["contents"][0]["parts"] == [part]
    assert written(request)["contents"][1]["parts"][0]["functionResponse"]["willContinue"]
    with pytest.raises(errors.InvalidRequest):
        carry.losses(request, dict.fromkeys(carry.FEATURES, "lossless"), gemini.HINTS)


def test_neighbouring_turns_of_the_model_are_one():
    turn = {"role": "model", "parts": [{"text": "a"}, {"functionCall": {"name": "f"}}]}
    (message,) = gemini.read_request(body(contents=[turn, turn])).messages
    assert message.parts == (chat.TextPart("a"), chat.TextPart("a"))
    assert len(message.tool_calls) == 2


def test_a_schema_in_googles_form_becomes_json_schema():
    parameters = {
        "type": "OBJECT",
        "properties": {
            "city": {"type": "STRING", "nullable": True, "enum": ["a"]},
            "days": {"type": "ARRAY", "min_items": "2", "items": {"type": "INTEGER", "format": "int32"}},
            "type": {"any_of": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True},
        },
        "required": ["city"],
        "propertyOrdering": ["days", "city"],
    }
    (tool,) = gemini.read_request(
        body(tools=[{"functionDeclarations": [{"name": "f", "parameters": parameters}]}])
    ).tools
    assert tool.parameters is not None
    assert json.loads(bytes(tool.parameters)) == {
        "type": "object",
        "properties": {
            "city": {"type": ["string", "null"], "enum": ["a", None]},
            "days": {"type": "array", "minItems": 2, "items": {"type": "integer", "format": "int32"}},
            "type": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
        },
        "required": ["city"],
        "propertyOrdering": ["days", "city"],
    }


def test_json_schema_is_preferred_and_stays_as_it_is():
    function = {"name": "f", "parameters": {"type": "STRING"}, "parameters_json_schema": {"type": "OBJECT"}}
    (tool,) = gemini.read_request(body(tools=[{"function_declarations": [function]}])).tools
    assert tool.parameters == Raw(b'{"type": "OBJECT"}')


@pytest.mark.parametrize(
    ("calling", "choice", "extra"),
    [
        ({}, None, {}),
        ({"mode": "AUTO"}, "auto", {}),
        ({"mode": "none"}, "none", {}),
        ({"mode": "ANY"}, "required", {}),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ("function", "f"), {}),
        ({"mode": "ANY", "allowed_function_names": ["f", "g"]}, "required", {"allowedFunctionNames": b'["f","g"]'}),
        ({"mode": "VALIDATED"}, "auto", {"mode": b'"VALIDATED"'}),
        ({"mode": "SOMETHING_NEW"}, None, {"mode": b'"SOMETHING_NEW"'}),
    ],
)
def test_a_choice_among_tools_is_read(calling, choice, extra):
    request = gemini.read_request(body(toolConfig={"functionCallingConfig": calling}))
    assert request.tool_choice == choice
    assert request.extra == {f"toolConfig.functionCallingConfig.{name}": Raw(raw) for name, raw in extra.items()}


@pytest.mark.parametrize(
    ("fields", "form", "extra"),
    [
        ({}, None, set()),
        ({"responseMimeType": "text/plain"}, None, set()),
        ({"responseMimeType": "application/json"}, chat.ResponseFormat(type="json_object"), set()),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
            chat.ResponseFormat(type="json_schema", schema=Raw(b'{"type":"string"}')),
            set(),
        ),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "string"}},
            chat.ResponseFormat(type="json_schema", schema=Raw(b'{"type": "string"}')),
            set(),
        ),
        (
            {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING"}},
            None,
            {"generationConfig.responseMimeType", "generationConfig.responseSchema"},
        ),
        ({"responseModalities": ["TEXT"]}, None, set()),
        ({"responseModalities": ["IMAGE"]}, None, {"generationConfig.responseModalities"}),
        ({"speechConfig": {}}, None, {"generationConfig.speechConfig"}),
    ],
)
def test_the_form_of_the_answer_is_read(fields, form, extra):
    request = gemini.read_request(config(**fields))
    assert request.response_format == form
    assert request.extra.keys() == extra


def test_hints_may_be_lost_elsewhere_and_what_matters_may_not():
    lossless = dict.fromkeys(carry.FEATURES, "lossless")
    hints = body(
        safetySettings=[],
        labels={},
        generationConfig={"thinkingConfig": {"thinkingBudget": 5, "includeThoughts": True}},
    )
    assert carry.losses(gemini.read_request(hints), lossless, gemini.HINTS) == (
        "safetySettings",
        "labels",
        "generationConfig.thinkingConfig.includeThoughts",
    )
    for asked in (body(cachedContent="c"), config(speechConfig={}), body(tools=[{"codeExecution": {}}])):
        request = gemini.read_request(asked)
        with pytest.raises(errors.InvalidRequest):
            carry.losses(request, {**lossless, "other_tools": "refused"}, gemini.HINTS)


def test_every_feature_is_one_that_there_is():
    assert gemini.CARRIES.keys() <= carry.FEATURES.keys()


@pytest.mark.parametrize("response", [{}, {"response": None}])
def test_a_tool_that_answers_nothing_says_no_words(response):
    called = {"role": "model", "parts": [{"functionCall": {"name": "f"}}]}
    answered = {"role": "user", "parts": [{"functionResponse": {"name": "f"} | response}]}
    request = gemini.read_request(body(contents=[HELLO, called, answered]))
    assert request.messages[-1].parts == ()


def test_a_part_that_is_null_says_nothing():
    (part,) = gemini.read_request(body(contents=[{"role": "user", "parts": [None]}])).messages[-1].parts
    assert isinstance(part, chat.OtherPart)
    assert part.type == "part"
