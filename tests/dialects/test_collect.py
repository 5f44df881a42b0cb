"""A stream's events gathered into one answer."""

from __future__ import annotations

import base64

import pytest
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.collect import collect

BEGAN = chat.Began(id="a1", model="m", created=7)


def only_choice(*events: chat.Event) -> chat.Choice:
    (choice,) = collect([BEGAN, *events, chat.Finished(0, "stop", "stop"), chat.Ended()]).choices
    return choice


def test_words_thoughts_and_refusals_are_joined_each_for_itself():
    choice = only_choice(
        chat.ReasoningDelta(0, "hm"),
        chat.ReasoningDelta(0, "m", "sig"),
        chat.TextDelta(0, "Hel"),
        chat.TextDelta(0, "lo"),
        chat.RefusalDelta(0, "no"),
    )
    assert choice.message.parts == (chat.ReasoningPart("hmm", "sig"), chat.TextPart("Hello"), chat.RefusalPart("no"))


def test_interleaved_choices_and_calls_are_kept_apart_and_in_order():
    answer = collect(
        [
            BEGAN,
            chat.TextDelta(1, "one"),
            chat.ToolCallDelta(index=0, slot=1, id="c2", name="g"),
            chat.ToolCallDelta(index=0, slot=0, id="c1", name="f", arguments='{"a"'),
            chat.ToolCallDelta(index=0, slot=1, arguments="{}"),
            chat.ToolCallDelta(index=0, slot=0, arguments=":1}"),
            chat.Finished(1, "length", "length"),
            chat.Finished(0, "tool_calls", "tool_calls"),
            chat.UsageSeen(chat.Usage(input_tokens=1, output_tokens=1)),
            chat.UsageSeen(chat.Usage(input_tokens=1, output_tokens=9)),
            chat.Ended(),
        ]
    )
    first, second = answer.choices
    assert first.message.tool_calls == (chat.ToolCall("c1", "f", '{"a":1}'), chat.ToolCall("c2", "g", "{}"))
    assert (second.message.parts, second.said) == ((chat.TextPart("one"),), "length")
    assert answer.usage == chat.Usage(input_tokens=1, output_tokens=9)
    assert (answer.id, answer.model, answer.created) == ("a1", "m", 7)


def test_sound_is_joined_as_bytes_since_each_piece_is_padded():
    pieces = [chat.AudioDelta(0, data=base64.b64encode(piece).decode()) for piece in (b"a", b"bc", b"def")]
    choice = only_choice(
        chat.AudioDelta(0, id="audio_1", transcript="He"), *pieces, chat.AudioDelta(0, transcript="y", expires_at=99)
    )
    said = base64.b64encode(b"abcdef").decode()
    assert choice.message.parts == (chat.SpokenPart(id="audio_1", data=said, transcript="Hey", expires_at=99),)


def test_log_probabilities_go_on_where_they_left_off():
    choice = only_choice(
        chat.LogprobsDelta(0, Raw(b'{"content":[1],"refusal":null}')),
        chat.LogprobsDelta(0, Raw(b'{"content":[2,3],"refusal":null}')),
    )
    assert choice.logprobs == Raw(b'{"content":[1,2,3],"refusal":null}')


@pytest.mark.parametrize(
    "events",
    [
        [],
        [BEGAN, chat.TextDelta(0, "Hel")],
        [BEGAN, chat.Finished(0, "stop", "stop")],
        [BEGAN, chat.Failed(message="broke down"), chat.Ended()],
        [BEGAN, chat.AudioDelta(0, data="no base64!"), chat.Ended()],
        [BEGAN, chat.LogprobsDelta(0, Raw(b"[1]")), chat.Ended()],
    ],
)
def test_a_stream_that_is_cut_fails_or_cannot_be_read_is_no_answer(events):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        collect(events)
    assert refused.value.may_have_billed
