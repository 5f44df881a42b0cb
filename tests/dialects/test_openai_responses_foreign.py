"""Requests of other dialects said in that of OpenAI's Responses: what is carried, lost with notice, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import carry, chat, openai_responses

HELLO = {"role": "user", "content": "Hello"}


def reading(**fields: Any) -> chat.ChatRequest:
    return openai_responses.read_request(json.dumps({"model": "gpt-5.6", "input": [HELLO]} | fields).encode())


def written(request: chat.ChatRequest) -> Any:
    return json.loads(openai_responses.write_request(request))


def foreign(*messages: chat.Message, **fields: Any) -> chat.ChatRequest:
    return chat.ChatRequest(model="m", messages=messages or (user("Hello"),), dialect="openai_chat", **fields)


def user(text: str) -> chat.Message:
    return chat.Message(role="user", parts=(chat.TextPart(text),))


def test_a_provider_is_told_to_keep_nothing():
    assert written(foreign())["store"] is False


def test_functions_of_other_dialects_are_not_strict_unless_they_say_so():
    request = foreign(tools=(chat.Tool(name="a"), chat.Tool(name="b", strict=True)))
    assert [tool["strict"] for tool in written(request)["tools"]] == [False, True]
    assert "strict" not in written(reading(tools=[{"type": "function", "name": "f"}]))["tools"][0]


def test_only_thinking_that_this_dialect_sealed_goes_back_to_its_providers():
    mine = chat.ReasoningPart("a", sealed="seal", made_by="openai_responses", id="rs_1")
    other = chat.ReasoningPart("b", signature="sig", made_by="anthropic_messages")
    turn = chat.Message(role="assistant", parts=(mine, other, chat.ReasoningPart("c"), chat.TextPart("Yes")))
    said = written(foreign(user("Hi"), turn))
    assert said["input"][1:] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "encrypted_content": "seal",
            "summary": [{"type": "summary_text", "text": "a"}],
        },
        {"type": "message", "role": "assistant", "content": "Yes"},
    ]


@pytest.mark.parametrize(
    ("fields", "included"),
    [
        ({}, None),
        ({"reasoning_effort": "none"}, None),
        ({"reasoning_budget_tokens": 0}, None),
        ({"reasoning_effort": "low"}, ["reasoning.encrypted_content"]),
        ({"reasoning_budget_tokens": 9000}, ["reasoning.encrypted_content"]),
        ({"logprobs": True}, ["message.output_text.logprobs"]),
    ],
)
def test_sealed_thinking_is_asked_for_when_the_model_thinks(fields: dict[str, Any], included: list[str] | None):
    """Models that do not think answer 400 to it."""
    assert written(foreign(**fields)).get("include") == included


def test_a_budget_for_thinking_is_said_as_an_effort():
    assert written(foreign(reasoning_budget_tokens=9000))["reasoning"] == {"effort": "high"}


def test_a_document_without_a_name_gets_one():
    pdf = chat.FilePart(data="data:application/pdf;base64,QQ==")
    said = written(foreign(chat.Message(role="user", parts=(pdf,))))
    assert said["input"][0]["content"][0]["filename"] == "document.pdf"
    assert "filename" not in written(reading(input=[message_with_file()]))["input"][0]["content"][0]


def message_with_file() -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_file", "file_data": "data:application/pdf;base64,QQ=="}]}


def test_a_schema_without_a_name_gets_one():
    form = chat.ResponseFormat(type="json_schema", schema=Raw(b"{}"))
    assert written(foreign(response_format=form))["text"]["format"]["name"] == "answer"


def test_what_only_another_dialect_knows_is_not_said():
    request = foreign(
        chat.Message(
            role="user",
            parts=(chat.TextPart("Hi", {"cache_control": Raw(b"{}")}), chat.OtherPart("video", Raw(b"{}"))),
            name="Ann",
            extra={"weight": Raw(b"1")},
        ),
        extra={"logit_bias": Raw(b"{}")},
    )
    said = written(request)
    assert said["input"] == [{"type": "message", "role": "user", "content": "Hi"}]
    assert "logit_bias" not in said


def test_sound_has_no_word_here_and_is_refused():
    request = foreign(chat.Message(role="user", parts=(chat.AudioPart("QQ==", "wav"),)))
    with pytest.raises(errors.InvalidRequest):
        carry.losses(request, openai_responses.CARRIES, frozenset())
    assert written(request)["input"] == [{"type": "message", "role": "user", "content": []}]


@pytest.mark.parametrize("fields", [{"stop": ("x",)}, {"n": 2}, {"presence_penalty": 1.0}])
def test_what_the_api_has_no_field_for_is_refused(fields: dict[str, Any]):
    with pytest.raises(errors.InvalidRequest):
        carry.losses(foreign(**fields), openai_responses.CARRIES, frozenset())


def test_every_feature_of_the_table_is_one():
    assert set(openai_responses.CARRIES) <= set(carry.FEATURES)


def test_hints_are_lost_with_notice_and_what_matters_is_refused():
    lost = carry.losses(
        reading(metadata={"a": "b"}, reasoning={"summary": "auto"}),
        openai_responses.CARRIES,
        openai_responses.HINTS,
    )
    assert set(lost) == {"metadata", "reasoning.summary"}
    telemetry = reading(client_metadata={"x-codex-installation-id": "a"}, max_tool_calls=3)
    assert set(carry.losses(telemetry, {}, openai_responses.HINTS)) == {"client_metadata", "max_tool_calls"}
    for matters in ({"previous_response_id": "r"}, {"background": True}, {"text": {"format": {"type": "grammar"}}}):
        with pytest.raises(errors.InvalidRequest):
            carry.losses(reading(**matters), openai_responses.CARRIES, openai_responses.HINTS)


def test_alternatives_are_asked_for_only_beside_log_probabilities():
    alone = reading(top_logprobs=5)
    assert carry.losses(alone, {}, openai_responses.HINTS) == ("top_logprobs",)
    assert (alone.top_logprobs, written(alone)["top_logprobs"]) == (None, 5)
    beside = reading(top_logprobs=5, include=["message.output_text.logprobs"])
    assert carry.losses(beside, {"logprobs": "lossless"}, openai_responses.HINTS) == ()
    assert (beside.top_logprobs, written(beside)["top_logprobs"]) == (5, 5)
