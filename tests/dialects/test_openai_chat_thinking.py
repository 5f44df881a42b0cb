"""Thinking with its proofs, citations and signatures in OpenAI's dialect; and what another dialect has read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse.dialects import carry, chat, openai_chat, sse
from tollhouse.dialects.collect import collect

HEAD = {"id": "chatcmpl-1", "model": "m", "created": 1}
CLAUDE = "anthropic-claude-v1"


def read_message(**fields: Any) -> chat.Message:
    message = {"role": "assistant", "content": "4"} | fields
    (read,) = openai_chat.read_request(json.dumps({"model": "m", "messages": [message]}).encode()).messages
    return read


def written_message(*parts: chat.Part, **fields: Any) -> dict[str, Any]:
    message = chat.Message(role="assistant", parts=parts, **fields)
    request = chat.ChatRequest(model="m", messages=(message,), dialect=openai_chat.NAME)
    (said,) = json.loads(openai_chat.write_request(request))["messages"]
    return said


def frames(*deltas: dict[str, Any]) -> list[sse.Frame]:
    chunks = [HEAD | {"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    return sse.Reader().feed(b"".join(sse.frame(json.dumps(chunk).encode()) for chunk in chunks))


def heard(*deltas: dict[str, Any]) -> list[chat.Event]:
    reader = openai_chat.Reader()
    return [event for frame in frames(*deltas) for event in reader.read(frame)][1:]


def text_detail(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "format": CLAUDE, "index": 0} | fields


# Messages.


@pytest.mark.parametrize(
    ("details", "parts"),
    [
        ([text_detail("2+2", signature="s")], [chat.ReasoningPart("2+2", "s", None, "anthropic_messages")]),
        (
            [text_detail("2+"), text_detail("2"), {"type": "reasoning.text", "signature": "s", "format": CLAUDE}],
            [chat.ReasoningPart("2+2"), chat.ReasoningPart("", "s", None, "anthropic_messages")],
        ),
        (
            [text_detail("2+"), text_detail("2", signature="s"), text_detail("!", index=1)],
            [chat.ReasoningPart("2+2", "s", None, "anthropic_messages"), chat.ReasoningPart("!")],
        ),
        (
            [
                {"type": "reasoning.summary", "summary": "sum", "format": "openai-responses-v1", "id": "rs_1"},
                {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1", "id": "rs_1"},
            ],
            [chat.ReasoningPart("sum", None, "x", "openai_responses", "rs_1")],
        ),
        (
            [{"type": "reasoning.encrypted", "data": "x", "format": CLAUDE}],
            [chat.ReasoningPart("", None, "x", "anthropic_messages")],
        ),
        (
            [{"type": "reasoning.encrypted", "data": "x", "format": "google-gemini-v1"}],
            [chat.ReasoningPart("", "x", None, "gemini")],
        ),
        ([text_detail("plain", format="unknown")], [chat.ReasoningPart("plain")]),
    ],
)
def test_details_are_read_by_piece_each_with_its_proof(details, parts):
    message = read_message(reasoning_details=details)
    assert [part for part in message.parts if isinstance(part, chat.ReasoningPart)] == parts
    assert message.extra == {}


def test_words_beside_a_bare_proof_are_what_it_proves():
    message = read_message(
        reasoning_content="2+2", reasoning_details=[{"type": "reasoning.text", "signature": "s", "format": CLAUDE}]
    )
    assert message.parts[0] == chat.ReasoningPart("2+2", "s", None, "anthropic_messages")


@pytest.mark.parametrize(
    "details",
    [
        [{"type": "reasoning.encrypted", "data": "x", "format": "xai-responses-v1"}],
        [text_detail("2+2", new=1)],
        [text_detail("other words")],
    ],
)
def test_details_that_are_not_understood_are_kept_as_they_came(details):
    message = read_message(reasoning="2+2", reasoning_details=details)
    assert message.parts[0] == chat.ReasoningPart("2+2")
    assert message.extra == {"reasoning_details": Raw(json.dumps(details).encode())}


def test_a_piece_of_thinking_is_said_with_its_proof_and_again_in_plain_words():
    said = written_message(
        chat.ReasoningPart("2+2", "s", None, "anthropic_messages"),
        chat.ReasoningPart("sum", None, "x", "openai_responses", "rs_1"),
    )
    assert said["reasoning_content"] == "2+2sum"
    assert said["reasoning_details"] == [
        {"type": "reasoning.text", "text": "2+2", "signature": "s", "format": CLAUDE, "index": 0},
        {"type": "reasoning.summary", "summary": "sum", "format": "openai-responses-v1", "index": 1, "id": "rs_1"},
        {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1", "index": 1, "id": "rs_1"},
    ]


def test_a_proof_that_has_no_word_here_is_not_said():
    assert written_message(chat.ReasoningPart("2+2", "s", None, "elsewhere")) == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "2+2",
    }


def test_googles_signature_of_a_tool_call_is_read_and_said():
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "s"}},
    }
    message = read_message(content=None, tool_calls=[call])
    assert message.tool_calls == (chat.ToolCall("1", "f", "{}", signature="s", made_by="gemini"),)
    assert written_message(tool_calls=message.tool_calls)["tool_calls"] == [call]
    (read,) = read_message(
        tool_calls=[call | {"extra_content": {"google": {"thought_signature": "s"}, "new": 1}}]
    ).tool_calls
    assert (read.signature, list(read.extra)) == ("s", ["extra_content"])


def test_citations_belong_to_the_words_they_stand_beside():
    citation = {"url": "https://example.com", "title": "T", "content": "quoted", "start_index": 0, "end_index": 1}
    message = read_message(annotations=[{"type": "url_citation", "url_citation": citation}])
    found = chat.Citation(url="https://example.com", title="T", quote="quoted", start=0, end=1)
    assert message.parts == (chat.TextPart("4", citations=(found,)),)
    assert written_message(*message.parts)["annotations"] == [{"type": "url_citation", "url_citation": citation}]


def test_a_citation_that_does_not_say_which_words_is_about_its_own_part():
    parts = (chat.TextPart("one "), chat.TextPart("two", citations=(chat.Citation(url="u"),)))
    message = chat.Message(role="assistant", parts=parts)
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="end_turn")
    said = json.loads(openai_chat.write_answer(chat.Answer(id="1", model="m", created=1, choices=(choice,))))
    told = said["choices"][0]["message"]
    assert told["content"] == "one two"
    assert told["annotations"][0]["url_citation"] == {"url": "u", "title": "", "start_index": 4, "end_index": 7}


def test_other_annotations_are_kept_as_they_came():
    message = read_message(annotations=[{"type": "file", "file": {"hash": "x"}}])
    assert list(message.extra) == ["annotations"]


# Streams.


def test_proofs_follow_the_thinking_they_prove():
    events = heard(
        {"reasoning": "2+", "reasoning_details": [text_detail("2+")]},
        {"reasoning": "2", "reasoning_details": [text_detail("2")]},
        {"reasoning": None, "reasoning_details": [{"type": "reasoning.text", "signature": "s", "format": CLAUDE}]},
    )
    assert events == [
        chat.ReasoningDelta(0, "2+"),
        chat.ReasoningDelta(0, "2"),
        chat.ReasoningDelta(0, "", "s", None, "anthropic_messages"),
    ]


def test_words_that_stand_in_details_alone_are_heard():
    events = heard({"reasoning_details": [text_detail("2+", signature="")]}, {"reasoning_details": [text_detail("2")]})
    assert events == [chat.ReasoningDelta(0, "2+"), chat.ReasoningDelta(0, "2")]


def test_a_proof_that_nobody_here_can_use_is_not_heard():
    sealed = {"type": "reasoning.encrypted", "data": "x", "format": "xai-responses-v1", "index": 0}
    assert heard({"reasoning_details": [sealed]}) == []


def test_citations_and_signatures_are_heard_and_said_in_a_stream():
    cited = chat.Citation(url="u", title="T", start=0, end=1)
    events = [
        chat.Began(**HEAD),
        chat.TextDelta(0, "4"),
        chat.CitationSeen(0, cited),
        chat.ToolCallDelta(index=0, slot=0, id="c", name="f", arguments="{}", signature="s", made_by="gemini"),
        chat.Finished(0, "tool_calls", "tool_calls"),
        chat.Ended(),
    ]
    writer, reader = openai_chat.Writer(**HEAD, include_usage=False), openai_chat.Reader()
    said = b"".join(map(writer.write, events))
    assert [event for frame in sse.Reader().feed(said) for event in reader.read(frame)] == events


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
proofs = st.sampled_from(
    [
        (None, None, None),
        ("s", None, "anthropic_messages"),
        (None, "x", "anthropic_messages"),
        (None, "x", "openai_responses"),
        ("s", None, "gemini"),
    ]
)
thoughts = st.builds(lambda text, proof: chat.ReasoningDelta(0, text, *proof), words, proofs)


@given(st.lists(thoughts | st.builds(chat.TextDelta, st.just(0), words.filter(bool)), max_size=6))
def test_a_streams_thinking_is_gathered_as_it_was_written(events):
    told = [each for each in events if not isinstance(each, chat.ReasoningDelta) or each.text or each.made_by]
    whole = [chat.Began(**HEAD), *told, chat.Finished(0, "stop", "stop"), chat.Ended()]
    writer, reader = openai_chat.Writer(**HEAD, include_usage=False), openai_chat.Reader()
    said = b"".join(map(writer.write, whole))
    again = collect(event for frame in sse.Reader().feed(said) for event in reader.read(frame))
    answer = collect(whole)
    assert [choice.message for choice in again.choices] == [choice.message for choice in answer.choices]


# What another dialect has read.


def foreign(*messages: chat.Message, **fields: Any) -> dict[str, Any]:
    request = chat.ChatRequest(model="m", messages=messages, dialect="other", **fields)
    return json.loads(openai_chat.write_request(request))


def test_words_of_another_dialect_are_never_said():
    own = {"cache_control": Raw(b"{}")}
    said = foreign(
        chat.Message(
            role="user",
            parts=(chat.TextPart("a", own), chat.OtherPart("odd", Raw(b"{}"))),
            tool_calls=(chat.ToolCall("1", "f", "{}", extra=own),),
            extra=own,
        ),
        tools=(chat.Tool(name="f", extra=own), chat.Tool(type="odd", raw=Raw(b"{}"))),
        extra=own,
    )
    assert "cache_control" not in json.dumps(said)
    assert "odd" not in json.dumps(said)
    assert said["messages"][0]["content"] == "a"


def test_what_a_tool_shows_is_shown_by_the_user_after_all_tools_have_spoken():
    picture = chat.ImagePart("data:image/png;base64,AA==")
    said = foreign(
        chat.Message(role="tool", tool_call_id="1", parts=(chat.TextPart("seen"), picture)),
        chat.Message(role="tool", tool_call_id="2", parts=(chat.TextPart("done"),)),
        chat.Message(role="user", parts=(chat.TextPart("and?"),)),
    )
    assert [(each["role"], each["content"]) for each in said["messages"]] == [
        ("tool", "seen"),
        ("tool", "done"),
        ("user", [{"type": "image_url", "image_url": {"url": picture.url}}]),
        ("user", "and?"),
    ]


@pytest.mark.parametrize(("kind", "name"), [("application/pdf", "document.pdf"), ("application/x-odd", "document")])
def test_a_document_without_a_name_gets_one(kind, name):
    said = foreign(chat.Message(role="user", parts=(chat.FilePart(data=f"data:{kind};base64,AA=="),)))
    assert said["messages"][0]["content"][0]["file"]["filename"] == name


def test_what_earlier_words_rest_on_is_not_said_again():
    part = chat.TextPart("a", citations=(chat.Citation(url="u"),))
    assert foreign(chat.Message(role="assistant", parts=(part,)))["messages"] == [{"role": "assistant", "content": "a"}]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"reasoning_budget_tokens": 8192}, "medium"),
        ({"reasoning_budget_tokens": 0}, "none"),
        ({"reasoning_budget_tokens": -1}, None),
        ({"reasoning_budget_tokens": 1, "reasoning_effort": "high"}, "high"),
    ],
)
def test_a_budget_of_thinking_is_said_as_an_effort(wanted, said):
    assert foreign(chat.Message(role="user"), **wanted).get("reasoning_effort") == said


@pytest.mark.parametrize(("name", "said"), [(None, "answer"), ("weather", "weather")])
def test_a_schema_without_a_name_gets_one(name, said):
    form = chat.ResponseFormat(type="json_schema", name=name, schema=Raw(b"{}"))
    wire = foreign(chat.Message(role="user"), response_format=form)["response_format"]
    assert wire == {"type": "json_schema", "json_schema": {"name": said, "schema": {}}}


def test_developers_speak_as_the_system_which_every_vendor_knows():
    said = foreign(*[chat.Message(role=role, parts=(chat.TextPart("a"),)) for role in ("developer", "user")])
    assert [message["role"] for message in said["messages"]] == ["system", "user"]


CHOICE = {"tool_choice": "auto", "parallel_tool_calls": False}


def test_a_choice_among_tools_is_said_only_where_there_are_some():
    assert foreign(chat.Message(role="user"), **CHOICE).keys() == {"model", "messages"}
    assert CHOICE.items() <= foreign(chat.Message(role="user"), tools=(chat.Tool(name="f"),), **CHOICE).items()


def test_the_likeliest_tokens_are_asked_for_only_with_log_probabilities():
    assert "top_logprobs" not in foreign(chat.Message(role="user"), top_logprobs=5)
    assert foreign(chat.Message(role="user"), logprobs=True, top_logprobs=5)["top_logprobs"] == 5


def test_every_feature_has_its_place_in_the_table():
    assert openai_chat.CARRIES.keys() < carry.FEATURES.keys()
    assert set(openai_chat.CARRIES.values()) == {"lossless", "lossy"}


def test_an_error_is_said_in_openais_envelope():
    failed = chat.Failed(message="m", type="t", code="c", param="p")
    assert json.loads(openai_chat.write_error(failed, 400, "req_1")) == {
        "error": {"message": "m", "type": "t", "code": "c", "param": "p", "request_id": "req_1"}
    }
    assert openai_chat.read_error(400, openai_chat.write_error(failed, 400, "req_1")) == chat.Failed(
        message="m", type="t", code="c", param="p", status=400
    )
