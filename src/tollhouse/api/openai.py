"""/v1/chat/completions and /v1/models, for every OpenAI SDK."""

from __future__ import annotations

from contextlib import aclosing
from types import ModuleType
from typing import ClassVar

import msgspec

from tollhouse.api import errors
from tollhouse.api.http import Head, Peer, read_head
from tollhouse.api.live import Response
from tollhouse.api.surface import Surface, request_id
from tollhouse.dialects import openai_chat
from tollhouse.errors import NotFound, TollhouseError
from tollhouse.gateway import route
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.providers.base import Headers

MADE_AT = 0
"""OpenAI's `created` of a model; providers do not tell."""


class OpenAI(Surface):
    """The OpenAI surface: `ask` is POST /v1/chat/completions."""

    NAME = "chat.completions"
    DIALECT: ClassVar[ModuleType] = openai_chat

    async def models(self, peer: Peer) -> None:
        """GET /v1/models and /v1/models/{name}"""
        head = read_head(peer, self._trusted)
        try:
            caller = await self._steps.identify.caller(head.token, self._steps.clock.monotonic())
            caller.require("inference")
            names = route.listed(caller, self._steps.reachable)
            named = peer.path.removeprefix("/v1/models").strip("/")
            if named and named not in names:
                raise NotFound(f"There is no model `{named}`.", code="model_not_found", param="model")
        except TollhouseError as error:
            content_type, said = self.error_body(error, head)
            await peer.answer(error.status, (*content_type, *errors.headers(error), request_id(head)), said)
            return
        body = model_object(named) if named else {"object": "list", "data": [model_object(name) for name in names]}
        await peer.answer(200, (errors.JSON, request_id(head)), msgspec.json.encode(body))

    async def say(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        """The provider's bytes as they come, or as one."""
        async with aclosing(answer(exchange, head.token, self._steps, response.let_out)) as pieces:
            first = await anext(pieces)
            if exchange.stream:
                await response.start_stream()
                await peer.say(first)
                async for piece in pieces:
                    response.pieces += 1
                    await peer.say(piece)
                await peer.end()
                return
            async for piece in pieces:
                first += piece
            await peer.answer(200, (errors.JSON, *self.headers(exchange, head)), first)

    def error_body(self, error: TollhouseError, head: Head) -> tuple[Headers, bytes]:
        """OpenAI's envelope. In a stream no `[DONE]` follows it, so it cannot be taken for success."""
        return (errors.JSON,), errors.openai_body(error, head.shown_id)


def model_object(name: str) -> dict[str, object]:
    """A model as OpenAI lists it."""
    owner, _, rest = name.partition("/")
    return {"id": name, "object": "model", "created": MADE_AT, "owned_by": owner if rest else "tollhouse"}
