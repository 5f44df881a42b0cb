"""Which words rest on which source, from every dialect to every other: whole, and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import product
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import anthropic_messages, carry, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from tollhouse.dialects.retell import retell

DIALECTS = (anthropic_messages, gemini, openai_chat, openai_responses)
PAIRS = [pair for pair in product(DIALECTS, DIALECTS) if pair[0] is not pair[1]]


@st.composite
def answers(draw: st.DrawFn) -> chat.Answer:
    """Words, and sources for some of them, which may overlap."""
    text = draw(st.text("aä😀 .", min_size=2, max_size=12))
    citations = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        citations.append(chat.Citation(url=f"https://{number}", title="T", start=start, end=end))
    citations.sort(key=lambda each: (each.start or 0, each.end or 0))
    message = chat.Message(role="assistant", parts=(chat.TextPart(text, citations=tuple(citations)),))
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop")
    usage = chat.Usage(input_tokens=1, output_tokens=1)
    return chat.Answer(id="1", model="m", created=1, choices=(choice,), usage=usage)


def resting(answer: chat.Answer) -> tuple[str, dict[str | None, set[int]]]:
    """The words, and for each source the places of those that rest on it."""
    parts = [part for part in answer.choices[0].message.parts if isinstance(part, chat.TextPart)]
    places: dict[str | None, set[int]] = {}
    for citation in [each for part in parts for each in part.citations]:
        places.setdefault(citation.url, set()).update(range(citation.start or 0, citation.end or 0))
    return "".join([part.text for part in parts]), places


def whole(dialect: ModuleType, answer: chat.Answer) -> chat.Answer:
    """The answer as another dialect's client, or provider, says it in one piece."""
    return carry.bare_answer(dialect.read_answer(dialect.write_answer(answer)))


def heard(dialect: ModuleType, stream: bytes) -> list[chat.Event]:
    reader, frames = dialect.Reader(), sse.Reader()
    return [event for frame in [*frames.feed(stream), sse.END] for event in reader.read(frame)]


def said(dialect: ModuleType, events: Iterable[chat.Event]) -> bytes:
    return b"".join(map(dialect.Writer("1", "m", 1, True).write, events))


def streamed(provider: ModuleType, answer: chat.Answer) -> bytes:
    """The answer as a provider streams it."""
    return (
        stream_of(json.loads(provider.write_answer(answer)))
        if provider is anthropic_messages
        else said(provider, retell(answer))
    )


def stream_of(message: dict[str, Any]) -> bytes:
    """A whole message as Anthropic streams it: what a block rests on, and then its words."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message | {"content": []}}]
    for index, block in enumerate(message["content"]):
        deltas: list[dict[str, Any]] = [
            {"type": "citations_delta", "citation": each} for each in block.get("citations", ())
        ]
        # In pieces, of which the later ones look plain.
        deltas += [{"type": "text_delta", "text": char} for char in block["text"]]
        begun = {"type": "text", "text": "", "citations": []}
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": message["usage"]})
    events.append({"type": "message_stop"})
    return b"".join([sse.frame(json.dumps(each).encode(), each["type"]) for each in events])


@given(answers())
@pytest.mark.parametrize(("provider", "client"), PAIRS)
def test_a_whole_answer_tells_which_words_rest_on_what(
    provider: ModuleType, client: ModuleType, answer: chat.Answer
) -> None:
    assert resting(whole(client, whole(provider, answer))) == resting(answer)


@given(answers())
@pytest.mark.parametrize(("provider", "client"), [pair for pair in PAIRS if "citation.place" in pair[1].SHOWS])
def test_a_stream_tells_which_words_rest_on_what(provider: ModuleType, client: ModuleType, answer: chat.Answer) -> None:
    events = heard(provider, streamed(provider, answer))
    assert resting(collect(heard(client, said(client, events)))) == resting(answer)


@given(answers())
@pytest.mark.parametrize("provider", [each for each in DIALECTS if each is not anthropic_messages])
def test_messages_tell_in_a_stream_at_least_on_what_its_words_rest(provider: ModuleType, answer: chat.Answer) -> None:
    events = heard(provider, streamed(provider, answer))
    text, places = resting(collect(heard(anthropic_messages, said(anthropic_messages, events))))
    assert (text, places.keys()) == (resting(answer)[0], resting(answer)[1].keys())


def test_words_that_a_reader_was_spared_are_counted() -> None:
    answer = chat.Citation(url="u", title="T", start=0, end=2)
    choice = chat.Choice(
        index=0,
        message=chat.Message(role="assistant", parts=(chat.TextPart("ab", citations=(answer,)),)),
        finish_reason="stop",
        said="stop",
    )
    message = json.loads(anthropic_messages.write_answer(chat.Answer(id="1", model="m", created=1, choices=(choice,))))
    reader = anthropic_messages.Reader()
    reader.overhear(5)
    events = [event for frame in sse.Reader().feed(stream_of(message)) for event in reader.read(frame)]
    (seen,) = [event.citation for event in events if isinstance(event, chat.CitationSeen)]
    assert (seen.start, seen.end) == (5, 7)
