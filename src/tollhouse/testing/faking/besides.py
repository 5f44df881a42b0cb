"""What clients ask besides answers: which models there are, and how many tokens something is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tollhouse.testing.faking.asked import guess_tokens
from tollhouse.testing.request import Request
from tollhouse.testing.script import reply, status
from tollhouse.testing.steps import Reply, Status


def answer(request: Request, models: Sequence[str]) -> Reply | Status | None:
    """The answer, in the words of whom was asked; None when it is nothing of this."""
    path = request.path.rstrip("/")
    if request.method == "POST" and path.endswith("/messages/count_tokens"):
        return reply(json={"input_tokens": guess_tokens(request.body.decode())})
    if request.method == "POST" and path.endswith(":countTokens"):
        return reply(json={"totalTokens": guess_tokens(request.body.decode())})
    if request.method != "GET":
        return None
    if path.endswith("/models"):
        return reply(json=_page(request, models))
    place, _, name = path.rpartition("/models/")
    if not place or not name:
        return None
    return reply(json=_model(request, name)) if name in models else status(404, f"there is no model {name}")


def _page(request: Request, models: Sequence[str]) -> dict[str, Any]:
    each = [_model(request, name) for name in models]
    if _is_for_google(request):
        return {"models": each}
    if "anthropic-version" in request.headers:
        ends = {"first_id": models[0], "last_id": models[-1]} if models else {"first_id": None, "last_id": None}
        return {"data": each, "has_more": False, **ends}
    return {"object": "list", "data": each}


def _model(request: Request, name: str) -> dict[str, Any]:
    if _is_for_google(request):
        verbs = ["generateContent", "countTokens", "embedContent"]
        return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": verbs}
    if "anthropic-version" in request.headers:
        return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": 0, "owned_by": "fake"}


def _is_for_google(request: Request) -> bool:
    return "x-goog-api-key" in request.headers or "/v1beta/" in request.path
