"""/v1/messages and /v1/messages/count_tokens, for Anthropic's SDKs and Claude Code."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from tollhouse.api import envelopes, ratelimit_headers
from tollhouse.api.catalog import Catalog
from tollhouse.api.http import Head, Peer
from tollhouse.api.live import Response
from tollhouse.dialects import anthropic_messages, sse
from tollhouse.errors import TollhouseError
from tollhouse.gateway.exchange import Exchange
from tollhouse.limits import Snapshot
from tollhouse.providers.base import Headers

BETA = b"anthropic-beta"
"""Names features that a request uses; without the header Anthropic refuses their fields."""

MADE_AT = "1970-01-01T00:00:00Z"
"""Anthropic's `created_at` of a model whose age is not known."""


class Anthropic(Catalog):
    """The Messages surface: `ask` is POST /v1/messages, `count` is POST /v1/messages/count_tokens."""

    NAME = "messages"
    DIALECT: ClassVar[ModuleType] = anthropic_messages
    ENVELOPE = envelopes.ANTHROPIC
    KEY_HEADER = b"x-api-key"

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question; the features that the client turns on go with it to a provider who knows them."""
        exchange.hints = tuple([header for header in peer.headers if header[0] == BETA])
        return await super().read(peer, head, exchange)

    def error_event(self, error: TollhouseError, head: Head, response: Response) -> bytes:
        """Anthropic's `error` event."""
        return sse.frame(self.ENVELOPE.write(error, head.shown_id), "error")

    def limits(self, snapshot: Snapshot) -> Headers:
        """Anthropic's family."""
        return ratelimit_headers.messages_headers(snapshot, self._steps.clock.time_ns() / 1e9)

    def page(self, names: list[str]) -> dict[str, Any]:
        """Models as Anthropic lists them."""
        return {
            "data": [self.model(name) for name in names],
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
            "has_more": False,
        }

    def model(self, name: str) -> dict[str, Any]:
        """A model as Anthropic shows it."""
        return {"type": "model", "id": name, "display_name": name, "created_at": MADE_AT}
