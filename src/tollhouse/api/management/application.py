"""The management API as one ASGI application."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

import tollhouse
from tollhouse.admin.desk import Desk
from tollhouse.api.http import AsgiPeer, Head, Networks, Receive, Scope, Send, read_head
from tollhouse.api.management import (
    audit,
    budgets,
    cache,
    conversations,
    jobs,
    people,
    providers,
    reports,
    secrets,
    settings,
    sharing,
    turns,
    webhooks,
)
from tollhouse.api.management.document import add_document, openapi, response_of
from tollhouse.api.management.door import HEAD, PEER, Door, Guarded, problem
from tollhouse.api.management.table import Declared
from tollhouse.api.repeats import Repeats
from tollhouse.conversations.conversing import Conversing
from tollhouse.errors import MethodNotAllowed, NotFound
from tollhouse.gateway.identify import Identify

PUBLIC = ("/openapi.json", "/docs")
"""What may be read without a token: they say what everybody may know."""


def declared() -> Iterator[Declared]:
    """Every route, with its scope."""
    managing = (people, secrets, budgets, reports, providers, webhooks, settings, audit, cache, jobs)
    for room in (*managing, conversations, turns, sharing):
        yield from room.table.routes


def management(
    desk: Desk,
    conversing: Conversing,
    identify: Identify,
    repeats: Repeats,
    *,
    body_bytes: int,
    trusted: Networks,
) -> Management:
    """Build it. The first takes a third of a second, most of it the framework's import."""
    app = framework(guarded())
    app.state.door = Door(desk=desk, conversing=conversing, identify=identify, repeats=repeats, body_bytes=body_bytes)
    add_document(app, description)
    app.add_exception_handler(HTTPException, not_here)
    return Management(app, trusted)


@functools.cache
def guarded() -> tuple[Guarded, ...]:
    """Every declared route behind its door; made once, for nothing of an installation is in it."""
    return tuple(Guarded(route) for route in declared())


def framework(routes: Iterable[Guarded]) -> FastAPI:
    """These routes, without anything behind them yet."""
    app = FastAPI(
        title="Tollhouse",
        summary="The management API: people, credentials, budgets, reports, alerts.",
        version=tollhouse.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.routes.extend(routes)
    return app


@functools.cache
def description() -> dict[str, Any]:
    """The OpenAPI document, as `/openapi.json` answers it. Takes a quarter of a second, once."""
    routes = [*declared()]
    return openapi(framework(Guarded(route, responses=response_of(route)) for route in routes), routes)


class Management:
    """Reads the head, and puts its id on every answer."""

    def __init__(self, app: FastAPI, trusted: Networks) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = AsgiPeer(scope, receive, send)
        head = read_head(peer, self._trusted)
        scope[PEER], scope[HEAD] = peer, head

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", head.shown_id.encode())]
            await send(message)

        await self._app(scope, receive, send_with_id)


async def not_here(request: Request, error: Exception) -> Response:
    """No such path, or not with this method."""
    head: Head = request.scope[HEAD]
    if isinstance(error, HTTPException) and error.status_code == MethodNotAllowed.status:
        # The framework tells those of the first route only, and every route has one.
        routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
        allowed = tuple(sorted({method for route in routes for method in route.methods}))
        message = f"{request.url.path} does not take {request.method}."
        return problem(MethodNotAllowed(message, allowed=allowed), head)
    return problem(NotFound("There is nothing at this address."), head)
