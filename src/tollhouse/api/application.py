"""The ASGI application: every route, with the scope it needs, in one table.

The hot routes are plain ASGI. What is not in the table belongs to the management API, which is comfortable, heavy, and
therefore built when it is first asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from tollhouse.api import errors
from tollhouse.api.http import Receive, Scope, Send, read_head, send_whole
from tollhouse.api.openai import OpenAI
from tollhouse.errors import NotFound, TollhouseError
from tollhouse.telemetry import CONTENT_TYPE, Metrics

Handler: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

PUBLIC = "public"


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
        metrics: Metrics,
        is_ready: Callable[[], bool],
        management: Callable[[], Handler] | None = None,
    ) -> None:
        """Put the table together.

        Args:
            management: builds the management API; None to serve without.
            is_ready: false while draining.
        """
        self.routes: dict[tuple[str, str], Route] = {
            ("POST", "/v1/chat/completions"): Route(openai.chat_completions, "inference"),
            ("GET", "/v1/models"): Route(openai.models, "inference"),
            ("GET", "/health/live"): Route(self._live, PUBLIC),
            ("GET", "/health/ready"): Route(self._ready, PUBLIC),
            ("GET", "/metrics"): Route(self._metrics, PUBLIC),
        }
        self._openai = openai
        self._prometheus = metrics
        self._is_ready = is_ready
        self._build_management = management
        self._management: Handler | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = self.routes.get((scope["method"], scope["path"]))
        if route is not None:
            await route.handler(scope, receive, send)
        elif scope["path"].startswith("/v1/"):
            await self._other_v1(scope, receive, send)
        else:
            await self._manage(scope, receive, send)

    async def _other_v1(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and scope["path"].startswith("/v1/models/"):
            await self._openai.models(scope, receive, send)
            return
        await send_error(scope, send, NotFound(f"There is no {scope['method']} {scope['path']} here."))

    async def _manage(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._management is None:
            if self._build_management is None:
                await send_error(scope, send, NotFound(f"There is no {scope['path']} here."))
                return
            # In a thread: the framework takes half a second to import, and streams are running.
            self._management = await asyncio.to_thread(self._build_management)
        await self._management(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_whole(send, 200, (errors.JSON,), b'{"status":"live"}')

    async def _ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_ready():
            await send_whole(send, 200, (errors.JSON,), b'{"status":"ready"}')
        else:
            await send_whole(send, 503, (errors.JSON, (b"retry-after", b"5")), b'{"status":"draining"}')

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        content_type = (b"content-type", CONTENT_TYPE.encode())
        await send_whole(send, 200, (content_type,), self._prometheus.render())


async def send_error(scope: Scope, send: Send, error: TollhouseError) -> None:
    """An error outside any request's path, in OpenAI's envelope."""
    head = read_head(scope, ())
    headers = (errors.JSON, (b"x-request-id", head.shown_id.encode()), *errors.headers(error))
    await send_whole(send, error.status, headers, errors.openai_body(error, head.shown_id))
