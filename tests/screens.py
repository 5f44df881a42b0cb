"""Every surface that guards stand before, asked and heard in its own dialect."""

from __future__ import annotations

from typing import Any

import msgspec

from gateways import CHAT, Gateway, asking
from tollhouse.dialects import anthropic_messages, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.chat import Finished, RefusalDelta, TextDelta
from tollhouse.testing import reply

ASKED = {
    CHAT: lambda words: asking(messages=[{"role": "user", "content": words}]),
    "/v1/responses": lambda words: {"model": "acme/acme-1", "input": words},
    "/v1/messages": lambda words: {
        "model": "acme/acme-1",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": words}],
    },
    "/v1/messages/count_tokens": lambda words: {
        "model": "acme/acme-1",
        "messages": [{"role": "user", "content": words}],
    },
    "/v1/responses/input_tokens": lambda words: {"model": "acme/acme-1", "input": words},
    "/v1beta/models/acme/acme-1:generateContent": lambda words: {
        "contents": [{"role": "user", "parts": [{"text": words}]}]
    },
    "/v1/embeddings": lambda words: {"model": "acme/acme-1", "input": [words]},
    "/api/chat": lambda words: {"model": "acme/acme-1", "messages": [{"role": "user", "content": words}]},
    "/api/conversations": None,
}
SAYING = [
    path for path in ASKED if path not in ("/v1/embeddings", "/v1/messages/count_tokens", "/v1/responses/input_tokens")
]
"""Those that are answered in words."""
STREAMS = {
    CHAT: (CHAT, {"stream": True}, openai_chat),
    "/v1/responses": ("/v1/responses", {"stream": True}, openai_responses),
    "/v1/messages": ("/v1/messages", {"stream": True}, anthropic_messages),
    "/v1beta": ("/v1beta/models/acme/acme-1:streamGenerateContent?alt=sse", {}, gemini),
}


async def ask(gateway: Gateway, path: str, words: str, **fields: Any) -> Any:
    """Ask something on a surface; a conversation is begun for it first."""
    headers = gateway.person.headers
    if path == "/api/conversations":
        begun = await gateway.client.post(path, headers=headers, json={"model": "acme/acme-1"})
        path = f"{path}/{begun.json()['id']}/messages"
        return await gateway.client.post(path, headers=headers, json={"message": words} | fields)
    return await gateway.client.post(path, headers=headers, json=ASKED[path](words) | fields)


async def stream(gateway: Gateway, surface: str, words: str = "Hi") -> tuple[str, list[Any], Any]:
    """Ask for a stream: its words, its endings, and the response."""
    path, fields, dialect = STREAMS[surface]
    asked = ASKED[path.partition("?")[0].replace("streamG", "g")](words) | fields
    response = await gateway.client.post(path, headers=gateway.person.headers, json=asked)
    reader, frames = dialect.Reader(), [*sse.Reader().feed(response.content), sse.END]
    events = [event for frame in frames for event in reader.read(frame)]
    text = "".join(event.text for event in events if isinstance(event, TextDelta | RefusalDelta))
    return text, [event.reason for event in events if isinstance(event, Finished)], response


def guards_of(row: Any) -> Any:
    return [] if row["guards"] is None else msgspec.json.decode(row["guards"])


HARMLESS = reply(json={"results": [{"flagged": False}]})
"""A moderation's answer."""
