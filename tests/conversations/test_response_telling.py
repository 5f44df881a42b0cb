"""What is streamed of a response is what is kept of it, and it can be told again from any number on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import ids
from tollhouse.conversations.messages.items import SEALED
from tollhouse.conversations.messages.parts import AnyPart
from tollhouse.conversations.messages.views import MessageView, RunView, TurnUsageView
from tollhouse.conversations.runs.recording import RunEvent, dumped
from tollhouse.conversations.telling.response import Telling, after, last_of
from tollhouse.conversations.turns.concluding import answer_name
from tollhouse.conversations.turns.gathering import Gathering
from tollhouse.conversations.turns.hearing import telling
from tollhouse.dialects import chat, sse

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOW: dict[str, Any] = {"fields": {}, "metadata": {}, "previous": None, "include": []}

SEARCH = chat.OtherPart("web_search_call", msgspec.Raw(b'{"id":"ws_1","type":"web_search_call","status":"completed"}'))
"""What a provider's own tool did: an item like any other, under a name of ours."""

words = st.text(max_size=4)
proofs = st.sampled_from([None, "anthropic_messages", "openai_responses"])
thoughts = st.builds(
    lambda text, name, maker: chat.ReasoningDelta(0, text, None, maker and "seal", maker, name),
    words,
    st.sampled_from([None, "rs_a", "rs_b"]),
    proofs,
)
calls = st.builds(
    lambda slot, arguments, kind: chat.ToolCallDelta(
        index=0, slot=slot, id=f"call_{slot}", name="f", arguments=arguments, type=kind
    ),
    st.integers(0, 2),
    words,
    st.just("function"),
)
said = st.lists(
    st.builds(chat.TextDelta, st.just(0), words)
    | st.builds(chat.RefusalDelta, st.just(0), words)
    | thoughts
    | calls
    | st.builds(chat.PartSeen, st.just(0), st.just(chat.ImagePart("data:image/png;base64,aGk=")))
    | st.builds(chat.PartSeen, st.just(0), st.just(SEARCH))
    | st.builds(chat.CitationSeen, st.just(0), st.builds(chat.Citation, url=st.just("https://a.example"))),
    max_size=8,
)


def run_view(run_id: str, status: Any, parts: tuple[AnyPart, ...] | None = None) -> RunView:
    answer = parts and MessageView(
        id=answer_name(run_id),
        conversation="conv_1",
        parent="msg_1",
        role="assistant",
        content=parts,
        model="acme/acme-1",
        finish_reason="stop",
        run=run_id,
        tokens=1,
        tokens_estimated=False,
        pinned=False,
        feedback=None,
        created_at=NOW,
    )
    return RunView(
        id=run_id,
        conversation="conv_1",
        status=status,
        background=True,
        attempt=1,
        priority=5,
        message="msg_1",
        answer=answer or None,
        error=None,
        model="acme/acme-1",
        request=None,
        usage=TurnUsageView(input_tokens=1, output_tokens=1, total_tokens=2),
        cost_usd=None,
        next_try_at=None,
        deadline_at=None,
        created_at=NOW,
        started_at=NOW,
        finished_at=NOW if status == "succeeded" else None,
    )


def gathered(events: list[chat.Event]) -> tuple[AnyPart, ...]:
    gathering = Gathering()
    for event in [*events, chat.Ended()]:
        gathering.add(event)
    return gathering.whole()[0]


def stream_of(run_id: str, events: list[tuple[str, Any]], include: frozenset[str]) -> bytes:
    teller = Telling(run_view(run_id, "running"), HOW, include)
    pieces = [teller.begin()]
    pieces += [teller.tell(RunEvent(name, 1, seq, data)) for seq, (name, data) in enumerate(events, start=1)]
    return b"".join(pieces)


def read(stream: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame.data) for frame in sse.Reader().feed(stream)]


def items_told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as they were complete, in their places."""
    items: dict[int, dict[str, Any]] = {}
    for event in events:
        if event["type"] == "response.output_item.done":
            items[event["output_index"]] = event["item"]
        if event["type"] == "response.output_text.annotation.added":
            content = items.get(event["output_index"], {"content": []})["content"]
            if event["content_index"] < len(content):
                content[event["content_index"]]["annotations"].insert(event["annotation_index"], event["annotation"])
    return [items[place] for place in sorted(items)]


@given(said, st.booleans())
def test_what_is_streamed_is_what_is_kept(events: list[chat.Event], shows_seals: bool) -> None:
    run_id, include = ids.new("run"), frozenset({SEALED} if shows_seals else ())
    told = [pair for event in events if (pair := telling(event)) is not None]
    parts = gathered(events)
    done = run_view(run_id, "succeeded", parts)
    live = stream_of(run_id, [("run.started", {}), *told, ("run.succeeded", done)], include)
    happened = read(live)
    assert [event["sequence_number"] for event in happened] == list(range(len(happened)))
    final = happened[-1]
    assert final["type"] == "response.completed"
    for item, shown in zip(items_told(happened), final["response"]["output"], strict=True):
        assert item == shown


@given(said)
def test_a_stream_that_is_told_again_is_the_same(events: list[chat.Event]) -> None:
    run_id = ids.new("run")
    told = [pair for event in events if (pair := telling(event)) is not None]
    done = run_view(run_id, "succeeded", gathered(events))
    live = stream_of(run_id, [*told, ("run.succeeded", done)], frozenset())
    kept = [(name, msgspec.Raw(dumped(data).encode())) for name, data in told]
    assert stream_of(run_id, [*kept, ("run.succeeded", done)], frozenset()) == live


@given(said, st.integers(0, 40))
def test_who_comes_again_hears_what_they_had_not(events: list[chat.Event], last: int) -> None:
    teller = Telling(run_view(ids.new("run"), "running"), HOW, frozenset())
    pieces = [(teller.number, teller.begin())]
    for seq, pair in enumerate(filter(None, map(telling, events)), start=1):
        pieces.append((teller.number, teller.tell(RunEvent(pair[0], 1, seq, pair[1]))))
    heard = read(b"".join(after(piece, number, last) for number, piece in pieces))
    assert heard == [event for event in read(b"".join(piece for _, piece in pieces)) if event["sequence_number"] > last]


def test_an_answer_of_which_nothing_was_told_on_its_way_is_told_whole() -> None:
    events: list[chat.Event] = [
        chat.ReasoningDelta(0, "Hm", id="a"),
        chat.ReasoningDelta(0, "So", id="b"),
        chat.TextDelta(0, "Hello"),
        chat.ToolCallDelta(index=0, slot=0, id="c", name="f", arguments="{}"),
    ]
    run_id = ids.new("run")
    done = run_view(run_id, "succeeded", gathered(events))
    happened = read(stream_of(run_id, [("message.completed", done.answer), ("run.succeeded", done)], frozenset()))
    assert items_told(happened) == happened[-1]["response"]["output"]
    assert [event["type"] for event in happened if event["type"].endswith("delta")] == [
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.delta",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
    ]


def test_another_attempt_starts_over_in_the_same_stream() -> None:
    run_id = ids.new("run")
    done = run_view(run_id, "succeeded", gathered([chat.TextDelta(0, "Hello")]))
    events = [
        ("run.started", {}),
        ("message.delta", {"text": "Hel"}),
        ("run.retrying", {}),
        ("run.reset", {"attempt": 2}),
        ("run.started", {}),
        ("message.delta", {"text": "Hello"}),
        ("run.succeeded", done),
    ]
    happened = read(stream_of(run_id, events, frozenset()))
    assert [event["sequence_number"] for event in happened] == list(range(len(happened)))
    (restarted,) = [event for event in happened[2:] if event["type"] == "response.in_progress"]
    assert restarted["response"]["output"] == []
    assert items_told(happened) == happened[-1]["response"]["output"]


def test_a_run_that_was_stopped_ends_its_stream_with_what_was_said() -> None:
    run_id = ids.new("run")
    stopped = run_view(run_id, "cancelled", gathered([chat.TextDelta(0, "Hel")]))
    stopped = msgspec.structs.replace(
        stopped,
        answer=msgspec.structs.replace(stopped.answer, finish_reason="stopped"),  # type: ignore[type-var]
    )
    happened = read(stream_of(run_id, [("message.delta", {"text": "Hel"}), ("run.cancelled", stopped)], frozenset()))
    assert (happened[-1]["type"], happened[-1]["response"]["status"]) == ("response.incomplete", "cancelled")
    assert items_told(happened) == happened[-1]["response"]["output"]
    assert happened[-1]["response"]["output"][0]["status"] == "incomplete"


def test_the_last_of_some_events_is_found_by_itself() -> None:
    frames = [sse.frame(b'{"a":1}', "one"), sse.frame(b'{"b":2}', "two")]
    assert last_of(b"".join(frames)) == frames[-1] == last_of(frames[-1])
