"""The key of a request: the same for what is the same, another for whatever may make another answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.cache.fingerprint import UNHEARD, Source, key_of, unfit
from tollhouse.dialects import anthropic_messages, gemini, openai_chat, openai_responses
from tollhouse.dialects.chat import ChatRequest, ImagePart, Message, ResponseFormat, TextPart, Tool, ToolCall
from tollhouse.dialects.texts import Texts

SECRET = b"s" * 32
ACME = Source("acme", "https://acme.example/v1", "acme-1", "cred_1")
ADA = ("user", "usr_ada")

ASKED = ChatRequest(
    model="acme/acme-1",
    messages=(Message(role="user", parts=(TextPart("Hi"),)),),
    temperature=0.0,
    dialect="openai_chat",
)


def key(request: ChatRequest = ASKED, **changes: Any) -> str:
    told: dict[str, Any] = {"sources": (ACME,), "owner": ADA, "hints": (), "secret": SECRET} | changes
    return key_of(request, **told)


def said(text: str, **more: Any) -> tuple[Message, ...]:
    return (Message(role="user", parts=(TextPart(text),), **more),)


OTHERWISE: dict[str, Any] = {
    "messages": said("Ho"),
    "response_format": ResponseFormat(type="json_object"),
    "max_output_tokens": 7,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 4,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "stop": ("x",),
    "n": 2,
    "seed": 1,
    "logprobs": True,
    "top_logprobs": 2,
    "reasoning_effort": "low",
    "reasoning_budget_tokens": 9,
    "verbosity": "low",
    "tools": (Tool(name="f"),),
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "extra": {"modalities": Raw(b'["text"]')},
}
ALIKE: dict[str, Any] = {
    "model": "smart",
    "stream": True,
    "include_usage": True,
    "user": "someone",
    "dialect": "anthropic_messages",
}


def test_every_field_of_a_request_is_known_here() -> None:
    assert {*OTHERWISE, *ALIKE} == {*ChatRequest.__struct_fields__}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_may_make_another_answer_makes_another_key(name: str) -> None:
    assert key(replace(ASKED, **{name: OTHERWISE[name]})) != key()


@pytest.mark.parametrize("name", ALIKE)
def test_what_no_model_hears_of_makes_the_same_key(name: str) -> None:
    assert key(replace(ASKED, **{name: ALIKE[name]})) == key()


@pytest.mark.parametrize("name", sorted(UNHEARD))
def test_a_field_that_no_model_hears_of_makes_the_same_key(name: str) -> None:
    assert key(replace(ASKED, extra={name: Raw(b'"x"')})) == key()


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": ("user", "usr_eve")},
        {"owner": ("workspace", "usr_ada")},
        {"owner": ("public",)},
        {"sources": (msgspec.structs.replace(ACME, model="acme-2"),)},
        {"sources": (msgspec.structs.replace(ACME, provider="other"),)},
        {"sources": (msgspec.structs.replace(ACME, address="https://elsewhere.example"),)},
        {"sources": (msgspec.structs.replace(ACME, account="cred_2"),)},
        {"sources": (ACME, ACME)},
        {"hints": ((b"anthropic-beta", b"x"),)},
        {"secret": b"t" * 32},
    ],
)
def test_whose_it_is_and_who_may_answer_is_part_of_the_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


def test_what_one_dialect_alone_says_is_nothing_in_another() -> None:
    mine = replace(ASKED, extra={"thinking": Raw(b"1")})
    assert key(mine) != key(replace(mine, dialect="gemini"))
    part = replace(ASKED, messages=(Message(role="user", parts=(TextPart("Hi", {"cache_control": Raw(b"{}")}),)),))
    assert key(part) != key(replace(part, dialect="gemini"))


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.integers()), st.randoms())
def test_the_order_of_fields_makes_the_same_key(fields: dict[str, int], chance: Any) -> None:
    names = [*fields]
    chance.shuffle(names)
    one, other = ({name: Raw(b"%d" % fields[name]) for name in order} for order in (fields, names))
    assert key(replace(ASKED, extra=one)) == key(replace(ASKED, extra=other))


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_words_do_not_run_into_one_another(one: str, two: str, three: str) -> None:
    apart = (*said(one), *said(two + three))
    other = (*said(one + two), *said(three))
    assert (key(replace(ASKED, messages=apart)) == key(replace(ASKED, messages=other))) == (apart == other)


BODIES = {
    openai_chat: {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 9},
    anthropic_messages: {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9},
    openai_responses: {"model": "m", "input": "Hi", "max_output_tokens": 9, "store": False},
    gemini: {
        "model": "m",
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"maxOutputTokens": 9},
    },
}


def test_the_same_question_has_one_key_in_every_dialect() -> None:
    keys = set()
    for dialect, body in BODIES.items():
        request = dialect.read_request(msgspec.json.encode(body))
        assert unfit(request, takes_sampled=True) is None
        keys.add(key(request))
    assert len(keys) == 1


CALL = ToolCall("c", "f", "{}")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"temperature": 1.0}, "sampled"),
        ({"temperature": None}, "sampled"),
        ({"tools": (Tool(name="f"),)}, "tools"),
        ({"extra": {"web_search_options": Raw(b"{}")}}, "searches"),
        ({"extra": {"plugins": Raw(b'[{"id": "web"}]')}}, "searches"),
        ({"messages": (*said("Hi"), Message(role="assistant", tool_calls=(CALL,)))}, "tools"),
        ({"messages": (*said("Hi"), Message(role="tool", tool_call_id="c"))}, "tools"),
        ({"messages": (Message(role="user", parts=(ImagePart("data:,"),)),)}, "media"),
        ({"n": 2}, "choices"),
        ({"logprobs": True}, "logprobs"),
        ({"extra": {"store": Raw(b"false")}}, "store"),
        ({"extra": {"store": Raw(b"true")}}, None),
        ({"messages": (*said("Hi"), *said("Ho"))}, None),
        ({}, None),
    ],
)
def test_why_a_request_is_not_looked_for(changes: dict[str, Any], why: str | None) -> None:
    assert unfit(replace(ASKED, **changes), takes_sampled=False) == why


def test_what_chance_has_a_part_in_is_looked_for_when_that_is_wanted() -> None:
    assert unfit(replace(ASKED, temperature=1.0), takes_sampled=True) is None


def test_texts_to_embed_are_not_looked_for() -> None:
    assert unfit(Texts(model="m", texts=("Hi",)), takes_sampled=True) == "operation"
