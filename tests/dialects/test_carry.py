"""What is lost between two dialects: told, or refused, and never silent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec import Raw

from clients import DIALECTS
from tollhouse.dialects import carry, chat
from tollhouse.dialects.collect import collect
from tollhouse.errors import InvalidRequest

NULL, ONE = Raw(b"null"), Raw(b"1")
USER = chat.Message(role="user", parts=(chat.TextPart("a"),))
EVERYTHING = dict.fromkeys(carry.FEATURES, "lossless")


def asking(*messages: chat.Message, **fields: Any) -> chat.ChatRequest:
    return chat.ChatRequest(model="m", messages=messages or (USER,), dialect="other", **fields)


def features(request: chat.ChatRequest) -> set[tuple[str, str]]:
    return {tuple(use) for use in carry.uses(request)}


def with_part(part: chat.Part, role: chat.Role = "user") -> chat.ChatRequest:
    return asking(chat.Message(role=role, parts=(part,)), USER)


def test_a_plain_question_uses_nothing():
    assert features(asking()) == set()


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        (chat.ImagePart("https://example.com/a.png"), "image_url"),
        (chat.ImagePart("data:image/png;base64,AA=="), "image_data"),
        (chat.AudioPart("AA==", "wav"), "audio"),
        (chat.FilePart(file_id="f"), "file_id"),
        (chat.FilePart(data="data:,"), "file_data"),
        (chat.FilePart(url="https://example.com/a.pdf"), "file_url"),
        (chat.SpokenPart(id="a"), "spoken"),
        (chat.RefusalPart("no"), "refusal"),
    ],
)
def test_each_kind_of_part_is_a_feature_at_its_place(part, feature):
    assert features(with_part(part, "assistant")) == {(feature, "messages[0].content[0]")}


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        (chat.ReasoningPart("hm"), "reasoning"),
        (chat.ReasoningPart("hm", "s", None, "other"), "signed_reasoning"),
        (chat.ReasoningPart("", None, "x", "other"), "signed_reasoning"),
    ],
)
def test_earlier_thinking_is_a_feature_and_another_with_its_proof(part, feature):
    assert features(with_part(part, "assistant")) == {(feature, "messages[0].content[0].thinking")}


def test_words_are_a_feature_only_when_they_rest_on_something():
    assert features(with_part(chat.TextPart("a"))) == set()
    cited = chat.TextPart("a", citations=(chat.Citation(url="u"),))
    assert features(with_part(cited)) == {("citations", "messages[0].content[0].citations")}


def test_how_closely_to_look_is_a_feature_unless_it_is_left_open():
    assert ("image_detail", "messages[0].content[0].detail") in features(with_part(chat.ImagePart("u", "low")))
    assert features(with_part(chat.ImagePart("u", "auto"))) == {("image_url", "messages[0].content[0]")}


def test_a_tools_answer_of_more_than_words_is_a_feature_of_its_own():
    assert ("tool_media", "messages[0].content[0]") in features(with_part(chat.ImagePart("u"), "tool"))
    assert features(with_part(chat.TextPart("a"), "tool")) == set()


def test_a_system_message_within_the_conversation_is_another_thing_than_one_before_it():
    system = chat.Message(role="system", parts=(chat.TextPart("a"),))
    assert features(asking(system, USER, system)) == {("system", "messages[0]"), ("late_system", "messages[2]")}


@pytest.mark.parametrize(
    ("message", "use"),
    [
        (chat.Message(role="user", name="Ann"), ("name", "messages[0].name")),
        (chat.Message(role="tool", is_error=True), ("tool_error", "messages[0].is_error")),
        (
            chat.Message(role="assistant", tool_calls=(chat.ToolCall("1", "f", "x", "custom"),)),
            ("other_tools", "messages[0].tool_calls[0]"),
        ),
        (
            chat.Message(role="assistant", tool_calls=(chat.ToolCall("1", "f", "{}", signature="s", made_by="other"),)),
            ("signed_reasoning", "messages[0].tool_calls[0].signature"),
        ),
    ],
)
def test_what_a_message_is_besides_its_parts_is_a_feature(message, use):
    assert features(asking(message, USER)) == {use}


def test_a_last_message_of_the_model_is_a_feature():
    said = chat.Message(role="assistant", parts=(chat.TextPart("{"),))
    assert features(asking(USER, said)) == {("prefill", "messages[1]")}
    assert features(asking(USER, said, USER)) == set()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
def test_every_dialect_names_that_it_may_do_otherwise_with_a_last_message_of_the_model(dialect):
    said = chat.Message(role="assistant", parts=(chat.TextPart("{"),))
    assert carry.losses(asking(USER, said), dialect.CARRIES, frozenset()) == ("messages[]",)


def test_the_name_of_a_tool_is_no_feature():
    assert features(asking(chat.Message(role="tool", name="f"))) == set()


@pytest.mark.parametrize(
    ("fields", "use"),
    [
        ({"tools": (chat.Tool(name="f"),)}, ("tools", "tools[0]")),
        ({"tools": (chat.Tool(type="web_search", raw=Raw(b"{}")),)}, ("other_tools", "tools[0]")),
        ({"tool_choice": "auto"}, ("tool_choice", "tool_choice")),
        ({"parallel_tool_calls": True}, ("parallel_tool_calls", "parallel_tool_calls")),
        ({"parallel_tool_calls": False}, ("parallel_tool_calls", "parallel_tool_calls")),
        ({"response_format": chat.ResponseFormat(type="json_object")}, ("json_object", "response_format")),
        ({"response_format": chat.ResponseFormat(type="json_schema")}, ("json_schema", "response_format")),
        ({"temperature": 0.0}, ("temperature", "temperature")),
        ({"seed": 0}, ("seed", "seed")),
        ({"reasoning_budget_tokens": 0}, ("reasoning_budget_tokens", "reasoning_budget_tokens")),
        ({"temperature": 1.0}, ("temperature", "temperature")),
        ({"stop": ("END",)}, ("stop", "stop")),
        ({"n": 2}, ("n", "n")),
    ],
)
def test_each_setting_is_a_feature_when_it_is_given_zero_too(fields, use):
    assert features(asking(**fields)) == {use}


def test_a_long_name_of_the_end_user_is_another_feature():
    assert features(asking(user="a" * 64)) == {("user", "user")}
    assert features(asking(user="a" * 65)) == {("user", "user"), ("long_user", "user")}


def test_what_only_some_take_of_a_setting_is_another_feature():
    assert features(asking(temperature=1.1)) == {("temperature", "temperature"), ("high_temperature", "temperature")}
    assert features(asking(stop=("END", "\n\n"))) == {("stop", "stop"), ("blank_stop", "stop")}


@pytest.mark.parametrize(
    "fields", [{"response_format": chat.ResponseFormat(type="text")}, {"logprobs": False}, {"stop": ()}, {"n": 1}]
)
def test_what_says_no_more_than_the_default_is_no_feature(fields):
    assert features(asking(**fields)) == set()


def test_a_strict_tool_is_a_tool_and_strict():
    assert features(asking(tools=(chat.Tool(name="f", strict=True),))) == {
        ("tools", "tools[0]"),
        ("strict_tools", "tools[0].strict"),
    }


BOUNDED = Raw(b'{"type": "integer", "minimum" : 1}')


def test_bounds_are_a_feature_of_schemas_that_are_kept_to():
    form = chat.ResponseFormat(type="json_schema", schema=BOUNDED)
    assert ("schema_bounds", "response_format") in features(asking(response_format=form))
    strict = chat.Tool(name="f", parameters=BOUNDED, strict=True)
    assert ("schema_bounds", "tools[0].parameters") in features(asking(tools=(strict,)))
    assert features(asking(tools=(chat.Tool(name="f", parameters=BOUNDED),))) == {("tools", "tools[0]")}


# Losses.


def test_what_is_carried_without_loss_is_not_told():
    assert carry.losses(asking(temperature=1, seed=5), EVERYTHING, frozenset()) == ()


def test_what_is_lost_is_told_once_and_in_order():
    request = asking(with_part(chat.ImagePart("u", "low")).messages[0], seed=5, top_k=3)
    carries = EVERYTHING | {"seed": "lossy", "top_k": "lossy", "image_detail": "lossy"}
    assert carry.losses(request, carries, frozenset()) == ("messages[].content[].detail", "top_k", "seed")


def test_what_is_lost_at_many_places_is_told_as_one():
    message = chat.Message(role="user", name="Ann")
    assert carry.losses(asking(*[message] * 300), {"name": "lossy"}, frozenset()) == ("messages[].name",)


@pytest.mark.parametrize("carries", [{}, {"seed": "refused"}])
def test_what_a_dialect_cannot_say_is_refused_by_name(carries):
    with pytest.raises(InvalidRequest, match=r"`seed`: a seed cannot be said") as refused:
        carry.losses(asking(seed=5), carries, frozenset())
    assert refused.value.param == "seed"


OWN = {"x": ONE}


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (asking(extra=OWN), "x"),
        (asking(chat.Message(role="user", extra=OWN)), "messages[0].x"),
        (with_part(chat.TextPart("a", OWN)), "messages[0].content[0].x"),
        (with_part(chat.OtherPart("x", Raw(b"{}"))), "messages[0].content[0]"),
        (
            asking(chat.Message(role="assistant", tool_calls=(chat.ToolCall("1", "f", "{}", extra=OWN),))),
            "messages[0].tool_calls[0].x",
        ),
        (asking(tools=(chat.Tool(name="f", extra=OWN),)), "tools[0].x"),
    ],
)
def test_a_dialects_own_field_is_told_when_it_is_a_hint_and_refused_when_not(request_, param):
    assert carry.losses(request_, EVERYTHING, frozenset({"x"})) == (re.sub(r"\d+", "", param),)
    with pytest.raises(InvalidRequest) as refused:
        carry.losses(request_, EVERYTHING, frozenset())
    assert refused.value.param == param


def test_a_field_that_is_null_says_nothing():
    assert carry.losses(asking(extra={"x": NULL}), EVERYTHING, frozenset()) == ()


# Without what is a dialect's own.


def test_a_bare_request_has_nothing_of_its_dialect_left():
    parts = (
        chat.TextPart("a", OWN, (chat.Citation(url="u", raw=ONE),)),
        chat.ImagePart("u", None, OWN),
        chat.OtherPart("x", ONE),
        chat.RefusalPart("no"),
    )
    call = chat.ToolCall("1", "f", "{}", extra=OWN)
    message = chat.Message(role="assistant", parts=parts, tool_calls=(call,), extra=OWN)
    tools = (chat.Tool(name="f", extra=OWN), chat.Tool(type="x", raw=ONE))
    bare = carry.bare(asking(message, tools=tools, extra=OWN, seed=5))
    assert list(carry.unmodelled(bare)) == []
    assert bare.messages[0].parts == (
        chat.TextPart("a", citations=(chat.Citation(url="u"),)),
        chat.ImagePart("u"),
        chat.RefusalPart("no"),
    )
    assert bare.tools == (chat.Tool(name="f"),)
    assert bare.seed == 5


def test_a_bare_answer_has_nothing_of_its_dialect_left():
    message = chat.Message(role="assistant", parts=(chat.TextPart("a", OWN),), extra=OWN)
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop", extra=OWN)
    answer = chat.Answer(id="1", model="m", created=1, choices=(choice,), extra=OWN)
    plain = chat.Message(role="assistant", parts=(chat.TextPart("a"),))
    expected = chat.Choice(index=0, message=plain, finish_reason="stop", said="stop")
    assert carry.bare_answer(answer) == chat.Answer(id="1", model="m", created=1, choices=(expected,))


# Without what a vendor lacks.


def test_thinking_is_left_out_with_its_proofs_where_a_vendor_does_not_take_it():
    plain, signed = chat.ReasoningPart("hm"), chat.ReasoningPart("hm", "s", None, "other")
    call = chat.ToolCall("1", "f", "{}", signature="s", made_by="other")
    message = chat.Message(role="assistant", parts=(plain, signed, chat.TextPart("a")), tool_calls=(call,))
    (without_proofs,) = carry.without(asking(message), {"signed_reasoning"}).messages
    assert without_proofs.parts == (plain, chat.TextPart("a"))
    assert without_proofs.tool_calls == (chat.ToolCall("1", "f", "{}"),)
    (without_words,) = carry.without(asking(message), {"reasoning"}).messages
    assert (without_words.parts, without_words.tool_calls) == ((signed, chat.TextPart("a")), (call,))


def test_settings_are_left_out_where_a_vendor_does_not_take_them():
    request = carry.without(asking(seed=5, stop=("END",), temperature=1), {"seed", "stop"})
    assert (request.seed, request.stop, request.temperature) == (None, (), 1)


def test_names_of_speakers_are_left_out_where_a_vendor_does_not_take_them_and_those_of_tools_stay():
    speaker, tool = chat.Message(role="user", name="Ann"), chat.Message(role="tool", name="f", is_error=True)
    assert [message.name for message in carry.without(asking(speaker, tool), {"name"}).messages] == [None, "f"]
    assert carry.without(asking(speaker), {"seed"}).messages[0].name == "Ann"


def test_messages_that_hold_nothing_of_their_own_are_not_made_anew():
    request = asking()
    assert carry.bare(request).messages[0] is request.messages[0]


# What an answer shows.

SHOWN = {
    "image": chat.ImagePart("data:image/png;base64,QUJD"),
    "image_url": chat.ImagePart("https://example.com/QUJD.png"),
    "file": chat.FilePart(None, "data:application/pdf;base64,QUJD"),
}
CITED = {
    "citation.quote": chat.Citation(url="u", quote="QUJD"),
    "citation.document": chat.Citation(title="QUJD"),
    "citation.detail": chat.Citation(url="u", raw=Raw(b'"QUJD"')),
}
PLACE = chat.CitationSeen(0, chat.Citation(url="u", start=0, end=1))


def test_each_kind_of_part_that_may_be_shown_has_an_example_here():
    assert {*SHOWN, *CITED, "citation.place"} == carry.SHOWN.keys()


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
def test_a_part_of_an_answer_is_shown_whole_and_streamed_or_named_as_lost(dialect, kind):
    part = SHOWN[kind]
    ended = (chat.Finished(0, "stop", "stop"), chat.Ended())
    events = (chat.Began(id="1", model="m", created=1), chat.TextDelta(0, "a"), chat.PartSeen(0, part), *ended)
    answer = collect(events)
    assert answer.choices[0].message.parts == (chat.TextPart("a"), part)
    writer = dialect.Writer(id="1", model="m", created=1, include_usage=True)
    for said in (dialect.write_answer(answer), b"".join(map(writer.write, events))):
        assert (b"QUJD" in said) == (kind in dialect.SHOWS)
    assert carry.unsaid(answer.choices[0].message.parts, dialect.SHOWS) == (
        () if kind in dialect.SHOWS else (f"answer.{kind}",)
    )


@pytest.mark.parametrize("kind", CITED)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
def test_what_words_rest_on_is_shown_whole_and_streamed_or_named_as_lost(dialect, kind):
    seen = chat.CitationSeen(0, CITED[kind])
    ended = (chat.Finished(0, "stop", "stop"), chat.Ended())
    events = (chat.Began(id="1", model="m", created=1), chat.TextDelta(0, "a"), seen, *ended)
    answer = collect(events)
    writer = dialect.Writer(id="1", model="m", created=1, include_usage=True)
    for said in (dialect.write_answer(carry.bare_answer(answer)), b"".join(map(writer.write, events))):
        assert (b"QUJD" in said) == (kind in dialect.SHOWS)
    lost = () if kind in dialect.SHOWS else (f"answer.{kind}",)
    assert carry.unsaid_of(answer, dialect.SHOWS, frozenset()) == lost
    assert carry.unsaid_in_stream(seen, dialect.SHOWS) == lost


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
def test_which_words_of_a_stream_rest_on_a_source_is_shown_or_named_as_lost(dialect):
    is_shown = dialect.NAME != "anthropic_messages"
    assert ("citation.place" in dialect.SHOWS) == is_shown
    assert carry.unsaid_in_stream(PLACE, dialect.SHOWS) == (() if is_shown else ("answer.citation.place",))


def answered(**extra: bytes) -> chat.Answer:
    """An answer with these fields of its provider's, at every place that may have some."""
    fields = {name: Raw(value) for name, value in extra.items()}
    call = chat.ToolCall("call_1", "f", "{}", extra=fields)
    message = chat.Message(
        role="assistant", parts=(chat.TextPart("a", extra=fields),), tool_calls=(call, call), extra=fields
    )
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop", extra=fields)
    return chat.Answer(id="1", model="m", created=1, choices=(choice, choice), extra=fields)


def test_a_field_of_an_answer_that_no_other_dialect_knows_is_named_by_its_place_and_once():
    assert carry.unsaid_of(answered(new=b"[1]", none=b"null", told=b"1"), frozenset(), frozenset({"told"})) == (
        "answer.new",
        "answer.choices[].new",
        "answer.choices[].message.new",
        "answer.choices[].message.content[].new",
        "answer.choices[].message.tool_calls[].new",
    )


def test_names_that_a_provider_makes_up_are_fit_for_a_header():
    wicked = {"a\r\nset-cookie: b=c": b"1", "é, ü": b"1", "x" * 500: b"1"}
    part = chat.OtherPart("tool\n\ndata: {}", Raw(b"{}"))
    told = (*carry.unsaid_of(answered(**wicked), frozenset(), frozenset()), *carry.unsaid([part], frozenset()))
    assert told[0] == "answer.a__set-cookie__b_c"
    assert told[-1] == "answer.tool__data____"
    assert all(len(name) <= 80 and name.isascii() and not set(name) & set("\r\n ,:") for name in told)
    many = {f"field_{number}": b"1" for number in range(1_000)}
    assert len(carry.unsaid_of(answered(**many), frozenset(), frozenset())) == 40
