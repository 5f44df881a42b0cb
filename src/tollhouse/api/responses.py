"""/v1/responses without what OpenAI keeps: every response is answered with `store` false."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

import msgspec
from msgspec import Raw

from tollhouse.api import errors
from tollhouse.api.http import Head, Peer
from tollhouse.api.live import Response
from tollhouse.api.surface import Surface
from tollhouse.dialects import json_body, openai_responses
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.errors import InvalidRequest, TollhouseError
from tollhouse.gateway.exchange import Exchange
from tollhouse.providers.base import Headers

KEPT = ("previous_response_id", "conversation")
"""Fields that name what only the provider has kept."""

FIELDS = msgspec.json.Decoder(dict[str, Raw])


class Responses(Surface):
    """The Responses surface: `ask` is POST /v1/responses."""

    NAME = "responses"
    DIALECT: ClassVar[ModuleType] = openai_responses

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question, as one that nobody keeps."""
        return unstored(await super().read(peer, head, exchange))

    def error_body(self, error: TollhouseError, head: Head) -> tuple[Headers, bytes]:
        """OpenAI's envelope."""
        return (errors.JSON,), errors.openai_body(error, head.shown_id)

    def error_event(self, error: TollhouseError, head: Head, response: Response) -> bytes:
        """OpenAI's `error` event, and the response that failed."""
        return errors.event(openai_responses, error, head.shown_id)


def unstored(body: bytes) -> bytes:
    """The same request with `store` false.

    Raises:
        InvalidRequest: it needs what is kept, or asks to be answered later.
    """
    fields = json_body.decode(FIELDS, body)
    for name in KEPT:
        if not is_null(fields.get(name, NULL)):
            raise InvalidRequest(f"`{name}`: nothing is kept here; send the whole conversation as `input`.", param=name)
    if bytes(fields.get("background", NULL)) not in (b"null", b"false"):
        raise InvalidRequest("`background`: responses are answered while you wait.", param="background")
    if bytes(fields.get("store", NULL)) == b"false":
        return body
    return msgspec.json.encode(fields | {"store": False})
