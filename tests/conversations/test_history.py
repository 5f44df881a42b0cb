"""What of a long history is told: whole turns, the newest always, nothing torn apart, and never too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.conversations.messages.history import DIGEST, Fitted, Kept, estimate_tokens, fit, turns_of
from tollhouse.conversations.messages.parts import Role, Text, ToolCall, ToolResult
from tollhouse.dialects import chat
from tollhouse.errors import TooLarge


def said(role: Role, text: str, tokens: int = 10, *, pinned: bool = False) -> Kept:
    return Kept(role=role, parts=(Text(text),), tokens=tokens, pinned=pinned)


def told(fitted: Fitted) -> list[tuple[str, str]]:
    return [
        (message.role, "".join(part.text for part in message.parts if isinstance(part, chat.TextPart)))
        for message in fitted.messages
    ]


def conversation(turns: int, tokens: int = 10) -> list[Kept]:
    lines = [[said("user", f"q{n}", tokens), said("assistant", f"a{n}", tokens)] for n in range(turns)]
    return [message for line in lines for message in line]


def test_what_fits_is_told_whole_and_in_order():
    """C12: the system prompt stays first, and the history is not reversed."""
    fitted = fit([*conversation(2), said("user", "q2")], system="Be brief.", context_tokens=1_000, answer_tokens=100)
    assert told(fitted) == [
        ("system", "Be brief."),
        ("user", "q0"),
        ("assistant", "a0"),
        ("user", "q1"),
        ("assistant", "a1"),
        ("user", "q2"),
    ]
    assert fitted.dropped == 0


def test_the_oldest_turns_are_left_out_whole_and_a_digest_stands_for_them():
    """C11: the window never opens with an answer."""
    branch = [*conversation(50, tokens=50), said("user", "now", 50)]
    fitted = fit(branch, system=None, context_tokens=1_500, answer_tokens=100)
    roles = [role for role, _ in told(fitted)]
    assert told(fitted)[0][1].startswith(DIGEST)
    assert "q0" not in told(fitted)[0][1].splitlines()
    assert roles[:3] == ["user", "user", "assistant"]
    assert told(fitted)[-1] == ("user", "now")
    assert fitted.dropped % 2 == 0
    assert fitted.dropped > 0


def test_a_pinned_turn_is_told_however_old_it_is():
    old = [said("user", "my name is Ada", 50, pinned=True), said("assistant", "Hello Ada", 50)]
    branch = [*old, *conversation(50, tokens=50), said("user", "who am I?", 50)]
    fitted = fit(branch, system="Be brief.", context_tokens=1_000, answer_tokens=100)
    assert told(fitted)[:3] == [("system", "Be brief."), ("user", "my name is Ada"), ("assistant", "Hello Ada")]


def test_a_newest_turn_that_cannot_fit_is_refused_with_the_numbers():
    """C12: never an empty history with the question silently dropped."""
    with pytest.raises(TooLarge) as refused:
        fit([said("user", "much", 1_000)], system=None, context_tokens=1_000, answer_tokens=100)
    assert refused.value.details == {
        "needed_tokens": 1_004,
        "available_tokens": 900,
        "context_tokens": 1_000,
        "answer_tokens": 100,
    }


def test_a_call_nobody_answered_is_not_told():
    called = Kept(role="assistant", parts=(Text("Let me look."), ToolCall("c1", "look", "{}")), tokens=10)
    fitted = fit(
        [said("user", "look"), called, said("user", "never mind")], system=None, context_tokens=500, answer_tokens=50
    )
    assert all(not message.tool_calls for message in fitted.messages)
    assert ("assistant", "Let me look.") in told(fitted)


PLAIN = st.builds(
    lambda role, tokens, pinned: said(role, "x", tokens, pinned=pinned),
    st.sampled_from(["user", "assistant"]),
    st.integers(0, 60),
    st.booleans().flatmap(lambda one: st.booleans().map(lambda other: one and other)),
)
TOOLS = st.integers(0, 60).map(
    lambda tokens: [
        Kept(role="assistant", parts=(ToolCall(f"call_{tokens}", "look", "{}"),), tokens=tokens),
        Kept(role="tool", parts=(ToolResult(f"call_{tokens}", "seen"),), tokens=tokens),
    ]
)
BRANCHES = st.lists(st.one_of(PLAIN.map(lambda one: [one]), TOOLS), max_size=30).map(
    lambda groups: [message for group in groups for message in group] + [said("user", "now", 10)]
)


@given(
    branch=BRANCHES,
    room=st.integers(20, 800),
    answer_tokens=st.integers(1, 100),
    system=st.sampled_from([None, "s" * 40]),
)
def test_it_never_tells_too_much_nor_tears_a_result_from_its_call(
    branch: list[Kept], room: int, answer_tokens: int, system: str | None
):
    try:
        fitted = fit(branch, system=system, context_tokens=room + answer_tokens, answer_tokens=answer_tokens)
    except TooLarge as refused:
        needed = refused.details["needed_tokens"]
        fit(branch, system=system, context_tokens=needed + answer_tokens, answer_tokens=answer_tokens)
        return
    assert fitted.tokens <= room
    assert told(fitted)[-1] == ("user", "now")
    calls = [call.id for message in fitted.messages for call in message.tool_calls]
    results = [message.tool_call_id for message in fitted.messages if message.role == "tool"]
    assert set(calls) == set(results)
    pinned = sum(len(turn) for turn in turns_of(branch) if any(one.pinned for one in turn))
    assert len(branch) - fitted.dropped >= pinned


def test_tokens_are_estimated_by_letters_and_not_by_bytes():
    """C3: text that is not Latin is not counted three times over."""
    assert estimate_tokens("a" * 400) == 100
    assert estimate_tokens("日本語" * 100) == 300
