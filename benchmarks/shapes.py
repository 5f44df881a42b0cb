"""Shapes of requests: how long, streamed or not, how fast the provider speaks, in the clear or by TLS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

SENTENCE = "What is the capital of France, and how many people live there? "
CHUNKS = 58
"""Content deltas of a stream; finish, usage and [DONE] make it 61 events."""
EVENTS = CHUNKS + 3
PACED_GAP_US = 5_000


@dataclass(frozen=True)
class Door:
    """Where and how a gateway is asked: `model` as it knows it, `headers` besides the usual ones."""

    port: int
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A kind of request. `gap_us` is the time between two events of a stream, `text_bytes` the length of the prompt.

    `is_translated`: it is asked in Anthropic's Messages, of a provider that speaks Chat Completions. The provider of
    the benchmarks speaks nothing else, so that the other way round is not measured.
    """

    name: str
    text_bytes: int
    is_stream: bool = False
    gap_us: int = 0
    connections: int = 32
    is_tls: bool = False
    is_translated: bool = False

    @property
    def stream_s(self) -> float:
        """How long the provider takes for one."""
        return self.gap_us * 1e-6 * EVENTS

    def request(self, door: Door) -> bytes:
        """A whole HTTP/1.1 request, as a client sends it."""
        body = self._body(door.model)
        head = {
            "Host": "localhost",
            "User-Agent": "benchmark",
            "Content-Type": "application/json",
            **door.headers,
            "Content-Length": len(body),
        }
        path = "/v1/messages" if self.is_translated else "/v1/chat/completions"
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _body(self, model: str) -> bytes:
        text = (SENTENCE * (self.text_bytes // len(SENTENCE) + 1))[: self.text_bytes]
        system, question = "You are helpful.", {"role": "user", "content": text}
        asked: dict[str, object] = {"model": model, "max_tokens": 100}
        if self.is_translated:
            asked |= {"system": system, "messages": [question]} | ({"stream": True} if self.is_stream else {})
            return json.dumps(asked).encode()
        asked["messages"] = [{"role": "system", "content": system}, question]
        if self.is_stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(asked).encode()


SMALL = Shape(name="unstreamed, 0.35 KB", text_bytes=220)
PACED = Shape(name="paced stream, 61 events", text_bytes=220, is_stream=True, gap_us=PACED_GAP_US, connections=128)
BURST = Shape(name="burst stream, 61 events", text_bytes=220, is_stream=True)
TRANSLATED = Shape(name="unstreamed, 0.35 KB, translated", text_bytes=220, is_translated=True)
TRANSLATED_BURST = Shape(name="burst stream, 61 events, translated", text_bytes=220, is_stream=True, is_translated=True)

SHAPES = (
    SMALL,
    Shape(name="unstreamed, 17 KB", text_bytes=17_000),
    Shape(name="unstreamed, 132 KB", text_bytes=132_000),
    PACED,
    BURST,
    TRANSLATED,
    TRANSLATED_BURST,
    Shape(name="unstreamed, 0.35 KB, provider by TLS", text_bytes=220, is_tls=True),
    Shape(name="paced stream, provider by TLS", text_bytes=220, is_stream=True, gap_us=PACED_GAP_US, is_tls=True),
)
