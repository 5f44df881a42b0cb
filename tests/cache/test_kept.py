"""What is kept of an answer: words that ended by themselves, whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.cache.kept import dump, keep, load
from tollhouse.dialects.chat import (
    Answer,
    Choice,
    Citation,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    Usage,
)

KNOWN: dict[str, Any] = {
    "dialect": "openai_chat",
    "provider": "acme",
    "model": "acme-1",
    "lost": ("top_k",),
    "cost": 7,
    "at_us": 9,
}


def answer_of(*parts: Part, **of_choice: Any) -> Answer:
    message = Message(role="assistant", parts=parts, tool_calls=of_choice.pop("tool_calls", ()))
    told: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop", "said": "stop"} | of_choice
    return Answer(
        id="a",
        model="served",
        created=1,
        choices=(Choice(**told),),
        usage=Usage(input_tokens=1, output_tokens=2),
        extra={"system_fingerprint": Raw(b'"fp"')},
    )


def test_an_answer_comes_back_as_it_was() -> None:
    words = TextPart("Rome", {"x": Raw(b"1")}, (Citation(url="https://example.com", raw=Raw(b"{}")),))
    answer = answer_of(ReasoningPart("Hm", "sig", None, "gemini"), words, stop_sequence="X", extra={"y": Raw(b"2")})
    kept = keep(answer, **KNOWN)
    assert kept is not None
    again = load(dump(kept))
    assert again == kept
    assert again.answer("b", 5) == replace(answer, id="b", created=5)


def test_what_a_provider_billed_then_is_not_billed_again() -> None:
    told = replace(answer_of(TextPart("Rome")), usage=Usage(input_tokens=1, output_tokens=2, told_usd=Decimal("0.1")))
    kept = keep(told, **KNOWN)
    assert kept is not None
    assert kept.usage == Usage(input_tokens=1, output_tokens=2)


@pytest.mark.parametrize(
    "answer",
    [
        answer_of(TextPart("Ro"), finish_reason="length"),
        answer_of(TextPart("Ro"), finish_reason="content_filter"),
        answer_of(TextPart("Ro"), finish_reason="other"),
        answer_of(TextPart("Rome"), tool_calls=(ToolCall("c", "f", "{}"),)),
        answer_of(TextPart("Rome"), logprobs=Raw(b"{}")),
        answer_of(RefusalPart("No.")),
        answer_of(TextPart("Here:"), ImagePart("data:,")),
        answer_of(ReasoningPart("Hm")),
        answer_of(TextPart(" \n")),
        answer_of(),
        replace(answer_of(TextPart("Rome")), choices=answer_of(TextPart("Rome")).choices * 2),
    ],
)
def test_what_is_none_to_be_given_again_is_not_kept(answer: Answer) -> None:
    assert keep(answer, **KNOWN) is None
