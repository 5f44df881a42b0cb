"""Every route's door: who asks, may they, what do they bring; and what goes wrong, told as a problem.

The token is looked at before the body is read, by the route that runs: there is no second matching of paths that could
decide for another one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollhouse.admin.desk import Actor, Desk
from tollhouse.api import errors
from tollhouse.api.http import ClientLeft, Head, Peer
from tollhouse.api.management.table import Declared, Endpoint
from tollhouse.api.repeats import REPLAYED, Answer, Repeats
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping import records
from tollhouse.conversations.turns import following
from tollhouse.dialects import json_body
from tollhouse.errors import InvalidRequest, NotFound, TollhouseError, Unprocessable, UnsupportedMediaType
from tollhouse.gateway.identify import Caller, Identify
from tollhouse.telemetry import Event, log
from tollhouse.tokens import Scope

HEAD, PEER = "tollhouse.head", "tollhouse.peer"
"""Where the request's head and its client are kept in the ASGI scope."""

KEPT = (b"location", b"retry-after")
"""Headers that are said again with an answer."""

CLIENT_CLOSED = 499
TEXT_MOST = 200

Handle: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]

ANY_JSON = msgspec.json.Decoder(msgspec.Raw)


class Visit(msgspec.Struct, frozen=True):
    """A caller who was let in, and what they came to: the desk of management, or conversations."""

    desk: Desk
    conversing: Conversing
    caller: Caller
    head: Head

    @property
    def actor(self) -> Actor:
        """Who does it, for the audit."""
        return Actor(self.caller.token_id, self.caller)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What every route's door needs."""

    desk: Desk
    conversing: Conversing
    identify: Identify
    repeats: Repeats
    body_bytes: int

    async def admit(self, head: Head, scope: Scope) -> Visit:
        """Let the caller in. Raises Unauthenticated, Forbidden, Unavailable."""
        caller = await self.identify.caller(head.token, self.desk.clock.monotonic(), head.ip)
        caller.require(scope)
        return Visit(self.desk, self.conversing, caller, head)


def visit_of(request: Request) -> Visit:
    """The visit that the door wrote down."""
    visit: Visit = request.state.visit
    return visit


Here: TypeAlias = Annotated[Visit, Depends(visit_of)]
"""What an endpoint asks for to know its caller."""


class Guarded(APIRoute):
    """A declared route behind its door."""

    def __init__(self, declared: Declared, **more: Any) -> None:
        self.declared = declared
        super().__init__(
            declared.path,
            encoded(declared.endpoint, declared.status),
            methods=[declared.method],
            status_code=declared.status,
            operation_id=declared.endpoint.__name__,
            tags=[declared.tag],
            response_model=None,
            **more,
        )

    def get_route_handler(self) -> Handle:
        """FastAPI's own handler, behind the door."""
        inner = super().get_route_handler()
        scope = self.declared.scope

        async def handle(request: Request) -> Response:
            head: Head = request.scope[HEAD]
            peer: Peer = request.scope[PEER]
            door: Door = request.app.state.door
            try:
                request.state.visit = await door.admit(head, scope)
                refuse_unreadable_address(request)
                body = await peer.read(head.length, door.body_bytes)
                refuse_unreadable_body(body, request.headers.get("content-type", ""))
                answer = functools.partial(inner, Request(request.scope, once(body)))
                is_kept = request.method == "POST" and not json_body.is_true(body, "stream")
                if head.idempotency_key is None or not is_kept:
                    return await answer()
                return await answer_once(request, head.idempotency_key, body, answer)
            except ClientLeft:
                return Response(status_code=CLIENT_CLOSED)
            except Exception as error:
                return problem(error, head)

        return handle


async def answer_once(
    request: Request, key: bytes, body: bytes, answer: Callable[[], Coroutine[Any, Any, Response]]
) -> Response:
    """Answer, or say again what was answered under this key. Raises NotFound when that was deleted since."""
    door: Door = request.app.state.door
    visit = visit_of(request)
    claim = await door.repeats.claim(visit.caller.token_id, f"POST {request.url.path}", key, body)
    if isinstance(claim, Answer):
        await refuse_deleted(visit, request.path_params)
        response = Response(claim.body, claim.status, media_type=claim.content_type.decode())
        response.raw_headers.extend((*claim.headers, REPLAYED))
        return response
    try:
        response = await answer()
        if response.status_code < 300:
            content_type = response.headers.get("content-type", "").encode()
            kept = tuple(header for header in response.raw_headers if header[0] in KEPT)
            await claim.keep(Answer(response.status_code, content_type, bytes(response.body), kept))
        return response
    finally:
        await claim.let_go()


async def refuse_deleted(visit: Visit, named: Mapping[str, str]) -> None:
    """Raises NotFound when an address names a conversation or a run that is not there."""
    if "conversation" in named:
        await records.get(visit.conversing, visit.caller, named["conversation"])
    if "run" in named:
        await following.get(visit.conversing, visit.caller, named["run"])


def encoded(endpoint: Endpoint, status: int) -> Endpoint:
    """The endpoint, answering its view as JSON."""

    @functools.wraps(endpoint)
    async def answer(**given: Any) -> Response:
        view = await endpoint(**given)
        if isinstance(view, Response):
            return view
        if view is None:
            return Response(status_code=status)
        return Response(msgspec.json.encode(view), status, media_type="application/json")

    return answer


def problem(error: Exception, head: Head) -> Response:
    """Any error as RFC 9457 tells it. What is not raised on purpose is logged, and tells the caller nothing."""
    told = as_told(error)
    if told is None:
        log.error(Event.REQUEST_FAILED, request=head.id, exc_info=error)
        told = errors.as_tollhouse(error)
    response = Response(errors.problem_body(told, head.shown_id), told.status)
    response.raw_headers.extend((errors.PROBLEM, *errors.headers(told)))
    return response


def as_told(error: Exception) -> TollhouseError | None:
    """Our own error for one of the framework's; None for a fault."""
    if isinstance(error, TollhouseError):
        return error
    if isinstance(error, RequestValidationError):
        return Unprocessable(
            "The request has wrong, missing or unknown fields: see `errors`.",
            code="invalid_fields",
            details={"errors": [field_error(found) for found in error.errors()]},
        )
    if isinstance(error, HTTPException):
        # The framework could not parse a body that is valid JSON: an integer of thousands of digits.
        return InvalidRequest("The body cannot be read.", code="unreadable_body")
    return None


def field_error(found: Any) -> dict[str, str]:
    """One of the framework's findings: a JSON pointer into the body, or the parameter's name. Never the value."""
    place, *path = found["loc"]
    detail = str(found["msg"])[:TEXT_MOST]
    if place != "body":
        return {"parameter": str(path[0])[:TEXT_MOST] if path else str(place), "detail": detail}
    steps = (str(step)[:TEXT_MOST].replace("~", "~0").replace("/", "~1") for step in path)
    return {"pointer": "".join(f"/{step}" for step in steps), "detail": detail}


def refuse_unreadable_address(request: Request) -> None:
    """Raise NotFound for a NUL, which no database keeps and no id holds."""
    if "\0" in request.url.path or "%00" in request.url.query:
        raise NotFound("There is nothing at this address.")


def refuse_unreadable_body(body: bytes, content_type: str) -> None:
    """Raise unless the body is empty, or JSON that is called so.

    The framework's own parser takes NaN, and any depth.
    """
    if not body:
        return
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("Send JSON, with `Content-Type: application/json`.")
    json_body.decode(ANY_JSON, body)


def once(body: bytes) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    """What was read, to be received once more."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
