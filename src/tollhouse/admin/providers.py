"""Let a provider rest, have it asked again, close its breakers: here at once, in other processes within seconds."""

from __future__ import annotations

from collections.abc import Callable

from tollhouse.admin.access import NAME_MOST, check_name
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.provider_report import ProviderView, get_provider
from tollhouse.errors import NotFound
from tollhouse.store import provider_orders as sql
from tollhouse.store.engine import Writing
from tollhouse.store.types import to_micros


async def pause_provider(desk: Desk, actor: Actor, provider: str, *, reason: str | None = None) -> ProviderView:
    """Let nobody ask a provider from now on; what is under way there comes to its end.

    Routes pass over it. Who asks for a model of its own is told so, and the reason if there is one.

    Raises:
        NotFound: no such provider.
        Unprocessable: a reason that is none.
    """
    if reason is not None:
        check_name(reason, "reason")
    at = desk.clock.now()

    def order(tx: Writing) -> None:
        sql.pause(tx, provider, at=at, by=actor.name, reason=reason)
        desk.note(tx, actor, "provider.pause", provider, reason=reason)

    return await _ordered(desk, provider, order)


async def resume_provider(desk: Desk, actor: Actor, provider: str) -> ProviderView:
    """Let a provider be asked again. One that is not paused stays as it is. Raises NotFound."""

    def order(tx: Writing) -> None:
        if sql.resume(tx, provider):
            desk.note(tx, actor, "provider.resume", provider)

    return await _ordered(desk, provider, order)


async def reset_breakers(desk: Desk, actor: Actor, provider: str) -> ProviderView:
    """Forget how a provider has failed, so that it is asked at once. Raises NotFound."""
    at = to_micros(desk.clock.now())

    def order(tx: Writing) -> None:
        sql.reset(tx, provider, at)
        desk.note(tx, actor, "provider.reset", provider)

    return await _ordered(desk, provider, order)


async def _ordered(desk: Desk, provider: str, order: Callable[[Writing], None]) -> ProviderView:
    if provider not in desk.reachable.providers:
        raise NotFound(f"There is no provider {provider[:NAME_MOST]!r}. `GET /api/providers` lists all.")
    await desk.store.write(order)
    return await get_provider(desk, provider)
