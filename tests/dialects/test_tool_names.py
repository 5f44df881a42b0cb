"""Names of tools that a provider would not take are others on the way, and the client's own again on the way back."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from tollhouse.dialects import chat
from tollhouse.dialects.tool_names import Called, fitted, restored, restored_event

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
    assert [back.get(name, Called(name)) for name in told] == [Called(name) for name in names]
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


FILES = chat.Namespace("mcp__files__", "Files of the project.")
SPACES = st.sampled_from(["", "a", "a__", "mcp__files__", "ä", "x" * 60]).map(
    lambda name: chat.Namespace(name) if name else None
)
SHORT = st.sampled_from(["read", "a__read", "mcp__files__read", "b", "x" * 64])


def spaced(tools: list[tuple[chat.Namespace | None, str]]) -> chat.ChatRequest:
    calls = [
        chat.ToolCall(f"call_{number}", name, "{}", namespace=space and space.name)
        for number, (space, name) in enumerate(tools)
    ]
    return chat.ChatRequest(
        model="m",
        messages=(chat.Message(role="assistant", tool_calls=tuple(calls)),),
        tools=tuple([chat.Tool(name=name, namespace=space) for space, name in tools]),
    )


@example([(None, "a__read"), (chat.Namespace("a"), "read"), (chat.Namespace("a__"), "read")], 64)
@given(st.lists(st.tuples(SPACES, SHORT), min_size=1, max_size=6, unique=True), st.sampled_from([64, 128]))
def test_namesakes_of_other_namespaces_stay_apart_and_find_back(
    tools: list[tuple[chat.Namespace | None, str]], most: int
) -> None:
    asked, back = fitted(spaced(tools), most)
    told = [tool.name for tool in asked.tools]
    assert all(tool.namespace is None and len(tool.name) <= most and FIT.fullmatch(tool.name) for tool in asked.tools)
    assert len(set(told)) == len(tools)
    assert [call.name for call in asked.messages[0].tool_calls] == told
    said = chat.Choice(index=0, message=asked.messages[0], finish_reason="tool_calls", said="tool_calls")
    (choice,) = restored(chat.Answer(id="a", model="m", created=0, choices=(said,), usage=None), back).choices
    assert choice.message == spaced(tools).messages[0]
    for name, call in zip(told, choice.message.tool_calls, strict=True):
        event = restored_event(chat.ToolCallDelta(index=0, slot=0, id="a", name=name), back)
        assert (event.name, event.namespace) == (call.name, call.namespace)


def test_a_namespace_reads_as_the_beginning_of_a_name_and_is_described_once() -> None:
    tools = [chat.Tool(name=name, description=name, namespace=FILES) for name in ("read", "write")]
    asked, _ = fitted(
        chat.ChatRequest(model="m", messages=(), tools=tuple(tools), tool_choice=("function", "write")), 64
    )
    assert [(tool.name, tool.description) for tool in asked.tools] == [
        ("mcp__files__read", "Files of the project.\n\nread"),
        ("mcp__files__write", "write"),
    ]
    assert asked.tool_choice == ("function", "mcp__files__write")
