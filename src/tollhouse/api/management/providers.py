"""/api/providers: how they are, and what operators do about it."""

from __future__ import annotations

from tollhouse.admin import provider_report, providers
from tollhouse.admin.provider_report import ProviderView
from tollhouse.admin.views import Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("providers")


@table.get("/api/providers", scope=ADMIN)
async def list_providers(here: Here) -> Listing[ProviderView]:
    """Every provider, what is set up for it, and how it was in the last hour."""
    return await provider_report.list_providers(here.desk)


@table.post("/api/providers/{provider}/pause", scope=ADMIN)
async def pause_provider(here: Here, provider: str, body: bodies.Reason | None = None) -> ProviderView:
    """Let nobody ask a provider: routes pass over it, and who asks for a model of its own gets a 503 that says so, with
    the reason. Here at once, in other processes within five seconds."""
    reason = None if body is None else body.reason
    return await providers.pause_provider(here.desk, here.actor, provider, reason=reason)


@table.post("/api/providers/{provider}/resume", scope=ADMIN)
async def resume_provider(here: Here, provider: str) -> ProviderView:
    """Let a provider be asked again: here at once, in other processes within five seconds."""
    return await providers.resume_provider(here.desk, here.actor, provider)


@table.post("/api/providers/{provider}/reset", scope=ADMIN)
async def reset_breakers(here: Here, provider: str) -> ProviderView:
    """Close a provider's breakers, so that it is asked though it kept failing: in the process that answers this at
    once, in every other within five seconds."""
    return await providers.reset_breakers(here.desk, here.actor, provider)
