"""Taking personal data out and putting it back: the one undoes the other, wherever a stream is cut."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects.chat import Finished, LogprobsDelta, RefusalDelta, TextDelta, ToolCallDelta
from tollhouse.gateway.screened import Restoring
from tollhouse.guard.placeholders import Placeholders, Restorer

DATA = [
    "ada@example.com",
    "bob.o'neil@mail.example.org",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "+44 20 7946 0958",
    "(212) 555-0142",
    "sk-proj-4f9a1c7e2b8d6035",
]
pieces = st.one_of(
    st.sampled_from(DATA),
    st.sampled_from(["[EMAIL_1]", "[EMAIL_2]", "[CARD_1", "[", "EMAIL_1]", "]", " ", "\n", "[KEY_1]", "[[EMAIL_1]]"]),
    st.text(max_size=12),
)
texts = st.lists(pieces, max_size=12).map("".join)


@given(texts)
def test_putting_back_undoes_taking_out(text: str):
    placeholders = Placeholders([text])
    assert placeholders.restore(placeholders.redact(text)) == text


@given(st.lists(texts, min_size=1, max_size=4))
def test_it_does_so_over_all_that_is_asked(asked: list[str]):
    placeholders = Placeholders(asked)
    told = [placeholders.redact(text) for text in asked]
    assert [placeholders.restore(text) for text in told] == asked


@given(texts, st.data())
def test_it_does_so_at_every_cut_of_a_stream(text: str, data: st.DataObject):
    placeholders = Placeholders([text])
    told = placeholders.redact(text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=6)))
    restorer = Restorer(placeholders)
    said = [restorer.feed(told[start:end]) for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]
    assert "".join(said) + restorer.rest() == text


def test_every_single_cut_gives_the_same():
    text = "To ada@example.com, not [EMAIL_1], by 4111 1111 1111 1111[EMAIL_ [CARD_9"
    placeholders = Placeholders([text])
    told = placeholders.redact(text)
    for first in range(len(told) + 1):
        for second in range(first, len(told) + 1):
            restorer = Restorer(placeholders)
            said = [restorer.feed(piece) for piece in (told[:first], told[first:second], told[second:])]
            assert "".join(said) + restorer.rest() == text


def test_the_same_is_called_the_same_and_no_two_are():
    placeholders = Placeholders(["[EMAIL_1] is taken"])
    told = placeholders.redact("ada@example.com, bob@example.com, ada@example.com, +44 20 7946 0958")
    assert told == "[EMAIL_2], [EMAIL_3], [EMAIL_2], [PHONE_1]"


def test_a_bracket_that_begins_no_placeholder_is_not_kept_waiting():
    placeholders = Placeholders(["ada@example.com"])
    placeholders.redact("ada@example.com")
    restorer = Restorer(placeholders)
    assert restorer.feed("see [1") == "see [1"
    assert restorer.feed("], [E") == "], "
    assert restorer.rest() == "[E"


def test_what_a_run_keeps_is_said_before_another_begins():
    placeholders = Placeholders(["ada@example.com"])
    placeholders.redact("ada@example.com")
    restoring = Restoring(placeholders)
    call = {"index": 0, "type": "function"}
    events = [
        *restoring.restored((TextDelta(0, "a [EM"), LogprobsDelta(0, msgspec.Raw(b"{}")))),
        *restoring.restored((TextDelta(0, "AI"), TextDelta(1, "[EMAIL_1]"))),
        *restoring.restored((RefusalDelta(0, "no ["),)),
        *restoring.restored((ToolCallDelta(slot=0, id="c", name="f", arguments='{"a":"[EMA', **call),)),
        *restoring.restored((ToolCallDelta(slot=0, arguments='IL_1]"}[E', **call),)),
        *restoring.restored((ToolCallDelta(slot=1, id="d", name="g", arguments="[EMAIL_1]", **call),)),
        *restoring.restored((Finished(0, "stop", "stop"),)),
    ]
    assert events == [
        TextDelta(0, "a "),
        LogprobsDelta(0, msgspec.Raw(b"{}")),
        TextDelta(1, "ada@example.com"),
        TextDelta(0, "[EMAI"),
        RefusalDelta(0, "no "),
        RefusalDelta(0, "["),
        ToolCallDelta(slot=0, id="c", name="f", arguments='{"a":"', **call),
        ToolCallDelta(slot=0, arguments='ada@example.com"}', **call),
        ToolCallDelta(slot=0, arguments="[E", **call),
        ToolCallDelta(slot=1, id="d", name="g", arguments="ada@example.com", **call),
        Finished(0, "stop", "stop"),
    ]


@pytest.mark.parametrize("value", DATA)
def test_what_is_taken_out_can_stand_in_json_as_it_is(value: str):
    placeholders = Placeholders([value])
    assert placeholders.redact(value) != value
    assert not set('"\\') & set(value)
