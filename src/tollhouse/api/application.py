"""The ASGI application: every route, with the scope it needs, in one table.

The hot routes are plain ASGI. What is not in the table belongs to the management API, which is comfortable, heavy, and
therefore built when it is first asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from tollhouse.api import envelopes, errors
from tollhouse.api.anthropic import Anthropic
from tollhouse.api.catalog import Catalog
from tollhouse.api.dashboard import Dashboard
from tollhouse.api.envelopes import Envelope
from tollhouse.api.google import Google
from tollhouse.api.http import AsgiPeer, ClientLeft, Peer, Receive, Scope, Send, shown_id
from tollhouse.api.kept import Kept
from tollhouse.api.openai import Embeddings, Moderations, OpenAI
from tollhouse.api.original import Original
from tollhouse.api.responses import InputTokens, Responses
from tollhouse.api.session import Sessions
from tollhouse.api.surface import Surface
from tollhouse.errors import MethodNotAllowed, NotFound, TollhouseError
from tollhouse.telemetry import CONTENT_TYPE, Metrics

Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Handler: TypeAlias = Callable[[Peer], Awaitable[None]]

PUBLIC = "public"
SESSION = "session"
"""The scope of what belongs to a browser's session, and to no token."""

KEPT = ("/v1/conversations", "/v1/responses/")
OURS = ("/v1/", "/v1beta/")
"""Where the management API has nothing."""

ROWLESS = (*KEPT, "/health/", "/metrics", "/api/session")
"""Where nobody asks for answers, so that the request log keeps nothing of it."""

METHODS = ("GET", "HEAD", "POST", "DELETE")


class Route(msgspec.Struct, frozen=True):
    """A hot route, and the scope its token needs; `public` for none, `session` for a session instead."""

    handler: Handler
    scope: str


class Application:
    """Answers every request of the process."""

    def __init__(
        self,
        *,
        openai: OpenAI,
        embeddings: Embeddings,
        moderations: Moderations,
        responses: Responses,
        input_tokens: InputTokens,
        kept: Kept,
        anthropic: Anthropic,
        google: Google,
        original: Original,
        sessions: Sessions,
        dashboard: Dashboard,
        metrics: Metrics,
        is_ready: Callable[[], bool],
        lame: Callable[[], Sequence[str]] = tuple,
        management: Callable[[], Asgi] | None = None,
    ) -> None:
        """Put the table together.

        Args:
            kept: what lies below /v1/conversations and /v1/responses.
            management: builds the management API; None to serve without.
            is_ready: false while draining.
            lame: names what fails though it is not needed to answer.
        """
        self.routes: dict[tuple[str, str], Route] = {
            ("POST", "/v1/chat/completions"): Route(openai.ask, "inference"),
            ("POST", "/v1/embeddings"): Route(embeddings.ask, "inference"),
            ("POST", "/v1/moderations"): Route(moderations.ask, "inference"),
            ("POST", "/v1/responses"): Route(responses.ask, "inference"),
            ("POST", "/v1/responses/input_tokens"): Route(input_tokens.count, "inference"),
            ("POST", "/v1/messages"): Route(anthropic.ask, "inference"),
            ("POST", "/v1/messages/count_tokens"): Route(anthropic.count, "inference"),
            ("GET", "/v1/models"): Route(self._models, "inference"),
            ("GET", "/v1beta/models"): Route(google.models, "inference"),
            ("POST", "/api/chat"): Route(original.ask, "inference"),
            ("POST", "/api/session"): Route(sessions.begin, PUBLIC),
            ("GET", "/api/session"): Route(sessions.show, SESSION),
            ("DELETE", "/api/session"): Route(sessions.end, SESSION),
            ("GET", "/health/live"): Route(self._live, PUBLIC),
            ("GET", "/health/ready"): Route(self._ready, PUBLIC),
            ("GET", "/metrics"): Route(self._metrics, PUBLIC),
        }
        self.kept = kept
        self._google = google
        self._catalogs: dict[Envelope, Catalog] = {it.ENVELOPE: it for it in (openai, anthropic, google)}
        self._surfaces: dict[Envelope, Surface] = {**self._catalogs, original.ENVELOPE: original}
        self.dashboard = dashboard
        self._prometheus = metrics
        self._is_ready = is_ready
        self._lame = lame
        self._build_management = management
        self._management: asyncio.Task[Asgi] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        handler = self.find(scope["method"], scope["path"])
        if handler is not None:
            await self.run(handler, AsgiPeer(scope, receive, send))
            return
        if self.dashboard.serves(scope):
            await self.dashboard(scope, receive, send)
            return
        management = await self._managed()
        if management is None:
            error = NotFound(f"There is no {scope['path']} here.")
            await envelopes.refuse(AsgiPeer(scope, receive, send), scope["method"], error)
        else:
            await management(scope, receive, send)

    def find(self, method: str, path: str) -> Handler | None:
        """The hot route's handler, or whoever refuses in its place; None for what belongs to the management API."""
        handler = self._known(method, path)
        if handler is not None:
            return handler
        # Below `/models/` stand names, of which none is known to be there.
        allowed = tuple([other for other in METHODS if "/models/" not in path and self._known(other, path)])
        if allowed:
            message = f"{path} does not take {method}, but {' and '.join(allowed)}."
            return partial(self._refuse, method, MethodNotAllowed(message, allowed=allowed))
        if path.startswith(OURS):
            return partial(self._refuse, method, NotFound(f"There is no {path} here."))
        return None

    async def run(self, handler: Handler, peer: Peer) -> None:
        """Let a handler answer."""
        try:
            await handler(peer)
        except ClientLeft:
            return

    def _known(self, method: str, path: str) -> Handler | None:
        # HEAD is GET without a body (RFC 9110, section 9.3.2), which the server leaves out.
        fetches = "GET" if method == "HEAD" else method
        route = self.routes.get((fetches, path))
        if route is not None:
            return route.handler
        if path.startswith(KEPT):
            return self.kept.find(method, path)
        if fetches == "GET" and path.startswith("/v1/models/"):
            return self._models
        if path.startswith(OURS):
            return self._google.find(fetches, path)
        return None

    async def _refuse(self, method: str, error: TollhouseError, peer: Peer) -> None:
        """Refuse what is not here; with a row where answers are asked for."""
        if peer.path.startswith(ROWLESS):
            await envelopes.refuse(peer, method, error)
        else:
            await self._surfaces[envelopes.at(method, peer.path, peer.headers)].turn_away(error, peer)

    async def _managed(self) -> Asgi | None:
        if self._build_management is None:
            return None
        if self._management is None:
            # In a thread: the framework takes half a second to import, and streams are running.
            self._management = asyncio.create_task(asyncio.to_thread(self._build_management))
        return await asyncio.shield(self._management)

    async def _models(self, peer: Peer) -> None:
        await self._catalogs[envelopes.at("GET", peer.path, peer.headers)].models(peer)

    async def _live(self, peer: Peer) -> None:
        await peer.answer(200, (errors.JSON, _id_of(peer)), b'{"status":"live"}')

    async def _ready(self, peer: Peer) -> None:
        if self._is_ready():
            # What only lames us is no reason to send requests elsewhere: it would lame the others, too.
            lame = self._lame()
            told = {"status": "ready", "degraded": [*lame]} if lame else {"status": "ready"}
            await peer.answer(200, (errors.JSON, _id_of(peer)), msgspec.json.encode(told))
        else:
            headers = (errors.JSON, _id_of(peer), (b"retry-after", b"5"))
            await peer.answer(503, headers, b'{"status":"draining"}')

    async def _metrics(self, peer: Peer) -> None:
        headers = ((b"content-type", CONTENT_TYPE.encode()), _id_of(peer))
        await peer.answer(200, headers, self._prometheus.render())


def _id_of(peer: Peer) -> tuple[bytes, bytes]:
    return envelopes.SHOWN_ID, shown_id(peer.headers).encode()
