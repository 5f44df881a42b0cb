"""A whole answer told as events, and gathered again."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import chat
from tollhouse.dialects.collect import collect
from tollhouse.dialects.retell import retell

words = st.text(min_size=1, max_size=20)
maybe = st.none() | words
citations = st.lists(st.builds(chat.Citation, url=maybe, title=maybe, quote=maybe), max_size=2).map(tuple)
calls = st.lists(
    st.builds(chat.ToolCall, words, words, st.text(max_size=20), signature=st.none(), made_by=st.none()), max_size=3
)


@st.composite
def thoughts(draw: st.DrawFn) -> list[chat.ReasoningPart]:
    """Pieces of thinking, each proven but for the last: what is not is one piece with what follows."""
    count = draw(st.integers(0, 3))
    proven = [chat.ReasoningPart(draw(words), draw(words), None, draw(maybe)) for _ in range(count)]
    return proven + ([chat.ReasoningPart(draw(words))] if draw(st.booleans()) else [])


@st.composite
def choices(draw: st.DrawFn, index: int = 0) -> chat.Choice:
    """Whatever a model may say, in the order in which a gathered answer has it."""
    parts: list[chat.Part] = [*draw(thoughts())]
    if draw(st.booleans()):
        parts.append(chat.TextPart(draw(words), citations=draw(citations)))
    if draw(st.booleans()):
        parts.append(chat.RefusalPart(draw(words)))
    if draw(st.booleans()):
        data = base64.b64encode(draw(st.binary(max_size=9))).decode()
        parts.append(chat.SpokenPart(id=draw(words), data=data, transcript=draw(words), expires_at=9))
    if draw(st.booleans()):
        parts.append(chat.ImagePart(draw(words)))
    return chat.Choice(
        index=index,
        message=chat.Message(role="assistant", parts=tuple(parts), tool_calls=tuple(draw(calls))),
        finish_reason=draw(st.sampled_from(["stop", "length", "tool_calls", "other"])),
        said=draw(words),
        stop_sequence=draw(maybe),
    )


@st.composite
def answers(draw: st.DrawFn) -> chat.Answer:
    """One choice, or two."""
    return chat.Answer(
        id=draw(words),
        model=draw(words),
        created=draw(st.integers(0, 2**40)),
        choices=tuple([draw(choices(index)) for index in range(draw(st.integers(1, 2)))]),
        usage=draw(st.none() | st.builds(chat.Usage, input_tokens=st.integers(0, 9), output_tokens=st.integers(0, 9))),
    )


@given(answers())
def test_what_is_told_again_comes_to_the_same(answer: chat.Answer) -> None:
    assert collect(retell(answer)) == answer


def test_the_cost_is_told_beside_the_usage() -> None:
    usage = chat.Usage(input_tokens=1, output_tokens=2)
    answer = chat.Answer(id="a", model="m", created=1, choices=(), usage=usage)
    assert chat.UsageSeen(usage, "0") in [*retell(answer, "0")]
