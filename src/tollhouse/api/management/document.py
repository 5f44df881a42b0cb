"""/openapi.json and /docs: the same table of routes, for machines and for people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, TypeAlias, get_args

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from tollhouse.admin.sessions import SessionView
from tollhouse.api import cookie, original, plain_page, session
from tollhouse.api.management.table import Declared

Json: TypeAlias = dict[str, Any]

REF = "#/components/schemas/{name}"
BEARER: Json = {"type": "http", "scheme": "bearer", "bearerFormat": "th_live_…"}
COOKIE: Json = {
    "type": "apiKey",
    "in": "cookie",
    "name": cookie.NAME.decode(),
    "description": "A browser's session. It may stand for a token everywhere, and everything but reading needs the"
    f" header `{cookie.CSRF.decode()}` then.",
}

PROBLEM: Json = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body."},
                    "parameter": {"type": "string", "description": "Name of a parameter of the address."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

PROBLEMS: dict[int | str, Json] = {
    "default": {
        "description": "What went wrong.",
        "content": {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}},
    }
}

BESIDE = (original.Asked, original.Answered, session.SignIn, SessionView)
"""What operations say and answer that the framework knows nothing of."""

BEGIN_SESSION = "Sign in with a token, or with the code of a link that `tollhouse login` prints. Sets the cookie."
SIGNED_IN: list[Json] = [{"session": []}]

EVENTS: Json = {"text/event-stream": {"schema": {"type": "string"}}}
LATER: Json = {
    "Location": {"description": "Where to ask for the run.", "schema": {"type": "string"}},
    "Retry-After": {"description": "In seconds, when.", "schema": {"type": "integer"}},
}


def add_document(app: FastAPI, describe: Callable[[], Json]) -> None:
    """Serve both pages, made in a thread when one is asked for: that takes a while, and few ask."""

    async def openapi_json(request: Request) -> Response:
        machine = await asyncio.to_thread(lambda: msgspec.json.encode(describe()))
        return Response(machine, media_type="application/json")

    async def docs(request: Request) -> Response:
        page = await asyncio.to_thread(lambda: write_page(describe()))
        return Response(page, media_type=plain_page.HTML, headers={"content-security-policy": plain_page.policy()})

    app.router.add_route("/openapi.json", openapi_json, methods=["GET"], include_in_schema=False)
    app.router.add_route("/docs", docs, methods=["GET"], include_in_schema=False)


def response_of(route: Declared) -> dict[int | str, Json]:
    """A route's answers, as the document tells them."""
    if route.view is Response:
        return {route.status: {"description": "Server-sent events.", "content": EVENTS}, **PROBLEMS}
    views = views_of(route)
    if not views:
        return {route.status: {"description": "Done."}, **PROBLEMS}
    if route.later is None:
        return {route.status: {"description": "Done.", "content": json_of(*views)}, **PROBLEMS}
    return {
        # A stream has begun before anything is made.
        **({200: {"description": "Server-sent events.", "content": EVENTS}} if route.status != 200 else {}),
        route.status: {"description": "Done.", "content": json_of(*views) | (EVENTS if route.status == 200 else {})},
        202: {"description": "A worker will do it.", "headers": LATER, "content": json_of(route.later)},
        **PROBLEMS,
    }


def json_of(*views: Any) -> Json:
    """A view, or one of several, as the content of an answer."""
    schemas, _ = msgspec.json.schema_components(views, ref_template=REF)
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": [*schemas]}}}


def views_of(route: Declared) -> tuple[Any, ...]:
    """The views of which one is answered as JSON; none for nothing."""
    several = get_args(route.view) if Response in get_args(route.view) else (route.view,)
    return tuple(one for one in several if one is not Response and one is not type(None))


def openapi(app: FastAPI, routes: Sequence[Declared]) -> Json:
    """The document, OpenAPI 3.1.0 (spec.openapis.org/oas/v3.1.0)."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
    )
    told = [view for route in routes for view in (*views_of(route), route.later)]
    views = [view for view in dict.fromkeys(told) if view is not None]
    _, components = msgspec.json.schema_components([*views, *BESIDE], ref_template=REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**components, "Problem": PROBLEM}
    document["components"]["securitySchemes"] = {"token": BEARER, "session": COOKIE}
    for route in routes:
        protect(document["paths"][route.path][route.method.lower()], route.scope)
    document["paths"]["/api/chat"] = {"post": protect(chat(), "inference")}
    document["paths"]["/api/session"] = sessions()
    return document


def protect(operation: Json, scope: str) -> Json:
    """Say which scope an operation needs. An HTTP scheme's list names roles (OpenAPI 3.1.0, Security Requirement)."""
    operation["security"] = [{"token": [scope]}]
    return operation


def chat() -> Json:
    """The operation that spends: not management's, but it answers here."""
    told = operation("chat", "chat", "Ask a model, and hear the normalised answer.", 200, "Answered")
    return told | {"requestBody": {"required": True, "content": content_of("Asked")}}


def sessions() -> Json:
    """Signing in and out: what needs no token is `security: []`."""
    begin = operation("begin_session", "session", BEGIN_SESSION, 201, "SessionView") | {
        "requestBody": {"required": True, "content": content_of("SignIn")},
        "security": [],
    }
    show = operation("get_session", "session", "Who is signed in.", 200, "SessionView")
    end = operation("end_session", "session", "Sign out.", 200, None)
    return {"post": begin, "get": show | {"security": SIGNED_IN}, "delete": end | {"security": SIGNED_IN}}


def operation(name: str, tag: str, description: str, status: int, view: str | None) -> Json:
    """An operation that the framework knows nothing of."""
    done: Json = {"description": "Done."} if view is None else {"description": "Done.", "content": content_of(view)}
    return {
        "operationId": name,
        "tags": [tag],
        "summary": name.replace("_", " ").capitalize(),
        "description": description,
        "responses": {str(status): done, **PROBLEMS},
    }


def content_of(name: str) -> Json:
    """JSON of a schema of that name."""
    return {"application/json": {"schema": {"$ref": REF.format(name=name)}}}


def write_page(document: Json) -> bytes:
    """The document as a page that needs nothing from anywhere else."""
    parts = [
        "<p>Send <code>Authorization: Bearer th_live_…</code>. The same for machines: ",
        '<a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p><dl>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(
                f"<dt><code>{method.upper()} {escape(path)}</code> <small>{escape(scopes_of(operation))}</small></dt>"
                f"<dd>{escape(operation['description'])}{fields_of(operation, document)}</dd>"
            )
    return plain_page.write("Tollhouse: management API", "".join((*parts, "</dl>")))


def scopes_of(operation: Json) -> str:
    return ", ".join(word for need in operation["security"] for word in need.get("token", need))


def fields_of(operation: Json, document: Json) -> str:
    """The fields of a body and the parameters of a query; those that must be there in bold."""
    parameters = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    named = [(one["name"], one.get("required", False)) for one in parameters]
    body = operation.get("requestBody")
    if body is not None:
        said = body["content"]["application/json"]["schema"]
        # A body that may be left out is this or null.
        name = next(one["$ref"] for one in (said, *said.get("anyOf", ())) if "$ref" in one).rpartition("/")[2]
        schema = document["components"]["schemas"][name]
        named += [(field, field in schema.get("required", ())) for field in schema.get("properties", ())]
    shown = (f"<b>{escape(name)}</b>" if needed else escape(name) for name, needed in named)
    return f" <small><code>{', '.join(shown)}</code></small>" if named else ""
