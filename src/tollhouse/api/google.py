"""What Google's SDKs ask below /v1beta, and /v1: generateContent, streamGenerateContent, countTokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from types import ModuleType
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

from tollhouse.api import envelopes, errors, ratelimit_headers
from tollhouse.api.catalog import Catalog
from tollhouse.api.http import Head, Peer
from tollhouse.api.live import STREAM_HEADERS, Form, Response
from tollhouse.dialects import gemini, json_body, sse
from tollhouse.errors import TollhouseError
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.limits import Snapshot
from tollhouse.providers.base import Headers

ANSWERS: Final = ("generateContent", "streamGenerateContent")

EVENTS: Final = Form(STREAM_HEADERS, b"", b"\r\n")
"""A stream of events without a comment, which some of Google's clients take for damaged JSON (google-genai 2.34)."""

JSON_ARRAY: Final = Form((errors.JSON, *STREAM_HEADERS[1:]), b"[", b"\n")
"""A stream as one JSON array, which is what Google sends to whoever does not ask for events (`alt=sse`)."""

FIELDS: Final = msgspec.json.Decoder(dict[str, Raw])


class Google(Catalog):
    """The generateContent surface. What is to be done, and with which model, stands in the address."""

    NAME = "generate_content"
    DIALECT: ClassVar[ModuleType] = gemini
    ENVELOPE = envelopes.GOOGLE
    KEY_HEADER = b"x-goog-api-key"

    def find(self, method: str, path: str) -> Callable[[Peer], Awaitable[None]] | None:
        """The handler of an address that is Google's; None for what is not to be found there."""
        if method == "GET" and path.startswith("/v1beta/models"):
            return self.models
        model, verb = addressed(path)
        if method == "POST" and model and verb in ANSWERS:
            return self.ask
        if method == "POST" and model and verb == "countTokens":
            return self.count
        return None

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question, with what its address tells."""
        fields = json_body.decode(FIELDS, await super().read(peer, head, exchange))
        model, verb = addressed(peer.path)
        return msgspec.json.encode(fields | {"model": model, "stream": verb == "streamGenerateContent"})

    async def say(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        """What the gateway answers: whole, as events, or as the elements of one array."""
        if not peer.path.endswith(":streamGenerateContent") or b"alt=sse" in peer.query.split(b"&"):
            response.form = EVENTS
            await super().say(exchange, head, response, peer)
            return
        response.form = JSON_ARRAY
        frames = sse.Reader()
        async with aclosing(answer(exchange, head.token, self._steps)) as pieces:
            async for piece in pieces:
                await response.start_stream()
                for frame in frames.feed(piece):
                    if frame.data:
                        await peer.say(element(frame.data, response))
        await peer.end(b"]")

    def error_event(self, error: TollhouseError, head: Head, response: Response) -> bytes:
        """Google's envelope as the last event, or as the array's last element."""
        body = self.ENVELOPE.write(error, head.shown_id)
        return element(body, response) + b"]" if response.form is JSON_ARRAY else sse.frame(body)

    def limits(self, snapshot: Snapshot) -> Headers:
        """Google tells nothing of limits, so only the IETF's headers do."""
        return ratelimit_headers.standard_headers(snapshot)

    def page(self, names: list[str]) -> dict[str, Any]:
        """Models as Google lists them."""
        return {"models": [self.model(name) for name in names]}

    def model(self, name: str) -> dict[str, Any]:
        """A model as Google shows it."""
        verbs = ["generateContent", "streamGenerateContent", "countTokens"]
        return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": verbs}


def addressed(path: str) -> tuple[str, str]:
    """The model that an address names, and what is to be done with it.

    Where a model's name has a slash, Vercel's AI SDK takes it for a whole resource and leaves the collection out
    (`@ai-sdk/google`, read 2026-11-30).
    """
    _, _, resource = path.strip("/").partition("/")
    model, _, verb = resource.removeprefix("models/").rpartition(":")
    return model, verb


def element(data: bytes, response: Response) -> bytes:
    """The next element of the array."""
    response.pieces += 1
    return data if response.pieces == 1 else b",\r\n" + data
