"""Names of tools that a provider would not take are others on the way, and the client's own again on the way back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import chat
from tollhouse.dialects.tool_names import fitted, restored

NAMES = st.text(st.sampled_from("abcXYZ019_-.:/ ä"), max_size=200) | st.text(max_size=80)
FIT = re.compile(r"[A-Za-z0-9_-]*")


def request_of(names: list[str]) -> chat.ChatRequest:
    calls = tuple([chat.ToolCall(f"call_{number}", name, "{}") for number, name in enumerate(names)])
    return chat.ChatRequest(
        model="m",
        messages=(
            chat.Message(role="user", parts=(chat.TextPart("Go"),)),
            chat.Message(role="assistant", tool_calls=calls),
            *(chat.Message(role="tool", tool_call_id=call.id, name=call.name) for call in calls),
        ),
        tools=tuple([chat.Tool(name=name) for name in names]),
        tool_choice=("function", names[-1]),
    )


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.sampled_from([64, 128]))
def test_every_name_fits_stays_apart_and_finds_back(names: list[str], most: int) -> None:
    asked, back = fitted(request_of(names), most)
    told = [tool.name for tool in asked.tools]
    assert all(len(name) <= most and FIT.fullmatch(name) for name in told)
    assert len(set(told)) == len(names)
    assert [back.get(name, name) for name in told] == names
    assert [call.name for call in asked.messages[1].tool_calls] == told
    assert [message.name for message in asked.messages[2:]] == told
    assert asked.tool_choice == ("function", told[-1])
    said = chat.Choice(index=0, message=asked.messages[1], finish_reason="tool_calls", said="tool_calls")
    (choice,) = restored(chat.Answer(id="a", model="m", created=0, choices=(said,), usage=None), back).choices
    assert [call.name for call in choice.message.tool_calls] == names


def test_what_fits_is_left_as_it_is() -> None:
    request = request_of(["get_weather", "x" * 64])
    asked, back = fitted(request, 64)
    assert asked is request
    assert not back
