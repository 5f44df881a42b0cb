"""The demo provider's answers, without a network.

It plays a server of OpenAI's dialects (https://developers.openai.com/api/reference, 2026-11-22) byte for byte, so that
a demo call goes through all that a real one does. It reads and writes them with code of its own: a counterpart that
shared ours would share its mistakes.

The same request has the same answer, but for the time in `created`, and every answer says `system_fingerprint: demo`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import msgspec

from tollhouse.providers.base import Headers
from tollhouse.upstream.base import Call, Taker
from tollhouse.upstream.demo_models import MODELS, Asked, DemoError, Spoken, read, speak
from tollhouse.upstream.demo_texts import EMBED, MODERATION, embed, judge

SLOW_TOKEN_S: Final = 0.2
"""What `demo/slow` takes for each token."""

ALL_MODELS: Final = (*MODELS, EMBED, MODERATION)
PATHS: Final = (b"/chat/completions", b"/embeddings", b"/moderations")

_REMEMBERED: Final = 1024

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Timed: TypeAlias = tuple[float, bytes]


class DemoUpstream:
    """An `Upstream` that plays the provider `demo`."""

    def __init__(self, *, sleep: Sleep = asyncio.sleep, clock: Callable[[], float] = time.time) -> None:
        """`sleep` waits between the tokens of `demo/slow`; `clock` gives the time of day for `created`."""
        self._sleep = sleep
        self._clock = clock
        self._failed: set[bytes] = set()

    async def send(self, call: Call) -> DemoReply:
        """Answer; what the demo refuses is a reply with OpenAI's error envelope, and nothing is raised."""
        try:
            return self._answer(call)
        except DemoError as refused:
            return self._reply(refused.status, b"application/json", [(0, _json({"error": refused.error}))])

    async def aclose(self) -> None:
        """Nothing is open."""

    def _answer(self, call: Call) -> DemoReply:
        path = call.target.partition(b"?")[0]
        if call.method == b"GET" and path.endswith(b"/models"):
            models = [{"id": name, "object": "model", "created": 0, "owned_by": "demo"} for name in ALL_MODELS]
            return self._reply(200, b"application/json", [(0, _json({"object": "list", "data": models}))])
        if call.method != b"POST" or not path.endswith(PATHS):
            raise DemoError(404, f"the demo answers POST {', '.join(map(bytes.decode, PATHS))}", "unknown_url")
        digest = blake2b(call.body, digest_size=8).digest()
        if path.endswith(b"/embeddings"):
            return self._reply(200, b"application/json", [(0, _json(embed(call.body)))])
        if path.endswith(b"/moderations"):
            return self._reply(200, b"application/json", [(0, _json(judge(call.body, digest.hex())))])
        asked = read(call.body)
        if asked.model == "flaky":
            self._fail_first_attempt(digest)
        spoken = speak(asked)
        frame = _Frame(digest.hex(), int(self._clock()), asked.model)
        pace_s = SLOW_TOKEN_S if asked.model == "slow" else 0.0
        if asked.stream:
            return self._reply(200, b"text/event-stream", _events(frame, asked, spoken, pace_s))
        whole = _json(_completion(frame, asked, spoken))
        return self._reply(200, b"application/json", [(pace_s * len(spoken.words), whole)])

    def _fail_first_attempt(self, digest: bytes) -> None:
        if digest in self._failed:
            self._failed.remove(digest)
            return
        if len(self._failed) >= _REMEMBERED:
            self._failed.clear()
        self._failed.add(digest)
        message = "demo/flaky fails the first attempt of every request, and answers the second"
        raise DemoError(503, message, "demo_flaky", "server_error")

    def _reply(self, status: int, content_type: bytes, timed: Iterable[Timed]) -> DemoReply:
        return DemoReply(status, ((b"content-type", content_type),), timed, self._sleep)


class DemoReply:
    """A `Reply` made of (seconds to wait, bytes) pairs."""

    def __init__(self, status: int, headers: Headers, timed: Iterable[Timed], sleep: Sleep) -> None:
        self.status = status
        self.headers = headers
        self._timed = iter(timed)
        self._sleep = sleep

    async def read(self) -> bytes:
        """The whole body."""
        whole = bytearray()
        while chunk := await self.next():
            whole += chunk
        return bytes(whole)

    async def next(self, taker: Taker | None = None) -> bytes:
        """The next event, or the body when it is not a stream; `b""` at the end."""
        for wait_s, chunk in self._timed:
            if wait_s:
                await self._sleep(wait_s)
            return chunk
        return b""

    def close(self) -> None:
        """Say no more."""
        self._timed = iter(())


class _Frame(msgspec.Struct, frozen=True):
    """What every object of one answer carries."""

    digest: str
    created: int
    model: str

    def around(self, object_type: str, choices: list[dict[str, Any]], **more: object) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-demo-{self.digest}",
            "object": object_type,
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "system_fingerprint": "demo",
            **more,
        }

    def tool_call(self, index: int, name: str, arguments: str) -> dict[str, Any]:
        function = {"name": name, "arguments": arguments}
        return {"id": f"call_demo_{self.digest}_{index}", "type": "function", "function": function}


def _completion(frame: _Frame, asked: Asked, spoken: Spoken) -> dict[str, Any]:
    choices = []
    for index in range(asked.choices):
        message: dict[str, Any] = {"role": "assistant", "content": spoken.text, "refusal": None}
        if spoken.function:
            message |= {"content": None, "tool_calls": [frame.tool_call(index, spoken.function, spoken.text)]}
        choices.append({"index": index, "message": message, "logprobs": None, "finish_reason": spoken.finish_reason})
    return frame.around("chat.completion", choices, usage=_usage(asked, spoken))


def _events(frame: _Frame, asked: Asked, spoken: Spoken, pace_s: float) -> Iterator[Timed]:
    """The stream, event by event, with the time each takes."""
    wants_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    more = {"usage": None} if wants_usage else {}

    def event(index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event(frame.around("chat.completion.chunk", [choice], **more))

    for index in range(asked.choices):
        opening: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
        if spoken.function:
            call = frame.tool_call(index, spoken.function, "")
            opening |= {"content": None, "tool_calls": [{"index": 0, **call}]}
        yield 0, event(index, opening)
        for word in spoken.words:
            arguments = {"tool_calls": [{"index": 0, "function": {"arguments": word}}]}
            yield pace_s, event(index, arguments if spoken.function else {"content": word})
        yield 0, event(index, {}, spoken.finish_reason)
    if wants_usage:
        yield 0, _event(frame.around("chat.completion.chunk", [], usage=_usage(asked, spoken)))
    yield 0, b"data: [DONE]\n\n"


def _usage(asked: Asked, spoken: Spoken) -> dict[str, int]:
    made = len(spoken.words) * asked.choices
    return {"prompt_tokens": asked.tokens, "completion_tokens": made, "total_tokens": asked.tokens + made}


def _event(value: object) -> bytes:
    return b"data: " + _json(value) + b"\n\n"


_json: Final = msgspec.json.encode
