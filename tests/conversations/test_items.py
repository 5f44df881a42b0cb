"""Messages as items and back: what was kept is kept, and every item has one name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import ids
from tollhouse.conversations.messages import items
from tollhouse.conversations.messages.parts import (
    AnyPart,
    File,
    Image,
    Reasoning,
    Refusal,
    Removed,
    Role,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from tollhouse.errors import NotFound

EVERYTHING = items.INCLUDABLE


def placed(spoken: list[Text | Refusal]) -> list[Text | Refusal]:
    """The same, with sources whose places count from the start of all words."""
    begins = 0
    told: list[Text | Refusal] = []
    for part in spoken:
        if isinstance(part, Text):
            moved = [replace(each, start=begins + each.start, end=begins + each.end) for each in part.sources]
            begins += len(part.text)
            part = Text(part.text, tuple(moved))
        told.append(part)
    return told


words = st.text(max_size=8)
names = st.text("abc_1", min_size=1, max_size=5)
sources = st.builds(
    Source, url=words, title=st.text(min_size=1, max_size=3), start=st.integers(0, 4), end=st.integers(5, 9)
)
images = st.builds(Image, names, st.sampled_from(["low", "high", "auto", "original"]))
files = st.builds(File, names, names, names, names)
results = st.builds(ToolResult, names, words, kind=st.sampled_from(["function", "custom"]))
questions = st.lists(st.builds(Text, words) | images | files, min_size=1, max_size=4)
thoughts = st.builds(Reasoning, words, sealed=names, made_by=st.just("openai_responses"))
spoken = st.lists(
    st.builds(Text, words, st.lists(sources, max_size=2).map(tuple)) | st.builds(Refusal, words), min_size=1, max_size=3
).map(placed)
calls = st.builds(ToolCall, names, names, words, st.sampled_from(["function", "custom"]))
turns = st.tuples(st.lists(thoughts, max_size=2), spoken, st.lists(calls, max_size=2)).map(
    lambda turn: (*turn[0], *turn[1], *turn[2])
)
messages: st.SearchStrategy[tuple[Role, tuple[AnyPart, ...]]] = (
    st.tuples(st.sampled_from(["user", "system", "developer"]), questions.map(tuple))
    | st.tuples(st.just("tool"), st.tuples(results))
    | st.tuples(st.just("assistant"), turns)
)  # type: ignore[assignment]  # strategies are invariant


@given(messages)
def test_what_is_shown_as_items_is_read_back_as_it_was_kept(message: tuple[Role, tuple[AnyPart, ...]]) -> None:
    role, parts = message
    shown = items.items_of(ids.new("msg"), role, parts, include=EVERYTHING)
    sent = [Raw(msgspec.json.encode({name: value for name, value in item.items() if name != "id"})) for item in shown]
    assert items.read(sent, "items") == [items.Said(role, parts)]


@given(messages, st.data())
def test_every_item_has_one_name_and_keeps_it_when_others_go(
    message: tuple[Role, tuple[AnyPart, ...]], data: st.DataObject
) -> None:
    role, parts = message
    message_id = ids.new("msg")
    shown = items.items_of(message_id, role, parts)
    named = [item["id"] for item in shown]
    assert [items.place_of(name) for name in named] == [(message_id, place) for place in range(len(named))]
    gone = data.draw(st.integers(0, len(named) - 1))
    left = items.without(role, parts, gone)
    assert items.items_of(message_id, role, left) == [item for item in shown if item["id"] != named[gone]]
    with pytest.raises(NotFound):
        items.without(role, left, gone)


@pytest.mark.parametrize("name", ["", "msg", "msg_", "msg_0", f"msg_{'0' * 26}", f"msg_{'0' * 26}_", f"_{'0' * 26}_0"])
def test_what_is_no_items_name_names_no_item(name: str) -> None:
    with pytest.raises(NotFound):
        items.place_of(name)


def test_a_message_of_which_all_was_removed_shows_nothing() -> None:
    assert items.items_of(ids.new("msg"), "user", items.without("user", (Text("secret"), Image("x")), 0)) == []
    assert items.without("user", (Text("secret"), Image("x")), 0) == (Removed(),)
