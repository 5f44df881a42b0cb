"""The ASGI application over a house that is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from tollhouse.api import kept_conversations, kept_responses
from tollhouse.api.anthropic import Anthropic
from tollhouse.api.application import Application, Asgi
from tollhouse.api.dashboard import Dashboard
from tollhouse.api.google import Google
from tollhouse.api.kept import Kept
from tollhouse.api.live import Live, Patience
from tollhouse.api.openai import Embeddings, Moderations, OpenAI
from tollhouse.api.original import Original
from tollhouse.api.repeats import Repeats
from tollhouse.api.responses import InputTokens, Responses
from tollhouse.api.session import Sessions
from tollhouse.api.surface import Surface
from tollhouse.app.house import House
from tollhouse.vault.box import Box

S = TypeVar("S", bound=Surface)

KEPT_ROUTES = (*kept_conversations.ROUTES, *kept_responses.ROUTES)


def application(
    house: House, *, is_ready: Callable[[], bool] = lambda: True, patience: Patience | None = None
) -> Application:
    """The ASGI application over a house that is open."""
    patience = patience or Patience(hear_out_s=house.settings.hear_out_seconds)
    live, settings = Live(house.clock.monotonic, patience), house.settings
    bounds: dict[str, Any] = {"body_bytes": settings.limits.body_bytes, "trusted": settings.trusted_proxies}
    house.metrics.in_flight = lambda: len(live.responses)
    house.metrics.tasks = lambda: len(asyncio.all_tasks())

    box = Box(house.vault.derive("idempotency"))
    repeats = Repeats(house.store, box, house.clock, boot_id=house.boot_id, longest_s=settings.timeouts.total_s)

    def surface(kind: Callable[..., S]) -> S:
        return kind(house.path, live, repeats, **bounds)

    def management() -> Asgi:
        # Late import: the framework is heavy, and a gateway that is only called for answers never needs it.
        from tollhouse.api.management.application import management

        return management(house.desk, house.conversing, house.steps.identify, repeats, **bounds)

    return Application(
        openai=surface(OpenAI),
        embeddings=surface(Embeddings),
        moderations=surface(Moderations),
        responses=surface(partial(Responses, conversing=house.conversing)),
        input_tokens=surface(partial(InputTokens, conversing=house.conversing)),
        kept=Kept(KEPT_ROUTES, house.conversing, house.steps.identify, repeats, **bounds),
        anthropic=surface(Anthropic),
        google=surface(Google),
        original=surface(Original),
        sessions=Sessions(house.desk, house.steps.identify, settings.trusted_proxies),
        dashboard=Dashboard(),
        metrics=house.metrics,
        is_ready=is_ready,
        lame=lambda: () if house.link is None or house.link.is_up else ("redis",),
        management=management,
    )
