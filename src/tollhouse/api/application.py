"""The ASGI application: every route, with the scope it needs, in one table.

The hot routes are plain ASGI. What is not in the table belongs to the management API, which is comfortable, heavy, and
therefore built when it is first asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from tollhouse import ids
from tollhouse.api import errors
from tollhouse.api.anthropic import Anthropic
from tollhouse.api.google import Google
from tollhouse.api.http import AsgiPeer, ClientLeft, Peer, Receive, Scope, Send, read_head
from tollhouse.api.kept import Kept
from tollhouse.api.openai import OpenAI
from tollhouse.api.original import Original
from tollhouse.api.responses import Responses
from tollhouse.errors import NotFound, TollhouseError
from tollhouse.telemetry import CONTENT_TYPE, Metrics

Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Handler: TypeAlias = Callable[[Peer], Awaitable[None]]

PUBLIC = "public"
KEPT = ("/v1/conversations", "/v1/responses/")
GOOGLES = {b"x-goog-api-key", b"x-goog-api-client"}


class Route(msgspec.Struct, frozen=True):
    """A hot route, and the scope its token needs; `public` for none."""

    handler: Handler
    scope: str


class Application:
    """Answers every request of the process."""

    def __init__(
        self,
        *,
        openai: OpenAI,
        responses: Responses,
        kept: Kept,
        anthropic: Anthropic,
        google: Google,
        original: Original,
        metrics: Metrics,
        is_ready: Callable[[], bool],
        management: Callable[[], Asgi] | None = None,
    ) -> None:
        """Put the table together.

        Args:
            kept: what lies below /v1/conversations and /v1/responses.
            management: builds the management API; None to serve without.
            is_ready: false while draining.
        """
        self.routes: dict[tuple[str, str], Route] = {
            ("POST", "/v1/chat/completions"): Route(openai.ask, "inference"),
            ("POST", "/v1/responses"): Route(responses.ask, "inference"),
            ("POST", "/v1/messages"): Route(anthropic.ask, "inference"),
            ("POST", "/v1/messages/count_tokens"): Route(anthropic.count, "inference"),
            ("GET", "/v1/models"): Route(self._models, "inference"),
            ("GET", "/v1beta/models"): Route(google.models, "inference"),
            ("POST", "/api/chat"): Route(original.ask, "inference"),
            ("GET", "/health/live"): Route(self._live, PUBLIC),
            ("GET", "/health/ready"): Route(self._ready, PUBLIC),
            ("GET", "/metrics"): Route(self._metrics, PUBLIC),
        }
        self._openai = openai
        self.kept = kept
        self._anthropic = anthropic
        self._google = google
        self._prometheus = metrics
        self._is_ready = is_ready
        self._build_management = management
        self._management: asyncio.Task[Asgi] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        handler = self.find(scope["method"], scope["path"])
        if handler is not None:
            await self.run(handler, AsgiPeer(scope, receive, send))
            return
        management = await self._managed()
        if management is None:
            await refuse(AsgiPeer(scope, receive, send), NotFound(f"There is no {scope['path']} here."))
        else:
            await management(scope, receive, send)

    def find(self, method: str, path: str) -> Handler | None:
        """The hot route's handler; None for what belongs to the management API."""
        route = self.routes.get((method, path))
        if route is not None:
            return route.handler
        if path.startswith("/v1beta/"):
            return self._google.find(method, path)
        if path.startswith("/v1/models/"):
            return self._models if method == "GET" else self._google.find(method, path)
        if path.startswith(KEPT):
            return self.kept.find(method, path) or self._unknown
        return self._unknown if path.startswith("/v1/") else None

    async def run(self, handler: Handler, peer: Peer) -> None:
        """Let a handler answer; what it refuses before it knows the request is said here."""
        try:
            await handler(peer)
        except ClientLeft:
            return
        except TollhouseError as error:
            await refuse(peer, error)

    async def _managed(self) -> Asgi | None:
        if self._build_management is None:
            return None
        if self._management is None:
            # In a thread: the framework takes half a second to import, and streams are running.
            self._management = asyncio.create_task(asyncio.to_thread(self._build_management))
        return await asyncio.shield(self._management)

    async def _models(self, peer: Peer) -> None:
        """Three dialects list their models at one address; whose client asks is told by its headers."""
        names = {name for name, _ in peer.headers}
        if b"anthropic-version" in names:
            await self._anthropic.models(peer)
        elif names & GOOGLES:
            await self._google.models(peer)
        else:
            await self._openai.models(peer)

    async def _unknown(self, peer: Peer) -> None:
        read_head(peer, ())
        raise NotFound(f"There is no {peer.path} for this method here.")

    async def _live(self, peer: Peer) -> None:
        read_head(peer, ())
        await peer.answer(200, (errors.JSON,), b'{"status":"live"}')

    async def _ready(self, peer: Peer) -> None:
        read_head(peer, ())
        if self._is_ready():
            await peer.answer(200, (errors.JSON,), b'{"status":"ready"}')
        else:
            await peer.answer(503, (errors.JSON, (b"retry-after", b"5")), b'{"status":"draining"}')

    async def _metrics(self, peer: Peer) -> None:
        read_head(peer, ())
        await peer.answer(200, ((b"content-type", CONTENT_TYPE.encode()),), self._prometheus.render())


async def refuse(peer: Peer, error: TollhouseError) -> None:
    """An error outside any request's path, in OpenAI's envelope."""
    request_id = ids.new("req")
    headers = (errors.JSON, (b"x-request-id", request_id.encode()), *errors.headers(error))
    await peer.answer(error.status, headers, errors.openai_body(error, request_id))
