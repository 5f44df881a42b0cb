"""The AI SDK's `useChat` reads a turn: chunks of its UI message stream and nothing else, in an order that it takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from talks import Talk
from tollhouse.dialects import sse
from tollhouse.testing import WireProvider, answer, cut, done, finish, say, stall, think, tool_call, usage

FIELDS = {
    "start": {"messageId", "messageMetadata"},
    "start-step": set(),
    "text-start": {"id"},
    "text-delta": {"id", "delta"},
    "text-end": {"id"},
    "reasoning-start": {"id"},
    "reasoning-delta": {"id", "delta"},
    "reasoning-end": {"id"},
    "tool-input-start": {"toolCallId", "toolName"},
    "tool-input-delta": {"toolCallId", "inputTextDelta"},
    "tool-input-available": {"toolCallId", "toolName", "input"},
    "tool-input-error": {"toolCallId", "toolName", "input", "errorText"},
    "source-url": {"sourceId", "url", "title"},
    "file": {"url", "mediaType"},
    "reset-step": set(),
    "finish-step": set(),
    "finish": {"finishReason"},
    "abort": {"reason"},
    "error": {"errorText"},
}
"""Every chunk that is told here, with its fields: the SDK's schema is strict. AI SDK, `uiMessageChunkSchema`."""


async def chunks_of(ada: Talk, method: str, path: str, body: Any = None) -> list[dict[str, Any]]:
    """What `useChat` would read; the stream must end with `[DONE]`."""
    chunks: list[dict[str, Any]] = []
    reader, is_done = sse.Reader(), False
    async with ada.http.stream(method, f"{path}?format=vercel", headers=ada.person.headers, json=body) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
        assert response.headers["content-type"].startswith("text/event-stream")
        async for piece in response.aiter_bytes():
            for frame in reader.feed(piece):
                if frame.data == b"[DONE]":
                    is_done = True
                elif frame.data:
                    chunks.append(msgspec.json.decode(frame.data))
    assert is_done
    opened: set[str] = set()
    for chunk in chunks:
        kind = chunk["type"]
        assert chunk.keys() - {"type"} <= FIELDS[kind], chunk
        part, _, step = kind.rpartition("-")
        if part in ("text", "reasoning"):
            assert (chunk["id"] in opened) == (step != "start")
            (opened.add if step == "start" else opened.discard if step == "end" else lambda _: None)(chunk["id"])
    return chunks


def kinds(chunks: list[dict[str, Any]]) -> list[str]:
    return [chunk["type"] for chunk in chunks]


async def test_a_turn_is_a_message_with_a_step(ada: Talk, provider: WireProvider):
    provider.script(think("Hm."), say("Hello "), say("to you"), finish(), usage(9, 4), done())
    conversation = await ada.new()
    told = await chunks_of(ada, "POST", f"{conversation}/messages", {"message": "Hi", "stream": True})
    assert kinds(told) == [
        *("start", "start-step"),
        *("reasoning-start", "reasoning-delta", "reasoning-end"),
        *("text-start", "text-delta", "text-delta", "text-end"),
        *("finish-step", "finish"),
    ]
    assert told[-1]["finishReason"] == "stop"
    page = await ada.call("GET", f"{conversation}/messages", params={"order": "desc", "limit": 1})
    assert told[0]["messageId"] == page["data"][0]["id"]
    run = f"/api/runs/{told[0]['messageMetadata']['run']}/events"
    assert await chunks_of(ada, "GET", run) == told, "whoever comes again hears the same"
    await ada.call("GET", run, 400, params={"format": "vercel", "starting_after": "1.3"})
    await ada.call("POST", f"{conversation}/messages?format=vercel", 400, json={"message": "Hi"})


async def test_tools_are_asked_for_with_what_the_model_said(ada: Talk, provider: WireProvider):
    city = {"city": "Oslo"}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    conversation = await ada.new(settings={"tools": tools})
    call = tool_call("weather", city, pieces=2)
    provider.script(say("Let me see."), call, finish("tool_calls"), usage(9, 4), done())
    told = await chunks_of(ada, "POST", f"{conversation}/messages", {"message": "Weather?", "stream": True})
    assert kinds(told)[-6:] == [
        "tool-input-start",
        "tool-input-delta",
        "tool-input-delta",
        "tool-input-available",
        "finish-step",
        "finish",
    ]
    assert (told[-3]["input"], told[-3]["toolName"], told[-1]["finishReason"]) == (city, "weather", "tool-calls")


@pytest.mark.parametrize(("stream", "text"), [(False, "Whole"), (True, "Streamed")])
async def test_a_run_is_told_later_whether_it_was_streamed_or_not(
    ada: Talk, provider: WireProvider, stream: bool, text: str
):
    provider.script(answer(text))
    conversation = await ada.new()
    if stream:
        await ada.events(conversation, "Hi")
    else:
        await ada.say(conversation, "Hi")
    (run,) = (await ada.call("GET", "/api/runs"))["data"]
    told = await chunks_of(ada, "GET", f"/api/runs/{run['id']}/events")
    assert "".join(chunk.get("delta", "") for chunk in told) == text
    assert kinds(told)[-2:] == ["finish-step", "finish"]


async def test_a_failure_and_a_stop_are_told_as_such(ada: Talk, provider: WireProvider):
    conversation = await ada.new()
    provider.always(say("Hel"), cut())
    told = await chunks_of(ada, "POST", f"{conversation}/messages", {"message": "Hi", "stream": True})
    assert kinds(told) == ["start", "start-step", "text-start", "text-delta", "text-end", "error"]
    provider.always(say("Hel"), stall())

    async def cancel() -> None:
        (run, *_) = (await ada.call("GET", "/api/runs"))["data"]
        await ada.call("POST", f"/api/runs/{run['id']}/cancel")

    async with ada.http.stream(
        "POST",
        f"{conversation}/messages?format=vercel",
        headers=ada.person.headers,
        json={"message": "Hi", "stream": True},
    ) as response:
        said = ""
        async for piece in response.aiter_text():
            said += piece
            if "text-delta" in piece:
                await cancel()
    assert said.endswith(
        'data: {"type":"text-end","id":"1"}\n\ndata: {"type":"abort","reason":"cancelled"}\n\ndata: [DONE]\n\n'
    )
